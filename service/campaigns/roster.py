"""Freezing who is invited: units, classes and roster lines of a wave, as they are now, in random order."""

import random
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns.contract import groups_digest
from service.people.actions import lock_organisation
from service.people.tables import OrgUnit
from service.people.tree import subtree

_UNITS = text("""
    INSERT INTO wave_unit (tenant_id, wave_id, unit_id, parent_id, source, external_id, name)
    SELECT CAST(:tenant AS uuid), CAST(:wave AS uuid), given.unit_id, given.parent_id, u.source, u.external_id, u.name
    FROM unnest(CAST(:ids AS uuid[]), CAST(:parents AS uuid[])) AS given (unit_id, parent_id)
    JOIN org_unit u ON u.tenant_id = :tenant AND u.unit_id = given.unit_id
""")
_OCCUPIED = text("""
    SELECT DISTINCT unit_id FROM person
    WHERE tenant_id = :tenant AND is_active AND unit_id = ANY(CAST(:ids AS uuid[])) ORDER BY unit_id
""")
_CLASSES = text("""
    INSERT INTO wave_class (tenant_id, wave_id, label, unit_id)
    SELECT CAST(:tenant AS uuid), CAST(:wave AS uuid), * FROM unnest(CAST(:labels AS bigint[]), CAST(:ids AS uuid[]))
""")
# The serial is a random permutation, and lines are written in its order: neither the number nor the place of a
# line tells where a person stood in the HRIS's list.
_LINES = text("""
    WITH drawn AS MATERIALIZED (
        SELECT p.person_id, c.label, p.language, p.unit_id, uuid_send(gen_random_uuid()) AS salt,
               row_number() OVER (ORDER BY gen_random_uuid()) - 1 AS serial
        FROM person p
        JOIN wave_class c ON c.tenant_id = p.tenant_id AND c.wave_id = :wave AND c.unit_id = p.unit_id
        WHERE p.tenant_id = :tenant AND p.is_active
    )
    INSERT INTO roster_line (tenant_id, wave_id, person_id, serial, label, language, salt, line_digest)
    SELECT CAST(:tenant AS uuid), CAST(:wave AS uuid), person_id, serial, label, language, salt,
           sha256(salt || uuid_send(person_id) || uuid_send(unit_id) || int8send(serial))
    FROM drawn ORDER BY serial
""")
_DIGEST = text("""
    SELECT count(*), encode(sha256(coalesce(string_agg(line_digest, ''::bytea ORDER BY serial), ''::bytea)), 'hex')
    FROM roster_line WHERE tenant_id = :tenant AND wave_id = :wave
""")


_NOW = text("""
    SELECT encode(sha256(coalesce(string_agg(
        sha256(r.salt || uuid_send(r.person_id) || uuid_send(c.unit_id) || int8send(r.serial)), ''::bytea
        ORDER BY r.serial), ''::bytea)), 'hex')
    FROM roster_line r JOIN wave_class c USING (tenant_id, wave_id, label)
    WHERE r.tenant_id = :tenant AND r.wave_id = :wave
""")


class Frozen(NamedTuple):
    """How many are invited, and digests of the lines and of who is counted where."""

    invited: int
    digest: str
    groups_digest: str


async def digest_now(tx: AsyncSession, tenant: UUID, wave: UUID) -> str:
    """The roster's digest over the lines as they are now: who is in which class. Codes are made from them."""
    return str(await tx.scalar(_NOW, {"tenant": tenant, "wave": wave}))


async def freeze(tx: AsyncSession, tenant: UUID, wave: UUID, tops: list[UUID]) -> Frozen:
    """Write the wave's units, classes and roster.

    The digest is over salted line digests, so that one person's line can be erased and the rest still verified.
    """
    await lock_organisation(tx, tenant)  # nobody is moved between the statements below
    scope = {"tenant": tenant, "wave": wave}
    links = await tx.execute(
        select(col(OrgUnit.unit_id), col(OrgUnit.parent_id))
        .where(col(OrgUnit.tenant_id) == tenant)
        .order_by(col(OrgUnit.unit_id))
    )
    parents: dict[UUID, UUID | None] = {row.unit_id: row.parent_id for row in links}
    ids = subtree(parents, tops)
    inside = set(ids)
    kept = [parent if (parent := parents[unit]) in inside else None for unit in ids]
    await tx.execute(_UNITS, scope | {"ids": ids, "parents": kept})
    occupied = list(await tx.scalars(_OCCUPIED, {"tenant": tenant, "ids": ids}))
    labels = random.SystemRandom().sample(range(1 << 32), len(occupied))
    await tx.execute(_CLASSES, scope | {"labels": labels, "ids": occupied})
    await tx.execute(_LINES, scope)
    invited, digest = (await tx.execute(_DIGEST, scope)).one()
    return Frozen(invited, digest, groups_digest(zip(ids, kept, strict=True), zip(labels, occupied, strict=True)))
