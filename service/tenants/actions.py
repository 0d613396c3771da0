"""Making tenants and keys, and writing down who did what."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.ids import new_id
from service.problems import NotFound
from service.tenants.keys import SECRET_BYTES, Key
from service.tenants.registrar import Registrar
from service.tenants.scopes import Scope
from service.tenants.tables import ApiKey, AuditEntry, Tenant


def audit(tx: AsyncSession, tenant: UUID, now: datetime, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Write down an administrative act, in the transaction that performs it. Ids and names of things, no content."""
    tx.add(
        AuditEntry(
            tenant_id=tenant, entry_id=new_id(), at=now, actor=actor, action=action, subject=subject, detail=detail
        )
    )


async def create_tenant(tx: AsyncSession, tenant: UUID, name: str, now: datetime, actor: str) -> None:
    """A new tenant; the transaction must already be the tenant's own."""
    tx.add(Tenant(tenant_id=tenant, name=name, created_at=now))
    await tx.flush()
    audit(tx, tenant, now, actor, "tenant.created", str(tenant))


async def create_key(
    tx: AsyncSession,
    registrar: Registrar,
    tenant: UUID,
    name: str,
    scopes: Iterable[Scope],
    now: datetime,
    actor: str,
    expires_at: datetime | None = None,
) -> Key:
    """A new key. Its text can be shown only now: the database keeps a hash."""
    key = Key(tenant, new_id(), secrets.token_bytes(SECRET_BYTES))
    held = sorted(str(scope) for scope in set(scopes))
    tx.add(
        ApiKey(
            tenant_id=tenant,
            key_id=key.key_id,
            name=name,
            secret_hash=key.secret_hash(),
            scopes=held,
            created_at=now,
            expires_at=expires_at,
            mac=registrar.sign(tenant, key.key_id, key.secret_hash(), held, expires_at),
        )
    )
    audit(tx, tenant, now, actor, "key.created", str(key.key_id), name=name, scopes=held)
    return key


async def revoke_key(tx: AsyncSession, tenant: UUID, key_id: UUID, now: datetime, actor: str) -> None:
    """Refuse the key from now on; revoking twice keeps the first moment."""
    found = await tx.get(ApiKey, (tenant, key_id))
    if found is None:
        raise NotFound
    if found.revoked_at is None:
        mine = (col(ApiKey.tenant_id) == tenant) & (col(ApiKey.key_id) == key_id)
        await tx.execute(update(ApiKey).where(mine).values(revoked_at=now))
        audit(tx, tenant, now, actor, "key.revoked", str(key_id))
