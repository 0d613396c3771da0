"""What was sent comes back in no error and in no log line: a canary in every place of every write says so."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
import structlog

from service.telemetry import logs
from tests.fixtures.house import House
from tests.make.wire import Answer, raw
from tests.make.world import LaunchedWave, a_launched_wave, ok
from tests.make.writes import WRITES, leaves, send, spoilt, valid

CANARY = "Zora Canari 7731"
BARE = "canari"
VALUES: list[Any] = [CANARY, CANARY * 2000, f"{CANARY}\x00", [CANARY]]
NAMES: list[Any] = [{CANARY: CANARY}, {CANARY: {CANARY: [CANARY]}}]


@pytest.fixture(scope="module")
def wave(house: House) -> LaunchedWave:
    return a_launched_wave(house.tenant())


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that any logger of the process writes, as production renders it."""
    written = io.StringIO()
    processors: list[Any] = [
        structlog.stdlib.add_log_level,
        logs._without_exception_text,
        structlog.processors.JSONRenderer(logs.rendered),
        lambda _logger, _name, line: line.decode(),
    ]
    for name, module in list(sys.modules.items()):
        if name.startswith("service.") and hasattr(module, "log"):
            logger = structlog.wrap_logger(structlog.WriteLogger(written), processors=processors)
            monkeypatch.setattr(module, "log", logger)
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.DEBUG)
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


def silent(answer: Answer) -> None:
    """An error that does not repeat the canary, in whatever case or escape."""
    if answer.status_code >= 400:
        assert BARE not in answer.text.lower(), answer.text[:400]
        assert not [value for value in answer.headers.values() if BARE in value.lower()]


def with_field(body: Any, path: tuple[str | int, ...]) -> Any:
    """The body with one field more in the object at a place."""
    out = deepcopy(body)
    at = out
    for step in path:
        at = at[step]
    at[CANARY] = CANARY
    return out


def objects(body: Any) -> list[tuple[str | int, ...]]:
    found = []
    for path in leaves(body):
        at = body
        for step in path:
            at = at[step]
        if isinstance(at, dict):
            found.append(path)
    return found


@pytest.mark.parametrize("name", WRITES)
def test_no_value_comes_back(wave: LaunchedWave, name: str, log_lines: io.StringIO) -> None:
    body = valid(wave.codes["A-0"])[name]
    refused = 0
    for path in leaves(body):
        for spelling in VALUES:
            answer = send(wave.tenant, name, json.dumps(spoilt(body, path, spelling)).encode())
            silent(answer)
            refused += answer.status_code >= 400
    assert refused > len(leaves(body))  # accepted, as a name may be, is no test
    # Answers leave no line at all: one for each, with its time, would be their order.
    assert bool(log_lines.getvalue()) == (name != "respond")
    assert BARE not in log_lines.getvalue().lower()


@pytest.mark.parametrize("name", WRITES)
def test_no_name_of_a_field_comes_back(wave: LaunchedWave, name: str, log_lines: io.StringIO) -> None:
    """A pointer may name a field of ours; a name that the caller made up is text like any other."""
    body = valid(wave.codes["A-0"])[name]
    for path in leaves(body):
        for spelling in NAMES:
            silent(send(wave.tenant, name, json.dumps(spoilt(body, path, spelling)).encode()))
    for path in objects(body):
        silent(send(wave.tenant, name, json.dumps(with_field(body, path)).encode()))
    assert BARE not in log_lines.getvalue().lower()


@pytest.mark.parametrize("name", ["units", "people"])
def test_no_line_of_a_stream_comes_back(wave: LaunchedWave, name: str, log_lines: io.StringIO) -> None:
    good = json.dumps(valid(wave.codes["A-0"])[name][0])
    broken = [f'{{"external_id": "{CANARY}"', f'"{CANARY}"', f"{CANARY}", f'["{CANARY}"]', f'{{"{CANARY}":1}}']
    broken += [json.dumps({"external_id": CANARY, "unit": CANARY, "name": CANARY, "parent": CANARY})]
    for line in broken:
        for query in ("", "?on_error=skip"):
            body = f"{good}\n{line}\n{line}".encode()
            answer = send(wave.tenant, name, body, b"application/x-ndjson", query)
            assert BARE not in answer.text.lower()  # refusals of `skip` too
    assert BARE not in log_lines.getvalue().lower()


def test_no_word_of_an_address_a_query_or_a_header_comes_back(wave: LaunchedWave, log_lines: io.StringIO) -> None:
    tenant = wave.tenant
    word = CANARY.replace(" ", "%20")
    for key in tenant.keys.values():
        bearer = {"authorization": f"Bearer {key}".encode()}
        for method, path in [
            ("GET", f"/{word}"),
            ("GET", f"/v1/campaigns/{CANARY}"),
            ("POST", f"/v1/campaigns/{CANARY}/launch"),
            ("DELETE", f"/v1/api-keys/{CANARY}"),
            ("GET", f"/v1/waves/{CANARY}/invitations"),
            ("GET", f"/v1/releases/{CANARY}/cells"),
            ("GET", f"/v1/respond/{CANARY}"),
            ("GET", f"/v1/respond/{wave.address}?language={word * 9}"),
            ("GET", f"/v1/releases?limit={word}&cursor={word}&wave={word}"),
            ("GET", f"/v1/audit-log?limit={word}&cursor={word}"),
            ("PUT", f"/v1/people?on_error={word}"),
            ("GET", f"/v1/org-units?{word}={word}&limit={word}"),
            (CANARY[:4].upper(), f"/v1/people?{word}"),
        ]:
            silent(raw(tenant.house, method, path, headers=bearer))
        for header in ("content-type", "accept", "if-none-match", "accept-language", "cookie", "user-agent"):
            headers = bearer | {header: CANARY.encode() * 100}
            silent(raw(tenant.house, "PUT", "/v1/people", headers=headers, chunks=[b"[]"]))
            silent(raw(tenant.house, "GET", f"/v1/respond/{wave.address}", headers=headers))
    silent(raw(tenant.house, "GET", "/v1/people", headers={"authorization": f"Bearer {CANARY}".encode()}))
    assert '"route":"/v1/campaigns/{campaign_id}"' in log_lines.getvalue()
    assert BARE not in log_lines.getvalue().lower()


def test_a_whole_campaign_leaves_no_word_in_the_log(house: House, log_lines: io.StringIO) -> None:
    """Codes, links, answers, comments, keys, people's ids, names of units: none of them, with all going well."""
    wave = a_launched_wave(house.tenant())
    tenant = wave.tenant
    for person in wave.codes:
        ok(wave.submit(person, {"load": 3, "place": "office", "comment": CANARY}), 201)
        wave.submit(person, {"load": 3, "place": CANARY, "comment": CANARY})
    release = wave.release()
    ok(tenant.call("aggregates:read", "GET", f"/v1/releases/{release['id']}/cells?unit=A"))
    house.clock.shift = timedelta(days=31)
    house.sweep()
    house.clock.shift = timedelta()
    written = log_lines.getvalue()
    assert "release published" in written
    for word in [BARE, "office", "Team A", "unit=A", *wave.codes, *wave.codes.values(), *tenant.keys.values()]:
        assert word not in written.replace(CANARY, BARE), word


def test_a_fault_of_ours_logs_its_kind_and_place_alone(
    wave: LaunchedWave, log_lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError(CANARY) from ValueError(CANARY)

    monkeypatch.setattr("service.people.queries.dimensions", broken)
    answer = wave.tenant.call("people:write", "GET", "/v1/dimensions")
    assert answer.status_code == 500
    silent(answer)
    assert '"problem":"RuntimeError"' in log_lines.getvalue()
    assert "test_no_echo.py:" in log_lines.getvalue()
    assert BARE not in log_lines.getvalue().lower()
