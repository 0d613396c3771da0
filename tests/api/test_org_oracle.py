"""Random sequences of all that changes an organisation, against a model that was written from the texts alone."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.fixtures.house import House
from tests.make.noon import at_noon
from tests.make.org_oracle import Organisation, Upserted
from tests.make.org_reorganised import Person, Unit
from tests.make.org_walk import ROOT, TEAMS, an_act
from tests.make.wire import places, problem
from tests.make.world import a_campaign, a_launched_wave, ok

DAY = timedelta(days=1)
Json = dict[str, Any]

ROSTER = """
    SELECT l.wave_id, l.serial, p.external_id, u.external_id, u.name FROM roster_line l
    JOIN person p USING (tenant_id, person_id) JOIN wave_class c USING (tenant_id, wave_id, label)
    JOIN wave_unit u ON u.tenant_id = l.tenant_id AND u.wave_id = l.wave_id AND u.unit_id = c.unit_id ORDER BY 1, 2
"""
ROSTER_UNITS = "SELECT wave_id, unit_id, external_id, name, parent_id FROM wave_unit ORDER BY 1, 2"
HOMES = """
    SELECT p.external_id, u.external_id, p.is_active FROM person p LEFT JOIN org_unit u USING (tenant_id, unit_id)
    WHERE p.deleted_at IS NULL
"""
WORDS = """
    SELECT p.external_id, v.valid_from, u.external_id, v.is_active FROM person_version v
    JOIN person p USING (tenant_id, person_id)
    LEFT JOIN org_unit u ON u.tenant_id = v.tenant_id AND u.unit_id = v.unit_id ORDER BY 2
"""


class Walk:
    """The service and the model side by side, in a tenant of its own."""

    def __init__(self, house: House) -> None:
        """From noon on, so that no day ends by itself; with a wave that is open."""
        house.clock.shift = timedelta()
        self.first = at_noon(house)
        self.tenant, self.org = house.tenant(), Organisation()
        self.plans: list[str] = []
        self.imports: list[str] = []
        self.closes_at = (house.clock() + 90 * DAY).isoformat()
        a_launched_wave(self.tenant, TEAMS, closes_at=self.closes_at)
        self.org.put_units([{"external_id": ROOT, "name": "Everyone"}], skip=False)
        self.org.put_units([{"external_id": t, "name": f"Team {t}", "parent": ROOT} for t in TEAMS], skip=False)
        people = [f"{team}-{number}" for team, size in TEAMS.items() for number in range(size)]
        self.org.put_people([{"external_id": who, "unit": who[0]} for who in people], skip=False)
        ok(self.call("PUT", "/v1/people/import-mappings/hris", json={"create_units": True}))
        self.frozen = self.rosters()

    def call(self, method: str, path: str, **request: Any) -> Any:
        return self.tenant.call("people:write", method, path, **request)

    def date(self, day: int) -> str:
        return str(self.first + day * DAY)

    def rosters(self) -> list[Any]:
        return [self.tenant.sql(ROSTER), self.tenant.sql(ROSTER_UNITS)]

    # An act, on both sides

    def act(self, do: str, **how: Any) -> None:
        getattr(self, do)(**how)
        self.compare_trees({self.org.today, self.org.today - 1} if do in ("units", "reorganise") else {self.org.today})

    def units(self, rows: list[Json], *, skip: bool) -> None:
        self.upsert("/v1/org-units", rows, self.org.put_units(rows, skip=skip), skip=skip)

    def people(self, rows: list[Json], *, skip: bool) -> None:
        self.upsert("/v1/people", rows, self.org.put_people(rows, skip=skip), skip=skip)

    def upsert(self, path: str, rows: list[Json], expected: Upserted, *, skip: bool) -> None:
        dated = [row | {key: self.date(row[key]) for key in ("valid_from",) if key in row} for row in rows]
        answer = self.call("PUT", f"{path}?on_error={'skip' if skip else 'abort'}", json=dated)
        if expected.refused and not skip:
            refused(answer, expected.refused)
            return
        told = ok(answer)
        assert {row_of(one["pointer"]) for one in told["refusals"]} == {row_of(place) for place in expected.refused}
        counts = told["created"], told["updated"], told["unchanged"]
        assert counts == (expected.created, expected.updated, expected.unchanged)

    def reorganise(self, body: Json, on: int, *, dry_run: bool) -> None:
        bad = self.org.reorganise(body, on, dry_run=dry_run)
        query = {"dry_run": str(dry_run).lower()}
        answer = self.call("POST", "/v1/reorganisations", json=body | {"on": self.date(on)}, params=query)
        if bad is not None:
            refused(answer, bad)
            return
        told = ok(answer, 201)
        if not dry_run:
            self.plans.append(told["id"])

    def cancel(self, number: int) -> None:
        if self.plans:
            answer = self.call("POST", f"/v1/reorganisations/{self.plans[number]}/cancel")
            assert answer.status_code == (200 if self.org.cancel(number) else 409)

    def days(self, count: int) -> None:
        """The worker comes by after all of them; what was planned holds from its own day on nevertheless."""
        self.tenant.house.clock.shift += count * DAY
        self.tenant.house.sweep()
        for _ in range(count):
            self.org.next_day()
        self.compare_plans()

    def file(self, lines: list[Json], *, full: bool, dry_run: bool) -> None:
        taken = self.org.take_file(lines, full=full, dry_run=dry_run)
        text = "matricule;code service;nom du service;service parent;actif\n"
        for line in lines:
            told = line["person"], line["unit"], line.get("name", ""), line.get("parent", "")
            text += ";".join([*told, "oui" if line["active"] else "non"]) + "\n"
        query = {"mode": "full" if full else "partial", "dry_run": str(dry_run).lower(), "accept_risk": "true"}
        media = {"content-type": "text/csv"}
        answer = self.call("POST", "/v1/people/imports", content=text.encode(), headers=media, params=query)
        if not taken:
            problem(answer, 422, "import-empty")
        elif not dry_run:
            self.imports.append(ok(answer, 201)["id"])

    def undo(self, number: int) -> None:
        if self.imports:
            number %= len(self.imports)
            answer = self.call("POST", f"/v1/people/imports/{self.imports[number]}/undo")
            assert answer.status_code == (200 if self.org.undo(number) else 409), answer.text
            self.compare_homes()

    def wave(self) -> None:
        """One more is opened: on its roster is who is active below the top today, in the units of today."""
        expected = {who: (unit, self.org.tree()[unit].name) for who, unit in self.org.below(ROOT).items()}
        if len(expected) < 10:
            return
        asked = a_campaign(self.tenant, closes_at=self.closes_at)
        wave = ok(self.tenant.call("campaigns:write", "POST", f"/v1/campaigns/{asked['id']}/launch"))
        self.tenant.house.sweep()
        lines, units = self.rosters()
        mine = {who: (unit, name) for of, _, who, unit, name in lines if str(of) == wave["id"]}
        assert mine == expected
        assert [[row for row in rows if str(row[0]) != wave["id"]] for rows in (lines, units)] == self.frozen
        self.frozen = [lines, units]

    # What is seen of it

    def compare_trees(self, days: Iterable[int]) -> None:
        for day in sorted(days):
            page = ok(self.call("GET", "/v1/org-units", params={"limit": 500, "at": self.date(day)}))
            assert page["next"] is None
            keys = ("name", "parent", "hierarchy", "manager", "active")
            told = {row["external_id"]: (Unit(*(row[key] for key in keys)), row["since"]) for row in page["data"]}
            since = {name: self.date(self.org.units[name].since(day)) for name in self.org.tree(day)}
            assert told == {name: (unit, since[name]) for name, unit in self.org.tree(day).items()}, day

    def compare_homes(self) -> None:
        rows = self.tenant.sql(HOMES)
        assert {who: Person(unit, active) for who, unit, active in rows} == self.org.homes()

    def compare_plans(self) -> None:
        kept = {one["id"]: one["state"] for one in ok(self.call("GET", "/v1/reorganisations?limit=500"))["data"]}
        assert kept == {plan: self.org.plans[number].state for number, plan in enumerate(self.plans)}
        lineage = ok(self.call("GET", "/v1/org-unit-lineage"))
        assert [one["on"] for one in lineage] == sorted(one["on"] for one in lineage)
        assert sorted((one["on"], one["unit"], one["into"], one["kind"]) for one in lineage) == sorted(
            (self.date(on), *rest) for on, *rest in self.org.lineage
        )

    def compare_all(self) -> None:
        """Each day on which something began, the day before, today, and what is to come, of which nothing is shown."""
        today = self.org.today
        days = {day + by for day in self.org.days for by in (-1, 0)} | {today}
        self.compare_trees(days)
        for plan in self.org.plans:
            if plan.on > today:
                later = self.call("GET", "/v1/org-units", params={"at": self.date(plan.on)})
                assert places(problem(later, 422, "invalid")) == {"query:at": "must not lie in the future"}
        self.compare_plans()
        self.compare_homes()
        words = self.tenant.sql(WORDS)
        for day in days:
            told = {who: (unit, active) for who, since, unit, active in words if str(since) <= self.date(day)}
            homes = {who: person.unit for who, person in self.org.homes(day).items() if person.active}
            assert {who: unit for who, (unit, active) in told.items() if active} == homes, day
        assert self.rosters() == self.frozen


def row_of(pointer: str) -> str:
    return pointer.split("/")[1]


def refused(answer: Any, expected: set[str]) -> None:
    """By one of these places; it may tell more, such as what is below something that is wrong."""
    told = places(problem(answer, 422, "invalid"))
    assert not expected or not expected.isdisjoint(told), (expected, told)


def fault(house: House, acts: Iterable[Json] | Callable[[Walk], Iterable[Json]]) -> AssertionError | None:
    walk = Walk(house)
    try:
        for act in acts(walk) if callable(acts) else acts:
            walk.act(**act)
        walk.compare_all()
    except AssertionError as found:
        return found
    finally:
        house.clock.shift = timedelta()
    return None


def shortest(house: House, acts: list[Json]) -> list[Json]:
    """Acts that go wrong, without those that do not matter for that."""
    for number in reversed(range(len(acts))):
        fewer = acts[:number] + acts[number + 1 :]
        acts = fewer if fault(house, fewer) else acts
    return acts


# Of 1,500, a few that between them do all there is to do.
@pytest.mark.parametrize("seed", [480, 1377, 315, 787])
def test_random_sequences_end_as_the_model_says(house: House, seed: int) -> None:
    random, done = Random(seed), list[Json]()

    def acts(walk: Walk) -> Iterable[Json]:
        for _ in range(15):
            done.append(an_act(random, walk.org))
            yield done[-1]

    found = fault(house, acts)
    if found:
        found.add_note("\n".join(map(str, shortest(house, done))))
        raise found


def test_what_is_told_late_or_carried_out_late_holds_from_its_own_day(house: House) -> None:
    def units(name: str, parent: str, key: str = "B", **more: Any) -> Json:
        return {"do": "units", "rows": [{"external_id": key, "name": name, "parent": parent} | more], "skip": False}

    def n1(unit: str, **since: int) -> Json:
        return {"do": "people", "rows": [{"external_id": "N1", "unit": unit} | since], "skip": False}

    plan = {"do": "reorganise", "body": {"moves": [{"unit": "C", "parent": "A"}]}, "on": 8, "dry_run": False}
    days = {"do": "days", "count": 3}
    acts = [days, units("later", "A"), days, units("late", "C", valid_from=2), plan, days]
    # No circle on the eighth day, when B was below A; from the ninth on it is none.
    acts += [units("up", ROOT), *(units("Team A", "B", "A", valid_from=since) for since in (8, 9))]
    # Somebody who was there for longer; and of whom nothing is new, before there was their unit.
    acts += [n1("A"), n1("A", valid_from=4), n1("A", valid_from=7)]
    acts += [units("K", "A", "K"), n1("K"), n1("K", valid_from=4)]
    # What was merged stays so, and may be told to be gone.
    merge = {"do": "reorganise", "body": {"merges": [{"units": ["C"], "into": "A"}]}, "on": 9, "dry_run": False}
    acts += [merge, units("Team C", "A", "C"), units("B", "C"), units("L", "C", "L")]
    acts += [units("gone", "A", "C", active=False), units("Team C", "A", "C"), days]
    found = fault(house, acts)
    if found:
        raise found
