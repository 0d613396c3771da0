"""The organisation over time: managers, projects, since when, moves, merges and splits, today and on their day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.fixtures.house import House, TenantUnderTest
from tests.make.noon import at_noon
from tests.make.wire import places, problem
from tests.make.world import a_launched_wave, an_org, cells_of, ok

DAY = timedelta(days=1)


def call(tenant: TenantUnderTest, method: str, path: str, **request: Any) -> Any:
    return tenant.call("people:write", method, path, **request)


def put_people(tenant: TenantUnderTest, *people: dict[str, Any], query: str = "") -> Any:
    return call(tenant, "PUT", f"/v1/people{query}", json=list(people))


def tree(tenant: TenantUnderTest, at: date | None = None) -> dict[str, tuple[str | None, bool]]:
    """Parent and activity of each unit, as the API has it."""
    asked = {"limit": 500} | ({"at": at.isoformat()} if at else {})
    rows = ok(call(tenant, "GET", "/v1/org-units", params=asked))["data"]
    return {row["external_id"]: (row["parent"], row["active"]) for row in rows}


def homes(tenant: TenantUnderTest) -> dict[str, str | None]:
    return dict(
        tenant.sql("SELECT p.external_id, u.external_id FROM person p LEFT JOIN org_unit u USING (tenant_id, unit_id)")
    )


def history(tenant: TenantUnderTest, person: str) -> list[tuple[date, str | None, bool]]:
    return [tuple(row) for row in tenant.sql("""
        SELECT v.valid_from, u.external_id, v.is_active FROM person_version v
        JOIN person p USING (tenant_id, person_id)
        LEFT JOIN org_unit u ON u.tenant_id = v.tenant_id AND u.unit_id = v.unit_id
        WHERE p.external_id = :person ORDER BY v.valid_from
    """, person=person)]  # fmt: skip


@pytest.fixture(autouse=True)
def noon(tenant: TenantUnderTest) -> None:
    """The day must not end while a test is on its way: what is told of it then would be told of two."""
    at_noon(tenant.house)


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    """TOP with A (8 people), B (6) and C (5) below."""
    an_org(tenant, {"A": 8, "B": 6, "C": 5})
    return tenant


def today(house: House) -> date:
    return house.clock().astimezone(UTC).date()


def managers(tenant: TenantUnderTest) -> dict[str, str]:
    return dict(
        tenant.sql("""
        SELECT p.external_id, m.external_id FROM person p
        JOIN person m ON m.tenant_id = p.tenant_id AND m.person_id = p.manager_id
    """)
    )


def test_managers_come_in_any_order_and_are_checked_before_anything_is_written(org: TenantUnderTest) -> None:
    people = [{"external_id": "1", "unit": "A", "manager": "2"}, {"external_id": "2", "unit": "A", "manager": "3"},
              {"external_id": "3", "unit": "B"}]  # fmt: skip
    assert ok(put_people(org, *people))["created"] == 3
    assert managers(org) == {"1": "2", "2": "3"}
    assert ok(put_people(org, *people))["unchanged"] == 3
    for manager, reason in {
        "nobody": "is not a known person of this `source`",
        "3": "must be somebody else",
        "1": "makes a circle",
    }.items():
        told = problem(put_people(org, {"external_id": "3", "unit": "B", "manager": manager}), 422, "invalid")
        assert places(told) == {"/0/manager": reason}
    # Whoever is refused manages nobody: the row that names them falls too, the others stay.
    rows = [{"external_id": "9", "unit": "nowhere"}, {"external_id": "8", "unit": "A", "manager": "9"},
            {"external_id": "7", "unit": "A", "manager": "1"}]  # fmt: skip
    told = ok(put_people(org, *rows, query="?on_error=skip"))
    assert (told["created"], told["refused"]) == (1, 2)
    assert {one["pointer"] for one in told["refusals"]} == {"/0/unit", "/1/manager"}
    assert managers(org) == {"1": "2", "2": "3", "7": "1"}
    ok(put_people(org, {"external_id": "1", "unit": "A"}))  # the whole row is replaced
    assert managers(org) == {"2": "3", "7": "1"}


def test_somebody_deleted_comes_back_when_a_source_tells_them_again(org: TenantUnderTest) -> None:
    for active in (True, False):
        org.sql("UPDATE person SET deleted_at = now(), is_active = false WHERE external_id = 'A-1'")
        row = {"external_id": "A-1", "unit": "A", "active": active}
        assert ok(put_people(org, row))["updated"] == 1
        assert org.sql("SELECT is_active, deleted_at FROM person WHERE external_id = 'A-1'") == [(active, None)]


def test_projects_stand_beside_the_line_and_in_no_campaign(org: TenantUnderTest) -> None:
    units = [{"external_id": "PX", "name": "Project X", "hierarchy": "project"},
             {"external_id": "PY", "name": "Project Y", "hierarchy": "project", "parent": "PX"}]  # fmt: skip
    ok(call(org, "PUT", "/v1/org-units", json=units))
    person = {"external_id": "1", "unit": "A"}
    ok(put_people(org, person | {"projects": ["PX", "PY"]}))
    members = "SELECT u.external_id FROM project_member JOIN org_unit u USING (tenant_id, unit_id) ORDER BY 1"
    assert [row[0] for row in org.sql(members)] == ["PX", "PY"]
    assert ok(put_people(org, person | {"projects": ["PY", "PX"]}))["unchanged"] == 1
    ok(put_people(org, person | {"projects": ["PY"]}))
    assert [row[0] for row in org.sql(members)] == ["PY"]
    told = problem(put_people(org, person | {"projects": ["A"]}), 422, "invalid")
    assert places(told) == {"/0/projects/0": "is not a known project of this `source`"}
    told = problem(put_people(org, person | {"unit": "PX"}), 422, "invalid")
    assert places(told) == {"/0/unit": "is not a known unit of this `source`"}
    told = problem(call(org, "PUT", "/v1/org-units", json=[units[1] | {"parent": "A"}]), 422, "invalid")
    assert places(told) == {"/0/parent": "is in the other hierarchy"}
    told = problem(call(org, "PUT", "/v1/org-units", json=[units[0] | {"hierarchy": "line"}]), 422, "invalid")
    assert places(told) == {"/0/hierarchy": "can not be changed"}


def test_a_unit_is_shown_as_it_was_on_a_day(org: TenantUnderTest) -> None:
    house = org.house
    first = today(house)
    house.clock.shift += 10 * DAY
    unit = {"external_id": "C", "name": "Renamed", "parent": "B", "manager": "E9"}
    ok(call(org, "PUT", "/v1/org-units", json=[unit]))
    house.clock.shift += 10 * DAY
    ok(call(org, "PUT", "/v1/org-units", json=[unit | {"active": False}, {"external_id": "N", "name": "New"}]))
    assert tree(org)["C"] == ("B", False)
    assert "N" in tree(org)
    assert tree(org, first + 20 * DAY) == tree(org)
    assert tree(org, first + 19 * DAY)["C"] == ("B", True)
    assert "N" not in tree(org, first + 19 * DAY)
    assert tree(org, first)["C"] == ("TOP", True)
    assert tree(org, first - DAY) == {}
    rows = {row["external_id"]: row for row in ok(call(org, "GET", f"/v1/org-units?at={first + 12 * DAY}"))["data"]}
    assert (rows["C"]["name"], rows["C"]["manager"], rows["C"]["since"]) == ("Renamed", "E9", str(first + 10 * DAY))
    told = problem(call(org, "GET", f"/v1/org-units?at={first + 21 * DAY}"), 422, "invalid")
    assert told["errors"] == [{"parameter": "at", "in": "query", "reason": "must not lie in the future"}]
    # What a source learns late is told from the day on which it became so, and replaces what was told of later days.
    ok(call(org, "PUT", "/v1/org-units", json=[unit | {"parent": "A", "valid_from": str(first + 3 * DAY)}]))
    assert [tree(org, first + days * DAY)["C"][0] for days in (2, 3, 12, 20)] == ["TOP", "A", "A", "A"]
    told = problem(
        call(org, "PUT", "/v1/org-units", json=[unit | {"valid_from": str(first + 21 * DAY)}]), 422, "invalid"
    )
    assert places(told) == {"/0/valid_from": "must not lie in the future; plan a reorganisation instead"}


def test_where_people_have_been(org: TenantUnderTest) -> None:
    house = org.house
    first = today(house)
    person = {"external_id": "1", "unit": "A"}
    ok(put_people(org, person))
    house.clock.shift += DAY
    ok(put_people(org, person | {"language": "fr"}))  # no matter of place
    house.clock.shift += DAY
    ok(put_people(org, person | {"unit": "B"}))
    ok(put_people(org, person | {"unit": "C"}))  # twice a day: the last word counts
    house.clock.shift += DAY
    ok(put_people(org, person | {"unit": "C", "active": False}))
    assert history(org, "1") == [(first, "A", True), (first + 2 * DAY, "C", True), (first + 3 * DAY, "C", False)]


def reorganise(tenant: TenantUnderTest, body: dict[str, Any], query: str = "") -> Any:
    return call(tenant, "POST", f"/v1/reorganisations{query}", json=body)


def test_units_are_moved_merged_and_split_at_once(org: TenantUnderTest) -> None:
    before = tree(org), homes(org)
    named = sorted(name for name, home in before[1].items() if home == "C")[:2]
    body = {
        "moves": [{"unit": "C", "parent": "B"}],
        "merges": [{"units": ["A"], "into": "B"}],
        "splits": [{"unit": "C", "parts": [{"external_id": "C2", "name": "Returns", "people": named}]}],
    }
    tried = ok(reorganise(org, body, "?dry_run=true"), 201)
    assert tried["id"] is None
    assert tried["effect"] == {"units_moved": 1, "units_merged": 1, "units_created": 1, "people_moved": 10}
    assert (tree(org), homes(org)) == before
    done = ok(reorganise(org, body), 201)
    assert (done["state"], done["effect"]) == ("done", tried["effect"])
    assert tree(org) == {"TOP": (None, True), "A": ("TOP", False), "B": ("TOP", True), "C": ("B", True),
                         "C2": ("TOP", True)}  # fmt: skip
    after = homes(org)
    assert {name: home for name, home in after.items() if home != before[1][name]} == {
        name: "C2" if home == "C" else "B" for name, home in before[1].items() if home == "A" or name in named
    }
    lineage = ok(call(org, "GET", "/v1/org-unit-lineage"))
    assert {(one["unit"], one["into"], one["kind"]) for one in lineage} == {("A", "B", "merge"), ("C", "C2", "split")}
    assert ok(call(org, "GET", f"/v1/reorganisations/{done['id']}")) == done
    assert ok(call(org, "GET", "/v1/reorganisations"))["data"] == [done]
    told = problem(reorganise(org, body), 422, "invalid")  # A is there no more
    assert "/merges/0/units/0" in places(told)
    problem(reorganise(org, {"on": str(today(org.house) - DAY)}), 422, "invalid")


def test_a_planned_one_comes_on_its_day(org: TenantUnderTest) -> None:
    house = org.house
    day = today(house) + 5 * DAY
    before = tree(org)
    plan = {"on": str(day), "moves": [{"unit": "C", "parent": "B"}]}
    first, second = (ok(reorganise(org, plan), 201) for _ in range(2))
    assert first["state"] == "planned"
    given_up = ok(call(org, "POST", f"/v1/reorganisations/{second['id']}/cancel"))
    assert given_up["state"] == "cancelled"
    late = ok(reorganise(org, {"on": str(day), "moves": [{"unit": "B", "parent": "C"}]}), 201)
    house.sweep()
    assert tree(org) == before
    house.clock.shift += datetime.combine(day, datetime.min.time(), UTC) - house.clock() + timedelta(minutes=1)
    house.sweep()
    found = {one["id"]: one for one in ok(call(org, "GET", "/v1/reorganisations"))["data"]}
    assert {one: found[one]["state"] for one in found} == {
        first["id"]: "done", second["id"]: "cancelled", late["id"]: "refused",
    }  # fmt: skip
    # Each could be done when it was planned; together they are a circle, and the later one says so.
    assert found[late["id"]]["errors"] == [{"pointer": "/moves/0/unit", "reason": "makes a circle"}]
    assert tree(org) == before | {"C": ("B", True)}
    assert tree(org, day - DAY)["C"] == ("TOP", True)
    problem(call(org, "POST", f"/v1/reorganisations/{first['id']}/cancel"), 409, "conflict")
    log = [one["action"] for one in ok(org.call("admin", "GET", "/v1/audit-log", params={"limit": 200}))["data"]]
    assert [name for name in log if name.startswith("reorganisation")] == [
        "reorganisation.planned", "reorganisation.planned", "reorganisation.cancelled", "reorganisation.planned",
        "reorganisation.done", "reorganisation.refused",
    ]  # fmt: skip


def test_a_frozen_roster_stays_whatever_becomes_of_the_organisation(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 8, "B": 6, "C": 5})
    frozen = """
        SELECT l.serial, l.person_id, u.external_id, u.name, top.external_id FROM roster_line l
        JOIN wave_class c USING (tenant_id, wave_id, label)
        JOIN wave_unit u ON u.tenant_id = l.tenant_id AND u.wave_id = l.wave_id AND u.unit_id = c.unit_id
        JOIN wave_unit top ON top.tenant_id = u.tenant_id AND top.wave_id = u.wave_id AND top.unit_id = u.parent_id
        ORDER BY 1
    """
    before = tenant.sql(frozen)
    assert len(before) == 19
    ok(reorganise(tenant, {"merges": [{"units": ["A", "C"], "into": "B"}]}), 201)
    ok(call(tenant, "PUT", "/v1/org-units", json=[{"external_id": "B", "name": "Everybody"}]))
    assert set(homes(tenant).values()) == {"B"}
    assert tenant.sql(frozen) == before
    for person in wave.codes:
        ok(wave.submit(person, {"load": 4, "help": 3}), 201)
    cells = cells_of(tenant, wave.release()["id"])
    assert {cell["unit_name"] for cell in cells} == {"Everyone", "Team A", "Team B", "Team C"}
