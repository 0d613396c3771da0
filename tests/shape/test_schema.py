"""The schema as it is in the database: tenants kept apart everywhere, no path from an answer to a person."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Column, Connection, Index, Integer, MetaData, Table, Text, text

from service.kit.db import Database
from service.kit.migrate import every_table
from service.kit.postgres import ROLES
from tests.fixtures.house import House

WITHOUT_TENANT = {"alembic_version", "worker_heartbeat"}


def query(house: House, statement: str) -> list[Any]:
    return house.sql(None, statement)


@pytest.fixture(scope="module")
def tables(house: House) -> set[str]:
    """The tables that hold rows of tenants."""
    found = query(
        house, "SELECT relname FROM pg_class WHERE relnamespace = 'pouls'::regnamespace AND relkind IN ('r', 'p')"
    )
    return {row[0] for row in found} - WITHOUT_TENANT


def test_all_tables_are_known(house: House, tables: set[str]) -> None:
    assert tables == set(every_table().tables)
    columns = query(
        house,
        """
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'pouls' AND column_name = 'tenant_id' AND data_type = 'uuid' AND is_nullable = 'NO'
    """,
    )
    assert {row[0] for row in columns} == tables
    kinds = query(house, "SELECT DISTINCT relkind::text FROM pg_class WHERE relnamespace = 'pouls'::regnamespace")
    assert {row[0] for row in kinds} <= {"r", "i"}  # no view, no sequence: nothing that counts across tenants


def test_every_key_starts_with_the_tenant(house: House, tables: set[str]) -> None:
    """Primary keys, unique constraints and unique indexes alike: what is unique is so within a tenant."""
    keys = query(
        house,
        """
        SELECT t.relname, i.indexrelid::regclass::text, i.indisprimary, a.attname
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
        WHERE t.relnamespace = 'pouls'::regnamespace AND i.indisunique
    """,
    )
    mine = [row for row in keys if row[0] in tables]
    assert {row[0] for row in mine if row[2]} == tables
    assert [row for row in mine if row[3] != "tenant_id"] == []
    assert len(mine) > len(tables)


FOREIGN_KEYS = """
    SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, c.conname,
           (SELECT attname FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = c.conkey[1]),
           (SELECT attname FROM pg_attribute WHERE attrelid = c.confrelid AND attnum = c.confkey[1])
    FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'pouls'::regnamespace
"""


def test_every_foreign_key_carries_the_tenant(house: House, tables: set[str]) -> None:
    found = query(house, FOREIGN_KEYS)
    assert len(found) > 15
    assert [row for row in found if (row[3], row[4]) != ("tenant_id", "tenant_id")] == []
    assert {name.removeprefix("pouls.") for row in found for name in row[:2]} <= tables


# Foreign keys without an index, and why: to delete a row that such a key refers to is to read the whole table.
UNINDEXED = {
    "fk_campaign__tenant_id_questionnaire_id_version__questi_0ec9": "campaigns are few, versions go with the tenant",
    "fk_recut__tenant_id_wave_id__wave": "recuts are few, waves go with the tenant",
    "fk_release__tenant_id_recut_id__recut": "releases are few, recuts go with the tenant",
    "fk_release__tenant_id_replaced_by__release": "releases are few, and go with the tenant",
}
COVERED = """
    SELECT c.conname, EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL AND i.indisvalid
        AND c.conkey @> (i.indkey::int2[])[0:cardinality(c.conkey) - 1]
        AND c.conkey <@ (i.indkey::int2[])[0:cardinality(c.conkey) - 1])
    FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'pouls'::regnamespace
"""


def test_every_foreign_key_is_the_beginning_of_an_index(house: House) -> None:
    """Or whoever is erased, and every wave and tenant that ends, is looked for in all rows, once for each row."""
    found = {row[0]: row[1] for row in query(house, COVERED)}
    assert {name for name, covered in found.items() if not covered} == set(UNINDEXED)
    assert all(UNINDEXED.values())


# Conditions of the worker's on tables of hundreds of thousands of rows, all of which an index is to answer.
ANSWERED = [
    ("person_version", "manager_id", "= '00000000-0000-0000-0000-000000000001'"),
    ("people_import_line", "person_id", "= '00000000-0000-0000-0000-000000000001'"),
    ("people_import_line", "manager_before", "= '00000000-0000-0000-0000-000000000001'"),
    ("idempotent_reply", "created_at", "<= now()"),
]
# Of all indexes of a nearly empty table the planner takes any, so the others go, for as long as the transaction lasts.
OTHERS = """
    SELECT i.indexrelid::regclass::text, c.conname FROM pg_index i LEFT JOIN pg_constraint c
        ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u')
    WHERE i.indrelid = CAST(:relation AS regclass) AND pg_get_indexdef(i.indexrelid) NOT LIKE :wanted
"""


@pytest.mark.parametrize(("table", "column", "condition"), ANSWERED)
def test_row_security_leaves_an_index_its_use(house: House, table: str, column: str, condition: str) -> None:
    """Which an index on an expression has not, where a function in it may tell of other tenants' rows, as `->>` may.

    It is forced on the owner as well, who looks here.
    """
    mine = "tenant_id = '00000000-0000-0000-0000-000000000001'"

    def look(connection: Connection) -> list[str]:
        others = connection.execute(text(OTHERS), {"relation": table, "wanted": f"%(tenant_id, {column}%"}).all()
        for index, constraint in others:
            gone = f"ALTER TABLE {table} DROP CONSTRAINT {constraint} CASCADE" if constraint else f"DROP INDEX {index}"
            connection.execute(text(gone))
        for setting in ("enable_seqscan", "enable_bitmapscan"):
            connection.execute(text(f"SET LOCAL {setting} = off"))
        plan = f"EXPLAIN SELECT tenant_id FROM {table} WHERE {mine} AND {column} {condition}"  # noqa: S608 - from this test
        return [row[0] for row in connection.execute(text(plan)) if "Index Cond" in row[0]]

    (found,) = inspect(house, look)
    assert "tenant_id" in found
    assert column in found


def test_no_constraint_is_left_unchecked_and_no_index_half_built(house: House) -> None:
    left = """
        SELECT conname::text FROM pg_constraint WHERE connamespace = 'pouls'::regnamespace AND NOT convalidated
        UNION ALL SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
    """
    assert query(house, left) == []


def test_row_security_is_forced_on_every_table(house: House, tables: set[str]) -> None:
    found = query(
        house,
        """
        SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
        WHERE relnamespace = 'pouls'::regnamespace AND relkind = 'r'
    """,
    )
    assert {row[0] for row in found if row[1] and row[2]} == tables


LOGINS_TENANT = "(tenant_id = ( SELECT bi.my_tenant() AS my_tenant))"
NAMED_LOGINS = "((recipients IS NULL) OR (( SELECT bi.my_recipient() AS my_recipient) = ANY (recipients)))"


def test_every_policy_asks_for_the_tenant_but_one(house: House, tables: set[str]) -> None:
    found = query(
        house, "SELECT tablename, policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
    )
    rule = "(tenant_id = (NULLIF(current_setting('pouls.tenant'::text, true), ''::text))::uuid)"
    by_tenant = [row for row in found if row[1] == "tenant"]
    assert {row[0] for row in by_tenant} == tables
    assert len(by_tenant) == len(tables)
    for row in by_tenant:
        assert tuple(row[3:]) == (["public"], "ALL", rule, rule)
    # The worker finds due work of every tenant; that table holds ids and times alone.
    assert [tuple(row) for row in found if row[1] != "tenant" and not row[1].startswith("bi")] == [
        ("job", "worker", "PERMISSIVE", ["pouls_work"], "ALL", "true", "true")
    ]
    # Views for BI servers go by the login: these bind their owner, and nobody else.
    for row in (row for row in found if row[1].startswith("bi")):
        mine = "(login = (SESSION_USER)::text)" if row[0] == "bi_login" else LOGINS_TENANT
        mine = NAMED_LOGINS if row[1] == "bi_recipients" else mine
        kind = {"bi": "PERMISSIVE", "bi_alone": "RESTRICTIVE", "bi_recipients": "RESTRICTIVE"}[row[1]]
        assert tuple(row[2:]) == (kind, ["pouls_bi_views"], "SELECT", mine, None), row[0]


def test_roles_can_do_no_more_than_they_need(house: House) -> None:
    found = query(house, "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles")
    logins = re.compile(r"pouls_bi_[0-9a-f]{16}(_[a-z0-9]+)?")  # of BI servers, which other tests made
    ours = {row[0]: tuple(row[1:]) for row in found if row[0].startswith("pouls_") and not logins.fullmatch(row[0])}
    assert ours == dict.fromkeys(ROLES, (False, False, False, False))
    (row,) = query(
        house,
        """
        SELECT has_schema_privilege('pouls_app', 'pouls', 'CREATE'),
               has_schema_privilege('pouls_work', 'pouls', 'CREATE'),
               has_schema_privilege('pouls_bi', 'pouls', 'USAGE'),
               has_schema_privilege('pouls_app', 'public', 'CREATE')
    """,
    )
    assert tuple(row) == (False, False, False, False)
    owned = query(house, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'pouls'")
    assert [row[0] for row in owned] == ["pouls_owner"]
    granted = query(
        house,
        """
        SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants
        WHERE table_schema = 'pouls' AND grantee <> 'pouls_owner'
    """,
    )
    assert {row[0] for row in granted} == {"pouls_app", "pouls_work", "pouls_bi_views"}
    assert {row[2] for row in granted} <= {"SELECT", "INSERT", "UPDATE", "DELETE"}
    app = {tuple(row[1:]) for row in granted if row[0] == "pouls_app"}
    # What the process that faces the world may neither read nor take back.
    assert ("sealed_batch", "SELECT") not in app
    assert ("wave_key", "SELECT") not in app
    # Drafts are nobody's record yet, nor are addresses: whoever may write them may throw them away.
    drafts = {"questionnaire_draft", "webhook_endpoint"}
    # What a source tells of the organisation replaces what it told before.
    told = {"org_unit_version", "person_version", "project_member", "scim_user"}
    # Figures of other organisations are whoever's uploaded them.
    assert {table for table, privilege in app if privilege == "DELETE"} == drafts | told | {"benchmark"}
    assert not {(table, p) for table, p in app if table in {"release", "release_cell"} and p != "SELECT"}
    readable = query(
        house,
        """
        SELECT column_name, has_column_privilege('pouls_app', 'pouls.wave_key', column_name, 'SELECT')
        FROM information_schema.columns WHERE table_schema = 'pouls' AND table_name = 'wave_key'
    """,
    )
    assert [row[0] for row in readable if not row[1]] == ["sealed_half"]


def reached(edges: set[tuple[str, str]], start: str) -> set[str]:
    found = {start}
    while more := {target for source, target in edges if source in found} - found:
        found |= more
    return found


def test_no_path_of_keys_leads_from_an_answer_to_a_person(house: House) -> None:
    edges = {(row[0].removeprefix("pouls."), row[1].removeprefix("pouls.")) for row in query(house, FOREIGN_KEYS)}
    assert {"wave_class", "wave"} <= reached(edges, "roster_line")  # so that the walk is one
    assert "person" in reached(edges, "invited_day")
    for table in ("sealed_batch", "spent_code"):
        assert reached(edges, table).isdisjoint(
            {"person", "roster_line", "wave_class", "sealed_batch", "spent_code"} - {table}
        )
    # Nor the other way round: nothing points at an answer or at a spent code.
    assert not [edge for edge in edges if edge[1] in {"sealed_batch", "spent_code"}]


def test_what_is_kept_of_an_answer_has_no_time_and_no_name(house: House) -> None:
    found = query(
        house,
        """
        SELECT table_name, column_name, data_type FROM information_schema.columns
        WHERE table_schema = 'pouls' AND table_name IN ('sealed_batch', 'spent_code')
    """,
    )
    columns = {table: {row[1]: row[2] for row in found if row[0] == table} for table in ("sealed_batch", "spent_code")}
    assert columns == {
        "sealed_batch": {
            "tenant_id": "uuid", "wave_id": "uuid", "batch_id": "uuid", "received_on": "date",
            "response_count": "integer", "records": "bytea", "texts": "bytea", "mac": "bytea",
            "part": "integer",
        },
        "spent_code": {"tenant_id": "uuid", "wave_id": "uuid", "serial": "bigint", "nonce_digest": "bytea"},
    }  # fmt: skip
    triggers = query(house, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    assert triggers == []


def inspect(house: House, look: Callable[[Connection], Any]) -> Any:
    """Something read through a synchronous connection of the owner's."""

    async def go() -> Any:
        database = Database(house.postgres.url("pouls_owner"), "pouls_owner", house.settings.database)
        try:
            async with database.engine.connect() as connection:
                return await connection.run_sync(look)
        finally:
            await database.close()

    return house.run(go)


def differences(house: House, metadata: MetaData) -> list[Any]:
    """What alembic would change to make the database match."""

    def wanted(_: object, name: str | None, kind: str, __: object, ___: object) -> bool:
        return kind != "table" or name not in WITHOUT_TENANT

    def types_differ(context: MigrationContext, _: object, __: object, found: Any, declared: Any) -> bool | None:
        # To PostgreSQL a VARCHAR without a length is a TEXT; everything else alembic compares itself.
        unbounded = declared.compile(dialect=context.dialect) == "VARCHAR"
        return False if isinstance(found, Text) and unbounded else None

    def look(connection: Connection) -> list[Any]:
        options = {"compare_type": types_differ, "compare_server_default": True, "include_object": wanted}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    found: list[Any] = inspect(house, look)
    return found


def test_models_and_migrated_schema_agree(house: House) -> None:
    assert differences(house, every_table()) == []


def altered() -> Iterator[MetaData]:
    """Our models, each time with one thing changed."""
    for change in range(5):
        metadata = MetaData(naming_convention=every_table().naming_convention)
        for table in every_table().tables.values():
            table.to_metadata(metadata)
        release = metadata.tables["release"]
        match change:
            case 0:
                release.append_column(Column("extra", Integer))
            case 1:
                Index("ix_extra", release.c.status)
            case 2:
                release.c.reason.nullable = False
            case 3:
                release.c.status.type = Integer()
            case 4:
                Table("extra", metadata, Column("id", Integer, primary_key=True))
        yield metadata


def test_a_model_that_does_not_agree_would_be_found(house: House) -> None:
    assert [len(differences(house, metadata)) for metadata in altered()] == [1] * 5


def test_checks_agree_by_name(house: House) -> None:
    """Alembic does not compare them."""
    found = query(
        house,
        """
        SELECT conrelid::regclass::text, conname FROM pg_constraint
        WHERE contype = 'c' AND connamespace = 'pouls'::regnamespace
    """,
    )
    declared = {
        (table.name, str(check.name))
        for table in every_table().tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    assert {(row[0].removeprefix("pouls."), row[1]) for row in found} == declared
    assert len(declared) > 5
