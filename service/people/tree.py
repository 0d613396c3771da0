"""The org tree as parent links between any kind of key. Pure."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

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


def in_cycles_since(parents: Mapping[K, K | None], later: Sequence[Mapping[K, K | None]]) -> set[K]:
    """The nodes that lie on a cycle on the first day, or on a later one.

    Args:
        parents: the links of the first day.
        later: those that are other ones on each day after it, in their order. A cycle of a later day goes through one
            of that day's: only these are followed.
    """
    looped = in_cycles(parents)
    links = dict(parents)
    for told in later:
        links |= told
        clean: set[K] = set()
        for start in told:
            path: dict[K, None] = {}
            node: K | None = start
            while node is not None and node in links and node not in clean and node not in path:
                path[node] = None
                node = links[node]
            if node is not None and node in path:
                ring = list(path)
                looped.update(ring[ring.index(node) :])
            clean.update(path)
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
