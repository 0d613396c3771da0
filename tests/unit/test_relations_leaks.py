"""Whether what is told of how answers go together tells anything of too few people, by brute force."""

from collections.abc import Iterator, Mapping
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest

from service.disclosure import policy as policies
from service.disclosure.measures import Family
from service.disclosure.policy import Policy
from service.disclosure.tree import Tree
from service.releases import relations
from service.responses.sheet import SKIPPED
from tests.make.groups import largest_groups, rank
from tests.make.related_answers import World, document, element, rating

POINTS = (1, 2, 3)
K, K_DEVIATION = 2, 3
LOW = {"k_mean": K, "k_distribution": K, "k_sensitive": K, "sd_from": K_DEVIATION}
Group = tuple[int, str]


def small_world(random: Random) -> tuple[World, dict[Group, int]]:
    """Eight to twelve people in a tree of up to five units, who answered two items, or one of them."""
    parents = random.choice([(-1,), (-1, 0), (-1, 0, 0), (-1, 0, 0, 0), (-1, 0, 0, 1), (-1, 0, 1, 1)])
    size, people = random.randint(8, 12), {}
    share = random.choice([0.35, 0.5, 0.7])
    odd = random.choice(["p", "pq", "ppq"])
    for _ in range(size):
        answered = "pq" if random.random() < share else random.choice(odd)
        group = random.randrange(len(parents)), answered
        people[group] = people.get(group, 0) + 1
    made = document([rating(one, 3) for one in "pq"], [element("s", "pq")])
    classes, rows = [], []
    for (where, answered), many in people.items():
        for _ in range(many):
            classes.append(where)
            rows.append([random.choice(POINTS) if one in answered else SKIPPED for one in "pq"])
    matrix = np.asfortranarray(np.array(rows, np.int16))
    return World(made, np.array(classes, np.intp), matrix, Tree(np.array(parents)), Policy(**LOW)), people


def figures(found: World) -> Iterator[tuple[set[int], str, Any]]:
    """What is shown: the nodes of its cell, whom it counts, and what it makes of an answer to each item."""
    tallies = found.tallies
    for column in found.table(tallies).columns:
        counted = {"p": "p", "q": "q", "s": "pq"}[column.measure]
        cells = [set(found.tree.below(cell).tolist()) for cell in range(found.tree.size)]
        for cell in np.flatnonzero(column.published).tolist():
            if column.family is Family.mean:
                yield cells[cell], counted, lambda given: sum(given.values())
                if column.has_sd is not None and column.has_sd[cell]:
                    yield cells[cell], counted, lambda given: sum(given.values()) ** 2
            else:
                for point in POINTS[:2]:
                    yield cells[cell], counted, lambda given, point=point: sum(one == point for one in given.values())


def relation_sums() -> Iterator[tuple[str, Any]]:
    """All that a figure of those who answered both can be made of."""
    yield "pq", lambda given: given["p"] * given["q"]
    yield "pq", lambda given: given["p"] ** 2
    yield "pq", lambda given: given["q"] ** 2


def tells_of_few(found: World, people: Mapping[Group, int]) -> bool:
    """Whether with the relation some combination describes fewer people than a deviation may, that did not without."""
    groups = list(people)
    unknown = [
        (number, dict(zip(answered, given, strict=True)), dict.fromkeys(answered, 1))
        for number, (_, answered) in enumerate(groups)
        for given in product(POINTS, repeat=len(answered))
        if set(given) != {1}
    ]

    def row(cell: set[int], counted: str, figure: Any) -> list[int]:
        return [
            figure({one: given[one] for one in counted}) - figure({one: base[one] for one in counted})
            if groups[number][0] in cell and set(counted) <= set(given)
            else 0
            for number, given, base in unknown
        ]

    shown = [row(*one) for one in figures(found)]
    everybody = set(range(found.tree.size))
    both = shown + [row(everybody, *one) for one in relation_sums()]
    without, having = (np.array(rows, np.int64).reshape(-1, len(unknown)) for rows in (shown, both))
    group_of = np.array([number for number, *_ in unknown])
    of_all = rank(without.copy()), rank(having.copy())
    if of_all[0] == of_all[1]:
        return False
    for few in largest_groups([people[group] for group in groups], K_DEVIATION):
        rest = ~np.isin(group_of, list(few))
        if of_all[1] - rank(having[:, rest]) > of_all[0] - rank(without[:, rest]):
            return True
    return False


@pytest.fixture
def lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "FLOORS", dict(policies.FLOORS) | LOW)
    monkeypatch.setattr(relations, "FEWEST", 2)


def judged(seeds: int) -> tuple[int, int, int]:
    """Small worlds of which alpha is told; of these, those with people outside it; and those that tell of few."""
    shown = outside = leaks = 0
    for seed in range(seeds):
        found, people = small_world(Random(seed))
        if "scales" in found.told():
            shown += 1
            outside += any(answered != "pq" for _, answered in people)
            leaks += tells_of_few(found, people)
    return shown, outside, leaks


@pytest.mark.usefixtures("lowered")
def test_no_combination_with_alpha_tells_of_fewer_people_than_a_deviation() -> None:
    shown, outside, leaks = judged(400)
    assert shown > 40
    assert outside > 20
    assert leaks == 0


@pytest.mark.usefixtures("lowered")
def test_the_same_where_everybody_counts_as_enough_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded defect: few people outside do not stand in the way."""
    monkeypatch.setattr(relations._Beside, "_enough_apart", lambda *_: True)
    assert judged(100)[2] > 0
