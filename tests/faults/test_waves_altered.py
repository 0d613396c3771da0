"""A writer to the database gives a wave that is planned another number, which settles whom and what it asks."""

from datetime import timedelta
from uuid import UUID

from tests.api.test_recurring import MONDAY, launched, org, travel, waves
from tests.faults.writer import write
from tests.fixtures.house import TenantUnderTest
from tests.make.world import ok

__all__ = ["org"]
_RENUMBER = "UPDATE wave SET number = $2 WHERE wave_id = $1 RETURNING 1"
AN_HOUR = timedelta(hours=1)


def test_a_wave_opens_by_the_number_after_the_one_before_it_alone(org: TenantUnderTest) -> None:
    campaign, _ = launched(org)
    travel(org, MONDAY + AN_HOUR)
    travel(org, MONDAY + timedelta(days=3))
    planned = waves(org, campaign)[1]
    assert (planned["number"], planned["state"]) == (2, "planned")
    assert write(org.house, _RENUMBER, UUID(planned["id"]), 5)
    travel(org, MONDAY + timedelta(days=7, hours=1))
    assert [wave["state"] for wave in waves(org, campaign)] == ["released", "planned"]
    assert write(org.house, _RENUMBER, UUID(planned["id"]), 2)
    travel(org, MONDAY + timedelta(days=7, hours=2))
    assert [wave["state"] for wave in waves(org, campaign)] == ["released", "open", "planned"]


def test_launching_again_draws_the_same_lots(org: TenantUnderTest) -> None:
    seeds = set()
    for _ in range(2):
        campaign, _ = launched(org)
        travel(org, MONDAY + AN_HOUR)
        contract = ok(org.call("campaigns:write", "GET", f"/v1/campaigns/{campaign}/contract"))["contract"]
        seeds.add(contract["seed"])
    assert len(seeds) == 1
