"""A report's tables: each figure of a cell in a field of its own, each withheld cell with its word. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from service.releases.report.blocks import Entry, Grid
from service.releases.report.content import Below, Cell, Measure, Share, Told, Wave
from service.releases.report.tongue import Phrase, Tongue
from service.releases.statistics_schemas import Statistics

_WIDEST = 9
"""Columns that a page in portrait has room for; what has more becomes rows."""


def entry(phrase: Phrase) -> Entry:
    return Entry(phrase.text, phrase.language)


class Grids:
    """Tables in one language."""

    def __init__(self, tongue: Tongue) -> None:
        self._tongue = tongue
        self._words = tongue.words

    def scores(self, caption: str, told: Sequence[Told]) -> Grid:
        """Means of measures, which have one each."""
        rows = [[self._named(one.measure), *self._mean(one.measure, one.mean)] for one in told if one.mean is not None]
        return Grid(caption, self._heads("measure", "n", "score", "interval", "sd", "rwg", "range"), rows)

    def _mean(self, measure: Measure, cell: Cell) -> list[Entry]:
        over = measure.over(self._tongue)
        ends = Entry(self._words.no_figure)
        if over is not None:
            ends = Entry(self._words.to.format(low=over.texts[0], high=over.texts[1]))
        if cell.reason is not None:
            return [self._withheld(cell.reason, 5), ends]
        return [*self._mean_alone(cell), self._figure(cell.rwg), ends]

    def _mean_alone(self, cell: Cell) -> list[Entry]:
        return [self._n(cell), self._bounded(cell.mean), self._interval(cell), self._figure(cell.sd)]

    def favourable(self, caption: str, told: Sequence[Told]) -> Grid:
        """Shares of measures by whether they are favourable."""
        rows = [[self._named(one.measure), *self._thirds(one.shares)] for one in told if one.shares is not None]
        return Grid(caption, self._heads("measure", "n", "favourable", "neutral", "unfavourable"), rows)

    def _thirds(self, cell: Cell) -> list[Entry]:
        if cell.reason is not None:
            return [self._withheld(cell.reason, 4)]
        return [self._n(cell), *map(self._percent, (cell.favourable, cell.neutral, cell.unfavourable))]

    def item_mean(self, caption: str, told: Told) -> Grid | None:
        """The mean of one item, where it has one."""
        if told.mean is None:
            return None
        first = Entry(self._words.columns["mean"])
        heads = self._heads("measure", "n", "mean", "interval", "sd")
        if told.mean.reason is not None:
            return Grid(caption, heads, [[first, self._withheld(told.mean.reason, 4)]])
        return Grid(caption, heads, [[first, *self._mean_alone(told.mean)]])

    def distribution(self, caption: str, told: Told) -> Grid | None:
        """The answers to one item: beside each other where there is room, else below."""
        cell = told.shares
        if cell is None:
            return None
        pairs = self._answers(told.measure, cell)
        if len(pairs) > _WIDEST:
            return self._below_each_other(caption, pairs, cell)
        head = [Entry(self._words.columns["answer"]), *(name for name, _ in pairs)]
        first = Entry(self._words.columns["share"])
        if cell.reason is not None:
            return Grid(caption, head, [[first, self._withheld(cell.reason, len(pairs))]])
        return Grid(caption, head, [[first, *(shown for _, shown in pairs)]])

    def _below_each_other(self, caption: str, pairs: Sequence[tuple[Entry, Entry]], cell: Cell) -> Grid:
        reason = cell.reason
        rows = [[name, shown if reason is None else self._withheld(reason, 1)] for name, shown in pairs]
        return Grid(caption, self._heads("answer", "share"), rows)

    def _answers(self, measure: Measure, cell: Cell) -> list[tuple[Entry, Entry]]:
        """Number of people, each answer, and what is told of them together, each with its head."""
        columns, options = self._words.columns, [measure.option(self._tongue, option) for option in measure.options]
        shares: Sequence[Share | None] = cell.distribution or [None] * len(options)
        pairs = [(Entry(columns["n"]), self._n(cell))]
        pairs += [(entry(option), self._percent(share)) for option, share in zip(options, shares, strict=True)]
        names = ("favourable", "neutral", "unfavourable")
        if measure.type == "enps":
            names = ("promoters", "passives", "detractors")
        thirds = (cell.favourable, cell.neutral, cell.unfavourable)
        if measure.type in {"rating", "enps"}:
            pairs += [(Entry(columns[name]), self._percent(share)) for name, share in zip(names, thirds, strict=True)]
        if measure.type == "enps":
            pairs.append((Entry(columns["enps"]), self._bounded(cell.enps)))
        return pairs

    def bands(self, caption: str, told: Told) -> Grid:
        """How many people are in each band of a score."""
        columns = self._words.columns
        cell = told.shares or Cell()
        options = [entry(told.measure.option(self._tongue, option)) for option in told.measure.options]
        head = [Entry(columns["answer"]), *options]
        if cell.reason is not None:
            return Grid(caption, head, [[Entry(columns["share"]), self._withheld(cell.reason, len(options))]])
        shares: Sequence[Share | None] = cell.distribution or [None] * len(options)
        return Grid(caption, head, [[Entry(columns["share"]), *map(self._percent, shares)]])

    def below(self, caption: str, measures: Sequence[Measure], below: Sequence[Below]) -> Grid:
        """Scores of the units directly below."""
        head = [Entry(self._words.columns["unit"]), *(entry(measure.name(self._tongue)) for measure in measures)]
        rows = [
            [Entry(unit.place.name), *(self._score(unit.means.get(measure.id)) for measure in measures)]
            for unit in below
        ]
        return Grid(caption, head, rows)

    def _score(self, cell: Cell | None) -> Entry:
        if cell is None:
            return Entry(self._words.not_shown, is_withheld=True)
        return self._withheld(cell.reason, 1) if cell.reason is not None else self._bounded(cell.mean)

    def trend(self, caption: str, waves: Sequence[Wave]) -> Grid:
        """A measure wave after wave."""
        rows = []
        for wave in waves:
            row = [Entry(str(wave.point.wave_number)), Entry(self._tongue.moment(wave.point.released_at))]
            cell = wave.cell
            if cell.reason is not None:
                rows.append([*row, self._withheld(cell.reason, 3)])
            else:
                rows.append([*row, self._n(cell), self._bounded(cell.mean), self._interval(cell)])
        return Grid(caption, self._heads("wave", "released", "n", "score", "interval"), rows)

    def reliability(self, caption: str, statistics: Statistics, names: dict[str, Entry]) -> Grid:
        rows = [
            [self._of(names, one.scale), self._figure(one.n), self._figure(one.alpha), self._figure(one.omega)]
            for one in statistics.scales
        ]
        return Grid(caption, self._heads("scale", "people", "alpha", "omega"), rows)

    def unit_share(self, caption: str, statistics: Statistics, names: dict[str, Entry]) -> Grid:
        rows = [
            [self._of(names, one.scale), *map(self._figure, (one.n, one.groups, one.icc1, one.icc2))]
            for one in statistics.units
        ]
        return Grid(caption, self._heads("scale", "people", "groups", "icc1", "icc2"), rows)

    def drivers(self, caption: str, statistics: Statistics, names: dict[str, Entry]) -> Grid:
        """Relative weights; the last row is what they make together."""
        drivers = statistics.drivers
        if drivers is None:
            raise ValueError("no drivers are told")
        rows = [
            [self._of(names, one.scale), self._figure(one.share), self._figure(one.correlation)]
            for one in drivers.weights
        ]
        rows.append([Entry(self._words.columns["r_squared"]), self._figure(drivers.r_squared), self._figure(None)])
        rows.append([Entry(self._words.columns["people"]), self._figure(drivers.n), self._figure(None)])
        return Grid(caption, self._heads("scale", "weight", "correlation"), rows)

    @staticmethod
    def _of(names: dict[str, Entry], scale: str) -> Entry:
        return names.get(scale) or Entry(scale)

    def _heads(self, *names: str) -> list[Entry]:
        return [Entry(self._words.columns[name]) for name in names]

    def _named(self, measure: Measure) -> Entry:
        name = measure.name(self._tongue)
        if not measure.low_is_better:
            return entry(name)
        return Entry(f"{name.text} ({self._words.low_is_better})", name.language)

    def _withheld(self, reason: str, span: int) -> Entry:
        return Entry(self._tongue.reason(reason), is_withheld=True, span=span)

    def _n(self, cell: Cell) -> Entry:
        return Entry(self._words.no_figure if cell.n is None else self._tongue.span(*cell.n))

    def _interval(self, cell: Cell) -> Entry:
        if cell.low is None or cell.high is None:
            return Entry(self._words.no_figure)
        low, high = self._tongue.number(cell.low), self._tongue.number(cell.high)
        return Entry(self._words.to.format(low=low, high=high))

    def _figure(self, value: Decimal | float | None) -> Entry:
        return Entry(self._words.no_figure if value is None else self._tongue.number(value))

    def _bounded(self, share: Share | None) -> Entry:
        return Entry(self._words.no_figure if share is None else self._tongue.bounded(*share))

    def _percent(self, share: Share | None) -> Entry:
        return Entry(self._words.no_figure if share is None else self._tongue.percent(*share))
