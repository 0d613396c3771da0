"""Alive, ready, and measured, without a name of anybody in it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client import REGISTRY, generate_latest
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

from service.cli import local
from service.main import create_app
from service.settings import Settings
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import problem
from tests.make.world import a_launched_wave, cells_of, ok


@pytest.fixture
def without_database(tmp_path: Path) -> Iterator[TestClient]:
    """The application while its database is away."""
    url = "postgresql://pouls_app:secret-4711@127.0.0.1:9/pouls"  # the discard port: nobody listens
    settings = Settings.model_validate({"keys": {"dir": tmp_path}, "database": {"url": url}})
    local.prepare_keys(settings)
    with TestClient(create_app(settings), base_url="http://pouls.test") as client:
        yield client


def heartbeat(house: House, seen_at: datetime | None) -> None:
    house.sql(None, "DELETE FROM worker_heartbeat", role="pouls_work")
    if seen_at is not None:
        house.sql(None, "INSERT INTO worker_heartbeat VALUES ('test', :seen)", role="pouls_work", seen=seen_at)


def test_alive(house: House) -> None:
    answer = house.client.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(("ago", "worker"), [(None, "silent"), (0, "ok"), (29, "ok"), (31, "silent")])
def test_ready_and_what_of_the_worker(house: House, ago: float | None, worker: str) -> None:
    heartbeat(house, None if ago is None else datetime.now(UTC) - timedelta(seconds=ago))
    answer = house.client.get("/readyz")
    expected = {"database": "ok", "migrations": "ok", "worker": worker, "ready": True}
    assert (answer.status_code, answer.json()) == (200, expected)
    heartbeat(house, None)


def test_not_ready_before_the_migrations(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.telemetry.probes.head", lambda: "9999")
    answer = house.client.get("/readyz")
    assert answer.status_code == 503
    assert (answer.json()["migrations"], answer.json()["ready"]) == ("behind", False)


def test_without_its_database_it_is_alive_and_not_ready(without_database: TestClient) -> None:
    assert without_database.get("/livez").status_code == 200
    answer = without_database.get("/readyz")
    assert answer.status_code == 503
    # For a probe, not for a caller: a plain report, and nothing of the address or the password.
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"database": "unreachable", "migrations": "unknown", "worker": "unknown", "ready": False}


def test_without_its_database_it_says_try_again(
    without_database: TestClient, tenant: TenantUnderTest, capfd: pytest.CaptureFixture[str]
) -> None:
    headers = {"Authorization": f"Bearer {tenant.keys['people:write']}"}
    answers = [
        without_database.get("/v1/dimensions", headers=headers),
        without_database.put("/v1/people", headers=headers, json=[]),
        without_database.get(f"/v1/respond/{'A' * 43}"),
    ]
    for answer in answers:
        problem(answer, 503, "busy")
        assert answer.headers["retry-after"] == "1"
        assert "4711" not in answer.text
    assert "4711" not in "".join(capfd.readouterr())


NO_WAY_IN = {
    "password": {"password": "secret-4711"},
    "database": {"database": "secret-4711"},
    "socket": {"query": {"host": "/secret-4711"}},
}


@pytest.mark.parametrize("wrong", NO_WAY_IN)
def test_a_database_that_lets_nobody_in_is_no_fault_of_the_request(
    house: House, tenant: TenantUnderTest, tmp_path: Path, wrong: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A password may be changed, a database moved, under a process that runs."""
    url = make_url(house.postgres.url("pouls_app")).set(**NO_WAY_IN[wrong]).render_as_string(hide_password=False)
    settings = Settings.model_validate({"keys": {"dir": tmp_path}, "database": {"url": url}})
    local.prepare_keys(settings)
    headers = {"Authorization": f"Bearer {tenant.keys['people:write']}"}
    with TestClient(create_app(settings), base_url="http://pouls.test") as client:
        answers = [client.get("/v1/dimensions", headers=headers), client.get(f"/v1/respond/{'A' * 43}")]
        assert client.get("/readyz").status_code == 503
    for answer in answers:
        problem(answer, 503, "busy")
        assert "4711" not in answer.text
    assert "4711" not in "".join(capfd.readouterr())


def test_metrics_count_and_name_nobody(tenant: TenantUnderTest) -> None:
    before = _samples()
    wave = a_launched_wave(tenant, {"Personnel": 12, "Verkauf": 3})
    for person in list(wave.codes)[:12]:
        ok(wave.submit(person, {"load": 3, "place": "home"}), 201)
    problem(wave.submit("Personnel-0", {"load": 6}), 422, "invalid")
    release = wave.release()["id"]
    cells_of(tenant, release, unit="Personnel")
    tenant.call(None, "GET", "/v1/releases/canari")
    tenant.call(None, "GET", "/canari/7731")
    after = _samples()

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown('pouls_requests_total{method="PUT",route="/v1/people",status="200"}') == 1
    assert grown('pouls_requests_total{method="POST",route="/v1/campaigns/{campaign_id}/launch",status="200"}') == 1
    assert grown("pouls_intake_recorded_total") == 12
    assert grown('pouls_release_cells_total{status="withheld"}') > 0
    assert grown('pouls_release_seconds_count{stage="protect"}') == 1
    assert after["pouls_intake_waiting"] == 0
    written = generate_latest(REGISTRY).decode()
    names = [
        "canari",
        "Personnel",
        "Verkauf",
        tenant.tenant_id,
        wave.wave,
        wave.campaign,
        release,
        wave.address,
        "home",
    ]
    for name in [*names, *wave.codes, *wave.codes.values(), *tenant.keys.values()]:
        assert str(name) not in written


def test_the_hot_route_has_a_name_of_its_own_in_the_metrics(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    before = _samples()
    ok(wave.submit("A-0", {"load": 3}), 201)
    name = 'pouls_requests_total{method="POST",route="/v1/respond",status="201"}'
    assert _samples().get(name, 0) - before.get(name, 0) == 1


def test_jobs_are_counted(tenant: TenantUnderTest) -> None:
    before = _samples()
    a_launched_wave(tenant).release()
    name = 'pouls_jobs_total{kind="release_wave",outcome="done"}'
    assert _samples().get(name, 0) - before.get(name, 0) == 1


def test_metrics_are_on_a_listener_of_their_own(house: House) -> None:
    problem(house.client.get("/metrics"), 404, "not-found")
    settings = Settings.model_validate({"http": {"metrics_port": 0}})
    with local.metrics_listener(settings) as url:
        assert url is not None
        with urlopen(url) as answer:  # noqa: S310 - the address is ours
            assert b"pouls_requests_total" in answer.read()
    with local.metrics_listener(Settings()) as none:
        assert none is None


def test_the_description_is_served_as_it_is_committed(house: House) -> None:
    committed = Path(__file__).resolve().parents[2] / "openapi" / "openapi.json"
    assert house.client.get("/openapi.json").json() == json.loads(committed.read_text())


def _samples() -> dict[str, float]:
    lines = (line for line in generate_latest(REGISTRY).decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
