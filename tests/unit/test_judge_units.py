"""Calls of many units that would hang if each thing that falls were a look at all of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID

from service.kit.reasons import Fault
from service.people.judge_units import CIRCLE, CIRCLE_ONCE, EARLY, UNKNOWN, Key, changes_of, wrong_units
from service.people.schemas import OrgUnitIn
from service.people.tree import Link
from service.people.unit_rows import KnownUnit, Span, UnitHeld
from tests.make.hangs import HANGS_S

MANY = 20_000
FIRST = date(1960, 1, 1)
TODAY = FIRST + timedelta(days=MANY)


def key(number: int) -> Key:
    return "hris", f"U{number}"


def row(number: int, parent: int | str | None, since: date | None = None) -> OrgUnitIn:
    above = f"U{parent}" if isinstance(parent, int) else parent
    return OrgUnitIn(external_id=f"U{number}", name="told", parent=above, valid_from=since)


def known_chain(*, first: date = FIRST) -> tuple[dict[Key, KnownUnit], dict[UUID, Span]]:
    """Each below the next one, the last at the top."""
    known = {}
    for number in range(MANY):
        above = UUID(int=number + 1) if number + 1 < MANY else None
        unit = KnownUnit(UUID(int=number), *key(number), UnitHeld("known", above), 1, is_deleted=False)
        known[key(number)] = unit
    return known, {unit.unit_id: Span(first, first) for unit in known.values()}


def judge(
    known: dict[Key, KnownUnit], rows: dict[Key, OrgUnitIn], spans: dict[UUID, Span], past: list[Link[UUID]]
) -> dict[Key, Fault]:
    return wrong_units(known, rows, changes_of(known, rows, spans), spans, past, TODAY)


@contextmanager
def no_hang() -> Iterator[None]:
    begin = time.process_time()
    yield
    assert time.process_time() - begin < HANGS_S


def test_a_long_chain_below_nothing() -> None:
    rows = {key(number): row(number, number + 1 if number + 1 < MANY else "nowhere") for number in range(MANY)}
    with no_hang():
        wrong = judge({}, rows, {}, [])
    assert wrong == dict.fromkeys(rows, Fault("/parent", UNKNOWN))


def test_a_long_chain_of_good_rows_each_since_a_day_of_its_own() -> None:
    rows = {key(n): row(n, n + 1 if n + 1 < MANY else None, TODAY - timedelta(days=n + 1)) for n in range(MANY)}
    with no_hang():
        assert judge({}, rows, {}, []) == {}


def test_a_long_chain_each_told_to_have_been_there_for_longer_than_the_one_above() -> None:
    """Each would do if the one above it did; the first is too early for one that is not in the call."""
    known, spans = known_chain(first=TODAY - timedelta(days=9))
    early = TODAY - timedelta(days=10)
    rows = {key(number): row(number, number + 1, early) for number in range(MANY - 1)}
    with no_hang():
        assert judge(known, rows, spans, []) == dict.fromkeys(rows, Fault("/valid_from", EARLY))
        assert judge(known, rows | {key(MANY - 1): row(MANY - 1, None, early)}, spans, []) == {}


def test_each_that_falls_brings_back_a_link_that_makes_the_next_circle() -> None:
    known, _ = known_chain()
    rows = {key(0): row(0, 0)} | {key(number): row(number, number - 1) for number in range(1, MANY)}
    with no_hang():
        assert judge(known, rows, {}, []) == dict.fromkeys(rows, Fault("/parent", CIRCLE))


def test_circles_on_many_days_of_a_deep_tree() -> None:
    """Looked for as long as it takes for any tree that there may be; then what is told late is refused as a whole."""
    known, spans = known_chain()
    past = [Link(FIRST, unit.unit_id, unit.held.parent_id) for unit in known.values()]
    ends = {key(0): row(0, 1, FIRST + timedelta(days=1)), key(MANY): row(MANY, None)}
    with no_hang():
        assert judge(known, ends, spans, past) == {}
    rows = {key(number): row(number, number + 1, TODAY - timedelta(days=number + 1)) for number in range(MANY - 1)}
    with no_hang():
        wrong = judge(known, rows | {key(MANY): row(MANY, None)}, spans, past)
    assert wrong == dict.fromkeys(rows, Fault("/valid_from", CIRCLE_ONCE))
