"""A person's data told and erased on request: all of it, to nobody's harm but theirs who look for it afterwards."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.fixtures.house import TenantUnderTest
from tests.make.statements import statements
from tests.make.wire import problem
from tests.make.world import LaunchedWave, a_campaign, a_launched_wave, an_org, codes_of, ok

WAYS = {"ways": ["links", "kiosk"]}


def export(tenant: TenantUnderTest, person: str) -> Any:
    return ok(tenant.call("admin", "POST", "/v1/data-subjects/export", json={"external_id": person}), 200)


def erase(tenant: TenantUnderTest, person: str) -> Any:
    return ok(tenant.call("admin", "POST", "/v1/data-subjects/erase", json={"external_id": person}), 202)


PROJECT = {"external_id": "P", "name": "Bridge", "hierarchy": "project"}


def erasure(tenant: TenantUnderTest, ident: str) -> Any:
    return ok(tenant.call("admin", "GET", f"/v1/erasures/{ident}"))


def everybody_answers(wave: LaunchedWave) -> None:
    for number, person in enumerate(wave.codes):
        ok(wave.submit(person, {"load": 1 + number % 5, "help": 2}), 201)


def log(tenant: TenantUnderTest) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ok(tenant.call("admin", "GET", "/v1/audit-log?limit=500"))["data"]
    return rows


def test_an_export_holds_every_row_about_a_person(tenant: TenantUnderTest) -> None:
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": 5, "days": 30}}))
    wave = a_launched_wave(tenant, participation=WAYS)
    told = export(tenant, "A-3")
    (row,) = told["records"]["person"]
    assert (row["external_id"], row["source"]) == ("A-3", "hris")
    assert [row["invitations"] for row in told["records"]["invited_day"]] == [1]
    assert len(told["records"]["person_version"]) == 1
    (line,) = told["rosters"]
    assert (line["wave_id"], line["unit"], line["has_kiosk_code"]) == (wave.wave, "A", True)
    assert line["kept_until"] is None
    assert line["participation"] == {"told": "not_told", "as_of": None}
    assert "30 days after the closing" in line["answers"]["en"]
    assert "30 jours après la clôture" in line["answers"]["fr"]
    assert {language: len(said) for language, said in told["said"].items()} == {"en": 3, "fr": 3}
    assert told["erasure_asked_at"] is None
    assert told["audit_log"] == []
    (act,) = [act for act in log(tenant) if act["action"] == "data_subject.exported"]
    assert "A-3" not in json.dumps(act)
    assert [one["action"] for one in export(tenant, "A-3")["audit_log"]] == ["data_subject.exported"]


def test_whose_manager_somebody_is_is_counted_and_not_told(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 3})
    rows = [{"external_id": f"A-{number}", "unit": "A", "manager": "A-0"} for number in (1, 2)]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=rows))
    told = export(tenant, "A-0")
    assert told["mentions"]["person.manager_id"] == 2
    assert "A-1" not in json.dumps(told)


@pytest.mark.parametrize("what", ["export", "erase"])
def test_somebody_who_is_not_known_is_not_found(tenant: TenantUnderTest, what: str) -> None:
    an_org(tenant, {"A": 1})
    other = tenant.house.tenant()
    for asked in ({"external_id": "nobody"}, {"source": "sirh", "external_id": "A-0"}):
        told = problem(tenant.call("admin", "POST", f"/v1/data-subjects/{what}", json=asked), 404, "not-found")
        assert told["detail"].startswith("Nobody is known by this source and external_id; source is `hris` if absent.")
        assert "sirh" not in told["detail"]
    asked = {"external_id": "A-0"}
    problem(other.call("admin", "POST", f"/v1/data-subjects/{what}", json=asked), 404, "not-found")
    problem(tenant.call("admin", "GET", f"/v1/erasures/{uuid4()}"), 404, "not-found")


def test_whether_somebody_answered_is_told_no_finer_than_reminders_tell_it(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, participation={"ways": ["links"], "reminders": True})
    answering = [f"A-{number}" for number in range(6)]
    for number, person in enumerate(answering):
        ok(wave.submit(person, {"load": 3}), 201)
        assert export(tenant, person)["rosters"][0]["participation"]["told"] == "not_told", number
    pending = f"/v1/waves/{wave.wave}/invitations?pending=true"
    ok_lines = tenant.call("invitations:read", "GET", pending)
    assert ok_lines.status_code == 200
    seen = export(tenant, "A-0")["rosters"][0]["participation"]
    assert seen["told"] == "answered"
    assert seen["as_of"] is not None
    ok(wave.submit("B-0", {"load": 3}), 201)
    tenant.house.clock.shift = timedelta(days=2)
    # A look that is out of date stays what is told: an export takes no look of its own.
    assert export(tenant, "B-0")["rosters"][0]["participation"] == seen | {"told": "not_answered"}


@pytest.mark.parametrize(("reminders", "answering"), [(False, 12), (True, 21)], ids=["no reminders", "few are left"])
def test_a_look_that_reminders_would_not_tell_is_not_told(
    tenant: TenantUnderTest,
    reminders: bool,
    answering: int,
) -> None:
    wave = a_launched_wave(tenant, participation={"ways": ["links"], "reminders": reminders})
    for person in list(wave.codes)[:answering]:
        ok(wave.submit(person, {"load": 3}), 201)
    ok(tenant.call("campaigns:write", "GET", f"/v1/waves/{wave.wave}/participation"))
    assert tenant.sql("SELECT answered_count FROM participation_snapshot") == [(answering,)]
    for person in ("A-0", "B-11"):
        assert export(tenant, person)["rosters"][0]["participation"] == {"told": "not_told", "as_of": None}


def test_without_a_record_nothing_is_told_of_who_answered(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, participation={"ways": ["links"], "spending_record": False})
    line = export(tenant, "A-0")["rosters"][0]
    assert line["participation"]["told"] == "not_recorded"
    assert line["answers"]["en"].startswith("Nothing that is stored tells whether you answered.")
    assert wave.codes


def test_somebody_on_no_roster_is_erased_at_once(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 3})
    asked = erase(tenant, "A-1")
    assert (asked["state"], asked["waits_for"], asked["rows"]) == ("waiting", [], None)
    tenant.house.sweep()
    done = erasure(tenant, asked["id"])
    assert (done["state"], done["rows"]["person"], done["rows"]["person_version"]) == ("done", 1, 1)
    problem(tenant.call("admin", "POST", "/v1/data-subjects/erase", json={"external_id": "A-1"}), 404, "not-found")
    assert tenant.sql("SELECT external_id FROM person ORDER BY 1") == [("A-0",), ("A-2",)]


def test_an_open_wave_is_waited_for_and_goes_on_as_it_was(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, participation=WAYS)
    asked = erase(tenant, "A-1")
    assert [(one["wave_id"], one["state"]) for one in asked["waits_for"]] == [(wave.wave, "open")]
    tenant.house.sweep()
    again = erase(tenant, "A-1")
    assert (again["id"], again["state"]) == (asked["id"], "waiting")
    assert codes_of(tenant, wave.wave).keys() == wave.codes.keys()  # the roster is still the promised one
    everybody_answers(wave)
    assert wave.release()["status"] == "published"
    assert erasure(tenant, asked["id"])["waits_for"] == []
    tenant.house.clock.shift = timedelta(hours=2)
    tenant.house.sweep()
    assert erasure(tenant, asked["id"])["state"] == "done"
    assert export(tenant, "A-2")["rosters"][0]["wave_id"] == wave.wave


def test_whoever_is_to_be_erased_is_invited_no_more(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    erase(tenant, "A-1")
    tenant.house.sweep()
    campaign = a_campaign(tenant)["id"]
    other = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))["id"]
    assert set(wave.codes) - set(codes_of(tenant, other)) == {"A-1"}


def test_whoever_is_told_again_while_they_wait_does_not_come_back(tenant: TenantUnderTest) -> None:
    a_launched_wave(tenant)
    erase(tenant, "A-1")
    tenant.house.sweep()
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=[PROJECT]))
    again = {"external_id": "A-1", "unit": "B", "name": "Ann Other", "language": "fr", "projects": ["P"]}
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[again]))
    kept = """SELECT is_active, name, language,
        (SELECT count(*) FROM project_member m WHERE m.tenant_id = p.tenant_id AND m.person_id = p.person_id)
        FROM person p WHERE external_id = 'A-1'"""
    assert tenant.sql(kept) == [(False, None, None, 0)]


def test_whoever_was_in_many_waves_costs_no_more_statements(tenant: TenantUnderTest) -> None:
    """To be told and to be erased."""
    house = tenant.house
    first = a_launched_wave(tenant, participation=WAYS)
    told, waiting, sent = [], [], []
    asked = [erase(tenant, "A-1")["id"]]
    with statements(house) as one:
        told.append(len(export(tenant, "A-2")["rosters"]))
    campaign = a_campaign(tenant, participation=WAYS)["id"]
    second = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))["id"]
    house.sweep()
    codes_of(tenant, second)
    asked.append(erase(tenant, "A-2")["id"])
    with statements(house) as two:
        told.append(len(export(tenant, "A-2")["rosters"]))
    assert (told, len(two)) == ([1, 2], len(one))
    for ident in asked:
        with statements(house) as seen:
            waiting.append([wave["wave_id"] for wave in erasure(tenant, ident)["waits_for"]])
        sent.append(len(seen))
    assert (waiting, sent[1]) == ([[first.wave], [first.wave, second]], sent[0])
    tenant.sql("UPDATE wave SET state = 'released'")
    house.clock.shift = timedelta(hours=2)
    with statements(house, of=house.worker_database) as done:
        house.sweep()
    assert [erasure(tenant, ident)["rows"]["roster_line"] for ident in asked] == [1, 2]
    assert sum("UPDATE roster_line" in statement for statement in done) == len(asked)
    assert tenant.sql("SELECT count(*) FROM short_code") == [(2 * len(first.codes) - 1 - 3,)]


def test_no_more_is_remembered_of_whoever_waits_to_be_erased(tenant: TenantUnderTest) -> None:
    """Whatever is told of them, by whom and since when: their history goes no further."""
    a_launched_wave(tenant)
    versions = """
        SELECT v.valid_from, v.unit_id, v.manager_id, v.is_active
        FROM person_version v JOIN person p USING (tenant_id, person_id)
        WHERE p.external_id = :person ORDER BY v.valid_from
    """
    held = tenant.sql(versions, person="A-1")
    assert len(held) == 1
    erase(tenant, "A-1")
    tenant.house.sweep()
    since = held[0].valid_from.isoformat()
    told = [{"external_id": person, "unit": "B", "manager": "A-0", "valid_from": since} for person in ("A-1", "A-2")]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=told))
    tenant.house.clock.shift = timedelta(days=2)
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[{"external_id": "A-1", "unit": "A"}]))
    csv = b"external_id,unit,language\nA-1,B,en\nA-2,A,en\n"
    headers = {"content-type": "text/csv"}
    asked = "/v1/people/imports?mode=partial"
    ok(tenant.call("people:write", "POST", asked, content=csv, headers=headers), 201)
    assert tenant.sql(versions, person="A-1") == held
    assert [row.is_active for row in tenant.sql(versions, person="A-2")] == [True, True]


def test_whoever_the_hr_system_sends_again_is_somebody_new(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 3})
    (before,) = tenant.sql("SELECT person_id FROM person WHERE external_id = 'A-1'")
    erase(tenant, "A-1")
    tenant.house.sweep()
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[{"external_id": "A-1", "unit": "A"}]))
    assert tenant.sql("SELECT person_id FROM person WHERE external_id = 'A-1'") != [before]
    (act,) = [act for act in log(tenant) if act["action"] == "data_subject.erased"]
    assert [one["action"] for one in export(tenant, "A-1")["audit_log"]][-1] == act["action"]  # it can still be proved
