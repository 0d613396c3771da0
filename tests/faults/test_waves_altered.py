"""A writer to the database gives a wave that is planned another number, which settles whom and what it asks."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.api.test_recurring import MONDAY, launched, org, travel, waves
from tests.faults.writer import write
from tests.fixtures.house import TenantUnderTest
from tests.make.world import ok

__all__ = ["org"]
_RENUMBER = "UPDATE wave SET number = $2 WHERE wave_id = $1 RETURNING 1"
AN_HOUR = timedelta(hours=1)


def at_the_second_monday(org: TenantUnderTest, campaign: str) -> dict[str, Any]:
    """The wave that is planned then, two hours before its time."""
    travel(org, MONDAY + AN_HOUR)
    travel(org, MONDAY + timedelta(days=7) - 2 * AN_HOUR)
    first, planned = waves(org, campaign)
    assert (first["state"], planned["number"], planned["state"]) == ("released", 2, "planned")
    return planned


def stays_planned(org: TenantUnderTest, campaign: str) -> bool:
    travel(org, MONDAY + timedelta(days=7, hours=1))
    told = org.sql("SELECT last_problem FROM job WHERE kind = 'open_wave' AND subject_id IN "
                   "(SELECT wave_id FROM wave WHERE state = 'planned')")  # fmt: skip
    return "planned" in {wave["state"] for wave in waves(org, campaign)} and ("ContractAltered",) in told


def test_a_wave_opens_by_the_number_after_those_before_it_alone(org: TenantUnderTest) -> None:
    campaign, _ = launched(org)
    planned = at_the_second_monday(org, campaign)
    assert write(org.house, _RENUMBER, UUID(planned["id"]), 5)
    assert stays_planned(org, campaign)
    assert write(org.house, _RENUMBER, UUID(planned["id"]), 2)
    travel(org, MONDAY + timedelta(days=7, hours=2))
    assert [wave["state"] for wave in waves(org, campaign)] == ["released", "open", "planned"]


def test_the_first_number_is_not_drawn_again(org: TenantUnderTest) -> None:
    campaign, wave = launched(org)
    planned = at_the_second_monday(org, campaign)
    assert write(org.house, _RENUMBER, UUID(wave["id"]), 99)
    assert write(org.house, _RENUMBER, UUID(planned["id"]), 1)
    assert stays_planned(org, campaign)


def test_another_campaign_s_waves_do_not_stand_in(org: TenantUnderTest) -> None:
    other, _ = launched(org, name="other")
    campaign, _ = launched(org)
    planned = at_the_second_monday(org, campaign)
    theirs = waves(org, other)[0]["id"]
    assert write(org.house, "DELETE FROM skipped_wave WHERE campaign_id = $1 RETURNING 1", UUID(other)) is not None
    assert write(org.house, "DELETE FROM wave WHERE campaign_id = $1 AND state = 'planned' RETURNING 1", UUID(other))
    assert write(org.house, _RENUMBER, UUID(theirs), 2)
    move = "UPDATE wave SET campaign_id = $2 WHERE wave_id = $1 RETURNING 1"
    assert write(org.house, _RENUMBER, UUID(planned["id"]), 3)
    assert write(org.house, move, UUID(theirs), UUID(campaign))
    assert stays_planned(org, campaign)


def test_launching_again_draws_the_same_lots(org: TenantUnderTest) -> None:
    seeds = set()
    for _ in range(2):
        campaign, _ = launched(org)
        travel(org, MONDAY + AN_HOUR)
        contract = ok(org.call("campaigns:write", "GET", f"/v1/campaigns/{campaign}/contract"))["contract"]
        seeds.add(contract["seed"])
    assert len(seeds) == 1
