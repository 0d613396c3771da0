"""The columns of a cell, in every format: what a JSON cell has, in its order, with a type and a description each."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args

from service.releases.cell_schemas import CellOut


class Kind(StrEnum):
    """What a column holds; `values` is by dimension, `shares` by option."""

    text = "text"
    integer = "integer"
    number = "number"
    values = "values"
    shares = "shares"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    description: str
    # Whether it is the same for all cells of a measure in a family, or of a place; else it is of the cell itself.
    of_measure: bool
    of_place: bool


_OF_MEASURE = frozenset({"measure", "kind", "family"})
_NESTED = {"dimensions": Kind.values, "distribution": Kind.shares}


def _kind(name: str, annotation: Any) -> Kind:
    if name in _NESTED:
        return _NESTED[name]
    inner = {one for one in (annotation, *get_args(annotation)) if isinstance(one, type)}
    if int in inner:
        return Kind.integer
    return (
        Kind.number if Decimal in inner or any(Decimal in get_args(one) for one in get_args(annotation)) else Kind.text
    )


def _columns() -> tuple[Column, ...]:
    found = []
    is_place = True
    for name, field in CellOut.model_fields.items():
        is_place = is_place and name not in _OF_MEASURE
        kind = _kind(name, field.annotation)
        found.append(Column(name, kind, field.description or "", name in _OF_MEASURE, is_place))
    return tuple(found)


COLUMNS = _columns()
FIGURES = tuple(column for column in COLUMNS if not column.of_place and not column.of_measure)
_AT = [column.kind for column in FIGURES].index(Kind.shares)
BEFORE, AFTER = FIGURES[:_AT], FIGURES[_AT + 1 :]
"""Of a cell: what stands before its distribution, and what after it."""
