"""The cells that a report's page tells of, by measure and family."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.releases.report.charts.svg import clean
from service.releases.report.content import Measure
from service.releases.report.tongue import Tongue
from tests.make.reports import Field, Page, Table, bound, mean_of, number, shares_of

Told = dict[tuple[str, str], dict[str, Any]]
_ABOUT_ITEMS, _ABOUT_WHOLES = ("n", "mean", "interval", "sd"), ("n", "mean", "interval", "sd", "rwg")
_THIRDS = ("favourable", "neutral", "unfavourable")


def told_by(
    page: Page,
    said: Sequence[Mapping[str, Any]],
    tongue: Tongue,
    options: Mapping[str, Sequence[str]],
    unit: str = "Unit",
) -> Told:
    """All of them; `said` is the manifest's, `options` what each distribution is over."""
    found: Told = {}
    wholes = [Measure(one, tuple(options.get(one["id"], ()))) for one in said if one["kind"] != "item"]
    found |= _wholes(page, wholes, tongue, unit)
    for one in said:
        if one["kind"] == "item":
            found |= _item(page, Measure(one, tuple(options.get(one["id"], ()))), tongue)
    return found


def _named(measure: Measure, tongue: Tongue) -> str:
    name = clean(measure.name(tongue).text)
    return f"{name} ({tongue.words.low_is_better})" if measure.low_is_better else name


def _wholes(page: Page, wholes: Sequence[Measure], tongue: Tongue, unit: str) -> Told:
    found: Told = {}
    titles = tongue.words.chart_of
    by_name = {_named(one, tongue): one for one in wholes}
    bare = {clean(one.name(tongue).text): one for one in wholes}
    for table in page.tables:
        if table.caption == titles["means"].format(unit=unit):
            for name, fields in table.rows:
                found[by_name[name].id, "mean"] = mean_of(fields[:-1], _ABOUT_WHOLES)
        elif table.caption == titles["favourable"].format(unit=unit):
            for name, fields in table.rows:
                measure = (by_name | bare)[name]
                found[measure.id, "distribution"] = _shares_of_whole(page, measure, fields, tongue)
    return found


def _shares_of_whole(page: Page, measure: Measure, fields: Sequence[Field], tongue: Tongue) -> dict[str, Any]:
    if fields[0].is_withheld:
        assert fields[0].span == 1 + len(_THIRDS)
        told: dict[str, Any] = {"withheld": fields[0].text}
    else:
        told = shares_of(dict(zip(("n", *_THIRDS), [one.text for one in fields], strict=True)), [])
    if not measure.options:
        return told
    table = page.table(clean(tongue.words.levels.format(name=measure.name(tongue).text)))
    ((_, bands),) = table.rows
    if "withheld" in told:
        assert [(one.text, one.span) for one in bands] == [(told["withheld"], len(measure.options))]
        return told
    shown = zip(measure.options, [one.text for one in bands], strict=True)
    levels = [{"option": option, "value": number(text), "bound": bound(text)} for option, text in shown]
    return told | {"distribution": levels}


def _item(page: Page, measure: Measure, tongue: Tongue) -> Told:
    found: Told = {}
    name = clean(measure.name(tongue).text)
    of_answers = clean(tongue.words.chart_of["distribution"].format(name=measure.name(tongue).text))
    for table in page.tables:
        if table.heading == name and table.caption == name:
            ((_, fields),) = table.rows
            found[measure.id, "mean"] = mean_of(fields, _ABOUT_ITEMS)
        elif table.heading == name and table.caption == of_answers:
            found[measure.id, "distribution"] = _answers(table, measure, tongue)
    return found


def _answers(table: Table, measure: Measure, tongue: Tongue) -> dict[str, Any]:
    """Beside each other or below each other, by the names of the columns."""
    columns = tongue.words.columns
    if len(table.head) == 2 and len(table.rows) > 1:
        names, fields = [name for name, _ in table.rows], [one for _, (one,) in table.rows]
    else:
        ((_, fields),) = table.rows
        names = table.head[1:]
    if fields[0].is_withheld:
        assert {one.text for one in fields} == {fields[0].text}
        assert sum(one.span for one in fields) == len(names)
        return {"withheld": fields[0].text}
    options = [clean(measure.option(tongue, option).text) for option in measure.options]
    called = {columns["n"]: "n", columns["enps"]: "enps"}
    thirds = ("promoters", "passives", "detractors") if measure.type == "enps" else _THIRDS
    called |= {columns[name]: third for name, third in zip(thirds, _THIRDS, strict=True)}
    assert names[0] == columns["n"]
    assert names[1 : 1 + len(options)] == options
    shown = {f"option {at}": one.text for at, one in enumerate(fields[1 : 1 + len(options)])}
    rest = [*zip(names, fields, strict=True)]
    shown |= {called[name]: one.text for name, one in [rest[0], *rest[1 + len(options) :]]}
    return shares_of(shown, [(option, f"option {at}") for at, option in enumerate(measure.options)])
