"""Whom Pouls knows, read back: filters, pages, what is shown of each, and that reading is counted."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from service.kit.crypto import text_of
from service.people import people_list
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import places, problem
from tests.make.world import an_org, ok


def get(tenant: TenantUnderTest, **query: Any) -> Any:
    return tenant.call("people:write", "GET", "/v1/people", params=query)


def put(tenant: TenantUnderTest, *people: dict[str, Any]) -> None:
    ok(tenant.call("people:write", "PUT", "/v1/people", json=list(people)))


def ids(tenant: TenantUnderTest, **query: Any) -> list[str]:
    """Who is on all pages."""
    found: list[str] = []
    body = ok(get(tenant, **query))
    while True:
        found += [row["external_id"] for row in body["data"]]
        if body["next"] is None:
            return found
        body = ok(get(tenant, **query, cursor=body["next"]))


PEOPLE: list[dict[str, Any]] = [
    {"external_id": "E1", "unit": "A", "name": "Zoé Durand", "language": "fr", "hired_on": "2020-12-31"},
    {"external_id": "E2", "unit": "A", "manager": "E1", "dimensions": {"site": "lyon"}, "projects": ["PY", "PX"]},
    {"external_id": "E3", "unit": "B", "active": False},
    {"source": "second", "external_id": "E1", "unit": "A"},
]


@pytest.fixture(scope="module")
def org(house: House) -> TenantUnderTest:
    """Units A and B, people of two sources in them; nothing here changes them."""
    tenant = house.tenant()
    an_org(tenant, {"A": 0, "B": 0})
    values = [{"id": "lyon", "label": {"fr": "Lyon"}}]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=[{"name": "site", "values": values}]))
    units = [{"external_id": name, "name": name, "hierarchy": "project"} for name in ("PX", "PY")]
    units.append({"source": "second", "external_id": "A", "name": "A"})
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=units))
    put(tenant, *PEOPLE)
    return tenant


def test_each_row_is_as_it_was_put(org: TenantUnderTest) -> None:
    rows = ok(get(org))["data"]
    assert [(row["source"], row["external_id"]) for row in rows] == [
        ("hris", "E1"), ("hris", "E2"), ("hris", "E3"), ("second", "E1"),
    ]  # fmt: skip
    assert rows[0] == {
        "source": "hris", "external_id": "E1", "unit": "A", "language": "fr", "dimensions": {},
        "hired_on": "2020-12-31", "name": "Zoé Durand", "manager": None, "projects": [], "active": True,
    }  # fmt: skip
    assert rows[1] == {
        "source": "hris", "external_id": "E2", "unit": "A", "language": None, "dimensions": {"site": "lyon"},
        "hired_on": None, "name": None, "manager": "E1", "projects": ["PX", "PY"], "active": True,
    }  # fmt: skip
    # Put back as they are, they change nothing.
    back = ok(org.call("people:write", "PUT", "/v1/people", json=rows))
    assert (back["unchanged"], back["updated"], back["created"]) == (4, 0, 0)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"source": "hris"}, ["E1", "E2", "E3"]),
        ({"source": "third"}, []),
        ({"external_id": "E1"}, ["E1", "E1"]),
        ({"external_id": "E1", "source": "second"}, ["E1"]),
        ({"external_id": "E9"}, []),
        ({"unit": "A"}, ["E1", "E2", "E1"]),
        ({"unit": "A", "source": "hris"}, ["E1", "E2"]),
        ({"unit": "TOP"}, []),
        ({"active": "true"}, ["E1", "E2", "E1"]),
        ({"active": "false"}, ["E3"]),
        ({"active": "true", "unit": "B"}, []),
    ],
)
def test_filters(org: TenantUnderTest, query: dict[str, str], expected: list[str]) -> None:
    assert ids(org, **query) == expected
    assert ids(org, **query, limit=1) == expected


@pytest.mark.parametrize("unit", ["nowhere", "PX"])
def test_a_unit_that_is_not_there_is_no_empty_list(org: TenantUnderTest, unit: str) -> None:
    assert places(problem(get(org, unit=unit), 422, "invalid")) == {"query:unit": "is not a known unit of the line"}


def test_another_tenant_is_in_no_list(org: TenantUnderTest) -> None:
    assert ids(org.house.tenant("stranger")) == []


def test_who_was_deleted_is_shown_no_more_nor_named_as_a_manager(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 0})
    put(tenant, {"external_id": "E1", "unit": "A"}, {"external_id": "E2", "unit": "A", "manager": "E1"})
    tenant.sql("UPDATE person SET deleted_at = now(), is_active = false WHERE external_id = 'E1'")
    for query in ({}, {"external_id": "E1"}, {"active": "false"}, {"source": "hris"}, {"unit": "A"}):
        assert "E1" not in ids(tenant, **query), query
    assert [row["manager"] for row in ok(get(tenant))["data"]] == [None]
    # Nobody's unit is shown as a unit: whoever is in none yet is in the list all the same.
    tenant.sql("UPDATE person SET unit_id = NULL WHERE external_id = 'E2'")
    assert [row["unit"] for row in ok(get(tenant))["data"]] == [None]


def test_ids_of_any_length_and_writing_are_paged_over(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 0})
    named = ["é" * 200, "😀" * 200, "a/b?c=d&e", "line\nfeed", "Z", "z"]
    put(tenant, *({"external_id": name, "unit": "A"} for name in named))
    found = ids(tenant, limit=1)
    assert sorted(found) == sorted(named)


@pytest.mark.parametrize("key", ["", "E1", '["hris"]', '["hris","a\\u0000"]', '["Hris","E1"]', "[1,2]", "\0"])
def test_a_cursor_of_somebody_elses_making_is_refused(org: TenantUnderTest, key: str) -> None:
    told = problem(get(org, cursor=text_of(key.encode()) or "!"), 422, "invalid")
    assert places(told) == {"query:cursor": "is not a cursor of ours"}


def test_reading_is_counted(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 1})
    ids(tenant, limit=1)
    problem(get(tenant, unit="nowhere"), 422, "invalid")
    app: Any = tenant.house.client.app
    tenant.house.run(app.state.readings.write)
    rows = ok(tenant.call("admin", "GET", "/v1/read-access"))["data"]
    assert [(row["operation"], row["subject"], row["reads"]) for row in rows if row["operation"] == "people.list"] == [
        ("people.list", "", 1)
    ]


def test_a_page_reads_as_many_rows_as_it_shows_however_deep(tenant: TenantUnderTest) -> None:
    """The last of thirty pages begins in the index where the one before it ended; nothing is sorted or passed over."""
    an_org(tenant, {"A": 0})
    people = [{"external_id": f"E{number:05}", "unit": "A"} for number in range(3000)]
    lines = "\n".join(map(json.dumps, people))
    headers = {"content-type": "application/x-ndjson"}
    ok(tenant.call("people:write", "PUT", "/v1/people", content=lines, headers=headers))
    asked = people_list.statement(tenant.tenant_id, [], ("hris", "E02900"), 51)
    sql = str(asked.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[no-untyped-call]  # SQLAlchemy's own

    async def plan() -> dict[str, Any]:
        async with tenant.house.worker_database.transaction(tenant.tenant_id) as tx:
            await tx.execute(text("SET LOCAL enable_seqscan = off"))  # as it is where there are many
            await tx.execute(text("SET LOCAL enable_bitmapscan = off"))
            found = await tx.scalar(text("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.replace(":", r"\:")))
            whole: dict[str, Any] = found[0]["Plan"]
            return whole

    nodes = [*walk(tenant.house.run(plan))]
    assert not [node for node in nodes if "Sort" in node["Node Type"]]
    (page,) = (node for node in nodes if "ROW(" in node.get("Index Cond", ""))
    assert page["Actual Rows"] <= 51
    assert page.get("Rows Removed by Filter", 0) == 0


def walk(node: dict[str, Any]) -> Any:
    yield node
    for below in node.get("Plans", []):
        yield from walk(below)
