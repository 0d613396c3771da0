"""What SCIM keeps beside the organisation: a directory's own attributes of a person, and how a tenant reads them.

Tables of their own, not columns of `person`: lists, imports and history rewrite that row at every change, and must not
carry a directory's document along; and an index over these rows alone finds any page of a long list.

The design says that SCIM owns no table, being a face of people. Ours does: people know nothing of directories, and
what a directory asks back is no fact of the organisation. Whoever is to answer is still read from people alone.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Computed, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from service.kit.columns import TenantRow, document, moment, refers


class ScimUser(TenantRow, table=True):
    """A person whom a directory looks after; gone when the directory deletes them, unlike the person.

    `user_name` is in the form that it is compared in. `directory` holds what only the directory asks back: `kept` as it
    came, and `keys`, the same in the form that filters and orders compare.
    """

    __tablename__ = "scim_user"
    __table_args__ = (
        UniqueConstraint("tenant_id", "user_name", postgresql_include=["person_id"]),
        refers("tenant"),
        refers("person", ("person_id", "person_id"), on_delete="CASCADE"),
        Index("ix_scim_user__tenant_id_external_id", "tenant_id", "external_id"),
        Index("ix_scim_user__tenant_id_display_name_person_id", "tenant_id", "display_name", "person_id"),
    )

    person_id: UUID = Field(primary_key=True)
    user_name: str = Field(sa_type=Text(collation="C"), repr=False)
    # As the directory says it now; the person's own stays the old one while a roster is signed with that.
    external_id: str = Field(repr=False)
    directory: dict[str, Any] = document()
    revision: int = Field(default=1, sa_type=BigInteger, sa_column_kwargs={"server_default": text("1")})
    updated_at: datetime = moment()
    # Says again what `keys` say: an index on an expression is read, but the rows under it are read as well.
    display_name: str | None = Field(
        default=None,
        repr=False,
        sa_column=Column(
            Text(collation="C"),
            Computed("((directory -> 'keys'::text) ->> 'displayName'::text)", persisted=True),
        ),
    )


class ScimMapping(TenantRow, table=True):
    """How a tenant's directory is read: what its groups are, and where a person's unit is said."""

    __tablename__ = "scim_mapping"
    __table_args__ = (refers("tenant"),)

    mapping: dict[str, Any] = document()
    updated_at: datetime = moment()
