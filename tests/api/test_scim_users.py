"""Users over SCIM: what becomes of the person behind them, and what is refused."""

from typing import Any
from uuid import UUID

import pytest

from tests.fixtures.house import House, TenantUnderTest
from tests.make.scim import ENTERPRISE, ERROR, PERSON, USER, Directory


@pytest.fixture
def directory(tenant: TenantUnderTest) -> Directory:
    return Directory(tenant)


def person_of(directory: Directory, user: str) -> Any:
    (row,) = directory.sql("SELECT * FROM person WHERE person_id = :id", id=UUID(user))
    return row


def test_a_user_is_a_person_of_the_source_scim(directory: Directory) -> None:
    made = directory.user(
        "Anna@firm.example",
        externalId="E7",
        displayName="Anna Muster",
        preferredLanguage="fr-FR",
        active=True,
        emails=[{"value": "anna@firm.example", "type": "work"}],
        **{PERSON: {"hiredOn": "2021-07-01T00:00:00Z"}},
    )
    assert made["meta"]["location"] == f"http://pouls.test/scim/v2/Users/{made['id']}"
    assert made["meta"]["version"] == 'W/"1.1"'
    assert "emails" not in made
    assert made[PERSON] == {"hiredOn": "2021-07-01"}
    row = person_of(directory, made["id"])
    assert (row.source, row.external_id, row.name, row.language) == ("scim", "E7", "Anna Muster", "fr-FR")
    assert (row.is_active, row.unit_id, str(row.hired_on), row.revision) == (True, None, "2021-07-01", 1)
    assert "mails" not in str(directory.sql("SELECT directory FROM scim_user"))
    assert directory.get(f"/Users/{made['id']}") == made


def test_without_an_external_id_the_user_name_is_the_key_and_follows_it(directory: Directory) -> None:
    made = directory.user("Anna")
    assert person_of(directory, made["id"]).external_id == "anna"
    directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "userName", "value": "Anna2"})
    assert person_of(directory, made["id"]).external_id == "anna2"
    other = directory.user("ANNA")
    assert other["id"] != made["id"]


def test_the_units_of_a_manager_who_is_called_otherwise_are_changed_too(directory: Directory) -> None:
    """Whoever asks for what has changed since finds both."""
    made = directory.user("anna")
    directory.sql(
        "INSERT INTO org_unit (tenant_id, unit_id, source, external_id, name, hierarchy, manager, is_active, "
        "created_at, updated_at) SELECT tenant_id, gen_random_uuid(), source, 'U', 'U', 'line', external_id, true, "
        "'2020-02-02', '2020-02-02' FROM person WHERE person_id = :id",
        id=UUID(made["id"]),
    )
    directory.sql("UPDATE person SET updated_at = '2020-02-02'")
    directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "userName", "value": "anna2"})
    (unit,) = directory.sql("SELECT manager, revision, updated_at FROM org_unit WHERE external_id = 'U'")
    person = person_of(directory, made["id"])
    assert (unit.manager, unit.revision, person.external_id, person.revision) == ("anna2", 2, "anna2", 2)
    assert unit.updated_at == person.updated_at
    assert unit.updated_at.year > 2020


def test_a_change_is_a_revision_with_its_history(directory: Directory) -> None:
    made = directory.user("anna", active=True)
    answer = directory.patch(f"/Users/{made['id']}", {"op": "replace", "value": {"active": False}})
    assert answer.headers["etag"] == 'W/"2.2"'
    assert not person_of(directory, made["id"]).is_active
    (version,) = directory.sql("SELECT is_active FROM person_version WHERE person_id = :id", id=UUID(made["id"]))
    assert not version.is_active
    again = directory.patch(f"/Users/{made['id']}", {"op": "Replace", "path": "active", "value": "False"})
    assert again.headers["etag"] == 'W/"2.2"'  # nothing changed


def test_names_and_keys_are_taken_once(directory: Directory) -> None:
    directory.user("anna", externalId="E1")
    refused = directory.user("ANNA", status=409)
    assert refused == {
        "schemas": [ERROR],
        "status": "409",
        "scimType": "uniqueness",
        "detail": "This userName or externalId is taken.",
    }
    assert directory.user("berta", status=409, externalId="E1")["scimType"] == "uniqueness"


def test_a_deleted_user_is_gone_and_comes_back_as_the_same_person(directory: Directory) -> None:
    made = directory.user("anna", externalId="E1")
    team = directory.group("Team", made["id"])
    directory.call("DELETE", f"/Users/{made['id']}", 204)
    directory.get(f"/Users/{made['id']}", 404)
    assert directory.names() == []
    assert directory.members(team["id"]) == set()
    row = person_of(directory, made["id"])
    assert row.deleted_at is not None
    assert not row.is_active
    assert directory.sql("SELECT 1 FROM scim_user") == []
    directory.call("DELETE", f"/Users/{made['id']}", 404)
    back = directory.user("anna2", externalId="E1")
    assert back["id"] == made["id"]
    assert "groups" not in back
    row = person_of(directory, made["id"])
    assert (row.deleted_at, row.is_active, row.unit_id) == (None, True, None)


def test_one_whom_a_file_told_under_that_source_and_key_is_taken_over(directory: Directory) -> None:
    units = [{"source": "scim", "external_id": "D1", "name": "Direction"}]
    assert directory.tenant.call("people:write", "PUT", "/v1/org-units", json=units).status_code == 200
    people = [{"source": "scim", "external_id": "E1", "unit": "D1", "language": "fr", "hired_on": "2020-01-01"}]
    assert directory.tenant.call("people:write", "PUT", "/v1/people", json=people).status_code == 200
    assert directory.names() == []
    made = directory.user("anna", externalId="E1")
    assert made[PERSON] == {"hiredOn": "2020-01-01", "unit": "D1"}
    assert person_of(directory, made["id"]).language == "fr"


def test_managers_are_users_and_never_in_a_circle(directory: Directory) -> None:
    anna, berta, carl = (directory.user(name) for name in ("anna", "berta", "carl"))
    manager = f"{ENTERPRISE}:manager"
    directory.patch(f"/Users/{berta['id']}", {"op": "Add", "path": manager, "value": anna["id"]})
    directory.patch(f"/Users/{carl['id']}", {"op": "add", "path": manager, "value": {"value": berta["id"]}})
    shown = directory.get(f"/Users/{carl['id']}")[ENTERPRISE]["manager"]
    assert shown == {"value": berta["id"], "$ref": f"http://pouls.test/scim/v2/Users/{berta['id']}"}
    unknown = "01990000-0000-7000-8000-000000000000"
    for wrong in (carl["id"], anna["id"], unknown, "nobody"):
        refused = directory.patch(
            f"/Users/{anna['id']}", {"op": "replace", "path": manager, "value": {"value": wrong}}, status=400
        )
        assert refused.json()["scimType"] == "invalidValue"
        assert wrong not in refused.text
    assert ENTERPRISE not in directory.get(f"/Users/{anna['id']}")
    assert directory.names(filter=f'{manager} eq "{anna["id"]}"') == ["berta"]
    directory.patch(f"/Users/{carl['id']}", {"op": "replace", "path": manager, "value": ""})
    assert ENTERPRISE not in directory.get(f"/Users/{carl['id']}")
    directory.call("DELETE", f"/Users/{anna['id']}", 204)
    assert ENTERPRISE not in directory.get(f"/Users/{berta['id']}")


def test_a_user_may_not_be_made_with_a_manager_who_is_not_there(directory: Directory) -> None:
    refused = directory.user("anna", status=400, **{ENTERPRISE: {"manager": {"value": "missing-manager"}}})
    assert refused["scimType"] == "invalidValue"
    assert "missing" not in str(refused)
    assert directory.sql("SELECT 1 FROM person") == []


def test_dimensions_are_attributes_with_closed_lists(directory: Directory) -> None:
    label = {"fr": "x", "en": "x"}
    dimensions = [{"name": "site", "values": [{"id": "lyon", "label": label}, {"id": "nancy", "label": label}]}]
    assert directory.tenant.call("people:write", "PUT", "/v1/dimensions", json=dimensions).status_code == 200
    schema = directory.get(f"/Schemas/{PERSON}")
    site = next(one for one in schema["attributes"] if one["name"] == "site")
    assert site["canonicalValues"] == ["lyon", "nancy"]
    made = directory.user("anna", **{PERSON: {"site": "lyon"}})
    assert person_of(directory, made["id"]).dimensions == {"site": "lyon"}
    directory.user("berta", status=400, **{PERSON: {"site": "atlantis"}})
    directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": f"{PERSON}:site", "value": "nancy"})
    assert directory.names(filter=f'{PERSON}:site eq "nancy"') == ["anna"]
    assert directory.names(filter=f'{PERSON}:site eq "Nancy"') == []


@pytest.mark.parametrize(
    "more",
    [
        {"preferredLanguage": "not a language"},
        {PERSON: {"hiredOn": "yesterday"}},
        {PERSON: {"hiredOn": "2021-02-31"}},
        {"displayName": "x" * 201},
        {"displayName": " " * 200 + "x"},
        {"displayName": "bell\u0007"},
        {"name": {"formatted": "nul\u0000"}},
        {"externalId": "x" * 201},
        {"active": "perhaps"},
        {"userName": "   "},
        {"schemas": ["urn:example:unknown"]},
        {"name": ["a list"]},
    ],
)
def test_what_can_not_stand_is_refused_without_an_echo(directory: Directory, more: dict[str, Any]) -> None:
    body = {"schemas": [USER], "userName": "anna-marker", "displayName": "Marker"} | more
    refused = directory.call("POST", "/Users", 400, json=body)
    assert refused.headers["content-type"] == "application/scim+json"
    assert set(refused.json()) <= {"schemas", "status", "scimType", "detail"}
    assert "arker" not in refused.text
    for value in more.values():
        assert str(value) not in refused.text
    assert directory.sql("SELECT 1 FROM person") == []


@pytest.mark.parametrize("sign", ["\U0001d160", "\u0130"])  # which grow, composed or in small letters
def test_a_long_name_that_grows_when_folded_is_found_by_itself(directory: Directory, sign: str) -> None:
    name = sign * 200
    directory.user("anna", displayName=name)
    assert directory.names(sortBy="displayName", filter=f'displayName eq "{name}"') == ["anna"]


def test_a_unit_said_by_department_must_be_there(directory: Directory) -> None:
    tenant = directory.tenant
    mapping = {"groups": "projects", "unit": "department"}
    assert tenant.call("people:write", "PUT", "/v1/scim-mapping", json=mapping).status_code == 200
    units = [{"source": "scim", "external_id": "D1", "name": "Direction"}]
    assert tenant.call("people:write", "PUT", "/v1/org-units", json=units).status_code == 200
    directory.user("anna", status=400, **{ENTERPRISE: {"department": "D9"}})
    made = directory.user("anna", **{ENTERPRISE: {"department": "D1"}})
    assert made[PERSON] == {"unit": "D1"}
    assert made[ENTERPRISE] == {"department": "D1"}
    assert directory.names(filter=f'{ENTERPRISE}:department eq "d1"') == ["anna"]
    directory.patch(f"/Users/{made['id']}", {"op": "remove", "path": f"{ENTERPRISE}:department"})
    assert person_of(directory, made["id"]).unit_id is None


def test_what_was_done_is_in_the_audit_log_by_counts(directory: Directory) -> None:
    made = directory.user("anna-in-secret")
    directory.get("/Users")
    directory.user("anna-in-secret", status=409)
    directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "displayName", "value": "Anna"})
    entries = directory.sql("SELECT action, detail FROM audit_entry WHERE action LIKE 'scim%' ORDER BY entry_id")
    assert [tuple(entry) for entry in entries] == [
        ("scim.write", {"users_created": 1}),
        ("scim.write", {"users_changed": 1}),
    ]


def test_tenants_see_nothing_of_each_other(house: House, directory: Directory) -> None:
    mine = directory.user("anna")
    other = Directory(house.tenant())
    assert other.names() == []
    other.get(f"/Users/{mine['id']}", 404)
    other.call("DELETE", f"/Users/{mine['id']}", 404)
    other.user("anna")
    other.group("Team", mine["id"], status=400)
