"""The organisation as the HRIS tells it: units, declared dimensions, persons. No e-mail: not needed.

Nor a name, but where comments are published: it is there to be taken out of them, and shown to nobody but those who
may write people.

What holds now stands in `org_unit` and `person`, since when in their versions: each holds until the next one begins.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from service.kit.columns import TenantRow, document, moment, refers, written


class Revised(TenantRow):
    """A row that changes, and is taken out without being deleted: what refers to it keeps it."""

    created_at: datetime = written()
    updated_at: datetime = written()
    revision: int = Field(default=1, sa_type=BigInteger, sa_column_kwargs={"server_default": text("1")})
    deleted_at: datetime | None = moment(nullable=True)


class OrgUnit(Revised, table=True):
    __tablename__ = "org_unit"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source", "external_id"),
        CheckConstraint("hierarchy IN ('line', 'project')", name="hierarchy"),
        refers("tenant"),
        refers("org_unit", ("parent_id", "unit_id"), at_commit=True),
        Index("ix_org_unit__tenant_id_parent_id", "tenant_id", "parent_id"),
    )

    unit_id: UUID = Field(primary_key=True)
    source: str
    external_id: str
    name: str
    parent_id: UUID | None = None
    is_active: bool = True
    hierarchy: str = Field(default="line", sa_column_kwargs={"server_default": text("'line'")})
    # Its manager's external id in the same source: units are told before people, so there may be nobody behind it yet.
    manager: str | None = None


class OrgUnitVersion(TenantRow, table=True):
    """What a unit is from a day on."""

    __tablename__ = "org_unit_version"
    __table_args__ = (refers("org_unit", ("unit_id", "unit_id"), on_delete="CASCADE"),)

    unit_id: UUID = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    name: str
    parent_id: UUID | None = None
    manager: str | None = None
    is_active: bool


class UnitLineage(TenantRow, table=True):
    """What became of a unit that was merged into others or split."""

    __tablename__ = "unit_lineage"
    __table_args__ = (
        CheckConstraint("kind IN ('merge', 'split')", name="kind"),
        refers("org_unit", ("from_unit_id", "unit_id"), on_delete="CASCADE"),
        refers("org_unit", ("to_unit_id", "unit_id"), on_delete="CASCADE"),
        Index("ix_unit_lineage__tenant_id_to_unit_id", "tenant_id", "to_unit_id"),
    )

    from_unit_id: UUID = Field(primary_key=True)
    to_unit_id: UUID = Field(primary_key=True)
    on_day: date = Field(primary_key=True)
    kind: str


class Reorganisation(TenantRow, table=True):
    """Moves, merges and splits that hold from a day on; planned where that day has not come."""

    __tablename__ = "reorganisation"
    __table_args__ = (
        CheckConstraint("state IN ('planned', 'done', 'refused', 'cancelled')", name="state"),
        refers("tenant"),
    )

    reorganisation_id: UUID = Field(primary_key=True)
    on_day: date
    state: str
    wanted: dict[str, Any] = document()
    effect: dict[str, Any] | None = document(nullable=True)
    faults: list[dict[str, str]] | None = document(nullable=True)
    actor: str
    created_at: datetime = moment()


class Dimension(TenantRow, table=True):
    __tablename__ = "dimension"
    __table_args__ = (refers("tenant"),)

    name: str = Field(primary_key=True)
    values: list[dict[str, Any]] = document()


class Person(Revised, table=True):
    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source", "external_id"),
        refers("tenant"),
        refers("org_unit", ("unit_id", "unit_id")),
        refers("person", ("manager_id", "person_id"), on_delete="SET NULL (manager_id)", at_commit=True),
        Index("ix_person__tenant_id_unit_id", "tenant_id", "unit_id"),
        Index("ix_person__tenant_id_manager_id", "tenant_id", "manager_id"),
    )

    person_id: UUID = Field(primary_key=True)
    source: str
    external_id: str
    unit_id: UUID | None = None  # in no unit yet, and so in no audience
    language: str | None = None
    dimensions: dict[str, Any] = document()
    is_active: bool = True
    hired_on: date | None = None
    name: str | None = Field(default=None, repr=False)
    manager_id: UUID | None = None


class PersonVersion(TenantRow, table=True):
    """Where a person is from a day on."""

    __tablename__ = "person_version"
    __table_args__ = (
        refers("person", ("person_id", "person_id"), on_delete="CASCADE"),
        Index("ix_person_version__tenant_id_manager_id", "tenant_id", "manager_id"),
    )

    person_id: UUID = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    unit_id: UUID | None = None
    manager_id: UUID | None = None
    is_active: bool


class ProjectMember(TenantRow, table=True):
    """Who is in which unit of the project hierarchy, beside their place in the line."""

    __tablename__ = "project_member"
    __table_args__ = (
        refers("person", ("person_id", "person_id"), on_delete="CASCADE"),
        refers("org_unit", ("unit_id", "unit_id"), on_delete="CASCADE"),
        Index("ix_project_member__tenant_id_unit_id", "tenant_id", "unit_id"),
    )

    person_id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(primary_key=True)
