"""The dashboard for Grafana asks what the API offers, and finds in its answers what it draws.

Grafana does not run here: its variables and Infinity's selectors are followed by the few lines that these need.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.fixtures.house import House, TenantUnderTest
from tests.make.formats import READ
from tests.make.two_waves import two_waves
from tests.make.world import cells_of, ok

ROOT = Path(__file__).resolve().parents[2] / "openapi"
TEXT = (ROOT / "examples" / "grafana-pouls.json").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads(TEXT)
PATHS: dict[str, Any] = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))["paths"]
INFINITY = "yesoreyeram-infinity-datasource"
ADDRESS = "https://pouls.example"
SEEN_NOWHERE_HERE = {"mean_bound", "enps_bound"}
"""Of means on scales of 0 to 100, and of the ends of eNPS."""

Values = Mapping[str, str]
Row = dict[str, Any]


def variables() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in DASHBOARD["templating"]["list"]}


def queries() -> Iterator[tuple[str, dict[str, Any]]]:
    """All that it asks, by the title of the panel or the name of the variable."""
    for name, one in variables().items():
        if one["type"] == "query":
            yield f"variable {name}", one["query"]["infinityQuery"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target


QUERIES = list(queries())
by_title = pytest.mark.parametrize("query", [query for _, query in QUERIES], ids=[title for title, _ in QUERIES])


def filled(text: str, values: Values) -> str:
    """A text with its variables, of which none may be unknown."""
    return re.sub(r"\$\{([^}:]+)(?::[^}]*)?\}", lambda found: values[found[1]], text)


def asked(query: dict[str, Any], values: Values) -> tuple[str, dict[str, str]]:
    """The path and the parameters of a query."""
    url = filled(query["url"], values)
    assert url.startswith(f"{ADDRESS}/"), url
    pairs = [(one["key"], filled(one["value"], values)) for one in query["url_options"]["params"]]
    assert len(dict(pairs)) == len(pairs)
    return url.removeprefix(ADDRESS), dict(pairs)


def operation(path: str) -> dict[str, Any]:
    """What GET of a path is in the description."""
    (template,) = [one for one in PATHS if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", one), path)]
    found: dict[str, Any] = PATHS[template]["get"]
    return found


def at(value: Any, path: str) -> Any:
    """What a dotted path leads to, through lists as well; a step may keep those of a list that have a value."""
    for step in re.findall(r"[^.\[]+(?:\[[^\]]*\])?", path):
        name, key, wanted = re.fullmatch(r"(\w+)(?:\[(\w+)='(\w+)'\])?", step).groups()  # type: ignore[union-attr]
        if isinstance(value, list):
            value = [one for row in value for one in row[name]]
        else:
            value = None if value is None else value[name]
        if key is not None:
            value = [one for one in value if one.get(key) == wanted]
    return value


def rows_of(answer: Any, query: dict[str, Any]) -> list[Row]:
    """The rows that Infinity makes of an answer. KeyError where a selector leads nowhere."""
    root = at(answer, query["root_selector"])
    rows = []
    for one in root if isinstance(root, list) else [root]:
        row = {column["text"]: at(one, column["selector"]) for column in query["columns"]}
        for column in query.get("computed_columns", []):
            parts = re.findall(r"'[^']*'|\w+", column["selector"])
            assert " + ".join(parts) == column["selector"]
            row[column["text"]] = "".join(part.strip("'") if part[0] == "'" else row[part] for part in parts)
        rows.append(row)
    return rows


World = tuple[TenantUnderTest, dict[str, str]]


@pytest.fixture(scope="module")
def world(house: House) -> World:
    """A tenant with two waves, and the values that the variables take."""
    tenant, _ = two_waves(house)
    values = {"pouls": ADDRESS, "source": "of Grafana's", "__from": "2026-01-01T00:00:00.000Z"}
    for name, one in variables().items():
        if one["type"] == "query":
            rows = rows_of(got(tenant, one["query"]["infinityQuery"], values), one["query"]["infinityQuery"])
            values[name] = rows[0]["__value"]
    return tenant, values


def got(tenant: TenantUnderTest, query: dict[str, Any], values: Values) -> Any:
    path, parameters = asked(query, values)
    return ok(tenant.call(READ, "GET", path, params=parameters), 200)


EXAMPLES = dict.fromkeys(("campaign", "release"), "01a21f91-cb81-7f31-8cac-46417609ff84") | {
    "pouls": ADDRESS, "unit": "LYON", "scale": "climate", "enps": "nps", "__from": "2026-01-01T00:00:00.000Z",
}  # fmt: skip


@by_title
def test_it_asks_what_the_api_offers(query: dict[str, Any]) -> None:
    path, parameters = asked(query, EXAMPLES)
    offered = {one["name"]: one for one in operation(path)["parameters"] if one["in"] == "query"}
    assert parameters.keys() <= offered.keys()
    assert {name for name, one in offered.items() if one.get("required")} <= parameters.keys()
    for name, value in parameters.items():
        is_number = offered[name]["schema"].get("type") == "integer"
        jsonschema.validate(
            int(value) if is_number else value,
            offered[name]["schema"],
            format_checker=jsonschema.FormatChecker(),
        )
    assert (query["type"], query["source"], query["parser"], query["url_options"]["method"]) == (
        "json", "url", "backend", "GET",
    )  # fmt: skip


@by_title
def test_it_finds_what_it_draws(query: dict[str, Any], world: World) -> None:
    """In what is told of the topmost unit and of a withheld one."""
    tenant, values = world
    rows = [row for unit in ("TOP", "C") for row in rows_of(got(tenant, query, values | {"unit": unit}), query)]
    assert rows
    for column in query["columns"]:
        found = [row[column["text"]] for row in rows]
        if column["selector"] not in SEEN_NOWHERE_HERE:
            assert any(one is not None for one in found), column
        assert all(isinstance(one, _KINDS[column["type"]]) for one in found if one is not None), column
        if column["type"] == "timestamp":
            assert all(datetime.fromisoformat(one).tzinfo is not None for one in found)


_KINDS: dict[str, Any] = {"string": str, "number": (int, float), "timestamp": str}


def test_its_variables_take_the_newest_release(world: World) -> None:
    tenant, values = world
    newest = ok(tenant.call(READ, "GET", "/v1/releases"))["data"][-1]
    assert (values["release"], values["campaign"]) == (newest["id"], newest["campaign"]["id"])
    assert (values["unit"], values["scale"], values["enps"]) == ("TOP", "climate", "nps")


def test_the_heat_map_tells_of_each_cell_in_a_field_of_its_own(world: World) -> None:
    """Its rows and columns are named so that none is written over another; withheld is a word, not a gap."""
    tenant, values = world
    (panel,) = [one for one in DASHBOARD["panels"] if one["title"] == "Scales of all units"]
    (matrix,) = panel["transformations"]
    named = matrix["options"]
    rows = rows_of(got(tenant, panel["targets"][0], values), panel["targets"][0])
    drawn = {(row[named["rowField"]], row[named["columnField"]]): row[named["valueField"]] for row in rows}
    cells = cells_of(tenant, values["release"], kind="scale", family="mean", breakdown="org")
    assert drawn == {(f"{one['unit_name']} ({one['unit']})", one["measure"]): one["mean"] for one in cells}
    assert None in drawn.values()
    (mapped,) = panel["fieldConfig"]["defaults"]["mappings"]
    assert (mapped["options"]["match"], mapped["options"]["result"]["text"]) == ("null", "withheld")


def test_a_panel_that_shows_means_says_which_are_withheld() -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            figures = {one["text"] for one in target["columns"]} & {"mean", "eNPS"}
            has_status = "status" in {one["selector"] for one in target["columns"]}
            config = json.dumps(panel["fieldConfig"])
            assert (
                not figures
                or has_status
                or '"withheld"' in config
                or "the table beside says so" in panel["description"]
            )


def test_it_holds_no_key_and_nobody_s_data_source() -> None:
    assert "pouls_" not in TEXT
    assert not re.search(r"(?i)authorization|bearer|password|secure", TEXT)
    assert set(re.findall(r'"uid": "([^"]*)"', TEXT)) == {"${source}", "pouls-results"}
    assert variables()["source"]["query"] == INFINITY
    assert set(re.findall(r'https?://[^"/]+', TEXT)) == {ADDRESS}
    used = set(re.findall(r"\$\{(\w+)", TEXT)) - {"__from"}
    assert used == variables().keys()
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
