"""Random organisations and random files: what is applied is the file, line for line, and undone it was never there."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import ok

IDS = [f"P{number}" for number in range(6)]
UNITS = ("A", "B", "TOP", "nowhere")
HEAD = "matricule;service;manager;langue;date d'entrée;actif;nom"
LINE = st.tuples(
    st.sampled_from(UNITS),
    st.sampled_from(["", *IDS, "unknown"]),
    st.sampled_from(["", "fr", "en"]),
    st.sampled_from(["", "31/12/2020", "2021-02-03", "46000", "99/99/9999"]),
    st.sampled_from(["", "oui", "non"]),
    st.sampled_from(["", "Zoé", "=1+1"]),
)
DAYS = {"": None, "31/12/2020": "2020-12-31", "2021-02-03": "2021-02-03", "46000": "2025-12-09"}
File = list[tuple[str, tuple[str, ...]]]
FILES: st.SearchStrategy[File] = st.lists(st.tuples(st.sampled_from(IDS), LINE), min_size=1, max_size=8)
State = dict[str, tuple[Any, ...]]


def stored(tenant: TenantUnderTest, source: str) -> State:
    rows = tenant.sql(
        """
        SELECT p.external_id, u.external_id, m.external_id, p.language, p.hired_on::text, p.is_active, p.name
        FROM person p LEFT JOIN org_unit u USING (tenant_id, unit_id)
        LEFT JOIN person m ON m.tenant_id = p.tenant_id AND m.person_id = p.manager_id
        WHERE p.deleted_at IS NULL AND p.source = :source
        """,
        source=source,
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def said(line: tuple[str, ...]) -> tuple[Any, ...]:
    unit, manager, language, day, active, name = line
    return unit, manager or None, language or None, DAYS[day], active != "non", name or None


def expected(before: State, file: File, mode: str) -> State:
    """The oracle: takes lines away until nothing is wrong, then writes them over what was there, by hand."""
    lines: dict[str, tuple[str, ...]] = {}
    named = set()
    for who, line in file:
        bad = line[0] == "nowhere" or line[3] not in DAYS or line[1] == who
        if who not in named and not bad:
            lines[who] = line
        named.add(who)
    while True:
        managers: dict[str, str | None] = {who: row[1] for who, row in before.items()}
        managers |= {who: line[1] or None for who, line in lines.items()}
        lost = {who for who in lines if managers[who] is not None and managers[who] not in managers}
        wrong = lost or {who for who in lines if circles(managers, who)}
        if not wrong:
            break
        lines = {who: line for who, line in lines.items() if who not in wrong}
    after = before | {who: said(line) for who, line in lines.items()}
    if mode == "full":
        gone = [who for who in before if who not in named]
        after |= {who: (*before[who][:4], False, before[who][5]) for who in gone}
    return after


def circles(managers: Mapping[str, str | None], who: str) -> bool:
    at = managers[who]
    for _ in managers:
        if at == who:
            return True
        at = managers.get(at) if at is not None else None
    return False


def post(tenant: TenantUnderTest, file: File, mode: str, source: str) -> Any:
    data = "\n".join([HEAD, *(";".join((who, *line)) for who, line in file)]).encode()
    path = f"/v1/people/imports?mode={mode}&accept_risk=true&source={source}"
    return tenant.call("people:write", "POST", path, content=data, headers={"content-type": "text/csv"})


@pytest.fixture(scope="module")
def org(house: House) -> TenantUnderTest:
    return house.tenant()


SOURCES = count()


STEPS = st.lists(st.tuples(FILES, st.sampled_from(["full", "partial"]), st.booleans()), min_size=1, max_size=4)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_an_import_is_its_file_and_undone_it_was_never_there(
    org: TenantUnderTest, steps: list[tuple[File, str, bool]]
) -> None:
    """Each example has a source of its own; files come one after the other, and some are taken back."""
    source = f"s{next(SOURCES)}"
    units = [{"external_id": unit, "name": unit, "source": source} for unit in UNITS[:3]]
    ok(org.call("people:write", "PUT", "/v1/org-units", json=units))
    mapping = {"columns": {"name": ["nom"]}}
    ok(org.call("people:write", "PUT", f"/v1/people/import-mappings/{source}", json=mapping))
    before: State = {}
    for file, mode, is_undone in steps:
        answer = post(org, file, mode, source)
        if answer.status_code == 422:
            assert "import-empty" in answer.text
            assert mode == "full"
            assert stored(org, source) == before
            continue
        body = ok(answer, 201)
        after = expected(before, file, mode)
        assert stored(org, source) == after
        changed = sum(map(len, body["people"].values()))
        assert changed == sum(before.get(who) != state for who, state in after.items())
        counts = body["counts"]
        assert counts["lines"] == len(file)
        assert counts["refused"] + counts["unchanged"] + changed - counts["leavers"] <= len(file)
        if not is_undone:
            before = after
            continue
        undone = ok(org.call("people:write", "POST", f"/v1/people/imports/{body['id']}/undo"))
        assert undone["people"] == changed
        assert stored(org, source) == before
