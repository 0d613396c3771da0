"""Units of the organisation read and written many at a time; a write keeps its history.

Whoever writes holds `lock_organisation`. Parents may come after their children: the link is looked at when the
transaction ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

CHUNK = 1000
LINE, PROJECT = "line", "project"
MERGED = "was merged into another unit by a reorganisation"
_ALL = text("""
    SELECT unit_id, source, external_id, name, parent_id, hierarchy, manager, is_active, revision,
           deleted_at IS NOT NULL AS is_deleted, NOT is_active AND EXISTS (
               SELECT FROM unit_lineage l WHERE l.tenant_id = u.tenant_id AND l.from_unit_id = u.unit_id
               AND l.kind = 'merge') AS is_merged
    FROM org_unit u WHERE tenant_id = :tenant ORDER BY unit_id
""")
_GIVEN = """
    unnest(CAST(:ids AS uuid[]), CAST(:sources AS text[]), CAST(:externals AS text[]), CAST(:names AS text[]),
        CAST(:parents AS uuid[]), CAST(:hierarchies AS text[]), CAST(:managers AS text[]), CAST(:actives AS boolean[]))
        AS given (unit_id, source, external_id, name, parent_id, hierarchy, manager, is_active)
"""
_INSERT = text(f"""
    INSERT INTO org_unit (
        tenant_id, unit_id, source, external_id, name, parent_id, hierarchy, manager, is_active, created_at, updated_at)
    SELECT CAST(:tenant AS uuid), given.*, CAST(:now AS timestamptz), CAST(:now AS timestamptz) FROM {_GIVEN}
""")  # noqa: S608 - put together from this module's own texts
_UPDATE = text(f"""
    UPDATE org_unit u SET
        source = given.source, external_id = given.external_id, name = given.name, parent_id = given.parent_id,
        hierarchy = given.hierarchy, manager = given.manager, is_active = given.is_active, updated_at = :now,
        revision = u.revision + 1, deleted_at = NULL
    FROM {_GIVEN} WHERE u.tenant_id = :tenant AND u.unit_id = given.unit_id
""")  # noqa: S608 - same reason
_SPANS = text("""
    SELECT unit_id, min(valid_from) AS first, max(valid_from) AS last FROM org_unit_version
    WHERE tenant_id = :tenant GROUP BY unit_id
""")
_FORGET = text("""
    DELETE FROM org_unit_version v
    USING unnest(CAST(:ids AS uuid[]), CAST(:sinces AS date[])) AS given (unit_id, since)
    WHERE v.tenant_id = :tenant AND v.unit_id = given.unit_id AND v.valid_from >= given.since
""")
_REMEMBER = text("""
    INSERT INTO org_unit_version (tenant_id, unit_id, valid_from, name, parent_id, manager, is_active)
    SELECT CAST(:tenant AS uuid), * FROM unnest(CAST(:ids AS uuid[]), CAST(:sinces AS date[]), CAST(:names AS text[]),
        CAST(:parents AS uuid[]), CAST(:managers AS text[]), CAST(:actives AS boolean[]))
""")


@dataclass(frozen=True, slots=True)
class UnitHeld:
    """What is kept of a unit beside its key.

    Attributes:
        name: as results show it.
        parent_id: the unit above, of the same hierarchy; None: at the top.
        hierarchy: LINE or PROJECT; it never changes.
        manager: external id of a person in the same source, who need not be known yet.
        is_active: an inactive one is shown no more, unless somebody is in it.
    """

    name: str
    parent_id: UUID | None = None
    hierarchy: str = LINE
    manager: str | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class KnownUnit:
    unit_id: UUID
    source: str
    external_id: str
    held: UnitHeld
    revision: int
    is_deleted: bool
    is_merged: bool = False
    """A reorganisation made it part of another: nobody is in it any more."""

    def before(self, new: UnitHeld) -> UnitHeld:
        """What a change to `new` starts from: one that was deleted comes back, whatever is told of it."""
        return replace(self.held, is_active=not new.is_active) if self.is_deleted else self.held

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.external_id


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A unit as it was (None: not there) and as it is to be; `since` None: today.

    `is_longer`: it has been so from its first day on, and that day was before the one that is known.
    """

    unit_id: UUID
    source: str
    external_id: str
    old: UnitHeld | None
    new: UnitHeld
    since: date | None = None
    is_longer: bool = False

    @property
    def is_real(self) -> bool:
        return self.old != self.new or self.is_longer


class Span(NamedTuple):
    """When a unit's history begins, and since when it is as it is."""

    first: date
    last: date


async def all_units(tx: AsyncSession, tenant: UUID) -> list[KnownUnit]:
    """Every unit of the tenant in the order they became known, the deleted ones too."""
    return [_known(row) for row in await tx.execute(_ALL, {"tenant": tenant})]


async def spans(tx: AsyncSession, tenant: UUID) -> dict[UUID, Span]:
    """Of the units that have a history."""
    return {row.unit_id: Span(row.first, row.last) for row in await tx.execute(_SPANS, {"tenant": tenant})}


def _known(row: Row[Any]) -> KnownUnit:
    held = UnitHeld(row.name, row.parent_id, row.hierarchy, row.manager, row.is_active)
    return KnownUnit(row.unit_id, row.source, row.external_id, held, row.revision, row.is_deleted, row.is_merged)


async def write(tx: AsyncSession, tenant: UUID, changes: Sequence[UnitChange], now: datetime) -> None:
    """Write the changes that are any, with their history."""
    real = [change for change in changes if change.is_real]
    for statement, chosen in (
        (_INSERT, [change for change in real if change.old is None]),
        (_UPDATE, [change for change in real if change.old is not None]),
    ):
        for start in range(0, len(chosen), CHUNK):
            parameters = _parameters(chosen[start : start + CHUNK])
            await tx.execute(statement, {"tenant": tenant, "now": now} | parameters)
    today = now.astimezone(UTC).date()
    for start in range(0, len(real), CHUNK):
        chunk = real[start : start + CHUNK]
        when = {"ids": [change.unit_id for change in chunk], "sinces": [change.since or today for change in chunk]}
        await tx.execute(_FORGET, {"tenant": tenant} | when)
        kept = {name: _parameters(chunk)[name] for name in ("names", "parents", "managers", "actives")}
        await tx.execute(_REMEMBER, {"tenant": tenant} | when | kept)


def _parameters(changes: Sequence[UnitChange]) -> dict[str, list[Any]]:
    return {
        "ids": [change.unit_id for change in changes],
        "sources": [change.source for change in changes],
        "externals": [change.external_id for change in changes],
        "names": [change.new.name for change in changes],
        "parents": [change.new.parent_id for change in changes],
        "hierarchies": [change.new.hierarchy for change in changes],
        "managers": [change.new.manager for change in changes],
        "actives": [change.new.is_active for change in changes],
    }
