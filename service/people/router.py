"""The HRIS's side of the organisation."""

from typing import Annotated

from fastapi import Body, Query, Request, Response

from service.kit.lines import documented
from service.kit.pages import Cursor, Limit, link_next, uuid_behind
from service.kit.strict import api_router
from service.kit.text import Day, Wire
from service.people import actions, queries, schemas
from service.people.put_people import put_people as told_people
from service.people.put_units import put_units as told_units
from service.people.spool import Spool, may_write, spooled
from service.problems import Conflict, Invalid, Malformed, TooLarge, UnsupportedMediaType, problems
from service.tenants.principals import Now, Principal, Transaction

router = api_router()
PeopleWriter = Annotated[Principal, may_write]
SpooledUnits = Annotated[Spool[schemas.OrgUnitIn], spooled(schemas.OrgUnitIn)]
SpooledPeople = Annotated[Spool[schemas.PersonIn], spooled(schemas.PersonIn)]
At = Annotated[Day | None, Query(description="a day of the past, UTC; left out: now")]
_ROWS = problems(Malformed, TooLarge, UnsupportedMediaType, Invalid)


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
    """Upsert units, keyed (source, external_id): a JSON array to 1 MiB, or NDJSON to 256 MiB."""
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
    """Upsert people, keyed (source, external_id): a JSON array to 1 MiB, or NDJSON to 256 MiB."""
    return await told_people(tx, caller, rows, now, skip=rows.skip)


@router.put("/dimensions", operation_id="dimensions.put", responses=problems(Invalid, Conflict))
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
