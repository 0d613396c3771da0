"""One unit's cells as people see them: in its report, and in drawings alone."""

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from service.releases.report.charts import bars, means
from service.releases.report.charts.svg import clean
from service.releases.report.content import Measure
from service.releases.report.drawn import ORDERED
from tests.make.reports import (
    NO_FIGURE,
    SVG,
    Field,
    Page,
    as_reported,
    bound,
    number,
    people,
    span,
    texts_of,
)
from tests.make.reports_read import told_by
from tests.make.whole_units import Json, Unit

_VALUE = "\ue000"
_HIDDEN = "url(#pouls-withheld)"


# -- the report ----------------------------------------------------------------------------------------------


def check_report(unit: Unit) -> None:
    answer = unit.call(f"/v1/releases/{unit.release}/report", **unit.asked(language=unit.language))
    assert answer.status_code == 200, answer.text
    page = Page(answer.text)
    options = {one.id: one.options for one in unit.measures}
    said = [one for one in unit.said if one["id"] in options]
    found = told_by(page, said, unit.tongue, options, unit.name)
    wanted = {of: as_reported(cell, unit.word(cell) if cell["reason"] else "") for of, cell in unit.cells.items()}
    differing = {of: (found.get(of), wanted.get(of)) for of in found | wanted if found.get(of) != wanted.get(of)}
    assert differing == {}, differing
    _check_below(unit, page)
    _check_waves(unit, page)


def _check_below(unit: Unit, page: Page) -> None:
    whole = unit.tongue.words.chart_of["heatmap"].format(unit=unit.name)
    tables = [one for one in page.tables if one.caption.startswith(whole)]
    if not unit.below or not unit.compared:
        assert tables == []
        return
    rows: dict[int, list[Field]] = {}
    for table in tables:
        assert [name for name, _ in table.rows] == [clean(name) for name, _ in unit.below]
        for at, (_, fields) in enumerate(table.rows):
            rows.setdefault(at, []).extend(fields)
    for at, (_, cells) in enumerate(unit.below):
        for measure, shown in zip(unit.compared, rows[at], strict=True):
            _check_score(unit, cells[measure.id, "mean"], shown.text, is_withheld=shown.is_withheld)


def _check_score(unit: Unit, cell: Json, text: str, *, is_withheld: bool) -> None:
    assert is_withheld == (cell["status"] == "withheld")
    if is_withheld:
        assert text == unit.word(cell)
    else:
        assert (number(text), bound(text)) == (cell["mean"], cell["mean_bound"])


def _check_waves(unit: Unit, page: Page) -> None:
    for measure in unit.compared:
        caption = clean(unit.tongue.words.chart_of["trend"].format(name=measure.name(unit.tongue).text))
        tables = [one for one in page.tables if one.caption == caption]
        waves = [(wave, cells[measure.id, "mean"]) for wave, cells in unit.waves if (measure.id, "mean") in cells]
        assert len(tables) == (len(waves) > 1)
        for table in tables:
            for (wave, cell), (name, fields) in zip(waves, table.rows, strict=True):
                assert name == str(wave)
                _, shown, *rest = fields
                if shown.is_withheld:
                    _check_score(unit, cell, shown.text, is_withheld=True)
                    continue
                score, interval = rest
                assert people(shown.text) == (cell["n_from"], cell["n_to"])
                _check_score(unit, cell, score.text, is_withheld=False)
                assert span(interval.text) == (cell["low"], cell["high"])


# -- drawings ------------------------------------------------------------------------------------------------


def check_charts(unit: Unit) -> None:
    _check_means(unit)
    _check_all_distributions(unit)
    for measure in unit.measures:
        if (measure.id, "distribution") in unit.cells and measure.options:
            _check_distribution(unit, measure)
    _check_heat(unit)
    for measure in unit.compared:
        _check_trend(unit, measure)


def _drawing(unit: Unit, chart: str, **more: str) -> Element:
    asked = unit.asked(language=unit.language, **more)
    answer = unit.call(f"/v1/releases/{unit.release}/charts/{chart}.svg", **asked)
    assert answer.status_code == 200, answer.text
    drawing: Element = fromstring(answer.text)
    return drawing


def _nothing(unit: Unit, chart: str, **more: str) -> None:
    answer = unit.call(f"/v1/releases/{unit.release}/charts/{chart}.svg", **unit.asked(**more))
    assert answer.status_code == 422, answer.text


def _values(drawing: Element, said: Sequence[str]) -> list[str]:
    """What a drawing says in words: these sentences, in each of which one value stands for `_VALUE`."""
    pattern = re.escape(clean(". ".join(said))).replace(_VALUE, "(.+?)")
    found = re.fullmatch(pattern, drawing[1].text or "")
    assert found, (pattern, drawing[1].text)
    return list(found.groups())


def _named(unit: Unit, name: str, value: str = _VALUE) -> str:
    return unit.tongue.words.colon.format(name=name, value=value)


def _check_drawn(drawing: Element, values: Sequence[str], words: Sequence[str]) -> None:
    """All values are written in it, in this order, and each word on a hatched box of its own."""
    texts = iter(texts_of(drawing))
    for value in values:
        assert value in texts, value
    assert not Counter(words) - Counter(texts_of(drawing))
    assert len([one for one in drawing.iter(f"{SVG}rect") if one.get("fill") == _HIDDEN]) == len(words)


def _hidden(unit: Unit, cells: Sequence[Json]) -> list[str]:
    return [unit.word(cell) for cell in cells if cell["status"] == "withheld"]


def _check_means(unit: Unit) -> None:
    wholes = [one for one in unit.measures if not one.is_item] or unit.measures
    shown = [one for one in wholes if (one.id, "mean") in unit.cells]
    if not shown:
        _nothing(unit, "means")
        return
    drawing = _drawing(unit, "means")
    cells = [unit.cells[one.id, "mean"] for one in shown]
    values = _values(drawing, [_named(unit, _label(unit, one)) for one in shown])
    _check_drawn(drawing, values, _hidden(unit, cells))
    for value, cell in zip(values, cells, strict=True):
        if cell["status"] == "withheld":
            assert value == unit.word(cell)
            continue
        mean, _, interval = value.removesuffix(")").partition(" (")
        assert (number(mean), bound(mean)) == (cell["mean"], cell["mean_bound"])
        told = (None, None) if cell["mean"] is None else (cell["low"], cell["high"])
        assert (span(interval) if interval else (None, None)) == told
    start, end = means._TRACK
    at = [_at(one, cell["mean"]) for one, cell in zip(shown, cells, strict=True)]
    wanted = [start + (end - start) * one for one in at if one is not None]
    _check_near([one.get("cx") for one in drawing.iter(f"{SVG}circle") if one.get("r") == "5.5"], wanted)


def _at(measure: Measure, mean: float | None) -> float | None:
    """Where a mean lies between the lowest score and the highest."""
    if mean is None or "lowest" not in measure.said:
        return None
    low, high = float(measure.said["lowest"]), float(measure.said["highest"])
    return min(1.0, max(0.0, (mean - low) / (high - low)))


def _label(unit: Unit, measure: Measure) -> str:
    name = measure.name(unit.tongue).text
    return f"{name} ({unit.tongue.words.low_is_better})" if measure.low_is_better else name


def _check_all_distributions(unit: Unit) -> None:
    shown = [one for one in unit.measures if one.type in ORDERED and (one.id, "distribution") in unit.cells]
    if not shown:
        _nothing(unit, "distribution")
        return
    drawing = _drawing(unit, "distribution")
    cells = [unit.cells[one.id, "distribution"] for one in shown]
    said = []
    for one, cell in zip(shown, cells, strict=True):
        parts = [f"{option} {_VALUE}" for option in one.options] if cell["distribution"] else [_VALUE]
        said.append(_named(unit, one.name(unit.tongue).text, unit.tongue.words.list_of.join(parts)))
    _check_shares(unit, drawing, _values(drawing, said), cells)
    _check_drawn(drawing, [], _hidden(unit, cells))
    _check_widths(drawing, cells, bars._LABEL + 10)


def _check_distribution(unit: Unit, measure: Measure) -> None:
    drawing = _drawing(unit, "distribution", measure=measure.id)
    cell = unit.cells[measure.id, "distribution"]
    names = [measure.option(unit.tongue, option).text for option in measure.options]
    parts = [f"{name} {_VALUE}" for name in names] if cell["distribution"] else [_VALUE]
    values = _values(drawing, [unit.tongue.words.list_of.join(parts)])
    _check_shares(unit, drawing, values, [cell])
    if measure.type in ORDERED:
        _check_drawn(drawing, [], _hidden(unit, [cell]))
        _check_widths(drawing, [cell], 0)
    else:
        _check_drawn(drawing, values, _hidden(unit, [cell]))


def _check_shares(unit: Unit, drawing: Element, values: Sequence[str], cells: Sequence[Json]) -> None:
    told = iter(values)
    for cell in cells:
        if cell["status"] == "withheld":
            assert next(told) == unit.word(cell)
            continue
        for share in cell["distribution"]:
            text = next(told)
            assert (number(text), bound(text)) == (share["value"], share["bound"])
    assert next(told, None) is None
    # Where a share has room in its bar, it is written there as it is said.
    figures = [text for text in texts_of(drawing) if re.fullmatch(r"[≤≥]?\u00a0?[0-9.,]+\u00a0?%", text)]
    assert set(figures) <= set(values)


def _check_widths(drawing: Element, cells: Sequence[Json], left: float) -> None:
    """Of stacked bars: each as wide as its share, or as its part of all where bounds make them more than a whole."""
    room = bars.WIDTH - left
    wanted = []
    for cell in cells:
        shares = [share["value"] for share in cell["distribution"] or ()]
        whole = max(100.0, sum(shares))
        wanted += [room * share / whole for share in shares if share]
    boxes = [one for one in drawing.iter(f"{SVG}rect") if one.get("height") == "24" and one.get("fill") != _HIDDEN]
    _check_near([one.get("width") for one in boxes if (one.get("fill") or "").startswith("url(#")], wanted)


def _check_near(found: Sequence[str | None], wanted: Sequence[float]) -> None:
    """Places in a drawing, which are written with two decimals."""
    assert len(found) == len(wanted)
    assert all(abs(float(one or 0) - other) < 0.02 for one, other in zip(found, wanted, strict=True)), (found, wanted)


def _check_heat(unit: Unit) -> None:
    if not unit.below or not unit.compared:
        _nothing(unit, "heatmap")
        return
    drawing = _drawing(unit, "heatmap")
    cells = [(row, one, own[one.id, "mean"]) for row, own in unit.below for one in unit.compared]
    names = [f"{one.name(unit.tongue).text} {_VALUE}" for one in unit.compared]
    said = [_named(unit, row, unit.tongue.words.list_of.join(names)) for row, _ in unit.below]
    values = _values(drawing, said)
    _check_drawn(drawing, values, _hidden(unit, [cell for _, _, cell in cells]))
    for value, (_, _, cell) in zip(values, cells, strict=True):
        _check_score(unit, cell, value, is_withheld=not re.match(f"[0-9≤≥\u2212{NO_FIGURE}]", value))


def _check_trend(unit: Unit, measure: Measure) -> None:
    if "lowest" not in measure.said:
        _nothing(unit, "trend", measure=measure.id)
        return
    drawing = _drawing(unit, "trend", measure=measure.id)
    waves = [(wave, cells[measure.id, "mean"]) for wave, cells in unit.waves if (measure.id, "mean") in cells]
    words = unit.tongue.words
    values = _values(drawing, [_named(unit, words.wave.format(number=wave)) for wave, _ in waves])
    cells = [cell for _, cell in waves]
    # Dots are drawn above all else, and so are their figures.
    drawn = [value for value, cell in zip(values, cells, strict=True) if cell["mean"] is not None]
    _check_drawn(drawing, drawn, _hidden(unit, cells))
    for value, cell in zip(values, cells, strict=True):
        _check_score(unit, cell, value, is_withheld=cell["status"] == "withheld")
