"""After an erasure nothing of the person is found in the whole database, and nothing that was shown has changed."""

import hashlib
import json
from typing import Any
from uuid import UUID

import pytest

from service.campaigns.problems import ContractBroken
from service.campaigns.tables import Wave
from service.campaigns.taking_part import lines
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.recuts import PLAN, REGION, SITES, TEAMS, made
from tests.make.world import LaunchedWave, a_campaign, a_questionnaire, an_org, cells_of, codes_of, declare, ok

PERSON, NAME = "zq-7731", "Zebulon Quirk"
READ, WRITE = "aggregates:read", "campaigns:write"


def an_organisation(tenant: TenantUnderTest) -> UUID:
    """With somebody who is in every place that a person can be in; their id."""
    people = an_org(tenant, TEAMS)
    declare(tenant, {"site": list(SITES)}, {person: {"site": SITES[n % 3]} for n, person in enumerate(people)})
    a_questionnaire(tenant)
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": 9, "days": 30}}))
    project = {"external_id": "P1", "name": "Bridge", "hierarchy": "project"}
    unit = {"external_id": "A", "name": "Team A", "parent": "TOP", "manager": PERSON}
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=[project, unit]))
    someone = {"external_id": PERSON, "unit": "B", "name": NAME, "dimensions": {"site": "nantes"}, "projects": ["P1"]}
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[someone]))
    under = {"external_id": "A-1", "unit": "A", "dimensions": {"site": SITES[1]}, "manager": PERSON}
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[someone | {"unit": "A"}, under]))
    split = {"unit": "A", "parts": [{"external_id": "A2", "name": "Half of A", "people": [PERSON, "A-1"]}]}
    ok(tenant.call("people:write", "POST", "/v1/reorganisations", json={"on": "2099-01-01", "splits": [split]}), 201)
    csv = f"external_id,unit,language,manager\n{PERSON},A,fr,A-2\nA-3,A,fr,{PERSON}\n"
    for language in ("fr", "en"):  # the second remembers how people were after the first, and who managed them
        sent = csv.replace("fr", language).encode()
        headers = {"content-type": "text/csv"}
        asked = "/v1/people/imports?mode=partial"
        ok(tenant.call("people:write", "POST", asked, content=sent, headers=headers), 201)
    (found,) = tenant.sql("SELECT person_id FROM person WHERE external_id = :person", person=PERSON)
    ident: UUID = found[0]
    return ident


def a_wave(tenant: TenantUnderTest) -> LaunchedWave:
    fields: dict[str, Any] = {"participation": {"ways": ["links", "kiosk", "intranet"]}, "recuts": True, "plan": PLAN}
    campaign = a_campaign(tenant, **fields)["id"]
    wave = ok(tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign}/launch"))
    tenant.house.sweep()
    return LaunchedWave(tenant, campaign, wave["id"], wave["address"], codes_of(tenant, wave["id"]))


def answer(wave: LaunchedWave) -> str:
    """Everybody does; the release's id."""
    for number, person in enumerate(sorted(wave.codes)):
        given = {"load": 1 + number % 5, "place": ("home", "office")[number % 2], "help": 1 + number % 3}
        ok(wave.submit(person, given), 201)
    release = wave.release()
    assert release["status"] == "published"
    return str(release["id"])


def erase(tenant: TenantUnderTest) -> Any:
    tenant.call("people:write", "GET", "/v1/dimensions")
    asked = ok(tenant.call("admin", "POST", "/v1/data-subjects/erase", json={"external_id": PERSON}), 202)
    tenant.house.sweep()
    return ok(tenant.call("admin", "GET", f"/v1/erasures/{asked['id']}"))


def places_of(house: House, tenant: UUID, *needles: str) -> set[str]:
    """The tables of the tenant in a row of which a text is, as it is or in bytes."""
    spellings = [spelled for needle in needles for spelled in (needle.lower(), needle.encode().hex())]
    spellings += [needle.replace("-", "").lower() for needle in needles]
    found = set()
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'pouls' AND tablename NOT IN ($1, $2)"
    for (table,) in write(house, tables, "alembic_version", "worker_heartbeat"):
        for spelled in spellings:
            looked = f"SELECT 1 FROM {table} t WHERE tenant_id = $1 AND position($2 IN lower(t::text)) > 0 LIMIT 1"  # noqa: S608 - a name of ours
            if write(house, looked, tenant, spelled):
                found.add(table)
    return found


def shown(tenant: TenantUnderTest, release: str) -> dict[str, Any]:
    """All that a reader is given."""
    paths = ("", "/certificate", "/cells.csv")
    texts = {path: tenant.call(READ, "GET", f"/v1/releases/{release}{path}").text for path in paths}
    return texts | {"cells": cells_of(tenant, release)}


@pytest.fixture(scope="module")
def erased(house: House) -> dict[str, Any]:
    """A released wave, and somebody of it erased."""
    tenant = house.tenant()
    person = an_organisation(tenant)
    wave = a_wave(tenant)
    release = answer(wave)
    world: dict[str, Any] = {"tenant": tenant, "person": person, "wave": wave, "release": release}
    world["places"] = places_of(house, tenant.tenant_id, PERSON, NAME, str(person))
    world["shown"] = shown(tenant, release)
    world["participation"] = ok(tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/participation"))
    world["erasure"] = erase(tenant)
    return world


def test_nothing_of_the_person_is_left(house: House, erased: dict[str, Any]) -> None:
    """Where they were in these tables before, a look into every column of every table finds nothing."""
    assert erased["places"] >= {
        "person", "person_version", "project_member", "org_unit", "org_unit_version", "invited_day", "roster_line",
        "reorganisation", "people_import_line", "people_import_part",
    }  # fmt: skip
    assert erased["erasure"]["state"] == "done"
    tenant = erased["tenant"].tenant_id
    assert places_of(house, tenant, PERSON, NAME, str(erased["person"])) == set()
    rows = erased["erasure"]["rows"]
    assert rows == {
        "invited_day": 1, "org_unit.manager": 1, "org_unit_version.manager": 1, "people_import_line": 2,
        "people_import_line.before": 1, "people_import_part.person_ids": 2, "person": 1, "person.manager_id": 2,
        "person_version": 1, "person_version.manager_id": 2, "project_member": 1, "reorganisation.wanted": 1,
        "roster_line": 1,
    }  # fmt: skip


def test_others_stay_as_they_were(erased: dict[str, Any]) -> None:
    tenant: TenantUnderTest = erased["tenant"]
    assert len(tenant.sql("SELECT 1 FROM person")) == sum(TEAMS.values())
    (row,) = tenant.sql("SELECT wanted FROM reorganisation")
    assert row[0]["splits"][0]["parts"][0]["people"] == ["A-1"]
    assert ok(tenant.call("people:write", "GET", "/v1/org-units"))


def test_what_was_shown_is_the_same_to_the_byte(erased: dict[str, Any]) -> None:
    tenant, wave = erased["tenant"], erased["wave"]
    assert shown(tenant, erased["release"]) == erased["shown"]
    assert ok(tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/participation")) == erased["participation"]


def test_the_roster_still_is_the_promised_one(erased: dict[str, Any]) -> None:
    """Its digest can be worked out from what is left, every line is signed, and none is anybody's who is erased."""
    tenant, wave = erased["tenant"], erased["wave"]
    contract = ok(tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/contract"))["contract"]
    rows = tenant.sql("SELECT line_digest, salt, name, language, person_id FROM roster_line ORDER BY serial")
    assert hashlib.sha256(b"".join(row[0] for row in rows)).hexdigest() == contract["roster"]["digest"]
    (retired,) = [row for row in rows if row[1] == b""]
    assert (retired[2], retired[3], retired[4].version) == (None, None, 4)
    assert check_lines(erased) is True


def check_lines(erased: dict[str, Any]) -> bool:
    tenant, wave = erased["tenant"], erased["wave"]
    app = tenant.house.client.app

    async def go() -> bool:
        async with app.state.database.transaction(tenant.tenant_id) as tx:
            try:
                await lines.check_all(tx, await tx.get_one(Wave, (tenant.tenant_id, UUID(wave.wave))), app.state.notary)
            except ContractBroken:
                return False
            return True

    verdict: bool = tenant.house.run(go)
    return verdict


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE roster_line r SET label = (
            SELECT max(label) FROM wave_class w WHERE w.tenant_id = $1 AND w.label <> r.label)
        WHERE tenant_id = $1 AND salt = ''""",
        "UPDATE roster_line SET person_id = gen_random_uuid() WHERE tenant_id = $1 AND salt = ''",
        "DELETE FROM person WHERE tenant_id = $1 AND external_id = 'A-2'",
        "DELETE FROM roster_line WHERE tenant_id = $1 AND salt = ''",
    ],
    ids=["another class", "another nobody", "a person who was not erased", "the line"],
)
def test_a_writer_can_neither_alter_such_a_line_nor_make_one(house: House, statement: str) -> None:
    tenant = house.tenant()
    an_organisation(tenant)
    wave = a_wave(tenant)
    answer(wave)
    erase(tenant)
    world = {"tenant": tenant, "wave": wave}
    assert check_lines(world)
    write(house, statement, tenant.tenant_id)
    assert not check_lines(world)


def test_other_groups_are_proved_after_an_erasure_as_before_it(house: House, erased: dict[str, Any]) -> None:
    """The same recut of the same answers, once with the person there and once without: no figure differs."""
    tenant = house.tenant()
    an_organisation(tenant)
    untouched = a_wave(tenant)
    answer(untouched)
    both = []
    for wave in (erased["wave"], untouched):
        done = made(wave, [REGION], [["org", "region"]])
        assert done["status"] == "published", done
        certificate = ok(wave.tenant.call(READ, "GET", f"/v1/releases/{done['release_id']}/certificate"))
        assert certificate["certificate"]["auditor"]["verdict"] == "safe"
        both.append(cells_of(wave.tenant, done["release_id"]))
    assert both[0] == both[1]
    assert any(row["status"] == "published" for row in both[0])


def test_what_a_directory_sent_goes_too(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 3})
    user = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": f"{PERSON}@example.org",
        "externalId": PERSON,
        "displayName": NAME,
        "emails": [{"value": f"{PERSON}@example.org", "primary": True}],
    }
    headers = {"content-type": "application/scim+json"}
    ok(tenant.call("people:write", "POST", "/scim/v2/Users", content=json.dumps(user).encode(), headers=headers), 201)
    (row,) = tenant.sql(
        "SELECT source, person.external_id, person_id FROM person JOIN scim_user USING (tenant_id, person_id)"
    )
    assert "scim_user" in places_of(tenant.house, tenant.tenant_id, PERSON)
    who = {"source": row.source, "external_id": row.external_id}
    told = ok(tenant.call("admin", "POST", "/v1/data-subjects/export", json=who))
    assert f"{PERSON}@example.org" in json.dumps(told["records"]["scim_user"])
    ok(tenant.call("admin", "POST", "/v1/data-subjects/erase", json=who), 202)
    tenant.house.sweep()
    assert places_of(tenant.house, tenant.tenant_id, PERSON, NAME, str(row.person_id)) == set()


def test_an_erasure_that_failed_half_way_is_done_whole_the_next_time(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.privacy import erasing  # noqa: PLC0415 - to break it

    person = an_organisation(tenant)
    real = erasing._strip

    async def broken(*_: Any) -> int:
        raise RuntimeError

    monkeypatch.setattr(erasing, "_strip", broken)
    assert erase(tenant)["state"] == "waiting"
    assert tenant.sql("SELECT 1 FROM person WHERE manager_id = :person", person=person)
    monkeypatch.setattr(erasing, "_strip", real)
    tenant.sql("UPDATE job SET due_at = now() - interval '1 hour' WHERE kind = 'erase_person'")
    tenant.house.sweep()
    assert places_of(tenant.house, tenant.tenant_id, PERSON, NAME, str(person)) == set()
