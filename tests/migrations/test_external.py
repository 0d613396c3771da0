"""A PostgreSQL that somebody else runs: with a superuser, with a login that may make roles, with one that may not."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

from service.cli import local
from service.kit.db import Database
from service.kit.ids import new_id
from service.kit.migrate import head, migrate
from service.kit.postgres import ROLES, Embedded, External, Postgres
from service.kit.roles import RolesMissing, ensure_roles
from service.main import create_app
from service.settings import Settings
from service.worker import create_sweeper
from tests.fixtures.house import Clock, House
from tests.make.world import a_launched_wave, cells_of

ROOT = Path(__file__).resolve().parents[2]
Shell = subprocess.Popen[str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A cluster of its own: roles belong to the whole server."""
    folder = tmp_path_factory.mktemp("external") / "data"
    with Embedded(folder) as running:
        place = running.cluster.resolve()
        yield running
    shutil.rmtree(place, ignore_errors=True)  # as root it lies outside the data folder


def run(server: Embedded, *statements: str, database: str = "postgres") -> list[Any]:
    """Statements as the superuser; the rows of the last."""

    async def go() -> list[Any]:
        url = make_url(server.maintenance_url()).set(database=database).render_as_string(hide_password=False)
        opened = await asyncpg.connect(url, timeout=10)
        try:
            rows: list[Any] = []
            for statement in statements:
                rows = [tuple(row) for row in await opened.fetch(statement)]
            return rows
        finally:
            await opened.close()

    return asyncio.run(go())


@pytest.fixture
def database(server: Embedded) -> Iterator[str]:
    """An empty database; afterwards it is gone, and our roles with it."""
    name = f"db_{new_id().hex}"
    run(server, f"CREATE DATABASE {name}")
    yield name
    run(server, f"DROP DATABASE {name} WITH (FORCE)")
    run(server, *(f"DROP ROLE IF EXISTS {role}" for role in ROLES))


def url_of(server: Embedded, database: str, login: str = "postgres", password: str | None = None) -> str:
    url = make_url(server.maintenance_url()).set(database=database)
    if password is not None:
        url = url.set(username=login, password=password)
    return url.render_as_string(hide_password=False)


@pytest.fixture
def login(server: Embedded) -> Iterator[str]:
    """A login with no right but to connect."""
    name = f"login_{new_id().hex}"
    run(server, f"CREATE ROLE {name} LOGIN PASSWORD 'pw'")
    yield name
    run(server, f"REASSIGN OWNED BY {name} TO postgres", f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_one_superuser_url_is_enough(server: Embedded, database: str, tmp_path: Path) -> None:
    """Roles, schema, a campaign, answers, a release: end to end."""
    external = External(url_of(server, database))
    whole_story(external, tmp_path)
    assert run(
        server, "SELECT rolname, rolsuper, rolcanlogin FROM pg_roles WHERE rolname LIKE 'pouls%' ORDER BY 1"
    ) == [(role, False, False) for role in sorted(ROLES)]


def whole_story(postgres: Postgres, folder: Path) -> None:
    settings = Settings.model_validate({"keys": {"dir": folder / "keys"}})
    local.prepare_keys(settings)
    clock = Clock()
    app = create_app(local.acting_as(settings, postgres, "pouls_app"), clock=clock)
    with TestClient(app, base_url="http://pouls.test") as client:
        assert client.portal is not None
        client.portal.call(local.prepare_database, postgres)
        client.portal.call(local.prepare_database, postgres)
        worker = Database(postgres.url("pouls_work"), "pouls_work", settings.database)
        house = House(client, postgres, settings, clock, worker, create_sweeper(settings, worker, clock))
        wave = a_launched_wave(house.tenant())
        for person in wave.codes:
            assert wave.submit(person, {"load": 4}).status_code == 201
        release = wave.release()
        assert release["status"] == "published"
        assert cells_of(wave.tenant, release["id"], measure="load", unit="TOP")[0]["mean"] == 4.0
        ready = client.get("/readyz").json()
        assert (ready["database"], ready["migrations"], ready["ready"]) == ("ok", "ok", True)
        client.portal.call(worker.close)


def test_a_login_that_may_make_roles_is_enough(server: Embedded, database: str, login: str, tmp_path: Path) -> None:
    """No superuser: what a managed PostgreSQL gives."""
    run(server, f"ALTER ROLE {login} CREATEROLE", f"ALTER DATABASE {database} OWNER TO {login}")
    whole_story(External(url_of(server, database, login, "pw")), tmp_path)


def test_a_login_that_may_not_make_roles_is_told_what_to_do(server: Embedded, database: str, login: str) -> None:
    before = run(server, "SELECT rolname FROM pg_roles ORDER BY 1")
    with pytest.raises(RolesMissing) as refused:
        asyncio.run(ensure_roles(External(url_of(server, database, login, "pw"))))
    said = str(refused.value)
    assert all(role in said for role in ROLES)
    assert "pouls db roles" in said
    assert "CREATEROLE" in said
    assert "pw" not in said.split()
    assert run(server, "SELECT rolname FROM pg_roles ORDER BY 1") == before, "nothing is done by half"


def test_after_an_administrator_made_the_roles_a_plain_login_is_enough(
    server: Embedded, database: str, login: str, tmp_path: Path
) -> None:
    """As the message says: an administrator runs `pouls db roles` once and grants the roles."""
    asyncio.run(ensure_roles(External(url_of(server, database))))
    run(server, *(f"GRANT {role} TO {login}" for role in ROLES))
    whole_story(External(url_of(server, database, login, "pw")), tmp_path)


def test_each_process_can_have_a_login_of_its_own(server: Embedded, database: str, login: str) -> None:
    """The API's login is in pouls_app alone: it can not become the worker or the owner, nor shed row security."""
    asyncio.run(ensure_roles(External(url_of(server, database))))
    asyncio.run(migrate(url_of(server, database)))
    run(server, f"GRANT pouls_app TO {login}")

    async def go(statement: str) -> str | None:
        opened = await asyncpg.connect(url_of(server, database, login, "pw"), timeout=10)
        try:
            await opened.execute("SET ROLE pouls_app")
            await opened.execute(statement)
        except asyncpg.PostgresError as error:
            return str(error.sqlstate)
        finally:
            await opened.close()
        return None

    for role in ("pouls_work", "pouls_owner", "postgres"):
        assert asyncio.run(go(f"SET ROLE {role}")) == "42501"
    assert asyncio.run(go("SELECT records FROM pouls.sealed_batch")) == "42501"
    assert asyncio.run(go("SET row_security = off; SELECT 1 FROM pouls.wave")) == "42501"


def test_a_schema_of_somebody_elses_is_not_taken(server: Embedded, database: str) -> None:
    run(server, "CREATE SCHEMA bi", database=database)
    with pytest.raises(RolesMissing, match="the database has another schema bi"):
        asyncio.run(ensure_roles(External(url_of(server, database))))
    assert run(server, "SELECT to_regnamespace('pouls')", database=database) == [(None,)], "nothing is done by half"


def test_two_that_prepare_the_same_database_at_once(server: Embedded, database: str) -> None:
    async def go() -> list[Any]:
        return await asyncio.gather(
            *(local.prepare_database(External(url_of(server, database))) for _ in range(4)), return_exceptions=True
        )

    assert asyncio.run(go()) == [None] * 4


def test_the_command_line_says_it_in_one_line(server: Embedded, database: str, login: str, tmp_path: Path) -> None:
    environment = {**os.environ, "POULS_DATABASE_URL": url_of(server, database, login, "pw"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "service.cli", "db", "migrate"]
    refused = subprocess.run(command, check=False, capture_output=True, cwd=tmp_path, env=environment)
    assert refused.returncode == 1
    assert b"may not create the roles" in refused.stderr
    assert b"Traceback" not in refused.stderr
    run(server, f"ALTER ROLE {login} CREATEROLE", f"ALTER DATABASE {database} OWNER TO {login}")
    done = subprocess.run(command, check=False, capture_output=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert run(server, "SELECT version_num FROM pouls.alembic_version", database=database) == [(head(),)]


# One process for all commands of all tests, each told apart on both outputs: a start costs more than the refusal.
ONE_BY_ONE = textwrap.dedent("""
    import json, os, sys
    from service.cli import main
    for line in sys.stdin:
        environment, *command = json.loads(line)
        os.environ.update(environment)
        sys.argv = ["pouls", *command]
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code
        print(json.dumps([" ".join(command), code]), flush=True)
        print("--", file=sys.stderr, flush=True)
""")
SERVE, WORK, TENANT = ("serve", "--port", "0"), ("work",), ("tenants", "create", "Acme")
USERS = (SERVE, WORK, TENANT)
EVERY = (*USERS, ("work", "--check"), ("db", "migrate"), ("db", "roles"))
SECRET = "secret-4711"  # noqa: S105 - of nobody


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A process that runs the commands it is told, in a folder without settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("POULS_")}
    with subprocess.Popen(
        [sys.executable, "-c", ONE_BY_ONE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path_factory.mktemp("shell"),
        env=environment | {"PYTHONPATH": str(ROOT)},
    ) as process:
        yield process


def refusals(shell: Shell, folder: Path, url: str, *commands: tuple[str, ...]) -> set[str]:
    """What commands said that must each refuse with one line, exit 1 and nothing of the URL."""
    assert shell.stdin is not None
    assert shell.stdout is not None
    assert shell.stderr is not None
    environment = {"POULS_DATABASE_URL": url, "POULS_DATA_DIR": str(folder)}
    said = set()
    for command in commands:
        print(json.dumps([environment, *command]), file=shell.stdin, flush=True)
        lines = ""
        for line in shell.stderr:
            if line == "--\n":
                break
            lines += line
        else:
            raise AssertionError(lines)
        assert json.loads(shell.stdout.readline()) == [" ".join(command), 1], lines
        assert lines.startswith("pouls: "), lines
        assert lines.count("\n") == 1, lines
        assert SECRET not in lines
        said.add(lines.removeprefix("pouls: ").strip())
    return said


@pytest.mark.parametrize(
    "url",
    [
        SECRET,
        f"mysql://login:{SECRET}@localhost/pouls",
        f"postgresql://login:{SECRET}@localhost:port/pouls",
        f"http://{SECRET}/",
    ],
)
def test_a_url_that_is_none_is_refused_in_one_line(shell: Shell, tmp_path: Path, url: str) -> None:
    (said,) = refusals(shell, tmp_path, url, *EVERY)
    assert said.startswith("POULS_DATABASE_URL can not be read")


@pytest.mark.parametrize("place", ["@127.0.0.1:9/pouls", "@/pouls?host=/nowhere"])
def test_a_server_that_is_away_is_told_in_one_line(shell: Shell, tmp_path: Path, place: str) -> None:
    (said,) = refusals(shell, tmp_path, f"postgresql://login:{SECRET}{place}", *EVERY)
    assert said.startswith("the database can not be reached")


def test_tls_options_in_the_url_are_told_in_one_line(shell: Shell, tmp_path: Path) -> None:
    (said,) = refusals(shell, tmp_path, f"postgresql://login:{SECRET}@127.0.0.1:9/pouls?sslrootcert=a.pem", *EVERY)
    assert "PGSSLROOTCERT" in said
    (said,) = refusals(shell, tmp_path, f"postgresql://login:{SECRET}@127.0.0.1:9/pouls?sslmode=require", *EVERY)
    assert said.startswith("the database can not be reached"), "sslmode itself is understood"


def test_a_login_a_database_or_a_role_that_is_wrong_is_told_in_one_line(
    shell: Shell, server: Embedded, database: str, login: str, tmp_path: Path
) -> None:
    (said,) = refusals(shell, tmp_path, url_of(server, database, login, SECRET), *EVERY)
    assert "refuses this login" in said
    (said,) = refusals(shell, tmp_path, url_of(server, SECRET), *EVERY)
    assert "no database of that name" in said
    asyncio.run(ensure_roles(External(url_of(server, database))))
    (said,) = refusals(shell, tmp_path, url_of(server, database, login, "pw"), *USERS)
    assert "may not act under the role" in said


def test_a_schema_that_is_missing_or_another_is_told_in_one_line(
    shell: Shell, server: Embedded, database: str, tmp_path: Path
) -> None:
    url = url_of(server, database)
    (said,) = refusals(shell, tmp_path, url, *USERS)
    assert said.endswith("run `pouls db migrate`")
    asyncio.run(ensure_roles(External(url)))
    (said,) = refusals(shell, tmp_path, url, *USERS)
    assert said.endswith("run `pouls db migrate`")
    asyncio.run(migrate(url))
    run(server, "UPDATE pouls.alembic_version SET version_num = 'another'", database=database)
    (said,) = refusals(shell, tmp_path, url, *USERS)
    assert said == f"the schema is at revision another and this Pouls needs {head()}: run `pouls db migrate`"
    run(server, f"UPDATE pouls.alembic_version SET version_num = '{head()}'", database=database)  # noqa: S608 - ours
    assert all(said.startswith("a key file is missing") for said in refusals(shell, tmp_path, url, *USERS))
    assert run(server, "SELECT count(*) FROM pouls.tenant", database=database) == [(0,)]
