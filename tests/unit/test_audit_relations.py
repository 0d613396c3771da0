"""The auditor on figures that relate answers: of how many people, and what they are compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from service.disclosure.audit import Measured, Wave, relations
from tests.make.banded_wave import AB, EVERYBODY, MEMBERS, A, measured, wave

Ints = NDArray[np.int64]


def related(n: Sequence[int], places: Sequence[int] = (EVERYBODY,)) -> Wave:
    """Two items, answered by 40 people in each class, and by so many; and the mean of their means."""
    items = [measured("p", (40, 40, 40, 40)), measured("q", n), measured("s", [0] * 4, ("p", "q"), derived=True)]
    families = ("mean", "deviation")
    return wave(items, {(one, family): places for one in "pq" for family in families} | {("s", "mean"): places})


def said(statistics: object, made: Wave, people: int = 120, **how: bool) -> list[str]:
    """Of so many people, 40 in each class as far as they go."""
    counted: list[tuple[str, ...]] = []

    def together(measures: tuple[str, ...]) -> Ints:
        counted.append(measures)
        return np.clip(people - np.arange(0, 160, 40), 0, 40)

    found = relations({"statistics": statistics}, made, together, **how)
    assert set(counted) <= {("p", "q")}
    return [f"{one.row.measure}: {one.reason}" for one in found]


def test_what_relates_answers_is_of_a_hundred_people() -> None:
    made = related((40, 40, 40, 0))
    assert relations({}, made, lambda _: np.zeros(4, np.int64)) == ()
    for measures in (["p", "q"], ["p", "q", "s"], ["s"]):
        good = {"scale": "s", "n": 120, "measures": measures, "alpha": "0.8"}
        assert said({"scales": [good], "drivers": good}, made) == []
    good = {"scale": "s", "n": 120, "measures": ["p", "q"]}
    assert said({"scales": [good]}, made, 130)[:1] == ["s: it says 120 people and counts 130"]
    assert said({"scales": [good]}, made, 119)[:1] == ["s: it says 120 people and counts 119"]
    assert said({"drivers": good | {"n": 95}}, made, 99)[:1] == ["s: it counts 99 people, fewer than 100"]
    assert said({"drivers": {"n": 100, "measures": ["p", "q"]}}, made, 100) == [
        "drivers: q counts 20 people more, fewer than 30"
    ]


@pytest.mark.parametrize("people", range(145, 151))
def test_how_many_they_are_is_told_rounded_down(people: int) -> None:
    """Of what is out, the exact number is taken as well: that is how it was told before. No other number is."""
    made = related((40, 40, 40, 40))
    for n in range(140, 156):
        entry = {"n": n, "measures": ["p", "q"]}
        new, out = (said({"drivers": entry}, made, people, exact_too=one) for one in (False, True))
        wrong = [] if n == people // 5 * 5 else [f"drivers: it says {n} people and counts {people}"]
        if n == people != people // 5 * 5:
            wrong = [f"drivers: it says exactly {n} people, and not that there are {people // 5 * 5} or more"]
        assert [one for one in new if "it says" in one] == wrong
        assert [one for one in out if "it says" in one] == ([] if n == people else wrong)


def test_what_relates_answers_leaves_nobody_or_enough_beside_it() -> None:
    entry = {"n": 120, "measures": ["p", "q"]}
    for extra, few in ((0, False), (1, True), (29, True), (30, False)):
        found = said({"drivers": entry}, related((40, 40, 40, extra)))
        assert found == ([f"drivers: q counts {extra} people more, fewer than 30"] if few else [])


def test_what_relates_answers_stands_beside_their_means_and_deviations() -> None:
    entry = {"n": 120, "measures": ["p", "q"]}
    made = related((40, 40, 40, 0))
    for family in ("mean", "deviation"):
        less = [one for one in made.published if (one.measure, one.family) != ("q", family)]
        lacks = [f"drivers: it is made of q, whose {family} for everybody is not published"]
        assert said({"drivers": entry}, replace(made, published=less)) == lacks
    elsewhere = said({"drivers": entry}, related((40, 40, 40, 0), (AB,)))
    assert [one.split(", ")[0] for one in elsewhere] == ["drivers: it is made of p", "drivers: it is made of q"]


@pytest.mark.parametrize(
    ("statistics", "reason"),
    [
        ([], "statistics: it does not say"),
        ({"drivers": {"n": 120}}, "drivers: it does not say"),
        ({"drivers": {"n": 120, "measures": []}}, "drivers: it does not say"),
        ({"drivers": {"n": 120, "measures": "p"}}, "drivers: it does not say"),
        ({"drivers": {"measures": ["p", "q"]}}, "drivers: it does not say"),
        ({"drivers": {"n": "120", "measures": ["p", "q"]}}, "drivers: it does not say"),
        ({"drivers": {"n": True, "measures": ["p", "q"]}}, "drivers: it does not say"),
        ({"more": {"icc": 0.1}}, "more: it does not say"),
        ({"scales": [7]}, "scales: it does not say"),
        ({"drivers": {"n": 120, "measures": ["p", "q", 7]}}, "drivers: it does not say"),
        ({"drivers": {"n": 120, "measures": ["p", ["q"]]}}, "drivers: it does not say"),
        ({"drivers": {"n": 120, "measures": ["p", "r"]}}, "drivers: it is made of r, which is no measure"),
    ],
)
def test_what_does_not_say_whom_it_is_made_of_may_not_stand(statistics: object, reason: str) -> None:
    (found,) = said(statistics, related((40, 40, 40, 0)))
    assert found.startswith(reason)


# What they are compared with, whatever they say.

People = Mapping[frozenset[str], Sequence[int]]
BOTH_FIGURES = ("mean", "deviation")


def answered_by(people: People, parts: Mapping[str, Sequence[str]], **more: dict[str, Any]) -> list[Measured]:
    """Measures counted over groups of people, by class, who answered the same items; wholes are of all their parts."""

    def items(name: str) -> set[str]:
        return {one for part in parts.get(name, ()) for one in items(part)} or {name}

    names = dict.fromkeys([*(one for group in people for one in sorted(group)), *parts])
    found = []
    for name in names:
        needed = [items(part) for part in parts.get(name, ())]
        n = sum((np.array(by) for group, by in people.items() if items(name) <= group), np.zeros(4, np.int64))
        some = [by for group, by in people.items() if any(one <= group for one in needed) and not items(name) <= group]
        partial = np.sum([np.zeros(4, np.int64), *map(np.array, some)], axis=0)
        found.append(
            measured(name, n.tolist(), tuple(parts.get(name, ())), **{"partial": partial} | more.get(name, {}))
        )
    return found


def beside(
    entry: object,
    key: str,
    people: People,
    made: Sequence[Measured],
    shown: Mapping[tuple[str, str], Sequence[int]],
    members: Sequence[Sequence[int]] = MEMBERS,
) -> list[str]:
    """What is wrong with one entry; who counts together is counted from the people."""
    below = {measure.id: measure.parts for measure in made}

    def items(name: str) -> set[str]:
        return {one for part in below[name] for one in items(part)} or {name}

    def together(measures: tuple[str, ...]) -> Ints:
        asked = set().union(*map(items, measures))
        return sum((np.array(by) for group, by in people.items() if asked <= group), np.zeros(4, np.int64))

    found = relations({"statistics": {key: entry}}, wave(made, shown, members), together)
    return [one.reason for one in found]


def everywhere(*names: str, places: Sequence[int] = (EVERYBODY,)) -> dict[tuple[str, str], Sequence[int]]:
    return {(name, family): places for name in names for family in BOTH_FIGURES}


IN_INDEX = {"a": ("p",), "b": ("q",), "c": ("r",), "i": ("a", "b")}


def of_drivers(few: int) -> People:
    """200 answered all, 40 one item alone, 40 another, and few these two and not the third."""
    groups = {"pqr": 200, "p": 40, "q": 40, "pq": few}
    return {frozenset(group): (n // 2, n - n // 2, 0, 0) for group, n in groups.items()}


@pytest.mark.parametrize("named", [["c", "a", "b"], ["c", "a", "b", "p", "q", "r"], ["c", "a", "b", "i"]])
def test_an_index_of_scales_that_are_weighed_stands_beside_them(named: list[str]) -> None:
    """Its squares are those of its scales and their product: three people could be told by the difference."""
    drivers = {"outcome": "c", "n": 200, "measures": named, "weights": [{"scale": "a"}, {"scale": "b"}]}
    shown = everywhere(*"abcipqr")
    for few in (0, 3, 29, 30):
        people = of_drivers(few)
        for made in (answered_by(people, IN_INDEX), answered_by(people, IN_INDEX)[::-1]):
            wrong = beside(drivers, "drivers", people, made, shown)
            assert wrong == ([f"i counts {few} people more, fewer than 30"] if few in (3, 29) else [])
            assert beside({"n": 200, "measures": ["p", "q", "r"]}, "drivers", people, made, shown) == wrong
    people = of_drivers(3)
    made = answered_by(people, IN_INDEX)
    for hidden in BOTH_FIGURES:
        less = {key: places for key, places in shown.items() if key != ("i", hidden)}
        assert beside(drivers, "drivers", people, made, less) != []
    hidden_index = {key: places for key, places in shown.items() if key[0] != "i"}
    assert bool(beside(drivers, "drivers", people, made, hidden_index)) == ("i" in named)


def test_an_index_with_another_scale_holds_products_that_they_do_not() -> None:
    people = of_drivers(3) | {frozenset("pqs"): (5, 0, 0, 0), frozenset("pqrs"): (0, 0, 50, 0)}
    made = answered_by(people, IN_INDEX | {"d": ("s",), "i": ("a", "b", "d")})
    entry = {"n": 250, "measures": ["c", "a", "b"]}
    assert beside(entry, "drivers", people, made, everywhere(*"abcdi")) == []
    entry["measures"] = ["c", "a", "b", "i"]
    entry["n"] = 50
    assert "i counts 5 people more, fewer than 30" in beside(entry, "drivers", people, made, everywhere(*"abcdi"))


def test_the_parts_of_an_index_are_compared_and_the_items_of_a_score_are_not() -> None:
    parts = {"a": ("p", "q"), "b": ("r",), "c": ("s",), "i": ("a", "b")}
    people = {frozenset("pqrs"): (60, 60, 0, 0), frozenset("p"): (3, 0, 0, 0), frozenset("pqs"): (0, 4, 0, 0)}
    made = answered_by(people, parts)
    shown = everywhere(*"abcipqrs")
    entry = {"n": 120, "measures": ["i", "c"]}
    more = [f"{one} counts 4 people more, fewer than 30" for one in "cas"]
    assert sorted(beside(entry, "drivers", people, made, shown)) == sorted(more)
    items = [f"{one} counts {n} people more, fewer than 30" for one, n in (("p", 7), ("q", 4))]
    assert sorted(beside(entry, "more", people, made, shown)) == sorted(more + items)
    # Alpha is of items, whatever it says; what belongs to units is not.
    alpha = {"n": 120, "measures": ["a"], "scale": "a"}
    assert beside(alpha, "scales", people, made, shown) == ["p counts 3 people more, fewer than 30"]
    assert beside(alpha, "units", people, made, shown) == []
    assert beside(alpha | {"n": 120, "measures": ["b"]}, "units", people, made, shown) == [
        "a counts 4 people more, fewer than 30"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {"measures": ["a"], "scale": "c"},
        {"measures": ["a"], "outcome": "c"},
        {"measures": ["a"], "weights": [{"scale": "a"}, {"scale": "c"}]},
    ],
)
def test_whatever_it_names_counts(entry: dict[str, Any]) -> None:
    people = {frozenset("pr"): (60, 60, 0, 0), frozenset("p"): (3, 0, 0, 0)}
    made = answered_by(people, {"a": ("p",), "c": ("r",)})
    wrong = beside(entry | {"n": 120}, "drivers", people, made, everywhere(*"acpr"))
    assert sorted(wrong) == [f"{one} counts 3 people more, fewer than 30" for one in "ap"]
    other = {key: "x" if value == "c" else value for key, value in entry.items() if key != "weights"}
    if "weights" in entry:
        other["weights"] = [{"scale": "x"}]
    assert beside(other | {"n": 120}, "drivers", people, made, everywhere(*"acpr")) == [
        "it is made of x, which is no measure"
    ]


@pytest.mark.parametrize(
    ("gates", "measures", "key"),
    [
        ({"a": ("g",)}, ["a"], "units"),
        ({"p": ("g",)}, ["a"], "units"),
        ({"p": ("g",)}, ["c", "i"], "drivers"),
        ({"q": ("g",)}, ["p", "q"], "scales"),
        ({"q": ("g",)}, ["p"], "more"),
    ],
)
def test_what_would_tell_how_many_were_asked_may_not_stand(
    gates: Mapping[str, tuple[str, ...]], measures: list[str], key: str
) -> None:
    """Wide bands of numbers hide how many gave the answers that the question hangs on; one of five does not."""
    people = {frozenset("pqrg"): (60, 60, 0, 0)}
    parts = {"a": ("p", "q"), "c": ("r",), "i": ("a",)}
    shown = everywhere(*"acipqrg") | {("g", "distribution"): [EVERYBODY]}
    entry = {"n": 120, "measures": measures}
    assert beside(entry, key, people, answered_by(people, parts), shown) == []
    made = answered_by(people, parts, **{name: {"gates": own} for name, own in gates.items()})
    said = set(beside(entry, key, people, made, shown))
    wrong = {f"how many count in {one} is an answer to g, and would be told to within 5" for one in "aipq"}
    assert bool(said & wrong) == (key != "more")
    assert said <= wrong


@pytest.mark.parametrize("family", ["mean", "distribution", "deviation"])
def test_places_may_not_set_apart_all_but_a_few(family: str) -> None:
    """Sixty people more, nearly all of them in a place of their own: two of the others are left beside them."""
    entry = {"n": 120, "measures": ["p", "q"]}
    for few, wrong in ((1, True), (14, True), (15, False)):
        people = {frozenset("pq"): (120, 0, few, 0), frozenset("p"): (few, 0, 60, 0)}
        made = answered_by(people, {})
        entry["n"] = (120 + few) // 5 * 5
        more = f"p counts {60 + few} people more, of whom its figures set apart all but {2 * few}"
        shown = everywhere("p", "q")
        assert beside(entry, "drivers", people, made, shown) == []
        shown |= {("p", family): [EVERYBODY, AB]}
        assert beside(entry, "drivers", people, made, shown) == ([more] if wrong else [])
        shown = everywhere("p", "q") | {("q", family): [EVERYBODY, AB]}
        assert beside(entry, "drivers", people, made, shown) == []


@pytest.mark.parametrize("family", BOTH_FIGURES)
def test_an_index_that_is_not_named_need_not_stand_for_everybody(family: str) -> None:
    drivers = {"outcome": "c", "n": 200, "measures": ["c", "a", "b"], "weights": [{"scale": "a"}, {"scale": "b"}]}
    people = of_drivers(0)
    made = answered_by(people, IN_INDEX)
    shown = everywhere(*"abcipqr") | {("i", family): [A]}
    assert beside(drivers, "drivers", people, made, shown) == []
    lacks = [f"it is made of i, whose {family} for everybody is not published"]
    assert beside(drivers | {"measures": [*"cabi"]}, "drivers", people, made, shown) == lacks
    assert beside(drivers | {"outcome": "i"}, "drivers", people, made, shown) == lacks


def test_places_that_cross_set_apart_whoever_is_in_different_ones() -> None:
    """Against a plain count of who is in the same places."""
    for seed in range(400):
        random = Random(seed)
        crossing = [tuple(one for one in range(4) if random.random() < 0.5) for _ in range(3)]
        members = (MEMBERS[EVERYBODY], *crossing)
        places = [EVERYBODY, *(one for one in (1, 2, 3) if random.random() < 0.6)]
        inside = [random.choice([0, 5, 60, 100]) for _ in range(3)] + [100]
        others = [random.choice([0, 1, 15, 30, 60]) for _ in range(4)]
        people = {frozenset("pq"): inside, frozenset("p"): others}
        pieces: dict[tuple[bool, ...], list[int]] = {}
        for one in range(4):
            sums = pieces.setdefault(tuple(one in members[place] for place in places), [0, 0])
            sums[0] += inside[one]
            sums[1] += others[one]
        kept, more = sum(min(sums) for sums in pieces.values()), sum(others)
        shown = everywhere("p", "q") | everywhere("p", places=places)
        entry = {"n": sum(inside), "measures": ["q", "p"]}
        found = beside(entry, "drivers", people, answered_by(people, {}), shown, members)
        assert bool(found) == bool(more and kept < 30), seed


@pytest.mark.parametrize(("place", "everybody"), [((0, 1, 2), True), ((0, 1, 2, 3), True), ((0, 1, 3), False)])
def test_everybody_is_whoever_took_part(place: tuple[int, ...], everybody: bool) -> None:
    people = {frozenset("pq"): (60, 60, 60, 0)}
    shown = everywhere("p", "q")
    wrong = beside({"n": 180, "measures": ["p", "q"]}, "more", people, answered_by(people, {}), shown, (place,))
    assert wrong == [f"it is made of {one}, whose mean for everybody is not published" for one in "pq" if not everybody]
