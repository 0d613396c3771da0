"""Is a release safe and true? Worked out from its cells and the raw file alone.

It knows the org tree, the answers and the published rules (thresholds, residuals of a tree, display by n), and shares
no code with what decides, counts or rounds in the service.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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
) -> list[str]:
    """Everything wrong with the cells of a release; other measures than those made (the truth's) are passed over."""
    if made is None:
        made = figures(truth)
    columns: dict[tuple[str, str], dict[str, Cell]] = {
        (measure, family): {} for measure in made for family in ("mean", "distribution")
    }
    found = []
    for cell in cells:
        if cell["measure"] not in made:
            continue
        column = columns[cell["measure"], cell["family"]]
        if cell["unit"] in column:
            found.append(f"{_name(cell)}: comes twice")
        column[cell["unit"]] = cell
    for (measure, family), column in columns.items():
        if column.keys() != truth.parents.keys():
            found.append(f"{measure} {family}: does not have one cell for each unit")
            continue
        nearly_all = {unit for unit, cell in columns[measure, "distribution"].items() if _says_nearly_all(cell)}
        found += _column(column, made[measure], truth, family, thresholds, nearly_all)
    return found


def _says_nearly_all(cell: Cell) -> bool:
    """Whether a share is "90 or more" or the like: such a cell shows no deviation, whatever its numbers allow."""
    bounds = [cell[f"{name}_bound"] for name in SHARES] + [one["bound"] for one in cell["distribution"] or ()]
    return "at_least" in bounds


def _column(
    column: Mapping[str, Cell],
    true: Figures,
    truth: Truth,
    family: str,
    thresholds: Mapping[str, int],
    nearly_all: set[str],
) -> Iterator[str]:
    tree = _Shown({unit for unit, cell in column.items() if cell["status"] == "published"}, true.n, truth)
    yield from tree.faults(column, thresholds[family])
    # Standard deviations have cells of their own, and the decimals of the mean beside them.
    deviations = _Shown({unit for unit in tree.units if column[unit]["sd"] is not None}, true.n, truth)
    yield from deviations.faults(column, thresholds["sd"])
    # Those that are hidden beside such a share were chosen with the others, and count for the decimals.
    large = {unit for unit in tree.units & nearly_all if true.n[unit] >= thresholds["sd"]}
    chosen = _Shown(deviations.units | large, true.n, truth)
    for unit, cell in column.items():
        if unit not in tree.units:
            if cell["status"] != "withheld" or cell["reason"] != "protected":
                yield f"{_name(cell)}: is neither published nor withheld with the one reason"
            if any(cell[name] is not None for name in NUMBERS):
                yield f"{_name(cell)}: is withheld and holds a number"
            continue
        yield from _band(cell, true.n[unit])
        coarse = tree.may_be_coarse(unit) or deviations.may_be_coarse(unit) or chosen.may_be_coarse(unit)
        if family == "mean":
            yield from _mean(cell, true.mean(unit), true.n[unit], coarse=coarse)
        else:
            for name in SHARES:
                yield from _share(cell, name, true.share(name, unit), true.n[unit], coarse=coarse)


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
    wanted = (n, n) if n >= SMALL else (n - n % 5, n - n % 5 + 4)
    if (low, high) != wanted:
        yield f"{_name(cell)}: says {low} to {high} respondents, not {wanted[0]} to {wanted[1]}"


def _share(cell: Cell, name: str, true: Fraction, n: int, *, coarse: bool) -> Iterator[str]:
    value, bound = _exact(cell[name]), cell[f"{name}_bound"]
    step, end = (Fraction(5), 10) if n < SMALL else (Fraction(1), 5) if n < MIDDLING else (Fraction(1, 10), 2)
    end = end if n < LARGE else 0
    if bound is not None:
        ends = {10, 5, 2} if coarse else {end}
        said = value if bound == "at_most" else 100 - value
        holds = true <= value if bound == "at_most" else true >= value
        if said not in ends or not holds:
            yield f"{_name(cell)}: {name} is not {bound} {value}"
        return
    steps = [step, *(one for one in (1, 5) if coarse and one > step)]
    if value not in [_rounded(true, one) for one in steps]:
        yield f"{_name(cell)}: {name} is shown as {float(value)}, not {float(_rounded(true, step))}"
    if end and not end < true < 100 - end:
        yield f"{_name(cell)}: {name} lies in an end band and is told"


def _mean(cell: Cell, true: Fraction, n: int, *, coarse: bool) -> Iterator[str]:
    step = Fraction(1, 100) if n >= MIDDLING else Fraction(1, 10)
    margin = Fraction(3, 10) if n < SMALL else Fraction(0)
    steps = {step, Fraction(1, 10)} if coarse else {step}
    margins = {margin, Fraction(1, 10), Fraction(3, 10)} if coarse else {margin}
    allowed = [min(max(_rounded(true, one), 1 + edge), 5 - edge) for one in steps for edge in margins if edge >= margin]
    if _exact(cell["mean"]) not in allowed:
        yield f"{_name(cell)}: the mean is shown as {cell['mean']}, not {float(_rounded(true, step))}"
    if cell["sd"] is not None and n < SMALL:
        yield f"{_name(cell)}: shows a standard deviation"


def _rounded(value: Fraction, step: Fraction | int) -> Fraction:
    """To the nearest step, halves up; nothing here is under zero."""
    return Fraction(floor(value / step + Fraction(1, 2))) * step


def _exact(value: float | str) -> Fraction:
    return Fraction(str(value))


def _name(cell: Cell) -> str:
    return f"{cell['measure']} {cell['family']} {cell['unit']}"
