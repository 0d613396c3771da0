"""Groups of classes that are nested or disjoint, and what they leave of each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """The order of nested sets.

    Whatever combination is made of the sums of nested sets, it gives all people outside the sets inside (a set's
    residual) one coefficient, and each residual can be had alone: what can be described are unions of residuals.

    Attributes:
        above: for each set the smallest that holds it, -1 if none does, int64 [sets].
        levels: numbers of the sets from the largest down, those above each set in earlier ones. Sets without members,
            and those that were not asked for, are in none.
    """

    above: Ints
    levels: tuple[Ints, ...]

    @classmethod
    def of(cls, sets: Sequence[Ints], chosen: Ints, width: int) -> "Forest | None":
        """The order of the chosen ones of these sets of numbers below `width`; None if two of them cross."""
        above, depth = np.full(len(sets), -1, np.int64), np.full(len(sets), -1, np.int64)
        holder = np.full(width, -1, np.int64)  # the smallest set so far that holds each number
        sizes = np.array([len(sets[one]) for one in chosen.tolist()], np.int64)
        for one in chosen[np.argsort(-sizes, kind="stable")].tolist():
            members = sets[one]
            if not len(members):
                continue
            holders = holder[members]
            first = holders[0]
            if (holders != first).any():
                return None
            above[one], depth[one] = first, (depth[first] + 1 if first >= 0 else 0)
            holder[members] = one
        return cls(above, tuple(np.flatnonzero(depth == level) for level in range(depth.max(initial=-1) + 1)))

    def nearest(self, shown: Bools) -> Ints:
        """The smallest shown set strictly above each set, -1 if there is none; int64 [sets]."""
        found = np.full(len(self.above), -1, np.int64)
        for level in self.levels[1:]:
            above = self.above[level]
            found[level] = np.where(shown[above], above, found[above])
        return found

    def residuals(self, shown: Bools, people: Ints) -> Ints:
        """By shown set, those of its people who are in no shown set inside; zero for the others. int64 [sets]."""
        left = np.where(shown, people, 0)
        nearest = self.nearest(shown)
        inside = np.flatnonzero(shown & (nearest >= 0))
        np.subtract.at(left, nearest[inside], people[inside])
        return left

    def inside(self, shown: Bools, one: int) -> Ints:
        """The largest shown sets inside this one, ascending."""
        return np.flatnonzero(shown & (self.nearest(shown) == one))
