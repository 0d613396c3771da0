"""All rows of a release in each form in which they are read, brought to the form of the API's JSON cells."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet

from service.odata.model import FIGURES
from service.releases.cell_schemas import CellOut
from service.releases.tables import NUMBERS
from tests.fixtures.house import TenantUnderTest
from tests.make.bi import session
from tests.make.formats import READ, file, from_csv, from_table
from tests.make.odata import walked
from tests.make.world import ok

Json = dict[str, Any]
_OF_PLACE = ("unit", "source", "unit_name", "level", "breakdown")
_OF_CELL = (*_OF_PLACE, "measure", "kind", "status", "reason", "n_from", "n_to")
_IN_ODATA = {
    "unit": "Unit", "source": "Source", "unit_name": "UnitName", "level": "Level", "breakdown": "Breakdown",
    "measure": "Measure", "kind": "Kind", "status": "Status", "reason": "Reason",
} | {name: shown for shown, name in FIGURES.items()}  # fmt: skip
_WITHHELD = "withheld"


class Facts(NamedTuple):
    """The three tables of facts, as a feed and a schema have them: column by column under JSON's names."""

    scores: list[Json]
    shares: list[Json]
    distributions: list[Json]


def key(cell: Mapping[str, Any]) -> tuple[Any, ...]:
    return cell["source"], cell["unit"], *sorted(cell["dimensions"].items()), "of", cell["measure"], cell["family"]


def paged(tenant: TenantUnderTest, release: str, limit: int) -> list[Json]:
    """Cells page after page."""
    found: list[Json] = []
    asked: Json = {"limit": limit}
    while True:
        page = ok(tenant.call(READ, "GET", f"/v1/releases/{release}/cells", params=asked), 200)
        found += page["data"]
        if page["next"] is None:
            return found
        asked["cursor"] = page["next"]


def in_files(tenant: TenantUnderTest, release: str) -> Iterator[tuple[str, list[Json]]]:
    """By what kind of file; what is not text is as it is stored."""
    yield "json", json.loads(file(tenant, release, "json").content)
    yield "parquet", from_table(pa.parquet.read_table(io.BytesIO(file(tenant, release, "parquet").content)))
    yield "arrow", from_table(pa.ipc.open_file(file(tenant, release, "arrow").content).read_all())


def in_csv(tenant: TenantUnderTest, release: str) -> Iterator[tuple[str, list[Json]]]:
    """By whom the file is for; names have an apostrophe where a spreadsheet would run them."""
    yield "csv", from_csv(file(tenant, release, "csv").content.decode())
    english = file(tenant, release, "csv", params={"excel": "en"}).content
    yield "csv for English Excel", from_csv(_without_mark(english))
    french = file(tenant, release, "csv", params={"excel": "fr"}).content
    yield "csv for French Excel", from_csv(_without_mark(french), ";", ",")


def _without_mark(content: bytes) -> str:
    assert content.startswith(b"\xef\xbb\xbf")
    return content[3:].decode()


def in_odata(tenant: TenantUnderTest, page_size: int) -> dict[str, list[Json]]:
    """Of each release the cells that the feed's facts make."""
    prefer = {"headers": {"Prefer": f"maxpagesize={page_size}"}}
    by_release: dict[str, Facts] = {}
    for at, name in enumerate(("Scores", "Shares", "Distributions")):
        for row in walked(tenant, f"/odata/{name}", **prefer):
            facts = by_release.setdefault(row["ReleaseId"], Facts([], [], []))
            facts[at].append(_of_feed(row))
    return {release: _made_of(facts) for release, facts in by_release.items()}


def _of_feed(row: Json) -> Json:
    known = {name: row[shown] for name, shown in _IN_ODATA.items() if shown in row}
    known |= {"dimensions": _values(row["Dimensions"])}
    if "Option" in row:
        known |= {"option": row["Option"], "at": row["OptionNumber"], "value": row["Percent"], "bound": row["Bound"]}
    return known


def in_sql(login: str) -> dict[str, list[Json]]:
    """Of each release the cells that the facts of the `bi` schema make."""

    async def go() -> list[list[Json]]:
        async with session(login) as opened:
            views = ("scores", "shares", "distributions")
            return [[dict(row) for row in await opened.fetch(f"SELECT * FROM bi.{view}")] for view in views]  # noqa: S608 - names of ours

    by_release: dict[str, Facts] = {}
    for at, rows in enumerate(asyncio.run(go())):
        for row in rows:
            by_release.setdefault(row["release_id"], Facts([], [], []))[at].append(_of_view(row))
    return {release: _made_of(facts) for release, facts in by_release.items()}


def _of_view(row: Json) -> Json:
    told = {name: float(value) if isinstance(value, Decimal) else value for name, value in row.items()}
    known = {name: told[name] for name in (*_OF_CELL, *NUMBERS) if name in told}
    known |= {"dimensions": _values(row["dimensions"])}
    if "option" in told:
        known |= {"option": told["option"], "at": told["option_number"], "value": told["percent"]}
        known["bound"] = told["bound"]
    return known


def _values(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split("; ") if pair)


def _made_of(facts: Facts) -> list[Json]:
    """Cells: means and shares from their tables, shares with their options beside them."""
    options: dict[tuple[Any, ...], list[Json]] = {}
    for row in facts.distributions:
        options.setdefault(key(row | {"family": "distribution"}), []).append(row)
    empty = dict.fromkeys(CellOut.model_fields)
    cells = [empty | row | {"family": "mean"} for row in facts.scores]
    for row in facts.shares:
        cell = empty | row | {"family": "distribution"}
        mine = sorted(options.pop(key(cell), []), key=lambda one: int(one["at"]))
        cell["distribution"] = _shares(row, mine)
        cells.append(cell)
    assert options == {}, "options of no cell"
    return cells


def _shares(row: Json, mine: list[Json]) -> list[Json] | None:
    """The shares of a cell, each row of which tells of the cell what the cell tells."""
    assert [one["at"] for one in mine] == list(range(1, len(mine) + 1))
    for one in mine:
        assert {name: one[name] for name in (*_OF_CELL, "dimensions")} == {
            name: row[name] for name in (*_OF_CELL, "dimensions")
        }
    told = [{name: one[name] for name in ("option", "value", "bound")} for one in mine]
    if row["status"] == _WITHHELD:
        assert {(one["value"], one["bound"]) for one in told} <= {(None, None)}
        return None
    return told or None


def check_rows(found: list[Json], cells: list[Json], what: str, named: Callable[[str], str] = str) -> None:
    """That these are the cells, one by one; `named` is what the form makes of a name."""
    by_key = {key(cell): cell for cell in found}
    names = ("unit", "source", "unit_name")
    wanted = [cell | {name: None if cell[name] is None else named(cell[name]) for name in names} for cell in cells]
    assert len(by_key) == len(found) == len(cells), what
    differing = [(cell, by_key.get(key(cell))) for cell in wanted if by_key.get(key(cell)) != cell]
    assert differing == [], (what, differing[0])
