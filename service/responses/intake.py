"""The hot path's end: answers wait for the next group commit, milliseconds away, and are acknowledged after it.

One transaction takes one wave's waiting answers: is the wave still open? spend the codes; shuffle, seal and insert
the accepted records as one row; commit. While it runs, the next batch forms. Nothing of an answer is kept after.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import structlog

from service.kit.clock import Clock
from service.kit.db import WAVE_LOCK, driver_url, session_settings
from service.kit.loose_ends import tell_by_name
from service.problems import Busy
from service.responses.problems import Unconfirmed
from service.responses.seal import Seal
from service.responses.waves import LaunchedWave
from service.settings import DatabaseSettings, IntakeSettings
from service.telemetry import metrics

log = structlog.get_logger()
BATCH_BYTES = 4 << 20
COMMITS_OF_A_WAVE = 2
"""At once, in one process."""

# One round trip for all; tenant and wave are UUIDs of ours, so literals are safe.
_BEGIN = "BEGIN; SET LOCAL pouls.tenant = '{tenant}'; SELECT {lock}"
# FOR SHARE: closing the wave waits for the commits under way, and commits wait for a closing under way.
# The batch is sealed before anybody knows whether all of its codes are new, as nearly always they are: then this one
# statement spends and keeps, and saves a round trip. If one is not, it keeps nothing and says which are.
_SPEND = """
    WITH open_wave AS MATERIALIZED (
        SELECT state = 'open' AND (closes_at IS NULL OR closes_at > $5) AS is_open
        FROM wave WHERE tenant_id = $1 AND wave_id = $2 FOR SHARE
    ), spent AS (
        INSERT INTO spent_code (tenant_id, wave_id, serial, nonce_digest)
        SELECT $1, $2, given.* FROM unnest($3::bigint[], $4::bytea[]) AS given, open_wave WHERE is_open
        ON CONFLICT DO NOTHING RETURNING serial
    ), all_new AS (
        SELECT count(*) = cardinality($3) AS is_so, array_agg(serial) AS serials FROM spent
    ), kept AS (
        INSERT INTO sealed_batch (tenant_id, wave_id, batch_id, received_on, response_count, records, texts, mac)
        SELECT $1, $2, $6::uuid, $7::date, $8::integer, $9::bytea, $10::bytea, $11::bytea FROM all_new WHERE is_so
    )
    SELECT (SELECT is_open FROM open_wave), is_so, CASE WHEN NOT is_so THEN serials END FROM all_new
"""
_SPENT = "SELECT serial, nonce_digest FROM spent_code WHERE tenant_id = $1 AND wave_id = $2 AND serial = ANY($3)"
_KEEP = """
    INSERT INTO sealed_batch (tenant_id, wave_id, batch_id, received_on, response_count, records, texts, mac)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


class _CommitLost(Exception):
    """The end of a transaction was asked for, and what came of it is not known."""


class Outcome(Enum):
    """What became of a submission. `recorded` is also the answer to the same submission sent again."""

    recorded = "recorded"
    spent = "spent"
    not_open = "not_open"


@dataclass(slots=True)
class Submission:
    """One valid response, encoded, and the code it spends."""

    serial: int
    nonce_digest: bytes
    record: bytes
    texts: Sequence[bytes]
    done: "asyncio.Future[Outcome]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(slots=True)
class _Queue:
    """One wave's answers: those that wait, how many are in commits under way, and in how many commits."""

    waiting: list[Submission] = field(default_factory=list)
    under_way: int = 0
    commits: int = 0


def _batch_limit(wave: LaunchedWave, most: int) -> int:
    """Answers in one batch: padded texts may be long, and a batch is sealed in one go."""
    texts = sum(item.type == "text" for item in wave.document.items)
    return max(1, min(most, BATCH_BYTES // (wave.sheet.record_size + texts * wave.sheet.text_record_size)))


async def _end(connection: "asyncpg.pool.PoolConnectionProxy[Any]") -> None:
    """Commit. Raises _CommitLost where no answer to that comes; a refusal by the server is an answer."""
    try:
        await connection.execute("COMMIT")
    except (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError):
        raise _CommitLost from None
    except asyncpg.PostgresError:
        raise
    except Exception:  # noqa: BLE001 - a broken socket, a time-out: whatever it was, nobody has answered
        raise _CommitLost from None


async def _as_it_is(_: "asyncpg.pool.PoolConnectionProxy[Any]") -> None:
    pass


def shuffle(things: list[Any]) -> None:
    """In place, by 16 random bytes for each, which are never the same twice.

    The system's randomness is asked for once. `SystemRandom.shuffle` asks for each: a third of a profile's samples of
    closing.
    """
    drawn = secrets.token_bytes(16 * len(things))
    keys = [drawn[at : at + 16] for at in range(0, len(drawn), 16)]
    things[:] = [things[at] for at in sorted(range(len(things)), key=keys.__getitem__)]


class Intake:
    """One process's group commits."""

    def __init__(
        self, url: str, role: str, database: DatabaseSettings, intake: IntakeSettings, seal: Seal, clock: Clock
    ) -> None:
        self._dsn = driver_url(url)
        self._role = role
        self._database = database
        self._settings = intake
        self._seal = seal
        self._clock = clock
        self._pool: asyncpg.Pool[Any] | None = None
        self._queues: dict[tuple[UUID, UUID], _Queue] = {}
        self._count = 0
        self._lanes: set[asyncio.Task[None]] = set()
        self._shuffle = shuffle

    async def start(self) -> None:
        # A request that is gone no longer waits for what becomes of its answers.
        asyncio.get_running_loop().set_exception_handler(tell_by_name)
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=0,
            max_size=self._settings.connections,
            timeout=self._database.connect_timeout_s,
            command_timeout=self._database.statement_timeout_s,
            server_settings=dict(session_settings(self._role, self._database)),
            # Nothing to reset, since all that a transaction sets is local to it: a round trip less in each commit.
            reset=_as_it_is,
        )

    async def stop(self) -> None:
        """Commit what waits, then let go of the connections."""
        while self._lanes:
            await asyncio.wait(self._lanes)
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def submit(self, wave: LaunchedWave, submission: Submission) -> Outcome:
        """Wait for the commit that holds this submission. Raises Busy where the queue is full."""
        if self._count >= self._settings.queue_limit:
            raise Busy
        key = (wave.tenant_id, wave.wave_id)
        queue = self._queues.setdefault(key, _Queue())
        queue.waiting.append(submission)
        self._count += 1
        if self._wants_commit(queue):
            queue.commits += 1
            task = asyncio.get_running_loop().create_task(self._run(key, wave, queue))
            self._lanes.add(task)
            task.add_done_callback(self._lanes.discard)
        return await submission.done

    def _wants_commit(self, queue: _Queue) -> bool:
        """A second commit beside the first, once as many wait: the server flushes both at once to a slow disk."""
        if queue.commits == 0:
            return True
        room = queue.commits < COMMITS_OF_A_WAVE and len(self._lanes) < self._settings.connections
        return room and len(queue.waiting) >= queue.under_way > 0

    async def _run(self, key: tuple[UUID, UUID], wave: LaunchedWave, queue: _Queue) -> None:
        """Commit a wave's batches, one after the other, until nothing waits."""
        most = _batch_limit(wave, self._settings.batch_limit)
        while queue.waiting:
            metrics.INTAKE_WAITING.set(self._count)
            batch, queue.waiting = queue.waiting[:most], queue.waiting[most:]
            queue.under_way += len(batch)
            try:
                outcomes = await self._commit(wave, batch)
            except Exception as error:  # noqa: BLE001 - each waiting request must hear of it, whatever it is
                log.warning("group commit failed", problem=type(error).__name__, answers=len(batch))
                for submission in batch:
                    if not submission.done.done():
                        submission.done.set_exception(Unconfirmed() if isinstance(error, _CommitLost) else Busy())
            else:
                for submission, outcome in zip(batch, outcomes, strict=True):
                    if not submission.done.done():
                        submission.done.set_result(outcome)
            queue.under_way -= len(batch)
            self._count -= len(batch)
        metrics.INTAKE_WAITING.set(self._count)
        queue.commits -= 1
        if queue.commits == 0:
            del self._queues[key]

    async def _commit(self, wave: LaunchedWave, batch: list[Submission]) -> list[Outcome]:
        scope = (wave.tenant_id, wave.wave_id)
        # In order of serial, so that two processes never wait for each other's codes in a circle; the first of a
        # code that comes twice in one batch counts.
        first: dict[int, Submission] = {}
        for submission in batch:
            first.setdefault(submission.serial, submission)
        serials = sorted(first)
        nonces = [first[serial].nonce_digest for serial in serials]
        async with self._transaction(*scope) as connection:
            now = self._clock()
            closed = self._close(wave, [first[serial] for serial in serials], now)
            is_open, kept, spent = await connection.fetchrow(_SPEND, *scope, serials, nonces, now, *closed)
            accepted = set(serials if kept else spent or ())
            if accepted and not kept:
                closed = self._close(wave, [first[serial] for serial in accepted], now)
                await connection.execute(_KEEP, *scope, *closed)
            known: dict[int, bytes] = {}
            if len(accepted) < len(batch):
                rest = [serial for serial in serials if serial not in accepted]
                known = {row["serial"]: row["nonce_digest"] for row in await connection.fetch(_SPENT, *scope, rest)}
                known |= {serial: first[serial].nonce_digest for serial in accepted}
        metrics.INTAKE_BATCH.observe(len(accepted))
        metrics.INTAKE_RECORDED.inc(len(accepted))
        return [self._outcome(submission, accepted, first, known, is_open=bool(is_open)) for submission in batch]

    @asynccontextmanager
    async def _transaction(self, tenant: UUID, wave: UUID) -> "AsyncIterator[asyncpg.pool.PoolConnectionProxy[Any]]":
        """One transaction of one tenant; a connection whose transaction did not end in order is closed, not reused."""
        if self._pool is None:
            raise Busy
        async with self._pool.acquire(timeout=self._database.pool_wait_s) as connection:
            try:
                await connection.execute(_BEGIN.format(tenant=tenant, lock=WAVE_LOCK.format(kind="_shared", wave=wave)))
                yield connection
                await _end(connection)
            except BaseException:
                connection.terminate()
                raise

    @staticmethod
    def _outcome(
        submission: Submission,
        accepted: set[int],
        first: dict[int, Submission],
        known: dict[int, bytes],
        *,
        is_open: bool,
    ) -> Outcome:
        if submission.serial in accepted and first[submission.serial] is submission:
            return Outcome.recorded
        if known.get(submission.serial) == submission.nonce_digest:
            return Outcome.recorded
        # Once the wave has closed a spent code looks like any other: it would tell who has answered.
        return Outcome.spent if is_open else Outcome.not_open

    def _close(self, wave: LaunchedWave, accepted: list[Submission], now: datetime) -> tuple[Any, ...]:
        """Shuffled, sealed; texts shuffled on their own, so that no comment lies beside the codes of its response."""
        self._shuffle(accepted)
        texts = [text for submission in accepted for text in submission.texts]
        self._shuffle(texts)
        closed = self._seal.close(
            wave.tenant_id,
            wave.wave_id,
            wave.public_key,
            uuid4(),
            now.date(),
            [submission.record for submission in accepted],
            b"".join(texts),
        )
        return (
            closed.batch_id,
            closed.received_on,
            closed.response_count,
            closed.records,
            closed.texts,
            closed.mac,
        )
