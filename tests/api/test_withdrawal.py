"""A release that was wrong is withdrawn: nobody is shown it any more, and whoever asks again learns why."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.test_recurring import BEFORE, MONDAY, launched, travel, waves
from tests.api.test_releases import odd_release
from tests.fixtures.house import TenantUnderTest
from tests.make.formats import READ, withdraw
from tests.make.wire import problem
from tests.make.world import LaunchedWave, a_launched_wave, a_questionnaire, an_org, cells_of, codes_of, ok, post

ADDRESSES = ["cells", "cells.csv", "cells.json", "cells.parquet", "cells.arrow", "certificate", "comments"]
REASON = "Two units had changed their names."


@pytest.fixture
def wave(tenant: TenantUnderTest) -> LaunchedWave:
    return a_launched_wave(tenant, {"A": 12, "B": 12})


def listed(tenant: TenantUnderTest, **params: Any) -> dict[str, Any]:
    page: dict[str, Any] = ok(tenant.call(READ, "GET", "/v1/releases", params=params))
    return page


def test_a_withdrawn_release_is_gone_with_its_reason(tenant: TenantUnderTest, wave: LaunchedWave) -> None:
    release = odd_release(wave)
    held = {
        address: tenant.call(READ, "GET", f"/v1/releases/{release}/{address}").headers["etag"] for address in ADDRESSES
    }
    told = withdraw(tenant, release, REASON)
    assert (told["status"], told["withdrawn_because"]) == ("withdrawn", REASON)
    for address, etag in held.items():
        for headers in ({}, {"If-None-Match": etag}):
            body = problem(
                tenant.call(READ, "GET", f"/v1/releases/{release}/{address}", headers=headers), 410, "release-withdrawn"
            )
            assert (body["reason"], body["replaced_by"]) == (REASON, None)
    detail = ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))
    assert (detail["status"], detail["statistics"]) == ("withdrawn", None)
    assert "statistics" not in detail["manifest"]
    (one,) = listed(tenant)["data"]
    assert (one["status"], one["withdrawn_because"]) == ("withdrawn", REASON)


def test_the_release_itself_stays_as_it_was(tenant: TenantUnderTest, wave: LaunchedWave) -> None:
    """What was seen counts with all that comes after: the rows stay, and their digest."""
    release = odd_release(wave)
    before = tenant.sql("SELECT status, digest, manifest, released_at FROM release")
    cells = tenant.sql("SELECT count(*) FROM release_cell")
    withdraw(tenant, release)
    assert tenant.sql("SELECT status, digest, manifest, released_at FROM release") == before
    assert tenant.sql("SELECT count(*) FROM release_cell") == cells


def test_withdrawn_again_it_keeps_its_moment_and_its_reason(tenant: TenantUnderTest, wave: LaunchedWave) -> None:
    release = odd_release(wave)
    first = withdraw(tenant, release, REASON)
    assert withdraw(tenant, release, "Another reason.") == first
    acts = [row.action for row in tenant.sql("SELECT action FROM audit_entry ORDER BY entry_id")]
    assert acts.count("release.withdrawn") == 1
    tenant.house.sweep()
    events = ok(tenant.call("webhooks:write", "GET", "/v1/events"))["data"]
    (event,) = [event for event in events if event["type"] == "release.withdrawn"]
    assert event["data"]["release_id"] == release
    assert REASON not in str(event)


def test_what_can_not_replace_it_is_refused(tenant: TenantUnderTest, wave: LaunchedWave) -> None:
    release = odd_release(wave)
    other = a_second_release(tenant)
    withdraw(tenant, release)
    for wrong in (release, other, "00000000-0000-0000-0000-000000000000"):
        body = {"reason": REASON, "replaced_by": wrong}
        refused = tenant.call("campaigns:write", "POST", f"/v1/releases/{release}/withdraw", json=body)
        assert problem(refused, 422, "invalid")["errors"][0]["pointer"] == "/replaced_by"


def test_what_replaces_it_may_be_told_later_and_once(tenant: TenantUnderTest) -> None:
    """Two waves of one campaign, whose results were muddled: the first one's are to be read in the second's."""
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant)
    travel(tenant, BEFORE)
    campaign, _ = launched(tenant)
    releases = []
    for number in (0, 1, 2):
        travel(tenant, MONDAY + timedelta(days=7 * number, minutes=1))
        for code in codes_of(tenant, waves(tenant, campaign)[number]["id"]).values():
            ok(post(tenant, code, {"load": 3}), 201)
        travel(tenant, MONDAY + timedelta(days=7 * number, hours=56))
        releases.append(listed(tenant, wave=waves(tenant, campaign)[number]["id"])["data"][0]["id"])
    first, second, third = releases
    assert withdraw(tenant, first)["replaced_by"] is None
    assert withdraw(tenant, first, replaced_by=second)["replaced_by"] == second
    assert withdraw(tenant, first, replaced_by=third)["replaced_by"] == second
    gone = problem(tenant.call(READ, "GET", f"/v1/releases/{first}/cells"), 410, "release-withdrawn")
    assert gone["replaced_by"] == second
    assert cells_of(tenant, second)
    acts = [row.action for row in tenant.sql("SELECT action FROM audit_entry ORDER BY entry_id")]
    assert acts.count("release.withdrawn") == 2
    # What is withdrawn itself replaces nothing.
    withdraw(tenant, second)
    body = {"reason": REASON, "replaced_by": second}
    refused = tenant.call("campaigns:write", "POST", f"/v1/releases/{third}/withdraw", json=body)
    problem(refused, 422, "invalid")


def a_second_release(tenant: TenantUnderTest) -> str:
    """Of another campaign: no correction of the first one's."""
    body = {"name": "Second", "questionnaire": "small", "audience": {"units": ["A", "B"]}}
    campaign = ok(tenant.call("campaigns:write", "POST", "/v1/campaigns", json=body), 201)
    launched = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    codes = codes_of(tenant, launched["id"])
    return odd_release(LaunchedWave(tenant, campaign["id"], launched["id"], launched["address"], codes))


def test_a_refused_release_shows_nothing_to_withdraw(tenant: TenantUnderTest, wave: LaunchedWave) -> None:
    ok(wave.submit("A-1", {"load": 3}), 201)
    tenant.sql("UPDATE sealed_batch SET response_count = response_count + 1")
    release = wave.release()
    assert release["status"] == "refused"
    answer = tenant.call(
        "campaigns:write", "POST", f"/v1/releases/{release['id']}/withdraw", json={"reason": "No reason."}
    )
    problem(answer, 409, "not-published")


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, 5, None, "a\x00b"])
def test_a_reason_is_a_sentence(tenant: TenantUnderTest, wave: LaunchedWave, reason: object) -> None:
    release = odd_release(wave)
    answer = tenant.call("campaigns:write", "POST", f"/v1/releases/{release}/withdraw", json={"reason": reason})
    assert answer.status_code in {400, 422}
    assert cells_of(tenant, release)


def test_another_tenants_release_is_not_found(tenant: TenantUnderTest, wave: LaunchedWave) -> None:
    release = odd_release(wave)
    stranger = tenant.house.tenant()
    answer = stranger.call("campaigns:write", "POST", f"/v1/releases/{release}/withdraw", json={"reason": REASON})
    problem(answer, 404, "not-found")
    assert listed(tenant)["data"][0]["status"] == "published"


def test_whoever_reads_on_learns_of_what_came_and_of_what_went(tenant: TenantUnderTest, wave: LaunchedWave) -> None:
    release = odd_release(wave)
    first = listed(tenant)
    assert [one["id"] for one in first["data"]] == [release]
    # A day's overlap: what was being written then is not missed, and comes twice.
    assert [one["id"] for one in listed(tenant, since=first["as_of"])["data"]] == [release]
    tenant.sql("UPDATE release SET changed_at = changed_at - interval '3 days'")
    assert listed(tenant, since=first["as_of"])["data"] == []
    withdraw(tenant, release)
    (one,) = listed(tenant, since=first["as_of"])["data"]
    assert (one["id"], one["status"]) == (release, "withdrawn")


@pytest.mark.parametrize("since", ["yesterday", "2026-11-27", "2026-11-27T10:00:00", "1", ""])
def test_since_is_a_moment(tenant: TenantUnderTest, since: str) -> None:
    problem(tenant.call(READ, "GET", "/v1/releases", params={"since": since}), 422, "invalid")
