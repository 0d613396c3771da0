"""Questionnaires of other programs read, and ours written for them. An import creates nothing: it gives a document."""

from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.kit.etags import tag
from service.kit.idempotency import NOTHING_WRITTEN
from service.kit.reasons import ParameterFault
from service.kit.strict import api_router, read
from service.problems import Invalid, NotFound, TooLarge, TooSlow, UnsupportedMediaType, problems
from service.questionnaires import queries
from service.questionnaires.admission import Admitted
from service.questionnaires.catalogue.page import HTML, headers_of
from service.questionnaires.formats import choose, own, printable, xlsform_write
from service.questionnaires.formats.readers import apart
from service.questionnaires.formats.report import Entry, Unreadable, Written
from service.questionnaires.formats.tags import tag_of
from service.questionnaires.lint.checked import Checked, check, not_to_be_kept, stored_here
from service.questionnaires.problems import FileUnreadable, ReadersBusy
from service.questionnaires.router import Number
from service.questionnaires.schemas import ImportOut, NoteOut, ReportOut
from service.tenants.principals import OpenDatabase

router = api_router()
MOST_BYTES = 2 << 20
_ANY = "application/octet-stream"
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TAKEN = {
    "xlsform": {_WORKBOOK},
    "lss": {"application/xml", "text/xml"},
    "surveyjs": {"application/json"},
    "json": {"application/json"},
}
"""By format, the media types that say so; `application/octet-stream` says nothing and is taken for each."""
_WRITTEN = {"json": ("application/json", "json"), "xlsform": (_WORKBOOK, "xlsx"), "html": (HTML, "html")}
"""By format, the media type and the file's extension."""
_FILE = {"type": "string", "format": "binary"}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file, at most 2 MiB",
        "content": {
            _ANY: {"schema": _FILE, "example": "the file's bytes"},
            _WORKBOOK: {"schema": _FILE, "example": "the bytes of an .xlsx file"},
            "application/xml": {"schema": _FILE, "example": "<?xml version='1.0'?><document>...</document>"},
            "application/json": {
                "schema": {"type": "object"},
                "example": {"elements": [{"type": "text", "name": "q1"}]},
            },
        },
    }
}
_FILES_OUT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            _WORKBOOK: {"schema": _FILE},
            HTML: {"schema": {"type": "string"}},
        },
    }
}
Tongue = Annotated[str | None, Query(max_length=35, description="code of a language, such as `fr` or `pt-BR`")]
Target = Annotated[Literal["json", "xlsform", "html"], Query(alias="format")]


class Found(NamedTuple):
    """What there is of a file: the document, what it lacks of the file, and what there is to say of it."""

    document: dict[str, Any]
    report: list[Entry]
    checked: Checked


class Exported(NamedTuple):
    """A version as a file."""

    written: Written
    key: str
    etag: str


@router.post(
    "/questionnaires/imports",
    operation_id="questionnaires.import",
    dependencies=[NOTHING_WRITTEN],
    openapi_extra=_BODY,
    responses=problems(Invalid, FileUnreadable, TooLarge, TooSlow, UnsupportedMediaType, ReadersBusy),
)
async def import_questionnaire(
    request: Request,
    _: Admitted,
    kind: Annotated[Literal["xlsform", "lss", "surveyjs", "json"], Query(alias="format")],
    language: Annotated[str, Query(max_length=35, description="of texts for which the file names none")] = "fr",
) -> ImportOut:
    """Read a questionnaire of another program (.xlsx for XLSForm, .lss of LimeSurvey, JSON of SurveyJS) or our own.

    Nothing is kept: the answer holds the document, which may have faults to mend, and a report of everything in the
    file that it could not carry over as it was.
    """
    tongue = _tag(language)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _TAKEN[kind] | {_ANY}:
        raise UnsupportedMediaType(f"Send {_ANY}, or the media type of the format.")
    data = await read(request, MOST_BYTES, "A file may have 2 MiB.")

    def look() -> Found:
        found = choose.read(data, kind, tongue)
        if faults := not_to_be_kept(found.document):
            raise Unreadable(f"the document {faults[0].reason}")
        return Found(found.document, list(found.report), check(found.document))

    try:
        found = await apart(look)
    except Unreadable as error:
        raise FileUnreadable(str(error)) from None
    return ImportOut(
        document=found.document,
        report=ReportOut.all_of(found.report),
        faults=NoteOut.all_of(found.checked.faults),
        hints=NoteOut.all_of(found.checked.hints),
    )


async def _exported(
    caller: Admitted,
    database: OpenDatabase,
    questionnaire_id: UUID,
    number: Number,
    kind: Target = "json",
    language: Tongue = None,
) -> Exported:
    tongue = None if language is None else _tag(language)
    if tongue is not None and kind != "html":
        raise Invalid(faults=[ParameterFault("language", "query", "is of use with html alone")])
    async with database.transaction(caller.tenant_id) as tx:
        version = await queries.version(tx, caller.tenant_id, questionnaire_id, number)

    def write() -> Written:
        document = stored_here(version.document)
        if kind == "html":
            return printable.write(document, tongue)
        return xlsform_write.write(document) if kind == "xlsform" else own.write(document)

    return Exported(await apart(write), version.document["key"], tag(version.digest))


Export = Annotated[Exported, Depends(_exported)]


@router.get(
    "/questionnaires/{questionnaire_id}/versions/{number}/export",
    operation_id="questionnaires.export",
    response_class=Response,
    responses=_FILES_OUT | problems(Invalid, NotFound, ReadersBusy),
)
async def export_version(request: Request, export: Export, number: Number, kind: Target = "json") -> Response:
    """A version as a file: our own JSON, an XLSForm workbook, or a page to print in one language.

    `Link: rel="describedby"` leads to the report of what the file could not carry over.
    """
    media, extension = _WRITTEN[kind]
    headers = {
        "Content-Disposition": f'attachment; filename="{export.key}-{number}.{extension}"',
        "Cache-Control": "private, no-cache",
        # Relative, so that it holds behind any proxy.
        "Link": f'<export/report?{request.url.query}>; rel="describedby"',
    }
    if kind == "html":
        headers |= headers_of(export.written.data)
    return Response(export.written.data, media_type=media, headers=headers)


@router.get(
    "/questionnaires/{questionnaire_id}/versions/{number}/export/report",
    operation_id="questionnaires.export_report",
    responses=problems(Invalid, NotFound, ReadersBusy),
)
async def report_export(export: Export) -> list[ReportOut]:
    """What of a version its file could not carry over, thing by thing."""
    return ReportOut.all_of(export.written.report)


def _tag(language: str) -> str:
    found = tag_of(language)
    if found is None:
        raise Invalid(
            faults=[ParameterFault("language", "query", "must be the code of a language, such as fr or pt-BR")]
        )
    return found
