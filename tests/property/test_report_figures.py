"""A report tells of each cell of its unit just what the cell shows: read back from its page, against JSON cells."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.releases.report import content as contents
from service.releases.report import grids, tongue
from service.releases.report.charts.svg import Look
from service.releases.report.composed import composed
from service.releases.report.content import Cell, Certificate, Content, Measure, Place, Told
from service.releases.report.page import page
from service.releases.report.tongue import Tongue
from tests.make.reports import Page, as_reported
from tests.make.reports_read import told_by

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
SCORE = st.decimals(-100, 100, places=2) | st.decimals(0, 100, places=1) | st.integers(0, 100).map(Decimal)
PERCENT = st.sampled_from([Decimal(one) for one in ("0", "5", "12", "33.5", "90", "100")])
BOUND = st.sampled_from([None, "at_least", "at_most"])
NAME = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
REASON = st.sampled_from(["protected", "not_in_plan", "not_enough_invited"])


class World(NamedTuple):
    """What the manifest says, and the unit's cells as JSON has them."""

    said: list[dict[str, Any]]
    cells: list[dict[str, Any]]
    language: Any


KINDS = st.sampled_from(["rating", "enps", "single_choice", "number", "scale", "index"])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    said, cells = [], []
    for at in range(draw(st.integers(1, 4))):
        kind = draw(KINDS)
        ident = f"m{at}"
        one: dict[str, Any] = {"id": ident, "kind": kind, "text": {"fr": f"{draw(NAME)} n{'x' * at}é"}}
        options: list[str] = []
        if kind in {"rating", "enps", "single_choice", "number"}:
            one |= {"kind": "item", "type": kind}
        if kind != "index":
            one |= {"lowest": 0, "highest": 100}
        if kind == "rating":
            options, one["reverse"] = (
                [str(point) for point in range(1, draw(st.integers(2, 11)) + 1)],
                draw(st.booleans()),
            )
        elif kind == "enps":
            options = [str(point) for point in range(11)]
        elif kind == "single_choice":
            options = [f"o{number}" for number in range(draw(st.integers(2, 12)))]
            one["options"] = [{"id": option, "text": {"en": f"{option} {option}"}} for option in options]
        elif kind == "scale" and draw(st.booleans()):
            options = ["low", "high"]
            one["bands"] = [{"id": option, "title": {"fr": option}} for option in options]
        said.append(one)
        if kind != "single_choice":
            cells.append(draw(a_cell(one, "mean", [])))
        if kind != "number":
            cells.append(draw(a_cell(one, "distribution", options)))
    return World(said, cells, draw(st.sampled_from(["fr", "en"])))


@st.composite
def a_cell(draw: st.DrawFn, said: Mapping[str, Any], family: str, options: Sequence[str]) -> dict[str, Any]:
    names = ("n_from", "n_to", "mean", "sd", "low", "high", "rwg", "enps", "favourable", "neutral", "unfavourable")
    bounds = ("mean_bound", "enps_bound", "favourable_bound", "neutral_bound", "unfavourable_bound", "distribution")
    cell: dict[str, Any] = dict.fromkeys((*names, *bounds, "reason"))
    cell |= {"measure": said["id"], "family": family, "options": list(options), "status": "published"}
    if draw(st.integers(0, 3)) == 0:
        return cell | {"status": "withheld", "reason": draw(REASON)}
    n_from = draw(st.integers(5, 20_000))
    cell |= {"n_from": n_from, "n_to": n_from + draw(st.sampled_from([0, 4]))}
    if family == "mean":
        if draw(st.integers(0, 4)):
            cell |= {"mean": draw(SCORE), "mean_bound": draw(BOUND)}
        if draw(st.booleans()):
            cell |= {"low": draw(SCORE), "high": draw(SCORE), "sd": draw(SCORE)}
        if said["kind"] != "item":
            cell["rwg"] = draw(st.none() | SCORE)
        return cell
    if said["kind"] != "item" or said["type"] in {"rating", "enps"}:
        for name in ("favourable", "neutral", "unfavourable"):
            cell |= {name: draw(PERCENT), f"{name}_bound": draw(BOUND)}
    if said.get("type") == "enps" and draw(st.booleans()):
        cell |= {"enps": draw(SCORE), "enps_bound": draw(BOUND)}
    if options:
        cell["distribution"] = [[float(draw(PERCENT)), draw(BOUND)] for _ in options]
    return cell


def content_of(world: World) -> Content:
    by = {(cell["measure"], cell["family"]): cell for cell in world.cells}
    told = []
    for one in world.said:
        mean, shares = by.get((one["id"], "mean")), by.get((one["id"], "distribution"))
        options = tuple(shares["options"]) if shares else ()
        found = (None if cell is None else Cell.of(cell) for cell in (mean, shares))
        told.append(Told(Measure(one, options), *found))
    return Content(
        release_id=UUID(int=1),
        digest="d",
        campaign="Campaign",
        wave_number=1,
        interim=None,
        released_at=NOON,
        place=Place("Unit", "hris", "U"),
        told=told,
        below=[],
        below_count=0,
        trends={},
        statistics=None,
        promise=None,
        certificate=Certificate(None),
    )


def as_json(cell: Mapping[str, Any]) -> dict[str, Any]:
    """A stored cell as the API gives it."""
    found = {name: float(value) if isinstance(value, Decimal) else value for name, value in cell.items()}
    if found["distribution"] is not None:
        pairs = zip(cell["options"], cell["distribution"], strict=True)
        found["distribution"] = [{"option": one, "value": value, "bound": bound} for one, (value, bound) in pairs]
    return found


def check(world: World) -> None:
    spoken = Tongue(world.language)
    read = Page(page(composed(content_of(world), spoken, Look())).decode())
    found = told_by(read, world.said, spoken, {cell["measure"]: cell["options"] for cell in world.cells})
    wanted = {
        (cell["measure"], cell["family"]): as_reported(as_json(cell), spoken.reason(cell["reason"] or "protected"))
        for cell in world.cells
    }
    assert found == wanted


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_a_report_says_of_every_cell_what_the_cell_shows(world: World) -> None:
    check(world)


def a_world() -> World:
    """With a bound, a withheld cell and decimals."""
    said: list[dict[str, Any]] = [
        {"id": "load", "kind": "item", "type": "rating", "text": {"en": "Load"}, "lowest": 1, "highest": 2},
        {"id": "whole", "kind": "scale", "text": {"en": "Whole"}, "lowest": 1, "highest": 5},
    ]
    names = ("n_from", "n_to", "mean", "sd", "low", "high", "rwg", "enps", "favourable", "neutral", "unfavourable")
    bounds = ("mean_bound", "enps_bound", "favourable_bound", "neutral_bound", "unfavourable_bound", "distribution")
    bare: dict[str, Any] = dict.fromkeys((*names, *bounds, "reason")) | {"options": [], "status": "published"}
    shares = {
        "favourable": Decimal(90),
        "favourable_bound": "at_least",
        "neutral": Decimal(0),
        "unfavourable": Decimal(10),
    }
    people = {"n_from": 25, "n_to": 29}
    means = {"mean": Decimal("3.25"), "low": Decimal("3.1"), "high": Decimal("3.4"), "sd": Decimal("1.05")}
    answers = {"options": ["1", "2"], "distribution": [[90, "at_least"], [10.5, None]]}
    cells = [
        bare | {"measure": "load", "family": "mean", "status": "withheld", "reason": "protected"},
        bare | people | shares | answers | {"measure": "load", "family": "distribution"},
        bare | people | means | {"measure": "whole", "family": "mean"},
        bare | {"measure": "whole", "family": "distribution", "status": "withheld", "reason": "protected"},
    ]
    return World(said, cells, "en")


DEFECTS = ["none", "bound dropped", "rounded", "withheld is blank", "another figure", "decimals lost"]


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_report_that_says_otherwise_would_be_seen(defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    match defect:
        case "bound dropped":
            monkeypatch.setattr(tongue, "SIGNS", {None: "", "at_least": "", "at_most": ""})
        case "rounded":
            monkeypatch.setattr(contents, "Decimal", lambda text: Decimal(round(float(text))))
        case "withheld is blank":
            monkeypatch.setattr(grids.Grids, "_withheld", lambda *_: grids.Entry(""))
        case "another figure":
            straight = Cell.of
            monkeypatch.setattr(Cell, "of", staticmethod(lambda row: straight(dict(row) | {"mean": row["low"]})))
        case "decimals lost":
            monkeypatch.setattr(Tongue, "number", lambda _, value: str(int(value)))
        case _:
            pass
    if defect == "none":
        check(a_world())
        return
    with pytest.raises((AssertionError, ValueError)):
        check(a_world())
