"""Nothing is told of days before there was the unit above it; a unit may be told to have been there for longer."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.fixtures.house import TenantUnderTest
from tests.make.noon import at_noon
from tests.make.wire import places, problem
from tests.make.world import ok

DAY = timedelta(days=1)
EARLY = "is before the first day of its `parent`: say first, or in the same call, since when that one has been there"
EARLY_IN = "is before the first day of its `unit`: say first since when that one has been there"


@pytest.fixture
def first(tenant: TenantUnderTest) -> date:
    """The day on which TOP and A came, ten days ago."""
    day = at_noon(tenant.house)
    put(tenant, unit("TOP", None), unit("A"))
    tenant.house.clock.shift += 10 * DAY
    return day


def unit(key: str, parent: str | None = "TOP", since: date | None = None, **fields: Any) -> dict[str, Any]:
    told = {"external_id": key, "name": key} | ({"parent": parent} if parent else {}) | fields
    return told | ({"valid_from": str(since)} if since else {})


def send(tenant: TenantUnderTest, path: str, *rows: dict[str, Any]) -> Any:
    return tenant.call("people:write", "PUT", path, json=list(rows))


def put(tenant: TenantUnderTest, *units: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = ok(send(tenant, "/v1/org-units", *units))
    return told


def refused(answer: Any) -> dict[str, str]:
    return places(problem(answer, 422, "invalid"))


def tree(tenant: TenantUnderTest, at: date) -> dict[str, str | None]:
    rows = ok(tenant.call("people:write", "GET", "/v1/org-units", params={"at": str(at)}))["data"]
    return {row["external_id"]: row["parent"] for row in rows}


def test_a_unit_is_not_below_one_that_was_not_there_yet(tenant: TenantUnderTest, first: date) -> None:
    before = first - DAY
    assert refused(send(tenant, "/v1/org-units", unit("B", "A", before))) == {"/0/valid_from": EARLY}
    assert put(tenant, unit("B", "A", first))["created"] == 1
    assert tree(tenant, first) == {"TOP": None, "A": "TOP", "B": "A"}
    # Nor may one that is there be moved below it, for that day.
    put(tenant, unit("C", None, before - DAY))
    assert refused(send(tenant, "/v1/org-units", unit("C", "A", before))) == {"/0/valid_from": EARLY}
    assert put(tenant, unit("C", "A", first))["updated"] == 1
    assert tree(tenant, before) == {"C": None}


def test_what_changes_nothing_is_no_matter_of_days(tenant: TenantUnderTest, first: date) -> None:
    put(tenant, unit("TOP", None, name="Everybody"))
    put(tenant, unit("A", name="A, renamed"))
    again = unit("A", "TOP", first - DAY, name="A, renamed")
    assert put(tenant, again) == {"created": 0, "updated": 0, "unchanged": 1, "refused": 0, "refusals": []}


def test_what_comes_together_is_judged_together(tenant: TenantUnderTest, first: date) -> None:
    early = first - 5 * DAY
    rows = [unit("N1", None, early), unit("N2", "N1", early), unit("N3", "N2", early - DAY), unit("N4", "N3")]
    assert refused(send(tenant, "/v1/org-units", *rows)) == {
        "/2/valid_from": EARLY, "/3/parent": "is not a known unit of this `source`",
    }  # fmt: skip
    told = ok(send(tenant, "/v1/org-units?on_error=skip", *rows))
    assert (told["created"], told["refused"]) == (2, 2)
    assert tree(tenant, early) == {"N1": None, "N2": "N1"}
    # Without a day of its own, a new parent begins today.
    assert refused(send(tenant, "/v1/org-units", unit("N6", None), unit("N7", "N6", first))) == {"/1/valid_from": EARLY}


def test_a_unit_that_was_there_for_longer_is_told_so(tenant: TenantUnderTest, first: date) -> None:
    early = first - 5 * DAY
    rows = [unit("TOP", None, early), unit("A", "TOP", early)]
    assert put(tenant, *rows)["updated"] == 2
    assert tree(tenant, early) == {"TOP": None, "A": "TOP"}
    assert tree(tenant, early - DAY) == {}
    assert put(tenant, *rows)["unchanged"] == 2
    assert put(tenant, unit("B", "A", early))["created"] == 1
    # One that has changed since keeps what it was.
    put(tenant, unit("A", "TOP", name="Renamed"))
    assert put(tenant, unit("A", "TOP", early - DAY, name="Renamed"))["unchanged"] == 1
    assert tree(tenant, early - DAY) == {}


def test_people_are_in_no_unit_before_its_first_day(tenant: TenantUnderTest, first: date) -> None:
    person = {"external_id": "E1", "unit": "A"}
    early = {"valid_from": str(first - DAY)}
    assert refused(send(tenant, "/v1/people", person | early)) == {"/0/valid_from": EARLY_IN}
    assert ok(send(tenant, "/v1/people", person | {"valid_from": str(first)}))["created"] == 1
    put(tenant, unit("TOP", None, first - DAY), unit("A", "TOP", first - DAY))
    assert ok(send(tenant, "/v1/people", {"external_id": "E2", "unit": "A"} | early))["created"] == 1
    days = tenant.sql("SELECT v.valid_from FROM person_version v JOIN person p USING (tenant_id, person_id) ORDER BY 1")
    assert [row[0] for row in days] == [first - DAY, first]


def test_units_from_before_there_was_a_history_bind_nobody(tenant: TenantUnderTest, first: date) -> None:
    tenant.sql("DELETE FROM org_unit_version")
    assert put(tenant, unit("B", "A", first - DAY))["created"] == 1
    row = {"external_id": "E1", "unit": "A", "valid_from": str(first - DAY)}
    assert ok(send(tenant, "/v1/people", row))["created"] == 1


def test_who_hangs_on_one_that_falls_falls_too(tenant: TenantUnderTest, first: date) -> None:
    """Each would have been there early enough, had the one above it been."""
    early = first - DAY
    names = [f"U{number}" for number in range(30)]
    parents = ["A", *names[:-1]]
    put(tenant, *(unit(name, parent, first) for name, parent in zip(names, parents, strict=True)))
    rows = [unit(name, parent, early) for name, parent in zip(names, parents, strict=True)]
    assert refused(send(tenant, "/v1/org-units", *rows)) == {f"/{n}/valid_from": EARLY for n in range(30)}
    above = [unit("TOP", None, early), unit("A", "TOP", early)]
    assert put(tenant, *above, *rows)["updated"] == 32


def history(tenant: TenantUnderTest, person: str) -> list[tuple[date, str]]:
    rows = tenant.sql(
        """SELECT v.valid_from, u.external_id FROM person_version v JOIN person p USING (tenant_id, person_id)
        JOIN org_unit u ON u.tenant_id = v.tenant_id AND u.unit_id = v.unit_id
        WHERE p.external_id = :person ORDER BY 1""",
        person=person,
    )
    return [(row[0], row[1]) for row in rows]


def test_people_who_were_there_for_longer_are_told_so(tenant: TenantUnderTest, first: date) -> None:
    late, then = first + 6 * DAY, first + 3 * DAY

    def told(since: date, in_unit: str = "A", **fields: Any) -> str:
        row = {"external_id": "N", "unit": in_unit, "valid_from": str(since)} | fields
        counts = ok(send(tenant, "/v1/people", row))
        return next(name for name in ("created", "updated", "unchanged") if counts[name])

    assert told(late) == "created"
    assert told(then) == "updated"
    assert history(tenant, "N") == [(then, "A")]
    assert told(late) == "unchanged"
    assert history(tenant, "N") == [(then, "A")]
    # Whoever was elsewhere before has not been there for longer.
    assert told(late, "TOP") == "updated"
    assert told(then, "TOP") == "unchanged"
    assert history(tenant, "N") == [(then, "A"), (late, "TOP")]


def test_people_of_whom_nothing_is_new_are_no_matter_of_days(tenant: TenantUnderTest, first: date) -> None:
    put(tenant, unit("K"))  # ten days after A
    people = [{"external_id": "M", "unit": "A"}, {"external_id": "N", "unit": "A", "valid_from": str(first)}]
    ok(send(tenant, "/v1/people", *people))
    ok(send(tenant, "/v1/people", {"external_id": "N", "unit": "K", "manager": "M"}))
    again = {"external_id": "N", "unit": "K", "manager": "M", "valid_from": str(first)}
    assert ok(send(tenant, "/v1/people", again))["unchanged"] == 1
    for other in ({"manager": None}, {"active": False}):
        assert refused(send(tenant, "/v1/people", again | other)) == {"/0/valid_from": EARLY_IN}


def test_no_past_day_becomes_a_circle(tenant: TenantUnderTest, first: date) -> None:
    """B is below A from the first day, and above it from the eighth: A may be below B from then on alone."""
    circle = "makes a circle on a day before today, together with what was told of the days since"
    put(tenant, unit("B", "A", first))
    put(tenant, unit("B", "TOP", first + 8 * DAY), unit("C", "B", first + 8 * DAY))
    rows = [unit("A", "B", first + 5 * DAY), unit("D", "A", first + 9 * DAY)]
    assert refused(send(tenant, "/v1/org-units", *rows)) == {"/0/valid_from": circle}
    told = ok(send(tenant, "/v1/org-units?on_error=skip", *rows))
    assert (told["created"], told["updated"], told["refused"]) == (1, 0, 1)
    assert put(tenant, unit("A", "B", first + 8 * DAY))["updated"] == 1
    assert tree(tenant, first + 7 * DAY) == {"TOP": None, "A": "TOP", "B": "A"}
    assert tree(tenant, first + 8 * DAY) == {"TOP": None, "A": "B", "B": "TOP", "C": "B"}


def test_no_past_day_becomes_a_circle_by_a_plan_that_is_carried_out_late(tenant: TenantUnderTest, first: date) -> None:
    """The worker was away from the day before until the day after: B has been below A, and is there no more."""
    day = first + 12 * DAY
    put(tenant, unit("B"), unit("C"), unit("D"))
    moves = [[{"unit": "C", "parent": "D"}], [{"unit": "D", "parent": "TOP"}, {"unit": "A", "parent": "B"}]]
    for move in moves:
        ok(tenant.call("people:write", "POST", "/v1/reorganisations", json={"on": str(day), "moves": move}), 201)
    tenant.house.clock.shift += DAY
    put(tenant, unit("B", "A"))
    tenant.house.clock.shift += 2 * DAY
    put(tenant, unit("B"))
    tenant.house.sweep()
    plans = ok(tenant.call("people:write", "GET", "/v1/reorganisations"))["data"]
    reason = "makes a circle on a day since then, together with what was told of it meanwhile"
    assert [(plan["state"], plan["errors"]) for plan in plans] == [
        ("done", []), ("refused", [{"pointer": "/moves/1/unit", "reason": reason}]),
    ]  # fmt: skip
    assert tree(tenant, day) == {"TOP": None, "A": "TOP", "B": "A", "C": "D", "D": "TOP"}
    assert tree(tenant, day + DAY) == {"TOP": None, "A": "TOP", "B": "TOP", "C": "D", "D": "TOP"}


def test_a_merged_unit_stays_merged(tenant: TenantUnderTest, first: date) -> None:
    """A source that has not followed is told so, row by row; one that says that the unit is gone has."""
    put(tenant, unit("B", "A", first), unit("C"))
    ok(send(tenant, "/v1/people", {"external_id": "N", "unit": "A"}))
    merge = {"merges": [{"units": ["A"], "into": "C"}]}
    ok(tenant.call("people:write", "POST", "/v1/reorganisations", json=merge), 201)
    merged = "was merged into another unit by a reorganisation"
    assert refused(send(tenant, "/v1/org-units", unit("A"), unit("B", "A"), unit("D", "A"))) == {
        "/0/external_id": merged, "/1/parent": merged, "/2/parent": merged,
    }  # fmt: skip
    assert put(tenant, unit("A", active=False))["unchanged"] == 1
    assert put(tenant, unit("B", "C"))["unchanged"] == 1
    assert refused(send(tenant, "/v1/people", {"external_id": "N", "unit": "A"})) == {"/0/unit": merged}
