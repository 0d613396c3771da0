"""Defects to be seeded into collection, each of which would let an insider link people to answers."""

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from service.campaigns.inviting import roster
from service.campaigns.taking_part import handing_out
from service.kit.ids import new_id
from service.responses import intake
from service.responses.intake import Intake, Outcome, Submission
from service.responses.seal import Batch, Seal
from service.responses.sheet import Sheet
from service.responses.waves import LaunchedWave
from service.telemetry import metrics

Patch = pytest.MonkeyPatch


def none(_: Patch) -> None:
    """What is offered against an insider was not asked for."""


def unsealed(patch: Patch) -> None:
    """Batches are stored as they are."""

    class Open:
        def __init__(self, _: object) -> None:
            pass

        def encrypt(self, plain: bytes) -> bytes:
            return bytes(48) + plain

    patch.setattr("service.responses.seal.SealedBox", Open)


def kept_in_the_log_of_writes(patch: Patch) -> None:
    """No row holds a record in plain, but whoever follows the database's changes is told it."""
    seen: list[bytes] = []
    transaction = Intake._transaction

    @asynccontextmanager
    async def careless(self: Intake, *scope: UUID) -> AsyncIterator[Any]:
        async with transaction(self, *scope) as connection:
            await connection.execute("SELECT pg_logical_emit_message(true, 'answers', $1::bytea)", seen[-1])
            yield connection

    _beside_each_answer(patch, lambda submission: seen.append(submission.record))
    patch.setattr(Intake, "_transaction", careless)


def variable_width(patch: Patch) -> None:
    """A record is as long as its answers need."""
    encode = Sheet.encode

    def careless(self: Sheet, label: int, answers: Mapping[str, Any]) -> bytes:
        return encode(self, label, answers) + bytes(answers["mood"])

    patch.setattr(Sheet, "encode", careless)


def content_hash(patch: Patch) -> None:
    """The spent row holds a digest of the answers, so that sending them twice is noticed."""

    def careless(submission: Submission) -> None:
        submission.nonce_digest = hashlib.sha256(submission.record).digest()

    _beside_each_answer(patch, careless)


def logged(patch: Patch) -> None:
    """A log says what was stored."""
    _beside_each_answer(patch, lambda submission: intake.log.info("stored", record=submission.record.hex()))


def counted(patch: Patch) -> None:
    """A metric sums up answers."""
    _beside_each_answer(patch, lambda submission: metrics.INTAKE_BATCH.observe(submission.record[4]))


def _beside_each_answer(patch: Patch, act: Callable[[Submission], None]) -> None:
    submit = Intake.submit

    async def careless(self: Intake, wave: LaunchedWave, submission: Submission) -> Outcome:
        act(submission)
        return await submit(self, wave, submission)

    patch.setattr(Intake, "submit", careless)


def sequential_serials(patch: Patch) -> None:
    """Codes are numbered as they are handed out."""
    numbers = count(1 << 40)
    patch.setattr(handing_out, "secrets", SimpleNamespace(randbelow=lambda _: next(numbers)))


def serials_of_the_roster(patch: Patch) -> None:
    """Codes say who they were made for, whatever the contract promised."""
    patch.setattr(handing_out.Handed, "serial", lambda _, of_roster: of_roster)


def fine_classes(patch: Patch) -> None:
    """Classes are as fine as the roster."""
    patch.setattr(roster, "generalised", lambda found, _: [(row.unit_id, row.dimensions) for row in found.classes])


def timestamped(patch: Patch) -> None:
    """A batch holds the time, where it changes no length."""
    close = Seal.close

    def careless(self: Seal, tenant: UUID, wave: UUID, *given: Any) -> Batch:
        made = close(self, tenant, wave, *given)
        now = (time.time_ns() // 1000).to_bytes(8, "big")
        stamped = Batch(made.batch_id, made.received_on, made.response_count, made.records, now + made.texts[8:])
        mac = self.mac_of(tenant, wave, stamped)
        return Batch(made.batch_id, made.received_on, made.response_count, made.records, stamped.texts, mac)

    patch.setattr(Seal, "close", careless)


def time_in_the_id(patch: Patch) -> None:
    """A batch's id is of the kind that everything else here has."""
    patch.setattr(intake, "uuid4", new_id)


def sequential_batches(patch: Patch) -> None:
    """Batches are numbered."""
    numbers = count(1 << 80)
    patch.setattr(intake, "uuid4", lambda: UUID(int=next(numbers)))


def unshuffled(patch: Patch) -> None:
    """Records lie in a batch as they came."""
    seen: list[bytes] = []
    close = Seal.close

    def careless(
        self: Seal, tenant: UUID, wave: UUID, key: bytes, batch: UUID, day: date, records: list[bytes], texts: bytes
    ) -> Batch:
        return close(self, tenant, wave, key, batch, day, sorted(records, key=seen.index), texts)

    _beside_each_answer(patch, lambda submission: seen.append(submission.record))
    patch.setattr(Seal, "close", careless)
