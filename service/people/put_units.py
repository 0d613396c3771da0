"""Units as a source tells them: all rows of a call or none, unless the caller asked to skip the refused ones."""

import asyncio
from collections.abc import AsyncIterable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.lines import Refusals, Row
from service.people import schemas, unit_rows
from service.people.actions import NOT_YET, TWICE, report, write_down
from service.people.judge_units import Key, changes_of, days_of, wrong_units
from service.people.lock import lock_organisation
from service.people.past import links_since
from service.problems import Invalid
from service.tenants.principals import Principal

UNITS_LIMIT = 200_000


async def put_units(
    tx: AsyncSession, caller: Principal, rows: AsyncIterable[Row[schemas.OrgUnitIn]], now: datetime, *, skip: bool
) -> schemas.UpsertOut:
    """Upsert units.

    Refuses unknown parents, circles on whatever day, a parent in the other hierarchy, a day before the parent's first
    one, units that were merged into others, and a key named twice.
    """
    tenant, today = caller.tenant_id, now.astimezone(UTC).date()
    await lock_organisation(tx, tenant)
    known = {unit.key: unit for unit in await unit_rows.all_units(tx, tenant)}
    refusals = Refusals(skip=skip)
    given: dict[Key, schemas.OrgUnitIn] = {}
    at: dict[Key, int] = {}
    async for row in rows:
        if row.value is None:
            refusals.add(row.index, row.faults)
        elif (row.value.source, row.value.external_id) in given:
            refusals.add(row.index, [TWICE])
        elif len(given) >= UNITS_LIMIT:
            raise Invalid(f"An organisation may have {UNITS_LIMIT} units.")
        elif row.value.valid_from is not None and row.value.valid_from > today:
            refusals.add(row.index, [NOT_YET])
        else:
            key = row.value.source, row.value.external_id
            given[key], at[key] = row.value, row.index
    # Only a row that says since when can be too early, or tell more of what is known.
    spans = await unit_rows.spans(tx, tenant) if any(unit.valid_from for unit in given.values()) else {}
    told = await asyncio.to_thread(changes_of, known, given, spans)
    since = min(days_of(told, today).values(), default=today)
    past = await links_since(tx, tenant, since) if since < today else []
    wrong = await asyncio.to_thread(wrong_units, known, given, told, spans, past, today)
    for key in sorted(wrong, key=lambda key: at[key]):
        refusals.add(at[key], [wrong[key]])
    refusals.settle()

    changes = [change for key, change in told.items() if key not in wrong]
    await unit_rows.write(tx, tenant, changes, now)
    created = sum(change.old is None for change in changes)
    updated = sum(change.old is not None and change.is_real for change in changes)
    done = report(created, updated, len(changes) - created - updated, refusals)
    write_down(tx, caller, now, "org_units.put", done)
    return done
