"""Whether comments may be shown as they are about to be: a second opinion, which knows nothing of how they were chosen.

Pure, and plain on purpose. It imports nothing of what chooses (`releases.comments`, `disclosure`, `releases.redact`),
so that a mistake there is not made here as well. It goes down the tree from its tops: each unit's people are shown at
the unit itself if that shows comments on the item, else where those of the unit above it are. A reader who sees the
org tree can do the same, and so tell the people of a part from all others. See decision 0014.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

Place = UUID | None
"""A unit, or None for everybody above several tops."""

FEWEST = 10
"""The product's floor. Whoever reckons with fewer authors is mistaken."""

_Said = dict[str, dict[Place, Counter[str]]]
"""By item and place, how often each text."""

# What no cleaned text holds, whatever else one may think of it: the plainest address, the plainest telephone number.
_ADDRESS = re.compile(r"[A-Za-z0-9]@[A-Za-z0-9][A-Za-z0-9-]*+\.[A-Za-z]{2}")
_NUMBER = re.compile(r"[0-9](?:[ .-]?[0-9]){8}")
# Letters and a symbol that look like nothing, beside what is invisible by its category.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_INVISIBLE = frozenset(["Cc", "Cf", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"])


def agrees(
    above: Mapping[UUID, Place],
    homes: Mapping[int, UUID],
    written: Iterable[tuple[int, str]],
    texts: Iterable[tuple[int, str, str]],
    shown: Iterable[tuple[str, Place, str]],
    fewest: Mapping[str, int],
) -> bool:
    """Whether each unit that shows comments on an item shows those of enough authors, and just those.

    The authors of a unit are those in it and below it whose comments are shown at no unit further down. All of their
    comments must be shown there, and nobody else's; and of an item that is shown at all, everybody's. An author is
    somebody whose text can be seen.

    Args:
        above: by unit the one above it.
        homes: by label of a class the unit of its people.
        written: label and item of each text that was opened and is not empty.
        texts: label, item and what is left of each text once it is cleaned; not those of which nothing is left.
        shown: item, unit, text of each comment.
        fewest: by item how many authors are enough; no comment on any other item is shown.
    """
    downwards = _downwards(above)
    if downwards is None or not above.keys() >= set(homes.values()):
        return False
    lists: _Said = {}
    for item, place, text in shown:
        lists.setdefault(item, {}).setdefault(place, Counter())[text] += 1
    opened = Counter(written)
    own: _Said = {}
    for label, item, text in texts:
        # An author is somebody who wrote: not one text counted twice.
        opened[label, item] -= 1
        if label not in homes or opened[label, item] < 0 or _uncleaned(text):
            return False
        own.setdefault(item, {}).setdefault(homes[label], Counter())[text] += 1
    return all(
        fewest.get(item, 0) >= FEWEST and _whole(above, downwards, own.get(item, {}), parts, fewest[item])
        for item, parts in lists.items()
    )


def _downwards(above: Mapping[UUID, Place]) -> list[UUID] | None:
    """The units, each after the one above it; None where one has no way up to a top."""
    below: dict[Place, list[UUID]] = {}
    for unit, parent in above.items():
        below.setdefault(parent, []).append(unit)
    found: list[UUID] = []
    level = below.get(None, [])
    while level:
        found += level
        level = [unit for parent in level for unit in below.get(parent, [])]
    return found if len(found) == len(above) else None


def _whole(
    above: Mapping[UUID, Place],
    downwards: Iterable[UUID],
    own: Mapping[Place, Counter[str]],
    parts: Mapping[Place, Counter[str]],
    enough: int,
) -> bool:
    """Whether the parts of one item are those that its authors make, each with enough of them, and nobody is left out.

    Whoever has no place that shows comments at or above theirs is counted at None. Where None shows no comments,
    theirs are missing.
    """
    at: dict[Place, Place] = {None: None}
    made: dict[Place, Counter[str]] = {}
    for unit in downwards:
        at[unit] = unit if unit in parts else at[above[unit]]
        if unit in own:
            made.setdefault(at[unit], Counter()).update(own[unit])
    return made == parts and all(
        sum(often for text, often in part.items() if _seen(text)) >= enough for part in made.values()
    )


def _uncleaned(text: str) -> bool:
    return bool(_ADDRESS.search(text) or _NUMBER.search(text))


def _seen(text: str) -> bool:
    return any(char not in _BLANK and unicodedata.category(char) not in _INVISIBLE for char in text)
