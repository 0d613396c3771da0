"""What happens to people and units between two things that each are allowed: undone, renamed, deleted, told late."""

from datetime import timedelta
from typing import Any

from tests.faults.test_erasure import places_of
from tests.fixtures.house import House, TenantUnderTest
from tests.make.people import organised
from tests.make.people_files import post
from tests.make.scim import Directory
from tests.make.wire import places, problem
from tests.make.world import a_launched_wave, ok

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def call(tenant: TenantUnderTest, method: str, path: str, **request: Any) -> Any:
    return tenant.call("people:write", method, path, **request)


def people(tenant: TenantUnderTest, *rows: dict[str, Any]) -> Any:
    return call(tenant, "PUT", "/v1/people", json=list(rows))


def undo(tenant: TenantUnderTest, body: bytes, between: Any = lambda: None, **asked: Any) -> Any:
    """Import a few lines, do something else, and take the import back."""
    made = ok(post(tenant, body, mode="partial", **asked), 201)
    between()
    return call(tenant, "POST", f"/v1/people/imports/{made['id']}/undo")


def test_an_undo_makes_no_circle_of_managers(tenant: TenantUnderTest) -> None:
    organised(tenant)
    ok(people(tenant, {"external_id": "Q", "unit": "A"}, {"external_id": "P", "unit": "A", "manager": "Q"}))

    def between() -> None:
        ok(people(tenant, {"external_id": "Q", "unit": "A", "manager": "P"}))

    problem(undo(tenant, b"external_id;unit;manager\nP;A;\n", between), 409, "import-not-undone")


def test_an_undo_brings_back_no_value_that_is_not_declared(tenant: TenantUnderTest) -> None:
    organised(tenant)
    ok(people(tenant, {"external_id": "P", "unit": "A", "dimensions": {"site": "lyon"}}))

    def between() -> None:
        paris = [{"name": "site", "values": [{"id": "paris", "label": {"fr": "Paris"}}]}]
        ok(call(tenant, "PUT", "/v1/dimensions", json=paris))

    problem(undo(tenant, b"external_id;unit;site\nP;A;Paris\n", between), 409, "import-not-undone")


def test_an_undo_puts_nobody_into_what_is_there_no_more(tenant: TenantUnderTest) -> None:
    organised(tenant)
    directory = Directory(tenant)
    alpha, _ = directory.group("Alpha", externalId="SA"), directory.group("Beta", externalId="SB")
    boss = directory.user("boss", externalId="BOSS")
    ok(people(tenant, {"source": "scim", "external_id": "P", "unit": "SA"}))
    ok(people(tenant, {"source": "scim", "external_id": "R", "unit": "SB", "manager": "BOSS"}))
    asked = {"source": "scim", "accept_risk": True}
    away = undo(
        tenant, b"external_id;unit\nP;SB\n", lambda: directory.call("DELETE", f"/Groups/{alpha['id']}", 204), **asked
    )
    problem(away, 409, "import-not-undone")
    gone = undo(
        tenant,
        b"external_id;unit;manager\nR;SB;\n",
        lambda: directory.call("DELETE", f"/Users/{boss['id']}", 204),
        **asked,
    )
    problem(gone, 409, "import-not-undone")


def test_an_undo_leaves_whom_a_directory_has_taken_over(tenant: TenantUnderTest) -> None:
    organised(tenant)
    directory = Directory(tenant)
    directory.group("Alpha", externalId="SA")
    taken = undo(
        tenant,
        b"external_id;unit\nE1;SA\n",
        lambda: directory.user("anna", externalId="E1", active=True),
        source="scim",
    )
    problem(taken, 409, "import-not-undone")


def test_a_unit_that_an_undo_took_away_was_there_until_then(tenant: TenantUnderTest) -> None:
    organised(tenant)
    ok(call(tenant, "PUT", "/v1/people/import-mappings/hris", json={"create_units": True}))
    clock = tenant.house.clock

    def later() -> None:
        clock.shift = timedelta(days=1)

    first = clock().date()
    ok(undo(tenant, b"external_id;unit;unit_name\nE1;NEW;New one\n", later))
    clock.shift = timedelta(days=3)

    def there(days: int) -> bool:
        rows = ok(call(tenant, "GET", f"/v1/org-units?at={first + timedelta(days=days)}"))["data"]
        return "NEW" in {row["external_id"] for row in rows if row["active"]}

    assert [there(days) for days in (0, 1, 2, 3)] == [True, False, False, False]


def test_a_unit_that_was_deleted_comes_back_before_another_hangs_below_it(tenant: TenantUnderTest) -> None:
    directory = Directory(tenant)
    group = directory.group("Alpha", externalId="SA")
    directory.call("DELETE", f"/Groups/{group['id']}", 204)
    rows = [
        {"source": "scim", "external_id": "SA", "name": "Alpha", "active": False},
        {"source": "scim", "external_id": "SC", "name": "C", "parent": "SA"},
    ]
    ok(call(tenant, "PUT", "/v1/org-units", json=rows))
    assert {row["external_id"] for row in ok(call(tenant, "GET", "/v1/org-units"))["data"]} == {"SA", "SC"}


def renamed(directory: Directory, user: dict[str, Any], name: str) -> None:
    said = {"schemas": [USER], "userName": name, "externalId": name}
    directory.call("PUT", f"/Users/{user['id']}", 200, json=said)


def test_somebody_renamed_in_a_directory_stays_who_they_are_in_rosters(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 12, "B": 12})
    directory = Directory(tenant)
    ok(call(tenant, "PUT", "/v1/scim-mapping", json={"source": "hris", "groups": "units", "unit": "groups"}))
    renamed(directory, directory.user("a-1", externalId="A-1"), "A-1-married")
    rows = tenant.call("invitations:read", "GET", f"/v1/waves/{wave.wave}/invitations")
    assert rows.status_code == 200
    for number, person in enumerate(sorted(wave.codes)):
        ok(wave.submit(person, {"load": 1 + number % 5, "place": "home", "help": 1 + number % 3}), 201)
    assert wave.release()["status"] == "published"
    found = directory.get("/Users", filter='externalId eq "A-1-married"')
    assert found["totalResults"] == 1
    assert directory.user("other", status=409, externalId="A-1-married")["scimType"] == "uniqueness"


def test_somebody_renamed_is_erased_whole(house: House, tenant: TenantUnderTest) -> None:
    organised(tenant)
    directory = Directory(tenant)
    directory.group("Alpha", externalId="SA")
    made = directory.user("zqold-91", externalId="zqold-91")
    unit = {"source": "scim", "external_id": "SA", "name": "Alpha", "manager": "zqold-91"}
    ok(call(tenant, "PUT", "/v1/org-units", json=[unit]))
    ok(people(tenant, {"source": "scim", "external_id": "zqold-91", "unit": "SA"}))
    split = {"unit": "SA", "parts": [{"external_id": "S2", "name": "x", "people": ["zqold-91"]}]}
    ok(call(tenant, "POST", "/v1/reorganisations", json={"source": "scim", "on": "2099-01-01", "splits": [split]}), 201)
    renamed(directory, made, "zqnew-92")
    subject = {"source": "scim", "external_id": "zqnew-92"}
    asked = ok(tenant.call("admin", "POST", "/v1/data-subjects/erase", json=subject), 202)
    tenant.house.sweep()
    assert ok(tenant.call("admin", "GET", f"/v1/erasures/{asked['id']}"))["state"] == "done"
    assert places_of(house, tenant.tenant_id, "zqold-91", "zqnew-92") == set()


def test_nobody_is_put_back_into_a_unit_that_was_merged(tenant: TenantUnderTest) -> None:
    organised(tenant)
    ok(people(tenant, {"external_id": "1", "unit": "A"}))
    ok(call(tenant, "POST", "/v1/reorganisations", json={"merges": [{"units": ["A"], "into": "B"}]}), 201)
    merged = "was merged into another unit by a reorganisation"
    assert places(problem(people(tenant, {"external_id": "1", "unit": "A"}), 422, "invalid")) == {"/0/unit": merged}
    told = ok(post(tenant, b"external_id;unit\n1;A\n2;B\n", mode="full"), 201)
    assert [(one["line"], one["reason"]) for one in told["refusals"]] == [(2, merged)]
    assert (told["counts"]["leavers"], told["counts"]["movers"]) == (0, 0)
    ok(people(tenant, {"external_id": "1", "unit": "A", "active": False}))  # whoever leaves may still be told there


def test_an_empty_file_says_why(tenant: TenantUnderTest) -> None:
    organised(tenant)
    told = problem(post(tenant, b"external_id;unit\n1;nowhere\n", mode="full"), 422, "import-empty")
    assert places(told) == {"/lines/2/unit": "is not a known unit of this source"}
