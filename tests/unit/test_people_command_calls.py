"""How `pouls people import` speaks with a service: mappings, waiting, the status with which it ends, wrong files."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import httpx2
import pytest
from typer.testing import CliRunner, Result

from service.cli import people
from service.people.imports import asking
from tests.unit.test_people_command import BODY

FINE_BODY = BODY | {"state": "applied", "risks": [], "refusals": [], "counts": BODY["counts"] | {"refused": 0}}
REPORT = "/v1/people/imports/5"
Answers = Callable[[httpx2.Request], httpx2.Response]


class Service:
    """Answers as it is told, in turn; of a PUT, always well."""

    def __init__(self, *answers: httpx2.Response) -> None:
        self.calls: list[httpx2.Request] = []
        self.bodies: list[bytes] = []
        self._answers = list(answers)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append(request.read())
        self.calls.append(request)
        return httpx2.Response(200, json={}) if request.method == "PUT" else self._answers.pop(0)

    def methods(self) -> list[str]:
        return [call.method for call in self.calls]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    file = tmp_path / "people.csv"
    file.write_text("id;unit\n1;A\n", encoding="utf-8")

    def ran(service: Answers, *options: str, file: Path = file) -> Result:
        client = httpx2.Client(base_url="http://pouls", transport=httpx2.MockTransport(service))
        monkeypatch.setattr(people, "_service", lambda *_: client)
        given = ["import", str(file), "--url", "http://pouls", "--key", "k", "--mode", "full", *options]
        return CliRunner().invoke(people.people, given)

    return ran


def refused(status: int, title: str, **headers: str) -> httpx2.Response:
    return httpx2.Response(
        status, json={"title": title}, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )


def test_a_mapping_is_kept_once_a_file_was_taken_by_it(run: Callable[..., Result], tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.json"
    said: dict[str, Any] = {"columns": {"unit": "Où"}}
    mapping.write_text(json.dumps(said), encoding="utf-8")
    service = Service(httpx2.Response(201, json=FINE_BODY))
    assert run(service, "--mapping", str(mapping)).exit_code == 0
    assert service.methods() == ["POST", "PUT"]
    assert json.loads(service.calls[0].url.params["mapping"]) == said
    assert json.loads(service.bodies[1]) == said
    assert service.calls[1].url.path == "/v1/people/import-mappings/hris"
    for answers in ([refused(422, "no")], [refused(409, "no", location=REPORT), httpx2.Response(200, json=BODY)]):
        service = Service(*answers)
        assert run(service, "--mapping", str(mapping)).exit_code in {1, 2}
        assert "PUT" not in service.methods(), "of an import that was refused, nothing is kept"
    service = Service(httpx2.Response(201, json=FINE_BODY))
    run(service, "--mapping", str(mapping), "--dry-run")
    assert service.methods() == ["POST"]
    mapping.write_text(json.dumps({"ignore": ["x" * 100] * 50}), encoding="utf-8")
    assert "has more than 4,000 characters" in " ".join(run(Service(), "--mapping", str(mapping)).output.split())


def test_a_mapping_that_can_not_be_kept_is_told_beside_what_was_done(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    mapping = tmp_path / "mapping.json"
    mapping.write_text("{}", encoding="utf-8")

    def service(request: httpx2.Request) -> httpx2.Response:
        return refused(503, "busy") if request.method == "PUT" else httpx2.Response(201, json=FINE_BODY)

    ran = run(service, "--mapping", str(mapping))
    assert ran.exit_code == 1
    assert "; done" in ran.output
    assert "the import is done, but its mapping is not kept: 503 busy" in ran.output


@pytest.mark.parametrize(("options", "status"), [(["--dry-run"], 1), (["--dry-run", "--accept-risk"], 0)])
def test_a_dry_run_ends_as_the_import_would(run: Callable[..., Result], options: list[str], status: int) -> None:
    body = FINE_BODY | {"state": "previewed", "risks": ["all would leave"]}
    ran = run(Service(httpx2.Response(201, json=body)), *options)
    assert ran.exit_code == status
    assert ("the import would be refused: all would leave; if it is meant" in ran.output) == bool(status)


def test_of_an_import_too_risky_the_units_and_the_options_are_told(run: Callable[..., Result]) -> None:
    kept = BODY | {"state": "refused", "people": None, "risks": ["all would leave"]}
    ran = run(Service(refused(409, "no", location=REPORT), httpx2.Response(200, json=kept)))
    assert ran.exit_code == 1
    assert "1,200" in ran.output
    assert "all would leave; see whom with --dry-run; if it is meant, send it with --accept-risk" in ran.output


def test_a_service_that_is_busy_is_asked_again_for_two_minutes(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    service = Service(refused(409, "busy", retry_after="10"), httpx2.Response(201, json=FINE_BODY))
    assert run(service).exit_code == 0
    assert slept == [10]
    assert service.bodies[0] == service.bodies[1] == b"id;unit\n1;A\n"
    slept.clear()
    ran = run(Service(*[refused(503, "busy", retry_after="50")] * 9))
    assert slept == [50, 50, 20]
    assert ran.exit_code == 2
    assert "503 busy; nothing was done, send it again" in ran.output


def test_an_address_with_the_version_is_told(run: Callable[..., Result]) -> None:
    ran = run(Service(refused(404, "Not found")))
    assert "404 Not found; is --url the service's address, without /v1?" in ran.output


@pytest.mark.parametrize(
    ("name", "begin", "said"),
    [
        ("people.xls", b"\xd0\xcf\x11\xe0", "save it as .xlsx or CSV"),
        ("people.csv", b"\xd0\xcf\x11\xe0", "save it as .xlsx or CSV"),
        ("people.ods", b"PK\x03\x04", "save it as .xlsx or CSV"),
        ("people.csv", b"PK\x03\x04", "people.csv is a workbook: rename it to people.xlsx"),
    ],
)
def test_files_that_are_something_else(
    run: Callable[..., Result], tmp_path: Path, name: str, begin: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(begin + b"...")
    ran = run(Service(), file=file)
    assert ran.exit_code == 2
    assert said in " ".join(ran.output.split())


def test_the_command_knows_the_services_words() -> None:
    assert get_args(people.Encoding) == get_args(asking.Encoding)
    assert get_args(people.Separator) == get_args(asking.Separator)
    assert people.LONGEST_MAPPING == asking.MAPPING_LENGTH
