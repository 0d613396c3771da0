"""People who answered one after the other in a known order, and everything that an insider could put together of it."""

import asyncio
import logging
import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
import pytest
from prometheus_client import REGISTRY

from service.campaigns.codes import Right
from service.kit.crypto import read_key
from service.kit.postgres import Embedded, Postgres
from service.questionnaires.document import Document
from service.responses.seal import Batch, Seal
from service.responses.sheet import Sheet
from service.responses.unseal import Opener
from tests.faults.dump import checkpointed
from tests.faults.linking import END, Ints, Shown, ranks
from tests.faults.needles import Response, contents
from tests.faults.sealed_world import answer_alone, answer_together, key_of
from tests.faults.writer import write
from tests.fixtures.house import TenantUnderTest
from tests.make.world import LaunchedWave, a_campaign, a_questionnaire, an_org, codes_of, ok

PEOPLE = 200
TEAMS = {f"LARGE{at}": 20 for at in range(8)} | {f"SMALL{at}": 4 for at in range(10)}
WORDS = ("de tout repos", "tout à fait tenable", "juste ce qu'il faut", "assez éprouvante", "au bord de la rupture")
MOODS = len(WORDS)
SEED = 5
AROUND = 1500
PAGE = 8192
LINKS = {"ways": ["links"], "reminders": False}
WITH_RECORD: dict[str, Any] = {"participation": LINKS | {"spending_record": True}}
CAUTIOUS: dict[str, Any] = {"coarse_classes": True, "participation": LINKS | {"spending_record": False}}
"""What the service offers against somebody with every key."""
DOCUMENT: dict[str, Any] = {
    "format": "pouls/1",
    "key": "small",
    "languages": ["fr"],
    "title": {"fr": "Enquête"},
    "items": [
        {"id": "mood", "type": "rating", "text": {"fr": "Charge"}, "points": MOODS},
        {"id": "mark", "type": "number", "text": {"fr": "Un nombre"}, "minimum": 0, "maximum": 32000},
        {"id": "word", "type": "text", "text": {"fr": "Un mot"}, "max_length": 40},
    ],
}
SHEET = Sheet.of(Document.parse(DOCUMENT))
# As they are before a test breaks them.
_ENCODE, _ENCODE_TEXTS = Sheet.encode, Sheet.encode_texts
_PEOPLE = """
    SELECT p.external_id AS name, r.person_id, r.serial, r.label, r.salt, r.line_digest,
           row_number() OVER (ORDER BY r.ctid) AS line, row_number() OVER (ORDER BY p.ctid) AS place
    FROM roster_line r JOIN person p USING (tenant_id, person_id) WHERE r.wave_id = $1
"""
_ROWS = "SELECT xmin::text::bigint AS xmin, row_number() OVER (ORDER BY ctid) AS place, * FROM {} WHERE wave_id = $1"

Row = dict[str, Any]


@dataclass(frozen=True)
class Answered:
    """A wave in which everybody answered. Everything here is in the order of arrival.

    Attributes:
        wave: open still.
        responses: what each sent.
        moods: which of the few answers it was, from 0, [people].
        scrapes: every series of the metrics after each submission, the first before all.
        told: what the logs said during each.
        files: database pages changed since before the launch, and the write-ahead log since then; none where
            nobody asked.
    """

    wave: LaunchedWave
    responses: list[Response]
    moods: Ints
    scrapes: list[Mapping[str, float]]
    told: list[bytes]
    files: list[bytes]

    @property
    def tenant(self) -> TenantUnderTest:
        tenant: TenantUnderTest = self.wave.tenant
        return tenant


def everybody_answers(
    tenant: TenantUnderTest,
    terms: Mapping[str, Any],
    teams: Mapping[str, int],
    *,
    together: bool = False,
    with_files: bool = False,
) -> Answered:
    """The whole story: an organisation, a wave, its links handed out, answers in an order that nothing hangs on."""
    postgres = tenant.house.postgres
    if with_files and not isinstance(postgres, Embedded):
        pytest.skip("the raw files of a foreign server are not ours to read")
    began = _wal_position(tenant)
    wave = _launched(tenant, terms, teams)
    drawn = random.Random(SEED)
    names = sorted(wave.codes)
    drawn.shuffle(names)
    marks = drawn.sample(range(32_001), len(names))
    moods = np.array([drawn.randrange(MOODS) for _ in names], np.int64)
    responses = [
        response_of(name, wave.codes[name], right_of(tenant, wave.codes[name]).label, mood, mark)
        for name, mood, mark in zip(names, moods.tolist(), marks, strict=True)
    ]
    scrapes, told = [_scraped()], []
    with _listening(postgres) as heard:
        if together:
            answer_together(tenant, responses)
        for response in () if together else responses:
            answer_alone(tenant, response)
            scrapes.append(_scraped())
            told.append(heard())
    files = _files(postgres, began) if with_files and isinstance(postgres, Embedded) else []
    return Answered(wave, responses, moods, scrapes, told, files)


def _launched(tenant: TenantUnderTest, terms: Mapping[str, Any], teams: Mapping[str, int]) -> LaunchedWave:
    an_org(tenant, dict(teams))
    a_questionnaire(tenant, DOCUMENT)
    campaign = a_campaign(tenant, **terms)
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    return LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))


def right_of(tenant: TenantUnderTest, code: str) -> Right:
    """What a code says, as whoever sent it can read."""
    right: Right = tenant.house.client.app.state.codes.read(code)  # type: ignore[attr-defined]  # Starlette types the app as a callable
    return right


def response_of(name: str, code: str, label: int, mood: int, mark: int) -> Response:
    """What somebody sends: one of the few answers, said in two ways, and a number that is theirs alone."""
    answers = {"mood": mood + 1, "mark": mark, "word": WORDS[mood]}
    nonce = random.Random(f"{SEED} {code}").randbytes(16)
    texts = tuple(_ENCODE_TEXTS(SHEET, label, answers))
    return Response(name, code, nonce, answers, _ENCODE(SHEET, label, answers), texts)


# -- listening -----------------------------------------------------------------------------------------------


def _scraped() -> Mapping[str, float]:
    """Every series; finer than once a second, since the next person waits until it is done."""
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
    }


@contextmanager
def _listening(postgres: Postgres) -> Iterator[Callable[[], bytes]]:
    """Everything that this process and our database's server log; each call has what came since the last."""
    heard = StringIO()
    handler, root = logging.StreamHandler(heard), logging.getLogger()
    server = postgres.log if isinstance(postgres, Embedded) else Path(os.devnull)
    at = server.stat().st_size

    def since() -> bytes:
        nonlocal at
        text = heard.getvalue()
        heard.seek(0)
        heard.truncate()
        with server.open("rb") as log:
            log.seek(at)
            theirs = log.read()
        at += len(theirs)
        return text.encode() + theirs

    streams = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = heard
    root.addHandler(handler)
    try:
        yield since
    finally:
        sys.stdout, sys.stderr = streams
        root.removeHandler(handler)


# -- the copy ------------------------------------------------------------------------------------------------


def _wal_position(tenant: TenantUnderTest) -> int:
    return int(write(tenant.house, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint AS at")[0]["at"])


def _files(postgres: Embedded, began: int) -> list[bytes]:
    """Every page that changed since, and all of the log since; from before, nothing can hang on an answer."""
    checkpointed(postgres)
    cluster = postgres.cluster.resolve()
    pages = [_changed(path, began) for path in sorted((cluster / "base").rglob("*")) if path.is_file()]
    return [b"".join(pages), _wal(postgres, cluster, began)]


def _changed(path: Path, began: int) -> bytes:
    """Of one file. A page begins with the position of the write that changed it last, in two halves."""
    raw = path.read_bytes()
    pages = np.frombuffer(raw, "<u4", len(raw) // PAGE * PAGE // 4).reshape(-1, PAGE // 4)
    changed = (pages[:, 0].astype(np.uint64) << np.uint64(32)) + pages[:, 1] >= began
    found: bytes = pages[changed].tobytes()
    return found


def _wal(postgres: Embedded, cluster: Path, began: int) -> bytes:
    async def go() -> tuple[int, int, int]:
        connection = await asyncpg.connect(postgres.admin_url(), timeout=10)
        try:
            ended = await connection.fetchval("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
            size = await connection.fetchval("SELECT bytes_per_wal_segment FROM pg_control_init()")
            line = await connection.fetchval("SELECT timeline_id FROM pg_control_checkpoint()")
            return int(ended), int(size), int(line)
        finally:
            await connection.close()

    ended, size, line = asyncio.run(go())
    per_name = (1 << 32) // size
    segments = range(began // size, ended // size + 1)
    names = [f"{line:08X}{at // per_name:08X}{at % per_name:08X}" for at in segments]
    whole = b"".join((cluster / "pg_wal" / name).read_bytes() for name in names)
    return whole[began % size : began % size + ended - began]


def people_of(answered: Answered) -> list[Row]:
    """The roster's lines in the order of arrival."""
    found = {row["name"]: dict(row) for row in write(answered.tenant.house, _PEOPLE, UUID(answered.wave.wave))}
    return [found[response.person] for response in answered.responses]


def rows_of(answered: Answered, table: str) -> list[Row]:
    """All rows of a table of collection, with the transaction that wrote each and its place in the file."""
    rows = write(answered.tenant.house, _ROWS.format(table), UUID(answered.wave.wave))
    return sorted(map(dict, rows), key=lambda row: (row["xmin"], row["place"]))


def written_beside(answered: Answered) -> set[str]:
    """Tables of which a row was written by a transaction that stored an answer."""
    house = answered.tenant.house
    tables = [row["name"] for row in write(house, "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'pouls'")]
    stored = [row["xmin"] for row in rows_of(answered, "sealed_batch")]
    written = "SELECT 1 FROM {} WHERE xmin::text::bigint = ANY($1::bigint[]) LIMIT 1"
    return {table for table in tables if write(house, written.format(table), stored)}


def content(rows: Sequence[Row]) -> list[Row]:
    """What a query shows of rows: not where they lie, nor who wrote them."""
    return [{name: value for name, value in row.items() if name not in {"xmin", "place"}} for row in rows]


def without_keys(answered: Answered) -> tuple[list[Shown], list[Row]]:
    """Of each person in the order of arrival: all that is shown of their submission; and the same as columns.

    That a batch and a code share a transaction is no secret, nor, with a spending record, whose code it is.
    """
    spent = {row["serial"]: row for row in rows_of(answered, "spent_code")}
    batch = {row["xmin"]: row for row in rows_of(answered, "sealed_batch")}
    pages, wal = answered.files or (b"", b"")
    shown, columns = [], []
    for at, person in enumerate(people_of(answered)):
        mine = spent[person["serial"]]
        beside = batch[mine["xmin"]]
        row = {f"spent_code.{name}": value for name, value in mine.items()}
        row |= {f"sealed_batch.{name}": value for name, value in beside.items()}
        places = [found for file in (pages, wal) for found in _places(file, beside["batch_id"].bytes)]
        shown.append(Shown(dict(_raw(row)), places, answered.told[at]))
        row |= {"log": answered.told[at], "place in the log of writes": wal.find(beside["batch_id"].bytes)}
        before, after = answered.scrapes[at : at + 2]
        row |= {name: after[name] - before.get(name, 0.0) for name in after}
        columns.append(row)
    order = np.argsort([row["place in the log of writes"] for row in columns])
    columns[order[-1]]["bytes in the log of writes"] = 0
    for one, other in pairwise(columns[at] for at in order):
        one["bytes in the log of writes"] = other["place in the log of writes"] - one["place in the log of writes"]
    return shown, columns


def _raw(row: Row) -> Iterator[tuple[str, bytes]]:
    for name, value in row.items():
        if isinstance(value, UUID):
            yield name, value.bytes
        elif isinstance(value, bytes):
            yield name, value
        elif isinstance(value, int):
            yield name, value.to_bytes(END, "big", signed=True)


def _places(file: bytes, needle: bytes) -> Iterator[bytes]:
    at = file.find(needle)
    while at >= 0:
        yield file[max(0, at - AROUND) : at + AROUND]
        at = file.find(needle, at + 1)


def candidates_of(answered: Answered, at: int) -> list[list[bytes]]:
    """In which forms each of the few answers of one person might be found; their class and number are known."""
    mine = answered.responses[at]
    label, mark = right_of(answered.tenant, mine.code).label, int(mine.answers["mark"])
    return [
        [form for _, form in contents(response_of(mine.person, mine.code, label, mood, mark))] for mood in range(MOODS)
    ]


# -- every key -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """One opened record: its class, whose it truly is (a place in the order of arrival), its batch, its place in it."""

    label: int
    owner: int
    batch: Row
    place: int


def opened(answered: Answered) -> list[Record]:
    """All records, as somebody with every key reads them, by transaction and by their places in the batches."""
    tenant = answered.tenant
    owner = {response.answers["mark"]: at for at, response in enumerate(answered.responses)}
    seal = Seal(read_key(tenant.house.settings.keys_dir / "api" / "intake.key"))
    opener = Opener(seal, tenant.tenant_id, UUID(answered.wave.wave), key_of(tenant, answered.wave.wave))
    out = []
    for row in rows_of(answered, "sealed_batch"):
        batch = Batch(**{name: row[name] for name in Batch.__dataclass_fields__})
        labels, cells = SHEET.decode(opener.records(batch, SHEET.record_size))
        marks = cells[:, 1].tolist()
        out += [
            Record(label, owner[mark], row, place)
            for place, (label, mark) in enumerate(zip(labels.tolist(), marks, strict=True))
        ]
    return out


def groups(people: Sequence[int], records: Sequence[int]) -> tuple[Ints, Ints]:
    """Numbers for the classes of people and of records, the same for the same class."""
    numbers = ranks([*people, *records])
    return numbers[: len(people)], numbers[len(people) :]
