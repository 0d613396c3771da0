"""A MAC on each line of a roster: that this person, by the name other systems know them by, has this code.

The roster's digest is in the contract, but a kiosk, an intranet or a sign-in asks for one line at a time; and a line
names a person by an id of ours, which whoever writes to the database could give to somebody else.

Whoever is erased leaves a line that names nobody, signed as such: it is counted on, in its class, and proves no more
who it was of. See decision 0018.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.lifecycle import ENDED
from service.campaigns.problems import ContractBroken
from service.campaigns.promises.contract import FIRST_FORMAT, Notary
from service.campaigns.tables import Wave
from service.kit.counted import changed
from service.kit.crypto import same

AT_ONCE = 2_000
NOBODY = ""
"""The source of a line whose person was erased; no person's own is empty."""
# Of a line without a person, its own id: so that one whose person somebody deleted is not as it was written.
_LINES = text("""
    SELECT r.serial, r.label, r.mac, r.name, coalesce(p.source, '') AS source,
           coalesce(p.external_id, CAST(r.person_id AS text)) AS external_id
    FROM roster_line r LEFT JOIN person p USING (tenant_id, person_id)
    WHERE r.tenant_id = :tenant AND r.wave_id = :wave AND r.serial >= :start AND r.serial < :stop ORDER BY r.serial
""")
_SIGN = text("""
    UPDATE roster_line r SET mac = given.mac
    FROM unnest(CAST(:serials AS bigint[]), CAST(:macs AS bytea[])) AS given (serial, mac)
    WHERE r.tenant_id = :tenant AND r.wave_id = :wave AND r.serial = given.serial
""")


_WAITS_FOR = text("""
    SELECT w.wave_id FROM roster_line r JOIN wave w USING (tenant_id, wave_id)
    WHERE r.tenant_id = :tenant AND r.person_id = :person AND w.state <> ALL(:ended) ORDER BY w.wave_id
""")
_OVER = text("""
    SELECT r.wave_id, r.serial, r.label FROM roster_line r JOIN wave w USING (tenant_id, wave_id)
    WHERE r.tenant_id = :tenant AND r.person_id = :person AND w.state = ANY(:ended) ORDER BY r.wave_id FOR UPDATE OF r
""")
_RETIRE = text("""
    UPDATE roster_line r SET person_id = given.nobody, language = NULL, name = NULL, salt = ''::bytea, mac = given.mac
    FROM unnest(CAST(:waves AS uuid[]), CAST(:serials AS bigint[]), CAST(:nobodies AS uuid[]), CAST(:macs AS bytea[]))
        AS given (wave_id, serial, nobody, mac)
    WHERE r.tenant_id = :tenant AND r.wave_id = given.wave_id AND r.serial = given.serial
""")
_FORGET_CODES = text("""
    DELETE FROM short_code s USING unnest(CAST(:waves AS uuid[]), CAST(:serials AS bigint[])) AS given (wave_id, serial)
    WHERE s.tenant_id = :tenant AND s.wave_id = given.wave_id AND s.serial = given.serial
""")


async def sign(tx: AsyncSession, tenant: UUID, wave: UUID, invited: int, notary: Notary) -> None:
    """Sign the lines of a roster that was just written; in their order, for whoever looks where they lie."""
    scope = {"tenant": tenant, "wave": wave}
    for start in range(0, invited, AT_ONCE):
        rows = (await tx.execute(_LINES, scope | {"start": start, "stop": start + AT_ONCE})).all()
        macs = [_mac(notary, tenant, wave, row) for row in rows]
        await tx.execute(_SIGN, scope | {"serials": [row.serial for row in rows], "macs": macs})


def are_signed(promised: Mapping[str, Any]) -> bool:
    """Whether lines are, by the contract: those of before waves had contracts are not."""
    return bool(promised["format"] != FIRST_FORMAT)


async def check_all(tx: AsyncSession, wave: Wave, notary: Notary) -> None:
    """Every line of a wave is as it was written, and none is missing. Raises ContractBroken."""
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    for start in range(0, wave.invited, AT_ONCE):
        rows = (await tx.execute(_LINES, scope | {"start": start, "stop": start + AT_ONCE})).all()
        if len(rows) < min(AT_ONCE, wave.invited - start):
            raise ContractBroken
        for row in rows:
            check(notary, wave.tenant_id, wave.wave_id, row)


def check(notary: Notary, tenant: UUID, wave: UUID, row: Row[Any]) -> None:
    """A line (serial, label, source, external_id, name, mac) is as it was written.

    Raises:
        ContractBroken: it is not; or nobody signed it, as was so before lines were.
    """
    if row.mac is None or not same(_mac(notary, tenant, wave, row), row.mac):
        raise ContractBroken


def _mac(notary: Notary, tenant: UUID, wave: UUID, row: Row[Any]) -> bytes:
    return notary.sign_line(tenant, wave, row.serial, row.label, row.source, row.external_id, row.name)


async def waited_for(tx: AsyncSession, tenant: UUID, person: UUID) -> list[UUID]:
    """The waves that are not over and have the person on their roster: until then their line must name them."""
    scope = {"tenant": tenant, "person": person, "ended": sorted(ENDED)}
    return list((await tx.scalars(_WAITS_FOR, scope)).all())


async def retire(tx: AsyncSession, tenant: UUID, person: UUID, notary: Notary) -> int:
    """Take a person out of the rosters of waves that are over; how many lines were emptied.

    The line stays, in its class, under an id drawn for this line alone, so that two lines are no more one person's. Its
    digest stays too, so that the roster's digest in the contract can still be worked out; without its salt nobody can
    try whose it was. Name, language and kiosk code go.
    """
    scope = {"tenant": tenant, "person": person, "ended": sorted(ENDED)}
    rows = (await tx.execute(_OVER, scope)).all()
    if not rows:
        return 0
    nobodies = [uuid4() for _ in rows]  # none of ours by time: they would tell when
    macs = [
        notary.sign_line(tenant, row.wave_id, row.serial, row.label, NOBODY, str(nobody), None)
        for row, nobody in zip(rows, nobodies, strict=True)
    ]
    given = {"tenant": tenant, "waves": [row.wave_id for row in rows], "serials": [row.serial for row in rows]}
    await tx.execute(_FORGET_CODES, given)
    return await changed(tx, _RETIRE, given | {"nobodies": nobodies, "macs": macs})
