"""Reading benchmarks."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.problems import NotFound
from service.releases.benchmarks.tables import Benchmark
from service.tenants.principals import Principal


async def benchmarks(tx: AsyncSession, caller: Principal) -> list[Benchmark]:
    """All of them, by name; a hundred at most."""
    mine = select(Benchmark).where(col(Benchmark.tenant_id) == caller.tenant_id).order_by(col(Benchmark.benchmark))
    return list((await tx.scalars(mine)).all())


async def benchmark(tx: AsyncSession, caller: Principal, name: str) -> Benchmark:
    """Raises NotFound."""
    found = await tx.get(Benchmark, (caller.tenant_id, name))
    if found is None:
        raise NotFound
    return found
