"""Which items of a bank each wave of a pulse asks. Pure.

A wave's items follow from the bank, the rotation, a seed and the wave's number alone: nothing is remembered from wave
to wave, so that anybody who reads the contract can draw any wave again. Orders come from BLAKE2b under the seed, and
not from a random number generator, whose draws are another language's or version's own.

A driver is a scale of the bank, or an item that is in no scale, by its own id. Comments are not drawn: they are asked
in every wave, as anchors, or in none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import lcm
from typing import Any, NamedTuple, Self

import numpy as np

from service.kit.reasons import Fault, pointer
from service.questionnaires.asked import bank_faults
from service.questionnaires.document import Document, TextItem

MOST_TURNS = 10_000
"""Waves for which a cadence is laid out and its busiest wave known. Where a cadence puts its drivers may follow from
it: with another number, waves of running pulses would be drawn otherwise."""
LONGEST_CADENCE = 52


@dataclass(frozen=True)
class Rotation:
    """How a pulse draws.

    Attributes:
        length: most items of a wave, anchors included.
        anchors: items of every wave.
        cadence: by driver, in how many waves it is asked one item; drivers that are not named are not asked. None: all
            items of the bank take turns, as many as a wave has room for.
    """

    length: int
    anchors: tuple[str, ...]
    cadence: Mapping[str, int] | None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The rotation of a contract, or of a draft's terms."""
        return cls(stored["length"], tuple(stored["anchors"]), stored.get("cadence"))


class Bank(NamedTuple):
    """A document's items in its order, and by driver those that can be drawn."""

    items: tuple[str, ...]
    drivers: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, document: Document) -> Self:
        driver = {name: scale.id for scale in document.scales for name in scale.items}
        drawn: dict[str, tuple[str, ...]] = {}
        for item in document.items:
            if not isinstance(item, TextItem):
                of = driver.get(item.id, item.id)
                drawn[of] = (*drawn.get(of, ()), item.id)
        return cls(tuple(item.id for item in document.items), drawn)


def draw(bank: Bank, rotation: Rotation, seed: bytes, turn: int) -> list[str]:
    """The items of a wave, in the document's order.

    Without a cadence every item is asked once before any is asked again. With one, the same holds within each driver.

    Args:
        bank: the document's.
        rotation: one without faults for this document.
        seed: of the pulse, 1 to 64 bytes.
        turn: the number of the wave, from 1 on.

    Raises:
        ValueError: a turn that is not 1 to `MOST_TURNS`.
    """
    if not 1 <= turn <= MOST_TURNS:
        raise ValueError("no such turn")
    decks = _decks(bank, rotation.anchors, seed)
    if rotation.cadence is None:
        deck, slots = _interleaved(decks), rotation.length - len(rotation.anchors)
        begin = (turn - 1) * slots
        drawn = deck if slots >= len(deck) else [deck[at % len(deck)] for at in range(begin, begin + slots)]
    else:
        drawn = _dealt(decks, rotation.cadence, turn)
    chosen = {*rotation.anchors, *drawn}
    return [name for name in bank.items if name in chosen]


def faults(document: Document, rotation: Rotation) -> list[Fault]:
    """Why no pulse can draw from this document in this way, whatever the seed."""
    bank = Bank.of(document)
    found = [
        *_anchor_faults(bank, rotation),
        *_cadence_faults(bank, rotation),
        *_busiest_faults(bank, rotation),
    ]
    if bank_faults(document):
        reason = "has items that depend on others, by a condition or an earlier answer in a text: no bank to draw from"
        found.append(Fault("/questionnaire", reason))
    return found


def _anchor_faults(bank: Bank, rotation: Rotation) -> list[Fault]:
    found, seen = list[Fault](), set[str]()
    for at, name in enumerate(rotation.anchors):
        if name not in bank.items:
            found.append(Fault(f"/rotation/anchors/{at}", "is not an item of this questionnaire"))
        elif name in seen:
            found.append(Fault(f"/rotation/anchors/{at}", "is already an anchor"))
        seen.add(name)
    if all(seen.issuperset(items) for items in bank.drivers.values()):
        found.append(Fault("/rotation/anchors", "must leave items to draw, which anchors and comments are not"))
    if rotation.length <= len(rotation.anchors):
        found.append(Fault("/rotation/length", "must be more than the number of anchors"))
    elif rotation.length > len(bank.items):
        found.append(Fault("/rotation/length", f"must be at most {len(bank.items)}, the questionnaire's items"))
    return found


def _cadence_faults(bank: Bank, rotation: Rotation) -> list[Fault]:
    if rotation.cadence is None:
        return []
    if not rotation.cadence:
        return [Fault("/rotation/cadence", "must name a driver")]
    found = []
    for name, every in rotation.cadence.items():
        place = pointer(("rotation", "cadence", name))
        if name not in bank.drivers:
            found.append(Fault(place, "is neither a scale nor an item outside scales that can be drawn"))
        elif set(bank.drivers[name]) <= set(rotation.anchors):
            found.append(Fault(place, "has no item to draw: all of them are anchors"))
        if not 1 <= every <= LONGEST_CADENCE:
            found.append(Fault(place, f"must be from 1 to {LONGEST_CADENCE}"))
    return found


def _busiest_faults(bank: Bank, rotation: Rotation) -> list[Fault]:
    """A cadence that asks too much in some waves or nothing in others; of one that is sound driver by driver."""
    if rotation.cadence is None or _cadence_faults(bank, rotation):
        return []
    laid, found = _laid_out(tuple(sorted(rotation.cadence.values()))), []
    needed = len(rotation.anchors) + laid.busiest
    if needed > rotation.length > len(rotation.anchors):
        found.append(Fault("/rotation/length", f"must be at least {needed}, for the cadence's busiest wave"))
    if not laid.quietest and not rotation.anchors:
        found.append(Fault("/rotation/cadence", "leaves waves that ask nothing: name an anchor or more drivers"))
    return found


def _place(seed: bytes, name: str) -> bytes:
    """Where a name comes in the seed's order of all names."""
    return blake2b(name.encode(), digest_size=16, key=seed, person=b"rotation").digest()


def _decks(bank: Bank, anchors: Sequence[str], seed: bytes) -> dict[str, list[str]]:
    """By driver, in the seed's order, the items that it deals one after the other; drivers that have some."""
    order = sorted(bank.drivers, key=lambda name: _place(seed, name))
    dealt = {driver: [name for name in bank.drivers[driver] if name not in anchors] for driver in order}
    return {driver: sorted(items, key=lambda name: _place(seed, name)) for driver, items in dealt.items() if items}


def _interleaved(decks: Mapping[str, Sequence[str]]) -> list[str]:
    """All decks in one, each spread over the whole of it.

    Neighbours, the last and the first among them, are of different drivers, unless one driver has more items than all
    others together, and then as few are alike as can be.
    """
    left = {driver: len(items) for driver, items in decks.items()}
    total = sum(left.values())
    apart = 2 * max(left.values(), default=0) <= total  # can the last differ from the first as well?
    found, first, last = list[str](), "", ""
    for after in reversed(range(total)):
        waiting = [driver for driver, count in left.items() if count and driver != last] or [last]
        # The j-th of m items is due at (2j + 1) / 2m of the deck.
        waiting.sort(key=lambda driver: (2 * (len(decks[driver]) - left[driver]) + 1) / len(decks[driver]))
        fitting = (driver for driver in waiting if _fits(left, driver, first, after))
        driver = next(fitting, None) or max(waiting, key=left.__getitem__)
        found.append(decks[driver][-left[driver]])
        left[driver] -= 1
        first, last = first or (driver if apart else ""), driver
    return found


def _fits(left: Mapping[str, int], chosen: str, first: str, after: int) -> bool:
    """Whether, with `chosen` next and `after` more to come, equals can still be kept apart, from `first` as well.

    Of that many places in a row every other one is a driver's at most, and neither end that touches itself.
    """
    return all(
        2 * (count - (driver == chosen)) <= after + 1 - (driver == chosen) - (driver == first)
        for driver, count in left.items()
    )


def _dealt(decks: Mapping[str, Sequence[str]], cadence: Mapping[str, int], turn: int) -> list[str]:
    """One item of each driver that is due."""
    # Drivers of one cadence take its places in the seed's order: how busy waves are is the same for every seed.
    drivers = sorted((driver for driver in decks if driver in cadence), key=cadence.__getitem__)
    laid = _laid_out(tuple(cadence[driver] for driver in drivers))
    found = []
    for driver, first in zip(drivers, laid.firsts, strict=True):
        times, rest = divmod(turn - first, cadence[driver])
        if not rest:
            found.append(decks[driver][times % len(decks[driver])])
    return found


class _Laid(NamedTuple):
    """The first turn of each driver, and how many drivers are due in the busiest and the quietest wave."""

    firsts: tuple[int, ...]
    busiest: int
    quietest: int


def _laid_out(cadences: Sequence[int]) -> _Laid:
    """Where drivers begin, so that few are due at once: each where the busiest wave of its own is the least busy.

    From the most to the least frequent, as given. Where each cadence divides the next, no way is better: before and
    after each step all waves have the same number of drivers or one more.
    """
    load = np.zeros(min(lcm(*cadences), MOST_TURNS), np.int64)
    firsts = []
    for every in cadences:
        rows = np.zeros((-(-len(load) // every), every), np.int64)
        rows.flat[: len(load)] = load
        begin = int(np.lexsort((rows.sum(axis=0), rows.max(axis=0)))[0])
        load[begin::every] += 1
        firsts.append(begin + 1)
    return _Laid(tuple(firsts), int(load.max()), int(load.min()))
