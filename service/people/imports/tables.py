"""Imports as they are remembered for thirty days: what each did, how to take it back; how a source's files are read.

What is kept of people who are erased goes with them: nothing else here says who anybody was.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Computed, Index, Integer, Text, Uuid
from sqlmodel import Field

from service.kit.columns import TenantRow, document, moment, refers


class PeopleImport(TenantRow, table=True):
    __tablename__ = "people_import"
    __table_args__ = (
        CheckConstraint("mode IN ('full', 'partial')", name="mode"),
        CheckConstraint("state IN ('applied', 'previewed', 'refused', 'undone')", name="state"),
        Index("ix_people_import__tenant_id_source", "tenant_id", "source"),
        refers("tenant"),
    )

    import_id: UUID = Field(primary_key=True)
    source: str
    mode: str
    state: str
    actor: str
    created_at: datetime = moment()
    undone_at: datetime | None = moment(nullable=True)
    facts: dict[str, Any] = document()
    """Counts, what the file was, units' movements, and why lines were refused: numbers, places, reasons; no ids."""


class PeopleImportPart(TenantRow, table=True):
    """Up to a thousand people whom an import changed, place by place: a row for each would cost as much as the people.

    No foreign key: an id of somebody who was erased since leads nowhere.
    """

    __tablename__ = "people_import_part"
    __table_args__ = (refers("people_import", ("import_id", "import_id"), on_delete="CASCADE"),)

    import_id: UUID = Field(primary_key=True)
    part: int = Field(primary_key=True)
    person_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))
    kinds: list[str] = Field(sa_type=ARRAY(Text))
    lines: list[int | None] = Field(sa_type=ARRAY(Integer))
    # As the import left the rows: at any other, somebody has changed them since.
    revisions: list[int] = Field(sa_type=ARRAY(BigInteger))


class PeopleImportLine(TenantRow, table=True):
    """Somebody as they were before an import changed them; of who came with it, there is none."""

    __tablename__ = "people_import_line"
    __table_args__ = (
        refers("people_import", ("import_id", "import_id"), on_delete="CASCADE"),
        refers("person", ("person_id", "person_id"), on_delete="CASCADE"),
        Index("ix_people_import_line__tenant_id_person_id", "tenant_id", "person_id"),
        Index("ix_people_import_line__tenant_id_manager_before", "tenant_id", "manager_before"),
    )

    import_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    before: dict[str, Any] = document()
    # What the document says: by it whoever is erased is found, where they were somebody's manager.
    manager_before: UUID | None = Field(
        default=None, sa_column=Column(Uuid, Computed("((before ->> 'manager_id'::text))::uuid", persisted=True))
    )


class PeopleImportUnit(TenantRow, table=True):
    """A unit that an import made."""

    __tablename__ = "people_import_unit"
    __table_args__ = (
        refers("people_import", ("import_id", "import_id"), on_delete="CASCADE"),
        refers("org_unit", ("unit_id", "unit_id"), on_delete="CASCADE"),
        Index("ix_people_import_unit__tenant_id_unit_id", "tenant_id", "unit_id"),
    )

    import_id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(primary_key=True)


class ImportMappingRow(TenantRow, table=True):
    """How files of a source are read."""

    __tablename__ = "import_mapping"
    __table_args__ = (refers("tenant"),)

    source: str = Field(primary_key=True)
    mapping: dict[str, Any] = document()
    updated_at: datetime = moment()
