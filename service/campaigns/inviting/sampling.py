"""Whom each wave of a pulse invites: everybody at least once in so many, and whole parts of a unit at a time. Pure.

A sample drawn person by person would leave most units with fewer people than any result may be shown of. So each unit
is cut into as many parts as still have enough people, and one that is too small for two is invited whole, in one wave
of the round. Nothing is remembered: whose turn it is follows from a seed, the people there and the wave's number.
"""

from collections.abc import Collection, Sequence
from hashlib import blake2b
from uuid import UUID

LEAST_EVERY = 2
MOST_EVERY = 52


def invited(
    homes: Sequence[UUID],
    people: Sequence[UUID],
    every: int,
    least: int,
    seed: bytes,
    turn: int,
    spared: Collection[UUID] = (),
) -> list[bool]:
    """Who is invited in a wave, in the order of `people`.

    Where they would be fewer than `least`, so are those whose turn comes next, of as few waves as it takes: a wave
    that can show nothing is skipped, and as the next one has its number, so would be all that follow.

    Args:
        homes: the unit of each person.
        people: each once, in any order.
        every: in how many waves each person is invited once, 2 to 52.
        least: how few invited people, of a unit or of the wave, may still have a result.
        seed: of the pulse, 1 to 64 bytes.
        turn: the number of the wave.
        spared: people who are not invited, whosever turn it is.

    Raises:
        ValueError: `every` or `least` out of bounds, or as many homes as people there are not.
    """
    found = phases(homes, people, every, least, seed)
    ahead = [every if person in spared else (phase - turn) % every for phase, person in zip(found, people, strict=True)]
    waiting = sorted(ahead)[:least]
    furthest = min(waiting[-1], every - 1) if waiting else 0
    return [turns <= furthest for turns in ahead]


def phases(homes: Sequence[UUID], people: Sequence[UUID], every: int, least: int, seed: bytes) -> list[int]:
    """The remainder, by `every`, of the turns in which each person is invited; arguments and errors as of `invited`.

    Whoever joins or leaves a unit of g parts moves at most g - 1 others to a neighbouring part, one at each border
    between two; where the number of parts changes, many move. Such a person may be invited again before the round is
    over, or miss one.
    """
    if not LEAST_EVERY <= every <= MOST_EVERY or least < 1:
        raise ValueError("not a sample")
    units: dict[UUID, list[tuple[bytes, int]]] = {}
    keyed = blake2b(digest_size=16, key=seed, person=b"sampled person")
    for at, (home, person) in enumerate(zip(homes, people, strict=True)):
        place = keyed.copy()  # twice as fast as one from the seed for each
        place.update(person.bytes)
        units.setdefault(home, []).append((place.digest(), at))
    found = [0] * len(people)
    for home, members in units.items():
        members.sort()
        parts = parts_of(len(members), every, least)
        offset = int.from_bytes(blake2b(home.bytes, digest_size=16, key=seed, person=b"sampled unit").digest())
        for rank, (_, at) in enumerate(members):
            part = rank * parts // len(members)
            found[at] = (offset + part * every // parts) % every
    return found


def parts_of(people: int, every: int, least: int) -> int:
    """Into how many parts a unit is cut: at most one a wave, each with `least` people unless the unit has fewer."""
    return max(1, min(every, people // least))
