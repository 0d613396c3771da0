"""Events, pushed: signed, tried, sent again, put off, given up."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from service.webhooks.deliver import Courier
from tests.fixtures.house import TenantUnderTest
from tests.fixtures.receivers import Receiver, an_endpoint, deliveries
from tests.make.webhooks import call, deliver
from tests.make.wire import problem
from tests.make.world import a_launched_wave, ok

pytestmark = pytest.mark.usefixtures("alone")


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


def test_without_a_body_it_is_said_what_one_holds(tenant: TenantUnderTest) -> None:
    made = ok(call(tenant, "POST", json={"url": "https://hris.example/hook"}), 201)
    told = problem(call(tenant, "POST", f"/{made['id']}/redeliver"), 422, "invalid")
    assert told["errors"] == [{"pointer": "", "reason": "a body with `since` is required"}]
    patched = problem(call(tenant, "PATCH", f"/{made['id']}", headers={"If-Match": '"1"'}), 422, "invalid")
    assert patched["errors"] == [{"pointer": "", "reason": "a body is required"}]


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
