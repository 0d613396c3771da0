"""A file of people again and again: all of them at first, then a little change, then the same file once more.

`python -m tests.bench.imports [people] [csv|xlsx]`: a real PostgreSQL, the application in this process, the request as
a server hands it over. Seconds of the whole call, and those that this process itself reckoned; the most memory that it
took above what it had; statements sent to the database, and how many rows of people and of their history PostgreSQL
wrote meanwhile.
"""

import asyncio
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import openpyxl
import psutil
from sqlalchemy import event, text

from service.cli import local
from service.cli.admin import make_tenant
from service.kit.db import Database
from service.kit.postgres import Embedded
from service.main import create_app
from service.people.imports.upload import CSV, WORKBOOK
from service.settings import Settings
from tests.bench import interruptible
from tests.make.wire import Sent, ask

UNITS = 2_000
PIECE = 1 << 16
SITES = ("lyon", "paris", "nantes")
HEAD = "matricule;code service;matricule n+1;date d'entrée;langue;actif;site;nom complet"
_WRITTEN = text("""
    SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
    WHERE relname IN ('person', 'person_version', 'project_member')
""")


class Call(NamedTuple):
    what: str
    seconds: float
    own_cpu: float
    megabytes: float
    statements: int
    written: int
    counts: dict[str, int]


def rows(people: int, moved: int, dice: random.Random) -> Iterator[str]:
    """A line for each; `moved` of them in another unit than they were, a few gone and new ones come."""
    elsewhere = set(dice.sample(range(people), moved))
    gone = set(dice.sample(range(people // 2, people), moved // 10)) if moved else set()
    for number in range(people):
        if number in gone:
            continue
        unit = (number * 7 + (number in elsewhere)) % UNITS
        day = f"{number % 28 + 1:02}/{number % 12 + 1:02}/{2000 + number % 25}"
        manager = f"E{number // 12}" if number >= 12 else ""
        rest = f"{'fr' if number % 3 else 'en'};oui;{SITES[number % 3]};Personne {number}"
        yield f"E{number};U{unit};{manager};{day};{rest}"
    for number in range(people, people + len(gone)):
        yield f"E{number};U{number % UNITS};E0;01/02/2026;fr;oui;lyon;Personne {number}"


def written_to(path: Path, lines: Iterator[str]) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in (HEAD, *lines))
        return
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in (HEAD, *lines):
        sheet.append(line.split(";"))
    book.save(path)


class Peak:
    """The most memory of this process above what it had, looked at fifty times a second."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before = self._most = self._process.memory_info().rss
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            self._most = max(self._most, self._process.memory_info().rss)

    def end(self) -> float:
        self._ended.set()
        self._thread.join()
        return (self._most - self._before) / 1e6


class Bench:
    def __init__(self, app: Any, owner: Database, tenant: UUID, key: str) -> None:
        self._app = app
        self._owner = owner
        self._tenant = tenant
        self._key = key
        self._sent = 0
        event.listen(app.state.database.engine.sync_engine, "before_cursor_execute", self._count)

    def _count(self, *_: Any) -> None:
        self._sent += 1

    async def written(self) -> int:
        await asyncio.sleep(1.5)  # a connection tells its figures at most once a second
        async with self._owner.transaction(self._tenant) as tx:
            return int(await tx.scalar(_WRITTEN) or 0)

    async def put(self, path: str, body: bytes) -> None:
        answer = await self._ask("PUT", path, body, "application/json" if body[:1] == b"[" else "application/x-ndjson")
        if answer.status_code != 200:
            raise RuntimeError(answer.text)

    async def call(self, what: str, path: Path) -> Call:
        before, self._sent = await self.written(), 0
        peak, began, own = Peak(), time.perf_counter(), time.process_time()
        media = CSV if path.suffix == ".csv" else WORKBOOK
        data = await asyncio.to_thread(path.read_bytes)
        answer = await self._ask("POST", "/v1/people/imports?mode=full", data, media)
        seconds, own = time.perf_counter() - began, time.process_time() - own
        megabytes, sent = peak.end(), self._sent
        if answer.status_code != 201:
            raise RuntimeError(answer.text[:2000])
        return Call(what, seconds, own, megabytes, sent, await self.written() - before, answer.json()["counts"])

    async def _ask(self, method: str, path: str, body: bytes, media: str) -> Sent:
        headers = {"authorization": f"Bearer {self._key}".encode(), "content-type": media.encode()}
        pieces = (body[start : start + PIECE] for start in range(0, len(body), PIECE))
        return await ask(self._app, method, path, headers=headers, chunks=pieces)


async def measure(people: int, kind: str, folder: Path) -> list[Call]:
    postgres = Embedded(folder / "data")
    postgres.start()
    try:
        settings = Settings.model_validate({"keys": {"dir": folder / "keys"}, "log": {"level": "error"}})
        local.prepare_keys(settings)
        await local.prepare_database(postgres)
        app = create_app(local.acting_as(settings, postgres, "pouls_app"))
        owner = Database(postgres.url("pouls_owner"), "pouls_owner", settings.database)
        async with app.router.lifespan_context(app):
            tenant, keys = await make_tenant(app.state.database, app.state.registrar, "bench")
            bench = Bench(app, owner, tenant, keys["people:write"])
            try:
                return await told(bench, people, kind, folder)
            finally:
                await owner.close()
    finally:
        postgres.remove()


async def told(bench: Bench, people: int, kind: str, folder: Path) -> list[Call]:
    units = "\n".join(f'{{"external_id":"U{number}","name":"Unit {number}"}}' for number in range(UNITS))
    await bench.put("/v1/org-units", units.encode())
    values = ",".join(f'{{"id":"{site}","label":{{"fr":"{site.title()}"}}}}' for site in SITES)
    await bench.put("/v1/dimensions", f'[{{"name":"site","values":[{values}]}}]'.encode())
    first, second = folder / f"first.{kind}", folder / f"second.{kind}"
    written_to(first, rows(people, 0, random.Random(1)))
    written_to(second, rows(people, people // 100, random.Random(1)))
    return [
        await bench.call("all of them", first),
        await bench.call("1 % change", second),
        await bench.call("the same again", second),
    ]


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    kind = sys.argv[2] if len(sys.argv) > 2 else "csv"
    with tempfile.TemporaryDirectory(prefix="pouls-bench-") as folder:
        calls = interruptible.run(measure(people, kind, Path(folder)))
    print(f"{people:,} people, {kind}")
    print(f"{'':16}{'seconds':>9}{'own CPU':>9}{'MB more':>9}{'statements':>12}{'rows written':>14}  counts")
    for call in calls:
        counts = ", ".join(f"{name} {count:,}" for name, count in call.counts.items() if count and name != "lines")
        spent = f"{call.seconds:9.1f}{call.own_cpu:9.1f}{call.megabytes:9.0f}"
        print(f"{call.what:16}{spent}{call.statements:12,}{call.written:14,}  {counts}")


if __name__ == "__main__":
    main()
