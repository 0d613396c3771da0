"""Why a value was refused, in words of ours: a place and an expectation, never the value itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One place that is wrong: an RFC 6901 pointer (in the body) or a parameter, and what was expected."""

    pointer: str
    reason: str
    place: str = "body"
    unreadable: bool = False

    def as_dict(self) -> dict[str, str]:
        out = {"pointer": self.pointer, "reason": self.reason}
        return out if self.place == "body" else out | {"in": self.place}


def pointer(*parts: str | int) -> str:
    """RFC 6901: `/answers/q~11` for ("answers", "q/1")."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


_PLAIN = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_attributes_type": "must be an object",
    "model_type": "must be an object",
    "none_required": "must be null",
    "uuid_parsing": "must be a UUID",
    "uuid_type": "must be a UUID",
    "uuid_version": "must be a UUID of version 7",
    "datetime_parsing": "must be an RFC 3339 time with its zone",
    "datetime_from_date_parsing": "must be an RFC 3339 time with its zone",
    "datetime_type": "must be an RFC 3339 time with its zone",
    "timezone_aware": "must carry its zone",
    "date_parsing": "must be a date, YYYY-MM-DD",
    "date_type": "must be a date, YYYY-MM-DD",
    "string_pattern_mismatch": "is not written as it should be",
    "union_tag_not_found": "must say its type",
    "union_tag_invalid": "is of no known type",
    "string_unicode": "must be valid UTF-8",
    "set_type": "must be a list",
}
_BOUNDS = {
    "string_too_short": ("min_length", "must have at least {} characters"),
    "string_too_long": ("max_length", "must have at most {} characters"),
    "too_short": ("min_length", "must have at least {} entries"),
    "too_long": ("max_length", "must have at most {} entries"),
    "greater_than": ("gt", "must be more than {}"),
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than": ("lt", "must be less than {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "literal_error": ("expected", "must be one of {}"),
    "enum": ("expected", "must be one of {}"),
}
_UNREADABLE = {"json_invalid", "json_type"}


def reason_of(kind: str, context: Mapping[str, Any]) -> str:
    """A sentence for one of pydantic's error types, built from our own bounds only."""
    if kind in _BOUNDS:
        key, sentence = _BOUNDS[kind]
        return sentence.format(context[key])
    if kind == "ours":
        return str(context["reason"])
    return _PLAIN.get(kind, "is not valid")


def faults_of(errors: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """Pydantic's error list as faults. The names in a pointer are the caller's; they are cut short."""
    out = []
    for error in errors:
        loc = list(error["loc"])
        places = {"body", "query", "path", "header", "cookie"}
        place = str(loc.pop(0)) if loc and loc[0] in places else "body"
        kind = str(error["type"])
        where = pointer(*(part if isinstance(part, int) else str(part)[:64] for part in loc))
        out.append(Fault(where, reason_of(kind, error.get("ctx") or {}), place, kind in _UNREADABLE))
    return out
