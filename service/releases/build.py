"""From sealed batches to release rows: the only opener of answers. Runs in the worker, one wave, one transaction.

batches -> records -> one int16 matrix and a vector of classes -> exact tallies by class -> `disclosure.protect`, or
`disclosure.breakdowns` where the plan has any -> rows. The answers exist in this process's memory for the length of one
job and nowhere else.
"""

import asyncio
import dataclasses
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np
import structlog
from nacl.exceptions import CryptoError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.contract import ContractAltered, Notary, groups_digest
from service.campaigns.lifecycle import NEXT_WAVE, WaveState
from service.campaigns.tables import Campaign, Wave
from service.campaigns.wave_keys import WaveKeys
from service.disclosure.measures import Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import SafeTable
from service.kit.clock import Clock
from service.kit.crypto import KeyMissing
from service.kit.jobs import Due, Handler
from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.tables import QuestionnaireVersion
from service.releases import publish
from service.releases.orgtree import OrgTree, Unit
from service.releases.places import Breakdowns, ClassRow, Counted, counted
from service.releases.problems import (
    AlreadyReleased,
    BatchesRefused,
    ClassUnknown,
    ContractBroken,
    CountsDisagree,
    KeyGone,
    ReleaseRefused,
)
from service.releases.publish import Outcome
from service.releases.statistics import MeasureTally, tally
from service.responses.seal import Batch, Seal
from service.responses.sheet import RecordsCorrupt, Sheet
from service.responses.unseal import BatchRefused, Opener
from service.telemetry import metrics

log = structlog.get_logger()

BATCHES_AT_ONCE = 500
OPENERS = 2
# How long after a wave's retention a key folder that is away is waited for, at least.
KEY_PATIENCE = timedelta(days=1)
_BATCHES = text("""
    SELECT batch_id, received_on, response_count, records, texts, mac FROM sealed_batch
    WHERE tenant_id = :tenant AND wave_id = :wave AND batch_id > :after ORDER BY batch_id LIMIT :limit
""")
_SPENT = text("""
    SELECT count(*), coalesce(max(serial), -1) FROM spent_code WHERE tenant_id = :tenant AND wave_id = :wave
""")
_UNITS = text("""
    SELECT unit_id, parent_id, source, external_id, name FROM wave_unit
    WHERE tenant_id = :tenant AND wave_id = :wave
""")
_CLASSES = text("""
    SELECT label, unit_id, dimensions::text AS dimensions FROM wave_class
    WHERE tenant_id = :tenant AND wave_id = :wave ORDER BY label
""")
_KEY = text("SELECT key_id, sealed_half FROM wave_key WHERE tenant_id = :tenant AND wave_id = :wave")


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
class Collected:
    """What a wave collected, opened: all records end to end."""

    records: bytearray
    count: int


def releaser(keys: WaveKeys, seal: Seal, notary: Notary, clock: Clock) -> Handler:
    """The job that turns a closed wave into a release, published or refused with its reason."""

    async def release(tx: AsyncSession, due: Due) -> None:
        wave = await tx.get(Wave, (due.tenant_id, due.subject_id), with_for_update=True)
        if wave is None or wave.state != WaveState.closed:
            return
        stages = Stages()
        campaign = await tx.get_one(Campaign, (wave.tenant_id, wave.campaign_id))
        ends = (wave.closes_at or clock()) + campaign.retention
        try:
            agreed = await _agreed(tx, wave, campaign, notary)
            key_id, outcome = await _build(tx, wave, agreed, keys, seal, stages)
            async with tx.begin_nested():
                made = await publish.publish(tx, wave, campaign, agreed.document, outcome, clock())
                if not keys.released(wave.tenant_id, key_id, made.digest):
                    raise AlreadyReleased
        except ReleaseRefused as refused:
            if isinstance(refused, KeyGone) and clock() < ends + KEY_PATIENCE:
                raise
            wave.state = NEXT_WAVE[WaveState(wave.state), "refuse"]
            await publish.refuse(tx, wave, campaign, refused.slug, clock())
            log.error("release refused", wave=str(wave.wave_id), reason=refused.slug)
            return
        wave.state = NEXT_WAVE[WaveState(wave.state), "release"]
        await tx.flush()
        stages.done("rows")
        log.info(
            "release published",
            wave=str(wave.wave_id),
            fell_back=outcome.fell_back,
            seconds={stage: round(seconds, 3) for stage, seconds in stages.seconds.items()},
        )

    return release


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the authenticated contract says of a release."""

    document: Document
    policy: Policy
    breakdowns: Breakdowns
    invited: int
    groups_digest: str


async def _agreed(tx: AsyncSession, wave: Wave, campaign: Campaign, notary: Notary) -> Agreed:
    """The contract, and the questionnaire that it names. Raises ContractBroken."""
    version = await tx.get_one(QuestionnaireVersion, (wave.tenant_id, campaign.questionnaire_id, campaign.version))
    try:
        contract = notary.check(campaign.contract, campaign.contract_mac)
        document = Document.parse(version.document)
    except (ContractAltered, DocumentRefused):
        raise ContractBroken from None
    found = (str(wave.wave_id), document.digest(), campaign.policy, campaign.plan)
    if found != (contract["wave"]["id"], contract["questionnaire"]["digest"], contract["policy"], contract["plan"]):
        raise ContractBroken
    roster = contract["roster"]
    return Agreed(
        document,
        Policy.of(contract["policy"]),
        Breakdowns.of(contract),
        roster["invited"],
        roster["groups_digest"],
    )


async def _build(
    tx: AsyncSession, wave: Wave, agreed: Agreed, keys: WaveKeys, seal: Seal, stages: Stages
) -> tuple[UUID, Outcome]:
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    units = [Unit(*row) for row in await tx.execute(_UNITS, scope)]
    classes = [
        ClassRow(row.label, row.unit_id, json.loads(row.dimensions)) for row in await tx.execute(_CLASSES, scope)
    ]
    tree_now = ((unit.unit_id, unit.parent_id) for unit in units if unit.unit_id)
    if groups_digest(tree_now, classes) != agreed.groups_digest:
        raise ContractBroken
    key = (await tx.execute(_KEY, scope)).one_or_none()
    if key is None:
        raise KeyGone
    try:
        private_key = keys.private_key(wave.tenant_id, key.key_id, key.sealed_half)
    except (KeyMissing, CryptoError, ValueError):
        raise KeyGone from None
    sheet = Sheet.of(agreed.document)
    opener = Opener(seal, wave.tenant_id, wave.wave_id, private_key)
    collected = await collect(tx, wave.tenant_id, wave.wave_id, opener, sheet.record_size)
    stages.done("open")
    spent, highest = (await tx.execute(_SPENT, scope)).one()
    # Serials number the roster from 0: a higher one was never given out.
    if collected.count != spent or highest >= agreed.invited:
        raise CountsDisagree
    tree = OrgTree.of(units)
    by_class = counted(tree, classes, agreed.breakdowns)
    table, fell_back = await asyncio.to_thread(
        safe_table, agreed.document, sheet, collected.records, by_class, agreed.policy, stages
    )
    return key.key_id, Outcome(tree, agreed.breakdowns, table, fell_back)


async def collect(tx: AsyncSession, tenant: UUID, wave: UUID, opener: Opener, record_size: int) -> Collected:
    """All of a wave's records, opened a few hundred batches at a time. Raises BatchesRefused."""
    records = bytearray()
    count = 0
    after = UUID(int=0)
    while True:
        scope = {"tenant": tenant, "wave": wave, "after": after, "limit": BATCHES_AT_ONCE}
        rows = (await tx.execute(_BATCHES, scope)).all()
        if not rows:
            return Collected(records, count)
        batches = [Batch(*row) for row in rows]
        # Opening is one curve multiplication per batch, in C and outside the interpreter's lock.
        shares = [batches[start::OPENERS] for start in range(OPENERS)]
        opened = (asyncio.to_thread(_open, opener, share, record_size) for share in shares)
        try:
            for part in await asyncio.gather(*opened):
                records += part
        except BatchRefused:
            raise BatchesRefused from None
        count += sum(batch.response_count for batch in batches)
        after = batches[-1].batch_id


def _open(opener: Opener, batches: list[Batch], record_size: int) -> bytes:
    return b"".join([opener.records(batch, record_size) for batch in batches])


def safe_table(
    document: Document,
    sheet: Sheet,
    records: bytearray,
    by_class: Counted,
    policy: Policy,
    stages: Stages,
) -> tuple[SafeTable, bool]:
    """Records to safe table, and whether its breakdowns were given up; no I/O. Raises ReleaseRefused."""
    try:
        labels, matrix = sheet.decode(records)
    except RecordsCorrupt:
        raise BatchesRefused from None
    classes = _classes(labels, by_class.classes)
    stages.done("decode")
    measures = [_measure(measure) for measure in tally(document, sheet.columns, classes, matrix, by_class.count)]
    respondents = np.bincount(classes, minlength=by_class.count).astype(np.int64)
    stages.done("tally")
    if by_class.grid is None:
        table, fell_back = protect(by_class.tree, respondents, measures, policy), False
    else:
        # Not above: it loads a compiler, which no other release needs.
        from service.disclosure.breakdowns import protect_breakdowns  # noqa: PLC0415

        table, fell_back = protect_breakdowns(by_class.grid, respondents, measures, policy)
    stages.done("protect")
    return table, fell_back


def _classes(
    labels: np.ndarray[tuple[int], np.dtype[np.uint32]], classes: Mapping[int, int]
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The class of each record. Raises ClassUnknown."""
    known = np.array(sorted(classes), np.uint32)
    numbers = np.array([classes[int(label)] for label in known], np.intp)
    if not len(labels):
        return np.empty(0, np.intp)
    if not len(known):
        raise ClassUnknown
    at = np.minimum(np.searchsorted(known, labels), len(known) - 1)
    if (known[at] != labels).any():
        raise ClassUnknown
    return numbers[at]


def _measure(tallied: MeasureTally) -> Measure:
    fields = {field.name: getattr(tallied, field.name) for field in dataclasses.fields(tallied)}
    del fields["missing_from_parts"]  # protect works it out from the parts' own counts
    return Measure(**fields | {"kind": Kind(tallied.kind)})
