"""Figures that relate answers to each other: how well items go together, what goes with what.

They are no sums, and stand for everybody alone, never for a place. They are made of those who count in all the measures
that they relate, and hold squares and products of these people's answers. The deviations and distributions of a measure
hold the same of its own respondents. Whoever counts in one and not in the other could be told by comparing them: there
are no such people; or else, among those who are in the same places of the measure, the smaller side of the two kinds
adds up to enough. For a combination treats all people of the same places alike but for the figure's own, so that one of
the two sides stays in it.

What a figure could be compared with is worked out here, whatever it says of itself: all that it names, and

- of what is derived its parts, as it has no respondents of its own;
- of a whole its parts. But a score holds products of answers that its items do not: of scores alone, only the parts of
  indices, and single parts, whose squares are those of the whole;
- every whole with published figures all of whose parts are there: its squares are made of their squares and products.
  One with other parts too holds products that the figure does not.

What it names has a mean and a deviation for everybody; what is only worked out need not.

How many people it is made of is told rounded down, as numbers of cells are told in bands: two exact numbers count the
few people between them. A release that is out may have told it exactly.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.figures import DEVIATION, FAMILIES, MEAN, Measured, Wave
from service.disclosure.audit.model import Refusal, Row

RELATION = "relation"
"""The family in refusals."""

FEWEST = 100
"""People in all measures of a relation."""

OF_SCORES = ("drivers", "units")
"""Statistics that are made of scores alone. Whatever else there is, is taken to be made of items too."""

Together = Callable[[tuple[str, ...]], Ints]
"""The people who count in all of these measures, by class."""


BAND = 5
"""A number of people is told rounded down to a multiple of this, as at least so many."""


def relations(
    manifest: Mapping[str, Any], wave: Wave, together: Together, *, exact_too: bool = False
) -> tuple[Refusal, ...]:
    """What may not stand of manifest["statistics"]; empty where there is nothing, or nothing wrong.

    Args:
        manifest: of the release. Each entry of its statistics has "n", people rounded down to a multiple of BAND, and
            "measures", the ids it is made of.
        wave: all that is published of the wave; `audit_wave` has looked at it, and took it.
        together: counted from the answers, int64 [classes].
        exact_too: of a release that is out: "n" may be the exact number, as older ones told it.
    """
    statistics = manifest.get("statistics")
    if statistics is None:
        return ()
    beside = _Beside(wave)
    return tuple(
        Refusal(Row(RELATION, measure=name), reason)
        for name, of_scores, entry in _entries(statistics)
        for reason in _wrong(beside, entry, together, of_scores=of_scores, exact_too=exact_too)
    )


def _entries(statistics: object) -> Iterator[tuple[str, bool, object]]:
    """Each with a name for words, and whether it is made of scores alone.

    What has another shape than it should is one that says nothing of people.
    """
    if not isinstance(statistics, Mapping):
        yield "statistics", False, statistics
        return
    for name, value in statistics.items():
        for entry in value if isinstance(value, list) else [value]:
            about = entry.get("scale") if isinstance(entry, Mapping) else None
            yield (about if isinstance(about, str) else str(name)), name in OF_SCORES, entry


def _wrong(beside: "_Beside", entry: object, together: Together, *, of_scores: bool, exact_too: bool) -> Iterator[str]:
    given, about = _named(entry) if isinstance(entry, Mapping) else ([], [])
    named = [name for name in (*given, *about) if isinstance(name, str)]
    n = entry.get("n") if isinstance(entry, Mapping) else None
    if type(n) is not int or not given or len(named) < len(given) + len(about):
        yield "it does not say how many people it is made of, or of which measures"
        return
    unknown = [name for name in named if name not in beside.measures]
    if unknown:
        yield f"it is made of {unknown[0]}, which is no measure"
        return
    told = dict.fromkeys(one for name in named for one in beside.counted(name))
    measures = beside.comparable(tuple(told), of_scores=of_scores)
    people = together(measures)
    all_of_them = int(people.sum())
    at_least = all_of_them // BAND * BAND
    if n not in (at_least, all_of_them):
        yield f"it says {n} people and counts {all_of_them}"
    elif n != at_least and not exact_too:
        yield f"it says exactly {n} people, and not that there are {at_least} or more"
    if all_of_them < FEWEST:
        yield f"it counts {all_of_them} people, fewer than {FEWEST}"
    for measure in measures:
        if gate := beside.gate(measure):
            yield f"how many count in {measure} is an answer to {gate}, and would be told to within {BAND}"
        if measure in told and (family := beside.lacking(measure)):
            yield f"it is made of {measure}, whose {family} for everybody is not published"
        else:
            yield from beside.near(measure, people)


def _named(entry: Mapping[str, Any]) -> tuple[list[object], list[object]]:
    """The measures that it gives, and those that it says it is about; these do not stand for those."""
    measures, weights = entry.get("measures"), entry.get("weights")
    lines = [one for one in (entry, *(weights if isinstance(weights, list) else ())) if isinstance(one, Mapping)]
    about = [one[name] for one in lines for name in ("scale", "outcome") if name in one]
    return list(measures) if isinstance(measures, list | tuple) else [], about


class _Beside:
    """What is published beside the figures, looked up once for all of them."""

    def __init__(self, wave: Wave) -> None:
        self.measures: dict[str, Measured] = {measure.id: measure for measure in wave.measures}
        self._wave = wave
        self._places = {(one.measure, one.family): one.places for one in wave.published}
        self._largest_k = max((k for one in wave.measures for k in one.k.values()), default=1)
        self._pieces: dict[bytes, Ints] = {}

    def counted(self, name: str) -> tuple[str, ...]:
        """The measure, or those that it is derived from."""
        one = self.measures[name]
        return tuple(below for part in one.parts for below in self.counted(part)) if one.derived else (name,)

    def comparable(self, told: tuple[str, ...], *, of_scores: bool) -> tuple[str, ...]:
        """What a figure made of these can be compared with, each once; see above."""
        found = dict.fromkeys(told)
        waiting = list(told)
        while waiting:
            parts = self.measures[waiting.pop()].parts
            if not of_scores or len(parts) == 1 or any(self.measures[part].parts for part in parts):
                waiting += [part for part in parts if part not in found]
                found |= dict.fromkeys(parts)
        while more := [one.id for one in self._wholes if one.id not in found and found.keys() >= set(one.parts)]:
            found |= dict.fromkeys(more)
        return tuple(found)

    @cached_property
    def _wholes(self) -> list[Measured]:
        """Those with figures of their own people."""
        shown = {measure for measure, _ in self._places}
        return [one for one in self.measures.values() if one.parts and not one.derived and one.id in shown]

    def gate(self, measure: str) -> str | None:
        """An item whose answers tell whether it is asked, or a part of it, if there is one."""
        one = self.measures[measure]
        gates = (*one.gates, *map(self.gate, one.parts))
        return next((gate for gate in gates if gate is not None), None)

    def lacking(self, measure: str) -> str | None:
        """What everybody's figures of the measure lack, if they do."""
        families = (MEAN, DEVIATION)
        return next((one for one in families if not self._everybody.intersection(self._of(measure, one))), None)

    def near(self, measure: str, people: Ints) -> Iterator[str]:
        """Whether too few count in the measure and not among these people, by class, or the other way round."""
        one = self.measures[measure]
        k, others = one.k.get(DEVIATION, self._largest_k), one.n - people
        more = int(others.sum())
        if 0 < more < k:
            yield f"{measure} counts {more} people more, fewer than {k}"
        elif more:
            pieces = self._pieces_of(measure)
            sides = np.zeros((2, int(pieces.max()) + 1), np.int64)
            np.add.at(sides[0], pieces, people)
            np.add.at(sides[1], pieces, others)
            if (kept_in := int(sides.min(axis=0).sum())) < k:
                yield f"{measure} counts {more} people more, of whom its figures set apart all but {kept_in}"

    def _of(self, measure: str, family: str) -> list[int]:
        found: list[int] = self._places.get((measure, family), np.zeros(0, np.int64)).tolist()
        return found

    @cached_property
    def _everybody(self) -> frozenset[int]:
        """The numbers of the places that everybody is in."""
        filled = self._wave.respondents > 0
        people = int(filled.sum())
        places = enumerate(self._wave.members)
        return frozenset(place for place, own in places if len(own) >= people and filled[own].sum() == people)

    def _pieces_of(self, measure: str) -> Ints:
        """By class a number, the same for those in the same of the measure's places."""
        places = sorted({place for family in FAMILIES for place in self._of(measure, family)})
        key = np.array(places, np.int64).tobytes()
        if key not in self._pieces:
            piece, free = np.zeros(len(self._wave.respondents), np.int64), 1
            for place in places:
                own = self._wave.members[place]
                before, of_own = np.unique(piece[own], return_inverse=True)
                piece[own] = free + of_own
                free += len(before)
            self._pieces[key] = np.unique(piece, return_inverse=True)[1].astype(np.int64)
        return self._pieces[key]
