"""The schema's history: up, down, up; patient with readers, one at a time, and the same as the code's own tables."""

import asyncio
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, String, Text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from service.kit import migrate as module
from service.kit import online
from service.kit.db import async_url
from service.kit.ids import new_id
from service.kit.migrate import RevisionUnknown, config, every_table, head, migrate, revision_of
from tests.fixtures.empty import EVERYTHING, TABLES, ask, session

LOCKED = "55P03"


def test_up_down_and_up_again_is_the_same(fresh: str) -> None:
    asyncio.run(migrate(fresh))
    first = ask(fresh, EVERYTHING)
    assert len(first) > 100
    asyncio.run(migrate(fresh))
    assert ask(fresh, EVERYTHING) == first, "a second time changes nothing"
    asyncio.run(migrate(fresh, "base"))
    assert ask(fresh, TABLES) == [("alembic_version",)]
    assert ask(fresh, "SELECT * FROM alembic_version") == []
    left = "SELECT grantee FROM information_schema.role_table_grants WHERE table_schema = 'pouls'"
    assert {row[0] for row in ask(fresh, left)} <= {"pouls_owner"}
    assert ask(fresh, "SELECT relname FROM pg_class WHERE relnamespace = 'bi'::regnamespace") == []
    assert ask(fresh, "SELECT proname FROM pg_proc WHERE pronamespace = 'bi'::regnamespace") == []
    asyncio.run(migrate(fresh))
    assert ask(fresh, EVERYTHING) == first


def test_every_revision_goes_up_and_down(fresh: str) -> None:
    revisions = [step.revision for step in ScriptDirectory.from_config(config()).walk_revisions()][::-1]
    assert revisions[-1] == head()
    for revision in [*revisions, *revisions[-2::-1]]:
        asyncio.run(migrate(fresh, revision))
        assert ask(fresh, "SELECT version_num FROM alembic_version") == [(revision,)]


def test_the_tables_are_those_of_the_code(fresh: str) -> None:
    asyncio.run(migrate(fresh))

    def compare(connection: Connection) -> list[Any]:
        options = {"version_table_schema": None, "compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        found: list[Any] = compare_metadata(context, every_table())
        return [change for change in found if _matters(change)]

    async def go() -> list[Any]:
        settings = {"search_path": "pouls"}
        engine = create_async_engine(async_url(fresh), connect_args={"server_settings": settings})
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(compare)
        finally:
            await engine.dispose()

    assert asyncio.run(go()) == []


def _matters(change: Any) -> bool:
    """Two tables belong to nobody's metadata: alembic's own, and the heartbeats that name no tenant."""
    if isinstance(change, list):  # of one column
        # Text of any length is one thing to PostgreSQL, and has two names in the library.
        return any(
            not (isinstance(one[5], Text) and isinstance(getattr(one[6], "impl", one[6]), String)) for one in change
        )
    return not (change[0] == "remove_table" and change[1].name in {"alembic_version", "worker_heartbeat"})


def test_the_objects_belong_to_the_owner_also_for_a_superuser(fresh: str) -> None:
    asyncio.run(migrate(fresh))
    assert ask(fresh, "SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'pouls'") == [
        ("pouls_owner",)
    ]
    assert ask(fresh, "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'pouls'") == [("pouls_owner",)]


def test_the_revision_of_an_empty_database_is_none(fresh: str) -> None:
    async def go() -> str | None:
        engine = create_async_engine(async_url(fresh))
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(revision_of)
        finally:
            await engine.dispose()

    assert asyncio.run(go()) is None
    asyncio.run(migrate(fresh))
    assert asyncio.run(go()) == head()


def test_cells_of_breakdowns_go_with_what_could_name_them(fresh: str) -> None:
    """Down to where a release knew whole units alone, and up again."""
    asyncio.run(migrate(fresh))

    async def go() -> None:
        async with session(fresh) as opened:
            tenant, release = new_id(), new_id()
            await opened.execute("SET session_replication_role = replica")  # no release and no tenant are needed here
            for node, values in enumerate(["{}", '{"site": "a"}']):
                await opened.execute(
                    "INSERT INTO release_unit (tenant_id, release_id, node, source, unit, unit_name, level, dimensions)"
                    " VALUES ($1, $2, $3, 'hris', 'A', 'A', 0, $4)", tenant, release, node, values,
                )  # fmt: skip
                await opened.execute(
                    "INSERT INTO release_cell (tenant_id, release_id, node, number, status, reason)"
                    " VALUES ($1, $2, $3, 0, 'withheld', 'protected')", tenant, release, node,
                )  # fmt: skip

    asyncio.run(go())
    before = ask(fresh, EVERYTHING)
    asyncio.run(migrate(fresh, "0001"))
    for table in ("release_unit", "release_cell"):
        assert ask(fresh, f"SELECT node FROM {table}") == [(0,)]  # noqa: S608 - names from this test
    asyncio.run(migrate(fresh))
    assert ask(fresh, EVERYTHING) == before
    assert ask(fresh, "SELECT dimensions FROM release_unit") == [("{}",)]


@pytest.mark.parametrize("target", ["0999", "", "head~1; DROP SCHEMA pouls", "-1"])
def test_a_revision_that_does_not_exist_is_refused(fresh: str, target: str) -> None:
    asyncio.run(migrate(fresh))
    before = ask(fresh, EVERYTHING)
    with pytest.raises(RevisionUnknown):
        asyncio.run(migrate(fresh, target))
    assert ask(fresh, EVERYTHING) == before


# -- beside others -------------------------------------------------------------------------------------------


async def broken_off(url: str, to: str = "head") -> None:
    """A migration that does not get a lock in its patience, and ends."""
    with pytest.raises(DBAPIError) as caught:
        await asyncio.wait_for(migrate(url, to), 60)
    assert getattr(caught.value.orig, "sqlstate", None) == LOCKED


def test_a_migration_gives_way_to_who_holds_a_table(fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks for the table for a moment only: behind a migration that waits, every request would wait as well."""
    assert module.LOCK_TIMEOUT == "5s"
    monkeypatch.setattr(module, "LOCK_TIMEOUT", "300ms")
    asyncio.run(migrate(fresh))

    async def go() -> None:
        async with session(fresh) as holder:
            await holder.execute("BEGIN; SELECT count(*) FROM audit_entry")  # which revision 0017 is about
            await broken_off(fresh, "base")

    asyncio.run(go())
    # Each revision whole or nothing: what the one that gave way had done is undone; its jobs were the first to go.
    assert ask(fresh, "SELECT version_num FROM alembic_version") == [("0017",)]
    assert ("erasure",) in ask(fresh, TABLES)
    asyncio.run(migrate(fresh, "base"))


_WAITS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'CREATE INDEX%'
"""


def test_an_index_is_built_beside_whoever_writes(fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for a transaction that writes, longer than for a lock, and nobody else waits for it meanwhile."""
    monkeypatch.setattr(module, "LOCK_TIMEOUT", "100ms")
    asyncio.run(migrate(fresh, "0017"))
    write = "LOCK TABLE person, roster_line IN ROW EXCLUSIVE MODE"

    async def go() -> None:
        async with session(fresh) as holder, session(fresh) as other, asyncio.timeout(60):
            await holder.execute(f"BEGIN; {write}")
            going = asyncio.ensure_future(migrate(fresh))
            while not await other.fetchval(_WAITS):
                assert not going.done(), going.exception()
                await asyncio.sleep(0.02)
            await other.execute(f"SET lock_timeout = '5s'; BEGIN; {write}; COMMIT")
            await holder.execute("COMMIT")
            await going

    asyncio.run(go())
    assert ask(fresh, "SELECT version_num FROM alembic_version") == [(head(),)]


_BUILT = """
    SELECT i.indexrelid::regclass::text, i.indexrelid::bigint, i.indisvalid FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'pouls'::regnamespace
"""


def test_what_a_broken_off_attempt_left_half_is_built_anew_and_the_rest_stays(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deadline ends each attempt on a large installation: each begins where the one before it ended."""
    asyncio.run(migrate(fresh))
    whole = ask(fresh, EVERYTHING)
    asyncio.run(migrate(fresh, "0017"))
    before = {name for name, *_ in ask(fresh, _BUILT)}
    monkeypatch.setattr(online, "PATIENCE", "300ms")

    async def go() -> None:
        async with session(fresh) as holder:
            await holder.execute("BEGIN; LOCK TABLE roster_line IN ROW EXCLUSIVE MODE")
            await broken_off(fresh)

    asyncio.run(go())
    left = {name: (ident, is_whole) for name, ident, is_whole in ask(fresh, _BUILT) if name not in before}
    assert [name for name, (_, is_whole) in left.items() if not is_whole] == ["ix_roster_line__tenant_id_wave_id_label"]
    assert len(left) > 5
    asyncio.run(migrate(fresh))
    assert ask(fresh, EVERYTHING) == whole
    now = {name: (ident, is_whole) for name, ident, is_whole in ask(fresh, _BUILT)}
    assert all(is_whole for _, is_whole in now.values())
    assert {name for name in left if left[name] == now[name]} == {name for name in left if left[name][1]}


def test_two_at_once_wait_for_one_another(fresh: str) -> None:
    """Two replicas start together with the same migration to do."""

    async def go() -> list[Any]:
        return await asyncio.gather(*(migrate(fresh) for _ in range(4)), return_exceptions=True)

    assert asyncio.run(go()) == [None] * 4
    assert ask(fresh, "SELECT version_num FROM alembic_version") == [(head(),)]


# Its session has asked, and is there for longer than it would wait for a lock.
_ASKS_FOR_LONG = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND query LIKE '%advisory_lock%' AND clock_timestamp() - backend_start > interval '400ms'
"""


def test_waiting_for_another_migration_is_no_matter_of_the_lock_timeout(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one may take its time: an index on a large table."""
    monkeypatch.setattr(module, "LOCK_TIMEOUT", "200ms")

    async def go() -> None:
        async with session(fresh) as other, asyncio.timeout(60):
            await other.execute(module.ONE_AT_A_TIME)
            waiting = asyncio.ensure_future(migrate(fresh))
            while not await other.fetchval(_ASKS_FOR_LONG):
                assert not waiting.done(), waiting.exception()
                await asyncio.sleep(0.02)
        await waiting

    asyncio.run(go())
    assert ask(fresh, "SELECT version_num FROM alembic_version") == [(head(),)]


def test_the_lock_is_given_back(fresh: str) -> None:
    asyncio.run(migrate(fresh))
    with pytest.raises(RevisionUnknown):
        asyncio.run(migrate(fresh, "0999"))
    held = """
        SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND d.datname = current_database()
    """
    assert ask(fresh, held) == [(0,)]
