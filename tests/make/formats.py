"""The cells of a release as each format gives them, brought to the form of the API's JSON cells."""

import csv
import io
import json
from typing import Any

import httpx2
import pyarrow as pa
import pyarrow.parquet

from tests.fixtures.house import TenantUnderTest
from tests.make.world import ok

READ = "aggregates:read"
_SIGNS = {"<=": "at_most", ">=": "at_least"}
_WHOLE = {"level", "n_from", "n_to"}
_TEXTS = {
    "unit", "source", "unit_name", "breakdown", "measure", "kind", "family", "status", "reason", "favourable_bound",
    "neutral_bound", "unfavourable_bound", "mean_bound", "basis", "enps_bound",
}  # fmt: skip


def file(tenant: TenantUnderTest, release: str, suffix: str, **request: Any) -> httpx2.Response:
    """The answer for a file of a release."""
    return tenant.call(READ, "GET", f"/v1/releases/{release}/cells.{suffix}", **request)


def from_csv(text: str, separator: str = ",", decimal: str = ".") -> list[dict[str, Any]]:
    """Rows of a CSV file without escapes, each as a JSON cell."""
    return [
        {name: _read(name, value, decimal) for name, value in row.items()}
        for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    ]


def _read(name: str, value: str, decimal: str) -> Any:
    if name == "dimensions":
        return dict(pair.split("=") for pair in value.split("; ") if pair)
    if value == "":
        return None
    if name == "distribution":
        return [_share(pair, decimal) for pair in value.split("; ")]
    if name in _TEXTS:
        return value
    return int(value) if name in _WHOLE else float(value.replace(decimal, "."))


def _share(pair: str, decimal: str) -> dict[str, Any]:
    option, _, shown = pair.partition("=")
    bound = _SIGNS.get(shown[:2])
    return {"option": option, "value": float((shown[2:] if bound else shown).replace(decimal, ".")), "bound": bound}


def from_table(table: pa.Table) -> list[dict[str, Any]]:
    """Rows of a Parquet or Arrow file, each as a JSON cell."""
    return [row | {"dimensions": dict(row["dimensions"])} for row in table.to_pylist()]


def in_all_formats(tenant: TenantUnderTest, release: str) -> dict[str, list[dict[str, Any]]]:
    """What each kind of file says, cell by cell."""
    found = {"json": json.loads(file(tenant, release, "json").content)}
    found["csv"] = from_csv(file(tenant, release, "csv").content.decode())
    french = file(tenant, release, "csv", params={"excel": "fr"}).content.decode("utf-8-sig")
    found["csv for French Excel"] = from_csv(french, ";", ",")
    found["parquet"] = from_table(pa.parquet.read_table(io.BytesIO(file(tenant, release, "parquet").content)))
    found["arrow"] = from_table(pa.ipc.open_file(file(tenant, release, "arrow").content).read_all())
    return found


def withdraw(tenant: TenantUnderTest, release: str, reason: str = "A unit had another name.", **more: Any) -> Any:
    """The release, withdrawn."""
    body = {"reason": reason} | more
    return ok(tenant.call("campaigns:write", "POST", f"/v1/releases/{release}/withdraw", json=body))
