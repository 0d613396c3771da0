"""A writer without a key moves people from one value of a dimension to another: nothing is published of that."""

import pytest

from tests.faults.writer import answer_all, outcome, write
from tests.fixtures.house import TenantUnderTest
from tests.make.world import LaunchedWave, a_campaign, a_questionnaire, an_org, codes_of, declare, ok

PLAN = {"breakdowns": [["org"], ["org", "site"]]}
# One person of C is the only one at that site; counted in another class, a difference shows what they answered.
ALTERED = {
    "another value": """
        UPDATE wave_class SET dimensions = '{"site": "nantes"}'
        WHERE tenant_id = $1 AND dimensions = '{"site": "lyon"}' RETURNING 1
    """,
    "no value": "UPDATE wave_class SET dimensions = '{}' WHERE tenant_id = $1 AND dimensions <> '{}' RETURNING 1",
    "a value where there was none": """
        UPDATE wave_class SET dimensions = '{"site": "lyon"}' WHERE tenant_id = $1 AND dimensions = '{}' RETURNING 1
    """,
    "a value that is not declared": """
        UPDATE wave_class SET dimensions = '{"site": "paris"}' WHERE tenant_id = $1 RETURNING 1
    """,
    "another dimension": """
        UPDATE wave_class SET dimensions = '{"grade": "lyon"}' WHERE tenant_id = $1 RETURNING 1
    """,
    "the plan": """
        UPDATE campaign SET plan = '[["org"]]' WHERE tenant_id = $1 RETURNING 1
    """,
    "the values of the contract": """
        UPDATE wave SET contract = contract #- '{dimensions,0,values,0}' WHERE tenant_id = $1 RETURNING 1
    """,
}


def launched(tenant: TenantUnderTest) -> tuple[str, str, str]:
    """Campaign, wave and its address; half of the people in Lyon, the others in Nantes, one with no site."""
    people = an_org(tenant, {"A": 20, "B": 20})
    sites = {person: {"site": ("lyon", "nantes")[number % 2]} for number, person in enumerate(people[1:])}
    declare(tenant, {"site": ["lyon", "nantes"]}, sites)
    a_questionnaire(tenant)
    campaign = a_campaign(tenant, plan=PLAN)
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    return campaign["id"], wave["id"], wave["address"]


def test_nothing_altered_is_published(tenant: TenantUnderTest) -> None:
    campaign, wave, address = launched(tenant)
    handed = LaunchedWave(tenant, campaign, wave, address, codes_of(tenant, wave))
    answer_all(handed, 40)
    assert outcome(handed)[:2] == ("published", None)


@pytest.mark.parametrize("how", ALTERED)
def test_altered_values_refuse_the_release(tenant: TenantUnderTest, how: str) -> None:
    campaign, wave, address = launched(tenant)
    handed = LaunchedWave(tenant, campaign, wave, address, codes_of(tenant, wave))
    answer_all(handed, 12)
    assert write(tenant.house, ALTERED[how], tenant.tenant_id)
    assert outcome(handed) == ("refused", "contract-broken", 0)


def test_a_person_moved_to_another_value_before_the_invitations_gets_no_code(tenant: TenantUnderTest) -> None:
    """Same unit, another site: the roster's digest says so, since a line covers the values of its class."""
    _, wave, _ = launched(tenant)
    moved = """
        UPDATE roster_line r SET label = other.label
        FROM wave_class mine, wave_class other
        WHERE r.tenant_id = $1 AND mine.tenant_id = r.tenant_id AND other.tenant_id = r.tenant_id
          AND mine.label = r.label AND mine.unit_id = other.unit_id
          AND mine.dimensions = '{"site": "lyon"}' AND other.dimensions = '{"site": "nantes"}' AND r.serial = (
            SELECT min(l.serial) FROM roster_line l JOIN wave_class c USING (tenant_id, label)
            WHERE l.tenant_id = $1 AND c.dimensions = '{"site": "lyon"}')
        RETURNING 1
    """
    assert len(write(tenant.house, moved, tenant.tenant_id)) == 1
    invited = tenant.call("invitations:read", "GET", f"/v1/waves/{wave}/invitations")
    assert invited.status_code == 409
    assert invited.json()["type"].endswith("contract-broken")
