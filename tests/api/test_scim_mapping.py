"""Saying anew what Groups are: not while there are some, which a directory would then find gone."""

from typing import Any

import pytest

from tests.fixtures.house import TenantUnderTest
from tests.make.scim import Directory
from tests.make.wire import problem
from tests.make.world import ok

MAPPING = "/v1/scim-mapping"
UNITS = {"groups": "units", "unit": "groups"}
PROJECTS = {"groups": "projects", "unit": "department"}
SITES = {"groups": "dimension", "dimension": "site", "unit": "department"}


@pytest.fixture
def directory(tenant: TenantUnderTest) -> Directory:
    values = [{"id": name, "label": {"fr": name}} for name in ("lyon", "paris")]
    dimensions = [{"name": name, "values": values} for name in ("site", "place")]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=dimensions))
    return Directory(tenant)


def put(directory: Directory, mapping: dict[str, str]) -> Any:
    return directory.tenant.call("people:write", "PUT", MAPPING, json=mapping)


def mapping_of(directory: Directory) -> dict[str, str]:
    found = ok(directory.tenant.call("people:write", "GET", MAPPING))
    return {name: value for name, value in found.items() if value is not None and name != "source"}


def refused(directory: Directory, mapping: dict[str, str], groups: int) -> None:
    before = mapping_of(directory)
    told = problem(put(directory, mapping), 409, "scim-groups-in-use")
    assert (told["groups"], told["detail"]) == (groups, f"There are {groups} Groups by the present mapping.")
    assert mapping_of(directory) == before


@pytest.mark.parametrize("start", [UNITS, PROJECTS])
def test_groups_stay_what_they_are_while_there_are_some(directory: Directory, start: dict[str, str]) -> None:
    ok(put(directory, start))
    groups = [directory.group(name)["id"] for name in ("One", "Two")]
    other = PROJECTS if start is UNITS else UNITS
    refused(directory, other, 2)
    refused(directory, SITES, 2)
    ok(put(directory, start))  # nothing changes
    if start is PROJECTS:
        ok(put(directory, PROJECTS | {"unit": "extension"}))  # nor does what Groups are
    directory.call("DELETE", f"/Groups/{groups[0]}", 204)
    refused(directory, other, 1)
    directory.call("DELETE", f"/Groups/{groups[1]}", 204)
    ok(put(directory, other))
    assert mapping_of(directory) == other


def test_values_count_where_users_hold_them(directory: Directory) -> None:
    """They are declared, and stay so: a dimension has one at least."""
    ok(put(directory, SITES))
    anna = directory.user("anna")["id"]
    ok(put(directory, SITES | {"dimension": "place"}))
    ok(put(directory, SITES))
    path = "/Groups/site.lyon"
    directory.patch(path, {"op": "add", "path": "members", "value": [{"value": anna}]})
    refused(directory, SITES | {"dimension": "place"}, 1)
    refused(directory, PROJECTS, 1)
    directory.patch(path, {"op": "remove", "path": "members"})
    ok(put(directory, PROJECTS))


def test_units_that_a_program_sent_first_are_no_groups_yet(directory: Directory) -> None:
    units = [{"source": "scim", "external_id": name, "name": name} for name in ("D1", "D2")]
    ok(directory.tenant.call("people:write", "PUT", "/v1/org-units", json=units))
    ok(put(directory, PROJECTS))
    ok(put(directory, UNITS))
    refused(directory, PROJECTS, 2)


def test_a_directory_that_came_before_any_mapping_has_groups_all_the_same(directory: Directory) -> None:
    directory.group("One", directory.user("anna")["id"])
    refused(directory, PROJECTS, 1)


def test_what_is_said_already_is_no_act(directory: Directory) -> None:
    for mapping in (UNITS, UNITS, UNITS | {"source": "scim"}):
        ok(put(directory, mapping))
    assert len(directory.sql("SELECT 1 FROM audit_entry WHERE action = 'scim_mapping.put'")) == 1
