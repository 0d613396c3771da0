"""An Apache Superset of its own on loopback, and the calls of its REST API that an analyst's clicks make."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

START_LIMIT_S = 300.0
ASKED_EVERY_S = 0.5
WAIT_S = 120.0
USER, PASSWORD = "analyst", "of a test"  # - of nobody
_CONFIGURATION = """
SECRET_KEY = {secret!r}
SQLALCHEMY_DATABASE_URI = {metadata!r}
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
"""


class Superset:
    """A session of its administrator's."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        login = {"username": USER, "password": PASSWORD, "provider": "db", "refresh": False}
        token = self.call("POST", "/api/v1/security/login", json=login)["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **request: Any) -> Any:
        answer = self._session.request(method, f"{self.url}{path}", timeout=WAIT_S, **request)
        assert answer.ok, (answer.status_code, answer.text[:2000])
        return answer.json()

    def connect(self, name: str, uri: str) -> int:
        """A database by its URI: its id. Superset tries it first."""
        body = {"database_name": name, "sqlalchemy_uri": uri, "expose_in_sqllab": True}
        made: int = self.call("POST", "/api/v1/database/", json=body)["id"]
        return made

    def tables(self, database: int, schema: str) -> set[str]:
        """Tables and views that it offers of a schema."""
        asked = quote(f"(force:!t,schema_name:{schema})")
        found = self.call("GET", f"/api/v1/database/{database}/tables/?q={asked}")["result"]
        return {one["value"] for one in found}

    def dataset(self, database: int, schema: str, table: str) -> int:
        body = {"database": database, "schema": schema, "table_name": table}
        made: int = self.call("POST", "/api/v1/dataset/", json=body)["id"]
        return made

    def columns(self, dataset: int) -> dict[str, dict[str, Any]]:
        found = self.call("GET", f"/api/v1/dataset/{dataset}")["result"]["columns"]
        return {one["column_name"]: one for one in found}

    def chart(self, dataset: int, **query: Any) -> list[dict[str, Any]]:
        """The rows that a chart of this dataset would draw."""
        body = {
            "datasource": {"id": dataset, "type": "table"},
            "queries": [{"row_limit": 10000, "filters": [], **query}],
            "result_format": "json",
            "result_type": "full",
            "force": True,
        }
        (result,) = self.call("POST", "/api/v1/chart/data", json=body)["result"]
        assert result["status"] == "success", result
        rows: list[dict[str, Any]] = result["data"]
        return rows

    def sql(self, database: int, statement: str) -> list[dict[str, Any]]:
        """The rows of a statement in SQL Lab."""
        body: dict[str, Any] = {
            "database_id": database,
            "schema": "bi",
            "sql": statement,
            "runAsync": False,
            "queryLimit": 10000,
        }
        told = self.call("POST", "/api/v1/sqllab/execute/", json=body)
        assert told["status"] == "success", told
        rows: list[dict[str, Any]] = told["data"]
        return rows

    def refused(self, database: int, statement: str) -> str:
        """What SQL Lab says to a statement that fails."""
        body: dict[str, Any] = {"database_id": database, "schema": "bi", "sql": statement, "runAsync": False}
        answer = self._session.post(f"{self.url}/api/v1/sqllab/execute/", json=body, timeout=WAIT_S)
        assert not answer.ok, answer.text[:2000]
        return json.dumps(answer.json())


def where(column: str, operator: str, value: str | Sequence[str]) -> dict[str, Any]:
    return {"col": column, "op": operator, "val": value}


@contextmanager
def superset(python: Path, folder: Path, port: int) -> Iterator[Superset]:
    """Started from nothing on a folder, with SQLite for what it remembers; ended with the block."""
    configuration = folder / "superset_config.py"
    metadata = f"sqlite:///{folder / 'superset.db'}"
    configuration.write_text(_CONFIGURATION.format(secret=os.urandom(32).hex(), metadata=metadata), encoding="utf-8")
    environment = os.environ | {
        "SUPERSET_CONFIG_PATH": str(configuration), "SUPERSET_HOME": str(folder), "FLASK_APP": "superset",
    }  # fmt: skip
    command = python.parent / "superset"
    name = ("--username", USER, "--password", PASSWORD, "--firstname", "An", "--lastname", "Analyst")
    for arguments in (
        ("db", "upgrade"), ("fab", "create-admin", *name, "--email", "analyst@example.org"), ("init",),
    ):  # fmt: skip
        _ran(environment, command, *arguments)
    log_file = folder / "superset.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [command, "run", "-h", "127.0.0.1", "-p", str(port)], env=environment, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, log_file)
        yield Superset(url)
    finally:
        process.terminate()
        process.wait(WAIT_S)


def _ran(environment: Mapping[str, str], *command: str | Path) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while True:
        assert process.poll() is None and time.monotonic() < limit, log.read_text(encoding="utf-8")[-4000:]  # noqa: PT018
        try:
            if requests.get(f"{url}/health", timeout=WAIT_S).ok:
                return
        except requests.ConnectionError:
            time.sleep(ASKED_EVERY_S)
