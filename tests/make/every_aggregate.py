"""One unit's cells put beside others: the latest release, a comparison, a trend, a heat map."""

from service.releases.aggregates.schemas import FIGURES, HeatCell
from tests.make.whole_units import Cells, Json, Unit
from tests.make.world import ok


def check_aggregates(unit: Unit) -> None:
    latest = ok(unit.call("/v1/aggregates/latest", campaign=unit.campaign))
    assert latest == ok(unit.call(f"/v1/releases/{unit.release}"))
    own = {name: value for name, value in unit.asked().items() if name == "unit"}
    _check_comparison(unit, ok(unit.call("/v1/aggregates/comparison", release=unit.release, **own)))
    _check_series(unit, ok(unit.call("/v1/aggregates/trend", campaign=unit.campaign, **own)))
    for kind in ("item", "scale", "index"):
        under = {"under": own["unit"]} if own else {}
        found = ok(unit.call("/v1/aggregates/heat-map", release=unit.release, kind=kind, **under))
        _check_heat_map(unit, found, kind, is_below=bool(own))


def _figures(cell: Json) -> Json:
    return {name: cell[name] for name in FIGURES}


def _check_comparison(unit: Unit, found: Json) -> None:
    means_of = _means_of(unit.cells)
    assert [one["measure"] for one in found["data"]] == list(means_of)
    for one in found["data"]:
        assert one["unit"] == _figures(means_of[one["measure"]])
        for other, cells in ((one["parent"], unit.parent), (one["whole"], unit.top)):
            assert (other is None) == (cells is None)
            if cells is not None:
                assert other["figures"] == _figures(cells[one["measure"], "mean"])


def _check_series(unit: Unit, found: Json) -> None:
    by_measure = {one["measure"]: one["points"] for one in found["series"]}
    assert list(by_measure) == list(_means_of(unit.cells))
    for measure, points in by_measure.items():
        waves = [(wave, cells[measure, "mean"]) for wave, cells in unit.waves if (measure, "mean") in cells]
        assert [(one["wave_number"], {name: one[name] for name in FIGURES}) for one in points] == [
            (wave, _figures(cell)) for wave, cell in waves
        ]


def _check_heat_map(unit: Unit, found: Json, kind: str, *, is_below: bool) -> None:
    measures = [name for name, cell in _means_of(unit.cells).items() if cell["kind"] == kind]
    assert [one["measure"] for one in found["columns"]] == measures
    rows = found["data"]
    if not is_below:  # all units of the release; those directly below are among them
        rows = [row for row in rows if row["level"] == unit.one["level"] + 1]
    assert [row["unit_name"] for row in rows] == [name for name, _ in unit.below]
    for row, (_, cells) in zip(rows, unit.below, strict=True):
        for measure, shown in zip(measures, row["cells"], strict=True):
            assert shown == {name: cells[measure, "mean"][name] for name in HeatCell.model_fields}


def _means_of(cells: Cells) -> dict[str, Json]:
    return {measure: cell for (measure, family), cell in cells.items() if family == "mean"}
