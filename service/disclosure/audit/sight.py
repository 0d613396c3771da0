"""What may not stand as it does, with no system of equations to see it."""

from collections.abc import Iterator

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.asked import asked
from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import DEVIATION, DISTRIBUTION, MEAN, Published
from service.disclosure.audit.gates import gated
from service.disclosure.audit.model import Refusal, said

FEWEST_NUMBERS = 5
"""In the band that a number of people is printed as, which begins at a multiple of them."""


def at_sight(book: Book) -> list[Refusal]:
    """Places with too few people, wrong numbers, figures without those they need, wholes too near to a part."""
    found: list[Refusal] = []
    for published in book.wave.published:
        for look in (_numbers, _bands, _beside, _skipped, _parts, gated):
            for place, reason in look(book, published):
                found.append(Refusal(book.row(published.measure, published.family, place), reason))
    return [*found, *asked(book)]


def _numbers(book: Book, published: Published) -> Iterator[tuple[int, str]]:
    k = book.k(published.measure, published.family)
    people = book.respondents(published.measure)[published.places]
    for at in np.flatnonzero(people < k).tolist():
        yield int(published.places[at]), f"it counts {people[at]} people, fewer than {k}" if people[at] else _NOBODY
    for at in np.flatnonzero((people < published.least) | (people > published.most)).tolist():
        least, most = int(published.least[at]), int(published.most[at])
        yield int(published.places[at]), f"it says {said((least, most))} people and counts {people[at]}"


_NOBODY = "it counts nobody"


def _bands(book: Book, published: Published) -> Iterator[tuple[int, str]]:
    """Of what is new, every number is printed as a band: two exact ones count the few people between them.

    A band that begins or ends anywhere could be put around the number and tell it, so the bounds are at fives.
    """
    first = book.wave.bands_from
    if first is None:
        return
    new = published.places >= first
    narrow = published.most - published.least < FEWEST_NUMBERS - 1
    askew = (published.least % FEWEST_NUMBERS != 0) | ((published.most + 1) % FEWEST_NUMBERS != 0)
    for at in np.flatnonzero(new & (narrow | askew)).tolist():
        printed = said((int(published.least[at]), int(published.most[at])))
        why = f"fewer than {FEWEST_NUMBERS} numbers" if narrow[at] else _ASKEW
        yield int(published.places[at]), f"it says {printed} people, which is {why}"


_ASKEW = f"no band from a multiple of {FEWEST_NUMBERS} to one under a multiple of {FEWEST_NUMBERS}"


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
    """Few who answered a part and not the whole are seen in the numbers of both; few who skipped it and count, too."""
    whole, k = book.measures[published.measure], book.k(published.measure, published.family)
    if published.family == DEVIATION or whole.derived:
        return
    for at, part in enumerate(whole.parts):
        both = whole.n if whole.gaps is None else whole.gaps.answered[:, at].sum(axis=0)
        more = book.people(book.measures[part].n - both)[published.places]
        fewer = book.people(whole.n - both)[published.places]
        for place, people in _few(published, more, k):
            yield place, f"its part {part} counts {people} people more, fewer than {k}"
        for place, people in _few(published, fewer, k):
            yield place, f"it counts {people} people who are not in its part {part}, fewer than {k}"


def _few(published: Published, people: Ints, k: int) -> list[tuple[int, int]]:
    few = (people > 0) & (people < k)
    return list(zip(published.places[few].tolist(), people[few].tolist(), strict=True))


def _parts(book: Book, published: Published) -> Iterator[tuple[int, str]]:
    """What is worked out from figures alone stands where these do; it has no scores of people that could deviate."""
    measure = book.measures[published.measure]
    if not measure.derived:
        return
    if published.family == DEVIATION:
        for place in published.places.tolist():
            yield place, "it is a deviation of figures, not of people"
        return
    for part in measure.parts:
        for place in _outside(published, book.published(part, published.family)):
            yield place, f"it is derived from {part}, whose {published.family} is not published"
