"""Errors in the form of OData, which never say back what was sent."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from service.problems import Problem

VERSION: Final = {"OData-Version": "4.0"}
JSON: Final = "application/json;odata.metadata=minimal;charset=utf-8"


class Refused(Exception):
    """A request that is refused in OData's own words.

    Attributes:
        target: which part of the request it is about.
    """

    status: int = 400
    code: str = "BadRequest"

    def __init__(self, sentence: str, target: str | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(self.code)
        self.sentence = sentence
        self.target = target
        self.headers = dict(headers or {})


class Unknown(Refused):
    """No such entity set, or no such entity; what belongs to another tenant looks the same."""

    status, code = 404, "NotFound"


class NotAcceptable(Refused):
    """There is no such format here."""

    status, code = 406, "NotAcceptable"


class Unsupported(Refused):
    """A part of the protocol that is not implemented."""

    status, code = 501, "NotImplemented"


def refusal_of(error: Refused | Problem) -> Response:
    """The answer that says so."""
    if isinstance(error, Refused):
        details = [_detail(error.code, error.sentence, error.target)] if error.target else []
        return _response(error.status, error.code, error.sentence, details, error.headers)
    code = "".join(part.capitalize() for part in error.slug.split("-"))
    faults = [_detail(code, fault.reason, None) for fault in error.faults]
    return _response(error.status, code, error.detail or error.title, faults, error.headers)


def _detail(code: str, message: str, target: str | None) -> dict[str, str]:
    detail = {"code": code, "message": message}
    return detail | ({"target": target} if target else {})


def _response(
    status: int, code: str, message: str, details: Sequence[Mapping[str, str]], headers: Mapping[str, str]
) -> Response:
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = list(details)
    body = json.dumps({"error": error}, ensure_ascii=False)
    return Response(body, status, VERSION | dict(headers), media_type=JSON)
