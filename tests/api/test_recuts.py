"""Other groups of a released wave's people: shown beside what was shown, as far as both together give nobody away."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.releases.tables import NUMBERS
from tests.fixtures.house import House, TenantUnderTest
from tests.make.recuts import (
    ALL_BUT_D,
    HALVES,
    PLAN,
    READ,
    REGION,
    SITES,
    TEAMS,
    WRITE,
    a_released_wave,
    a_value,
    answered,
    ask,
    launched,
    made,
    organised,
    recuts,
    releases,
    shown,
)
from tests.make.wire import places, problem
from tests.make.world import LaunchedWave, a_questionnaire, an_org, cells_of, declare, ok


@pytest.fixture(scope="module")
def wave(house: House) -> LaunchedWave:
    return a_released_wave(house)


def test_a_recut_is_a_release_of_its_own_and_changes_nothing_of_the_first(wave: LaunchedWave) -> None:
    (first,) = releases(wave)
    before = shown(wave, first["id"])
    recut = made(wave, [REGION, HALVES], [["org", "region"], ["org", "half"]])
    assert recut["status"] == "published"
    assert shown(wave, first["id"]) == before
    again, second = releases(wave)
    assert again == first
    assert second["id"] == recut["release_id"]
    assert (second["recut_id"], first["recut_id"]) == (recut["id"], None)
    detail = ok(wave.tenant.call(READ, "GET", f"/v1/releases/{second['id']}"))["manifest"]
    assert detail["recut"] == {"id": recut["id"], "after": [first["digest"]]}
    assert detail["breakdowns"]["plan"] == [["org", "region"], ["org", "half"]]
    cells = cells_of(wave.tenant, second["id"])
    assert {cell["breakdown"] for cell in cells} == {"org*region", "org*half"}
    assert {cell["status"] for cell in cells} == {"published", "withheld"}
    (west,) = [
        cell
        for cell in cells
        if (cell["unit"], cell["dimensions"], cell["measure"], cell["family"])
        == ("TOP", {"region": "west"}, "load", "mean")
    ]
    people = [f"{team}-{number}" for team, size in TEAMS.items() for number in range(size)]
    load = {person: 1 + number % 5 for number, person in enumerate(sorted(people))}
    scores = [load[person] for number, person in enumerate(people) if SITES[number % 3] == "nantes"]
    assert west["n_from"] <= len(scores) <= west["n_to"] == west["n_from"] + 4
    assert west["mean"] == pytest.approx(sum(scores) / len(scores), abs=0.051)
    certificate = ok(wave.tenant.call(READ, "GET", f"/v1/releases/{second['id']}/certificate"))["certificate"]
    assert certificate["recut"] == detail["recut"]
    assert certificate["auditor"]["verdict"] == "safe"


def test_what_would_leave_four_people_is_withheld(house: House) -> None:
    """Everybody less the three large teams are the four people of D; in a plan of the org tree alone."""
    wave = a_released_wave(house, {"breakdowns": [["org"]]})
    pairs = {"name": "pair", "values": [a_value("first", "A", "B"), a_value("last", "C", "D")]}
    recut = made(wave, [ALL_BUT_D, HALVES, pairs], [["org", "large"], ["org", "half"], ["org", "pair"]])
    assert recut["status"] == "published"
    top = [cell for cell in cells_of(wave.tenant, recut["release_id"]) if cell["unit"] == "TOP"]
    assert {cell["status"] for cell in top if cell["dimensions"] == {"large": "large"}} == {"withheld"}
    # A and B are shown, C is not, for the sake of D; so that A and C together would show C, and D with it.
    assert {cell["status"] for cell in top if cell["dimensions"] == {"half": "one"}} == {"withheld"}
    assert "published" in {cell["status"] for cell in top if cell["dimensions"] == {"pair": "last"}}


def test_all_or_nothing_names_the_groups_in_conflict(house: House) -> None:
    wave = a_released_wave(house, {"breakdowns": [["org"]]})
    recut = made(wave, [ALL_BUT_D], [["org", "large"]], require="all")
    assert (recut["status"], recut["reason"]) == ("refused", "recut-unsafe")
    large = {"large": "large"}
    assert {"source": "hris", "unit": "TOP", "dimensions": large} in recut["conflicts"]
    manifest = ok(wave.tenant.call(READ, "GET", f"/v1/releases/{recut['release_id']}"))["manifest"]
    assert manifest["recut"]["conflicts"] == recut["conflicts"]
    assert cells_of(wave.tenant, recut["release_id"]) == []
    # What was refused can be asked for again, in another way.
    assert made(wave, [HALVES], [["org", "half"]])["status"] == "published"
    problem(wave.tenant.call(READ, "GET", f"/v1/releases/{recut['release_id']}/certificate"), 404, "not-found")


def test_a_contract_that_says_nothing_of_recuts_allows_none(house: House) -> None:
    wave = a_released_wave(house, recuts=False)
    problem(ask(wave, [REGION], [["org", "region"]]), 409, "recuts-not-promised")
    contract = ok(wave.tenant.call(WRITE, "GET", f"/v1/campaigns/{wave.campaign}/contract"))["contract"]
    assert "recuts" not in contract


def test_a_contract_says_that_there_may_be_recuts(wave: LaunchedWave) -> None:
    contract = ok(wave.tenant.call(WRITE, "GET", f"/v1/campaigns/{wave.campaign}/contract"))["contract"]
    assert contract["recuts"] is True
    assert ok(wave.tenant.call(WRITE, "GET", f"/v1/campaigns/{wave.campaign}"))["recuts"] is True


def test_an_open_wave_has_no_recuts(tenant: TenantUnderTest) -> None:
    organised(tenant)
    wave = launched(tenant, PLAN, recuts=True)
    problem(ask(wave, [REGION], [["org", "region"]]), 409, "wrong-state")


NEW, UNITS = REGION | {"name": "new"}, HALVES | {"name": "units"}
REFUSED: list[tuple[list[Any], list[list[str]], str, dict[str, str]]] = [
    (
        [REGION | {"name": "site"}], [["org", "site"]], "invalid",
        {"/dimensions/0/name": "is the name of another dimension"},
    ),
    (
        [NEW | {"of": "grade"}], [["org", "new"]], "invalid",
        {"/dimensions/0/of": "is not a dimension of the wave's plan"},
    ),
    (
        [NEW | {"values": [a_value("a", "paris")]}], [["org", "new"]], "invalid",
        {"/dimensions/0/values/0/members/0": "is not in this wave"},
    ),
    (
        [UNITS | {"values": [a_value("a", "A"), a_value("b", "TOP")]}], [["org", "units"]], "invalid",
        {"/dimensions/0/values/1/members/0": "holds people who are in a value already"},
    ),
    (
        [NEW | {"values": [a_value("a", "lyon"), a_value("a", "nantes")]}], [["org", "new"]], "invalid",
        {"/dimensions/0/values/1/id": "is the id of another value"},
    ),
    ([], [["org", "site"]], "plan-not-supported", {"/breakdowns/0": "must not repeat a breakdown"}),
    ([], [["org"]], "plan-not-supported", {"/breakdowns/0": "must not repeat a breakdown"}),
    ([], [["site"]], "plan-not-supported", {"/breakdowns/0": "must be `org`, then at most 2 dimensions"}),
    (
        [REGION | {"name": "org"}], [["org", "site"]], "invalid",
        {"/dimensions/0/name": "is the name of another dimension"},
    ),
    (
        [NEW, UNITS], [["org", "new"]], "plan-not-supported",
        {"/dimensions/1/name": "is in none of the breakdowns"},
    ),
    ([], [["org", "tenure"]], "plan-not-supported", {"/breakdowns/0/1": "is not a declared dimension"}),
]  # fmt: skip


@pytest.mark.parametrize(("dimensions", "breakdowns", "slug", "faults"), REFUSED)
def test_what_can_not_be_asked_for(
    wave: LaunchedWave, dimensions: list[Any], breakdowns: list[list[str]], slug: str, faults: dict[str, str]
) -> None:
    before = len(recuts(wave))
    assert places(problem(ask(wave, dimensions, breakdowns), 422, slug)) == faults
    assert len(recuts(wave)) == before


def test_a_wave_has_so_many_recuts_and_no_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.releases.recuts.MOST_RECUTS", 2)
    wave = a_released_wave(house, {"breakdowns": [["org"]]})
    assert made(wave, [HALVES], [["org", "half"]])["status"] == "published"
    assert made(wave, [ALL_BUT_D], [["org", "large"]], require="all")["status"] == "refused"
    problem(ask(wave, [UNITS], [["org", "units"]]), 409, "too-many-recuts")


def test_one_recut_comes_after_the_other(house: House) -> None:
    """The second builds on a dimension of the first, and comes after both releases before it."""
    wave = a_released_wave(house)
    ok(ask(wave, [REGION], [["org", "region"]]), 202)
    problem(ask(wave, [HALVES], [["org", "half"]]), 409, "recut-pending")
    wave.tenant.house.sweep()
    second = made(wave, [HALVES], [["org", "half"], ["org", "region", "half"]])
    assert second["status"] == "published"
    digests = [release["digest"] for release in releases(wave)]
    manifest = ok(wave.tenant.call(READ, "GET", f"/v1/releases/{second['release_id']}"))["manifest"]
    assert manifest["recut"]["after"] == digests[:2]
    assert {"org*half", "org*half*region"} == {
        cell["breakdown"] for cell in cells_of(wave.tenant, second["release_id"])
    }


def test_all_is_published_where_all_can_be(house: House) -> None:
    """Two halves of 60 and 69; of a number that nobody gave, no release shows anything."""
    wave = a_released_wave(house, {"breakdowns": [["org"]]})
    halves = {"name": "half", "values": [a_value("one", "A"), a_value("two", "B", "C", "D")]}
    recut = made(wave, [halves], [["org", "half"]], require="all")
    assert (recut["status"], recut["reason"]) == ("refused", "recut-unsafe")
    # The teams in the second half are groups of the tree, too, and not all of them can be shown.
    below = {conflict["unit"] for conflict in recut["conflicts"]}
    assert "TOP" not in below
    assert "D" in below
    tenant = house.tenant()
    people = an_org(tenant, {"A": 60, "B": 45})
    declare(
        tenant, {"site": list(SITES)}, {person: {"site": SITES[number % 3]} for number, person in enumerate(people)}
    )
    a_questionnaire(tenant)
    whole = launched(tenant, PLAN, recuts=True)
    assert answered(whole, skipping=None)["status"] == "published"
    assert made(whole, [REGION], [["org", "region"]], require="all")["status"] == "published"


def test_a_conflict_does_not_tell_whether_anybody_took_part(house: House) -> None:
    """One team of one person, who answers or not: the same groups are in conflict."""
    told = []
    for silent in (set(), {"D-0"}):
        tenant = house.tenant()
        an_org(tenant, {"A": 60, "B": 45, "D": 1})
        a_questionnaire(tenant)
        wave = launched(tenant, {"breakdowns": [["org"]]}, recuts=True)
        for person in silent:
            del wave.codes[person]
        assert answered(wave)["status"] == "published"
        one = {"name": "one", "values": [a_value("d", "D")]}
        told.append(made(wave, [one], [["org", "one"]], require="all")["conflicts"])
    assert told[0] == told[1] != []


def test_a_key_folder_that_is_away_is_waited_for(house: House) -> None:
    wave = a_released_wave(house, {"breakdowns": [["org"]]})
    asked = ok(ask(wave, [HALVES], [["org", "half"]]), 202)
    folder = house.settings.keys_dir / "work" / "waves" / str(wave.tenant.tenant_id)
    away = folder.with_name("away")
    folder.rename(away)
    house.sweep()
    assert [recut["status"] for recut in recuts(wave)] == ["asked"]
    away.rename(folder)
    house.clock.shift += timedelta(minutes=5)
    try:
        house.sweep()
    finally:
        house.clock.shift = timedelta()
    assert [(recut["id"], recut["status"]) for recut in recuts(wave)] == [(asked["id"], "published")]


def test_a_worker_that_was_stopped_before_it_could_commit_makes_the_same_release(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key folder knows the digest already; what is made again is the same."""
    wave = a_released_wave(house, {"breakdowns": [["org"]]})
    ok(ask(wave, [HALVES], [["org", "half"]]), 202)
    with monkeypatch.context() as patch:
        patch.setattr("service.releases.publish.count_cells", lambda _: 1 / 0)
        house.sweep()
    assert [recut["status"] for recut in recuts(wave)] == ["asked"]
    house.clock.shift += timedelta(minutes=5)
    try:
        house.sweep()
    finally:
        house.clock.shift = timedelta()
    assert [recut["status"] for recut in recuts(wave)] == ["published"]


def test_of_another_tenant_nothing_is_asked(wave: LaunchedWave, tenant: TenantUnderTest) -> None:
    theirs = LaunchedWave(tenant, wave.campaign, wave.wave, wave.address, {})
    problem(ask(theirs, [REGION], [["org", "region"]]), 404, "not-found")
    problem(tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/recuts"), 404, "not-found")


NO_NUMBERS = ", ".join(f"{name} = NULL" for name in NUMBERS)
ALTERED = {
    "what was asked for": (
        'UPDATE recut SET plan = jsonb_set(plan, \'{breakdowns}\', \'[["org", "half", "site"]]\')',
        "contract-broken",
    ),
    "a cell that was shown": ("UPDATE release_cell SET n_to = n_to + 1 WHERE status = 'published'", "release-altered"),
    "all cells": ("DELETE FROM release_cell", "release-altered"),
    "where a cell is": ("UPDATE release_cell SET node = node - 1 WHERE number = 0", "release-altered"),
    "what the options are": (
        "UPDATE release_measure SET options = ARRAY['5', '4', '3', '2', '1'] WHERE options IS NOT NULL",
        "release-altered",
    ),
    "what a place is broken down by": (
        "UPDATE release_unit SET dimensions = jsonb_build_object('half', 'one') WHERE node = 1",
        "release-altered",
    ),
    "how units are called": (
        (
            "UPDATE wave_unit SET external_id = CASE external_id WHEN 'A' THEN 'B' ELSE 'A' END"
            " WHERE external_id IN ('A', 'B')"
        ),
        "release-altered",
    ),
    "one person's answers": (
        (
            "DELETE FROM sealed_batch WHERE batch_id = (SELECT batch_id FROM sealed_batch ORDER BY batch_id LIMIT 1);"
            "DELETE FROM spent_code WHERE serial = (SELECT min(serial) FROM spent_code)"
        ),
        "release-altered",
    ),
    "a cell that was withheld": (
        f"UPDATE release_cell SET status = 'withheld', reason = 'protected', {NO_NUMBERS} WHERE node = 0",  # noqa: S608 - from the model
        "release-altered",
    ),
    "that there was a release": (
        "DELETE FROM release_certificate; DELETE FROM release_cell; DELETE FROM release",
        "release-altered",
    ),
}


@pytest.mark.parametrize("what", ALTERED)
def test_whoever_writes_to_the_database_gets_no_other_recut(house: House, what: str) -> None:
    """What is asked for is signed; what was released is remembered in the key folder."""
    wave = a_released_wave(house, {"breakdowns": [["org"]]})
    asked = ok(ask(wave, [HALVES], [["org", "half"]]), 202)
    statements, reason = ALTERED[what]
    for statement in statements.split(";"):
        wave.tenant.sql(statement)
    house.sweep()
    (found,) = [recut for recut in recuts(wave) if recut["id"] == asked["id"]]
    assert (found["status"], found["reason"]) == ("refused", reason)


def test_a_wave_that_was_never_released_has_no_recuts_whatever_its_state_says(house: House) -> None:
    """Else one more answer between two recuts would be their difference."""
    tenant = house.tenant()
    organised(tenant)
    wave = launched(tenant, {"breakdowns": [["org"]]}, recuts=True)
    for person in sorted(wave.codes):
        ok(wave.submit(person, {"load": 3}), 201)
    tenant.sql("UPDATE wave SET state = 'released'")
    ok(ask(wave, [HALVES], [["org", "half"]]), 202)
    house.sweep()
    assert [(recut["status"], recut["reason"]) for recut in recuts(wave)] == [("refused", "release-altered")]


def test_what_was_asked_once_can_not_be_copied(house: House) -> None:
    wave = a_released_wave(house, {"breakdowns": [["org"]]})
    assert made(wave, [HALVES], [["org", "half"]])["status"] == "published"
    wave.tenant.sql(
        "INSERT INTO recut (tenant_id, recut_id, wave_id, plan, mac, asked_at)"
        " SELECT tenant_id, CAST(:copy AS uuid), wave_id, plan, mac, asked_at FROM recut",
        copy=str(UUID(int=7)),
    )
    wave.tenant.sql(
        "INSERT INTO job (tenant_id, job_id, kind, subject_id, due_at, attempts)"
        " SELECT tenant_id, gen_random_uuid(), 'recut_wave', recut_id, now(), 0 FROM recut WHERE recut_id = :copy",
        copy=str(UUID(int=7)),
    )
    house.sweep()
    found = {recut["id"]: (recut["status"], recut["reason"]) for recut in recuts(wave)}
    assert found[str(UUID(int=7))] == ("refused", "contract-broken")


def test_a_wave_has_few_refusals(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each tells a little of how many took part where nothing is shown."""
    monkeypatch.setattr("service.releases.recuts.MOST_REFUSED", 1)
    wave = a_released_wave(house, {"breakdowns": [["org"]]})
    assert made(wave, [ALL_BUT_D], [["org", "large"]], require="all")["status"] == "refused"
    problem(ask(wave, [HALVES], [["org", "half"]]), 409, "too-many-recuts")


def test_after_the_key_there_is_no_recut(house: House) -> None:
    wave = a_released_wave(house, {"breakdowns": [["org"]]})
    house.clock.shift += timedelta(days=31)
    try:
        house.sweep()
        problem(ask(wave, [HALVES], [["org", "half"]]), 409, "answers-gone")
    finally:
        house.clock.shift = timedelta()
    assert recuts(wave) == []
