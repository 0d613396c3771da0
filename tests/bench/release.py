"""`python -m tests.bench.release`: from sealed batches to release rows, against the floor.

A million responses of 40 rating items from an organisation of 1,000 units in 4 levels, 6 scales and 2 indices. The
wave is set up through the public API; its batches are written in bulk. Then the real job runs in a process of its own,
several times on the same batches, and after each run the floor is measured in the same process.
"""

import argparse
import json
import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
from rich.console import Console
from rich.table import Table

from service.kit.crypto import read_key
from service.questionnaires.document import Document
from service.responses.seal import Seal
from tests.bench import interruptible, sealed, survey
from tests.bench.ground import Ground, ground
from tests.bench.house import House, house, open_wave, organise

ITEMS = 40
LEVELS = (9, 90, 900)
STAGES = ("open", "decode", "tally", "protect", "rows", "rest")
AIM = 3.0
_LABELS = """
    SELECT u.external_id, c.label FROM wave_class c
    JOIN wave_unit u ON u.tenant_id = c.tenant_id AND u.wave_id = c.wave_id AND u.unit_id = c.unit_id
    WHERE c.wave_id = $1
"""
_RELEASE_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'pouls' AND tablename LIKE 'release%'"


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured."""

    responses: int
    batches: tuple[int, ...]
    skips: tuple[float, ...]
    repeats: int
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """Answers to a batch, about, and the share of answers skipped."""

    batch: int
    skips: float


def measure(options: Options) -> dict[str, Any]:
    """The whole bench."""
    say = Console(stderr=True).print
    with ground() as earth:
        with house(earth) as home:
            say(f"setting up: {sum(options.levels) + 1:,} units, {options.responses:,} responses of {ITEMS} items")
            target = _launched(earth, home, options)
        # The worker is gone, so that nobody but the measured process takes the job.
        interruptible.run(_spend(earth, target, options.responses))
        shutil.copytree(earth.settings.keys_dir, _kept_keys(earth))
        members = sealed.sizes(options.responses, len(target.labels))
        results = []
        for skips in options.skips:
            seed = sealed.fresh_seed()
            answers = sealed.draw(seed, members, ITEMS, skips)
            raw = sealed.records(target, answers)
            sealed.check(Document.parse(survey.questionnaire(ITEMS)), target, answers, raw)
            del answers
            for batch in options.batches:
                variant = Variant(batch, skips)
                batches = interruptible.run(_write(earth, target, raw, options.responses, batch, seed))
                say(f"measuring: {batches:,} batches of about {batch}, {skips:.0%} skipped")
                told = _told(target, members, variant, seed)
                runs = [_run(earth, target, told) for _ in range(options.repeats)]
                results.append(_result(variant, batches, runs))
        ratios = {f"batch_{one['batch']}_skips_{one['skips']:g}": one["ratio_to_floor"] for one in results}
        return {
            "bench": "release",
            "ratio_to_floor": max(ratios.values()),
            "ratios_to_floor": ratios,
            "aim": AIM,
            "variants": results,
            "responses": options.responses,
            "items": ITEMS,
            "units": sum(options.levels) + 1,
            "repeats": options.repeats,
        }


def _launched(earth: Ground, home: House, options: Options) -> sealed.Target:
    """A launched wave whose classes are the units, each with its members on the roster."""
    organise(home, options.levels)
    units = [unit["external_id"] for unit in survey.units(options.levels)]
    interruptible.run(_people(earth, home.tenant, units, sealed.sizes(options.responses, len(units))))
    wave_id = UUID(open_wave(home, ITEMS)["id"])
    public_key = earth.sql("SELECT public_key FROM wave WHERE wave_id = $1", wave_id)[0][0]
    label_of = dict(earth.sql(_LABELS, wave_id))
    return sealed.Target(home.tenant, wave_id, public_key, np.array([label_of[unit] for unit in units], np.uint32))


async def _people(earth: Ground, tenant: UUID, units: list[str], sizes: list[int]) -> None:
    connection = await _connect(earth)
    try:
        await sealed.people(connection, tenant, units, sizes)
    finally:
        await connection.close()


def _kept_keys(earth: Ground) -> Path:
    return earth.settings.keys_dir.with_name("keys-before-release")


async def _connect(earth: Ground) -> asyncpg.Connection:
    return await asyncpg.connect(earth.postgres.admin_url(), server_settings={"search_path": "pouls"})


async def _spend(earth: Ground, target: sealed.Target, count: int) -> None:
    connection = await _connect(earth)
    try:
        await sealed.spend(connection, target, count)
    finally:
        await connection.close()


async def _write(earth: Ground, target: sealed.Target, raw: bytes, count: int, size: int, seed: int) -> int:
    seal = Seal(read_key(earth.settings.keys_dir / "api" / "intake.key"))
    connection = await _connect(earth)
    try:
        batches = await sealed.write(connection, seal, target, raw, count, size, seed)
        await connection.execute("VACUUM ANALYZE sealed_batch")
    finally:
        await connection.close()
    return batches


def _told(target: sealed.Target, members: list[int], variant: Variant, seed: int) -> str:
    """What the measured process must know to draw the same answers again, for the floor."""
    wave = {"tenant": str(target.tenant), "wave": str(target.wave)}
    return json.dumps(wave | {"seed": seed, "members": members, "items": ITEMS, "skips": variant.skips})


def _run(earth: Ground, target: sealed.Target, told: str) -> dict[str, Any]:
    """One release, from a wave that is closed and not yet released."""
    interruptible.run(_reset(earth, target))
    run = earth.run("release", "tests.bench.release_job", told, told=earth.told("pouls_work"))
    return run | {"cells": earth.sql("SELECT count(*) FROM release_cell")[0][0]}


async def _reset(earth: Ground, target: sealed.Target) -> None:
    """As closing leaves it: the wave closed, the job due; nothing half written to disk that would be paid later."""
    # The key folder remembers what was released, so that it can not be released again otherwise.
    shutil.rmtree(earth.settings.keys_dir)
    shutil.copytree(_kept_keys(earth), earth.settings.keys_dir)
    connection = await _connect(earth)
    try:
        tables = [row[0] for row in await connection.fetch(_RELEASE_TABLES)]
        await connection.execute(f"TRUNCATE job, {', '.join(tables)}")
        await connection.execute("UPDATE campaign SET state = 'closed'")
        await connection.execute("UPDATE wave SET state = 'closed', closes_at = now()")
        await connection.execute(
            """
            INSERT INTO job (tenant_id, job_id, kind, subject_id, due_at, attempts)
            VALUES ($1, gen_random_uuid(), 'release_wave', $2, now(), 0)
            """,
            target.tenant,
            target.wave,
        )
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def _result(variant: Variant, batches: int, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    for run in runs:
        run["stages"]["rest"] = run["seconds"] - sum(run["stages"].values())
        run["floor"]["seconds"] = run["floor"]["read"] + run["floor"]["bincount"]
    return asdict(variant) | {
        "batches": batches,
        "ratio_to_floor": _median([run["seconds"] / run["floor"]["seconds"] for run in runs]),
        "ratios_by_run": [round(run["seconds"] / run["floor"]["seconds"], 2) for run in runs],
        "seconds": _median([run["seconds"] for run in runs]),
        "stages": {stage: _median([run["stages"][stage] for run in runs]) for stage in STAGES},
        "floor": {name: _median([run["floor"][name] for run in runs]) for name in ("read", "bincount", "seconds")},
        "cells": runs[0]["cells"],
        "sealed_mib": round(runs[0]["floor"]["bytes"] / 2**20, 1),
        "cpu_s": _median([run["cpu_s"] for run in runs]),
        "memory_mib": {name: _median([run["memory_mib"][name] for run in runs]) for name in ("before", "peak")},
    }


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 3)


def show(result: dict[str, Any]) -> None:
    """The table for people: seconds, a column for each variant."""
    out = Console(highlight=False, soft_wrap=True)
    variants = result["variants"]
    table = Table(
        title=f"{result['responses']:,} responses x {result['items']} items, {result['units']:,} units, "
        f"median of {result['repeats']} runs"
    )
    table.add_column("seconds, by batches and skips")
    for one in variants:
        table.add_column(f"{one['batches']:,} x {one['batch']}\n{one['skips']:.0%} skipped", justify="right")
    for stage in STAGES:
        table.add_row(stage, *(f"{one['stages'][stage]:.3f}" for one in variants))
    table.add_section()
    table.add_row("job", *(f"{one['seconds']:.3f}" for one in variants))
    table.add_row("  its process's CPU", *(f"{one['cpu_s']:.3f}" for one in variants))
    table.add_section()
    for name, title in (("read", "floor: read"), ("bincount", "floor: bincount"), ("seconds", "floor")):
        table.add_row(title, *(f"{one['floor'][name]:.3f}" for one in variants))
    table.add_section()
    table.add_row("[bold]job / floor[/bold]", *(f"[bold]{one['ratio_to_floor']:.2f}[/bold]" for one in variants))
    for name, title in (("peak", "peak memory, MiB"), ("before", "  before the job")):
        table.add_row(title, *(f"{one['memory_mib'][name]:.0f}" for one in variants))
    table.add_row("release rows", *(f"{one['cells']:,}" for one in variants))
    table.add_row("sealed records, MiB", *(f"{one['sealed_mib']:.0f}" for one in variants))
    out.print(table)
    out.print(f"rest: taking the job, commit; aim: job / floor under {result['aim']:g}")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.release", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="small numbers, about 20 seconds: does it still run?")
    parser.add_argument("--responses", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, action="append", help="answers to a batch, about; may be repeated")
    parser.add_argument("--skips", type=float, action="append", help="share of answers skipped; may be repeated")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    batches, skips = tuple(given.batch or (64, 512)), tuple(given.skips or (0.0, 0.01))
    options = Options(given.responses, batches, skips, given.repeats, LEVELS)
    if given.quick:
        options = Options(50_000, batches[:1], skips[-1:], 2, (3, 12, 84))
    try:
        result = measure(options)
    except KeyboardInterrupt:
        sys.exit(130)
    if given.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
