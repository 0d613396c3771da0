"""Waves after one another: each point is a released cell, and each change follows from two of them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.releases import trend
from service.releases.aggregates.schemas import MEANS
from service.releases.shown_change import Shown, shown_change
from service.releases.trend import Point, ReleaseOfWave
from tests.api.test_recurring import BEFORE, MONDAY, launched, travel, waves
from tests.fixtures.house import House, TenantUnderTest
from tests.make.every_aggregate import figures_of
from tests.make.formats import READ, withdraw
from tests.make.wire import problem
from tests.make.world import a_questionnaire, an_org, cells_of, codes_of, ok, post

WAVES = 3


@pytest.fixture(scope="module")
def pulse(house: House) -> tuple[TenantUnderTest, str, list[str]]:
    """Three waves of 60 people, in the second of which hardly anybody of B answers; load grows by a point each time."""
    tenant = house.tenant()
    shift = house.clock.shift
    an_org(tenant, {"A": 48, "B": 12})
    a_questionnaire(tenant)
    travel(tenant, BEFORE)
    campaign, _ = launched(tenant)
    releases = []
    for number in range(WAVES):
        travel(tenant, MONDAY + timedelta(days=7 * number, minutes=1))
        wave = waves(tenant, campaign)[number]
        for at, (person, code) in enumerate(sorted(codes_of(tenant, wave["id"]).items())):
            if number != 1 or not person.startswith("B") or at % 4 == 0:
                ok(post(tenant, code, {"load": 1 + number + at % 3, "help": 1 + at % 4}), 201)
        travel(tenant, MONDAY + timedelta(days=7 * number, hours=56))
        (release,) = ok(tenant.call(READ, "GET", f"/v1/releases?wave={wave['id']}"))["data"]
        releases.append(release["id"])
    house.clock.shift = shift
    return tenant, campaign, releases


def trend_of(tenant: TenantUnderTest, campaign: str, **params: Any) -> dict[str, list[dict[str, Any]]]:
    """Points by measure."""
    found = ok(tenant.call(READ, "GET", "/v1/aggregates/trend", params={"campaign": campaign} | params))
    return {series["measure"]: series["points"] for series in found["series"]}


def figures(tenant: TenantUnderTest, release: str, unit: str, measure: str) -> dict[str, Any]:
    cells = {(measure, cell["family"]): cell for cell in cells_of(tenant, release, unit=unit, measure=measure)}
    return figures_of(cells, measure)


def test_a_series_says_what_it_measures_as_the_release_does(pulse: tuple[TenantUnderTest, str, list[str]]) -> None:
    tenant, campaign, releases = pulse
    described = {
        one["id"]: one for one in ok(tenant.call(READ, "GET", f"/v1/releases/{releases[-1]}"))["manifest"]["measures"]
    }
    found = ok(tenant.call(READ, "GET", "/v1/aggregates/trend", params={"campaign": campaign}))["series"]
    assert found
    for series in found:
        measure = described[series["measure"]]
        assert {name: series[name] for name in ("text", "lowest", "highest")} == {
            name: measure.get(name) for name in ("text", "lowest", "highest")
        }


@pytest.mark.parametrize("unit", ["TOP", "A", "B"])
def test_points_are_cells_and_changes_follow_from_two_of_them(
    pulse: tuple[TenantUnderTest, str, list[str]], unit: str
) -> None:
    tenant, campaign, releases = pulse
    for measure, points in trend_of(tenant, campaign, unit=unit).items():
        cells = [figures(tenant, release, unit, measure) for release in releases]
        assert [{name: point[name] for name in (*MEANS, "shares")} for point in points] == cells
        assert [point["wave_number"] for point in points] == [1, 2, 3]
        assert points[0]["no_change"] == "first"
        for before, after, point in zip(cells, cells[1:], points[1:], strict=False):
            if "withheld" in {before["status"], after["status"]}:
                assert (point["change"], point["no_change"]) == (None, "withheld")
                continue
            if before["mean"] is None or after["mean"] is None:
                assert (point["change"], point["no_change"]) == (None, "no_mean")
                continue
            expected = shown_change(*(shown(one) for one in (before, after)))
            told = point["change"]
            assert told["since_wave"] == point["wave_number"] - 1
            for name in ("difference", "low", "high", "p_value"):
                one = getattr(expected, name)
                assert told[name] == (None if one is None else float(one))


def shown(cell: dict[str, Any]) -> Shown:
    """As the JSON of a cell says it; a trailing zero is lost there, which makes a rounding look larger."""
    error = None if cell["se"] is None else Decimal(str(cell["se"]))
    mean = Decimal(str(cell["mean"])).quantize(Decimal("0.01") if cell["n_from"] >= 100 else Decimal("0.1"))
    return Shown(mean, error, cell["n_from"])


def test_a_change_of_a_point_is_seen(pulse: tuple[TenantUnderTest, str, list[str]]) -> None:
    tenant, campaign, _ = pulse
    second, third = trend_of(tenant, campaign, measure="load")["load"][1:]
    for point in (second, third):
        assert 0.8 <= point["change"]["difference"] <= 1.2
        assert 0 < point["change"]["low"] < 1 < point["change"]["high"]
        assert point["change"]["p_value"] <= 0.001
    for point in trend_of(tenant, campaign, measure="help")["help"][1:]:
        assert point["change"]["low"] < 0 < point["change"]["high"]
        assert point["change"]["p_value"] > 0.5


def test_a_withheld_wave_is_a_point_that_says_so(pulse: tuple[TenantUnderTest, str, list[str]]) -> None:
    tenant, campaign, _ = pulse
    points = trend_of(tenant, campaign, unit="B", measure="load")["load"]
    assert [point["status"] for point in points] == ["published", "withheld", "published"]
    assert [point["no_change"] for point in points] == ["first", "withheld", "withheld"]
    assert points[1]["mean"] is None


def test_the_last_waves_alone(pulse: tuple[TenantUnderTest, str, list[str]]) -> None:
    tenant, campaign, releases = pulse
    points = trend_of(tenant, campaign, waves=2, measure="load")["load"]
    assert [point["release_id"] for point in points] == releases[1:]
    for waves_ in (0, -1, 105, "x"):
        params = {"campaign": campaign, "waves": waves_}
        problem(tenant.call(READ, "GET", "/v1/aggregates/trend", params=params), 422, "invalid")


def test_a_trend_is_tagged_by_what_it_is_of(pulse: tuple[TenantUnderTest, str, list[str]]) -> None:
    tenant, campaign, _ = pulse
    paths = [f"/v1/aggregates/trend?campaign={campaign}{more}" for more in ("", "&unit=A", "&waves=2", "&kind=item")]
    tags = [tenant.call(READ, "GET", path).headers["etag"] for path in paths]
    assert len(set(tags)) == len(tags)
    for path, tag in zip(paths, tags, strict=True):
        assert tenant.call(READ, "GET", path, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"text": {"en": "Another wording"}, "labels": {"1": {"en": "Never"}}}, None),
        ({"highest": 7}, "not_comparable"),
        ({"reverse": True}, "not_comparable"),
    ],
)
def test_like_is_compared_with_like(changed: dict[str, Any], reason: str | None) -> None:
    meaning = {"id": "load", "kind": "item", "text": {"en": "Load"}, "lowest": 1, "highest": 5}
    cell = {"measure": "load", "status": "published", "mean": Decimal(3), "mean_bound": None}
    before, after = (
        ReleaseOfWave(None, number, None, "", {one["id"]: one}, trend._meanings([one]))  # type: ignore[arg-type]  # nobody asks
        for number, one in enumerate((meaning, meaning | changed))
    )
    assert trend._no_change(Point(before, cell, None, None, None, None), after, cell) == reason
    bounded = cell | {"mean_bound": "at_least"}
    assert trend._no_change(Point(before, cell, None, None, None, None), before, bounded) == "no_mean"


def test_a_withdrawn_wave_is_no_point(pulse: tuple[TenantUnderTest, str, list[str]]) -> None:
    """The last test of this world: it changes it."""
    tenant, campaign, releases = pulse
    withdraw(tenant, releases[1])
    points = trend_of(tenant, campaign, measure="load")["load"]
    assert [point["release_id"] for point in points] == [releases[0], releases[2]]
    assert points[1]["change"]["since_wave"] == 1
