"""The frozen units of a wave as nodes: one root, parents first, the same order whatever order they come in."""

import random
from uuid import UUID

import pytest

from service.releases.orgtree import EVERYBODY, OrgTree, Unit


def unit(name: str, parent: str | None = None, source: str = "hris") -> Unit:
    return Unit(_id(name), _id(parent) if parent else None, source, name, f"Unit {name}")


def _id(name: str) -> UUID:
    return UUID(bytes=name.encode().rjust(16, b"\0"))


def names(tree: OrgTree) -> list[str | None]:
    return [one.external_id for one in tree.units]


def test_one_top_is_the_root() -> None:
    tree = OrgTree.of([unit("C", "A"), unit("A"), unit("D", "B"), unit("B", "A")])
    assert names(tree) == ["A", "B", "D", "C"]
    assert tree.parents.tolist() == [-1, 0, 1, 0]
    assert tree.levels == (0, 1, 2, 1)
    assert tree.place_of() == {_id(name): at for at, name in enumerate("ABDC")}


def test_above_several_tops_stands_everybody() -> None:
    tree = OrgTree.of([unit("B"), unit("A"), unit("C", "B")])
    assert names(tree) == [None, "A", "B", "C"]
    assert tree.units[0] == Unit(None, None, None, None, EVERYBODY)
    assert tree.parents.tolist() == [-1, 0, 0, 2]
    assert tree.levels == (0, 1, 1, 2)


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_input_does_not_matter(seed: int) -> None:
    drawn = random.Random(seed)
    units = [unit("0")] + [unit(str(n), str(drawn.randrange(n)), drawn.choice(["hris", "b"])) for n in range(1, 30)]
    tree = OrgTree.of(units)
    shuffled = units[:]
    drawn.shuffle(shuffled)
    again = OrgTree.of(shuffled)
    assert again.units == tree.units
    assert again.parents.tolist() == tree.parents.tolist()
    assert again.levels == tree.levels
    for at, parent in enumerate(tree.parents.tolist()):
        assert parent < at
        assert (parent == -1) == (at == 0)
        if at:
            assert tree.units[parent].unit_id == tree.units[at].parent_id
            assert tree.levels[at] == tree.levels[parent] + 1


def test_siblings_stand_by_source_and_external_id() -> None:
    units = [unit("T"), unit("b", "T", "two"), unit("a", "T", "two"), unit("c", "T", "one")]
    assert names(OrgTree.of(units)) == ["T", "c", "a", "b"]


def test_nobody_at_all_is_everybody() -> None:
    assert names(OrgTree.of([])) == [None]
