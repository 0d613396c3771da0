"""Files of people: what they would change, what they changed, and taking that back."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Path, Query, Request, Response

from service.kit.pages import Cursor, Limit, link_next, uuid_behind
from service.kit.strict import api_router
from service.kit.text import Slug, Wire
from service.people.callers import PeopleWriter
from service.people.imports import actions, queries, schemas, undo
from service.people.imports import problems as refusals
from service.people.imports.asking import AskedImport
from service.people.imports.mapping import ImportMapping
from service.people.imports.upload import CSV, WORKBOOK, Uploaded
from service.people.turns import in_turn
from service.problems import Invalid, NotFound, TooLarge, TooSlow, UnsupportedMediaType, problems
from service.tenants.principals import Now, Transaction
from service.tenants.scopes import Scope

router = api_router()
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file, at most 256 MiB",
        "content": {
            CSV: {
                "schema": {"type": "string"},
                "example": "Matricule;Code service;Matricule N+1;Date d'entrée\nE1042;D12;E7;31/12/2024\n",
            },
            WORKBOOK: {"schema": {"type": "string", "format": "binary"}, "example": "the bytes of an .xlsx file"},
        },
    }
}
SourceName = Annotated[Slug, Path(max_length=63)]


class ImportPage(Wire):
    data: list[schemas.ImportSummary]
    next: str | None


@router.post(
    "/people/imports",
    operation_id="people_imports.create",
    status_code=201,
    response_model=schemas.PeopleImportOut,
    openapi_extra=_BODY,
    responses=problems(
        Invalid,
        TooLarge,
        TooSlow,
        UnsupportedMediaType,
        refusals.ImportUnreadable,
        refusals.ImportHeadersRefused,
        refusals.ImportEmpty,
        refusals.ImportTooRisky,
        refusals.ImportRunning,
        refusals.ImportersBusy,
    ),
)
async def create_import(
    parsed: Uploaded, response: Response, asked: AskedImport, caller: PeopleWriter, tx: Transaction, now: Now
) -> schemas.PeopleImportOut | Response:
    """Read a file of people: CSV in any usual encoding, or the first sheet of an XLSX workbook.

    Good lines are taken, the others are listed and change nobody. A column that the file does not have changes nothing;
    an empty cell empties. An id in a line that is refused still counts as being in the file.
    """
    outcome = await actions.run(tx, caller, asked, parsed, now)
    address = f"/v1/people/imports/{outcome.out.id}"
    if outcome.risks:
        # Answered, not raised: the report is to be kept, and nothing else was written.
        told = f"{'; '.join(outcome.risks)}; {refusals.SEND_AGAIN}."
        refused = refusals.ImportTooRisky(told, headers={"Location": address}, import_id=str(outcome.out.id))
        return refused.response()
    response.headers["Location"] = address
    return outcome.out


@router.get("/people/imports", operation_id="people_imports.list", responses=problems(Invalid))
async def list_imports(
    request: Request,
    response: Response,
    caller: PeopleWriter,
    tx: Transaction,
    source: Annotated[Slug | None, Query(max_length=63)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ImportPage:
    """The imports of the last thirty days, the latest first."""
    page = await queries.imports(tx, caller.tenant_id, source, uuid_behind(cursor), limit)
    return ImportPage(data=page.rows, next=link_next(request, response, page))


@router.get("/people/imports/{import_id}", operation_id="people_imports.get", responses=problems(NotFound, Invalid))
async def get_import(import_id: UUID, caller: PeopleWriter, tx: Transaction) -> schemas.PeopleImportOut:
    """An import with its report; whom it changed, as long as they are there."""
    return await queries.one(tx, caller.tenant_id, import_id)


@router.post(
    "/people/imports/{import_id}/undo",
    operation_id="people_imports.undo",
    dependencies=[in_turn(Scope.people_write, refusals.ImportRunning)],
    responses=problems(NotFound, Invalid, refusals.ImportNotUndone, refusals.ImportRunning),
)
async def undo_import(import_id: UUID, caller: PeopleWriter, tx: Transaction, now: Now) -> schemas.ImportUndone:
    """Put everybody back as they were before the last import of a source, if nobody else has changed them since."""
    return await undo.undo(tx, caller, import_id, now)


@router.put("/people/import-mappings/{source}", operation_id="import_mappings.put", responses=problems(Invalid))
async def put_mapping(
    source: SourceName, caller: PeopleWriter, tx: Transaction, now: Now, mapping: Annotated[ImportMapping, Body()]
) -> ImportMapping:
    """Say how files of a source are read, from the next one on."""
    await actions.keep_mapping(tx, caller, source, mapping, now)
    return mapping


@router.get(
    "/people/import-mappings/{source}", operation_id="import_mappings.get", responses=problems(NotFound, Invalid)
)
async def get_mapping(source: SourceName, caller: PeopleWriter, tx: Transaction) -> ImportMapping:
    """How files of a source are read, where somebody has said so."""
    found = await queries.mapping(tx, caller.tenant_id, source)
    if found is None:
        raise NotFound
    return found
