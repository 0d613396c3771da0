"""A stolen copy: the dump, the raw files of the cluster, the logs; and everything that may not be seen in it."""

import asyncio
import hashlib
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import RFC_4122, UUID

import asyncpg
import numpy as np
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from service.kit.postgres import Embedded
from tests.faults.needles import Response, Search, checksums_of, needles_of

SEALED_OVERHEAD = 48
NONCE_DIGEST_BYTES = 32
PERMUTATIONS = 2_000
FAR = 5
SPENT_COLUMNS = {"tenant_id", "wave_id", "serial", "nonce_digest"}
_COPY = re.compile(r"^COPY pouls\.(\w+) \(([^)]*)\) FROM stdin;\n(.*?)^\\\.$", re.MULTILINE | re.DOTALL)
_FINE_TIME = re.compile(r"\b(timestamp|time|timetz|timestamptz|interval)\b")


@dataclass
class Table:
    """One table of the dump."""

    columns: list[str]
    lines: list[str]

    def of(self, tenant: UUID) -> list[dict[str, str | bytes | None]]:
        """The tenant's rows; binary fields as bytes."""
        told = str(tenant)
        lines = (line.split("\t") for line in self.lines if told in line)
        rows = (dict(zip(self.columns, map(_field, line), strict=True)) for line in lines)
        return [row for row in rows if row.get("tenant_id") == told]


@dataclass
class Copy:
    """What the thief has. `places` are haystacks by name; `tables` the dump's rows."""

    text: str
    tables: dict[str, Table]
    places: dict[str, bytes]


@dataclass
class Known:
    """What is true of the tenant under test, to hold against the copy."""

    tenant: UUID
    wave: UUID
    record_size: int
    text_bytes: int
    responses: dict[int, Response]
    roster: Sequence[str]
    started: datetime
    ended: datetime
    before: dict[str, int] = field(default_factory=dict)
    private_key: PrivateKey | None = None
    looked_for: int | None = None
    """How many of the responses are looked for (None: all); the others are a crowd."""


def checkpointed(postgres: Embedded) -> str:
    """Write everything to the files; the name of the WAL segment that is written to from now on."""

    async def go() -> str:
        connection = await asyncpg.connect(postgres.admin_url(), timeout=10)
        try:
            await connection.execute("CHECKPOINT")
            return str(await connection.fetchval("SELECT pg_walfile_name(pg_current_wal_insert_lsn())"))
        finally:
            await connection.close()

    return asyncio.run(go())


def steal(postgres: Embedded, first_segment: str | None) -> Copy:
    """A dump and all files of the cluster; of the write-ahead log, what was written since `first_segment`.

    Without a segment the dump alone.
    """
    dumped = postgres.pg_dump()
    text = dumped.decode()
    places = {"dump": dumped, "server log": postgres.log.read_bytes()}
    if first_segment is not None:
        checkpointed(postgres)
        places |= _files(postgres, first_segment)
    return Copy(text, dict(_tables(text)), places)


def _files(postgres: Embedded, first_segment: str) -> dict[str, bytes]:
    places = {}
    for path in sorted(postgres.cluster.resolve().rglob("*")):
        relative = path.relative_to(postgres.cluster.resolve())
        old = relative.parts[0] == "pg_wal" and path.name < first_segment
        template = relative.parts[:2] in {("base", "1"), ("base", "4"), ("base", "5")}
        if path.is_file() and not path.is_symlink() and not old and not template:
            places[str(relative)] = path.read_bytes()
    return places


def _tables(text: str) -> Iterator[tuple[str, Table]]:
    for name, columns, body in _COPY.findall(text):
        names = [column.strip().strip('"') for column in columns.split(",")]
        yield name, Table(names, body.splitlines())


def _field(text: str) -> str | bytes | None:
    if text == "\\N":
        return None
    if text.startswith("\\\\x"):
        return bytes.fromhex(text[3:])
    return text.replace("\\\\", "\\")


def rows_before(postgres: Embedded, tenant: UUID) -> dict[str, int]:
    """The tenant's rows by table, now."""
    return _counts(dict(_tables(postgres.pg_dump().decode())), tenant)


def _counts(tables: dict[str, Table], tenant: UUID) -> dict[str, int]:
    return {name: len(table.of(tenant)) for name, table in tables.items()}


def findings(copy: Copy, known: Known, logs: bytes = b"") -> set[str]:
    """Everything in the copy that breaks the promise; empty where it is kept."""
    out = {f"{what} in the {place}" for place, what in _answers_found(copy, known, logs)}
    out |= set(_checksums_found(copy, known))
    out |= set(_lengths(copy, known))
    out |= set(_times(copy, known))
    out |= set(_rows(copy, known))
    out |= set(_serials(copy, known))
    if known.private_key is not None:
        out |= set(_order_in_batches(copy, known, known.private_key))
    return out


def _answers_found(copy: Copy, known: Known, logs: bytes) -> Iterator[tuple[str, str]]:
    search = Search(needles_of(list(known.responses.values())[: known.looked_for]))
    for name, place in (*copy.places.items(), ("service log", logs)):
        kind = name if name in {"dump", "server log", "service log"} else name.partition("/")[0] + " files"
        for what in search.found_in(place):
            yield kind, what


def _checksums_found(copy: Copy, known: Known) -> Iterator[str]:
    """Short digests, and answers as they are, in whole fields and at the ends of short ones."""
    short: dict[bytes, str] = {}
    for response in list(known.responses.values())[: known.looked_for]:
        short |= {raw: what for what, raw in checksums_of(response)}
    numbers = {str(value) for one in known.responses.values() for value in one.answers.values() if type(value) is int}
    unusual = {number for number in numbers if len(number) >= 5}
    for name, table in copy.tables.items():
        for row in table.of(known.tenant):
            for column, value in row.items():
                if isinstance(value, bytes) and len(value) <= 64:
                    ends = {value[:4], value[-4:], value[:4][::-1], value[-4:][::-1]}
                    yield from (f"{short[end]} in {name}.{column}" for end in ends & short.keys())
                elif isinstance(value, str):
                    if value in unusual:
                        yield f"an answer in {name}.{column}"
                    digits = int(value) if re.fullmatch(r"-?\d{1,10}", value) else None
                    if digits is not None and (digits % (1 << 32)).to_bytes(4, "big") in short:
                        yield f"{short[(digits % (1 << 32)).to_bytes(4, 'big')]} in {name}.{column}"


def _lengths(copy: Copy, known: Known) -> Iterator[str]:
    """A ciphertext's length may tell how many answers it holds, nothing of what they are."""
    for row in copy.tables["sealed_batch"].of(known.tenant):
        count, records, texts = int(str(row["response_count"])), row["records"], row["texts"]
        assert isinstance(records, bytes)
        assert isinstance(texts, bytes)
        if len(records) != SEALED_OVERHEAD + count * known.record_size:
            yield "telling length of records"
        if len(texts) != SEALED_OVERHEAD + count * known.text_bytes:
            yield "telling length of texts"


def _times(copy: Copy, known: Known) -> Iterator[str]:
    """No column, id or byte of a batch or a spent code tells the time of day."""
    for name in ("sealed_batch", "spent_code"):
        created = re.search(rf"CREATE TABLE pouls\.{name} \((.*?)^\);", copy.text, re.MULTILINE | re.DOTALL)
        assert created is not None
        if _FINE_TIME.search(created.group(1)):
            yield f"a column of {name} tells the time"
        for row in copy.tables[name].of(known.tenant):
            for column, value in row.items():
                raw = value if isinstance(value, bytes) else b""
                if column == "batch_id":
                    raw = UUID(str(value)).bytes
                # The ends of a ciphertext: a moment by chance is likely in none of them.
                if _tells_time(raw[:64], known.started, known.ended) or _tells_time(
                    raw[-64:], known.started, known.ended
                ):
                    yield f"{name}.{column} tells the time"
    batches = [UUID(str(row["batch_id"])) for row in copy.tables["sealed_batch"].of(known.tenant)]
    if related([sorted(batches).index(batch) for batch in batches], range(len(batches))):
        yield "batch ids follow their arrival"
    for batch in batches:
        if batch.version != 4 or batch.variant != RFC_4122:
            yield "a batch id is not random"


def _tells_time(raw: bytes, started: datetime, ended: datetime) -> bool:
    """Whether any bytes of `raw` are a moment of the run, as seconds, milli- or microseconds in a usual encoding."""
    least, most = (started - timedelta(seconds=1)).timestamp(), (ended + timedelta(seconds=1)).timestamp()
    for width, code, unit in ((4, "I", 1), (8, "Q", 1000), (8, "Q", 1_000_000), (8, "d", 1)):
        for order in "<>":
            for at in range(len(raw) - width + 1):
                (value,) = struct.unpack_from(order + code, raw, at)
                if least <= value / unit <= most:
                    return True
    milliseconds = (int.from_bytes(raw[at : at + 6], "big") for at in range(len(raw) - 5))
    return any(least <= value / 1000 <= most for value in milliseconds)


def _rows(copy: Copy, known: Known) -> Iterator[str]:
    """Only spent codes and batches may have come; and of a spent code each byte is explained without its answers."""
    spent = copy.tables["spent_code"]
    if set(spent.columns) != SPENT_COLUMNS:
        yield "spent_code has another column"
    for name, count in _counts(copy.tables, known.tenant).items():
        allowed = {"spent_code": len(known.responses), "sealed_batch": len(known.responses)}.get(name, 0)
        if count - known.before.get(name, 0) > allowed:
            yield f"rows of {name} came with the answers"
    if len(spent.of(known.tenant)) != len(known.responses):
        yield "the copy does not hold all spent codes"
    for row in spent.of(known.tenant):
        digest = row["nonce_digest"]
        if digest != hashlib.sha256(known.responses[int(str(row["serial"]))].nonce).digest():
            yield "nonce_digest is not the digest of the nonce"


def _serials(copy: Copy, known: Known) -> Iterator[str]:
    """The number in a code must not tell a place in the HRIS's list, nor may the lines lie in its order."""
    names = {row["person_id"]: row["external_id"] for row in copy.tables["person"].of(known.tenant)}
    place = {person: at for at, person in enumerate(known.roster)}
    lines = copy.tables["roster_line"].of(known.tenant)
    hris = [place[str(names[row["person_id"]])] for row in lines]
    if related(hris, [int(str(row["serial"])) for row in lines]):
        yield "serials follow the HRIS's order"
    if related(hris, range(len(hris))):
        yield "roster lines lie in the HRIS's order"
    people = sorted(names, key=str)
    if related([people.index(row["person_id"]) for row in lines], [int(str(row["serial"])) for row in lines]):
        yield "serials follow the people's ids"


def _order_in_batches(copy: Copy, known: Known, key: PrivateKey) -> Iterator[str]:
    """With every key: the order inside a batch is related to no serial, no arrival, no list, no text's place."""
    box = SealedBox(key)
    serial_of = {response.record: serial for serial, response in known.responses.items()}
    text_of = {text: serial for serial, response in known.responses.items() for text in response.texts}
    arrival = {serial: at for at, serial in enumerate(known.responses)}
    for row in copy.tables["sealed_batch"].of(known.tenant):
        if int(str(row["response_count"])) < 20 or row["wave_id"] != str(known.wave):
            continue
        assert isinstance(row["records"], bytes)
        assert isinstance(row["texts"], bytes)
        try:
            order = [serial_of[record] for record in _pieces(box.decrypt(row["records"]), known.record_size)]
            texts = [text_of[text] for text in _pieces(box.decrypt(row["texts"]), known.text_bytes)]
        except (CryptoError, KeyError):
            yield "a batch holds something else than sealed records"
            continue
        if related(order, range(len(order))):
            yield "records lie in the order of serials"
        if related([arrival[serial] for serial in order], range(len(order))):
            yield "records lie in the order of arrival"
        if related([texts.index(serial) for serial in order], range(len(order))):
            yield "texts lie in the order of records"
        if related(texts, range(len(texts))):
            yield "texts lie in the order of serials"


def _pieces(raw: bytes, size: int) -> list[bytes]:
    return [raw[at : at + size] for at in range(0, len(raw), size)]


def related(left: Sequence[int], right: Sequence[int]) -> bool:
    """Whether two lists share an order, as a whole or in long runs, far outside what shuffling gives.

    Whole: their ranks agree or disagree. Runs: one rises, or falls, with the other from element to element, as it does
    where a hash table gave the order. Both are judged by 2,000 shuffles.
    """
    ranks = [np.argsort(np.argsort(np.asarray(values))).astype(np.float64) for values in (left, right)]
    one, other = (rank - rank.mean() for rank in ranks)
    shuffled = np.random.default_rng(1).permuted(np.tile(one, (PERMUTATIONS, 1)), axis=1)
    in_order = one[np.argsort(other)]
    whole, wholes = abs(one @ other), shuffled @ other
    rises, all_rises = np.sign(np.diff(in_order)).sum(), np.sign(np.diff(shuffled)).sum(axis=1)
    return bool(whole > FAR * wholes.std() or abs(rises) > FAR * all_rises.std())
