"""How files of a source are read: kept for the source, units by name and by path, units that are made."""

import pytest

from tests.fixtures.house import TenantUnderTest
from tests.make.people import organised
from tests.make.people_files import counts, lines, post, put_mapping, stored, undo
from tests.make.wire import problem
from tests.make.world import ok


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


def test_units_by_name_and_by_path(org: TenantUnderTest) -> None:
    names = dict(org.sql("SELECT external_id, name FROM org_unit"))
    put_mapping(org, {"unit_by": "path", "path_separator": "/"})
    path = f"{names['TOP']} / {names['A']}"
    body = ok(post(org, lines(f"1;{path.upper()}", f"2;{names['A']}", head="matricule;service")), 201)
    assert counts(body) == {"lines": 2, "refused": 1, "joiners": 1}
    put_mapping(org, {"unit_by": "name"})
    body = ok(post(org, lines(f"1;{names['B']}", head="matricule;service")), 201)
    assert stored(org)[0][:2] == ("1", "B")


def test_a_mapping_is_kept_for_its_source(org: TenantUnderTest) -> None:
    path = "/v1/people/import-mappings/hris"
    problem(org.call("people:write", "GET", path), 404, "not-found")
    columns = {"external_id": "Wer", "unit": "Wo", "name": ["Vor", "Nach"]}
    kept = put_mapping(org, {"columns": columns, "dimensions": {"site": "Ort"}, "ignore": ["Was"]})
    assert ok(org.call("people:write", "GET", path)) == kept
    data = "wer\twas\twô\tOrt\tnach\tVor\n1\tx\tA\tLYON\tDurand\tZoé\n".encode("utf-16")
    body = ok(post(org, data), 201)
    assert (body["file"]["encoding"], body["file"]["separator"]) == ("utf-16", "tab")
    assert stored(org) == [("1", "A", None, None, None, {"site": "lyon"}, True, "Zoé Durand")]
    problem(post(org, data, source="other"), 422, "import-headers-refused")
    told = problem(post(org, b"wer;nach;vor\n1;x;y\n"), 422, "import-headers-refused")
    kept = "is not a header of the file (said by the mapping kept for this source)"
    assert {one["pointer"]: one["reason"] for one in told["errors"]} == {
        "/columns/unit": kept,
        "/dimensions/site": kept,
    }
    sent = '{"columns": {"unit": "Wo"}}'
    told = problem(post(org, b"id\n1\n", mapping=sent), 422, "import-headers-refused")
    assert told["errors"] == [{"pointer": "/columns/unit", "reason": "is not a header of the file"}]


def test_units_are_made_where_the_mapping_says_so(org: TenantUnderTest) -> None:
    head = "matricule;service;nom du service;service parent"
    rows = ["1;N1;Nord;TOP", "2;N2;Nord-Est;N1", "3;N1;Autre;TOP", "4;N3;;", "5;N4;Perdu;nowhere", "6;A;;", "7;N1;;"]
    refused = ok(post(org, lines(*rows, head=head), dry_run=True), 201)
    assert refused["counts"]["refused"] == 6
    put_mapping(org, {"create_units": True})
    body = ok(post(org, lines(*rows, head=head)), 201)
    assert counts(body) == {"lines": 7, "refused": 3, "joiners": 4, "units_created": 2}
    assert {one["line"]: one["reason"] for one in body["refusals"]} == {
        4: "is told in another way by a line before",
        5: "is not a known unit of this source, and has no name to make it with",
        6: "has a parent that is not a known unit of this source, or makes a circle",
    }
    made = org.sql("""
        SELECT u.external_id, u.name, p.external_id FROM org_unit u JOIN org_unit p
        ON p.tenant_id = u.tenant_id AND p.unit_id = u.parent_id WHERE u.external_id LIKE 'N%' ORDER BY 1
    """)
    assert [tuple(row) for row in made] == [("N1", "Nord", "TOP"), ("N2", "Nord-Est", "N1")]
    undone = undo(org, body)
    assert ok(undone)["units"] == 2
    assert stored(org) == []
