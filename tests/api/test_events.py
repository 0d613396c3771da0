"""Events, pulled: in an order that stays, in pages that miss nothing, for 30 days."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from service.kit import outbox
from service.kit.crypto import text_of
from service.webhooks.deliver import Courier
from service.webhooks.due import PRUNE
from tests.fixtures.house import House, TenantUnderTest
from tests.fixtures.receivers import Receiver, an_endpoint, deliveries
from tests.make.webhooks import deliver, events
from tests.make.wire import problem
from tests.make.world import a_campaign, a_launched_wave, a_questionnaire, an_org, ok

pytestmark = pytest.mark.usefixtures("alone")


def at(position: int) -> str:
    """The cursor of a position."""
    return text_of(str(position).encode())


def asked(tenant: TenantUnderTest, cursor: str, **params: Any) -> httpx2.Response:
    return tenant.call("webhooks:write", "GET", "/v1/events", params={"cursor": cursor, **params})


def test_events_are_pulled_in_pages_that_miss_nothing(tenant: TenantUnderTest) -> None:
    assert events(tenant)["data"] == []
    begun = events(tenant)["cursor"]
    wave = a_launched_wave(tenant)
    ok(wave.close())
    tenant.house.sweep()
    whole = events(tenant)
    types = [row["type"] for row in whole["data"]]
    assert set(types) == {"campaign.launched", "wave.opened", "wave.closed", "campaign.closed", "release.published"}
    assert types.index("wave.opened") < types.index("wave.closed") < types.index("release.published")
    assert whole["next"] is None
    assert events(tenant, cursor=begun)["data"] == whole["data"]
    assert events(tenant, cursor=whole["cursor"]) == {"data": [], "next": None, "cursor": whole["cursor"]}
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = events(tenant, limit=2, **({"cursor": cursor} if cursor else {}))
        found += page["data"]
        cursor = page["next"]
        if cursor is None:
            break
        assert cursor == page["cursor"]
    assert found == whole["data"]
    only = events(tenant, type="wave.closed")["data"]
    assert [row["data"]["wave_id"] for row in only] == [wave.wave]


def test_a_position_is_of_the_commit_not_of_the_id(tenant: TenantUnderTest) -> None:
    """An id drawn earlier and committed later comes behind what was seen already."""
    wave = a_launched_wave(tenant)
    tenant.house.sweep()
    seen = events(tenant)
    early = UUID(int=1)
    tenant.sql(
        "INSERT INTO event (tenant_id, event_id, type, occurred_at, data)"
        " VALUES (:mine, :event, 'campaign.extended', now() - interval '1 hour',"
        " jsonb_build_object('campaign_id', CAST(:campaign AS text)))",
        mine=tenant.tenant_id, event=early, campaign=wave.campaign,
    )  # fmt: skip
    assert events(tenant)["data"] == seen["data"], "without a position it is not shown"
    ok(wave.close())
    tenant.house.sweep()
    later = events(tenant, cursor=seen["cursor"])["data"]
    assert str(early) in {row["id"] for row in later}
    assert not {row["id"] for row in later} & {row["id"] for row in seen["data"]}
    rows = tenant.sql("SELECT position, event_id::text FROM event ORDER BY position")
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["id"] for row in events(tenant)["data"]] == [row[1] for row in rows]


def test_a_request_that_is_undone_tells_nothing(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    an_org(tenant, {"A": 12})
    a_questionnaire(tenant)
    campaign = a_campaign(tenant)["id"]

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("service.campaigns.schemas.WaveOut.of", broken)
    assert not tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch").is_success
    tenant.house.sweep()
    assert events(tenant)["data"] == []


@pytest.mark.parametrize("cursor", ["x", "LTE", "OTIyMzM3MjAzNjg1NDc3NTgwOA", "MTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"])
def test_a_cursor_that_is_none_is_refused(tenant: TenantUnderTest, cursor: str) -> None:
    assert problem(asked(tenant, cursor), 422, "invalid")["errors"][0]["parameter"] == "cursor"


def test_a_cursor_ahead_of_the_newest_event_is_of_another_stream(house: House, tenant: TenantUnderTest) -> None:
    """It would be answered with nothing for ever."""
    a_launched_wave(tenant)
    house.sweep()
    newest = events(tenant)["cursor"]
    assert events(tenant, cursor=newest)["data"] == []
    assert events(tenant, cursor=newest, type="wave.closed")["data"] == []
    problem(asked(tenant, at(12)), 400, "cursor-ahead")
    problem(asked(tenant, at(12), type="wave.opened"), 400, "cursor-ahead")
    other = house.tenant()
    problem(asked(other, newest), 400, "cursor-ahead")
    assert events(other, cursor=at(0))["data"] == []


def test_an_unknown_type_is_refused(tenant: TenantUnderTest) -> None:
    told = problem(tenant.call("webhooks:write", "GET", "/v1/events", params={"type": "wave.canary"}), 422, "invalid")
    assert told["errors"] == [{"parameter": "type", "in": "query", "reason": "is not a type of event"}]


def test_events_are_forgotten_after_thirty_days_and_that_is_told(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    made = an_endpoint(tenant, receiver.url)
    first = events(tenant)["cursor"]
    wave = a_launched_wave(tenant)
    deliver(tenant, on_loopback)
    tenant.house.clock.shift = timedelta(days=31)
    ok(wave.close())
    tenant.house.sweep()
    kept = events(tenant)
    assert "campaign.launched" not in {row["type"] for row in kept["data"]}
    assert {"wave.closed", "campaign.closed"} <= {row["type"] for row in kept["data"]}
    answer = tenant.call("webhooks:write", "GET", "/v1/events", params={"cursor": first})
    problem(answer, 410, "events-gone")
    assert events(tenant, cursor=kept["cursor"])["data"] == []
    assert len(deliveries(tenant, made["id"])) == len(kept["data"])
    # The last one stays, so that positions go on.
    for days in (100, 200):  # by the first of them the wave is destroyed, which is the last that happens
        tenant.house.clock.shift = timedelta(days=days)
        tenant.house.sweep()
    assert [row["type"] for row in events(tenant)["data"]] == ["wave.destroyed"]
    assert tenant.sql("SELECT count(*) FROM job WHERE kind = 'prune_events'") == [(0,)], "nothing is left to do"


def old_events(tenant: TenantUnderTest, number: int) -> None:
    """Of forty days ago, with the first positions; and two of today."""
    tenant.sql(
        "INSERT INTO event (tenant_id, event_id, type, occurred_at, data)"
        " SELECT :mine, gen_random_uuid(), 'campaign.extended', now() - interval '40 days',"
        " jsonb_build_object('campaign_id', gen_random_uuid()) FROM generate_series(1, :number)",
        mine=tenant.tenant_id, number=number,
    )  # fmt: skip
    a_launched_wave(tenant)
    tenant.house.sweep()
    tenant.house.clock.shift = timedelta(days=1, minutes=1)


def positions(tenant: TenantUnderTest) -> list[int]:
    return [row[0] for row in tenant.sql("SELECT position FROM event ORDER BY position")]


def test_so_many_are_forgotten_at_once_and_the_rest_right_after(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "AT_ONCE", 3)
    old_events(tenant, 7)
    seen = [positions(tenant)]
    while tenant.house.run(tenant.house.sweeper.step, frozenset({PRUNE})):  # other tenants' turn comes in between
        seen += [now for now in [positions(tenant)] if now != seen[-1]]
    assert seen == [list(range(first, 10)) for first in (1, 4, 7, 8)]
    (again,) = tenant.sql("SELECT due_at FROM job WHERE kind = 'prune_events'")
    assert timedelta(hours=23) < again[0] - tenant.house.clock() <= timedelta(days=1), "and the others a day later"
    assert [row["type"] for row in events(tenant, cursor=at(7))["data"]] == ["campaign.launched", "wave.opened"]
    problem(asked(tenant, at(6)), 410, "events-gone")
    problem(asked(tenant, at(0)), 410, "events-gone")


def test_nothing_is_forgotten_behind_an_event_that_stays(tenant: TenantUnderTest) -> None:
    """Whoever goes on behind that one would miss the next without a word."""
    old_events(tenant, 5)
    tenant.sql("UPDATE event SET occurred_at = now() WHERE position = 3")
    tenant.house.sweep()
    assert positions(tenant) == [3, 4, 5, 6, 7]
    assert len(events(tenant, cursor=at(3))["data"]) == 4


def test_the_end_of_a_key_is_told_three_times(tenant: TenantUnderTest) -> None:
    ends = datetime.now(UTC) + timedelta(days=39, hours=23)
    body = {"name": "BI", "scopes": ["aggregates:read"], "expires_at": ends.isoformat()}
    key = ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)["id"]
    told = []
    for day in range(40):
        tenant.house.clock.shift = timedelta(days=day)
        tenant.house.sweep()
        told.append(len(events(tenant, type="key.expiring")["data"]))
    assert [told[day] for day in (9, 11, 32, 34, 38, 39)] == [0, 1, 1, 2, 2, 3]
    row = events(tenant, type="key.expiring")["data"][0]
    assert row["data"]["key_id"] == key
    assert datetime.fromisoformat(row["data"]["expires_at"]) == ends


def test_the_end_of_a_revoked_key_is_not_told(tenant: TenantUnderTest) -> None:
    ends = datetime.now(UTC) + timedelta(days=31)
    body = {"name": "BI", "scopes": ["aggregates:read"], "expires_at": ends.isoformat()}
    key = ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)["id"]
    ok(tenant.call("admin", "DELETE", f"/v1/api-keys/{key}"), 204)
    tenant.house.clock.shift = timedelta(days=2)
    tenant.house.sweep()
    assert events(tenant)["data"] == []
