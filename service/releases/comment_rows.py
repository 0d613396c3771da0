"""Comments of a release as rows: written once, in the order of ids that are drawn, and read in that order."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, Select, exists, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.reasons import ParameterFault
from service.problems import Invalid
from service.releases.comments import Comment
from service.releases.queries import below
from service.releases.tables import Release, ReleaseComment, ReleaseUnit
from service.tenants.registrar import Unit

ROWS_AT_ONCE = 5000
_INSERT = text("""
    INSERT INTO release_comment (tenant_id, release_id, comment_id, item, node, comment)
    SELECT CAST(:tenant AS uuid), CAST(:release AS uuid), * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:items AS text[]), CAST(:nodes AS integer[]), CAST(:comments AS text[]))
""")


async def write(tx: AsyncSession, release: Release, comments: Sequence[Comment]) -> None:
    """Each under an id from the operating system's random numbers, in the order of these ids.

    So neither an id nor the place of a row tells which came first, or which were beside each other in a batch.
    """
    drawn = sorted(((uuid4(), comment) for comment in comments), key=lambda one: one[0])
    for start in range(0, len(drawn), ROWS_AT_ONCE):
        chunk = drawn[start : start + ROWS_AT_ONCE]
        await tx.execute(
            _INSERT,
            {
                "tenant": release.tenant_id,
                "release": release.release_id,
                "ids": [drawn_id for drawn_id, _ in chunk],
                "items": [comment.item for _, comment in chunk],
                "nodes": [comment.node for _, comment in chunk],
                "comments": [comment.text for _, comment in chunk],
            },
        )


async def page(
    tx: AsyncSession,
    found: Release,
    within: Unit | None,
    item: str | None,
    unit: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Comments in the order of their ids, within a unit (None: all of them).

    Raises Invalid for an item or unit that the release does not have, there.
    """
    await _check(tx, found, within, item, unit)
    here = (col(ReleaseComment.tenant_id) == found.tenant_id) & (col(ReleaseComment.release_id) == found.release_id)
    statement: Select[Any] = (
        select(
            *(col(getattr(ReleaseComment, name)) for name in ("comment_id", "item", "comment")),
            *(col(getattr(ReleaseUnit, name)) for name in ("source", "unit", "unit_name")),
        )
        .join(
            ReleaseUnit,
            (col(ReleaseUnit.tenant_id) == col(ReleaseComment.tenant_id))
            & (col(ReleaseUnit.release_id) == col(ReleaseComment.release_id))
            & (col(ReleaseUnit.node) == col(ReleaseComment.node)),
        )
        .where(here, below(within))
    )
    if item is not None:
        statement = statement.where(col(ReleaseComment.item) == item)
    if unit is not None:
        statement = statement.where(col(ReleaseUnit.unit) == unit)
    if after is not None:
        statement = statement.where(col(ReleaseComment.comment_id) > after)
    rows: Sequence[Row[Any]] = (await tx.execute(statement.order_by(col(ReleaseComment.comment_id)).limit(limit))).all()
    return rows


async def _check(tx: AsyncSession, found: Release, within: Unit | None, item: str | None, unit: str | None) -> None:
    faults = []
    for name, value, table in (("item", item, ReleaseComment), ("unit", unit, ReleaseUnit)):
        if value is None:
            continue
        here = (col(table.tenant_id) == found.tenant_id) & (col(table.release_id) == found.release_id)
        seen = below(within) if table is ReleaseUnit else true()
        if not await tx.scalar(select(exists().where(here, seen, col(getattr(table, name)) == value))):
            what = "an item with comments" if name == "item" else "a unit"
            faults.append(ParameterFault(name, "query", f"is not {what} of this release"))
    if faults:
        raise Invalid(faults=faults)
