"""Sums of squares at nested places. They are never searched: what is not nested is not proved.

The square of a score that adds up several parts holds products of answers of two parts. No other figure holds these
(those of an index are of answers in two of its scales, those of a scale of two of its items), so that a combination
with deviations of such a whole describes everybody in what its own places leave of each other. A whole with one part
has the squares of its part, and the two are judged as one.

A scale with gaps has products for people of several answers alone: these have to be enough by themselves.

Together with means and distributions, deviations say nothing of fewer people than those do: a combination treats two
answers to an item differently by what is a combination of means. But a distribution tells the squares. Where a measure
has one, its deviations stand among it (`sight`); where only its single part has, that is looked at here.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from service.disclosure.audit.arrays import Bools
from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import DEVIATION, DISTRIBUTION, FAMILIES
from service.disclosure.audit.forest import Forest
from service.disclosure.audit.model import Finding, Row, Verdict
from service.disclosure.audit.nested import RESIDUALS, by_residuals


def deviations(book: Book) -> Iterator[Finding]:
    """One finding for each measure with deviations, single parts and their wholes together."""
    groups: dict[str, list[str]] = {}
    for measure in book.wave.measures:
        if not measure.derived:
            groups.setdefault(_alone(book, measure.id), []).append(measure.id)
    for same in groups.values():
        having = [one for one in same if len(book.places(one, DEVIATION))]
        if having:
            yield _judged(book, same, having)


def _alone(book: Book, measure: str) -> str:
    """The measure down single parts, whose respondents and squares are the same."""
    parts = book.measures[measure].parts
    return _alone(book, parts[0]) if len(parts) == 1 else measure


def _judged(book: Book, same: list[str], having: list[str]) -> Finding:
    said, k = (DEVIATION, having[0]), max(book.k(one, DEVIATION) for one in having)
    shown = np.logical_or.reduce([book.shown(one, DEVIATION) for one in having])
    forest = book.forest([np.flatnonzero(shown)])
    rows = int(shown.sum())
    unproved = Finding(*said, k, Verdict.not_proved, rows, rows, (0, 0), 0, None, rows, RESIDUALS)
    if forest is None:
        return unproved

    def row_of(place: int) -> Row:
        holder = next(one for one in having if book.shown(one, DEVIATION)[place])
        return book.row(holder, DEVIATION, place)

    found = by_residuals(book, forest, shown, book.measures[same[0]].n, k, said, row_of)
    nested = _told(book, same, having) and _wholes_nested(book, having)
    if found.verdict == Verdict.safe and not (nested and _of_several(book, forest, shown, same[0], k)):
        return replace(unproved, small=found.small, open=found.small)
    return found


def _of_several(book: Book, forest: Forest, shown: Bools, measure: str, k: int) -> bool:
    """Whether enough people gave several answers to a scale with gaps, wherever places leave anybody of each other.

    The square of a single answer can be told from the item's own figures, and drops out.
    """
    gaps = book.measures[measure].gaps
    if gaps is None or gaps.sizes[0] > 1 or len(gaps.sizes) == 1:
        return True
    anybody = forest.residuals(shown, book.people(gaps.people.sum(axis=0)))
    several = forest.residuals(shown, book.people(gaps.people[1:].sum(axis=0)))
    return not ((anybody > 0) & (several < k)).any()


def _told(book: Book, same: list[str], having: list[str]) -> bool:
    """Whether the deviations stand where a distribution of the same answers does, if there is any."""
    shares = [book.shown(one, DISTRIBUTION) for one in same if len(book.places(one, DISTRIBUTION))]
    return not shares or not any((book.shown(one, DEVIATION) & ~np.logical_or.reduce(shares)).any() for one in having)


def _wholes_nested(book: Book, having: list[str]) -> bool:
    """A whole without distributions over items that have some: not where places cross."""
    return not any(
        book.measures[one].parts
        and not len(book.places(one, DISTRIBUTION))
        and any(len(book.places(item, DISTRIBUTION)) for item in book.items(one))
        and book.forest(book.places(other, family) for other in book.tree(one) for family in FAMILIES) is None
        for one in having
    )
