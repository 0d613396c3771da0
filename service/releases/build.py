"""From sealed batches to release rows, where a wave closed. Runs in the worker, one wave, one transaction.

batches -> records -> one int16 matrix and a vector of classes -> exact tallies by class -> `disclosure.protect`, or
`disclosure.breakdowns` where the plan has any -> rows -> the auditor, which reads the rows back and must agree. Where
it does not, the rows are undone and those of the org tree alone written instead; where it does not agree with these
either, the release is refused. The answers exist in this process's memory for the length of one job and nowhere else.
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.promises.contract import Notary
from service.campaigns.tables import Campaign, Wave
from service.campaigns.wave_keys import WaveKeys
from service.disclosure.audit import Verdict
from service.disclosure.measures import GroupMean, Measure
from service.disclosure.protect import protect
from service.disclosure.table import SafeTable
from service.disclosure.tree import Ints
from service.kit.clock import Clock
from service.releases import audited, invited, publish, relations
from service.releases.answered import Answered, answered
from service.releases.certificate import Signer
from service.releases.comments import Commented
from service.releases.group_rule import group_means
from service.releases.opened import Agreed, Opened
from service.releases.orgtree import OrgTree
from service.releases.parted import labels_in
from service.releases.places import Counted, counted
from service.releases.problems import (
    BatchesRefused,
    ClassUnknown,
    ContractBroken,
    KeyGone,
    NotProved,
    ReleaseRefused,
)
from service.releases.publish import Outcome
from service.releases.statistics import tally
from service.releases.tables import Release
from service.responses.seal import Seal
from service.responses.sheet import RecordsCorrupt
from service.telemetry import metrics

log = structlog.get_logger()

# How long after a wave's retention a key folder that is away is waited for, at least.
KEY_PATIENCE = timedelta(days=1)


class Stages:
    """Wall time by stage, for the log, the metrics and the bench."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def done(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._since
        metrics.RELEASE_SECONDS.labels(stage).observe(now - self._since)
        self._since = now


@dataclass(frozen=True, slots=True)
class Keys:
    """What the worker holds to build releases: keys that open, that authenticate, that sign."""

    waves: WaveKeys
    seal: Seal
    notary: Notary
    signer: Signer


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What is left of the answers once they are counted: by the plan's classes, and for the judge by the roster's.

    `derived` are scales and indices by the group rule, which are counted through their parts. `invited` is None where
    the roster was not asked, or has lost somebody who took part: then there are no intervals. `related` is for a wave's
    first release alone.
    """

    by_class: Counted
    respondents: Ints
    measures: list[Measure]
    derived: list[GroupMean]
    invited: Ints | None
    related: relations.Related | None
    answered: Answered


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What a release is made of. `part` says which interim results it is; None: the wave's own."""

    wave: Wave
    campaign: Campaign
    agreed: Agreed
    opened: Opened
    counts: Counts
    comments: Commented | None
    part: int | None = None


async def proved(tx: AsyncSession, job: Job, signer: Signer, clock: Clock, stages: Stages) -> Release:
    """A release that the auditor agrees with: of the whole plan, else of the org tree alone. Raises NotProved."""
    tree = OrgTree.of(job.opened.units)
    for protecting in (safe_table, tree_alone):
        table, fell_back = await asyncio.to_thread(protecting, job.agreed, job.counts)
        stages.done("protect")
        told = await asyncio.to_thread(statistics_of, job.agreed, job.counts, table)
        outcome = Outcome(tree, job.agreed.breakdowns, table, fell_back, told, part=job.part, comments=job.comments)
        async with tx.begin_nested() as attempt:
            made = await publish.publish(tx, job.wave, job.campaign, job.agreed.document, outcome, clock())
            stages.done("rows")
            report = await audited.judged(tx, made, job.agreed, job.opened, job.counts.answered)
            stages.done("audit")
            if report is not None and report.verdict == Verdict.safe:
                await publish.certify(tx, made, signer.signed(audited.certificate(made, report)))
                return made
            log.error(
                "release not proved",
                wave=str(job.wave.wave_id),
                fell_back=fell_back,
                verdict=None if report is None else str(report.verdict),
            )
            await attempt.rollback()
        if fell_back or not job.agreed.breakdowns.linked:
            break
    raise NotProved


def safe_table(agreed: Agreed, counts: Counts) -> tuple[SafeTable, bool]:
    """The safe table of the whole plan, and whether its breakdowns were given up; no I/O."""
    by_class = counts.by_class
    beside = _Beside(derived=counts.derived, invited=counts.invited)
    if by_class.grid is None:
        return protect(by_class.tree, counts.respondents, counts.measures, agreed.policy, **beside), False
    # Not above: it loads a compiler, which no other release needs.
    from service.disclosure.breakdowns import protect_breakdowns  # noqa: PLC0415 - slow to load

    return protect_breakdowns(by_class.grid, counts.respondents, counts.measures, agreed.policy, **beside)


def tree_alone(agreed: Agreed, counts: Counts) -> tuple[SafeTable, bool]:
    """The safe table with every breakdown given up, of a plan that has some; no I/O."""
    from service.disclosure.breakdowns import protect_tree_alone  # noqa: PLC0415 - as above

    if counts.by_class.grid is None:
        raise ContractBroken
    beside = _Beside(derived=counts.derived, invited=counts.invited)
    return protect_tree_alone(counts.by_class.grid, counts.respondents, counts.measures, agreed.policy, **beside)


class _Beside(TypedDict):
    derived: list[GroupMean]
    invited: Ints | None


def statistics_of(agreed: Agreed, counts: Counts, table: SafeTable) -> dict[str, Any]:
    """What may be told of how answers go together, beside this table; no I/O."""
    if counts.related is None:
        return {}
    grid, tree = counts.by_class.grid, counts.by_class.tree
    node = np.arange(tree.size) if grid is None else grid.node
    by_node = relations.ByNode(node, tree.size)
    return relations.told(counts.related, table, counts.measures, tree, by_node, agreed.policy)


def counts_of(
    agreed: Agreed,
    found: Opened,
    stages: Stages,
    on_roster: Mapping[int, int] | None = None,
    *,
    first: bool = False,
) -> Counts:
    """Records to counts; no I/O. Raises ReleaseRefused.

    Args:
        agreed: what the contract says.
        found: what was collected.
        stages: for the log.
        on_roster: people invited, by label of their class; None: nobody asks.
        first: for a wave's first release, which tells how answers go together as well.
    """
    by_class = counted(OrgTree.of(found.units), found.classes, agreed.breakdowns)
    try:
        bare, matrix = found.sheet.decode(found.records)
    except RecordsCorrupt:
        raise BatchesRefused from None
    columns = found.sheet.columns
    labels = bare.astype(np.int64) if found.segments is None else labels_in(bare, found.segments)
    classes = class_of(labels, by_class.classes)
    stages.done("decode")
    measures = tally(agreed.document, columns, classes, matrix, by_class.count)
    respondents = np.bincount(classes, minlength=by_class.count).astype(np.int64)
    roster = class_of(labels, {row.label: number for number, row in enumerate(found.classes)})
    who = answered(agreed.document, columns, roster, matrix, len(found.classes))
    related = relations.related(agreed.document, columns, classes, matrix, by_class.count) if first else None
    stages.done("tally")
    return Counts(
        by_class,
        respondents,
        measures,
        group_means(agreed.document),
        invited.by_class(on_roster, by_class.classes, respondents),
        related,
        who,
    )


def class_of(
    labels: npt.NDArray[np.integer[Any]], classes: Mapping[int, int]
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The class of each record. Raises ClassUnknown."""
    known = np.array(sorted(classes), np.int64)
    numbers = np.array([classes[int(label)] for label in known], np.intp)
    if not len(labels):
        return np.empty(0, np.intp)
    if not len(known):
        raise ClassUnknown
    at = np.minimum(np.searchsorted(known, labels), len(known) - 1)
    if (known[at] != labels).any():
        raise ClassUnknown
    return numbers[at]


async def tried(
    tx: AsyncSession, wave: Wave, campaign: Campaign, clock: Clock, making: Awaitable[Release]
) -> Release | ReleaseRefused:
    """A release as it is made, or why it is refused, for which nothing of it is kept.

    Raises:
        KeyGone: the key folder may only be away.
    """
    try:
        async with tx.begin_nested():
            return await making
    except ReleaseRefused as refused:
        ends = (wave.closes_at or clock()) + campaign.retention
        if isinstance(refused, KeyGone) and clock() < ends + KEY_PATIENCE:
            raise
        return refused
