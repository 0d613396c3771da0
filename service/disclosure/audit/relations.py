"""Figures that relate answers to each other: how well items go together, what goes with what.

They are no sums, and stand for everybody alone, never for a place. They are made of those who count in all the measures
that they relate. Whoever counts in one of these and not in all could be told by comparing them with the measure's own
mean and deviation: there are none such people, or enough of them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import DEVIATION, MEAN, Wave
from service.disclosure.audit.model import Refusal, Row

RELATION = "relation"
"""The family in refusals."""

FEWEST = 100
"""People in all measures of a relation."""

Together = Callable[[tuple[str, ...]], int]
"""The number of people who count in all of these measures."""


def relations(manifest: Mapping[str, Any], wave: Wave, together: Together) -> tuple[Refusal, ...]:
    """What may not stand of manifest["statistics"]; empty where there is nothing, or nothing wrong.

    Args:
        manifest: of the release. Each entry of its statistics has "n", exact, and "measures", the ids it is made of.
        wave: all that is published of the wave, as `audit_wave` is given it.
        together: counted from the answers.

    Raises:
        AuditRefused: as `audit_wave`.
    """
    statistics = manifest.get("statistics")
    if statistics is None:
        return ()
    book = Book(wave)
    return tuple(
        Refusal(Row(RELATION, measure=name), reason)
        for name, entry in _entries(statistics)
        for reason in _wrong(book, entry, together)
    )


def _entries(statistics: object) -> Iterator[tuple[str, object]]:
    """Each with a name for words. What has another shape than it should is one that says nothing of people."""
    if not isinstance(statistics, Mapping):
        yield "statistics", statistics
        return
    for name, value in statistics.items():
        for entry in value if isinstance(value, list) else [value]:
            about = entry.get("scale") if isinstance(entry, Mapping) else None
            yield (about if isinstance(about, str) else str(name)), entry


def _wrong(book: Book, entry: object, together: Together) -> Iterator[str]:
    n, names = (entry.get("n"), entry.get("measures")) if isinstance(entry, Mapping) else (None, None)
    if type(n) is not int or not isinstance(names, list | tuple) or not names:
        yield "it does not say how many people it is made of, or of which measures"
        return
    unknown = [name for name in names if name not in book.measures]
    if unknown:
        yield f"it is made of {unknown[0]}, which is no measure"
        return
    measures = tuple(dict.fromkeys(one for name in names for one in _counted(book, name)))
    people = together(measures)
    if n != people:
        yield f"it says {n} people and counts {people}"
    if people < FEWEST:
        yield f"it counts {people} people, fewer than {FEWEST}"
    for measure in measures:
        yield from _beside(book, measure, people)


def _counted(book: Book, name: str) -> tuple[str, ...]:
    """The measure, or those that it is derived from: it has no respondents of its own."""
    one = book.measures[name]
    return tuple(below for part in one.parts for below in _counted(book, part)) if one.derived else (name,)


def _beside(book: Book, measure: str, people: int) -> Iterator[str]:
    """What a measure's own figures for everybody lack, or tell."""
    everybody = _everybody(book)
    for family in (MEAN, DEVIATION):
        published = book.published(measure, family)
        if published is None or not np.isin(everybody, published.places).any():
            yield f"it is made of {measure}, whose {family} for everybody is not published"
            return
    k, more = book.k(measure, DEVIATION), int(book.measures[measure].n.sum()) - people
    if more and more < k:
        yield f"{measure} counts {more} people more, fewer than {k}"


def _everybody(book: Book) -> list[int]:
    """The numbers of the places that everybody is in."""
    filled = int((book.wave.respondents > 0).sum())
    return [place for place, members in enumerate(book.members) if len(members) == filled]
