"""Figures of an item, with those of the wholes above it, as one system of equations; in any geometry.

People of a class who answered the item are told apart by how far up they count: in the item alone (layer 0), in its
scale too (layer 1), in the index too (layer 2). Wholes without figures make no layer. The figures of a measure cover
its layer and those above, in the classes of their place. If no combination of these describes fewer than k people, for
any item, then nothing published of the tree does: a combination that describes somebody describes answers to some
item, and what it makes of the answers to this item is one of these.

The reverse is not so: the other items' answers are in the wholes' sums as well. What seems to describe too few is asked
of all answers of the tree (`together`).

A scale with gaps counts each answer once over the number of items that the person answered (the size). It has a layer
for each size, and its sums are taken as if they were published for each size apart: they add up to what is published,
whatever each answer counts for, so that what is safe beside them is safe beside their sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import Gaps
from service.disclosure.audit.forest import Forest
from service.disclosure.audit.model import Finding, Row, Verdict
from service.disclosure.audit.nested import RESIDUALS


class Source(NamedTuple):
    """A row: of which measure, where, and over people who answered how many of its items; 0 over all who count."""

    measure: str
    place: int
    size: int = 0


class Layer(NamedTuple):
    """People of each class who count equally far up.

    Attributes:
        top: place in the chain of the highest measure that they count in.
        size: if that has gaps, how many of its items they answered; else 0.
        n: how many they are, int64 [classes].
    """

    top: int
    size: int
    n: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """One system.

    Attributes:
        chain: the measure, and the wholes above it that have figures, nearest first.
        sources: what each given row is.
        given: by given row its unknowns, layer x classes + class, ascending, those of nobody left out.
        n: people of each unknown, int64 [layers x classes].
    """

    book: Book
    family: str
    chain: tuple[str, ...]
    k: int
    sources: Sequence[Source]
    given: Sequence[Ints]
    n: Ints

    @classmethod
    def of(cls, book: Book, family: str, chain: tuple[str, ...]) -> "Layers":
        layers = layers_of(book, chain)
        n = np.concatenate([layer.n for layer in layers])
        sources, given = [], []
        for top, measure in enumerate(chain):
            for place in book.places(measure, family).tolist():
                for size in sizes_of(book, measure):
                    held = [at for at, layer in enumerate(layers) if layer.top >= top and size in (0, layer.size)]
                    unknowns = np.concatenate([book.members[place] + at * book.width for at in held])
                    sources.append(Source(measure, place, size))
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
        return [self.book.row(source.measure, self.family, source.place) for source in self.sources]

    def row(self, place: int) -> Row:
        """That of the chain's first measure."""
        return self.book.row(self.chain[0], self.family, place)


def sizes_of(book: Book, measure: str) -> Sequence[int]:
    """The numbers of answered items that rows of it are told apart by; 0 alone where it has no gaps."""
    gaps = book.measures[measure].gaps
    return (0,) if gaps is None else gaps.sizes


def layers_of(book: Book, chain: Sequence[str]) -> list[Layer]:
    """From the fewest measures up. Only the last of a chain may have gaps."""
    found = []
    for top, measure in enumerate(chain):
        n, above = book.measures[measure].n, chain[top + 1 : top + 2]
        if above and (gaps := book.measures[above[0]].gaps) is not None:
            found.append(Layer(top, 0, n - _answered(book, chain, gaps).sum(axis=0)))
        elif above:
            found.append(Layer(top, 0, n - book.measures[above[0]].n))
        elif (gaps := book.measures[measure].gaps) is not None:
            by_size = zip(gaps.sizes, _answered(book, chain, gaps), strict=True)
            found += [Layer(top, size, people) for size, people in by_size]
        else:
            found.append(Layer(top, 0, n))
    return found


def _answered(book: Book, chain: Sequence[str], gaps: Gaps) -> Ints:
    """Respondents of the last of the chain, by size, as far as they answered the first; int64 [sizes, classes]."""
    parts = book.measures[chain[-1]].parts
    return gaps.answered[:, parts.index(chain[0])] if len(chain) > 1 else gaps.people


def chain_of(book: Book, family: str, item: str) -> tuple[str, ...]:
    """The item and the wholes above it that have figures."""
    return (item, *(one for one in book.above(item) if len(book.places(one, family))))
