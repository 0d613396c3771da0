"""SCIM's own ways over HTTP: who may ask, what is described, versions, bulk requests, bodies that can not be."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.fixtures.house import TenantUnderTest
from tests.make.scim import BULK, ENTERPRISE, ERROR, GROUP, PATCH_OP, USER, Directory
from tests.make.world import a_launched_wave


@pytest.fixture
def directory(tenant: TenantUnderTest) -> Directory:
    return Directory(tenant)


def operation(method: str, path: str, data: Any = None, **more: Any) -> dict[str, Any]:
    return {"method": method, "path": path, **({"data": data} if data is not None else {}), **more}


def bulk(directory: Directory, *operations: dict[str, Any], status: int = 200, **more: Any) -> Any:
    body = {"schemas": [BULK], "Operations": list(operations), **more}
    return directory.call("POST", "/Bulk", status, json=body).json()


def a_user(name: str, **more: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, **more}


def test_only_the_right_key_is_told_anything(tenant: TenantUnderTest) -> None:
    for path in ("/Users", "/Groups", "/Schemas", "/ResourceTypes", f"/Users/{uuid4()}"):
        answer = tenant.call(None, "GET", f"/scim/v2{path}")
        assert answer.status_code == 401
        assert answer.json()["schemas"] == [ERROR]
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert tenant.call("aggregates:read", "GET", f"/scim/v2{path}").status_code == 403
    for header in ("Bearer x", "Basic eDp5", "Bearer", f"Basic {tenant.keys['people:write']}"):
        answer = tenant.call(None, "GET", "/scim/v2/Users", headers={"Authorization": header})
        assert answer.status_code == 401


def test_what_it_can_do_is_told_to_everybody(tenant: TenantUnderTest) -> None:
    told = tenant.call(None, "GET", "/scim/v2/ServiceProviderConfig").json()
    for name in ("patch", "bulk", "filter", "sort", "etag"):
        assert told[name]["supported"], name
    assert told["bulk"]["maxOperations"] == 1000
    assert told["bulk"]["maxPayloadSize"] == 1 << 20
    assert not told["changePassword"]["supported"]
    assert told["pagination"]["cursor"]
    assert told["pagination"]["index"]


def test_schemas_declare_no_more_than_is_kept(directory: Directory) -> None:
    schemas = {one["id"]: one for one in directory.get("/Schemas")["Resources"]}
    assert [one["name"] for one in schemas[USER]["attributes"]] == [
        "userName", "name", "displayName", "preferredLanguage", "active", "groups",
    ]  # fmt: skip
    assert {one["name"] for one in schemas[ENTERPRISE]["attributes"]} == {"employeeNumber", "department", "manager"}
    types = {one["name"]: one for one in directory.get("/ResourceTypes")["Resources"]}
    assert set(types) == {"User", "Group"}
    assert directory.get(f"/Schemas/{USER}")["id"] == USER
    directory.get("/Schemas/urn:nothing", 404)
    directory.get("/Schemas", 403, filter='id eq "x"')


def test_versions_guard_reads_and_writes(directory: Directory) -> None:
    made = directory.user("anna")
    path, version = f"/Users/{made['id']}", made["meta"]["version"]
    same = directory.call("GET", path, 304, headers={"If-None-Match": version})
    assert same.content == b""
    assert same.headers["etag"] == version
    change = {"op": "replace", "path": "displayName", "value": "Anna"}
    shown = directory.patch(path, change, headers={"If-Match": version})
    newer = shown.headers["etag"]
    assert newer == shown.json()["meta"]["version"] != version
    assert directory.call("GET", path, 200, headers={"If-None-Match": version}).headers["etag"] == newer
    body = a_user("anna", displayName="Other")
    for method, request in (("PUT", {"json": body}), ("DELETE", {})):
        refused = directory.call(method, path, 412, headers={"If-Match": version}, **request)
        assert refused.json()["detail"] == "It has changed meanwhile."
    directory.patch(path, change, status=412, headers={"If-Match": version})
    assert directory.get(path)["displayName"] == "Anna"
    directory.call("PUT", path, 200, headers={"If-Match": newer}, json=body)
    directory.call("DELETE", path, 204, headers={"If-Match": "*"})


def test_a_change_from_elsewhere_makes_another_version(directory: Directory) -> None:
    made = directory.user("anna", externalId="E1")
    unit = [{"source": "scim", "external_id": "D1", "name": "Direction"}]
    assert directory.tenant.call("people:write", "PUT", "/v1/org-units", json=unit).status_code == 200
    person = [{"source": "scim", "external_id": "E1", "unit": "D1", "language": "fr"}]
    assert directory.tenant.call("people:write", "PUT", "/v1/people", json=person).status_code == 200
    path = f"/Users/{made['id']}"
    directory.call("DELETE", path, 412, headers={"If-Match": made["meta"]["version"]})
    assert directory.get(path)["meta"]["version"] == 'W/"2.1"'


def test_each_operation_of_a_bulk_request_stands_alone(directory: Directory) -> None:
    group = {"schemas": [GROUP], "displayName": "T", "members": [{"value": "bulkId:a"}]}
    anna, nobody = ({ENTERPRISE: {"manager": {"value": value}}} for value in ("bulkId:a", "nobody-marker"))
    leave = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"active": "False"}}]}
    answer = bulk(
        directory,
        operation("POST", "/Groups", group, bulkId="t"),
        operation("POST", "/Users", a_user("anna"), bulkId="a"),
        operation("POST", "/Users", a_user("ANNA"), bulkId="again"),
        operation("POST", "/Users", a_user("berta", **anna), bulkId="b"),
        operation("POST", "/Users", a_user("carl", **nobody), bulkId="c"),
        operation("PATCH", "/Users/bulkId:b", leave),
        operation("DELETE", f"/Users/{uuid4()}"),
        operation("POST", "/Nothing", a_user("x"), bulkId="n"),
    )  # fmt: skip
    statuses = [one["status"] for one in answer["Operations"]]
    assert statuses == ["201", "201", "409", "201", "400", "200", "404", "404"]
    assert "arker" not in json.dumps(answer)
    assert sorted(directory.names()) == ["anna", "berta"]
    assert directory.names(filter="active eq false") == ["berta"]
    team = answer["Operations"][0]["location"].rpartition("/")[2]
    assert len(directory.members(team)) == 1
    (entry,) = directory.sql("SELECT detail FROM audit_entry WHERE action = 'scim.write'")
    assert entry.detail == {"users_created": 2, "users_changed": 1, "groups_created": 1, "people_moved": 1}


def test_a_bulk_request_stops_where_it_is_told_to(directory: Directory) -> None:
    asked = [operation("POST", "/Users", a_user("  "), bulkId=f"{number}") for number in range(3)]
    answer = bulk(directory, *asked, operation("POST", "/Users", a_user("anna"), bulkId="z"), failOnErrors=2)
    assert [one["status"] for one in answer["Operations"]] == ["400", "400"]
    assert directory.names() == []


def test_circles_and_repeats_of_bulk_ids_are_refused(directory: Directory) -> None:
    manager = {ENTERPRISE: {"manager": {"value": "bulkId:b"}}}
    answer = bulk(
        directory,
        operation("POST", "/Users", a_user("a", **manager), bulkId="a"),
        operation("POST", "/Users", a_user("b", **{ENTERPRISE: {"manager": {"value": "bulkId:a"}}}), bulkId="b"),
        operation("POST", "/Users", a_user("c"), bulkId="c"),
        operation("POST", "/Users", a_user("d"), bulkId="c"),
    )
    assert [one["status"] for one in answer["Operations"]] == ["409", "409", "201", "400"]
    assert directory.names() == ["c"]


def test_too_much_is_refused_whole(directory: Directory) -> None:
    many = [operation("DELETE", f"/Users/{number}") for number in range(1001)]
    assert bulk(directory, *many, status=400)["scimType"] == "tooMany"
    for path in ("/Users", "/Bulk", "/Users/.search"):
        answer = directory.call("POST", path, 413, content=b'{"x": "' + b"y" * (1 << 20) + b'"}')
        assert answer.json()["status"] == "413"
    made = directory.user("anna")
    patch = [{"op": "replace", "path": "displayName", "value": "x"}] * 1001
    assert directory.patch(f"/Users/{made['id']}", *patch, status=400).json()["scimType"] == "tooMany"
    team = directory.group("Team")
    leaving = {"op": "remove", "path": "members", "value": [{"value": f"{number}"} for number in range(1001)]}
    assert directory.patch(f"/Groups/{team['id']}", leaving, status=400).json()["scimType"] == "tooMany"


BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"marker"',
    b'{"schemas": "marker"}',
    b'{"schemas": []}',
    b"\xff\xfe",
    b"[" * 5000,
    b'{"schemas": ["' + USER.encode() + b'"], "userName": {"marker": 1}}',
    b'{"schemas": ["' + USER.encode() + b'"], "userName": null}',
    b'{"schemas": ["' + USER.encode() + b'"], "userName": "\\ud800marker"}',
    b'{"schemas": ["' + USER.encode() + b'"], "userName": "x", "meta": "marker"}',
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("method", "path"), [("POST", "/Users"), ("POST", "/Bulk"), ("PATCH", "/Users/{id}")])
def test_a_body_that_can_not_be_is_refused_without_an_echo(
    directory: Directory, method: str, path: str, body: bytes
) -> None:
    answer = directory.call(method, path.format(id=uuid4()), content=body)
    assert answer.status_code in {400, 404, 413}, answer.text
    assert answer.json()["schemas"] == [ERROR]
    assert "arker" not in answer.text
    assert directory.sql("SELECT 1 FROM scim_user") == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/marker", 404),
        ("GET", "/Users/marker", 404),
        ("GET", "/Users/marker/marker", 404),
        ("GET", "/Users/%00", 404),
        ("GET", f"/Users/{str(UUID(int=5)).upper()}", 404),
        ("PUT", "/Users", 405),
        ("DELETE", "/Groups", 405),
        ("POST", "/Schemas", 405),
        ("GET", "/Me", 501),
        ("GET", "/Users?filter=%FF", 400),
        ("GET", "/Users?sortBy=marker", 400),
        ("GET", "/Users?sortBy=groups", 400),
        ("GET", "/Users?count=marker", 400),
        ("GET", "/Users?sortOrder=marker&sortBy=userName", 400),
    ],
)
def test_addresses_that_can_not_be(directory: Directory, method: str, path: str, status: int) -> None:
    answer = directory.call(method, path, status)
    assert answer.json()["schemas"] == [ERROR]
    assert "arker" not in answer.text


def test_a_body_must_be_json(directory: Directory) -> None:
    headers = {"Content-Type": "text/csv"}
    directory.call("POST", "/Users", 415, content=b"userName\nanna\n", headers=headers)
    directory.call("POST", "/Users", 201, json=a_user("anna"), headers={"Content-Type": "application/json"})


def test_a_fault_of_ours_is_logged_by_its_name_alone(
    directory: Directory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from service.scim import user_writes  # noqa: PLC0415 - to break it

    async def broken(*_: object) -> None:
        raise ZeroDivisionError("marker")

    monkeypatch.setattr(user_writes, "_judge_name", broken)
    answer = directory.call("POST", "/Users", 500, json=a_user("anna-marker"))
    assert answer.json() == {"schemas": [ERROR], "status": "500", "detail": "Something went wrong on our side."}
    (one,) = bulk(directory, operation("POST", "/Users", a_user("anna-marker"), bulkId="a"))["Operations"]
    assert one["status"] == "500"
    said = capsys.readouterr().out
    assert "ZeroDivisionError" in said
    assert "marker" not in said
    assert directory.sql("SELECT 1 FROM person") == []


def test_an_answer_says_how_many_calls_are_left_and_is_not_stored(directory: Directory) -> None:
    answer = directory.call("GET", "/Users", 200)
    assert "ratelimit" in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_a_roster_keeps_whom_the_directory_deletes(tenant: TenantUnderTest) -> None:
    directory = Directory(tenant)
    launched = a_launched_wave(tenant)
    people = tenant.sql("SELECT person_id, external_id FROM person ORDER BY external_id")
    mapping = {"source": "hris", "groups": "projects", "unit": "extension"}
    assert tenant.call("people:write", "PUT", "/v1/scim-mapping", json=mapping).status_code == 200
    before = tenant.sql("SELECT * FROM roster_line WHERE wave_id = :w ORDER BY serial", w=UUID(launched.wave))
    made = directory.user("somebody", externalId=people[0].external_id)
    assert made["id"] == str(people[0].person_id)
    directory.call("DELETE", f"/Users/{made['id']}", 204)
    after = tenant.sql("SELECT * FROM roster_line WHERE wave_id = :w ORDER BY serial", w=UUID(launched.wave))
    assert after == before != []
    assert launched.submit(people[0].external_id, {"load": 4}).status_code in {201, 422}


@pytest.mark.parametrize(
    ("mapping", "place"),
    [
        ({"groups": "units", "unit": "department"}, ""),
        ({"groups": "projects", "unit": "groups"}, ""),
        ({"groups": "dimension", "unit": "department"}, ""),
        ({"groups": "dimension", "unit": "department", "dimension": "unheard_of"}, "/dimension"),
        ({"groups": "projects", "unit": "department", "dimension": "site"}, ""),
        ({"groups": "teams", "unit": "groups"}, "/groups"),
        ({"groups": "units", "unit": "groups", "more": 1}, "/more"),
        ({"groups": "units"}, "/unit"),
    ],
)
def test_a_mapping_that_can_not_be_is_refused(tenant: TenantUnderTest, mapping: dict[str, Any], place: str) -> None:
    answer = tenant.call("people:write", "PUT", "/v1/scim-mapping", json=mapping)
    assert answer.status_code == 422, answer.text
    assert place in [one["pointer"] for one in answer.json()["errors"]]
    shown = tenant.call("people:write", "GET", "/v1/scim-mapping").json()
    assert shown == {"source": "scim", "groups": "units", "dimension": None, "unit": "groups"}


def test_the_source_stays_while_there_are_users(directory: Directory) -> None:
    made = directory.user("anna")
    mapping = {"source": "hris", "groups": "units", "unit": "groups"}
    assert directory.tenant.call("people:write", "PUT", "/v1/scim-mapping", json=mapping).status_code == 409
    directory.call("DELETE", f"/Users/{made['id']}", 204)
    assert directory.tenant.call("people:write", "PUT", "/v1/scim-mapping", json=mapping).status_code == 200


def test_filters_of_a_patch_are_bounded_together(directory: Directory) -> None:
    """They are parsed on the event loop: nobody else is answered meanwhile."""
    made = directory.user("anna")

    def leaving(terms: int) -> dict[str, str]:
        wanted = " or ".join(['value eq "x"'] * terms)
        return {"op": "remove", "path": f"members[{wanted}]"}

    for operations in ([leaving(400)], [leaving(40)] * 10):
        assert directory.patch(f"/Users/{made['id']}", *operations, status=400).json()["scimType"] == "tooMany"
        data = {"schemas": [PATCH_OP], "Operations": operations}
        bulk = {"method": "PATCH", "path": f"/Users/{made['id']}", "data": data}
        told = directory.call("POST", "/Bulk", 400, json={"schemas": [BULK], "Operations": [bulk]})
        assert told.json()["scimType"] == "tooMany"


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_beyond_the_calendar_is_refused(directory: Directory, moment: str) -> None:
    for path in ("/Users", "/Groups", "/"):
        told = directory.get(path, 400, filter=f'meta.created gt "{moment}"')
        assert told["scimType"] == "invalidFilter"


def test_everything_at_the_root_is_sorted_by_what_only_users_have(directory: Directory) -> None:
    directory.user("anna")
    hired = "urn:pouls:params:scim:schemas:extension:person:2.0:User:hiredOn"
    assert directory.get("/", sortBy=hired, count=1, cursor="")["totalResults"] >= 1
