"""What an import's refusals say beside their reason: which report to look up, and who has been changed since."""

from typing import Any

import pytest

from service.people.imports import undo as undoing
from tests.fixtures.house import TenantUnderTest
from tests.make.wire import problem
from tests.make.world import an_org, ok

IMPORTS = "/v1/people/imports"
NAME = "Zebulon Quirk"


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    an_org(tenant, {"A": 0, "B": 0})
    return tenant


def post(tenant: TenantUnderTest, rows: list[str], **query: str) -> Any:
    data, headers = "\n".join(["matricule;service", *rows, ""]), {"content-type": "text/csv"}
    params = {"mode": "full"} | query
    return tenant.call("people:write", "POST", IMPORTS, content=data.encode(), headers=headers, params=params)


def put(tenant: TenantUnderTest, *people: dict[str, Any]) -> None:
    ok(tenant.call("people:write", "PUT", "/v1/people", json=list(people)))


def undo(tenant: TenantUnderTest, body: dict[str, Any]) -> Any:
    return tenant.call("people:write", "POST", f"{IMPORTS}/{body['id']}/undo")


def everybody(unit: str, most: int = 30) -> list[str]:
    return [f"E{number:02};{unit}" for number in range(most)]


def test_a_refused_import_says_which_report_is_its_own(org: TenantUnderTest) -> None:
    ok(post(org, everybody("A")), 201)
    answer = post(org, everybody("A", 20))
    told = problem(answer, 409, "import-too-risky")
    assert answer.headers["location"] == f"{IMPORTS}/{told['import_id']}"
    kept = ok(org.call("people:write", "GET", f"{IMPORTS}/{told['import_id']}"))
    assert (kept["id"], kept["state"], kept["counts"]["leavers"]) == (told["import_id"], "refused", 10)


def test_the_same_file_again_is_another_comparison(org: TenantUnderTest) -> None:
    """The organisation may be another one by then, and so may the answer: a report of before would be wrong."""
    ok(post(org, everybody("A")), 201)
    file = everybody("A", 20)
    first = problem(post(org, file), 409, "import-too-risky")
    put(org, *({"external_id": f"E{number:02}", "unit": "A", "active": False} for number in range(25, 30)))
    second = problem(post(org, file), 409, "import-too-risky")
    assert first["import_id"] != second["import_id"]
    assert [told["detail"].partition(";")[0] for told in (first, second)] == [
        "10 of 30 people would leave", "5 of 25 people would leave",
    ]  # fmt: skip
    kept = ok(org.call("people:write", "GET", IMPORTS))["data"]
    assert [one["state"] for one in kept] == ["refused", "refused", "applied"]


def test_who_was_changed_since_is_told_by_line_and_id_and_never_by_name(org: TenantUnderTest) -> None:
    put(org, {"external_id": "GONE", "unit": "B"}, {"external_id": "ALSO", "unit": "B"})
    body = ok(post(org, ["E1;A", "E2;A", "E3;A", "ALSO;B"], accept_risk="true"), 201)
    put(org, {"external_id": "E3", "unit": "B", "name": NAME}, {"external_id": "E1", "unit": "B"},
        {"external_id": "GONE", "unit": "B"}, {"external_id": "ALSO", "unit": "A"})  # fmt: skip
    answer = undo(org, body)
    told = problem(answer, 409, "import-not-undone")
    assert told["detail"] == "3 of the people whom it changed have been changed since."
    assert told["people_total"] == 3
    # In the file's order, who left with it at the end; of whom it changed nothing, there is nothing to take back.
    assert told["people"] == [
        {"line": 2, "external_id": "E1"}, {"line": 4, "external_id": "E3"}, {"line": None, "external_id": "GONE"},
    ]  # fmt: skip
    assert NAME not in answer.text


def test_the_list_of_them_is_bounded(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    body = ok(post(org, everybody("A")), 201)
    put(org, *({"external_id": f"E{number:02}", "unit": "B"} for number in range(30)))
    monkeypatch.setattr(undoing, "LISTED", 7)
    told = problem(undo(org, body), 409, "import-not-undone")
    assert [one["line"] for one in told["people"]] == [2, 3, 4, 5, 6, 7, 8]
    assert told["people_total"] == 30
