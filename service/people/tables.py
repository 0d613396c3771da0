"""The organisation as the HRIS tells it: units, declared dimensions, persons. No e-mail: not needed.

Nor a name, but where comments are published: it is there to be taken out of them, and shown to nobody.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from service.kit.columns import TenantRow, document, refers


class OrgUnit(TenantRow, table=True):
    __tablename__ = "org_unit"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source", "external_id"),
        refers("tenant"),
        refers("org_unit", ("parent_id", "unit_id")),
    )

    unit_id: UUID = Field(primary_key=True)
    source: str
    external_id: str
    name: str
    parent_id: UUID | None = None
    is_active: bool = True


class Dimension(TenantRow, table=True):
    __tablename__ = "dimension"
    __table_args__ = (refers("tenant"),)

    name: str = Field(primary_key=True)
    values: list[dict[str, Any]] = document()


class Person(TenantRow, table=True):
    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("tenant_id", "source", "external_id"),
        refers("tenant"),
        refers("org_unit", ("unit_id", "unit_id")),
        Index("ix_person__tenant_id_unit_id", "tenant_id", "unit_id"),
    )

    person_id: UUID = Field(primary_key=True)
    source: str
    external_id: str
    unit_id: UUID
    language: str | None = None
    dimensions: dict[str, Any] = document()
    is_active: bool = True
    hired_on: date | None = None
    name: str | None = Field(default=None, repr=False)
