"""Figures of an item, with those of the wholes above it, as one system of equations; in any geometry.

People of a class who answered the item are told apart by how far up they count: in the item alone (layer 0), in its
scale too (layer 1), in the index too (layer 2). Wholes without figures make no layer. The figures of a measure cover
its layer and those above, in the classes of their place. If no combination of these describes fewer than k people, for
any item, then nothing published of the tree does: a combination that describes somebody describes answers to some
item, and what it makes of the answers to this item is one of these.

The reverse is not so: the other items' answers are in the wholes' sums as well. What seems to describe too few is asked
of all answers of the tree (`together`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.book import Book
from service.disclosure.audit.forest import Forest
from service.disclosure.audit.model import Finding, Row, Verdict
from service.disclosure.audit.nested import RESIDUALS


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """One system.

    Attributes:
        chain: the measure, and the wholes above it that have figures, nearest first.
        sources: by given row, which of the chain it is of, and its place.
        given: by given row its unknowns, layer x classes + class, ascending, those of nobody left out.
        n: people of each unknown, int64 [layers x classes].
    """

    book: Book
    family: str
    chain: tuple[str, ...]
    k: int
    sources: Sequence[tuple[str, int]]
    given: Sequence[Ints]
    n: Ints

    @classmethod
    def of(cls, book: Book, family: str, chain: tuple[str, ...]) -> "Layers":
        n = np.concatenate(layer_counts(book, chain))
        sources, given = [], []
        for layer, measure in enumerate(chain):
            for place in book.places(measure, family).tolist():
                classes = book.members[place]
                unknowns = np.concatenate([classes + above * book.width for above in range(layer, len(chain))])
                sources.append((measure, place))
                given.append(unknowns[n[unknowns] > 0])
        return cls(book, family, chain, book.k(chain[0], family), sources, given, n)

    @property
    def key(self) -> tuple[int, bytes, frozenset[bytes]]:
        """The same for systems that have the same verdict."""
        return self.k, self.n.tobytes(), frozenset(members.tobytes() for members in self.given)

    def at_once(self) -> Finding | None:
        """Safe, where the rows are nested and leave enough of each other; None says nothing."""
        forest = Forest.of(self.given, np.arange(len(self.given)), len(self.n))
        if forest is None:
            return None
        shown = np.ones(len(self.given), np.bool_)
        people = np.array([self.n[members].sum() for members in self.given], np.int64)
        left = forest.residuals(shown, people)
        if ((left > 0) & (left < self.k)).any():
            return None
        filled = int((left > 0).sum())
        said = self.family, self.chain[0], self.k, Verdict.safe
        return Finding(*said, len(self.given), filled, (filled, 0), 0, by=RESIDUALS)

    def rows(self) -> list[Row]:
        return [self.book.row(measure, self.family, place) for measure, place in self.sources]

    def row(self, place: int) -> Row:
        """That of the chain's first measure."""
        return self.book.row(self.chain[0], self.family, place)


def layer_counts(book: Book, chain: Sequence[str]) -> list[Ints]:
    """By layer the people of each class, int64 [classes]."""
    n = [book.measures[one].n for one in chain]
    return [*(here - above for here, above in pairwise(n)), n[-1]]


def chain_of(book: Book, family: str, item: str) -> tuple[str, ...]:
    """The item and the wholes above it that have figures."""
    return (item, *(one for one in book.above(item) if len(book.places(one, family))))
