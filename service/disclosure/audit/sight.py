"""What may not stand as it does, with no system of equations to see it."""

from collections.abc import Iterator

import numpy as np

from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import DEVIATION, DISTRIBUTION, MEAN, Published
from service.disclosure.audit.model import Refusal


def at_sight(book: Book) -> list[Refusal]:
    """Places with too few people, wrong numbers, figures without those they need, wholes too near to a part."""
    found: list[Refusal] = []
    for published in book.wave.published:
        for place, reason in (*_numbers(book, published), *_beside(book, published), *_skipped(book, published)):
            found.append(Refusal(book.row(published.measure, published.family, place), reason))
    return found


def _numbers(book: Book, published: Published) -> Iterator[tuple[int, str]]:
    k = book.k(published.measure, published.family)
    people = book.people(book.measures[published.measure].n)[published.places]
    for at in np.flatnonzero(people < k).tolist():
        yield int(published.places[at]), f"it counts {people[at]} people, fewer than {k}" if people[at] else _NOBODY
    for at in np.flatnonzero((people < published.least) | (people > published.most)).tolist():
        least, most = int(published.least[at]), int(published.most[at])
        said = str(least) if least == most else f"{least} to {most}"
        yield int(published.places[at]), f"it says {said} people and counts {people[at]}"


_NOBODY = "it counts nobody"


def _beside(book: Book, published: Published) -> Iterator[tuple[int, str]]:
    """A distribution tells mean and deviation: it may stand only where the mean does, and a deviation where both do."""
    mean, shares = (book.published(published.measure, family) for family in (MEAN, DISTRIBUTION))
    if published.family == DISTRIBUTION and mean is not None:
        for place in _outside(published, mean):
            yield place, "it is a distribution whose mean is not published"
    if published.family == DEVIATION:
        for place in _outside(published, mean):
            yield place, "it is a deviation whose mean is not published"
        if shares is not None:
            for place in _outside(published, shares):
                yield place, "it is a deviation whose distribution is not published"


def _outside(published: Published, needed: Published | None) -> list[int]:
    places = set() if needed is None else set(needed.places.tolist())
    return [place for place in published.places.tolist() if place not in places]


def _skipped(book: Book, published: Published) -> Iterator[tuple[int, str]]:
    """Few who answered a part and not the whole are seen in the numbers of both."""
    if published.family == DEVIATION:
        return
    whole, k = book.measures[published.measure], book.k(published.measure, published.family)
    people = book.people(whole.n)[published.places]
    for part in whole.parts:
        more = book.people(book.measures[part].n)[published.places] - people
        for at in np.flatnonzero((more > 0) & (more < k)).tolist():
            yield int(published.places[at]), f"its part {part} counts {more[at]} people more, fewer than {k}"
