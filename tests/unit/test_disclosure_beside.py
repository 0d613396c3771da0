"""Figures that would be known more finely from others beside them than they are shown."""

from decimal import Decimal

import numpy as np
import pytest

from service.disclosure.breakdowns import protect_breakdowns, protect_more
from service.disclosure.grid import Grid
from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import Row, SafeTable
from service.disclosure.tree import Tree
from tests.make.measures import a_measure

ALONE = Tree(np.array([-1]))
SITES = np.array([[0, 0], [1, 0], [2, 1]])
"""Three sites, of which a region has two."""


def rating(answers: list[list[int]]) -> Measure:
    counts = np.array(answers)
    points = np.arange(1, 6)
    return a_measure(
        id="q", kind=Kind.item, n=counts.sum(axis=1), total=counts @ points, square_total=counts @ points**2,
        score_min=1, score_max=5, counts=counts, scores=points.tolist(),
        favourable=counts[:, 3:].sum(axis=1), neutral=counts[:, 2], unfavourable=counts[:, :2].sum(axis=1),
    )  # fmt: skip


def row(table: SafeTable, place: int, family: Family = Family.mean) -> Row:
    return next(row for row in table.rows() if row.node == place and row.family is family)


@pytest.mark.parametrize("off", [[0, 0, 0, 0, 150], [0, 0, 0, 1, 149], [0, 0, 1, 0, 149]])
def test_a_mean_does_not_tell_how_many_are_left_of_nearly_all(off: list[int]) -> None:
    """5.00 of 150 people says that all answered 5, where their share says "98 or more"."""
    found = row(protect(ALONE, np.array([150]), [rating([off])], Policy()), 0)
    assert (found.mean, found.decimals, found.sd) == (Decimal("5.0"), 1, None)


ANSWERS = [[30, 30, 30, 30, 30], [0, 1, 0, 0, 19], [12, 12, 12, 12, 12]]


@pytest.mark.parametrize("turned", [False, True])
def test_sites_in_regions_are_terms_of_them(*, turned: bool) -> None:
    """Region less site of 150 people is the site of 20, whose shares have steps of five points."""
    values = SITES[:, ::-1] if turned else SITES
    grid = Grid(ALONE, np.zeros(3, np.int64), values, (2, 3) if turned else (3, 2), [(), (0,), (1,)])
    measure = rating(ANSWERS)
    found = protect_breakdowns(grid, measure.n, [measure], Policy())
    region = 1 if turned else 4
    assert not found.fell_back
    assert row(found.table, region).decimals == 1
    assert row(found.table, region, Family.distribution).decimals == 0


def test_what_is_shown_later_is_as_coarse_as_what_it_could_give_away() -> None:
    """Everybody was shown in steps of a tenth of a point: less one of two sites, that is the other one."""
    measure = rating(ANSWERS[:2])
    grid = Grid(ALONE, np.zeros(2, np.int64), np.array([[0], [1]]), (2,), [(), (0,)])
    kept = {("q", family): np.array([True, False, False]) for family in Family}
    later = protect_more(grid, measure.n, [measure], Policy(), kept, slice(1, None))
    assert row(later, 0, Family.distribution).decimals == 0
    assert row(later, 0).decimals == 1
