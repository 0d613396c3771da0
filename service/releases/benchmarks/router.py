"""Figures of other organisations, to compare one's own results with."""

from typing import Annotated

from fastapi import Path

from service.kit.strict import api_router
from service.problems import Invalid, NotFound, problems
from service.releases.benchmarks import actions, queries
from service.releases.benchmarks.problems import TooManyBenchmarks
from service.releases.benchmarks.schemas import BenchmarkIn, BenchmarkOut
from service.releases.reading import AggregateReader
from service.tenants.principals import Now, Principal, Transaction, holding
from service.tenants.scopes import Scope

router = api_router()
CampaignWriter = Annotated[Principal, holding(Scope.campaigns_write)]
SetName = Annotated[str, Path(max_length=63, pattern=r"^[a-z][a-z0-9_]*$", description="of the set")]


@router.get("/benchmarks", operation_id="benchmarks.list")
async def list_benchmarks(caller: AggregateReader, tx: Transaction) -> list[BenchmarkOut]:
    """All sets, by name."""
    return [BenchmarkOut.of(row) for row in await queries.benchmarks(tx, caller)]


@router.get("/benchmarks/{benchmark}", operation_id="benchmarks.get", responses=problems(NotFound, Invalid))
async def get_benchmark(caller: AggregateReader, tx: Transaction, benchmark: SetName) -> BenchmarkOut:
    """One set. `GET /v1/aggregates/comparison?benchmark=` puts results beside it."""
    return BenchmarkOut.of(await queries.benchmark(tx, caller, benchmark))


@router.put("/benchmarks/{benchmark}", operation_id="benchmarks.put", responses=problems(Invalid, TooManyBenchmarks))
async def put_benchmark(
    caller: CampaignWriter, tx: Transaction, now: Now, benchmark: SetName, given: BenchmarkIn
) -> BenchmarkOut:
    """Make a set, or replace it whole. What it says is the organisation's own business."""
    return BenchmarkOut.of(await actions.put(tx, caller, benchmark, given, now))


@router.delete(
    "/benchmarks/{benchmark}", status_code=204, operation_id="benchmarks.delete", responses=problems(NotFound, Invalid)
)
async def delete_benchmark(caller: CampaignWriter, tx: Transaction, now: Now, benchmark: SetName) -> None:
    """Take a set away."""
    await actions.remove(tx, caller, benchmark, now)
