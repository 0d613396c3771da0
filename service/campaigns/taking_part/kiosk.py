"""Kiosk codes: made when a wave's codes are handed out, kept as MACs, exchanged for a code that answers."""

import asyncio
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.codes import place_of
from service.campaigns.problems import ContractBroken
from service.campaigns.promises.contract import Notary
from service.campaigns.tables import Wave
from service.campaigns.taking_part import lines, short_codes

_THERE = text("SELECT EXISTS (SELECT FROM short_code WHERE tenant_id = :tenant AND wave_id = :wave)")
_KEEP = text("""
    INSERT INTO short_code (tenant_id, wave_id, digest, serial)
    SELECT CAST(:tenant AS uuid), CAST(:wave AS uuid), given.*
    FROM unnest(CAST(:digests AS bytea[]), CAST(:serials AS bigint[])) AS given
    ON CONFLICT DO NOTHING
""")
_FIND = text("""
    SELECT r.serial, r.label, r.mac, r.name, p.source, p.external_id FROM short_code s
    JOIN roster_line r ON r.tenant_id = s.tenant_id AND r.wave_id = s.wave_id AND r.serial = s.serial
    JOIN person p ON p.tenant_id = r.tenant_id AND p.person_id = r.person_id
    WHERE s.tenant_id = :tenant AND s.wave_id = :wave AND s.digest = :digest
""")


class Kiosk:
    """Makes and recognises the short codes of waves under the intake key."""

    def __init__(self, intake_key: bytes, notary: Notary) -> None:
        self._key = intake_key
        self._notary = notary

    async def codes(self, tx: AsyncSession, wave: Wave) -> list[str]:
        """The code of each serial of the wave, which are kept from now on so that somebody can type them."""
        place, serials = place_of(wave.tenant_id, wave.wave_id), range(wave.invited)
        codes = await asyncio.to_thread(short_codes.short_codes, self._key, place, serials)
        scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
        if not await tx.scalar(_THERE, scope):
            digests = [short_codes.digest(self._key, place, code) for code in codes]
            await tx.execute(_KEEP, scope | {"digests": digests, "serials": list(serials)})
        return codes

    async def behind(self, tx: AsyncSession, tenant: UUID, wave: UUID, canonical: str) -> tuple[int, int] | None:
        """Serial and label of whoever has this code; None where nobody has.

        Raises:
            ContractBroken: code or line were altered: the code is another serial's, the serial another class's.
        """
        place = place_of(tenant, wave)
        digest = short_codes.digest(self._key, place, canonical)
        row = (await tx.execute(_FIND, {"tenant": tenant, "wave": wave, "digest": digest})).one_or_none()
        if row is None:
            return None
        if not short_codes.is_of(self._key, place, row.serial, canonical):
            raise ContractBroken
        lines.check(self._notary, tenant, wave, row)
        return row.serial, row.label
