"""Measures that only some people are asked: how many answered is itself an answer, to the items that decide it.

Exact numbers are taken to be known. Such a number is a sum over the people of a place, of a function of their answers
to these items, the gates. Where it stands at no other places than the gates' distributions, a combination with it
treats the people of a class alike who answered the same gates. What it does to those who answered one gate is a
combination of this gate's distributions. To those who answered several it does the same, or it depends on their
answers whatever is added of single gates; and then its coefficients are those of places of a gate's distributions
too. So nobody is described who was not before, if there is one gate, or if people answered all gates or none. Those
who answered some gates of several would stand in the way: how many answered all of them is protected nowhere. So what
has several gates may stand only where everybody who took part answered each of them.

What is derived from figures counts nobody itself, and is as safe as the figures: these are held to their own gates.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import DISTRIBUTION, Published

BANDS = ((100, 5), (1_000, 20))
"""Under so many people, a printed number of them says no more than that it is one of so many."""


def gated(book: Book, published: Published) -> Iterator[tuple[int, str]]:
    """Places where a gated measure may not stand, or prints its number too exactly; with the reason in words."""
    gates = book.gates(published.measure)
    if not gates:
        return
    for gate in gates:
        beside = book.shown(gate, DISTRIBUTION)
        for place in published.places[~beside[published.places]].tolist():
            yield place, f"whether it is asked is an answer to {gate}, whose distribution is not published"
    for gate in _skipped(book, published.measure, gates):
        reason = f"whether it is asked is an answer to {len(gates)} items, of which not everybody answered {gate}"
        yield from ((place, reason) for place in published.places.tolist())
    people = book.respondents(published.measure)[published.places]
    wide = published.most - published.least + 1
    needed = np.ones_like(people)
    for under, values in reversed(BANDS):
        needed[people < under] = values
    for at in np.flatnonzero(wide < needed).tolist():
        yield int(published.places[at]), f"its number is an answer, and is printed as one of fewer than {needed[at]}"


def _skipped(book: Book, measure: str, gates: Sequence[str]) -> Iterator[str]:
    """Gates that somebody who took part did not answer, where a measure that counts people has several."""
    if len(gates) > 1 and not book.measures[measure].derived:
        for gate in gates:
            if (book.measures[gate].n != book.wave.respondents).any():
                yield gate
