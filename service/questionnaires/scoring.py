"""Scores of persons on scales and indices, one block of people at a time. Pure numpy, whole numbers throughout.

A person's score is a whole number over a denominator that is the same for everybody, so that sums over any group are
exact. On a scale it is the mean of the items' scores (by their weights, turned round where item or scale say so), of
all items or, where the scale is content with fewer, of those answered. On an index it is the mean of the scales'
scores, or the first over the second.

What a score is shown as (mean, sum, 0 to 100) changes none of this: it is a straight line through the mean, and left to
`Shown`. Scales and indices by the group rule have no scores of persons; `rated` leaves them out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from service.questionnaires.bands import Cuts, cuts_of
from service.questionnaires.document import Document, Index, RatingItem, Scale, favourable_points

SKIPPED = -32768
"""An item that was skipped, or not asked, in the matrix of answers."""

MOST_PARTS = 20_160
"""A score with gaps is a whole number over this at most, else rounded: to 0.00003 points of one person's score."""

RATIO_PARTS = 1_000
"""A ratio is rounded to thousandths, person by person."""

ByPerson = npt.NDArray[np.signedinteger[Any]]
People = npt.NDArray[np.bool_]
ByColumn = npt.NDArray[np.int16]
_LARGEST_INT16 = np.iinfo(np.int16).max


class Scores(NamedTuple):
    """One scale or index of a block's people: arrays [rows], meaningless where a person is not scored.

    `scored` is None where everybody is; `partial` marks who answered a part without being scored; `answered` is how
    many items each answered and `total` the sum of their scores, None where nobody left one out or all are needed. The
    shares are numerators over the denominator, None where they were not asked for.
    """

    score: ByPerson
    scored: People | None
    partial: People | None
    answered: ByPerson | None
    total: ByPerson | None
    favourable: ByPerson | None
    unfavourable: ByPerson | None


class Shown(NamedTuple):
    """A score as it is shown: `factor` times the mean of points, plus `offset`."""

    factor: Fraction
    offset: Fraction

    @classmethod
    def of(cls, unit: str, points: int, weight: int) -> "Shown":
        """Of a mean of 1..points: itself, its sum over items of this weight, or 0 to 100."""
        if unit == "percent":
            return cls(Fraction(100, points - 1), Fraction(-100, points - 1))
        return cls(Fraction(weight if unit == "sum" else 1), Fraction(0))

    def __call__(self, mean: Fraction) -> Fraction:
        return self.factor * mean + self.offset

    def back(self, shown: Fraction) -> Fraction:
        """The mean that is shown as this."""
        return (shown - self.offset) / self.factor


@dataclass(frozen=True)
class ScaleScoring:
    """How a scale is scored: column, direction and weight of each item, and how many a person must have answered.

    `reverse` says of each item that its high end is unfavourable, `negative` of the scale that more of it is worse.
    """

    id: str
    parts: tuple[str, ...]
    columns: tuple[int, ...]
    reverse: tuple[bool, ...]
    weights: tuple[int, ...]
    points: int
    needed: int
    negative: bool
    unit: str
    cuts: Cuts | None

    @classmethod
    def of(cls, scale: Scale, items: Sequence[tuple[int, RatingItem]]) -> "ScaleScoring":
        """The scoring of a scale over its items, each with its column."""
        columns, ratings = zip(*items, strict=True)
        weights = scale.weights or (1,) * len(columns)
        points, unit = ratings[0].points, scale.score or "mean"
        return cls(
            id=scale.id,
            parts=scale.items,
            columns=columns,
            reverse=tuple(item.reverse for item in ratings),
            weights=weights,
            points=points,
            needed=scale.answered or len(columns),
            negative=scale.favourable == "low",
            unit=unit,
            cuts=cuts_of(scale.bands, Shown.of(unit, points, sum(weights)).back),
        )

    @property
    def weight(self) -> int:
        return sum(self.weights)

    @cached_property
    def denominator(self) -> int:
        if self.needed == len(self.columns):
            return self.weight
        exact = lcm(*range(self.needed, len(self.columns) + 1))
        return exact if exact <= MOST_PARTS else len(self.columns) * (MOST_PARTS // len(self.columns))

    @property
    def shown(self) -> Shown:
        return Shown.of(self.unit, self.points, self.weight)

    @property
    def least(self) -> int:
        """The smallest score, as an integer over the denominator."""
        return self.denominator

    @property
    def most(self) -> int:
        """The largest score, as an integer over the denominator."""
        return self.denominator * self.points

    @property
    def gap_sizes(self) -> range:
        """How many items a person with gaps may have answered and still be scored."""
        return range(self.needed, len(self.columns))

    def scores(self, by_column: ByColumn, *, shares: bool) -> Scores:
        """The scores of the people in `by_column`, int16 [columns, rows]."""
        answers = [by_column[column] for column in self.columns]
        lowest = answers[0].copy()
        for answer in answers[1:]:
            np.minimum(lowest, answer, out=lowest)
        if not (lowest.size and lowest.min() == SKIPPED):
            return Scores(self._sum(answers), None, None, None, None, *self._thirds(answers, shares=shares))
        if self.gap_sizes:
            return self._with_gaps(answers, shares=shares)
        complete = lowest != SKIPPED
        highest = answers[0].copy()
        for answer in answers[1:]:
            np.maximum(highest, answer, out=highest)
        partial = (highest != SKIPPED) & ~complete
        # Sums of skipped answers may wrap around; they belong to people who are not scored.
        return Scores(self._sum(answers), complete, partial, None, None, *self._thirds(answers, shares=shares))

    def band(self, scores: Scores) -> npt.NDArray[np.intp]:
        """The number of each person's band, by what they answered and not by a rounded score; of scales with bands."""
        if self.cuts is None:
            raise ValueError("a scale without bands has no band")
        if scores.total is None or scores.answered is None:
            return self.cuts.band(scores.score, self.denominator)
        found = np.zeros(len(scores.total), np.intp)
        for size in (*self.gap_sizes, len(self.columns)):
            these = scores.answered == size
            found[these] = self.cuts.band(scores.total[these], size)
        return found

    def _directions(self) -> Iterator[bool]:
        """Whether each item counts downwards in the score."""
        return (reverse != self.negative for reverse in self.reverse)

    def _sum(self, answers: Sequence[ByColumn]) -> ByPerson:
        """Scores of people who answered everything."""
        # Turned items begin at a point more than the highest.
        kind = np.int16 if self.most + self.weight <= _LARGEST_INT16 else np.int32
        turned = sum(weight for weight, down in zip(self.weights, self._directions(), strict=True) if down)
        score = np.full(answers[0].shape, turned * (self.points + 1), kind)
        for answer, weight, down in zip(answers, self.weights, self._directions(), strict=True):
            weighted = answer if weight == 1 else answer * kind(weight)
            (np.subtract if down else np.add)(score, weighted, out=score)
        if self.denominator != self.weight:
            score *= kind(self.denominator // self.weight)
        return score

    def _thirds(self, answers: Sequence[ByColumn], *, shares: bool) -> tuple[ByPerson | None, ByPerson | None]:
        """Favourable and unfavourable answers by weight, of people who answered everything."""
        if not shares:
            return None, None
        upper, lower = min(favourable_points(self.points)[0]), max(favourable_points(self.points)[2])
        kind = np.int16 if self.denominator <= _LARGEST_INT16 else np.int32
        high, low = np.zeros(answers[0].shape, kind), np.zeros(answers[0].shape, kind)
        for answer, weight, reverse in zip(answers, self.weights, self.reverse, strict=True):
            favourable, unfavourable = (low, high) if reverse else (high, low)
            favourable += (answer >= upper) if weight == 1 else (answer >= upper) * kind(weight)
            unfavourable += (answer <= lower) if weight == 1 else (answer <= lower) * kind(weight)
        if self.denominator != self.weight:
            high *= kind(self.denominator // self.weight)
            low *= kind(self.denominator // self.weight)
        return high, low

    def _with_gaps(self, answers: Sequence[ByColumn], *, shares: bool) -> Scores:
        """Scores where some answered fewer items than there are: the mean of those answered."""
        upper, lower = min(favourable_points(self.points)[0]), max(favourable_points(self.points)[2])
        # At most 300 items of 11 points: sums over items fit in 16 bits.
        answered, score, high, low = (np.zeros(answers[0].shape, np.int16) for _ in range(4))
        for answer, reverse, down in zip(answers, self.reverse, self._directions(), strict=True):
            there = answer != SKIPPED
            answered += there
            score += np.where(there, self.points + 1 - answer if down else answer, np.int16(0))
            if shares:
                favourable, unfavourable = (low, high) if reverse else (high, low)
                favourable += answer >= upper
                unfavourable += there & (answer <= lower)
        scored = answered >= self.needed
        partial = (answered > 0) & ~scored
        spread = self._spread(answered)
        thirds: tuple[ByPerson | None, ByPerson | None] = (None, None)
        if shares:
            favourable = spread(high)
            # One of each of two answers: both halves would be rounded up, and leave less than nobody between them.
            thirds = favourable, np.minimum(spread(low), self.denominator - favourable)
        return Scores(spread(score), None if scored.all() else scored, partial, answered, score, *thirds)

    def _spread(self, answered: ByPerson) -> "_Spread":
        return _Spread(answered, self.denominator, range(self.needed, len(self.columns) + 1))


class _Spread:
    """Sums over the items answered, as means over the denominator; meaningless for fewer items than are needed."""

    def __init__(self, answered: ByPerson, denominator: int, sizes: range) -> None:
        self._answered = answered
        self._denominator = denominator
        self._exact = all(denominator % size == 0 for size in sizes)
        self._times = np.array([denominator // max(size, 1) for size in range(sizes.stop)], np.int32)

    def __call__(self, total: ByPerson) -> ByPerson:
        if self._exact:
            return total * self._times[self._answered]
        by = np.maximum(self._answered, 1).astype(np.int64)
        rounded: ByPerson = ((2 * total.astype(np.int64) * self._denominator + by) // (2 * by)).astype(np.int32)
        return rounded


@dataclass(frozen=True)
class IndexScoring:
    """How an index is scored: its scales, and whether it is the first over the second."""

    id: str
    scales: tuple[ScaleScoring, ...]
    ratio: bool
    cuts: Cuts | None

    @classmethod
    def of(cls, index: Index, scales: Sequence[ScaleScoring]) -> "IndexScoring":
        """The scoring of an index over its scales."""
        ratio = index.combine == "ratio"
        shown = Shown(Fraction(1), Fraction(0)) if ratio else scales[0].shown
        cuts = cuts_of(index.bands, shown.back, {scale.id: scale.shown.back for scale in scales})
        return cls(index.id, tuple(scales), ratio, cuts)

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(scale.id for scale in self.scales)

    @property
    def points(self) -> int:
        return self.scales[0].points

    @property
    def shown(self) -> Shown:
        return Shown(Fraction(1), Fraction(0)) if self.ratio else self.scales[0].shown

    @property
    def unit(self) -> str:
        return "mean" if self.ratio else self.scales[0].unit

    @cached_property
    def weights(self) -> tuple[int, ...]:
        """Of each scale's integer score; of a mean."""
        multiple = lcm(*(scale.denominator for scale in self.scales))
        return tuple(multiple // scale.denominator for scale in self.scales)

    @cached_property
    def denominator(self) -> int:
        return RATIO_PARTS if self.ratio else len(self.scales) * lcm(*(scale.denominator for scale in self.scales))

    @property
    def least(self) -> int:
        """The smallest score, as an integer over the denominator."""
        return RATIO_PARTS // self.points if self.ratio else self.denominator

    @property
    def most(self) -> int:
        """The largest score, as an integer over the denominator."""
        return self.denominator * self.points

    def scores(self, parts: Sequence[Scores]) -> Scores:
        """The scores of people from theirs on each scale, in the order of `scales`."""
        masks = [part.scored for part in parts if part.scored is not None]
        scored = partial = None
        if masks:
            scored = np.logical_and.reduce(masks)
            # Where one scale has no gap, everyone is complete on a part.
            some = np.logical_or.reduce(masks) if len(masks) == len(parts) else True
            partial = some & ~scored
        if self.ratio:
            return Scores(self._over(*parts), scored, partial, None, None, None, None)
        score = self._weighted([part.score for part in parts])
        favourable = [part.favourable for part in parts if part.favourable is not None]
        unfavourable = [part.unfavourable for part in parts if part.unfavourable is not None]
        if len(favourable) < len(parts):
            return Scores(score, scored, partial, None, None, None, None)
        return Scores(score, scored, partial, None, None, self._weighted(favourable), self._weighted(unfavourable))

    def band(self, scores: Scores, parts: Sequence[Scores]) -> npt.NDArray[np.intp]:
        """The number of each person's band, by their score or those on the scales; of indices with bands."""
        if self.cuts is None:
            raise ValueError("an index without bands has no band")
        each = {scale.id: (part.score, scale.denominator) for scale, part in zip(self.scales, parts, strict=True)}
        if self.cuts.when:
            return self.cuts.band_by_parts(each)
        return self.cuts.band_of_ratio(*each.values()) if self.ratio else self.cuts.band(scores.score, self.denominator)

    def _weighted(self, parts: Sequence[ByPerson]) -> ByPerson:
        # A document's indices stay below 2^15 (11 points over the largest denominator that lint/scales.py accepts).
        total = np.zeros(len(parts[0]), np.int16)
        for weight, part in zip(self.weights, parts, strict=True):
            total += part.astype(np.int16, copy=False) * np.int16(weight)
        return total

    def _over(self, first: Scores, second: Scores) -> ByPerson:
        above, below = self.scales
        over = first.score.astype(np.int64) * (RATIO_PARTS * below.denominator)
        # Scores of people who are not scored may be anything, zero as well.
        under = np.maximum(second.score.astype(np.int64) * above.denominator, 1)
        rounded: ByPerson = np.clip((2 * over + under) // (2 * under), self.least, self.most).astype(np.int32)
        return rounded


Scoring = ScaleScoring | IndexScoring


class Rated(NamedTuple):
    """Scales and indices that have scores of persons, by id, in the document's order."""

    scales: Mapping[str, ScaleScoring]
    indices: Mapping[str, IndexScoring]

    def scores(self, by_column: ByColumn, shares: "frozenset[str] | None" = None) -> dict[str, Scores]:
        """Scores of the people in `by_column`, int16 [columns, rows], with shares of all scales, or of these."""
        scores = {
            name: scale.scores(by_column, shares=shares is None or name in shares)
            for name, scale in self.scales.items()
        }
        return scores | {
            name: index.scores([scores[part] for part in index.parts]) for name, index in self.indices.items()
        }


def rated(document: Document, columns: Mapping[str, int]) -> Rated:
    """How the scales and indices of the person rule are scored, given the column of each rating item."""
    ratings = {item.id: item for item in document.items if isinstance(item, RatingItem)}
    scales = {
        scale.id: ScaleScoring.of(scale, [(columns[name], ratings[name]) for name in scale.items])
        for scale in document.scales
        if scale.rule != "group"
    }
    indices = {
        index.id: IndexScoring.of(index, [scales[name] for name in index.scales])
        for index in document.indices
        if index.rule != "group"
    }
    return Rated(scales, indices)
