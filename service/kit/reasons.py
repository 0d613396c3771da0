"""Why something was refused, in words of ours: a place and an expectation, never what was sent.

Pydantic's own messages may quote the input; here only error types and the limits of our own models are used.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

# Only a name that looks like a field or an id may appear in a pointer: any other key is free text of the sender.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}", re.ASCII)
LOCAL_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
_POINTS = frozenset(map(str, range(12)))
_PLACES = frozenset({"body", "query", "path", "header", "cookie"})


class Fault(NamedTuple):
    """One thing to correct in a body: a JSON pointer (RFC 6901) and a short English reason."""

    pointer: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        return self._asdict()


class ParameterFault(NamedTuple):
    """One thing to correct in the query, the path or a header."""

    parameter: str
    place: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        return {"parameter": self.parameter, "in": self.place, "reason": self.reason}


AnyFault = Fault | ParameterFault

_REASONS = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "date_from_datetime_inexact": "must be a date, YYYY-MM-DD",
    "date_from_datetime_parsing": "must be a date, YYYY-MM-DD",
    "date_parsing": "must be a date, YYYY-MM-DD",
    "date_type": "must be a date, YYYY-MM-DD",
    "datetime_from_date_parsing": "must be an RFC 3339 time with its zone",
    "datetime_object_invalid": "must be an RFC 3339 time with its zone",
    "datetime_parsing": "must be an RFC 3339 time with its zone",
    "datetime_type": "must be an RFC 3339 time with its zone",
    "dict_type": "must be an object",
    "enum": "must be {expected}",
    "extra_forbidden": "is not a known field",
    "finite_number": "must be a finite number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be an integer",
    "int_parsing": "must be an integer",
    "int_parsing_size": "is too large a number",
    "int_type": "must be an integer",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "missing": "is required",
    "model_attributes_type": "must be an object",
    "model_type": "must be an object",
    "refused": "{reason}",
    "set_type": "must be a list",
    "string_pattern_mismatch": "does not have the required form",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_type": "must be a string",
    "string_unicode": "holds a character that is not valid Unicode",
    "timezone_aware": "must carry its zone",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
    "tuple_type": "must be a list",
    "union_tag_invalid": "must be one of {expected_tags}",
    "union_tag_not_found": "is required",
    "uuid_parsing": "must be a UUID",
    "uuid_type": "must be a UUID",
    "uuid_version": "must be a UUID",
}


def reason_of(error: Mapping[str, Any]) -> str:
    """A sentence for one entry of pydantic's error list. A validator of ours says `refused` and its own reason."""
    given = error.get("ctx") or {}
    if error["type"] == "string_pattern_mismatch" and given.get("pattern") == LOCAL_TIME:
        return "must be a local time, HH:MM"
    return _REASONS.get(error["type"], "is not valid").format_map(given)


def pointer(steps: Iterable[str | int]) -> str:
    """The JSON pointer of a path, escaped; it stops above the first key that is not shaped like a name."""
    parts: list[str] = []
    for step in steps:
        name = str(step)
        if isinstance(step, str) and not (_NAME.fullmatch(name) or name in _POINTS):
            break
        parts.append(name.replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{part}" for part in parts)


def fault_at(steps: tuple[str | int, ...], error: Mapping[str, Any]) -> Fault:
    """The fault of one entry of pydantic's error list, at a path in the body."""
    if steps[-1:] == ("[key]",):
        return Fault(pointer(steps[:-2]), "has a key that is not allowed")
    if error["type"] == "extra_forbidden" and pointer(steps) == pointer(steps[:-1]):
        return Fault(pointer(steps), "has a field that is not known")
    return Fault(pointer(steps), reason_of(error))


def faults_of(errors: Iterable[Mapping[str, Any]]) -> list[AnyFault]:
    """Pydantic's or FastAPI's error list as faults, each once: two dependencies may ask for one parameter."""
    out: list[AnyFault] = []
    for error in errors:
        steps = tuple(error["loc"])
        place = str(steps[0]) if steps and steps[0] in _PLACES else ""
        if place in {"", "body"}:
            out.append(fault_at(steps[1:] if place else steps, error))
        else:
            out.append(ParameterFault(pointer(steps[1:])[1:], place, reason_of(error)))
    return list(dict.fromkeys(out))
