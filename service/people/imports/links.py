"""Which managers of a file can stand, in a time that grows with the file alone: a chain may be as long as it is. Pure.

As `people.managers` judges the rows of a call, for fingerprints instead of keys.
"""

from collections.abc import Mapping

from service.people.managers import CIRCLE, UNKNOWN
from service.people.tree import in_cycles

MOST_ROUNDS = 50


def wrong_links(known: Mapping[int, int | None], given: Mapping[int, int | None]) -> dict[int, str]:
    """What is wrong with the given links, by person; a line that is refused leaves the person as they are known.

    A refused line may bring back a known link, and that one a circle with others of the file: so there are rounds. If
    there are too many, whoever is still to have a manager is refused: nobody has such a file by accident.
    """
    wrong: dict[int, str] = {}
    left = dict(given)
    for _ in range(MOST_ROUNDS):
        _refuse_unknown(known, left, wrong)
        looped = [who for who in in_cycles({**known, **left}) if who in left]
        if not looped:
            return wrong
        for who in looped:
            wrong[who] = CIRCLE
            del left[who]
    return wrong | {who: CIRCLE for who, manager in left.items() if manager is not None}


def _refuse_unknown(known: Mapping[int, int | None], left: dict[int, int | None], wrong: dict[int, str]) -> None:
    """Take out of `left` whose manager is not there, and who hangs on them."""
    below: dict[int, list[int]] = {}
    fallen: list[int] = []
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
