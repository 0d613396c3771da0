"""The order of a search and the place of a page in it, as SQL. Pure.

Everything is ordered by its sort value, what has none last, then by its id; descending is just the reverse. A cursor
holds both of the last one that was shown, so that what comes and goes meanwhile moves nobody past the reader.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from scim2_models import BaseModel, InvalidCursorException, InvalidPathException, SearchRequest
from sqlalchemy import ColumnElement, and_, bindparam, cast, false, func, literal, or_, true
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from service.scim.filters import Kind, Source, Value, attribute_of, in_document
from service.scim.folding import name_of

_PRIMARY: Final = "$[*] ? (@.primary == true)"
_UNSORTABLE: Final = frozenset({"schemas", "groups", "members"})


@dataclass(frozen=True, slots=True)
class Order:
    """By which expressions a search is ordered; `by` None: by id alone; `is_unique`: by `by` alone."""

    by: ColumnElement[Any] | None
    kind: Kind
    id: ColumnElement[Any]
    is_descending: bool
    is_unique: bool = False

    def clauses(self, *, reverse: bool = False) -> list[ColumnElement[Any]]:
        """What follows ORDER BY."""
        down = self.is_descending != reverse
        by = self.by if self.by is not None else self.id
        parts = [by] if self.by is None or self.is_unique else [by, self.id]
        # As an index has them, read forwards or backwards.
        return [part.desc().nulls_first() if down else part.asc().nulls_last() for part in parts]

    def after(self, place: "Place") -> ColumnElement[bool]:
        """That something comes after a place, or before it for a page back."""
        up = (place.is_next) != self.is_descending
        past_id: ColumnElement[bool] = self.id > place.id if up else self.id < place.id
        if self.by is None:
            return past_id
        if place.value is None:  # what has no value comes last going up
            return and_(self.by.is_(None), past_id) if up else or_(self.by.is_not(None), past_id)
        value = place.value
        past: ColumnElement[bool] = self.by > value if up else self.by < value
        if self.is_unique:
            return past
        later = or_(past, and_(self.by == value, past_id))
        return or_(self.by.is_(None), later) if up else and_(self.by.is_not(None), later)

    def place(self, value: Any, identifier: str, *, is_next: bool) -> dict[str, Any]:
        """The position of a page that begins after this one, or ends before it."""
        shown = value.isoformat() if isinstance(value, datetime) else value
        return {"d": "next" if is_next else "previous", "k": shown, "i": identifier}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cursor points."""

    is_next: bool
    value: Any
    id: Any

    @classmethod
    def read(cls, position: Any, order: Order) -> "Place":
        """Raises InvalidCursorException for anything that `Order.place` has not written."""
        match position:
            case {"d": "next" | "previous" as direction, "k": value, "i": str(identifier)}:
                wanted: Any = literal(identifier)
                if order.id.type.python_type is not str:
                    wanted = cast(wanted, order.id.type)
                return cls(direction == "next", _value(value, order.kind), wanted)
            case _:
                raise InvalidCursorException


def _value(value: Any, kind: Kind) -> Any:
    match kind, value:
        case _, None:
            return None
        case Kind.moment, str():
            try:
                return literal(datetime.fromisoformat(value))
            except ValueError:
                raise InvalidCursorException from None
        case Kind.text | Kind.moment_text, str():
            return literal(value)
        case Kind.flag, bool():
            return true() if value else false()
        case Kind.number, int() | float():
            return literal(value, JSONB)
        case _:
            raise InvalidCursorException


def sort_value(request: SearchRequest[Any], model: type[BaseModel], source: Source) -> Value | None:
    """What a request orders the resources of a model by; None: by nothing."""
    found = request.sort_binding(model)
    if found is None:
        return None
    name = name_of(found, model)
    head = name.rpartition(".")[0] if found.sub_field_name else name
    if name in source.values:
        return source.values[name]
    if head in _UNSORTABLE or head == "meta" or source.document is None:
        raise InvalidPathException
    uri, _, attribute = head.rpartition(":")
    here = func.jsonb_extract_path(source.document, *([uri] if uri else []), attribute, type_=JSONB)
    if found.is_multivalued:
        first = func.jsonb_path_query_first(here, bindparam(None, _PRIMARY, JSONPATH), type_=JSONB)
        here = func.coalesce(first, here[0], type_=JSONB)
    if found.sub_field_name is not None:
        here = func.jsonb_extract_path(here, attribute_of(found), type_=JSONB)
    return in_document(found.target_type, here)


def order_of(request: SearchRequest[Any], value: Value | None, identifier: ColumnElement[Any]) -> Order:
    """The order of a search over one kind of resource."""
    down = request.sort_order == SearchRequest.SortOrder.descending and request.sort_by is not None
    if value is None:
        return Order(None, Kind.text, identifier, down)
    is_text = value.kind in {Kind.text, Kind.moment_text} and not value.is_unique
    by = value.of.collate("C") if is_text else value.of
    return Order(by, value.kind, identifier, down, value.is_unique)


def of_page(rows: Sequence[Any], count: int | None) -> tuple[Sequence[Any], bool]:
    """The rows of a page, and whether there was one more."""
    if count is None or len(rows) <= count:
        return rows, False
    return rows[:count], True
