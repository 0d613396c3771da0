"""Facts about foreign questions as conditions of a document. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from operator import ge, gt, le, lt
from typing import Any

from service.questionnaires.elements import MAX_CONDITION_DEPTH, MAX_CONDITIONS
from service.questionnaires.formats.expressions import Dialect, Expression, Fact, Joined, NotExpressible, read

_SIZES: Mapping[str, Callable[[Decimal, Decimal], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


_NEGATED = {"empty": "filled", "!=": "=", "lacks": "has", "none": "any"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question already carried over: its item, and what its answers are here, by their codes in the file.

    Attributes:
        item: the item's id.
        values: points in ascending order, or ids of options; none where it may not decide.
        several: whether several may be chosen at once.
    """

    item: str
    values: Mapping[str, str | int]
    several: bool = False


def condition(text: str, dialect: Dialect, asked: Mapping[str, Asked]) -> dict[str, Any]:
    """The condition as a document has it. Raises NotExpressible, also for a question that is not asked earlier."""
    found = _simple(_resolved(read(text, dialect), asked))
    if not fits(found):
        raise NotExpressible("is longer or nested deeper than a condition of ours may be")
    return found


def fits(found: dict[str, Any]) -> bool:
    """Whether a condition is not longer or deeper than a document's may be."""
    return _depth(found) <= MAX_CONDITION_DEPTH and _widest(found) <= MAX_CONDITIONS


def both(one: dict[str, Any] | None, other: dict[str, Any] | None) -> dict[str, Any] | None:
    """What holds where both do."""
    return _simple({"all": [one, other]}) if one and other else one or other


def _resolved(expression: Expression, asked: Mapping[str, Asked]) -> dict[str, Any]:
    if isinstance(expression, Fact):
        if expression.name not in asked:
            raise NotExpressible("asks about what is not carried over, or does not come earlier")
        return _fact(expression, asked[expression.name])
    parts = [_resolved(part, asked) for part in expression.parts]
    match expression:
        case Joined("not"):
            return {"not": parts[0]}
        case Joined("and"):
            return {"all": parts}
        case _:
            return {"any": parts}


def _fact(fact: Fact, asked: Asked) -> dict[str, Any]:
    every = list(dict.fromkeys(asked.values.values()))
    if not every:
        raise NotExpressible("asks about a text, a number or a ranking")
    asks = fact.asks
    if fact.values == ("",):
        asks = {"=": "empty", "!=": "filled"}.get(asks, asks)
    if asks in _NEGATED:
        return {"not": _fact(fact._replace(asks=_NEGATED[asks]), asked)}
    if asks in _SIZES:
        return _size(fact, asked)
    if asks == "filled":
        return _is(asked, every)
    if asks == "=" and asked.several:
        raise NotExpressible("compares a whole set of answers")
    if asks == "all" and not asked.several and len(fact.values) > 1:
        raise NotExpressible("asks for several answers where there is one")
    known = _known(fact, asked)
    return {"all": [_is(asked, [value]) for value in known]} if asks == "all" else _is(asked, known)


def _is(asked: Asked, values: Sequence[str | int]) -> dict[str, Any]:
    return {"item": asked.item, "is": list(values)}


def _known(fact: Fact, asked: Asked) -> list[str | int]:
    try:
        return list(dict.fromkeys(asked.values[value] for value in fact.values))
    except KeyError:
        raise NotExpressible("asks for an answer that is not offered") from None


def _size(fact: Fact, asked: Asked) -> dict[str, Any]:
    """A run of points at the lower or the upper end."""
    try:
        limit = Decimal(fact.values[0])
        fitting = [value for code, value in asked.values.items() if _SIZES[fact.asks](Decimal(code), limit)]
    except InvalidOperation:
        raise NotExpressible("compares the size of what are not numbers") from None
    if not all(isinstance(value, int) for value in fitting):
        raise NotExpressible("compares options by size")
    if not fitting:
        raise NotExpressible("asks for an answer that is not offered")
    return {"item": asked.item} | ({"at_least": fitting[0]} if fact.asks.startswith(">") else {"at_most": fitting[-1]})


def _simple(found: dict[str, Any]) -> dict[str, Any]:
    """The same with joins of one kind made one, and joins of one taken away."""
    if "not" in found:
        inner = _simple(found["not"])
        twice: dict[str, Any] | None = inner.get("not")
        return twice or {"not": inner}
    for how in ("all", "any"):
        if how in found:
            parts: list[dict[str, Any]] = []
            for part in map(_simple, found[how]):
                parts += part.get(how, [part])
            return parts[0] if len(parts) == 1 else {how: parts}
    return found


def _inner(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [*found.get("all", ()), *found.get("any", ()), *([found["not"]] if "not" in found else ())]


def _depth(found: dict[str, Any]) -> int:
    return 1 + max(map(_depth, _inner(found)), default=0)


def _widest(found: dict[str, Any]) -> int:
    inner = _inner(found)
    return max(len(inner), *map(_widest, inner), 0)
