"""A filter's tree as a condition of SQL, over columns that it is given. Pure: it runs nothing.

By OData's rules on null: a comparison is never unknown (`x ne 5` holds where there is no x), a function of nothing is
nothing. Texts are compared by code point.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Numeric,
    Text,
    and_,
    cast,
    extract,
    false,
    func,
    literal,
    null,
    or_,
    true,
)
from sqlalchemy.types import Boolean, DateTime

from service.odata.grammar import Among, Both, Call, Compare, Literal, Name, Node, Not
from service.odata.model import Edm, EntitySet
from service.odata.words import Word, refuse

Condition = ColumnElement[bool]
BY_CODE_POINT: Final = "C"
_NUMBERS = frozenset({Edm.number, Edm.integer})
_MOMENT = DateTime(timezone=True)


@dataclass(frozen=True, slots=True)
class Value:
    """Something with a type; null itself has none. `is_given`: a literal, and not null."""

    of: ColumnElement[Any]
    edm: Edm | None
    is_given: bool = False


def condition(node: Node, entity_set: EntitySet, columns: Mapping[str, ColumnElement[Any]]) -> Condition:
    """The rows that a filter keeps. Raises Refused for a name, type or function that it can not be asked about."""
    return _Compiler(entity_set, columns).flag(node)


def in_order(of: ColumnElement[Any], edm: Edm) -> ColumnElement[Any]:
    """A column as it is compared and ordered."""
    return of.collate(BY_CODE_POINT) if edm is Edm.text else of


def literal_of(value: Any, edm: Edm) -> ColumnElement[Any]:
    """A value of a type, to be bound."""
    match edm:
        case Edm.text:
            return literal(value, Text)
        case Edm.number | Edm.integer:
            return literal(Decimal(value), Numeric)
        case Edm.moment:
            return literal(value, _MOMENT)
        case Edm.flag:
            return literal(value, Boolean)


class _Compiler:
    def __init__(self, entity_set: EntitySet, columns: Mapping[str, ColumnElement[Any]]) -> None:
        self._set = entity_set
        self._columns = columns

    def flag(self, node: Node) -> Condition:
        """A part that has to be true or false."""
        match node:
            case Both():
                joined = and_ if node.operator == "and" else or_
                return joined(*(self.flag(term) for term in node.terms))
            case Not():
                return ~self.flag(node.term)
            case _:
                value = self._value(node)
                if value.edm is not Edm.flag:
                    raise refuse("this is neither true nor false", node.at)
                return value.of

    def _value(self, node: Node) -> Value:
        match node:
            case Name():
                return self._column(node)
            case Literal():
                return _literal(node)
            case Call():
                return self._call(node)
            case Compare():
                return Value(self._compared(node), Edm.flag)
            case Among():
                return Value(self._among(node), Edm.flag)
            case Both() | Not():
                return Value(self.flag(node), Edm.flag)

    def _column(self, node: Name) -> Value:
        column = self._set.by_name.get(node.name)
        if column is None:
            raise refuse(f"{self._set.name} has no such property", node.at)
        return Value(self._columns[node.name], column.edm)

    def _compared(self, node: Compare) -> Condition:
        left, right = self._value(node.left), self._value(node.right)
        if not _alike(left, right):
            raise refuse("what is compared here is not of one type", node.at)
        if node.operator in {"eq", "ne"}:
            same = _same(left, right)
            return same if node.operator == "eq" else ~same
        if Edm.flag in {left.edm, right.edm}:
            raise refuse("true and false have no order", node.at)
        return _ordered(node.operator, left, right)

    def _among(self, node: Among) -> Condition:
        left = self._value(node.left)
        values = [_literal(one) for one in node.values]
        for given, value in zip(node.values, values, strict=True):
            if not _alike(left, value):
                raise refuse("this value is not of the type that it is compared with", given.at)
        return or_(false(), *(_same(left, value) for value in values))

    def _call(self, node: Call) -> Value:
        known = _FUNCTIONS.get(node.name)
        if known is None:
            raise refuse("there is no such function here", node.at)
        if len(node.args) != len(known.takes):
            raise refuse(f"{node.name} takes {len(known.takes)}", node.at)
        args = [self._value(arg) for arg in node.args]
        for arg, value, edm in zip(node.args, args, known.takes, strict=True):
            if value.edm is not edm:
                raise refuse(f"{node.name} does not take this type", arg.at)
        return Value(known.made(*(value.of for value in args)), known.gives)


def _literal(node: Literal) -> Value:
    match node.word:
        case Word.null:
            return Value(null(), None)
        case Word.text:
            return Value(literal_of(node.value, Edm.text), Edm.text, is_given=True)
        case Word.number:
            return Value(literal_of(node.value, Edm.number), Edm.number, is_given=True)
        case Word.moment:
            return Value(literal_of(node.value, Edm.moment), Edm.moment, is_given=True)
        case Word.flag:
            return Value(literal_of(node.value, Edm.flag), Edm.flag, is_given=True)
        case _:
            raise refuse("no property is of this type; a text, an id too, stands between apostrophes", node.at)


def _alike(left: Value, right: Value) -> bool:
    both = {left.edm, right.edm} - {None}
    return len(both) < 2 or both <= _NUMBERS  # noqa: PLR2004 - two sides


def _same(left: Value, right: Value) -> Condition:
    if left.edm is None or right.edm is None:
        known = right if left.edm is None else left
        return true() if known.edm is None else known.of.is_(None)
    return left.of.is_not_distinct_from(right.of)


_COMPARED: Final[Mapping[str, Callable[[Any, Any], Condition]]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def _ordered(sign: str, left: Value, right: Value) -> Condition:
    """Nothing is more or less than anything, and as much as nothing."""
    holds: Condition = false()
    if left.edm is not None and right.edm is not None:
        sides = in_order(left.of, left.edm), in_order(right.of, right.edm)
        holds = func.coalesce(_COMPARED[sign](*sides), false())
    if sign in {"gt", "lt"} or left.is_given or right.is_given:
        return holds
    return or_(holds, and_(left.of.is_(None), right.of.is_(None)))


@dataclass(frozen=True, slots=True)
class _Function:
    takes: tuple[Edm, ...]
    gives: Edm
    made: Callable[..., ColumnElement[Any]]


def _part(field: str) -> _Function:
    """A part of a time's date, in UTC."""

    def made(moment: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(extract(field, func.timezone(literal("UTC", Text), moment)), Integer)

    return _Function((Edm.moment,), Edm.integer, made)


# LIKE would read signs of the text as patterns.
_FUNCTIONS: Final[Mapping[str, _Function]] = {
    "contains": _Function((Edm.text, Edm.text), Edm.flag, lambda text, part: func.strpos(text, part) > 0),
    "startswith": _Function((Edm.text, Edm.text), Edm.flag, func.starts_with),
    "endswith": _Function(
        (Edm.text, Edm.text), Edm.flag, lambda text, part: func.right(text, func.char_length(part)) == part
    ),
    "tolower": _Function((Edm.text,), Edm.text, lambda text: func.lower(text, type_=Text)),
    "toupper": _Function((Edm.text,), Edm.text, lambda text: func.upper(text, type_=Text)),
    "length": _Function((Edm.text,), Edm.integer, lambda text: func.char_length(text, type_=Integer)),
    "year": _part("year"),
    "month": _part("month"),
    "day": _part("day"),
}
