"""Campaigns, waves, what a wave froze (units, classes, roster) and the wave key pairs."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from service.campaigns.terms import WITH_RECORD
from service.kit.columns import TenantRow, document, moment, refers, values_of_dimensions

_EMPTY = {"server_default": text("'{}'")}


class Campaign(TenantRow, table=True):
    __tablename__ = "campaign"
    __table_args__ = (
        refers("tenant"),
        refers("questionnaire_version", ("questionnaire_id", "questionnaire_id"), ("version", "number")),
    )

    campaign_id: UUID = Field(primary_key=True)
    name: str
    questionnaire_id: UUID
    version: int
    state: str
    audience: list[str] = document()
    plan: list[list[str]] = document()
    policy: dict[str, Any] = document()
    retention_days: int
    recuts: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    opens_at: datetime | None = moment(nullable=True)
    closes_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()
    contract: dict[str, Any] | None = document(nullable=True)
    contract_digest: str | None = None
    contract_mac: bytes | None = None
    # What the draft asks for beyond the columns above, as it was sent: rotation, sampling, participation and the like.
    terms: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSONB(none_as_null=True), nullable=False, sa_column_kwargs=_EMPTY
    )
    schedule: dict[str, Any] | None = document(nullable=True)
    proposed_by: str | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """The terms, those of drafts from before there were any, too."""
        known: dict[str, Any] = {"participation": WITH_RECORD} | self.terms
        return known | {"audience": known.get("audience", {}) | {"unit_ids": self.audience}}

    @property
    def retention(self) -> timedelta:
        """How long after closing the answers' key is kept: as the contract says, and never longer than it says."""
        promised = self.contract["retention_days"] if self.contract else self.retention_days
        return timedelta(days=min(promised, self.retention_days))


class Wave(TenantRow, table=True):
    __tablename__ = "wave"
    __table_args__ = (
        UniqueConstraint("tenant_id", "campaign_id", "number"),
        refers("campaign", ("campaign_id", "campaign_id")),
    )

    wave_id: UUID = Field(primary_key=True)
    campaign_id: UUID
    number: int
    state: str
    opens_at: datetime | None = moment(nullable=True)
    closes_at: datetime | None = moment(nullable=True)
    invited: int
    roster_digest: str
    public_key: bytes
    # Of a planned wave, none yet. Waves of before there were several have theirs with their campaign.
    contract: dict[str, Any] | None = document(nullable=True)
    contract_digest: str | None = None
    contract_mac: bytes | None = None
    # Of a wave without a spending record: its codes were drawn and handed out, and can not be again.
    handed_out: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class SkippedWave(TenantRow, table=True):
    """A time at which a campaign's wave was to open and did not, with the reason."""

    __tablename__ = "skipped_wave"
    __table_args__ = (refers("campaign", ("campaign_id", "campaign_id")),)

    campaign_id: UUID = Field(primary_key=True)
    opens_at: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    reason: str


class WaveKey(TenantRow, table=True):
    """Made ahead by the worker. `sealed_half` opens nothing without the half in the key folder and the master key."""

    __tablename__ = "wave_key"
    __table_args__ = (
        refers("tenant"),
        refers("wave", ("wave_id", "wave_id")),
        UniqueConstraint("tenant_id", "wave_id"),
    )

    key_id: UUID = Field(primary_key=True)
    public_key: bytes
    sealed_half: bytes
    mac: bytes
    wave_id: UUID | None = None
    created_at: datetime = moment()


class WaveUnit(TenantRow, table=True):
    """The org tree as it was when the wave was launched."""

    __tablename__ = "wave_unit"
    __table_args__ = (
        refers("wave", ("wave_id", "wave_id")),
        refers("wave_unit", ("wave_id", "wave_id"), ("parent_id", "unit_id")),
        Index("ix_wave_unit__tenant_id_wave_id_parent_id", "tenant_id", "wave_id", "parent_id"),
    )

    wave_id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(primary_key=True)
    parent_id: UUID | None = None
    source: str
    external_id: str
    name: str


class WaveClass(TenantRow, table=True):
    """A class of the roster: people that no cell of the plan separates. Its label, in the codes, is random.

    `dimensions` holds the values that its people have in the plan's dimensions; one that is not known is absent.
    """

    __tablename__ = "wave_class"
    __table_args__ = (
        refers("wave_unit", ("wave_id", "wave_id"), ("unit_id", "unit_id")),
        Index("ix_wave_class__tenant_id_wave_id_unit_id", "tenant_id", "wave_id", "unit_id"),
        CheckConstraint("label BETWEEN 0 AND 4294967295", name="uint32"),
    )

    wave_id: UUID = Field(primary_key=True)
    label: int = Field(primary_key=True, sa_type=BigInteger)
    unit_id: UUID
    dimensions: dict[str, str] = values_of_dimensions()


class InvitedDay(TenantRow, table=True):
    """On how many waves a person was invited on a day; not which. Kept for as long as a limit counts them."""

    __tablename__ = "invited_day"
    __table_args__ = (refers("person", ("person_id", "person_id"), on_delete="CASCADE"),)

    person_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    invitations: int


class ShortCode(TenantRow, table=True):
    """A kiosk code, as a MAC under a key outside the database; made once the codes are handed out."""

    __tablename__ = "short_code"
    __table_args__ = (
        refers("wave", ("wave_id", "wave_id")),
        UniqueConstraint("tenant_id", "wave_id", "serial"),
    )

    wave_id: UUID = Field(primary_key=True)
    digest: bytes = Field(primary_key=True)
    serial: int = Field(sa_type=BigInteger)


class WavePart(TenantRow, table=True):
    """What was answered up to one of a wave's interim results, beyond the part before it."""

    __tablename__ = "wave_part"
    __table_args__ = (
        refers("wave", ("wave_id", "wave_id")),
        UniqueConstraint("tenant_id", "wave_id", "number"),
        CheckConstraint("number >= 1", name="number"),
    )

    part_id: UUID = Field(primary_key=True)
    wave_id: UUID
    number: int
    response_count: int
    marked_at: datetime = moment()


class WaveDestruction(TenantRow, table=True):
    """That a wave's key is destroyed: what was tried afterwards, and that it did not open; signed."""

    __tablename__ = "wave_destruction"
    __table_args__ = (refers("wave", ("wave_id", "wave_id")),)

    wave_id: UUID = Field(primary_key=True)
    signed: dict[str, Any] = document()


class ParticipationSnapshot(TenantRow, table=True):
    """Who had answered when it was last looked at: what is told of participation comes from here alone.

    `answered` holds a bit for each serial of the roster.
    """

    __tablename__ = "participation_snapshot"
    __table_args__ = (refers("wave", ("wave_id", "wave_id")),)

    wave_id: UUID = Field(primary_key=True)
    taken_on: date
    answered: bytes
    answered_count: int


class CampaignRules(TenantRow, table=True):
    """What a tenant demands of all its campaigns: thresholds, burden, approval, and how its people sign in."""

    __tablename__ = "campaign_rules"
    __table_args__ = (refers("tenant"),)

    rules: dict[str, Any] = document()
    updated_at: datetime = moment()
    # Rules of before there was one have none, and are refused until they are put again.
    mac: bytes | None = None


class RosterLine(TenantRow, table=True):
    """One invited person. The serial is drawn at random: it tells nothing, not even the order of the list.

    No foreign key to the person: whoever is erased after a wave leaves a line under a random id. See `lines.retire`.
    """

    __tablename__ = "roster_line"
    __table_args__ = (
        UniqueConstraint("tenant_id", "wave_id", "serial"),
        refers("wave_class", ("wave_id", "wave_id"), ("label", "label")),
        Index("ix_roster_line__tenant_id_person_id", "tenant_id", "person_id"),
        Index("ix_roster_line__tenant_id_wave_id_label", "tenant_id", "wave_id", "label"),
        CheckConstraint("serial BETWEEN 0 AND 4294967295", name="uint32"),
    )

    wave_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    serial: int = Field(sa_type=BigInteger)
    label: int = Field(sa_type=BigInteger)
    language: str | None = None
    salt: bytes
    line_digest: bytes
    # Over the person's id in other systems, too; lines of before there was one have none.
    mac: bytes | None = None
    # To clean comments of, where the wave shows any: as it was when the wave opened.
    name: str | None = None
