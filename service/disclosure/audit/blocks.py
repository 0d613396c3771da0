"""Figures of a scale or an index at nested places, against those of its parts.

A whole w is the sum of its parts over the people who answered all of it ("complete"). A part counts these, and others
who are "missing" in the whole; those who are in at least one part and not in w are "partial". Places of w are places of
every part and of all below it, and all places together are nested or disjoint.

A combination of published figures gives every item q a coefficient a_q, the same for all people who share their
nearest place of q; every scale a coefficient b, and every index one, c, likewise by their own places. What an answer
to q counts for in the combination is a_q for those who are in no scale with it, a_q + b for those in the scale only,
a_q + b + c for those in the index too. A *block* of w is what its own places leave of each other: there the
coefficient of w is one number. A *piece* is what the places of everything below w leave of each other: there the
coefficients of everything below w are one number each; blocks are made of pieces.

Lemma. If each item's own figures are safe, and each block of each whole is as `_sound` asks, then no combination
describes fewer than k people, unless it describes nobody.

Proof. From the top down: take w so that all wholes above it have coefficient 0. Look at a block of w where its
coefficient is b, not 0.

- Nobody is partial there. Then w counts the same people there as each of its parts does, so its sum over the block is
  that of the parts; and the sum over the block is a combination of the figures of each part, since places of w are
  places of its parts. Writing b into the coefficients of the parts changes nothing, and leaves w's at 0. Nobody is
  complete: then b touches nobody and may be 0 as well.
- Else, in each piece, either the complete people drop out of the combination, or all of them are described. They drop
  out only if below w everything adds up to -b for every one of their answers: for a scale a_q = -b for every item, for
  an index a_q + b_s = -c. Then the partial people of the piece, whose answers to a part have the same coefficients
  and are not in w, are described all. So each piece adds the lesser of the two numbers, and the block k or more.

If this second case happens nowhere, all coefficients of w are 0, and it is the turn of the wholes below it; in the end
only items are left, and of these one at least describes people in one of its residuals.

Distributions: the same for the counts of each answer, if all items have the same answers. If not, an answer may exist
for one item only, and what b does is seen in that one: then of the partial people only those who answered it are
described for certain, and the least of the parts' missing numbers stands for them. Where two items share fewer than
two answers, a distribution of the whole tells the sum of scores of one of them alone, at the places of means: the same
is asked of means wherever the whole has a distribution.

More is asked than the proof needs: the numbers missing in a block are 0 or at least k for each part, and so are the
complete ones. Who skipped is then nowhere few, whatever else is known of the other parts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import DISTRIBUTION
from service.disclosure.audit.forest import Forest
from service.disclosure.audit.model import Finding, Leak, Row, Verdict
from service.disclosure.audit.nested import left_of

BLOCKS = "blocks"


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """A whole by its pieces. All arrays are [places], zero where a place is no piece.

    Attributes:
        forest: of all places concerned.
        patterns: by measure, the whole and everything below it, where it is published.
        pieces: where any of those below is published.
        block: the place of the whole that each piece lies in, -1 if in none.
        complete: respondents of the whole, by piece.
        partial: respondents of a part and not of the whole, by piece.
        left: how many of the partial are described for certain, by piece.
        missing: by part its respondents who are not the whole's, by piece, int64 [parts, places].
        k: the largest threshold of the whole and everything below it.
    """

    book: Book
    family: str
    whole: str
    forest: Forest
    patterns: dict[str, Bools]
    pieces: Bools
    block: Ints
    complete: Ints
    partial: Ints
    left: Ints
    missing: Ints
    k: int

    @classmethod
    def of(cls, book: Book, forest: Forest, family: str, whole: str) -> "Blocks":
        measure, below = book.measures[whole], book.below(whole)
        patterns = {one: book.shown(one, family) for one in (whole, *below)}
        pieces = np.logical_or.reduce([patterns[one] for one in below])
        own = patterns[whole]
        block = np.where(own, np.arange(len(own)), forest.nearest(own))

        def people(n: Ints) -> Ints:
            return forest.residuals(pieces, book.people(n))

        missing = np.array([people(book.measures[part].n - measure.n) for part in measure.parts])
        partial = people(measure.partial)
        certain = measure.alike or book.published(whole, DISTRIBUTION) is None
        left = partial if certain else missing.min(axis=0)
        k = max(book.k(one, family) for one in patterns)
        complete = people(measure.n)
        return cls(book, family, whole, forest, patterns, pieces, block, complete, partial, left, missing, k)

    def judged(self) -> Finding:
        """Safe, or not proved, or unsafe with one of three examples that are looked at."""
        return self.found(self._sound(), self._leak)

    def found(self, sound: Bools, example: Callable[[int], Leak | None]) -> Finding:
        """The finding where these blocks are sound, bool [places]; an example is looked for in the others."""
        own = self.patterns[self.whole]
        within = all(not (own & ~shown).any() for shown in self.patterns.values())
        blocks = np.flatnonzero(own)
        failed = blocks[~sound[blocks]] if within else blocks
        leak = next(filter(None, map(example, failed.tolist())), None) if within else None
        verdict = Verdict.unsafe if leak else Verdict.not_proved if len(failed) else Verdict.safe
        proved = len(blocks) - len(failed), 0
        said = self.family, self.whole, self.k, verdict
        return Finding(*said, len(blocks), len(blocks), proved, 0, leak, len(failed), BLOCKS)

    def _sound(self) -> Bools:
        """Whether each block is as the lemma asks, bool [places]; true where there is no block."""
        complete, partial = self.summed(self.complete), self.summed(self.partial)
        described = self.summed(np.minimum(self.complete, self.left))
        sound: Bools = (partial == 0) | (complete == 0) | (described >= self.k)
        for number in (complete, *map(self.summed, self.missing)):
            sound &= (number == 0) | (number >= self.k)
        return sound

    def summed(self, people: Ints) -> Ints:
        """By block, of numbers by piece."""
        total = np.zeros(len(people), np.int64)
        inside = np.flatnonzero(self.pieces & (self.block >= 0))
        np.add.at(total, self.block[inside], people[inside])
        return total

    def _leak(self, block: int) -> Leak | None:
        """The whole's sum over the block: as it is, less the parts' everywhere, or less them where it saves people."""
        pieces = self.pieces_of(block)
        fewer = pieces[self.partial[pieces] < self.complete[pieces]]
        for dropped in (pieces[:0], pieces, fewer):
            kept = int(self.complete[np.setdiff1d(pieces, dropped)].sum())
            people, k = kept + int(self.partial[dropped].sum()), self._k_of(dropped, whole=bool(kept))
            if 0 < people < k and (terms := self._terms(block, dropped)) is not None:
                described = self._described(pieces, dropped)
                classes = tuple((one, Fraction(factor)) for one, factor, _ in described)
                about = tuple(measure for _, _, measure in described)
                return Leak(self.family, self.whole, terms, classes, people, k, about)
        return None

    def _k_of(self, dropped: Ints, *, whole: bool) -> int:
        """The largest threshold of what the example describes: parts in the dropped pieces, the whole in the others."""
        parts = self.book.measures[self.whole].parts
        missing = self.missing[:, dropped].sum(axis=1).tolist()
        described = [part for part, people in zip(parts, missing, strict=True) if people]
        if whole:
            described.append(self.whole)
        items = [item for one in described for item in self.book.items(one)]
        return max((self.book.k(one, self.family) for one in (*described, *items)), default=0)

    def pieces_of(self, block: int) -> Ints:
        return np.flatnonzero(self.pieces & (self.block == block))

    def _terms(self, block: int, dropped: Ints) -> tuple[tuple[Row, Fraction], ...] | None:
        return self.terms(block, 1, dict.fromkeys(dropped.tolist(), 1))

    def terms(self, block: int, times: int, off: Mapping[int, int]) -> tuple[tuple[Row, Fraction], ...] | None:
        """The published rows of an example: the whole's sum over a block, less so many times the parts' in some pieces.

        None if a part is not published where it takes.
        """
        own = self.forest.inside(self.patterns[self.whole], block)
        taken: list[tuple[int, tuple[str, ...], int, Ints]] = [(times, (self.whole,), block, own)]
        parts = self.book.measures[self.whole].parts
        if len(off) == len(self.pieces_of(block)) and len(set(off.values())) == 1:
            taken.append((-next(iter(off.values())), parts, block, own))
        else:
            taken += [(-many, parts, piece, self.forest.inside(self.pieces, piece)) for piece, many in off.items()]
        total: dict[tuple[str, int], int] = {}
        for sign, measures, place, inside in taken:
            for measure in measures:
                if not self.patterns[measure][[place, *inside]].all():
                    return None
                for one, factor in ((place, sign), *((one, -sign) for one in inside.tolist())):
                    total[measure, one] = total.get((measure, one), 0) + factor
        rows = ((self.book.row(measure, self.family, place), factor) for (measure, place), factor in total.items())
        return tuple((row, Fraction(factor)) for row, factor in rows if factor)

    def _described(self, pieces: Ints, dropped: Ints) -> list[tuple[int, int, str]]:
        """What is left of the example: class, coefficient, and the measure that it is about."""
        measures = self.book.measures
        n = measures[self.whole].n
        found = []
        for piece in pieces.tolist():
            classes = left_of(self.book, piece, self.forest.inside(self.pieces, piece).tolist())
            if piece in dropped:
                for part in measures[self.whole].parts:
                    found += [(one, -1, part) for one in classes[measures[part].n[classes] > n[classes]].tolist()]
            else:
                found += [(one, 1, self.whole) for one in classes[n[classes] > 0].tolist()]
        return found
