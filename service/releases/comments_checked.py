"""Whether comments may be shown as they are about to be: a second opinion, which knows nothing of how they were chosen.

Pure, and plain on purpose: one walk up the units for each author, counted in dictionaries. It imports nothing of what
chooses (`releases.comments`, `disclosure`), so that a mistake there is not made here as well.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from uuid import UUID

Place = UUID | None
"""A unit, or None for everybody above several tops."""


def agrees(
    above: Mapping[UUID, Place],
    homes: Mapping[int, UUID],
    written: Iterable[tuple[int, str]],
    texts: Iterable[tuple[int, str, str]],
    shown: Iterable[tuple[str, Place, str]],
    fewest: Mapping[str, int],
) -> bool:
    """Whether each unit that shows comments on an item shows those of enough authors, and just those.

    The authors of a unit are those in it and below it whose comments are shown at no unit further down: whoever sees
    the org tree can take those apart from the rest. All of their comments must be shown there, and nobody else's.

    Args:
        above: by unit the one above it.
        homes: by label of a class the unit of its people.
        written: label and item of each text that was opened and is not empty.
        texts: label, item and what is left of each text once it is cleaned; not those of which nothing is left.
        shown: item, unit, text of each comment.
        fewest: by item how many authors are enough; no comment on any other item is shown.
    """
    there: dict[tuple[str, Place], Counter[str]] = {}
    for item, place, text in shown:
        there.setdefault((item, place), Counter())[text] += 1
    authors: dict[tuple[str, Place], Counter[str]] = {}
    left: Counter[tuple[int, str]] = Counter()
    for label, item, text in texts:
        if label not in homes:
            return False
        left[label, item] += 1
        part = _nearest(above, homes[label], item, there)
        if part is not None:
            authors.setdefault(part, Counter())[text] += 1
    # An author is somebody who wrote: not one text counted twice.
    if not left <= Counter(written):
        return False
    enough = all(item in fewest and found.total() >= fewest[item] for (item, _), found in authors.items())
    return enough and authors == there


def _nearest(
    above: Mapping[UUID, Place], home: Place, item: str, there: Container[tuple[str, Place]]
) -> tuple[str, Place] | None:
    """The first place on the way up that shows comments on the item."""
    place = home
    for _ in range(len(above) + 1):
        if (item, place) in there:
            return item, place
        if place is None:
            break
        place = above.get(place)
    return None
