"""Who manages whom, as links between persons; told before anything is written. Pure."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

from service.people.tree import in_cycles

K = TypeVar("K", bound=Hashable)

UNKNOWN = "is not a known person of this `source`"
ONESELF = "must be somebody else"
CIRCLE = "makes a circle"


def wrong_links(known: Mapping[K, K | None], given: Mapping[K, K | None]) -> dict[K, str]:
    """What is wrong with the given links, by person; whoever is refused is no one else's manager either.

    Args:
        known: the manager of each person there is, None where there is none.
        given: the manager that each person of the call is to have; they need not be known.

    Returns:
        For each person whose link can not stand, the reason; the links of all others can stand together.
    """
    wrong: dict[K, str] = {}
    left = dict(given)
    while True:
        links = {**known, **left}
        looped = in_cycles(links)
        bad = {
            person: ONESELF if manager == person else UNKNOWN if manager not in links else CIRCLE
            for person, manager in left.items()
            if manager is not None and (manager not in links or person in looped)
        }
        if not bad:
            return wrong
        wrong |= bad
        for person in bad:
            del left[person]
