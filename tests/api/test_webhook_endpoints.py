"""Webhook endpoints: made, listed, changed, their secrets rotated, deleted; and what each may not be."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from service.webhooks.deliver import Courier
from tests.fixtures.house import TenantUnderTest
from tests.fixtures.receivers import Receiver, an_endpoint
from tests.make.webhooks import call, deliver
from tests.make.wire import problem
from tests.make.world import a_launched_wave, ok

pytestmark = pytest.mark.usefixtures("alone")


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
    "https://localhost/",
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
