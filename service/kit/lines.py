"""Many rows in one request: a JSON array (to 1 MiB) or NDJSON (to 256), read a line at a time."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, TypeAdapter, ValidationError

from service.kit import strict, strict_json
from service.kit.pace import body_of
from service.kit.reasons import Fault, fault_at, pointer
from service.problems import Invalid, Malformed, TooLarge, UnsupportedMediaType

ARRAY_LIMIT = 1 << 20
LINES_LIMIT = 1 << 28
"""Bytes as they are sent, blank lines too: whatever is sent has an end."""
LINE_LIMIT = 1 << 16
FAULTS_KEPT = 200
AS_LINES = "One object a line is sent as application/x-ndjson."

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Row(Generic[M]):
    """One row and its number in the request (from 0), as a value or as what is wrong with it."""

    index: int
    value: M | None
    faults: tuple[Fault, ...] = ()


class Refusals:
    """What was wrong, row by row. Without `skip` the first 200 faults end the call; nothing is stored."""

    def __init__(self, *, skip: bool) -> None:
        self._skip = skip
        self.faults: list[Fault] = []
        self.rows = 0

    def add(self, index: int, faults: Iterable[Fault]) -> None:
        self.rows += 1
        for fault in faults:
            if len(self.faults) < FAULTS_KEPT:
                self.faults.append(Fault(pointer([index]) + fault.pointer, fault.reason))
        if not self._skip and len(self.faults) >= FAULTS_KEPT:
            self.settle()

    def settle(self) -> None:
        """Raises Invalid where anything was refused and the caller did not ask to skip."""
        if self.rows and not self._skip:
            raise Invalid(faults=self.faults)


async def rows(request: Request, model: type[M]) -> AsyncIterator[Row[M]]:
    """The request's rows in order. Raises Malformed, TooLarge, TooSlow, UnsupportedMediaType."""
    adapter = TypeAdapter(model)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        for index, value in enumerate(await _array(request)):
            yield _row(adapter, index, value)
    elif kind in {"application/x-ndjson", "application/ndjson", "application/jsonl"}:
        index = 0
        async for line in _lines(request):
            yield _row(adapter, index, _read(line))
            index += 1
    else:
        raise UnsupportedMediaType("Send application/json or application/x-ndjson.")


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra` of an operation that reads rows."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"type": "array", "items": schema}},
                "application/x-ndjson": {"schema": schema},
            },
        }
    }


def _row(adapter: TypeAdapter[M], index: int, value: object) -> Row[M]:
    try:
        return Row(index, adapter.validate_python(value))
    except ValidationError as error:
        return Row(
            index,
            None,
            tuple(fault_at(line["loc"], line) for line in error.errors(include_url=False, include_input=False)),
        )


def _read(raw: bytes) -> object:
    try:
        return strict_json.loads(raw)
    except ValueError:
        raise Malformed from None


async def _array(request: Request) -> list[object]:
    sentence = "A JSON array may have 1 MiB; send application/x-ndjson for more."
    body = await strict.read(request, ARRAY_LIMIT, sentence)
    try:
        value = strict_json.loads(body)
    except ValueError:
        raise Malformed(f"With application/json the body is one JSON array. {AS_LINES}") from None
    if not isinstance(value, list):
        raise Invalid(AS_LINES, faults=[Fault("", "must be a list")])
    return value


async def _lines(request: Request) -> AsyncIterator[bytes]:
    rest, size = b"", 0
    async for chunk in body_of(request):
        size += len(chunk)
        if size > LINES_LIMIT:
            raise TooLarge("A call may have 256 MiB; send the rows in several.")
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if len(line) > LINE_LIMIT:
                raise TooLarge("A line may have 64 KiB.")
            if line.strip():
                yield line
        if len(rest) > LINE_LIMIT:
            raise TooLarge("A line may have 64 KiB.")
    if rest.strip():
        yield rest
