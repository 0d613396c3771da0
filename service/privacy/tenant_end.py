"""A whole tenant deleted: its wave keys first, so that no backup opens anything, then every row of every table.

One transaction for the rows; the keys can not be put back, so somebody who is stopped in between runs it again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from nacl.exceptions import CryptoError
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.wave_keys import WaveKeys
from service.kit.crypto import KeyMissing
from service.privacy.order import order_of

FORMAT = "pouls-tenant-deletion/1"
# Nobody adds anything to the tenant any more: what comes waits, and then finds no tenant to belong to.
_LOCK = text("SELECT name FROM tenant WHERE tenant_id = :tenant FOR UPDATE")
_KEYS = text("SELECT key_id, wave_id, public_key, sealed_half FROM wave_key WHERE tenant_id = :tenant ORDER BY key_id")
_EMPTY = "UPDATE {table} SET {column} = NULL WHERE tenant_id = :tenant AND {column} IS NOT NULL"
_DELETE = "DELETE FROM {table} WHERE tenant_id = :tenant"
_LEFT = "SELECT count(*) FROM {table} WHERE tenant_id = :tenant"


class StillThere(Exception):
    """A key still opens, or a row is left; nothing is called deleted."""


async def name_of(tx: AsyncSession, tenant: UUID) -> str | None:
    """The tenant's name, which whoever deletes it types; locked until the transaction ends."""
    name: str | None = await tx.scalar(_LOCK, {"tenant": tenant})
    return name


async def delete(tx: AsyncSession, tenant: UUID, keys: WaveKeys, metadata: MetaData, now: datetime) -> dict[str, Any]:
    """Destroy the keys, delete the rows; what is to be signed as the receipt.

    Raises:
        StillThere: a key opens all the same, or a row is left.
        KeyMissing: the key folder is away, and the tenant's halves with it.
    """
    scope = {"tenant": tenant}
    destroyed = []
    for row in (await tx.execute(_KEYS, scope)).all():
        _destroy(keys, tenant, row.key_id, row.sealed_half)
        wave = None if row.wave_id is None else str(row.wave_id)
        destroyed.append({"key": str(row.key_id), "wave": wave, "public_key": row.public_key.hex(), "opens": False})
    return {
        "format": FORMAT,
        "tenant": str(tenant),
        "deleted_at": now.isoformat(),
        "keys": destroyed,
        "rows": await _delete_rows(tx, scope, metadata),
    }


def _destroy(keys: WaveKeys, tenant: UUID, key: UUID, sealed_half: bytes) -> None:
    """Delete a half, and try whether the private key can still be put together."""
    keys.destroy(tenant, key)
    try:
        keys.private_key(tenant, key, sealed_half)
    except (KeyMissing, CryptoError, ValueError):
        return
    raise StillThere


async def _delete_rows(tx: AsyncSession, scope: Mapping[str, Any], metadata: MetaData) -> dict[str, int]:
    order = order_of(metadata)
    rows = {name: await tx.scalar(text(_LEFT.format(table=name)), scope) or 0 for name in order.tables}
    for table, column in order.emptied:
        await tx.execute(text(_EMPTY.format(table=table, column=column)), scope)
    for table in order.tables:
        await tx.execute(text(_DELETE.format(table=table)), scope)
    for table in order.tables:
        if await tx.scalar(text(_LEFT.format(table=table)), scope):
            raise StillThere
    return {name: count for name, count in rows.items() if count}
