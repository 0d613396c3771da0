"""Where the columns of the large sets lie: places and their cells, of one release along its index, or of all of them.

Places come first, and each looks up its cells by their key, whatever the planner thinks of tables that nobody has
analysed since they were filled: the other way round, a release's places are read once for each of its cells. Both are
fenced by an OFFSET, so that they stay as they are written. Measures are known already.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Numeric,
    Text,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased
from sqlmodel import col

from service.campaigns.plan import ORG
from service.odata.conditions import BY_CODE_POINT
from service.odata.model import FIGURES, LEVELS, Edm
from service.odata.paging import Along
from service.odata.sources import Expression, Scope, Source, heads, inside, part, table_of, text
from service.releases.queries import below
from service.releases.tables import ReleaseCell, ReleaseParticipation, ReleaseUnit
from service.tenants.registrar import Unit

_FENCE: Final[ColumnElement[int]] = literal_column("0")
_CELL, _UNIT, _PART = table_of(ReleaseCell), table_of(ReleaseUnit), table_of(ReleaseParticipation)


def org_units(scope: Scope) -> Source:
    place, head = _places(scope, {*_place(), "ParentId"}), _head(scope)
    release_id = head.columns["ReleaseId"]
    columns: dict[str, Expression] = {
        "Id": release_id + "." + text(place.c.node),
        "ReleaseId": release_id,
        **{name: place.c[name] for name in _place()},
        "ParentId": release_id + "." + text(place.c.ParentId),
    }
    columns["Name"] = columns.pop("UnitName")
    key = (Along(place.c.release_id, None), Along(place.c.node, Edm.integer))
    return Source(_beside(head, place), columns, key)


def figures(scope: Scope) -> Source:
    """Of a family of cells, whose measures are known."""
    cells = _cells(scope)
    return Source(cells.rows, cells.columns, cells.key)


def distributions(scope: Scope) -> Source:
    """A row for each option of a measure, with its share where the cell is published."""
    cells = _cells(scope)
    listed = (
        func.jsonb_array_elements_text(part(cells.known, cells.measure, "options"))
        .table_valued(column("option", Text), with_ordinality="place", joins_implicitly=True)
        .render_derived()
    )
    option, place = listed.c.option, cast(listed.c.place, Integer)
    at = text(place - 1)
    columns = cells.columns | {
        "Id": cells.columns["Id"] + "." + text(place),
        "Option": option,
        "OptionName": func.coalesce(inside(cells.known, cells.measure, "called", option), option, type_=Text),
        "OptionNumber": place,
        "Percent": cast(inside(cells.distribution, at, "0"), Numeric),
        "Bound": inside(cells.distribution, at, "1"),
    }
    return Source(cells.rows.join(listed, true()), columns, (*cells.key, Along(place, Edm.integer)))


def participation(scope: Scope) -> Source:
    """A row for each whole unit of a release that has any."""
    head, place = _head(scope), _places(scope, scope.needed)
    told = (
        select(_PART)
        .where(
            _PART.c.tenant_id == scope.caller.tenant_id,
            _PART.c.release_id == place.c.release_id,
            _PART.c.node == place.c.node,
        )
        .offset(_FENCE)
        .lateral("told")
    )
    at = head.columns["ReleaseId"] + "." + text(place.c.node)
    columns: dict[str, Expression] = {
        **head.columns,
        "Id": at,
        "OrgUnitId": at,
        **{name: place.c[name] for name in _place() if name in scope.needed},
        **{name: told.c[name.lower()] for name in ("Status", "Reason", "Invited", "Percent", "Bound")},
        "LookedAt": func.to_char(told.c.looked_at, "YYYY-MM-DD", type_=Text),
    }
    key = (Along(place.c.release_id, None), Along(place.c.node, Edm.integer))
    return Source(_beside(head, place).join(told, true()), columns, key)


@dataclass(frozen=True, slots=True)
class _Head:
    """What all rows of a release show, and the rows in which it is looked up, where it is not known already."""

    columns: dict[str, Expression]
    rows: FromClause | None


@dataclass(frozen=True, slots=True)
class _Cells:
    """Cells of a family with what all their rows show; `measure` is the key under which theirs is `known`."""

    rows: FromClause
    columns: dict[str, Expression]
    key: tuple[Along, ...]
    known: Expression
    measure: Expression
    distribution: Expression


def _cells(scope: Scope) -> _Cells:
    head, place = _head(scope), _places(scope, scope.needed)
    known = literal(dict(scope.known), JSONB)
    release_id = head.columns["ReleaseId"]
    cell = (
        select(_CELL)
        .where(
            _CELL.c.tenant_id == scope.caller.tenant_id,
            _CELL.c.release_id == place.c.release_id,
            _CELL.c.node == place.c.node,
            func.jsonb_exists(known, text(_CELL.c.release_id) + "." + text(_CELL.c.number)),
        )
        .offset(_FENCE)
        .lateral("cell")
    )
    measure = release_id + "." + text(cell.c.number)
    columns: dict[str, Expression] = {
        **head.columns,
        "Id": release_id + "." + text(place.c.node) + "." + text(cell.c.number),
        "OrgUnitId": release_id + "." + text(place.c.node),
        "MeasureId": release_id + "." + inside(known, measure, "measure"),
        **{name: place.c[name] for name in _place() if name in scope.needed},
        "Measure": inside(known, measure, "measure"),
        "MeasureName": inside(known, measure, "name"),
        "Kind": inside(known, measure, "kind"),
        "Status": cell.c.status,
        "Reason": cell.c.reason,
        **{shown: cell.c[name] for shown, name in FIGURES.items()},
    }
    key = (Along(place.c.release_id, None), Along(place.c.node, Edm.integer), Along(cell.c.number, Edm.integer))
    rows = _beside(head, place).join(cell, true())
    return _Cells(rows, columns, key, known, measure, cell.c.distribution)


def _head(scope: Scope) -> _Head:
    return _Head(*heads(scope))


def _beside(head: _Head, place: FromClause) -> FromClause:
    return place if head.rows is None else head.rows.join(place, place.c.release_id == head.rows.c.release_id)


def _places(scope: Scope, needed: AbstractSet[str]) -> FromClause:
    """The places that the caller reads, with what is asked about each, found out once for all its cells."""
    columns = _place(scope.caller.unit) | {"ParentId": _parent(scope)}
    shown = [of.label(name) for name, of in columns.items() if name in needed]
    statement = select(_UNIT.c.release_id, _UNIT.c.node, *shown).where(
        _UNIT.c.tenant_id == scope.caller.tenant_id, below(scope.caller.unit)
    )
    if scope.head is not None:
        statement = statement.where(_UNIT.c.release_id == scope.head.release_id)
    if scope.nodes is not None:
        first, end = scope.nodes
        statement = statement.where(_UNIT.c.node >= first, _UNIT.c.node < end)
    return statement.offset(_FENCE).subquery("place")


def _place(unit: Unit | None = None) -> dict[str, Expression]:
    """Of `release_unit`, as whoever reads one unit alone may see it: what stands above that has no name there."""
    path, values = _UNIT.c.path, _UNIT.c.dimensions
    pairs = func.jsonb_each_text(values).table_valued("key", "value").render_derived()
    in_order = pairs.c.key.collate(BY_CODE_POINT)
    crossed = func.string_agg(literal("*", Text) + pairs.c.key, literal("", Text)).aggregate_order_by(in_order)
    named_ = pairs.c.key + "=" + pairs.c.value
    listed = func.string_agg(named_, literal("; ", Text)).aggregate_order_by(in_order)
    return {
        "Unit": _UNIT.c.unit,
        "Source": _UNIT.c.source,
        "UnitName": _UNIT.c.unit_name,
        "Level": _UNIT.c.level,
        **{f"Level{level}": _from(unit, level, path[level]) for level in range(1, LEVELS + 1)},
        "Breakdown": literal(ORG, Text) + _or_nothing(select(crossed)),
        "Dimensions": _or_nothing(select(listed)),
    }


def _from(unit: Unit | None, level: int, name: Expression) -> Expression:
    """A name on the way down, from the unit on."""
    if unit is None:
        return name
    top = aliased(ReleaseUnit)
    own = (
        select(func.min(col(top.level)))
        .where(col(top.tenant_id) == _UNIT.c.tenant_id, col(top.release_id) == _UNIT.c.release_id)
        .where(col(top.source) == unit.source, col(top.unit) == unit.external_id)
        .correlate(_UNIT)
        .scalar_subquery()
    )
    return case((own < level, name), else_=None)


def _or_nothing(texts: Any) -> Expression:
    return func.coalesce(texts.correlate(_UNIT).scalar_subquery(), "", type_=Text)


def _parent(scope: Scope) -> Expression:
    """The place above, where this key reads it."""
    if scope.caller.unit is None:
        return _UNIT.c.parent
    own = scope.caller.unit
    is_top = (_UNIT.c.source == own.source) & (_UNIT.c.unit == own.external_id)
    return case((is_top, None), else_=_UNIT.c.parent)
