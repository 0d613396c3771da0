"""Engine and transactions. A tenant's rows are seen only inside a transaction that named the tenant."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from service.settings import DatabaseSettings

# Commits of answers hold it shared; closing a wave takes it alone. Unlike a row's locks it is given in order, so that a
# closing does not wait for ever behind commits that overlap.
WAVE_LOCK = "pg_advisory_xact_lock{kind}(hashtextextended('wave {wave}', 0))"
SET_TENANT = text("SELECT set_config('pouls.tenant', :tenant, true)")
_PLAN_ANEW = text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
_PLACES = "places"


def async_url(url: str) -> URL:
    """The URL for asyncpg, whatever PostgreSQL scheme it came with."""
    parsed = make_url(url)
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise ValueError("the database URL must be a PostgreSQL one")
    # What libpq calls sslmode, SQLAlchemy hands to asyncpg as ssl, with the same values.
    query = {"ssl" if name == "sslmode" else name: value for name, value in parsed.query.items()}
    return parsed.set(drivername="postgresql+asyncpg", query=query)


def driver_url(url: str) -> str:
    """The same for asyncpg itself, password and all."""
    async_url(url)
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def session_settings(role: str, settings: DatabaseSettings) -> Mapping[str, str]:
    """What each connection is told at its start: the role it acts under and its deadlines."""
    milliseconds = str(int(settings.statement_timeout_s * 1000))
    return {
        "role": role,
        "search_path": "pouls",
        "application_name": role,
        "statement_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
    }


class Places:
    """How many of a pool's connections may wait for other processes at a time."""

    def __init__(self, most: int) -> None:
        self._free = most

    @contextmanager
    def one(self) -> Iterator[bool]:
        """One of them, as long as this lasts; or False, where all are taken."""
        if not self._free:
            yield False
            return
        self._free -= 1
        try:
            yield True
        finally:
            self._free += 1


class Database:
    """One process's pool, acting under one role."""

    def __init__(self, url: str, role: str, settings: DatabaseSettings) -> None:
        self.role = role
        self._places = Places(max(1, settings.pool_size // 4))
        self.engine: AsyncEngine = create_async_engine(
            async_url(url),
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=settings.pool_wait_s,
            pool_pre_ping=False,
            connect_args={
                "timeout": settings.connect_timeout_s,
                "server_settings": dict(session_settings(role, settings)),
            },
        )

    @asynccontextmanager
    async def transaction(
        self, tenant: UUID | None = None, *, of_one_moment: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """Commits at the end, rolls back on any error. Without a tenant, row security shows no tenant's row.

        With `of_one_moment` all its statements see what was there at the first one: for whoever only reads.

        A cancellation while the transaction is being opened may leave the driver's idea of it and the server's
        apart (SQLAlchemy #13381), so such a connection is thrown away, never returned to the pool.
        """
        async with self.engine.connect() as connection:
            try:
                if of_one_moment:
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                await _begin(connection, tenant)
            except BaseException:
                await asyncio.shield(connection.invalidate())
                raise
            info = {_PLACES: self._places}
            session = AsyncSession(connection, expire_on_commit=False, autoflush=True, info=info)
            try:
                yield session
                await session.flush()
                await connection.commit()
            except BaseException as error:
                await asyncio.shield(_abandon(connection, error))
                raise
            finally:
                session.expunge_all()

    async def close(self) -> None:
        await self.engine.dispose()


def places_of(tx: AsyncSession) -> Places:
    """Those of the pool that the transaction's connection is of."""
    places: Places = tx.info[_PLACES]
    return places


async def plan_anew(tx: AsyncSession) -> None:
    """What the transaction does is planned anew each time.

    A plan that was made for an empty table, and kept, looks at all people for each one. Planning a statement for a
    thousand people takes less than a millisecond.
    """
    await tx.execute(_PLAN_ANEW)


async def _begin(connection: AsyncConnection, tenant: UUID | None) -> None:
    await connection.begin()
    await connection.execute(SET_TENANT, {"tenant": str(tenant) if tenant else ""})


async def _abandon(connection: AsyncConnection, error: BaseException) -> None:
    """Roll back; a connection whose state nobody can vouch for is closed instead."""
    if isinstance(error, Exception) and not connection.invalidated:
        try:
            await connection.rollback()
        except Exception:  # noqa: BLE001 - whatever the driver says, the connection is not to be trusted
            await connection.invalidate()
    else:
        await connection.invalidate()
