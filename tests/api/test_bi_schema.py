"""What a BI server reads in SQL: the figures that the API gives, withheld rows without a number, a star of views."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.kit.ids import new_id
from service.releases.cell_schemas import CellOut
from tests.api.test_breakdowns import CROSSED, TEAMS, answered, launched, organised
from tests.api.test_releases import odd_release
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.bi import a_login, read
from tests.make.formats import withdraw
from tests.make.world import LaunchedWave, a_launched_wave, cells_of, ok

READ = "aggregates:read"
VIEWS = {
    "breakdown_groups", "campaigns", "dates", "distributions", "items", "measure_texts", "participation", "releases",
    "scales", "scores", "shares", "units", "waves",
}  # fmt: skip


@pytest.fixture(scope="module")
def released(house: House) -> tuple[TenantUnderTest, str, str]:
    """A tenant, its release with breakdowns, and a login."""
    tenant = house.tenant()
    organised(tenant, TEAMS)
    release = str(answered(launched(tenant, CROSSED))["id"])
    return tenant, release, a_login(tenant)


@pytest.fixture(scope="module")
def cells(released: tuple[TenantUnderTest, str, str]) -> list[dict[str, Any]]:
    return cells_of(released[0], released[1])


def plain(value: Any) -> Any:
    """A value of the database as JSON says it."""
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, UUID) else value


def shown(dimensions: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in sorted(dimensions.items()))


def key(cell: dict[str, Any]) -> tuple[Any, ...]:
    return cell["source"], cell["unit"], cell["dimensions"], cell["measure"]


FIGURES = {
    "scores": {"mean", "mean_bound", "sd", "se", "low", "high", "basis", "rwg"},
    "shares": {
        "favourable", "favourable_bound", "neutral", "neutral_bound", "unfavourable", "unfavourable_bound", "enps",
        "enps_bound",
    },
}  # fmt: skip


def figures_of(view: str) -> set[str]:
    """What of a cell of the API a view leaves out, since it has none in its family."""
    (other,) = FIGURES.keys() - {view}
    return FIGURES[other] | {"distribution"}


@pytest.mark.parametrize(("view", "family"), [("scores", "mean"), ("shares", "distribution")])
def test_facts_are_the_cells_of_the_api_one_by_one(
    released: tuple[TenantUnderTest, str, str], cells: list[dict[str, Any]], view: str, family: str
) -> None:
    _, release, login = released
    columns = set(CellOut.model_fields) - {"family"} - figures_of(view)
    assert columns > FIGURES[view]
    wanted = {}
    for cell in cells:
        if cell["family"] == family:
            assert {cell[name] for name in figures_of(view) - {"distribution"}} == {None}, "or it were nowhere"
            flat = {name: cell[name] for name in columns} | {"dimensions": shown(cell["dimensions"])}
            wanted[key(flat)] = flat
    rows = read(login, f"SELECT * FROM bi.{view} WHERE release_id = '{release}'")  # noqa: S608 - names of ours
    found = {key(row): {name: plain(row[name]) for name in columns} for row in rows}
    assert len(rows) == len(found) == len(wanted) == 60 * len({cell["measure"] for cell in wanted.values()})
    assert found == wanted
    assert {cell["status"] for cell in found.values()} == {"published", "withheld"}
    assert {cell["breakdown"] for cell in found.values()} == {"org", "org*site", "org*tenure", "org*site*tenure"}
    for row in rows:
        assert row["measure_id"] == f"{release}.{row['measure']}"


POINTS = ["1", "2", "3", "4", "5"]
OPTIONS = {"load": POINTS, "help": POINTS, "place": ["office", "home"], "tools": ["chat", "call"]}


def test_distributions_are_those_of_the_api_option_by_option(
    released: tuple[TenantUnderTest, str, str], cells: list[dict[str, Any]]
) -> None:
    _, release, login = released
    rows = read(
        login,
        f"SELECT * FROM bi.distributions WHERE release_id = '{release}' ORDER BY unit_id, measure_id, option_number",  # noqa: S608 - an id of ours
    )
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    wanted = [cell for cell in cells if cell["family"] == "distribution" and cell["measure"] in OPTIONS]
    assert len(found) == len(wanted) == 60 * len(OPTIONS)
    # Nobody of the others has a distribution that were nowhere.
    assert {cell["measure"] for cell in cells if cell["distribution"]} <= set(OPTIONS)
    for cell in wanted:
        mine = found[key(cell | {"dimensions": shown(cell["dimensions"])})]
        assert [row["option"] for row in mine] == OPTIONS[cell["measure"]]
        assert [row["option_number"] for row in mine] == list(range(1, len(mine) + 1))
        for row in mine:
            same = ("status", "reason", "n_from", "n_to", "unit_name", "level", "breakdown", "kind")
            assert {name: row[name] for name in same} == {name: cell[name] for name in same}
        told = [
            {"option": row["option"], "value": plain(row["percent"]), "bound": row["bound"]}
            for row in mine
            if row["percent"] is not None
        ]
        assert told == (cell["distribution"] or [])


def test_keys_of_facts_are_rows_of_dimensions(released: tuple[TenantUnderTest, str, str]) -> None:
    _, _, login = released
    measures = "(SELECT measure_id, release_id FROM bi.items UNION ALL SELECT measure_id, release_id FROM bi.scales)"
    for fact in ("scores", "shares", "distributions"):
        (row,) = read(
            login,
            f"""
            SELECT (SELECT count(*) FROM bi.{fact}) AS facts, count(*) AS joined FROM bi.{fact} f
            JOIN bi.releases r ON r.release_id = f.release_id JOIN bi.waves w ON w.wave_id = f.wave_id
            JOIN bi.campaigns c ON c.campaign_id = w.campaign_id JOIN bi.units u ON u.unit_id = f.unit_id
            JOIN {measures} m ON m.measure_id = f.measure_id JOIN bi.dates d ON d.date = f.released_on
            """,  # noqa: S608 - names of ours
        )
        assert row["facts"] == row["joined"] > 0
    for view, name in (
        ("releases", "release_id"), ("waves", "wave_id"), ("campaigns", "campaign_id"), ("units", "unit_id"),
        ("items", "measure_id"), ("scales", "measure_id"), ("dates", "date"),
    ):  # fmt: skip
        (row,) = read(login, f'SELECT count(*) AS rows, count(DISTINCT "{name}") AS keys FROM bi.{view}')  # noqa: S608 - names of ours
        assert row["rows"] == row["keys"] > 0, view


def test_units_are_the_frozen_tree(released: tuple[TenantUnderTest, str, str], cells: list[dict[str, Any]]) -> None:
    _, _, login = released
    rows = read(login, "SELECT * FROM bi.units")
    wanted = Counter((cell["unit"], shown(cell["dimensions"])) for cell in cells if cell["measure"] == "load")
    assert {(row["unit"], row["dimensions"]) for row in rows} == set(wanted)
    by_id = {row["unit_id"]: row for row in rows}
    for row in rows:
        assert row["path"][-1] == row["unit_name"]
        assert [row[f"level_{n}"] for n in range(1, 9)] == [*row["path"], *[None] * (8 - len(row["path"]))]
        if row["level"] == 0:
            assert row["parent_id"] is None
        else:
            above = by_id[row["parent_id"]]
            assert (above["level"], above["dimensions"]) == (row["level"] - 1, row["dimensions"])
            assert above["path"] == row["path"][:-1]


def test_groups_have_their_labels(released: tuple[TenantUnderTest, str, str]) -> None:
    _, _, login = released
    rows = read(login, "SELECT * FROM bi.breakdown_groups JOIN bi.units USING (release_id, unit_id)")
    assert {(row["dimension"], row["value"], row["label_en"]) for row in rows} == {
        ("site", "lyon", "Lyon"), ("site", "nantes", "Nantes"), ("site", "lille", "Lille"),
        ("tenure", "new", "New"), ("tenure", "old", "Old"),
    }  # fmt: skip
    assert {row["label_fr"] for row in rows} == {None}
    values: dict[str, dict[str, str]] = {}
    for row in rows:
        values.setdefault(row["unit_id"], {})[row["dimension"]] = row["value"]
    told = read(login, "SELECT unit_id, dimensions FROM bi.units WHERE breakdown <> 'org'")
    assert {row["unit_id"]: row["dimensions"] for row in told} == {unit: shown(own) for unit, own in values.items()}


def test_measures_are_described(released: tuple[TenantUnderTest, str, str]) -> None:
    _, release, login = released
    (load,) = read(login, "SELECT * FROM bi.items WHERE measure = 'load'")
    assert load == {
        "measure_id": f"{release}.load", "release_id": release, "measure": "load", "number": load["number"],
        "type": "rating", "name_en": "My load is fine", "name_fr": "Ma charge est tenable", "lowest": 1, "highest": 5,
        "reverse": False, "sensitive": False,
    }  # fmt: skip
    (climate,) = read(login, "SELECT * FROM bi.scales")
    assert climate == {
        "measure_id": f"{release}.climate", "release_id": release, "measure": "climate", "kind": "scale",
        "number": climate["number"], "name_en": "Climate", "name_fr": "Climat", "score": "mean", "rule": "person",
        "lowest": 1, "highest": 5, "favourable": "high",
    }  # fmt: skip
    order = [row["measure"] for row in read(login, "SELECT measure FROM bi.items ORDER BY number")]
    assert order == ["load", "help", "place", "tools", "years"]
    texts = read(login, "SELECT language, name FROM bi.measure_texts WHERE measure = 'place'")
    assert {(row["language"], row["name"]) for row in texts} == {("fr", "Lieu"), ("en", "Place")}


def test_releases_waves_and_campaigns_are_those_of_the_api(released: tuple[TenantUnderTest, str, str]) -> None:
    tenant, release, login = released
    api = ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))
    (row,) = read(login, "SELECT * FROM bi.releases")
    moment = datetime.fromisoformat(api["released_at"])
    assert {name: plain(value) for name, value in row.items()} == {
        "release_id": release, "wave_id": api["wave_id"], "campaign_id": api["campaign"]["id"],
        "campaign_name": api["campaign"]["name"], "wave_number": 1, "recut_id": None, "interim": None,
        "digest": api["digest"], "released_at": moment, "released_on": moment.date(), "is_latest": True,
    }  # fmt: skip
    (wave,) = read(login, "SELECT * FROM bi.waves")
    assert (str(wave["release_id"]), wave["released_at"], wave["wave_number"]) == (release, moment, 1)
    (campaign,) = read(login, "SELECT * FROM bi.campaigns")
    assert (str(campaign["campaign_id"]), campaign["waves"]) == (api["campaign"]["id"], 1)


def test_a_withdrawn_release_and_a_refused_one_are_not_there(house: House) -> None:
    tenant = house.tenant()
    wave = a_launched_wave(tenant)
    for person in list(wave.codes):
        ok(wave.submit(person, {"load": 4}), 201)
    release = wave.release()
    login = a_login(tenant)
    counted = "SELECT " + ", ".join(f"(SELECT count(*) FROM bi.{view}) AS {view}" for view in sorted(VIEWS))  # noqa: S608 - names of ours
    (before,) = read(login, counted)
    assert {view for view, rows in before.items() if not rows} == {"breakdown_groups"}
    withdraw(tenant, release["id"])
    (after,) = read(login, counted)
    assert set(after.values()) == {0}
    refused = a_refused_wave(house.tenant())
    assert read(a_login(refused.tenant), counted) == [after]


def a_refused_wave(tenant: TenantUnderTest) -> LaunchedWave:
    """Of which a batch was altered."""
    wave = a_launched_wave(tenant)
    for person in list(wave.codes):
        ok(wave.submit(person, {"load": 4}), 201)
    tenant.sql("UPDATE sealed_batch SET received_on = received_on - 1")
    assert wave.release()["status"] == "refused"
    return wave


def test_the_newest_release_of_a_campaign_is_the_latest_and_days_are_whole(house: House) -> None:
    tenant = house.tenant()
    wave = a_launched_wave(tenant)
    for person in list(wave.codes):
        ok(wave.submit(person, {"load": 4}), 201)
    first = wave.release()["id"]
    login = a_login(tenant)
    # Interim results of forty-one days later: as a row, which is all that counts.
    copied = """
        INSERT INTO release (tenant_id, release_id, wave_id, recut_id, part, status, digest, manifest, released_at)
        SELECT tenant_id, gen_random_uuid(), wave_id, NULL, 1, status, digest, manifest,
               released_at + interval '41 days'
        FROM release WHERE tenant_id = $1 AND release_id::text = $2
    """
    write(house, copied, tenant.tenant_id, first)
    rows = read(login, "SELECT release_id, is_latest FROM bi.releases ORDER BY released_at")
    assert [row["is_latest"] for row in rows] == [True, False], "what is interim is not the latest"
    days = [row["date"] for row in read(login, "SELECT date FROM bi.dates ORDER BY date")]
    assert len(days) == 42
    assert days == [days[0] + timedelta(number) for number in range(42)]


def test_days_are_called_as_calendars_call_them(released: tuple[TenantUnderTest, str, str]) -> None:
    _, _, login = released
    for row in read(login, "SELECT * FROM bi.dates"):
        day: date = row["date"]
        year, week, weekday = day.isocalendar()
        assert row == {
            "date": day, "year": day.year, "quarter": (day.month + 2) // 3, "month": day.month,
            "month_start": day.replace(day=1), "iso_year": year, "iso_week": week, "day_of_week": weekday,
        }  # fmt: skip


def test_every_view_and_column_says_what_it_is(house: House) -> None:
    found = write(
        house,
        """
        SELECT c.relname AS view, a.attname AS name, col_description(c.oid, a.attnum) AS said,
               obj_description(c.oid, 'pg_class') AS about, c.reloptions AS options
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'bi'::regnamespace
        """,
    )
    assert {row["view"] for row in found} == VIEWS
    assert len(found) > 120
    for row in found:
        for said in (row["about"], row["said"]):
            assert said is not None, (row["view"], row["name"])
            assert re.fullmatch(r"[^ ].{3,118}\.", said), (row["view"], row["name"], said)
        assert row["options"] == ["security_barrier=true"]
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", row["name"])


GUIDE = Path(__file__).resolve().parents[2] / "openapi/guides/bi-sql.md"
QUERIES = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("query", QUERIES)
def test_queries_of_the_guide_give_rows(released: tuple[TenantUnderTest, str, str], query: str) -> None:
    assert len(QUERIES) == 4
    rows = read(released[2], query)
    assert len(rows) >= 3
    assert any(isinstance(value, Decimal) for row in rows for value in row.values())


def test_the_guide_tells_of_every_view() -> None:
    assert set(re.findall(r"`bi\.([a-z_]+)`", GUIDE.read_text(encoding="utf-8"))) == VIEWS


# -- how it is read ------------------------------------------------------------------------------------------

COPIES = 20
TABLES = ("release", "release_unit", "release_measure", "release_cell", "release_participation")


async def copy(house: House, tenant: UUID, release: str, owner: UUID) -> None:
    """The release's rows twenty times more, of the owner's; no wave is there, for once."""
    connection = await asyncpg.connect(house.postgres.admin_url(), timeout=10)
    try:
        await connection.execute("SET search_path = pouls; SET session_replication_role = replica")
        for _ in range(COPIES):
            new = new_id()
            for table in TABLES:
                row = (
                    "jsonb_populate_record(t, jsonb_build_object('tenant_id', $1::uuid, 'release_id', $2::uuid{more}))"
                )
                told = row.format(more=", 'wave_id', $2::uuid" if table == "release" else "")
                await connection.execute(
                    f"INSERT INTO {table} ({await columns(connection, table)}) SELECT ({told}).* FROM {table} t"  # noqa: S608 - names of ours
                    " WHERE tenant_id = $3 AND release_id = $4",
                    owner, new, tenant, UUID(release),
                )  # fmt: skip
        for table in TABLES:
            await connection.execute(f"ANALYZE {table}")
    finally:
        await connection.close()


async def columns(connection: asyncpg.Connection, table: str) -> str:
    found = await connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped"
        " ORDER BY attnum", table,
    )  # fmt: skip
    return ", ".join(row["attname"] for row in found)


@pytest.fixture(scope="module")
def crowded(house: House) -> Iterator[tuple[str, str]]:
    """A release that stands among twenty others of the tenant's, and as many of somebody else's; and a login.

    The planner is told of few tenants with many rows each: beside hundreds with a row or two, as other tests leave
    them, it expects one row of any tenant, and whether it takes a whole key or the tenant alone is all the same to it.
    """
    tenant = house.tenant()
    wave = a_launched_wave(tenant, {"A": 40, "B": 12, "C": 6})
    release = odd_release(wave)
    for owner in (tenant.tenant_id, house.tenant().tenant_id):
        asyncio.run(copy(house, tenant.tenant_id, release, owner))
    expect(house, "SET (n_distinct = 2)")
    yield release, a_login(tenant)
    expect(house, "RESET (n_distinct)")


def expect(house: House, tenants: str) -> None:
    """How many tenants the planner takes for granted."""
    for table in TABLES:
        write(house, f"ALTER TABLE pouls.{table} ALTER COLUMN tenant_id {tenants}")
        write(house, f"ANALYZE pouls.{table}")


def plan_of(login: str, statement: str) -> list[dict[str, Any]]:
    """Every node of a statement's plan, as it was executed."""
    explained = f"EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) {statement}"
    (row,) = read(login, "SET enable_seqscan = off", explained)  # of a nearly empty table the planner takes anything
    return list(nodes(json.loads(row["QUERY PLAN"])[0]["Plan"]))


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", []):
        yield from nodes(below)


def looked_at(plan: list[dict[str, Any]], table: str) -> float:
    """How many rows of a table were looked at, shown or not."""
    rows = 0.0
    for node in plan:
        if node.get("Relation Name") == table:
            assert node["Node Type"] in {"Index Scan", "Bitmap Heap Scan", "Index Only Scan"}, node
            each = (
                node["Actual Rows"]
                + node.get("Rows Removed by Filter", 0)
                + node.get("Rows Removed by Index Recheck", 0)
            )
            rows += each * node["Actual Loops"]
    return rows


@pytest.mark.parametrize(
    "view", ["scores", "distributions", "shares", "participation", "units", "items", "scales", "measure_texts"]
)
def test_one_release_is_read_by_index_and_no_other(crowded: tuple[str, str], view: str) -> None:
    release, login = crowded
    plan = plan_of(login, f"SELECT * FROM bi.{view} WHERE release_id = '{release}'")  # noqa: S608 - names of ours
    own = read(login, f"SELECT count(*) AS rows FROM bi.{view} WHERE release_id = '{release}'")[0]["rows"]  # noqa: S608 - same
    every = read(login, f"SELECT count(*) AS rows FROM bi.{view}")[0]["rows"]  # noqa: S608 - same
    assert every == (COPIES + 1) * own > 0
    most_of = {"release_cell": own, "release_participation": own, "release_unit": 2 * own, "release_measure": 5 * 12}
    for table, most in most_of.items():
        assert looked_at(plan, table) <= most + 1, (view, table)


def test_a_trend_reads_one_cell_a_release(crowded: tuple[str, str]) -> None:
    """Of all releases of the tenant, one place and one measure: conditions on both reach the tables."""
    _, login = crowded
    where = "unit = 'A' AND measure = 'load' AND breakdown = 'org'"
    plan = plan_of(login, f"SELECT released_at, mean FROM bi.scores WHERE {where}")  # noqa: S608 - from this test
    assert looked_at(plan, "release_cell") == COPIES + 1


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_the_tenant_is_looked_up_once_for_a_table_and_not_for_a_row(crowded: tuple[str, str], view: str) -> None:
    _, login = crowded
    plan = plan_of(login, f"SELECT * FROM bi.{view}")  # noqa: S608 - a name of ours
    initial = [node for node in plan if str(node.get("Subplan Name", "")).startswith("InitPlan")]
    assert initial
    for node in initial:
        assert node["Actual Loops"] <= 1
    for node in plan:
        if node not in initial:
            for name, said in node.items():
                assert name == "Plans" or "my_tenant" not in str(said), (node["Node Type"], name)
