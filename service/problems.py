"""Every refusal is a class: slug, title, status, docstring; every error leaves as RFC 9457 problem+json.

No problem carries what the caller sent: a pointer names the place, a reason says what was expected there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from service.kit.reasons import AnyFault, faults_of

log = structlog.get_logger()
MEDIA_TYPE = "application/problem+json"
FAULTS_SHOWN = 200


class Problem(Exception):
    """A refusal that the caller can understand and act on."""

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    retry_after_s: ClassVar[int | None] = None
    """After which it may be sent again, where that is known of the kind."""

    def __init__(
        self,
        detail: str | None = None,
        *,
        faults: Sequence[AnyFault] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(self.slug)
        self.detail = detail
        self.faults = tuple(faults)
        again = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        self.headers = again | dict(headers or {})
        self.members = members

    def body(self) -> dict[str, Any]:
        out: dict[str, Any] = {"type": f"urn:pouls:problem:{self.slug}", "title": self.title, "status": self.status}
        if self.detail:
            out["detail"] = self.detail
        if self.faults:
            out["errors"] = [fault.as_dict() for fault in self.faults[:FAULTS_SHOWN]]
            if len(self.faults) > FAULTS_SHOWN:
                out["errors_total"] = len(self.faults)
        return out | self.members

    def response(self) -> Response:
        return JSONResponse(self.body(), self.status, self.headers, media_type=MEDIA_TYPE)


class Invalid(Problem):
    """The request was understood and refused; `errors` lists each place and what was expected there."""

    slug, title, status = "invalid", "The request does not hold what it should", 422


class Malformed(Problem):
    """The body is not what its media type says (not JSON, not UTF-8, too deep, a repeated name)."""

    slug, title, status = "malformed", "The body can not be read", 400


class Unauthenticated(Problem):
    """No key, or one that is unknown, expired or revoked: the three look the same; an access token is no other."""

    slug, title, status = "unauthenticated", "A valid API key is needed", 401

    def __init__(self, detail: str | None = None, *, basic: bool = False) -> None:
        schemes = 'Bearer realm="pouls"' + (', Basic realm="pouls", charset="UTF-8"' if basic else "")
        super().__init__(detail, headers={"WWW-Authenticate": schemes})


class Forbidden(Problem):
    """The key is valid but does not hold the scope that this operation needs."""

    slug, title, status = "forbidden", "This key may not do that", 403


class NotFound(Problem):
    """Nothing here under that id; what belongs to another tenant looks the same."""

    slug, title, status = "not-found", "Not found", 404


class MethodNotAllowed(Problem):
    """The address exists, this method does not."""

    slug, title, status = "method-not-allowed", "Method not allowed", 405


class Conflict(Problem):
    """The request contradicts the present state."""

    slug, title, status = "conflict", "Conflict with the present state", 409


class TooLarge(Problem):
    """The body is longer than this operation accepts."""

    slug, title, status = "too-large", "The body is too large", 413


class TooSlow(Problem):
    """The body comes so slowly that nobody waits for it any longer; nothing was stored."""

    slug, title, status = "too-slow", "The body comes too slowly", 408

    def __init__(self) -> None:
        super().__init__(headers={"Connection": "close"})  # else the server would read on


class UnsupportedMediaType(Problem):
    """The body's media type or encoding is not accepted here."""

    slug, title, status = "unsupported-media-type", "This media type is not accepted", 415


class RateLimited(Problem):
    """More calls than a minute may have; `RateLimit` and `Retry-After` say when there are more."""

    slug, title, status = "rate-limited", "Too many calls for the moment", 429

    def __init__(self, retry_after_s: int = 60) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_s)})


class Busy(Problem):
    """The database is out of reach, each connection or all room for rows is taken, or the disk is full.

    Nothing was stored; try again.
    """

    slug, title, status = "busy", "Try again in a moment", 503
    retry_after_s = 1


class Internal(Problem):
    """A fault of ours; nothing about it is told to the caller."""

    slug, title, status = "internal", "Something went wrong on our side", 500


_OF_STATUS: dict[int, type[Problem]] = {
    400: Malformed,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    413: TooLarge,
    415: UnsupportedMediaType,
    422: Invalid,
    500: Internal,
    503: Busy,
}


class ProblemOut(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[dict[str, str]] | None = None


def every_problem(base: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """All problem classes, for the documentation and the tests that read the whole system."""
    for cls in base.__subclasses__():
        yield cls
        yield from every_problem(cls)


def problems(*classes: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an operation: its own refusals, one line each, by status."""
    out: dict[int | str, dict[str, Any]] = {}
    for cls in classes:
        line = f"`{cls.slug}`: {(cls.__doc__ or cls.title).strip()}"
        known = out.get(cls.status)
        text = f"{known['description']}\n\n{line}" if known else line
        out[cls.status] = {"description": text, "model": ProblemOut, "content": {MEDIA_TYPE: {}}}
    return out


def problem_of(error: Exception) -> Problem:  # noqa: PLR0911 - one line for each kind
    """The problem that an exception is shown as; never its text."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _of_validation(error)
        case ClientDisconnect():
            return Malformed()  # the client is gone; nobody reads this
        case HTTPException():
            return _of_status(error)
        # A request opens connections and, for long bodies, temporary files: one is out of reach, or the disk is full.
        case PoolTimeout() | OperationalError() | InterfaceError() | OSError():
            return Busy()
        case DBAPIError() if error.connection_invalidated or _passing(error):
            return Busy()
        case _:
            return Internal()


# SQLSTATE classes that pass, by themselves or once an operator mends the login: connection trouble, password or
# database refused, no resources, operator intervention (shutdown, cancelled statement), system error, read-only
# transaction, lock not available, deadlock.
_PASSING = ("08", "28", "3D", "53", "57", "58", "25006", "55P03", "40001", "40P01")


def _passing(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None) or ""
    return state.startswith(_PASSING)


def _of_validation(error: RequestValidationError) -> Problem:
    errors = error.errors()
    if any(line["type"] == "json_invalid" for line in errors):
        return Malformed()
    return Invalid(faults=faults_of(errors))


def _of_status(error: HTTPException) -> Problem:
    cls = _OF_STATUS.get(error.status_code)
    if cls is None:
        cls = Malformed if error.status_code < 500 else Internal  # noqa: PLR2004 - the border of HTTP's own classes
    problem = cls()
    problem.headers |= {k: v for k, v in (error.headers or {}).items() if k.lower() in {"allow", "retry-after"}}
    return problem


def place_of_error(error: BaseException) -> str:
    """File and line where it happened: enough to find it, without its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"


def install(app: FastAPI) -> None:
    """Make every error of `app` leave as problem+json, the framework's own included."""

    async def answer(_: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if isinstance(problem, Internal | Busy) and not isinstance(error, Problem):
            at = place_of_error(error)
            log.error("request failed", problem=type(error).__name__, at=at, shown_as=problem.slug)
        return problem.response()

    for cls in (Problem, HTTPException, RequestValidationError, DBAPIError, PoolTimeout, OSError, ClientDisconnect):
        app.add_exception_handler(cls, answer)
