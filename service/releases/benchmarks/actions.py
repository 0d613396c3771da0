"""Putting benchmarks and taking them away."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.problems import NotFound
from service.releases.benchmarks.problems import TooManyBenchmarks
from service.releases.benchmarks.schemas import BenchmarkIn
from service.releases.benchmarks.tables import Benchmark
from service.tenants.actions import audit
from service.tenants.fingerprints import state_of
from service.tenants.principals import Principal

MOST = 100


async def put(tx: AsyncSession, caller: Principal, name: str, given: BenchmarkIn, now: datetime) -> Benchmark:
    """The set under this name, as it is given. Raises TooManyBenchmarks."""
    before = await tx.get(Benchmark, (caller.tenant_id, name), with_for_update=True)
    if before is None and await _count(tx, caller) >= MOST:
        raise TooManyBenchmarks
    state = None if before is None else state_of(before)
    values = {"title": given.title, "figures": given.stored(), "updated_at": now}
    written = insert(Benchmark).values(tenant_id=caller.tenant_id, benchmark=name, **values)
    await tx.execute(written.on_conflict_do_update(index_elements=["tenant_id", "benchmark"], set_=values))
    found = await tx.get_one(Benchmark, (caller.tenant_id, name), populate_existing=True)
    audit(tx, caller.tenant_id, now, caller.actor, "benchmark.put", name, before=state, after=state_of(found))
    return found


async def remove(tx: AsyncSession, caller: Principal, name: str, now: datetime) -> None:
    """Raises NotFound."""
    found = await tx.get(Benchmark, (caller.tenant_id, name), with_for_update=True)
    if found is None:
        raise NotFound
    audit(tx, caller.tenant_id, now, caller.actor, "benchmark.deleted", name, before=state_of(found))
    mine = (col(Benchmark.tenant_id) == caller.tenant_id) & (col(Benchmark.benchmark) == name)
    await tx.execute(delete(Benchmark).where(mine))


async def _count(tx: AsyncSession, caller: Principal) -> int:
    found = await tx.scalar(select(func.count()).where(col(Benchmark.tenant_id) == caller.tenant_id))
    return found or 0
