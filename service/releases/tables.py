"""Releases and their cells: everything that a reader can ever obtain is a function of these rows."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from service.kit.columns import TenantRow, document, moment, refers, values_of_dimensions

NUMBERS = (
    "n_from",
    "n_to",
    "mean",
    "sd",
    "favourable",
    "favourable_bound",
    "neutral",
    "neutral_bound",
    "unfavourable",
    "unfavourable_bound",
    "distribution",
    "mean_bound",
    "se",
    "low",
    "high",
    "basis",
    "rwg",
    "enps",
    "enps_bound",
)


class Recut(TenantRow, table=True):
    """Asked for after a wave's release: other groups of the same people. What came of it is its own release.

    `plan` holds `dimensions` (each value by the units or the values that it unites), `breakdowns` and `require`.
    """

    __tablename__ = "recut"
    __table_args__ = (refers("wave", ("wave_id", "wave_id")),)

    recut_id: UUID = Field(primary_key=True)
    wave_id: UUID
    plan: dict[str, Any] = document()
    mac: bytes
    asked_at: datetime = moment()


class Release(TenantRow, table=True):
    __tablename__ = "release"
    __table_args__ = (
        UniqueConstraint("tenant_id", "wave_id", "recut_id", "part", postgresql_nulls_not_distinct=True),
        refers("wave", ("wave_id", "wave_id")),
        refers("recut", ("recut_id", "recut_id")),
        refers("release", ("replaced_by", "release_id")),
        Index("ix_release__tenant_id_changed_at", "tenant_id", "changed_at"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_because IS NULL)", name="withdrawn_has_reason"),
        CheckConstraint(
            "replaced_by IS NULL OR withdrawn_at IS NOT NULL AND replaced_by <> release_id",
            name="replaced_is_withdrawn",
        ),
        CheckConstraint("(status = 'refused') = (reason IS NOT NULL)", name="refused_has_reason"),
        CheckConstraint("status IN ('published', 'refused')", name="status"),
    )

    release_id: UUID = Field(primary_key=True)
    wave_id: UUID
    recut_id: UUID | None = None
    # Of interim results: which, by their number.
    part: int | None = None
    status: str
    reason: str | None = None
    digest: str
    manifest: dict[str, Any] = document()
    released_at: datetime = moment()
    # What was seen was seen: a withdrawn release is no longer shown, and still judged with all that comes after it.
    withdrawn_at: datetime | None = moment(nullable=True)
    withdrawn_because: str | None = None
    replaced_by: UUID | None = None
    # Whose keys alone read it, by their ids in the contract; none: whoever may read results.
    recipients: list[str] | None = Field(default=None, sa_type=ARRAY(Text), nullable=True)
    # The database's moment, whatever the service's clock says: by it readers go on where they were.
    changed_at: datetime | None = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        nullable=False,
        sa_column_kwargs={"server_default": text("clock_timestamp()")},
    )


class ReleaseCertificate(TenantRow, table=True):
    """What the auditor proved of a published release, signed: certificate, signature and public key."""

    __tablename__ = "release_certificate"
    __table_args__ = (refers("release", ("release_id", "release_id"), on_delete="CASCADE"),)

    release_id: UUID = Field(primary_key=True)
    signed: dict[str, Any] = document()


class ReleaseUnit(TenantRow, table=True):
    """A place: a unit of the frozen org tree, whole or the part of it that has these values; whole units come first.

    Parents stand before children, and are of the same values. A unit and everything below it are the nodes from its own
    to `last`; `path` names the units from the top down to it.
    """

    __tablename__ = "release_unit"
    __table_args__ = (
        refers("release", ("release_id", "release_id"), on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "release_id", "source", "unit", "dimensions"),
    )

    release_id: UUID = Field(primary_key=True)
    node: int = Field(primary_key=True)
    parent: int | None = None
    source: str | None = None
    unit: str | None = None
    unit_name: str
    level: int
    dimensions: dict[str, str] = values_of_dimensions()
    last: int | None = None
    path: list[str] | None = Field(default=None, sa_type=ARRAY(Text))


class ReleaseParticipation(TenantRow, table=True):
    """How many took part in a whole unit, as it was told when the release was made; see `participation_rows`.

    `looked_at` is the day of the look that it is told from. A withheld row holds no percent.
    """

    __tablename__ = "release_participation"
    __table_args__ = (
        refers("release", ("release_id", "release_id"), on_delete="CASCADE"),
        CheckConstraint("status IN ('shown', 'withheld')", name="status"),
        CheckConstraint("(status = 'withheld') = (reason IS NOT NULL)", name="withheld_has_reason"),
        CheckConstraint("(status = 'shown') = (percent IS NOT NULL)", name="shown_has_percent"),
        CheckConstraint("percent BETWEEN 0 AND 90 AND percent % 5 = 0", name="percent_in_steps"),
        CheckConstraint(
            "bound IS NULL OR percent IS NOT NULL AND bound IN ('or_more', 'or_less')", name="bound_of_a_percent"
        ),
        CheckConstraint("percent IS NULL OR looked_at IS NOT NULL", name="percent_of_a_look"),
    )

    release_id: UUID = Field(primary_key=True)
    node: int = Field(primary_key=True)
    invited: int
    status: str
    reason: str | None = None
    percent: int | None = None
    bound: str | None = None
    looked_at: date | None = None


class ReleaseComment(TenantRow, table=True):
    """What somebody wrote, at the unit that shows it; without a comment, the unit shows none on the item.

    The id is drawn and says nothing; there is no time, no class, no order, and a release is no path to a person.
    """

    __tablename__ = "release_comment"
    __table_args__ = (
        refers("release", ("release_id", "release_id"), on_delete="CASCADE"),
        Index("ix_release_comment__tenant_id_release_id_node", "tenant_id", "release_id", "node"),
    )

    release_id: UUID = Field(primary_key=True)
    comment_id: UUID = Field(primary_key=True)
    item: str
    node: int
    comment: str | None = Field(default=None, repr=False)


class ReleaseMeasure(TenantRow, table=True):
    """One item, scale or index in one family, in the questionnaire's order."""

    __tablename__ = "release_measure"
    __table_args__ = (
        refers("release", ("release_id", "release_id"), on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "release_id", "measure", "family"),
        CheckConstraint("family IN ('mean', 'distribution')", name="family"),
    )

    release_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    measure: str
    kind: str
    family: str
    options: list[str] | None = Field(default=None, sa_type=ARRAY(Text))


class ReleaseCell(TenantRow, table=True):
    """One unit, one measure, one family. A withheld row holds no number, whatever the code above it does.

    No foreign keys: written once, with its unit and measure, by the one role that may, and a check per row would cost
    as much as the row. A distribution is a list of [share, bound], in the order of the measure's options.
    """

    __tablename__ = "release_cell"
    __table_args__ = (
        CheckConstraint("status IN ('published', 'withheld')", name="status"),
        CheckConstraint("(status = 'withheld') = (reason IS NOT NULL)", name="withheld_has_reason"),
        CheckConstraint(
            f"status = 'published' OR num_nonnulls({', '.join(NUMBERS)}) = 0",
            name="withheld_holds_no_number",
        ),
        CheckConstraint("status = 'withheld' OR n_from IS NOT NULL AND n_to IS NOT NULL", name="published_has_n"),
    )

    release_id: UUID = Field(primary_key=True)
    node: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    status: str
    reason: str | None = None
    n_from: int | None = None
    n_to: int | None = None
    mean: Decimal | None = None
    sd: Decimal | None = None
    favourable: Decimal | None = None
    favourable_bound: str | None = None
    neutral: Decimal | None = None
    neutral_bound: str | None = None
    unfavourable: Decimal | None = None
    unfavourable_bound: str | None = None
    distribution: list[list[Any]] | None = document(nullable=True)
    mean_bound: str | None = None
    se: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    basis: str | None = None
    rwg: Decimal | None = None
    enps: Decimal | None = None
    enps_bound: str | None = None
