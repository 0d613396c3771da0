"""The auditor against brute force: all groups of small worlds, ranks in fractions, in both directions."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure.audit import Classes, Leak, Row, Verdict, audit

Matrix = list[list[Fraction]]


def rank(rows: Sequence[Sequence[int]]) -> int:
    left: Matrix = [[Fraction(value) for value in row] for row in rows]
    done = 0
    for column in range(len(rows[0]) if rows else 0):
        lead = next((row for row in range(done, len(left)) if left[row][column]), None)
        if lead is None:
            continue
        left[done], left[lead] = left[lead], left[done]
        for row in range(done + 1, len(left)):
            factor = left[row][column] / left[done][column]
            if factor:
                left[row] = [a - factor * b for a, b in zip(left[row], left[done], strict=True)]
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
    return left == leak.classes and 0 < sum(n[one] for one, _ in left) == leak.people < leak.k


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[int], list[list[int]], int]:
    width = draw(st.integers(1, 10))
    k = draw(st.sampled_from([2, 3, 5, 5, 7, 10]))
    n = draw(st.lists(st.integers(1, draw(st.sampled_from([1, 2, 4, k + 1]))), min_size=width, max_size=width))
    row = st.lists(st.integers(0, 1), min_size=width, max_size=width).filter(
        lambda row: sum(size for size, inside in zip(n, row, strict=True) if inside) >= k
    )
    if sum(n) < k:
        n[0] = k
    return n, draw(st.lists(row, min_size=1, max_size=8)), k


@pytest.mark.uncounted
@settings(deadline=None, max_examples=400)
@given(worlds())
def test_safe_if_and_only_if_brute_force_says_so(world: tuple[list[int], list[list[int]], int]) -> None:
    n, rows, k = world
    report = audit(classes(n), published(rows, "mean"), {"mean": k, "distribution": 10})
    assert report.refusals == ()
    found = report.findings[0]
    assert found.verdict == (Verdict.unsafe if leaks(rows, n, k) else Verdict.safe)
    assert (found.leak is None) == (found.verdict == Verdict.safe)
    assert found.leak is None or holds(found.leak, n)
