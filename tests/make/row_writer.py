"""Releases written as rows, in place of those that two real waves have."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from service.kit.ids import new_id
from service.releases.tables import NUMBERS
from tests.api.test_recurring import BEFORE, MONDAY, launched, travel
from tests.api.test_recurring import waves as waves_of
from tests.fixtures.house import House, TenantUnderTest
from tests.make.bi import a_login
from tests.make.formats import READ
from tests.make.released_rows import Rows, Waves
from tests.make.world import a_questionnaire, an_org, codes_of, ok, post

Json = dict[str, Any]
_TABLES = ("release_comment", "release_certificate", "release_cell", "release_measure", "release_unit", "release")
_RELEASE = """
    INSERT INTO release (tenant_id, release_id, wave_id, status, digest, manifest, released_at)
    VALUES ($1, $2, $3, 'published', $4, $5::jsonb, $6)
"""
_UNITS = """
    INSERT INTO release_unit
    (tenant_id, release_id, node, parent, source, unit, unit_name, level, dimensions, last, path)
    SELECT $1, $2, u.node, u.parent, u.source, u.unit, u.unit_name, u.level, u.dimensions, u.last, u.path
    FROM jsonb_populate_recordset(NULL::release_unit, $3::jsonb) u
"""
_MEASURES = """
    INSERT INTO release_measure (tenant_id, release_id, number, measure, kind, family, options)
    SELECT $1, $2, m.number, m.measure, m.kind, m.family, m.options
    FROM jsonb_populate_recordset(NULL::release_measure, $3::jsonb) m
"""
_NAMES = ("node", "number", "status", "reason", *(name for name in NUMBERS if name != "distribution"))
# A distribution as it is written, "3.10" and not 3.1: its digits are what is shown.
_CELLS = f"""
    INSERT INTO release_cell (tenant_id, release_id, {", ".join(_NAMES)}, distribution)
    SELECT $1, $2, {", ".join(f"c.{name}" for name in _NAMES)}, CAST(c.distribution #>> '{{}}' AS jsonb)
    FROM jsonb_populate_recordset(NULL::release_cell, $3::jsonb) c
"""  # noqa: S608 - names of ours


class Stage:
    """A tenant whose campaign has two waves, with a release each, whose rows may be others; and a login of its."""

    def __init__(self, tenant: TenantUnderTest, campaign: str, manifests: tuple[Json, Json]) -> None:
        self.tenant, self.campaign, self.manifests = tenant, campaign, manifests
        self.login = a_login(tenant)


def stage(house: House) -> Stage:
    """Two weeks of a pulse, of which each is released."""
    tenant = house.tenant()
    shift = house.clock.shift
    an_org(tenant, {"A": 12})
    a_questionnaire(tenant)
    travel(tenant, BEFORE)
    campaign, _ = launched(tenant, schedule={"rule": "FREQ=WEEKLY;BYDAY=MO;COUNT=2"})
    for number in (0, 1):
        travel(tenant, MONDAY + timedelta(days=7 * number, minutes=1))
        for code in codes_of(tenant, waves_of(tenant, campaign)[number]["id"]).values():
            ok(post(tenant, code, {"load": 3, "help": 3}), 201)
        travel(tenant, MONDAY + timedelta(days=7 * number, hours=56))
    house.clock.shift = shift
    releases = ok(tenant.call(READ, "GET", "/v1/releases"))["data"]
    first, second = (ok(tenant.call(READ, "GET", f"/v1/releases/{one['id']}"))["manifest"] for one in releases)
    return Stage(tenant, campaign, (first, second))


def write(stage: Stage, drawn: Waves) -> tuple[str, str]:
    """The releases of the two waves, in place of those that were there; their ids."""
    return asyncio.run(_write(stage, drawn))


async def _write(stage: Stage, drawn: Waves) -> tuple[str, str]:
    tenant = stage.tenant.tenant_id
    settings = {"search_path": "pouls", "session_replication_role": "replica"}
    ids = []
    connection = await asyncpg.connect(stage.tenant.house.postgres.admin_url(), timeout=10, server_settings=settings)
    try:
        async with connection.transaction():
            for table in _TABLES:
                await connection.execute(f"DELETE FROM {table} WHERE tenant_id = $1", tenant)  # noqa: S608 - from here
            for manifest, rows in zip(stage.manifests, (drawn.earlier, drawn.later), strict=True):
                ids.append(await _release(connection, tenant, manifest, rows, drawn.campaign))
    finally:
        await connection.close()
    return ids[0], ids[1]


async def _release(connection: asyncpg.Connection, tenant: UUID, manifest: Json, rows: Rows, campaign: str) -> str:
    new = new_id()
    told = manifest | {"measures": rows.said, "campaign": manifest["campaign"] | {"name": campaign}}
    if rows.dimensions:
        told["breakdowns"] = {"plan": [], "dimensions": rows.dimensions, "fell_back": False}
    wave = UUID(manifest["wave"]["id"])
    now = await connection.fetchval("SELECT now()")
    await connection.execute(_RELEASE, tenant, new, wave, new.hex * 2, json.dumps(told), now)
    await connection.execute(_UNITS, tenant, new, json.dumps(rows.units))
    await connection.execute(_MEASURES, tenant, new, json.dumps(rows.measures))
    await connection.execute(_CELLS, tenant, new, json.dumps([_row(cell) for cell in rows.cells]))
    return str(new)


def _row(cell: Json) -> Json:
    shares = cell.get("distribution")
    if shares is None:
        return cell
    pairs = ",".join(f"[{value},{json.dumps(bound)}]" for value, bound in shares)
    return cell | {"distribution": f"[{pairs}]"}
