"""People's data on request, erasures, how long what is kept, and who read what; for a tenant's administrator."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from service.campaigns.problems import ContractBroken
from service.kit.idempotency import SECRET_REPLY
from service.kit.pages import Cursor, Limit, key_behind, link_next
from service.kit.strict import api_router
from service.people.problems import OrganisationBusy
from service.people.turns import in_turn
from service.privacy import erasing, personal, queries, retention
from service.privacy.readings import Readings
from service.privacy.schemas import DataSubject, DataSubjectExport, ErasureOut, ReadAccessPage, RetentionOut
from service.problems import Invalid, Malformed, NotFound, problems
from service.tenants.principals import Now, Principal, Transaction, holding
from service.tenants.scopes import Scope

router = api_router()
Admin = Annotated[Principal, holding(Scope.admin)]


@router.post(
    "/data-subjects/export",
    operation_id="data_subjects.export",
    dependencies=[SECRET_REPLY],
    responses=problems(Malformed, Invalid, NotFound, ContractBroken),
)
async def export_data_subject(
    request: Request, response: Response, caller: Admin, tx: Transaction, now: Now, asked: DataSubject
) -> DataSubjectExport:
    """All that is held of a person, with what is to be told them of their answers, which can not be found.

    Rows come as they are stored, so that what a later version stores comes with them. The act is written to the audit
    log, under a digest of the person's id.
    """
    response.headers["Cache-Control"] = "no-store"
    state = request.app.state
    return await personal.export(tx, caller, asked, state.subjects, state.notary, now)


@router.post(
    "/data-subjects/erase",
    status_code=202,
    operation_id="data_subjects.erase",
    dependencies=[in_turn(Scope.admin)],
    responses=problems(Malformed, Invalid, NotFound, OrganisationBusy),
)
async def erase_data_subject(
    request: Request, caller: Admin, tx: Transaction, now: Now, asked: DataSubject
) -> ErasureOut:
    """Erase a person. The worker does it, at once or when the waves that invite them are over; `waits_for` names those.

    Nobody invites them from now on, and until it is done nothing that is sent of them is kept. Take them out of the HR
    system first: what it sends afterwards is stored again. Once it is done the person is not known any more, and asking
    again is a 404.
    """
    return await erasing.ask(tx, caller, asked, request.app.state.subjects, now)


@router.get(
    "/erasures/{erasure_id}",
    operation_id="erasures.get",
    responses=problems(Invalid, NotFound),
)
async def get_erasure(caller: Admin, tx: Transaction, erasure_id: UUID) -> ErasureOut:
    """How far an erasure is; it names nobody."""
    return await erasing.one(tx, caller.tenant_id, erasure_id)


@router.get("/retention", operation_id="retention.list")
async def list_retention(request: Request, caller: Admin) -> list[RetentionOut]:  # noqa: ARG001 - asks for the scope
    """How long each table keeps its rows, why, and what ends it."""
    return retention.table_of(retention.days_of(request.app.state.settings.retention))


@router.get("/read-access", operation_id="read_access.list", responses=problems(Invalid))
async def list_read_access(
    request: Request,
    response: Response,
    caller: Admin,
    tx: Transaction,
    since: Annotated[date | None, Query(description="the first day to be told of")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ReadAccessPage:
    """Who read which results, comments, links and logs, how often on which day. Counts come within some seconds."""
    readings: Readings = request.app.state.readings
    await readings.try_write()
    page = await queries.read_access(tx, caller.tenant_id, since, key_behind(cursor), limit)
    return ReadAccessPage(data=page.rows, next=link_next(request, response, page))
