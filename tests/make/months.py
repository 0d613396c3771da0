"""A pulse and a diagnostic, lived through week by week in front of the service; what was seen is written down.

Nothing is judged here: `tests.make.month_checks` and `tests.make.cell_checks` do, by what was sent.
"""

import asyncio
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from starlette.types import ASGIApp

from service.releases.certificate import Signer
from tests.fixtures.house import TenantUnderTest
from tests.make.pulse_company import TENURES, TOP, YORK, Company, Roll
from tests.make.wire import ask
from tests.make.world import ok

PARIS_ZONE, YORK_ZONE = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
WRITE, READ = "campaigns:write", "aggregates:read"
ANSWERING, ON_TIME, SKIPPING = 0.75, 0.8, 0.03
MINUTE = timedelta(minutes=1)
AT_ONCE = 50
SOME = 2
AFTER_ALL = timedelta(days=100)
"""Longer than any retention."""


@dataclass(frozen=True)
class Plan:
    """One of the two campaigns as it is asked for."""

    name: str
    questionnaire: str
    at: time_of_day
    window: timedelta
    body: Mapping[str, Any]


@dataclass
class Lived:
    """One wave: what was to be, what was done, what came of it."""

    plan: Plan
    number: int
    wave: str
    address: str
    opened_on: date
    opens: dict[str, datetime]
    roll: Roll
    foretold: dict[str, Any]
    told: dict[str, Any] = field(default_factory=dict)
    roster: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    contract: dict[str, Any] = field(default_factory=dict)
    early: list[tuple[str, int]] = field(default_factory=list)
    refused: list[tuple[str, int]] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    release: dict[str, Any] = field(default_factory=dict)
    certificate: dict[str, Any] = field(default_factory=dict)
    cells: str = ""
    at_the_end: dict[str, Any] = field(default_factory=dict)

    @property
    def closes(self) -> datetime:
        """With the last of the zones, at the local time that the window leads to."""
        return max(
            (opens.astimezone(zone).replace(tzinfo=None) + self.plan.window).replace(tzinfo=zone).astimezone(UTC)
            for opens, zone in zip(self.opens.values(), (PARIS_ZONE, YORK_ZONE), strict=True)
        )

    @property
    def name(self) -> str:
        return f"{self.plan.name} {self.number}"


@dataclass
class Months:
    """A tenant, a company, its campaigns, and all waves that were lived through, in the order of their opening."""

    tenant: TenantUnderTest
    company: Company
    random: Random
    campaigns: dict[str, str] = field(default_factory=dict)
    calendars: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    waves: list[Lived] = field(default_factory=list)
    ends: dict[str, Any] = field(default_factory=dict)
    looked: list[datetime] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    _open: list[Lived] = field(default_factory=list)

    def begin(self, plans: Sequence[Plan], burden: Mapping[str, int], before: datetime) -> None:
        """The organisation is told, the rules are set, the campaigns launched; the clock shows `before`."""
        self.travel(before)
        ok(self.tenant.call("people:write", "PUT", "/v1/dimensions", json=[TENURES]))
        self.tell()
        ok(self.tenant.call("admin", "PUT", "/v1/campaign-rules", json={"burden": dict(burden)}))
        for plan in plans:
            key = plan.questionnaire
            ok(self.tenant.call("questionnaires:write", "POST", f"/v1/catalogue/{key}/copy"), 201)
            self.documents[plan.name] = ok(self.tenant.call("questionnaires:write", "GET", f"/v1/catalogue/{key}"))
            body = {"name": plan.name, "questionnaire": key, "audience": {"units": [TOP]}} | dict(plan.body)
            made = ok(self.tenant.call(WRITE, "POST", "/v1/campaigns", json=body), 201)
            ok(self.tenant.call(WRITE, "POST", f"/v1/campaigns/{made['id']}/launch"))
            self.campaigns[plan.name] = made["id"]
            self.calendars[plan.name] = self.campaign(plan, "/calendar?limit=500")["upcoming"]
            self.rules[plan.name] = self.campaign(plan, "/contract")

    def tell(self) -> None:
        """What has changed in the company, to the service."""
        units, people = self.company.told()
        for path, rows in (("/v1/org-units", units), ("/v1/people", people)):
            if rows:
                ok(self.tenant.call("people:write", "PUT", path, json=rows))

    def travel(self, moment: datetime, stage: str = "other") -> None:
        """The service's clock shows this from now on, and its worker does what is due."""
        started = time.perf_counter()
        house = self.tenant.house
        house.clock.shift = moment - datetime.now(UTC)
        house.sweep()
        self.looked.append(moment)
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started

    def campaign(self, plan: Plan, path: str = "") -> Any:
        return ok(self.tenant.call(WRITE, "GET", f"/v1/campaigns/{self.campaigns[plan.name]}{path}"))

    def morning(self, plan: Plan, day: date) -> Lived:
        """A wave opens, first in Paris, then in New York: whoever is early is sent away, whoever is there answers."""
        opens = {str(zone): datetime.combine(day, plan.at, zone).astimezone(UTC) for zone in (PARIS_ZONE, YORK_ZONE)}
        paris, york = opens.values()
        self.travel(paris - MINUTE)
        planned = self.campaign(plan, "/waves")[-1]
        foretold = self.calendars[plan.name][len([one for one in self.waves if one.plan is plan])]
        lived = Lived(
            plan, planned["number"], planned["id"], planned["address"], day, opens, self.company.as_it_is(), foretold
        )
        lived.early.append(("a minute before", self._status(f"/v1/respond/{lived.address}")))
        self.travel(paris + MINUTE, "open")
        self.waves.append(lived)
        self._open.append(lived)
        lived.told = next(one for one in self.campaign(plan, "/waves") if one["id"] == lived.wave)
        started = time.perf_counter()
        invitations = self.tenant.call("invitations:read", "GET", f"/v1/waves/{lived.wave}/invitations")
        if not invitations.is_success:  # it did not open: told by whoever judges
            return lived
        lived.roster = {row["person"]: row["code"] for row in map(json.loads, invitations.text.splitlines())}
        lived.shown = ok(self.tenant.call(None, "GET", f"/v1/respond/{lived.address}"))
        lived.contract = ok(self.tenant.call(WRITE, "GET", f"/v1/waves/{lived.wave}/contract"))
        coming = [person for person in sorted(lived.roster) if self.random.random() < ANSWERING]
        there = {person for person in coming if self.random.random() < ON_TIME}
        lived.late = [person for person in coming if person not in there]
        overseas = {person for person in lived.roster if lived.roll.in_york(person)}
        self._early(lived, sorted(overseas), "with Paris")
        self._answer(lived, [person for person in coming if person in there - overseas])
        self.travel(york - MINUTE)
        self._early(lived, sorted(overseas), "a minute before their morning")
        self.travel(york + MINUTE)
        self._answer(lived, [person for person in coming if person in there & overseas])
        self.seconds["answers"] = self.seconds.get("answers", 0.0) + time.perf_counter() - started
        return lived

    def changes(self, moment: datetime, *, reorganised: bool) -> None:
        """While waves are open, people join, leave and move; then those who are late answer, as they were invited."""
        self.travel(moment)
        self.company.a_week(moment.date())
        if reorganised:
            self.company.reorganise(moment.date())
        self.tell()
        for lived in self._open:
            self._answer(lived, lived.late)
            lived.late = []

    def evening(self, moment: datetime) -> None:
        """Waves whose time is over are closed and released; what is shown of them is read."""
        self.travel(moment, "release")
        started = time.perf_counter()
        for lived in [one for one in self._open if one.closes < moment]:
            self._open.remove(lived)
            found = ok(self.tenant.call(READ, "GET", f"/v1/releases?wave={lived.wave}"))["data"]
            lived.release = found[0] if len(found) == 1 else {"status": f"{len(found)} releases"}
            if lived.release["status"] == "published":
                lived.certificate, lived.cells = self._certificate(lived), self._cells(lived)
        self.seconds["reading"] = self.seconds.get("reading", 0.0) + time.perf_counter() - started

    def end(self, moment: datetime) -> None:
        """Long after: every retention is over. All is looked at once more, the cells of every other wave."""
        self.travel(moment, "destruction")
        started = time.perf_counter()
        for lived in self.waves:
            again = lived.number % SOME == 0
            lived.at_the_end = {
                "destruction": self.tenant.call(WRITE, "GET", f"/v1/waves/{lived.wave}/destruction").json(),
                "invitations": self._status(f"/v1/waves/{lived.wave}/invitations", "invitations:read"),
                "certificate": self._certificate(lived) if lived.certificate else None,
                "cells": self._cells(lived) if lived.cells and again else None,
                "contract": ok(self.tenant.call(WRITE, "GET", f"/v1/waves/{lived.wave}/contract")),
            }
        tables = ("roster_line", "wave_class", "spent_code", "sealed_batch")
        self.ends = {table: self.tenant.sql(f"SELECT count(*) FROM {table}")[0][0] for table in tables}  # noqa: S608 - ours
        self.ends |= {name: ok(self.tenant.call(WRITE, "GET", f"/v1/campaigns/{campaign}"))["state"]
                      for name, campaign in self.campaigns.items()}  # fmt: skip
        self.ends |= {f"skipped {plan.name}": self.campaign(plan, "/calendar")["skipped"]
                      for plan in {lived.plan.name: lived.plan for lived in self.waves}.values()}  # fmt: skip
        self.ends["public_key"] = Signer(self.tenant.house.settings.keys_dir / "work").public_key
        self.ends["people"] = dict(map(tuple, self.tenant.sql("SELECT external_id, person_id FROM person")))
        self.ends["units"] = dict(map(tuple, self.tenant.sql("SELECT external_id, unit_id FROM org_unit")))
        self.seconds["reading again"] = time.perf_counter() - started

    def _certificate(self, lived: Lived) -> dict[str, Any]:
        found: dict[str, Any] = ok(self.tenant.call(READ, "GET", f"/v1/releases/{lived.release['id']}/certificate"))
        return found

    def _cells(self, lived: Lived) -> str:
        response = self.tenant.call(READ, "GET", f"/v1/releases/{lived.release['id']}/cells.csv")
        return response.text if response.is_success else ""

    def _status(self, path: str, scope: str | None = None) -> int:
        return self.tenant.call(scope, "GET", path).status_code

    def _early(self, lived: Lived, overseas: Sequence[str], when: str) -> None:
        for person in overseas[:1]:
            (status,) = self._post([(lived.roster[person], self._drawn(lived))])
            lived.early.append((when, status))

    def _answer(self, lived: Lived, people: Sequence[str]) -> None:
        given = {person: self._drawn(lived) for person in people}
        statuses = self._post([(lived.roster[person], answers) for person, answers in given.items()])
        for (person, answers), status in zip(given.items(), statuses, strict=True):
            if status == 201:
                lived.answers[person] = answers
            else:
                lived.refused.append((person, status))

    def _drawn(self, lived: Lived) -> dict[str, Any]:
        """Answers to what is shown; some items are skipped."""
        return {
            item["id"]: self._answer_to(item)
            for item in lived.shown["questionnaire"]["items"]
            if self.random.random() >= SKIPPING
        }

    def _answer_to(self, item: Mapping[str, Any]) -> Any:
        options = [option["id"] for option in item.get("options", ())]
        if item["type"] == "rating":
            return self.random.choices(range(1, item["points"] + 1), (2, 3, 5, 7, 4)[: item["points"]])[0]
        if item["type"] == "single_choice":
            return self.random.choices(options, range(1, len(options) + 1))[0]
        if item["type"] == "multiple_choice":
            return self.random.sample(options, self.random.randint(1, item["max_choices"]))
        if item["type"] == "number":
            return self.random.randint(item["minimum"], item["maximum"])
        return "a word"

    def _post(self, sheets: Sequence[tuple[str, dict[str, Any]]]) -> list[int]:
        """Through the real endpoint, many at once as on a Monday morning; the status of each."""
        bodies = [
            json.dumps({"code": code, "nonce": _nonce(), "answers": answers}).encode() for code, answers in sheets
        ]
        found: list[int] = self.tenant.house.run(_posted, self.tenant.house.client.app, bodies)
        return found


def _nonce() -> str:
    return urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()


async def _posted(app: ASGIApp, bodies: Sequence[bytes]) -> list[int]:
    headers = {"content-type": b"application/json"}
    found = []
    for start in range(0, len(bodies), AT_ONCE):
        some = bodies[start : start + AT_ONCE]
        sent = [ask(app, "POST", "/v1/respond", headers=headers, chunks=[body]) for body in some]
        found += [one.status_code for one in await asyncio.gather(*sent)]
    return found


def schedule(
    plan_at: time_of_day, window: timedelta, rule: str, first: date, holidays: Sequence[date]
) -> dict[str, Any]:
    """At the same local time in both zones."""
    return {
        "rule": rule,
        "starts_on": first.isoformat(),
        "at": plan_at.strftime("%H:%M"),
        "zone": str(PARIS_ZONE),
        "window_hours": int(window / timedelta(hours=1)),
        "sites": [{"unit": YORK, "zone": str(YORK_ZONE)}],
        "holidays": [day.isoformat() for day in holidays],
    }


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """On the clock of Paris."""
    return datetime.combine(day, time_of_day(hour, minute), PARIS_ZONE).astimezone(UTC)
