"""Comments as they are chosen, against the second opinion; and both against a reader who tries every combination."""

import itertools
from collections.abc import Mapping
from uuid import UUID

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.releases.comments import Comment, Said, shown
from service.releases.comments_checked import FEWEST, agrees
from service.releases.orgtree import OrgTree, Unit
from service.releases.places import ClassRow
from service.releases.redact import Names, cleaned

K = {"a": FEWEST + 1, "b": FEWEST}


def ident(number: int) -> UUID:
    return UUID(int=number + 1)


class World:
    """Units, a class in some of them, and what their people wrote."""

    def __init__(self, parents: list[int | None], homes: list[int], words: list[tuple[int, str, str]]) -> None:
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

    def agrees(self, comments: list[Comment], k: Mapping[str, int] = K) -> bool:
        texts = [(one.label, one.item, one.text) for one in self.said]
        rows = [(one.item, self.tree.units[one.node].unit_id, one.text or "") for one in comments]
        return agrees(self.above, self.homes, [one[:2] for one in texts], texts, rows, k)

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
def worlds(draw: st.DrawFn, items: str = "ab") -> World:
    """Up to seven units; people who write the same thing come in clumps, most of them smaller than a part."""
    size = draw(st.integers(1, 7))
    parents = [draw(st.sampled_from([None, *range(at)])) for at in range(size)]
    homes = draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=5))
    clump = st.tuples(
        st.integers(0, len(homes) - 1),
        st.sampled_from(items),
        st.sampled_from(["yes", "no", "so"]),
        st.sampled_from([1, 1, 2, 5, 9, 10, 11]),
    )
    drawn = draw(st.lists(clump, max_size=12))
    return World(parents, homes, [(label, item, word) for label, item, word, often in drawn for _ in range(often)])


@given(worlds())
@settings(max_examples=120, deadline=None)
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
@settings(max_examples=120, deadline=None)
def test_one_change_is_not_agreed_with(world: World, data: st.DataObject) -> None:
    comments = world.chosen()
    if not comments:
        return
    at = data.draw(st.integers(0, len(comments) - 1))
    one, rest = comments[at], [*comments[:at], *comments[at + 1 :]]
    assert not world.agrees(rest)
    assert not world.agrees([*comments, one])
    assert not world.agrees([*rest, Comment(one.item, one.node, "another")])
    assert not world.agrees([*rest, Comment("ab"["ba".index(one.item)], one.node, one.text)])
    if len(world.tree.units) > 1:
        other = (one.node + data.draw(st.integers(1, len(world.tree.units) - 1))) % len(world.tree.units)
        assert not world.agrees([*rest, Comment(one.item, other, one.text)])
    part = [two for two in comments if (two.item, two.node) != (one.item, one.node)]
    assert not world.agrees(part) or all(two.item != one.item for two in part)


@given(worlds(), st.integers(FEWEST, FEWEST + 6))
@settings(max_examples=120, deadline=None)
def test_what_is_enough_for_fewer_is_not_agreed_with_for_more(world: World, k: int) -> None:
    comments = world.chosen({"a": k, "b": k})
    smallest = min(
        (sum((one.item, one.node) == (other.item, other.node) for other in comments) for one in comments),
        default=None,
    )
    if smallest is not None:
        assert world.agrees(comments, {"a": smallest, "b": smallest})
        assert not world.agrees(comments, {"a": smallest + 1, "b": smallest + 1})
        assert not world.agrees(comments, {"c": FEWEST})


def a_reader_learns(world: World, rows: list[tuple[int, UUID | None]], k: int) -> str:
    """What somebody learns of fewer than k authors from the rows (author, unit) and the org tree, or nothing.

    Each author's text is one of a kind, so that a reader sees which rows are the same one. All sums and differences of
    the lists are tried.
    """
    lists = {place: [int((author, place) in rows) for author in range(len(world.said))] for _, place in rows}
    for signs in itertools.product((-1, 0, 1), repeat=len(lists)):
        signed = zip(signs, lists.values(), strict=True)
        sums = [sum(each) for each in zip(*([sign * one for one in list_] for sign, list_ in signed), strict=True)]
        if 0 < sum(value != 0 for value in sums) < k:
            return "a group that is too small"
    meant: dict[UUID | None, int] = {}
    for author, said in enumerate(world.said):
        way: UUID | None = world.homes[said.label]
        while way is not None and way not in lists:
            way = world.above[way]
        meant[way] = meant.get(way, 0) + 1
        if rows and [place for one, place in rows if one == author] != [way]:
            return "a comment where its author is not, or twice, or nowhere"
    if rows and min(meant.values()) < k:
        return "a rest that is too small"
    return ""


@st.composite
def publications(draw: st.DrawFn) -> tuple[World, list[tuple[int, UUID | None]]]:
    """What a careless partition may show: whole, or with one author's row moved, taken away or shown once more."""
    world = draw(worlds("b"))
    world.said = [Said(one.label, one.item, str(at)) for at, one in enumerate(world.said[:45])]
    places = draw(st.lists(st.sampled_from([None, *world.above]), max_size=3, unique=True))
    found: list[tuple[int, UUID | None]] = []
    for author, said in enumerate(world.said):
        way: UUID | None = world.homes[said.label]
        while way is not None and way not in places:
            way = world.above[way]
        if way in places:
            found.append((author, way))
    if found and draw(st.booleans()):
        at = draw(st.integers(0, len(found) - 1))
        place = draw(st.sampled_from(places))
        change = draw(st.sampled_from(["moved", "taken away", "once more", "all there once more"]))
        if change in {"moved", "taken away"}:
            author, _ = found.pop(at)
            found += [(author, place)] if change == "moved" else []
        elif change == "once more":
            found.append((found[at][0], place))
        else:
            found += [(author, place) for author, where in found if where == found[at][1]]
    return world, found


@given(publications())
@settings(max_examples=200, deadline=None)
def test_it_agrees_just_where_no_combination_tells_of_too_few(
    case: tuple[World, list[tuple[int, UUID | None]]],
) -> None:
    world, rows = case
    texts = [(one.label, one.item, f"said {one.text}") for one in world.said]
    public = [("b", place, f"said {world.said[author].text}") for author, place in rows]
    agreed = agrees(world.above, world.homes, [one[:2] for one in texts], texts, public, K)
    assert agreed == (a_reader_learns(world, rows, K["b"]) == "")


@given(st.text("0123456789 .-+_@/()[]…abco\n\u00a0\u0301\u200bé", max_size=60))
@example("5c.2o@-41-9-.ab")
@settings(max_examples=300, deadline=None)
def test_whatever_is_left_by_cleaning_is_agreed_with(text: str) -> None:
    """Nobody's odd text takes all comments of a release away."""
    left = cleaned(text, Names.of([])).strip()
    world = World([None], [0], [(0, "a", one) for one in [*(f"said {at}" for at in range(K["a"])), left] if one])
    assert world.agrees(world.chosen())


def test_a_chain_of_a_thousand_units_is_counted_at_its_upper_end() -> None:
    size = 1000
    parents: list[int | None] = [None, *range(size - 1)]
    world = World(parents, [size - 1, 70, 63, 10], [(at, "a", f"{at} {n}") for at in range(4) for n in range(15)])
    comments = world.chosen()
    assert world.agrees(comments)
    levels = np.array(world.tree.levels)
    assert sorted({int(levels[one.node]) for one in comments}) == [10, 63]
    assert sum(levels[one.node] == 63 for one in comments) == 45
