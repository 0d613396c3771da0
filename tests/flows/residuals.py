"""Is a release safe and true? Worked out from its cells and the raw file alone.

It knows the org tree, the answers and the published rules (thresholds, residuals of a tree, display by n, scales made
of their items as these are known), and shares no code with what decides, counts or rounds in the service.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor, lcm
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.fixtures.past import SKIP, Truth

Cell = Mapping[str, Any]
Ints = npt.NDArray[np.int64]

THRESHOLDS = {"mean": 5, "distribution": 10, "sd": 30}
NUMBERS = (
    "n_from", "n_to", "mean", "sd", "favourable", "favourable_bound", "neutral", "neutral_bound", "unfavourable",
    "unfavourable_bound", "distribution",
)  # fmt: skip
SHARES = ("favourable", "neutral", "unfavourable")
ANSWERS = (1, 2, 3, 4, 5)
SMALL, MIDDLING, LARGE = 30, 100, 1000


@dataclass(frozen=True)
class Figures:
    """True sums of one measure by unit, subtrees included; `per` is what a person's sum is divided by."""

    n: dict[str, int]
    sums: dict[str, dict[str, int]]
    per: int

    def share(self, name: str, unit: str) -> Fraction:
        """Percent."""
        return Fraction(100 * self.sums[name][unit], self.n[unit] * self.per)

    def mean(self, unit: str) -> Fraction:
        return Fraction(self.sums["points"][unit], self.n[unit] * self.per)


def figures(truth: Truth) -> dict[str, Figures]:
    """Every item, scale and index of the truth."""
    order = {unit: at for at, unit in enumerate(truth.parents)}
    place = np.array([order[unit] for unit in truth.unit_of])
    made = {item: _figures(truth, order, place, [(item,)]) for item in truth.ratings}
    made |= {scale: _figures(truth, order, place, [items]) for scale, items in truth.scales.items()}
    for index, scales in truth.indices.items():
        made[index] = _figures(truth, order, place, [truth.scales[scale] for scale in scales])
    return made


def _figures(truth: Truth, order: dict[str, int], place: Ints, scales: Iterable[tuple[str, ...]]) -> Figures:
    answers = [np.stack([truth.ratings[item] for item in items]) for items in scales]
    complete = np.logical_and.reduce([(given != SKIP).all(axis=0) for given in answers])
    common = lcm(*(len(given) for given in answers))
    kinds: dict[str, Any] = {
        "favourable": lambda given: given >= 4,
        "neutral": lambda given: given == 3,
        "unfavourable": lambda given: given <= 2,
        "points": lambda given: given,
    }
    if common * len(answers) == 1:
        kinds |= {str(score): lambda given, score=score: given == score for score in ANSWERS}
    sums = {}
    for name, of in kinds.items():
        person = np.sum([of(given).sum(axis=0) * (common // len(given)) for given in answers], axis=0)
        sums[name] = _by_unit(truth, order, place[complete], person[complete])
    return Figures(_by_unit(truth, order, place[complete], complete[complete]), sums, common * len(answers))


def _by_unit(truth: Truth, order: dict[str, int], place: Ints, weights: npt.NDArray[Any]) -> dict[str, int]:
    own = Counter(dict(enumerate(np.bincount(place, weights, len(order)).astype(np.int64).tolist())))
    total: Counter[str] = Counter()
    for unit, at in order.items():
        node: str | None = unit
        while node is not None:
            total[node] += own[at]
            node = truth.parents[node]
    return {unit: total[unit] for unit in order}


def faults(
    cells: Iterable[Cell],
    truth: Truth,
    made: Mapping[str, Figures] | None = None,
    thresholds: Mapping[str, int] = THRESHOLDS,
    only: Collection[str] | None = None,
) -> list[str]:
    """Everything wrong with the cells of a release; other measures than those of the truth are passed over.

    `made` are the truth's figures, where they were worked out before; `only` these measures are looked at.
    """
    if made is None:
        made = figures(truth)
    told: dict[tuple[str, str], dict[str, Cell]] = {
        (measure, family): {} for measure in made for family in ("mean", "distribution")
    }
    found = []
    for cell in cells:
        if cell["measure"] not in made:
            continue
        column = told[cell["measure"], cell["family"]]
        if cell["unit"] in column:
            found.append(f"{_name(cell)}: comes twice")
        column[cell["unit"]] = cell
    release = _Release(told, made, truth, thresholds)
    for measure, family in told:
        if only is None or measure in only:
            found += release.faults(measure, family)
    return found


def _says_nearly_all(cell: Cell) -> bool:
    """Whether a share is "90 or more" or the like: such a cell shows no deviation, whatever its numbers allow."""
    bounds = [cell[f"{name}_bound"] for name in SHARES] + [one["bound"] for one in cell["distribution"] or ()]
    return "at_least" in bounds


class _Column:
    """One measure's cells of one family by unit, and which of them may be coarser than their n asks for."""

    def __init__(
        self, cells: Mapping[str, Cell], true: Figures, truth: Truth, least: int, nearly_all: Collection[str]
    ) -> None:
        self.cells = cells
        self.tree = _Shown({unit for unit, cell in cells.items() if cell["status"] == "published"}, true.n, truth)
        # Standard deviations have cells of their own, and the decimals of the mean beside them.
        self.deviations = _Shown({unit for unit in self.tree.units if cells[unit]["sd"] is not None}, true.n, truth)
        # Those that are hidden beside such a share were chosen with the others, and count for the decimals.
        large = {unit for unit in self.tree.units.intersection(nearly_all) if true.n[unit] >= least}
        self._chosen = _Shown(self.deviations.units | large, true.n, truth)

    def published(self, unit: str) -> Cell | None:
        return self.cells[unit] if unit in self.tree.units else None

    def may_be_coarse(self, unit: str) -> bool:
        return any(shown.may_be_coarse(unit) for shown in (self.tree, self.deviations, self._chosen))


class _Release:
    """What the cells of one release may show.

    A figure is worked out in two steps: what it is made of (an item's own answers; for a scale its own too, but moved
    by what its items are moved), and what can be known of that once it is shown, which is what it hands on to a scale.
    Where a cell may be coarser than its n asks for there are several ways to show it: any will do, but only those that
    the cell itself was shown in are handed on.
    """

    def __init__(
        self,
        told: Mapping[tuple[str, str], Mapping[str, Cell]],
        made: Mapping[str, Figures],
        truth: Truth,
        thresholds: Mapping[str, int],
    ) -> None:
        self._told = told
        self._made = made
        self._truth = truth
        self._thresholds = thresholds
        self._columns: dict[tuple[str, str], _Column] = {}
        self._made_of: dict[tuple[str, str, str], frozenset[Fraction]] = {}

    def _column(self, measure: str, family: str) -> _Column:
        if (measure, family) not in self._columns:
            beside = self._told[measure, "distribution"]
            nearly_all = {unit for unit, cell in beside.items() if _says_nearly_all(cell)}
            self._columns[measure, family] = _Column(
                self._told[measure, family], self._made[measure], self._truth, self._thresholds["sd"], nearly_all
            )
        return self._columns[measure, family]

    def faults(self, measure: str, family: str) -> Iterator[str]:
        column, true = self._column(measure, family), self._made[measure]
        if column.cells.keys() != self._truth.parents.keys():
            yield f"{measure} {family}: does not have one cell for each unit"
            return
        yield from column.tree.faults(column.cells, self._thresholds[family])
        yield from column.deviations.faults(column.cells, self._thresholds["sd"])
        for unit, cell in column.cells.items():
            if unit not in column.tree.units:
                if cell["status"] != "withheld" or cell["reason"] != "protected":
                    yield f"{_name(cell)}: is neither published nor withheld with the one reason"
                if any(cell[name] is not None for name in NUMBERS):
                    yield f"{_name(cell)}: is withheld and holds a number"
                continue
            yield from _band(cell, true.n[unit])
            if family == "mean":
                yield from self._mean_faults(cell)
                continue
            for name in SHARES:
                yield from self._share_faults(cell, name, (cell[name], cell[f"{name}_bound"]), name)
            for one in cell["distribution"] or ():
                score = self._score(measure, one["option"])
                yield from self._share_faults(cell, str(score), (one["value"], one["bound"]), f"answer {one['option']}")

    def _mean_faults(self, cell: Cell) -> Iterator[str]:
        measure, unit = cell["measure"], cell["unit"]
        ways = self._mean_ways(measure, unit)
        exacts = sorted(self.made_of(measure, unit, "mean"))
        if _exact(cell["mean"]) not in {_shown_mean(exact, way) for exact in exacts for way in ways}:
            wanted = float(_shown_mean(exacts[0], ways[0]))
            yield f"{_name(cell)}: the mean is shown as {cell['mean']}, not {wanted}"
        if cell["sd"] is not None and self._made[measure].n[unit] < SMALL:
            yield f"{_name(cell)}: shows a standard deviation"

    def _share_faults(self, cell: Cell, name: str, shown: tuple[float, str | None], words: str) -> Iterator[str]:
        measure, unit = cell["measure"], cell["unit"]
        ways = self._share_ways(measure, unit)
        exacts = sorted(self.made_of(measure, unit, name))
        if (_exact(shown[0]), shown[1]) not in {_shown_share(exact, way) for exact in exacts for way in ways}:
            value, bound = _shown_share(exacts[0], ways[0])
            yield (
                f"{_name(cell)}: {words} is shown as {float(shown[0])} ({shown[1] or 'told'}), "
                f"not {float(value)} ({bound or 'told'})"
            )

    def made_of(self, measure: str, unit: str, name: str) -> frozenset[Fraction]:
        """What a mean or share is shown of, before rounding and cutting: several, if its items' ends may be several."""
        key = measure, unit, name
        if key not in self._made_of:
            self._made_of[key] = frozenset(self._worked_out(measure, unit, name))
        return self._made_of[key]

    def _worked_out(self, measure: str, unit: str, name: str) -> Iterable[Fraction]:
        exact = self._true(measure, unit, name)
        parts = self._truth.indices.get(measure, ()) or self._truth.scales.get(measure, ())
        if not parts:
            score = self._nearly_all_say(measure, unit) if name == "mean" else None
            return [exact if score is None else Fraction(score)]
        moved = {Fraction(0)}
        for part in parts:
            by = {known - self._true(part, unit, name) for known in self._known(part, unit, name)}
            moved = {before + more for before in moved for more in by}
        return [exact + more / len(parts) for more in moved]

    def _known(self, measure: str, unit: str, name: str) -> set[Fraction]:
        """What can be known of it at most: cut at the ends that it is shown with, or would be by its n if withheld."""
        family = "mean" if name == "mean" else "distribution"
        cell = self._column(measure, family).published(unit)
        exacts = self.made_of(measure, unit, name)
        if family == "mean":
            means = [(exact, way) for exact in exacts for way in self._mean_ways(measure, unit)]
            fitting = [one for one in means if cell and _shown_mean(*one) == _exact(cell["mean"])]
            return {_cut(exact, 1 + edge, 5 - edge) for exact, (_, edge) in fitting or means}
        shares = [(exact, way) for exact in exacts for way in self._share_ways(measure, unit)]
        if cell:
            shown = _exact(cell[name]), cell[f"{name}_bound"]
            shares = [one for one in shares if _shown_share(*one) == shown] or shares
        return {_cut(exact, Fraction(end), Fraction(100 - end)) for exact, (_, end) in shares}

    def _true(self, measure: str, unit: str, name: str) -> Fraction:
        true = self._made[measure]
        return true.mean(unit) if name == "mean" else true.share(name, unit)

    def _score(self, item: str, option: str) -> int:
        return 6 - int(option) if item in self._truth.reversed_items else int(option)

    def _nearly_all_say(self, measure: str, unit: str) -> int | None:
        """The score of the one answer of which the distribution says "90 or more" or the like, if it does."""
        cell = self._column(measure, "distribution").published(unit)
        for one in (cell and cell["distribution"]) or ():
            if one["bound"] == "at_least":
                return self._score(measure, one["option"])
        return None

    def _mean_ways(self, measure: str, unit: str) -> list[tuple[Fraction, Fraction]]:
        """Steps, and by how much the ends of the scale are cut; that of its n first."""
        n, coarse = self._made[measure].n[unit], self._column(measure, "mean").may_be_coarse(unit)
        tenth = Fraction(1, 10)
        step = Fraction(1, 100) if n >= MIDDLING and self._nearly_all_say(measure, unit) is None else tenth
        margin = Fraction(3, 10) if n < SMALL else Fraction(0)
        steps = [step, tenth] if coarse and step < tenth else [step]
        margins = [margin, *(edge for edge in (tenth, 3 * tenth) if coarse and edge > margin)]
        if n < SMALL and self._is_single(measure) and not self._column(measure, "distribution").published(unit):
            half = Fraction(1, 2)  # an item's mean without its distribution
            return [(half, half)]
        return [(one, edge) for one in steps for edge in margins]

    def _is_single(self, measure: str) -> bool:
        """Whether it is an item, and no scale or index of several."""
        return not (self._truth.indices.get(measure) or self._truth.scales.get(measure))

    def _share_ways(self, measure: str, unit: str) -> list[tuple[Fraction, int]]:
        """Steps and end bands; those of its n first."""
        n, coarse = self._made[measure].n[unit], self._column(measure, "distribution").may_be_coarse(unit)
        step, end = (Fraction(5), 10) if n < SMALL else (Fraction(1), 5) if n < MIDDLING else (Fraction(1, 10), 2)
        end = end if n < LARGE else 0
        steps = [step, *(Fraction(one) for one in (1, 5) if coarse and one > step)]
        ends = [end, *(one for one in (2, 5, 10) if coarse and one > end)]
        return [(one, edge) for one in steps for edge in ends]


class _Shown:
    """The published units of one column as a tree of their own, and who is left of each less those below."""

    def __init__(self, units: set[str], n: Mapping[str, int], truth: Truth) -> None:
        self.units = units
        self._n = n
        self._above = {unit: self._nearest(unit, truth) for unit in units}
        self._below: dict[str, list[str]] = {unit: [] for unit in units}
        self._rest = {unit: n[unit] for unit in units}
        for unit, above in self._above.items():
            if above is not None:
                self._below[above].append(unit)
                self._rest[above] -= n[unit]

    def _nearest(self, unit: str, truth: Truth) -> str | None:
        node = truth.parents[unit]
        while node is not None and node not in self.units:
            node = truth.parents[node]
        return node

    def faults(self, column: Mapping[str, Cell], k: int) -> Iterator[str]:
        """Against the cell rule and the lemma on residuals."""
        for unit in self.units:
            if self._n[unit] < k:
                yield f"{_name(column[unit])}: describes {self._n[unit]} people, fewer than {k}"
            elif 0 < self._rest[unit] < k:
                left = self._rest[unit]
                yield f"{_name(column[unit])}: less what is published below, {left} people are left, fewer than {k}"

    def may_be_coarse(self, unit: str) -> bool:
        """Whether a small group can be worked out with this unit, so that its n alone does not set its steps."""
        if unit not in self.units:
            return False
        above = self._above[unit]
        return self._bears(unit) or (above is not None and 0 < self._rest[above] < LARGE)

    def _bears(self, unit: str) -> bool:
        below = self._below[unit]
        if below and self._rest[unit]:
            return self._rest[unit] < LARGE
        # Nobody is left: each unit below is this one less its siblings.
        return any(self._n[other] < LARGE or self._bears(other) for other in below)


def _band(cell: Cell, n: int) -> Iterator[str]:
    low, high = cell["n_from"], cell["n_to"]
    wanted = (n - n % 5, n - n % 5 + 4)
    if (low, high) != wanted:
        yield f"{_name(cell)}: says {low} to {high} respondents, not {wanted[0]} to {wanted[1]}"


def _shown_share(exact: Fraction, way: tuple[Fraction, int]) -> tuple[Fraction, str | None]:
    step, end = way
    if end and exact <= end:
        return Fraction(end), "at_most"
    if end and exact >= 100 - end:
        return Fraction(100 - end), "at_least"
    return _rounded(exact, step), None


def _shown_mean(exact: Fraction, way: tuple[Fraction, Fraction]) -> Fraction:
    step, edge = way
    return _cut(_rounded(exact, step), 1 + edge, 5 - edge)


def _cut(value: Fraction, low: Fraction, high: Fraction) -> Fraction:
    return min(max(value, low), high)


def _rounded(value: Fraction, step: Fraction | int) -> Fraction:
    """To the nearest step, halves up; nothing here is under zero."""
    return Fraction(floor(value / step + Fraction(1, 2))) * step


def _exact(value: float | str) -> Fraction:
    return Fraction(str(value))


def _name(cell: Cell) -> str:
    return f"{cell['measure']} {cell['family']} {cell['unit']}"
