"""What rounded figures leave open of a group that is not shown: ranges of counts by linear programmes.

The unknowns are how many people of each class gave each answer to one question: not negative, and no more is known of
them than what is published. Numbers of people are ranges where they are told as ranges; shares, means and deviations
are as far off as the rounding that they show allows. The attacker knows neither who was invited of a class nor who
answered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil, floor, inf
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array

from tests.make.federal import DIMENSIONS, TOP, Class, Federal, Place
from tests.make.federal_read import Told

Floats = npt.NDArray[np.float64]
Between = tuple[Floats, float, float]
"""A sum of unknowns, and between what it lies."""
POINTS = np.arange(1.0, 6.0)
EVERY = np.ones(5)
THIRDS = {"unfavourable": (1, 1, 0, 0, 0), "neutral": (0, 0, 1, 0, 0), "favourable": (0, 0, 0, 1, 1)}
ROOM = 1e-6
LARGE = 30
"""Under it a mean comes in halves where no distribution stands beside it, and is cut by a half."""
MOST = 10**6


class Range(NamedTuple):
    """Whole numbers that may be."""

    low: int
    high: int


@dataclass(frozen=True)
class Ranges:
    """Counts by (class, answer), or by class alone, of which `rows` @ counts are no more than `high`."""

    people: Federal
    classes: list[Class]
    width: int
    rows: csr_array
    high: Floats

    def of(self, place: Place, counted: Any = EVERY) -> Range:
        """How many people of a place there may be, or what they may have in sum where answers count as told."""
        aim = np.outer(_inside(self.people, self.classes, place), np.array(counted, float)[: self.width]).ravel()
        ends = []
        for sign in (1, -1):
            done = linprog(sign * aim, A_ub=self.rows, b_ub=self.high, bounds=(0, MOST), method="highs")
            if not done.success:
                raise RuntimeError(done.message)
            ends.append(sign * done.fun)
        return Range(ceil(ends[0] - ROOM), floor(ends[1] + ROOM))

    def untruths(self, item: str) -> int:
        """How many rows are untrue of what people answered."""
        order = {one: at for at, one in enumerate(self.classes)}
        true = np.zeros((len(order), self.width))
        for person, given in self.people.answers.items():
            at = order.get(self.people.classes[person])
            if at is not None and item in given:
                true[at, (given[item] - 1) % self.width] += 1
        return int((self.rows @ true.ravel() > self.high + ROOM).sum())


def of_people(people: Federal, told: Told, participation: Mapping[str, Mapping[str, Any]], item: str) -> Ranges:
    """Only how many people answered a question, by class: from numbers of people and participation everywhere."""
    known = _classes(people, TOP)
    found = [
        (_inside(people, known, place), numbers["n_from"], numbers["n_to"])
        for (place, measure, _), numbers in told.items()
        if measure == item and "n_from" in numbers
    ]
    for unit, one in participation.items():
        found.append((_inside(people, known, (unit, ())), *_answered(one)))
    return _ranges(people, known, 1, found)


def of_answers(people: Federal, told: Told, item: str, agency: str) -> Ranges:
    """Who gave which answer in an agency: from all that is told of places within it."""
    known = _classes(people, agency)
    found: list[Between] = []
    for (place, measure, family), numbers in told.items():
        if measure == item and agency in people.above(place[0]):
            inside = _inside(people, known, place)
            if "n_from" in numbers:
                found.append((np.outer(inside, EVERY).ravel(), numbers["n_from"], numbers["n_to"]))
            beside = told.get((place, item, "distribution"), {})
            of_cell = _of_mean(numbers, beside) if family == "mean" else _of_shares(numbers)
            found += [(np.outer(inside, counted).ravel(), low, high) for counted, low, high in of_cell]
    return _ranges(people, known, 5, found)


def _ranges(people: Federal, known: list[Class], width: int, found: list[Between]) -> Ranges:
    """Both ends of each sum, without those that are none."""
    ends = [(sign * row, sign * end) for row, low, high in found for sign, end in ((-1, low), (1, high))]
    kept = [(row, end) for row, end in ends if abs(end) < inf]
    return Ranges(
        people, known, width, csr_array(np.array([row for row, _ in kept])), np.array([end for _, end in kept], float)
    )


def _classes(people: Federal, top: str) -> list[Class]:
    """All that there can be below a unit: nobody is directly in one that has others below it."""
    above = set(people.parents.values())
    units = [unit for unit in people.parents if unit not in above and top in people.above(unit)]
    return list(product(units, product(*(people.values[name] for name in DIMENSIONS))))


def _inside(people: Federal, known: list[Class], place: Place) -> Floats:
    return np.array([people.holds(place, one) for one in known], float)


def _of_shares(numbers: Mapping[str, Any]) -> Iterator[Between]:
    """Shares of answers, and of thirds of them: each as so many people less its share of all."""
    listed = [(THIRDS[one], numbers.get(one), numbers.get(f"{one}_bound")) for one in THIRDS]
    for option, value, bound in numbers.get("distribution", ()):
        listed.append((tuple(point == int(option) for point in POINTS), value, bound))
    shown = [(np.array(counted, float), value, bound) for counted, value, bound in listed if value is not None]
    half = _step([value for _, value, _ in shown]) / 2
    for counted, value, bound in shown:
        if bound != "at_most":
            yield counted - (value - (half if bound is None else 0)) / 100, 0, inf
        if bound != "at_least":
            yield counted - (value + (half if bound is None else 0)) / 100, -inf, 0


def _step(shares: list[float]) -> float:
    """In what steps shares are told, as far as they show it."""
    return next((step for step in (5.0, 1.0) if all(abs(one / step - round(one / step)) < ROOM for one in shares)), 0.1)


def _of_mean(numbers: Mapping[str, Any], shares: Mapping[str, Any]) -> Iterator[Between]:
    """A mean, and the sum of squares where a deviation is shown.

    Beside "95 or more" a mean tells nothing, and one that may be cut at an end tells of one side.
    """
    if "mean" not in numbers or any(bound == "at_least" for _, _, bound in shares.get("distribution", ())):
        return
    mean, cut = numbers["mean"], 0.3 + ROOM
    half = 0.05 if abs(mean * 10 - round(mean * 10)) < ROOM else 0.005
    if "distribution" not in shares and numbers["n_from"] < LARGE and not numbers.get("in_tenths"):
        half, cut = 0.25, 0.5 + ROOM
    if mean > 1 + cut:
        yield POINTS - (mean - half), 0, inf
    if mean < 5 - cut:
        yield POINTS - (mean + half), -inf, 0
    if "sd" in numbers and "n_from" in numbers and numbers["n_from"] == numbers["n_to"]:
        n, sd = numbers["n_from"], numbers["sd"]
        least, most = ((n - 1) * max(sd + off, 0) ** 2 + n * (mean + off) ** 2 for off in (-half, half))
        yield POINTS**2, least, most


def _answered(one: Mapping[str, Any]) -> tuple[int, int]:
    """Of how many people a unit's participation may tell: rounded down, in steps of two people or more."""
    invited, percent = one["invited"], one["percent"]
    if percent is None:
        return 0, invited
    step = 5 * -(-200 // (invited * 5))
    low = 0 if one["bound"] == "or_less" else percent
    end = {"or_more": 101, "or_less": percent, None: percent + step}[one["bound"]]
    fits = [number for number in range(invited + 1) if low <= 100 * number // invited < end]
    return fits[0], fits[-1]
