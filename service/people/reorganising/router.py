"""Reorganisations, as the HRIS tells or plans them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from service.kit.pages import Cursor, Limit, link_next, uuid_behind
from service.kit.strict import api_router
from service.people.callers import PeopleWriter
from service.people.problems import OrganisationBusy
from service.people.reorganising import actions, queries
from service.people.reorganising.schemas import LineageOut, ReorganisationIn, ReorganisationOut, ReorganisationPage
from service.people.turns import in_turn
from service.problems import Conflict, Invalid, NotFound, problems
from service.tenants.principals import Now, Transaction
from service.tenants.scopes import Scope

router = api_router()
DryRun = Annotated[bool, Query(description="say what it would change, and keep nothing")]


@router.post(
    "/reorganisations",
    status_code=201,
    operation_id="reorganisations.create",
    dependencies=[in_turn(Scope.people_write)],
    responses=problems(Invalid, OrganisationBusy),
)
async def create_reorganisation(
    caller: PeopleWriter, tx: Transaction, now: Now, wanted: ReorganisationIn, dry_run: DryRun = False
) -> ReorganisationOut:
    """Move, merge and split units, all of it or nothing; planned where its day is to come, at 00:00 UTC."""
    return await actions.reorganise(tx, caller, wanted, now, dry_run=dry_run)


@router.get("/reorganisations", operation_id="reorganisations.list", responses=problems(Invalid))
async def list_reorganisations(
    request: Request,
    response: Response,
    caller: PeopleWriter,
    tx: Transaction,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ReorganisationPage:
    """Those that were done, planned, given up or refused on their day, oldest first."""
    page = await queries.reorganisations(tx, caller.tenant_id, uuid_behind(cursor), limit)
    return ReorganisationPage(data=page.rows, next=link_next(request, response, page))


@router.get("/reorganisations/{reorganisation_id}", operation_id="reorganisations.get", responses=problems(NotFound))
async def get_reorganisation(caller: PeopleWriter, tx: Transaction, reorganisation_id: UUID) -> ReorganisationOut:
    """One reorganisation, and how it ended."""
    return ReorganisationOut.of(await queries.reorganisation(tx, caller.tenant_id, reorganisation_id))


@router.post(
    "/reorganisations/{reorganisation_id}/cancel",
    operation_id="reorganisations.cancel",
    dependencies=[in_turn(Scope.people_write)],
    responses=problems(NotFound, Conflict, OrganisationBusy),
)
async def cancel_reorganisation(
    caller: PeopleWriter, tx: Transaction, now: Now, reorganisation_id: UUID
) -> ReorganisationOut:
    """Give a planned one up."""
    return await actions.cancel(tx, caller, reorganisation_id, now)


@router.get("/org-unit-lineage", operation_id="org_units.lineage")
async def list_lineage(caller: PeopleWriter, tx: Transaction) -> list[LineageOut]:
    """What became of units that were merged or split, oldest first."""
    return await queries.lineage(tx, caller.tenant_id)
