"""Files of people over HTTP, on the real database: what they change, what they refuse, and taking them back."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from service.people.imports.upload import CSV, LIMIT, WORKBOOK
from tests.fixtures.house import House, TenantUnderTest
from tests.make.statements import statements
from tests.make.wire import places, problem, raw
from tests.make.workbooks import a_workbook
from tests.make.world import an_org, ok

IMPORTS = "/v1/people/imports"
HEAD = "matricule;code service;matricule n+1;date d'entrée;langue;actif;site;nom complet"


def organised(tenant: TenantUnderTest) -> TenantUnderTest:
    """Units TOP, A and B, nobody in them; a dimension."""
    an_org(tenant, {"A": 0, "B": 0})
    values = [{"id": name, "label": {"fr": name.title(), "en": name.title()}} for name in ("lyon", "paris")]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=[{"name": "site", "values": values}]))
    return tenant


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


@pytest.fixture(scope="module")
def anyone(house: House) -> TenantUnderTest:
    """For all that is refused before it changes anything."""
    return organised(house.tenant())


def lines(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows, ""]).encode()


def few(numbers: Sequence[int], unit: str = "A") -> bytes:
    """So many people, in one unit."""
    return lines(*(f"{number};{unit}" for number in numbers), head="matricule;service")


def post(tenant: TenantUnderTest, data: bytes, mode: str = "full", media: str = CSV, **query: Any) -> Any:
    params = {"mode": mode} | {name: str(value).lower() for name, value in query.items()}
    return tenant.call("people:write", "POST", IMPORTS, content=data, headers={"content-type": media}, params=params)


def counts(body: dict[str, Any]) -> dict[str, int]:
    """What is not nought."""
    return {name: count for name, count in body["counts"].items() if count}


def stored(tenant: TenantUnderTest) -> list[tuple[Any, ...]]:
    """Everybody who is there."""
    return [
        tuple(row)
        for row in tenant.sql("""
            SELECT p.external_id, u.external_id, m.external_id, p.hired_on::text, p.language, p.dimensions, p.is_active,
                   p.name
            FROM person p LEFT JOIN org_unit u USING (tenant_id, unit_id)
            LEFT JOIN person m ON m.tenant_id = p.tenant_id AND m.person_id = p.manager_id
            WHERE p.deleted_at IS NULL ORDER BY p.external_id COLLATE "C"
        """)
    ]


def physical(tenant: TenantUnderTest) -> list[Any]:
    """Which transaction wrote each row of people and of their history."""
    return tenant.sql("""
        SELECT 'person', xmin::text, ctid::text FROM person
        UNION ALL SELECT 'person_version', xmin::text, ctid::text FROM person_version ORDER BY 1, 3
    """)


FIRST = [
    "E1;A;;31/12/2020;fr;oui;Lyon;Zoé Durand",
    "E2;A;E1;2021-02-03;Anglais;vrai;paris;=HYPERLINK(1)",
    "E3;B;E1;;;;;",
]


def test_a_first_import_is_the_file(org: TenantUnderTest) -> None:
    body = ok(post(org, lines(*FIRST)), 201)
    assert counts(body) == {"lines": 3, "joiners": 3}
    assert body["state"] == "applied"
    assert body["file"]["separator"] == "semicolon"
    assert body["file"]["mapping"]["columns"]["manager"] == "matricule n+1"
    assert [entry["external_id"] for entry in body["people"]["joiners"]] == ["E1", "E2", "E3"]
    assert [entry["line"] for entry in body["people"]["joiners"]] == [2, 3, 4]
    assert stored(org) == [
        ("E1", "A", None, "2020-12-31", "fr", {"site": "lyon"}, True, "Zoé Durand"),
        ("E2", "A", "E1", "2021-02-03", "en", {"site": "paris"}, True, "=HYPERLINK(1)"),
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
    assert problem(answer, 409, "import-too-risky")["detail"] == f"{sentence}."
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
    "data", [b"matricule;service\n", b"matricule;service\n;;\n\n", b"matricule;service\n1;nowhere\n"]
)
def test_an_empty_file_deactivates_nobody_whatever_is_accepted(org: TenantUnderTest, data: bytes) -> None:
    ok(post(org, few([1, 2, 3])), 201)
    problem(post(org, data, accept_risk=True), 422, "import-empty")
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


def test_units_by_name_and_by_path(org: TenantUnderTest) -> None:
    names = dict(org.sql("SELECT external_id, name FROM org_unit"))
    put_mapping(org, {"unit_by": "path", "path_separator": "/"})
    path = f"{names['TOP']} / {names['A']}"
    body = ok(post(org, lines(f"1;{path.upper()}", f"2;{names['A']}", head="matricule;service")), 201)
    assert counts(body) == {"lines": 2, "refused": 1, "joiners": 1}
    put_mapping(org, {"unit_by": "name"})
    body = ok(post(org, lines(f"1;{names['B']}", head="matricule;service")), 201)
    assert stored(org)[0][:2] == ("1", "B")


def put_mapping(tenant: TenantUnderTest, mapping: dict[str, Any], source: str = "hris") -> dict[str, Any]:
    found: dict[str, Any] = ok(tenant.call("people:write", "PUT", f"/v1/people/import-mappings/{source}", json=mapping))
    return found


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


def undo(tenant: TenantUnderTest, body: dict[str, Any]) -> Any:
    return tenant.call("people:write", "POST", f"{IMPORTS}/{body['id']}/undo")


def test_undo_puts_everybody_back(org: TenantUnderTest) -> None:
    ok(post(org, lines(*FIRST)), 201)
    before = stored(org)
    body = ok(post(org, lines("E1;B;;;de;oui;;X", "E4;A;E1;;;;;"), accept_risk=True), 201)
    assert stored(org) != before
    assert ok(undo(org, body)) == {"id": body["id"], "state": "undone", "people": 4, "units": 0}
    assert stored(org) == before
    problem(undo(org, body), 409, "import-not-undone")
    kept = ok(org.call("people:write", "GET", f"{IMPORTS}/{body['id']}"))
    assert (kept["state"], bool(kept["undone_at"])) == ("undone", True)
    # Once more, and those who came and went come back under the same ids.
    ids = org.sql("SELECT person_id FROM person WHERE external_id = 'E4'")
    assert counts(ok(post(org, lines(*FIRST, "E4;A;E1;;;;;")), 201)) == {"lines": 4, "joiners": 1, "unchanged": 3}
    assert org.sql("SELECT person_id FROM person WHERE external_id = 'E4'") == ids


def test_somebody_who_was_taken_back_and_is_told_inactive_is_there(org: TenantUnderTest) -> None:
    """A deleted row comes back whatever it says of itself."""
    body = ok(post(org, lines("E1;A;;;;oui;;", "E2;A;;;;non;;")), 201)
    ok(undo(org, body))
    assert stored(org) == []
    again = ok(post(org, lines("E1;A;;;;non;;", "E2;A;;;;non;;")), 201)
    assert counts(again) == {"lines": 2, "changed": 2}
    assert [(row[0], row[6]) for row in stored(org)] == [("E1", False), ("E2", False)]
    assert ok(org.call("people:write", "GET", f"{IMPORTS}/{again['id']}")) == again
    ok(undo(org, again))
    assert stored(org) == []


def test_undo_is_for_the_last_one_and_for_what_nobody_changed_since(org: TenantUnderTest) -> None:
    first = ok(post(org, lines(*FIRST)), 201)
    second = ok(post(org, b"matricule;langue\nE3;de\n", "partial"), 201)
    assert "later import" in problem(undo(org, first), 409, "import-not-undone")["detail"]
    row = {"external_id": "E3", "unit": "A"}
    ok(org.call("people:write", "PUT", "/v1/people", json=[row]))
    after = stored(org)
    told = problem(undo(org, second), 409, "import-not-undone")
    assert told["detail"] == "1 of the people whom it changed have been changed since."
    assert stored(org) == after
    dry = ok(post(org, lines(*FIRST), dry_run=True), 201)
    problem(undo(org, dry), 409, "import-not-undone")


def test_undo_leaves_nobody_behind_without_a_manager(org: TenantUnderTest) -> None:
    ok(org.call("people:write", "PUT", "/v1/people", json=[{"external_id": "X", "unit": "A"}]))
    body = ok(post(org, lines("E1;A;;;;;;"), "partial"), 201)
    ok(org.call("people:write", "PUT", "/v1/people", json=[{"external_id": "X", "unit": "A", "manager": "E1"}]))
    before = stored(org)
    assert "manager" in problem(undo(org, body), 409, "import-not-undone")["detail"]
    assert stored(org) == before


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
    from sqlalchemy import text  # noqa: PLC0415 - only here

    from service.people.imports import actions  # noqa: PLC0415 - only here

    monkeypatch.setattr(actions, "_PATIENT", text("SET LOCAL lock_timeout = '50ms'"))
    app: Any = org.house.client.app

    async def at_once() -> Any:
        from service.people.actions import lock_organisation  # noqa: PLC0415 - only here
        from tests.make.wire import ask  # noqa: PLC0415 - only here

        async with app.state.database.transaction(org.tenant_id) as tx:
            await lock_organisation(tx, org.tenant_id)
            headers = {"content-type": CSV.encode(), "authorization": b"Bearer " + org.keys["people:write"].encode()}
            return await ask(app, "POST", f"{IMPORTS}?mode=full", headers=headers, chunks=[lines(*FIRST)])

    answer = org.house.run(at_once)
    problem(answer, 409, "import-running")
    assert answer.headers["retry-after"]
    assert stored(org) == []
    ok(post(org, lines(*FIRST)), 201)


def test_a_file_that_is_too_long_is_refused_early(anyone: TenantUnderTest) -> None:
    headers = {"content-type": CSV.encode(), "authorization": b"Bearer " + anyone.keys["people:write"].encode()}
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1 << 20
            yield b"x" * (1 << 20)

    announced = headers | {"content-length": str(2 << 30).encode()}
    answer = raw(anyone.house, "POST", f"{IMPORTS}?mode=full", headers=announced, chunks=chunks())
    problem(answer, 413, "too-large")
    assert taken == 0
    answer = raw(anyone.house, "POST", f"{IMPORTS}?mode=full", headers=headers, chunks=chunks())
    problem(answer, 413, "too-large")
    assert taken == LIMIT + (1 << 20)


def test_a_client_that_vanishes_changes_nothing(org: TenantUnderTest) -> None:
    headers = {"content-type": CSV.encode(), "authorization": b"Bearer " + org.keys["people:write"].encode()}
    raw(org.house, "POST", f"{IMPORTS}?mode=full", headers=headers, chunks=[lines(*FIRST)], vanish=True)
    assert stored(org) == []


def test_media_types(anyone: TenantUnderTest) -> None:
    problem(post(anyone, lines(*FIRST), media="application/json"), 415, "unsupported-media-type")
    told = problem(post(anyone, lines(*FIRST), media=WORKBOOK), 422, "import-unreadable")
    assert told["detail"] == "the file is no workbook (.xlsx), or it is cut short"
    told = problem(post(anyone, a_workbook([["matricule"]])), 422, "import-unreadable")
    assert told["detail"] == "the file is a workbook, not text: send it with the media type of .xlsx"


def test_queries_are_judged_before_the_file_is_read(anyone: TenantUnderTest) -> None:
    headers = {"content-type": CSV.encode(), "authorization": b"Bearer " + anyone.keys["people:write"].encode()}

    def chunks() -> Iterator[bytes]:
        raise AssertionError
        yield b""

    answer = raw(anyone.house, "POST", f"{IMPORTS}?mode=some", headers=headers, chunks=chunks())
    assert places(problem(answer, 422, "invalid")) == {"query:mode": "must be 'full' or 'partial'"}


def test_no_refusal_repeats_a_cell_or_a_header(anyone: TenantUnderTest) -> None:
    needle = "SECRETVALUE"
    data = lines(
        f"{needle}1;{needle};;{needle};{needle};{needle};{needle};x", f"={needle};A;;;;;;", f"1;A;{needle};;;;;"
    )
    body = ok(post(anyone, data, "partial", dry_run=True), 201)
    assert body["counts"]["refused"] == 3
    assert needle not in str(body)
    answer = post(anyone, f"matricule;{needle};{needle}\n1;2;3\n".encode())
    assert places(problem(answer, 422, "import-headers-refused")) == {
        "/header/2": "column 3 (C) has the header of column 2 (B)"
    }
    assert needle not in answer.text


def test_a_workbook_says_the_same_as_a_text(org: TenantUnderTest) -> None:
    ok(post(org, lines(*FIRST)), 201)
    rows: list[list[Any]] = [HEAD.split(";"), *([cell or None for cell in row.split(";")] for row in FIRST)]
    rows[1][3] = 44196  # the spreadsheet's number of that day
    rows[2][7] = "'=HYPERLINK(1)"[1:]
    body = ok(post(org, a_workbook(rows), media=WORKBOOK), 201)
    assert counts(body) == {"lines": 3, "unchanged": 3}
    assert body["file"] | {"mapping": None} == {"format": "xlsx", "encoding": None, "separator": None, "mapping": None}


@pytest.mark.parametrize(("changes", "most"), [(0, 22), (1, 30), (2500, 42)])
def test_statements_grow_with_thousands_not_with_people(org: TenantUnderTest, changes: int, most: int) -> None:
    ok(post(org, few(range(2500))), 201)
    unit = ["B" if number < changes else "A" for number in range(2500)]
    data = lines(*(f"{number};{unit[number]}" for number in range(2500)), head="matricule;service")
    with statements(org.house) as sent:
        body = ok(post(org, data, accept_risk=True), 201)
    assert body["counts"]["movers"] == changes
    assert len(sent) <= most, sent
