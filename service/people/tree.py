"""The org tree as parent links between any kind of key. Pure."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date
from typing import Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)


def in_cycles(parents: Mapping[K, K | None]) -> set[K]:
    """The nodes that lie on a cycle of parent links; a parent that is not a key counts as none."""
    clean: set[K] = set()
    looped: set[K] = set()
    for start in parents:
        path: list[K] = []
        seen: set[K] = set()
        node: K | None = start
        while node is not None and node in parents and node not in clean and node not in seen:
            seen.add(node)
            path.append(node)
            node = parents[node]
        if node is not None and node in seen:
            looped.update(path[path.index(node) :])
        clean.update(path)
    return looped


class Link(NamedTuple, Generic[K]):
    """A node's parent from a day on, until it has another one."""

    day: date
    node: K
    parent: K | None


def told_in_cycles(past: Iterable[Link[K]], told: Sequence[Link[K]], most_steps: int | None = None) -> set[K] | None:
    """The nodes told that lie on a cycle on any day from theirs on.

    Args:
        past: what was told before.
        told: at most one link a node; it replaces all that was told of its node from its day on.
        most_steps: give up, and answer None, if finding out takes more of them.
    """
    since = {link.node: link.day for link in told}
    days: dict[date, dict[K, K | None]] = {}
    for link in past:
        if link.node not in since or link.day < since[link.node]:
            days.setdefault(link.day, {})[link.node] = link.parent
    for link in told:
        days.setdefault(link.day, {})[link.node] = link.parent
    looped: set[K] = set()
    links: dict[K, K | None] = {}
    steps = 0
    for day in sorted(days):
        links |= days[day]
        clean: set[K] = set()
        # A cycle that was not there the day before goes through a link of this day.
        for start in days[day]:
            path: dict[K, None] = {}
            node: K | None = start
            while node is not None and node in links and node not in clean and node not in path:
                path[node] = None
                node = links[node]
            if node is not None and node in path:
                ring = list(path)
                looped.update(node for node in ring[ring.index(node) :] if node in since and since[node] <= day)
            clean.update(path)
            steps += len(path)
            if most_steps is not None and steps > most_steps:
                return None
    return looped


def subtree(parents: Mapping[K, K | None], tops: Iterable[K]) -> list[K]:
    """The tops and everything below them, parents before children, siblings in the mapping's order."""
    children: dict[K, list[K]] = {}
    for node, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(node)
    found: dict[K, None] = {}
    stack = list(tops)[::-1]
    while stack:
        node = stack.pop()
        if node not in found:
            found[node] = None
            stack.extend(reversed(children.get(node, [])))
    return list(found)
