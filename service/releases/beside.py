"""A wave's results where interim ones were shown before: whatever is shown now is safe together with these.

Their cells stay as they are. What was answered by then is a group of its own in one grid of all results; see `parted`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.tables import Campaign, Wave
from service.disclosure.audit import Verdict
from service.disclosure.table import SafeTable
from service.kit.clock import Clock
from service.releases import audited, publish
from service.releases.build import Counts, Keys, Stages, counts_of
from service.releases.comments import Commented
from service.releases.ledger import Entry, kept, known_of, parts_shown
from service.releases.opened import Agreed, Opened, remembered
from service.releases.orgtree import OrgTree
from service.releases.places import Breakdowns
from service.releases.problems import AlreadyReleased, ContractBroken, NotProved
from service.releases.publish import Outcome
from service.releases.tables import Release

if TYPE_CHECKING:
    from service.disclosure.linked_patterns import Kept

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What results are made of, and what was shown before.

    Attributes:
        wave: whose they are.
        campaign: the wave's.
        agreed: the contract.
        found: all answers so far, with their parts.
        entries: what was released, first to last.
        part: which interim results these are; None: the wave's own.
        comments: what people wrote, for the wave's own.
    """

    wave: Wave
    campaign: Campaign
    agreed: Agreed
    found: Opened
    entries: Sequence[Entry]
    part: int | None
    comments: Commented | None


async def made(tx: AsyncSession, given: Beside, keys: Keys, clock: Clock, stages: Stages) -> Release:
    """A release of the whole plan, else of the org tree alone, which the auditor agrees with. Raises ReleaseRefused."""
    known = known_of(given.entries, given.found)
    if keys.waves.releases(given.wave.tenant_id, given.found.key_id)[: len(known)] != known:
        raise AlreadyReleased
    for tree_alone in (False, True):
        async with tx.begin_nested() as attempt:
            release = await _attempt(tx, given, keys, clock, stages, tree_alone=tree_alone)
            if release is not None:
                line = remembered(release.digest, given.found, given.part)
                if not keys.waves.released(given.wave.tenant_id, given.found.key_id, line, known):
                    raise AlreadyReleased
                return release
            await attempt.rollback()
        if not given.agreed.breakdowns.linked:
            break
    raise NotProved


async def _attempt(
    tx: AsyncSession, given: Beside, keys: Keys, clock: Clock, stages: Stages, *, tree_alone: bool
) -> Release | None:
    """None where it is not proved."""
    plan = given.agreed.breakdowns
    asked = Breakdowns(((),), ()) if tree_alone else plan
    before = [entry.breakdowns for entry in given.entries]
    wide = replace(given.agreed, breakdowns=reduce(Breakdowns.and_then, before, asked))
    many = given.found.parted(parts_shown(given.entries))
    tree = OrgTree.of(many.units)
    counts = await asyncio.to_thread(counts_of, wide, many, stages)
    stay = {
        (measure, family): places
        for (measure, family), places in kept(given.entries, tree, wide.breakdowns.groups).items()
        if measure not in {one.id for one in counts.derived}  # these follow from their parts
    }
    size = len(tree.units)
    rows = size * len(plan.groups)
    table = await asyncio.to_thread(_protected, wide, counts, stay, slice(0, size * len(asked.groups)), rows)
    stages.done("protect")
    if table is None:
        return None
    digests = tuple(entry.release.digest for entry in given.entries)
    outcome = Outcome(tree, plan, table, fell_back=tree_alone, part=given.part, after=digests, comments=given.comments)
    release = await publish.publish(tx, given.wave, given.campaign, given.agreed.document, outcome, clock())
    stages.done("rows")
    shown = [(entry.release, entry.published) for entry in given.entries]
    report = await audited.judged(tx, release, wide, many, counts.answered, shown)
    stages.done("audit")
    if report is None or report.verdict != Verdict.safe:
        log.error("release not proved", wave=str(given.wave.wave_id), fell_back=tree_alone)
        return None
    await publish.certify(tx, release, keys.signer.signed(audited.certificate(release, report)))
    return release


def _protected(agreed: Agreed, counts: Counts, stay: "Kept", wanted: slice, rows: int) -> SafeTable | None:
    """None where the work ran out."""
    # Not above: it loads a compiler, which most work does not need.
    from service.disclosure.breakdowns import protect_more  # noqa: PLC0415 - slow to load
    from service.disclosure.joint import Unproved  # noqa: PLC0415 - as above

    if counts.by_class.grid is None:
        raise ContractBroken
    try:
        return protect_more(
            counts.by_class.grid,
            counts.respondents,
            counts.measures,
            agreed.policy,
            stay,
            wanted,
            rows=rows,
            derived=counts.derived,
        )
    except Unproved:
        return None
