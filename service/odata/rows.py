"""Rows of an entity set: a page, one, or how many.

A set of many rows is walked release by release along its index, so that a page costs the same wherever it begins. In
another order than the index's, all that is seen is sorted for each page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Double, Row, Select, and_, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.text import SURROGATES
from service.odata import cells, sources, visible
from service.odata.asked import PAGE, Asked
from service.odata.conditions import condition
from service.odata.grammar import Both, Node, names_in
from service.odata.model import OF_RELEASE, Edm, EntitySet
from service.odata.paging import Along, Position, after, position_of, token_of
from service.odata.sources import Condition, Scope, Source, table_of, text
from service.releases.tables import Release
from service.tenants.principals import Principal

SOURCES: Final[Mapping[str, Callable[[Scope], Source]]] = {
    "Campaigns": sources.campaigns,
    "Waves": sources.waves,
    "Releases": sources.releases,
    "OrgUnits": cells.org_units,
    "Items": sources.items,
    "Scales": sources.scales,
    "Scores": cells.figures,
    "Shares": cells.figures,
    "Distributions": cells.distributions,
    "Participation": cells.participation,
}
_CALLED: Final = {
    "Items": {"Name"},
    "Scales": {"Name"},
    "Scores": {"MeasureName"},
    "Shares": {"MeasureName"},
    "Distributions": {"MeasureName", "OptionName"},
}
_FAMILIES: Final = {"Scores": "mean", "Shares": "distribution", "Distributions": "distribution"}
ROWS_AT_ONCE: Final = 200_000
"""Looked at by one statement, where a filter keeps few."""
Values = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows with the values of the columns asked for, and the token behind which the next page starts."""

    rows: Sequence[Values]
    token: str | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads an entity set for a caller.

    Attributes:
        query: the options as they were sent.
        seen: the releases with rows that can be asked for, oldest first.
    """

    tx: AsyncSession
    caller: Principal
    entity_set: EntitySet
    asked: Asked
    query: Mapping[str, str]
    seen: Sequence[UUID]
    size: int = PAGE

    @property
    def names(self) -> tuple[str, ...]:
        """The columns to show."""
        return tuple(self.entity_set.by_name) if self.asked.select is None else self.asked.select

    async def page(self) -> Page:
        """The page that is asked for. Raises Refused."""
        asked = self.asked
        along = self._along(self._source(self._scope()))
        start = None
        if asked.token is not None:
            start = position_of(asked.token, self.entity_set.name, self.query, along)
        left = asked.top if start is None else start.left
        want = self.size if left is None else min(self.size, left)
        if want == 0:
            return Page([], None)
        skip = asked.skip if start is None else 0
        walks = self.entity_set.walks and not asked.orders and not skip
        found = await (self._walk(want, start) if walks else self._sorted(want, skip, start))
        width = len(self.names)
        rows = [row[:width] for row in found[:want]]
        rest = None if left is None else left - want
        if len(found) <= want or rest == 0:
            return Page(rows, None)
        position = Position(tuple(found[want - 1][width:]), rest)
        return Page(rows, token_of(position, self.entity_set.name, self.query))

    async def count(self) -> int:
        """How many rows there are, whatever the page."""
        bare = replace(self, asked=Asked(filter=self.asked.filter, select=(), languages=self.asked.languages))
        source = bare._source(await bare._scope_of(self.seen))  # noqa: SLF001 - the same reader, asking for less
        counted = select(func.count()).select_from(source.rows).where(*source.where, *self._kept(source))
        return int((await self.tx.execute(counted)).scalar_one())

    async def one(self, key: str) -> Values | None:
        """The row with this key, where the caller sees it."""
        parts = _parts(key, self.entity_set.key)
        if parts is None:
            return None
        if not self.entity_set.walks:
            source = self._source(await self._scope_of(self.seen))
            mine: Condition = source.columns["Id"] == key
        elif parts[0] in self.seen:
            scope = await self._scope_of_one(parts[0])
            source = self._source(replace(scope, nodes=(parts[1], parts[1] + 1)))
            mine = and_(*(along.of == part for along, part in zip(source.key[1:], parts[1:], strict=True)))
        else:
            return None
        found = (await self.tx.execute(self._statement(source).where(mine))).one_or_none()
        return None if found is None else found[: len(self.names)]

    async def _walk(self, want: int, start: Position | None) -> list[Row[Any]]:
        """Rows in the order of the key, one more than wanted where there are more."""
        found: list[Row[Any]] = []
        for release_id in self.seen:
            if start is not None and release_id < start.values[0]:
                continue
            behind = start.values[1:] if start is not None and release_id == start.values[0] else None
            found += await self._of_release(await self._scope_of_one(release_id), behind, want + 1 - len(found))
            if len(found) > want:
                break
        return found

    async def _of_release(self, scope: Scope, behind: Values | None, want: int) -> list[Row[Any]]:
        """Rows of one release, some places at a time: as many as hold what is wanted, and more where few are kept."""
        of_place = self._rows_of_place(scope)
        found: list[Row[Any]] = []
        first = 0 if behind is None else max(0, behind[0])
        last = -1 if scope.head is None or not of_place else scope.head.last
        # One more, since the first place may have been shown to its last row but one.
        width = -(-want // max(1, of_place)) + 1
        while first <= last and len(found) < want:
            source = self._source(replace(scope, nodes=(first, first + width)))
            statement = self._statement(source)
            if behind is not None:
                statement = statement.where(after(source.key[1:], behind))
            statement = statement.order_by(*(along.ordered() for along in source.key[1:])).limit(want - len(found))
            found += (await self.tx.execute(statement)).all()
            behind, first = None, first + width
            width = max(width, min(width * 2, ROWS_AT_ONCE // of_place))
        return found

    async def _sorted(self, want: int, skip: int, start: Position | None) -> list[Row[Any]]:
        """Rows in any order, made total by the key, or after so many."""
        source = self._source(await self._scope_of(self.seen))
        along = self._along(source)
        statement = self._statement(source)
        if start is not None:
            statement = statement.where(after(along, start.values))
        statement = statement.order_by(*(one.ordered() for one in along)).offset(skip or None).limit(want + 1)
        return list((await self.tx.execute(statement)).all())

    def _statement(self, source: Source) -> Select[Any]:
        """The columns to show, then what the rows are ordered by."""
        shown = [_shown(source.columns[name], self.entity_set.by_name[name].edm).label(name) for name in self.names]
        behind = [along.of.label(f"_{place}") for place, along in enumerate(self._along(source))]
        return select(*shown, *behind).select_from(source.rows).where(*source.where, *self._kept(source))

    def _kept(self, source: Source) -> tuple[Condition, ...]:
        kept = self.asked.filter
        return () if kept is None else (condition(kept, self.entity_set, source.columns),)

    def _along(self, source: Source) -> tuple[Along, ...]:
        columns = self.entity_set.by_name
        asked = [
            Along(source.columns[order.name], columns[order.name].edm, order.falls, columns[order.name].nullable)
            for order in self.asked.orders
        ]
        return (*asked, *source.key)

    def _source(self, scope: Scope) -> Source:
        return SOURCES[self.entity_set.name](scope)

    def _scope(self) -> Scope:
        return Scope(self.caller, self.asked.needed(self.entity_set), self.seen)

    def _rows_of_place(self, scope: Scope) -> int:
        """How many rows each place of a release has, before any filter."""
        match self.entity_set.name:
            case "Scores" | "Shares":
                return len(scope.known)
            case "Distributions":
                return sum(len(one["options"]) for one in scope.known.values())
            case _:
                return 1

    async def _scope_of_one(self, release_id: UUID) -> Scope:
        scope = await self._scope_of([release_id])
        return replace(scope, head=await visible.head(self.tx, self.caller.tenant_id, release_id))

    async def _scope_of(self, release_ids: Sequence[UUID]) -> Scope:
        """With what is known of the measures of these releases; their names only where they are asked about."""
        scope, name, tenant = self._scope(), self.entity_set.name, self.caller.tenant_id
        called: dict[str, visible.Called] = {}
        if scope.needed & _CALLED.get(name, set()):
            called = await visible.called(self.tx, tenant, release_ids, self.asked.languages)
        if name not in _FAMILIES:
            return replace(scope, known={key: one.name for key, one in called.items()})
        return replace(scope, known=await visible.measures(self.tx, tenant, release_ids, _FAMILIES[name], called))


def only_of(entity_set: EntitySet, kept: Node | None, key: str | None) -> Condition:
    """What a key, or a filter, says of the releases alone, so that others need not be looked into. Raises Refused."""
    if not entity_set.walks:
        return true()
    if key is not None:
        parts = _parts(key, entity_set.key)
        return table_of(Release).c.release_id == (parts[0] if parts else None)
    if kept is None:
        return true()
    terms = kept.terms if isinstance(kept, Both) and kept.operator == "and" else (kept,)
    of_release = [term for term in terms if names_in(term) and names_in(term) <= OF_RELEASE]
    return and_(true(), *(condition(term, entity_set, _of_release()) for term in of_release))


def _of_release() -> dict[str, ColumnElement[Any]]:
    head = visible.head_columns()
    return {
        "ReleaseId": text(head["release_id"]),
        "CampaignId": head["campaign_id"],
        "CampaignName": head["campaign_name"],
        "WaveId": text(head["wave_id"]),
        "WaveNumber": head["wave_number"],
        "ReleasedAt": head["released_at"],
    }


def _shown(of: ColumnElement[Any], edm: Edm) -> ColumnElement[Any]:
    """A column as it is read: decimals as JSON has them."""
    return cast(of, Double) if edm is Edm.number else of


def _number(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**31:
        raise ValueError("no number of ours")
    return number


def _slug(text: str) -> str:
    if "\0" in text or SURROGATES.search(text):
        raise ValueError("no slug of ours")
    return text


_READ: Final[Mapping[str, Callable[[str], Any]]] = {"uuid": UUID, "number": _number, "slug": _slug}


def _parts(key: str, kinds: Sequence[str]) -> list[Any] | None:
    """What a key is made of; None for what is no key of ours."""
    parts: list[Any] = []
    rest = key.split(".", len(kinds) - 1)
    if len(rest) != len(kinds):
        return None
    for part, kind in zip(rest, kinds, strict=True):
        try:
            read = _READ[kind](part)
        except ValueError:
            return None
        if str(read) != part:
            return None
        parts.append(read)
    return parts
