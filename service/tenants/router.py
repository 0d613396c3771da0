"""Keys and the audit log, for a tenant's own administrator."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from service.kit.idempotency import SECRET_REPLY
from service.kit.pages import Cursor, Limit, link_next, uuid_behind
from service.kit.reasons import Fault
from service.kit.strict import api_router
from service.kit.text import Moment
from service.problems import Invalid, NotFound, problems
from service.tenants import actions, queries
from service.tenants.access_tokens import client_id_of
from service.tenants.principals import Now, OpenDatabase, Principal, Transaction, holding, registrar_of
from service.tenants.registrar import unit_of
from service.tenants.schemas import AuditPage, KeyIn, KeyMade, KeyOut
from service.tenants.scopes import Scope

router = api_router()
Admin = Annotated[Principal, holding(Scope.admin)]
_LINES_OUT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/x-ndjson": {"schema": {"$ref": "#/components/schemas/AuditLine"}}}}
}


@router.post(
    "/api-keys",
    status_code=201,
    operation_id="api_keys.create",
    dependencies=[SECRET_REPLY],
    responses=problems(Invalid),
)
async def create_api_key(
    request: Request, caller: Admin, tx: Transaction, now: Now, response: Response, given: KeyIn
) -> KeyMade:
    """Make a key. Its text is in this answer and nowhere else."""
    if given.expires_at is not None and given.expires_at <= now:
        raise Invalid(faults=[Fault("/expires_at", "must be in the future")])
    is_limited = given.unit is not None or given.recipient is not None
    if is_limited and set(given.scopes) != {Scope.aggregates_read}:
        raise Invalid(faults=[Fault("/scopes", "must be aggregates:read alone for a key of a unit or a recipient")])
    unit = None if given.unit is None else unit_of(given.unit.source, given.unit.external_id)
    key = await actions.create_key(
        tx, registrar_of(request), caller.tenant_id, given.name, given.scopes, now, caller.actor, given.expires_at,
        unit, given.recipient,
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return KeyMade(id=key.key_id, client_id=client_id_of(key.tenant_id, key.key_id), key=key.text())


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


@router.get(
    "/audit-log/export",
    operation_id="audit_log.export",
    response_class=StreamingResponse,
    responses=_LINES_OUT | problems(Invalid),
)
async def export_audit_log(
    caller: Admin,
    database: OpenDatabase,
    since: Annotated[Moment | None, Query(description="the first moment")] = None,
    until: Annotated[Moment | None, Query(description="the first moment that is not told any more")] = None,
) -> StreamingResponse:
    """Administrative acts of a period, one JSON object a line, each with its place in the log's chain.

    `pouls audit-log check` verifies the chain; number and MAC of the last line, kept elsewhere, tell whether its end
    was cut off since.
    """
    found = queries.audit_lines(database, caller.tenant_id, since, until)
    return StreamingResponse(found, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})
