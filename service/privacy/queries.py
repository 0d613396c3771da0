"""Reading back who read what."""

from datetime import date
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.pages import Page, page_of
from service.kit.reasons import ParameterFault
from service.privacy.schemas import ReadAccessOut
from service.privacy.tables import ReadAccess
from service.problems import Invalid

_BETWEEN = "\n"  # in none of the parts
_PARTS = 4


async def read_access(
    tx: AsyncSession, tenant: UUID, since: date | None, after: str | None, limit: int
) -> Page[ReadAccessOut]:
    """By day, the oldest first. Raises Invalid for a cursor that is none."""
    key = (col(ReadAccess.day), col(ReadAccess.reader), col(ReadAccess.operation), col(ReadAccess.subject))
    statement = select(ReadAccess).where(col(ReadAccess.tenant_id) == tenant)
    if since is not None:
        statement = statement.where(col(ReadAccess.day) >= since)
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*_behind(after)))
    found = (await tx.scalars(statement.order_by(*key).limit(limit + 1))).all()
    return page_of(
        found,
        limit,
        key=lambda row: _BETWEEN.join((row.day.isoformat(), row.reader, row.operation, row.subject)),
        show=ReadAccessOut.of,
    )


def _behind(after: str) -> tuple[date, str, str, str]:
    parts = after.split(_BETWEEN)
    wrong = Invalid(faults=[ParameterFault("cursor", "query", "is not a cursor of ours")])
    if len(parts) != _PARTS or "\0" in after:
        raise wrong
    try:
        return date.fromisoformat(parts[0]), parts[1], parts[2], parts[3]
    except ValueError:
        raise wrong from None
