"""The right to answer, for somebody whom another system has recognised: an intranet, or the company's sign-in."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns import queries
from service.campaigns.codes import Codes, Right, address_of, ids_of, place_of
from service.campaigns.lifecycle import WaveState
from service.campaigns.problems import NotInvited, WaveNotOpen, WayNotPromised
from service.campaigns.promises.contract import Notary, participation_of
from service.campaigns.tables import Wave
from service.campaigns.taking_part import lines, openings
from service.campaigns.taking_part.schemas import ParticipationAsked, ParticipationOut
from service.problems import NotFound

GOOD_FOR = timedelta(hours=1)
_LINE = text("""
    SELECT r.serial, r.label, r.mac, r.name, p.source, p.external_id FROM person p
    JOIN roster_line r ON r.tenant_id = p.tenant_id AND r.wave_id = :wave AND r.person_id = p.person_id
    WHERE p.tenant_id = :tenant AND p.source = :source AND p.external_id = :external
""")


async def right_of(tx: AsyncSession, tenant: UUID, asked: ParticipationAsked, notary: Notary, now: datetime) -> Right:
    """The right of whoever an intranet names.

    Raises:
        NotFound: no such wave or campaign.
        WaveNotOpen: no wave of it is open now, or the person's site opens later than the wave.
        NotInvited: the person is not on its roster.
        WayNotPromised: the contract does not name this way.
        ContractBroken: the contract was altered.
    """
    wave = await _open_wave(tx, tenant, asked, now)
    if wave is None:
        raise WaveNotOpen
    return await right_by_name(tx, wave, "intranet", asked.source, asked.person, notary, now)


async def right_by_name(
    tx: AsyncSession, wave: Wave, way: str, source: str, external_id: str, notary: Notary, now: datetime
) -> Right:
    """The right of somebody by their id, good for an hour.

    Raises:
        NotInvited, WayNotPromised, ContractBroken, WaveNotOpen: see there.
    """
    promised = await queries.promised(tx, wave, notary)
    if way not in participation_of(promised)["ways"]:
        raise WayNotPromised
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id, "source": source, "external": external_id}
    row = (await tx.execute(_LINE, scope)).one_or_none()
    if row is None:
        raise NotInvited
    lines.check(notary, wave.tenant_id, wave.wave_id, row)
    openings.check(await openings.of_one(tx, wave, promised, row.label), now)
    return short_lived(wave.tenant_id, wave.wave_id, row.serial, row.label, now)


def short_lived(tenant: UUID, wave: UUID, serial: int, label: int, now: datetime) -> Right:
    """The right of a serial, for an hour."""
    return Right(place_of(tenant, wave), serial, label, expires_at=int((now + GOOD_FOR).timestamp()))


def told(right: Right, codes: Codes, base: str, now: datetime) -> ParticipationOut:
    """The right as a code and a link."""
    address, code = address_of(*ids_of(right.place)), codes.issue(right)
    return ParticipationOut(
        wave=address, code=code, link=f"{base}/embed/{address}#{code}",
        expires_at=datetime.fromtimestamp(right.expires_at, now.tzinfo),
    )  # fmt: skip


def takes_answers(wave: Wave, now: datetime) -> bool:
    """Whether it does now; one whose time is over does not, though nobody has closed it yet."""
    return wave.state == WaveState.open and (wave.closes_at is None or wave.closes_at > now)


async def _open_wave(tx: AsyncSession, tenant: UUID, asked: ParticipationAsked, now: datetime) -> Wave | None:
    if asked.wave is not None:
        found = await queries.wave(tx, tenant, asked.wave)
        return found if takes_answers(found, now) else None
    if asked.campaign is None:
        raise NotFound
    campaign = await queries.campaign(tx, tenant, asked.campaign)
    current = await queries.current_waves(tx, campaign)
    return next((wave for wave in current if takes_answers(wave, now)), None)
