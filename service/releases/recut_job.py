"""A recut made: other groups of a released wave's people, beside all that was shown of them. Runs in the worker.

The groups are counted from the wave's sealed answers, protected together with every cell of every earlier release,
which all stay as they are, and judged together with them by the auditor.
"""

import asyncio
from typing import Any

import numpy as np
import structlog
from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns.lifecycle import WaveState
from service.campaigns.tables import Campaign, Wave
from service.disclosure.audit import Verdict
from service.disclosure.table import SafeTable
from service.kit.clock import Clock
from service.kit.crypto import same
from service.kit.jobs import Due, Handler
from service.releases import audited, publish
from service.releases.build import Counts, Keys, Stages, counts_of
from service.releases.ledger import Entry, kept, ledger, wider
from service.releases.opened import Agreed, Opened, agreed_of, opened
from service.releases.orgtree import OrgTree
from service.releases.places import Breakdowns
from service.releases.problems import AlreadyReleased, ContractBroken, NotProved, RecutUnsafe, ReleaseRefused
from service.releases.publish import Outcome
from service.releases.tables import Recut, Release

MOST_CONFLICTS = 1000
_INVITED = text("""
    SELECT label, count(*) AS people FROM roster_line WHERE tenant_id = :tenant AND wave_id = :wave GROUP BY label
""")
log = structlog.get_logger()


def recutter(keys: Keys, clock: Clock) -> Handler:
    """The job that turns what was asked of a released wave into one more release of it, or refuses it."""

    async def recut(tx: AsyncSession, due: Due) -> None:
        asked = await tx.get(Recut, (due.tenant_id, due.subject_id))
        if asked is None:
            return
        wave = await tx.get_one(Wave, (due.tenant_id, asked.wave_id), with_for_update=True)
        done = (col(Release.tenant_id) == due.tenant_id) & (col(Release.recut_id) == asked.recut_id)
        if await tx.scalar(select(exists().where(done))):
            return
        campaign = await tx.get_one(Campaign, (due.tenant_id, wave.campaign_id))
        try:
            async with tx.begin_nested():
                made = await _made(tx, asked, wave, campaign, keys, clock)
        except ReleaseRefused as refused:
            conflicts = refused.conflicts if isinstance(refused, RecutUnsafe) else ()
            await publish.refuse(tx, wave, campaign, refused.slug, clock(), asked.recut_id, conflicts)
            log.error("recut refused", wave=str(wave.wave_id), recut=str(asked.recut_id), reason=refused.slug)
            return
        publish.count_cells(made)
        log.info("recut published", wave=str(wave.wave_id), recut=str(asked.recut_id))

    return recut


async def _made(tx: AsyncSession, asked: Recut, wave: Wave, campaign: Campaign, keys: Keys, clock: Clock) -> Release:
    """Raises ReleaseRefused."""
    agreed = await agreed_of(tx, wave, campaign, keys.notary)
    signed = keys.notary.sign_recut(wave.tenant_id, wave.wave_id, asked.plan)
    if wave.state != WaveState.released or not agreed.recuts or not same(signed, asked.mac):
        raise ContractBroken
    found = await opened(tx, wave, agreed, keys.waves, keys.seal)
    entries = await ledger(tx, wave.tenant_id, wave.wave_id)
    digests = tuple(entry.release.digest for entry in entries)
    earlier = [entry.breakdowns for entry in entries]
    before, _ = wider(agreed, found, earlier)
    new = _new(before.breakdowns, asked.plan)
    agreed, found = wider(agreed, found, [*earlier, new])
    counts = await asyncio.to_thread(counts_of, agreed, found, Stages())
    tree = OrgTree.of(found.units)
    first = len(tree.units) * len(before.breakdowns.groups)
    table = await asyncio.to_thread(_protected, agreed, counts, entries, tree, first)
    _check(table, asked.plan["require"], tree, new, (await _invited(tx, wave, found, counts))[first:])
    outcome = Outcome(tree, new, table, fell_back=False, recut=asked.recut_id, after=digests)
    release = await publish.publish(tx, wave, campaign, agreed.document, outcome, clock())
    shown = [entry.published for entry in entries]
    report = await audited.judged(tx, release, agreed, found, counts.answered, shown)
    if report is None or report.verdict != Verdict.safe:
        raise NotProved
    await publish.certify(tx, release, keys.signer.signed(audited.certificate(release, report)))
    if not keys.waves.released(wave.tenant_id, found.key_id, release.digest, digests):
        raise AlreadyReleased
    return release


def _new(before: Breakdowns, plan: dict[str, Any]) -> Breakdowns:
    """What is asked for, with the dimensions that it names: its own, or those that there were."""
    return Breakdowns.declared(plan["breakdowns"], [*before.dimensions, *plan["dimensions"]])


async def _invited(tx: AsyncSession, wave: Wave, found: Opened, counts: Counts) -> Any:
    """People on the roster, by place, [places]. Not who took part: a conflict must not tell that anybody did."""
    if counts.by_class.grid is None:
        raise ContractBroken
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    invited = {row.label: row.people for row in await tx.execute(_INVITED, scope)}
    return counts.by_class.grid.sums(np.array([invited.get(row.label, 0) for row in found.classes], np.int64))


def _protected(agreed: Agreed, counts: Counts, entries: list[Entry], tree: OrgTree, first: int) -> SafeTable:
    # Not above: it loads a compiler, which most work needs not.
    from service.disclosure.breakdowns import protect_more  # noqa: PLC0415
    from service.disclosure.joint import Unproved  # noqa: PLC0415

    if counts.by_class.grid is None:
        raise ContractBroken
    stay = kept(entries, tree, agreed.breakdowns.groups)
    try:
        return protect_more(counts.by_class.grid, counts.respondents, counts.measures, agreed.policy, stay, first)
    except Unproved:
        raise NotProved from None


def _check(table: SafeTable, require: str, tree: OrgTree, new: Breakdowns, invited: Any) -> None:
    """Raises RecutUnsafe where not all can be shown that must be, or nothing can."""
    # Of each measure its mean, or its distribution where it has none: they come in this order.
    first = {column.measure: column for column in reversed(table.columns)}
    missing = (invited > 0) & ~np.logical_and.reduce([column.published for column in first.values()])
    anything = any(column.published.any() for column in table.columns)
    if anything and not (require == "all" and missing.any()):
        return
    groups, size = new.groups, len(tree.units)
    conflicts = []
    for place in np.flatnonzero(missing).tolist()[:MOST_CONFLICTS]:
        unit = tree.units[place % size]
        conflicts.append({"source": unit.source, "unit": unit.external_id, "dimensions": dict(groups[place // size])})
    raise RecutUnsafe(conflicts)
