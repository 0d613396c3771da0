"""Files of people on their way in: who may send one, how long it may take, and what is no file of people."""

import asyncio
import dataclasses
import io
import itertools
import json
import re
import zipfile
from collections.abc import Awaitable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.kit import pace
from service.kit.room import STEP, Room
from service.people import room, spool
from service.people.imports import sheet_csv, upload
from service.people.imports.parse import Bounds
from service.people.imports.upload import CSV, IN_MEMORY, LIMIT, WORKBOOK
from tests.fixtures.house import House, TenantUnderTest
from tests.make.at_once import Process, a_process
from tests.make.people import organised
from tests.make.people_files import FIRST, IMPORTS, few, lines, post, stored
from tests.make.wire import Sent, ask, places, problem, raw
from tests.make.workbooks import SHEET, a_workbook, altered, claiming, of_members, zipped
from tests.make.world import ok

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


@pytest.fixture(scope="module")
def anyone(house: House) -> TenantUnderTest:
    """For all that is refused before it changes anything."""
    return organised(house.tenant())


def test_a_file_that_is_too_long_is_refused_early(anyone: TenantUnderTest) -> None:
    headers = {"content-type": CSV.encode(), "authorization": b"Bearer " + anyone.keys["people:write"].encode()}
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1 << 20
            yield b"x" * (1 << 20)

    announced = headers | {"content-length": str(2 << 30).encode()}
    answer = raw(anyone.house, "POST", f"{IMPORTS}?mode=full", headers=announced, chunks=chunks())
    problem(answer, 413, "too-large")
    assert taken == 0
    answer = raw(anyone.house, "POST", f"{IMPORTS}?mode=full", headers=headers, chunks=chunks())
    problem(answer, 413, "too-large")
    assert taken == LIMIT + (1 << 20)


def test_a_client_that_vanishes_changes_nothing(org: TenantUnderTest) -> None:
    headers = {"content-type": CSV.encode(), "authorization": b"Bearer " + org.keys["people:write"].encode()}
    raw(org.house, "POST", f"{IMPORTS}?mode=full", headers=headers, chunks=[lines(*FIRST)], vanish=True)
    assert stored(org) == []


def test_media_types(anyone: TenantUnderTest) -> None:
    problem(post(anyone, lines(*FIRST), media="application/json"), 415, "unsupported-media-type")
    told = problem(post(anyone, lines(*FIRST), media=WORKBOOK), 422, "import-unreadable")
    assert told["detail"] == "the file is no workbook (.xlsx), or it is damaged"
    told = problem(post(anyone, a_workbook([["matricule"]])), 422, "import-unreadable")
    assert told["detail"] == "the file is a workbook, not text: send it with the media type of .xlsx"


def test_queries_are_judged_before_the_file_is_read(anyone: TenantUnderTest) -> None:
    headers = {"content-type": CSV.encode(), "authorization": b"Bearer " + anyone.keys["people:write"].encode()}

    def chunks() -> Iterator[bytes]:
        raise AssertionError
        yield b""

    answer = raw(anyone.house, "POST", f"{IMPORTS}?mode=some", headers=headers, chunks=chunks())
    told = problem(answer, 422, "invalid")
    assert places(told) == {"query:mode": "must be 'full' or 'partial'"}
    assert len(told["errors"]) == 1


def test_no_refusal_repeats_a_cell_or_a_header(anyone: TenantUnderTest) -> None:
    needle = "SECRETVALUE"
    data = lines(
        f"{needle}1;{needle};;{needle};{needle};{needle};{needle};x", f"={needle};A;;;;;;", f"1;A;{needle};;;;;"
    )
    body = ok(post(anyone, data, "partial", dry_run=True), 201)
    assert body["counts"]["refused"] == 3
    assert needle not in str(body)
    answer = post(anyone, f"matricule;{needle};{needle}\n1;2;3\n".encode())
    assert places(problem(answer, 422, "import-headers-refused")) == {
        "/header/2": "column 3 (C) has the header of column 2 (B): rename or remove one"
    }
    assert needle not in answer.text


LONG_BEGIN = b"matricule;service\n" + (b" " * 32_000 + b"\n") * (IN_MEMORY // 32_000 + 1)
"""More than comes into memory."""


def test_all_seats_fit_into_what_the_chart_gives() -> None:
    chart = (ROOT / "helm" / "pouls" / "templates" / "serve.yaml").read_text(encoding="utf-8")
    ((given, unit),) = re.findall(r"sizeLimit: ([0-9]+)([MG]i)\b", chart)
    whole = int(given) << {"Mi": 20, "Gi": 30}[unit]
    seats = sum(kind.at_once * kind.size for kind in (upload.LONG, upload.SHORT))
    assert seats <= room.OF_FILES
    assert whole - (128 << 20) >= room.OF_FILES + room.OF_ROWS
    assert upload.IN_MEMORY >= pace.SHORT, "who has a seat is at the pace of those who have one"
    for kind in (upload.LONG, upload.SHORT):
        assert kind.size >= max(kind.body + kind.bounds.lines, kind.bounds.lines + kind.bounds.changes)
    assert upload.LONG.body >= LIMIT


def an_upload(tenant: TenantUnderTest, chunks: Iterable[bytes | Awaitable[object]], path: str = IMPORTS) -> Any:
    """The coroutine of a file that is being sent."""
    headers = {"content-type": CSV.encode(), "authorization": b"Bearer " + tenant.keys["people:write"].encode()}
    return ask(tenant.house.client.app, "POST", f"{path}?mode=full", headers=headers, chunks=chunks)


def test_few_long_files_come_in_at_once_and_short_ones_beside_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FILES", Room(1 << 40))  # seats alone
    tenants = [organised(house.tenant()) for _ in range(upload.LONG.at_once + 1)]
    *slow, late = tenants
    app: Any = house.client.app
    read: list[bytes] = []

    def more() -> Iterator[bytes]:
        for chunk in [LONG_BEGIN] * 3:
            read.append(chunk)
            yield chunk

    async def crowd() -> tuple[Any, ...]:
        go = asyncio.Event()
        seated = [asyncio.Event() for _ in slow]

        def sent(at: asyncio.Event) -> Iterator[bytes | Awaitable[object]]:
            yield LONG_BEGIN
            at.set()
            yield go.wait()
            yield b"1;A\n"

        under_way = [asyncio.ensure_future(an_upload(one, sent(at))) for one, at in zip(slow, seated, strict=True)]
        for at in seated:
            await asyncio.wait({asyncio.ensure_future(at.wait()), *under_way}, return_when=asyncio.FIRST_COMPLETED)
        held = app.state.database.engine.pool.checkedout()
        refused = await an_upload(late, more())
        second = await an_upload(slow[0], [lines(*FIRST)])
        short = await an_upload(late, [lines(*FIRST)])
        go.set()
        return held, refused, second, short, await asyncio.gather(*under_way)

    held, refused, second, short, done = house.run(crowd)
    assert held == 0, "no connection while clients send"
    problem(refused, 503, "importers-busy")
    assert refused.headers["retry-after"] == "10"
    assert len(read) == 1, "no more of it than comes into memory"
    problem(second, 409, "import-running")
    assert [answer.status_code for answer in (short, *done)] == [201] * (1 + len(slow))
    assert [answer.json()["counts"]["joiners"] for answer in (short, *done)] == [3, *[1] * len(slow)]
    assert ok(post(late, LONG_BEGIN + b"1;A\n", accept_risk=True), 201), "the seats are free again"


def test_processes_have_seats_of_their_own(org: TenantUnderTest) -> None:
    """Two applications of one process too."""

    async def go(second: Process) -> tuple[Sent, Sent]:
        inside, ends = asyncio.Event(), asyncio.Event()

        def sent() -> Iterator[bytes | Awaitable[object]]:
            yield LONG_BEGIN
            inside.set()
            yield ends.wait()
            yield b"1;A\n"

        first = asyncio.ensure_future(an_upload(org, sent()))
        await asyncio.wait({asyncio.ensure_future(inside.wait()), first}, return_when=asyncio.FIRST_COMPLETED)
        beside = await second.call(org, "POST", f"{IMPORTS}?mode=partial", "matricule;service\n1;A\n", kind=CSV)
        ends.set()
        return beside, await first

    with a_process(org.house) as second:
        assert [answer.status_code for answer in org.house.run(go, second)] == [201, 201]


def forever() -> Iterator[bytes | Awaitable[object]]:
    """A client that stops in the middle."""
    yield LONG_BEGIN
    yield asyncio.Event().wait()


def test_a_client_that_stops_loses_its_seat(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PATIENCE_S", 0)
    for _ in range(upload.LONG.at_once + 1):
        answer = org.house.run(an_upload, org, forever())
        problem(answer, 408, "too-slow")
        assert answer.headers["connection"] == "close"
    assert ok(post(org, LONG_BEGIN + b"1;A\n"), 201)["counts"]["joiners"] == 1


def test_rows_have_the_room_that_is_there(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"external_id": f"E{number}", "unit": "A"} for number in range(100)]
    data = "\n".join(map(json.dumps, rows)).encode()

    def put() -> Any:
        headers = {"content-type": "application/x-ndjson"}
        return org.call("people:write", "PUT", "/v1/people", content=data, headers=headers)

    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    monkeypatch.setattr(room, "ROWS", Room(STEP - 1))
    problem(put(), 503, "busy")
    assert stored(org) == []
    monkeypatch.setattr(room, "ROWS", Room(STEP))
    for _ in range(2):  # it is given back
        ok(put())


def test_rows_that_stop_coming_are_not_waited_for(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PATIENCE_S", 0)

    def rows() -> Iterator[bytes | Awaitable[object]]:
        yield b'{"external_id": "E1", "unit": "A"}\n'
        yield asyncio.Event().wait()

    headers = {"content-type": b"application/x-ndjson", "authorization": b"Bearer " + org.keys["people:write"].encode()}
    problem(raw(org.house, "PUT", "/v1/people", headers=headers, chunks=rows()), 408, "too-slow")
    assert stored(org) == []


@pytest.mark.parametrize("bounds", [Bounds(100, 1 << 20), Bounds(1 << 20, 100)], ids=["lines", "changes"])
def test_what_a_file_is_unpacked_to_is_bounded(
    anyone: TenantUnderTest, monkeypatch: pytest.MonkeyPatch, bounds: Bounds
) -> None:
    monkeypatch.setattr(upload, "SHORT", dataclasses.replace(upload.SHORT, bounds=bounds))
    problem(post(anyone, few(range(1000)), dry_run=True), 413, "too-large")
    assert stored(anyone) == []


def test_blank_lines_count(anyone: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sheet_csv.MAX_TEXT_LINES == 2_000_000
    monkeypatch.setattr(sheet_csv, "MAX_TEXT_LINES", 1000)
    ok(post(anyone, few([1]) + b"\n" * 997 + b"2;A\n", dry_run=True), 201)
    told = problem(post(anyone, few([1]) + b"\n" * 998 + b"2;A\n", dry_run=True), 422, "import-unreadable")
    assert told["detail"] == "the file has more than 1,000 lines, the blank ones too"


SHEETS = [SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"]
LAUGHS = b'<!ENTITY a "haha">' + b"".join(
    f'<!ENTITY {name} "{10 * f"&{before};"}">'.encode() for before, name in itertools.pairwise("abcdefghi")
)
DECLARED = {
    "a billion laughs": LAUGHS,
    "a file of this machine": b'<!ENTITY i SYSTEM "file:///etc/passwd">',
    "somebody's address": b'<!ENTITY i SYSTEM "http://192.0.2.1/x">',
    "a document type elsewhere": b'<!ENTITY % p SYSTEM "http://192.0.2.1/x.dtd"> %p;',
}


def with_part(name: str, part: bytes) -> bytes:
    """A workbook that has this part in the place of its own; texts that cells share are linked."""
    link = b'<Relationship Type="x/sharedStrings" Target="sharedStrings.xml" Id="rId9"/></Relationships>'
    linked = altered(
        a_workbook([["matricule", "service"], ["E1", "A"]]),
        {"xl/_rels/workbook.xml.rels": lambda xml: xml.replace(b"</Relationships>", link)},
    )
    with zipfile.ZipFile(io.BytesIO(linked)) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    return zipped(files | {"xl/sharedStrings.xml": b"<sst/>", name: part})


@pytest.mark.parametrize("part", SHEETS)
@pytest.mark.parametrize("kind", DECLARED)
def test_a_workbook_that_declares_entities_is_refused(anyone: TenantUnderTest, kind: str, part: str) -> None:
    hostile = b"<!DOCTYPE x [" + DECLARED[kind] + b"]><x>&i;</x>"
    data = with_part(part, hostile)
    told = problem(post(anyone, data, media=WORKBOOK, dry_run=True), 422, "import-unreadable")
    assert told["detail"] == "the workbook declares a document type or entities, which are not read"


BODY = re.compile(rb"<sheetData>.*</sheetData>", re.DOTALL)
MANY = "the workbook consists of more than 1,000 files"
LARGE = "the workbook has more than 400 MB when it is unpacked"


def with_rows(rows: bytes) -> bytes:
    return altered(a_workbook([["x"]]), {SHEET: lambda xml: BODY.sub(b"<sheetData>" + rows + b"</sheetData>", xml)})


HOSTILE = {
    "a column far away": (
        with_rows(b'<row r="1"><c r="XFD1"><v>1</v></c></row>'),
        "the sheet has more than 200 columns",
    ),
    "a row far away": (
        with_rows(b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048577"><c><v>1</v></c></row>'),
        "the sheet's rows are not in their order",
    ),
    "a bomb": (zipped({"xl/workbook.xml": bytes(30_000_000)}), LARGE),
    "one that lies about its size": (claiming({"xl/workbook.xml": bytes(30_000_000)}, 100), "the workbook is damaged"),
    "one that claims too much": (claiming({"xl/workbook.xml": b"<x/>"}, 400_000_001), LARGE),
    "65,000 members": (of_members(65_000), MANY),
    "1,001 members": (of_members(1001), MANY),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_refused(anyone: TenantUnderTest, name: str) -> None:
    data, reason = HOSTILE[name]
    assert len(data) < 4_000_000
    told = problem(post(anyone, data, media=WORKBOOK, dry_run=True), 422, "import-unreadable")
    assert told["detail"] == reason
