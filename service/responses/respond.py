"""`POST /v1/respond`, the hot route: plain ASGI, since FastAPI's machinery costs more per answer than all we do.

It is documented in OpenAPI all the same (see `DOCUMENTATION`). It keeps no idempotency record: the nonce is enough. And
it writes no line in the access log: one line per answer, with its time, would keep the order of arrival.
"""

import hashlib
import time
from binascii import a2b_base64
from typing import Any

import structlog
from pydantic_core import from_json
from starlette.types import Receive, Scope, Send

from service.campaigns.codes import CODE_LENGTH, LONG_CODE_LENGTH, Codes, ids_of
from service.campaigns.problems import OriginNotAllowed, WaveNotOpen, WayNotPromised
from service.campaigns.rules.origins import Origins
from service.campaigns.taking_part import openings
from service.kit import strict_json
from service.kit.clock import Clock
from service.kit.limits import FailureLimit
from service.kit.one_piece import one_piece
from service.kit.reasons import Fault
from service.problems import (
    Busy,
    Internal,
    Invalid,
    Malformed,
    NotFound,
    Problem,
    TooLarge,
    UnsupportedMediaType,
    place_of_error,
    problem_of,
    problems,
)
from service.responses.intake import Intake, Outcome, Submission
from service.responses.problems import CodeRefused, CodeSpent, TooManyWrongCodes, Unconfirmed
from service.responses.rights import check_way, right_of
from service.responses.sheet import AnswersRefused
from service.responses.waves import Waves
from service.telemetry import metrics

log = structlog.get_logger()

BODY_LIMIT = 1 << 16
NONCE_LENGTH = 22
NONCE_BYTES = 16
PATH = "/v1/respond"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_FIELDS = {"code", "nonce", "answers"}
_RECORDED_COUNT = metrics.REQUESTS.labels("POST", PATH, 201)
_SECONDS = metrics.REQUEST_SECONDS.labels(PATH)
_RECORDED = b'{"status":"recorded"}'
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_RECORDED)).encode()),
    (b"cache-control", b"no-store"),
]
_START: dict[str, Any] = {"type": "http.response.start", "status": 201, "headers": _HEADERS}
_BODY: dict[str, Any] = {"type": "http.response.body", "body": _RECORDED}
# The same answer in one piece, where the server can send it so.
_STATUS_LINE = b"HTTP/1.1 201 Created\r\n"
_REST = b"".join(b"%b: %b\r\n" % header for header in _HEADERS) + b"\r\n" + _RECORDED

DOCUMENTATION: dict[str, Any] = {
    "operationId": "responses.submit",
    "tags": ["Intranet"],
    "summary": "Submit answers",
    "description": (
        "Answers to one wave, once. The client draws the nonce (128 random bits); sending the same code and nonce "
        "again gets the same reply, another nonce 409. `201` means committed."
    ),
    "security": [],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["code", "nonce", "answers"],
                    "properties": {
                        "code": {"type": "string", "minLength": CODE_LENGTH, "maxLength": LONG_CODE_LENGTH},
                        "nonce": {
                            "type": "string",
                            "minLength": NONCE_LENGTH,
                            "maxLength": NONCE_LENGTH,
                            "description": "16 random bytes in URL-safe base64 without padding",
                        },
                        "answers": {
                            "type": "object",
                            "description": "item id to answer; absent or null: skipped",
                            "additionalProperties": {
                                "anyOf": [
                                    {"type": "integer"},
                                    {"type": "string"},
                                    {"type": "array", "items": {"type": "string"}},
                                    {"type": "null"},
                                ]
                            },
                        },
                    },
                },
                "examples": {
                    "pulse": {
                        "value": {
                            "code": "A" * CODE_LENGTH,
                            "nonce": "c29tZTE2cmFuZG9tYnl0ZQ",
                            "answers": {"state_of_mind": 4, "priorities": 3},
                        }
                    }
                },
            }
        },
    },
    "responses": {
        "201": {
            "description": "Committed",
            "content": {
                "application/json": {
                    "schema": {"type": "object", "properties": {"status": {"const": "recorded"}}},
                    "example": {"status": "recorded"},
                }
            },
        }
    },
}
REFUSALS = problems(
    Malformed,
    CodeRefused,
    CodeSpent,
    WaveNotOpen,
    WayNotPromised,
    OriginNotAllowed,
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    TooManyWrongCodes,
    Busy,
    Unconfirmed,
)


class Respond:
    """The ASGI endpoint."""

    def __init__(
        self, codes: Codes, waves: Waves, origins: Origins, intake: Intake, limit: FailureLimit, clock: Clock
    ) -> None:
        self._codes = codes
        self._waves = waves
        self._origins = origins
        self._intake = intake
        self._limit = limit
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        try:
            outcome = await self._take(scope, receive)
        except Exception as error:  # noqa: BLE001 - each is shown as a problem; a fault of ours is told to the log
            await self._refuse(problem_of(error), error, scope, receive, send)
        else:
            if outcome is Outcome.recorded:
                answer = one_piece(scope)
                if answer is None or not answer(_STATUS_LINE, _REST):
                    await send(_START)
                    await send(_BODY)
                _RECORDED_COUNT.inc()
            else:
                refusal = CodeSpent() if outcome is Outcome.spent else WaveNotOpen()
                await self._refuse(refusal, refusal, scope, receive, send)
        _SECONDS.observe(time.perf_counter() - started)

    @staticmethod
    async def _refuse(problem: Problem, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(problem, Internal):
            log.error("request failed", route=PATH, problem=type(error).__name__, at=place_of_error(error))
        metrics.REQUESTS.labels("POST", PATH, problem.status).inc()
        await problem.response()(scope, receive, send)

    async def _take(self, scope: Scope, receive: Receive) -> Outcome:
        says_origin = _check_headers(scope["headers"])
        code, nonce, answers = _parse(await _body(receive))
        right = right_of(code, self._codes, self._limit, self._clock)
        if says_origin:
            await self._origins.check(scope, ids_of(right.place)[0])
        try:
            wave = await self._waves.get(right.place)
        except NotFound:
            raise WaveNotOpen from None
        check_way(right, wave)
        if wave.later:
            openings.check(wave.later.get(right.label), self._clock())
        try:
            record = wave.sheet.encode(right.label, answers)
            texts = wave.sheet.encode_texts(right.label, answers) if wave.sheet.text_record_size else ()
        except AnswersRefused as refused:
            raise Invalid(faults=refused.faults) from None
        digest = hashlib.sha256(nonce).digest()
        return await self._intake.submit(wave, Submission(right.serial, digest, record, texts))


def _check_headers(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the page of a browser calls, and says which. Raises UnsupportedMediaType."""
    kind, says_origin = b"", False
    for name, value in headers:
        if name == b"content-type":
            kind = value
        elif name == b"content-encoding" and value.lower() != b"identity":
            raise UnsupportedMediaType
        elif name == b"origin":
            says_origin = True
    if kind.partition(b";")[0].strip().lower() != b"application/json":
        raise UnsupportedMediaType("Send application/json.")
    return says_origin


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False) and message["type"] == "http.request":
        if len(body) > BODY_LIMIT:
            raise TooLarge("Answers may have 64 KiB.")
        return body
    parts = bytearray(body)
    while message["type"] == "http.request" and message.get("more_body", False):
        message = await receive()
        parts += message.get("body", b"")
        if len(parts) > BODY_LIMIT:
            raise TooLarge("Answers may have 64 KiB.")
    if message["type"] != "http.request":
        raise Malformed  # the client is gone; nobody reads this
    return bytes(parts)


def _read(body: bytes) -> Any:
    """The JSON value. Raises ValueError, also where a name comes twice.

    The fast decoder lets a repeated name pass. Each member has one colon, so as many colons as members say that none
    is repeated; only where there are more, perhaps inside a text, the slow decoder looks.
    """
    # The decoder may keep the names of members for the next body, but nothing that was answered, and no nonce.
    value = from_json(body, allow_inf_nan=False, cache_strings="keys")
    if isinstance(value, dict):
        answers = value.get("answers")
        members = len(value) + (len(answers) if isinstance(answers, dict) else 0)
        if body.count(b":") == members:
            return value
    return strict_json.loads(body)


def _parse(body: bytes) -> tuple[str, bytes, dict[str, Any]]:
    """Code, nonce and answers."""
    try:
        value = _read(body)
    except ValueError:
        raise Malformed from None
    if not isinstance(value, dict):
        raise Invalid(faults=[Fault("", "must be an object")])
    if value.keys() != _FIELDS:
        missing = [Fault(f"/{name}", "is required") for name in sorted(_FIELDS - value.keys())]
        unknown = [Fault("", "has a field that is not known")] if value.keys() - _FIELDS else []
        raise Invalid(faults=missing + unknown)
    code, nonce, answers = value["code"], value["nonce"], value["answers"]
    faults = []
    if not isinstance(code, str):
        faults.append(Fault("/code", "must be a string"))
    if not isinstance(answers, dict):
        faults.append(Fault("/answers", "must be an object"))
    drawn = _nonce(nonce)
    if drawn is None:
        faults.append(Fault("/nonce", "must be 16 random bytes in URL-safe base64 without padding"))
    if faults or drawn is None:
        raise Invalid(faults=faults)
    return code, drawn, answers


def _nonce(text: object) -> bytes | None:
    if not isinstance(text, str) or len(text) != NONCE_LENGTH:
        return None
    try:
        drawn = a2b_base64(text.encode("ascii").translate(_URL_SAFE) + b"==")
    except ValueError:
        return None
    return drawn if len(drawn) == NONCE_BYTES else None
