"""A recut made: other groups of a released wave's people, beside all that was shown of them. Runs in the worker.

The groups are counted from the wave's sealed answers, protected together with every cell of every earlier release,
which all stay as they are, and judged together with them by the auditor.
"""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns.lifecycle import WaveState
from service.campaigns.tables import Campaign, Wave
from service.disclosure.audit import Verdict
from service.disclosure.grid import Grid
from service.disclosure.table import SafeTable
from service.kit.clock import Clock
from service.kit.crypto import same
from service.kit.jobs import Due, Handler
from service.releases import audited, invited, publish, read_back
from service.releases.build import Counts, Keys, Stages, counts_of, tried
from service.releases.ledger import Entry, kept, known_of, ledger, parts_shown, wider
from service.releases.opened import Agreed, agreed_of, opened, remembered
from service.releases.orgtree import OrgTree
from service.releases.parted import invited_once
from service.releases.places import Breakdowns
from service.releases.problems import (
    AlreadyReleased,
    ContractBroken,
    NotProved,
    RecutUnsafe,
    ReleaseAltered,
    ReleaseRefused,
)
from service.releases.publish import Outcome
from service.releases.tables import Recut, Release

if TYPE_CHECKING:
    from service.disclosure.linked_patterns import Kept

MOST_CONFLICTS = 1000
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
        stages = Stages()
        made = await tried(tx, wave, campaign, clock, _made(tx, asked, wave, campaign, keys, clock, stages))
        if isinstance(made, ReleaseRefused):
            conflicts = made.conflicts if isinstance(made, RecutUnsafe) else ()
            await publish.refuse(tx, wave, campaign, made.slug, clock(), asked.recut_id, conflicts)
            log.warning("recut refused", wave=str(wave.wave_id), recut=str(asked.recut_id), reason=made.slug)
            return
        publish.count_cells(made)
        log.info(
            "recut published",
            wave=str(wave.wave_id),
            recut=str(asked.recut_id),
            seconds={stage: round(seconds, 3) for stage, seconds in stages.seconds.items()},
        )

    return recut


async def _made(
    tx: AsyncSession, asked: Recut, wave: Wave, campaign: Campaign, keys: Keys, clock: Clock, stages: Stages
) -> Release:
    """Raises ReleaseRefused."""
    agreed = await agreed_of(tx, wave, campaign, keys.notary)
    signed = keys.notary.sign_recut(wave.tenant_id, wave.wave_id, asked.recut_id, asked.plan)
    if wave.state != WaveState.released or not agreed.recuts or not same(signed, asked.mac):
        raise ContractBroken
    found = await opened(tx, wave, agreed, keys.waves, keys.seal)
    stages.done("open")
    entries = await ledger(tx, wave.tenant_id, wave.wave_id)
    digests = tuple(entry.release.digest for entry in entries)
    known = known_of(entries, found)
    if not known or keys.waves.releases(wave.tenant_id, found.key_id)[: len(known)] != known:
        raise ReleaseAltered
    earlier = [entry.breakdowns for entry in entries]
    if parts := parts_shown(entries):
        found = found.parted(parts)
    before, _ = wider(agreed, found, earlier)
    new = _new(before.breakdowns, asked.plan)
    agreed, found = wider(agreed, found, [*earlier, new])
    try:
        on_roster = await invited.by_label(tx, wave)
        counts = await asyncio.to_thread(counts_of, agreed, found, stages, None if parts else on_roster)
    except ValueError:  # places that were shown already
        raise ContractBroken from None
    grid, tree = _grid(counts), OrgTree.of(found.units)
    first = len(tree.units) * len(before.breakdowns.groups)
    stay = {
        (measure, family): places
        for (measure, family), places in kept(entries, tree, agreed.breakdowns.groups).items()
        if measure not in {one.id for one in counts.derived}  # these follow from their parts
    }
    sd_of_all = await read_back.deviations_of_all(tx, wave.tenant_id, entries[0].release.release_id)
    table = await asyncio.to_thread(_protected, agreed, counts, stay, first, sd_of_all)
    stages.done("protect")
    # Not who took part: a conflict must not tell that anybody did.
    asked_of = grid.sums(np.array([invited_once(on_roster, row.label) for row in found.classes], np.int64))[first:]
    _check(table, asked.plan["require"], asked_of, entries, tree, new)
    outcome = Outcome(tree, new, table, fell_back=False, recut=asked.recut_id, after=digests)
    release = await publish.publish(tx, wave, campaign, agreed.document, outcome, clock())
    stages.done("rows")
    shown = [(entry.release, entry.published) for entry in entries]
    report = await audited.judged(tx, release, agreed, found, counts.answered, shown)
    stages.done("audit")
    if report is None or report.verdict != Verdict.safe:
        raise NotProved
    await publish.certify(tx, release, keys.signer.signed(audited.certificate(release, report)))
    if not keys.waves.released(wave.tenant_id, found.key_id, remembered(release.digest, found), known):
        raise AlreadyReleased
    return release


def _new(before: Breakdowns, plan: dict[str, Any]) -> Breakdowns:
    """What is asked for, with the dimensions that it names: its own, or those that there were."""
    try:
        return Breakdowns.declared(plan["breakdowns"], [*before.dimensions, *plan["dimensions"]])
    except KeyError:
        raise ContractBroken from None


def _grid(counts: Counts) -> Grid:
    """A recut has dimensions, hence a grid."""
    if counts.by_class.grid is None:
        raise ContractBroken
    return counts.by_class.grid


def _protected(agreed: Agreed, counts: Counts, stay: "Kept", first: int, sd_of_all: Mapping[str, Decimal]) -> SafeTable:
    # Not above: it loads a compiler, which most work does not need.
    from service.disclosure.breakdowns import protect_more  # noqa: PLC0415 - slow to load
    from service.disclosure.joint import Unproved  # noqa: PLC0415 - as above

    try:
        return protect_more(
            _grid(counts),
            counts.respondents,
            counts.measures,
            agreed.policy,
            stay,
            slice(first, None),
            derived=counts.derived,
            invited=counts.invited,
            sd_of_all=sd_of_all,
        )
    except Unproved:
        raise NotProved from None


def _check(
    table: SafeTable,
    require: str,
    invited: np.ndarray[Any, np.dtype[np.int64]],
    entries: Sequence[Entry],
    tree: OrgTree,
    new: Breakdowns,
) -> None:
    """Raises RecutUnsafe where not all is shown that must be, or nothing is. `invited` is by place, [places]."""
    # What the wave's releases show nowhere, an item that nobody answers, is asked of no group.
    anywhere = {cells.measure for entry in entries for cells in entry.published.cells}
    # Of each measure its mean, or its distribution where it has none: they come in this order.
    first = {column.measure: column for column in reversed(table.columns) if column.measure in anywhere}
    withheld = (invited > 0) & ~np.logical_and.reduce([column.published for column in first.values()])
    if any(column.published.any() for column in table.columns) and not (require == "all" and withheld.any()):
        return
    groups, size = new.groups, len(tree.units)
    conflicts = []
    for place in np.flatnonzero(withheld).tolist()[:MOST_CONFLICTS]:
        unit = tree.units[place % size]
        conflicts.append({"source": unit.source, "unit": unit.external_id, "dimensions": dict(groups[place // size])})
    raise RecutUnsafe(conflicts)
