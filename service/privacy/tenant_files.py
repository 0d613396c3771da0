"""A whole tenant as files: one NDJSON file a table in a zip, with a manifest. No key and no sealed answer is in it.

Read in one snapshot, under the owner's role, whom row security binds as well: no row of another tenant can be in it.
"""

import hashlib
import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, MetaData, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.kit.mendable import Mendable

FORMAT = "pouls-tenant/1"
AT_ONCE = 2_000
LEFT_OUT: Mapping[str, str] = {
    "sealed_batch": "answers, which only the wave's key opens; it is not exported either",
    "wave_key": "halves of keys",
    "job": "work that is due in this installation",
    "idempotent_reply": "replies that are kept for a day",
}
"""Tables that are not exported, and why."""

_ROWS = "SELECT CAST(to_jsonb(t){without} AS text) FROM {table} t WHERE tenant_id = :tenant ORDER BY {keys}"


class FileThere(Mendable):
    """An export is never written over another."""


async def write(tx: AsyncConnection, tenant: UUID, metadata: MetaData, out: Path, now: datetime) -> dict[str, int]:
    """The export, and how many rows of each table are in it.

    Raises:
        FileThere: there is a file of that name.
    """
    tables = {}
    try:
        with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as archive:
            for table in sorted(metadata.tables.values(), key=lambda one: one.name):
                if table.name not in LEFT_OUT:
                    tables[table.name] = await _write(tx, tenant, table, archive)
            archive.writestr("manifest.json", _manifest(tenant, tables, metadata, now))
    except FileExistsError:
        raise FileThere(f"{out.name} is there already") from None
    return {name: told["rows"] for name, told in tables.items()}


async def _write(tx: AsyncConnection, tenant: UUID, table: Table, archive: zipfile.ZipFile) -> dict[str, Any]:
    digest, rows = hashlib.sha256(), 0
    with archive.open(f"{table.name}.ndjson", "w", force_zip64=True) as file:
        async for line in _lines(tx, tenant, table):
            file.write(line)
            digest.update(line)
            rows += 1
    return {"rows": rows, "sha256": digest.hexdigest(), "without": secret_columns(table)}


def secret_columns(table: Table) -> list[str]:
    """Columns that are not exported: whatever is bytes is a key, a hash of one, a MAC, a salt or a digest of ours."""
    return sorted(column.name for column in table.columns if isinstance(column.type, LargeBinary))


async def _lines(tx: AsyncConnection, tenant: UUID, table: Table) -> AsyncIterator[bytes]:
    without = "".join(f" - '{name}'" for name in secret_columns(table))
    keys = ", ".join(column.name for column in table.primary_key.columns)
    statement = text(_ROWS.format(without=without, table=table.name, keys=keys))
    found = await tx.stream_scalars(statement, {"tenant": tenant}, execution_options={"yield_per": AT_ONCE})
    async for line in found:
        yield line.encode() + b"\n"


def _manifest(tenant: UUID, tables: Mapping[str, Any], metadata: MetaData, now: datetime) -> str:
    said = {
        "format": FORMAT,
        "tenant": str(tenant),
        "exported_at": now.isoformat(),
        "tables": dict(tables),
        "left_out": {name: why for name, why in LEFT_OUT.items() if name in metadata.tables},
    }
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"
