"""People as the HRIS tells them: counts, all or nothing, lines of any number."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.people import people_rows
from tests.fixtures.house import House, TenantUnderTest
from tests.make.people import LINES, counts, organised, person, put, put_lines, stored
from tests.make.wire import places, problem
from tests.make.world import ok


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


@pytest.fixture(scope="module")
def somebody(house: House) -> TenantUnderTest:
    """One person, whom nothing that is refused may change."""
    org = organised(house.tenant())
    ok(put(org, person("0")))
    return org


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
