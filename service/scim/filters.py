"""A SCIM filter as a condition of SQL. Pure: it knows where attributes lie by what it is given, and runs nothing.

It agrees with the library's own evaluator: values are compared in the form that `folding` keeps, by code point, and an
attribute without a value is compared as nothing, not as unknown. Whatever it can not say in SQL it refuses.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from inspect import isclass
from typing import Any, Final

from scim2_models import BaseModel, InvalidFilterException, ScimFilter
from scim2_models.path import (
    STRING_OPERATORS,
    AttributeBinding,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)
from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    case,
    column,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from service.kit.text import SURROGATES
from service.scim.folding import moment_text, name_of

LENGTH: Final = 4096
TERMS: Final = 200
# Anything that says something, at any depth.
_SAID = '$.** ? (@.type() == "boolean" || @.type() == "number" || (@.type() == "string" && @ != ""))'
_TRUE = literal_column("'true'::jsonb", JSONB)
Condition = ColumnElement[bool]


class Kind(StrEnum):
    text = "text"
    flag = "flag"
    moment = "moment"
    moment_text = "moment_text"  # as `folding.moment_text` writes it
    number = "number"  # as JSON


@dataclass(frozen=True, slots=True)
class Value:
    """Where the single value of an attribute is found."""

    of: ColumnElement[Any]
    kind: Kind = Kind.text
    equal: Callable[[str], Condition] | None = None  # a faster way to say that the text is just this
    is_unique: bool = False  # everyone has one, and each another: an index gives its order, by code point


@dataclass(frozen=True, slots=True)
class Entries:
    """Where the values of a multi-valued attribute are found: rows, and those that belong to the resource."""

    rows: FromClause
    mine: Condition
    source: "Source"

    def some(self, condition: Condition | None = None) -> Condition:
        """That there is one of which this holds."""
        statement = select(literal(1)).select_from(self.rows).where(self.mine)
        return (statement if condition is None else statement.where(condition)).exists()


@dataclass(frozen=True, slots=True)
class Source:
    """Where the attributes of a resource lie; what is in none of these places lies in the document, if there is one."""

    values: Mapping[str, Value] = field(default_factory=dict)
    entries: Mapping[str, Entries] = field(default_factory=dict)
    document: ColumnElement[Any] | None = None


def check_length(text: object) -> None:
    """Refuse a filter that nobody writes by hand or by program."""
    if isinstance(text, str) and len(text) > LENGTH:
        raise InvalidFilterException(detail=f"A filter has at most {LENGTH} characters.")


def condition(scim_filter: ScimFilter[Any], model: type[BaseModel], source: Source) -> Condition:
    """The resources of a model that the filter keeps."""
    bound = ScimFilter[model](scim_filter.ast)  # type: ignore[valid-type]  # bound at run time
    if _terms(bound.ast) > TERMS:
        raise InvalidFilterException(detail=f"A filter has at most {TERMS} comparisons.")
    return _Compiler(bound, model, source).visit(bound.ast)


def _terms(node: FilterNode) -> int:
    match node:
        case LogicalExpr():
            return sum(map(_terms, node.terms))
        case Not():
            return _terms(node.expr)
        case ValuePath():
            return _terms(node.val_filter)
        case _:
            return 1


class _Compiler(FilterVisitor[Condition]):
    def __init__(self, bound: ScimFilter[Any], model: type[BaseModel], source: Source) -> None:
        self._bound = bound
        self._model = model
        self._source = source

    def visit_not(self, node: Not) -> Condition:
        return self.visit(node.expr).is_not(true())  # what is unknown to SQL is untrue to SCIM

    def visit_logical_expr(self, node: LogicalExpr) -> Condition:
        terms = [self.visit(term) for term in node.terms]
        return and_(*terms) if node.op == LogicalOperator.and_ else or_(*terms)

    def visit_present(self, node: Present) -> Condition:
        found = self._bound.resolve(node.attr_path, strict=False)
        if found is None:
            return false()
        head, name = self._names(found)
        if head in self._source.entries:
            entries = self._source.entries[head]
            return entries.some() if found.sub_field_name is None else entries.some(_said(entries.source, found))
        if name in self._source.values:
            value = self._source.values[name]
            return and_(value.of.is_not(None), value.of != "") if value.kind is Kind.text else value.of.is_not(None)
        if found.is_multivalued and found.sub_field_name is not None:
            each = f'$[*]."{attribute_of(found)}"{_SAID[1:]}'
            return func.jsonb_path_exists(self._json(found, of_head=True), bindparam(None, each, JSONPATH))
        return func.jsonb_path_exists(self._json(found), bindparam(None, _SAID, JSONPATH))

    def visit_comparison(self, node: Comparison) -> Condition:
        found = self._bound.resolve_comparison(node.attr_path, strict=False)
        if found is not None and found.sub_field_name is None and _is_complex(found.field_type):
            # `manager eq "id"` means the manager's value, as Entra has it.
            found = self._bound.resolve(replace(node.attr_path, sub_attr="value"), strict=False)
            if found is None:
                raise InvalidFilterException
        if found is None:
            return false()
        expected = _operand(found, node)
        head, _ = self._names(found)
        if found.is_multivalued:
            return _of_many(self._entries(found, head), found, node.op, expected)
        return compared(self._value(found), node.op, expected)

    def visit_value_path(self, node: ValuePath) -> Condition:
        found = self._bound.resolve(node.attr_path, strict=False)
        if found is None:
            return false()
        item = found.field_type
        if not (isclass(item) and issubclass(item, BaseModel)):
            raise InvalidFilterException
        entries = self._entries(found, self._names(found)[0])
        inner = ScimFilter[item](node.val_filter)  # type: ignore[valid-type]  # bound at run time
        return entries.some(_Compiler(inner, item, entries.source).visit(inner.ast))

    def _names(self, found: AttributeBinding) -> tuple[str, str]:
        """The names of the attribute and of what is compared of it."""
        name = name_of(found, self._model)
        return (name.rpartition(".")[0] if found.sub_field_name else name), name

    def _value(self, found: AttributeBinding) -> Value:
        head, name = self._names(found)
        if name in self._source.values:
            return self._source.values[name]
        if head in _NOT_KEPT or name.endswith(".$ref"):
            raise InvalidFilterException
        return in_document(found.target_type, self._json(found))

    def _entries(self, found: AttributeBinding, head: str) -> Entries:
        if head in self._source.entries:
            return self._source.entries[head]
        if head in _NOT_KEPT:
            raise InvalidFilterException
        array = self._json(found, of_head=True)
        listed = case((func.jsonb_typeof(array) == "array", array))
        rows = func.jsonb_array_elements(listed).table_valued(column("value", JSONB)).render_derived()
        return Entries(rows, true(), Source(document=rows.c.value))

    def _json(self, found: AttributeBinding, *, of_head: bool = False) -> ColumnElement[Any]:
        if self._source.document is None:
            raise InvalidFilterException
        head, name = self._names(found)
        uri, _, attribute = (head if of_head else name).rpartition(":")
        parts = ([uri] if uri else []) + attribute.split(".")
        return func.jsonb_extract_path(self._source.document, *parts, type_=JSONB)


_NOT_KEPT = frozenset({"schemas", "meta", "id", "groups", "members"})


def _is_complex(kind: Any) -> bool:
    return isclass(kind) and issubclass(kind, BaseModel)


def attribute_of(found: AttributeBinding) -> str:
    """The bare name of what is compared, without what it is a part of."""
    return found.urn.rpartition("." if found.sub_field_name else ":")[2]


def _said(source: Source, found: AttributeBinding) -> Condition:
    value = source.values.get(attribute_of(found))
    if value is None:
        raise InvalidFilterException
    return value.of.is_not(None)


_FIRST_YEAR, _LAST_YEAR = 1970, 9998  # those that have a date in every zone


def _operand(found: AttributeBinding, node: Comparison) -> Any:
    """What the attribute is compared with, in the form of what is kept."""
    expected = found.comparable(coerce_value(found, node.value, node.op))
    if isinstance(expected, str) and ("\0" in expected or SURROGATES.search(expected)):
        raise InvalidFilterException(detail="A filter compares text, without NUL and half surrogates.")
    if isinstance(expected, datetime) and not _FIRST_YEAR <= expected.year <= _LAST_YEAR:
        raise InvalidFilterException(detail="A filter compares moments of the years 1970 to 9998.")
    return expected


def in_document(kind: Any, here: ColumnElement[Any]) -> Value:
    """The value of an attribute that a document holds, by its type."""
    if not isclass(kind) or issubclass(kind, bytes | BaseModel):
        raise InvalidFilterException
    if issubclass(kind, bool):
        return Value(here == _TRUE, Kind.flag)
    if issubclass(kind, int | float):
        return Value(case((func.jsonb_typeof(here) == "number", here)), Kind.number)
    return Value(here[()].astext, Kind.moment_text if issubclass(kind, datetime) else Kind.text)


def _of_many(entries: Entries, found: AttributeBinding, op: CompareOperator, expected: Any) -> Condition:
    """Any of the values; with `ne` none of them may be the operand. No list at all is one absent value."""
    alias = attribute_of(found) if found.sub_field_name else None
    if alias is None:
        raise InvalidFilterException
    value = entries.source.values.get(alias)
    if value is None:
        if entries.source.document is None:
            raise InvalidFilterException
        value = in_document(found.target_type, func.jsonb_extract_path(entries.source.document, alias, type_=JSONB))
    each = compared(value, op, expected)
    if op == CompareOperator.ne:
        none = ~entries.some(each.is_not(true()))
        return and_(entries.some(), none) if expected is None else none
    any_of_them = entries.some(each)
    return or_(~entries.some(), any_of_them) if expected is None and op == CompareOperator.eq else any_of_them


_ORDER: Mapping[CompareOperator, Callable[[ColumnElement[Any], Any], Condition]] = {
    CompareOperator.gt: lambda left, right: left > right,
    CompareOperator.ge: lambda left, right: left >= right,
    CompareOperator.lt: lambda left, right: left < right,
    CompareOperator.le: lambda left, right: left <= right,
}


def compared(value: Value, op: CompareOperator, expected: Any) -> Condition:  # noqa: PLR0911 - one line for each kind
    """One value against one operand, both as they are kept; nothing is equal to nothing alone."""
    if expected is None:
        match op:
            case CompareOperator.eq:
                return value.of.is_(None)
            case CompareOperator.ne:
                return value.of.is_not(None)
            case _:
                return false()
    operand = _bound(value, expected)
    if operand is None:  # of another kind: equal to no value
        return true() if op == CompareOperator.ne else false()
    if op == CompareOperator.eq:
        return value.equal(expected) if value.equal is not None else value.of == operand
    if op == CompareOperator.ne:
        return value.of.is_distinct_from(operand)
    if op in STRING_OPERATORS:
        return _within(value.of, op, expected) if value.kind is Kind.text else false()
    left = value.of.collate("C") if value.kind in {Kind.text, Kind.moment_text} else value.of
    return _ORDER[op](left, operand)


def _bound(value: Value, expected: Any) -> ColumnElement[Any] | None:
    match value.kind, expected:
        case Kind.text, str():
            return literal(expected)
        case Kind.flag, bool():
            return true() if expected else false()
        case Kind.moment, datetime() if expected.tzinfo is not None:
            return literal(expected)
        case Kind.moment_text, datetime() if expected.tzinfo is not None:
            return literal(moment_text(expected))
        case Kind.number, int() | float():
            return literal(expected, JSONB)
        case _:
            return None


def _within(text: ColumnElement[Any], op: CompareOperator, part: str) -> Condition:
    # No LIKE: there is nothing to escape.
    match op:
        case CompareOperator.co:
            return func.strpos(text, part) > 0
        case CompareOperator.sw:
            return func.starts_with(text, part)
        case _:
            return func.right(text, len(part)) == part


def every(conditions: Sequence[Condition]) -> Condition:
    """All of them, or no condition at all."""
    return and_(true(), *conditions)
