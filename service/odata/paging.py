"""Where a page ends and the next one starts: an opaque token behind the last row's values, never an offset. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_

from service.kit.crypto import bytes_of, text_of
from service.kit.text import SURROGATES
from service.odata.conditions import in_order, literal_of
from service.odata.model import Edm
from service.odata.refusals import Refused
from service.odata.words import moment_of, number_of

Condition = ColumnElement[bool]
_INT32: Final = 2**31 - 1
_OF_QUERY: Final = ("$orderby", "$filter")
SKIPTOKEN: Final = "$skiptoken"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended.

    Attributes:
        values: of the columns that rows are ordered by, and of the key.
        left: rows that are still wanted; None: all.
    """

    values: tuple[Any, ...]
    left: int | None


@dataclass(frozen=True, slots=True)
class Along:
    """One of the things that rows are ordered by; of a UUID there is no type of OData. A key's part is never null."""

    of: ColumnElement[Any]
    edm: Edm | None
    falls: bool = False
    is_nullable: bool = False

    def ordered(self) -> ColumnElement[Any]:
        """As ORDER BY has it: nothing comes first, and last when it falls; an index knows its own order alone."""
        compared = self.of if self.edm is None else in_order(self.of, self.edm)
        if not self.is_nullable:
            return compared.desc() if self.falls else compared.asc()
        return compared.desc().nulls_last() if self.falls else compared.asc().nulls_first()

    def same(self, value: Any) -> Condition:
        if value is None:
            return self.of.is_(None)
        equal: Condition = self.of == self._bound(value)
        return equal

    def after(self, value: Any) -> Condition:
        """That a row's value comes after this one."""
        if value is None:
            return false() if self.falls else self.of.is_not(None)
        compared, bound = self.of if self.edm is None else in_order(self.of, self.edm), self._bound(value)
        later: Condition = compared > bound
        return or_(compared < bound, self.of.is_(None)) if self.falls else later

    def _bound(self, value: Any) -> Any:
        return value if self.edm is None else literal_of(value, self.edm)


def after(along: Sequence[Along], values: Sequence[Any]) -> Condition:
    """That a row comes after one with these values."""
    steps = []
    for place, (one, value) in enumerate(zip(along, values, strict=True)):
        before = [other.same(held) for other, held in zip(along[:place], values[:place], strict=True)]
        steps.append(and_(*before, one.after(value)))
    return or_(*steps)


def token_of(position: Position, name: str, query: Mapping[str, str]) -> str:
    """A position as text, good for the same query alone."""
    values = [_written(value) for value in position.values]
    return text_of(json.dumps([_mark(name, query), position.left, values], separators=(",", ":")).encode())


def position_of(token: str, name: str, query: Mapping[str, str], along: Sequence[Along]) -> Position:
    """The position behind a token. Raises Refused."""
    try:
        mark, left, values = json.loads(bytes_of(token))
        known = mark == _mark(name, query) and (left is None or _is_count(left)) and len(values) == len(along)
        if known:
            return Position(tuple(_read(value, one) for value, one in zip(values, along, strict=True)), left)
    except (ValueError, TypeError, RecursionError):
        pass
    raise Refused("$skiptoken is not one of ours, or of another query.", SKIPTOKEN)


def _mark(name: str, query: Mapping[str, str]) -> str:
    said = [name, *(query.get(option) for option in _OF_QUERY)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _INT32


def _written(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case UUID() | Decimal():
            return str(value)
        case _:
            return value


def _read(value: Any, one: Along) -> Any:
    """Raises ValueError or TypeError."""
    edm = one.edm
    if value is None and one.is_nullable:
        return None
    if edm is Edm.integer or edm is Edm.flag:
        if type(value) is not (int if edm is Edm.integer else bool) or not 0 <= value <= _INT32:
            raise ValueError("not of this type")
        return value
    if not isinstance(value, str) or "\0" in value or SURROGATES.search(value):
        raise TypeError("not a text")
    if edm is None:
        return UUID(value)
    if edm is Edm.moment:
        return moment_of(value)
    if edm is Edm.number:
        return number_of(value)
    return value
