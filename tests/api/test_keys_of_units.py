"""Keys that read one unit's results, with what is below it, and nothing else by any way."""

import json
from typing import Any

import pytest

from service.releases import schemas
from tests.fixtures.house import House, TenantUnderTest
from tests.make.formats import READ, in_all_formats
from tests.make.wire import problem
from tests.make.world import LaunchedWave, a_campaign, a_questionnaire, cells_of, codes_of, ok

NORTH = {"NORTH", "N1", "N2"}


@pytest.fixture(scope="module")
def released(house: House) -> tuple[TenantUnderTest, str]:
    """TOP above NORTH (N1, N2) and SOUTH (S1); by site."""
    tenant = house.tenant()
    parents = {"NORTH": "TOP", "SOUTH": "TOP", "N1": "NORTH", "N2": "NORTH", "S1": "SOUTH"}
    units: list[dict[str, Any]] = [{"external_id": "TOP", "name": "Everyone"}]
    units += [{"external_id": unit, "name": f"Unit {unit}", "parent": above} for unit, above in parents.items()]
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=units))
    sites = {"name": "site", "values": [{"id": name, "label": {"en": name}} for name in ("lyon", "lille")]}
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=[sites]))
    people = [
        {"external_id": f"{unit}-{number}", "unit": unit, "dimensions": {"site": ("lyon", "lille")[number % 2]}}
        for unit in ("N1", "N2", "S1")
        for number in range(30)
    ]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=people))
    a_questionnaire(tenant)
    campaign = a_campaign(tenant, plan={"breakdowns": [["org"], ["org", "site"]]})
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    launched = LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))
    for number, person in enumerate(sorted(launched.codes)):
        ok(launched.submit(person, {"load": 1 + number % 5, "help": 1 + number % 3}), 201)
    return tenant, str(launched.release()["id"])


def limited(tenant: TenantUnderTest, unit: str, source: str = "hris") -> TenantUnderTest:
    """The same tenant, as who holds a key of this unit sees it."""
    body = {"name": unit, "scopes": [READ], "unit": {"source": source, "external_id": unit}}
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)
    return TenantUnderTest(tenant.house, tenant.tenant_id, tenant.keys | {READ: made["key"]})


def test_a_key_reads_its_unit_and_what_is_below_it(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    whole = cells_of(tenant, release)
    for unit, below in (("TOP", {*NORTH, "TOP", "SOUTH", "S1"}), ("NORTH", NORTH), ("N2", {"N2"})):
        key = limited(tenant, unit)
        wanted = [cell for cell in whole if cell["unit"] in below]
        assert len({tuple(cell["dimensions"].items()) for cell in wanted}) == 3
        assert cells_of(key, release) == wanted
        for name, found in in_all_formats(key, release).items():
            assert found == wanted, (unit, name)


def test_others_units_are_as_if_they_were_not(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    key = limited(tenant, "NORTH")
    unknown = problem(key.call(READ, "GET", f"/v1/releases/{release}/cells?unit=nowhere"), 422, "invalid")
    for unit in ("SOUTH", "S1", "TOP"):
        for address in ("cells", "cells.csv", "comments"):
            answer = key.call(READ, "GET", f"/v1/releases/{release}/{address}?unit={unit}")
            refused = problem(answer, 422, "invalid")
            assert refused["errors"] == [error | {"parameter": "unit"} for error in unknown["errors"]]


def test_pages_and_tags_are_of_what_is_seen(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    north, south = limited(tenant, "NORTH"), limited(tenant, "SOUTH")
    answers = [
        one.call(READ, "GET", f"/v1/releases/{release}/cells.csv").headers["etag"] for one in (tenant, north, south)
    ]
    assert len(set(answers)) == 3
    held = {"If-None-Match": answers[0]}
    assert north.call(READ, "GET", f"/v1/releases/{release}/cells.csv", headers=held).status_code == 200
    first = ok(north.call(READ, "GET", f"/v1/releases/{release}/cells?limit=3"))
    assert {cell["unit"] for cell in first["data"]} <= NORTH
    # Another key's cursor stands somewhere else, and shows no more.
    after = ok(tenant.call(READ, "GET", f"/v1/releases/{release}/cells?limit=1"))["next"]
    rest = ok(north.call(READ, "GET", f"/v1/releases/{release}/cells?limit=500&cursor={after}"))
    assert {cell["unit"] for cell in rest["data"]} <= NORTH


def test_of_everybody_together_nothing_is_told(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    told = json.dumps({"statistics": {"scales": []}})
    tenant.sql("UPDATE release SET manifest = manifest || CAST(:told AS jsonb)", told=told)
    whole = ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))
    part = ok(limited(tenant, "NORTH").call(READ, "GET", f"/v1/releases/{release}"))
    assert whole["statistics"] is not None
    assert part["statistics"] is None
    assert "statistics" not in part["manifest"]
    assert not part["manifest"].keys() & {"cells", "comments"}
    key = limited(tenant, "NORTH")
    assert tenant.call(READ, "GET", f"/v1/releases/{release}/certificate").status_code == 200
    problem(key.call(READ, "GET", f"/v1/releases/{release}/certificate"), 404, "not-found")


def test_nobody_elses_names_are_told(released: tuple[TenantUnderTest, str]) -> None:
    """Neither those of units above, in OData, nor of the units that a recut has united."""
    tenant, release = released
    key = limited(tenant, "NORTH")
    rows = ok(key.call(READ, "GET", "/odata/OrgUnits"))["value"]
    assert {row["Level1"] for row in rows} == {None}
    assert {row["Level2"] for row in rows} == {"Unit NORTH"}
    assert {row["Level3"] for row in rows} == {None, "Unit N1", "Unit N2"}
    assert ok(key.call(READ, "GET", "/odata/OrgUnits?$filter=Level1 eq 'Everyone'"))["value"] == []
    assert {row["Level1"] for row in ok(tenant.call(READ, "GET", "/odata/OrgUnits"))["value"]} == {"Everyone"}
    united = {"plan": [["org", "part"]], "dimensions": [{"name": "part", "values": [{"id": "s", "members": ["S1"]}]}]}
    manifest = ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))["manifest"]
    told = schemas._of_a_unit(manifest | {"breakdowns": united})
    assert "S1" not in json.dumps(told)
    assert told["breakdowns"]["dimensions"][0]["values"] == [{"id": "s"}]


def test_a_release_without_the_unit_is_not_there(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    for key in (limited(tenant, "elsewhere"), limited(tenant, "NORTH", source="other")):
        assert ok(key.call(READ, "GET", "/v1/releases"))["data"] == []
        for address in ("", "/cells", "/cells.parquet", "/certificate", "/comments"):
            problem(key.call(READ, "GET", f"/v1/releases/{release}{address}"), 404, "not-found")
    assert len(ok(limited(tenant, "N1").call(READ, "GET", "/v1/releases"))["data"]) == 1


def test_a_limited_key_may_do_nothing_else(tenant: TenantUnderTest) -> None:
    unit = {"external_id": "A"}
    for scopes in (["admin"], [READ, "people:write"], ["campaigns:write"]):
        body = {"name": "n", "scopes": scopes, "unit": unit}
        refused = problem(tenant.call("admin", "POST", "/v1/api-keys", json=body), 422, "invalid")
        assert refused["errors"][0]["pointer"] == "/scopes"
    key = limited(tenant, "A")
    listed = ok(tenant.call("admin", "GET", "/v1/api-keys"))
    assert {"source": "hris", "external_id": "A"} in [one["unit"] for one in listed]
    body = {"name": "n", "scopes": ["admin"]}
    problem(key.call(READ, "POST", "/v1/api-keys", json=body), 403, "forbidden")


@pytest.mark.parametrize("written", ["unit = NULL, unit_source = NULL", "unit = 'TOP'", "unit_source = 'other'"])
def test_whoever_widens_a_key_in_the_database_ends_it(released: tuple[TenantUnderTest, str], written: str) -> None:
    tenant, release = released
    key = limited(tenant, "NORTH")
    assert key.call(READ, "GET", f"/v1/releases/{release}").status_code == 200
    tenant.sql(f"UPDATE api_key SET {written} WHERE unit = 'NORTH'")  # noqa: S608 - texts from this test
    problem(key.call(READ, "GET", f"/v1/releases/{release}"), 401, "unauthenticated")


def test_an_access_token_is_no_wider_than_its_key(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    body = {"name": "token", "scopes": [READ], "unit": {"external_id": "N1"}}
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)
    form = {"grant_type": "client_credentials", "client_id": made["client_id"], "client_secret": made["key"]}
    token = ok(tenant.house.client.post("/oauth/token", data=form))["access_token"]
    holder = TenantUnderTest(tenant.house, tenant.tenant_id, tenant.keys | {READ: token})
    assert {cell["unit"] for cell in cells_of(holder, release)} == {"N1"}
