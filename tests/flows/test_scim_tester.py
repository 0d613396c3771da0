"""`scim2 test`, the compliance suite of another project, against a service as somebody runs it, with a key."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.fixtures.running import Running, data_folder, running

CLI = Path(sys.executable).parent / "scim2"
LABEL = {"fr": "x", "en": "x"}
DIMENSIONS = [{"name": "site", "values": [{"id": "lyon", "label": LABEL}, {"id": "nancy", "label": LABEL}]}]
CHECKS = {
    "service_provider_config_endpoint",
    "query_all_schemas",
    "query_all_resource_types",
    "object_creation",
    "object_query",
    "object_query_with_attributes",
    "object_list_with_attributes",
    "search_with_attributes",
    "object_replacement",
    "object_deletion",
    "check_add_attribute",
    "check_remove_attribute",
    "check_replace_attribute",
    "random_url",
}


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as patched, data_folder() as folder:
        patched.setenv("POULS_LIMITS_REQUESTS_A_MINUTE", "100000")  # the checks are more than a key may call
        with running(folder) as service:
            yield service


def call(service: Running, method: str, path: str, body: Any) -> None:
    headers = {"Authorization": f"Bearer {service.line['keys']['people:write']}"}
    answer = httpx2.request(method, service.url + path, json=body, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text


def checked(service: Running, key: str | None) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "NO_COLOR": "1"}
    if key is not None:
        environment["SCIM_CLI_HEADERS"] = f"Authorization: Bearer {key}"
    command = [str(CLI), "--url", f"{service.url}/scim/v2", "test", "--verbose"]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, env=environment)


def test_every_check_passes(service: Running) -> None:
    call(service, "PUT", "/v1/dimensions", DIMENSIONS)
    done = checked(service, service.line["keys"]["people:write"])
    lines = [line.split() for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    verdicts = [(line[0], line[1]) for line in lines if line[0].isupper() and len(line) == 2]
    assert [one for one in verdicts if one[0] != "SUCCESS"] == [], done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert {title for _, title in verdicts} >= CHECKS
    assert len(verdicts) > 60


@pytest.mark.parametrize("kind", ["none", "other"])
def test_without_the_right_key_nothing_is_told(service: Running, kind: str) -> None:
    key = None if kind == "none" else service.line["keys"]["aggregates:read"]
    done = checked(service, key)
    assert done.returncode != 0
    assert "SUCCESS" not in done.stdout
