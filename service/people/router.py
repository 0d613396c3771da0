"""The HRIS's side of the organisation."""

from typing import Annotated

from fastapi import Body, Query, Request, Response

from service.kit.lines import documented
from service.kit.pages import Cursor, Limit, link_next, uuid_behind
from service.kit.strict import api_router
from service.kit.text import Day, ExternalId, Slug, Wire
from service.people import actions, people_list, queries, schemas
from service.people.callers import PeopleWriter
from service.people.problems import OrganisationBusy
from service.people.put_people import put_people as told_people
from service.people.put_units import put_units as told_units
from service.people.spool import Spool, spooled
from service.people.turns import in_turn
from service.problems import Conflict, Invalid, Malformed, TooLarge, TooSlow, UnsupportedMediaType, problems
from service.tenants.principals import Now, Transaction
from service.tenants.scopes import Scope

router = api_router()
SpooledUnits = Annotated[Spool[schemas.OrgUnitIn], spooled(schemas.OrgUnitIn)]
SpooledPeople = Annotated[Spool[schemas.PersonIn], spooled(schemas.PersonIn)]
InSource = Annotated[Slug | None, Query(max_length=63)]
InUnit = Annotated[ExternalId | None, Query(description="a unit of the line: who is in it, not in those below")]
OfId = Annotated[ExternalId | None, Query()]
OfActivity = Annotated[bool | None, Query()]
At = Annotated[Day | None, Query(description="a day of the past, UTC; left out: now")]
_ROWS = problems(Malformed, TooLarge, TooSlow, UnsupportedMediaType, Invalid, OrganisationBusy)


class PersonPage(Wire):
    data: list[schemas.PersonOut]
    next: str | None


class OrgUnitPage(Wire):
    data: list[schemas.OrgUnitOut]
    next: str | None


@router.put(
    "/org-units",
    operation_id="org_units.put",
    openapi_extra=documented(schemas.OrgUnitIn),
    responses=_ROWS,
)
async def put_org_units(rows: SpooledUnits, caller: PeopleWriter, tx: Transaction, now: Now) -> schemas.UpsertOut:
    """Upsert units, keyed (source, external_id): a JSON array to 1 MiB, or NDJSON to 256 MiB.

    Without blanks and what is left at its default the rows may have 64 MiB, and be 2,000,000. A tenant sends one call
    of more than 1 MiB at a time; another one is refused as `busy`.
    """
    return await told_units(tx, caller, rows, now, skip=rows.skip)


@router.get("/org-units", operation_id="org_units.list", responses=problems(Invalid))
async def list_org_units(
    request: Request,
    response: Response,
    caller: PeopleWriter,
    tx: Transaction,
    now: Now,
    limit: Limit = 100,
    cursor: Cursor = None,
    at: At = None,
) -> OrgUnitPage:
    """The units as they are, or as they were on a day, a page at a time; where they were merged into, see lineage."""
    page = await queries.units(tx, caller.tenant_id, uuid_behind(cursor), limit, at, now)
    return OrgUnitPage(data=page.rows, next=link_next(request, response, page))


@router.put(
    "/people",
    operation_id="people.put",
    openapi_extra=documented(schemas.PersonIn),
    responses=_ROWS,
)
async def put_people(rows: SpooledPeople, caller: PeopleWriter, tx: Transaction, now: Now) -> schemas.UpsertOut:
    """Upsert people, keyed (source, external_id): a JSON array to 1 MiB, or NDJSON to 256 MiB.

    Without blanks and what is left at its default the rows may have 64 MiB, and be 2,000,000. A tenant sends one call
    of more than 1 MiB at a time; another one is refused as `busy`.
    """
    return await told_people(tx, caller, rows, now, skip=rows.skip)


@router.get("/people", operation_id="people.list", responses=problems(Invalid))
async def list_people(
    request: Request,
    response: Response,
    caller: PeopleWriter,
    tx: Transaction,
    source: InSource = None,
    unit: InUnit = None,
    active: OfActivity = None,
    external_id: OfId = None,
    limit: Limit = 100,
    cursor: people_list.CursorOfPeople = None,
) -> PersonPage:
    """Whom Pouls knows, by source and external id, a page at a time; who was deleted is in no page.

    Each row is as `PUT` takes it. Reading is counted: see `GET /v1/read-access`.
    """
    asked = people_list.Asked(source, unit, active, external_id)
    page = await people_list.people(tx, caller.tenant_id, asked, people_list.behind(cursor), limit)
    return PersonPage(data=page.rows, next=link_next(request, response, page))


@router.put(
    "/dimensions",
    operation_id="dimensions.put",
    dependencies=[in_turn(Scope.people_write)],
    responses=problems(Invalid, Conflict, OrganisationBusy),
)
async def put_dimensions(
    caller: PeopleWriter,
    tx: Transaction,
    now: Now,
    dimensions: Annotated[list[schemas.Dimension], Body(min_length=1, max_length=50)],
) -> list[schemas.Dimension]:
    """Declare dimensions with their closed lists of values."""
    await actions.put_dimensions(tx, caller, dimensions, now)
    return await queries.dimensions(tx, caller.tenant_id)


@router.get("/dimensions", operation_id="dimensions.list")
async def list_dimensions(caller: PeopleWriter, tx: Transaction) -> list[schemas.Dimension]:
    """The declared dimensions."""
    return await queries.dimensions(tx, caller.tenant_id)
