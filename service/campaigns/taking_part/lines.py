"""A MAC on each line of a roster: that this person, by the name other systems know them by, has this code.

The roster's digest is in the contract, but a kiosk, an intranet or a sign-in asks for one line at a time; and a line
names a person by an id of ours, which whoever writes to the database could give to somebody else.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.problems import ContractBroken
from service.campaigns.promises.contract import FIRST_FORMAT, Notary
from service.campaigns.tables import Wave
from service.kit.crypto import same

AT_ONCE = 2_000
_LINES = text("""
    SELECT r.serial, r.label, r.mac, r.name, p.source, p.external_id
    FROM roster_line r JOIN person p USING (tenant_id, person_id)
    WHERE r.tenant_id = :tenant AND r.wave_id = :wave AND r.serial >= :start AND r.serial < :stop ORDER BY r.serial
""")
_SIGN = text("""
    UPDATE roster_line r SET mac = given.mac
    FROM unnest(CAST(:serials AS bigint[]), CAST(:macs AS bytea[])) AS given (serial, mac)
    WHERE r.tenant_id = :tenant AND r.wave_id = :wave AND r.serial = given.serial
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
    """Every line of a wave is as it was written. Raises ContractBroken."""
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    for start in range(0, wave.invited, AT_ONCE):
        for row in await tx.execute(_LINES, scope | {"start": start, "stop": start + AT_ONCE}):
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
