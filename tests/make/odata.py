"""A tenant with releases, read as a feed: what tests of OData work with."""

import functools
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2

from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import LaunchedWave, a_campaign, a_questionnaire, an_org, codes_of, declare, ok

READ = "aggregates:read"
ROOT = "http://pouls.test/odata/"
TEAMS = {"A": 40, "B": 24, "C": 12, "D": 4}
SITES = ("lyon", "nantes")
PLAN = [["org"], ["org", "site"]]


@dataclass
class Feed:
    """A tenant, and its releases in the order in which they were made."""

    tenant: TenantUnderTest
    releases: list[str]
    waves: list[LaunchedWave]

    def get(self, path: str, **request: Any) -> httpx2.Response:
        return self.tenant.call(READ, "GET", f"/odata/{path}", **request)

    def ok(self, path: str, **request: Any) -> Any:
        return ok(self.get(path, **request), 200)

    def rows(self, path: str, **request: Any) -> list[dict[str, Any]]:
        """All rows, page after page."""
        return walked(self.tenant, f"/odata/{path}", **request)


def walked(tenant: TenantUnderTest, path: str, **request: Any) -> list[dict[str, Any]]:
    """All rows behind an address and the addresses of the next pages."""
    found: list[dict[str, Any]] = []
    while True:
        page = ok(tenant.call(READ, "GET", path, **request), 200)
        found += page["value"]
        request.pop("params", None)
        if "@odata.nextLink" not in page:
            return found
        path = page["@odata.nextLink"]
        assert path.startswith(ROOT)


def by(**options: str) -> dict[str, str]:
    """Query options, `filter` as `$filter`."""
    return {name if name == "language" else f"${name}": value for name, value in options.items()}


def refused(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The error of an answer that must be refused in OData's form, whole and with nothing else in it."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["odata-version"] == "4.0"
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) <= {"code", "message", "details"}
    assert error["code"] == code
    assert error["message"]
    for detail in error.get("details", []):
        assert {"code", "message"} <= set(detail) <= {"code", "message", "target"}
    return error


def a_feed(house: House, teams: dict[str, int] = TEAMS) -> Feed:
    """Two campaigns of the same people, the first broken down by site, each with a release."""
    tenant = house.tenant()
    people = an_org(tenant, teams)
    values = {person: {"site": SITES[number % 2]} for number, person in enumerate(people) if number % 9}
    declare(tenant, {"site": list(SITES)}, values)
    a_questionnaire(tenant)
    waves = [launched(tenant, name="Écoute 2026", plan={"breakdowns": PLAN}), launched(tenant, name="Pulse")]
    return Feed(tenant, [answered(wave) for wave in waves], waves)


def launched(tenant: TenantUnderTest, **fields: Any) -> LaunchedWave:
    campaign = a_campaign(tenant, **fields)
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    return LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))


def answered(wave: LaunchedWave) -> str:
    """Everybody answers; the release."""
    for number, person in enumerate(sorted(wave.codes)):
        answers: dict[str, Any] = {
            "load": 1 + number % 5,
            "help": 1 + number % 2,
            "place": ("home", "office")[number % 2],
        }
        answers |= {"tools": ["chat"] if number % 3 else [], "years": number % 51}
        ok(wave.submit(person, answers), 201)
    return str(wave.release()["id"])


def a_unit_key(tenant: TenantUnderTest, unit: str) -> str:
    """A key that reads one unit's results alone."""
    body = {"name": "unit", "scopes": [READ], "unit": {"external_id": unit}}
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)
    key: str = made["key"]
    return key


quoted = functools.partial(quote, safe="")
