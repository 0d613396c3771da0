"""Bodies, paths, queries and headers that no honest client sends: a 4xx problem each, never a fault of ours."""

import json

import pytest

from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import MEMBERS, Answer, places, raw
from tests.make.world import LaunchedWave, a_launched_wave, ok
from tests.make.writes import WRITES, leaves, send, spoilt, valid

# Hundreds of requests to a few lines of code, which other tests count.
pytestmark = pytest.mark.uncounted


@pytest.fixture(scope="module")
def wave(house: House) -> LaunchedWave:
    """One tenant for all that is refused here: nothing of it may leave a trace."""
    return a_launched_wave(house.tenant())


@pytest.fixture(scope="module")
def released(house: House) -> tuple[LaunchedWave, str]:
    wave = a_launched_wave(house.tenant())
    return wave, wave.release()["id"]


def refused(answer: Answer, *statuses: int) -> None:
    assert answer.status_code in (statuses or range(400, 500)), (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) <= MEMBERS


UNREADABLE = {
    "nothing": b"",
    "half": b'{"name":',
    "two": b"{}{}",
    "20,000 open brackets": b"[" * 20_000,
    "20,000 brackets": b"[" * 20_000 + b"]" * 20_000,
    "10,000 open objects": b'{"a":' * 10_000,
    "number of 50,000 digits": b"9" * 50_000,
    "bad UTF-8": b'{"name":"\xff\xfe"}',
    "surrogate in UTF-8": b'{"name":"\xed\xa0\x80"}',
    "overlong UTF-8": b'{"name":"\xc0\x80"}',
    "raw NUL": b'{"name":"\x00"}',
    "single quotes": b"{'name':'x'}",
    "comment": b"/* */{}",
    "latin-1": '{"name":"é"}'.encode("latin-1"),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_body_that_can_not_be_read_is_refused(wave: LaunchedWave, name: str) -> None:
    for body in UNREADABLE.values():
        refused(send(wave.tenant, name, body), 400, 422)


@pytest.mark.parametrize("name", sorted(WRITES.keys() - {"respond"}))
def test_a_number_of_100000_digits_is_refused(wave: LaunchedWave, name: str) -> None:
    for shape in (b"%s", b"[%s]", b'{"name":%s}', b'[{"external_id":%s}]'):
        refused(send(wave.tenant, name, shape % (b"9" * 100_000)), 400, 422)


@pytest.mark.parametrize("name", WRITES)
def test_a_name_that_comes_twice_is_refused(wave: LaunchedWave, name: str) -> None:
    """Which of two values counts is anybody's guess: a proxy's or a log's may differ from ours."""
    body = json.dumps(valid(wave.codes["A-0"])[name])
    at = body.index("{") + 1
    first = body[at : body.index(",", at)]
    assert first.count(":") == 1
    twice = f"{body[:at]}{first},{body[at:]}"
    assert json.loads(twice) == json.loads(body)
    refused(send(wave.tenant, name, twice.encode()), 400, 422)


def test_the_bodies_that_are_spoilt_here_are_good_ones(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    for name, body in valid(wave.codes["A-0"]).items():
        answer = send(wave.tenant, name, json.dumps(body).encode())
        assert answer.status_code in {200, 201}, (name, answer.text)


# Raw tokens, as json.dumps would not write them.
TOKENS = {
    "NaN": "NaN",
    "infinity": "-Infinity",
    "1e400": "1e400",
    "half": "0.5",
    "lone surrogate": '"\\ud800"',
    "NUL": '"a\\u0000b"',
    "escape": '"\\u001b[31m"',
}
HOLE = "<the hole>"


@pytest.mark.parametrize("name", WRITES)
def test_a_hostile_token_in_any_place_is_refused(wave: LaunchedWave, name: str) -> None:
    body = valid(wave.codes["A-0"])[name]
    for path in leaves(body):
        holed = json.dumps(spoilt(body, path, HOLE))
        for token in TOKENS.values():
            # A code that is refused says no more than that.
            statuses = {400, 422} | ({403} if path == ("code",) else set())
            refused(send(wave.tenant, name, holed.replace(json.dumps(HOLE), token).encode()), *statuses)
    assert wave.tenant.sql("SELECT count(*) FROM spent_code")[0][0] == 0


@pytest.mark.parametrize("name", WRITES)
def test_a_hostile_name_of_a_field_is_refused(wave: LaunchedWave, name: str) -> None:
    body = valid(wave.codes["A-0"])[name]
    for path in leaves(body):
        holed = json.dumps(spoilt(body, path, {HOLE: 1}))
        for token in ('"\\ud800"', '"\\u0000"', '"__proto__"', '"' + "a" * 10_000 + '"'):
            refused(send(wave.tenant, name, holed.replace(json.dumps(HOLE), token).encode()), 400, 422)


@pytest.mark.parametrize("name", WRITES)
def test_an_unknown_field_is_refused(wave: LaunchedWave, name: str) -> None:
    body = valid(wave.codes["A-0"])[name]
    target = body[0] if isinstance(body, list) else body
    for field in ("tenant_id", "k", "id", "person_id"):
        sent = spoilt(body, (0, field) if isinstance(body, list) else (field,), 1)
        assert field not in target
        refused(send(wave.tenant, name, json.dumps(sent).encode()), 422)


NUMBERS: dict[str, list[tuple[str | int, ...]]] = {
    "campaign": [("policy", "k_mean"), ("policy", "k_distribution"), ("policy", "k_sensitive"), ("policy", "k_comment"),
                 ("policy", "collusion"), ("retention_days",)],
    "questionnaire": [("items", 0, "points"), ("items", 3, "max_choices"), ("items", 4, "minimum"),
                      ("items", 4, "maximum"), ("items", 5, "max_length")],
    "respond": [("answers", "load"), ("answers", "years")],
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("token", ["-1", str(2**31), str(2**31 - 1), str(2**63), "1" + "0" * 30, "true", '"5"', "5.0"])
def test_a_number_out_of_its_range_is_refused_by_its_place(wave: LaunchedWave, name: str, token: str) -> None:
    body = valid(wave.codes["A-0"])[name]
    for path in NUMBERS[name]:
        if token == "-1" and path[-1] == "minimum":  # noqa: S105 - a number
            continue
        holed = json.dumps(spoilt(body, path, HOLE)).replace(json.dumps(HOLE), token)
        answer = send(wave.tenant, name, holed.encode())
        refused(answer, 422)
        pointer = "/" + "/".join(map(str, path))
        # An odd minimum shows in the maximum, which must be greater.
        named = {place.replace("maximum", "minimum") for place in places(answer.json())}
        assert pointer.replace("maximum", "minimum") in named, answer.text


@pytest.mark.parametrize(
    "path", ["/v1/org-units", "/v1/questionnaires", "/v1/campaigns", "/v1/releases", "/v1/audit-log"]
)
def test_a_page_size_out_of_its_range_is_refused(wave: LaunchedWave, path: str) -> None:
    scopes = {"/v1/org-units": "people:write", "/v1/questionnaires": "questionnaires:write"}
    scopes |= {"/v1/campaigns": "campaigns:write", "/v1/releases": "aggregates:read", "/v1/audit-log": "admin"}
    for limit in ("0", "-1", "501", str(2**31), str(2**63), "1" + "0" * 30, "9" * 5000, "1e3", "NaN", "", "%00", "5.5"):
        answer = wave.tenant.call(scopes[path], "GET", f"{path}?limit={limit}")
        refused(answer, 422)
        assert list(places(answer.json())) == ["query:limit"]
    ok(wave.tenant.call(scopes[path], "GET", f"{path}?limit=500"))


CURSORS = [
    "x",
    "%00",
    "AA",
    "____",
    "a" * 201,
    "-1",
    "MA",
    "MC0w",
    "Og",
    "MDotMQ",
    "77yQOjA",
    "OTk5OTk5OTk5OTk6MA",
    "%ff",
    "é",
]


@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_of_garbage_is_refused(released: tuple[LaunchedWave, str], cursor: str) -> None:
    wave, release = released
    for scope, path in [
        ("people:write", "/v1/org-units"),
        ("questionnaires:write", "/v1/questionnaires"),
        ("campaigns:write", "/v1/campaigns"),
        ("aggregates:read", "/v1/releases"),
        ("aggregates:read", f"/v1/releases/{release}/cells"),
        ("admin", "/v1/audit-log"),
    ]:
        refused(wave.tenant.call(scope, "GET", f"{path}?cursor={cursor}"), 422)


def test_nul_and_the_like_outside_the_body(released: tuple[LaunchedWave, str]) -> None:
    wave, release = released
    tenant = wave.tenant
    bearer = {scope: b"Bearer " + key.encode() for scope, key in tenant.keys.items()}
    for odd in ("\x00", "\ud800", "\x7f", "a\x00b", "\u202e"):
        for scope, method, path in [
            ("campaigns:write", "GET", f"/v1/campaigns/{odd}"),
            ("admin", "DELETE", f"/v1/api-keys/{odd}"),
            ("aggregates:read", "GET", f"/v1/releases/{release}{odd}/cells"),
            ("admin", "GET", f"/v1/respond/{odd}"),
            ("admin", "GET", f"/v1/respond/{wave.address[:-1]}{odd[-1]}"),
        ]:
            refused(raw(tenant.house, method, path, headers={"authorization": bearer[scope]}), 404, 422)
    for odd in ("%00", "%ff", "%ed%a0%80", "%1b"):
        for name in ("unit", "measure", "kind", "family"):
            path = f"/v1/releases/{release}/cells?{name}={odd}"
            answer = raw(tenant.house, "GET", path, headers={"authorization": bearer["aggregates:read"]})
            # A decoder may have put U+FFFD there, which is a character like any other and finds nothing.
            assert answer.status_code == 422 or answer.json()["data"] == []
        answer = raw(
            tenant.house, "GET", f"/v1/releases?wave={odd}", headers={"authorization": bearer["aggregates:read"]}
        )
        refused(answer, 422)
        refused(send(wave.tenant, "people", b"[]", query=f"?on_error={odd}"), 422)
    for header in (b"\x00", b"\xff\xfe", b"\r\n", b"a" * 100_000):
        for name in ("authorization", "content-type", "cookie", "x-request-id"):
            headers = {"authorization": bearer["people:write"]} | {name: header}
            answer = raw(tenant.house, "PUT", "/v1/people", headers=headers, chunks=[b"[]"])
            refused(answer, 401 if name == "authorization" else 415)


def test_hostile_headers_of_a_read_do_no_harm(wave: LaunchedWave) -> None:
    tenant = wave.tenant
    for header in (b"\x00", b"\xff\xfe", b"fr;q=9e999", b",,,;;;", b"*"):
        for name in ("accept-language", "if-none-match", "accept"):
            answer = raw(tenant.house, "GET", f"/v1/respond/{wave.address}", headers={name: header})
            assert answer.status_code in {200, 304}
    refused(raw(tenant.house, "GET", f"/v1/respond/{wave.address}", headers={"accept-language": b"a" * 1001}), 422)
    refused(raw(tenant.house, "GET", f"/v1/respond/{wave.address}?language={'a' * 36}"), 422)
