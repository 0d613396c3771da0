"""What goes with branching, skipped items and bands in the numbers that `protect` is told, and in what it shows."""

from typing import Any

import numpy as np
import pytest

from service.disclosure.breakdowns import protect_breakdowns, protect_more, protect_tree_alone
from service.disclosure.grid import Grid
from service.disclosure.measures import Family, Gaps, Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import SafeTable
from service.disclosure.tree import Tree

COMPANY = Tree(np.array([-1, 0, 0]))
"""A company of two teams."""
EVERYBODY = np.array([0, 40, 8])


def rating(name: str, n: list[int], **more: Any) -> Measure:
    """Answers of five points, all of them 3."""
    people = np.array(n)
    return Measure(
        id=name, kind=Kind.item, n=people, total=3 * people, square_total=9 * people, score_min=1, score_max=5,
        counts=np.outer(people, [0, 0, 1, 0, 0]), favourable=0 * people, neutral=people, unfavourable=0 * people,
        **more,
    )  # fmt: skip


def gate(name: str = "g", n: list[int] | None = None, **more: Any) -> Measure:
    """A choice of two, half of the people each."""
    people = EVERYBODY if n is None else np.array(n)
    half = people // 2
    return Measure(id=name, kind=Kind.item, n=people, counts=np.stack([half, people - half], axis=1), **more)


def scale(parts: list[Measure], n: list[int], **more: Any) -> Measure:
    people = np.array(n)
    return Measure(
        **{
            "id": "s", "kind": Kind.scale, "n": people, "total": 3 * people, "square_total": 9 * people,
            "score_min": 1, "score_max": 5, "favourable": 0 * people, "neutral": people, "unfavourable": 0 * people,
            "parts": [part.id for part in parts], "partial": 0 * people, **more,
        }
    )  # fmt: skip


def shown(table: SafeTable, name: str, family: Family = Family.mean) -> list[int]:
    cells = table.rows()
    return [row.node for row in cells if (row.measure, row.family, row.status) == (name, family, "published")]


def test_a_branched_item_is_shown_only_where_the_distribution_of_its_gate_is() -> None:
    """Eight people are enough for a mean, and too few for the distribution that the number of the asked tells."""
    free, asked = rating("free", [0, 20, 8]), rating("asked", [0, 20, 8], gates=["g"])
    table = protect(COMPANY, EVERYBODY, [gate(), free, asked], Policy())
    assert shown(table, "free") == [0, 1, 2]
    assert shown(table, "g", Family.distribution) == [0]
    assert shown(table, "asked") == shown(table, "asked", Family.distribution) == [0]
    assert table.operator_report()[Family.mean]["parts"] == 2


def test_gates_of_gates_and_wholes_follow() -> None:
    first = gate("g", [0, 40, 40])
    second = gate("h", [0, 20, 8], gates=["g"])
    asked, free = rating("q0", [0, 20, 8], gates=["h"]), rating("q1", [0, 20, 8])
    everybody = np.array([0, 40, 40])
    table = protect(COMPANY, everybody, [scale([asked, free], [0, 20, 8]), asked, free, second, first], Policy())
    assert shown(table, "g", Family.distribution) == [0, 1, 2]
    assert shown(table, "h", Family.distribution) == [0]
    assert shown(table, "q0") == shown(table, "s") == [0]
    assert shown(table, "q1") == [0, 1, 2]


def test_no_deviation_is_shown_where_its_mean_is_taken_away() -> None:
    asked = rating("asked", [0, 40, 40], gates=["g"])
    few = gate("g", [0, 4, 40])
    table = protect(COMPANY, np.array([0, 40, 40]), [asked, few], Policy())
    rows = [row for row in table.rows() if row.measure == "asked" and row.mean is not None]
    assert [(row.node, row.sd is not None) for row in rows] == [(0, True)]


@pytest.mark.parametrize("gates", [["nobody"], ["hours"]])
def test_a_gate_has_a_distribution(gates: list[str]) -> None:
    hours = Measure(id="hours", kind=Kind.item, n=EVERYBODY, total=EVERYBODY, square_total=EVERYBODY, score_min=0,
                    score_max=80)  # fmt: skip
    with pytest.raises(ValueError, match="gate"):
        protect(COMPANY, EVERYBODY, [hours, rating("q", [0, 20, 8], gates=gates)], Policy())


BOTH = Grid(COMPANY, np.array([1, 1, 2, 2]), np.array([[0], [1], [0], [1]]), (2,), [(), (0,)])
"""The two teams, by a dimension of two values."""


def test_branched_items_in_breakdowns() -> None:
    everybody = np.array([20, 20, 20, 6])
    measures = [
        Measure(id="g", kind=Kind.item, n=everybody, counts=np.stack([everybody, 0 * everybody], axis=1)),
        rating("free", [20, 20, 20, 6]),
        rating("asked", [20, 20, 20, 6], gates=["g"]),
    ]
    for made in (
        protect_breakdowns(BOTH, everybody, measures, Policy()).table,
        protect_tree_alone(BOTH, everybody, measures, Policy()).table,
    ):
        for family in Family:
            assert shown(made, "asked", family) == shown(made, "g", Family.distribution)
    assert shown(protect_breakdowns(BOTH, everybody, measures, Policy()).table, "free") == list(range(9))


def test_what_was_shown_before_stays_and_opens_nothing_by_itself() -> None:
    everybody = np.array([20, 20, 20, 20])
    measures = [
        Measure(id="g", kind=Kind.item, n=everybody, counts=np.stack([everybody, 0 * everybody], axis=1)),
        rating("asked", [20, 20, 20, 20], gates=["g"]),
    ]
    first = BOTH.tree.size
    before = np.arange(BOTH.size) < first
    of_the_gate = {("g", Family.distribution): before}
    of_the_item = {("asked", family): before for family in Family}
    for kept in (of_the_gate, of_the_item, of_the_gate | of_the_item):
        later = protect_more(BOTH, everybody, measures, Policy(), kept, first)
        # The table begins with the places asked for: all of them are new to the gate, so the item is shown, too.
        assert shown(later, "g", Family.distribution) == shown(later, "asked") == list(range(BOTH.size - first))


def with_gaps(n: list[int], people: list[list[int]], answered: list[list[list[int]]], **more: Any) -> Measure:
    parts = [rating(f"q{q}", n) for q in range(len(answered[0]))]
    return scale(parts, n, gaps=Gaps(np.array(people), np.array(answered)), **more)


def test_who_skipped_an_item_and_is_scored_counts_as_uneven() -> None:
    """Of 48 people, all scored, some skipped item 1: item sums less scale sums are theirs."""
    for few, places in ((3, [1]), (6, [0, 1, 2])):
        items = [rating("q0", [0, 40, 18]), rating("q1", [0, 40, 18 - few])]
        gaps = Gaps(np.array([[0, 0, few]]), np.array([[[0, 0, few], [0, 0, 0]]]))
        table = protect(COMPANY, np.array([0, 40, 18]), [*items, scale(items, [0, 40, 18], gaps=gaps)], Policy())
        assert shown(table, "q0") == shown(table, "q1") == [0, 1, 2]
        assert shown(table, "s") == places


def test_the_tables_of_each_size_are_shown_together() -> None:
    """In breakdowns, a scale with too few people of one size is withheld, where the others are safe."""
    everybody = np.array([40, 40, 40, 40])
    for few, withheld in ((10, False), (4, True)):
        skipped = np.array([few, 0, 0, 0])
        items = [rating("q0", everybody.tolist()), rating("q1", (everybody - skipped).tolist())]
        gaps = Gaps(skipped[None], np.stack([skipped, 0 * skipped])[None])
        measures = [*items, scale(items, everybody.tolist(), gaps=gaps)]
        made = protect_breakdowns(BOTH, everybody, measures, Policy())
        assert not made.fell_back
        assert (1 not in shown(made.table, "s")) == withheld
        assert 2 in shown(made.table, "s")
        assert 1 in shown(made.table, "q1")


def test_a_grid_counts_gaps_by_node() -> None:
    """The tree alone of a grid is what the same people are without its dimensions."""
    everybody, skipped = np.array([40, 40, 40, 40]), np.array([3, 4, 0, 6])
    items = [rating("q0", everybody.tolist()), rating("q1", (everybody - skipped).tolist())]
    gaps = Gaps(skipped[None], np.stack([skipped, 0 * skipped])[None])
    table = protect_tree_alone(BOTH, everybody, [*items, scale(items, everybody.tolist(), gaps=gaps)], Policy()).table
    assert shown(table, "s") == [0, 1, 2]


N = [0, 40, 8]
NOBODY = [0, 0, 0]
BAD_GAPS: dict[str, tuple[Any, Any]] = {
    "more people than n": ([[0, 41, 0]], [[[0, 41, 0], NOBODY]]),
    "more answered than people": ([[0, 1, 0]], [[[0, 2, 0], NOBODY]]),
    "another number of answers": ([[0, 2, 0]], [[[0, 1, 0], NOBODY]]),
    "as many sizes as parts": ([NOBODY, [0, 1, 0]], [[NOBODY, NOBODY], [[0, 1, 0], NOBODY]]),
    "another number of parts": ([[0, 1, 0]], [[[0, 1, 0]]]),
    "under zero": ([[0, -1, 0]], [[[0, -1, 0], NOBODY]]),
    "no whole number": ([[0, 0.5, 0]], [[[0, 0.5, 0], NOBODY]]),
}


@pytest.mark.parametrize("wrong", BAD_GAPS.values(), ids=BAD_GAPS)
def test_gaps_that_contradict_the_rest_are_refused(wrong: tuple[Any, Any]) -> None:
    items = [rating("q0", N), rating("q1", N)]
    scale(items, N, gaps=Gaps(np.array([[0, 1, 0]]), np.array([[[0, 1, 0], NOBODY]])))
    with pytest.raises(ValueError, match="gaps"):
        scale(items, N, gaps=Gaps(*map(np.array, wrong)))


def test_gaps_that_the_argument_does_not_cover_are_refused() -> None:
    items = [rating("q0", N), rating("q1", [0, 39, 8])]
    gaps = Gaps(np.array([[0, 1, 0]]), np.array([[[0, 1, 0], NOBODY]]))
    whole = scale(items, N, gaps=gaps)
    n = items[1].n
    seven = Measure(id="q1", kind=Kind.item, n=n, total=3 * n, square_total=9 * n, score_min=1, score_max=7,
                    favourable=n, neutral=0 * n, unfavourable=0 * n)  # fmt: skip
    index = scale([whole], N, id="x", kind=Kind.index)
    nobody_skipped = scale(items, N)
    fewer = [items[0], rating("q1", [0, 38, 8])]
    protect(COMPANY, EVERYBODY, [*items, whole], Policy())
    for why, measures in (
        ("parts that are not alike", [items[0], seven, whole]),
        ("parts that are not alike", [*items, scale(items, N, gaps=gaps, alike=False)]),
        ("a part has gaps", [*items, whole, index]),
        ("respondents that a part has not", [*items, nobody_skipped]),
        ("respondents that a part has not", [*fewer, whole]),
        ("partial", [*items, scale(items, N, gaps=gaps, partial=np.array([0, 0, 1]))]),
    ):
        with pytest.raises(ValueError, match=why):
            protect(COMPANY, EVERYBODY, measures, Policy())


def test_bands_of_a_scale_are_shown_as_its_distribution() -> None:
    """The pattern of a scale with bands is that of one with favourable shares alone."""
    items = [rating("q0", N), rating("q1", [0, 40, 8])]
    bands = np.array([[0, 0], [25, 15], [3, 5]])
    plain, banded = scale(items, N), scale(items, N, counts=bands)
    found = [protect(COMPANY, EVERYBODY, [*items, one], Policy()) for one in (plain, banded)]
    for family in Family:
        assert shown(found[0], "s", family) == shown(found[1], "s", family) != []
    assert list(banded.families) == list(Family)


def test_bands_of_items_that_are_not_alike() -> None:
    """Twenty answered item 0 only, and ten item 1 only, with three beside them who answered both; see `parts`."""
    tree = Tree(np.array([-1, 0]))
    items = [rating("q0", [3, 40]), rating("q1", [13, 20])]
    for alike, counts, places in ((True, True, [0]), (False, True, []), (False, False, [0])):
        bands = np.array([[3, 0], [20, 0]]) if counts else None
        whole = scale(items, [3, 20], partial=np.array([10, 20]), alike=alike, counts=bands)
        table = protect(tree, np.array([13, 40]), [*items, whole], Policy())
        assert shown(table, "s", Family.distribution) == places
