"""Waves that may be cut anew, and what is asked of them."""

from typing import Any

from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import LaunchedWave, a_campaign, a_questionnaire, an_org, codes_of, declare, ok

READ, WRITE = "aggregates:read", "campaigns:write"
TEAMS = {"A": 60, "B": 45, "C": 20, "D": 4}
SITES = ("lyon", "nantes", "lille")
PLAN = {"breakdowns": [["org"], ["org", "site"]]}


def a_value(name: str, *members: str) -> dict[str, Any]:
    return {"id": name, "label": {"en": name.title()}, "members": list(members)}


REGION = {"name": "region", "of": "site", "values": [a_value("west", "nantes"), a_value("inland", "lyon", "lille")]}
HALVES = {"name": "half", "values": [a_value("one", "A", "C"), a_value("two", "B")]}
ALL_BUT_D = {"name": "large", "values": [a_value("large", "A", "B", "C")]}


def organised(tenant: TenantUnderTest) -> None:
    people = an_org(tenant, TEAMS)
    held = {person: {"site": SITES[number % 3]} for number, person in enumerate(people)}
    declare(tenant, {"site": list(SITES)}, held)
    a_questionnaire(tenant)


def launched(tenant: TenantUnderTest, plan: dict[str, Any], *, recuts: bool) -> LaunchedWave:
    campaign = a_campaign(tenant, plan=plan, recuts=recuts)
    wave = ok(tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    return LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))


def answered(wave: LaunchedWave, skipping: int | None = 5) -> dict[str, Any]:
    for number, person in enumerate(sorted(wave.codes)):
        given: dict[str, Any] = {"load": 1 + number % 5, "place": ("home", "office")[number % 2]}
        if skipping is None or number % skipping:
            given["help"] = 1 + number % 3
        ok(wave.submit(person, given), 201)
    return wave.release()


def a_released_wave(house: House, plan: dict[str, Any] = PLAN, *, recuts: bool = True) -> LaunchedWave:
    tenant = house.tenant()
    organised(tenant)
    wave = launched(tenant, plan, recuts=recuts)
    assert answered(wave)["status"] == "published"
    return wave


def ask(wave: LaunchedWave, dimensions: list[Any], breakdowns: list[list[str]], **more: Any) -> Any:
    asked = {"dimensions": dimensions, "breakdowns": breakdowns} | more
    return wave.tenant.call(WRITE, "POST", f"/v1/waves/{wave.wave}/recuts", json=asked)


def recuts(wave: LaunchedWave) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(wave.tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/recuts"))
    return found


def made(wave: LaunchedWave, dimensions: list[Any], breakdowns: list[list[str]], **more: Any) -> dict[str, Any]:
    """Asked for and done."""
    asked = ok(ask(wave, dimensions, breakdowns, **more), 202)
    assert asked["status"] == "asked"
    assert asked["release_id"] is None
    wave.tenant.house.sweep()
    (found,) = [recut for recut in recuts(wave) if recut["id"] == asked["id"]]
    assert found["plan"] == asked["plan"]
    return found


def releases(wave: LaunchedWave) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(wave.tenant.call(READ, "GET", f"/v1/releases?wave={wave.wave}"))["data"]
    return found


def shown(wave: LaunchedWave, release: str) -> bytes:
    return bytes(wave.tenant.call(READ, "GET", f"/v1/releases/{release}/cells.csv").content)
