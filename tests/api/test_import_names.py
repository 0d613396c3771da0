"""Names in files of people: kept where a mapping says so, and nowhere else; a dry run keeps no mapping."""

import json
from typing import Any

import pytest

from tests.fixtures.house import TenantUnderTest
from tests.make.wire import places, problem
from tests.make.world import an_org, ok

IMPORTS = "/v1/people/imports"
MAPPING = "/v1/people/import-mappings/hris"
REASON = "looks like names, which are not kept unless asked for: say in `columns.name` of a mapping to take it"
FILE = "matricule;service;Nom;Prénom\n1;A;Durand;Zoé\n2;A;=HYPERLINK(1);\n"


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    an_org(tenant, {"A": 0})
    return tenant


def post(tenant: TenantUnderTest, data: str, **query: Any) -> Any:
    params = {"mode": "full"} | {name: str(value) for name, value in query.items()}
    headers = {"content-type": "text/csv"}
    return tenant.call("people:write", "POST", IMPORTS, content=data.encode(), headers=headers, params=params)


def put_mapping(tenant: TenantUnderTest, mapping: dict[str, Any]) -> None:
    ok(tenant.call("people:write", "PUT", MAPPING, json=mapping))


def names(tenant: TenantUnderTest) -> dict[str, str | None]:
    return dict(tenant.sql("SELECT external_id, name FROM person"))


def left_out(body: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["column"], one["reason"]) for one in body["file"]["left_out"]]


def test_a_column_that_looks_like_names_is_left_out_and_said_to_be(org: TenantUnderTest) -> None:
    body = ok(post(org, FILE), 201)
    assert body["counts"]["joiners"] == 2
    assert left_out(body) == [(3, REASON), (4, REASON)]
    assert body["file"]["mapping"]["columns"]["name"] == []
    assert "Durand" not in json.dumps(body)
    assert names(org) == {"1": None, "2": None}
    assert ok(org.call("people:write", "GET", f"{IMPORTS}/{body['id']}")) == body
    # Nor in anything that is kept for taking it back.
    assert "Durand" not in str(org.sql("SELECT facts::text FROM people_import"))


def test_a_mapping_that_says_where_names_are_takes_them(org: TenantUnderTest) -> None:
    put_mapping(org, {"columns": {"name": ["prénom", "nom"]}})
    body = ok(post(org, FILE), 201)
    assert left_out(body) == []
    assert names(org) == {"1": "Zoé Durand", "2": "=HYPERLINK(1)"}
    # One column is asked for: the other one is still no matter of guessing.
    put_mapping(org, {"columns": {"name": ["nom"]}})
    assert left_out(ok(post(org, FILE), 201)) == [(4, REASON)]
    assert names(org) == {"1": "Durand", "2": "=HYPERLINK(1)"}
    # Asked for no more, they stay as they are: the file says nothing of names then.
    put_mapping(org, {})
    assert ok(post(org, FILE), 201)["counts"]["unchanged"] == 2
    assert names(org) == {"1": "Durand", "2": "=HYPERLINK(1)"}


def test_what_was_found_kept_as_the_mapping_takes_no_names_either(org: TenantUnderTest) -> None:
    found = ok(post(org, FILE, dry_run="true"), 201)["file"]["mapping"]
    put_mapping(org, found)
    assert left_out(ok(post(org, FILE), 201)) == [(3, REASON), (4, REASON)]
    assert set(names(org).values()) == {None}
    put_mapping(org, {"ignore": ["Nom", "Prénom"]})
    assert left_out(ok(post(org, FILE), 201)) == []


def test_a_mapping_that_comes_with_a_file_is_for_that_file_alone(org: TenantUnderTest) -> None:
    put_mapping(org, {"columns": {"external_id": "clé"}})
    given = json.dumps({"columns": {"external_id": "Wer", "unit": "Wo", "name": ["Nom"]}})
    data = "Wer;Wo;Nom\n1;A;Durand\n"
    for dry_run in ("true", "false"):
        body = ok(post(org, data, dry_run=dry_run, mapping=given), 201)
        assert body["file"]["mapping"]["columns"]["unit"] == "Wo"
        kept = ok(org.call("people:write", "GET", MAPPING))
        assert kept["columns"]["external_id"] == "clé"
        assert kept["columns"]["unit"] is None
        assert len(org.sql("SELECT 1 FROM audit_entry WHERE action = 'import_mapping.put'")) == 1
    assert names(org) == {"1": "Durand"}
    problem(post(org, data), 422, "import-headers-refused")


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ("{", "is not JSON"),
        ('{"guess": true, "guess": false}', "is not JSON"),
        ('{"unit_by": "x"}', "/unit_by must be 'id', 'name' or 'path'"),
        ('{"ignore": ["a\\u0000"]}', "/ignore/0 must not hold control characters"),
        ('{"SECRETVALUE!": 1}', "has a field that is not known"),
    ],
)
def test_a_mapping_in_the_query_is_judged_before_the_file(org: TenantUnderTest, mapping: str, reason: str) -> None:
    told = problem(post(org, FILE, mapping=mapping), 422, "invalid")
    assert places(told) == {"query:mapping": reason}
    assert "SECRETVALUE" not in str(told)
    unknown = org.call(None, "POST", IMPORTS, params={"mode": "full", "mapping": mapping}, content=FILE.encode())
    problem(unknown, 401, "unauthenticated")
    problem(post(org, FILE, mapping=" " * 4001), 422, "invalid")


def test_texts_that_no_document_can_hold_are_refused_in_a_mapping(org: TenantUnderTest) -> None:
    for mapping in ({"ignore": ["\0"]}, {"path_separator": "\0"}, {"columns": {"unit": "a\0"}}):
        problem(org.call("people:write", "PUT", MAPPING, json=mapping), 422, "invalid")


def test_a_header_that_a_mapping_could_not_hold_is_told_in_short(org: TenantUnderTest) -> None:
    body = ok(post(org, f"matricule{'!' * 300};service\n1;A\n"), 201)
    assert body["file"]["mapping"]["columns"]["external_id"] == "matricule"
