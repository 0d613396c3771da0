"""Keys and the audit log, for a tenant's own administrator."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlmodel import col

from service.kit.pages import Cursor, Limit, link_next, page_of, uuid_behind
from service.kit.reasons import Fault
from service.kit.strict import api_router
from service.kit.text import Moment, Name, Wire
from service.problems import Invalid, NotFound, problems
from service.tenants import actions
from service.tenants.principals import Now, Principal, Transaction, holding
from service.tenants.scopes import Scope
from service.tenants.tables import ApiKey, AuditEntry

router = api_router()
Admin = Annotated[Principal, holding(Scope.admin)]


class KeyIn(Wire):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Power BI", "scopes": ["aggregates:read"], "expires_at": None}]}
    )

    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    expires_at: Moment | None = None


class KeyOut(Wire):
    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyMade(Wire):
    """The only time the key is shown: the database keeps a hash."""

    id: UUID
    key: str


class AuditEntryOut(Wire):
    id: UUID
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


class AuditPage(Wire):
    data: list[AuditEntryOut]
    next: str | None


@router.post("/api-keys", status_code=201, operation_id="api_keys.create", responses=problems(Invalid))
async def create_api_key(caller: Admin, tx: Transaction, now: Now, response: Response, given: KeyIn) -> KeyMade:
    """Make a key. Its text is in this answer and nowhere else."""
    if given.expires_at is not None and given.expires_at <= now:
        raise Invalid(faults=[Fault("/expires_at", "must be in the future")])
    key = await actions.create_key(tx, caller.tenant_id, given.name, given.scopes, now, caller.actor, given.expires_at)
    response.headers["Cache-Control"] = "no-store"
    return KeyMade(id=key.key_id, key=key.text())


@router.get("/api-keys", operation_id="api_keys.list")
async def list_api_keys(caller: Admin, tx: Transaction) -> list[KeyOut]:
    """All keys, without their secrets."""
    found = await tx.scalars(
        select(ApiKey).where(col(ApiKey.tenant_id) == caller.tenant_id).order_by(col(ApiKey.key_id))
    )
    return [
        KeyOut(
            id=row.key_id,
            name=row.name,
            scopes=row.scopes,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )
        for row in found
    ]


@router.delete("/api-keys/{key_id}", status_code=204, operation_id="api_keys.revoke", responses=problems(NotFound))
async def revoke_api_key(caller: Admin, tx: Transaction, now: Now, key_id: UUID) -> None:
    """Refuse the key from now on."""
    await actions.revoke_key(tx, caller.tenant_id, key_id, now, caller.actor)


@router.get("/audit-log", operation_id="audit_log.list", responses=problems(Invalid))
async def list_audit_log(
    request: Request, response: Response, caller: Admin, tx: Transaction, limit: Limit = 100, cursor: Cursor = None
) -> AuditPage:
    """Administrative acts, oldest first."""
    statement = select(AuditEntry).where(col(AuditEntry.tenant_id) == caller.tenant_id)
    after = uuid_behind(cursor)
    if after is not None:
        statement = statement.where(col(AuditEntry.entry_id) > after)
    found = (await tx.scalars(statement.order_by(col(AuditEntry.entry_id)).limit(limit + 1))).all()
    page = page_of(
        found,
        limit,
        key=lambda row: str(row.entry_id),
        show=lambda row: AuditEntryOut(
            id=row.entry_id,
            at=row.at,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            detail=row.detail,
        ),
    )
    return AuditPage(data=page.rows, next=link_next(request, response, page))
