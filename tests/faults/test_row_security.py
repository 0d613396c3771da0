"""Tenants are kept apart by PostgreSQL itself, under each role, also where the service forgets to name the tenant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from service.tenants.bi_logins import name_of
from tests.faults.writer import answer_all, write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import LaunchedWave, a_campaign, a_launched_wave, codes_of, ok

ROLES = ("pouls_owner", "pouls_app", "pouls_work")
NOT_A_TENANTS = {"worker_heartbeat", "alembic_version"}
NOT_A_UUID = "22P02"
DENIED = "42501"
"""Both of a privilege that is missing and of a row that row security refuses."""
TABLES = (
    "event", "webhook_delivery", "webhook_endpoint",
    "import_mapping", "people_import", "people_import_line", "people_import_part", "people_import_unit",
    "audit_link", "benchmark", "bi_login", "erasure", "read_access",
    "api_key", "audit_entry", "campaign", "campaign_rules", "dimension", "idempotent_reply", "invited_day", "job",
    "org_unit", "org_unit_version", "participation_snapshot", "person", "person_version", "project_member",
    "questionnaire", "questionnaire_draft", "questionnaire_version", "recut", "release", "release_cell",
    "release_certificate", "release_comment", "release_measure", "release_participation", "release_unit",
    "reorganisation", "roster_line",
    "scim_mapping", "scim_user",
    "sealed_batch", "short_code", "skipped_wave", "spent_code", "tenant", "unit_lineage", "wave", "wave_class",
    "wave_destruction", "wave_key", "wave_part", "wave_unit",
)  # fmt: skip
# Of BI logins, to whose tenant the second binds whoever owns the views.
POLICIES = (
    {"job": ["tenant", "worker"]}
    | {
        table: ["bi", "bi_alone", "tenant"]
        for table in ("bi_login", "release", "release_cell", "release_measure", "release_participation", "release_unit")
    }
    | {"release": ["bi", "bi_alone", "bi_recipients", "tenant"]}
)
# The worker finds the due work of every tenant here; the table holds ids and times alone.
SHARED_WITH_WORKERS = {("pouls_work", "job")}


@pytest.fixture(scope="module")
def inhabited(house: House) -> UUID:
    return inhabit(house)


def inhabit(house: House) -> UUID:
    """A tenant with a row in each table."""
    tenant = house.tenant("inhabited")
    body = [{"name": "site", "values": [{"id": "paris", "label": {"fr": "Paris"}}]}]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=body))
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": 5, "days": 30}}))
    benchmark = {"title": "Elsewhere", "figures": [{"measure": "climate", "mean": 3.5}]}
    ok(tenant.call("campaigns:write", "PUT", "/v1/benchmarks/elsewhere", json=benchmark))
    hook = {"url": "https://hris.example/hook"}
    ok(tenant.call("webhooks:write", "POST", "/v1/webhook-endpoints", json=hook), 201)
    ok(tenant.call("people:write", "PUT", "/v1/scim-mapping", json={"groups": "units", "unit": "groups"}))
    user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "somebody"}
    ok(tenant.call("people:write", "POST", "/scim/v2/Users", json=user), 201)
    _a_skipped_and_a_destroyed_wave(tenant)
    made = a_campaign(
        tenant,
        recuts=True,
        comments=True,
        participation={"ways": ["links", "kiosk"]},
        interim={"hours_after_opening": [1]},
    )["id"]
    launched = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{made}/launch"))
    wave = LaunchedWave(tenant, made, launched["id"], launched["address"], codes_of(tenant, launched["id"]))
    answer_all(wave)
    ok(tenant.call("campaigns:write", "GET", f"/v1/waves/{wave.wave}/participation"))
    house.clock.shift = timedelta(hours=2)
    house.sweep()
    house.clock.shift = timedelta()
    ok(wave.close())
    house.sweep()
    some = {"name": "some", "values": [{"id": "a", "label": {"en": "A"}, "members": ["A"]}]}
    asked = {"dimensions": [some], "breakdowns": [["org", "some"]]}
    ok(tenant.call("campaigns:write", "POST", f"/v1/waves/{wave.wave}/recuts", json=asked), 202)
    draft = {"document": {"key": "unfinished"}}
    named = {"Idempotency-Key": "once"}  # last, since the worker removes its reply after a day
    ok(tenant.call("questionnaires:write", "POST", "/v1/questionnaire-drafts", json=draft, headers=named), 201)
    _an_import_that_makes_a_unit(tenant)
    project = [{"external_id": "PX", "name": "Project", "hierarchy": "project"}]
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=project))
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[{"external_id": "x", "unit": "A", "projects": ["PX"]}]))
    merge = {"merges": [{"units": ["A"], "into": "B"}]}
    ok(tenant.call("people:write", "POST", "/v1/reorganisations", json=merge), 201)
    ok(tenant.call("admin", "POST", "/v1/data-subjects/erase", json={"external_id": "A-1"}), 202)
    ok(tenant.call("admin", "GET", "/v1/read-access"))
    login = "INSERT INTO bi_login VALUES ($1, $2, now())"
    write(house, login, tenant.tenant_id, name_of(tenant.tenant_id))
    for table in TABLES:
        assert write(house, f"SELECT 1 FROM {table} WHERE tenant_id = $1 LIMIT 1", tenant.tenant_id), table  # noqa: S608 - a name of ours
    return tenant.tenant_id


def _an_import_that_makes_a_unit(tenant: TenantUnderTest) -> None:
    ok(tenant.call("people:write", "PUT", "/v1/people/import-mappings/hris", json={"create_units": True}))
    data = b"matricule;service;nom du service;langue\nA-2;A;;de\nnew;NEW;New;fr\n"
    path = "/v1/people/imports?mode=partial"
    ok(tenant.call("people:write", "POST", path, content=data, headers={"content-type": "text/csv"}), 201)


def _a_skipped_and_a_destroyed_wave(tenant: TenantUnderTest) -> None:
    house, day = tenant.house, datetime.now(UTC).date()
    schedule = {"rule": "FREQ=DAILY", "starts_on": f"{day}", "at": "00:00", "zone": "UTC", "window_hours": 1}
    wave = a_launched_wave(tenant, retention_days=0)
    answer_all(wave, 10)
    assert wave.release()["status"] == "published"
    campaign = a_campaign(tenant, schedule=schedule)["id"]
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))
    house.clock.shift = timedelta(days=3)
    house.sweep()
    house.clock.shift = timedelta()
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/cancel"))


@pytest.fixture
def stranger(house: House) -> UUID:
    return house.tenant("stranger").tenant_id


class Acting:
    """A session under a role; each statement names a tenant, or none, in a transaction of its own, and is undone."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def run(self, tenant: object, statement: str, *values: Any) -> tuple[str | None, list[Any]]:
        """SQLSTATE of the refusal, or None; and the rows."""
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            named = "" if tenant is None else str(tenant)
            await self._connection.execute("SELECT set_config('pouls.tenant', $1, true)", named)
            return None, list(await self._connection.fetch(statement, *values))
        except asyncpg.PostgresError as error:
            return error.sqlstate, []
        finally:
            await transaction.rollback()


@asynccontextmanager
async def acting(house: House, role: str) -> AsyncIterator[Acting]:
    connection = await asyncpg.connect(
        house.postgres.url(role), timeout=10, server_settings={"role": role, "search_path": "pouls"}
    )
    try:
        yield Acting(connection)
    finally:
        await connection.close()


def leaks(house: House, role: str, tenant: object, statement: str, *values: Any) -> set[str]:
    """The tables where a statement gives or changes rows; `{}` is the table's name."""

    async def go() -> set[str]:
        out = set()
        async with acting(house, role) as session:
            for table in TABLES:
                state, rows = await session.run(tenant, statement.format(table), *values)
                assert state in {None, DENIED}, (table, state)
                if rows and (role, table) not in SHARED_WITH_WORKERS:
                    out.add(table)
        return out

    return asyncio.run(go())


def test_every_table_is_known_to_these_tests(house: House) -> None:
    found = {row[0] for row in write(house, "SELECT tablename FROM pg_tables WHERE schemaname = 'pouls'")}
    assert found == set(TABLES) | NOT_A_TENANTS
    views = "SELECT relname FROM pg_class WHERE relnamespace = 'pouls'::regnamespace AND relkind NOT IN ('r', 'i')"
    assert write(house, views) == []
    assert write(house, "SELECT proname FROM pg_proc WHERE pronamespace = 'pouls'::regnamespace") == []


def test_the_tenant_itself_is_seen(house: House, inhabited: UUID) -> None:
    """Or the tests below would prove nothing: under the owner each table has rows for its own tenant."""
    seen = leaks(house, "pouls_owner", inhabited, "SELECT tenant_id FROM {} WHERE tenant_id = $1", inhabited)
    assert seen == set(TABLES)


@pytest.mark.parametrize("role", ROLES)
def test_without_a_tenant_nothing_is_seen_or_changed(house: House, inhabited: UUID, role: str) -> None:
    assert inhabited
    assert leaks(house, role, None, "SELECT tenant_id FROM {}") == set()
    assert leaks(house, role, None, "UPDATE {} SET tenant_id = tenant_id RETURNING tenant_id") == set()
    assert leaks(house, role, None, "DELETE FROM {} RETURNING tenant_id") == set()


@pytest.mark.parametrize("role", ROLES)
def test_another_tenants_rows_are_neither_seen_nor_changed(
    house: House, inhabited: UUID, stranger: UUID, role: str
) -> None:
    for statement in (
        "SELECT tenant_id FROM {} WHERE tenant_id = $1",
        "UPDATE {} SET tenant_id = tenant_id WHERE tenant_id = $1 RETURNING tenant_id",
        "DELETE FROM {} WHERE tenant_id = $1 RETURNING tenant_id",
    ):
        assert leaks(house, role, stranger, statement, inhabited) == set(), statement


TOLD = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("named", ["nobody", "a stranger", "a tenant that does not exist"])
def test_no_row_is_put_under_another_tenant(
    house: House, inhabited: UUID, stranger: UUID, role: str, named: str
) -> None:
    tenant = {"nobody": None, "a stranger": stranger}.get(named, UUID(int=7))
    rows = {
        table: write(house, f"SELECT to_jsonb(t)::text FROM {table} t WHERE tenant_id = $1 LIMIT 1", inhabited)[0][0]  # noqa: S608 - a name of ours
        for table in TABLES
    }
    columns = {table: [row[0] for row in write(house, TOLD, table)] for table in TABLES}

    async def go() -> set[str]:
        accepted = set()
        async with acting(house, role) as session:
            for table, row in rows.items():
                told = ", ".join(columns[table])
                insert = f"INSERT INTO {table} ({told}) SELECT {told} FROM jsonb_populate_record(NULL::{table}, $1::text::jsonb)"  # noqa: S608, E501 - names of ours
                state, _ = await session.run(tenant, insert, row)
                # The worker's own row for any tenant is a duplicate here.
                if state != DENIED and (role, table) not in SHARED_WITH_WORKERS:
                    accepted.add(table)
        return accepted

    assert asyncio.run(go()) == set()


def test_no_row_is_moved_to_another_tenant(house: House, inhabited: UUID, stranger: UUID) -> None:
    """Under the owner, who alone may write the column at all."""

    async def go() -> set[str]:
        moved = set()
        async with acting(house, "pouls_owner") as session:
            for table in TABLES:
                state, _ = await session.run(inhabited, f"UPDATE {table} SET tenant_id = $1", stranger)  # noqa: S608 - a name of ours
                if state != DENIED:
                    moved.add(table)
        return moved

    assert asyncio.run(go()) == set()


@pytest.mark.parametrize("role", ROLES)
def test_a_tenant_that_is_no_uuid_is_an_error(house: House, inhabited: UUID, role: str) -> None:
    async def go() -> set[str | None]:
        async with acting(house, role) as session:
            values = ("x", "' OR true --", f"{inhabited}0", "*", " ")
            return {(await session.run(value, "SELECT count(*) FROM wave"))[0] for value in values}

    assert asyncio.run(go()) == {NOT_A_UUID}


def test_the_tenant_ends_with_its_transaction(house: House, inhabited: UUID) -> None:
    """A pooled connection must not carry a tenant into the next request, nor from one that failed."""
    database = house.client.app.state.database  # type: ignore[attr-defined]  # Starlette types the app as a callable

    async def look(tenant: UUID | None) -> int:
        async with database.transaction(tenant) as tx:
            return int(await tx.scalar(text("SELECT count(*) FROM wave")))

    async def go() -> list[int]:
        counts = [await look(inhabited), await look(None)]
        with pytest.raises(ZeroDivisionError):
            async with database.transaction(inhabited):
                raise ZeroDivisionError
        return [*counts, *[await look(None) for _ in range(20)]]

    first, *others = house.run(go)
    assert first > 0
    assert others == [0] * 21


def test_every_table_of_tenants_forces_row_security(house: House) -> None:
    found = write(
        house,
        """
        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
               (SELECT array_agg(polname::text ORDER BY polname) FROM pg_policy WHERE polrelid = c.oid) AS policies,
               (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = c.oid AND i.indisprimary) AS leads
        FROM pg_class c WHERE c.relnamespace = 'pouls'::regnamespace AND c.relkind = 'r'
        """,
    )
    for row in found:
        if row["relname"] in NOT_A_TENANTS:
            continue
        assert row["forced"], row["relname"]
        assert row["leads"] == "tenant_id", row["relname"]
        assert row["policies"] == POLICIES.get(row["relname"], ["tenant"]), row["relname"]


def test_foreign_keys_carry_the_tenant(house: House) -> None:
    """Foreign keys look past row security: one without the tenant would tell whether another's row exists."""
    found = write(
        house,
        """
        SELECT conname, conkey[1] = (
            SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = 'tenant_id') AS carried
        FROM pg_constraint WHERE contype IN ('f', 'u', 'p') AND connamespace = 'pouls'::regnamespace
          AND conrelid::regclass::text <> ALL($1)
        """,
        sorted(f"pouls.{table}" for table in NOT_A_TENANTS) + sorted(NOT_A_TENANTS),
    )
    assert len(found) > len(TABLES)
    assert [row["conname"] for row in found if not row["carried"]] == []


def test_a_new_tenant_starts_with_nothing_of_another(tenant: TenantUnderTest, inhabited: UUID) -> None:
    assert tenant.tenant_id != inhabited
    assert tenant.sql("SELECT count(*) FROM wave") == [(0,)]
