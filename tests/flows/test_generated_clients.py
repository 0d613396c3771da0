"""Clients generated from `openapi/openapi.json` build and work against the running service, in Python and TypeScript.

What generates them is not the service's to depend on: it is installed, locked, into a folder that git ignores.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.programs import SOURCES, node_modules, tools
from tests.fixtures.running import Running, data_folder, running
from tests.make.node_packages import ROOT, needs_npm, ran

DOCUMENT = ROOT / "openapi" / "openapi.json"
FILES = {"application/vnd.apache.arrow.file", "application/vnd.apache.parquet", "image/svg+xml", "application/pdf"}
SEEN = {
    "units": 2,
    "people": 12,
    "unchanged": 12,
    "refused": [422, "/0/unit"],
    "listed": ["A", "TOP"],
    "state": "draft",
    "invited": 12,
    "key": "pouls_",
    "named": True,
}


@pytest.fixture
def service() -> Iterator[Running]:
    with data_folder() as folder, running(folder) as started:
        yield started


@pytest.mark.slow
def test_a_python_client(service: Running, tmp_path: Path) -> None:
    folder, is_there = tools("python-client", "requirements.lock")
    python = folder / "bin" / "python"
    if not is_there:
        ran(sys.executable, "-m", "venv", "--clear", folder, cwd=tmp_path)
        lock = SOURCES / "requirements.lock"
        ran(python, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", lock, cwd=tmp_path)
        (folder / "done").touch()
    told = ran(
        folder / "bin" / "openapi-python-client", "generate", "--path", DOCUMENT, "--config", SOURCES / "config.yaml",
        "--output-path", tmp_path / "client", cwd=tmp_path,
    ).stderr  # fmt: skip
    # Lines of JSON are left out beside the JSON that says the same, and files for other programs; nothing else is.
    left_out = re.findall(r"Unsupported content.type:? ([\w/.+-]+)", told)
    assert told.count("WARNING") == len(left_out)
    assert set(left_out) == {"application/x-ndjson", *FILES}
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "client")}
    done = ran(
        python, SOURCES / "journey.py", service.url,
        cwd=tmp_path, input=json.dumps(service.line["keys"]), env=environment,
    )  # fmt: skip
    assert json.loads(done.stdout) == SEEN


@pytest.mark.slow
@needs_npm
def test_a_typescript_client(service: Running, tmp_path: Path) -> None:
    modules = node_modules()
    (tmp_path / "node_modules").symlink_to(modules)
    shutil.copy(SOURCES / "journey.ts", tmp_path)
    tool = modules / ".bin"
    # A field with a default may be left out of what is sent.
    ran(tool / "openapi-typescript", DOCUMENT, "-o", "api.d.ts", "--default-non-nullable=false", cwd=tmp_path)
    ran(
        tool / "tsc", "--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "commonjs",
        "--moduleResolution", "node10", "--types", "node", "journey.ts", cwd=tmp_path,
    )  # fmt: skip
    done = ran("node", "journey.js", service.url, cwd=tmp_path, input=json.dumps(service.line["keys"]))
    assert json.loads(done.stdout) == SEEN
