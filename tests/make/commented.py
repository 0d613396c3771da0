"""Waves whose people write comments, each of which is one of a kind; and the comments as a reader gets them."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.fixtures.house import TenantUnderTest
from tests.make.world import LaunchedWave, a_campaign, a_questionnaire, an_org, codes_of, ok

READ, WRITE = "aggregates:read", "campaigns:write"
TEAMS = {"A": 12, "B": 4, "C": 15, "D": 7}
TEXT = {"type": "text", "text": {"en": "Anything else?"}, "max_length": 200}
DOCUMENT: dict[str, Any] = {
    "format": "pouls/1",
    "key": "small",
    "languages": ["en"],
    "title": {"en": "Small questionnaire"},
    "items": [
        {"id": "load", "type": "rating", "text": {"en": "My load is fine"}, "points": 5},
        TEXT | {"id": "comment"},
        TEXT | {"id": "wish"},
        TEXT | {"id": "why", "visible_if": {"item": "load", "is": [5]}},
        TEXT | {"id": "private", "sensitive": True},
    ],
}
Rows = list[dict[str, Any]]
Answers = Callable[[str, int], Mapping[str, Any]]


def answers_of(person: str, number: int) -> dict[str, Any]:
    """Everybody comments, some have a wish; on both, each writes what nobody else does."""
    said = {"load": 5, "comment": f"Said by {person}", "why": f"Asked of {person}", "private": f"Kept by {person}"}
    return said | ({"wish": f"Wished by {person}"} if number % 5 == 0 else {})


def launched(tenant: TenantUnderTest, teams: dict[str, int] = TEAMS, **fields: Any) -> LaunchedWave:
    an_org(tenant, teams)
    a_questionnaire(tenant, DOCUMENT)
    return launched_again(tenant, **fields)


def launched_again(tenant: TenantUnderTest, **fields: Any) -> LaunchedWave:
    campaign = a_campaign(tenant, **({"comments": True} | fields))
    wave = ok(tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    return LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))


def answered(wave: LaunchedWave, answers: Answers = answers_of) -> dict[str, Any]:
    for number, person in enumerate(sorted(wave.codes)):
        ok(wave.submit(person, dict(answers(person, number))), 201)
    return wave.release()


def rows_of(tenant: TenantUnderTest, release: str, limit: int = 500, **asked: str) -> Rows:
    """All rows, page after page."""
    found: Rows = []
    cursor: str | None = None
    while True:
        more: dict[str, Any] = asked | {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = ok(tenant.call(READ, "GET", f"/v1/releases/{release}/comments", params=more))
        found += page["data"]
        cursor = page["next"]
        if cursor is None:
            return found


def by_unit(rows: Rows, item: str) -> dict[str, set[str]]:
    """The comments that each unit shows; each is one of a kind."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row["item"] == item and row["comment"] is not None:
            assert row["comment"] not in found.setdefault(row["unit"], set())
            found[row["unit"]].add(row["comment"])
    return found


def by(*teams: str) -> set[str]:
    return {f"Said by {team}-{number}" for team in teams for number in range(TEAMS[team])}
