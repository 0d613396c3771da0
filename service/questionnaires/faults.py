"""What is wrong with a document or with answers: where, and why, never what was sent."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

# Only a name that looks like a field or an id may appear in a pointer: any other key is free text of the sender.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}", re.ASCII)
_POINTS = frozenset(map(str, range(12)))

MAX_FAULTS = 1000

_REASONS = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
    "string_type": "must be a string",
    "string_unicode": "holds a character that is not valid Unicode",
    "int_type": "must be an integer",
    "bool_type": "must be true or false",
    "string_pattern_mismatch": "does not have the required form",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "union_tag_not_found": "is required",
    "union_tag_invalid": "must be one of {expected_tags}",
}


class Fault(NamedTuple):
    """One thing to correct: a JSON pointer (RFC 6901) into what was sent, and a short English reason."""

    pointer: str
    reason: str


class DocumentRefused(Exception):
    """The document is no questionnaire; `faults` names everything to correct (the first 1,000) and repeats no value.

    Not a `ValueError`: pydantic would catch it and keep its text alone.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"the document has {len(faults)} fault(s)")
        self.faults = tuple(faults[:MAX_FAULTS])


def pointer(steps: Iterable[str | int]) -> str:
    """The JSON pointer of a path, escaped; it stops above the first key that is not shaped like a name."""
    parts: list[str] = []
    for step in steps:
        name = str(step)
        if isinstance(step, str) and not (_NAME.fullmatch(name) or name in _POINTS):
            break
        parts.append(name.replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{part}" for part in parts)


def structural_faults(error: ValidationError) -> list[Fault]:
    """The faults of a pydantic error, from its types and the limits of our own models, never from its messages."""
    lines = error.errors(include_url=False, include_input=False)
    steps_inside = {steps[:depth] for steps in (_steps(line) for line in lines) for depth in range(len(steps))}
    # A list of which every entry is malformed also counts as too short; its entries' faults say it better.
    told = (line for line in lines if line["type"] != "too_short" or _steps(line) not in steps_inside)
    return list(dict.fromkeys(_structural_fault(line) for line in told))


def _steps(line: ErrorDetails) -> tuple[int | str, ...]:
    steps = line["loc"]
    if steps[:1] == ("items",):  # after an item's position pydantic puts its type, which is no step of the document
        steps = steps[:2] + steps[3:]
    if line["type"].startswith("union_tag"):
        steps = (*steps, "type")
    return steps


def _structural_fault(line: ErrorDetails) -> Fault:
    kind, steps = line["type"], _steps(line)
    if steps[-1:] == ("[key]",):
        return Fault(pointer(steps[:-2]), "has a key that is not allowed")
    if kind == "extra_forbidden" and pointer(steps) == pointer(steps[:-1]):
        return Fault(pointer(steps), "has a field that is not known")
    if kind == "text_refused":  # our own validator's constant sentence
        return Fault(pointer(steps), line["msg"])
    return Fault(pointer(steps), _REASONS.get(kind, "is not valid").format_map(line.get("ctx", {})))
