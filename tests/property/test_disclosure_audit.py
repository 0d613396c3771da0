"""The auditor against brute force: all groups of small worlds, ranks in fractions, in both directions."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from operator import mul

from hypothesis import event, given, settings
from hypothesis import strategies as st

from service.disclosure.audit import Classes, Leak, Row, Verdict, audit


def rank(rows: Sequence[Sequence[int]]) -> int:
    """Over the fractions, without any: rows are only multiplied and subtracted."""
    left = [list(row) for row in rows]
    done = 0
    for column in range(len(rows[0]) if rows else 0):
        lead = next((row for row in range(done, len(left)) if left[row][column]), None)
        if lead is None:
            continue
        left[done], left[lead] = left[lead], left[done]
        pivot = left[done][column]
        for row in range(done + 1, len(left)):
            if factor := left[row][column]:
                left[row] = [pivot * a - factor * b for a, b in zip(left[row], left[done], strict=True)]
        done += 1
    return done


def small_groups(n: Sequence[int], k: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, min(k, len(n) + 1)):
        for group in combinations(range(len(n)), size):
            if sum(n[one] for one in group) < k:
                yield group


def leaks(rows: Sequence[Sequence[int]], n: Sequence[int], k: int) -> bool:
    """Whether the rows lose rank where a small group's columns are deleted: then a combination lives on it."""
    whole = rank(rows)
    return any(
        rank([[value for one, value in enumerate(row) if one not in group] for row in rows]) < whole
        for group in small_groups(n, k)
    )


def published(rows: Sequence[Sequence[int]], family: str) -> list[Row]:
    return [Row(family, members=[{"class": f"c{one}"} for one, inside in enumerate(row) if inside]) for row in rows]


def classes(n: Sequence[int]) -> Classes:
    return Classes(("class",), [(f"c{one}",) for one in range(len(n))], n)


def holds(leak: Leak, n: Sequence[int]) -> bool:
    """The example, added up again."""
    total = [Fraction(0)] * len(n)
    for row, factor in leak.terms:
        for cell in row.cells:
            total[int(cell["class"][1:])] += factor
    left = tuple((one, value) for one, value in enumerate(total) if value)
    assert not leak.items
    return left == leak.classes and 0 < sum(n[one] for one, _ in left) == leak.people < leak.k


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[int], list[list[int]], int]:
    width = draw(st.integers(1, 10))
    k = draw(st.sampled_from([2, 3, 5, 5, 7, 10]))
    n = draw(st.lists(st.integers(1, draw(st.sampled_from([1, 2, 4, k + 1]))), min_size=width, max_size=width))
    if sum(n) < k:
        n[0] = k
    rows = draw(st.lists(st.lists(st.integers(0, 1), min_size=width, max_size=width), min_size=1, max_size=8))
    # A row under the threshold would be refused at sight: it counts everybody instead.
    large = [row if sum(map(mul, n, row)) >= k else [1] * width for row in rows]
    return n, large, k


@settings(deadline=None, max_examples=250)
@given(worlds())
def test_safe_if_and_only_if_brute_force_says_so(world: tuple[list[int], list[list[int]], int]) -> None:
    n, rows, k = world
    report = audit(classes(n), published(rows, "mean"), {"mean": k, "distribution": 10})
    assert report.refusals == ()
    found = report.findings[0]
    assert found.verdict == (Verdict.unsafe if leaks(rows, n, k) else Verdict.safe)
    assert (found.leak is None) == (found.verdict == Verdict.safe)
    assert found.leak is None or holds(found.leak, n)


ITEMS = ("p", "q")
SCALES = {"both": ITEMS}


@st.composite
def skipped(draw: st.DrawFn) -> tuple[list[int], list[frozenset[str]], list[tuple[str, list[int]]], int]:
    """Classes with what they answered, and rows of two items and of their scale."""
    width = draw(st.integers(2, 6))
    k = draw(st.sampled_from([2, 3, 5]))
    n = draw(st.lists(st.integers(1, draw(st.sampled_from([1, 3, k]))), min_size=width, max_size=width))
    pattern = st.sampled_from([ITEMS, ITEMS, ITEMS, ("p",), ("q",)]).map(frozenset)
    answered = draw(st.lists(pattern, min_size=width, max_size=width))
    n[0], answered[0] = k, frozenset(ITEMS)
    row = st.tuples(
        st.sampled_from(["p", "q", "both", "both"]), st.lists(st.integers(0, 1), min_size=width, max_size=width)
    )
    # With the first class, which answered everything, no row is under the threshold.
    rows = [(measure, [1, *given[1:]]) for measure, given in draw(st.lists(row, min_size=1, max_size=7))]
    return n, answered, rows, k


@settings(deadline=None, max_examples=150)
@given(skipped())
def test_items_and_their_scale_together(
    world: tuple[list[int], list[frozenset[str]], list[tuple[str, list[int]]], int],
) -> None:
    n, answered, rows, k = world
    given_rows = [
        Row("mean", members=[{"class": f"c{one}"} for one, inside in enumerate(row) if inside], measure=measure)
        for measure, row in rows
    ]
    table = Classes(("class",), [(f"c{one}",) for one in range(len(n))], n, answered, SCALES)
    report = audit(table, given_rows, {"mean": k, "distribution": 10})
    # One unknown for each class and item; a group is a set of classes, with all their answers.
    system = [
        [
            int(
                row[one]
                and item in SCALES.get(measure, (measure,))
                and answered[one] >= set(SCALES.get(measure, (measure,)))
            )
            for one in range(len(n))
            for item in ITEMS
        ]
        for measure, row in rows
    ]
    whole = rank(system)
    leaky = any(
        rank([[value for place, value in enumerate(row) if place // 2 not in group] for row in system]) < whole
        for group in small_groups(n, k)
    )
    assert report.refusals == ()
    assert report.verdict in ((Verdict.unsafe, Verdict.not_proved) if leaky else (Verdict.safe, Verdict.not_proved))
    event(f"{report.verdict} where brute force says {'leaky' if leaky else 'safe'}")
    for finding in report.findings:
        if finding.leak is not None:
            assert finding.leak.people == sum(n[one] for one in {one for one, _ in finding.leak.classes}) < k
