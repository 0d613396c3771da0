"""Which threshold each measure keeps, and what its number of respondents hangs on. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from service.disclosure.measures import Family, Measure
from service.disclosure.policy import Policy
from service.disclosure.tree import Ints, Mask


def missing_of(whole: Measure, parts: Sequence[Measure]) -> Ints:
    """Respondents of each part who are not respondents of the measure, [parts, classes]."""
    missing = np.stack([part.n - whole.complete for part in parts])
    return missing if whole.gaps is None else missing - whole.gaps.answered.sum(axis=0)


class Thresholds(ABC):
    """Which k each measure keeps in each family, with the measures by id.

    `respondents` are all who answered anything, [classes].
    """

    def __init__(self, respondents: Ints, measures: Sequence[Measure], policy: Policy) -> None:
        self.respondents = respondents
        self.measures = measures
        self.known = {measure.id: measure for measure in measures}
        self.policy = policy

    def items(self, measure: Measure) -> list[Measure]:
        """The items that a measure is made of in the end; itself where it is one."""
        if not measure.parts:
            return [measure]
        return [item for part in measure.parts for item in self.items(self.known[part])]

    def k(self, measure: Measure, family: Family) -> int:
        """Smallest group of a measure in a family; never under that of its parts, or of its gates' distributions."""
        behind = max((self.k(self.known[gate], Family.distribution) for gate in self.gates(measure)), default=0)
        return max(behind, self._own_k(measure, family))

    def _own_k(self, measure: Measure, family: Family) -> int:
        sensitive = self._sensitive(measure)
        # Of two neighbouring answers, the mean tells how many gave each: it is held to the threshold of a distribution.
        if family is Family.distribution or any(item.binary for item in self.items(measure)):
            return self.policy.distribution_k(sensitive=sensitive)
        return self.policy.mean_k(sensitive=sensitive)

    def sd_k(self, measure: Measure) -> int:
        """Smallest group of a standard deviation."""
        return max(self.policy.sd_k(sensitive=self._sensitive(measure)), self.k(measure, Family.mean))

    def apart(self, whole: Measure, family: Family) -> Ints:
        """Numbers of people that are nobody's or of k wherever the measure is shown, [numbers, classes]; see `parts`.

        Respondents of each part who are not respondents of the measure come first.
        """
        missing = missing_of(whole, [self.known[part] for part in whole.parts])
        if whole.gaps is None:
            return missing
        skipped = whole.gaps.people.sum(axis=0) - whole.gaps.answered.sum(axis=0)
        # By size as well, since a share weighs an answer by it, and a band may catch people of one size alone.
        sizes = whole.gaps.people if family is Family.distribution else whole.gaps.people[:0]
        return np.concatenate([missing, skipped, sizes])

    def alike(self, whole: Measure, family: Family) -> bool:
        """Whether what a measure publishes in a family hangs on each of its items in the same way; see `parts`."""
        if len({item.answers for item in self.items(whole)}) > 1:
            return False
        parts = [self.known[part] for part in whole.parts]
        # More than the argument of `parts` needs of means: the auditor asks it of whatever has bands.
        if whole.counts is not None and not all(one.alike for one in (whole, *parts)):
            return False
        # A mean and favourable shares add up over the items, and no weight is zero.
        if family is Family.mean or whole.counts is None:
            return True
        return len({len(part.parts) for part in parts}) == 1

    def has_deviations(self, measure: Measure) -> bool:
        """Whether a standard deviation is ever shown; see `parts` on squares."""
        if measure.parts and Family.distribution not in measure.families:
            return False  # a recut may bring breakdowns, in which no distribution tells the squares of its items
        return measure.gaps is None or len(measure.parts) - len(measure.gaps.people) > 1

    def gates(self, measure: Measure) -> set[str]:
        """Whose answers decide who is asked for a measure, or for any part of it."""
        return set(measure.gates).union(*(self.gates(self.known[part]) for part in measure.parts))

    @abstractmethod
    def axes(self, shown: Mask) -> list[Ints]:
        """For each way to take cells from another one: the shown cell that each shown cell is taken from, or -1."""

    @abstractmethod
    def sums(self, own: Ints) -> Ints:
        """Sum over the classes of each cell, [size]."""

    @abstractmethod
    def safe(self, n: Ints, allowed: Mask, k: int, kept: Mask | None) -> Mask:
        """The cells that stay where nothing may describe fewer than k of these people, [classes]."""

    def all(self) -> list[int]:
        """Every threshold that some measure has, ascending."""
        return sorted({self.k(measure, family) for measure in self.measures for family in measure.families})

    def _sensitive(self, measure: Measure) -> bool:
        parts = (self.known[part] for part in measure.parts)
        return measure.sensitive or any(self._sensitive(part) for part in parts)
