"""Files of people over HTTP, on the real database: what they change, and what they leave as it is."""

from typing import Any

import pytest

from service.people.imports.upload import CSV, WORKBOOK
from tests.fixtures.house import TenantUnderTest
from tests.make.people import organised
from tests.make.people_files import FIRST, HEAD, IMPORTS, counts, few, lines, physical, post, stored, undo
from tests.make.statements import statements
from tests.make.wire import problem
from tests.make.workbooks import a_workbook
from tests.make.world import ok


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


def test_a_first_import_is_the_file(org: TenantUnderTest) -> None:
    body = ok(post(org, lines(*FIRST)), 201)
    assert counts(body) == {"lines": 3, "joiners": 3}
    assert body["state"] == "applied"
    assert body["file"]["separator"] == "semicolon"
    assert body["file"]["mapping"]["columns"]["manager"] == "matricule n+1"
    assert [entry["external_id"] for entry in body["people"]["joiners"]] == ["E1", "E2", "E3"]
    assert [entry["line"] for entry in body["people"]["joiners"]] == [2, 3, 4]
    assert stored(org) == [
        ("E1", "A", None, "2020-12-31", "fr", {"site": "lyon"}, True, None),
        ("E2", "A", "E1", "2021-02-03", "en", {"site": "paris"}, True, None),
        ("E3", "B", "E1", None, None, {}, True, None),
    ]
    assert ok(org.call("people:write", "GET", f"{IMPORTS}/{body['id']}")) == body


def test_joiners_movers_leavers_and_refused_lines(org: TenantUnderTest) -> None:
    ok(post(org, lines(*FIRST)), 201)
    body = ok(
        post(
            org,
            lines("E1;B;;31/12/2020;fr;oui;Lyon;Zoé Durand", "E4;A;E9;;;;;", "E5;nowhere;;;;;;", "E6;A;E1;;;;;"),
            accept_risk=True,
        ),
        201,
    )
    assert counts(body) == {"lines": 4, "refused": 2, "joiners": 1, "movers": 1, "leavers": 2}
    (mover,) = body["people"]["movers"]
    assert mover == {"line": 2, "external_id": "E1", "from_unit": "A", "to_unit": "B", "changed": ["unit"]}
    assert [(one["external_id"], one["line"]) for one in body["people"]["leavers"]] == [("E2", None), ("E3", None)]
    assert body["refusals"] == [
        {"line": 3, "column": 3, "field": "manager", "reason": "is not a known person of this source"},
        {"line": 4, "column": 2, "field": "unit", "reason": "is not a known unit of this source"},
    ]
    assert {unit["unit"]: unit["leavers"] for unit in body["units"]} == {"A": 1, "B": 1}
    assert [(row[0], row[1], row[6]) for row in stored(org)] == [
        ("E1", "B", True), ("E2", "A", False), ("E3", "B", False), ("E6", "A", True),
    ]  # fmt: skip
    back = ok(post(org, lines(*FIRST), accept_risk=True), 201)
    assert counts(back) == {"lines": 3, "movers": 1, "returners": 2, "leavers": 1}


def test_the_same_file_again_writes_nothing(org: TenantUnderTest) -> None:
    ok(post(org, lines(*FIRST)), 201)
    before = physical(org)
    assert len(before) == 6
    with statements(org.house) as sent:
        body = ok(post(org, lines(*FIRST)), 201)
    assert counts(body) == {"lines": 3, "unchanged": 3}
    assert physical(org) == before
    written = [statement.split()[2] for statement in sent if statement.split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    assert set(written) <= {"people_import", "job", "event"}, written
    assert org.sql("SELECT count(*) FROM people_import_part")[0][0] == 1


def test_a_dry_run_writes_nobody(org: TenantUnderTest) -> None:
    body = ok(post(org, lines(*FIRST), dry_run=True), 201)
    assert body["state"] == "previewed"
    assert counts(body) == {"lines": 3, "joiners": 3}
    assert len(body["people"]["joiners"]) == 3
    assert physical(org) == []
    kept = ok(org.call("people:write", "GET", f"{IMPORTS}/{body['id']}"))
    assert kept == body | {"people": None}


def test_a_partial_file_is_about_its_lines_alone(org: TenantUnderTest) -> None:
    ok(post(org, lines(*FIRST)), 201)
    body = ok(post(org, b"matricule,langue\nE3,pt-br\n", "partial"), 201)
    assert counts(body) == {"lines": 1, "changed": 1}
    assert stored(org)[2] == ("E3", "B", "E1", None, "pt-BR", {}, True, None)
    new = ok(post(org, b"matricule,langue\nE8,fr\n", "partial"), 201)
    assert counts(new) == {"lines": 1, "refused": 1}
    assert new["refusals"][0]["reason"] == "is needed for somebody who is not known yet"


def test_whoever_stands_in_a_refused_line_has_not_left(org: TenantUnderTest) -> None:
    ok(post(org, lines(*FIRST)), 201)
    body = ok(post(org, lines(FIRST[0], "E2;A;E1;32/12/2020;;;;", "E3;nowhere;;;;;;")), 201)
    assert counts(body) == {"lines": 3, "refused": 2, "unchanged": 1}
    assert [row[6] for row in stored(org)] == [True, True, True]


RISKY = {
    "too many leave": (few(range(26)), {}, "4 of 30 people would leave; 10 % may"),
    "too many move": (few(range(30), "B"), {}, "30 of 30 people would move; 25 % may"),
    "a threshold of one's own": (few(range(29)), {"max_leavers_percent": 3}, "1 of 30 people would leave; 3 % may"),
    "nobody knows who": (few(range(30)) + b";A\n", {},
                         "1 lines do not say whom they are about: nobody knows who has left"),
}  # fmt: skip


@pytest.mark.parametrize("case", RISKY)
def test_what_is_too_risky_is_not_done(org: TenantUnderTest, case: str) -> None:
    ok(post(org, few(range(30))), 201)
    before = physical(org)
    data, query, sentence = RISKY[case]
    answer = post(org, data, **query)
    again = "send it with `dry_run=true` to see whom, and with `accept_risk=true` if it is meant"
    assert problem(answer, 409, "import-too-risky")["detail"] == f"{sentence}; {again}."
    assert physical(org) == before
    kept = ok(org.call("people:write", "GET", answer.headers["location"]))
    assert kept["state"] == "refused"
    assert kept["risks"] == [sentence]
    assert ok(post(org, data, dry_run=True, **query), 201)["risks"] == [sentence]
    assert ok(post(org, data, accept_risk=True, **query), 201)["state"] == "applied"


def test_a_few_may_leave_a_small_organisation_and_not_most(org: TenantUnderTest) -> None:
    ok(post(org, few(range(10))), 201)
    assert ok(post(org, few(range(5))), 201)["counts"]["leavers"] == 5
    problem(post(org, few(range(2))), 409, "import-too-risky")


@pytest.mark.parametrize(
    ("data", "query", "sentence"),
    [
        (few(range(9)), {"max_leavers_percent": 0}, "1 of 10 people would leave; 0 % may"),
        (few(range(5)), {"max_leavers_percent": 49}, "5 of 10 people would leave; 49 % may"),
        (few(range(10), "B"), {"max_movers_percent": 99}, "10 of 10 people would move; 99 % may"),
    ],
    ids=["nobody", "nearly half", "nearly all"],
)
def test_a_threshold_of_ones_own_holds_for_a_small_organisation(
    org: TenantUnderTest, data: bytes, query: dict[str, int], sentence: str
) -> None:
    ok(post(org, few(range(10))), 201)
    assert problem(post(org, data, **query), 409, "import-too-risky")["detail"].startswith(f"{sentence}; ")


def test_who_left_stands_in_the_order_of_ids_and_goes_nowhere(
    org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.people.imports import plan  # noqa: PLC0415 - only here

    ok(post(org, few([*range(9, 3, -1), *range(4)])), 201)
    monkeypatch.setattr(plan, "LISTED", 3)
    body = ok(post(org, few([5, 6]), dry_run=True), 201)
    assert [(one["external_id"], one["from_unit"], one["to_unit"]) for one in body["people"]["leavers"]] == [
        ("0", "A", None), ("1", "A", None), ("2", "A", None),
    ]  # fmt: skip
    body = ok(post(org, few([5, 6]), accept_risk=True), 201)
    kept = ok(org.call("people:write", "GET", f"{IMPORTS}/{body['id']}"))["people"]["leavers"]
    assert kept[:3] == body["people"]["leavers"]
    assert [one["external_id"] for one in kept] == ["0", "1", "2", "3", "4", "7", "8", "9"]
    assert {one["to_unit"] for one in kept} == {None}


@pytest.mark.parametrize(
    "data", [b"matricule;service\n", b"matricule;service\n;;\n\n", b"matricule;service\n1;nowhere\n"]
)
def test_an_empty_file_deactivates_nobody_whatever_is_accepted(org: TenantUnderTest, data: bytes) -> None:
    ok(post(org, few([1, 2, 3])), 201)
    told = problem(post(org, data, accept_risk=True), 422, "import-empty")
    assert ("`create_units`" in told["detail"]) == (b"nowhere" in data)
    assert [row[6] for row in stored(org)] == [True] * 3
    assert ok(post(org, data, "partial"), 201)["state"] == "applied"


def test_managers_come_in_any_order_and_circles_are_refused(org: TenantUnderTest) -> None:
    rows = ["1;A;2", "2;A;3", "3;A;", "4;A;5", "5;A;4", "6;A;6", "7;A;8", "8;A;nobody", "9;A;4"]
    body = ok(post(org, lines(*rows, head="matricule;service;manager")), 201)
    assert [(row[0], row[2]) for row in stored(org)] == [("1", "2"), ("2", "3"), ("3", None)]
    assert {one["line"]: one["reason"] for one in body["refusals"]} == {
        5: "makes a circle",
        6: "makes a circle",
        7: "must be somebody else",
        8: "is not a known person of this source",
        9: "is not a known person of this source",
        10: "is not a known person of this source",
    }
    # A circle over somebody who stands in the database alone.
    body = ok(post(org, lines("3;A;1", head="matricule;service;manager"), "partial"), 201)
    assert [one["reason"] for one in body["refusals"]] == ["makes a circle"]


def test_another_tenants_import_is_not_there(org: TenantUnderTest) -> None:
    body = ok(post(org, lines(*FIRST)), 201)
    stranger = org.house.tenant("stranger")
    problem(undo(stranger, body), 404, "not-found")
    problem(stranger.call("people:write", "GET", f"{IMPORTS}/{body['id']}"), 404, "not-found")
    assert ok(stranger.call("people:write", "GET", IMPORTS))["data"] == []
    (listed,) = ok(org.call("people:write", "GET", IMPORTS))["data"]
    assert listed == {name: body[name] for name in listed}
    assert ok(org.call("people:write", "GET", IMPORTS, params={"source": "other"}))["data"] == []


def test_imports_are_forgotten_after_thirty_days(org: TenantUnderTest) -> None:
    from datetime import timedelta  # noqa: PLC0415 - only here

    body = ok(post(org, lines(*FIRST)), 201)
    org.house.clock.shift = timedelta(days=29)
    org.house.sweep()
    ok(org.call("people:write", "GET", f"{IMPORTS}/{body['id']}"))
    org.house.clock.shift = timedelta(days=31)
    org.house.sweep()
    problem(org.call("people:write", "GET", f"{IMPORTS}/{body['id']}"), 404, "not-found")
    assert org.sql("SELECT count(*) FROM people_import_part")[0][0] == 0


def test_an_import_is_told(org: TenantUnderTest) -> None:
    body = ok(post(org, lines(*FIRST)), 201)
    told = org.sql("SELECT data FROM event WHERE type = 'import.finished'")
    assert [row[0] for row in told] == [{"import_id": body["id"]}]
    (entry,) = org.sql("SELECT subject, detail FROM audit_entry WHERE action = 'people.import'")
    assert entry[0] == body["id"]
    assert entry[1]["joiners"] == 3
    ok(post(org, lines(*FIRST)), 201)
    assert len(org.sql("SELECT 1 FROM audit_entry WHERE action = 'people.import'")) == 1


def test_while_somebody_else_writes_the_second_is_told_so(
    org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.people import lock, turns  # noqa: PLC0415 - only here

    monkeypatch.setattr(turns, "PATIENCE_S", 0.05)
    app: Any = org.house.client.app

    async def at_once() -> Any:
        from tests.make.wire import ask  # noqa: PLC0415 - only here

        async with app.state.database.transaction(org.tenant_id) as tx:
            await lock.lock_organisation(tx, org.tenant_id)
            headers = {"content-type": CSV.encode(), "authorization": b"Bearer " + org.keys["people:write"].encode()}
            return await ask(app, "POST", f"{IMPORTS}?mode=full", headers=headers, chunks=[lines(*FIRST)])

    answer = org.house.run(at_once)
    problem(answer, 409, "import-running")
    assert answer.headers["retry-after"]
    assert stored(org) == []
    ok(post(org, lines(*FIRST)), 201)


def test_a_workbook_says_the_same_as_a_text(org: TenantUnderTest) -> None:
    ok(post(org, lines(*FIRST)), 201)
    rows: list[list[Any]] = [HEAD.split(";"), *([cell or None for cell in row.split(";")] for row in FIRST)]
    rows[1][3] = 44196  # the spreadsheet's number of that day
    rows[2][7] = "'=HYPERLINK(1)"[1:]
    body = ok(post(org, a_workbook(rows), media=WORKBOOK), 201)
    assert counts(body) == {"lines": 3, "unchanged": 3}
    assert {name: body["file"][name] for name in ("format", "encoding", "separator")} == {
        "format": "xlsx",
        "encoding": None,
        "separator": None,
    }


@pytest.mark.parametrize(("changes", "most"), [(0, 22), (1, 30), (2500, 42)])
def test_statements_grow_with_thousands_not_with_people(org: TenantUnderTest, changes: int, most: int) -> None:
    ok(post(org, few(range(2500))), 201)
    unit = ["B" if number < changes else "A" for number in range(2500)]
    data = lines(*(f"{number};{unit[number]}" for number in range(2500)), head="matricule;service")
    with statements(org.house) as sent:
        body = ok(post(org, data, accept_risk=True), 201)
    assert body["counts"]["movers"] == changes
    assert len(sent) <= most, sent
