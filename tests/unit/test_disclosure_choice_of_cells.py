"""Which cells a scale gives up so that nobody stands alone: small ones before large ones."""

import numpy as np

from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.tree import Tree
from tests.make.measures import a_measure

PEOPLE = np.array([0, 300, 200, 40])
SKIPPED = np.array([0, 30, 20, 2])
"""Of the company's two divisions and its small department, who skipped the second item."""


def item(name: str, n: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Measure:
    return a_measure(
        id=name, kind=Kind.item, n=n, total=3 * n, square_total=9 * n, score_min=1, score_max=5,
        favourable=0 * n, neutral=n, unfavourable=0 * n,
    )  # fmt: skip


def published(family: Family) -> set[int]:
    complete = PEOPLE - SKIPPED
    scale = a_measure(
        id="scale", kind=Kind.scale, n=complete, parts=("a", "b"), partial=SKIPPED, total=6 * complete,
        square_total=36 * complete, denominator=2, score_min=1, score_max=5, favourable=0 * complete,
        neutral=2 * complete, unfavourable=0 * complete, share_denominator=2,
    )  # fmt: skip
    measures = [item("a", PEOPLE), item("b", complete), scale]
    table = protect(Tree(np.array([-1, 0, 0, 0])), PEOPLE, measures, Policy())
    rows = (row for row in table.rows() if row.measure == "scale" and row.family is family)
    return {row.node for row in rows if row.status == "published"}


def test_a_division_is_withheld_before_the_whole_company_is() -> None:
    # Two people of the department skipped: its scale is withheld, and with the company's less the divisions' the two
    # would stand alone. The smaller division goes; the company and the larger division stay.
    assert published(Family.mean) == {0, 1}
    assert published(Family.distribution) == {0, 1}


def test_sums_of_squares_of_a_million_people_are_accepted() -> None:
    n = np.array([1_000_000])
    measure = a_measure(
        id="number", kind=Kind.item, n=n, total=30_000 * n, square_total=30_000**2 * n, score_min=0, score_max=32_000
    )
    table = protect(Tree(np.array([-1])), n, [measure], Policy())
    assert [row.mean for row in table.rows()] == [30_000.0]
