"""Who did what, in a log that can not be altered unseen; who read what; and how long all of it is kept."""

import asyncio
import fcntl
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from service.privacy.readings import Readings
from service.tenants import chaining
from service.tenants.actions import AUDIT_CHAIN
from service.tenants.chain import Chain
from service.tenants.chaining import CUT, Checked, check
from service.tenants.fingerprints import fingerprint
from tests.faults.writer import write
from tests.fixtures.house import TenantUnderTest
from tests.flows.children import here
from tests.make.wire import problem
from tests.make.world import a_campaign, a_launched_wave, a_questionnaire, an_org, ok

DAY = timedelta(days=1)


def checked(tenant: TenantUnderTest) -> Checked:
    house = tenant.house
    app: Any = house.client.app
    chain = Chain((house.settings.keys_dir / "api" / "intake.key").read_bytes())

    async def go() -> Checked:
        async with app.state.database.transaction(tenant.tenant_id) as tx:
            return await check(tx, tenant.tenant_id, chain, house.clock())

    found: Checked = house.run(go)
    return found


def later(tenant: TenantUnderTest, by: timedelta) -> None:
    tenant.house.clock.shift += by
    tenant.house.sweep()


def exported(tenant: TenantUnderTest, **period: str) -> list[dict[str, Any]]:
    answer = tenant.call("admin", "GET", "/v1/audit-log/export", params=period)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def acts(tenant: TenantUnderTest, action: str) -> list[dict[str, Any]]:
    return [row for row in exported(tenant) if row["action"] == action]


def test_what_an_act_changed_is_kept_as_fingerprints(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant)
    campaign = a_campaign(tenant)["id"]
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/close"))
    created, launched, closed = (acts(tenant, f"campaign.{act}")[0] for act in ("created", "launched", "closed"))
    assert created["before"] is None
    assert created["after"] == launched["before"]
    assert launched["after"] == closed["before"] != launched["before"]
    assert closed["after"] not in {None, closed["before"]}
    (published,) = acts(tenant, "questionnaire.published")
    (row,) = tenant.sql("SELECT tenant_id, questionnaire_id, number, document, digest, created_at "
                        "FROM questionnaire_version")  # fmt: skip
    assert published["after"] == fingerprint(dict(row._mapping))


def test_rules_that_were_put_twice_hang_together(tenant: TenantUnderTest) -> None:
    for most in (4, 5):
        ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": most, "days": 30}}))
    first, second = acts(tenant, "campaign_rules.put")
    assert first["before"] is None
    assert first["after"] == second["before"] != second["after"]


def test_every_entry_gets_its_place_in_the_chain(tenant: TenantUnderTest) -> None:
    a_launched_wave(tenant)
    assert checked(tenant).unchained > 0
    later(tenant, timedelta(minutes=6))
    found = checked(tenant)
    assert (found.is_whole, found.unchained, found.late) == (True, 0, 0)
    rows = exported(tenant)
    assert sorted(row["number"] for row in rows) == list(range(1, len(rows) + 1))
    assert found.checked == len(rows)
    assert found.last == max((row["number"], row["mac"]) for row in rows)


HARMS = {
    "an act altered": "UPDATE audit_entry SET actor = 'key:other' WHERE tenant_id = $1 AND actor LIKE 'key:%'",
    "a fingerprint altered": "UPDATE audit_entry SET after = before WHERE tenant_id = $1 AND after IS NOT NULL",
    "an act taken out": "DELETE FROM audit_entry WHERE tenant_id = $1 AND action = 'campaign.launched'",
    "the first act taken out": "DELETE FROM audit_entry WHERE tenant_id = $1 AND action = 'tenant.created'",
    "act and link taken out": """
        WITH gone AS (DELETE FROM audit_entry WHERE tenant_id = $1 AND action = 'campaign.launched' RETURNING entry_id)
        DELETE FROM audit_link WHERE tenant_id = $1 AND entry_id IN (SELECT entry_id FROM gone)
    """,
    "the old end cut off": "DELETE FROM audit_link WHERE tenant_id = $1 AND number < 3",
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_log_that_somebody_altered_is_found_out(tenant: TenantUnderTest, harm: str) -> None:
    a_launched_wave(tenant)
    later(tenant, timedelta(minutes=6))
    assert checked(tenant).is_whole
    write(tenant.house, HARMS[harm], tenant.tenant_id)
    assert not checked(tenant).is_whole


def command(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch, capsys: Any, *arguments: str) -> Any:
    house = tenant.house
    environment = {
        "POULS_DATABASE_URL": house.postgres.url("pouls_app"),
        "POULS_KEYS_DIR": str(house.settings.keys_dir),
    }
    return here(monkeypatch, capsys, "audit-log", "check", *arguments, environment=environment)


def test_the_command_says_so_in_words_and_by_its_exit(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_launched_wave(tenant)
    later(tenant, timedelta(minutes=6))
    who = str(tenant.tenant_id)
    whole = command(tenant, monkeypatch, capsys, who)
    number = checked(tenant).checked
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout.startswith(f"{number} entries are as they were written, in their order\n")
    noted = whole.stdout.split("--noted ")[1].strip()
    told = json.loads(command(tenant, monkeypatch, capsys, who, "--json", "--noted", noted).stdout)
    assert (told["whole"], told["last"], told["noted_is_there"]) == (True, noted, True)
    cut = "DELETE FROM audit_link WHERE tenant_id = $1 AND number = $2 RETURNING entry_id"
    (entry,) = write(tenant.house, cut, tenant.tenant_id, number)
    write(tenant.house, "DELETE FROM audit_entry WHERE tenant_id = $1 AND entry_id = $2", tenant.tenant_id, entry[0])
    assert command(tenant, monkeypatch, capsys, who).returncode == 0  # an end that was cut off can not be seen alone
    found = command(tenant, monkeypatch, capsys, who, "--noted", noted)
    assert found.returncode == 1
    assert "the noted link is not there: the log was cut off" in found.stdout
    write(tenant.house, HARMS["an act altered"], tenant.tenant_id)
    broken = command(tenant, monkeypatch, capsys, who)
    assert broken.returncode == 1
    assert "broken at link " in broken.stdout
    nobody = command(tenant, monkeypatch, capsys, str(UUID(int=0)))
    assert nobody.stderr.startswith("pouls: there is no tenant ")


def test_the_command_says_that_an_embedded_database_must_be_stopped_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wide = {"COLUMNS": "200", "TERM": "dumb"}
    told = here(monkeypatch, capsys, "audit-log", "check", "--help", environment=wide).stdout
    assert "stop `pouls demo` or `pouls serve` first" in " ".join(told.split())
    (tmp_path / "pg").mkdir()
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        busy = here(monkeypatch, capsys, "audit-log", "check", UUID(int=0), "--data", tmp_path)
    assert (busy.returncode, busy.stdout) == (1, "")
    assert "holds this data folder; stop it (`pouls demo`), then run this again" in busy.stderr


def test_an_act_that_is_never_chained_is_told(tenant: TenantUnderTest) -> None:
    """By whoever stops the worker's job, say."""
    later(tenant, timedelta(minutes=6))
    write(tenant.house, "DELETE FROM job WHERE tenant_id = $1 AND kind = 'audit_chain'", tenant.tenant_id)
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={}))
    later(tenant, 2 * DAY)
    found = checked(tenant)
    assert (found.is_whole, found.unchained, found.late) == (False, 1, 1)


@pytest.mark.parametrize("statement", [
    "UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry", "INSERT INTO audit_link SELECT * FROM audit_link",
    "UPDATE audit_link SET number = number", "DELETE FROM audit_link",
])  # fmt: skip
def test_the_api_process_can_only_append(tenant: TenantUnderTest, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        tenant.sql(statement, role="pouls_app")


def test_chaining_holds_up_no_act_and_no_act_holds_up_chaining(tenant: TenantUnderTest) -> None:
    """An act that is under way for long is chained after those that came later and were faster."""
    house = tenant.house
    database = house.client.app.state.database  # type: ignore[attr-defined]  # Starlette types the app as a callable
    from service.tenants.actions import audit  # noqa: PLC0415 - only here

    async def go() -> None:
        async with database.transaction(tenant.tenant_id) as tx:
            audit(tx, tenant.tenant_id, house.clock(), "test", "slow.act", "1")
            await tx.flush()
            async with asyncio.timeout(10), database.transaction(tenant.tenant_id) as other:
                audit(other, tenant.tenant_id, house.clock(), "test", "fast.act", "2")
            house.clock.shift += timedelta(minutes=6)
            async with asyncio.timeout(10):
                await house.sweeper.sweep()

    house.run(go)
    later(tenant, timedelta(minutes=6))
    numbers = {row["action"]: row["number"] for row in exported(tenant)}
    assert numbers["fast.act"] < numbers["slow.act"]
    assert checked(tenant).is_whole


def test_an_export_is_of_its_period(tenant: TenantUnderTest) -> None:
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={}))
    (put,) = acts(tenant, "campaign_rules.put")
    moment = datetime.fromisoformat(put["at"])
    assert exported(tenant, since=put["at"])[0]["id"] == put["id"]
    assert put["id"] not in {row["id"] for row in exported(tenant, until=put["at"])}
    assert exported(tenant, since=(moment + DAY).isoformat()) == []
    problem(tenant.call("admin", "GET", "/v1/audit-log/export", params={"since": "yesterday"}), 422, "invalid")


def test_old_entries_go_and_the_chain_holds(tenant: TenantUnderTest) -> None:
    later(tenant, timedelta(minutes=6))
    before = checked(tenant).checked
    later(tenant, 1100 * DAY)  # the retention, and what happened meanwhile
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={}))
    later(tenant, DAY)
    later(tenant, DAY)
    found = checked(tenant)
    assert found.is_whole
    (cut,) = acts(tenant, CUT)
    assert cut["detail"]["entries"] == before
    assert min(row["number"] or before + 1 for row in exported(tenant)) == before + 1


def test_a_log_in_which_nothing_happens_any_more_goes_too(tenant: TenantUnderTest) -> None:
    """All of it is old: then what vouches for the chain's end is the log, and it is not written day by day."""
    later(tenant, timedelta(minutes=6))
    before = checked(tenant)
    noted = before.last
    assert noted is not None
    later(tenant, 1100 * DAY)
    (cut,) = exported(tenant)
    assert (cut["action"], cut["detail"]["entries"]) == (CUT, before.checked)
    for _ in range(3):
        later(tenant, DAY)
    assert [(row["id"], row["number"]) for row in exported(tenant)] == [(cut["id"], noted[0] + 1)]
    found = checked(tenant)
    assert (found.is_whole, found.checked, found.late) == (True, 1, 0)
    later(tenant, 1100 * DAY)  # and that one is old in its turn
    later(tenant, DAY)
    assert [row["detail"]["entries"] for row in exported(tenant)] == [1]
    assert checked(tenant).is_whole
    write(tenant.house, "UPDATE audit_link SET mac = mac || 'x'::bytea WHERE tenant_id = $1", tenant.tenant_id)
    assert not checked(tenant).is_whole


def test_a_long_log_is_chained_so_many_at_once(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaining, "AT_ONCE", 2)
    later(tenant, timedelta(minutes=6))
    before = checked(tenant).checked
    for most in range(1, 6):
        ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": most, "days": 30}}))
    assert checked(tenant).unchained == 5
    tenant.house.clock.shift += timedelta(minutes=6)
    seen = {0}
    while checked(tenant).unchained:
        assert tenant.house.run(tenant.house.sweeper.step, frozenset({AUDIT_CHAIN}))  # of some tenant's
        seen.add(checked(tenant).checked - before)
    assert seen == {0, 2, 4, 5}
    assert checked(tenant).is_whole


def reads(tenant: TenantUnderTest, **asked: str) -> dict[tuple[str, str, str], int]:
    page = ok(tenant.call("admin", "GET", "/v1/read-access", params=asked))
    return {(row["reader"], row["operation"], row["subject"]): row["reads"] for row in page["data"]}


def key_of(tenant: TenantUnderTest, scope: str) -> str:
    (row,) = tenant.sql("SELECT key_id FROM api_key WHERE scopes = ARRAY[:scope]", scope=scope)
    return f"key:{row[0]}"


def test_who_read_what_is_counted_by_day(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    for person in wave.codes:
        ok(wave.submit(person, {"load": 3, "help": 2}), 201)
    release = wave.release()["id"]
    cells = f"/v1/releases/{release}/cells"
    etag = tenant.call("aggregates:read", "GET", cells).headers["etag"]
    assert tenant.call("aggregates:read", "GET", cells, headers={"If-None-Match": etag}).status_code == 304
    reader, inviting = key_of(tenant, "aggregates:read"), key_of(tenant, "invitations:read")
    counted = reads(tenant)
    assert counted[reader, "releases.cells", release] == 2
    assert counted[reader, "releases.list", ""] == 1
    assert counted[inviting, "waves.invitations", wave.wave] == 1
    # Nobody who answered is in it, nor are refusals.
    assert {operation for _, operation, _ in counted} == {"releases.cells", "releases.list", "waves.invitations"}
    tenant.call("aggregates:read", "GET", f"/v1/releases/{UUID(int=0)}/cells")
    tenant.call("campaigns:write", "GET", cells)
    assert reads(tenant).keys() - counted.keys() == {(key_of(tenant, "admin"), "read_access.list", "")}
    later(tenant, DAY)
    today = tenant.house.clock().date().isoformat()
    assert reads(tenant, since=today) == {}
    ok(tenant.call("aggregates:read", "GET", cells))
    assert reads(tenant, since=today)[reader, "releases.cells", release] == 1


def test_counts_come_in_pages(tenant: TenantUnderTest) -> None:
    a_launched_wave(tenant)
    for _ in range(3):
        ok(tenant.call("aggregates:read", "GET", "/v1/releases"))
    reads(tenant)
    first = ok(tenant.call("admin", "GET", "/v1/read-access?limit=1"))
    second = ok(tenant.call("admin", "GET", "/v1/read-access", params={"limit": 1, "cursor": first["next"]}))
    assert first["data"] != second["data"]
    problem(tenant.call("admin", "GET", "/v1/read-access?cursor=AAAA"), 422, "invalid")


def test_another_tenant_s_reads_are_its_own(tenant: TenantUnderTest) -> None:
    other = tenant.house.tenant()
    ok(other.call("aggregates:read", "GET", "/v1/releases"))
    assert reads(tenant) == {}
    assert [operation for _, operation, _ in reads(other)] == ["releases.list"]


def test_counts_that_can_not_be_written_are_kept(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    readings: Readings = tenant.house.client.app.state.readings  # type: ignore[attr-defined]  # as above
    tenant.house.run(readings.write)
    real = readings._write

    async def away(*_: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(readings, "_write", away)
    ok(tenant.call("aggregates:read", "GET", "/v1/releases"))
    tenant.house.run(readings.try_write)
    ok(tenant.call("aggregates:read", "GET", "/v1/releases"))
    monkeypatch.setattr(readings, "_write", real)
    assert list(reads(tenant).values()) == [2]


def test_two_processes_add_up(tenant: TenantUnderTest) -> None:
    house = tenant.house
    readings: Readings = house.client.app.state.readings  # type: ignore[attr-defined]  # as above
    other = Readings(readings._database)
    ok(tenant.call("aggregates:read", "GET", "/v1/releases"))
    (pending,) = readings._counts[tenant.tenant_id]
    for _ in range(4):
        other.add(tenant.tenant_id, pending)

    async def both() -> None:
        await asyncio.gather(readings.write(), other.write())

    house.run(both)
    assert list(reads(tenant).values()) == [5]


def test_the_list_of_retention_is_told(tenant: TenantUnderTest) -> None:
    told = {row["table"]: row for row in ok(tenant.call("admin", "GET", "/v1/retention"))}
    assert told["audit_entry"]["kept"] == "1095 days"
    assert told["roster_line"]["personal"]
    assert told["roster_line"]["ended_by"] == "destroy_wave"


def test_what_was_kept_long_enough_is_deleted(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 3, "B": 3})
    ok(tenant.call("aggregates:read", "GET", "/v1/releases"))
    assert "releases.list" in {operation for _, operation, _ in reads(tenant)}
    move = {"moves": [{"unit": "B", "parent": "A"}]}
    ok(tenant.call("people:write", "POST", "/v1/reorganisations", json=move), 201)
    later(tenant, 400 * DAY)
    assert "releases.list" not in {operation for _, operation, _ in reads(tenant)}
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[{"external_id": "A-0", "unit": "B"}]))
    gone = {"external_id": "A-1", "unit": "A", "active": False}
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[gone]))
    versions = (
        "SELECT count(*) FROM person_version v JOIN person p USING (tenant_id, person_id) WHERE external_id = :id"
    )
    assert tenant.sql(versions, id="A-0") == [(2,)]
    later(tenant, 700 * DAY)
    assert tenant.sql("SELECT count(*) FROM reorganisation") == [(0,)]
    assert tenant.sql(versions, id="A-0") == [(2,)]  # the older one tells of days that are to be told of yet
    assert tenant.sql("SELECT count(*) FROM person") == [(6,)]
    later(tenant, 40 * DAY)
    later(tenant, DAY)
    assert tenant.sql(versions, id="A-0") == [(1,)]
    assert tenant.sql("SELECT external_id FROM person WHERE external_id LIKE 'A%' ORDER BY 1") == [("A-0",), ("A-2",)]
    assert [act["actor"] for act in acts(tenant, "data_subject.erasure_asked")] == ["worker"]
    later(tenant, 1100 * DAY)
    assert tenant.sql("SELECT count(*) FROM erasure") == [(0,)]
