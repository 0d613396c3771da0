"""People as the HRIS tells them: counts, all or nothing, lines of any number, dimensions with their closed lists."""

import asyncio
import errno
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import text

from service.kit.lines import Row
from service.kit.reasons import Fault
from service.people import actions, people_rows, spool
from service.people.schemas import PersonIn
from service.people.spool import AT_ONCE, Spool
from service.tenants.keys import Key
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import Sent, ask, places, problem, raw
from tests.make.world import an_org, ok

LINES = "application/x-ndjson"


def person(external_id: str, unit: str = "A", **fields: Any) -> dict[str, Any]:
    return {"external_id": external_id, "unit": unit} | fields


def put(tenant: TenantUnderTest, *people: dict[str, Any], skip: bool = False) -> Any:
    query = "?on_error=skip" if skip else ""
    return tenant.call("people:write", "PUT", f"/v1/people{query}", json=list(people))


def put_lines(tenant: TenantUnderTest, chunks: Iterator[bytes] | list[bytes], **request: Any) -> Sent:
    """An NDJSON call in chunks as they come from a socket."""
    headers = {"content-type": LINES.encode(), "authorization": b"Bearer " + tenant.keys["people:write"].encode()}
    return raw(tenant.house, "PUT", "/v1/people", headers=headers, chunks=chunks, **request)


def counts(answer: Any) -> tuple[int, int, int, int]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["created"], body["updated"], body["unchanged"], body["refused"]


def stored(tenant: TenantUnderTest) -> list[Any]:
    return tenant.sql("""
        SELECT p.external_id, u.external_id, p.language, p.dimensions, p.is_active, p.xmin::text
        FROM person p JOIN org_unit u USING (tenant_id, unit_id) ORDER BY p.external_id COLLATE "C"
    """)


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


@pytest.fixture(scope="module")
def somebody(house: House) -> TenantUnderTest:
    """One person, whom nothing that is refused may change."""
    org = organised(house.tenant())
    ok(put(org, person("0")))
    return org


def organised(tenant: TenantUnderTest) -> TenantUnderTest:
    """Units TOP, A and B, nobody in them; a dimension."""
    an_org(tenant, {"A": 0, "B": 0})
    values = [{"id": name, "label": {"fr": name, "en": name}} for name in ("lyon", "paris")]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=[{"name": "site", "values": values}]))
    return tenant


def test_counts_and_the_same_call_writes_nothing(org: TenantUnderTest) -> None:
    rows = [person("1"), person("2", "B", language="fr"), person("3", dimensions={"site": "lyon"}, active=False)]
    assert counts(put(org, *rows)) == (3, 0, 0, 0)
    before = stored(org)
    assert [row[:5] for row in before] == [
        ("1", "A", None, {}, True),
        ("2", "B", "fr", {}, True),
        ("3", "A", None, {"site": "lyon"}, False),
    ]
    assert counts(put(org, *rows)) == (0, 0, 3, 0)
    assert stored(org) == before
    # The whole row is replaced: what a row does not say goes back to its default.
    assert counts(put(org, person("1", "B"), person("2", "B"), person("3"), person("4"))) == (1, 3, 0, 0)
    assert [row[:5] for row in stored(org)] == [
        ("1", "B", None, {}, True),
        ("2", "B", None, {}, True),
        ("3", "A", None, {}, True),
        ("4", "A", None, {}, True),
    ]


def test_lines_and_arrays_say_the_same(org: TenantUnderTest) -> None:
    rows = [person("1"), person("2", "B", language="fr")]
    text = "\n\r\n  \n".join(map(json.dumps, rows)).encode()
    assert counts(put_lines(org, [text[at : at + 3] for at in range(0, len(text), 3)])) == (2, 0, 0, 0)
    assert counts(put(org, *rows)) == (0, 0, 2, 0)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "unknown unit": (person("N", "nowhere"), {"/unit": "is not a known unit of this `source`"}),
    "unit of another source": (person("N", source="second"), {"/unit": "is not a known unit of this `source`"}),
    "twice": (person("1", "B"), {"/external_id": "is in this call already"}),
    "unknown dimension": (person("N", dimensions={"grade": "x"}),
                          {"/dimensions": "names a dimension that is not declared"}),
    "unknown value": (person("N", dimensions={"site": "nice"}), {"/dimensions/site": "is not a declared value"}),
    "odd language": (person("N", language="french!"), {"/language": "does not have the required form"}),
    "no unit": ({"external_id": "N"}, {"/unit": "is required"}),
    "long id": (person("N" * 201), {"/external_id": "must have at most 200 characters"}),
    "active as text": (person("N", active="perhaps"), {"/active": "must be true or false"}),
    "two faults": (person("N", "nowhere", dimensions={"site": "nice"}),
                   {"/unit": "is not a known unit of this `source`", "/dimensions/site": "is not a declared value"}),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_one_bad_row_refuses_all(somebody: TenantUnderTest, case: str) -> None:
    row, expected = REFUSED[case]
    before = stored(somebody)
    assert [line[:2] for line in before] == [("0", "A")]
    told = problem(put(somebody, person("1"), person("0", "B"), row), 422, "invalid")
    assert places(told) == {f"/2{place}": reason for place, reason in expected.items()}
    assert stored(somebody) == before


@pytest.mark.parametrize("case", REFUSED)
def test_skip_stores_the_others(org: TenantUnderTest, case: str) -> None:
    row, expected = REFUSED[case]
    ok(put(org, person("0")))
    body = ok(put(org, person("1"), person("0", "B"), row, person("2"), skip=True))
    assert (body["created"], body["updated"], body["unchanged"], body["refused"]) == (2, 1, 0, 1)
    assert {told["pointer"]: told["reason"] for told in body["refusals"]} == {
        f"/2{place}": reason for place, reason in expected.items()
    }
    assert [row[:2] for row in stored(org)] == [("0", "B"), ("1", "A"), ("2", "A")]


def test_what_was_written_before_the_bad_row_is_taken_back(org: TenantUnderTest) -> None:
    """Rows are written a thousand at a time; the fault comes after two of those."""
    rows = [person(str(number)) for number in range(2500)]
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    for last in (b'{"external_id":"x","unit":"nowhere"}', b'{"external_id":"0","unit":"B"}', b"{", b"x" * (1 << 17)):
        answer = put_lines(org, [*lines, last])
        assert answer.status_code in {400, 413, 422}, answer.text
        assert stored(org) == []
    assert counts(put_lines(org, [b"".join(lines), b"\n"])) == (2500, 0, 0, 0)


def test_a_client_that_vanishes_leaves_nothing(org: TenantUnderTest) -> None:
    lines = [json.dumps(person(str(number))).encode() + b"\n" for number in range(1500)]
    put_lines(org, lines, vanish=True)
    assert stored(org) == []
    assert counts(put_lines(org, lines)) == (1500, 0, 0, 0)


def test_a_line_may_have_64_kib(org: TenantUnderTest) -> None:
    start, end = b'{"external_id":"1","unit":"A","source":"hris"', b"}"
    for length, status in [((1 << 16), 200), ((1 << 16) + 1, 413)]:
        line = start + b" " * (length - len(start) - len(end)) + end
        for chunks in (
            [line + b"\n"],
            [line],
            [line[:100], line[100:], b"\n"],
            [bytes([byte]) for byte in line[:50]] + [line[50:]],
        ):
            assert put_lines(org, chunks).status_code == status
    # No end of line in sight: refused at the limit, not at the end.
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b" " * (1 << 14)

    problem(put_lines(org, endless()), 413, "too-large")
    assert taken <= 5


def test_a_long_array_is_refused_and_told_how_to_come_in(org: TenantUnderTest) -> None:
    rows = [person(f"{number:050}") for number in range(20_000)]
    told = problem(put(org, *rows), 413, "too-large")
    assert "application/x-ndjson" in told["detail"]
    text = "\n".join(map(json.dumps, rows[:15_000]))
    assert len(text) > 1 << 20
    answer = org.call("people:write", "PUT", "/v1/people", content=text, headers={"content-type": LINES})
    assert counts(answer) == (15_000, 0, 0, 0)


def headers_of(tenant: TenantUnderTest, kind: bytes = b"application/json") -> dict[str, bytes]:
    return {"authorization": b"Bearer " + tenant.keys["people:write"].encode(), "content-type": kind}


def test_two_calls_at_once_do_not_mix(org: TenantUnderTest) -> None:
    """Each alone is a tree; together they would be a circle. The later one must hear of it.

    Both are there and wait for the organisation, which somebody else holds.
    """
    house = org.house
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")

    def body(name: str, parent: str) -> bytes:
        return json.dumps([{"external_id": name, "name": name, "parent": parent}]).encode()

    async def both() -> list[Sent]:
        calls = []
        async with house.worker_database.transaction(org.tenant_id) as tx:
            await actions.lock_organisation(tx, org.tenant_id)
            for sent in (body("A", "B"), body("B", "A")):
                call = ask(house.client.app, "PUT", "/v1/org-units", headers=headers_of(org), chunks=[sent])
                calls.append(asyncio.ensure_future(call))
            for _ in range(500):
                if await tx.scalar(waiting) == len(calls):
                    break
                await asyncio.sleep(0.01)
            else:
                pytest.fail("they do not wait for each other")
        return await asyncio.gather(*calls)

    assert sorted(answer.status_code for answer in house.run(both)) == [200, 422]


def while_slow(org: TenantUnderTest, meanwhile: Callable[[], Awaitable[Any]]) -> tuple[Sent, Any]:
    """The answer to a call whose client pauses before its rows, and what was done in the pause."""
    results: list[Any] = []

    async def pause() -> None:
        async with asyncio.timeout(10):
            results.append(await meanwhile())

    async def go() -> Sent:
        rows = [json.dumps(person(name)).encode() + b"\n" for name in ("slow", "last")]
        headers = headers_of(org, LINES.encode())
        return await ask(org.house.client.app, "PUT", "/v1/people", headers=headers, chunks=rows, hesitate=pause())

    sent: Sent = org.house.run(go)
    return sent, results[0]


def test_a_slow_client_keeps_nobody_waiting(org: TenantUnderTest) -> None:
    """Another writer of the same organisation finishes, and no connection of the pool is held meanwhile."""
    app = org.house.client.app
    pool = app.state.database.engine.pool  # type: ignore[attr-defined]  # Starlette types the app as a callable

    async def another() -> tuple[int, Sent]:
        held = pool.checkedout()
        body = json.dumps([person("quick")]).encode()
        return held, await ask(app, "PUT", "/v1/people", headers=headers_of(org), chunks=[body])

    slow, (held, quick) = while_slow(org, another)
    assert counts(quick) == (1, 0, 0, 0)
    assert counts(slow) == (2, 0, 0, 0)
    assert held == 0
    assert [row[0] for row in stored(org)] == ["last", "quick", "slow"]


def test_a_key_revoked_while_the_rows_come_in_is_refused(org: TenantUnderTest) -> None:
    key = Key.read(org.keys["people:write"]).key_id

    async def revoke() -> Sent:
        headers = {"authorization": b"Bearer " + org.keys["admin"].encode()}
        return await ask(org.house.client.app, "DELETE", f"/v1/api-keys/{key}", headers=headers)

    slow, revoked = while_slow(org, revoke)
    assert revoked.status_code == 204
    problem(slow, 401, "unauthenticated")
    assert stored(org) == []


@pytest.mark.parametrize("scope", [None, "admin"])
def test_who_may_not_write_is_refused_before_the_first_row(org: TenantUnderTest, scope: str | None) -> None:
    taken: list[int] = []

    def lines() -> Iterator[bytes]:
        taken.append(1)
        yield b"{}"

    key = {"authorization": b"Bearer " + org.keys[scope].encode()} if scope else {}
    headers = {"content-type": LINES.encode()} | key
    answer = raw(org.house, "PUT", "/v1/people", headers=headers, chunks=lines())
    assert answer.status_code == (403 if scope else 401)
    assert taken == []


def test_rows_beyond_all_measure_are_refused(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "LIMIT", 5000)
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    lines = [json.dumps(person(str(number))).encode() + b"\n" for number in range(1000)]
    problem(put_lines(org, lines), 413, "too-large")
    assert stored(org) == []


def test_a_full_disk_is_a_503(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", full)
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    lines = [json.dumps(person(str(number))).encode() + b"\n" for number in range(1000)]
    problem(put_lines(org, lines), 503, "busy")
    assert stored(org) == []


def acts(tenant: TenantUnderTest) -> list[tuple[str, str, str, dict[str, int]]]:
    """The audit log, but for how the tenant came to be."""
    log = ok(tenant.call("admin", "GET", "/v1/audit-log", params={"limit": 100}))["data"]
    return [
        (one["action"], one["actor"], one["subject"], one["detail"])
        for one in log
        if not one["action"].startswith(("key.", "tenant."))
    ]


def test_what_changes_the_organisation_is_in_the_audit_log_in_numbers_alone(tenant: TenantUnderTest) -> None:
    values = [{"id": "lyon", "label": {"fr": "Lyon"}}]
    calls: list[tuple[str, list[Any]]] = [
        ("/v1/org-units", [{"external_id": "A", "name": "A"}, {"external_id": "B", "name": "B", "parent": "A"}]),
        ("/v1/dimensions", [{"name": "site", "values": values}]),
        ("/v1/people?on_error=skip", [person("E1"), person("E2", dimensions={"site": "lyon"}), person("E3", "X")]),
    ]
    expected = [
        ("org_units.put", {"created": 2, "updated": 0, "unchanged": 0, "refused": 0}),
        ("dimensions.put", {"created": 1, "updated": 0, "unchanged": 0}),
        ("people.put", {"created": 2, "updated": 0, "unchanged": 0, "refused": 1}),
    ]
    actor, subject = f"key:{Key.read(tenant.keys['people:write']).key_id}", str(tenant.tenant_id)
    for _ in range(2):  # the second time nothing changes
        for path, rows in calls:
            ok(tenant.call("people:write", "PUT", path, json=rows), 200)
        assert acts(tenant) == [(action, actor, subject, detail) for action, detail in expected]
    # Refused calls are no acts either.
    problem(put(tenant, person("E1", "X")), 422, "invalid")
    problem(tenant.call("people:write", "PUT", "/v1/org-units", json=[{"external_id": "A"}]), 422, "invalid")
    assert len(acts(tenant)) == len(expected)
    ok(put(tenant, person("E1", "B"), person("E2", dimensions={"site": "lyon"})))
    more = {"created": 0, "updated": 1, "unchanged": 1, "refused": 0}
    assert acts(tenant)[len(expected) :] == [("people.put", actor, subject, more)]
    two = [
        {"name": "site", "values": [*values, {"id": "nice", "label": {"fr": "Nice"}}]},
        {"name": "a", "values": values},
    ]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=two))
    assert acts(tenant)[-1][::3] == ("dimensions.put", {"created": 1, "updated": 1, "unchanged": 0})


def test_dimensions_are_closed_lists(org: TenantUnderTest) -> None:
    def value(name: str) -> dict[str, Any]:
        return {"id": name, "label": {"fr": name, "en": f"in {name}"}}

    def declare(*dimensions: tuple[str, list[str]]) -> Any:
        body = [{"name": name, "values": [value(one) for one in values]} for name, values in dimensions]
        return org.call("people:write", "PUT", "/v1/dimensions", json=body)

    ok(put(org, person("1", dimensions={"site": "lyon"})))
    found = ok(declare(("grade", ["junior"]), ("site", ["lyon", "nice"])))
    assert found == ok(org.call("people:write", "GET", "/v1/dimensions"))
    assert {row["name"]: [one["id"] for one in row["values"]] for row in found} == {
        "grade": ["junior"],
        "site": ["lyon", "nice"],
    }
    assert found[1]["values"][0]["label"] == {"fr": "lyon", "en": "in lyon"}
    told = problem(declare(("grade", ["senior"]), ("site", ["nice"])), 409, "conflict")
    assert places(told) == {"/1/values": "in use"}
    assert ok(org.call("people:write", "GET", "/v1/dimensions")) == found  # not even `grade`
    told = problem(declare(("grade", ["x"]), ("grade", ["y", "y"])), 422, "invalid")
    assert places(told) == {"/1/name": "is in this call already", "/1/values": "must not repeat an id"}
    problem(declare(("site", [])), 422, "invalid")
    problem(declare(), 422, "invalid")
    problem(declare(("Site", ["x"])), 422, "invalid")
    ok(put(org, person("1")))
    ok(declare(("site", ["nice"])))
    problem(put(org, person("1", dimensions={"site": "lyon"})), 422, "invalid")


@pytest.mark.slow
@pytest.mark.uncounted
def test_a_hundred_thousand_people_in_one_call(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the call, neither while its 100 MB come in nor while they are written."""
    memory: list[int] = []
    write = people_rows.write

    async def watched(*given: Any) -> None:
        memory.append(resident())
        await write(*given)

    monkeypatch.setattr(people_rows, "write", watched)

    def lines() -> Iterator[bytes]:
        for start in range(0, 100_000, 100):
            rows = [json.dumps(person(f"E{number:08}")) for number in range(start, start + 100)]
            yield b"".join(row.encode().ljust(1023) + b"\n" for row in rows)
            memory.append(resident())

    assert counts(put_lines(org, lines())) == (100_000, 0, 0, 0)
    assert org.sql("SELECT count(*) FROM person")[0][0] == 100_000
    assert len(memory) >= 1000 + 100
    assert max(memory) - memory[0] < 40 << 20


def resident() -> int:
    """Memory of this process that is in use, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_rows_that_are_all_refused_do_not_keep_others_waiting() -> None:
    """A million of them come from a small body: reading them back gives way to whoever waits for the loop."""

    async def go() -> int:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async def given() -> AsyncIterator[Row[PersonIn]]:
            for number in range(5 * AT_ONCE):
                yield Row(number, None, (Fault("/unit", "is required"),))

        with Spool(TypeAdapter(Row[PersonIn]), skip=True) as spool:
            await spool.take(given())
            beside = asyncio.ensure_future(others())
            read = [row async for row in spool]
            beside.cancel()
        assert [row.index for row in read] == list(range(5 * AT_ONCE))
        return turns

    assert asyncio.run(go()) >= 4
