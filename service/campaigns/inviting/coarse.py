"""Coarse classes: the roster's attributes made general enough that nobody's class is theirs alone. Pure.

Whoever holds every key can read a wave's records, and recognises a person whose class (home unit and values of the
plan's dimensions) is theirs alone. So here no class counts fewer than k invited people: a unit is replaced by one
above it, or a value by "not known", before anybody's code is made. It hangs on numbers of people invited alone.

**What a figure says stays true.** Single people are never taken out of a unit because they are rare. A *unit stays*,
with everybody in it and below, or *closes*: all these are then counted in the unit above, and neither it nor any unit
below is shown. A value that is too rare is blanked for the whole company. And of the people who are counted in one unit
(and in none below it), the values of a dimension are *told* of everybody or of nobody; where not, they are not known,
as they may be in any roster. So a unit's cell has the people that its name says, or nobody; a value's cell may lack
whole teams, never the one odd person of each team. That some are lacking had to be accepted: else one team that does
not tell its sites would take the sites from the company.

A *cell* is a unit with all units below, or the people there whose value in one dimension is known, and *publishable*
with k people invited or more. Afterwards it is *kept*, with the same people; *thinner*, with fewer, but k or more; or
*lost*. No cell gains anybody. Fewest lost come first, then most kept; a forecast should show all three.

**The choice** that is searched: which values are blanked everywhere, and which dimensions are *firm*, told by all
units, for which units close instead. The rest follows:

- *Units.* One can stay where it has k people or nobody of each combination of the firm values, below it included, and
  the units above can stay. That suffices: closing all units below mends it. So from below, each unit that can stay
  closes some units just below that hold the combinations of which too few people are its own. Each of these closes a
  gap, as it has k of it or none, and makes no new one: first what costs the fewest cells for each gap, and at the end
  whatever the others make needless stays after all. What a unit does has no bearing on those beside it.
- *The other dimensions*, those with the most publishable cells first: a unit tells one where all the classes that are
  counted in it still have k people then.

It begins with all, none or one dimension firm or all but one, nothing blanked or everything; blanks what costs the
fewest cells until the company as a whole has no small combination of firm values; then changes one dimension or one
value at a time while that loses fewer cells. A budget counts choices, never seconds: the same people give the same
classes, in whatever order they come.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

NOBODY = -1
"""Stands for no unit, the parent of the root, and for a value that is not known."""
BUDGET = 100
"""Choices of values that are tried, some sixty milliseconds each for 20,000 classes in five dimensions."""


class Coarse(NamedTuple):
    """What each class is counted as, in the order in which they were given."""

    units: Ints
    """Unit of each class: its own or one above, [classes]."""
    values: Ints
    """Its values: its own or -1, [classes, dimensions]."""
    kept: int
    """Publishable cells that have the same people as before."""
    thinner: int
    """Those that have fewer, but k or more."""
    lost: int
    """Those that have fewer than k: nobody, mostly."""


class _Choice(NamedTuple):
    blank: Mask
    """Values that nobody has any more, [marks]."""
    firm: Mask
    """Dimensions for which units close, [dimensions]."""


def coarsened(units: Ints, values: Ints, invited: Ints, parents: Ints, k: int, budget: int = BUDGET) -> Coarse:
    """Classes of at least k invited people each, with as many publishable cells as this search finds.

    Args:
        units: home unit of each class, [classes].
        values: value of each class in each dimension, from 0, -1 where it is not known, [classes, dimensions].
        invited: how many people are in it, at least one, [classes].
        parents: unit above each unit, -1 for the single root, which stands first; others stand below theirs, [units].
        k: smallest class, at least 1.
        budget: choices of values that are tried; with none, everything is one class.

    Returns:
        What each class is counted as; nothing changes where each has k people. Classes that are counted as the same
        have k people together, unless fewer than k are invited in all: then everybody is in the root, with no value.

    Raises:
        ValueError: the arrays do not fit together, a number is out of range, a class comes twice or without people.
    """
    _check(units, values, invited, parents, k)
    return _World(units, values, invited, parents, k).searched(budget)


def _check(units: Ints, values: Ints, invited: Ints, parents: Ints, k: int) -> None:
    given: list[NDArray[Any]] = [units, values, invited, parents]
    if any(array.dtype.kind not in "iu" for array in given):
        raise ValueError("classes and units are whole numbers")
    if units.ndim != 1 or invited.shape != units.shape or values.shape[:1] != units.shape or values.ndim != 2:  # noqa: PLR2004
        raise ValueError("there is not one unit, one row of values and one number of people for each class")
    if parents.ndim != 1 or not parents.size or bool((parents >= np.arange(parents.size)).any()):
        raise ValueError("a unit does not stand below the one above it")
    if bool((parents[1:] < 0).any()):
        raise ValueError("a tree has exactly one root")
    if bool((units < 0).any()) or bool((units >= parents.size).any()):
        raise ValueError("a class is in no unit of the tree")
    if bool((values < NOBODY).any()) or bool((invited < 1).any()) or k < 1:
        raise ValueError("a value is at least -1, a class has somebody, and k is at least 1")
    if len(np.unique(np.column_stack([units, values]), axis=0)) != len(units):
        raise ValueError("a class is given twice")


class _World:
    """The classes, and the values that there are in all dimensions, one after another: the *marks*.

    A mask over the marks is true where the value is blanked.
    """

    def __init__(self, units: Ints, values: Ints, invited: Ints, parents: Ints, k: int) -> None:
        self.units, self.values = units.astype(np.int64), values.astype(np.int64)
        self.invited, self.parents, self.k = invited.astype(np.int64), parents.astype(np.int64), k
        held = [np.unique(column[column >= 0]) for column in self.values.T]
        self.dimension: Ints = np.repeat(np.arange(len(held)), [len(one) for one in held])
        """Dimension of each mark, [marks]."""
        starts = np.cumsum([0, *map(len, held)])
        places = [
            start + np.searchsorted(one, column)
            for start, one, column in zip(starts[:-1], held, self.values.T, strict=True)
        ]
        self.marks: Ints = np.where(self.values >= 0, np.array(places, np.int64).T.reshape(values.shape), NOBODY)
        """The mark that each class has in each dimension, [classes, dimensions]."""
        self.before: Ints = self._counts(self.units, self.marks)
        """How many people each cell has: by mark, and everybody, [units, marks + 1]."""
        self.cells: Mask = self.before[:, :-1] >= k
        """Publishable cells of a value, [units, marks]."""
        self.large: Mask = self.before[:, -1] >= k
        """Publishable cells of everybody in a unit, [units]."""
        self.loss: Ints = self.cells.sum(axis=0)
        """Publishable cells of each mark, [marks]."""
        self.having: Ints = self.before[0, :-1]
        """How many people have each mark, [marks]."""
        # Classes that differ in their units only, and how many people they are: what blanking looks at.
        rows, self.kind = np.unique(self.marks, axis=0, return_inverse=True)
        self.rows: Ints = rows
        self.people: Ints = np.bincount(self.kind, self.invited, len(rows)).astype(np.int64)
        depth = np.zeros(len(parents), np.int64)
        for unit in range(1, len(parents)):
            depth[unit] = depth[self.parents[unit]] + 1
        order = np.argsort(depth, kind="stable")
        self.levels = np.split(order, np.searchsorted(depth[order], np.arange(1, int(depth.max()) + 1)))
        """Units by depth, the root's level first."""
        self.depth: Ints = depth
        by_parent = np.argsort(self.parents, kind="stable")
        self.below = np.split(by_parent, np.searchsorted(self.parents[by_parent], np.arange(len(parents))))[1:]
        """Units just below each unit."""

    def searched(self, budget: int) -> Coarse:
        """The best that was found; without a budget, or with fewer than k people in all, everything is one class."""
        dimensions = self.values.shape[1]
        nothing, loose = np.zeros(len(self.dimension), np.bool_), np.zeros(dimensions, np.bool_)
        best, score = _Choice(~nothing, loose), (-self.before.size, 0, 0)
        found = self._compared(np.zeros_like(self.units), np.full_like(self.marks, NOBODY))
        firm = [loose, ~loose, *np.eye(dimensions, dtype=np.bool_), *~np.eye(dimensions, dtype=np.bool_)]
        ways = [best, *(_Choice(nothing, one) for one in firm)]
        tried: set[bytes] = set()
        while ways:
            before = score
            for way in sorted(ways, key=self._at_best, reverse=True):
                if budget == 0 or self._at_best(way) <= score:
                    break
                budget -= 1
                mended = _Choice(self._mended(way), way.firm)
                name = mended.blank.tobytes() + mended.firm.tobytes()
                if name in tried or self._at_best(mended) <= score:
                    continue
                tried.add(name)
                reached = self._outcome(mended)
                if reached and (-reached.lost, reached.kept, -int(mended.blank.sum())) > score:
                    best, score = mended, (-reached.lost, reached.kept, -int(mended.blank.sum()))
                    found = reached
            ways = self._steps(best) if score > before else []
        return found

    def _steps(self, choice: _Choice) -> list[_Choice]:
        """All choices that differ by one dimension or one value."""
        steps = []
        for dimension in range(len(choice.firm)):
            here = self.dimension == dimension
            other = choice.firm ^ (np.arange(len(choice.firm)) == dimension)
            steps += [_Choice(choice.blank, other), _Choice(choice.blank & ~here, choice.firm)]
            steps += [_Choice(choice.blank & ~here, other), _Choice(choice.blank | here, choice.firm)]
        every = np.arange(len(choice.blank))
        return steps + [_Choice(choice.blank ^ (every == mark), choice.firm) for mark in every]

    def _most(self) -> int:
        return int(self.loss.sum() + self.large.sum())

    def _at_best(self, choice: _Choice) -> tuple[int, int, int]:
        """What it may come to, whatever the units do: cells lost (less than none), kept, and values blanked."""
        lost = int(self.loss[choice.blank].sum())
        return -lost, self._most() - lost, -int(choice.blank.sum())

    def _outcome(self, choice: _Choice) -> Coarse | None:
        """None where the company as a whole has a small combination of firm values."""
        home = self._home(choice)
        if home is None:
            return None
        return self._compared(home[self.units], self._told(home[self.units], choice))

    def _compared(self, home: Ints, marks: Ints) -> Coarse:
        after = self._counts(home, marks)
        publishable = self.before >= self.k
        kept = int((publishable & (after == self.before)).sum())
        lost = int((publishable & (after < self.k)).sum())
        values: Ints = np.where(marks >= 0, self.values, NOBODY)
        return Coarse(home, values, kept, int(publishable.sum()) - kept - lost, lost)

    def _counts(self, home: Ints, marks: Ints) -> Ints:
        """How many people each cell has: by mark, and everybody, [units, marks + 1]."""
        counts = np.zeros((len(self.parents), len(self.dimension) + 1), np.int64)
        np.add.at(counts[:, -1], home, self.invited)
        for column in marks.T:
            np.add.at(counts, (home[column >= 0], column[column >= 0]), self.invited[column >= 0])
        for unit in range(len(self.parents) - 1, 0, -1):
            counts[self.parents[unit]] += counts[unit]
        return counts

    def _told(self, home: Ints, choice: _Choice) -> Ints:
        """The marks of each class that are told where it is counted, [classes, dimensions]."""
        marks = _taken_out(self.marks, choice.blank)
        at_stake = np.bincount(self.dimension, self.loss, len(choice.firm))
        told: Ints = np.where(choice.firm, marks, NOBODY)
        _, number = _distinct(np.column_stack([home, told]))
        for dimension in np.argsort(-at_stake, kind="stable").tolist():
            if choice.firm[dimension]:
                continue
            size, finer = _distinct(np.column_stack([number, marks[:, dimension]]))
            safe = np.ones(len(self.parents), np.bool_)
            safe[home[np.bincount(finer, self.invited)[finer] < self.k]] = False
            told[:, dimension] = np.where(safe[home], marks[:, dimension], NOBODY)
            number = np.where(safe[home], finer, number + size)
        return told

    def _mended(self, choice: _Choice) -> Mask:
        """With more firm values blanked, until the company as a whole has no small combination, where it has k."""
        firm = choice.firm[self.dimension]
        mended = choice.blank | (self.having < self.k)
        cheapest = np.lexsort((np.arange(len(mended)), self.having, self.loss))
        while not mended[firm].all():
            rows = _taken_out(self.rows, mended | ~firm)
            _, kind = _distinct(rows)
            small = rows[(np.bincount(kind, self.people) < self.k)[kind]]
            if not small.size:
                break
            held = np.zeros(len(mended), np.bool_)
            held[small[small >= 0]] = True
            # Nothing left to blank in these: somebody else has to join them.
            candidates = held if held.any() else firm & ~mended
            mended[cheapest[candidates[cheapest]][0]] = True
        return mended

    def _home(self, choice: _Choice) -> Ints | None:
        """The unit that stays, itself or above, of each unit; None where the company has a small combination."""
        kinds, kind_of = _distinct(_taken_out(self.rows, choice.blank | ~choice.firm[self.dimension]))
        kind = kind_of[self.kind]
        keys, people = self._below(kind, kinds)
        fits = np.ones(len(self.parents), np.bool_)
        fits[keys[people < self.k] // kinds] = False
        if not fits[0]:
            return None
        self._close_below(fits)
        own, there = _summed(self._homes(fits)[self.units] * kinds + kind, self.invited)
        gaps: dict[int, list[int]] = {}
        for key in own[there < self.k].tolist():
            gaps.setdefault(key // kinds, []).append(key % kinds)
        kept = np.where(fits, self.large + (self.cells & ~choice.blank).sum(axis=1), 0)
        for unit in range(len(self.parents) - 1, -1, -1):
            if not fits[unit]:
                continue
            if unit in gaps:
                lower = self.below[unit][fits[self.below[unit]]]
                wanted = lower[:, None] * kinds + np.array(gaps[unit])
                holds = keys[np.minimum(np.searchsorted(keys, wanted), keys.size - 1)] == wanted
                closed = lower[_fewest(holds, kept[lower])]
                fits[closed] = False
                kept[unit] -= kept[closed].sum()
            if unit:
                kept[self.parents[unit]] += kept[unit]
        self._close_below(fits)
        return self._homes(fits)

    def _below(self, kind: Ints, kinds: int) -> tuple[Ints, Ints]:
        """How many people of which kind each unit has, with all below: unit x kinds + kind, sorted, and people."""
        depth = self.depth[self.units]
        found = []
        keys, people = np.zeros(0, np.int64), np.zeros(0, np.int64)
        for number in range(len(self.levels) - 1, -1, -1):
            here = depth == number
            upper = self.parents[keys // kinds] * kinds + keys % kinds
            keys, people = _summed(
                np.r_[upper, self.units[here] * kinds + kind[here]], np.r_[people, self.invited[here]]
            )
            found.append((keys, people))
        all_keys, all_people = (np.concatenate(part) for part in zip(*found, strict=True))
        order = np.argsort(all_keys)
        return all_keys[order], all_people[order]

    def _close_below(self, stays: Mask) -> None:
        """Units below a closed one are closed."""
        for level in self.levels[1:]:
            stays[level] &= stays[self.parents[level]]

    def _homes(self, stays: Mask) -> Ints:
        home = np.arange(len(self.parents))
        for level in self.levels[1:]:
            home[level] = np.where(stays[level], level, home[self.parents[level]])
        return home


def _taken_out(marks: Ints, blank: Mask) -> Ints:
    """Marks with those that are blanked as not known; the last place of the mask stands for -1 itself."""
    out: Ints = np.where(np.append(blank, True)[marks], NOBODY, marks)
    return out


def _distinct(rows: Ints) -> tuple[int, Ints]:
    """How many different rows there are, and the number of each."""
    number = np.zeros(len(rows), np.int64)
    for column in rows.T[(rows != rows[:1]).any(axis=0)]:
        _, number = np.unique(number * (column.max(initial=0) + 2) + column + 1, return_inverse=True)
    return int(number.max(initial=-1)) + 1, number


def _summed(keys: Ints, people: Ints) -> tuple[Ints, Ints]:
    found, place = np.unique(keys, return_inverse=True)
    return found, np.bincount(place, people, len(found)).astype(np.int64)


def _fewest(holds: Mask, cost: Ints) -> list[int]:
    """Units that together hold every gap and lose few cells; holds is [units, gaps], every gap held by some unit."""
    chosen: list[int] = []
    missing = np.ones(holds.shape[1], np.bool_)
    while missing.any():
        gained = (holds & missing).sum(axis=1)
        if not gained.any():
            raise RuntimeError("a gap that no unit below holds")
        best = int(np.where(gained > 0, cost / np.maximum(gained, 1), np.inf).argmin())
        chosen.append(best)
        missing &= ~holds[best]
    for unit in sorted(chosen, key=lambda unit: (-int(cost[unit]), unit)):
        others = [other for other in chosen if other != unit]
        if holds[others].any(axis=0).all():
            chosen = others
    return chosen
