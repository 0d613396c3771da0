"""Which managers of a call can stand, in a time that grows with the call alone, however long the chains. Pure."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

from service.people.tree import in_cycles

K = TypeVar("K", bound=Hashable)

UNKNOWN = "is not a known person of this `source`"
ONESELF = "must be somebody else"
CIRCLE = "makes a circle"
MOST_ROUNDS = 50


def wrong_links(known: Mapping[K, K | None], given: Mapping[K, K | None]) -> dict[K, str]:
    """What is wrong with the given links, by person; whoever is refused stays as known, or is nobody's manager.

    Args:
        known: the manager of each person there is, None where there is none.
        given: the manager that each person of the call is to have; they need not be known.

    Returns:
        For each person whose link can not stand, the reason; the links of all others can stand together. A refused one
        may bring back a known link, and that one a circle with others of the call: so there are rounds. If there are
        too many, whoever is still to have a manager is refused: nobody has such a call by accident.
    """
    wrong = {who: ONESELF for who, manager in given.items() if manager == who}
    left = {who: manager for who, manager in given.items() if who not in wrong}
    for _ in range(MOST_ROUNDS):
        _refuse_unknown(known, left, wrong)
        looped = [who for who in in_cycles({**known, **left}) if who in left]
        if not looped:
            return wrong
        for who in looped:
            wrong[who] = CIRCLE
            del left[who]
    return wrong | {who: CIRCLE for who, manager in left.items() if manager is not None}


def _refuse_unknown(known: Mapping[K, K | None], left: dict[K, K | None], wrong: dict[K, str]) -> None:
    """Take out of `left` whose manager is not there, and who hangs on them."""
    below: dict[K, list[K]] = {}
    fallen: list[K] = []
    for who, manager in left.items():
        if manager is None:
            continue
        below.setdefault(manager, []).append(who)
        if manager not in left and manager not in known:
            fallen.append(who)
    while fallen:
        who = fallen.pop()
        if left.pop(who, None) is None:
            continue
        wrong[who] = UNKNOWN
        if who not in known:
            fallen.extend(below.get(who, ()))
