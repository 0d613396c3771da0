"""`pouls serve` and `pouls work` as two processes on a foreign PostgreSQL: who does what, who reads which key."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.kit.postgres import Embedded
from tests.faults.needles import nonce_text
from tests.fixtures.sites import DOCUMENT, Site, placed, send
from tests.flows.children import Child, cli, here, needs_proc, python_path, wait_for

pytestmark = needs_proc

# Writes down every file that the process opens, from its first line on.
WATCH = textwrap.dedent("""
    import os, sys
    sink = os.open(os.environ["OPENED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    def hook(event, given):
        if event in {"open", "os.listdir", "os.scandir"} and isinstance(given[0], (str, bytes)):
            os.write(sink, os.fsencode(given[0]) + b"\\n")
    sys.addaudithook(hook)
""")


class Watched(Site):
    """One with two key folders, one for each process; and what the API's process opens is written down."""

    def __init__(self, server: Embedded, folder: Path) -> None:
        super().__init__(server, folder)
        shutil.copytree(folder / "all" / "api", folder / "serve" / "api")
        (folder / "watch").mkdir()
        (folder / "watch" / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
        self.opened = folder / "opened.txt"

    def environment(self, keys: str = "all") -> dict[str, str]:
        return super().environment(keys) | {"POULS_LOG_LEVEL": "debug"}

    def serve(self) -> Any:
        watched = {"PYTHONPATH": str(self.folder / "watch"), "OPENED": str(self.opened)}
        return cli(self.folder, "serve", "--port", "0", "--json", environment=self.environment("serve") | watched)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, prepared: Embedded) -> Iterator[Watched]:
    with placed(Watched, prepared, tmp_path_factory.mktemp("site")) as here:
        yield here


def answer(child: Child, code: str, answers: dict[str, Any]) -> int:
    body = {"code": code, "nonce": nonce_text(secrets.token_bytes(16)), "answers": answers}
    return send(child, "POST", "/v1/respond", body=body)[0]


def launched(child: Child, worker: Child, keys: dict[str, str], people: int = 15) -> tuple[str, str, list[str]]:
    """Campaign, wave and codes."""
    write = keys["people:write"]
    send(child, "PUT", "/v1/org-units", write, [{"external_id": "TOP", "name": "Everyone"}])
    rows = [{"external_id": f"P{number}", "unit": "TOP"} for number in range(people)]
    assert send(child, "PUT", "/v1/people", write, rows)[0] == 200
    assert send(child, "POST", "/v1/questionnaires", keys["questionnaires:write"], DOCUMENT)[0] == 201
    given = {"name": "x", "questionnaire": "words", "audience": {"units": ["TOP"]}}
    _, campaign = send(child, "POST", "/v1/campaigns", keys["campaigns:write"], given)
    found: list[Any] = []

    def launch() -> bool:
        found[:] = send(child, "POST", f"/v1/campaigns/{campaign['id']}/launch", keys["campaigns:write"])
        return bool(found[0] == 200)

    assert wait_for(launch), (found, worker.process.poll(), worker.said())
    wave = found[1]["id"]
    _, lines = send(child, "GET", f"/v1/waves/{wave}/invitations", keys["invitations:read"])
    return campaign["id"], wave, [json.loads(line)["code"] for line in lines.splitlines()]


def test_serve_has_no_worker_and_needs_no_key_that_opens(site: Watched) -> None:
    """The API process lives without `keys/work`; only what the worker does waits for the worker."""
    canary = f"canari-{secrets.token_hex(8)}"
    _, keys = site.make_tenant()
    with site.serve() as api:
        assert api.ready.keys() == {"url", "metrics"}
        assert send(api, "GET", "/readyz")[1]["ready"] is True
        assert api.family() == {}, "a foreign database brings no worker along"
        with site.work() as worker:
            campaign, wave, codes = launched(api, worker, keys)
            assert len(site.sql("SELECT 1 FROM worker_heartbeat")) == 1
            assert _is_fresh(site)
            assert worker.stop() == 0
        assert site.sql("SELECT 1 FROM worker_heartbeat") == [], "it said goodbye"
        # Without any worker: answers are taken and kept.
        for number, code in enumerate(codes):
            assert answer(api, code, {"load": 1 + number % 5, "word": f"{canary}-{number}"}) == 201
        assert answer(api, codes[0], {"word": canary}) == 409
        assert answer(api, codes[0], {"word": canary * 9}) == 422
        assert answer(api, codes[0], {canary: 1}) == 422
        assert answer(api, codes[0][:-2] + "AA", {"word": canary}) == 403
        assert send(api, "POST", "/v1/respond", body=f'{{"code":"{codes[0]}","answers":"{canary}"'.encode())[0] == 400
        assert send(api, "GET", f"/v1/respond/{codes[0]}?language={canary[:35]}")[0] == 404
        assert send(api, "GET", f"/v1/respond/{codes[0]}?word={canary}")[0] == 422
        assert send(api, "GET", f"/{canary}?code={codes[0]}")[0] == 404
        assert send(api, "POST", f"/v1/campaigns/{campaign}/close", keys["campaigns:write"])[0] == 200
        asked = f"/v1/releases?wave={wave}"
        assert send(api, "GET", asked, keys["aggregates:read"])[1]["data"] == []
        with site.work() as worker:
            found: list[Any] = []

            def released() -> bool:
                found[:] = send(api, "GET", asked, keys["aggregates:read"])[1]["data"]
                return bool(found)

            assert wait_for(released)
            assert found[0]["status"] == "published"
            assert worker.stop(signal.SIGINT) == 0
            worked = worker.said()
        assert api.stop() == 0
        told = api.said()
    # What the two processes said, at the level of debugging.
    assert '"route":"/v1/respond/{wave}"' in told
    for said in (told, worked):
        assert canary not in said
        assert not [code for code in codes if code in said or code[:44] in said]
        assert "Traceback" not in said
    opened = site.opened.read_text(encoding="utf-8").splitlines()
    keys_read = {Path(line).name for line in opened if line.endswith((".key", ".half"))}
    signers = {file.name for file in (site.folder / "serve" / "api").glob("oauth-*.key")}
    assert len(signers) == 1
    assert keys_read == {"intake.key"} | signers
    elsewhere = (str(site.folder / "serve" / "work"), str(site.folder / "all"))
    assert not [line for line in opened if line.startswith(elsewhere)]
    assert not (site.folder / "serve" / "work").exists()


def _is_fresh(site: Watched) -> bool:
    """By the exit code of `pouls work --check`, as a process."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("POULS_")}
    environment = given | site.environment("all") | {"PYTHONPATH": python_path()}
    command = [sys.executable, "-m", "service.cli", "work", "--check"]
    return subprocess.run(command, check=False, capture_output=True, cwd=site.folder, env=environment).returncode == 0


def test_check_tells_that_no_worker_is_alive(
    site: Watched, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That one is, the test above has asked."""
    site.sql("DELETE FROM worker_heartbeat")
    site.sql("INSERT INTO worker_heartbeat VALUES ('x', now() - interval '31 seconds')")
    assert here(monkeypatch, capsys, "work", "--check", environment=site.environment("all")).returncode == 1
    site.sql("DELETE FROM worker_heartbeat")


def test_check_fails_where_the_database_is_away(
    site: Watched, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = site.environment("all") | {"POULS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    done = here(monkeypatch, capsys, "work", "--check", environment=environment)
    assert done.returncode == 1
    assert "the database can not be reached" in done.stderr


def test_the_worker_needs_its_keys_and_says_so(site: Watched) -> None:
    with cli(site.folder, "work", ready=False, environment=site.environment("serve")) as worker:
        assert worker.process.wait(20) == 1
        assert "a key file is missing" in worker.said()
        assert "Traceback" not in worker.said()
