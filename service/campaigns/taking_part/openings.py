"""From when on people answer, where the sites of a campaign lie in several zones: it stands in the wave's contract."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.problems import WaveNotOpen
from service.campaigns.tables import Wave

_UNITS = text("SELECT unit_id, parent_id FROM wave_unit WHERE tenant_id = :tenant AND wave_id = :wave")
_CLASSES = text("SELECT label, unit_id FROM wave_class WHERE tenant_id = :tenant AND wave_id = :wave")
_ABOVE = text("""
    WITH RECURSIVE above AS (
        SELECT u.unit_id, u.parent_id, 0 AS height FROM wave_class c
        JOIN wave_unit u ON u.tenant_id = c.tenant_id AND u.wave_id = c.wave_id AND u.unit_id = c.unit_id
        WHERE c.tenant_id = :tenant AND c.wave_id = :wave AND c.label = :label
        UNION ALL
        SELECT u.unit_id, u.parent_id, above.height + 1 FROM above
        JOIN wave_unit u ON u.tenant_id = :tenant AND u.wave_id = :wave AND u.unit_id = above.parent_id
    )
    SELECT unit_id FROM above ORDER BY height
""")


def check(opens_at: datetime | None, now: datetime) -> None:
    """Raises WaveNotOpen where a person's site opens later than now."""
    if opens_at is not None and now < opens_at:
        raise WaveNotOpen(f"At this person's site it opens at {opens_at.isoformat()}.")


async def of_one(tx: AsyncSession, wave: Wave, contract: Mapping[str, Any], label: int) -> datetime | None:
    """From when on the people of a class answer; None where nobody answers later than others."""
    if "openings" not in contract:
        return None
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id, "label": label}
    return _of(contract, [row.unit_id for row in await tx.execute(_ABOVE, scope)])


async def of_all(tx: AsyncSession, wave: Wave, contract: Mapping[str, Any]) -> dict[int, datetime]:
    """The same for each class, by its label, that opens later than the wave does."""
    if "openings" not in contract:
        return {}
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    above = {row.unit_id: row.parent_id for row in await tx.execute(_UNITS, scope)}
    found = {}
    for row in await tx.execute(_CLASSES, scope):
        moment = _of(contract, _chain(above, row.unit_id))
        if wave.opens_at is not None and moment > wave.opens_at:
            found[row.label] = moment
    return found


def _chain(above: Mapping[UUID, UUID | None], unit: UUID | None) -> Iterator[UUID]:
    while unit is not None:
        yield unit
        unit = above[unit]


def _of(contract: Mapping[str, Any], units: Iterable[UUID]) -> datetime:
    """When the nearest of these units opens that is a site of its own, or else everybody."""
    opens = {one["unit_id"]: datetime.fromisoformat(one["opens_at"]) for one in contract["openings"]}
    return next((opens[str(unit)] for unit in units if str(unit) in opens), opens[None])
