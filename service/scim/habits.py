"""What directories send that the RFC does not say, made into what it says; and what nobody needs to send. Pure.

Entra names a manager by the bare id. Capital letters of operations, "False" as text, members that leave by value and
operations without a path are the library's and `membership`'s to understand.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from scim2_models import TooManyException

from service.scim.folding import ENTERPRISE
from service.scim.models import OPERATIONS_LIMIT

_MANAGER: Final = f"{ENTERPRISE}:manager".lower()
_HELD_IN: Final = ENTERPRISE.lower()
VALUES_LIMIT: Final = 1000
FILTERS_LIMIT: Final = 4096
"""Characters of all paths of a request that hold a filter: they are parsed on the event loop, and not fast."""
# Texts in quotes are passed over.
_BARE_MANAGER: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w.:$-])manager(?=\s+(?:eq|ne|pr)\b)', re.IGNORECASE)


def straightened(body: Any) -> Any:
    """The body of a request, or a part of one, with managers as the schema has them."""
    match body:
        case {"path": str(path), **rest} if path.lower() == _MANAGER and isinstance(rest.get("value"), str):
            if rest["value"]:
                return {**body, "value": {"value": rest["value"]}}
            return {name: value for name, value in body.items() if name != "value"} | {"op": "remove"}
        case dict():
            return {name: _named(name, value) for name, value in body.items()}
        case list():
            return [straightened(one) for one in body]
        case _:
            return body


def asked(text: str) -> str:
    """A filter in which Entra asks for a manager by the bare name."""
    return _BARE_MANAGER.sub(lambda found: found[0] if found[0].startswith('"') else f"{ENTERPRISE}:manager", text)


def _named(name: str, value: Any) -> Any:
    lower = name.lower()
    if lower == _MANAGER:
        return _manager(value)
    if lower == _HELD_IN and isinstance(value, dict):
        return {key: _manager(one) if key.lower() == "manager" else one for key, one in value.items()}
    return straightened(value)


def _manager(value: Any) -> Any:
    if isinstance(value, str):
        return {"value": value} if value else None
    return value


def judge_size(body: Any) -> None:
    """Refuse a PATCH whose operations, their filters, or the members that leave would hold everybody else up."""
    if sum(map(len, _filters(body))) > FILTERS_LIMIT:
        raise TooManyException
    _judge_operations(body)


def _filters(body: Any) -> Iterator[str]:
    """The paths of all operations that hold a filter, those of a bulk request's PATCHes too."""
    for one in _operations(body) or ():
        if _is(one):
            found = (value for name, value in one.items() if name.lower() == "path")
            yield from (path for path in found if isinstance(path, str) and "[" in path)
            for name, value in one.items():
                if name.lower() == "data":
                    yield from _filters(value)


def _operations(body: Any) -> list[Any] | None:
    found = next((one for name, one in body.items() if name.lower() == "operations"), None) if _is(body) else None
    return found if isinstance(found, list) else None


def _judge_operations(body: Any) -> None:
    operations = _operations(body)
    if operations is None:
        return
    if len(operations) > OPERATIONS_LIMIT:
        raise TooManyException
    for one in operations:
        inner = one.get("data") if _is(one) else None
        if inner is not None:
            _judge_operations(inner)
        leaves = _is(one) and str(one.get("op")).lower() == "remove"
        if leaves and isinstance(one.get("value"), list) and len(one["value"]) > VALUES_LIMIT:
            raise TooManyException


def _is(body: Any) -> bool:
    return isinstance(body, dict)
