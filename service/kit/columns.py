"""Column helpers shared by every table module."""

from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s__%(column_0_N_name)s",
    "uq": "uq_%(table_name)s__%(column_0_N_name)s",
    "ck": "ck_%(table_name)s__%(constraint_name)s",
    "fk": "fk_%(table_name)s__%(column_0_N_name)s__%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class TenantRow(SQLModel):
    """A row that belongs to one tenant: its primary key starts with the tenant."""

    tenant_id: UUID = Field(primary_key=True)


def moment(*, nullable: bool = False) -> Any:
    """A timestamp with zone."""
    return Field(default=None if nullable else ..., sa_type=DateTime(timezone=True), nullable=nullable)


def written() -> Any:
    """The moment of a row's writing, which who writes gives; rows of before there was one have the migration's."""
    kwargs = {"server_default": text("now()")}
    return Field(sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs=kwargs)


def document(*, nullable: bool = False) -> Any:
    """A JSON document."""
    return Field(default=None if nullable else ..., sa_type=JSONB(none_as_null=True), nullable=nullable)


def values_of_dimensions() -> Any:
    """Values by dimension, a JSON object; what was written before there were any has none."""
    kwargs = {"server_default": text("'{}'")}
    return Field(default_factory=dict, sa_type=JSONB(none_as_null=True), nullable=False, sa_column_kwargs=kwargs)


def refers(
    table: str, *pairs: tuple[str, str], on_delete: str | None = None, at_commit: bool = False
) -> ForeignKeyConstraint:
    """A foreign key that carries the tenant along: pairs of (own column, referred column).

    `at_commit`: looked at when the transaction ends, so that rows which refer to each other come in any order.
    """
    own, theirs = zip(("tenant_id", "tenant_id"), *pairs, strict=True)
    return ForeignKeyConstraint(
        list(own),
        [f"{table}.{name}" for name in theirs],
        ondelete=on_delete,
        deferrable=at_commit or None,
        initially="DEFERRED" if at_commit else None,
    )


__all__ = ["TenantRow", "document", "metadata", "moment", "refers", "values_of_dimensions", "written"]
