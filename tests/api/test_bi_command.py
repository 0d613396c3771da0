"""`pouls bi`: logins made, shown once, listed and ended; by whoever may make logins, and told to whoever may not."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.kit.ids import new_id
from service.kit.postgres import ROLES
from service.tenants import bi_logins
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.flows.children import here
from tests.make.bi import read, session, url_of
from tests.make.world import a_launched_wave, ok

REPEATABLE = "BEGIN ISOLATION LEVEL REPEATABLE READ"


class Operator:
    """Somebody at the command line, with a login of the database."""

    def __init__(self, house: House, url: str, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.house, self._patch, self._capsys = house, patch, capsys
        self._environment = {"POULS_DATABASE_URL": url, "POULS_KEYS_DIR": str(house.settings.keys_dir)}

    def run(self, *arguments: object) -> Any:
        return here(self._patch, self._capsys, *arguments, environment=self._environment)

    def done(self, *arguments: object) -> str:
        """What a command says that does what it is asked."""
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        said: str = done.stdout
        return said

    def refused(self, *arguments: object) -> str:
        """The one line of a command that does not."""
        done = self.run(*arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("pouls: ")
        assert done.stderr.count("\n") == 1
        self.printed = done.stdout
        return str(done.stderr).removeprefix("pouls: ").strip()

    def grant(self, tenant: UUID, *more: object) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.done("bi", "grant", "--tenant", tenant, "--json", *more))
        return found


@pytest.fixture
def operator(house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(house, house.postgres.admin_url(), monkeypatch, capsys)


@pytest.fixture
def plain(house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    """Whose login may act under the service's roles, and make none."""
    name = f"plain_{new_id().hex}"
    write(house, f"CREATE ROLE {name} LOGIN PASSWORD 'pw'")
    for role in ROLES:
        write(house, f"GRANT {role} TO {name}")
    yield Operator(house, url_of(house, name, "pw"), monkeypatch, capsys)
    write(house, f"DROP ROLE {name}")


@pytest.fixture
def maker(house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    """Whose login may make others and is no superuser, as where somebody else runs the database."""
    name = f"maker_{new_id().hex}"
    write(house, f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'pw'")
    for role in ROLES:
        write(house, f"GRANT {role} TO {name} WITH ADMIN OPTION")
    yield Operator(house, url_of(house, name, "pw"), monkeypatch, capsys)
    write(house, f"DROP OWNED BY {name}")
    write(house, f"DROP ROLE {name}")


@pytest.fixture(scope="module")
def released(house: House) -> TenantUnderTest:
    tenant = house.tenant("Read")
    wave = a_launched_wave(tenant)
    for person in list(wave.codes):
        ok(wave.submit(person, {"load": 4}), 201)
    assert wave.release()["status"] == "published"
    return tenant


def acts(tenant: TenantUnderTest) -> list[tuple[str, str, str]]:
    found = ok(tenant.call("admin", "GET", "/v1/audit-log"))["data"]
    return [(one["actor"], one["action"], one["subject"]) for one in found if one["action"].startswith("bi_login")]


def rows_of(url: str) -> int:
    return int(read(url, "SELECT count(*) AS rows FROM scores")[0]["rows"])


# The last where the driver has read that its session ended, and not yet that the connection did.
ENDED = (
    asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError, asyncpg.exceptions.InternalClientError,
)  # fmt: skip


@pytest.mark.parametrize("who", ["operator", "maker"])
def test_a_login_from_grant_to_revocation(who: str, released: TenantUnderTest, request: pytest.FixtureRequest) -> None:
    by: Operator = request.getfixturevalue(who)
    tenant, suffix = released.tenant_id, who
    before = acts(released)
    made = by.grant(tenant, "--login", suffix)
    login = bi_logins.name_of(tenant, suffix)
    told = {"tenant": str(tenant), "login": login, "recipient": None}
    assert made == told | {"password": made["password"], "url": made["url"]}
    assert len(made["password"]) == 32
    assert rows_of(made["url"]) > 0
    assert rows_of(url_of(by.house, login, made["password"])) > 0
    assert login in by.done("bi", "list").split()
    listed = json.loads(by.done("bi", "list", "--tenant", tenant, "--json"))
    assert listed[login].keys() == {"since"}
    assert by.refused("bi", "grant", "--tenant", tenant, "--login", suffix).startswith(f"there is a login {login}")

    async def go() -> None:
        """One session reads the moment before, and leaves what would keep a login from being dropped."""
        async with session(made["url"]) as opened:
            await opened.execute("SET default_transaction_read_only = off")
            await opened.execute("SELECT lo_create(0)")
            await opened.execute(f"{REPEATABLE}; SET LOCAL idle_in_transaction_session_timeout = 0")
            assert await opened.fetchval("SELECT count(*) FROM scores")
            said = await asyncio.to_thread(by.done, "bi", "revoke", "--tenant", tenant, "--login", suffix)
            assert said == f"{login} is revoked\n"
            with pytest.raises(ENDED):
                await opened.fetchval("SELECT count(*) FROM scores")

    asyncio.run(go())
    with pytest.raises(asyncpg.InvalidPasswordError):
        rows_of(made["url"])
    assert login not in by.done("bi", "list").split()
    assert set(acts(released)) - set(before) == {
        ("operator", "bi_login.created", login), ("operator", "bi_login.revoked", login),
    }  # fmt: skip
    assert by.refused("bi", "revoke", "--tenant", tenant, "--login", suffix).startswith(f"there is no login {login}")


def test_it_is_shown_for_a_person_to_read(operator: Operator, released: TenantUnderTest) -> None:
    said = operator.done("bi", "grant", "--tenant", released.tenant_id)
    shown = dict(line.split(maxsplit=1) for line in said.splitlines())
    assert list(shown) == ["login", "password", "url"]
    assert shown["login"] == bi_logins.name_of(released.tenant_id)
    assert rows_of(shown["url"]) > 0
    assert shown["password"] not in operator.done("bi", "list", "--tenant", released.tenant_id)
    operator.done("bi", "revoke", "--tenant", released.tenant_id)


def test_a_login_is_one_of_a_recipient(operator: Operator, released: TenantUnderTest) -> None:
    tenant = released.tenant_id
    refused = operator.run("bi", "grant", "--tenant", tenant, "--recipient", "Works council")
    assert refused.returncode == 2
    assert "Works council" not in refused.stderr
    said = operator.done("bi", "grant", "--tenant", tenant, "--recipient", "works_council")
    shown = dict(line.split(maxsplit=1) for line in said.splitlines())
    assert list(shown) == ["login", "recipient", "password", "url"]
    assert read(shown["url"], "SELECT bi.my_recipient() AS me") == [{"me": "works_council"}]
    assert rows_of(shown["url"]) > 0, "what is open to every reader is open to recipients"
    listed = json.loads(operator.done("bi", "list", "--tenant", tenant, "--json"))
    assert listed[shown["login"]]["recipient"] == "works_council"
    (line,) = [one for one in operator.done("bi", "list", "--tenant", tenant).splitlines() if shown["login"] in one]
    assert line.endswith("works_council")
    operator.done("bi", "revoke", "--tenant", tenant)


def test_whoever_may_not_make_logins_is_told_what_an_administrator_may_do(
    plain: Operator, operator: Operator, released: TenantUnderTest
) -> None:
    tenant = released.tenant_id
    login = bi_logins.name_of(tenant, "hand")
    asked = ("bi", "grant", "--tenant", tenant, "--login", "hand")
    said = plain.refused(*asked)
    assert "--external" in said
    assert f"\\password {login}" in said
    statements = plain.printed.splitlines()
    assert statements[0].startswith(f"CREATE ROLE {login} LOGIN ")
    assert not [line for line in statements if "PASSWORD" in line]
    assert login not in operator.done("bi", "list").split(), "nothing is done by half"
    assert plain.refused(*asked, "--external").startswith(f"{login} is not there")
    for statement in statements:
        write(plain.house, statement)
    write(plain.house, f"ALTER ROLE {login} PASSWORD 'by hand'")
    url = url_of(plain.house, login, "by hand")
    assert rows_of(url) == 0, "it is nobody's yet"
    shown = json.loads(plain.done(*asked, "--external", "--json"))
    assert (shown["login"], shown["password"]) == (login, None)
    assert rows_of(url) > 0
    assert plain.refused(*asked, "--external").startswith("there is a login")
    said = plain.refused("bi", "revoke", "--tenant", tenant, "--login", "hand")
    assert said.startswith("the login sees nothing any more, and is still there")
    assert rows_of(url) == 0
    assert f"DROP ROLE {login};" in plain.printed.splitlines()
    assert "nobody's" in operator.done("bi", "list", "--tenant", tenant)
    operator.done("bi", "revoke", "--tenant", tenant, "--login", "hand")


FLAWS = (
    "ALTER ROLE {} BYPASSRLS",
    "ALTER ROLE {} CREATEROLE",
    "ALTER ROLE {} NOLOGIN",
    "GRANT pouls_owner TO {}",
    "GRANT pouls_bi_views TO {}",
    "GRANT pg_read_all_data TO {}",
    "GRANT SELECT ON pouls.release_cell TO {}",
    "REVOKE pouls_bi FROM {}",
)


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_login_that_may_do_more_is_not_taken(operator: Operator, released: TenantUnderTest, flaw: str) -> None:
    tenant = released.tenant_id
    login = bi_logins.name_of(tenant, "flawed")
    try:
        for statement in bi_logins.statements_of(login, 180000):
            write(operator.house, statement)
        write(operator.house, flaw.format(login))
        asked = ("bi", "grant", "--tenant", tenant, "--login", "flawed", "--external")
        assert operator.refused(*asked).startswith(f"{login} is not there, can not log in, may do more")
    finally:
        for statement in bi_logins.ends_of(login):
            write(operator.house, statement)


def test_nobodys_tenant_and_strange_names_are_refused(operator: Operator) -> None:
    nobody = new_id()
    assert operator.refused("bi", "grant", "--tenant", nobody).startswith("there is no tenant ")
    assert bi_logins.name_of(nobody) not in operator.done("bi", "list").split(), "the login is undone"
    for name in ("Metabase", "a b", "x; DROP ROLE postgres", "", "x" * 31, "é", "a\n"):
        for command in ("grant", "revoke"):
            assert operator.run("bi", command, "--tenant", nobody, "--login", name).returncode == 2


def test_the_logins_of_a_tenant_end_with_it(operator: Operator, plain: Operator) -> None:
    house = operator.house
    for by in (operator, plain):
        tenant = house.tenant("Ended").tenant_id
        urls = [operator.grant(tenant, "--login", suffix)["url"] for suffix in ("one", "two")]
        logins = {bi_logins.name_of(tenant, suffix) for suffix in ("one", "two")}
        asked = ("tenants", "delete", tenant, "--yes-delete", "Ended")
        if by is operator:
            receipt = by.done(*asked)
            for url in urls:
                with pytest.raises(asyncpg.InvalidPasswordError):
                    rows_of(url)
        else:
            assert by.refused(*asked).startswith("the login sees nothing any more, and is still there")
            receipt, _, statements = by.printed.partition("\n}\n")
            receipt += "\n}"
            assert [rows_of(url) for url in urls] == [0, 0]
            for statement in statements.splitlines():
                write(house, statement)
        assert json.loads(receipt)["certificate"]["rows"]["bi_login"] == 2
        assert not logins & set(operator.done("bi", "list").split())
