"""The audit log chained, by the worker, and walked, by whoever checks it.

Appending an act costs one row and waits for nobody: an order among acts that are under way at the same time would make
each wait for the end of the one before. So entries are put in order once they are committed. Whatever was not chained
within a day is told by the check.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.clock import Clock
from service.kit.counted import changed
from service.kit.jobs import Due, Handler
from service.tenants.actions import audit
from service.tenants.chain import START, Chain, Walk
from service.tenants.tables import AuditEntry, AuditLink

AT_ONCE = 1_000
CUT_AT_ONCE = 10_000
"""More than are chained at once: each cut writes an entry of its own."""
EVERY = timedelta(minutes=5)
PATIENCE = timedelta(days=1)
"""How far back an entry is looked for that was committed later than those after it; no transaction lasts that long."""
CUT = "audit_log.cut"
WORKER = "worker"


class Checked(NamedTuple):
    """What a check of the log found.

    Attributes:
        checked: entries that are as they were written, in their place.
        unchained: entries that have no place yet.
        late: of these, those that should have one.
        broken: numbers of links that do not hold: theirs, or the one before, was altered or taken out.
        last: number and MAC of the last link, to be compared with what was noted elsewhere.
    """

    checked: int
    unchained: int
    late: int
    broken: list[int]
    last: tuple[int, str] | None

    @property
    def is_whole(self) -> bool:
        return not self.broken and not self.late


def chainer(chain: Chain, clock: Clock) -> Handler:
    """The job that chains what was committed since it last looked."""

    async def go(tx: AsyncSession, due: Due) -> datetime:
        # A log of before there was a chain is long: so many in one transaction, and the next as soon as it is there.
        chained = await _append(tx, due.tenant_id, chain)
        return clock() if chained == AT_ONCE else clock() + EVERY

    return go


async def _append(tx: AsyncSession, tenant: UUID, chain: Chain) -> int:
    """Chain the first entries that have no link; how many."""
    mine = col(AuditLink.tenant_id) == tenant
    last = await tx.scalar(select(AuditLink).where(mine).order_by(col(AuditLink.number).desc()).limit(1))
    linked = exists().where(mine, col(AuditLink.entry_id) == col(AuditEntry.entry_id))
    wanted = select(AuditEntry).where(col(AuditEntry.tenant_id) == tenant, ~linked)
    if last is not None:
        wanted = wanted.where(col(AuditEntry.entry_id) > _earlier(last.entry_id))
    entries = (await tx.scalars(wanted.order_by(col(AuditEntry.entry_id)).limit(AT_ONCE))).all()
    number, previous = (0, START) if last is None else (last.number, last.mac)
    rows = []
    for entry in entries:
        number += 1
        previous = chain.mac(tenant, number, previous, entry)
        rows.append({"tenant_id": tenant, "number": number, "entry_id": entry.entry_id, "mac": previous})
    if rows:
        await tx.execute(insert(AuditLink), rows)
    return len(rows)


def _earlier(entry: UUID) -> UUID:
    """The smallest id that was given a day before this one: the first 48 bits are milliseconds."""
    back = int(PATIENCE / timedelta(milliseconds=1))
    return UUID(int=max((entry.int >> 80) - back, 0) << 80)


async def check(tx: AsyncSession, tenant: UUID, chain: Chain, now: datetime) -> Checked:
    """Walk the whole log."""
    walk, broken = Walk(chain, tenant, await _cuts(tx, tenant)), list[int]()
    while rows := await _links(tx, tenant, walk.last[0] if walk.last else 0):
        broken += [link.number for link, entry in rows if not walk.step(link, entry)]
    linked = exists().where(col(AuditLink.tenant_id) == tenant, col(AuditLink.entry_id) == col(AuditEntry.entry_id))
    is_late = func.count().filter(col(AuditEntry.at) < now - PATIENCE)
    waiting = select(func.count(col(AuditEntry.entry_id)), is_late)
    counted = (await tx.execute(waiting.where(col(AuditEntry.tenant_id) == tenant, ~linked))).one()
    unchained, late = counted[0], counted[1]
    last = None if walk.last is None else (walk.last[0], walk.last[1].hex())
    return Checked(walk.checked, unchained, late, broken, last)


async def _links(tx: AsyncSession, tenant: UUID, after: int) -> Sequence[tuple[AuditLink, AuditEntry | None]]:
    joined = (col(AuditEntry.tenant_id) == col(AuditLink.tenant_id)) & (
        col(AuditEntry.entry_id) == col(AuditLink.entry_id)
    )
    statement = select(AuditLink, AuditEntry).join(AuditEntry, joined, isouter=True)
    statement = statement.where(col(AuditLink.tenant_id) == tenant, col(AuditLink.number) > after)
    rows = (await tx.execute(statement.order_by(col(AuditLink.number)).limit(AT_ONCE))).all()
    return [(row[0], row[1]) for row in rows]


async def _cuts(tx: AsyncSession, tenant: UUID) -> set[tuple[int, str]]:
    """Where the log says that it was cut off at its old end."""
    mine = (col(AuditEntry.tenant_id) == tenant) & (col(AuditEntry.action) == CUT)
    found = await tx.scalars(select(col(AuditEntry.detail)).where(mine))
    return {(detail.get("through", 0), detail.get("mac", "")) for detail in found}


async def cut(tx: AsyncSession, tenant: UUID, chain: Chain, until: datetime, now: datetime) -> bool:
    """Delete entries of before a moment, from the chain's old end, so many at once; whether there are more.

    The last one's link stays, for the chain to hang from, and a new entry vouches for it. So a log that is old as a
    whole goes as a whole: then that new entry is the log.
    """
    last, is_all = await _last_old(tx, tenant, chain, until)
    if last is None:
        return False
    links = (col(AuditLink.tenant_id) == tenant) & (col(AuditLink.number) <= last.number)
    old = col(AuditEntry.entry_id).in_(select(col(AuditLink.entry_id)).where(links))
    gone = await changed(tx, delete(AuditEntry).where(col(AuditEntry.tenant_id) == tenant, old))
    await tx.execute(delete(AuditLink).where(links, col(AuditLink.number) < last.number))
    signed = chain.cut(tenant, last.number, last.mac)
    audit(tx, tenant, now, WORKER, CUT, str(tenant), through=last.number, mac=signed, entries=gone)
    await tx.flush()
    return not is_all


async def _last_old(tx: AsyncSession, tenant: UUID, chain: Chain, until: datetime) -> tuple[AuditLink | None, bool]:
    """The last link of those that are cut off now, and whether there are no more after it.

    Walked as a check walks: whoever took entries out, or told another moment of them, would have it vouched for. From
    the first link on that does not hold, nothing is ever cut, and each check tells of it.
    """
    walk, last, looked = Walk(chain, tenant, await _cuts(tx, tenant)), None, 0
    while rows := await _links(tx, tenant, walk.last[0] if walk.last else 0):
        for link, entry in rows:
            if not walk.step(link, entry) or (entry is not None and entry.at >= until):
                return last, True
            if entry is not None:
                last, looked = link, looked + 1
            if looked == CUT_AT_ONCE:
                return last, False
    return last, True
