"""A campaign of two waves with results: a team that is withheld, and an eNPS question."""

from datetime import timedelta
from typing import Any

from tests.api.test_recurring import BEFORE, MONDAY, launched, travel, waves
from tests.fixtures.house import House, TenantUnderTest
from tests.make.formats import READ
from tests.make.world import QUESTIONNAIRE, a_questionnaire, an_org, codes_of, ok, post

TEAMS = {"A": 48, "B": 24, "C": 3}
ENPS: dict[str, Any] = {"id": "nps", "type": "enps", "text": {"fr": "Nous recommander", "en": "Recommend us"}}


def two_waves(house: House) -> tuple[TenantUnderTest, str]:
    """A tenant, and its newest release."""
    tenant = house.tenant()
    shift = house.clock.shift
    an_org(tenant, TEAMS)
    a_questionnaire(tenant, QUESTIONNAIRE | {"items": [*QUESTIONNAIRE["items"], ENPS]})
    travel(tenant, BEFORE)
    campaign, _ = launched(tenant)
    for number in range(2):
        travel(tenant, MONDAY + timedelta(days=7 * number, minutes=1))
        wave = waves(tenant, campaign)[number]
        for person, code in enumerate(codes_of(tenant, wave["id"]).values()):
            answers = {"load": 1 + number + person % 3, "help": 1 + person % 4, "nps": person % 11}
            ok(post(tenant, code, answers), 201)
        travel(tenant, MONDAY + timedelta(days=7 * number, hours=56))
    house.clock.shift = shift
    releases = ok(tenant.call(READ, "GET", "/v1/releases"))["data"]
    return tenant, str(releases[-1]["id"])
