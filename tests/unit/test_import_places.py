"""Units that a file of people makes: which can be made, in a time that grows with the file alone."""

import time
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from service.kit.ids import new_id
from service.people.imports.lines import Line
from service.people.imports.mapping import ImportMapping
from service.people.imports.places import MOST_NEW, Places
from service.people.unit_rows import KnownUnit, UnitHeld
from tests.make.hangs import HANGS_S


def made(parents: Mapping[str, str | None]) -> set[str]:
    """What is made of units told with these parents, where TOP is known and GONE was deleted."""
    known = [
        KnownUnit(new_id(), "hris", name, UnitHeld(name), 1, is_deleted=name == "GONE") for name in ("TOP", "GONE")
    ]
    places = Places(known, {}, "hris", ImportMapping(create_units=True))
    for number, (unit, parent) in enumerate(parents.items()):
        places.want(Line(number, f"E{number}", unit, f"Unit {unit}", parent))
    places.settle()
    assert places.ids.keys() == {"TOP"} | {change.external_id for change in places.fresh}
    held = {change.external_id: change.new.parent_id for change in places.fresh}
    wanted = {unit: parents[unit] for unit in held}
    assert held == {unit: places.ids[parent] if parent else None for unit, parent in wanted.items()}
    return set(held)


NAMES = ["U1", "U2", "U3", "U4", "U5", "GONE"]


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from([None, "TOP", "nowhere", *NAMES])))
def test_a_unit_is_made_whose_parents_lead_to_the_top(parents: dict[str, str | None]) -> None:
    def leads_up(unit: str) -> bool:
        at: str | None = unit
        for _ in range(len(parents) + 1):
            if at is None or at == "TOP":
                return True
            if at not in parents:
                return False
            at = parents[at]
        return False

    assert made(parents) == {unit for unit in parents if leads_up(unit)}


def test_long_chains_and_wide_trees() -> None:
    names = [f"U{number}" for number in range(MOST_NEW)]
    chain = dict(zip(names, [*names[1:], None], strict=True))
    begin = time.process_time()
    assert made(chain) == set(names)
    assert made(chain | {names[-1]: "nowhere"}) == set()
    assert made(chain | {names[-1]: names[0]}) == set()
    assert made({name: names[number // 10] if number else None for number, name in enumerate(names)}) == set(names)
    assert time.process_time() - begin < HANGS_S
