"""What directories send that the RFC does not say, made into what it says; and what nobody needs to send. Pure.

Entra names a manager by the bare id. Capital letters of operations, "False" as text, members that leave by value and
operations without a path are the library's and `membership`'s to understand.
"""

import re
from typing import Any, Final

from scim2_models import TooManyException

from service.scim.folding import ENTERPRISE
from service.scim.models import OPERATIONS_LIMIT

_MANAGER: Final = f"{ENTERPRISE}:manager".lower()
_HELD_IN: Final = ENTERPRISE.lower()
VALUES_LIMIT: Final = 1000
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
    """Refuse a PATCH whose operations, or the members that leave by one of them, would hold everybody else up."""
    operations = next((one for name, one in body.items() if name.lower() == "operations"), None) if _is(body) else None
    if not isinstance(operations, list):
        return
    if len(operations) > OPERATIONS_LIMIT:
        raise TooManyException
    for one in operations:
        inner = one.get("data") if _is(one) else None
        if inner is not None:
            judge_size(inner)
        leaves = _is(one) and str(one.get("op")).lower() == "remove"
        if leaves and isinstance(one.get("value"), list) and len(one["value"]) > VALUES_LIMIT:
            raise TooManyException


def _is(body: Any) -> bool:
    return isinstance(body, dict)
