"""Dimensions with their closed lists, and what the audit log says of whatever changes the organisation."""

from typing import Any

import pytest

from service.tenants.keys import Key
from tests.fixtures.house import TenantUnderTest
from tests.make.people import organised, person, put
from tests.make.wire import places, problem
from tests.make.world import ok


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


def acts(tenant: TenantUnderTest) -> list[tuple[str, str, str, dict[str, int]]]:
    """The audit log, but for how the tenant came to be."""
    log = ok(tenant.call("admin", "GET", "/v1/audit-log", params={"limit": 100}))["data"]
    return [
        (one["action"], one["actor"], one["subject"], one["detail"])
        for one in log
        if not one["action"].startswith(("key.", "tenant."))
    ]


def test_what_changes_the_organisation_is_in_the_audit_log_in_numbers_alone(tenant: TenantUnderTest) -> None:
    values = [{"id": "lyon", "label": {"fr": "Lyon"}}]
    calls: list[tuple[str, list[Any]]] = [
        ("/v1/org-units", [{"external_id": "A", "name": "A"}, {"external_id": "B", "name": "B", "parent": "A"}]),
        ("/v1/dimensions", [{"name": "site", "values": values}]),
        ("/v1/people?on_error=skip", [person("E1"), person("E2", dimensions={"site": "lyon"}), person("E3", "X")]),
    ]
    expected = [
        ("org_units.put", {"created": 2, "updated": 0, "unchanged": 0, "refused": 0}),
        ("dimensions.put", {"created": 1, "updated": 0, "unchanged": 0}),
        ("people.put", {"created": 2, "updated": 0, "unchanged": 0, "refused": 1}),
    ]
    actor, subject = f"key:{Key.read(tenant.keys['people:write']).key_id}", str(tenant.tenant_id)
    for _ in range(2):  # the second time nothing changes
        for path, rows in calls:
            ok(tenant.call("people:write", "PUT", path, json=rows), 200)
        assert acts(tenant) == [(action, actor, subject, detail) for action, detail in expected]
    # Refused calls are no acts either.
    problem(put(tenant, person("E1", "X")), 422, "invalid")
    problem(tenant.call("people:write", "PUT", "/v1/org-units", json=[{"external_id": "A"}]), 422, "invalid")
    assert len(acts(tenant)) == len(expected)
    ok(put(tenant, person("E1", "B"), person("E2", dimensions={"site": "lyon"})))
    more = {"created": 0, "updated": 1, "unchanged": 1, "refused": 0}
    assert acts(tenant)[len(expected) :] == [("people.put", actor, subject, more)]
    two = [
        {"name": "site", "values": [*values, {"id": "nice", "label": {"fr": "Nice"}}]},
        {"name": "a", "values": values},
    ]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=two))
    assert acts(tenant)[-1][::3] == ("dimensions.put", {"created": 1, "updated": 1, "unchanged": 0})


def test_dimensions_are_closed_lists(org: TenantUnderTest) -> None:
    def value(name: str) -> dict[str, Any]:
        return {"id": name, "label": {"fr": name, "en": f"in {name}"}}

    def declare(*dimensions: tuple[str, list[str]]) -> Any:
        body = [{"name": name, "values": [value(one) for one in values]} for name, values in dimensions]
        return org.call("people:write", "PUT", "/v1/dimensions", json=body)

    ok(put(org, person("1", dimensions={"site": "lyon"})))
    found = ok(declare(("grade", ["junior"]), ("site", ["lyon", "nice"])))
    assert found == ok(org.call("people:write", "GET", "/v1/dimensions"))
    assert {row["name"]: [one["id"] for one in row["values"]] for row in found} == {
        "grade": ["junior"],
        "site": ["lyon", "nice"],
    }
    assert found[1]["values"][0]["label"] == {"fr": "lyon", "en": "in lyon"}
    told = problem(declare(("grade", ["senior"]), ("site", ["nice"])), 409, "conflict")
    assert places(told) == {"/1/values": "in use"}
    assert ok(org.call("people:write", "GET", "/v1/dimensions")) == found  # not even `grade`
    told = problem(declare(("grade", ["x"]), ("grade", ["y", "y"])), 422, "invalid")
    assert places(told) == {"/1/name": "is in this call already", "/1/values": "must not repeat an id"}
    problem(declare(("site", [])), 422, "invalid")
    problem(declare(), 422, "invalid")
    problem(declare(("Site", ["x"])), 422, "invalid")
    ok(put(org, person("1")))
    ok(declare(("site", ["nice"])))
    problem(put(org, person("1", dimensions={"site": "lyon"})), 422, "invalid")
