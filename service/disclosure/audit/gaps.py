"""Figures of a scale with gaps at nested places, against those of its items.

The words are those of `blocks`. A person who answered j of the items, and j are enough, counts in the scale by each of
these answers over j; that is the person's *size*, and 0 for those who answered too few. A combination that gives the
scale the coefficient b in a block, and the item q the coefficient a_q in a piece of it, counts an answer to q of a
person of size j as a_q + b / j, or as a_q if the size is 0.

Lemma. Beside items whose own figures are safe, a combination describes k people or more, or nobody, if each block of
the scale is as `_sound` asks.

Proof. Take a block where b is not 0.

- Whoever answered q there is of one size, for each q. Then b / j of that size, or 0, can be written into the
  coefficients of q, and b is 0: places of the scale are places of its items.
- Else, in each piece, no two sizes drop out of the answers to one item, since b / j are all different. So of those who
  answered q all but the people of one size are described. And if people who answered everything drop out, then
  a_q = -b / m for all items, and everybody else is described. What is left is added up over the pieces.

Distributions: the share of the favourable is such a sum as well, with a function of the answer for b. What counts
people by bands of their scores need be no sum of what single answers say: then nobody of that size drops out, and each
size has nobody or k people in each block of a distribution. Where it is such a sum for people of several answers, it
says of an answer what the bands say of the same score, over the size: every size has these scores, so that this is one
b for all of them. Means and distributions together are no different.

If items do not have the same answers, such a function may be of some items only, and each item has to do by itself.

More is asked than the proof needs: in each block nobody or k people count in the scale, answered an item and do not
count, or count and did not answer it.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.blocks import Blocks
from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import DISTRIBUTION, Gaps
from service.disclosure.audit.forest import Forest
from service.disclosure.audit.model import Finding, Leak
from service.disclosure.audit.nested import left_of


@dataclass(frozen=True, slots=True, eq=False)
class GapBlocks:
    """A scale with gaps by its pieces; zero where a place is no piece.

    Attributes:
        blocks: places, and who counts there.
        sizes: 0, and the numbers of answered items of those who count.
        people: those who answered an item, by size and piece, int64 [sizes, places].
        answers: of these, who answered each item, int64 [sizes, parts, places].
        by_class: the same by class instead of piece.
    """

    blocks: Blocks
    sizes: tuple[int, ...]
    people: Ints
    answers: Ints
    by_class: Ints

    @classmethod
    def of(cls, book: Book, forest: Forest, family: str, whole: str, gaps: Gaps) -> "GapBlocks":
        blocks = Blocks.of(book, forest, family, whole)
        measure = book.measures[whole]
        items = np.array([book.measures[part].n for part in measure.parts], np.int64)
        people = np.concatenate([measure.partial[None], gaps.people])
        answers = np.concatenate([(items - gaps.answered.sum(axis=0))[None], gaps.answered])
        left = np.array([forest.residuals(blocks.pieces, book.people(n)) for n in people])
        by_item = np.array([[forest.residuals(blocks.pieces, book.people(n)) for n in size] for size in answers])
        return cls(blocks, (0, *gaps.sizes), left, by_item, answers)

    def judged(self) -> Finding:
        """Safe, or not proved, or unsafe with an example."""
        return self.blocks.found(self._sound(), self._leak)

    def _summed(self, people: Ints) -> Ints:
        """By block, of numbers by piece, the last axis of any array."""
        rows = people.reshape(-1, people.shape[-1])
        return np.array([self.blocks.summed(row) for row in rows]).reshape(people.shape)

    def _sound(self) -> Bools:
        """Whether each block is as the lemma asks, bool [places]; true where there is no block."""
        blocks, k = self.blocks, self.blocks.k
        of_one_size = (self._summed(self.answers) > 0).sum(axis=0) <= 1
        distributed = blocks.book.published(blocks.whole, DISTRIBUTION) is not None
        if distributed and not blocks.book.measures[blocks.whole].alike:
            by_item = self._summed(_less_the_largest(self.answers))
            sound: Bools = (of_one_size | (by_item >= k)).all(axis=0)
        else:
            sound = of_one_size.all(axis=0) | (self._summed(self._described()) >= k)
        counted = self._summed(self.people)
        who = [counted[1:].sum(axis=0), *(counted[1:] if blocks.family == DISTRIBUTION else ())]
        by_item = self._summed(self.answers)
        who += [*by_item[0], *(counted[1:].sum(axis=0) - by_item[1:].sum(axis=0))]
        for number in who:
            sound &= (number == 0) | (number >= k)
        return sound

    def _described(self) -> Ints:
        """The fewest people of each piece who are described wherever the scale has a coefficient, int64 [places]."""
        complete = self.people[-1]
        others = self.people[:-1].sum(axis=0)
        least: Ints = np.minimum(others, complete + _less_the_largest(self.answers[:-1]).max(axis=0))
        return least

    def _leak(self, block: int) -> Leak | None:
        """The scale's sum over the block as it is, less a multiple of the items', or less what saves most by piece."""
        blocks = self.blocks
        pieces = blocks.pieces_of(block)
        everybody = self.people.sum(axis=0)
        left = everybody - self.people
        ways = [np.full(len(pieces), at) for at in range(len(self.sizes))]
        k = min(blocks.book.k(part, blocks.family) for part in blocks.book.measures[blocks.whole].parts)
        for way in (*ways, left[:, pieces].argmin(axis=0)):
            people = int(left[way, pieces].sum())
            by = {piece: self.sizes[at] for piece, at in zip(pieces.tolist(), way.tolist(), strict=True)}
            times = lcm(*filter(None, by.values()))
            terms = blocks.terms(block, times, {piece: times // size for piece, size in by.items() if size})
            if 0 < people < k and terms is not None:
                classes, about = zip(*self._left(by, times), strict=True)
                return Leak(blocks.family, blocks.whole, terms, classes, people, k, about)
        return None

    def _left(self, by: dict[int, int], times: int) -> list[tuple[tuple[int, Fraction], str]]:
        """What is left where the answers of people of one size drop out of each piece: class, coefficient, and item.

        A class stands once for each size and item.
        """
        blocks, found = self.blocks, []
        for piece, dropped in by.items():
            classes = left_of(blocks.book, piece, blocks.forest.inside(blocks.pieces, piece).tolist())
            for size, answers in zip(self.sizes, self.by_class, strict=True):
                if size != dropped:
                    factor = _over(times, size) - _over(times, dropped)
                    for part, n in zip(blocks.book.measures[blocks.whole].parts, answers, strict=True):
                        found += [((one, factor), part) for one in classes[n[classes] > 0].tolist()]
        return found


def _over(times: int, size: int) -> Fraction:
    return Fraction(times, size) if size else Fraction(0)


def _less_the_largest(answers: Ints) -> Ints:
    """Of answers by size, those of all sizes but the one with most; without the first axis."""
    left: Ints = answers.sum(axis=0) - answers.max(axis=0)
    return left
