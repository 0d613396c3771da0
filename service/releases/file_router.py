"""All cells of a release as one file, under an address that stays: CSV, JSON, Parquet and Arrow by suffix."""

from functools import partial
from importlib.util import find_spec
from typing import Annotated, Any

from fastapi import Query, Request, Response

from service.kit.etags import held
from service.kit.file_answers import FileAnswer
from service.kit.kept_files import KeptFiles
from service.kit.strict import api_router
from service.problems import Busy, Invalid, NotFound, problems
from service.releases import cell_files
from service.releases.cell_files import ARROW, CSV, JSON, PARQUET, Form
from service.releases.cell_lines import Excel
from service.releases.problems import FormatNotInstalled, WithdrawnRelease
from service.releases.queries import CellFilter
from service.releases.reading import NOT_MODIFIED, SHAPE, IfNoneMatch, ReleaseToRead, WantedCells, cached_as, etag_of
from service.releases.tables import Release
from service.tenants.principals import database_of

router = api_router()
FORMS = (CSV, JSON, PARQUET, ARROW)
_OF_EXTRA = frozenset({PARQUET.suffix, ARROW.suffix})
# Relative to the cells' own address, so that it holds behind any proxy.
_CERTIFICATE = '<certificate>; rel="describedby"'


def _said(form: Form) -> dict[int | str, dict[str, Any]]:
    media_type = form.media_type.partition(";")[0]
    binary = {"schema": {"type": "string", "format": "binary"}} if form.suffix in _OF_EXTRA else {}
    refused = (NotFound, Invalid, WithdrawnRelease, Busy, *((FormatNotInstalled,) if form.suffix in _OF_EXTRA else ()))
    return {200: {"content": {media_type: binary}}} | NOT_MODIFIED | problems(*refused)


def file_of(request: Request, release: Release, wanted: CellFilter, form: Form, if_none_match: str | None) -> Response:
    """The cells asked for as a file; made at the first call for it, and kept for a while."""
    if form.suffix in _OF_EXTRA and find_spec("pyarrow") is None:
        raise FormatNotInstalled
    headers = cached_as(release, etag_of(release, form.key, wanted.text()))
    if held(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    files: KeptFiles = request.app.state.files
    key = "\0".join((str(release.tenant_id), str(release.release_id), release.digest, SHAPE, form.key, wanted.text()))
    make = partial(cell_files.write, database_of(request), release, wanted, form)
    name = f"{release.release_id}.{form.suffix}"
    get = partial(files.get, release.tenant_id.hex, key, make)
    return FileAnswer(get, headers | {"Link": _CERTIFICATE}, form.media_type, name)


@router.get(
    "/releases/{release_id}/cells.csv",
    operation_id="releases.cells_csv",
    response_class=Response,
    responses=_said(CSV),
)
async def csv_file(
    request: Request,
    release: ReleaseToRead,
    wanted: WantedCells,
    excel: Annotated[
        Excel | None,
        Query(description="for Excel: `en` with a byte order mark, `fr` also with `;` and decimal commas"),
    ] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """All cells as one CSV file (RFC 4180, UTF-8), with the columns of a JSON cell.

    A distribution is text, `option=percent` joined by `; `; a bound is written `<=5` or `>=90`: `1=<=5; 2=20; 3=75`.
    A text that a spreadsheet would run as a formula has an apostrophe in front.
    """
    return file_of(request, release, wanted, Form(CSV.suffix, CSV.media_type, excel), if_none_match)


@router.get(
    "/releases/{release_id}/cells.json",
    operation_id="releases.cells_json",
    response_class=Response,
    responses=_said(JSON),
)
async def json_file(
    request: Request, release: ReleaseToRead, wanted: WantedCells, if_none_match: IfNoneMatch = None
) -> Response:
    """All cells as one JSON array, a cell a line; each as in the pages of `cells`."""
    return file_of(request, release, wanted, JSON, if_none_match)


@router.get(
    "/releases/{release_id}/cells.parquet",
    operation_id="releases.cells_parquet",
    response_class=Response,
    responses=_said(PARQUET),
)
async def parquet_file(
    request: Request, release: ReleaseToRead, wanted: WantedCells, if_none_match: IfNoneMatch = None
) -> Response:
    """All cells as one Parquet file, typed: `dimensions` is a map, `distribution` a list of option, value and bound.

    Columns carry their descriptions. Byte ranges are answered, so that a reader may fetch some columns alone.
    """
    return file_of(request, release, wanted, PARQUET, if_none_match)


@router.get(
    "/releases/{release_id}/cells.arrow",
    operation_id="releases.cells_arrow",
    response_class=Response,
    responses=_said(ARROW),
)
async def arrow_file(
    request: Request, release: ReleaseToRead, wanted: WantedCells, if_none_match: IfNoneMatch = None
) -> Response:
    """All cells as one Arrow IPC file (Feather), with the columns of the Parquet file."""
    return file_of(request, release, wanted, ARROW, if_none_match)
