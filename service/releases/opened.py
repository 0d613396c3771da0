"""A wave as it was agreed and collected: contract, units, classes and opened answers.

In the worker alone, in memory, for the length of one job.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from nacl.exceptions import CryptoError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.promises.contract import ContractAltered, Notary, digest, groups_digest, participation_of
from service.campaigns.running.interim import moments_of
from service.campaigns.tables import Campaign, Wave, WavePart
from service.campaigns.wave_keys import WaveKeys
from service.disclosure.policy import Policy
from service.kit.crypto import KeyMissing
from service.questionnaires.asked import asked
from service.questionnaires.document import Document, DocumentRefused, TextItem
from service.questionnaires.tables import QuestionnaireVersion
from service.releases import parted
from service.releases.orgtree import Unit
from service.releases.parted import Parts
from service.releases.places import Breakdowns, ClassRow
from service.releases.problems import BatchesRefused, ContractBroken, CountsDisagree, KeyGone
from service.responses.seal import Batch, Seal
from service.responses.sheet import RecordsCorrupt, Sheet, TextRecords
from service.responses.unseal import BatchRefused, Opener

BATCHES_AT_ONCE = 500
OPENERS = 2
_BATCHES = text("""
    SELECT batch_id, received_on, response_count, records, texts, mac, coalesce(part, 0) AS part FROM sealed_batch
    WHERE tenant_id = :tenant AND wave_id = :wave AND batch_id > :after
      AND (CAST(:upto AS integer) IS NULL OR part <= CAST(:upto AS integer))
    ORDER BY batch_id LIMIT :limit
""")
_SPENT = text("""
    SELECT count(*), coalesce(max(serial), -1) FROM spent_code WHERE tenant_id = :tenant AND wave_id = :wave
""")
_OF_PARTS = text("""
    SELECT coalesce(sum(response_count), 0) FROM wave_part
    WHERE tenant_id = :tenant AND wave_id = :wave AND number <= :upto
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


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the authenticated contract says of a release."""

    document: Document
    policy: Policy
    breakdowns: Breakdowns
    invited: int
    groups_digest: str
    recuts: bool
    drawn_serials: bool
    comments: bool
    moments: Sequence[datetime]
    """Of interim results."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a wave collected: the key it was sealed to, its units and classes, all records end to end.

    `texts` are those of all responses where they were asked for, else none. `parts` says of each response which interim
    results counted it first, 0 where none did; `segments` how many of those that are shown it came after.
    """

    key_id: UUID
    units: list[Unit]
    classes: list[ClassRow]
    sheet: Sheet
    records: bytearray
    batches: list[tuple[int, str, str]]
    texts: TextRecords = field(repr=False)
    parts: Parts = field(repr=False)
    segments: Parts | None = None

    def basis(self, part: int | None) -> str:
        """A digest of all that a release is made of: which batches, up to this part, and what the units are called."""
        units = sorted([list(map(str, unit)) for unit in map(astuple, self.units)])
        counted = [batch for of, *batch in self.batches if part is None or 0 < of <= part]
        return digest([counted, units])

    def parted(self, shown: Sequence[int]) -> "Opened":
        """The same, each class once for whoever had answered by each of these parts, whose results are shown."""
        classes = parted.by_segment(self.classes, shown)
        return replace(self, classes=classes, segments=parted.segments(self.parts, shown))


@dataclass(frozen=True, slots=True)
class Collected:
    """Records end to end, the part that each is of, the batches with their parts, ids and MACs, texts."""

    records: bytearray
    parts: list[Parts]
    batches: list[tuple[int, str, str]]
    texts: TextRecords = field(repr=False)

    @property
    def count(self) -> int:
        """How many responses there are, by what the batches say."""
        return sum(len(one) for one in self.parts)


async def agreed_of(tx: AsyncSession, wave: Wave, campaign: Campaign, notary: Notary) -> Agreed:
    """The contract, and the questionnaire that it names. Raises ContractBroken."""
    version = await tx.get_one(QuestionnaireVersion, (wave.tenant_id, campaign.questionnaire_id, campaign.version))
    try:
        contract = notary.of_wave(wave, campaign)
        whole = Document.stored(version.document)
    except (ContractAltered, DocumentRefused):
        raise ContractBroken from None
    found = (str(wave.wave_id), whole.digest(), campaign.policy, campaign.plan)
    if found != (contract["wave"]["id"], contract["questionnaire"]["digest"], contract["policy"], contract["plan"]):
        raise ContractBroken
    roster = contract["roster"]
    return Agreed(
        asked(whole, contract["items"]) if "items" in contract else whole,
        Policy.of(contract["policy"]),
        Breakdowns.of(contract),
        roster["invited"],
        roster["groups_digest"],
        "recuts" in contract,
        not participation_of(contract)["spending_record"],
        contract.get("comments") is True,
        moments_of(contract),
    )


async def opened(
    tx: AsyncSession,
    wave: Wave,
    agreed: Agreed,
    keys: WaveKeys,
    seal: Seal,
    *,
    with_texts: bool = False,
    part: WavePart | None = None,
) -> Opened:
    """Units, classes and records, each as the contract has it: all, or those up to a part. Raises ReleaseRefused."""
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    key = (await tx.execute(_KEY, scope)).one_or_none()
    if key is None:
        raise KeyGone
    try:
        private_key = keys.private_key(wave.tenant_id, key.key_id, key.sealed_half)
    except (KeyMissing, CryptoError, ValueError):
        raise KeyGone from None
    units = [Unit(*row) for row in await tx.execute(_UNITS, scope)]
    classes = [
        ClassRow(row.label, row.unit_id, json.loads(row.dimensions)) for row in await tx.execute(_CLASSES, scope)
    ]
    tree_now = ((unit.unit_id, unit.parent_id) for unit in units if unit.unit_id)
    if groups_digest(tree_now, classes) != agreed.groups_digest:
        raise ContractBroken
    sheet = Sheet.of(agreed.document)
    opener = Opener(seal, wave.tenant_id, wave.wave_id, private_key)
    text_items = sum(isinstance(item, TextItem) for item in agreed.document.items) if with_texts else 0
    upto = None if part is None else part.number
    collected = await collect(tx, scope | {"upto": upto}, opener, sheet, text_items)
    spent, highest = (await tx.execute(_SPENT, scope)).one()
    # Serials number the roster from 0: a higher one was never given out. Where they are drawn, as many were as people.
    known = spent <= agreed.invited and (agreed.drawn_serials or highest < agreed.invited)
    # While a wave is open more are spent than its part holds.
    expected = spent if part is None else await tx.scalar(_OF_PARTS, scope | {"upto": upto})
    if collected.count != expected or collected.count > spent or not known:
        raise CountsDisagree
    parts = np.concatenate([np.empty(0, np.int64), *collected.parts])
    return Opened(key.key_id, units, classes, sheet, collected.records, collected.batches, collected.texts, parts)


def remembered(released: str, found: Opened, part: int | None = None) -> str:
    """What the key folder is to remember of a release with this digest, made of these answers, up to a part."""
    return f"{released} {found.basis(part)}"


async def collect(
    tx: AsyncSession, wanted: Mapping[str, Any], opener: Opener, sheet: Sheet, text_items: int
) -> Collected:
    """A wave's records, opened a few hundred batches at a time; without text items no texts.

    Args:
        tx: the caller's transaction.
        wanted: `tenant`, `wave`, and `upto` which part, None for all.
        opener: of the wave.
        sheet: the questionnaire's.
        text_items: texts of each response.

    Raises:
        BatchesRefused: a batch does not verify or does not open.
    """
    records = bytearray()
    texts: list[TextRecords] = []
    parts: list[Parts] = []
    seen: list[tuple[int, str, str]] = []
    after = UUID(int=0)
    while True:
        rows = (await tx.execute(_BATCHES, {**wanted, "after": after, "limit": BATCHES_AT_ONCE})).all()
        if not rows:
            return Collected(records, parts, seen, _joined(texts))
        batches = [Batch(*row[:-1]) for row in rows]
        of = {row.batch_id: row.part for row in rows}
        # Opening is one curve multiplication per batch, in C and outside the interpreter's lock.
        shares = [batches[start::OPENERS] for start in range(OPENERS)]
        opening = (asyncio.to_thread(_open, opener, share, sheet, text_items) for share in shares)
        try:
            for some, written in await asyncio.gather(*opening):
                records += some
                texts += written
        except (BatchRefused, RecordsCorrupt):
            raise BatchesRefused from None
        # In the order in which the shares were put end to end.
        in_order = [batch for share in shares for batch in share]
        parts += [np.full(batch.response_count, of[batch.batch_id], np.int64) for batch in in_order]
        seen += [(of[batch.batch_id], str(batch.batch_id), batch.mac.hex()) for batch in batches]
        after = batches[-1].batch_id


def _open(opener: Opener, batches: list[Batch], sheet: Sheet, text_items: int) -> tuple[bytes, list[TextRecords]]:
    """Records end to end, and texts batch by batch: padded to their longest they would not all fit into memory."""
    records = b"".join([opener.records(batch, sheet.record_size) for batch in batches])
    if not text_items:
        return records, []
    return records, [sheet.decode_texts(opener.texts(batch, sheet.text_record_size, text_items)) for batch in batches]


def _joined(parts: list[TextRecords]) -> TextRecords:
    return TextRecords(
        np.concatenate([np.empty(0, np.uint32), *(part.classes for part in parts)]),
        np.concatenate([np.empty(0, np.uint16), *(part.items for part in parts)]),
        [text for part in parts for text in part.texts],
    )
