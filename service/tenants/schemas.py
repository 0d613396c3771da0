"""Keys and the audit log on the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from service.kit.text import ExternalId, Moment, Name, Slug, Wire
from service.tenants.access_tokens import client_id_of
from service.tenants.registrar import unit_of
from service.tenants.scopes import Scope
from service.tenants.tables import ApiKey, AuditEntry


class KeyUnit(Wire):
    """A unit by its name in the system it comes from. Unknown ones are taken too: results are of units as they were."""

    source: Slug = "hris"
    external_id: ExternalId


class KeyIn(Wire):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Power BI", "scopes": ["aggregates:read"], "expires_at": None},
                {"name": "Lyon's BI", "scopes": ["aggregates:read"], "unit": {"external_id": "LYON"}},
                {"name": "Works council", "scopes": ["aggregates:read"], "recipient": "works_council"},
            ]
        }
    )

    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    expires_at: Moment | None = None
    unit: Annotated[
        KeyUnit | None,
        Field(description="the key reads the results of this unit and of those below it alone: `aggregates:read` only"),
    ] = None
    recipient: Annotated[
        Slug | None,
        Field(
            description="the key reads, beside what every reader may, what contracts open to this recipient alone: "
            "`aggregates:read` only"
        ),
    ] = None


class KeyOut(Wire):
    id: UUID
    client_id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    unit: KeyUnit | None
    recipient: str | None

    @classmethod
    def of(cls, row: ApiKey) -> "KeyOut":
        unit = unit_of(row.unit_source, row.unit)
        return cls(
            id=row.key_id,
            client_id=client_id_of(row.tenant_id, row.key_id),
            name=row.name,
            scopes=row.scopes,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            unit=None if unit is None else KeyUnit(source=unit.source, external_id=unit.external_id),
            recipient=row.recipient,
        )


class KeyMade(Wire):
    """The only time the key is shown: the database keeps a hash. `client_id` is its name where OAuth2 asks for one."""

    id: UUID
    client_id: str
    key: str


class AuditEntryOut(Wire):
    id: UUID
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    before: Annotated[
        str | None, Field(description="SHA-256 of what the act changed, as it was; null where it has no such state")
    ]
    after: Annotated[str | None, Field(description="the same, as it became")]

    @classmethod
    def of(cls, row: AuditEntry) -> "AuditEntryOut":
        return cls(
            id=row.entry_id,
            at=row.at,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            detail=row.detail,
            before=row.before,
            after=row.after,
        )


class AuditLine(AuditEntryOut):
    """An entry with its place in the log's chain; null for the last ones, which get theirs within some minutes."""

    number: int | None
    mac: Annotated[str | None, Field(description="hex; the operator can check it, and nobody can make it")]


class AuditPage(Wire):
    data: list[AuditEntryOut]
    next: str | None
