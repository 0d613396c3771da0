"""Groups over SCIM: units of the line, projects, values of a dimension; who is in them, and what is below them."""

from typing import Any
from uuid import UUID

import pytest

from service.scim import group_rows
from tests.fixtures.house import TenantUnderTest
from tests.make.scim import GROUP, PERSON, Directory


@pytest.fixture
def directory(tenant: TenantUnderTest) -> Directory:
    return Directory(tenant)


def put_mapping(directory: Directory, **mapping: str) -> None:
    answer = directory.tenant.call("people:write", "PUT", "/v1/scim-mapping", json=mapping)
    assert answer.status_code == 200, answer.text


def unit_of(directory: Directory, user: str) -> UUID | None:
    ((unit,),) = directory.sql("SELECT unit_id FROM person WHERE person_id = :id", id=UUID(user))
    found: UUID | None = unit
    return found


def people(directory: Directory, *names: str) -> list[str]:
    return [directory.user(name)["id"] for name in names]


def member(*ids: str) -> list[dict[str, str]]:
    return [{"value": one} for one in ids]


def test_a_group_is_a_unit_and_a_person_is_in_one_of_them(directory: Directory) -> None:
    anna, berta, carl = people(directory, "anna", "berta", "carl")
    first = directory.group("Direction", anna, berta, externalId="D1")
    second = directory.group("Logistics", carl)
    (row,) = directory.sql("SELECT * FROM org_unit WHERE unit_id = :id", id=UUID(first["id"]))
    assert (row.source, row.external_id, row.name, row.hierarchy) == ("scim", "D1", "Direction", "line")
    assert str(unit_of(directory, anna)) == first["id"]
    assert directory.get(f"/Users/{anna}")["groups"] == [
        {"value": first["id"], "$ref": f"http://pouls.test/scim/v2/Groups/{first['id']}", "type": "direct"}
    ]
    directory.patch(f"/Groups/{second['id']}", {"op": "Add", "path": "members", "value": member(anna)})
    assert directory.members(first["id"]) == {berta}
    assert directory.members(second["id"]) == {anna, carl}
    assert second["externalId" if "externalId" in second else "id"] == second["id"]


@pytest.mark.parametrize(
    "leaving",
    [
        lambda one: {"op": "remove", "path": f'members[value eq "{one}"]'},
        lambda one: {"op": "Remove", "path": "members", "value": member(one)},
        lambda one: {"op": "remove", "path": f'{GROUP}:members[value eq "{one}"]'},
        lambda one: {"op": "remove", "path": f'members[value eq "{one}" or value eq "nobody"]'},
    ],
)
def test_a_member_leaves_however_it_is_said(directory: Directory, leaving: Any) -> None:
    anna, berta = people(directory, "anna", "berta")
    team = directory.group("Team", anna, berta)
    directory.patch(f"/Groups/{team['id']}", leaving(anna))
    assert directory.members(team["id"]) == {berta}
    assert unit_of(directory, anna) is None
    again = directory.patch(f"/Groups/{team['id']}", leaving(anna))
    assert again.headers["etag"] != team["meta"]["version"]


def test_members_are_replaced_and_all_removed(directory: Directory) -> None:
    anna, berta, carl = people(directory, "anna", "berta", "carl")
    team = directory.group("Team", anna)
    path = f"/Groups/{team['id']}"
    directory.patch(path, {"op": "replace", "path": "members", "value": member(berta, carl)})
    assert directory.members(team["id"]) == {berta, carl}
    directory.patch(path, {"op": "replace", "value": {"displayName": "Crew", "members": member(anna, berta)}})
    assert directory.members(team["id"]) == {anna, berta}
    assert directory.get(path)["displayName"] == "Crew"
    directory.patch(
        path,
        {"op": "add", "path": "members", "value": member(carl)},
        {"op": "remove", "path": f'members[value eq "{anna}"]'},
    )
    assert directory.members(team["id"]) == {berta, carl}
    directory.call("PUT", path, 200, json={"schemas": [GROUP], "displayName": "Crew", "members": member(anna)})
    assert directory.members(team["id"]) == {anna}
    directory.patch(path, {"op": "remove", "path": "members"})
    assert directory.members(team["id"]) == set()


def test_who_is_in_a_group_is_a_part_of_its_version(directory: Directory) -> None:
    anna, berta = people(directory, "anna", "berta")
    team = directory.group("Team", anna)
    path = f"/Groups/{team['id']}"
    other = directory.group("Other")
    directory.patch(f"/Groups/{other['id']}", {"op": "add", "path": "members", "value": member(anna)})
    stale = {"If-Match": team["meta"]["version"]}
    change = {"op": "add", "path": "members", "value": member(berta)}
    refused = directory.patch(path, change, status=412, headers=stale)
    assert refused.json()["detail"] == "It has changed meanwhile."
    assert directory.members(team["id"]) == set()
    fresh = {"If-Match": directory.get(path)["meta"]["version"]}
    directory.patch(path, change, headers=fresh)
    assert directory.members(team["id"]) == {berta}


def test_members_who_are_not_there_are_refused_and_nothing_is_written(directory: Directory) -> None:
    (anna,) = people(directory, "anna")
    team = directory.group("Team")
    unknown = "01990000-0000-7000-8000-00000000abcd"
    refused = directory.patch(
        f"/Groups/{team['id']}", {"op": "add", "path": "members", "value": member(anna, unknown)}, status=400
    )
    assert refused.json()["scimType"] == "invalidValue"
    assert "abcd" not in refused.text
    assert directory.members(team["id"]) == set()
    directory.group("Second", "nonsense", status=400)
    assert directory.names("/Groups") == ["Team"]


def test_units_hang_below_units_and_never_in_a_circle(directory: Directory) -> None:
    (anna,) = people(directory, "anna")
    leaf = directory.group("Leaf", anna)["id"]
    branch = directory.group("Branch", leaf)["id"]
    root = directory.group("Root", branch)["id"]
    assert directory.members(branch) == {leaf}
    shown = directory.get(f"/Groups/{branch}")["members"]
    assert shown == [{"value": leaf, "$ref": f"http://pouls.test/scim/v2/Groups/{leaf}", "type": "Group"}]
    for above, below in ((leaf, root), (leaf, leaf), (branch, root)):
        refused = directory.patch(
            f"/Groups/{above}", {"op": "add", "path": "members", "value": member(below)}, status=400
        )
        assert refused.json()["detail"] == "A unit must not be below itself."
    assert directory.members(leaf) == {anna}
    directory.patch(f"/Groups/{branch}", {"op": "remove", "path": f'members[value eq "{leaf}"]'})
    assert directory.members(branch) == set()
    rows = directory.sql("SELECT parent_id FROM org_unit WHERE unit_id = :id", id=UUID(leaf))
    assert [tuple(row) for row in rows] == [(None,)]


def test_a_deleted_group_leaves_its_people_without_a_unit(directory: Directory) -> None:
    (anna,) = people(directory, "anna")
    leaf = directory.group("Leaf")["id"]
    team = directory.group("Team", anna, leaf, externalId="T1")
    directory.call("DELETE", f"/Groups/{team['id']}", 204)
    directory.get(f"/Groups/{team['id']}", 404)
    assert unit_of(directory, anna) is None
    assert directory.names("/Groups") == ["Leaf"]
    back = directory.group("Team again", externalId="T1")
    assert back["id"] == team["id"]
    assert directory.members(team["id"]) == set()


def test_a_unit_in_which_others_people_are_is_not_deleted(directory: Directory) -> None:
    team = directory.group("Team", externalId="T1")
    person = {"source": "scim", "external_id": "E1", "unit": "T1"}
    assert directory.tenant.call("people:write", "PUT", "/v1/people", json=[person]).status_code == 200
    assert directory.members(team["id"]) == set()  # they are no User
    refused = directory.call("DELETE", f"/Groups/{team['id']}", 409)
    assert refused.json()["detail"] == "People whom no directory looks after are in this unit."


def test_projects_are_groups_of_which_a_person_may_have_several(directory: Directory) -> None:
    put_mapping(directory, groups="projects", unit="extension")
    anna, berta = people(directory, "anna", "berta")
    first = directory.group("First", anna, berta)
    second = directory.group("Second", anna)
    assert directory.members(first["id"]) == {anna, berta}
    shown = {one["value"] for one in directory.get(f"/Users/{anna}")["groups"]}
    assert shown == {first["id"], second["id"]}
    directory.patch(f"/Groups/{first['id']}", {"op": "remove", "path": f'members[value eq "{anna}"]'})
    assert directory.members(second["id"]) == {anna}
    assert directory.names(filter=f'groups.value eq "{second["id"]}"') == ["anna"]
    assert directory.names("/Groups", filter=f'members[value eq "{berta}"]') == ["First"]
    directory.call("DELETE", f"/Groups/{second['id']}", 204)
    assert "groups" not in directory.get(f"/Users/{anna}")


def test_values_of_a_dimension_are_groups(directory: Directory) -> None:
    label = {"fr": "Lyon", "en": "Lyon"}
    dimensions = [{"name": "site", "values": [{"id": "lyon", "label": label}]}]
    assert directory.tenant.call("people:write", "PUT", "/v1/dimensions", json=dimensions).status_code == 200
    put_mapping(directory, groups="dimension", dimension="site", unit="department")
    anna, berta = people(directory, "anna", "berta")
    assert directory.names("/Groups") == ["Lyon"]
    lyon = directory.get("/Groups", filter='displayName eq "LYON"')["Resources"][0]["id"]
    nancy = directory.group("Nancy Est", anna)
    assert nancy["id"] == "site.nancy_est"
    directory.group("Nancy Est", status=409)
    directory.patch(f"/Groups/{lyon}", {"op": "add", "path": "members", "value": member(berta)})
    assert directory.get(f"/Users/{anna}")[PERSON] == {"site": "nancy_est"}
    assert directory.names("/Groups", filter=f'members eq "{berta}"') == ["Lyon"]
    assert directory.names(filter=f'groups[value eq "{lyon}"]') == ["berta"]
    directory.patch(f"/Groups/{lyon}", {"op": "replace", "path": "displayName", "value": "Lyon Sud"})
    assert directory.names("/Groups", sortBy="displayName") == ["Lyon Sud", "Nancy Est"]
    directory.call("DELETE", f"/Groups/{nancy['id']}", 204)
    assert PERSON not in directory.get(f"/Users/{anna}")
    directory.call("DELETE", f"/Groups/{lyon}", 409)  # a list is never empty
    told = directory.tenant.call("people:write", "GET", "/v1/dimensions").json()
    assert told == [{"name": "site", "values": [{"id": "lyon", "label": {"en": "Lyon Sud", "fr": "Lyon Sud"}}]}]


def test_a_patch_of_a_large_group_reads_and_writes_none_who_stay(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {
                "method": "POST",
                "path": "/Users",
                "bulkId": f"u{number}",
                "data": {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"u{number}"},
            }
            for number in range(200)
        ],
    }
    done = directory.call("POST", "/Bulk", 200, json=bulk).json()["Operations"]
    ids = [one["location"].rpartition("/")[2] for one in done]
    team = directory.group("Team", *ids)
    before = directory.sql("SELECT person_id, revision FROM person ORDER BY person_id")
    with monkeypatch.context() as patched:
        patched.setattr(group_rows, "_members", None)  # whoever read them would fail
        directory.patch(f"/Groups/{team['id']}", {"op": "remove", "path": f'members[value eq "{ids[7]}"]'})
        directory.get(f"/Groups/{team['id']}", excludedAttributes="members")
    after = directory.sql("SELECT person_id, revision FROM person ORDER BY person_id")
    changed = [str(old.person_id) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [ids[7]]
    assert len(directory.members(team["id"])) == 199
    answer = directory.patch(
        f"/Groups/{team['id']}?attributes=members",
        {"op": "add", "path": "members", "value": member(ids[7])},
        status=200,
    )
    assert len(answer.json()["members"]) == 200
    assert "members" not in directory.get(f"/Groups/{team['id']}", excludedAttributes="members")
    assert "members" not in directory.get("/Groups", excludedAttributes="members")["Resources"][0]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "members", "value": [{"display": "nobody"}]},
        {"op": "add", "path": "members", "value": 5},
        {"op": "remove", "path": 'members[value co "0"]'},
        {"op": "remove", "path": 'members[type eq "User"]'},
        {"op": "replace", "path": 'members[value eq "x"].value', "value": "y"},
        {"op": "remove", "path": "displayName"},
        {"op": "replace", "path": "displayName", "value": " "},
        {"op": "replace", "path": "id", "value": "other"},
        {"op": "move", "path": "members"},
    ],
)
def test_what_can_not_be_done_to_a_group_is_refused(directory: Directory, operation: dict[str, Any]) -> None:
    team = directory.group("Team")
    refused = directory.patch(f"/Groups/{team['id']}", operation, status=400)
    assert refused.json()["scimType"] in {"invalidValue", "invalidPath", "mutability", "invalidSyntax"}
    assert directory.get(f"/Groups/{team['id']}") == team
