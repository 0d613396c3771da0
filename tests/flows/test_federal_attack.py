"""A part of the federal survey with dimensions through the running service, and an attacker with all that is published.

The attacker reads each way to the results (JSON, CSV, OData, SQL, aggregates, reports, participation, certificate) and
puts together what any of them tells. `federal_attack` looks for combinations of figures that describe fewer than k
people, `federal_ranges` for what roundings leave open; both know nothing of how the service protects. Whether a group
is small is judged by the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.cli.client import Client
from service.kit.postgres import Embedded
from tests.fixtures.running import data_folder, running
from tests.flows.clusters import copy_to
from tests.make import federal_ranges
from tests.make.federal import SCALES, SKIPPED, TOP, Federal, Place, federal, places, send
from tests.make.federal_attack import Shown, isolated, system
from tests.make.federal_ranges import POINTS, Range
from tests.make.federal_read import Published, Told, published

pytestmark = [pytest.mark.slow, pytest.mark.shared]
K_MEAN, K_DISTRIBUTION, K_DEVIATION = 5, 10, 30
ANSWERED_BY_ALL = SCALES["supervisors"][0]
FEWEST = 3
"""Distributions that fit, where a mean is told of fewer than 10 people and their distribution is not."""


@dataclass(frozen=True)
class Attacked:
    """Who answered what, and what is published of it."""

    people: Federal
    published: Published

    @cached_property
    def told(self) -> Told:
        return self.published.together()

    @cached_property
    def places(self) -> list[Place]:
        """Those of the plan without the same people twice."""
        members = {frozenset(one for one, _ in self.people.respondents if self.people.holds(place, one)): place
                   for place in reversed(places(self.people))}  # fmt: skip
        return [place for place in members.values() if self.size(place)]

    def size(self, place: Place, item: str = ANSWERED_BY_ALL) -> int:
        """How many people of a place answered a question."""
        counted = self.people.respondents.items()
        return sum(n for (one, given), n in counted if item in given and self.people.holds(place, one))

    def hidden(self, family: str, item: str = ANSWERED_BY_ALL) -> list[Place]:
        """Places with somebody in them of which nothing is told."""
        return [place for place in self.places if (place, item, family) not in self.told and self.size(place, item)]

    def shown(self, *families: str, figure: str = "") -> dict[str, set[Place]]:
        """Places by measure of which something is told, or a certain figure."""
        found: dict[str, set[Place]] = {}
        for (place, measure, family), numbers in self.told.items():
            if family in families and (not figure or figure in numbers):
                found.setdefault(measure, set()).add(place)
        return found


@pytest.fixture(scope="module")
def attacked(prepared: Embedded, shared_data: Path) -> Iterator[Attacked]:
    people = federal(shared_data / "fevs2018" / "responses.csv.gz")
    with data_folder() as folder, running(copy_to(folder, prepared)) as service:
        client = Client(service.url, service.line["keys"])
        try:
            wave, release = send(client, people)
            yield Attacked(people, published(service, client, people, wave["id"], wave["campaign"], release["id"]))
        finally:
            client.close()


def test_much_is_told_and_much_is_withheld(attacked: Attacked) -> None:
    """Or the attacks would prove nothing."""
    manifest = attacked.published.release["manifest"]
    assert manifest["breakdowns"]["fell_back"] is False
    verdict = attacked.published.certificate["auditor"]["verdict"]
    assert verdict == "safe"
    cells = attacked.published.certificate["cells"]
    for family in ("mean", "distribution"):
        assert cells[family]["published"] == sum(key[2] == family for key in attacked.published.ways["json"])
        assert sum(bool(place[1]) for place in attacked.shown(family)[ANSWERED_BY_ALL]) > 100
    small = [place for place in attacked.hidden("mean") if attacked.size(place) < K_MEAN]
    assert len(small) > 20
    assert len(attacked.hidden("mean")) > len(small)
    assert all(attacked.size(place) >= K_MEAN for place in attacked.shown("mean")[ANSWERED_BY_ALL])
    for item in (ANSWERED_BY_ALL, SKIPPED):
        for place, measure, family in attacked.told:
            assert measure != item or attacked.size(place, item) >= {"mean": K_MEAN}.get(family, K_DISTRIBUTION)


def disagreements(ways: Mapping[str, Told]) -> list[tuple[str, Any]]:
    """Where a way tells something else than JSON, or less."""
    of_all = ways["json"]
    found: list[tuple[str, Any]] = []
    for way, told in ways.items():
        for key, numbers in told.items():
            found += [(way, key) for name, value in numbers.items() if of_all.get(key, {}).get(name) != value]
        in_full = way in {"csv", "odata", "sql"}
        found += [(way, key) for key, numbers in of_all.items() if in_full and told.get(key) != numbers]
    return found


def test_no_way_tells_more_than_another(attacked: Attacked) -> None:
    ways = attacked.published.ways
    assert {way for way, told in ways.items() if told} == ways.keys()
    assert disagreements(ways) == []


def test_no_combination_of_figures_describes_fewer_than_k_people(attacked: Attacked) -> None:
    people = attacked.people
    assert isolated(system(people, attacked.shown("mean", "distribution")), K_MEAN) == []
    assert isolated(system(people, attacked.shown("distribution")), K_DISTRIBUTION) == []
    deviations = attacked.shown("mean", figure="sd")
    assert len(deviations) == len(attacked.shown("mean"))
    for measure, where in deviations.items():
        assert isolated(system(people, {measure: where}), K_DEVIATION) == []


@dataclass(frozen=True)
class Open:
    """What ranges leave open of a group: how many, who gave which answer, and the sum of answers."""

    place: Place
    people: Range
    answers: tuple[Range, ...] = ()
    total: Range | None = None

    @property
    def is_counted(self) -> bool:
        return self.people.low == self.people.high

    @property
    def fits(self) -> int:
        """How many distributions may be, of those whose answers were asked for."""
        if self.total is None:
            raise ValueError
        counts = product(*(range(one.low, one.high + 1) for one in self.answers))
        return sum(
            self.people.low <= sum(given) <= self.people.high
            and self.total.low <= int(np.dot(given, POINTS)) <= self.total.high
            for given in counts
        )


def numbers(attacked: Attacked, told: Told, groups: list[Place], item: str) -> list[Open]:
    """How many people of some groups there may be."""
    everybody = item == ANSWERED_BY_ALL
    by_class = federal_ranges.of_people(
        attacked.people, told, attacked.published.participation if everybody else {}, item
    )
    assert by_class.untruths(item) == 0
    found = [Open(place, by_class.of(place)) for place in groups]
    assert all(one.people.low <= attacked.size(one.place, item) <= one.people.high for one in found)
    return found


def left_open(attacked: Attacked, told: Told, groups: list[Place], item: str) -> list[Open]:
    """Who gave which answer, too."""
    found = []
    by_agency: dict[str, federal_ranges.Ranges] = {}
    for one in numbers(attacked, told, groups, item):
        agency = [*attacked.people.above(one.place[0])[:-1], TOP][-2]
        if agency not in by_agency:
            by_agency[agency] = federal_ranges.of_answers(attacked.people, told, item, agency)
            assert by_agency[agency].untruths(item) == 0
        answers = tuple(by_agency[agency].of(one.place, point == POINTS) for point in POINTS)
        found.append(replace(one, answers=answers, total=by_agency[agency].of(one.place, POINTS)))
    return found


@pytest.mark.parametrize("item", [ANSWERED_BY_ALL, SKIPPED])
def test_roundings_leave_groups_under_k_open(attacked: Attacked, item: str) -> None:
    """Of a group of which not even a mean may be told, not even how many they are is known, let alone their answers."""
    groups = [place for place in attacked.hidden("mean", item) if attacked.size(place, item) < K_MEAN]
    found = numbers(attacked, attacked.told, groups, item)
    assert len(found) > 20
    assert [one for one in found if one.is_counted] == []


def test_roundings_leave_a_withheld_distribution_open(attacked: Attacked) -> None:
    """Of a group of 5 to 9 whose mean may be told and whose distribution may not."""
    told = attacked.shown("mean")[SKIPPED]
    groups = [place for place in attacked.hidden("distribution", SKIPPED)
              if place in told and attacked.size(place, SKIPPED) < K_DISTRIBUTION]  # fmt: skip
    found = left_open(attacked, attacked.told, groups, SKIPPED)
    assert len(found) > 5
    assert [one for one in found if one.fits < FEWEST] == []


def counted(attacked: Attacked, told: Told, item: str) -> Told:
    """With the exact number of people everywhere, as whoever puts the figures of several questions together has it."""
    exact = {}
    for (place, measure, family), figures in told.items():
        n = attacked.size(place, item) if measure == item and "n_from" in figures else 0
        exact[place, measure, family] = figures | ({"n_from": n, "n_to": n} if n else {})
    return exact


def test_whoever_knows_how_many_people_there_are_does_not_know_their_answers(attacked: Attacked) -> None:
    told = attacked.shown("mean")[SKIPPED]
    groups = [place for place in attacked.hidden("distribution", SKIPPED)
              if place in told and attacked.size(place, SKIPPED) < K_DISTRIBUTION]  # fmt: skip
    found = left_open(attacked, counted(attacked, attacked.told, SKIPPED), groups, SKIPPED)
    assert len(found) > 5
    assert all(one.is_counted for one in found)
    assert [one for one in found if one.fits < FEWEST] == []


def test_a_mean_in_tenths_would_tell_the_answers_of_five_people(attacked: Attacked) -> None:
    """Why an item's mean comes in halves where its distribution is withheld."""
    small: Place = ("NN62", (("grade", "supervisor_manager_senior_leader"), ("sex", "female")))
    exact = counted(attacked, attacked.told, SKIPPED)
    (open_,) = left_open(attacked, exact, [small], SKIPPED)
    told = exact | {(small, SKIPPED, "mean"): exact[small, SKIPPED, "mean"] | {"mean": 4.6, "in_tenths": True}}
    (known,) = left_open(attacked, told, [small], SKIPPED)
    assert open_.fits >= FEWEST
    assert known.fits == 1


# -- the attack itself: what is seeded is found ------------------------------------------------------------------------


def with_place(shown: Shown, place: Place) -> Shown:
    """Of one question alone, which is quicker: what it isolates, all figures together isolate."""
    return {ANSWERED_BY_ALL: {*shown[ANSWERED_BY_ALL], place}}


@pytest.mark.parametrize(("family", "k"), [("mean", K_MEAN), ("distribution", K_DISTRIBUTION)])
def test_a_small_cell_that_is_told_is_found(attacked: Attacked, family: str, k: int) -> None:
    small = [place for place in attacked.hidden(family) if attacked.size(place) < k]
    for place in small[:: len(small) // 3]:
        units = {one[0] for one, _ in attacked.people.respondents if attacked.people.holds(place, one)}
        shown = with_place(attacked.shown(family), place)
        found = isolated(system(attacked.people, shown), k, among=units)
        assert found
        assert all(one.people < k for one in found)


def test_a_complement_that_is_told_is_found(attacked: Attacked) -> None:
    """A large cell that is withheld because of the small one beside it."""
    (small,) = [("IBZZ", ())]
    beside: Place = ("IB04", ())
    assert {small, beside} <= set(attacked.hidden("mean"))
    assert attacked.size(small) < K_MEAN <= attacked.size(beside)
    shown = with_place(attacked.shown("mean", "distribution"), beside)
    (found,) = isolated(system(attacked.people, shown), K_MEAN, among={small[0]})
    assert found.people == attacked.size(small)
    assert {one[0] for one, _ in found.kinds} == {small[0]}


def test_a_count_that_is_told_is_used(attacked: Attacked) -> None:
    """Of a large withheld cell, and of the one above: the small one beside it is counted."""
    small, beside, above = ("IBZZ", ()), ("IB04", ()), ("IB", ())
    keys = [(place, ANSWERED_BY_ALL, "mean") for place in (beside, above)]
    told = {key: {"n_from": attacked.size(key[0]), "n_to": attacked.size(key[0])} for key in keys}
    ways = attacked.published.ways
    assert {key for _, key in disagreements(ways | {"sql": ways["sql"] | told})} == set(keys)
    (one,) = numbers(attacked, attacked.told | told, [small], ANSWERED_BY_ALL)
    assert one.people == (attacked.size(small),) * 2


def test_shares_that_are_told_are_used(attacked: Attacked) -> None:
    """In a report alone, of a withheld distribution: all answers are known."""
    place: Place = ("NQ", (("grade", "supervisor_manager_senior_leader"),))
    assert place in attacked.hidden("distribution")
    answers = [given[SKIPPED] for person, given in attacked.people.answers.items()
               if SKIPPED in given and attacked.people.holds(place, attacked.people.classes[person])]  # fmt: skip
    counted = np.bincount(answers, minlength=6)[1:]
    shares = [(str(at), 100 * n / len(answers), None) for at, n in enumerate(counted.tolist(), start=1)]
    people = {"n_from": len(answers), "n_to": len(answers)}
    told = attacked.told | {
        (place, SKIPPED, "distribution"): {"distribution": shares, **people},
        (place, SKIPPED, "mean"): {"mean": round(float(np.mean(answers)), 1), **people},
    }
    (before,) = left_open(attacked, attacked.told, [place], SKIPPED)
    (after,) = left_open(attacked, told, [place], SKIPPED)
    assert before.fits >= FEWEST
    assert after.fits == 1
    assert [one.low for one in after.answers] == counted.tolist()
