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
from tests.make.measures import a_measure

COMPANY = Tree(np.array([-1, 0, 0]))
"""A company of two teams."""
EVERYBODY = np.array([0, 40, 8])


def rating(name: str, n: list[int], **more: Any) -> Measure:
    """Answers of five points, half of them 2 and half of them 4."""
    people = np.array(n)
    low, none = people // 2, 0 * people
    high = people - low
    return a_measure(
        id=name, kind=Kind.item, n=people, total=2 * low + 4 * high, square_total=4 * low + 16 * high, score_min=1,
        score_max=5, counts=np.stack([none, low, none, high, none], axis=1), favourable=high, neutral=none,
        unfavourable=low, **more,
    )  # fmt: skip


def gate(name: str = "g", n: list[int] | None = None, **more: Any) -> Measure:
    """A choice of two, half of the people each."""
    people = EVERYBODY if n is None else np.array(n)
    half = people // 2
    return a_measure(id=name, kind=Kind.item, n=people, counts=np.stack([half, people - half], axis=1), **more)


def scale(parts: list[Measure], n: list[int], **more: Any) -> Measure:
    people = np.array(n)
    return a_measure(
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
    """Of thirty, eight answered the gate: too few for its distribution."""
    free, asked = rating("free", [0, 20, 12]), rating("asked", [0, 20, 8], gates=["g"])
    table = protect(COMPANY, np.array([0, 60, 30]), [gate(), free, asked], Policy())
    assert shown(table, "free") == [0, 1, 2]
    assert shown(table, "g", Family.distribution) == [0]
    assert shown(table, "asked") == shown(table, "asked", Family.distribution) == [0]


def test_gates_of_gates_and_wholes_follow() -> None:
    first = gate("g", [0, 40, 40])
    second = gate("h", [0, 20, 8], gates=["g"])
    asked, free = rating("q0", [0, 10, 4], gates=["h"]), rating("q1", [0, 20, 12])
    everybody = np.array([0, 60, 60])
    whole = scale([asked, free], [0, 10, 4], partial=np.array([0, 10, 8]))
    table = protect(COMPANY, everybody, [whole, asked, free, second, first], Policy())
    assert shown(table, "g", Family.distribution) == [0, 1, 2]
    assert shown(table, "h", Family.distribution) == [0]
    assert shown(table, "q0") == shown(table, "s") == [0]
    assert shown(table, "q1") == [0, 1, 2]


def test_no_deviation_is_shown_where_its_mean_is_taken_away() -> None:
    asked = rating("asked", [0, 2, 40], gates=["g"])
    few = gate("g", [0, 4, 80])
    table = protect(COMPANY, np.array([0, 80, 80]), [asked, few], Policy())
    rows = [row for row in table.rows() if row.measure == "asked" and row.mean is not None]
    assert [(row.node, row.sd is not None) for row in rows] == [(0, True)]


def test_where_everybody_was_asked_a_branched_item_is_withheld() -> None:
    """All forty of the second team passed the gate, which says "95 or more" of them and of thirty-nine alike."""
    unasked = {}
    for asked in (40, 39, 31, 30):
        measures = [gate("g", [0, 40, 40]), rating("asked", [0, 20, asked], gates=["g"])]
        table = protect(COMPANY, np.array([0, 40, 40]), measures, Policy())
        assert shown(table, "g", Family.distribution) == [0, 1, 2]
        unasked[40 - asked] = shown(table, "asked")
        assert shown(table, "asked", Family.distribution) == unasked[40 - asked]
    assert 2 not in unasked[0]
    # So few are told neither as such nor as what is left of the company without the first team.
    assert unasked[1] == unasked[9] == [0]
    assert unasked[10] == [0, 1, 2]


def test_those_not_asked_are_counted_among_those_who_answered_the_gate_too() -> None:
    """Of sixty people, forty answered the gate and nearly all of these were asked: the other twenty hide nobody."""
    for asked, places in ((31, [0]), (30, [0, 1, 2])):
        measures = [gate("g", [0, 40, 40]), rating("asked", [0, 20, asked], gates=["g"])]
        assert shown(protect(COMPANY, np.array([0, 60, 60]), measures, Policy()), "asked") == places


def test_who_is_asked_without_an_answer_to_the_gate_hides_nobody_who_is_not() -> None:
    """Asked are all but those who said so, whoever skipped the gate as well: the others said so."""
    for asked, places in ((51, [0]), (50, [0, 1, 2])):
        measures = [gate("g", [0, 40, 40]), rating("asked", [0, 41, asked], gates=["g"], asks_skippers=True)]
        assert shown(protect(COMPANY, np.array([0, 60, 60]), measures, Policy()), "asked") == places


def test_those_who_are_asked_without_an_answer_do_not_hide_that_the_others_are_not() -> None:
    """Asked are all but those who said so: of sixty who answered, all did, and fifty skipped the question."""
    tree = Tree(np.array([-1]))
    for asked, places in ((50, []), (59, []), (60, [0]), (100, [0]), (101, [])):
        measures = [gate("g", [60]), rating("asked", [asked], gates=["g"], asks_skippers=True)]
        assert shown(protect(tree, np.array([110]), measures, Policy()), "asked") == places


def test_that_nobody_or_everybody_of_a_remainder_is_asked_is_not_told() -> None:
    """Thirty people of the company are in no team: less the teams, it says what they answered to the gate."""
    for asked, places in ((0, [0, 2]), (9, [0, 2]), (10, [0, 1, 2]), (20, [0, 1, 2]), (21, [0, 2]), (30, [0, 2])):
        measures = [gate("g", [30, 40, 60]), rating("asked", [asked, 20, 30], gates=["g"])]
        assert shown(protect(COMPANY, np.array([30, 40, 60]), measures, Policy()), "asked") == places
    # Nobody is left to be asked.
    measures = [gate("g", [0, 40, 60]), rating("asked", [0, 20, 30], gates=["g"])]
    assert shown(protect(COMPANY, np.array([30, 40, 60]), measures, Policy()), "asked") == [0, 1, 2]


def test_what_is_asked_by_several_gates_is_shown_where_everybody_answered_them() -> None:
    for answered, places in ((40, [0, 1, 2]), (39, [])):
        gates = [gate("g", [0, 40, 40]), gate("h", [0, 40, answered])]
        measures = [*gates, rating("asked", [0, 20, 20], gates=["g", "h"])]
        assert shown(protect(COMPANY, np.array([0, 40, 40]), measures, Policy()), "asked") == places


@pytest.mark.parametrize("turned", [False, True], ids=["nearly all asked", "nearly none asked"])
def test_a_branched_item_is_withheld_where_the_share_of_the_asked_lies_in_an_end_band(*, turned: bool) -> None:
    """Of 600 people, the shares of the gate say no more than "2 or less"; twelve are that many."""
    tree = Tree(np.array([-1]))
    for few, places in ((12, []), (13, [0])):
        measures = [gate("g", [600]), rating("asked", [few if turned else 600 - few], gates=["g"])]
        assert shown(protect(tree, np.array([600]), measures, Policy()), "asked") == places
    # Of 400, the threshold is more than their end band.
    for few, places in ((9, []), (10, [0])):
        measures = [gate("g", [400]), rating("asked", [few if turned else 400 - few], gates=["g"])]
        assert shown(protect(tree, np.array([400]), measures, Policy()), "asked") == places


def test_a_branched_item_is_held_to_the_threshold_of_its_gates() -> None:
    """Its n is an answer to them: to the distribution's of any, and to that of sensitive ones, through other gates."""
    everybody = np.array([0, 80, 80])
    for sensitive, n, places in ((False, 9, [0]), (False, 10, [0, 1, 2]), (True, 19, [0]), (True, 20, [0, 1, 2])):
        measures = [
            gate("g", [0, 70, 70], sensitive=sensitive),
            gate("h", [0, 50, 50], gates=["g"]),
            rating("asked", [0, 30, n], gates=["h"]),
            rating("free", [0, 30, n]),
        ]
        table = protect(COMPANY, everybody, measures, Policy(k_sensitive=20))
        assert shown(table, "free") == [0, 1, 2]
        assert shown(table, "asked") == places


@pytest.mark.parametrize("gates", [["nobody"], ["hours"]])
def test_a_gate_has_a_distribution(gates: list[str]) -> None:
    hours = a_measure(id="hours", kind=Kind.item, n=EVERYBODY, total=EVERYBODY, square_total=EVERYBODY, score_min=0,
                    score_max=80)  # fmt: skip
    with pytest.raises(ValueError, match="gate"):
        protect(COMPANY, EVERYBODY, [hours, rating("q", [0, 20, 8], gates=gates)], Policy())


BOTH = Grid(COMPANY, np.array([1, 1, 2, 2]), np.array([[0], [1], [0], [1]]), (2,), [(), (0,)])
"""The two teams, by a dimension of two values."""


def test_branched_items_in_breakdowns() -> None:
    """Of the second team, six of one value answered the gate, too few for its distribution."""
    everybody, answered = np.array([40, 40, 40, 24]), np.array([20, 20, 20, 6])
    measures = [
        a_measure(id="g", kind=Kind.item, n=answered, counts=np.stack([answered, 0 * answered], axis=1)),
        rating("free", [20, 20, 20, 12]),
        rating("asked", [10, 10, 10, 3], gates=["g"]),
    ]
    linked = protect_breakdowns(BOTH, everybody, measures, Policy()).table
    alone = protect_tree_alone(BOTH, everybody, measures, Policy()).table
    for made in (linked, alone):
        for family in Family:
            assert shown(made, "asked", family) == shown(made, "g", Family.distribution) != []
    assert shown(linked, "free") == list(range(9))
    assert shown(linked, "asked") != list(range(9))


def test_who_was_not_asked_is_counted_in_breakdowns() -> None:
    """Four people of one value of the second team were not asked: nor is what they could be told from shown."""
    everybody = np.array([40, 40, 40, 40])
    for few, withheld in ((4, True), (10, False)):
        asked = [20, 20, 20, 40 - few]
        measures = [
            a_measure(id="g", kind=Kind.item, n=everybody, counts=np.stack([everybody, 0 * everybody], axis=1)),
            rating("free", asked),
            rating("asked", asked, gates=["g"]),
        ]
        made = protect_breakdowns(BOTH, everybody, measures, Policy())
        assert not made.fell_back
        assert shown(made.table, "free") == shown(made.table, "g", Family.distribution) == list(range(9))
        places = shown(made.table, "asked")
        if not withheld:
            assert places == list(range(9))
            continue
        # In each place the classes it holds; nor does one less another leave the last class alone.
        classes = np.stack([BOTH.sums(one) for one in np.eye(4, dtype=np.int64)], axis=1)
        told = {tuple(classes[place]) for place in places} | {(0, 0, 0, 0)}
        assert not any((*one[:3], 1) in told for one in told if one[3] == 0)
        assert (1, 1, 1, 1) in told


def test_what_was_shown_before_stays_and_opens_nothing_by_itself() -> None:
    everybody, answered = np.array([40, 40, 40, 40]), np.array([30, 30, 30, 30])
    measures = [
        a_measure(id="g", kind=Kind.item, n=answered, counts=np.stack([answered, 0 * answered], axis=1)),
        rating("asked", [20, 20, 20, 20], gates=["g"]),
    ]
    first = BOTH.tree.size
    before = np.arange(BOTH.size) < first
    of_the_gate = {("g", Family.distribution): before}
    of_the_item = {("asked", family): before for family in Family}
    for kept in (of_the_gate, of_the_item, of_the_gate | of_the_item):
        later = protect_more(BOTH, everybody, measures, Policy(), kept, slice(first, None))
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


@pytest.mark.parametrize("banded", [False, True], ids=["shares", "bands"])
def test_the_people_of_each_size_are_nobody_or_enough(*, banded: bool) -> None:
    """Twenty skipped one of three items, some two of them: who skipped each item is enough in any case."""
    for few, places in ((0, [0, 1, 2]), (6, [1]), (10, [0, 1, 2])):
        skips = [0, 10 + few, 10 + few]
        items = [rating(f"q{q}", [0, 40, 60 - skip]) for q, skip in enumerate(skips)]
        answered = [[few, 0, 0], [20, 10, 10]]
        gaps = Gaps(np.array([[0, 0, few], [0, 0, 20]]), np.array([[[0, 0, one] for one in size] for size in answered]))
        n = [0, 40, 60]
        counts = np.array([[0, 0], [20, 20], [30, 30]]) if banded else None
        whole = scale(items, n, gaps=gaps, counts=counts)
        table = protect(COMPANY, np.array(n), [*items, whole], Policy())
        assert shown(table, "q0", Family.distribution) == [0, 1, 2]
        assert shown(table, "s", Family.distribution) == places, few
        assert shown(table, "s") == [0, 1, 2]


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
    seven = a_measure(id="q1", kind=Kind.item, n=n, total=3 * n, square_total=9 * n, score_min=1, score_max=7,
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


def test_that_all_of_what_is_left_were_asked_is_not_told() -> None:
    """1,240 of 1,540 less 1,200 of 1,500 would be 40 of 40; numbers of gated measures are ranges at any size."""
    everybody = np.array([0, 1500, 40])
    measures = [gate("g", everybody.tolist()), rating("asked", [0, 1200, 40], gates=["g"])]
    table = protect(COMPANY, everybody, measures, Policy())
    shown = [row for row in table.rows() if (row.measure, row.family) == ("asked", Family.mean)]
    for row in shown:
        if row.status == "published":
            assert row.n_from is not None
            assert row.n_to is not None
            assert row.n_to - row.n_from >= 19
    assert "published" in {row.status for row in shown}
