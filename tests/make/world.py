"""Small worlds for tests, made through the public API like a caller would."""

import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.fixtures.house import TenantUnderTest

QUESTIONNAIRE: dict[str, Any] = {
    "format": "pouls/1",
    "key": "small",
    "languages": ["fr", "en"],
    "title": {"fr": "Petit questionnaire", "en": "Small questionnaire"},
    "items": [
        {"id": "load", "type": "rating", "text": {"fr": "Ma charge est tenable", "en": "My load is fine"}, "points": 5},
        {"id": "help", "type": "rating", "text": {"fr": "On m'aide", "en": "I get help"}, "points": 5},
        {
            "id": "place",
            "type": "single_choice",
            "text": {"fr": "Lieu", "en": "Place"},
            "options": [
                {"id": "office", "text": {"fr": "Bureau", "en": "Office"}},
                {"id": "home", "text": {"fr": "Domicile", "en": "Home"}},
            ],
        },
        {
            "id": "tools",
            "type": "multiple_choice",
            "text": {"fr": "Outils", "en": "Tools"},
            "options": [
                {"id": "chat", "text": {"fr": "Messagerie", "en": "Chat"}},
                {"id": "call", "text": {"fr": "Téléphone", "en": "Call"}},
            ],
            "max_choices": 1,
        },
        {"id": "years", "type": "number", "text": {"fr": "Années", "en": "Years"}, "minimum": 0, "maximum": 50},
        {"id": "comment", "type": "text", "text": {"fr": "Un mot", "en": "A word"}, "max_length": 40},
    ],
    "scales": [{"id": "climate", "title": {"fr": "Climat", "en": "Climate"}, "items": ["load", "help"]}],
}

REQUIRED: dict[str, Any] = QUESTIONNAIRE | {
    "key": "strict",
    "items": [QUESTIONNAIRE["items"][0] | {"required": True}, *QUESTIONNAIRE["items"][1:]],
}


@dataclass
class LaunchedWave:
    """An open wave and its participation codes by person."""

    tenant: TenantUnderTest
    campaign: str
    wave: str
    address: str
    codes: dict[str, str]

    def submit(self, person: str, answers: dict[str, Any], nonce: bytes | None = None) -> httpx2.Response:
        """Post one person's answers."""
        return post(self.tenant, self.codes[person], answers, nonce)

    def close(self) -> httpx2.Response:
        return self.tenant.call("campaigns:write", "POST", f"/v1/campaigns/{self.campaign}/close")

    def release(self) -> dict[str, Any]:
        """Close, let the worker build the release, and return it."""
        ok(self.close())
        self.tenant.house.sweep()
        found = ok(self.tenant.call("aggregates:read", "GET", f"/v1/releases?wave={self.wave}"))["data"]
        assert len(found) == 1
        release: dict[str, Any] = found[0]
        return release


def ok(response: httpx2.Response, status: int | None = None) -> Any:
    """The body of an answer that must be a success."""
    assert response.is_success, (response.status_code, response.text)
    assert status is None or response.status_code == status
    return response.json() if response.content else None


def post(tenant: TenantUnderTest, code: str, answers: dict[str, Any], nonce: bytes | None = None) -> httpx2.Response:
    """One submission, as a browser would send it."""
    drawn = urlsafe_b64encode(nonce or secrets.token_bytes(16)).rstrip(b"=").decode()
    return tenant.call(None, "POST", "/v1/respond", json={"code": code, "nonce": drawn, "answers": answers})


def an_org(tenant: TenantUnderTest, teams: dict[str, int], top: str = "TOP") -> list[str]:
    """A top unit with teams of given sizes; the people's ids, `<team>-<number>`."""
    units = [{"external_id": top, "name": "Everyone"}]
    units += [{"external_id": team, "name": f"Team {team}", "parent": top} for team in teams]
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=units))
    people = [f"{team}-{number}" for team, size in teams.items() for number in range(size)]
    rows = [{"external_id": person, "unit": person.rpartition("-")[0]} for person in people]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=rows))
    return people


def a_questionnaire(tenant: TenantUnderTest, document: dict[str, Any] = QUESTIONNAIRE) -> dict[str, Any]:
    made: dict[str, Any] = ok(tenant.call("questionnaires:write", "POST", "/v1/questionnaires", json=document), 201)
    return made


def a_campaign(tenant: TenantUnderTest, **fields: Any) -> dict[str, Any]:
    """A draft over the whole of `an_org`."""
    body = {"name": "Test", "questionnaire": "small", "audience": {"units": ["TOP"]}} | fields
    made: dict[str, Any] = ok(tenant.call("campaigns:write", "POST", "/v1/campaigns", json=body), 201)
    return made


def codes_of(tenant: TenantUnderTest, wave: str) -> dict[str, str]:
    """Participation codes by person."""
    response = tenant.call("invitations:read", "GET", f"/v1/waves/{wave}/invitations")
    assert response.status_code == 200
    return {row["person"]: row["code"] for row in map(json.loads, response.text.splitlines())}


def a_launched_wave(tenant: TenantUnderTest, teams: dict[str, int] | None = None, **fields: Any) -> LaunchedWave:
    """An organisation, a questionnaire, a campaign, launched."""
    an_org(tenant, teams or {"A": 12, "B": 12})
    a_questionnaire(tenant)
    campaign = a_campaign(tenant, **fields)
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    ways = fields.get("participation", {}).get("ways", ["links"])
    codes = codes_of(tenant, wave["id"]) if "links" in ways else {}
    return LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes)


def cells_of(tenant: TenantUnderTest, release: str, **params: Any) -> list[dict[str, Any]]:
    """All cells of a release, page after page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = params | {"limit": 500} | ({"cursor": cursor} if cursor else {})
        page = ok(tenant.call("aggregates:read", "GET", f"/v1/releases/{release}/cells", params=asked))
        found += page["data"]
        cursor = page["next"]
        if cursor is None:
            return found


def declare(tenant: TenantUnderTest, dimensions: dict[str, list[str]], values: dict[str, dict[str, str]]) -> None:
    """Dimensions with their values, and what some people of `an_org` have in them."""
    named = [
        {"name": name, "values": [{"id": value, "label": {"en": value.title()}} for value in ids]}
        for name, ids in dimensions.items()
    ]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=named))
    rows = [
        {"external_id": person, "unit": person.rpartition("-")[0], "dimensions": held}
        for person, held in values.items()
    ]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=rows))
