"""Due work: put off when it fails, never told in words, never done twice, never half."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from service import worker
from service.campaigns.due import RELEASE_WAVE
from service.kit.db import Database
from service.kit.ids import new_id
from service.kit.jobs import FIRST_PAUSE, LONGEST_PAUSE, Due, Handler, Sweeper, enqueue
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import a_campaign, a_questionnaire, an_org, ok

KIND = "test_job"
SLOW_KIND = "test_job_slow"
SECRET = "the answer of E1042 was 3"  # noqa: S105 - what must not be told
_EFFECT = text("""
    INSERT INTO audit_entry (tenant_id, entry_id, at, actor, action, subject, detail)
    VALUES (:tenant, :id, now(), 'worker', 'test.done', :subject, '{}')
""")


@pytest.fixture(autouse=True)
def _no_job_of_another_test(house: House) -> None:
    write(house, "DELETE FROM job WHERE kind = ANY($1)", [KIND, SLOW_KIND])


async def _effect(tx: AsyncSession, due: Due) -> None:
    """Something that can be counted."""
    await tx.execute(_EFFECT, {"tenant": due.tenant_id, "id": new_id(), "subject": str(due.subject_id)})


def ask(tenant: TenantUnderTest, kind: str = KIND, due: datetime | None = None) -> UUID:
    """Enqueue a job as the API process does."""
    subject = new_id()

    async def go() -> None:
        database: Database = tenant.house.client.app.state.database  # type: ignore[attr-defined]  # Starlette types the app as a callable
        async with database.transaction(tenant.tenant_id) as tx:
            await enqueue(tx, tenant.tenant_id, kind, subject, due or datetime.now(UTC) - timedelta(seconds=1))

    tenant.house.run(go)
    return subject


def done(tenant: TenantUnderTest, subject: UUID) -> int:
    """How often the job had its effect."""
    found = write(
        tenant.house, "SELECT count(*) FROM audit_entry WHERE action = 'test.done' AND subject = $1", str(subject)
    )
    return int(found[0][0])


def jobs(tenant: TenantUnderTest, kind: str = KIND) -> list[tuple[datetime, int, str | None]]:
    statement = "SELECT due_at, attempts, last_problem FROM job WHERE tenant_id = $1 AND kind = $2"
    return [tuple(row) for row in write(tenant.house, statement, tenant.tenant_id, kind)]


def sweeper(house: House, handler: Handler, kind: str = KIND) -> Sweeper:
    return Sweeper(house.worker_database, {kind: handler}, house.clock)


def test_a_failing_job_is_put_off_longer_each_time_and_never_given_up(tenant: TenantUnderTest) -> None:
    house = tenant.house

    async def fail(tx: AsyncSession, due: Due) -> None:
        await _effect(tx, due)
        raise ValueError(SECRET)

    subject = ask(tenant)
    swept = sweeper(house, fail)
    pauses = []
    for attempt in range(1, 14):
        asked = house.clock()
        assert house.run(swept.step)
        ((due_at, attempts, problem),) = jobs(tenant)
        assert (attempts, problem) == (attempt, "ValueError")
        pauses.append((due_at - asked).total_seconds())
        assert not house.run(swept.step), "it is not due yet"
        house.clock.shift += due_at - house.clock() + timedelta(milliseconds=1)
    longest = LONGEST_PAUSE.total_seconds()
    expected = [min(FIRST_PAUSE.total_seconds() * 2**attempt, longest) for attempt in range(13)]
    assert pauses == pytest.approx(expected, abs=0.5)
    assert pauses[-1] == pytest.approx(longest, abs=0.5)
    assert done(tenant, subject) == 0


def test_the_text_of_an_error_is_neither_stored_nor_logged(
    tenant: TenantUnderTest, capfd: pytest.CaptureFixture[str]
) -> None:
    """A driver's message may quote a row: here a real one, with the row in its detail."""
    house = tenant.house
    told = []

    async def fail(tx: AsyncSession, due: Due) -> None:
        insert = text(
            "INSERT INTO job (tenant_id, job_id, kind, subject_id, due_at, attempts) VALUES (:t, :j, :k, :s, now(), 0)"
        )
        try:
            for _ in range(2):
                await tx.execute(
                    insert, {"t": due.tenant_id, "j": UUID(int=0x5EC7E7), "k": SECRET, "s": due.subject_id}
                )
        except IntegrityError as error:
            told.append(str(error.orig) + str(error))
            raise

    ask(tenant)
    capfd.readouterr()
    house.run(sweeper(house, fail).step)
    assert SECRET in told[0]
    said = "".join(capfd.readouterr())
    assert "IntegrityError" in said
    assert SECRET not in said
    kept = write(house, "SELECT to_jsonb(job)::text AS row FROM job WHERE tenant_id = $1", tenant.tenant_id)
    assert not [row for row in kept if SECRET in row["row"]]


def test_two_workers_never_do_one_job_twice(tenant: TenantUnderTest) -> None:
    house = tenant.house
    subjects = [ask(tenant) for _ in range(30)]

    async def slowly(tx: AsyncSession, due: Due) -> None:
        await _effect(tx, due)
        await asyncio.sleep(0.002)

    async def go() -> list[int]:
        return await asyncio.gather(*(sweeper(house, slowly).sweep() for _ in range(4)))

    shares = house.run(go)
    assert sum(shares) == len(subjects)
    assert sum(share > 0 for share in shares) > 1, "only one of them worked: nothing was shown"
    assert [done(tenant, subject) for subject in subjects] == [1] * len(subjects)
    assert jobs(tenant) == []


@pytest.mark.parametrize("moment", ["cancelled", "session killed"])
def test_a_job_that_dies_half_way_is_done_once(tenant: TenantUnderTest, moment: str) -> None:
    """The worker's process, or its connection, is gone after the effect and before the end of the transaction."""
    house = tenant.house
    subject = ask(tenant)
    reached = asyncio.Event()

    async def hang(tx: AsyncSession, due: Due) -> None:
        await _effect(tx, due)
        reached.set()
        await asyncio.sleep(30)

    async def cancelled() -> None:
        task = asyncio.ensure_future(sweeper(house, hang).step())
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def killed(tx: AsyncSession, due: Due) -> None:
        await _effect(tx, due)
        pid = await tx.scalar(text("SELECT pg_backend_pid()"))
        await asyncio.to_thread(write, house, "SELECT pg_terminate_backend($1, 5000)", pid)

    if moment == "cancelled":
        house.run(cancelled)
        assert jobs(tenant)[0][1] == 0, "dying is no failed attempt"
    else:
        house.run(sweeper(house, killed).step)
    assert done(tenant, subject) == 0
    house.clock.shift = timedelta(minutes=10)
    assert house.run(sweeper(house, _effect).sweep) == 1
    assert done(tenant, subject) == 1
    assert jobs(tenant) == []


def test_a_failing_job_does_not_stand_in_the_way_of_others(tenant: TenantUnderTest) -> None:
    house = tenant.house
    bad = ask(tenant, due=datetime.now(UTC) - timedelta(hours=1))
    good = [ask(tenant) for _ in range(3)]

    async def fail_one(tx: AsyncSession, due: Due) -> None:
        await _effect(tx, due)
        if due.subject_id == bad:
            raise RuntimeError

    house.run(sweeper(house, fail_one).sweep)
    assert [done(tenant, subject) for subject in good] == [1, 1, 1]
    assert done(tenant, bad) == 0
    assert len(jobs(tenant)) == 1


def test_asking_twice_is_asking_once_and_the_sooner_moment_counts(tenant: TenantUnderTest) -> None:
    house = tenant.house
    subject = new_id()
    late, soon = datetime.now(UTC) + timedelta(hours=2), datetime.now(UTC) + timedelta(hours=1)

    async def go() -> None:
        database: Database = house.client.app.state.database  # type: ignore[attr-defined]  # Starlette types the app as a callable
        for due in (late, soon, late):
            async with database.transaction(tenant.tenant_id) as tx:
                await enqueue(tx, tenant.tenant_id, KIND, subject, due)

    house.run(go)
    assert [row[0] for row in jobs(tenant)] == [soon]


def test_a_job_asked_for_while_it_runs_runs_again(tenant: TenantUnderTest) -> None:
    """Otherwise what became necessary in the meantime would be forgotten."""
    house = tenant.house
    subject = ask(tenant)
    asked: list[asyncio.Future[None]] = []

    async def ask_again(tx: AsyncSession, due: Due) -> None:
        await _effect(tx, due)
        if asked:
            return

        async def again() -> None:
            database: Database = house.client.app.state.database  # type: ignore[attr-defined]  # same
            async with database.transaction(tenant.tenant_id) as other:
                await enqueue(other, tenant.tenant_id, KIND, subject, house.clock())

        asked.append(asyncio.ensure_future(again()))
        await asyncio.sleep(0.1)

    async def go() -> None:
        swept = sweeper(house, ask_again)
        await swept.step()
        await asked[0]
        await swept.sweep()

    house.run(go)
    assert done(tenant, subject) == 2


def test_a_wave_is_closed_at_its_time_also_after_a_failed_try(tenant: TenantUnderTest) -> None:
    """The second try comes later than the moment that the campaign named."""
    house = tenant.house
    an_org(tenant, {"A": 12})
    a_questionnaire(tenant)
    closes = house.clock() + timedelta(hours=1)
    campaign = a_campaign(tenant, closes_at=closes.isoformat())
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    house.clock.shift = timedelta(hours=1, seconds=1)

    async def fail(_: AsyncSession, __: Due) -> None:
        raise ConnectionError

    house.run(sweeper(house, fail, "close_wave").step)
    assert jobs(tenant, "close_wave")[0][1] == 1
    house.clock.shift = timedelta(hours=1, minutes=10)
    house.sweep()
    assert jobs(tenant, "close_wave") == []
    assert ok(tenant.call("campaigns:write", "GET", f"/v1/campaigns/{campaign['id']}"))["state"] == "closed"
    (wave,) = ok(tenant.call("campaigns:write", "GET", f"/v1/campaigns/{campaign['id']}/waves"))
    assert json.dumps(wave).count("released") == 1


def test_work_of_an_unknown_kind_waits_for_a_worker_that_knows_it(tenant: TenantUnderTest) -> None:
    """During a rollout an old worker must neither do nor drop what only the new one understands."""
    ask(tenant, "of_the_next_version")
    tenant.house.sweep()
    assert [row[1:] for row in jobs(tenant, "of_the_next_version")] == [(0, None)]


# -- the worker's lanes --------------------------------------------------------------------------------------


@asynccontextmanager
async def working(house: House, swept: Sweeper) -> AsyncIterator[asyncio.Event]:
    """A worker that runs meanwhile, and its sign to stop."""
    stop = asyncio.Event()
    courier = worker.create_courier(house.settings, house.worker_database, house.clock)
    running = asyncio.ensure_future(worker.run(swept, courier, house.worker_database, stop, 0.01))
    try:
        yield stop
    finally:
        stop.set()
        await running


def test_a_long_release_delays_no_opening(tenant: TenantUnderTest) -> None:
    """Nor do two, although there are two lanes."""
    house = tenant.house
    an_org(tenant, {"A": 12})
    a_questionnaire(tenant)
    campaign = a_campaign(tenant, opens_at=(house.clock() + timedelta(hours=1)).isoformat())
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    for _ in range(2):
        ask(tenant, RELEASE_WAVE)
    house.clock.shift = timedelta(hours=1, seconds=1)
    began: list[UUID] = []
    finish = asyncio.Event()

    async def take_long(_: AsyncSession, due: Due) -> None:
        began.append(due.job_id)
        await finish.wait()

    swept = worker.create_sweeper(house.settings, house.worker_database, house.clock)
    swept._handlers[RELEASE_WAVE] = take_long

    async def state() -> str:
        async with house.worker_database.transaction(tenant.tenant_id) as tx:
            return str(await tx.scalar(text("SELECT state FROM wave")))

    async def go() -> tuple[str, int]:
        async with working(house, swept):
            try:
                for _ in range(200):
                    if began and await state() == "open":
                        break
                    await asyncio.sleep(0.02)
                await asyncio.sleep(0.1)  # time for a second release to begin, if it could
                return await state(), len(began)
            finally:
                finish.set()

    assert house.run(go) == ("open", 1)


def test_stopping_finishes_the_jobs_under_way_and_begins_no_other(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = tenant.house
    monkeypatch.setattr(worker, "SLOW", frozenset({SLOW_KIND}))
    write(house, "DELETE FROM worker_heartbeat")
    slow, quick, late = ask(tenant, SLOW_KIND), ask(tenant), ask(tenant, due=datetime.now(UTC))
    began: set[UUID] = set()
    both, finish = asyncio.Event(), asyncio.Event()

    async def take_long(tx: AsyncSession, due: Due) -> None:
        await _effect(tx, due)
        began.add(due.subject_id)
        if len(began) == 2:
            both.set()
        await finish.wait()

    async def go() -> int:
        swept = Sweeper(house.worker_database, {KIND: take_long, SLOW_KIND: take_long}, house.clock)
        async with working(house, swept) as stop:
            try:
                await asyncio.wait_for(both.wait(), 10)
                await asyncio.sleep(0.1)
                async with house.worker_database.transaction() as tx:
                    beats = int(await tx.scalar(text("SELECT count(*) FROM worker_heartbeat")))
                stop.set()
                await asyncio.sleep(0.1)
            finally:
                finish.set()
        return beats

    assert house.run(go) == 1
    assert [done(tenant, subject) for subject in (slow, quick, late)] == [1, 1, 0]
    assert len(jobs(tenant)) == 1
    assert write(house, "SELECT 1 FROM worker_heartbeat") == []


def test_what_fails_with_nobody_waiting_is_told_by_its_class_alone(
    tenant: TenantUnderTest, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    house = tenant.house
    ask(tenant)
    left = asyncio.Event()

    async def fail() -> None:
        raise ValueError(SECRET)

    async def leave_behind(_: AsyncSession, __: Due) -> None:
        failing = [asyncio.ensure_future(fail())]
        await asyncio.wait(failing)
        failing.clear()
        left.set()

    async def go() -> None:
        asyncio.get_running_loop().set_exception_handler(None)
        async with working(house, sweeper(house, leave_behind)):
            await asyncio.wait_for(left.wait(), 10)
            gc.collect()

    house.run(go)
    said = "".join(capfd.readouterr()) + caplog.text
    assert "nobody waiting" in said
    assert "ValueError" in said
    assert SECRET not in said
