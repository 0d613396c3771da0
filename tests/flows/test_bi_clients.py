"""What analysts work with, against the running service: pandas, polars, DuckDB.

Each reads results by their addresses, with the key as it would be given there, and finds the API's own figures.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
import requests

from tests.fixtures.released import Released, released_service

COMPARED = ["unit", "unit_name", "measure", "family", "status", "reason", "n_from", "n_to", "mean", "favourable", "se"]


@pytest.fixture(scope="module")
def released() -> Iterator[Released]:
    with released_service() as one:
        yield one


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
