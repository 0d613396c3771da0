"""`POST /v1/respond`, the hot route: plain ASGI, since FastAPI's machinery costs more per answer than all we do.

It is documented in OpenAPI all the same (see `DOCUMENTATION`). It keeps no idempotency record: the nonce is enough.
"""

import hashlib
import json
from typing import Any

from starlette.types import Receive, Scope, Send

from service.campaigns.codes import CODE_LENGTH, Codes, NotACode
from service.kit.crypto import bytes_of
from service.kit.limits import FailureLimit
from service.kit.reasons import Fault
from service.problems import (
    Busy,
    Invalid,
    Malformed,
    NotFound,
    TooLarge,
    UnsupportedMediaType,
    problem_of,
    problems,
)
from service.responses.intake import Intake, Outcome, Submission
from service.responses.problems import CodeRefused, CodeSpent, TooManyWrongCodes, WaveNotOpen
from service.responses.sheet import AnswersRefused
from service.responses.waves import LaunchedWave, Waves

BODY_LIMIT = 1 << 16
NONCE_LENGTH = 22
_FIELDS = {"code", "nonce", "answers"}
_RECORDED = b'{"status":"recorded"}'
_START: dict[str, Any] = {
    "type": "http.response.start",
    "status": 201,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(_RECORDED)).encode()),
        (b"cache-control", b"no-store"),
    ],
}
_BODY: dict[str, Any] = {"type": "http.response.body", "body": _RECORDED}

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
                        "code": {"type": "string", "minLength": CODE_LENGTH, "maxLength": CODE_LENGTH},
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
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    TooManyWrongCodes,
    Busy,
)


class Respond:
    """The ASGI endpoint."""

    def __init__(self, codes: Codes, waves: Waves, intake: Intake, limit: FailureLimit) -> None:
        self._codes = codes
        self._waves = waves
        self._intake = intake
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            outcome = await self._take(scope, receive)
        except Exception as error:
            problem = problem_of(error)
            if problem.status == 500:  # noqa: PLR2004 - HTTP's own number: a fault of ours, told to the log's handler
                raise
            await problem.response()(scope, receive, send)
            return
        if outcome is Outcome.recorded:
            await send(_START)
            await send(_BODY)
            return
        refusal = CodeSpent() if outcome is Outcome.spent else WaveNotOpen()
        await refusal.response()(scope, receive, send)

    async def _take(self, scope: Scope, receive: Receive) -> Outcome:
        _check_headers(scope["headers"])
        code, nonce, answers = _parse(await _body(receive))
        try:
            right = self._codes.read(code)
        except NotACode:
            if not self._limit.allows(_claimed_wave(code)):
                raise TooManyWrongCodes(headers={"Retry-After": "60"}) from None
            raise CodeRefused from None
        try:
            wave: LaunchedWave = await self._waves.get(right.tenant_id, right.wave_id)
        except NotFound:
            raise WaveNotOpen from None
        try:
            record = wave.sheet.encode(right.label, answers)
            texts = wave.sheet.encode_texts(right.label, answers) if wave.sheet.text_record_size else ()
        except AnswersRefused as refused:
            raise Invalid(faults=refused.faults) from None
        digest = hashlib.sha256(nonce).digest()
        return await self._intake.submit(wave, Submission(right.serial, digest, record, texts))


def _check_headers(headers: list[tuple[bytes, bytes]]) -> None:
    kind = b""
    for name, value in headers:
        if name == b"content-type":
            kind = value
        elif name == b"content-encoding" and value.lower() != b"identity":
            raise UnsupportedMediaType
    if kind.partition(b";")[0].strip().lower() != b"application/json":
        raise UnsupportedMediaType("Send application/json.")


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


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise ValueError("a name comes twice")
    return out


def _no_constant(_: str) -> Any:
    raise ValueError("not a JSON number")


_DECODE = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant).decode


def _parse(body: bytes) -> tuple[str, bytes, dict[str, Any]]:
    """Code, nonce and answers. The decoder is the standard one, since it can refuse a name that comes twice."""
    try:
        value = _DECODE(body.decode("utf-8"))
    except (ValueError, RecursionError):
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


def _claimed_wave(code: str) -> str:
    """What limits wrong codes: the part of a code that names tenant and wave; one bucket for what is no code."""
    return code[:44] if len(code) == CODE_LENGTH else ""


def _nonce(text: object) -> bytes | None:
    if not isinstance(text, str) or len(text) != NONCE_LENGTH:
        return None
    try:
        return bytes_of(text)
    except ValueError:
        return None
