"""A wave with what is looked up in it again and again: whose figures stand where, and how many people a place has."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.checked import check
from service.disclosure.audit.figures import DISTRIBUTION, MEAN, Measured, Published, Wave
from service.disclosure.audit.forest import Forest
from service.disclosure.audit.model import Row

_NOWHERE = np.zeros(0, np.int64)


class Book:
    """Raises AuditRefused when made of a wave that contradicts itself."""

    def __init__(self, wave: Wave) -> None:
        check(wave)
        self.wave = wave
        self.width = len(wave.respondents)
        self.measures = {measure.id: measure for measure in wave.measures}
        self.members = self._of_somebody()
        self._published: dict[tuple[str, str], Published] = {(one.measure, one.family): one for one in wave.published}
        self._whole = {part: one.id for one in wave.measures if not one.derived for part in one.parts}
        self._people: dict[bytes, Ints] = {}
        self._forests: dict[bytes, Forest | None] = {}
        self._all = self._forest(self._flagged(one.places for one in wave.published))

    def _of_somebody(self) -> list[Ints]:
        """The classes of each place that have people: places may overlap in the others as they like."""
        empty = self.wave.respondents == 0
        if not empty.any():
            return list(self.wave.members)
        return [members[~empty[members]] for members in self.wave.members]

    def published(self, measure: str, family: str) -> Published | None:
        return self._published.get((measure, family))

    @property
    def tops(self) -> list[Measured]:
        """Measures that make equations and are part of none that does."""
        return [one for one in self.wave.measures if not one.derived and one.id not in self._whole]

    def above(self, measure: str) -> tuple[str, ...]:
        """The wholes that it is part of, nearest first."""
        whole = self._whole.get(measure)
        return () if whole is None else (whole, *self.above(whole))

    def below(self, measure: str) -> tuple[str, ...]:
        """Its parts, and all below them."""
        return tuple(one for part in self.measures[measure].parts for one in (part, *self.below(part)))

    def gates(self, measure: str) -> tuple[str, ...]:
        """Items whose answers tell whether it is asked, or anything below it; each once."""
        return tuple(
            dict.fromkeys(gate for one in (measure, *self.below(measure)) for gate in self.measures[one].gates)
        )

    def tree(self, measure: str) -> tuple[str, ...]:
        """Everything that its answers go into, and what these are made of."""
        top = (measure, *self.above(measure))[-1]
        return (top, *self.below(top))

    def items(self, measure: str) -> tuple[str, ...]:
        """The items below, or the item itself."""
        return tuple(one for one in (measure, *self.below(measure)) if not self.measures[one].parts)

    def k(self, measure: str, family: str) -> int:
        """The smallest group. Of a family that the measure says nothing of: the largest of its tree."""
        known = self.measures[measure].k
        if family in known:
            return known[family]
        said = (self.measures[one].k for one in self.tree(measure))
        return max(k.get(family, k.get(DISTRIBUTION, 1)) for k in said)

    def source(self, measure: str, family: str) -> Published | None:
        """What is read as this family: a mean can be read from a distribution too, where its own is not published.

        That counts where a mean of the same tree stands beside it; else the distributions are judged as such.
        """
        own = self.published(measure, family)
        if own is not None or family != MEAN:
            return own
        if not any(self.published(one, MEAN) for one in self.tree(measure)):
            return None
        return self.published(measure, DISTRIBUTION)

    def places(self, measure: str, family: str) -> Ints:
        source = self.source(measure, family)
        return _NOWHERE if source is None else source.places

    def shown(self, measure: str, family: str) -> Bools:
        """Whether it stands at each place, bool [places]."""
        found = np.zeros(len(self.members), np.bool_)
        found[self.places(measure, family)] = True
        return found

    def row(self, measure: str, family: str, place: int) -> Row:
        source = self.source(measure, family)
        return Row(family if source is None else source.family, self.wave.names[place], measure=measure)

    def respondents(self, measure: str) -> Ints:
        """By place, int64 [places]; of a derived measure, the fewest that any of its parts has there."""
        one = self.measures[measure]
        if one.derived:
            fewest: Ints = np.array([self.respondents(part) for part in one.parts], np.int64).min(axis=0)
            return fewest
        return self.people(one.n)

    def complete(self, measure: str) -> Ints:
        """People of each class who count in it and in everything below, int64 [classes]."""
        one = self.measures[measure]
        return one.n if one.gaps is None else one.gaps.people[-1]

    def people(self, n: Ints) -> Ints:
        """By place, of numbers by class, int64 [places]."""
        key = n.tobytes()
        if key not in self._people:
            flat, ends = self._flat
            total = np.concatenate([[0], np.cumsum(n[flat])])
            self._people[key] = total[ends[1:]] - total[ends[:-1]]
        return self._people[key]

    @cached_property
    def _flat(self) -> tuple[Ints, Ints]:
        ends = np.concatenate([[0], np.cumsum([len(members) for members in self.members], dtype=np.int64)])
        return np.concatenate([*self.members, _NOWHERE]), ends

    def forest(self, places: Iterable[Ints]) -> Forest | None:
        """Of these places, if all are nested or disjoint. That of all published places serves for any of them."""
        return self._all or self._forest(self._flagged(places))

    def _flagged(self, places: Iterable[Ints]) -> Ints:
        """All these places once, ascending."""
        flags = np.zeros(len(self.members), np.bool_)
        for some in places:
            flags[some] = True
        return np.flatnonzero(flags)

    def _forest(self, places: Ints) -> Forest | None:
        key = places.tobytes()
        if key not in self._forests:
            self._forests[key] = Forest.of(self.members, places, self.width)
        return self._forests[key]
