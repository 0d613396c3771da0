"""Coarse classes in hundreds of small companies, and their loss against the best of all that the rules allow."""

from itertools import product
from typing import Any, NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.campaigns.inviting.coarse import Coarse, coarsened


class Company(NamedTuple):
    units: np.ndarray[Any, Any]
    values: np.ndarray[Any, Any]
    invited: np.ndarray[Any, Any]
    parents: np.ndarray[Any, Any]
    k: int


Cells = dict[tuple[int, int, int], frozenset[int]]
"""By unit, dimension and value (-1 and -1: everybody), the classes whose people are in it."""


@st.composite
def companies(draw: st.DrawFn, most_units: int = 7, most_dimensions: int = 3) -> Company:
    parents = [-1] + [draw(st.integers(0, unit - 1)) for unit in range(1, draw(st.integers(1, most_units)))]
    dimensions = draw(st.integers(0, most_dimensions))
    row = st.tuples(st.integers(0, len(parents) - 1), *[st.integers(-1, 2)] * dimensions)
    rows = draw(st.lists(row, min_size=1, max_size=20, unique=True))
    invited = draw(st.lists(st.sampled_from([1, 2, 3, 4, 6, 9]), min_size=len(rows), max_size=len(rows)))
    table = np.array(rows, np.int64).reshape(len(rows), dimensions + 1)
    return Company(table[:, 0], table[:, 1:], np.array(invited), np.array(parents), draw(st.integers(1, 6)))


def path(parents: np.ndarray[Any, Any], unit: int) -> list[int]:
    return [] if unit < 0 else [unit, *path(parents, int(parents[unit]))]


def cells(units: Any, values: Any, parents: np.ndarray[Any, Any]) -> Cells:
    """Who is in which cell, class by class."""
    found: dict[tuple[int, int, int], set[int]] = {}
    for number, (home, row) in enumerate(zip(units, values, strict=True)):
        for unit in path(parents, int(home)):
            found.setdefault((unit, -1, -1), set()).add(number)
            for dimension, value in enumerate(row):
                if value >= 0:
                    found.setdefault((unit, dimension, int(value)), set()).add(number)
    return {cell: frozenset(members) for cell, members in found.items()}


def price(company: Company, units: Any, values: Any) -> tuple[int, int, int]:
    """Publishable cells that are kept, thinner and lost."""
    before = cells(company.units, company.values, company.parents)
    after = cells(units, values, company.parents)
    kept = thinner = lost = 0
    for cell, members in before.items():
        if company.invited[list(members)].sum() >= company.k:
            left = after.get(cell, frozenset())
            kept += left == members
            large = company.invited[list(left)].sum() >= company.k
            thinner += left != members and large
            lost += not large
    return kept, thinner, lost


def smallest(company: Company, units: Any, values: Any) -> int:
    people: dict[tuple[int, ...], int] = {}
    for home, row, count in zip(units, values, company.invited, strict=True):
        name = (int(home), *map(int, row))
        people[name] = people.get(name, 0) + int(count)
    return min(people.values())


@settings(max_examples=60, deadline=None)
@given(companies())
def test_every_class_counts_k_people_and_the_price_is_as_told(company: Company) -> None:
    found = coarsened(*company)
    if company.invited.sum() >= company.k:
        assert smallest(company, found.units, found.values) >= company.k
    else:
        assert not found.units.any()
        assert (found.values == -1).all()
    assert (found.kept, found.thinner, found.lost) == price(company, found.units, found.values)


@settings(max_examples=60, deadline=None)
@given(companies())
def test_nothing_is_finer_and_no_unit_has_a_part_of_its_people(company: Company) -> None:
    found = coarsened(*company)
    assert all(new in path(company.parents, int(old)) for old, new in zip(company.units, found.units, strict=True))
    assert ((found.values == company.values) | (found.values == -1)).all()
    before = cells(company.units, company.values, company.parents)
    for cell, members in cells(found.units, found.values, company.parents).items():
        assert members <= before[cell]
        if cell[1] < 0:
            assert members == before[cell]


@settings(max_examples=60, deadline=None)
@given(companies())
def test_a_dimension_is_told_of_all_or_none_of_the_people_counted_in_a_unit(company: Company) -> None:
    found = coarsened(*company)
    for dimension in range(company.values.shape[1]):
        old, new = company.values[:, dimension], found.values[:, dimension]
        everywhere = {value for value in old if not (new[old == value] == value).any()}
        for unit in np.unique(found.units):
            here = (found.units == unit) & (old >= 0) & ~np.isin(old, list(everywhere))
            assert (new[here] == old[here]).all() or (new[here] == -1).all()


@settings(max_examples=40, deadline=None)
@given(companies())
def test_classes_that_all_count_k_people_stay_as_they_are(company: Company) -> None:
    large = company._replace(invited=company.invited + company.k)
    found = coarsened(*large)
    assert (found.units == company.units).all()
    assert (found.values == company.values).all()
    assert found.thinner == found.lost == 0


@settings(max_examples=40, deadline=None)
@given(companies(), st.randoms(use_true_random=False))
def test_the_order_of_classes_does_not_matter(company: Company, chance: Any) -> None:
    order = list(range(len(company.units)))
    chance.shuffle(order)
    units, values, invited, parents, k = company
    found, turned = coarsened(*company), coarsened(units[order], values[order], invited[order], parents, k)
    assert (turned.units == found.units[order]).all()
    assert (turned.values == found.values[order]).all()


@settings(max_examples=40, deadline=None)
@given(companies(), st.integers(0, 2))
def test_a_used_up_budget_never_leaves_a_small_class(company: Company, budget: int) -> None:
    found = coarsened(*company, budget)
    if company.invited.sum() >= company.k:
        assert smallest(company, found.units, found.values) >= company.k
    assert (found.kept, found.thinner, found.lost) == price(company, found.units, found.values)


def fewest_lost(company: Company) -> int:
    """The fewest cells lost of everything that keeps whole units and tells a dimension by unit, tried out."""
    parents, count = company.parents, len(company.parents)
    marks = sorted({(at, int(value)) for row in company.values for at, value in enumerate(row) if value >= 0})
    dimensions = company.values.shape[1]
    best = 1 << 30
    for open_ in product([False, True], repeat=count - 1):
        stays = [True, *open_]
        home = [next(up for up in path(parents, unit) if all(stays[above] for above in path(parents, up)))
                for unit in range(count)]  # fmt: skip
        units = np.array(home)[company.units]
        used = np.unique(units)
        for blank in product([False, True], repeat=len(marks)):
            left = company.values.copy()
            for gone, (dimension, value) in zip(blank, marks, strict=True):
                if gone:
                    left[left[:, dimension] == value, dimension] = -1
            for told in product(product([False, True], repeat=dimensions), repeat=len(used)):
                says = np.array(told).reshape(len(used), dimensions)[np.searchsorted(used, units)]
                values = np.where(says, left, -1)
                if smallest(company, units, values) >= company.k:
                    best = min(best, price(company, units, values)[2])
    return best


def small_company(seed: int) -> Company:
    """Four units with one dimension, or three with two."""
    chance = np.random.default_rng(seed)
    count, sizes = [(4, [3]), (3, [2, 2])][seed % 2]
    parents = np.array([-1] + [int(chance.integers(0, unit)) for unit in range(1, count)])
    people = np.column_stack([chance.integers(0, count, 30), *(chance.integers(-1, size, 30) for size in sizes)])
    rows, invited = np.unique(people, axis=0, return_counts=True)
    return Company(rows[:, 0], rows[:, 1:], invited, parents, 4)


def test_the_loss_is_not_far_from_the_best_that_the_rules_allow() -> None:
    # Sixteen companies lost 86 cells where 58 had to be, 1.48 times as many: it closes a unit for a firm dimension,
    # or not at all, and sometimes one branch should close and another one blank.
    found, best = 0, 0
    for seed in range(8):
        company = small_company(seed)
        mine: Coarse = coarsened(*company)
        fewest = fewest_lost(company)
        assert fewest <= mine.lost
        found, best = found + mine.lost, best + fewest
    assert found <= 1.7 * best, (found, best)
