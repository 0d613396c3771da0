"""What is cut off the audit log is walked first: nobody has a gap vouched for by the night's pruning."""

from datetime import timedelta

import pytest

from tests.api.test_audit_and_reads import checked, exported, later
from tests.faults.writer import write
from tests.fixtures.house import TenantUnderTest
from tests.make.world import ok

DAY = timedelta(days=1)
OLDEST = "SELECT entry_id FROM audit_link WHERE tenant_id = $1 ORDER BY number LIMIT 1"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_entry WHERE tenant_id = $1 AND action = 'campaign_rules.put'",
        "UPDATE audit_entry SET at = '2001-01-01' WHERE tenant_id = $1",
        "UPDATE audit_entry SET actor = 'nobody' WHERE tenant_id = $1 AND entry_id = (OLDEST)",
        "DELETE FROM audit_entry WHERE tenant_id = $1 AND entry_id = (OLDEST)",
    ],
    ids=["young ones taken out", "all told to be old", "the oldest altered", "the oldest taken out"],
)
def test_a_chain_that_is_broken_is_not_mended_by_a_cut(tenant: TenantUnderTest, statement: str) -> None:
    later(tenant, timedelta(minutes=6))
    later(tenant, 1092 * DAY)  # three days before the first ones are old
    for days in (7, 8):
        body = {"burden": {"most": 2, "days": days}}
        ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json=body))
    later(tenant, timedelta(minutes=6))
    assert checked(tenant).is_whole
    write(tenant.house, statement.replace("OLDEST", OLDEST), tenant.tenant_id)
    broken = checked(tenant).broken
    assert broken
    for _ in range(5):
        later(tenant, DAY)
    assert set(checked(tenant).broken) >= {max(broken)}
    assert not checked(tenant).is_whole


def test_a_sound_log_is_cut_at_its_old_end_alone(tenant: TenantUnderTest) -> None:
    """The same days without a writer."""
    later(tenant, timedelta(minutes=6))
    old = checked(tenant).checked
    later(tenant, 1092 * DAY)
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": 2, "days": 7}}))
    for _ in range(5):
        later(tenant, DAY)
    assert checked(tenant).is_whole
    (young,) = [row for row in exported(tenant) if row["action"].startswith("campaign_rules")]
    assert young["number"] > old
    assert [row for row in exported(tenant) if row["number"] and row["number"] <= old] == []
