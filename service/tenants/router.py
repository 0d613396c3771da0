"""Keys and the audit log, for a tenant's own administrator."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from service.kit.pages import Cursor, Limit, link_next, uuid_behind
from service.kit.reasons import Fault
from service.kit.strict import api_router
from service.problems import Invalid, NotFound, problems
from service.tenants import actions, queries
from service.tenants.principals import Now, Principal, Transaction, holding, registrar_of
from service.tenants.schemas import AuditPage, KeyIn, KeyMade, KeyOut
from service.tenants.scopes import Scope

router = api_router()
Admin = Annotated[Principal, holding(Scope.admin)]


@router.post("/api-keys", status_code=201, operation_id="api_keys.create", responses=problems(Invalid))
async def create_api_key(
    request: Request, caller: Admin, tx: Transaction, now: Now, response: Response, given: KeyIn
) -> KeyMade:
    """Make a key. Its text is in this answer and nowhere else."""
    if given.expires_at is not None and given.expires_at <= now:
        raise Invalid(faults=[Fault("/expires_at", "must be in the future")])
    key = await actions.create_key(
        tx, registrar_of(request), caller.tenant_id, given.name, given.scopes, now, caller.actor, given.expires_at
    )
    response.headers["Cache-Control"] = "no-store"
    return KeyMade(id=key.key_id, key=key.text())


@router.get("/api-keys", operation_id="api_keys.list")
async def list_api_keys(caller: Admin, tx: Transaction) -> list[KeyOut]:
    """All keys, without their secrets."""
    return await queries.keys(tx, caller.tenant_id)


@router.delete("/api-keys/{key_id}", status_code=204, operation_id="api_keys.revoke", responses=problems(NotFound))
async def revoke_api_key(caller: Admin, tx: Transaction, now: Now, key_id: UUID) -> None:
    """Refuse the key from now on."""
    await actions.revoke_key(tx, caller.tenant_id, key_id, now, caller.actor)


@router.get("/audit-log", operation_id="audit_log.list", responses=problems(Invalid))
async def list_audit_log(
    request: Request, response: Response, caller: Admin, tx: Transaction, limit: Limit = 100, cursor: Cursor = None
) -> AuditPage:
    """Administrative acts, oldest first."""
    page = await queries.audit_log(tx, caller.tenant_id, uuid_behind(cursor), limit)
    return AuditPage(data=page.rows, next=link_next(request, response, page))
