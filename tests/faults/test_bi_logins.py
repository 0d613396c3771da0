"""A BI server's login in the hands of somebody who wants another tenant's numbers, or more than to read."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from service.kit.postgres import ROLES, Embedded
from service.kit.roles import ensure_roles
from service.kit.scram import verifier
from service.tenants import bi_logins
from tests.api.test_bi_schema import VIEWS
from tests.faults.test_row_security import TABLES
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.bi import PASSWORD, grant, read, session, url_of
from tests.make.world import a_launched_wave, ok

DENIED, READ_ONLY = "42501", "25006"
UNIT = "SECRET-UNIT"
# What a login starts with is no more than that.
FREELY = ("SET default_transaction_read_only = off", "SET statement_timeout = 0")


class Victim:
    """A tenant whose release somebody wants to see, and the attacker's login, which is of another one."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.tenant, self.release = released(house.tenant("victim"), {UNIT: 12, "B": 12})
        self.login = grant(house, self.tenant.tenant_id)
        self.attacker, self.attackers_release = released(house.tenant("attacker"), {"A": 12, "B": 12})
        self.url = grant(house, self.attacker.tenant_id)


def released(tenant: TenantUnderTest, teams: dict[str, int]) -> tuple[TenantUnderTest, str]:
    wave = a_launched_wave(tenant, teams)
    for number, person in enumerate(list(wave.codes)):
        ok(wave.submit(person, {"load": 1 + number % 5, "place": "home"}), 201)
    release = wave.release()
    assert release["status"] == "published"
    return tenant, str(release["id"])


@pytest.fixture(scope="module")
def victim(house: House) -> Victim:
    return Victim(house)


def refusal(url: str, *statements: str) -> str | None:
    """SQLSTATE with which the last of some statements of a session is refused."""

    async def go() -> str | None:
        async with session(url) as opened:
            for statement in statements[:-1]:
                await opened.execute(statement)
            try:
                await opened.execute(statements[-1])
            except asyncpg.PostgresError as error:
                return str(error.sqlstate)
            return None

    return asyncio.run(go())


def seen(url: str, *before: str) -> dict[str, set[str]]:
    """The releases that each view shows of, by id, after some statements of the session."""
    found = {}
    for view in sorted(VIEWS):
        rows = read(url, *before, f"SELECT * FROM bi.{view}")  # noqa: S608 - a name of ours
        found[view] = {str(row["release_id"]) for row in rows if "release_id" in row} or {str(len(rows))}
    return found


def test_each_login_sees_its_own_tenant_alone(victim: Victim) -> None:
    """Or the tests below would prove nothing."""
    for url, own in ((victim.login, victim.release), (victim.url, victim.attackers_release)):
        assert {view: shown for view, shown in seen(url).items() if shown not in ({own}, {"1"})} == {
            "breakdown_groups": {"0"}
        }


def test_the_setting_of_the_service_is_worth_nothing(victim: Victim) -> None:
    """The policy `tenant` goes by it, and any session may set it."""
    before = seen(victim.url)
    for setting in (
        f"SET pouls.tenant = '{victim.tenant.tenant_id}'",
        f"SELECT set_config('pouls.tenant', '{victim.tenant.tenant_id}', false)",
        "SET pouls.tenant = ''",
    ):
        assert seen(victim.url, setting) == before
    for view in VIEWS:
        setting = f"SET pouls.tenant = '{victim.tenant.tenant_id}'"
        foreign = f"SELECT * FROM bi.{view} v WHERE to_jsonb(v)::text LIKE '%{victim.release}%'"  # noqa: S608 - names of ours
        assert read(victim.url, setting, foreign) == []
        assert read(victim.login, foreign) or view in {"breakdown_groups", "campaigns", "dates"}


@pytest.mark.parametrize("role", ["pouls_owner", "pouls_app", "pouls_work", "pouls_bi_views", "pouls_bi", "postgres"])
def test_no_role_is_taken(victim: Victim, role: str) -> None:
    for statement in (f"SET ROLE {role}", f"SET SESSION AUTHORIZATION {role}"):
        assert refusal(victim.url, *FREELY, statement) == DENIED, statement
    other = victim.login.partition("//")[2].partition(":")[0]
    for statement in (f"SET ROLE {other}", f"SET SESSION AUTHORIZATION {other}", f"GRANT {other} TO SESSION_USER"):
        assert refusal(victim.url, *FREELY, statement) == DENIED, statement


def test_row_security_is_not_turned_off(victim: Victim) -> None:
    assert refusal(victim.url, "SET row_security = off", "SELECT * FROM bi.scores") == DENIED


def test_no_table_is_read(victim: Victim) -> None:
    for table in (*TABLES, "alembic_version", "worker_heartbeat"):
        assert refusal(victim.url, f"SELECT 1 FROM pouls.{table}") == DENIED, table  # noqa: S608 - a name of ours
    for statement in (
        "SELECT pg_read_file('PG_VERSION')",
        "COPY bi.scores TO '/dev/null'",
        "COPY bi.scores TO PROGRAM 'true'",
        "SELECT * FROM pg_authid",
        "SELECT * FROM pg_statistic",
        "SELECT lo_export(0, '/dev/null')",
    ):
        assert refusal(victim.url, statement) == DENIED, statement


def test_nothing_is_written(victim: Victim) -> None:
    assert refusal(victim.url, "CREATE TEMP TABLE t (a int)") in {READ_ONLY, DENIED}
    for statement in (
        "CREATE TABLE bi.t (a int)",
        "CREATE TABLE public.t (a int)",
        "CREATE SCHEMA s",
        "CREATE TEMP TABLE t (a int)",
        "CREATE FUNCTION bi.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION bi.my_tenant() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "ALTER FUNCTION bi.my_tenant() SECURITY INVOKER",
        "ALTER VIEW bi.scores SET (security_barrier = false)",
        "DROP VIEW bi.scores",
        "COMMENT ON VIEW bi.scores IS 'mine'",
        "CREATE ROLE somebody",
    ):
        assert refusal(victim.url, *FREELY, statement) in {DENIED, "42809"}, statement
    for view in VIEWS:
        for statement in (f"DELETE FROM bi.{view}", f"UPDATE bi.{view} SET release_id = NULL", f"TRUNCATE bi.{view}"):  # noqa: S608 - a name of ours
            refused = refusal(victim.url, *FREELY, statement)
            # Of what can not be written, or has no such column, PostgreSQL says that first.
            assert refused in {DENIED, "55000", "42809", "42703"}, (statement, refused)
    mapped = f"INSERT INTO pouls.bi_login VALUES ('{victim.tenant.tenant_id}', SESSION_USER, now())"  # noqa: S608 - ours
    assert refusal(victim.url, *FREELY, mapped) == DENIED
    # PostgreSQL only warns of it.
    assert refusal(victim.url, *FREELY, "GRANT SELECT ON bi.scores TO PUBLIC") is None
    granted = write(
        victim.house,
        """
        SELECT c.relname, a.privilege_type, a.grantee::regrole::text AS grantee
        FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'bi'::regnamespace AND a.grantee <> c.relowner
        """,
    )
    assert {tuple(row) for row in granted} == {(view, "SELECT", "pouls_bi") for view in VIEWS}


def test_a_function_that_tells_what_it_sees_sees_its_own_rows_alone(victim: Victim) -> None:
    """The barrier: no condition of the reader's is looked at before the tenant's.

    The function is made by a superuser here, since logins make none.
    """
    house = victim.house
    write(
        house,
        "CREATE FUNCTION public.tells(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS"
        " $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$",
    )
    try:
        conditions = [(view, "to_jsonb(v)::text") for view in VIEWS]
        conditions += [(row["view"], f'v."{row["name"]}"::text') for row in read(victim.url, COLUMNS)]
        for view, told in conditions:
            statement = f"SELECT count(*) FROM bi.{view} v WHERE public.tells({told})"  # noqa: S608 - ours
            for line in notices(victim, statement):
                assert not any(secret in line for secret in (UNIT, victim.release, str(victim.tenant.tenant_id)))
        assert notices(victim, "SELECT count(*) FROM bi.scores v WHERE public.tells(unit)")
    finally:
        write(house, "DROP FUNCTION public.tells(text)")


def notices(victim: Victim, statement: str) -> list[str]:
    """What a statement told, whatever the setting of the service says."""

    async def go() -> list[str]:
        told: list[str] = []
        async with session(victim.url) as opened:
            opened.add_log_listener(lambda _, message: told.append(str(message)))
            await opened.execute(f"SET pouls.tenant = '{victim.tenant.tenant_id}'")
            await opened.execute("SET client_min_messages = notice")
            for way in ("indexscan", "indexonlyscan", "bitmapscan"):  # so that every row of a table is looked at
                await opened.execute(f"SET enable_{way} = off")
            await opened.fetch(statement)
        return told

    return asyncio.run(go())


def test_errors_tell_of_own_rows_alone(victim: Victim) -> None:
    """A division by what only another's row has."""
    foreign = f"SELECT 1 / (CASE WHEN release_id = '{victim.release}' THEN 0 ELSE 1 END) FROM bi.scores"  # noqa: S608 - ours
    assert refusal(victim.url, foreign) is None
    assert refusal(victim.login, foreign) == "22012"


# -- what the catalogue and the planner tell -------------------------------------------------------------------


def test_the_catalogue_tells_no_rows(victim: Victim) -> None:
    for statistics in ("pg_stats WHERE schemaname IN ('pouls', 'bi')", "pg_stats_ext", "pg_stats_ext_exprs"):
        assert read(victim.url, f"SELECT count(*) AS rows FROM {statistics}") == [{"rows": 0}]  # noqa: S608 - ours
    ours = "SELECT query FROM pg_stat_activity WHERE usename <> SESSION_USER AND query NOT LIKE '<%' AND query <> ''"
    assert read(victim.url, ours) == []
    roles = {row["rolname"] for row in read(victim.url, "SELECT rolname FROM pg_roles")}
    for tenant in (victim.tenant, victim.attacker):
        assert not [name for name in roles if tenant.tenant_id.hex in name or str(tenant.tenant_id) in name]


COLUMNS = """
    SELECT c.relname AS view, a.attname AS name, format_type(a.atttypid, NULL) AS type
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'bi'::regnamespace ORDER BY 1, a.attnum
"""
GUESSES = {
    "text": ["Team A", UNIT, f"Team {UNIT}", "TOP", "published", "load", "", "zzz"],
    "integer": ["0", "1", "12", "24", "1000"],
    "numeric": ["0", "3", "100"],
    "timestamp with time zone": ["2000-01-01", "2026-11-27", "2100-01-01"],
    "date": ["2000-01-01", "2100-01-01"],
    "boolean": ["true", "false"],
    "text[]": ["{Everyone}", '{Everyone,"Team A"}', "{}"],
}


def expected(plan: dict[str, Any]) -> list[float]:
    return [plan["Plan Rows"], *(rows for below in plan.get("Plans", []) for rows in expected(below))]


def test_what_the_planner_expects_tells_nothing_of_any_row(victim: Victim) -> None:
    """It samples all tenants' rows, and EXPLAIN shows what it makes of a condition: each guess must look the same."""
    for table in ("release", "release_unit", "release_measure", "release_cell", "release_participation"):
        write(victim.house, f"ANALYZE {table}")
    columns = read(victim.url, COLUMNS)
    assert {row["type"] for row in columns} == set(GUESSES)
    asked = [
        (row["view"], row["name"], sign, guess)
        for row in columns
        for sign in ("=", "<", "<>")
        for guess in [*GUESSES[row["type"]], *([victim.release] if row["type"] == "text" else [])]
    ]

    async def go() -> dict[tuple[str, str, str], set[str]]:
        found: dict[tuple[str, str, str], set[str]] = {}
        async with session(victim.url) as opened:
            for view, name, sign, guess in asked:
                where = f"""WHERE "{name}" {sign} '{guess}'"""
                statement = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM bi.{view} {where}"  # noqa: S608 - ours
                (plan,) = json.loads(await opened.fetchval(statement))
                found.setdefault((view, name, sign), set()).add(str(expected(plan["Plan"])))
        return found

    found = asyncio.run(go())
    assert len(found) == 3 * len(columns) > 350
    assert {one: plans for one, plans in found.items() if len(plans) > 1} == {}


# -- whose a login is --------------------------------------------------------------------------------------------


def test_a_login_that_nobody_wrote_down_sees_nothing(victim: Victim) -> None:
    house = victim.house
    login = "pouls_bi_" + "0" * 16
    for statement in bi_logins.statements_of(login, 180000, verifier(PASSWORD, b"salt" * 4)):
        write(house, statement)
    try:
        url = url_of(house, login, PASSWORD)
        assert read(url, "SELECT bi.my_tenant() AS tenant") == [{"tenant": None}]
        assert {view: shown for view, shown in seen(url).items() if shown != {"0"}} == {}
        named = f"SET pouls.tenant = '{victim.tenant.tenant_id}'"
        assert {view: shown for view, shown in seen(url, named).items() if shown != {"0"}} == {}
    finally:
        for statement in bi_logins.ends_of(login):
            write(house, statement)


def test_a_login_is_never_of_two_tenants(victim: Victim) -> None:
    """Its name says of whom it may be, and where a row says otherwise all the same, nobody's rows are shown."""
    login = bi_logins.name_of(victim.attacker.tenant_id)
    mapped = "INSERT INTO bi_login VALUES ($1, $2, now())"
    with pytest.raises(asyncpg.CheckViolationError):
        write(victim.house, mapped, victim.tenant.tenant_id, login)
    check = "ALTER TABLE bi_login {} CONSTRAINT ck_bi_login__names_its_tenant"
    (definition,) = write(
        victim.house,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_bi_login__names_its_tenant'",
    )
    write(victim.house, check.format("DROP"))
    try:
        write(victim.house, mapped, victim.tenant.tenant_id, login)
        assert {view: shown for view, shown in seen(victim.url).items() if shown != {"0"}} == {}
    finally:
        other = "DELETE FROM bi_login WHERE login = $1 AND tenant_id = $2"
        write(victim.house, other, login, victim.tenant.tenant_id)
        write(victim.house, f"{check.format('ADD')} {definition[0]}")
    assert seen(victim.url)["scores"] == {victim.attackers_release}


def test_a_login_is_not_made_the_service(victim: Victim) -> None:
    """Who is a member of the group is no owner and no process, and the group can not log in."""
    flags = write(
        victim.house,
        """
        SELECT rolname::text, ARRAY[rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication] AS above,
               rolcanlogin, rolconnlimit, rolconfig,
               ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                     WHERE m.member = r.oid) AS groups
        FROM pg_roles r WHERE rolname LIKE 'pouls\\_bi%'
        """,
    )
    mine = {bi_logins.name_of(tenant.tenant_id) for tenant in (victim.tenant, victim.attacker)}
    logins = [row for row in flags if row["rolname"] in mine]
    assert len(logins) == 2
    for row in logins:
        assert (row["above"], row["rolcanlogin"], row["groups"]) == ([False] * 5, True, ["pouls_bi"])
        assert row["rolconnlimit"] == bi_logins.MOST_CONNECTIONS
        assert sorted(row["rolconfig"]) == sorted(f"{name}={value}" for name, value in bi_logins.SETTINGS.items())
    assert {row["rolname"]: row["rolcanlogin"] for row in flags if row["rolname"] in ROLES} == {
        "pouls_bi": False, "pouls_bi_views": False,
    }  # fmt: skip


def test_the_password_is_nowhere(victim: Victim) -> None:
    (row,) = write(
        victim.house, "SELECT rolpassword FROM pg_authid WHERE rolname = $1",
        bi_logins.name_of(victim.attacker.tenant_id),
    )  # fmt: skip
    assert row[0].startswith("SCRAM-SHA-256$4096:")
    log = victim.house.postgres.log.read_text(encoding="utf-8") if hasattr(victim.house.postgres, "log") else ""
    assert PASSWORD not in log
    wrong = victim.url.replace("of%20a%20test", "another").replace("of a test", "another")
    with pytest.raises(asyncpg.InvalidPasswordError):
        read(wrong, "SELECT 1")


def test_the_lookup_is_not_led_astray(victim: Victim) -> None:
    """By a table, an operator or a function that somebody puts before ours on the path."""
    found = write(
        victim.house,
        """
        SELECT p.proname::text, p.prosecdef, p.proconfig, p.proowner::regrole::text AS owner, p.provolatile::text,
               ARRAY(SELECT a.grantee::regrole::text FROM aclexplode(p.proacl) a) AS grantees
        FROM pg_proc p WHERE p.pronamespace = 'bi'::regnamespace ORDER BY 1
        """,
    )
    assert [tuple(row) for row in found] == [
        (name, True, ["search_path=pg_catalog, pg_temp"], "pouls_bi_views", "s", ["pouls_bi_views", "pouls_bi"])
        for name in ("my_recipient", "my_tenant")
    ]
    owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'bi'::regnamespace"
    assert [row[0] for row in write(victim.house, owners)] == ["pouls_bi_views"]


def test_a_member_of_nothing_reads_nothing(house: House) -> None:
    """PUBLIC has no right in the schema."""
    write(house, "CREATE ROLE nobody_of_bi LOGIN PASSWORD 'pw'")
    try:
        url = url_of(house, "nobody_of_bi", "pw")
        for view in VIEWS:
            assert refusal(url, f"SELECT 1 FROM bi.{view}") == DENIED  # noqa: S608 - a name of ours
        for function in ("my_tenant", "my_recipient"):
            assert refusal(url, f"SELECT bi.{function}()") == DENIED
    finally:
        write(house, "DROP ROLE nobody_of_bi")


def test_the_group_of_a_database_of_before_logs_in_no_more(house: House) -> None:
    """There it was a login, with a password in the data folder."""
    if not isinstance(house.postgres, Embedded):
        pytest.skip("the groups of a server of somebody else's are theirs")
    write(house, "ALTER ROLE pouls_bi LOGIN PASSWORD 'of before'")
    asyncio.run(ensure_roles(house.postgres))
    found = write(house, "SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'pouls_bi'")
    assert [tuple(row) for row in found] == [(False, None)]


POLICIES = """
    SELECT polrelid::regclass::text, polname::text, polpermissive, polcmd::text, polroles::regrole[]::text,
           pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polname LIKE 'bi%' ORDER BY 1, 2
"""


def test_policies_restrict_whom_the_setting_would_let_in(house: House) -> None:
    found = [tuple(row) for row in write(house, POLICIES)]
    tables = ("release", "release_cell", "release_measure", "release_participation", "release_unit")
    mine = "(tenant_id = ( SELECT bi.my_tenant() AS my_tenant))"
    me = "(login = (SESSION_USER)::text)"
    named = "((recipients IS NULL) OR (( SELECT bi.my_recipient() AS my_recipient) = ANY (recipients)))"
    wanted = [
        (table, name, name == "bi", "r", "{pouls_bi_views}", me if table == "bi_login" else mine)
        for table in ("bi_login", *tables)
        for name in ("bi", "bi_alone")
    ]
    assert found == sorted([*wanted, ("release", "bi_recipients", False, "r", "{pouls_bi_views}", named)])
