"""Freezing who is invited: units, classes and roster lines of a wave, as they are now, in random order."""

import asyncio
import json
import random
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns import plan
from service.campaigns.inviting.coarse import coarsened
from service.campaigns.inviting.who import CONDITION, Who
from service.campaigns.problems import AudienceTooSmall, PlanTooLarge
from service.campaigns.promises.contract import groups_digest
from service.campaigns.promises.promise import Frozen
from service.people.queries import dimensions as declared
from service.people.tree import subtree

_UNITS = text("""
    INSERT INTO wave_unit (tenant_id, wave_id, unit_id, parent_id, source, external_id, name)
    SELECT CAST(:tenant AS uuid), CAST(:wave AS uuid), given.unit_id, given.parent_id, u.source, u.external_id, u.name
    FROM unnest(CAST(:ids AS uuid[]), CAST(:parents AS uuid[])) AS given (unit_id, parent_id)
    JOIN org_unit u ON u.tenant_id = :tenant AND u.unit_id = given.unit_id
""")
_OCCUPIED = f"""
    SELECT unit_id, CAST({{values}} AS text) AS dimensions, count(*) AS people FROM person p
    WHERE {CONDITION} GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - put together from our own texts
_LINKS = text("""
    SELECT u.unit_id, u.parent_id,
           u.is_active OR EXISTS (SELECT FROM person p WHERE p.tenant_id = u.tenant_id AND p.unit_id = u.unit_id
                                  AND p.is_active) AS is_live
    FROM org_unit u WHERE u.tenant_id = :tenant AND u.hierarchy = 'line' ORDER BY u.unit_id
""")
_CLASSES = text("""
    INSERT INTO wave_class (tenant_id, wave_id, label, unit_id, dimensions)
    SELECT CAST(:tenant AS uuid), CAST(:wave AS uuid), given.label, given.unit_id, CAST(given.dimensions AS jsonb)
    FROM unnest(CAST(:labels AS bigint[]), CAST(:ids AS uuid[]), CAST(:dimensions AS text[]))
        AS given (label, unit_id, dimensions)
""")
# What a line's digest says of a person's class beside the unit; nothing where the plan is the org tree alone.
_VALUES_OF_CLASS = (
    "CASE WHEN c.dimensions = jsonb_build_object() THEN ''::bytea ELSE convert_to(c.dimensions::text, 'UTF8') END"
)
# The serial is a random permutation, and lines are written in its order: neither the number nor the place of a
# line tells where a person stood in the HRIS's list.
_LINES = f"""
    WITH numbered AS MATERIALIZED (
        SELECT p.person_id, c.label, p.language, c.unit_id, {_VALUES_OF_CLASS} AS of_class,
               CASE WHEN CAST(:named AS boolean) THEN p.name END AS name,
               row_number() OVER (ORDER BY gen_random_uuid()) - 1 AS serial
        FROM person p
        JOIN (
            SELECT given.home, CAST(given.held AS jsonb) AS held, k.* FROM unnest(
                CAST(:homes AS uuid[]), CAST(:helds AS text[]), CAST(:of AS bigint[])) AS given (home, held, label)
            JOIN wave_class k ON k.tenant_id = :tenant AND k.wave_id = :wave AND k.label = given.label
        ) AS c ON c.home = p.unit_id AND c.held = {{values}}
        WHERE {CONDITION}
    ), drawn AS MATERIALIZED (
        -- Apart from the numbers: of two draws in one list the server makes one, and salts would rise with the serials.
        SELECT *, uuid_send(gen_random_uuid()) AS salt FROM numbered
    )
    INSERT INTO roster_line (tenant_id, wave_id, person_id, serial, label, language, salt, line_digest, name)
    SELECT CAST(:tenant AS uuid), CAST(:wave AS uuid), person_id, serial, label, language, salt,
           sha256(salt || uuid_send(person_id) || uuid_send(unit_id) || int8send(serial) || of_class), name
    FROM drawn ORDER BY serial
"""  # noqa: S608 - put together from this module's own texts
_DIGEST = text("""
    SELECT count(*), encode(sha256(coalesce(string_agg(line_digest, ''::bytea ORDER BY serial), ''::bytea)), 'hex')
    FROM roster_line WHERE tenant_id = :tenant AND wave_id = :wave
""")


_NOW = text(f"""
    SELECT encode(sha256(coalesce(string_agg(
        sha256(r.salt || uuid_send(r.person_id) || uuid_send(c.unit_id) || int8send(r.serial) || {_VALUES_OF_CLASS}),
        ''::bytea ORDER BY r.serial), ''::bytea)), 'hex')
    FROM roster_line r JOIN wave_class c USING (tenant_id, wave_id, label)
    WHERE r.tenant_id = :tenant AND r.wave_id = :wave
""")  # noqa: S608 - put together from this module's own texts


class Held(NamedTuple):
    """A class of people: its unit, its values as JSON, and how many there are."""

    unit_id: UUID
    dimensions: str
    people: int


class Audience(NamedTuple):
    """Who would be invited now: units, parents before children, and how many people with which values are in each.

    `parents` has the position of each unit's parent, -1 for the tops.
    """

    units: list[UUID]
    parents: list[int]
    dimensions: list[dict[str, Any]]
    classes: Sequence[Held]


async def digest_now(tx: AsyncSession, tenant: UUID, wave: UUID) -> str:
    """The roster's digest over the lines as they are now: who is in which class. Codes are made from them."""
    return str(await tx.scalar(_NOW, {"tenant": tenant, "wave": wave}))


async def freeze(
    tx: AsyncSession,
    tenant: UUID,
    wave: UUID,
    who: Who,
    breakdowns: Sequence[Sequence[str]],
    least: int | None,
    *,
    named: bool = False,
) -> Frozen:
    """Write the wave's units, classes and roster.

    The digest is over salted line digests, so that one person's line can be erased and the rest still verified.

    Args:
        tx: the caller's transaction, which holds the organisation's lock.
        tenant: whose.
        wave: whose roster it is.
        who: the audience.
        breakdowns: of the plan; they make the classes.
        least: classes are generalised until each counts so many people; None: they are as fine as the plan's cells.
        named: whether people's names are kept, to clean their comments of.

    Raises:
        PlanTooLarge: more cells or classes than one release may have.
    """
    scope = {"tenant": tenant, "wave": wave}
    found = await audience(tx, tenant, who, breakdowns)
    kept = [found.units[parent] if parent >= 0 else None for parent in found.parents]
    await tx.execute(_UNITS, scope | {"ids": found.units, "parents": kept})
    own = [(row.unit_id, row.dimensions) for row in found.classes]
    counted = own if least is None else await asyncio.to_thread(generalised, found, least)
    classes = list(dict.fromkeys(counted))
    label_of = dict(zip(classes, random.SystemRandom().sample(range(1 << 32), len(classes)), strict=True))
    homes, held = [unit for unit, _ in classes], [values for _, values in classes]
    labels = [label_of[one] for one in classes]
    await tx.execute(_CLASSES, scope | {"labels": labels, "ids": homes, "dimensions": held})
    values, dimensions = _values(plan.dimensions_of(breakdowns))
    given = {
        "named": named,
        "homes": [unit for unit, _ in own],
        "helds": [values for _, values in own],
        "of": [label_of[one] for one in counted],
    }
    lines = text(_LINES.format(values=values))
    await tx.execute(lines, scope | who.parameters(tenant, found.units) | given | dimensions)
    invited, digest = (await tx.execute(_DIGEST, scope)).one()
    frozen = zip(labels, homes, map(json.loads, held), strict=True)
    return Frozen(invited, digest, groups_digest(zip(found.units, kept, strict=True), frozen), found.dimensions)


async def audience(tx: AsyncSession, tenant: UUID, who: Who, breakdowns: Sequence[Sequence[str]]) -> Audience:
    """Everybody in the audience, by unit and by values of the plan's dimensions.

    Raises:
        PlanTooLarge: more cells or classes than one release may have.
    """
    names = plan.dimensions_of(breakdowns)
    dimensions = await _frozen_dimensions(tx, tenant, names)
    units, parents = await units_below(tx, tenant, who.tops)
    _check_size(len(units), breakdowns, dimensions)
    values, named = _values(names)
    occupied = text(_OCCUPIED.format(values=values))
    classes = [Held(*row) for row in await tx.execute(occupied, who.parameters(tenant, units) | named)]
    if names and len(classes) > plan.MOST_CLASSES:
        raise PlanTooLarge(f"People have more than {plan.MOST_CLASSES} combinations of unit and values.")
    return Audience(units, parents, dimensions, classes)


async def units_below(tx: AsyncSession, tenant: UUID, tops: Sequence[UUID]) -> tuple[list[UUID], list[int]]:
    """These units and all below, parents before children, and the position of each one's parent, -1 for the tops.

    A unit that the HRIS gave up is left out, unless somebody is still in it or below.
    """
    links = (await tx.execute(_LINKS, {"tenant": tenant})).all()
    above: dict[UUID, UUID | None] = {row.unit_id: row.parent_id for row in links}
    live = {row.unit_id for row in links if row.is_live} | set(tops)
    for unit in list(live):
        upper = above[unit]
        while upper is not None and upper not in live:
            live.add(upper)
            upper = above[upper]
    units = [unit for unit in subtree(above, tops) if unit in live]
    place: dict[UUID | None, int] = {unit: number for number, unit in enumerate(units)}
    return units, [place.get(above[unit], -1) for unit in units]


def coarser(found: Audience, least: int) -> Audience:
    """The audience by classes that each count so many people. Raises AudienceTooSmall."""
    people: dict[tuple[UUID, str], int] = {}
    for row, shown in zip(found.classes, generalised(found, least), strict=True):
        people[shown] = people.get(shown, 0) + row.people
    return found._replace(classes=[Held(unit, values, count) for (unit, values), count in people.items()])


def generalised(found: Audience, least: int) -> list[tuple[UUID, str]]:
    """For each class the unit and the values that it is counted by, so that each counts so many people.

    Raises:
        AudienceTooSmall: fewer are invited in one of the units that the audience names.
    """
    place = {unit: number for number, unit in enumerate(found.units)}
    names = [dimension["name"] for dimension in found.dimensions]
    values = [[value["id"] for value in dimension["values"]] for dimension in found.dimensions]
    code = [{value: number for number, value in enumerate(ids)} for ids in values]
    held = [json.loads(row.dimensions) for row in found.classes]
    # Above several tops stands everybody, who is no unit: nobody can be counted there alone.
    above = int(found.parents.count(-1) > 1)
    parents = [-1] * above + [parent + above for parent in found.parents]
    result = coarsened(
        units=np.array([place[row.unit_id] + above for row in found.classes], np.int64),
        values=np.array(
            [[known.get(one.get(name), -1) for name, known in zip(names, code, strict=True)] for one in held], np.int64
        ).reshape(len(held), len(names)),
        invited=np.array([row.people for row in found.classes], np.int64),
        parents=np.array(parents, np.int64),
        k=least,
    )
    if (result.units < above).any():
        raise AudienceTooSmall(f"Each of the units that are named needs {least} people, where classes are coarse.")
    shown = []
    for unit, chosen in zip((result.units - above).tolist(), result.values.tolist(), strict=True):
        kept = {name: ids[at] for name, ids, at in zip(names, values, chosen, strict=True) if at >= 0}
        shown.append((found.units[unit], json.dumps(kept, sort_keys=True)))
    return shown


def _values(names: Sequence[str]) -> tuple[str, dict[str, str]]:
    """What a person `p` has in these dimensions, as an expression, and its parameters."""
    pairs = ", ".join(f"CAST(:name_{at} AS text), p.dimensions -> CAST(:name_{at} AS text)" for at in range(len(names)))
    return f"jsonb_strip_nulls(jsonb_build_object({pairs}))", {f"name_{at}": name for at, name in enumerate(names)}


async def _frozen_dimensions(tx: AsyncSession, tenant: UUID, names: list[str]) -> list[dict[str, Any]]:
    if not names:
        return []
    found = {dimension.name: dimension.model_dump() for dimension in await declared(tx, tenant)}
    return [found[name] for name in names]


def _check_size(units: int, breakdowns: Sequence[Sequence[str]], dimensions: Sequence[dict[str, Any]]) -> None:
    sizes = {dimension["name"]: len(dimension["values"]) for dimension in dimensions}
    if dimensions and units * plan.groups_of(breakdowns, sizes) > plan.MOST_PLACES:
        raise PlanTooLarge(f"Units times values may be {plan.MOST_PLACES} at most.")
