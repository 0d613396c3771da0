"""Synthetic answers of a whole wave as sealed batches and spent codes, written in bulk.

Records are laid out by numpy and sealed by the service's own `Seal`, so that the release cannot tell them from
collected ones; `check` holds the layout against the questionnaire's own encoder.
"""

import itertools
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import numpy as np
import numpy.typing as npt

from service.questionnaires.document import Document
from service.responses.seal import Seal
from service.responses.sheet import SKIPPED, Sheet
from tests.bench import survey

_BATCH_COLUMNS = ("tenant_id", "wave_id", "batch_id", "received_on", "response_count", "records", "texts", "mac")
_PEOPLE = """
    INSERT INTO person (tenant_id, person_id, source, external_id, unit_id, dimensions, is_active)
    SELECT $1, ('00000000-0000-7000-8000-' || lpad(to_hex(row_number() OVER ()), 12, '0'))::uuid, u.source,
           u.external_id || '-' || number, u.unit_id, '{}', true
    FROM unnest($2::text[], $3::integer[]) AS given (unit, size)
    JOIN org_unit u ON u.tenant_id = $1 AND u.external_id = given.unit
    CROSS JOIN LATERAL generate_series(1, given.size) AS number
"""
_SPENT = """
    INSERT INTO spent_code (tenant_id, wave_id, serial, nonce_digest)
    SELECT $1, $2, serial, sha256(int8send(serial)) FROM generate_series(0, $3::bigint - 1) AS serial
"""
_CHECKED = 200


@dataclass(frozen=True, slots=True)
class Target:
    """The wave that answers are made for, and the label of each of its classes, in the order of the units."""

    tenant: UUID
    wave: UUID
    public_key: bytes
    labels: npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Answers:
    """`classes` [n] as positions in the target's labels, `matrix` int16 [n, items] with skips."""

    classes: npt.NDArray[np.intp]
    matrix: npt.NDArray[np.int16]


def sizes(count: int, units: int) -> list[int]:
    """`count` people in units of very unlike sizes, each at least one."""
    rng = np.random.default_rng(2)
    weights = rng.lognormal(0.0, 1.2, units)
    found: list[int] = (1 + rng.multinomial(count - units, weights / weights.sum())).tolist()
    return found


def draw(seed: int, members: Sequence[int], items: int, skips: float) -> Answers:
    """One response of each member of each class, in random order.

    Points are binomial around a mean of the item's own; each answer is skipped with probability `skips`.
    """
    rng = np.random.default_rng(seed)
    classes = np.repeat(np.arange(len(members)), members)
    rng.shuffle(classes)
    count = len(classes)
    matrix = np.empty((items, count), np.int16)
    for item, mean in enumerate(rng.uniform(0.4, 0.8, items)):
        matrix[item] = 1 + rng.binomial(survey.POINTS - 1, mean, count)
        if skips:
            matrix[item, rng.random(count) < skips] = SKIPPED
    return Answers(classes, matrix.T)


def records(target: Target, answers: Answers) -> bytes:
    """All records, end to end."""
    count, items = answers.matrix.shape
    table = np.empty(count, np.dtype([("label", "<u4"), ("cells", "<i2", (items,))]))
    table["label"] = target.labels[answers.classes]
    table["cells"] = answers.matrix
    return table.tobytes()


def check(document: Document, target: Target, answers: Answers, raw: bytes) -> None:
    """The first records are what the questionnaire's own encoder makes of the same answers."""
    sheet = Sheet.of(document)
    names = [item.id for item in document.items]
    expected = b"".join(
        sheet.encode(
            int(target.labels[label]),
            {name: int(point) for name, point in zip(names, row, strict=True) if point != SKIPPED},
        )
        for label, row in zip(answers.classes[:_CHECKED], answers.matrix[:_CHECKED], strict=True)
    )
    assert raw.startswith(expected), "the bench lays records out differently from the service"


async def write(
    connection: asyncpg.Connection, seal: Seal, target: Target, raw: bytes, count: int, size: int, seed: int
) -> int:
    """Replace the wave's batches by these records in batches of about `size`; the number of batches."""
    await connection.execute("TRUNCATE sealed_batch")
    rows = list(_batches(seal, target, raw, count, size, seed))
    await connection.copy_records_to_table("sealed_batch", columns=_BATCH_COLUMNS, records=rows)
    return len(rows)


async def people(connection: asyncpg.Connection, tenant: UUID, units: Sequence[str], sizes: Sequence[int]) -> None:
    """So many people in each unit: what the HRIS would have sent, written without the checks of foreign keys."""
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(_PEOPLE, tenant, units, sizes)
    await connection.execute("RESET session_replication_role")
    await connection.execute("VACUUM ANALYZE person, org_unit")


async def spend(connection: asyncpg.Connection, target: Target, count: int) -> None:
    """The codes of the whole roster, spent: its serials are 0..count-1."""
    await connection.execute(_SPENT, target.tenant, target.wave, count)
    await connection.execute("VACUUM ANALYZE spent_code, roster_line")


def _batches(seal: Seal, target: Target, raw: bytes, count: int, size: int, seed: int) -> Iterator[tuple[Any, ...]]:
    day = datetime.now(UTC).date()
    width = len(raw) // count
    sizes = np.maximum(np.random.default_rng(seed).poisson(size, 2 * count // size + 2), 1)
    ends = np.minimum(np.cumsum(sizes), count)
    places = [0, *ends[: int(np.searchsorted(ends, count)) + 1].tolist()]
    for start, end in itertools.pairwise(places):
        members = [raw[at * width : (at + 1) * width] for at in range(start, end)]
        closed = seal.close(target.tenant, target.wave, target.public_key, uuid4(), day, members, b"")
        yield (
            target.tenant, target.wave, closed.batch_id, closed.received_on, closed.response_count,
            closed.records, closed.texts, closed.mac,
        )  # fmt: skip


def fresh_seed() -> int:
    return secrets.randbits(32)
