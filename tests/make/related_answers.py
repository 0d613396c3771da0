"""Waves whose answers go together: a document, people who answered some of it, and what is told of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.disclosure.measures import Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import SafeTable
from service.disclosure.tree import Tree
from service.questionnaires.document import Document
from service.releases.group_rule import group_means
from service.releases.relations import ByNode, Related, related, told
from service.releases.statistics import tally
from service.responses.sheet import SKIPPED, Sheet

Whole = NDArray[np.int64]
TREE = (-1, 0, 0)
"""A company of two units."""


def element(name: str, items: str = "", **more: Any) -> dict[str, Any]:
    """A scale of items that are letters, or what the test says otherwise."""
    return {"id": name, "title": {"en": name}} | ({"items": list(items)} if items else {}) | more


def rating(name: str, points: int = 5, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "rating", "points": points, "text": {"en": name}} | more


def document(
    items: str | Sequence[dict[str, Any]], scales: Sequence[dict[str, Any]], reverse: str = "", **more: Any
) -> Document:
    """Ratings of five points, where items are letters."""
    known = [rating(one, reverse=one in reverse) if isinstance(one, str) else one for one in items]
    base = {"format": "pouls/1", "key": "test", "languages": ["en"], "title": {"en": "T"}}
    return Document.parse(base | {"items": known, "scales": list(scales)} | more)


@dataclass
class World:
    """A wave that was answered and is published."""

    document: Document
    classes: NDArray[np.intp]
    matrix: NDArray[np.int16]
    tree: Tree
    policy: Policy

    def __post_init__(self) -> None:
        self.columns = Sheet.of(self.document).columns

    @property
    def answers(self) -> tuple[Any, ...]:
        return self.document, self.columns, self.classes, self.matrix, self.tree.size

    @property
    def related(self) -> Related:
        return related(*self.answers)

    @property
    def tallies(self) -> list[Measure]:
        return tally(*self.answers)

    def table(self, tallies: Sequence[Measure]) -> SafeTable:
        respondents = np.bincount(self.classes, minlength=self.tree.size).astype(np.int64)
        return protect(self.tree, respondents, tallies, self.policy, derived=group_means(self.document))

    def told(self) -> dict[str, Any]:
        tallies = self.tallies
        by_node = ByNode(np.arange(self.tree.size), self.tree.size)
        found = told(self.related, self.table(tallies), tallies, self.tree, by_node, self.policy)
        json.dumps(found, allow_nan=False)
        return found

    def of(self, items: str) -> Whole:
        """Answers of those who gave all of these."""
        at = [number for item in items for number, column in enumerate(self.columns) if column.item_id == item]
        chosen = self.matrix[:, at].astype(np.int64)
        complete: Whole = chosen[(chosen != SKIPPED).all(axis=1)]
        return complete


def world(
    made: Document,
    groups: Sequence[tuple[int, str, int]],
    seed: int = 1,
    parents: Sequence[int] = TREE,
    policy: Policy | None = None,
) -> World:
    """Groups of people: their class, the items that they answered, and how many they are.

    Answers of a person have something in common, so that they go together.
    """
    random = np.random.default_rng(seed)
    items = [item.id for item in made.items]
    rows, classes = [], []
    for where, answered, people in groups:
        base = random.normal(3 + 0.3 * where, 1, (people, 1))
        drawn = np.clip(np.rint(base + random.normal(0, 0.9, (people, len(items)))), 1, 5).astype(np.int16)
        drawn[:, [item not in answered for item in items]] = SKIPPED
        rows.append(drawn)
        classes += [where] * people
    matrix = np.asfortranarray(np.concatenate(rows))
    return World(made, np.array(classes, np.intp), matrix, Tree(np.array(parents)), policy or Policy())


SCALES = (element("s", "pqr"), element("t", "uv"), element("w", "x"), element("o", "y"))
ALL = "pqruvxy"


def full(people: int, scales: Sequence[dict[str, Any]] = SCALES, **more: Any) -> World:
    """Everybody answered everything, one in three in the first unit."""
    first = people // 3
    return world(document(ALL, scales, **{"outcome": "o"} | more), [(1, ALL, first), (2, ALL, people - first)])
