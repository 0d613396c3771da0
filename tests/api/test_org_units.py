"""The org tree as the HRIS tells it: counts, all or nothing, links that hang nowhere or in a circle."""

import json
from typing import Any

import pytest

from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import places, problem
from tests.make.world import ok

NDJSON = {"content-type": "application/x-ndjson"}


def unit(external_id: str, parent: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"external_id": external_id, "name": f"Unit {external_id}", "parent": parent} | fields


def put(tenant: TenantUnderTest, *units: dict[str, Any], skip: bool = False) -> Any:
    query = "?on_error=skip" if skip else ""
    return tenant.call("people:write", "PUT", f"/v1/org-units{query}", json=list(units))


def stored(tenant: TenantUnderTest) -> dict[str, Any]:
    """Names, parents and activity by external id, as read back page by page."""
    found: dict[str, Any] = {}
    cursor = None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = ok(tenant.call("people:write", "GET", "/v1/org-units", params=asked))
        found |= {row["external_id"]: (row["name"], row["parent"], row["active"]) for row in page["data"]}
        cursor = page["next"]
        if cursor is None:
            return found


def counts(answer: Any) -> tuple[int, int, int, int]:
    body = ok(answer, 200)
    return body["created"], body["updated"], body["unchanged"], body["refused"]


def versions(tenant: TenantUnderTest, table: str) -> list[Any]:
    """When each row was last written, by PostgreSQL's own count."""
    return tenant.sql(f"SELECT external_id, xmin::text, ctid::text FROM {table} ORDER BY external_id")  # noqa: S608 - a name from these tests


def test_counts_and_what_is_read_back(tenant: TenantUnderTest) -> None:
    # Children before parents: the order of a call means nothing.
    assert counts(put(tenant, unit("B", "A"), unit("C", "A"), unit("A"))) == (3, 0, 0, 0)
    expected = {name: (f"Unit {name}", "A" if name != "A" else None, True) for name in "ABC"}
    assert stored(tenant) == expected
    before = versions(tenant, "org_unit")
    assert counts(put(tenant, unit("B", "A"), unit("C", "A"), unit("A"))) == (0, 0, 3, 0)
    assert versions(tenant, "org_unit") == before
    changed = [unit("A", name="Renamed"), unit("B"), unit("C", "B", active=False), unit("D", "C")]
    assert counts(put(tenant, *changed)) == (1, 3, 0, 0)
    assert stored(tenant) == {
        "A": ("Renamed", None, True),
        "B": ("Unit B", None, True),
        "C": ("Unit C", "B", False),
        "D": ("Unit D", "C", True),
    }


def test_lines_and_arrays_say_the_same(tenant: TenantUnderTest) -> None:
    rows = [unit("A"), unit("B", "A")]
    body = "\n\r\n".join(map(json.dumps, rows)) + "\n\n"
    other = tenant.house.tenant()
    for kind in ("application/x-ndjson", "application/ndjson", "application/jsonl; charset=utf-8"):
        ok(other.call("people:write", "PUT", "/v1/org-units", content=body, headers={"content-type": kind}))
    put(tenant, *rows)
    assert stored(tenant) == stored(other)


def test_sources_are_worlds_of_their_own(tenant: TenantUnderTest) -> None:
    assert counts(put(tenant, unit("A"), unit("A", source="second"), unit("B", "A", source="second"))) == (3, 0, 0, 0)
    told = problem(put(tenant, unit("C", "B")), 422, "invalid")
    assert places(told) == {"/0/parent": "is not a known unit of this `source`"}


def test_text_is_kept_byte_for_byte(tenant: TenantUnderTest) -> None:
    names = ["é", "e\u0301", " x ", "=1+1", "'; DROP TABLE person; --", "\u202eabc", "🂡", "a\tb\nc", "x" * 200]
    ok(put(tenant, *(unit(name, name=name) for name in names)))
    assert sorted(stored(tenant)) == sorted(names)
    assert [row[0] for row in stored(tenant).values()] == list(stored(tenant))


CIRCLE = {"/0/parent": "makes a circle"}
REFUSED: dict[str, tuple[list[dict[str, Any]], dict[str, str]]] = {
    "twice": ([unit("N"), unit("N", "A")], {"/1/external_id": "is in this call already"}),
    "unknown parent": ([unit("N", "nowhere")], {"/0/parent": "is not a known unit of this `source`"}),
    "own parent": ([unit("N", "N")], CIRCLE),
    "two in a circle": ([unit("N", "M"), unit("M", "N")], CIRCLE | {"/1/parent": "makes a circle"}),
    "circle with old rows": ([unit("A", "C")], CIRCLE),
    "circle of new and old": ([unit("N", "C"), unit("A", "N")], CIRCLE | {"/1/parent": "makes a circle"}),
    "no name": ([{"external_id": "N"}], {"/0/name": "is required"}),
    "empty name": ([unit("N", name="")], {"/0/name": "must have at least 1 characters"}),
    "long name": ([unit("N", name="x" * 201)], {"/0/name": "must have at most 200 characters"}),
    "odd source": ([unit("N", source="Odd Source")], {"/0/source": "does not have the required form"}),
    "no object": ([unit("N"), 5], {"/1": "must be an object"}),  # type: ignore[list-item]  # that is the point
}  # fmt: skip


@pytest.fixture(scope="module")
def chain(house: House) -> TenantUnderTest:
    """Units A > B > C and Z, which nothing that is refused may change."""
    tenant = house.tenant()
    ok(put(tenant, unit("A"), unit("B", "A"), unit("C", "B"), unit("Z")))
    return tenant


@pytest.mark.parametrize("case", REFUSED)
def test_one_bad_row_refuses_all(chain: TenantUnderTest, case: str) -> None:
    rows, expected = REFUSED[case]
    before = versions(chain, "org_unit")
    assert [row[0] for row in before] == ["A", "B", "C", "Z"]
    told = problem(put(chain, unit("good", "A"), unit("Z", name="changed"), *rows), 422, "invalid")
    assert places(told) == {f"/{int(place[1]) + 2}{place[2:]}": reason for place, reason in expected.items()}
    assert versions(chain, "org_unit") == before


def test_a_tree_can_be_turned_over_in_one_call(tenant: TenantUnderTest) -> None:
    ok(put(tenant, unit("A"), unit("B", "A"), unit("C", "B")))
    assert counts(put(tenant, unit("A", "B"), unit("B", "C"), unit("C"))) == (0, 3, 0, 0)
    assert {name: row[1] for name, row in stored(tenant).items()} == {"A": "B", "B": "C", "C": None}


def test_skip_stores_the_good_rows_and_lists_the_others(tenant: TenantUnderTest) -> None:
    ok(put(tenant, unit("A")))
    rows = [unit("A", name="new"), unit("B", "A"), unit("B", "A"), unit("C", "nowhere"), unit("D", "C"), {"name": 5}]
    body = ok(put(tenant, *rows, skip=True))
    assert (body["created"], body["updated"], body["unchanged"], body["refused"]) == (1, 1, 0, 4)
    # D hangs on C, which was refused.
    assert {refusal["pointer"] for refusal in body["refusals"]} == {
        "/2/external_id", "/3/parent", "/4/parent", "/5/external_id", "/5/name",
    }  # fmt: skip
    assert sorted(stored(tenant)) == ["A", "B"]
    assert stored(tenant)["A"][0] == "new"


def test_skip_with_a_circle_leaves_the_old_links(tenant: TenantUnderTest) -> None:
    ok(put(tenant, unit("A"), unit("B", "A")))
    body = ok(put(tenant, unit("A", "B"), unit("N", "B"), skip=True))
    assert (body["created"], body["updated"], body["refused"]) == (1, 0, 1)
    assert {name: row[1] for name, row in stored(tenant).items()} == {"A": None, "B": "A", "N": "B"}


def test_the_first_200_refusals_are_told(tenant: TenantUnderTest) -> None:
    rows = [unit(f"N{number}", "nowhere") for number in range(300)]
    body = ok(put(tenant, *rows, skip=True))
    assert (body["refused"], len(body["refusals"])) == (300, 200)
    assert len(problem(put(tenant, *rows), 422, "invalid")["errors"]) == 200


@pytest.mark.parametrize("value", ["abort ", "SKIP", "", "skip,abort"])
def test_an_unknown_option_is_refused(chain: TenantUnderTest, value: str) -> None:
    answer = chain.call("people:write", "PUT", "/v1/org-units", params={"on_error": value}, json=[])
    assert places(problem(answer, 422, "invalid")) == {"query:on_error": "must be 'abort' or 'skip'"}


def test_an_empty_call_does_nothing(tenant: TenantUnderTest) -> None:
    assert counts(put(tenant)) == (0, 0, 0, 0)
    assert counts(tenant.call("people:write", "PUT", "/v1/org-units", content=b"", headers=NDJSON)) == (0, 0, 0, 0)
    assert stored(tenant) == {}
