"""What protect() is told of a measure: integers per class of the org tree, nothing rounded, nothing per person."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from service.disclosure.tree import Ints

LARGEST_TOTAL = 2**42
"""Bound on any sum over everybody: no product of the display coding, of thousandths of a total, leaves 64 bits."""

LARGEST_SQUARES = 2**62
"""Bound on sums of squares, which are only ever added up in 64 bits: their products are taken in Python's integers."""


_ARRAYS = ("n", "total", "square_total", "counts", "favourable", "neutral", "unfavourable", "partial")
_BY_OPTION = 2
_OF_A_RATIO = 2


class Kind(Enum):
    """What a measure is made of."""

    item = "item"
    scale = "scale"
    index = "index"


class Family(StrEnum):
    """What a row tells; each family has its own threshold and its own pattern of cells."""

    mean = "mean"
    distribution = "distribution"


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Respondents of a scale who skipped some of its items, counted by how many they answered.

    The score of a person with gaps is the mean of the items answered, so that it weighs an answer more than the score
    of one without: items and scale together tell people apart by how many items they answered.

    The sizes are all that count as answered and are not all: of a scale of five items, at least three of them, they are
    three and four.

    Attributes:
        people: respondents of the scale who answered so many items and not all, by size ascending, [sizes, classes].
        answered: those of them who answered each part, [sizes, parts, classes].
    """

    people: Ints
    answered: Ints

    def __post_init__(self) -> None:
        for name in ("people", "answered"):
            given = np.asarray(getattr(self, name))
            if given.dtype.kind not in "iu" or bool((given < 0).any()):
                raise ValueError(f"gaps: {name} holds something else than whole numbers from zero")
            array = given.astype(np.int64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        sizes, _, classes = self.answered.shape
        if self.people.shape != (sizes, classes) or bool((self.answered > self.people[:, None]).any()):
            raise ValueError("gaps: people and answered contradict each other")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMean:
    """A scale or index by the group rule: the mean of its parts' group means, part by part over whoever answered it.

    A function of its parts' figures, in the cells where each of them is published, and of nothing else.

    Attributes:
        id: unique among the measures and group means of one call.
        kind: scale or index.
        parts: ids of measures, or of group means before it.
        weights: of each part, 1 or more.
        factor: what the mean is multiplied by: the sum of the weights where the score is a sum.
        negative: the score runs the other way than its parts: lowest plus highest score less the mean.
        percent: shown as 0 to 100 between the lowest and the highest score.
        ratio: the first part's mean over the second's, in the place of a mean of means.
    """

    id: str
    kind: "Kind"
    parts: Sequence[str]
    weights: Sequence[int]
    factor: int = 1
    negative: bool = False
    percent: bool = False
    ratio: bool = False

    def __post_init__(self) -> None:
        if not self.id or not self.parts or len(self.parts) != len(self.weights) or min(self.weights) < 1:
            raise ValueError("a group mean has an id, parts, and for each part a weight of 1 or more")
        if self.ratio and len(self.parts) != _OF_A_RATIO:
            raise ValueError(f"group mean {self.id}: a ratio has two parts")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measure:
    """One item, scale or index of a wave, counted in each class (the people directly in a node, not those below).

    What decides how much is hidden (`sensitive`, `weights`, `scores`, `alike`, `gaps`, `gates`, `asks_skippers`) has no
    default: who forgets it hears of it.

    Arrays are whole numbers of shape [classes], but `counts`, which is [classes, options].

    Attributes:
        id: unique among the measures of one call.
        kind: item, scale (parts: items) or index (parts: scales).
        n: respondents of the measure: to the item; to all items of the scale; to all items of all scales of the index.
        sensitive: asks for the policy's `k_sensitive`. A measure built from a sensitive one is sensitive too.
        total: sum of the respondents' scores times `denominator`; None (with `square_total`, `score_min` and
            `score_max`) where no mean is defined.
        square_total: sum of the squares of (score times `denominator`).
        denominator: a person's score is a whole number over this (items of a scale; a common multiple for an index).
        score_min: lowest score there is, not the lowest given.
        score_max: highest score there is.
        counts: respondents by option, or by band of the score of a scale or index; for several choices they may add up
            to more than n. None: none.
        favourable: sum of the respondents' favourable shares times `share_denominator`; all three shares or none.
        neutral: as `favourable`.
        unfavourable: as `favourable`; the three add up to n times `share_denominator`.
        share_denominator: a person's share is a whole number over this (items of a scale; 1 for an item).
        parts: ids of the measures it is built from. No measure is part of two.
        weights: of each part in the score, where that is a mean of theirs; none: it is something else, or an item.
        negative: the score is that mean turned round: lowest plus highest score less it.
        scores: of an item whose options are scores, that of each.
        alike: its parts have equal weights, and no band looks at one of them alone.
        partial: people who are respondents of at least one part and not of the measure; for scales and indices only.
        gaps: respondents who skipped some of the parts; for scales that allow it. None: whoever has a gap is none.
        gates: ids of measures whose answers decide who is asked: its n is an answer to them, so that it is published
            only where each of their distributions is.
        asks_skippers: whoever answered none of its gates is asked, as by a condition with `not`.
        percent: the mean is shown as 0 to 100 between `score_min` and `score_max`.
        times: the mean is shown so many times as large, a sum of points. It is rounded before, as any mean is: the
            unit of a sum is its author's choice.
        enps: the distribution is shown with favourable less unfavourable.

    Raises:
        ValueError: the numbers contradict each other; names the measure and the field.
    """

    id: str
    kind: Kind
    n: Ints
    sensitive: bool
    total: Ints | None = None
    square_total: Ints | None = None
    denominator: int = 1
    score_min: int | None = None
    score_max: int | None = None
    counts: Ints | None = None
    favourable: Ints | None = None
    neutral: Ints | None = None
    unfavourable: Ints | None = None
    share_denominator: int = 1
    parts: Sequence[str] = ()
    weights: Sequence[int]
    negative: bool = False
    scores: Sequence[int]
    alike: bool
    partial: Ints | None = None
    gaps: Gaps | None
    gates: Sequence[str]
    asks_skippers: bool
    percent: bool = False
    times: int = 1
    enps: bool = False

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a measure has an id")
        object.__setattr__(self, "kind", Kind(self.kind))
        object.__setattr__(self, "parts", tuple(self.parts))
        for name in ("gates", "weights", "scores"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in _ARRAYS:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, self._whole(name, np.asarray(getattr(self, name))))
        for name in ("denominator", "share_denominator", "times"):
            if getattr(self, name) < 1:
                self._refuse(name, "is under 1")
        self._check_scores()
        self._check_shares()
        self._check_parts()
        if not self.families:
            self._refuse("total", "and counts and favourable are all absent: nothing to publish")

    @property
    def families(self) -> tuple[Family, ...]:
        """The families that the measure has figures for."""
        has = {Family.mean: self.total is not None, Family.distribution: self.has_shares or self.counts is not None}
        return tuple(family for family in Family if has[family])

    @property
    def has_shares(self) -> bool:
        """Whether favourable, neutral and unfavourable are defined."""
        return self.favourable is not None

    @property
    def binary(self) -> bool:
        """Whether the mean is the distribution, the answers being two neighbouring numbers."""
        return self.score_min is not None and self.score_max is not None and self.score_max - self.score_min == 1

    @property
    def complete(self) -> Ints:
        """Respondents who answered all parts, [classes]; for an item, its respondents."""
        return self.n if self.gaps is None else self.n - self.gaps.people.sum(axis=0)

    @property
    def answers(self) -> tuple[int | None, int | None, int | None]:
        """What there is to choose from: lowest score, highest score, number of options."""
        return self.score_min, self.score_max, None if self.counts is None else self.counts.shape[1]

    def _whole(self, name: str, given: NDArray[np.generic]) -> Ints:
        shape = (np.shape(self.n)[0] if np.ndim(self.n) else 0, *given.shape[1:])
        dimensions = _BY_OPTION if name == "counts" else 1
        if given.dtype.kind not in "iu" or given.shape != shape or given.ndim != dimensions:
            self._refuse(name, "is not one row of whole numbers per class")
        largest = LARGEST_SQUARES if name == "square_total" else LARGEST_TOTAL
        if float(np.abs(given.astype(np.float64)).sum()) > largest:
            self._refuse(name, "is too large to add up exactly")
        array = given.astype(np.int64)
        if name != "total" and bool((array < 0).any()):
            self._refuse(name, "holds a number under zero")
        array.setflags(write=False)
        return array

    def _check_scores(self) -> None:
        given = (self.total, self.square_total, self.score_min, self.score_max)
        if all(part is None for part in given):
            return
        if self.total is None or self.square_total is None or self.score_min is None or self.score_max is None:
            self._refuse("total", "needs square_total, score_min and score_max")
        if not self.score_min < self.score_max:
            self._refuse("score_min", "is not under score_max")
        lowest, highest = (self.n * self.denominator * end for end in (self.score_min, self.score_max))
        if bool(((self.total < lowest) | (self.total > highest)).any()):
            self._refuse("total", "lies outside n times the range of scores")
        # Python's integers: the square of a large total does not fit in 64 bits.
        squares = self.n.astype(object) * self.square_total.astype(object)
        if bool((squares < self.total.astype(object) ** 2).any()):
            self._refuse("square_total", "is smaller than any answers with this total can give")

    def _check_shares(self) -> None:
        if self.counts is not None and bool((self.counts > self.n[:, None]).any()):
            self._refuse("counts", "has an option with more people than answered")
        shares = [self.favourable, self.neutral, self.unfavourable]
        present = [share for share in shares if share is not None]
        if not present:
            return
        if len(present) < len(shares) or not np.array_equal(sum(present), self.n * self.share_denominator):
            self._refuse("favourable", "with neutral and unfavourable does not add up to n times share_denominator")

    def _check_parts(self) -> None:
        composite = self.kind is not Kind.item
        if composite != bool(self.parts) or composite != (self.partial is not None):
            self._refuse("parts", "and partial go with scales and indices, and with them only")
        if len(set(self.parts)) != len(self.parts):
            self._refuse("parts", "names a measure twice")
        if self.weights and (len(self.weights) != len(self.parts) or min(self.weights) < 1):
            self._refuse("weights", "are not one of 1 or more for each part")
        if self.scores and (self.counts is None or len(self.scores) != self.counts.shape[1]):
            self._refuse("scores", "are not one for each option")
        if self.gaps is not None and (
            self.kind is not Kind.scale
            or self.gaps.answered.shape[1:] != (len(self.parts), len(self.n))
            or bool((self.gaps.people.sum(axis=0) > self.n).any())
        ):
            self._refuse("gaps", "belongs to scales, and holds no more people than n")
        if self.gaps is not None:
            sizes = np.arange(len(self.parts) - len(self.gaps.people), len(self.parts))
            if bool((sizes < 1).any()) or not np.array_equal(
                self.gaps.answered.sum(axis=1), self.gaps.people * sizes[:, None]
            ):
                self._refuse("gaps", "has people who answered another number of parts than their size")
        if self.enps and (composite or not self.has_shares):
            self._refuse("enps", "is of an item with favourable, neutral and unfavourable")

    def _refuse(self, field: str, why: str) -> NoReturn:
        raise ValueError(f"measure {self.id}: {field} {why}")
