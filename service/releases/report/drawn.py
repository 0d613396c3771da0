"""A report's drawings: what the cells show, laid out as dots, bars, squares and lines. Pure.

Each says in words what it shows, for whoever does not see it. In a report, which has a table beside it, that is short;
alone it is all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.questionnaires.document import favourable_points
from service.releases.report.charts import bars
from service.releases.report.charts.heat import Square, Strip, heat
from service.releases.report.charts.means import Dot, means
from service.releases.report.charts.svg import Head, Look
from service.releases.report.charts.trend import Mark, trend
from service.releases.report.content import Below, Cell, Measure, Share, Told, Wave
from service.releases.report.tongue import Tongue

ORDERED = frozenset({"rating", "enps"})
_ENPS_PASSIVE, _ENPS_PROMOTER = 7, 9


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawing with its name and what it says."""

    svg: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws in one language and look; `alone`: without a table beside it, on a ground of its own."""

    tongue: Tongue
    look: Look
    alone: bool = False

    def means(self, title: str, told: Sequence[Told], ident: str) -> Drawn:
        """The means of these measures, which have one each."""
        dots = [self._dot(one.measure, one.mean) for one in told if one.mean is not None]
        head = self._head(title, [self._named(dot.label, dot.withheld or dot.shown) for dot in dots], ident)
        return _drawn(head, means(self.look, head, dots, ground=self.alone))

    def _dot(self, measure: Measure, cell: Cell) -> Dot:
        label = measure.name(self.tongue).text
        if measure.low_is_better:
            label = f"{label} ({self.tongue.words.low_is_better})"
        if cell.reason is not None:
            return Dot(label, withheld=self.tongue.reason(cell.reason))
        if cell.mean is None:
            return Dot(label, shown=self.tongue.words.no_figure)
        shown = self.tongue.bounded(*cell.mean)
        over = measure.over(self.tongue)
        dot = Dot(label, shown=shown, is_bound=cell.mean.bound is not None)
        if cell.low is not None and cell.high is not None:
            dot = replace(dot, shown=f"{shown} ({self.tongue.span(cell.low, cell.high)})")
        if over is None:
            return dot
        dot = replace(dot, at=over.at(cell.mean.value), ends=over.texts)
        if cell.low is None or cell.high is None:
            return dot
        return replace(dot, low=over.at(cell.low), high=over.at(cell.high))

    def favourable(self, title: str, told: Sequence[Told], ident: str) -> Drawn:
        """Shares by whether they are favourable, a bar for each measure that has some."""
        names = ("unfavourable", "neutral", "favourable")
        tones = ("against2", "middle", "for2")
        columns = self.tongue.words.columns
        rows = []
        for one in told:
            if one.shares is None:
                continue
            label = one.measure.name(self.tongue).text
            if one.shares.reason is not None:
                rows.append(bars.Bar(label, withheld=self.tongue.reason(one.shares.reason)))
                continue
            shares = [(columns[name], getattr(one.shares, name), tone) for name, tone in zip(names, tones, strict=True)]
            rows.append(bars.Bar(label, self._segments(shares)))
        head = self._head(title, self._said(rows), ident)
        keys = [bars.Key(columns[name], tone) for name, tone in zip(names, tones, strict=True)]
        return _drawn(head, bars.stacked(self.look, head, rows, keys, ground=self.alone))

    def distribution(self, title: str, told: Told, ident: str) -> Drawn:
        """The answers to one item, or how many people are in each band of a score."""
        measure, cell = told.measure, told.shares
        if cell is None or cell.distribution is None:
            word = self._hidden(cell)
            head = self._head(title, [word], ident)
            return _drawn(head, bars.stacked(self.look, head, [bars.Bar("", withheld=word)], ground=self.alone))
        names = [measure.option(self.tongue, option).text for option in measure.options]
        tones = tones_of(measure)
        bar = bars.Bar("", self._segments(list(zip(names, cell.distribution, tones, strict=True))))
        head = self._head(title, self._said([bar]), ident)
        if measure.type not in ORDERED:
            return _drawn(head, bars.apart(self.look, head, bar, ground=self.alone))
        keys = [bars.Key(name, tone) for name, tone in zip(names, tones, strict=True)]
        return _drawn(head, bars.stacked(self.look, head, [bar], keys, ground=self.alone))

    def distributions(self, title: str, told: Sequence[Told], ident: str) -> Drawn:
        """The answers to all items whose answers are points, a bar each, without a key: points say what they are."""
        rows = []
        for one in told:
            label = one.measure.name(self.tongue).text
            cell = one.shares
            if cell is None or cell.distribution is None:
                rows.append(bars.Bar(label, withheld=self._hidden(cell)))
                continue
            shares = list(zip(one.measure.options, cell.distribution, tones_of(one.measure), strict=True))
            rows.append(bars.Bar(label, self._segments(shares)))
        head = self._head(title, self._said(rows), ident)
        return _drawn(head, bars.stacked(self.look, head, rows, ground=self.alone))

    def heat(self, title: str, measures: Sequence[Measure], below: Sequence[Below], ident: str) -> Drawn:
        """Units by measures."""
        names = [measure.name(self.tongue).text for measure in measures]
        strips = [
            Strip(unit.place.name, tuple(self._square(measure, unit.means.get(measure.id)) for measure in measures))
            for unit in below
        ]
        said = []
        for strip in strips:
            shown = [f"{name} {one.withheld or one.shown}" for name, one in zip(names, strip.squares, strict=True)]
            said.append(self._named(strip.label, self.tongue.words.list_of.join(shown)))
        head = self._head(title, said, ident)
        return _drawn(head, heat(self.look, head, names, strips, ground=self.alone))

    def _square(self, measure: Measure, cell: Cell | None) -> Square:
        if cell is None:
            return Square(withheld=self.tongue.words.not_shown)
        if cell.reason is not None:
            return Square(withheld=self.tongue.reason(cell.reason))
        if cell.mean is None:
            return Square(self.tongue.words.no_figure)
        over = measure.over(self.tongue)
        at = None if over is None else over.at(cell.mean.value)
        if at is not None and measure.low_is_better:
            at = 1 - at
        return Square(self.tongue.bounded(*cell.mean), at)

    def trend(self, title: str, measure: Measure, waves: Sequence[Wave], ident: str) -> Drawn | None:
        """One measure wave after wave; None of one that has no ends to draw it between."""
        over = measure.over(self.tongue)
        if over is None:
            return None
        marks = [Mark(wave.point, str(wave.point.wave_number), self._shown(wave.cell)) for wave in waves]
        words = self.tongue.words
        said = [self._named(words.wave.format(number=mark.wave), mark.shown) for mark in marks]
        head = self._head(title, said, ident)
        return _drawn(head, trend(self.look, head, marks, over, ground=self.alone))

    def _hidden(self, cell: Cell | None) -> str:
        """The word for a cell without a distribution."""
        reason = None if cell is None else cell.reason
        return self.tongue.words.not_shown if reason is None else self.tongue.reason(reason)

    def _shown(self, cell: Cell) -> str:
        if cell.reason is not None:
            return self.tongue.reason(cell.reason)
        return self.tongue.words.no_figure if cell.mean is None else self.tongue.bounded(*cell.mean)

    def _segments(self, shares: Sequence[tuple[str, Share | None, str]]) -> tuple[bars.Segment, ...]:
        return tuple(
            bars.Segment(name, self.tongue.percent(*share), float(share.value), tone, is_bound=share.bound is not None)
            for name, share, tone in shares
            if share is not None
        )

    def _said(self, rows: Sequence[bars.Bar]) -> list[str]:
        said = []
        for row in rows:
            parts = [f"{segment.label} {segment.shown}" for segment in row.segments]
            text = row.withheld or self.tongue.words.list_of.join(parts) or self.tongue.words.no_figure
            said.append(self._named(row.label, text) if row.label else text)
        return said

    def _named(self, name: str, value: str) -> str:
        return self.tongue.words.colon.format(name=name, value=value)

    def _head(self, title: str, said: Sequence[str], ident: str) -> Head:
        description = ". ".join(said) if self.alone else self.tongue.words.table_below
        return Head(title, description, self.tongue.code, ident)


def _drawn(head: Head, svg: str) -> Drawn:
    return Drawn(svg, head.title, head.description)


def tones_of(measure: Measure) -> list[str]:
    """A tone for each option: by how favourable it is, where that is known; of a turned item, turned."""
    if measure.type == "enps":
        return [_of_enps(int(option)) for option in measure.options]
    if measure.type != "rating":
        return ["plain"] * len(measure.options)
    tones = [_of_point(point, len(measure.options)) for point in range(1, len(measure.options) + 1)]
    return tones[::-1] if measure.is_turned else tones


def _of_enps(point: int) -> str:
    """Promoters, passives, detractors."""
    if point >= _ENPS_PROMOTER:
        return "for2"
    return "middle" if point >= _ENPS_PASSIVE else "against2"


def _of_point(point: int, points: int) -> str:
    """By the thirds that shares are told of; the outermost points are the deepest."""
    favourable, neutral, _ = favourable_points(points)
    if point in neutral:
        return "middle"
    if point in favourable:
        return "for2" if point == points else "for1"
    return "against2" if point == 1 else "against1"
