"""Eighteen months of a pulse and a diagnostic in a company that never stands still, on a clock that is moved.

By default only seven months of them: with the reorganisation, autumn's clocks and the year's end.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from random import Random
from typing import Any
from uuid import UUID

import pytest

from service.campaigns import rotation
from service.campaigns.inviting import invitees, sampling
from service.campaigns.inviting.who import Who
from service.campaigns.running import opening, rescheduling
from service.campaigns.taking_part import openings
from service.campaigns.times import calendar
from service.campaigns.wave_keys import WaveKeys
from tests.fixtures.house import House
from tests.make.cell_checks import Truth, cells_of, leaking, wrong_cells, wrong_frame
from tests.make.month_checks import complaints, exercised
from tests.make.months import AFTER_ALL, Months, Plan, at, schedule
from tests.make.pulse_company import Company

pytestmark = pytest.mark.slow

FIRST, MIDDLE = date(2027, 1, 4), date(2027, 7, 5)
REORGANISED = date(2027, 7, 13)
HOLIDAYS = [date(2027, 3, 29), date(2027, 5, 17), date(2027, 12, 27), date(2028, 4, 17)]
WEEK, DAY = timedelta(days=7), timedelta(days=1)
BURDEN = {"most": 2, "days": 14}
TEAMS = {
    "PAR": {"a": [12, 9, 17, 8], "b": [7, 11, 16, 9], "c": [20, 13, 6], "d": [15, 8, 19], "e": [24, 9]},
    "NYC": {"n": [14, 18, 7], "o": [11, 16, 8], "q": [21, 12]},
}
NINE, TEN = time(9), time(10)
TENURE = [["org"], ["org", "tenure"]]


def pulse(first: date, weeks: int) -> Plan:
    """Mondays at nine, for more than two days."""
    window = timedelta(hours=55)
    body = {
        "plan": {"breakdowns": TENURE},
        "schedule": schedule(NINE, window, f"FREQ=WEEKLY;BYDAY=MO;COUNT={weeks}", first, HOLIDAYS),
        "rotation": {"length": 6, "anchors": ["commitment_would_stay"]},
        "sampling": {"every": 2},
    }
    return Plan("pulse", "pulse_bank", NINE, window, body)


def diagnostic(first: date, quarters: int) -> Plan:
    """On the third Tuesday, for nine days, of whoever has been there for a month."""
    window = timedelta(days=9)
    body = {
        "audience": {"units": ["TOP"], "hired": {"days_at_least": 30}},
        "plan": {"breakdowns": TENURE},
        "schedule": schedule(TEN, window, f"FREQ=MONTHLY;INTERVAL=3;BYDAY=3TU;COUNT={quarters}", first, []),
        "retention_days": 60,
    }
    return Plan("diagnostic", "care_diagnostic", TEN, window, body)


def lived(
    house: House, company: Company, weekly: Plan, quarterly: Plan | None, weeks: int, first: date = FIRST
) -> Months:
    """Each Monday a pulse, some Tuesdays a diagnostic; on Tuesdays the company changes."""
    months = Months(house.tenant("eighteen months"), company, Random(2))
    months.begin([weekly, quarterly] if quarterly else [weekly], BURDEN, at(first - 5 * DAY, 12))
    quarters = {datetime.fromisoformat(one["opens_at"]).date() for one in months.calendars.get("diagnostic", ())}
    for monday in (first + week * WEEK for week in range(weeks)):
        if monday not in HOLIDAYS:
            months.morning(weekly, monday)
        if quarterly and monday + DAY in quarters:
            months.morning(quarterly, monday + DAY)
        months.changes(at(monday + DAY, 18), reorganised=monday + DAY == REORGANISED)
        months.evening(at(monday + 2 * DAY, 22, 1))
        months.evening(at(monday + 3 * DAY, 17))
    months.end(at(monday, 12) + AFTER_ALL)
    return months


def told(wrong: Mapping[str, list[str]]) -> str:
    """The first complaints of each check."""
    return "\n".join(f"{check}: {one}" for check, complaints in wrong.items() for one in complaints[:5])


@pytest.fixture
def moved(house: House) -> Iterator[House]:
    """The service; its clock is set right again afterwards."""
    yield house
    house.clock.shift = timedelta()


WHOLE = pytest.mark.skipif("POULS_TEST_FULL" not in os.environ, reason="18 months: set POULS_TEST_FULL=1 to live them")


@pytest.mark.parametrize(
    ("first", "weeks", "quarters"),
    [pytest.param(MIDDLE, 30, 3, id="seven"), pytest.param(FIRST, 78, 6, marks=WHOLE, id="eighteen")],
)
def test_months_of_waves_are_as_they_were_promised(moved: House, first: date, weeks: int, quarters: int) -> None:
    two_weeks(moved)  # what releases need is compiled, where nothing has been yet
    company = Company.founded(1, first, TEAMS)
    months = lived(moved, company, pulse(first, weeks), diagnostic(first, quarters), weeks, first)
    wrong = complaints(months)
    assert not wrong, told(wrong)
    pulses = sum(first + week * WEEK not in HOLIDAYS for week in range(weeks))
    assert (len(months.waves), len(months.calendars["diagnostic"])) == (pulses + quarters, quarters)
    assert all(exercised(months).values()), exercised(months)


def exact_shares(cell: Mapping[str, str]) -> bool:
    return cell["status"] == "published" and bool(cell["favourable"]) and not cell["favourable_bound"]


SMALL = {"PAR": {"a": [12, 9, 8], "b": [24, 11]}, "NYC": {"n": [14, 9]}}


def two_weeks(house: House) -> Months:
    return lived(house, Company.founded(3, FIRST, SMALL), pulse(FIRST, 2), None, 2)


def test_two_weeks_are_as_they_were_promised_and_other_cells_would_not_be(moved: House) -> None:
    months = two_weeks(moved)
    wrong = complaints(months)
    assert not wrong, told(wrong)
    # What is published hangs on the tenant's seed: the wave that tells the most.
    told_most = max(months.waves, key=lambda wave: sum(exact_shares(cell) for cell in cells_of(wave)))
    truth = Truth(told_most, months.documents["pulse"])
    cells = cells_of(told_most)
    published = [dict(cell) for cell in cells if cell["status"] == "published"]
    mean = next(cell for cell in published if cell["mean"])
    shares = next(cell for cell in published if exact_shares(cell))
    untrue = [
        mean | {"mean": str(float(mean["mean"]) + (0.2 if float(mean["mean"]) < 3 else -0.2))},
        mean | {"n_from": str(int(mean["n_from"]) + 5), "n_to": str(int(mean["n_to"]) + 5)},
        shares | {"favourable": str(float(shares["favourable"]) - 10)},
        shares | {"distribution": "; ".join(f"{point}=20" for point in range(1, 6))},
        mean | {"status": "withheld", "reason": "protected"},
    ]
    assert all([*wrong_cells(truth, [cell, *published])] for cell in untrue)
    all_of_them = [dict(cell) | {"status": "published"} for cell in cells]
    assert [*leaking(truth, all_of_them)]
    assert [*wrong_frame(truth, cells[1:])]
    assert [*wrong_frame(truth, [*cells[1:], dict(cells[0]) | {"unit_name": "renamed"}])]


def the_same_items(patch: pytest.MonkeyPatch) -> None:
    for module in (opening, rescheduling):
        patch.setattr(module, "draw", lambda bank, drawing, seed, _: rotation.draw(bank, drawing, seed, 1))


def other_items_than_foretold(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "draw", lambda bank, drawing, seed, turn: rotation.draw(bank, drawing, seed, turn + 1))


def a_sample_without_the_seed(patch: pytest.MonkeyPatch) -> None:
    drawn = sampling.invited
    patch.setattr(sampling, "invited", lambda homes, people, every, least, _, turn, spared:
                  drawn(homes, people, every, least, b"always", turn, spared))  # fmt: skip


def a_sample_of_person_by_person(patch: pytest.MonkeyPatch) -> None:
    def drawn(_: Any, people: Sequence[UUID], every: int, __: int, seed: bytes, turn: int, ___: Any) -> list[bool]:
        return [blake2b(person.bytes + bytes([turn]), key=seed).digest()[0] % every == 0 for person in people]

    patch.setattr(sampling, "invited", drawn)


def the_roster_of_the_wave_before(patch: pytest.MonkeyPatch) -> None:
    chosen, before = invitees.chosen, list[Who]()

    async def late(tx: Any, tenant: Any, who: Who, *rest: Any) -> Who:
        before.append(await chosen(tx, tenant, who, *rest))
        return before[max(0, len(before) - 2)]

    patch.setattr(invitees, "chosen", late)


def nine_in_the_morning_of_greenwich(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calendar, "_instant", lambda local, _: local.replace(tzinfo=UTC))


def new_york_with_paris(patch: pytest.MonkeyPatch) -> None:
    async def none(*_: Any) -> dict[int, datetime]:
        return {}

    patch.setattr(openings, "of_all", none)


def no_key_is_destroyed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(WaveKeys, "destroy", lambda *_: None)


SEEDED: dict[Callable[[pytest.MonkeyPatch], None], set[str]] = {
    the_same_items: {"turns of items"},
    other_items_than_foretold: {"items"},
    a_sample_without_the_seed: {"rosters"},
    a_sample_of_person_by_person: {"rosters", "turns of people"},
    the_roster_of_the_wave_before: {"rosters", "turns of people"},
    nine_in_the_morning_of_greenwich: {"opening"},
    new_york_with_paris: {"opening"},
    no_key_is_destroyed: {"destruction"},
}


@pytest.mark.parametrize("defect", SEEDED)
def test_a_service_with_this_defect_is_found_out(
    moved: House, monkeypatch: pytest.MonkeyPatch, defect: Callable[[pytest.MonkeyPatch], None]
) -> None:
    defect(monkeypatch)
    assert SEEDED[defect] <= complaints(two_weeks(moved)).keys()
