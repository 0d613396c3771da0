"""How an insider would link people to answers, and how many links chance alone would make. Pure.

An attack ends in a number of right links. What chance gives is known exactly, since the answers are independent draws
(`guessed_right`), or since a record may be anybody's of its group (`matched_right`). An attack `tells` something where
its number is improbable by that law; too few right links would be a relation as well.
"""

import binascii
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from math import comb, factorial
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from tests.faults.needles import DIGESTS

END = 8
"""Bytes that are read as one number, from either end of a field."""

Ints = NDArray[np.int64]
Law = NDArray[np.float64]
"""Probability of each number of right links, from 0."""
Features = Mapping[str, Ints]


class Shown(NamedTuple):
    """What the stored rows, the logs and the files show of one submission of a person.

    Attributes:
        fields: of its rows, as bytes, by table and column.
        nearby: what lies around the batch's id in the database's files.
        told: what the logs said while it was taken.
    """

    fields: Mapping[str, bytes]
    nearby: Sequence[bytes]
    told: bytes


# -- what there is to go by ----------------------------------------------------------------------------------


def ranks(values: Iterable[Any]) -> Ints:
    """Each value's place among the different values, from 0: whole numbers of any size, or fractions."""
    found = list(values)
    place = {value: at for at, value in enumerate(sorted(set(found)))}
    return np.array([place[value] for value in found], np.int64)


def features(rows: Sequence[Mapping[str, Any]]) -> dict[str, Ints]:
    """Everything that a column can be ordered by: its value, its length, the numbers at its ends, as ranks.

    Columns that are alike in all rows are left out: they tell nobody from anybody else.
    """
    out: dict[str, Ints] = {}
    for column in rows[0]:
        numbers: dict[str, list[Any]] = {}
        for row in rows:
            for name, number in _numbers(row[column]):
                numbers.setdefault(f"{column}{name}", []).append(number)
        out |= {name: ranks(values) for name, values in numbers.items() if len(set(values)) > 1}
    return out


def _numbers(value: object) -> Iterator[tuple[str, int | float | str]]:
    if isinstance(value, UUID):
        value = value.bytes
    if isinstance(value, bytes):
        yield " as a whole", int.from_bytes(value, "big")
        yield " by length", len(value)
        yield " by its first bytes, from the left", int.from_bytes(value[:END], "big")
        yield " by its first bytes, from the right", int.from_bytes(value[:END], "little")
        yield " by its last bytes, from the left", int.from_bytes(value[-END:], "big")
        yield " by its last bytes, from the right", int.from_bytes(value[-END:], "little")
    elif isinstance(value, date):
        yield "", value.toordinal()
    elif isinstance(value, int | float | str):
        yield "", value


# -- guesses of an answer, person by person ------------------------------------------------------------------


def learned(feature: Ints, answers: Ints, known: int) -> Ints:
    """Guesses of all but the first `known` answers, by what accomplices with the nearest values of a feature answered.

    The insider has accomplices, whose answers are known, and so need not know what a feature means.
    """
    guesses = []
    for value in feature[known:]:
        distance = np.abs(feature[:known] - value)
        guesses.append(np.bincount(answers[:known][distance == distance.min()]).argmax())
    return np.array(guesses, np.int64)


def in_plain(shown: Shown, candidates: Sequence[Sequence[bytes]]) -> int:
    """The answer of which a form stands in the rows or, nearest to the batch's id, in the files; else the first."""
    everything = b"|".join(shown.fields.values())
    for answer, forms in enumerate(candidates):
        if any(form in everything for form in forms):
            return answer
    distances = [
        min((_distance(place, form) for place in shown.nearby for form in forms), default=_FAR) for forms in candidates
    ]
    return distances.index(min(distances))


_FAR = 1 << 30


def _distance(place: bytes, form: bytes) -> int:
    """How far from the middle of a place a form stands."""
    middle = len(place) // 2
    after, before = place.find(form, middle), place.rfind(form, 0, middle)
    return min(after - middle if after >= 0 else _FAR, middle - before if before >= 0 else _FAR)


def by_digest(shown: Shown, candidates: Sequence[Sequence[bytes]]) -> int:
    """The answer of which some digest or checksum begins or ends a field of the rows; else the first.

    Answers come from a small set, so each is tried.
    """
    ends = {field[:END] for field in shown.fields.values()} | {field[-END:] for field in shown.fields.values()}
    short = {end[:4] for end in ends} | {end[-4:] for end in ends}
    for answer, forms in enumerate(candidates):
        for form in forms:
            digests = [digest(form) for digest in DIGESTS.values()]
            sums = {check(form).to_bytes(4, "big") for check in (zlib.crc32, zlib.adler32)}
            if any(raw[:END] in ends or raw[-END:] in ends for raw in digests) or sums & short:
                return answer
    return 0


def in_logs(shown: Shown, candidates: Sequence[Sequence[bytes]]) -> int:
    """The answer of which a form, or its hexadecimal one, is told by a log; else the first."""
    for answer, forms in enumerate(candidates):
        if any(form in shown.told or binascii.hexlify(form) in shown.told for form in forms):
            return answer
    return 0


GUESSES: Mapping[str, Callable[[Shown, Sequence[Sequence[bytes]]], int]] = {
    "answers in plain": in_plain,
    "digests of all answers": by_digest,
    "answers in the logs": in_logs,
}


# -- matchings of people and records -------------------------------------------------------------------------


def matched(people: Ints, records: Ints, group: Ints, group_of_record: Ints, owner: Ints) -> int:
    """Right links where people and records of each group are put side by side, each in an order.

    Args:
        people: what the people are ordered by, [people].
        records: what the records are ordered by, [people].
        group: of each person, [people].
        group_of_record: as many records are in each group as people, [people].
        owner: whose a record truly is, [people].
    """
    # What is alike lies in no order: the callers' own, that of arrival, would be the truth.
    drawn = np.random.default_rng(1)
    in_order = np.lexsort((drawn.permutation(len(people)), people, group))
    beside = np.lexsort((drawn.permutation(len(people)), records, group_of_record))
    return int((owner[beside] == in_order).sum())


def joined(people: Sequence[int], spent: Sequence[int], owner: Ints) -> int:
    """Right links where the number of a spent code says whose it is; owner is that of the record beside the code."""
    place = {serial: at for at, serial in enumerate(people)}
    return sum(place.get(serial) == whose for serial, whose in zip(spent, owner.tolist(), strict=True))


def all_pairs(people: Features, records: Features, group: Ints, group_of_record: Ints, owner: Ints) -> dict[str, int]:
    """Right links of each order of the people beside each order of the records, rising and falling."""
    return {
        f"{one} beside {other}, {way}": matched(sign * people[one], records[other], group, group_of_record, owner)
        for one in people
        for other in records
        for way, sign in (("rising", 1), ("falling", -1))
    }


# -- chance --------------------------------------------------------------------------------------------------


def guessed_right(people: int, answers: int) -> Law:
    """How many of so many people's answers are guessed by chance, each drawn among so many: binomial."""
    return np.array(
        [comb(people, right) * (answers - 1) ** (people - right) / answers**people for right in range(people + 1)]
    )


def matched_right(sizes: Iterable[int]) -> Law:
    """How many people get their own record where those of each group are shuffled: fixed points of permutations."""
    law = np.ones(1)
    for size in sizes:
        law = np.convolve(law, _fixed_points(size))
    return law


def _fixed_points(size: int) -> Law:
    unfixed = [sum((-1) ** at * factorial(left) // factorial(at) for at in range(left + 1)) for left in range(size + 1)]
    return np.array([comb(size, fixed) * unfixed[size - fixed] / factorial(size) for fixed in range(size + 1)])


def telling(attempts: Mapping[str, int], law: Law, false_alarm: float) -> dict[str, int]:
    """Attacks whose number of right links chance gives with less than `false_alarm`, two-sided, for all together."""
    least = false_alarm / 2 / len(attempts)
    few, many = np.cumsum(law), np.cumsum(law[::-1])[::-1]
    return {
        name: right
        for name, right in attempts.items()
        if right >= len(law) or few[right] < least or many[right] < least
    }
