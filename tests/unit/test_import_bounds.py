"""What a file of people may be at the most, in memory and on the disk."""

import asyncio
import io
import json
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from threading import Event
from typing import Any

import pytest

from service.kit import workbook as guard
from service.kit.room import STEP, Room, Share
from service.people.imports import sheet_xlsx, upload, workbook
from service.people.imports.asking import Asked
from service.people.imports.mapping import ImportMapping
from service.people.imports.parse import TOGETHER, LineSpool, Parsed, Stopped
from service.people.imports.plan import Risk
from service.people.imports.sheet import Unreadable
from service.problems import TooLarge
from tests.make.workbooks import of_members, zipped

BOOK = b'<workbook xmlns:r="x"><sheets><sheet name="a" r:id="r1"/></sheets></workbook>'
LINKS = (
    b'<Relationships><Relationship Type="x/worksheet" Target="s.xml" Id="r1"/>'
    b'<Relationship Type="x/sharedStrings" Target="t.xml" Id="r2"/></Relationships>'
)
ROWS = b'<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>'


def read(texts: str) -> str:
    """The first cell, which is the first of these texts."""
    parts = {"xl/workbook.xml": BOOK, "xl/_rels/workbook.xml.rels": LINKS, "xl/s.xml": ROWS}
    data = zipped(parts | {"xl/t.xml": f"<sst>{texts}</sst>".encode()})
    return sheet_xlsx.read(io.BytesIO(data)).header.cells[0]


def cells(*given: str) -> str:
    return "".join(f"<si><t>{text}</t></si>" for text in given)


def test_texts_that_cells_share_are_bounded_with_what_each_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (workbook.MAX_TEXTS, workbook._OF_A_TEXT) == (64_000_000, 64)
    monkeypatch.setattr(workbook, "MAX_TEXTS", 10 * (3 + 64 + 8))
    assert read(cells(*["abc"] * 10)) == "abc"
    for many in (["abc"] * 11, ["abcd"] * 10, ["é\N{GRINNING FACE}"] * 10, ["x", *[""] * 100]):
        with pytest.raises(Unreadable, match="MB of texts"):
            read(cells(*many))
    parts = "".join(f"<r><t>{number % 10}</t></r>" for number in range(20))
    with pytest.raises(Unreadable, match="MB of texts"):
        read(f"<si>{parts}</si>")
    assert read(f"<si><rPh><t>{'x' * 5000}</t></rPh><t>a</t></si>") == "a"


class _Watched(io.BytesIO):
    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.most = max(self.most, len(data))
        return data


def test_a_long_list_of_files_is_not_read_to_be_counted() -> None:
    data = _Watched(of_members(65_000))
    with pytest.raises(Unreadable, match="more than 1,000 files"):
        sheet_xlsx.read(data)
    assert len(data.getvalue()) > 2 * guard.MAX_LIST
    assert data.most <= guard.MAX_LIST + 1


def test_a_spool_gives_back_what_it_was_given() -> None:
    spool = LineSpool(1 << 20)
    given = [[number, "é" * (number % 7), None, {"a": True}] for number in range(2 * TOGETHER + 1)]
    for values in given:
        spool.add(values)
    assert list(spool) == given
    assert list(spool) == given
    spool.close()


def test_a_spool_is_bounded_by_what_lies_on_the_disk() -> None:
    spool = LineSpool(20_000)
    for _ in range(50 * TOGETHER):
        spool.add(["x" * 100])  # a megabyte of text, which is packed
    assert sum(1 for _ in spool) == 50 * TOGETHER
    spool.close()
    spool = LineSpool(20_000)
    texts = [[text] for text in islice(random_texts(), 10 * TOGETHER)]
    with pytest.raises(TooLarge):
        deque(map(spool.add, texts))
    spool.close()


def random_texts() -> Iterator[str]:
    """Texts that can not be packed."""
    number = 1
    while True:
        number = number * 6364136223846793005 % (1 << 127)
        yield json.dumps(number)


def test_whoever_cancels_an_import_waits_for_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread has the file and the room that goes with it until it ends."""
    began, may_end, ended = Event(), Event(), []

    def parse(*_: Any, stopped: Any, **__: Any) -> Parsed:
        began.set()
        assert stopped.__self__.wait(60)  # the event behind `stopped`
        assert may_end.wait(60)
        ended.append(stopped())
        raise Stopped

    monkeypatch.setattr(upload, "parse", parse)
    asked = Asked("hris", "full", dry_run=True, risk=Risk(10, 25), accept_risk=False, encoding=None, separator=None)

    async def cancelled() -> list[bool]:
        reading = asyncio.ensure_future(
            upload.read(io.BytesIO(), upload.CSV, asked, ImportMapping(), [], upload.SHORT.bounds)
        )
        await asyncio.to_thread(began.wait)
        for _ in range(3):  # by the client that goes, and by a process that ends
            reading.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not reading.done()
        may_end.set()
        with suppress(asyncio.CancelledError):
            await reading
        assert reading.cancelled()
        return list(ended)

    assert asyncio.run(cancelled()) == [True]


def test_room_is_taken_in_steps_and_given_back() -> None:
    room = Room(3 * STEP)
    with Share(room) as one, Share(room) as other:
        assert one.hold(1)
        assert one.hold(STEP)
        assert other.hold(STEP + 1)
        assert not one.hold(STEP + 1)
        assert one.hold(STEP)
    with Share(room) as whole:
        assert whole.hold(3 * STEP)
        assert not whole.hold(3 * STEP + 1)
