"""Everything that a release of the federal survey publishes, as each way to it tells it: what an attacker collects."""

import asyncio
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from service.cli.client import Client
from service.kit.scram import SALT_BYTES, verifier
from service.releases.report.tongue import Tongue
from service.tenants import bi_logins
from tests.fixtures.running import Running
from tests.make.federal import Federal, Place
from tests.make.formats import from_csv
from tests.make.reports import Page
from tests.make.reports_read import told_by

READ = "aggregates:read"
NUMBERS = {
    "mean": ("n_from", "n_to", "mean", "sd"),
    "distribution": (
        "n_from", "n_to", "favourable", "favourable_bound", "neutral", "neutral_bound", "unfavourable",
        "unfavourable_bound", "distribution",
    ),
}  # fmt: skip
POINTS = [str(point) for point in range(1, 6)]

Key = tuple[Place, str, str]
"""Place, measure and family."""
Told = dict[Key, dict[str, Any]]
"""The figures of what is shown; a distribution is a list of (option, value, bound)."""


@dataclass(frozen=True)
class Published:
    """By the name of the way, what it tells; participation by unit, and the release with its certificate."""

    ways: Mapping[str, Told]
    participation: Mapping[str, Mapping[str, Any]]
    release: Mapping[str, Any]
    certificate: Mapping[str, Any]

    def together(self) -> Told:
        """What is told by any of them."""
        found: Told = {}
        for told in self.ways.values():
            for key, numbers in told.items():
                found[key] = numbers | found.get(key, {})
        return found


def published(service: Running, client: Client, people: Federal, wave: str, campaign: str, release: str) -> Published:
    """All that a reader of everything is told."""
    path = f"/v1/releases/{release}"
    whole = client.call(READ, "GET", path)
    ways = {
        "json": _of_cells(client.pages(READ, f"{path}/cells")),
        "csv": _of_cells(from_csv(client.text(READ, f"{path}/cells.csv"))),
        "odata": _of_feed(client),
        "sql": _of_sql(service),
        "heat map": _of_heat_map(client, release),
        "trend": {},
        "comparison": {},
        "report": {},
    }
    for unit in people.parents:
        ways["trend"] |= _of_trend(client, campaign, unit)
        ways["comparison"] |= _of_comparison(client, release, unit)
        ways["report"] |= _of_report(client, path, unit, whole["manifest"]["measures"])
    told = client.call("campaigns:write", "GET", f"/v1/waves/{wave}/participation")
    certificate = client.call(READ, "GET", f"{path}/certificate")["certificate"]
    return Published(ways, {one["unit"]: one for one in told["units"]}, whole, certificate)


def _of_cells(cells: Iterable[Mapping[str, Any]]) -> Told:
    found: Told = {}
    for cell in cells:
        place = cell["unit"], tuple(sorted(cell["dimensions"].items()))
        numbers = {name: cell[name] for name in NUMBERS[cell["family"]] if cell[name] is not None}
        if "distribution" in numbers:
            numbers["distribution"] = [(one["option"], one["value"], one["bound"]) for one in numbers["distribution"]]
        if numbers:
            found[place, cell["measure"], cell["family"]] = numbers
    return found


def _of_figures(place: Place, measure: str, figures: Mapping[str, Any]) -> Told:
    """Of a mean's figures with the shares beside them."""
    found: Told = {}
    for family, names in NUMBERS.items():
        numbers = {name: figures[name] for name in names if figures.get(name) is not None}
        if family == "distribution":
            numbers = {name: value for name, value in numbers.items() if not name.startswith("n_")}
        if numbers:
            found[place, measure, family] = numbers
    return found


def _of_feed(client: Client) -> Told:
    found: Told = {}
    for table in ("Scores", "Shares", "Distributions"):
        path = f"/odata/{table}"
        while path:
            page = client.call(READ, "GET", path)
            for row in page["value"]:
                place = row["Unit"], tuple(sorted(_values(row["Dimensions"]).items()))
                names = {"".join(part.capitalize() for part in name.split("_")): name for name in _FLAT}
                flat = {name: row.get(column) for column, name in names.items()}
                _put(
                    found, place, row["Measure"], table, flat, (row.get("Option"), row.get("Percent"), row.get("Bound"))
                )
            path = page.get("@odata.nextLink", "")
    return found


_FLAT = sorted({name for names in NUMBERS.values() for name in names} - {"distribution"})


def _put(
    found: Told, place: Place, measure: str, table: str, flat: Mapping[str, Any], share: tuple[Any, Any, Any]
) -> None:
    """One row of a table of the star, as a part of a cell."""
    family = "mean" if table.lower() == "scores" else "distribution"
    numbers = {name: flat[name] for name in NUMBERS[family] if flat.get(name) is not None}
    if share[1] is not None:
        numbers["distribution"] = [*found.get((place, measure, family), {}).get("distribution", []), share]
    if numbers:
        found.setdefault((place, measure, family), {}).update(numbers)


def _of_sql(service: Running) -> Told:
    found: Told = {}
    for table, rows in asyncio.run(_star(service)).items():
        for row in rows:
            place = row["unit"], tuple(sorted(_values(row["dimensions"]).items()))
            share = (row.get("option"), row.get("percent"), row.get("bound"))
            flat = {name: row.get(name) for name in _FLAT}
            number = {name: float(value) for name, value in flat.items() if value is not None and name[-5:] != "bound"}
            share = (share[0], None if share[1] is None else float(share[1]), share[2])
            _put(found, place, row["measure"], table, flat | number, share)
    return found


def _values(written: str | None) -> dict[str, str]:
    """`site=lyon; tenure=new` as values by dimension."""
    return dict(one.split("=", 1) for one in (written or "").split("; ") if one)


async def _star(service: Running) -> dict[str, list[dict[str, Any]]]:
    """The facts, as a login of the tenant's reads them."""
    tenant = UUID(service.line["tenant"])
    login, password = bi_logins.name_of(tenant, "attack"), secrets.token_urlsafe()
    secret = verifier(password, secrets.token_bytes(SALT_BYTES))
    status = (service.folder / "pg" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    server: dict[str, Any] = {"host": status[4], "port": int(status[3]), "database": "pouls"}
    passwords = json.loads((service.folder / "database.json").read_text(encoding="utf-8"))
    owner = await asyncpg.connect(**server, user="postgres", password=passwords["postgres"])
    try:
        for statement in bi_logins.statements_of(login, owner.get_server_version().major * 10_000, secret):
            await owner.execute(statement)
        await owner.execute(_KNOWN, tenant, login)
    finally:
        await owner.close()
    reader = await asyncpg.connect(**server, user=login, password=password)
    try:
        return {name: [dict(row) for row in await reader.fetch(asked)] for name, asked in _STAR.items()}
    finally:
        await reader.close()


_KNOWN = "INSERT INTO pouls.bi_login (tenant_id, login, created_at) VALUES ($1, $2, now())"
_STAR = {
    "scores": "SELECT * FROM bi.scores",
    "shares": "SELECT * FROM bi.shares",
    "distributions": "SELECT * FROM bi.distributions ORDER BY unit_id, measure_id, option_number",
}


def _of_heat_map(client: Client, release: str) -> Told:
    found: Told = {}
    for kind in ("item", "scale", "index"):
        cursor: str | None = None
        while True:
            asked = {"release": release, "kind": kind} | ({"cursor": cursor} if cursor else {})
            page = client.call(READ, "GET", "/v1/aggregates/heat-map", params=asked)
            for row in page["data"]:
                for column, cell in zip(page["columns"], row["cells"], strict=True):
                    found |= _of_figures((row["unit"], ()), column["measure"], cell)
            cursor = page["next"]
            if cursor is None:
                break
    return found


def _of_trend(client: Client, campaign: str, unit: str) -> Told:
    found: Told = {}
    told = client.call(READ, "GET", "/v1/aggregates/trend", params={"campaign": campaign, "unit": unit})
    for series in told["series"]:
        for point in series["points"]:
            found |= _of_figures((series["unit"], ()), series["measure"], point)
    return found


def _of_comparison(client: Client, release: str, unit: str) -> Told:
    found: Told = {}
    told = client.call(READ, "GET", "/v1/aggregates/comparison", params={"release": release, "unit": unit})
    for one in told["data"]:
        found |= _of_figures((unit, ()), one["measure"], one["unit"])
    return found


def _of_report(client: Client, path: str, unit: str, measures: list[dict[str, Any]]) -> Told:
    page = Page(client.text(READ, f"{path}/report", unit=unit, language="en"))
    options = {one["id"]: POINTS if one["kind"] == "item" else [] for one in measures}
    found: Told = {}
    for (measure, family), fields in told_by(page, measures, Tongue("en"), options, unit).items():
        numbers = {name: fields[name] for name in NUMBERS[family] if fields.get(name) is not None}
        if "distribution" in numbers:
            numbers["distribution"] = [(one["option"], one["value"], one["bound"]) for one in numbers["distribution"]]
        if numbers:
            found[(unit, ()), measure, family] = numbers
    return found
