"""The worker: which kind of due work is done by what, the lanes that do it, and its sign of life."""

import asyncio

import structlog
from sqlalchemy import TextClause, text

from service.campaigns import due, wave_keys
from service.campaigns.promises.contract import Notary
from service.campaigns.running import closing, interim, retention
from service.campaigns.running.opening_job import opener
from service.kit import outbox, repeats
from service.kit.addresses import Guard
from service.kit.clock import Clock
from service.kit.crypto import read_key
from service.kit.db import Database
from service.kit.http import Outbound, Resolver
from service.kit.ids import new_id
from service.kit.jobs import Sweeper
from service.kit.loose_ends import tell_by_name
from service.people.imports import jobs as import_jobs
from service.people.reorganising import actions as reorganising
from service.privacy import erasing
from service.privacy import retention as keeping
from service.privacy.subjects import Subjects
from service.releases import recut_job, recuts
from service.releases.build import Keys
from service.releases.certificate import Signer
from service.releases.interim_job import interim_releaser
from service.releases.release_job import releaser
from service.responses.seal import Seal
from service.settings import Settings
from service.tenants import expiring
from service.tenants.actions import AUDIT_CHAIN, RETENTION
from service.tenants.chain import Chain
from service.tenants.chaining import chainer
from service.webhooks import fan_out
from service.webhooks.deliver import Courier
from service.webhooks.due import PRUNE
from service.webhooks.endpoint_keys import EndpointKeys

log = structlog.get_logger()
HEARTBEAT_S = 5.0
# May take minutes. One lane does any work, the other none of these, so that no wave opens or closes late for them. One
# lane alone builds releases, each of which holds a wave's answers in memory; for more at once there are more workers.
# So may those that write an organisation.
SLOW = frozenset(
    {
        due.RELEASE_WAVE,
        due.INTERIM_RELEASE,
        due.DESTROY_KEY,
        recuts.JOB,
        reorganising.JOB,
        erasing.ERASE,
        RETENTION,
        keeping.HISTORY,
        import_jobs.PRUNE,
    }
)
_ALIVE = text("SELECT max(seen_at) > now() - interval '30 seconds' FROM worker_heartbeat")
_BEAT = text("""
    INSERT INTO worker_heartbeat (worker, seen_at) VALUES (:worker, now())
    ON CONFLICT (worker) DO UPDATE SET seen_at = excluded.seen_at
""")
_LEAVE = text("DELETE FROM worker_heartbeat WHERE worker = :worker OR seen_at < now() - interval '1 day'")


def release_keys(settings: Settings) -> Keys:
    """The keys that open, check and sign a wave's release; none is made. Raises KeyMissing."""
    folder = settings.keys_dir / "work"
    intake_key = read_key(settings.keys_dir / "api" / "intake.key")
    return Keys(wave_keys.WaveKeys(folder), Seal(intake_key), Notary(intake_key), Signer(folder))


def create_sweeper(settings: Settings, database: Database, clock: Clock) -> Sweeper:
    """The only place that is handed the keys that open answers. Raises KeyMissing."""
    Signer.made(settings.keys_dir / "work")
    keys = release_keys(settings)
    intake_key = read_key(settings.keys_dir / "api" / "intake.key")
    chain = Chain(intake_key)
    handlers = {
        due.OPEN_WAVE: opener(keys.notary, clock),
        due.CLOSE_WAVE: closing.close_due,
        due.RELEASE_WAVE: releaser(keys, clock),
        due.INTERIM_MARK: interim.marker(keys.notary, clock),
        due.INTERIM_RELEASE: interim_releaser(keys, clock),
        reorganising.JOB: reorganising.planned_job(clock),
        recuts.JOB: recut_job.recutter(keys, clock),
        due.DESTROY_KEY: retention.destroyer(keys.waves, keys.signer.signed, clock),
        repeats.PRUNE: repeats.pruner(clock),
        import_jobs.PRUNE: import_jobs.prune_import,
        outbox.NUMBER: fan_out.numberer(clock),
        PRUNE: fan_out.pruner(clock),
        expiring.JOB: expiring.teller(clock),
        AUDIT_CHAIN: chainer(chain, clock),
        RETENTION: keeping.keeper(settings.retention, chain, clock),
        keeping.HISTORY: keeping.forgetter(settings.retention, Subjects(intake_key), clock),
        erasing.ERASE: erasing.eraser(keys.notary, clock),
        due.MAKE_KEYS: wave_keys.maker(keys.waves, keys.notary, settings.worker.spare_wave_keys, clock),
    }
    return Sweeper(database, handlers, clock)


def create_courier(settings: Settings, database: Database, clock: Clock) -> Courier:
    """What sends events to their endpoints. Raises KeyMissing."""
    keys = EndpointKeys(read_key(settings.keys_dir / "api" / "intake.key"))
    given = settings.webhooks
    outbound = Outbound(Guard(given.allow_networks, given.allow_http), given.timeout_s, Resolver())
    return Courier(database, keys, outbound, given.timeout_s, clock)


async def is_alive(database: Database) -> bool:
    """Whether some worker was seen in the last half minute."""
    async with database.transaction() as tx:
        return bool(await tx.scalar(_ALIVE))


async def run(sweeper: Sweeper, courier: Courier, database: Database, stop: asyncio.Event, poll_s: float) -> None:
    """Do due work until `stop`, finishing the jobs under way. A database that is away is waited for."""
    asyncio.get_running_loop().set_exception_handler(tell_by_name)
    async with asyncio.TaskGroup() as group:
        group.create_task(_beat(database, stop))
        group.create_task(courier.run(stop, poll_s))  # a lane of its own: a receiver may take its time
        for kinds in (sweeper.kinds, sweeper.kinds - SLOW):
            group.create_task(_lane(sweeper, kinds, stop, poll_s))


async def _lane(sweeper: Sweeper, kinds: frozenset[str], stop: asyncio.Event, poll_s: float) -> None:
    while not stop.is_set():
        if not await _step(sweeper, kinds):
            await _pause(stop, poll_s)


async def _step(sweeper: Sweeper, kinds: frozenset[str]) -> bool:
    try:
        return await sweeper.step(kinds)
    except Exception as error:  # noqa: BLE001 - the database may be away for a while; it is looked for again
        log.warning("no look at due work", problem=type(error).__name__)
        return False


async def _beat(database: Database, stop: asyncio.Event) -> None:
    worker = new_id().hex
    while not stop.is_set():
        await _tell(database, _BEAT, worker)
        await _pause(stop, HEARTBEAT_S)
    await _tell(database, _LEAVE, worker)


async def _tell(database: Database, statement: TextClause, worker: str) -> None:
    try:
        async with database.transaction() as tx:
            await tx.execute(statement, {"worker": worker})
    except Exception as error:  # noqa: BLE001 - same reason; the next beat tells it
        log.warning("no heartbeat", problem=type(error).__name__)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
