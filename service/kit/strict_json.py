"""JSON read strictly: each name once, finite numbers, of bounded depth. Pure."""

import json
from typing import Any


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise ValueError("a name comes twice")
    return out


def _no_constant(_: str) -> Any:
    raise ValueError("not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError("not a finite number")
    return number


_DECODE = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite).decode


def loads(body: bytes) -> Any:
    """The JSON value of a text in UTF-8. Raises ValueError for whatever is not exactly one, too deep or ambiguous."""
    try:
        return _DECODE(body.decode("utf-8"))
    except RecursionError:
        raise ValueError("too deep") from None
