"""A BI server of another hand on the schema `bi`: Apache Superset, by its REST API, shows the API's own figures.

It is not installed for the tests, since it wants a hundred libraries of other versions. In a venv of its own:

    pip install apache-superset==6.1.0 flask-caching==2.3.1 rich psycopg2-binary

and POULS_TEST_SUPERSET names that venv's python. (The two in the middle mend what Superset's own list leaves open.)
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from tests.api.test_bi_schema import VIEWS
from tests.api.test_breakdowns import CROSSED, TEAMS, answered, launched, organised
from tests.api.test_releases import odd_release
from tests.fixtures.house import House
from tests.fixtures.running import free_port
from tests.make.bi import a_login
from tests.make.superset import Superset, superset, where
from tests.make.world import a_launched_wave, cells_of

PYTHON = os.environ.get("POULS_TEST_SUPERSET")
GUIDE = Path(__file__).resolve().parents[2] / "openapi" / "guides" / "bi-sql.md"
DATASETS = ("scores", "shares", "distributions", "units")
TOLD = ["status", "reason", "n_from", "n_to"]
MEANS = [*TOLD, "mean", "mean_bound", "low", "high", "se", "sd", "rwg"]
SHARES = [*TOLD, "favourable", "favourable_bound", "neutral", "unfavourable", "enps", "enps_bound"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PYTHON is None, reason="POULS_TEST_SUPERSET does not name a python that has Superset"),
]


@dataclass
class Connected:
    """A Superset that reads one tenant's results, beside those results as the API tells them."""

    superset: Superset
    database: int
    datasets: dict[str, int]
    release: str
    cells: list[dict[str, Any]]

    def of(self, family: str) -> dict[tuple[str, str, str], dict[str, Any]]:
        return {keyed(cell): cell for cell in self.cells if cell["family"] == family}

    def chart(self, view: str, *filters: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
        asked = [where("release_id", "==", self.release), *filters]
        return self.superset.chart(self.datasets[view], filters=asked, **query)

    def sql(self, statement: str) -> list[dict[str, Any]]:
        return self.superset.sql(self.database, statement)


def keyed(row: dict[str, Any]) -> tuple[str, str, str]:
    dimensions = row["dimensions"]
    if isinstance(dimensions, dict):
        dimensions = "; ".join(f"{name}={value}" for name, value in sorted(dimensions.items()))
    return row["unit"], dimensions or "", row["measure"]


@pytest.fixture(scope="module")
def connected(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    """Two tenants have results; the login is of one of them."""
    tenant = house.tenant()
    odd_release(a_launched_wave(house.tenant(), {"A": 40, "B": 12}))
    organised(tenant, TEAMS)
    release = str(answered(launched(tenant, CROSSED))["id"])
    assert PYTHON is not None
    with superset(Path(PYTHON), tmp_path_factory.mktemp("superset"), free_port()) as server:
        uri = make_url(a_login(tenant)).set(drivername="postgresql+psycopg2")
        database = server.connect("Pouls", uri.render_as_string(hide_password=False))
        datasets = {view: server.dataset(database, "bi", view) for view in DATASETS}
        yield Connected(server, database, datasets, release, cells_of(tenant, release))


def test_it_offers_our_views_and_knows_their_columns(connected: Connected) -> None:
    assert connected.superset.tables(connected.database, "bi") == VIEWS
    columns = connected.superset.columns(connected.datasets["scores"])
    assert columns["released_at"]["is_dttm"]
    assert all(column["description"] for column in columns.values())  # comments of ours
    assert {columns[name]["type"] for name in ("mean", "low", "high")} == {"NUMERIC"}


@pytest.mark.parametrize(("view", "family", "figures"), [("scores", "mean", MEANS), ("shares", "distribution", SHARES)])
def test_a_chart_of_rows(connected: Connected, view: str, family: str, figures: list[str]) -> None:
    """A table of a dataset: each cell with its figures, or with its reason and none."""
    rows = connected.chart(view, columns=["unit", "dimensions", "measure", *figures])
    expected = connected.of(family)
    assert len(rows) == len(expected)
    assert {keyed(row): {name: row[name] for name in figures} for row in rows} == {
        key: {name: cell[name] for name in figures} for key, cell in expected.items()
    }
    assert {row["status"] for row in rows} == {"published", "withheld"}


def test_a_chart_of_groups(connected: Connected) -> None:
    """Its own aggregates: bars of one mean each, and how many cells are withheld."""
    mean = {"expressionType": "SIMPLE", "column": {"column_name": "mean"}, "aggregate": "AVG", "label": "mean"}
    rows = connected.chart(
        "scores", where("breakdown", "==", "org"), where("measure", "==", "load"), columns=["unit"], metrics=[mean]
    )
    means = {
        cell["unit"]: cell["mean"]
        for cell in connected.of("mean").values()
        if cell["breakdown"] == "org" and cell["measure"] == "load"
    }
    assert None in means.values()
    assert {row["unit"]: row["mean"] for row in rows} == means
    count = {"expressionType": "SQL", "sqlExpression": "COUNT(*)", "label": "cells"}
    rows = connected.chart("scores", columns=["status", "reason"], metrics=[count])
    told = Counter((cell["status"], cell["reason"]) for cell in connected.of("mean").values())
    assert {(row["status"], row["reason"]): row["cells"] for row in rows} == told


def test_a_chart_over_time(connected: Connected) -> None:
    """A day is a day to it, for trends."""
    mean = {"expressionType": "SIMPLE", "column": {"column_name": "mean"}, "aggregate": "MAX", "label": "mean"}
    day = {
        "timeGrain": "P1D", "columnType": "BASE_AXIS", "sqlExpression": "released_at", "label": "released_at",
        "expressionType": "SQL",
    }  # fmt: skip
    (row,) = connected.chart(
        "scores", where("unit", "==", "TOP"), where("breakdown", "==", "org"), where("measure", "==", "load"),
        columns=[day], metrics=[mean],
    )  # fmt: skip
    assert row["mean"] == connected.of("mean")["TOP", "", "load"]["mean"]
    assert row["released_at"] is not None


def test_sql_lab(connected: Connected) -> None:
    """The queries of the guide, as they stand there."""
    found = connected.sql(
        "SELECT r.release_id, s.unit, s.measure, s.mean, u.level_1 FROM bi.scores s"
        " JOIN bi.releases r USING (release_id) JOIN bi.units u USING (release_id, unit_id) WHERE s.breakdown = 'org'"
    )
    assert {row["release_id"] for row in found} == {connected.release}
    assert {(row["unit"], "", row["measure"]): row["mean"] for row in found} == {
        key: cell["mean"] for key, cell in connected.of("mean").items() if cell["breakdown"] == "org"
    }
    queries = re.findall("```sql\n(SELECT.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(queries) >= 4
    assert all(connected.sql(query.rstrip().rstrip(";")) for query in queries)


def test_sql_lab_reads_nothing_else(connected: Connected) -> None:
    assert connected.sql("SELECT count(*) AS releases FROM bi.releases") == [{"releases": 1}]
    for statement in ("SELECT * FROM pouls.release_cell", "SELECT * FROM pouls.tenant", "CREATE TABLE bi.mine (a int)"):
        connected.superset.refused(connected.database, statement)
