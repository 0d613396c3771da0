import copy
import csv
import gzip
import pickle
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import Row, SafeTable, Share
from service.disclosure.tree import Tree
from tests.make.measures import a_measure

COMPANY = Tree(np.array([-1, 0, 0, 0]))
"""A company of three teams."""


def rating(name: str, by_class: list[list[int]], **more: Any) -> Measure:
    """A five-point item from the number of people by class and answer."""
    counts = np.array(by_class)
    points = np.arange(1, counts.shape[1] + 1)
    return a_measure(
        id=name,
        kind=Kind.item,
        n=counts.sum(axis=1),
        total=counts @ points,
        square_total=counts @ points**2,
        score_min=1,
        score_max=counts.shape[1],
        counts=counts,
        favourable=counts[:, -2:].sum(axis=1) if counts.shape[1] > 3 else counts[:, -1],
        neutral=counts[:, 2] if counts.shape[1] > 3 else counts[:, 0] * 0,
        unfavourable=counts[:, :2].sum(axis=1) if counts.shape[1] > 3 else counts[:, :-1].sum(axis=1),
        **more,
    )


def company(*items: Measure, policy: Policy | None = None) -> SafeTable:
    everybody = np.max([item.n for item in items], axis=0)
    return protect(COMPANY, everybody, items, policy or Policy())


def row(table: SafeTable, node: int, measure: str, family: Family) -> Row:
    (found,) = (one for one in table.rows() if (one.node, one.measure, one.family) == (node, measure, family))
    return found


TEAMS = [[0] * 5, [10, 20, 30, 25, 35], [0, 1, 3, 4, 4], [1, 1, 0, 1, 3]]


def test_a_row_says_what_the_counts_say() -> None:
    table = company(rating("q", TEAMS))
    assert row(table, 1, "q", Family.mean) == Row(
        1, "q", Family.mean, "published", None, n_from=120, n_to=124, decimals=2, mean=3.46
    )
    # The company less this team is 18 people: one deviation of the two may be shown, and the company has more people.
    assert row(table, 0, "q", Family.mean).sd == 1.29
    # The 18 others are derivable too: steps of 5 of 18 people are 90, and 0.1 of the 120 would be 12.
    assert row(table, 1, "q", Family.distribution) == Row(
        1,
        "q",
        Family.distribution,
        "published",
        None,
        n_from=120,
        n_to=124,
        decimals=0,
        favourable=Share(50.0, None),
        neutral=Share(25.0, None),
        unfavourable=Share(25.0, None),
        distribution=tuple(Share(value, None) for value in (8.0, 17.0, 25.0, 21.0, 29.0)),
    )
    small = row(table, 2, "q", Family.mean)
    # Its distribution is withheld, so that its mean comes in halves.
    assert (small.n_from, small.n_to, small.mean, small.decimals, small.sd) == (10, 14, 4.0, 1, None)


def test_each_family_keeps_its_own_threshold() -> None:
    table = company(rating("q", TEAMS))
    assert row(table, 3, "q", Family.mean).status == "published"
    # Six people are no distribution; then the company less its other teams must not be one either.
    assert row(table, 3, "q", Family.distribution) == Row(3, "q", Family.distribution, "withheld", "protected")
    shown = [cell.node for cell in table.rows() if cell.family is Family.distribution and cell.status == "published"]
    assert shown == [0, 1]
    assert table.operator_report()[Family.distribution] == {
        "published": 2,
        "primary": 1,
        "complementary": 1,
        "parts": 0,
    }


def test_sensitive_items_and_what_is_built_from_them_count_ten() -> None:
    for sensitive, published in ((False, "published"), (True, "withheld")):
        first = rating("q0", TEAMS, sensitive=sensitive)
        scale = scale_of([first, rating("q1", TEAMS)], first.n, [0, 0, 0, 0])
        table = company(first, rating("q1", TEAMS), scale)
        assert row(table, 3, "q0", Family.mean).status == published
        assert row(table, 3, "s", Family.mean).status == published
        assert row(table, 3, "q1", Family.mean).status == "published"


def test_a_mean_of_two_answers_is_a_distribution() -> None:
    table = company(rating("yes", [[0, 0], [10, 20], [6, 6], [2, 4]]))
    assert row(table, 3, "yes", Family.mean).status == "withheld"
    assert row(table, 2, "yes", Family.mean).status == "withheld"
    assert row(table, 0, "yes", Family.mean).status == "published"


def scale_of(items: list[Measure], n: np.ndarray[Any, Any], partial: list[int]) -> Measure:
    return a_measure(
        id="s",
        kind=Kind.scale,
        n=n,
        total=n * 3 * len(items),
        square_total=n * 9 * len(items) ** 2,
        denominator=len(items),
        score_min=1,
        score_max=5,
        favourable=n * 0,
        neutral=n * len(items),
        unfavourable=n * 0,
        share_denominator=len(items),
        parts=[item.id for item in items],
        partial=np.array(partial),
    )


def test_a_scale_is_withheld_where_one_person_skipped_one_item() -> None:
    first = rating("q0", TEAMS)
    skipped = rating("q1", [TEAMS[0], TEAMS[1], [0, 1, 3, 4, 3], TEAMS[3]])
    everybody = first.n
    table = protect(COMPANY, everybody, [first, skipped, scale_of([first, skipped], skipped.n, [0, 0, 1, 0])], Policy())
    shown = {node: row(table, node, "s", Family.mean).status for node in range(4)}
    # The team's block joins the company's, which then cannot stand either: 1 person skipped in it.
    assert shown == {0: "withheld", 1: "published", 2: "withheld", 3: "published"}
    assert row(table, 2, "q0", Family.mean).status == row(table, 2, "q1", Family.mean).status == "published"
    assert table.operator_report()[Family.mean]["parts"] == 2


def test_items_of_unlike_formats_count_the_fewest_left_over() -> None:
    """Six people answered item 0 only. A function may be constant on the answers of the one and not of the other."""
    first = rating("q0", [[0] * 5, [10, 20, 30, 25, 35], [0] * 5, [0] * 5])
    n = first.n - [0, 6, 0, 0]
    for answers, status in ((5, "published"), (7, "withheld")):
        counts = np.zeros((4, answers), dtype=np.int64)
        counts[:, 2] = n
        second = rating("q1", counts.tolist())
        table = company(first, second, scale_of([first, second], n, [0, 6, 0, 0]))
        assert row(table, 1, "s", Family.mean).status == status


def test_a_deviation_needs_thirty_people_in_the_cell_and_in_what_it_leaves() -> None:
    table = company(rating("q", [[2, 2, 2, 2, 2], [8] * 5, [8] * 5, [0] * 5]))
    found = {cell.node: cell for cell in table.rows() if cell.family is Family.mean}
    assert [found[node].status for node in range(4)] == ["published"] * 3 + ["withheld"]
    # The ten managers are the company less its teams: their mean may be known, their deviation may not.
    assert [found[node].sd is not None for node in range(3)].count(True) == 2
    assert found[0].sd is not None


def test_a_withheld_row_holds_no_number() -> None:
    table = company(rating("q", TEAMS))
    withheld = [cell for cell in table.rows() if cell.status == "withheld"]
    assert withheld
    assert all(cell[4] == "protected" and set(cell[5:]) == {None} for cell in withheld)
    for column in table.columns:
        arrays = [column.n_from, column.n_to, column.decimals, column.mean, column.sd, column.has_sd]
        shares = [column.favourable, column.neutral, column.unfavourable, *(column.distribution or ())]
        arrays += [part for share in shares if share is not None for part in (share.units, share.bounds)]
        assert all(not array[~column.published].any() for array in arrays if array is not None)


def test_choices_have_no_mean_and_numbers_no_distribution() -> None:
    counts = np.array([[0, 0, 0], [20, 9, 15], [6, 8, 9], [0, 3, 3]])
    choice = a_measure(id="tools", kind=Kind.item, n=np.array([0, 30, 12, 6]), counts=counts)
    hours = a_measure(
        id="hours",
        kind=Kind.item,
        n=np.array([0, 30, 12, 6]),
        total=np.array([0, 1100, 420, 210]),
        square_total=np.array([0, 41_000, 15_000, 7_400]),
        score_min=0,
        score_max=80,
    )
    rows = list(company(choice, hours).rows())
    assert {(cell.measure, cell.family) for cell in rows} == {
        ("tools", Family.distribution),
        ("hours", Family.mean),
    }
    assert all(cell.favourable is None for cell in rows)
    # Several choices, 20, 9 and 15 of 30 people; in steps of 5, as the 18 others of the company can be derived.
    assert rows[1].distribution == (Share(65.0, None), Share(30.0, None), Share(50.0, None))


def test_only_protect_makes_a_safe_table() -> None:
    table = company(rating("q", TEAMS))
    with pytest.raises(TypeError, match="protect"):
        SafeTable(key=object(), columns=table.columns, report={}, policy=Policy())
    with pytest.raises(TypeError, match="kinds"):
        type("Loose", (SafeTable,), {})
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="copied"):
            copied(table)


def test_a_safe_table_cannot_be_changed() -> None:
    table = company(rating("q", TEAMS))
    with pytest.raises(AttributeError):
        table._columns = ()
    with pytest.raises(AttributeError):
        del table._columns
    with pytest.raises(TypeError):
        table.operator_report()[Family.mean]["published"] = 0  # type: ignore[index]  # what a caller may try
    for array in (table.columns[0].published, table.columns[0].mean, table.columns[0].n_from):
        assert array is not None
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.setflags(write=True)


def test_the_arrays_a_caller_keeps_are_not_those_of_the_measure() -> None:
    n = np.array([0, 40, 12, 6])
    measure = a_measure(id="q", kind=Kind.item, n=n, counts=n[:, None])
    n[1] = 3
    assert measure.n.tolist() == [0, 40, 12, 6]


ROW = np.array([0, 40])
BAD_MEASURES: dict[str, dict[str, Any]] = {
    "id": {"id": ""},
    "n": {"n": ROW * 0.5},
    "counts": {"counts": np.array([[0], [41]])},
    "counts under zero": {"counts": np.array([[0], [-1]])},
    "nothing": {"counts": None},
    "shape": {"counts": np.array([[1]])},
    "half a mean": {"total": ROW},
    "total": {"total": ROW * 6, "square_total": ROW, "score_min": 1, "score_max": 5},
    "square_total": {"total": ROW * 3, "square_total": ROW * 8, "score_min": 1, "score_max": 5},
    "scores": {"total": ROW, "square_total": ROW, "score_min": 1, "score_max": 1},
    "denominator": {"denominator": 0},
    "half the shares": {"favourable": ROW},
    "shares": {"favourable": ROW, "neutral": ROW, "unfavourable": ROW},
    "parts of an item": {"parts": ["a"]},
    "scale without parts": {"kind": Kind.scale},
    "part twice": {"kind": Kind.scale, "parts": ["a", "a"], "partial": ROW * 0, "counts": None},
    "kind": {"kind": "matrix"},
    "too large": {"n": ROW * 2**50},
}


@pytest.mark.parametrize("wrong", BAD_MEASURES.values(), ids=BAD_MEASURES)
def test_a_measure_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    a_measure(id="q", kind=Kind.item, n=ROW, counts=ROW[:, None])
    with pytest.raises(ValueError, match=r"measure|Kind"):
        a_measure(**{"id": "q", "kind": Kind.item, "n": ROW, "counts": ROW[:, None], **wrong})


def test_measures_that_contradict_each_other_are_refused() -> None:
    first, second = rating("q0", TEAMS), rating("q1", TEAMS)
    scale = scale_of([first, second], first.n, [0] * 4)
    index = a_measure(id="x", kind=Kind.index, n=first.n, total=first.n, square_total=first.n, score_min=1, score_max=5,
                    parts=["q0"], partial=first.n * 0)  # fmt: skip
    fewer = scale_of([first, second], first.n - [0, 1, 0, 0], [0] * 4)
    more = scale_of([first, second], first.n - [0, 1, 0, 0], [0, 3, 0, 0])
    choice = a_measure(id="q1", kind=Kind.item, n=first.n, counts=first.n[:, None])
    no_mean = a_measure(id="s", kind=Kind.scale, n=first.n, favourable=first.n, neutral=first.n * 0,
                      unfavourable=first.n * 0, parts=["q0", "q1"], partial=first.n * 0)  # fmt: skip
    larger = rating("q2", [TEAMS[0], TEAMS[1], TEAMS[1], TEAMS[3]])
    cases: list[tuple[str, list[Measure]]] = [
        ("no measure", []),
        ("same id", [first, first]),
        ("absent", [first, scale]),
        ("wrong kind", [first, second, index]),
        ("shares a part", [first, second, scale, renamed(scale, "s2")]),
        ("partial", [first, second, fewer]),
        ("partial", [first, second, more]),
        ("lacks a family", [first, choice, scale]),
        ("has no mean", [first, second, no_mean]),
        ("exceeds", [first, larger]),
        ("respondents that a part has not", [rating("q0", [TEAMS[0], TEAMS[2], *TEAMS[2:]]), second, scale]),
    ]
    for why, measures in cases:
        with pytest.raises(ValueError, match=why):
            protect(COMPANY, first.n, measures, Policy())
    with pytest.raises(ValueError, match="one count per class"):
        protect(Tree(np.array([-1])), np.array([500]), [first], Policy())
    with pytest.raises(ValueError, match="whole number"):
        protect(COMPANY, -first.n, [first], Policy())


def renamed(measure: Measure, name: str) -> Measure:
    names = Measure.__dataclass_fields__
    return a_measure(**{field: getattr(measure, field) for field in names} | {"id": name})


@pytest.mark.shared
def test_the_federal_survey_at_full_size(shared_data: Path) -> None:
    """An agency whose people are all in published units keeps its full precision; every residual is 0 or >= k."""
    with gzip.open(shared_data / "fevs2018" / "responses.csv.gz", "rt", encoding="utf-8") as lines:
        rows = [(line["AGENCY"], line["LEVEL1"], int(line["Q40"])) for line in csv.DictReader(lines)]
    names = ["", *sorted({agency for agency, *_ in rows}), *sorted({f"{agency}/{unit}" for agency, unit, _ in rows})]
    node = {name: number for number, name in enumerate(names)}
    parents = np.array([-1] + [node[name.split("/")[0]] if "/" in name else 0 for name in names[1:]])
    counts = np.zeros((len(names), 5), dtype=np.int64)
    for agency, unit, answer in rows:
        counts[node[f"{agency}/{unit}"], answer - 1] += 1
    tree = Tree(parents)
    table = protect(tree, counts.sum(axis=1), [rating("Q40", counts.tolist())], Policy())
    mean, shares = table.columns
    total = tree.sums(counts)
    for column, k in ((mean, 5), (shares, 10)):
        left = tree.blocks(counts.sum(axis=1), column.published)
        assert not ((left > 0) & (left < k)).any()
        assert (total.sum(axis=1)[column.published] >= k).all()
    army = node["AR"]
    assert int(total[army].sum()) == 12_433
    assert shares.decimals[army] == 1
    assert mean.decimals[army] == 2
    favourable = shares.favourable
    assert favourable is not None
    assert favourable.units[army] == round(1000 * int(total[army, 3:].sum()) / 12_433)
    assert all(one < other for one, other in pairwise(names[1:46]))
