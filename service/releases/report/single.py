"""One drawing of a report, alone: it says in words what it shows, since no table stands beside it. Pure."""

from collections.abc import Sequence
from typing import Literal

from service.releases.report.charts.svg import Look
from service.releases.report.composed import compared, unit_name, wholes
from service.releases.report.content import Content, Told
from service.releases.report.drawn import ORDERED, Pen
from service.releases.report.tongue import Tongue

Chart = Literal["distribution", "means", "heatmap", "trend"]
_IDENT = "pouls"


class NothingToDraw(ValueError):
    """This release has nothing of what was asked for; the parameter and the reason are for the caller."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(reason)
        self.parameter, self.reason = parameter, reason


def drawing_of(chart: Chart, content: Content, tongue: Tongue, look: Look, measure: str | None) -> bytes:
    """The drawing. Raises NothingToDraw."""
    told = _wanted(content, measure)
    pen, titles, unit = Pen(tongue, look, alone=True), tongue.words.chart_of, unit_name(content, tongue)
    name = None if measure is None else told[0].measure.name(tongue).text
    match chart:
        case "means":
            chosen = _having([one for one in told if one.mean is not None], "a mean")
            title = titles["means"].format(unit=unit)
            drawn = pen.means(title if name is None else f"{title}, {name}", chosen, _IDENT)
        case "distribution" if name is not None:
            (one,) = _having([one for one in told if one.shares is not None and one.measure.options], "a distribution")
            title = titles["distributions"].format(unit=unit)
            drawn = pen.distribution(f"{title}, {name}", one, _IDENT)
        case "distribution":
            ordered = [one for one in content.told if one.shares is not None and one.measure.type in ORDERED]
            chosen = _having(ordered, "a distribution")
            drawn = pen.distributions(titles["distributions"].format(unit=unit), chosen, _IDENT)
        case "heatmap":
            if not content.below:
                raise NothingToDraw("unit", "has no units below it in this release")
            among = [one for one in compared(content) if measure is None or one.id == measure]
            if not among:
                raise NothingToDraw("measure", "is not one that units are compared by")
            drawn = pen.heat(titles["heatmap"].format(unit=unit), among, content.below, _IDENT)
        case "trend":
            if measure is None:
                raise NothingToDraw("measure", "is needed for a trend")
            title = titles["trend"].format(name=name)
            found = pen.trend(f"{title}, {unit}", told[0].measure, content.trends.get(measure, ()), _IDENT)
            if found is None or not content.trends.get(measure):
                raise NothingToDraw("measure", "has no trend")
            drawn = found
    return drawn.svg.encode()


def _wanted(content: Content, measure: str | None) -> Sequence[Told]:
    """The measure asked for; else scales and indices, or items where there are none."""
    if measure is None:
        return wholes(content.told) or content.told
    found = [one for one in content.told if one.measure.id == measure]
    if not found:
        raise NothingToDraw("measure", "is not a measure of this release")
    return found


def _having(told: Sequence[Told], what: str) -> Sequence[Told]:
    if not told:
        raise NothingToDraw("measure", f"has not {what}")
    return told
