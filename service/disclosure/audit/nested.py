"""Figures of one measure at nested places: judged by what the places leave of each other."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.book import Book
from service.disclosure.audit.forest import Forest
from service.disclosure.audit.model import Finding, Leak, Row, Verdict

RESIDUALS = "residuals"

RowOf = Callable[[int], Row]
"""The published row of a place."""


def by_residuals(
    book: Book, forest: Forest, shown: Bools, n: Ints, k: int, said: tuple[str, str], row_of: RowOf
) -> Finding:
    """Safe if and only if each residual has nobody or at least k people.

    Args:
        book: the wave.
        forest: of the shown places at least.
        shown: where there are figures, bool [places].
        n: whom they count, int64 [classes].
        k: the smallest group.
        said: family and measure, for the finding.
        row_of: for the example.
    """
    left = forest.residuals(shown, book.people(n))
    small = np.flatnonzero((left > 0) & (left < k))
    filled = int((left > 0).sum())
    leak = None if not len(small) else _leak(book, forest, shown, n, k, said, row_of, int(small[0]))
    verdict = Verdict.safe if leak is None else Verdict.unsafe
    proved = filled - len(small), 0
    return Finding(*said, k, verdict, int(shown.sum()), filled, proved, 0, leak, len(small), RESIDUALS)


def _leak(
    book: Book, forest: Forest, shown: Bools, n: Ints, k: int, said: tuple[str, str], row_of: RowOf, place: int
) -> Leak:
    inside = forest.inside(shown, place).tolist()
    classes = left_of(book, place, inside)
    classes = classes[n[classes] > 0]
    terms = (row_of(place), Fraction(1)), *((row_of(one), Fraction(-1)) for one in inside)
    left = tuple((one, Fraction(1)) for one in classes.tolist())
    return Leak(*said, terms, left, int(n[classes].sum()), k)


def left_of(book: Book, place: int, inside: list[int]) -> Ints:
    """The classes of a place that are in none of the places inside it."""
    taken = [book.members[one] for one in inside]
    return np.setdiff1d(book.members[place], np.concatenate(taken)) if taken else book.members[place]
