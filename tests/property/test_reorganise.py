"""Reorganisations of random trees: everybody keeps one place, nobody is lost; a refusal changes nothing."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from service.people.reorganising.reorganise import Unit, reorganised
from service.people.reorganising.schemas import MergeIn, MoveIn, PartIn, ReorganisationIn, SplitIn
from service.people.tree import in_cycles

NAMES = [f"U{number}" for number in range(7)]


@st.composite
def organisations(draw: st.DrawFn) -> tuple[dict[str, Unit], dict[str, str | None]]:
    units = {}
    for number, name in enumerate(NAMES):
        parent = draw(st.sampled_from([None, *NAMES[:number]])) if number else None
        units[name] = Unit(name.lower(), parent, is_active=draw(st.integers(0, 9)) > 0)
    homes: dict[str, str | None] = {f"P{n}": draw(st.sampled_from(NAMES)) for n in range(draw(st.integers(0, 12)))}
    return units, homes


@st.composite
def wishes(draw: st.DrawFn) -> ReorganisationIn:
    name = st.sampled_from(NAMES)
    moves = st.builds(MoveIn, unit=name, parent=st.none() | name)
    merges = st.builds(MergeIn, units=st.lists(name, min_size=1, max_size=3, unique=True), into=name)
    part = st.builds(
        PartIn,
        external_id=st.sampled_from(["N1", "N2", "U3"]),
        name=st.just("new"),
        people=st.lists(st.sampled_from([f"P{number}" for number in range(6)]), max_size=3, unique=True),
    )
    splits = st.builds(SplitIn, unit=name, parts=st.lists(part, min_size=1, max_size=2))
    return ReorganisationIn(
        moves=draw(st.lists(moves, max_size=2)),
        merges=draw(st.lists(merges, max_size=2)),
        splits=draw(st.lists(splits, max_size=1)),
    )


@given(organisations(), wishes())
@settings(max_examples=400)
def test_whatever_is_wanted(world: tuple[dict[str, Unit], dict[str, str | None]], wanted: ReorganisationIn) -> None:
    units, homes = world
    before = dict(units), dict(homes)
    done = reorganised(units, homes, wanted)
    assert (units, homes) == before
    if done.faults:
        return
    after = units | done.units
    assert not in_cycles({name: unit.parent for name, unit in after.items()})
    assert all(unit.parent is None or unit.parent in after for unit in after.values())
    housed = homes | done.homes
    assert housed.keys() == homes.keys()
    gone = {name for merge in wanted.merges for name in merge.units}
    assert all(not after[name].is_active for name in gone)
    # Nobody stays in a unit that is no more, and no unit hangs below one; who is not concerned is where they were.
    assert not {person for person, home in housed.items() if home in gone}
    assert not {name for name, unit in after.items() if unit.parent in gone and name not in gone}
    parts = {part.external_id: part.people for split in wanted.splits for part in split.parts}
    into = {name: merge.into for merge in wanted.merges for name in merge.units}

    def final(home: str | None) -> str | None:
        while home in into:
            home = into[home]
        return home

    for person, home in homes.items():
        named = [part for part, people in parts.items() if person in people]
        assert housed[person] == final(named[0] if named else home)
    moved = {move.unit: move.parent for move in wanted.moves}
    for name, parent in moved.items():
        assert after[name].parent == (final(parent) if parent not in gone or name not in into.values() else parent)
    untouched = after.keys() - gone - moved.keys() - parts.keys()
    assert all(
        after[name] == replace(units[name], parent=final(units[name].parent)) or units[name].parent in gone
        for name in untouched
    )
    assert {(old, new) for old, new, kind in done.lineage if kind == "merge"} == {*into.items()}
    assert {new for _, new, kind in done.lineage if kind == "split"} == parts.keys()


def wrong(wanted: ReorganisationIn) -> dict[str, str]:
    units = {
        "TOP": Unit("Top", None),
        "A": Unit("A", "TOP"),
        "B": Unit("B", "A"),
        "OLD": Unit("Old", "TOP", is_active=False),
        "X": Unit("X", None, "project"),
    }
    return dict(reorganised(units, {"P": "A", "Q": "B"}, wanted).faults)


def test_each_thing_that_can_not_be_done_is_told_by_its_place() -> None:
    unknown = "is not a known active unit of this `source`"
    assert wrong(ReorganisationIn(moves=[MoveIn(unit="Z", parent="A")])) == {"/moves/0/unit": unknown}
    assert wrong(ReorganisationIn(moves=[MoveIn(unit="A", parent="OLD")])) == {"/moves/0/parent": unknown}
    assert wrong(ReorganisationIn(moves=[MoveIn(unit="A", parent="B")])) == {"/moves/0/unit": "makes a circle"}
    assert wrong(ReorganisationIn(moves=[MoveIn(unit="A", parent="A")])) == {"/moves/0/unit": "makes a circle"}
    assert wrong(ReorganisationIn(moves=[MoveIn(unit="A", parent="X")])) == {
        "/moves/0/parent": "is in the other hierarchy"
    }
    twice = "is named twice in this reorganisation"
    both = ReorganisationIn(moves=[MoveIn(unit="B", parent="TOP")], merges=[MergeIn(units=["B"], into="A")])
    assert wrong(both) == {"/merges/0/units/0": twice}
    assert wrong(ReorganisationIn(merges=[MergeIn(units=["A"], into="A")])) == {
        "/merges/0/units/0": "must be another unit than `into`"
    }
    assert wrong(ReorganisationIn(merges=[MergeIn(units=["X"], into="A")])) == {
        "/merges/0/units/0": "is not in the line hierarchy"
    }
    parts = [PartIn(external_id="B", name="b", people=[]), PartIn(external_id="N", name="n", people=["P", "Q", "P"])]
    nobody = "is nobody of this unit, or is named twice"
    assert wrong(ReorganisationIn(splits=[SplitIn(unit="A", parts=parts)])) == {
        "/splits/0/parts/0/external_id": "is a unit already",
        "/splits/0/parts/1/people/1": nobody,
        "/splits/0/parts/1/people/2": nobody,
    }


def test_a_unit_that_is_merged_into_one_below_it_hands_its_place_down() -> None:
    units = {"TOP": Unit("Top", None), "A": Unit("A", "TOP"), "B": Unit("B", "A"), "C": Unit("C", "A")}
    done = reorganised(units, {"P": "A"}, ReorganisationIn(merges=[MergeIn(units=["A"], into="B")]))
    assert not done.faults
    assert done.homes == {"P": "B"}
    assert {name: unit.parent for name, unit in (units | done.units).items()} == {
        "TOP": None, "A": "TOP", "B": "TOP", "C": "B",
    }  # fmt: skip
