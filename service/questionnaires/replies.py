"""A document as a reply: the JSON itself, with its digest as a strong `ETag`."""

from typing import Annotated, Any

from fastapi import Header
from starlette.responses import JSONResponse, Response

from service.kit.etags import held, tag
from service.questionnaires.schemas import EXAMPLE

IfNoneMatch = Annotated[str | None, Header(max_length=4000)]


def documented() -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an operation that answers with a document."""
    return {
        200: {
            "description": "The document; its digest is the `ETag`",
            "content": {"application/json": {"schema": {"type": "object"}, "example": EXAMPLE}},
        },
        304: {"description": "Not changed since the ETag that was sent"},
    }


def document_reply(document: dict[str, Any], digest: str, if_none_match: str | None) -> Response:
    """The document, or 304 for whoever has it already."""
    headers = {"ETag": tag(digest), "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if held(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    return JSONResponse(document, headers=headers)
