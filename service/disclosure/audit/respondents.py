"""Who answered at all: the places of all published rows, counted over everybody who answered anything."""

from collections.abc import Iterator

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import DEVIATION
from service.disclosure.audit.layers import Layers, Source
from service.disclosure.audit.reading import EVERYBODY

RESPONDENTS = "respondents"
"""The family in findings."""


def thresholds(book: Book) -> Iterator[tuple[int, Ints]]:
    """Each threshold of means and distributions, with the places of all rows that are held to it or to a larger one.

    Whatever is derived from other figures says nothing that these do not.
    """
    rows = [one for one in book.wave.published if one.family != DEVIATION and not book.measures[one.measure].derived]
    held = [(book.k(one.measure, one.family), one.places) for one in rows]
    for k in sorted({k for k, _ in held}):
        flags = np.zeros(len(book.members), np.bool_)
        for own, places in held:
            flags[places] |= own >= k
        yield k, np.flatnonzero(flags)


def everybody(book: Book, k: int, places: Ints) -> Layers:
    """As a system of equations."""
    sources = [Source(EVERYBODY, place) for place in places.tolist()]
    given = [book.members[place] for place in places.tolist()]
    return Layers(book, RESPONDENTS, (EVERYBODY,), k, sources, given, book.wave.respondents)
