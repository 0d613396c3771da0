"""Circles and subtrees of parent links, against a walk by hand."""

import random
from datetime import date, timedelta

import pytest

from service.people.tree import Link, in_cycles, subtree, told_in_cycles

Parents = dict[int, int | None]


def by_hand(parents: Parents) -> set[int]:
    """Nodes that come back to themselves in at most as many steps as there are nodes."""
    looped = set()
    for start in parents:
        node = parents[start]
        for _ in parents:
            if node is None or node not in parents:
                break
            if node == start:
                looped.add(start)
                break
            node = parents[node]
    return looped


@pytest.mark.parametrize(
    ("parents", "looped"),
    [
        ({}, set()),
        ({1: None}, set()),
        ({1: 1}, {1}),
        ({1: 2, 2: 1}, {1, 2}),
        ({1: 2, 2: 3, 3: 2}, {2, 3}),
        ({1: 2, 2: None, 3: 1}, set()),
        ({1: 9}, set()),
        ({1: 2, 2: 1, 3: 4, 4: 3, 5: 1, 6: None}, {1, 2, 3, 4}),
    ],
)
def test_circles(parents: Parents, looped: set[int]) -> None:
    assert in_cycles(parents) == looped


def test_circles_of_random_links() -> None:
    drawn = random.Random(7)
    for _ in range(500):
        size = drawn.randint(1, 9)
        parents: Parents = {node: drawn.choice([None, *range(size + 1)]) for node in drawn.sample(range(size), size)}
        assert in_cycles(parents) == by_hand(parents)


def test_a_long_chain_takes_no_recursion_and_no_square_of_its_length() -> None:
    size = 50_000
    chain: Parents = {node: node + 1 if node + 1 < size else None for node in range(size)}
    assert in_cycles(chain) == set()
    assert len(subtree(chain, [size - 1])) == size
    assert in_cycles(chain | {size - 1: 0}) == set(range(size))


def test_a_subtree_has_parents_before_children_and_siblings_in_order() -> None:
    parents: Parents = {5: 1, 1: None, 4: 2, 3: 1, 2: 1, 6: None, 7: 6}
    assert subtree(parents, [1]) == [1, 5, 3, 2, 4]
    assert subtree(parents, [2]) == [2, 4]
    assert subtree(parents, [6, 1]) == [6, 7, 1, 5, 3, 2, 4]
    assert subtree(parents, []) == []


def test_a_top_within_another_is_counted_once() -> None:
    parents: Parents = {1: None, 2: 1, 3: 2}
    assert subtree(parents, [1, 2, 3, 1]) == [1, 2, 3]
    assert sorted(subtree(parents, [3, 1])) == [1, 2, 3]


def test_circles_of_every_day() -> None:
    """Held against the tree of each day, looked at as a whole: who was told by then and lies in a circle."""
    chance = random.Random(3)
    found_once = 0
    for _ in range(500):
        size = chance.randrange(1, 8)
        ends = [None, *range(size)]
        days = [date(2026, 1, day) for day in range(1, 6)]
        past = [Link(day, node, chance.choice(ends)) for day in days for node in chance.sample(range(size), size // 2)]
        told = [Link(chance.choice(days), node, chance.choice(ends)) for node in chance.sample(range(size), size // 2)]
        since = {link.node: link.day for link in told}
        wanted: set[int] = set()
        for day in days:
            links: Parents = {link.node: link.parent for link in past if link.day <= day}
            links |= {link.node: link.parent for link in told if link.day <= day}
            wanted |= {node for node in by_hand(links) if node in since and since[node] <= day}
        found_once += bool(wanted - by_hand(links))
        assert told_in_cycles(chance.sample(past, len(past)), told) == wanted
    assert found_once > 20


def test_it_is_given_up_after_so_many_steps() -> None:
    day = date(2026, 1, 1)
    past = [Link(day, node, node + 1) for node in range(9)]
    told = [Link(day + timedelta(days=1), 9, 0)]
    assert told_in_cycles(past, told, 19) == {9}
    assert told_in_cycles(past, told, 18) is None
