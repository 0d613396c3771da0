"""Whether a wave can be judged at all: its arrays fit, and its numbers do not contradict each other."""

from collections.abc import Mapping, Sequence

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.checked_gaps import scored
from service.disclosure.audit.figures import FAMILIES, Measured, Published, Wave, Where
from service.disclosure.audit.model import AuditRefused

LARGEST_K = 20_000
"""Nested places are proved for any threshold; a search is made for small ones alone."""

MOST_PEOPLE = 1 << 40
"""In all of a wave, and of each measure: sums of numbers of people stay exact, in 64 bits and in floating point."""


def check(wave: Wave) -> None:
    """Raises AuditRefused, which names the place and no number of people."""
    classes = len(wave.respondents)
    _counts(wave.respondents, classes, "respondents")
    if len(wave.names) != len(wave.members):
        raise AuditRefused("there is not one name for each place")
    _members(wave.members, classes)
    _where(wave)
    measures = {measure.id: measure for measure in wave.measures}
    if len(measures) != len(wave.measures):
        raise AuditRefused("a measure stands twice")
    for measure in wave.measures:
        _measure(measure, wave.respondents)
    _parts(measures)
    for measure in wave.measures:
        _gates(measure, measures)
        _made(measure, [measures[part] for part in measure.parts], wave.respondents)
    seen = set()
    for published in wave.published:
        _published(published, measures, len(wave.members))
        if (published.measure, published.family) in seen:
            raise AuditRefused(f"{published.measure}, {published.family}: published twice")
        seen.add((published.measure, published.family))


def _whole_numbers(array: Ints, length: int, name: str) -> None:
    if array.ndim != 1 or array.dtype != np.int64 or len(array) != length:
        raise AuditRefused(f"{name}: not an array of whole numbers of the right length")


def _members(members: Sequence[Ints], classes: int) -> None:
    """All places at once: there may be ten thousand."""
    for number, own in enumerate(members):
        _whole_numbers(own, len(own), f"place {number}: its classes")
    place = np.repeat(np.arange(len(members)), [len(own) for own in members])
    flat = np.concatenate([np.zeros(0, np.int64), *members])
    wrong = (flat < 0) | (flat >= classes)
    wrong[1:] |= (place[1:] == place[:-1]) & (flat[1:] <= flat[:-1])
    if wrong.any():
        raise AuditRefused(f"place {place[wrong][0]}: its classes are not ascending, or there is none of such a number")


def _where(wave: Wave) -> None:
    if wave.where and len(wave.where) != len(wave.members):
        raise AuditRefused("there is not one unit with values for each place")
    known: dict[Where, Ints] = {}
    for number, (one, members) in enumerate(zip(wave.where, wave.members if wave.where else (), strict=True)):
        if not np.array_equal(known.setdefault(one, members), members):
            raise AuditRefused(f"place {number}: it stands twice, with other classes")
    for name in wave.united:
        seen, at = {name}, wave.united.get(name)
        while at is not None:
            if at in seen:
                raise AuditRefused(f"{name}: its values unite its own")
            seen.add(at)
            at = wave.united.get(at)


def _counts(array: Ints, length: int, name: str) -> None:
    _whole_numbers(array, length, name)
    if (array < 0).any():
        raise AuditRefused(f"{name}: fewer than nobody")
    if array.sum(dtype=np.float64) > MOST_PEOPLE:  # whole numbers might wrap around
        raise AuditRefused(f"{name}: more people than can be added up")


def _numbers(array: Ints, end: int, name: str) -> None:
    _whole_numbers(array, len(array), name)
    if len(array) and (array[0] < 0 or array[-1] >= end or (np.diff(array) <= 0).any()):
        raise AuditRefused(f"{name}: not ascending, or there is none of such a number")


def _measure(measure: Measured, respondents: Ints) -> None:
    _counts(measure.n, len(respondents), f"{measure.id}: its respondents")
    _counts(measure.partial, len(respondents), f"{measure.id}: its partial respondents")
    if (measure.n + measure.partial > respondents).any():
        raise AuditRefused(f"{measure.id}: more respondents than people in some class")
    if not measure.parts and measure.partial.any():
        raise AuditRefused(f"{measure.id}: partial respondents of an item")
    for family, k in measure.k.items():
        if family not in FAMILIES:
            raise AuditRefused(f"{measure.id}: a threshold of an unknown family")
        if not 1 <= k <= LARGEST_K:
            raise AuditRefused(f"{measure.id}, {family}: its threshold is out of range")


def _parts(measures: Mapping[str, Measured]) -> None:
    whole: dict[str, str] = {}
    for measure in measures.values():
        for part in measure.parts:
            if part not in measures:
                raise AuditRefused(f"{measure.id}: a part of it is missing")
            if part in whole:
                raise AuditRefused(f"{part}: part of two, or of one twice")
            whole[part] = measure.id
    for one in measures:
        seen, above = {one}, whole.get(one)
        while above is not None:
            if above in seen:
                raise AuditRefused(f"{one}: part of itself")
            seen.add(above)
            above = whole.get(above)


def _gates(measure: Measured, measures: Mapping[str, Measured]) -> None:
    for gate in measure.gates:
        if gate not in measures:
            raise AuditRefused(f"{measure.id}: an item that decides whether it is asked is missing")
        if gate == measure.id or measures[gate].parts:
            raise AuditRefused(f"{measure.id}: what decides whether it is asked is no other item")


def _made(measure: Measured, parts: list[Measured], respondents: Ints) -> None:
    if any(part.gaps is not None for part in parts):
        raise AuditRefused(f"{measure.id}: a part of it scores people who skipped some of its items")
    if measure.derived:
        _derived(measure)
    elif measure.gaps is not None:
        scored(measure, measure.gaps, parts)
    elif parts:
        _whole(measure, parts, respondents)


def _derived(measure: Measured) -> None:
    if not measure.parts:
        raise AuditRefused(f"{measure.id}: derived from nothing")
    if measure.gaps is not None or measure.n.any() or measure.partial.any():
        raise AuditRefused(f"{measure.id}: it is derived from figures, and has respondents of its own")


def _whole(measure: Measured, parts: list[Measured], respondents: Ints) -> None:
    if any(part.derived for part in parts):
        raise AuditRefused(f"{measure.id}: a part of it is derived from figures, and it is not")
    missing = [part.n - measure.n for part in parts]
    if any((one < 0).any() for one in missing):
        raise AuditRefused(f"{measure.id}: more respondents than a part of it has in some class")
    least, most = np.maximum.reduce(missing), np.add.reduce(missing)
    if len(parts) == 1:
        most = np.zeros_like(respondents)  # whoever answered the only part answered the whole
    if (measure.partial < least).any() or (measure.partial > most).any():
        raise AuditRefused(f"{measure.id}: its partial respondents are not those of its parts")


def _published(published: Published, measures: Mapping[str, Measured], places: int) -> None:
    name = f"{published.measure}, {published.family}"
    if published.measure not in measures:
        raise AuditRefused(f"{name}: an unknown measure")
    if published.family not in FAMILIES:
        raise AuditRefused(f"{name}: an unknown family")
    if published.family not in measures[published.measure].k:
        raise AuditRefused(f"{name}: it has no threshold")
    _numbers(published.places, places, f"{name}: its places")
    _whole_numbers(published.least, len(published.places), f"{name}: its printed respondents")
    _whole_numbers(published.most, len(published.places), f"{name}: its printed respondents")
