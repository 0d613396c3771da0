"""Means and shares as their ends leave them to be known, and what of that is carried over into others. Pure.

Both ends of small figures are hidden: means are clipped, and shares told as "90 or more". Two kinds of figures beside
them would tell them all the same:

- the mean of an item of which nearly all gave one answer, which tells what the few others answered: there, the mean is
  that answer's score;
- the mean and shares of a scale, which are those of its items taken together, so that one item is the scale's less the
  others: there, the whole is made of its parts as they may be known, and so is an index of its scales.

A whole is moved by as much as its parts are, since its people need not be just theirs. A ratio of persons' scores is
not moved, being no weighted mean; a ratio of group means is one of its parts as they may be known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from service.disclosure import coding
from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.tree import Ints, Mask

Floats = coding.Floats
_FINER = 1_000
"""End bands and clips are whole thousandths."""


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """The ends of all measures of a plan, [cells] each.

    Attributes:
        known: measures by id.
        people: respondents of each measure.
        sums: from classes to cells.
        near: the derivable groups that a measure's cells take part in, in a family.
        told: cells where a measure's distribution is published, for measures that have one.
    """

    known: Mapping[str, Measure]
    people: Mapping[str, Ints]
    sums: Callable[[Ints], Ints]
    near: Callable[[str, Family], coding.Nearby]
    told: Mapping[str, Mask]
    _large: dict[str, list[Mask]] = field(default_factory=dict)
    _means: dict[str, Floats] = field(default_factory=dict)
    _shares: dict[str, list[Floats]] = field(default_factory=dict)

    def exact(self, measure: Measure, own: Ints | None, denominator: int) -> Floats:
        """The mean over the respondents of what is summed in each class; zero where nobody answered."""
        some = np.maximum(self.people[measure.id], 1).astype(np.float64)
        return np.zeros_like(some) if own is None else self.sums(own) / (some * denominator)

    def nearly_all(self, measure: Measure) -> Mask:
        """Cells where one answer's share is told as no more than large."""
        found: Mask = np.zeros_like(self.people[measure.id], np.bool_)
        for there in self._nearly_all(measure):
            found |= there
        return found

    def alone(self, measure: Measure) -> Mask:
        """Cells of a single item whose mean may be told and whose distribution, which it has, is not."""
        one = measure
        while len(one.parts) == 1:
            one = self.known[one.parts[0]]
        if measure.id in self.told and one.kind is Kind.item:
            return ~self.told[measure.id]
        return np.zeros(len(self.people[measure.id]), np.bool_)

    def _nearly_all(self, measure: Measure) -> list[Mask]:
        """By score."""
        if not measure.scores or measure.counts is None:
            return []
        if measure.id not in self._large:
            n = self.people[measure.id]
            _, end = coding.share_format(n, self.near(measure.id, Family.distribution))
            told = self.told[measure.id] & (end > 0)
            self._large[measure.id] = [told & coding.in_upper_end(self.sums(own), n, end) for own in measure.counts.T]
        return self._large[measure.id]

    def mean_moved(self, measure: Measure) -> Floats:
        """By how much a mean changes for what its item's, or its parts', ends hide."""
        if measure.parts:
            return self._weighted(measure, [self.mean_hidden(self.known[part]) for part in measure.parts])
        exact = self.exact(measure, measure.total, measure.denominator)
        moved = np.zeros_like(exact)
        for score, there in zip(measure.scores, self._nearly_all(measure), strict=True):
            moved = np.where(there, score - exact, moved)
        return moved

    def mean_hidden(self, measure: Measure) -> Floats:
        """The mean as it may be known, less the exact one."""
        lowest, highest = measure.score_min, measure.score_max
        if lowest is None or highest is None:
            raise ValueError(f"measure {measure.id}: has no mean")
        if measure.id not in self._means:
            n = self.people[measure.id]
            near = self.near(measure.id, Family.mean)
            if measure.percent:
                end = coding.share_format(n, near)[1] * ((highest - lowest) / coding.WHOLE_SHARE)
            else:
                form = coding.mean_format(n, near, alone=self.alone(measure))
                end = form.margin / 10.0**form.decimals
            exact = self.exact(measure, measure.total, measure.denominator)
            known = np.clip(exact + self.mean_moved(measure), lowest + end, highest - end)
            self._means[measure.id] = known - exact
        return self._means[measure.id]

    def shares_moved(self, measure: Measure) -> list[Floats]:
        """As `mean_moved`, of the favourable, neutral and unfavourable share; none where a measure has none."""
        if not measure.has_shares:
            return []
        if not measure.parts:
            return [np.zeros(len(self.people[measure.id]))] * 3
        parts = [self.shares_hidden(self.known[part]) for part in measure.parts]
        return [self._weighted(measure, each, turned=False) for each in zip(*parts, strict=True)]

    def shares_hidden(self, measure: Measure) -> list[Floats]:
        """As `mean_hidden`, of the three shares."""
        if not measure.has_shares:
            return []
        if measure.id not in self._shares:
            _, end = coding.share_format(self.people[measure.id], self.near(measure.id, Family.distribution))
            ends = end / coding.WHOLE_SHARE
            given = (measure.favourable, measure.neutral, measure.unfavourable)
            found = []
            for own, moved in zip(given, self.shares_moved(measure), strict=True):
                exact = self.exact(measure, own, measure.share_denominator)
                found.append(np.clip(exact + moved, ends, 1 - ends) - exact)
            self._shares[measure.id] = found
        return self._shares[measure.id]

    def _weighted(self, measure: Measure, parts: Sequence[Floats], *, turned: bool = True) -> Floats:
        if not measure.weights:
            return np.zeros(len(self.people[measure.id]))
        found: Floats = np.tensordot(np.array(measure.weights, np.float64), np.stack(parts), axes=1)
        return found / (-sum(measure.weights) if turned and measure.negative else sum(measure.weights))


def moved(total: Ints, denominator: int, n: Ints, by: Floats) -> tuple[Ints, Ints]:
    """Totals over a denominator, each mean moved; in finer parts where they are, so that no end falls between two."""
    finer = np.where(by != 0, _FINER, 1)
    return total * finer + coding.nearest(by * n * denominator * finer), denominator * finer
