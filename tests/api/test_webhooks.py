"""Webhook endpoints: made, changed, rotated, tried, given up; and events, pushed and pulled."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from service.webhooks.deliver import Courier
from tests.fixtures.house import TenantUnderTest
from tests.fixtures.receivers import Receiver, an_endpoint, deliveries
from tests.make.wire import problem
from tests.make.world import a_campaign, a_launched_wave, a_questionnaire, an_org, ok

pytestmark = pytest.mark.usefixtures("alone")

ENDPOINTS = "/v1/webhook-endpoints"


def call(tenant: TenantUnderTest, method: str, path: str = "", **request: Any) -> httpx2.Response:
    return tenant.call("webhooks:write", method, f"{ENDPOINTS}{path}", **request)


def events(tenant: TenantUnderTest, **params: Any) -> dict[str, Any]:
    page: dict[str, Any] = ok(tenant.call("webhooks:write", "GET", "/v1/events", params=params))
    return page


def deliver(tenant: TenantUnderTest, courier: Courier) -> int:
    """Let the worker put down what happened, and send it."""
    tenant.house.sweep()
    sent: int = tenant.house.run(courier.deliver)
    return sent


def test_an_event_is_pushed_and_verified(tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier) -> None:
    made = an_endpoint(tenant, receiver.url)
    assert made["secret"].startswith("whsec_")
    wave = a_launched_wave(tenant)
    assert deliver(tenant, on_loopback) == 2
    assert sorted(receiver.types) == ["campaign.launched", "wave.opened"]
    for request in receiver.got:
        assert request.is_signed_by(made["secret"])
        assert not request.is_signed_by("whsec_" + "A" * 43 + "=")
        assert set(request.event) == {"type", "timestamp", "data"}
        assert request.event["data"]["campaign_id"] == wave.campaign
        assert request.event["data"]["url"].startswith(f"/v1/campaigns/{wave.campaign}")
        assert request.headers["content-type"] == "application/json"
    opened = next(one for one in receiver.got if one.event["type"] == "wave.opened")
    assert opened.event["data"]["wave_id"] == wave.wave
    ok(tenant.call("campaigns:write", "GET", opened.event["data"]["url"]))
    told = deliveries(tenant, made["id"])
    assert [row["status"] for row in told] == ["delivered"] * 2
    assert {row["event_id"] for row in told} == set(receiver.ids)
    assert [row["last_status"] for row in told] == [204, 204]
    assert deliver(tenant, on_loopback) == 0


def test_a_release_is_told_without_a_figure(tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier) -> None:
    an_endpoint(tenant, receiver.url, ["release.withheld", "release.published", "wave.closed"])
    wave = a_launched_wave(tenant)
    for person in list(wave.codes)[:20]:
        ok(wave.submit(person, {"load": 3, "comment": "canary-5518"}), 201)
    release = wave.release()
    deliver(tenant, on_loopback)
    assert sorted(receiver.types) == ["release.published", "wave.closed"]
    told = next(one.event["data"] for one in receiver.got if one.event["type"] == "release.published")
    assert told == {
        "campaign_id": wave.campaign,
        "wave_id": wave.wave,
        "release_id": release["id"],
        "url": f"/v1/releases/{release['id']}",
    }
    assert all(b"canary" not in one.body for one in receiver.got)


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


@pytest.mark.parametrize(
    "cursor", ["x", "MTI", "LTE", "OTIyMzM3MjAzNjg1NDc3NTgwOA", "MTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"]
)
def test_a_cursor_that_is_none_is_refused(tenant: TenantUnderTest, cursor: str) -> None:
    answer = tenant.call("webhooks:write", "GET", "/v1/events", params={"cursor": cursor})
    if cursor != "MTI":  # 12: behind all there is
        assert problem(answer, 422, "invalid")["errors"][0]["parameter"] == "cursor"
    else:
        assert ok(answer)["data"] == []


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


# -- endpoints ---------------------------------------------------------------------------------------------------


def test_endpoints_are_listed_without_secrets(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    assert on_loopback
    made = an_endpoint(tenant, receiver.url, ["wave.opened", "wave.closed", "wave.opened"])
    assert made["event_types"] == ["wave.closed", "wave.opened"]
    secret = made.pop("secret")
    assert ok(call(tenant, "GET")) == [made]
    shown = call(tenant, "GET", f"/{made['id']}")
    assert ok(shown) == made
    assert shown.headers["etag"] == '"1"'
    columns = tenant.sql("SELECT to_jsonb(t)::text FROM webhook_endpoint t")
    assert secret not in str(columns)
    assert secret.removeprefix("whsec_") not in str(columns)


def test_a_secret_is_told_once_and_kept_from_caches(tenant: TenantUnderTest) -> None:
    answer = call(tenant, "POST", json={"url": "https://hris.example/hook"})
    assert answer.headers["cache-control"] == "no-store"
    made = ok(answer, 201)
    rotated = call(tenant, "POST", f"/{made['id']}/rotate-secret")
    assert rotated.headers["cache-control"] == "no-store"
    assert ok(rotated)["secret"] != made["secret"]


def test_two_secrets_sign_while_one_is_rotated(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    made = an_endpoint(tenant, receiver.url)
    rotated = ok(call(tenant, "POST", f"/{made['id']}/rotate-secret"))
    assert rotated["previous_secret_until"] is not None
    ok(call(tenant, "POST", f"/{made['id']}/test"), 202)
    deliver(tenant, on_loopback)
    (both,) = receiver.got
    assert len(both.headers["webhook-signature"].split(" ")) == 2
    assert both.is_signed_by(made["secret"])
    assert both.is_signed_by(rotated["secret"])
    # A day later the old one signs no more. The library asks for the real time, so only the signatures are counted.
    tenant.house.clock.shift = timedelta(hours=24, seconds=1)
    ok(call(tenant, "POST", f"/{made['id']}/test"), 202)
    deliver(tenant, on_loopback)
    assert len(receiver.got[1].headers["webhook-signature"].split(" ")) == 1


def test_a_test_goes_to_its_endpoint_alone(
    tenant: TenantUnderTest, receive: Callable[[], Receiver], on_loopback: Courier
) -> None:
    asked, other = receive(), receive()
    made = an_endpoint(tenant, asked.url, ["wave.opened"])
    an_endpoint(tenant, other.url)
    sent = ok(call(tenant, "POST", f"/{made['id']}/test"), 202)
    deliver(tenant, on_loopback)
    assert asked.ids == [sent["event_id"]]
    assert asked.types == ["webhook.test"]
    assert asked.got[0].event["data"]["endpoint_id"] == made["id"]
    assert other.got == []


def test_an_endpoint_is_changed_at_its_revision(
    tenant: TenantUnderTest, receive: Callable[[], Receiver], on_loopback: Courier
) -> None:
    before, after = receive(), receive()
    made = an_endpoint(tenant, before.url, ["wave.opened"])
    path = f"/{made['id']}"
    change = {"url": after.url, "event_types": None}
    problem(call(tenant, "PATCH", path, json=change), 428, "endpoint-revision-missing")
    problem(call(tenant, "PATCH", path, json=change, headers={"If-Match": '"2"'}), 412, "endpoint-moved")
    changed = call(tenant, "PATCH", path, json=change, headers={"If-Match": '"1"'})
    assert ok(changed)["url"] == after.url
    assert changed.headers["etag"] == '"2"'
    same = ok(call(tenant, "PATCH", path, json={}, headers={"If-Match": '"2"'}))
    assert (same["url"], same["event_types"]) == (after.url, None)
    told = problem(call(tenant, "PATCH", path, json={"url": None}, headers={"If-Match": '"3"'}), 422, "invalid")
    assert told["errors"] == [{"pointer": "/url", "reason": "must be a string"}]
    a_launched_wave(tenant)
    deliver(tenant, on_loopback)
    assert before.got == []
    assert sorted(after.types) == ["campaign.launched", "wave.opened"]


def test_a_deleted_endpoint_gets_nothing_that_was_waiting(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    made = an_endpoint(tenant, receiver.url)
    a_launched_wave(tenant)
    tenant.house.sweep()
    ok(call(tenant, "DELETE", f"/{made['id']}"), 204)
    problem(call(tenant, "GET", f"/{made['id']}"), 404, "not-found")
    assert deliver(tenant, on_loopback) == 0
    assert receiver.got == []
    assert tenant.sql("SELECT count(*) FROM webhook_delivery") == [(0,)]


def test_there_are_twenty_endpoints_at_most(tenant: TenantUnderTest) -> None:
    for number in range(20):
        ok(call(tenant, "POST", json={"url": f"https://hris.example/{number}"}), 201)
    problem(call(tenant, "POST", json={"url": "https://hris.example/21"}), 409, "too-many-endpoints")


REFUSED = [
    "http://hris.example/hook",
    "ftp://hris.example/hook",
    "file:///etc/passwd",
    "https://user@hris.example/",
    "https://user:canary-1@hris.example/",
    "https://hris.example/#canary-1",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://hris.example:0/",
    "https://hris.example:65536/",
    "https:///hook",
    "https://-hris.example/",
    "https://hris..example/",
    "https://hris.exämple/",
    "https://hris.example/ä",
    "https://hris.example/\\canary",
    "https://hris.example/" + "a" * 2000,
    "hris.example",
]


@pytest.mark.parametrize("url", REFUSED)
def test_a_url_that_may_not_be_sent_to_is_refused_and_not_repeated(tenant: TenantUnderTest, url: str) -> None:
    answer = call(tenant, "POST", json={"url": url})
    told = problem(answer, 422, "invalid")
    assert [error["pointer"] for error in told["errors"]] == ["/url"]
    assert "canary" not in answer.text


def test_each_act_is_in_the_audit_log(tenant: TenantUnderTest) -> None:
    made = ok(call(tenant, "POST", json={"url": "https://hris.example/hook"}), 201)
    path = f"/{made['id']}"
    ok(call(tenant, "PATCH", path, json={"event_types": ["wave.opened"]}, headers={"If-Match": '"1"'}))
    ok(call(tenant, "POST", f"{path}/rotate-secret"))
    ok(call(tenant, "POST", f"{path}/test"), 202)
    ok(
        call(
            tenant, "POST", f"{path}/redeliver", json={"since": "2027-01-01T00:00:00Z", "until": "2027-01-02T00:00:00Z"}
        )
    )
    ok(call(tenant, "DELETE", path), 204)
    log = ok(tenant.call("admin", "GET", "/v1/audit-log", params={"limit": 500}))["data"]
    acts = [row["action"] for row in log if row["subject"] == made["id"]]
    named = ["created", "changed", "secret_rotated", "tested", "redelivered", "deleted"]
    assert acts == [f"webhook_endpoint.{act}" for act in named]
    assert "hris.example" not in str([row["detail"] for row in log])


# -- again -------------------------------------------------------------------------------------------------------


def test_a_period_is_sent_once_more_with_the_same_ids(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    made = an_endpoint(tenant, receiver.url, ["campaign.launched", "wave.closed"])
    wave = a_launched_wave(tenant)
    deliver(tenant, on_loopback)
    (first,) = receiver.ids
    start = datetime.now(UTC) - timedelta(hours=1)
    path = f"/{made['id']}/redeliver"
    assert ok(call(tenant, "POST", path, json={"since": start.isoformat()}), 202) == {"events": 1}
    deliver(tenant, on_loopback)
    assert receiver.ids == [first, first]
    before = {"since": start.isoformat(), "until": (start + timedelta(minutes=1)).isoformat()}
    assert ok(call(tenant, "POST", path, json=before), 202) == {"events": 0}
    # Of the failed ones alone.
    receiver.status = 500
    ok(wave.close())
    deliver(tenant, on_loopback)
    tenant.sql("UPDATE webhook_delivery SET status = 'failed' WHERE status = 'pending'")
    receiver.status = 200
    assert ok(call(tenant, "POST", path, json={"since": start.isoformat(), "only_failed": True}), 202) == {"events": 1}
    deliver(tenant, on_loopback)
    assert receiver.types == ["campaign.launched", "campaign.launched", "wave.closed", "wave.closed"]
    assert {row["status"] for row in deliveries(tenant, made["id"])} == {"delivered"}


def test_a_period_that_ends_before_it_begins_is_refused(tenant: TenantUnderTest) -> None:
    made = ok(call(tenant, "POST", json={"url": "https://hris.example/hook"}), 201)
    for asked in (
        {"since": "2099-01-01T00:00:00Z"},
        {"since": "2027-01-02T00:00:00Z", "until": "2027-01-01T00:00:00Z"},
    ):
        problem(call(tenant, "POST", f"/{made['id']}/redeliver", json=asked), 422, "invalid")


# -- failing -----------------------------------------------------------------------------------------------------


def test_a_receiver_that_fails_is_tried_again_later_and_longer(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    made = an_endpoint(tenant, receiver.url, ["campaign.launched"])
    receiver.status = 500
    a_launched_wave(tenant)
    assert deliver(tenant, on_loopback) == 1
    (told,) = deliveries(tenant, made["id"])
    assert (told["status"], told["attempts"], told["last_status"]) == ("pending", 1, 500)
    assert deliver(tenant, on_loopback) == 0, "not before its time"
    for attempts in range(2, 11):
        due = datetime.fromisoformat(deliveries(tenant, made["id"])[0]["due_at"])
        tenant.house.clock.shift = due - datetime.now(UTC) + timedelta(seconds=1)
        assert deliver(tenant, on_loopback) == 1
        assert deliveries(tenant, made["id"])[0]["attempts"] == attempts
    assert tenant.house.clock.shift > timedelta(days=2, hours=18)
    assert deliveries(tenant, made["id"])[0]["status"] == "failed"
    assert len(set(receiver.ids)) == 1
    assert len({one.body for one in receiver.got}) == 1
    tenant.house.clock.shift += timedelta(days=2)
    assert deliver(tenant, on_loopback) == 0


def test_a_receiver_may_ask_for_more_time(tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier) -> None:
    made = an_endpoint(tenant, receiver.url, ["campaign.launched"])
    receiver.status, receiver.answer_headers = 429, {"Retry-After": "7200"}
    a_launched_wave(tenant)
    deliver(tenant, on_loopback)
    due = datetime.fromisoformat(deliveries(tenant, made["id"])[0]["due_at"])
    assert timedelta(minutes=119) < due - datetime.now(UTC) <= timedelta(minutes=120)


def test_an_endpoint_that_takes_nothing_for_days_is_given_up_and_that_is_told(
    tenant: TenantUnderTest, receive: Callable[[], Receiver], on_loopback: Courier
) -> None:
    failing, other = receive(), receive()
    made = an_endpoint(tenant, failing.url)
    an_endpoint(tenant, other.url, ["webhook_endpoint.disabled"])
    failing.status = 503
    wave = a_launched_wave(tenant)
    deliver(tenant, on_loopback)
    tenant.house.clock.shift = timedelta(days=5)
    ok(wave.close())
    deliver(tenant, on_loopback)
    shown = ok(call(tenant, "GET", f"/{made['id']}"))
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "failing")
    assert shown["disabled_at"] is not None
    assert {row["status"] for row in deliveries(tenant, made["id"])} == {"failed"}
    deliver(tenant, on_loopback)
    (told,) = other.got
    assert told.event["data"] == {"endpoint_id": made["id"], "url": f"/v1/webhook-endpoints/{made['id']}"}
    log = ok(tenant.call("admin", "GET", "/v1/audit-log", params={"limit": 500}))["data"]
    (entry,) = [row for row in log if row["action"] == "webhook_endpoint.disabled"]
    assert (entry["actor"], entry["subject"], entry["detail"]) == ("worker", made["id"], {"reason": "failing"})
    problem(call(tenant, "POST", f"/{made['id']}/test"), 409, "endpoint-disabled")
    # Once it is mended: enabled, and what it missed sent again.
    failing.status = 200
    failing.got.clear()
    assert ok(call(tenant, "POST", f"/{made['id']}/enable"))["enabled"] is True
    assert deliver(tenant, on_loopback) == 0
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    ok(call(tenant, "POST", f"/{made['id']}/redeliver", json={"since": since, "only_failed": True}), 202)
    deliver(tenant, on_loopback)
    assert {"campaign.launched", "wave.opened", "wave.closed"} <= set(failing.types)
    assert ok(call(tenant, "GET", f"/{made['id']}"))["failing_since"] is None


def test_a_success_in_between_keeps_it_going(tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier) -> None:
    made = an_endpoint(tenant, receiver.url)
    receiver.status = 503
    a_launched_wave(tenant)
    deliver(tenant, on_loopback)
    receiver.status = 200
    ok(call(tenant, "POST", f"/{made['id']}/test"), 202)
    deliver(tenant, on_loopback)
    receiver.status = 503
    tenant.house.clock.shift = timedelta(days=6)
    deliver(tenant, on_loopback)
    assert ok(call(tenant, "GET", f"/{made['id']}"))["enabled"] is True


def test_a_receiver_that_is_gone_is_given_up_at_once(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    made = an_endpoint(tenant, receiver.url)
    receiver.status = 410
    ok(call(tenant, "POST", f"/{made['id']}/test"), 202)
    deliver(tenant, on_loopback)
    shown = ok(call(tenant, "GET", f"/{made['id']}"))
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "gone")


# -- keys that end -----------------------------------------------------------------------------------------------


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
