"""Scores of persons on scales and indices, one block of people at a time. Pure numpy.

A person's score is an integer over a denominator common to all: on a scale the sum of the points (reversed where the
item says so) over the number of items; on an index the weighted sum of the scales' scores, over the number of scales
times the common multiple of their numbers of items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.questionnaires.document import Index, RatingItem, Scale, favourable_points
from service.responses.sheet import SKIPPED

ByPerson = npt.NDArray[np.int16]
People = npt.NDArray[np.bool_]
ByColumn = npt.NDArray[np.int16]


class Scores(NamedTuple):
    """One measure of a block's people: arrays [rows], meaningless where a person is not complete.

    `complete` is None when everyone is; `partial` marks who answered a part without being complete. The shares are
    numerators over the share denominator, None when they were not asked for.
    """

    score: ByPerson
    complete: People | None
    partial: People | None
    favourable: ByPerson | None
    unfavourable: ByPerson | None


@dataclass(frozen=True, slots=True)
class ScaleScoring:
    """How a scale is scored: the column, the points and the direction of each item."""

    id: str
    parts: tuple[str, ...]
    columns: tuple[int, ...]
    reverse: tuple[bool, ...]
    points: int

    @classmethod
    def of(cls, scale: Scale, items: Sequence[tuple[int, RatingItem]]) -> "ScaleScoring":
        """The scoring of a scale over its items, each with its column."""
        columns, ratings = zip(*items, strict=True)
        return cls(scale.id, scale.items, columns, tuple(item.reverse for item in ratings), ratings[0].points)

    @property
    def weights(self) -> tuple[int, ...]:
        return (1,) * len(self.columns)

    @property
    def denominator(self) -> int:
        return len(self.columns)

    @property
    def share_denominator(self) -> int:
        return len(self.columns)

    @property
    def least(self) -> int:
        """The smallest score, as an integer over the denominator."""
        return len(self.columns)

    @property
    def most(self) -> int:
        """The largest score, as an integer over the denominator."""
        return len(self.columns) * self.points

    def scores(self, by_column: ByColumn, *, shares: bool) -> Scores:
        """The scores of the people in `by_column`, int16 [columns, rows]."""
        answers = [by_column[column] for column in self.columns]
        lowest = answers[0].copy()
        for answer in answers[1:]:
            np.minimum(lowest, answer, out=lowest)
        complete = partial = None
        if lowest.size and lowest.min() == SKIPPED:
            complete = lowest != SKIPPED
            highest = answers[0].copy()
            for answer in answers[1:]:
                np.maximum(highest, answer, out=highest)
            partial = (highest != SKIPPED) & ~complete
        # Sums of skipped answers may wrap around; they belong to people who are not complete.
        score = np.full_like(lowest, sum(self.reverse) * (self.points + 1))
        for answer, reverse in zip(answers, self.reverse, strict=True):
            (np.subtract if reverse else np.add)(score, answer, out=score)
        if not shares:
            return Scores(score, complete, partial, None, None)
        upper = min(favourable_points(self.points)[0])
        lower = max(favourable_points(self.points)[2])
        high, low = np.zeros_like(lowest), np.zeros_like(lowest)
        for answer, reverse in zip(answers, self.reverse, strict=True):
            favourable, unfavourable = (low, high) if reverse else (high, low)
            favourable += answer >= upper
            unfavourable += answer <= lower
        return Scores(score, complete, partial, high, low)


@dataclass(frozen=True, slots=True)
class IndexScoring:
    """How an index is scored: its scales, and the weight of each scale's integer score."""

    id: str
    scales: tuple[ScaleScoring, ...]

    @classmethod
    def of(cls, index: Index, scales: Sequence[ScaleScoring]) -> "IndexScoring":
        return cls(index.id, tuple(scales))

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(scale.id for scale in self.scales)

    @property
    def weights(self) -> tuple[int, ...]:
        multiple = lcm(*(scale.denominator for scale in self.scales))
        return tuple(multiple // scale.denominator for scale in self.scales)

    @property
    def denominator(self) -> int:
        return len(self.scales) * lcm(*(scale.denominator for scale in self.scales))

    @property
    def share_denominator(self) -> int:
        return self.denominator

    @property
    def least(self) -> int:
        """The smallest score, as an integer over the denominator."""
        return sum(weight * scale.least for weight, scale in zip(self.weights, self.scales, strict=True))

    @property
    def most(self) -> int:
        """The largest score, as an integer over the denominator."""
        return sum(weight * scale.most for weight, scale in zip(self.weights, self.scales, strict=True))

    def scores(self, parts: Sequence[Scores]) -> Scores:
        """The scores of people from theirs on each scale, in the order of `scales`."""
        masks = [part.complete for part in parts if part.complete is not None]
        complete = partial = None
        if masks:
            complete = np.logical_and.reduce(masks)
            # Where one scale has no gap, everyone is complete on a part.
            some = np.logical_or.reduce(masks) if len(masks) == len(parts) else True
            partial = some & ~complete
        score = self._weighted([part.score for part in parts])
        favourable = [part.favourable for part in parts if part.favourable is not None]
        unfavourable = [part.unfavourable for part in parts if part.unfavourable is not None]
        if len(favourable) < len(parts):
            return Scores(score, complete, partial, None, None)
        return Scores(score, complete, partial, self._weighted(favourable), self._weighted(unfavourable))

    def _weighted(self, parts: Sequence[ByPerson]) -> ByPerson:
        # A document's indices stay below 2^15 (11 points over the largest denominator that lint.py accepts).
        total = np.zeros(len(parts[0]), np.int16)
        for weight, part in zip(self.weights, parts, strict=True):
            total += part * np.int16(weight)
        return total


Scoring = ScaleScoring | IndexScoring
