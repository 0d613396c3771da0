"""The tree programme against brute force over all sets of cells, on hundreds of small trees."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure.programme import programme
from service.disclosure.tree import Tree

# The same lines thousands of times: coverage learns nothing here, and would take three times as long.


@st.composite
def worlds(draw: st.DrawFn, size: int = 12) -> tuple[list[int], list[int], list[bool], int]:
    nodes = draw(st.integers(1, size))
    parents = [-1] + [draw(st.integers(0, node - 1)) for node in range(1, nodes)]
    # Few distinct weights, many of them near the threshold: that is where a programme goes wrong.
    own = draw(st.lists(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 9]), min_size=nodes, max_size=nodes))
    allowed = draw(st.lists(st.sampled_from([True, True, True, False]), min_size=nodes, max_size=nodes))
    return parents, own, allowed, draw(st.integers(1, 7))


def below(parents: list[int]) -> list[set[int]]:
    """Members of each subtree, by walking up from every node."""
    members: list[set[int]] = [set() for _ in parents]
    for node in range(len(parents)):
        up = node
        while up != -1:
            members[up].add(node)
            up = parents[up]
    return members


def residual(cells: tuple[int, ...], members: list[set[int]], cell: int, own: list[int]) -> int:
    """People of a cell in no other published cell inside it, by sets."""
    inside = [members[other] for other in cells if other != cell and members[other] < members[cell]]
    return sum(own[node] for node in members[cell].difference(*inside))


def is_safe(cells: tuple[int, ...], members: list[set[int]], own: list[int], k: int) -> bool:
    return all(residual(cells, members, cell, own) == 0 or residual(cells, members, cell, own) >= k for cell in cells)


def best(parents: list[int], own: list[int], allowed: list[bool], k: int) -> tuple[int, int]:
    members = below(parents)
    size = [sum(own[node] for node in subtree) for subtree in members]
    large = [node for node in range(len(parents)) if size[node] >= k and allowed[node]]
    return max(
        (sum(size[cell] for cell in cells), len(cells))
        for count in range(len(large) + 1)
        for cells in itertools.combinations(large, count)
        if is_safe(cells, members, own, k)
    )


@settings(max_examples=600, deadline=None)
@given(worlds())
def test_the_programme_is_safe_and_as_good_as_brute_force(world: tuple[list[int], list[int], list[bool], int]) -> None:
    parents, own, allowed, k = world
    found = programme(Tree(np.array(parents)), np.array(own), k, np.array(allowed))
    cells = tuple(np.flatnonzero(found).tolist())
    members = below(parents)
    size = [sum(own[node] for node in subtree) for subtree in members]
    assert all(allowed[cell] and size[cell] >= k for cell in cells)
    assert is_safe(cells, members, own, k)
    assert (sum(size[cell] for cell in cells), len(cells)) == best(parents, own, allowed, k)


@settings(max_examples=200, deadline=None)
@given(worlds(30), st.randoms(use_true_random=False))
def test_numbering_of_the_nodes_does_not_matter(
    world: tuple[list[int], list[int], list[bool], int], random: object
) -> None:
    parents, own, allowed, k = world
    new = list(range(len(parents)))
    random.shuffle(new)  # type: ignore[attr-defined]  # Hypothesis hands out a random.Random under a wider type
    renamed = [0] * len(parents)
    weights = [0] * len(parents)
    may = [False] * len(parents)
    for node, parent in enumerate(parents):
        renamed[new[node]] = -1 if parent == -1 else new[parent]
        weights[new[node]] = own[node]
        may[new[node]] = allowed[node]
    first = programme(Tree(np.array(parents)), np.array(own), k, np.array(allowed))
    second = programme(Tree(np.array(renamed)), np.array(weights), k, np.array(may))
    sizes = [sum(own[node] for node in members) for members in below(parents)]
    shape = shapes(parents, own, [here and size >= k for here, size in zip(allowed, sizes, strict=True)])
    assert sorted(shape[node] for node in np.flatnonzero(first)) == sorted(
        shape[node] for node in range(len(parents)) if second[new[node]]
    )


def shapes(parents: list[int], own: list[int], eligible: list[bool]) -> list[str]:
    """Each subtree written out: two nodes of one shape are the same to any method that knows no names.

    That a cell too small for it is allowed is no difference.
    """
    children: dict[int, list[int]] = {}
    for node, parent in enumerate(parents):
        children.setdefault(parent, []).append(node)

    def write(node: int) -> str:
        inside = ",".join(sorted(write(child) for child in children.get(node, [])))
        return f"({own[node]}{'+' if eligible[node] else '-'}{inside})"

    return [write(node) for node in range(len(parents))]


@settings(max_examples=100, deadline=None)
@given(worlds(20), st.integers(2, 4))
def test_columns_are_solved_one_by_one(world: tuple[list[int], list[int], list[bool], int], width: int) -> None:
    parents, own, allowed, k = world
    tree = Tree(np.array(parents))
    columns = np.stack([np.roll(own, shift // 2) for shift in range(width)], axis=1)
    may = np.stack([np.roll(allowed, shift) for shift in range(width)], axis=1)
    together = programme(tree, columns, k, may)
    for column in range(width):
        assert np.array_equal(together[:, column], programme(tree, columns[:, column], k, may[:, column]))


@settings(max_examples=200, deadline=None)
@given(worlds(20))
def test_tree_arithmetic_equals_sets(world: tuple[list[int], list[int], list[bool], int]) -> None:
    parents, own, published, _ = world
    tree = Tree(np.array(parents))
    members = below(parents)
    cells = tuple(node for node, is_cell in enumerate(published) if is_cell)
    assert tree.sums(np.array(own)).tolist() == [sum(own[node] for node in subtree) for subtree in members]
    assert tree.blocks(np.array(own), np.array(published)).tolist() == [
        residual(cells, members, node, own) if published[node] else 0 for node in range(len(parents))
    ]


@settings(max_examples=100, deadline=None)
@given(worlds(10))
def test_safe_for_more_is_safe_for_less(world: tuple[list[int], list[int], list[bool], int]) -> None:
    parents, own, allowed, k = world
    found = programme(Tree(np.array(parents)), np.array(own), k + 1, np.array(allowed))
    assert is_safe(tuple(np.flatnonzero(found).tolist()), below(parents), own, k)
