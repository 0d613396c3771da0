"""Results side by side: latest, trend, comparison, heat map; each figure traced to a released cell."""

from decimal import Decimal
from typing import Any

import pytest

from service.releases.aggregates.schemas import MEANS
from tests.api.test_keys_of_units import limited
from tests.fixtures.house import House, TenantUnderTest
from tests.make.every_aggregate import figures_of
from tests.make.formats import READ, withdraw
from tests.make.wire import places, problem
from tests.make.world import a_campaign, a_questionnaire, an_org, cells_of, codes_of, ok, post

TEAMS = {"A": 40, "B": 12, "C": 4}


@pytest.fixture(scope="module")
def world(house: House) -> tuple[TenantUnderTest, list[tuple[str, str]]]:
    """Two campaigns, as (campaign, release)."""
    tenant = house.tenant()
    an_org(tenant, TEAMS)
    a_questionnaire(tenant)
    made = []
    for name in ("Spring", "Autumn"):
        campaign = a_campaign(tenant, name=name)
        wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
        tenant.house.sweep()
        for number, code in enumerate(codes_of(tenant, wave["id"]).values()):
            ok(post(tenant, code, {"load": 1 + number % 5, "help": 1 + number % (2 if name == "Spring" else 4)}), 201)
        ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/close"))
        tenant.house.sweep()
        (release,) = ok(tenant.call(READ, "GET", f"/v1/releases?wave={wave['id']}"))["data"]
        made.append((campaign["id"], release["id"]))
    return tenant, made


def ask(tenant: TenantUnderTest, what: str, **params: Any) -> Any:
    return ok(tenant.call(READ, "GET", f"/v1/aggregates/{what}", params=params))


def by_place(cells: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """What is told of a measure's mean and of its shares, by unit and measure."""
    by_key = {(cell["unit"], cell["measure"], cell["family"]): cell for cell in cells}
    of_unit: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for (unit, measure, family), cell in by_key.items():
        of_unit.setdefault(unit, {})[measure, family] = cell
    return {(unit, measure): figures_of(of_unit[unit], measure) for unit, measure, family in by_key if family == "mean"}


def test_the_latest_is_the_newest_release_of_the_campaign(world: tuple[TenantUnderTest, Any]) -> None:
    tenant, made = world
    for campaign, release in made:
        assert ask(tenant, "latest", campaign=campaign) == ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))
    unknown = tenant.call(READ, "GET", "/v1/aggregates/latest", params={"campaign": made[0][1]})
    problem(unknown, 404, "not-found")
    foreign = tenant.house.tenant().call(READ, "GET", "/v1/aggregates/latest", params={"campaign": made[0][0]})
    problem(foreign, 404, "not-found")


def test_a_trend_of_one_wave_shows_its_cells_and_no_change(world: tuple[TenantUnderTest, Any]) -> None:
    tenant, made = world
    campaign, release = made[0]
    cells = by_place(cells_of(tenant, release))
    for unit in ("TOP", "A", "C"):
        found = ask(tenant, "trend", campaign=campaign, unit=unit)
        assert [series["measure"] for series in found["series"]] == ["load", "help", "years", "climate"]
        for series in found["series"]:
            (point,) = series["points"]
            assert {name: point[name] for name in (*MEANS, "shares")} == cells[unit, series["measure"]]
            assert (point["change"], point["no_change"]) == (None, "first")
            assert point["release_id"] == release
    assert (
        ask(tenant, "trend", campaign=campaign)["series"]
        == ask(tenant, "trend", campaign=campaign, unit="TOP")["series"]
    )


def test_a_comparison_puts_a_unit_beside_those_above_it(world: tuple[TenantUnderTest, Any]) -> None:
    tenant, made = world
    _, release = made[1]
    cells = by_place(cells_of(tenant, release))
    found = ask(tenant, "comparison", release=release, unit="A")
    assert (found["unit"], found["unit_name"]) == ("A", "Team A")
    for one in found["data"]:
        own, top = cells["A", one["measure"]], cells["TOP", one["measure"]]
        assert one["unit"] == own
        for above in (one["parent"], one["whole"]):
            assert above["figures"] == top
            if own["mean"] is not None and top["mean"] is not None:
                assert Decimal(str(above["difference"])) == Decimal(str(own["mean"])) - Decimal(str(top["mean"]))
            else:
                assert above["difference"] is None
    assert any(one["whole"]["difference"] is not None for one in found["data"])
    for one in ask(tenant, "comparison", release=release)["data"]:
        assert (one["parent"], one["whole"], one["benchmark"]) == (None, None, None)
    withheld = ask(tenant, "comparison", release=release, unit="C")["data"]
    assert {one["unit"]["status"] for one in withheld} == {"withheld"}
    assert {one["whole"]["difference"] for one in withheld} == {None}


def test_a_heat_map_is_the_cells_of_many_units(world: tuple[TenantUnderTest, Any]) -> None:
    tenant, made = world
    _, release = made[0]
    cells = by_place(cells_of(tenant, release))
    for kind, columns in (("scale", ["climate"]), ("item", ["load", "help", "years"]), ("index", [])):
        found = ask(tenant, "heat-map", release=release, kind=kind)
        assert [column["measure"] for column in found["columns"]] == columns
        assert [row["unit"] for row in found["data"]] == ["TOP", "A", "B", "C"]
        for row in found["data"]:
            for measure, cell in zip(columns, row["cells"], strict=True):
                told = cells[row["unit"], measure]
                shares = told["shares"] and {name: told["shares"][name] for name in cell["shares"]}
                assert cell == {name: told[name] for name in cell} | {"shares": shares}
    rows = ask(tenant, "heat-map", release=release)["data"]
    favourable = [cell["shares"]["favourable"] for row in rows for cell in row["cells"]]
    assert any(favourable)
    assert None in favourable
    (column,) = ask(tenant, "heat-map", release=release)["columns"]
    assert (column["text"]["fr"], column["lowest"], column["highest"]) == ("Climat", 1, 5)
    below = ask(tenant, "heat-map", release=release, under="TOP")
    assert [row["unit"] for row in below["data"]] == ["A", "B", "C"]
    first = ask(tenant, "heat-map", release=release, limit=3)
    rest = ask(tenant, "heat-map", release=release, limit=3, cursor=first["next"])
    assert first["data"] + rest["data"] == ask(tenant, "heat-map", release=release)["data"]
    assert rest["next"] is None


def test_a_benchmark_stands_beside_results(world: tuple[TenantUnderTest, Any]) -> None:
    tenant, made = world
    _, release = made[0]
    figures = [{"measure": "climate", "mean": 3.55, "favourable": 60}, {"measure": "load", "favourable": 12.5}]
    body = {"title": "Elsewhere", "figures": figures}
    put = ok(tenant.call("campaigns:write", "PUT", "/v1/benchmarks/elsewhere", json=body))
    assert put == ok(tenant.call(READ, "GET", "/v1/benchmarks/elsewhere"))
    assert [one["name"] for one in ok(tenant.call(READ, "GET", "/v1/benchmarks"))] == ["elsewhere"]
    path = f"/v1/aggregates/comparison?release={release}&unit=A&benchmark=elsewhere"
    answer = tenant.call(READ, "GET", path)
    found = {one["measure"]: one for one in ok(answer)["data"]}
    climate, load = found["climate"], found["load"]
    assert climate["benchmark"]["mean"] == 3.55
    difference = Decimal(str(climate["unit"]["mean"])) - Decimal("3.55")
    assert Decimal(str(climate["benchmark"]["difference"])) == difference
    share = Decimal(str(climate["unit"]["shares"]["favourable"]))
    assert climate["unit"]["shares"]["favourable_bound"] is None
    assert Decimal(str(climate["benchmark"]["favourable_difference"])) == share - 60
    assert load["benchmark"]["mean"] is None
    assert load["benchmark"]["difference"] is None
    assert found["help"]["benchmark"] is None
    # Other figures are another answer.
    body["figures"] = [{"measure": "climate", "mean": 3.0}]
    ok(tenant.call("campaigns:write", "PUT", "/v1/benchmarks/elsewhere", json=body))
    again = tenant.call(READ, "GET", path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 200
    assert tenant.call(READ, "GET", path, headers={"If-None-Match": again.headers["etag"]}).status_code == 304
    ok(tenant.call("campaigns:write", "DELETE", "/v1/benchmarks/elsewhere"), 204)
    problem(tenant.call(READ, "GET", path), 422, "invalid")
    problem(tenant.call("campaigns:write", "DELETE", "/v1/benchmarks/elsewhere"), 404, "not-found")
    acts = [row.action for row in tenant.sql("SELECT action FROM audit_entry ORDER BY entry_id")]
    assert acts[-3:] == ["benchmark.put", "benchmark.put", "benchmark.deleted"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"title": "x", "figures": []}, "/figures"),
        ({"title": "x", "figures": [{"measure": "climate"}]}, "/figures/0"),
        ({"title": "x", "figures": [{"measure": "a", "mean": 1}, {"measure": "a", "mean": 2}]}, ""),
        ({"title": "x", "figures": [{"measure": "a", "favourable": 101}]}, "/figures/0/favourable"),
        ({"title": "x", "figures": [{"measure": "a", "mean": 1e12}]}, "/figures/0/mean"),
        ({"title": "x", "figures": [{"measure": "A", "mean": 1}]}, "/figures/0/measure"),
    ],
)
def test_a_benchmark_that_says_nothing_is_refused(tenant: TenantUnderTest, body: Any, place: str) -> None:
    answer = tenant.call("campaigns:write", "PUT", "/v1/benchmarks/elsewhere", json=body)
    assert place in places(problem(answer, 422, "invalid"))


def test_there_are_a_hundred_benchmarks_at_most(tenant: TenantUnderTest) -> None:
    body = {"title": "x", "figures": [{"measure": "a", "mean": 1}]}
    for number in range(100):
        ok(tenant.call("campaigns:write", "PUT", f"/v1/benchmarks/b{number}", json=body))
    problem(tenant.call("campaigns:write", "PUT", "/v1/benchmarks/more", json=body), 409, "too-many-benchmarks")
    ok(tenant.call("campaigns:write", "PUT", "/v1/benchmarks/b7", json=body))


@pytest.mark.parametrize("what", ["trend", "comparison", "heat-map"])
def test_what_the_release_does_not_have_is_refused(world: tuple[TenantUnderTest, Any], what: str) -> None:
    tenant, made = world
    campaign, release = made[0]
    of = {"campaign": campaign} if what == "trend" else {"release": release}
    name = "under" if what == "heat-map" else "unit"
    for value in ("nowhere", "", "a\x07"):
        answer = tenant.call(READ, "GET", f"/v1/aggregates/{what}", params=of | {name: value})
        assert places(problem(answer, 422, "invalid")).keys() == {f"query:{name}"}
    problem(tenant.call(READ, "GET", f"/v1/aggregates/{what}", params=of | {"kind": "other"}), 422, "invalid")
    problem(tenant.call(READ, "GET", f"/v1/aggregates/{what}"), 422, "invalid")


def test_a_key_of_a_unit_sees_its_own_alone(world: tuple[TenantUnderTest, Any]) -> None:
    tenant, made = world
    campaign, release = made[0]
    key = limited(tenant, "A")
    (top,) = {series["unit"] for series in ask(key, "trend", campaign=campaign)["series"]}
    assert top == "A"
    for what, of, name in (
        ("trend", {"campaign": campaign}, "unit"),
        ("comparison", {"release": release}, "unit"),
        ("heat-map", {"release": release}, "under"),
    ):
        problem(key.call(READ, "GET", f"/v1/aggregates/{what}", params=of | {name: "TOP"}), 422, "invalid")
    for one in ask(key, "comparison", release=release)["data"]:
        assert (one["parent"], one["whole"]) == (None, None)
    assert [row["unit"] for row in ask(key, "heat-map", release=release)["data"]] == ["A"]
    assert ask(key, "latest", campaign=campaign)["statistics"] is None


def test_a_withdrawn_release_is_in_none_of_them(house: House) -> None:
    tenant = house.tenant()
    an_org(tenant, {"A": 12})
    a_questionnaire(tenant)
    campaign = a_campaign(tenant)
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    for code in codes_of(tenant, wave["id"]).values():
        ok(post(tenant, code, {"load": 3}), 201)
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/close"))
    tenant.house.sweep()
    (release,) = ok(tenant.call(READ, "GET", f"/v1/releases?wave={wave['id']}"))["data"]
    withdraw(tenant, release["id"])
    for what in ("latest", "trend", "drivers"):
        problem(tenant.call(READ, "GET", f"/v1/aggregates/{what}?campaign={campaign['id']}"), 404, "not-found")
    for what in ("comparison", "heat-map"):
        problem(tenant.call(READ, "GET", f"/v1/aggregates/{what}?release={release['id']}"), 410, "release-withdrawn")
