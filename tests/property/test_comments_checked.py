"""Comments as they are chosen, against the second opinion; and both against people counted one by one."""

from collections.abc import Mapping
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.releases.comments import Comment, Said, shown
from service.releases.comments_checked import agrees
from service.releases.orgtree import OrgTree, Unit
from service.releases.places import ClassRow

K = {"a": 3, "b": 2}


class World:
    """Units, a class in some of them, and what their people wrote."""

    def __init__(self, parents: list[int | None], homes: list[int], words: list[tuple[int, str, str]]) -> None:
        def ident(number: int) -> UUID:
            return UUID(int=number + 1)

        self.units = [
            Unit(ident(at), None if parent is None else ident(parent), "hris", f"U{at}", "")
            for at, parent in enumerate(parents)
        ]
        self.tree = OrgTree.of(self.units)
        self.above = {ident(at): None if parent is None else ident(parent) for at, parent in enumerate(parents)}
        self.classes = [ClassRow(label, ident(home), {}) for label, home in enumerate(homes)]
        self.homes = {row.label: row.unit for row in self.classes}
        self.said = [Said(*one) for one in words]

    def chosen(self, k: Mapping[str, int] = K) -> list[Comment]:
        return shown(self.tree, self.classes, self.said, k)

    def agrees(self, comments: list[Comment], k: Mapping[str, int] = K, written: int = 0) -> bool:
        """`written`: as if so many of the last texts had not been opened."""
        texts = [(one.label, one.item, one.text) for one in self.said]
        return agrees(
            self.above,
            self.homes,
            [one[:2] for one in texts[: len(texts) - written]],
            texts,
            [(one.item, self.tree.units[one.node].unit_id, one.text or "") for one in comments],
            k,
        )

    def members(self, node: int) -> set[int]:
        """Labels of the classes in and below a node, everybody's where it is no unit."""
        unit = self.tree.units[node].unit_id
        if unit is None:
            return set(self.homes)
        found = set()
        for label, home in self.homes.items():
            way: UUID | None = home
            while way is not None and way != unit:
                way = self.above[way]
            if way == unit:
                found.add(label)
        return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    size = draw(st.integers(1, 7))
    parents = [draw(st.sampled_from([None, *range(at)])) for at in range(size)]
    homes = draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=5))
    word = st.tuples(st.integers(0, len(homes) - 1), st.sampled_from("ab"), st.sampled_from(["yes", "no", "so"]))
    return World(parents, homes, draw(st.lists(word, max_size=25)))


@given(worlds())
@settings(max_examples=300, deadline=None)
def test_what_is_chosen_is_agreed_with(world: World) -> None:
    comments = world.chosen()
    assert world.agrees(comments)
    for item, k in K.items():
        mine = [one for one in comments if one.item == item]
        wrote = [one for one in world.said if one.item == item]
        assert len(mine) == (len(wrote) if len(wrote) >= k else 0)
        assert sorted(one.text or "" for one in mine) == sorted(one.text for one in wrote if mine)
        nodes = {one.node for one in mine}
        for node in nodes:
            inside = world.members(node)
            below = [world.members(other) for other in nodes if other != node and world.members(other) < inside]
            rest = inside.difference(*below)
            # Classes of one home are one; a unit that holds no more than one below it does would show nothing itself.
            assert sum(one.label in rest for one in wrote) >= k


@given(worlds(), st.data())
@settings(max_examples=300, deadline=None)
def test_one_change_is_not_agreed_with(world: World, data: st.DataObject) -> None:
    comments = world.chosen()
    if not comments:
        return
    at = data.draw(st.integers(0, len(comments) - 1))
    one, rest = comments[at], [*comments[:at], *comments[at + 1 :]]
    assert not world.agrees(rest)
    assert not world.agrees([*comments, one])
    assert not world.agrees([*rest, Comment(one.item, one.node, "another")])
    if len(world.tree.units) > 1:
        other = (one.node + data.draw(st.integers(1, len(world.tree.units) - 1))) % len(world.tree.units)
        assert not world.agrees([*rest, Comment(one.item, other, one.text)])


@given(worlds(), st.integers(1, 6))
@settings(max_examples=300, deadline=None)
def test_what_is_enough_for_fewer_is_not_agreed_with_for_more(world: World, k: int) -> None:
    low = {"a": k, "b": k}
    comments = world.chosen(low)
    smallest = min(
        (sum((one.item, one.node) == (other.item, other.node) for other in comments) for one in comments),
        default=None,
    )
    if smallest is not None:
        assert world.agrees(comments, {"a": smallest, "b": smallest})
        assert not world.agrees(comments, {"a": smallest + 1, "b": smallest + 1})
        assert not world.agrees(comments, {"c": 1})


def test_a_text_that_counts_for_two_authors_is_not_agreed_with() -> None:
    world = World([None], [0], [(0, "b", "yes"), (0, "b", "yes")])
    assert world.agrees(world.chosen())
    assert not world.agrees(world.chosen(), written=1)


def test_a_class_without_a_home_is_not_agreed_with() -> None:
    texts = [(0, "a", "yes"), (1, "a", "no")]
    assert not agrees({}, {0: UUID(int=1)}, [one[:2] for one in texts], texts, [], {"a": 2})


def test_a_chain_of_a_thousand_units_is_counted_at_its_upper_end() -> None:
    size = 1000
    parents: list[int | None] = [None, *range(size - 1)]
    world = World(parents, [size - 1, 70, 63, 10], [(at, "a", f"{at} {n}") for at in range(4) for n in range(5)])
    comments = world.chosen()
    assert world.agrees(comments)
    levels = np.array(world.tree.levels)
    assert sorted({int(levels[one.node]) for one in comments}) == [10, 63]
    assert sum(levels[one.node] == 63 for one in comments) == 15
