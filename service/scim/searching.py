"""A page of a search: filtered, ordered and paged by the database, ids first and whole rows for the page alone.

However deep a page lies, what is walked over to reach it are entries of an index where nothing else is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scim2_models import BaseModel, SearchRequest
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    text,
    true,
    union_all,
)

from service.scim import group_rows, user_rows
from service.scim.filters import Source, Value, condition
from service.scim.ordering import Order, Place, of_page, order_of, sort_value
from service.scim.within import Within

USER, GROUP = "User", "Group"
SORTED_IN_MEMORY = 10_000
# Most orders have no index: a first page keeps the best few, a deep one sorts everybody, and must not do it on disk.
_ROOM = text("SET LOCAL work_mem = '64MB'")
Found = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids of a page by type, in order, and where the pages beside it begin."""

    total: int
    page: Sequence[Found]
    next: Any = None
    previous: Any = None


@dataclass(frozen=True, slots=True)
class _Part:
    """One type's share of a search."""

    kind: str
    id: ColumnElement[Any]
    rows: FromClause
    where: ColumnElement[bool]
    by: Value | None


async def search(
    within: Within, models: Mapping[str, type[BaseModel]], request: SearchRequest[Any], position: Any
) -> Ids:
    """The ids of the page that a request asks for."""
    parts = [_part(within, kind, model, request) for kind, model in models.items()]
    if len(parts) == 1:
        (part,) = parts
        order = order_of(request, part.by, part.id)
        total = select(func.count()).select_from(part.rows).where(part.where)
        statement = select(literal(part.kind).label("kind"), part.id.label("id"), _by(order)).select_from(part.rows)
        return await _page(within, request, order, statement.where(part.where), total, position)
    kinds = {part.by.kind for part in parts if part.by is not None}
    nothing = next((part.by.of.type for part in parts if part.by is not None), Text())
    every = union_all(
        *(
            select(
                literal(part.kind).label("kind"),
                cast(part.id, Text).label("id"),
                (part.by.of if part.by is not None else cast(null(), nothing)).label("by"),
            )
            .select_from(part.rows)
            .where(part.where)
            for part in parts
        )
    ).subquery("every")
    by = Value(every.c.by, kinds.pop()) if kinds else None
    order = order_of(request, by, every.c.id.collate("C"))
    statement = select(every.c.kind, every.c.id, _by(order))
    return await _page(within, request, order, statement, select(func.count()).select_from(every), position)


def _by(order: Order) -> ColumnElement[Any]:
    return (order.by if order.by is not None else null()).label("by")


def _part(within: Within, kind: str, model: type[BaseModel], request: SearchRequest[Any]) -> _Part:
    if kind == USER:
        source = user_rows.source(within.mapping)
        kept, by = _asked(request, model, source)
        rows = user_rows.joined(kept, by.of if by is not None else None)
        return _Part(kind, user_rows.U.c.person_id, rows, and_(user_rows.U.c.tenant_id == within.tenant, kept), by)
    found = group_rows.catalogue(within.tenant, within.mapping)
    kept, by = _asked(request, model, found.source)
    return _Part(kind, found.groups.c.id, found.groups, kept, by)


def _asked(
    request: SearchRequest[Any], model: type[BaseModel], source: Source
) -> tuple[ColumnElement[bool], Value | None]:
    wanted = condition(request.filter, model, source) if request.filter is not None else true()
    return wanted, sort_value(request, model, source)


async def _page(
    within: Within,
    request: SearchRequest[Any],
    order: Order,
    statement: Select[Any],
    counted: Select[Any],
    position: Any,
) -> Ids:
    total = await within.tx.scalar(counted) or 0
    if request.count == 0:
        return Ids(total, [])
    if request.cursor is None:
        start = request.start_index_0 or 0
        if start >= total:  # the driver takes no offset beyond its numbers, and nothing is there
            return Ids(total, [])
        size = total - start if request.count is None else min(request.count, total - start)
        # Walked to from the nearer end: what is passed over is read all the same.
        back = start > (total - size) // 2
        offset = total - start - size if back else start
        if order.by is not None and not order.is_unique and total > SORTED_IN_MEMORY:
            await within.tx.execute(_ROOM)
        paged = statement.order_by(*order.clauses(reverse=back)).offset(offset).limit(size)
        rows = (await within.tx.execute(paged)).all()
        return Ids(total, _ids(rows[::-1] if back else rows))
    place = Place.read(position, order) if position is not None else None
    back = place is not None and not place.is_next
    more = request.count + 1 if request.count is not None else None
    paged = statement.where(order.after(place)) if place is not None else statement
    rows = (await within.tx.execute(paged.order_by(*order.clauses(reverse=back)).limit(more))).all()
    page, goes_on = of_page(rows, request.count)
    if back:
        page = page[::-1]
    if not page:
        return Ids(total, [])
    has_next, has_previous = (True, goes_on) if back else (goes_on, place is not None)
    first, last = page[0], page[-1]
    return Ids(
        total,
        _ids(page),
        order.place(last.by, str(last.id), is_next=True) if has_next else None,
        order.place(first.by, str(first.id), is_next=False) if has_previous else None,
    )


def _ids(rows: Sequence[Any]) -> list[Found]:
    return [(row.kind, str(row.id)) for row in rows]
