"""What was kept long enough goes, so many rows at once; of the organisation's lock only its history needs."""

from datetime import timedelta
from typing import Any

import pytest

from service.people.lock import lock_organisation
from service.privacy import retention
from service.privacy.retention import HISTORY
from service.tenants import chaining
from service.tenants.actions import RETENTION
from service.tenants.chaining import CUT
from tests.api.test_audit_and_reads import DAY, acts, checked, exported, later
from tests.fixtures.house import TenantUnderTest
from tests.make.world import an_org

READS = "SELECT count(*) FROM read_access"
ERASURES = "SELECT count(*) FROM erasure"
VERSIONS = "SELECT count(*) FROM person_version"
FEW = 2


@pytest.fixture
def old(tenant: TenantUnderTest) -> TenantUnderTest:
    """Five old rows of each kind; of the versions five are old and told of by newer ones."""
    an_org(tenant, {"A": 5})
    tenant.sql("UPDATE person_version SET valid_from = '2001-01-01'")
    tenant.sql(
        "INSERT INTO person_version (tenant_id, person_id, valid_from, unit_id, manager_id, is_active) "
        "SELECT tenant_id, person_id, '2002-02-02', unit_id, manager_id, is_active FROM person_version"
    )
    tenant.sql(
        "INSERT INTO read_access (tenant_id, day, reader, operation, subject, reads) "
        "SELECT tenant_id, '2001-01-01', 'r', 'o', n::text, 1 FROM tenant, generate_series(1, 5) n "
        "WHERE tenant_id = :own",
        own=tenant.tenant_id,
    )
    tenant.sql(
        "INSERT INTO erasure (tenant_id, erasure_id, subject, asked_at, done_at) "
        "SELECT tenant_id, gen_random_uuid(), 's', '2001-01-01', '2001-01-01' FROM tenant, generate_series(1, 5) "
        "WHERE tenant_id = :own",
        own=tenant.tenant_id,
    )
    tenant.sql("UPDATE job SET due_at = now() - interval '1 day' WHERE kind = :kind", kind=RETENTION)
    return tenant


def left(tenant: TenantUnderTest) -> tuple[int, int, int]:
    reads, erasures, versions = (tenant.sql(statement)[0][0] for statement in (READS, ERASURES, VERSIONS))
    return reads, erasures, versions


def step(tenant: TenantUnderTest, kind: str) -> bool:
    """One job of the kind, if one is due."""

    async def go() -> bool:
        return bool(await tenant.house.sweeper.step(frozenset({kind})))

    return bool(tenant.house.run(go))


def test_so_many_go_in_one_transaction(old: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", FEW)
    seen: list[Any] = [left(old)]
    while step(old, RETENTION):
        seen.append(left(old))
    while step(old, HISTORY):
        seen.append(left(old))
    assert seen == [(5, 5, 10), (3, 3, 10), (1, 1, 10), (0, 0, 10), (0, 0, 8), (0, 0, 6), (0, 0, 5)]
    assert old.sql("SELECT DISTINCT valid_from::text FROM person_version") == [("2002-02-02",)]
    assert not old.sql("SELECT FROM job WHERE kind = :kind", kind=HISTORY), "asked for by the other, day by day"


def test_logs_wait_for_no_writer_of_the_organisation(old: TenantUnderTest) -> None:
    """Nor does a writer wait for them: with a large log they take minutes."""
    house: Any = old.house

    async def go() -> None:
        async with house.client.app.state.database.transaction(old.tenant_id) as writer:
            await lock_organisation(writer, old.tenant_id)
            await house.sweeper.sweep()

    house.run(go)
    assert left(old) == (0, 0, 10)
    later(old, timedelta(minutes=1))
    assert left(old) == (0, 0, 5)


def test_a_long_log_is_cut_so_many_at_once_and_the_chain_holds(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_org(tenant, {"A": 1})
    later(tenant, timedelta(minutes=6))
    before = checked(tenant).checked
    assert before > 2 * FEW
    monkeypatch.setattr(chaining, "CUT_AT_ONCE", FEW)
    later(tenant, 1100 * DAY)
    cuts = [act["detail"]["entries"] for act in acts(tenant, CUT)]
    assert sum(cuts) == before, cuts
    assert len(cuts) > 1
    assert max(cuts) <= FEW + 1
    assert len(exported(tenant)) == len(cuts)
    later(tenant, timedelta(minutes=6))
    assert checked(tenant).is_whole
