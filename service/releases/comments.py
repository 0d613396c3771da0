"""What people wrote, as a release shows it: cleaned, without a name, a time or an order, in one partition of the units.

A text item is published whole or not at all: each comment is shown at one unit, a unit that shows comments shows those
of at least k authors, its own and those of all below it that show none, and where an item has fewer than k authors in
all, no unit shows any. See `disclosure.partition` for what that promises. How many people wrote to a part is seen by
counting its comments, and that is allowed: at least k.

An item that is asked of some people only is withheld everywhere. Whoever comments on it has given the answer that it
is asked for, so that its comments would count the people of a unit who gave it. Pure.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from service.disclosure.partition import partition
from service.disclosure.policy import Policy
from service.disclosure.tree import NOBODY
from service.questionnaires.branching import conditions
from service.questionnaires.document import Document, TextItem
from service.releases.orgtree import OrgTree
from service.releases.places import ClassRow
from service.releases.problems import BatchesRefused, ClassUnknown
from service.releases.redact import Names, cleaned
from service.responses.records import TextRecords

_WITHOUT_INK = "\u115f\u1160\u2800\u3164\uffa0"
"""Fillers of Hangul and the empty pattern of Braille: letters and a symbol by their category."""
MOST_LEVELS = 64
"""Comments from deeper down are counted at the last of so many levels: the work of the partition grows with depth."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one person wrote: the label of their class, id of the item, the text, never empty and never in a `repr`."""

    label: int
    item: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as it is shown, at a node of the release's tree; without a text: the item's are withheld there."""

    item: str
    node: int
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Commented:
    """The comments of a release, each withheld one included, and what its manifest says of them."""

    rows: list[Comment]
    told: list[dict[str, Any]]


def text_items(document: Document) -> dict[int, str]:
    """Ids of the text items, by their position among the items."""
    return {at: item.id for at, item in enumerate(document.items) if isinstance(item, TextItem)}


def said(
    records: TextRecords,
    items: Mapping[int, str],
    classes: Sequence[ClassRow],
    respondents: npt.NDArray[np.int64],
    names: Names,
) -> list[Said]:
    """What is left of the texts once they are cleaned; whoever left nothing wrote nothing.

    Args:
        records: of all who took part, each with a text or none to each item.
        items: ids of the text items by position.
        classes: of the roster.
        respondents: how many of each class took part, [classes].
        names: of the people on the roster.

    Raises:
        ClassUnknown: a text of a class that the roster does not have.
        BatchesRefused: an item with more or fewer texts of a class than people of it took part.
    """
    number = {row.label: at for at, row in enumerate(classes)}
    try:
        whose = np.array([number[label] for label in records.classes.tolist()], np.int64)
    except KeyError:
        raise ClassUnknown from None
    for at in items:
        # Or one person's texts could count as those of several authors.
        if not np.array_equal(np.bincount(whose[records.items == at], minlength=len(classes)), respondents):
            raise BatchesRefused
    found = []
    for label, at, text in zip(records.classes.tolist(), records.items.tolist(), records.texts, strict=True):
        if text and _can_be_read(left := cleaned(text, names).strip()):
            found.append(Said(label, items[at], left))
    return found


def _can_be_read(text: str) -> bool:
    """Whether it leaves ink: one could count as an author by a text that nobody sees."""
    return any(unicodedata.category(char)[0] in "LNPS" and char not in _WITHOUT_INK for char in text)


def shown(
    tree: OrgTree, classes: Sequence[ClassRow], texts: Iterable[Said], fewest: Mapping[str, int]
) -> list[Comment]:
    """Where each comment is shown; those on items that are not in `fewest`, and what is withheld, are left out.

    `fewest` is by item how many authors a part must have.
    """
    place = tree.place_of()
    home = {row.label: place[row.unit] for row in classes}
    nodes, parents, at = _cut(tree)
    by_item: dict[str, list[Said]] = {item: [] for item in fewest}
    for one in texts:
        if one.item in by_item:
            by_item[one.item].append(one)
    found = []
    for item, mine in by_item.items():
        homes = np.array([at[home[one.label]] for one in mine], np.int64)
        authors = np.bincount(homes, minlength=len(nodes))
        chosen = partition(parents, authors, fewest[item])[homes].tolist()
        found += [Comment(item, nodes[to], one.text) for one, to in zip(mine, chosen, strict=True) if to != NOBODY]
    return found


def _cut(tree: OrgTree) -> tuple[list[int], npt.NDArray[np.int64], list[int]]:
    """Nodes of the first levels, their parents, and for each node of the tree the number of that where it counts."""
    nodes: list[int] = []
    parents: list[int] = []
    at: list[int] = []
    for node, (parent, level) in enumerate(zip(tree.parents.tolist(), tree.levels, strict=True)):
        if level < MOST_LEVELS:
            at.append(len(nodes))
            nodes.append(node)
            parents.append(at[parent] if parent != NOBODY else NOBODY)
        else:
            at.append(at[parent])
    return nodes, np.array(parents, np.int64), at


def fewest_authors(document: Document, policy: Policy) -> dict[str, int]:
    """How many authors a part must have, by text item that depends on no answer; no others are shown."""
    conditional = conditions(document.items, document.sections)
    k, sensitive = policy.comment_k(), policy.mean_k(sensitive=True)
    return {
        item.id: max(k, sensitive) if item.sensitive else k
        for item in document.items
        if isinstance(item, TextItem) and item.id not in conditional
    }


def with_withheld(comments: Sequence[Comment], items: Iterable[str], size: int) -> list[Comment]:
    """These, and one without a text for each item at each of so many nodes that shows none."""
    have = {(one.item, one.node) for one in comments}
    rest = (Comment(item, node, None) for item in items for node in range(size) if (item, node) not in have)
    return [*comments, *rest]


def told(document: Document, comments: Sequence[Comment]) -> list[dict[str, Any]]:
    """For the manifest: what was asked, and how many comments are shown, which nobody counts where none is."""
    counts = dict.fromkeys(text_items(document).values(), 0)
    for one in comments:
        counts[one.item] += one.text is not None
    return [
        {
            "id": item.id,
            "text": dict(item.text),
            "status": "published" if counts[item.id] else "withheld",
            "comments": counts[item.id] or None,
        }
        for item in document.items
        if isinstance(item, TextItem)
    ]


def pinned(rows: Iterable[tuple[str, int, str | None]]) -> dict[str, list[Any]]:
    """Comments (item, node, text) as the release's digest is over them: in no order of their own; nothing for none."""
    ordered = sorted(rows, key=lambda row: (row[0], row[1], row[2] or ""))
    return {"comments": [list(row) for row in ordered]} if ordered else {}
