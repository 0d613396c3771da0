"""One unit's cells put beside others: the latest release, a comparison, a trend, a heat map."""

from service.releases.aggregates.schemas import MEANS, SHARES
from tests.make.whole_units import Cells, Json, Unit
from tests.make.world import ok

_JUDGED, _FAVOURABLE = ("status", "reason"), ("favourable", "favourable_bound")


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


def figures_of(cells: Cells, measure: str) -> Json:
    """What is told of a measure's mean, and of its shares, each as its own cell has it."""
    shares = cells.get((measure, "distribution"))
    told = None if shares is None else {name: shares[name] for name in SHARES}
    return {name: cells[measure, "mean"][name] for name in MEANS} | {"shares": told}


def _check_comparison(unit: Unit, found: Json) -> None:
    means_of = _means_of(unit.cells)
    assert [one["measure"] for one in found["data"]] == list(means_of)
    for one in found["data"]:
        assert one["unit"] == figures_of(unit.cells, one["measure"])
        for other, cells in ((one["parent"], unit.parent), (one["whole"], unit.top)):
            assert (other is None) == (cells is None)
            if cells is not None:
                assert other["figures"] == figures_of(cells, one["measure"])


def _check_series(unit: Unit, found: Json) -> None:
    by_measure = {one["measure"]: one["points"] for one in found["series"]}
    assert list(by_measure) == list(_means_of(unit.cells))
    for measure, points in by_measure.items():
        assert [(one["wave_number"], {name: one[name] for name in (*MEANS, "shares")}) for one in points] == [
            (wave, figures_of(cells, measure)) for wave, cells in unit.waves if (measure, "mean") in cells
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
            whole = figures_of(cells, measure)
            shares = whole["shares"] and {name: whole["shares"][name] for name in (*_JUDGED, *_FAVOURABLE)}
            assert shown == {name: whole[name] for name in (*_JUDGED, "mean", "mean_bound")} | {"shares": shares}


def _means_of(cells: Cells) -> dict[str, Json]:
    return {measure: cell for (measure, family), cell in cells.items() if family == "mean"}
