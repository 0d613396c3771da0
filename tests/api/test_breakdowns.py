"""Breakdowns by dimensions, from plan to cells: what launch freezes, what a release shows, how it is asked for."""

import csv
import io
import json
from functools import partial
from typing import Any

import pytest

from service.campaigns import plan
from service.disclosure import breakdowns
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import places, problem
from tests.make.world import LaunchedWave, a_campaign, a_questionnaire, an_org, cells_of, codes_of, ok

READ = "aggregates:read"
TEAMS = {"A": 60, "B": 45, "C": 20, "D": 4}
SITES = ("lyon", "nantes", "lille")
TREE, BY_SITE = [["org"]], [["org"], ["org", "site"], ["org", "tenure"]]
CROSSED = [*BY_SITE, ["org", "site", "tenure"]]


def a_dimension(name: str, *values: str) -> dict[str, Any]:
    return {"name": name, "values": [{"id": value, "label": {"en": value.title()}} for value in values]}


def organised(tenant: TenantUnderTest, teams: dict[str, int]) -> None:
    """A top with teams; people by turns at three sites, one in nine without; half of them new, some unknown."""
    people = an_org(tenant, teams)
    declared = [a_dimension("site", *SITES), a_dimension("tenure", "new", "old"), a_dimension("grade", "a")]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=declared))
    rows = []
    for number, person in enumerate(people):
        values = {"grade": "a"}
        if number % 9:
            values["site"] = SITES[number % 3]
        if number % 7:
            values["tenure"] = ("new", "old")[number % 2]
        rows.append({"external_id": person, "unit": person.rpartition("-")[0], "dimensions": values})
    ok(tenant.call("people:write", "PUT", "/v1/people", json=rows))
    a_questionnaire(tenant)


def launched(tenant: TenantUnderTest, plan_: list[list[str]]) -> LaunchedWave:
    campaign = a_campaign(tenant, plan={"breakdowns": plan_})
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    return LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))


def answered(wave: LaunchedWave) -> dict[str, Any]:
    """Everybody answers, a few not all; the release."""
    for number, person in enumerate(sorted(wave.codes)):
        given: dict[str, Any] = {"load": 1 + number % 5, "help": 1 + number % 3}
        given["place"] = ("home", "office")[number % 2]
        if number % 4:
            given["years"] = number % 51
        ok(wave.submit(person, given), 201)
    return wave.release()


@pytest.fixture(scope="module")
def released(house: House) -> tuple[TenantUnderTest, str]:
    tenant = house.tenant()
    organised(tenant, TEAMS)
    return tenant, str(answered(launched(tenant, CROSSED))["id"])


def get(tenant: TenantUnderTest, path: str, **params: str) -> Any:
    return tenant.call(READ, "GET", f"/v1/releases/{path}", params=params)


def test_every_unit_has_a_row_for_every_value(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    cells = cells_of(tenant, release)
    groups = 1 + 3 + 2 + 3 * 2
    assert len(cells) == 5 * groups * len({(cell["measure"], cell["family"]) for cell in cells})
    assert {cell["breakdown"] for cell in cells} == {"org", "org*site", "org*tenure", "org*site*tenure"}
    shown = {(cell["breakdown"], cell["status"]) for cell in cells}
    assert {("org*site", "published"), ("org*tenure", "published"), ("org*site*tenure", "withheld")} <= shown
    for cell in cells:
        assert cell["breakdown"] == "*".join(["org", *sorted(cell["dimensions"])])
        if cell["status"] == "withheld":
            assert cell["reason"] == "protected"
            numbers = ("n_from", "n_to", "mean", "sd", "favourable", "neutral", "unfavourable", "distribution")
            assert [cell[name] for name in numbers] == [None] * len(numbers)
    manifest = ok(get(tenant, release))["manifest"]
    assert manifest["breakdowns"]["plan"] == CROSSED
    assert manifest["breakdowns"]["dimensions"][0] == a_dimension("site", *SITES)
    assert manifest["breakdowns"]["fell_back"] is False


def test_figures_are_those_of_the_people_with_the_value(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    asked = {"measure": "load", "family": "mean", "unit": "TOP", "breakdown": "org*site", "value": "nantes"}
    (cell,) = cells_of(tenant, release, dimension="site", **asked)
    people = [f"{team}-{number}" for team, size in TEAMS.items() for number in range(size)]
    load = {person: 1 + number % 5 for number, person in enumerate(sorted(people))}
    scores = [load[person] for number, person in enumerate(people) if number % 9 and number % 3 == 1]
    assert cell["status"] == "published"
    assert cell["n_from"] <= len(scores) <= cell["n_to"] == cell["n_from"] + 4
    assert cell["mean"] == pytest.approx(sum(scores) / len(scores), abs=0.051)


def test_json_and_csv_are_equal_and_filters_agree(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    everything = cells_of(tenant, release)
    asked = [
        {"breakdown": "org"},
        {"breakdown": "org*site*tenure"},
        {"breakdown": "org*tenure*site", "unit": "A"},
        {"dimension": "tenure"},
        {"dimension": "tenure", "value": "new", "family": "mean"},
        {"dimension": "site", "value": "lyon", "breakdown": "org*site", "measure": "climate"},
    ]
    for params in asked:
        cells = cells_of(tenant, release, **params)
        wanted = [cell for cell in everything if fits(cell, params)]
        assert cells == wanted != []
        rows = list(csv.DictReader(io.StringIO(get(tenant, f"{release}/cells.csv", **params).text, newline="")))
        assert len(rows) == len(cells)
        for cell, row in zip(cells, rows, strict=True):
            assert row["breakdown"] == cell["breakdown"]
            pairs = sorted(cell["dimensions"].items())
            assert row["dimensions"] == "; ".join(f"{name}={value}" for name, value in pairs)
            assert (float(row["mean"]) if row["mean"] else None) == cell["mean"]


def fits(cell: dict[str, Any], params: dict[str, str]) -> bool:
    """Whether a cell is one of those asked for."""
    breakdown = params.get("breakdown", cell["breakdown"])
    values = cell["dimensions"]
    return (
        {"org", *values} == set(breakdown.split("*"))
        and all(cell[name] == params.get(name, cell[name]) for name in ("unit", "measure", "family"))
        and ("dimension" not in params or params["dimension"] in values)
        and ("value" not in params or values[params["dimension"]] == params["value"])
    )


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"breakdown": "org*grade"}, "breakdown"),
        ({"breakdown": "site"}, "breakdown"),
        ({"dimension": "grade"}, "dimension"),
        ({"dimension": "site", "value": "paris"}, "value"),
        ({"dimension": "tenure", "value": "lyon"}, "value"),
    ],
)
def test_what_the_release_does_not_have_is_refused(
    released: tuple[TenantUnderTest, str], params: dict[str, str], name: str
) -> None:
    tenant, release = released
    told = problem(get(tenant, f"{release}/cells", **params), 422, "invalid")
    assert places(told) == {f"query:{name}": f"is not a {name} of this release"}


def test_a_value_needs_its_dimension(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    told = problem(get(tenant, f"{release}/cells", value="lyon"), 422, "invalid")
    assert places(told) == {"query:value": "needs a dimension"}


def test_classes_hold_the_values_of_the_plan_and_no_others(tenant: TenantUnderTest) -> None:
    organised(tenant, {"A": 30, "B": 30})
    wave = launched(tenant, [["org"], ["org", "site"]])
    rows = tenant.sql("""
        SELECT label, u.external_id, dimensions::text AS dimensions
        FROM wave_class JOIN wave_unit u USING (tenant_id, wave_id, unit_id)
    """)
    classes = [(row.external_id, json.loads(row.dimensions)) for row in rows]
    expected = [{}, *({"site": site} for site in SITES)]
    assert sorted(classes, key=str) == sorted([(team, one) for team in "AB" for one in expected], key=str)
    contract = ok(tenant.call("campaigns:write", "GET", f"/v1/waves/{wave.wave}/contract"))["contract"]
    assert contract["plan"] == [["org"], ["org", "site"]]
    assert contract["dimensions"] == [a_dimension("site", *SITES)]
    assert len({row.label for row in rows}) == 8


def test_the_plan_is_the_tree_alone_unless_it_says_more(tenant: TenantUnderTest) -> None:
    organised(tenant, {"A": 30, "B": 30})
    campaign = a_campaign(tenant)
    assert campaign["plan"] == TREE
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    assert tenant.sql("SELECT count(*) FROM wave_class WHERE dimensions = '{}'")[0][0] == 2
    contract = ok(tenant.call("campaigns:write", "GET", f"/v1/waves/{wave['id']}/contract"))["contract"]
    assert "dimensions" not in contract


REFUSED: dict[str, tuple[list[list[str]], str, dict[str, str]]] = {
    "undeclared": (
        [["org"], ["org", "site"], ["org", "site", "nothing"]],
        "unknown-dimension",
        {"/plan/breakdowns/2/2": "is not a declared dimension"},
    ),
    "a dimension without the tree": (
        [["org"], ["site"]], "plan-not-supported", {"/plan/breakdowns/1": "must be `org`, then at most 2 dimensions"},
    ),
    "three crossed": (
        [["org"], ["org", "site", "tenure", "grade"]],
        "plan-not-supported",
        {"/plan/breakdowns/1": "must be `org`, then at most 2 dimensions"},
    ),
    "a dimension twice": (
        [["org"], ["org", "site", "site"]], "plan-not-supported",
        {"/plan/breakdowns/1": "must not name a dimension twice"},
    ),
    "a cross twice": (
        [["org"], ["org", "site", "tenure"], ["org", "tenure", "site"]],
        "plan-not-supported",
        {"/plan/breakdowns/2": "must not repeat a breakdown"},
    ),
    "not the tree alone": (
        [["org", "site"]], "plan-not-supported", {"/plan/breakdowns": "must hold the org tree alone as well"},
    ),
    "too many": (
        [["org"]] * (plan.MOST_BREAKDOWNS + 1), "invalid", {"/plan/breakdowns": "must have at most 20 entries"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def drafts(house: House) -> TenantUnderTest:
    tenant = house.tenant()
    organised(tenant, {"A": 12})
    return tenant


@pytest.mark.parametrize("case", REFUSED)
def test_a_plan_that_can_not_be_is_refused_by_its_place(drafts: TenantUnderTest, case: str) -> None:
    given, slug, expected = REFUSED[case]
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]}, "plan": {"breakdowns": given}}
    told = problem(drafts.call("campaigns:write", "POST", "/v1/campaigns", json=body), 422, slug)
    assert places(told) == expected


def test_thresholds_that_could_not_be_proved_are_refused(drafts: TenantUnderTest) -> None:
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]}, "plan": {"breakdowns": BY_SITE}}
    policy = {"k_mean": 15, "k_distribution": 15, "k_sensitive": 16, "collusion": 0}
    told = problem(drafts.call("campaigns:write", "POST", "/v1/campaigns", json=body | {"policy": policy}), 422,
                   "plan-not-supported")  # fmt: skip
    reason = "must be at most 15, collusion included, with dimensions or recuts"
    assert places(told) == {"/policy/k_sensitive": reason}
    policy |= {"k_sensitive": 14, "collusion": 1}
    told = problem(drafts.call("campaigns:write", "POST", "/v1/campaigns", json=body | {"policy": policy}), 422,
                   "plan-not-supported")  # fmt: skip
    assert places(told) == {"/policy/k_mean": reason, "/policy/k_distribution": reason}
    ok(
        drafts.call(
            "campaigns:write", "POST", "/v1/campaigns", json=body | {"policy": policy, "plan": {"breakdowns": TREE}}
        )
    )


@pytest.mark.parametrize("limit", ["MOST_PLACES", "MOST_CLASSES"])
def test_too_large_a_plan_can_not_be_launched(
    drafts: TenantUnderTest, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    whole, broken_down = (a_campaign(drafts, plan={"breakdowns": one})["id"] for one in (TREE, BY_SITE))
    monkeypatch.setattr(plan, limit, 2)
    told = drafts.call("campaigns:write", "POST", f"/v1/campaigns/{broken_down}/launch")
    problem(told, 409, "plan-too-large")
    assert drafts.sql("SELECT count(*) FROM wave_class")[0][0] == 0
    ok(drafts.call("campaigns:write", "POST", f"/v1/campaigns/{whole}/launch"))
    drafts.house.sweep()
    drafts.sql("DELETE FROM roster_line")
    drafts.sql("DELETE FROM wave_class")


def test_what_is_not_proved_is_published_as_the_tree_alone_is(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = partial(breakdowns.protect_breakdowns, budget=0)
    monkeypatch.setattr(breakdowns, "protect_breakdowns", poor)
    organised(tenant, {"A": 40, "B": 25, "C": 6})
    coarse = answered(launched(tenant, BY_SITE))
    alone = answered(launched(tenant, TREE))
    manifest = ok(get(tenant, coarse["id"]))["manifest"]
    assert manifest["breakdowns"]["fell_back"] is True
    assert "breakdowns" not in ok(get(tenant, alone["id"]))["manifest"]
    cells = cells_of(tenant, coarse["id"])
    assert [cell for cell in cells if cell["breakdown"] == "org"] == cells_of(tenant, alone["id"])
    assert {cell["status"] for cell in cells if cell["breakdown"] != "org"} == {"withheld"}


def test_recuts_are_proved_like_breakdowns_so_that_thresholds_are_as_small(drafts: TenantUnderTest) -> None:
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]}, "policy": {"k_mean": 16}}
    told = problem(drafts.call("campaigns:write", "POST", "/v1/campaigns", json=body | {"recuts": True}), 422,
                   "plan-not-supported")  # fmt: skip
    assert list(places(told)) == ["/policy/k_mean"]
    ok(drafts.call("campaigns:write", "POST", "/v1/campaigns", json=body), 201)
