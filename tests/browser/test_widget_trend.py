"""The card on what the service really sends: each figure is one of the reply, and of what is withheld there is none."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.house import House
from tests.make.formats import READ
from tests.make.node_packages import needs_npm
from tests.make.two_waves import two_waves
from tests.make.widget_logic import Logic, running
from tests.make.world import ok

pytestmark = [pytest.mark.slow, needs_npm]

Json = dict[str, Any]


@pytest.fixture(scope="module")
def logic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logic]:
    with running(tmp_path_factory.mktemp("logic")) as found:
        yield found


@pytest.fixture(scope="module")
def trends(house: House) -> dict[str, Json]:
    """By unit."""
    tenant, _ = two_waves(house)
    ((campaign,),) = tenant.sql("SELECT campaign_id FROM campaign")
    asked = {unit: {"campaign": str(campaign), "unit": unit} for unit in "ABC"}
    path = "/v1/aggregates/trend"
    return {unit: ok(tenant.call(READ, "GET", path, params=params)) for unit, params in asked.items()}


def test_every_measure_of_every_unit_is_told(logic: Logic, trends: dict[str, Json]) -> None:
    shown = set()
    for unit, trend in trends.items():
        for series in trend["series"]:
            (chosen,) = logic.called([("chosen", trend, series["measure"])])
            (told,) = logic.called([("told", chosen, "en", None)])
            latest = series["points"][-1]
            assert [mark["wave"] for mark in told["marks"]] == [1, 2]
            if latest["status"] == "withheld":
                assert (told["figure"], told["change"], told["more"]) == (None, "", [])
                assert told["reason"].startswith("Too few people answered")
            else:
                assert told["figure"] == str(latest["mean"]).removesuffix(".0")
                assert " wave 1" in told["change"]
                assert told["more"][-1] == "45 to 49 people answered."
                shown.add((unit, series["measure"]))
    assert shown == {("A", "load"), ("A", "help"), ("A", "nps"), ("A", "climate")}


def test_a_scale_or_an_item_stands_in_where_there_is_no_index(logic: Logic, trends: dict[str, Json]) -> None:
    (chosen,) = logic.called([("chosen", trends["A"], None)])
    kinds = [series["kind"] for series in trends["A"]["series"]]
    best = next(kind for kind in ("index", "scale", "item") if kind in kinds)
    first = next(series for series in trends["A"]["series"] if series["kind"] == best)
    assert (chosen["measure"], chosen["kind"]) == (first["measure"], best)
