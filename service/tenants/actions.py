"""Making tenants and keys, and writing down who did what."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit import jobs
from service.kit.ids import new_id
from service.problems import NotFound
from service.tenants import expiring
from service.tenants.fingerprints import fingerprint, state_of
from service.tenants.keys import SECRET_BYTES, Key
from service.tenants.registrar import Registrar, Unit
from service.tenants.scopes import Scope
from service.tenants.tables import ApiKey, AuditEntry, Tenant

AUDIT_CHAIN = "audit_chain"
RETENTION = "retention"
EVERY_TENANT = (AUDIT_CHAIN, RETENTION)
"""The jobs that come again and again, for every tenant."""


def audit(
    tx: AsyncSession,
    tenant: UUID,
    now: datetime,
    actor: str,
    action: str,
    subject: str,
    before: Any = None,
    after: Any = None,
    **detail: Any,
) -> None:
    """Write down an administrative act, in the transaction that performs it. Ids and names of things, no content.

    Args:
        tx: the transaction.
        tenant: whose log.
        now: the moment.
        actor: who.
        action: what, as noun and verb.
        subject: of what.
        before: the thing's state until now, a mapping of which a fingerprint is kept; None where it has none.
        after: the same, as it is from now on.
        detail: what else is to be known of the act; nothing personal.
    """
    fingerprints = {"before": fingerprint(before), "after": fingerprint(after)}
    entry = AuditEntry(
        tenant_id=tenant, entry_id=new_id(), at=now, actor=actor, action=action, subject=subject, detail=detail,
        **fingerprints,
    )  # fmt: skip
    tx.add(entry)


async def create_tenant(tx: AsyncSession, tenant: UUID, name: str, now: datetime, actor: str) -> None:
    """A new tenant; the transaction must already be the tenant's own."""
    tx.add(Tenant(tenant_id=tenant, name=name, created_at=now))
    await tx.flush()
    audit(tx, tenant, now, actor, "tenant.created", str(tenant))
    for kind in EVERY_TENANT:
        await jobs.enqueue(tx, tenant, kind, tenant, now)


async def create_key(
    tx: AsyncSession,
    registrar: Registrar,
    tenant: UUID,
    name: str,
    scopes: Iterable[Scope],
    now: datetime,
    actor: str,
    expires_at: datetime | None = None,
    unit: Unit | None = None,
    recipient: str | None = None,
) -> Key:
    """A new key, of one unit's results alone or as one recipient, where it has one.

    Its text can be shown only now: only a hash is kept.
    """
    key = Key(tenant, new_id(), secrets.token_bytes(SECRET_BYTES))
    held = sorted(str(scope) for scope in set(scopes))
    made = ApiKey(
        tenant_id=tenant,
        key_id=key.key_id,
        name=name,
        secret_hash=key.secret_hash(),
        scopes=held,
        created_at=now,
        expires_at=expires_at,
        mac=registrar.sign(tenant, key.key_id, key.secret_hash(), held, expires_at, unit, recipient),
        unit_source=None if unit is None else unit.source,
        unit=None if unit is None else unit.external_id,
        recipient=recipient,
    )
    tx.add(made)
    limit: dict[str, Any] = {} if unit is None else {"unit": unit._asdict()}
    limit |= {} if recipient is None else {"recipient": recipient}
    audit(tx, tenant, now, actor, "key.created", str(key.key_id), after=state_of(made), name=name, scopes=held, **limit)
    await expiring.foresee(tx, tenant, key.key_id, expires_at, now)
    return key


async def revoke_key(tx: AsyncSession, tenant: UUID, key_id: UUID, now: datetime, actor: str) -> None:
    """Refuse the key from now on; revoking twice keeps the first moment."""
    found = await tx.get(ApiKey, (tenant, key_id))
    if found is None:
        raise NotFound
    if found.revoked_at is None:
        mine = (col(ApiKey.tenant_id) == tenant) & (col(ApiKey.key_id) == key_id)
        before = state_of(found)
        await tx.execute(update(ApiKey).where(mine).values(revoked_at=now))
        audit(tx, tenant, now, actor, "key.revoked", str(key_id), before=before, after=before | {"revoked_at": now})
