"""All that the database holds of one person, put together for them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns import queries
from service.campaigns.promises.contract import Notary, participation_of
from service.campaigns.tables import Campaign, ParticipationSnapshot, Wave
from service.campaigns.taking_part.snapshot import Snapshot
from service.campaigns.thresholds import smallest_class
from service.kit.columns import metadata
from service.privacy import said
from service.privacy.held import held
from service.privacy.schemas import DataSubject, DataSubjectExport, OnRoster, Participation
from service.privacy.subjects import Subjects
from service.problems import NotFound
from service.tenants.actions import audit
from service.tenants.principals import Principal

_PERSON = text("""
    SELECT person_id FROM person WHERE tenant_id = :tenant AND source = :source AND external_id = :external
""")
_ROWS = "SELECT to_jsonb(t) - 'tenant_id' FROM {table} t WHERE tenant_id = :tenant AND {column} = :person ORDER BY 1"
_MENTIONS = "SELECT count(*) FROM {table} WHERE tenant_id = :tenant AND {column} = :person"
_LISTED = "SELECT count(*) FROM {table} WHERE tenant_id = :tenant AND CAST(:person AS uuid) = ANY({column})"
_MANAGES = text("""
    SELECT count(*) FROM org_unit WHERE tenant_id = :tenant AND source = :source AND manager = :external
""")
_LINES = text("""
    SELECT r.wave_id, r.serial, r.language, r.name, c.dimensions, u.external_id AS unit,
           EXISTS (SELECT FROM short_code s WHERE s.tenant_id = r.tenant_id AND s.wave_id = r.wave_id
                   AND s.serial = r.serial) AS has_kiosk_code
    FROM roster_line r
    JOIN wave_class c USING (tenant_id, wave_id, label) JOIN wave_unit u USING (tenant_id, wave_id, unit_id)
    WHERE r.tenant_id = :tenant AND r.person_id = :person ORDER BY r.wave_id
""")
_ACTS = text("""
    SELECT jsonb_build_object('at', at, 'actor', actor, 'action', action, 'detail', detail) FROM audit_entry
    WHERE tenant_id = :tenant AND subject = :subject ORDER BY entry_id
""")
_NOBODY = (
    "Nobody is known by this source and external_id; source is `hris` if absent. Who was erased is not known any more."
)
_ASKED = text("SELECT asked_at FROM erasure WHERE tenant_id = :tenant AND person_id = :person")


async def person_behind(tx: AsyncSession, tenant: UUID, asked: DataSubject) -> UUID:
    """Who it is. Raises NotFound; somebody who was never here and somebody who was erased look the same."""
    given = {"tenant": tenant, "source": asked.source, "external": asked.external_id}
    found: UUID | None = await tx.scalar(_PERSON, given)
    if found is None:
        raise NotFound(_NOBODY)
    return found


async def export(
    tx: AsyncSession, caller: Principal, asked: DataSubject, subjects: Subjects, notary: Notary, now: datetime
) -> DataSubjectExport:
    """What there is, with the acts about the person; this one is among them from now on. Raises NotFound."""
    tenant = caller.tenant_id
    person = await person_behind(tx, tenant, asked)
    subject = subjects.name(tenant, asked.source, asked.external_id)
    scope = {"tenant": tenant, "person": person}
    where = held(metadata)
    records = {}
    for table, column in where.rows.items():
        statement = text(_ROWS.format(table=table, column=column))
        records[table] = list(await tx.scalars(statement, scope))
    mentions = {}
    for table, column in where.mentions:
        mentions[f"{table}.{column}"] = await tx.scalar(text(_MENTIONS.format(table=table, column=column)), scope) or 0
    for table, column in where.lists:
        mentions[f"{table}.{column}"] = await tx.scalar(text(_LISTED.format(table=table, column=column)), scope) or 0
    lines = (await tx.execute(_LINES, scope)).all()
    of = await _looked_up(tx, tenant, {line.wave_id for line in lines})
    named = {"tenant": tenant, "source": asked.source, "external": asked.external_id}
    mentions["org_unit.manager"] = await tx.scalar(_MANAGES, named) or 0
    made = DataSubjectExport(
        exported_at=now,
        records=records,
        mentions=mentions,
        rosters=[_on_roster(line, of[line.wave_id], notary) for line in lines],
        audit_log=list(await tx.scalars(_ACTS, {"tenant": tenant, "subject": subject})),
        erasure_asked_at=await tx.scalar(_ASKED, scope),
        said=said.about(),
    )
    audit(tx, tenant, now, caller.actor, "data_subject.exported", subject)
    return made


class _Wave(NamedTuple):
    """A wave that somebody was invited to, with its campaign, and who had answered when it was last looked at."""

    wave: Wave
    campaign: Campaign
    snapshot: ParticipationSnapshot | None


async def _looked_up(tx: AsyncSession, tenant: UUID, waves: Collection[UUID]) -> dict[UUID, _Wave]:
    """All of them at once."""
    of_campaign = (col(Campaign.tenant_id) == tenant) & (col(Campaign.campaign_id) == col(Wave.campaign_id))
    snapshot = (col(ParticipationSnapshot.tenant_id) == tenant) & (
        col(ParticipationSnapshot.wave_id) == col(Wave.wave_id)
    )
    statement = select(Wave, Campaign, ParticipationSnapshot).join(Campaign, of_campaign)
    statement = statement.join(ParticipationSnapshot, snapshot, isouter=True)
    found = await tx.execute(statement.where(col(Wave.tenant_id) == tenant, col(Wave.wave_id).in_(waves)))
    return {row[0].wave_id: _Wave(*row) for row in found}


def _on_roster(line: Row[Any], of: _Wave, notary: Notary) -> OnRoster:
    """Raises ContractBroken."""
    wave, campaign = of.wave, of.campaign
    promised = queries.promised_of(wave, campaign, notary)
    ends = wave.closes_at + campaign.retention if wave.closes_at and wave.state not in queries.CURRENT else None
    return OnRoster(
        campaign_id=campaign.campaign_id,
        campaign=campaign.name,
        wave_id=wave.wave_id,
        wave=wave.number,
        state=wave.state,
        opens_at=wave.opens_at,
        closes_at=wave.closes_at,
        unit=line.unit,
        dimensions=line.dimensions,
        language=line.language,
        name=line.name,
        has_kiosk_code=line.has_kiosk_code,
        participation=_participation(of, promised, line.serial),
        kept_until=ends,
        answers=said.about_answers(
            recorded=participation_of(promised)["spending_record"],
            days=campaign.retention.days,
            ends_on=None if ends is None else ends.date(),
        ),
    )


def _participation(of: _Wave, promised: Mapping[str, Any], serial: int) -> Participation:
    """Never from the record itself, nor from a look that was taken for this: two exports could tell an hour."""
    part = participation_of(promised)
    if not part["spending_record"]:
        return Participation(told="not_recorded")
    if of.snapshot is None or not part["reminders"]:
        return Participation(told="not_told")
    look = Snapshot.of(of.snapshot, of.wave.invited)
    k = smallest_class(promised["policy"])
    if look.answered.sum() < k or (~look.answered).sum() < k:
        return Participation(told="not_told")
    return Participation(told="answered" if look.answered[serial] else "not_answered", as_of=look.taken_on)
