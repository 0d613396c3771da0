"""A write sent again under its Idempotency-Key: done once, answered as before; another request is told apart."""

import json
import zlib
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from service.kit import repeats
from service.tenants.scopes import Scope
from tests.fixtures.house import TenantUnderTest
from tests.make.wire import places, problem, raw
from tests.make.world import QUESTIONNAIRE, a_campaign, a_questionnaire, an_org, ok

NAME = "once-4711"
NOT_OF_THE_REPLY = {"x-request-id", "ratelimit", "ratelimit-policy", "idempotency-replayed"}
SITE = [{"name": "site", "values": [{"id": "paris", "label": {"fr": "Paris"}}]}]


def send(tenant: TenantUnderTest, scope: str, method: str, path: str, key: str = NAME, **request: Any) -> Any:
    headers = {"Idempotency-Key": key, **request.pop("headers", {})}
    return tenant.call(scope, method, path, headers=headers, **request)


def reply(answer: httpx2.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """What must come again: status, body, headers in their order."""
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in NOT_OF_THE_REPLY]
    return answer.status_code, answer.content, headers


def replayed(answer: httpx2.Response) -> bool:
    return answer.headers.get("idempotency-replayed") == "true"


def log(tenant: TenantUnderTest) -> list[str]:
    return [row.action for row in tenant.sql("SELECT action FROM audit_entry ORDER BY entry_id")]


def test_the_same_request_gets_the_same_answer_and_is_done_once(tenant: TenantUnderTest) -> None:
    body = {"document": {"key": "unfinished"}}
    first = send(tenant, "questionnaires:write", "POST", "/v1/questionnaire-drafts", json=body)
    before = log(tenant)
    again = [send(tenant, "questionnaires:write", "POST", "/v1/questionnaire-drafts", json=body) for _ in range(3)]
    assert first.status_code == 201
    assert first.headers["etag"]
    assert not replayed(first)
    for answer in again:
        assert replayed(answer)
        assert reply(answer) == reply(first)
    assert log(tenant) == before
    assert len(ok(tenant.call("questionnaires:write", "GET", "/v1/questionnaire-drafts"))["data"]) == 1


def test_what_is_gone_is_not_looked_for_again(tenant: TenantUnderTest) -> None:
    """Deleting, and publishing a draft, take away what they name: sent again they are answered all the same."""
    for number, (method, step, status) in enumerate([("DELETE", "", 204), ("POST", "/publish", 201)]):
        document = QUESTIONNAIRE | {"key": f"small_{number}"}
        made = tenant.call("questionnaires:write", "POST", "/v1/questionnaire-drafts", json={"document": document})
        headers = {"If-Match": made.headers["etag"]}
        path = f"/v1/questionnaire-drafts/{made.json()['id']}{step}"
        first = send(tenant, "questionnaires:write", method, path, f"k{number}", headers=headers)
        again = send(tenant, "questionnaires:write", method, path, f"k{number}", headers=headers)
        assert first.status_code == status, first.text
        assert replayed(again)
        assert reply(again) == reply(first)
        problem(tenant.call("questionnaires:write", method, path, headers=headers), 404, "not-found")
        other = headers | {"If-Match": '"9"'}
        told = send(tenant, "questionnaires:write", method, path, f"k{number}", headers=other)
        problem(told, 422, "idempotency-mismatch")


def test_a_launch_is_answered_again_although_its_state_has_passed(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant)
    path = f"/v1/campaigns/{a_campaign(tenant)['id']}/launch"
    first = send(tenant, "campaigns:write", "POST", path)
    again = send(tenant, "campaigns:write", "POST", path)
    assert first.status_code == 200, first.text
    assert reply(again) == reply(first)
    problem(tenant.call("campaigns:write", "POST", path), 409, "wrong-state")
    problem(send(tenant, "campaigns:write", "POST", path, content=b"{}"), 422, "idempotency-mismatch")


def test_rows_that_come_as_a_stream_are_the_same_or_another_request(tenant: TenantUnderTest) -> None:
    lines = [json.dumps({"external_id": f"U{i}", "name": "n" * 100}).encode() + b"\n" for i in range(2000)]
    headers = {
        "authorization": b"Bearer " + tenant.keys["people:write"].encode(),
        "content-type": b"application/x-ndjson",
        "idempotency-key": NAME.encode(),
    }

    def put(chunks: list[bytes]) -> Any:
        return raw(tenant.house, "PUT", "/v1/org-units", headers=headers, chunks=chunks)

    first = put(lines)
    assert first.status_code == 200, first.text
    before = log(tenant)
    again = put([b"".join(lines[:7]), b"".join(lines[7:])])  # how it is cut on its way is not the request
    assert again.content == first.content
    assert replayed(again)  # type: ignore[arg-type]  # it has headers
    assert log(tenant) == before
    problem(put([*lines[:-1], lines[-1].replace(b"n", b"m", 1)]), 422, "idempotency-mismatch")
    problem(put(lines[:-1]), 422, "idempotency-mismatch")


def test_a_stream_that_is_given_up_is_refused_and_not_kept(tenant: TenantUnderTest) -> None:
    bad = b'{"external_id":1}\n' * 300
    headers = {"content-type": "application/x-ndjson"}
    told = send(tenant, "people:write", "PUT", "/v1/org-units", content=bad, headers=headers)
    problem(told, 422, "invalid")
    good = b'{"external_id":"U","name":"n"}\n'
    ok(send(tenant, "people:write", "PUT", "/v1/org-units", content=good, headers=headers), 200)


def test_a_file_is_imported_once(tenant: TenantUnderTest) -> None:
    """It is read to its end before anybody claims the key, and its reply, which names people, is kept sealed."""
    an_org(tenant, {"A": 2})
    request = {
        "params": {"mode": "partial", "source": "hris"},
        "content": b"external_id,unit\nQ-77,A\n",
        "headers": {"content-type": "text/csv"},
    }
    first = send(tenant, "people:write", "POST", "/v1/people/imports", **request)
    again = send(tenant, "people:write", "POST", "/v1/people/imports", **request)
    assert first.status_code == 201, first.text
    assert replayed(again)
    assert reply(again) == reply(first)
    assert len(ok(tenant.call("people:write", "GET", "/v1/people/imports"))["data"]) == 1
    other = request | {"content": b"external_id,unit\nQ-78,A\n"}
    problem(send(tenant, "people:write", "POST", "/v1/people/imports", **other), 422, "idempotency-mismatch")


MUTATIONS: dict[str, dict[str, Any]] = {
    "another value": {"json": [SITE[0] | {"name": "place"}]},
    "a blank more": {"content": json.dumps(SITE).encode() + b" "},
    "another media type": {"headers": {"content-type": "application/json; charset=utf-8"}},
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_another_request_under_the_same_key_is_told_apart(tenant: TenantUnderTest, mutation: str) -> None:
    sent = {"content": json.dumps(SITE).encode(), "headers": {"content-type": "application/json"}}
    first = send(tenant, "people:write", "PUT", "/v1/dimensions", **sent)
    assert first.status_code == 200
    changed = dict(sent)
    if "json" in MUTATIONS[mutation]:
        changed.pop("content")
    changed |= MUTATIONS[mutation]
    problem(send(tenant, "people:write", "PUT", "/v1/dimensions", **changed), 422, "idempotency-mismatch")
    assert reply(send(tenant, "people:write", "PUT", "/v1/dimensions", **sent)) == reply(first)


def test_a_refusal_is_not_kept(tenant: TenantUnderTest) -> None:
    problem(send(tenant, "people:write", "PUT", "/v1/dimensions", json=[{}]), 422, "invalid")
    ok(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE), 200)
    assert replayed(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE))


def test_each_key_holder_has_their_own_names(tenant: TenantUnderTest) -> None:
    body = {"name": "people", "scopes": ["people:write"]}
    other = ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)["key"]
    stranger = tenant.house.tenant("stranger")
    ok(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE))
    for keys in ({"people:write": other}, stranger.keys):
        someone = TenantUnderTest(tenant.house, tenant.tenant_id, keys)
        changed = [SITE[0] | {"name": "place"}]
        assert not replayed(send(someone, "people:write", "PUT", "/v1/dimensions", json=changed))
    assert replayed(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE))


def test_a_key_without_the_scope_or_revoked_sees_no_reply(tenant: TenantUnderTest) -> None:
    ok(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE))
    problem(send(tenant, "admin", "PUT", "/v1/dimensions", json=SITE), 403, "forbidden")
    for row in ok(tenant.call("admin", "GET", "/v1/api-keys")):
        if row["scopes"] == ["people:write"]:
            ok(tenant.call("admin", "DELETE", f"/v1/api-keys/{row['id']}"), 204)
    problem(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE), 401, "unauthenticated")


def test_after_a_day_the_name_is_free_again(tenant: TenantUnderTest) -> None:
    house = tenant.house
    first = send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE)
    house.clock.shift = timedelta(hours=23, minutes=59)
    assert reply(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE)) == reply(first)
    house.clock.shift = timedelta(hours=24, minutes=1)  # and the worker has not come by yet
    other = [SITE[0] | {"name": "place"}]
    assert not replayed(send(tenant, "people:write", "PUT", "/v1/dimensions", json=other))
    assert replayed(send(tenant, "people:write", "PUT", "/v1/dimensions", json=other))


def test_the_worker_removes_what_is_a_day_old(tenant: TenantUnderTest) -> None:
    count = "SELECT count(*) FROM idempotent_reply"
    ok(send(tenant, "people:write", "PUT", "/v1/dimensions", "first", json=SITE))
    tenant.house.clock.shift = timedelta(hours=12)
    ok(send(tenant, "people:write", "PUT", "/v1/dimensions", "second", json=SITE))
    for hours, left in [(12, 2), (25, 1), (37, 0)]:
        tenant.house.clock.shift = timedelta(hours=hours)
        tenant.house.sweep()
        assert tenant.sql(count) == [(left,)], hours
    due = tenant.sql("SELECT due_at FROM job WHERE kind = 'prune_replies'")
    assert len(due) == 1
    assert due[0][0] > tenant.house.clock()


def test_only_macs_are_stored_of_the_key_and_the_request(tenant: TenantUnderTest) -> None:
    """And the reply sealed with that key: whoever has the database and the intake key can not open it."""
    answer = send(tenant, "people:write", "PUT", "/v1/dimensions", "jean.dupont", json=SITE)
    (row,) = tenant.sql("SELECT to_jsonb(r)::text, request_mac, key_mac, reply FROM idempotent_reply r")
    assert len(row.request_mac) == len(row.key_mac) == 16
    for needle in (b"jean", b"site", b"paris", b"Paris", answer.content[:8], b"application"):
        assert needle.decode() not in row[0]
        assert needle.hex() not in row[0]
        assert needle not in zlib_of(row.reply)


def zlib_of(raw: bytes) -> bytes:
    """What a reply that is only compressed would show, wherever it begins in the bytes."""
    found = b""
    for start in range(len(raw)):
        try:
            found += zlib.decompressobj().decompress(raw[start:])
        except zlib.error:
            continue
    return found


def test_a_reply_that_somebody_altered_or_exchanged_is_not_told(tenant: TenantUnderTest) -> None:
    for name, values in (("one", SITE), ("two", [SITE[0] | {"name": "place"}])):
        ok(send(tenant, "people:write", "PUT", "/v1/dimensions", name, json=values))
    (one, two) = tenant.sql("SELECT key_mac, reply FROM idempotent_reply ORDER BY created_at")
    for forged in (two.reply, one.reply[:-1] + bytes([one.reply[-1] ^ 1]), b""):
        write = "UPDATE idempotent_reply SET reply = :forged WHERE key_mac = :key"
        tenant.sql(write, forged=forged, key=one.key_mac)
        problem(send(tenant, "people:write", "PUT", "/v1/dimensions", "one", json=SITE), 500, "internal")
    tenant.sql("UPDATE idempotent_reply SET reply = :reply WHERE key_mac = :key", reply=one.reply, key=one.key_mac)
    assert replayed(send(tenant, "people:write", "PUT", "/v1/dimensions", "one", json=SITE))


@pytest.mark.parametrize(
    "given",
    [[b""], [b"x" * 256], [b"caf\xe9"], [b"a\tb"], [b"one", b"two"]],
    ids=["none", "long", "accent", "tab", "2"],
)
def test_a_key_is_one_printable_ascii_text(tenant: TenantUnderTest, given: list[bytes]) -> None:
    headers = [(b"Authorization", b"Bearer " + tenant.keys["people:write"].encode())]
    headers += [(b"Idempotency-Key", value) for value in given]
    told = tenant.house.client.request("PUT", "/v1/dimensions", headers=headers, json=SITE)
    (place,) = places(problem(told, 422, "invalid"))
    assert place == "header:Idempotency-Key"
    ok(send(tenant, "people:write", "PUT", "/v1/dimensions", "x" * 255, json=SITE))


SECRETS = [
    ("admin", "POST", "/v1/api-keys", {"name": "n", "scopes": ["admin"]}),
    ("participations:write", "POST", "/v1/participations", {}),
    (None, "POST", "/v1/respond/kiosk", {}),
    (None, "POST", "/v1/respond/sign-in", {}),
    (None, "POST", "/oauth/token", {}),
]


@pytest.mark.parametrize(("scope", "method", "path", "body"), SECRETS)
def test_where_the_reply_holds_a_secret_the_header_is_refused(
    tenant: TenantUnderTest, scope: str | None, method: str, path: str, body: dict[str, Any]
) -> None:
    before = log(tenant)
    told = tenant.call(scope, method, path, json=body, headers={"Idempotency-Key": NAME})
    assert places(problem(told, 422, "invalid")) == {
        "header:Idempotency-Key": "is not taken here: the reply holds a secret, and is never kept"
    }
    assert log(tenant) == before


def test_a_reply_that_can_not_be_kept_undoes_the_effect(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("canary")

    with monkeypatch.context() as patch:
        patch.setattr(repeats, "keep", broken)
        problem(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE), 500, "internal")
    assert ok(tenant.call("people:write", "GET", "/v1/dimensions")) == []
    assert not replayed(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE))


def test_a_secret_that_nobody_marked_is_not_kept(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that says `no-store` without the mark is a fault of ours: nothing is done, and nothing kept."""
    from fastapi import Response  # noqa: PLC0415 - only here

    made = Response.__init__

    def secretive(self: Response, *given: Any, **named: Any) -> None:
        made(self, *given, **named)
        self.headers["Cache-Control"] = "no-store"

    with monkeypatch.context() as patch:
        patch.setattr(Response, "__init__", secretive)
        problem(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE), 500, "internal")
    assert ok(tenant.call("people:write", "GET", "/v1/dimensions")) == []


def test_a_reply_that_is_too_long_is_told_to_be_done(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "REPLY_LIMIT", 8)
    first = send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE)
    assert first.status_code == 200
    before = log(tenant)
    problem(send(tenant, "people:write", "PUT", "/v1/dimensions", json=SITE), 409, "idempotency-reply-too-long")
    assert log(tenant) == before


def test_a_read_takes_no_notice_of_the_header(tenant: TenantUnderTest) -> None:
    for scope, path in [("people:write", "/v1/dimensions"), (str(Scope.aggregates_read), "/v1/releases")]:
        ok(send(tenant, scope, "GET", path))
    assert tenant.sql("SELECT count(*) FROM idempotent_reply") == [(0,)]
