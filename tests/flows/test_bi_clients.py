"""What analysts work with, against the running service: pandas, polars, DuckDB, and an OData client of another hand.

Each reads results by their addresses, with the key as it would be given there, and finds the API's own figures.
"""

import json
import math
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import httpx2
import pandas as pd
import polars as pl
import pytest
import requests
from odata import ODataService

from tests.fixtures.running import data_folder, running
from tests.make.formats import READ
from tests.make.world import QUESTIONNAIRE, ok

LIMIT_S = 120.0
TEAMS = {"A": 40, "B": 12, "C": 4}
COMPARED = ["unit", "unit_name", "measure", "family", "status", "reason", "n_from", "n_to", "mean", "favourable", "se"]


@dataclass
class Released:
    """A service with one release, and the API's own account of its cells."""

    url: str
    key: str
    release: str
    cells: list[dict[str, Any]]

    @property
    def cells_url(self) -> str:
        return f"{self.url}/v1/releases/{self.release}/cells"

    @property
    def basic(self) -> str:
        """The header that a spreadsheet sends: any user, and the key as password."""
        return "Basic " + b64encode(f"bi:{self.key}".encode()).decode()

    def with_key(self, url: str) -> str:
        """The address with the key in it, for what takes no headers."""
        return url.replace("://", f"://bi:{self.key}@")


@pytest.fixture(scope="module")
def released() -> Iterator[Released]:
    with data_folder() as folder, running(folder) as service:
        keys = service.line["keys"]
        with httpx2.Client(base_url=service.url, timeout=60) as client:
            yield Released(service.url, keys[READ], *_released(client, keys))


def _released(client: httpx2.Client, keys: dict[str, str]) -> tuple[str, list[dict[str, Any]]]:
    limit = time.monotonic() + LIMIT_S

    def call(scope: str, method: str, path: str, **request: Any) -> Any:
        headers = {"Authorization": f"Bearer {keys[scope]}"}
        while (answer := client.request(method, path, headers=headers, **request)).status_code == 503:
            assert time.monotonic() < limit  # the worker has made no wave key yet
        return ok(answer)

    units = [{"external_id": "TOP", "name": "Everyone"}]
    units += [{"external_id": team, "name": f"Équipe « {team} »", "parent": "TOP"} for team in TEAMS]
    call("people:write", "PUT", "/v1/org-units", json=units)
    people = [{"external_id": f"{team}-{n}", "unit": team} for team, size in TEAMS.items() for n in range(size)]
    call("people:write", "PUT", "/v1/people", json=people)
    call("questionnaires:write", "POST", "/v1/questionnaires", json=QUESTIONNAIRE)
    campaign = {"name": "Spring", "questionnaire": "small", "audience": {"units": ["TOP"]}}
    made = call("campaigns:write", "POST", "/v1/campaigns", json=campaign)["id"]
    wave = call("campaigns:write", "POST", f"/v1/campaigns/{made}/launch")["id"]
    invited = client.get(
        f"/v1/waves/{wave}/invitations", headers={"Authorization": f"Bearer {keys['invitations:read']}"}
    )
    for number, line in enumerate(invited.text.splitlines()):
        answers = {"load": 1 + number % 5, "help": 1 + number % 3, "place": ("home", "office")[number % 2]}
        nonce = b64encode(number.to_bytes(16, "big"), b"-_").rstrip(b"=").decode()
        body = {"code": json.loads(line)["code"], "nonce": nonce, "answers": answers}
        ok(client.post("/v1/respond", json=body), 201)
    call("campaigns:write", "POST", f"/v1/campaigns/{made}/close")
    while not (found := call(READ, "GET", "/v1/releases")["data"]):
        assert time.monotonic() < limit
    assert found[0]["status"] == "published"
    release = found[0]["id"]
    return release, call(READ, "GET", f"/v1/releases/{release}/cells?limit=500")["data"]


def plain(value: Any) -> Any:
    """Whatever a library calls nothing, as None."""
    return None if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)) else value


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{name: plain(row[name]) for name in COMPARED} for row in frame.to_dict("records")]


def expected(released: Released) -> list[dict[str, Any]]:
    return [{name: cell[name] for name in COMPARED} for cell in released.cells]


@pytest.mark.slow
def test_pandas(released: Released) -> None:
    headers = {"Authorization": f"Bearer {released.key}"}
    csv = pd.read_csv(f"{released.cells_url}.csv", storage_options=headers)
    parquet = pd.read_parquet(f"{released.cells_url}.parquet", storage_options={"Authorization": released.basic})
    assert rows_of(csv) == rows_of(parquet) == expected(released)
    shares = {row["measure"]: row["distribution"] for row in parquet.to_dict("records") if row["unit"] == "A"}
    assert [share["option"] for share in shares["place"]] == ["office", "home"]


@pytest.mark.slow
def test_polars(released: Released) -> None:
    headers = {"Authorization": f"Bearer {released.key}"}
    frames = {
        "csv": pl.read_csv(requests.get(f"{released.cells_url}.csv", headers=headers, timeout=60).content),
        "parquet": pl.read_parquet(requests.get(f"{released.cells_url}.parquet", headers=headers, timeout=60).content),
        "arrow": pl.read_ipc(requests.get(f"{released.cells_url}.arrow", headers=headers, timeout=60).content),
        "json": pl.read_json(requests.get(f"{released.cells_url}.json", headers=headers, timeout=60).content),
    }
    for name, frame in frames.items():
        assert frame.select(COMPARED).to_dicts() == expected(released), name


@pytest.mark.slow
def test_duckdb(released: Released, tmp_path: Path) -> None:
    """Its way to an address is an extension that it would fetch from elsewhere: it reads what was fetched for it."""
    headers = {"Authorization": f"Bearer {released.key}"}
    for suffix, reader in (("csv", "read_csv"), ("parquet", "read_parquet")):
        file = tmp_path / f"cells.{suffix}"
        file.write_bytes(requests.get(f"{released.cells_url}.{suffix}", headers=headers, timeout=60).content)
        found = duckdb.sql(f"SELECT {', '.join(COMPARED)} FROM {reader}('{file}')")  # noqa: S608 - names of ours
        rows = [dict(zip(COMPARED, map(plain, row), strict=True)) for row in found.fetchall()]
        assert rows == expected(released), suffix
    file = tmp_path / "cells.parquet"
    (means,) = duckdb.sql(f"SELECT count(mean) FROM read_parquet('{file}')").fetchall()  # noqa: S608 - a path of ours
    assert means[0] == sum(cell["mean"] is not None for cell in released.cells)


@pytest.mark.slow
def test_an_odata_client(released: Released) -> None:
    session = requests.Session()
    session.headers["Authorization"] = released.basic
    service = ODataService(f"{released.url}/odata/", session=session, reflect_entities=True)
    scores = service.entities["Scores"]
    means = [cell for cell in released.cells if cell["family"] == "mean"]
    found = list(service.query(scores))
    assert len(found) == len(means)
    by_place = {(cell["unit"], cell["measure"]): cell for cell in means}
    for one in found:
        cell = by_place[one.Unit, one.Measure]
        assert (one.Status, one.Reason, one.Mean, one.NFrom) == (
            cell["status"], cell["reason"], cell["mean"], cell["n_from"]
        )  # fmt: skip
    # This client knows no doubles, and compares them as texts.
    query = service.query(scores).filter(scores.Status == "published").filter(scores.NFrom > 12)
    wanted = {(cell["unit"], cell["measure"]) for cell in means if (cell["n_from"] or 0) > 12}
    assert {(one.Unit, one.Measure) for one in query} == wanted
    one = service.query(scores).get(found[0].Id)
    assert (one.Id, one.Mean) == (found[0].Id, found[0].Mean)
