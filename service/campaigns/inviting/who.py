"""Whom a campaign's audience names, as a condition on people: units with all below, values of dimensions, hire dates.

Rules, never a list that somebody picked: who belongs to them is looked up when a wave opens.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

# Of a person `p`, whose unit is among `ids`; `asked` are the people of a sample, everybody where it is NULL.
CONDITION = """
    p.tenant_id = :tenant AND p.is_active AND p.unit_id = ANY(CAST(:ids AS uuid[]))
    AND (CAST(:since AS date) IS NULL OR p.hired_on >= CAST(:since AS date))
    AND (CAST(:until AS date) IS NULL OR p.hired_on <= CAST(:until AS date))
    AND NOT EXISTS (
        SELECT FROM jsonb_each(CAST(:held AS jsonb)) AS rule (name, allowed)
        WHERE NOT coalesce(rule.allowed ? (p.dimensions ->> rule.name), false))
    AND (CAST(:asked AS uuid[]) IS NULL OR p.person_id = ANY(CAST(:asked AS uuid[])))
"""
_PEOPLE = text(f"SELECT p.person_id, p.unit_id, p.dimensions FROM person p WHERE {CONDITION} ORDER BY p.person_id")  # noqa: S608 - ours


class Who(NamedTuple):
    """An audience on one day.

    Attributes:
        tops: units; everybody in them and below.
        held: values that are asked for, by dimension; somebody without one is not asked.
        since: hired on this day or later; None: whenever.
        until: hired on this day or before; None: whenever.
        asked: the people of a sample; None: everybody.
    """

    tops: list[UUID]
    held: Mapping[str, Sequence[str]]
    since: date | None
    until: date | None
    asked: list[UUID] | None = None

    @classmethod
    def of(cls, audience: Mapping[str, Any], today: date) -> Self:
        """The audience of a contract, or of a draft's terms, on this day."""
        hired = audience.get("hired", {})
        least, most = hired.get("days_at_least"), hired.get("days_at_most")
        return cls(
            tops=[UUID(unit) for unit in audience["unit_ids"]],
            held=audience.get("dimensions", {}),
            since=None if most is None else today - timedelta(days=most),
            until=None if least is None else today - timedelta(days=least),
        )

    def parameters(self, tenant: UUID, units: Sequence[UUID]) -> dict[str, Any]:
        """Those of `CONDITION`; `units` are the tops and all below."""
        return {
            "tenant": tenant,
            "ids": list(units),
            "since": self.since,
            "until": self.until,
            "held": json.dumps(dict(self.held)),
            "asked": self.asked,
        }


async def people(tx: AsyncSession, tenant: UUID, who: Who, units: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Person, unit and values of everybody in the audience, by person."""
    return (await tx.execute(_PEOPLE, who.parameters(tenant, units))).all()
