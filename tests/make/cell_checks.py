"""What is shown of a wave, held against the answers that were sent and the people who sent them.

Nothing of the engine is used: groups are counted anew, and what a figure may be off follows from how it is written.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from tests.make.months import Lived
from tests.make.pulse_company import TENURES

K_MEAN, K_FINE = 5, 10
WHOLE = ""
VALUES = (WHOLE, *(value["id"] for value in TENURES["values"]))
LARGE = 30
CLIP = Fraction(3, 10)
NEARLY_ALL = Fraction(9, 10)
Place = tuple[str, str]
"""A unit, and a tenure or everybody."""
Cell = Mapping[str, str]


@dataclass(frozen=True)
class Truth:
    """What was answered in each place: how often each answer to an item, and the scores on each scale and index."""

    lived: Lived
    document: Mapping[str, Any]

    @cached_property
    def items(self) -> dict[str, Mapping[str, Any]]:
        shown = {item["id"] for item in self.lived.shown["questionnaire"]["items"]}
        return {item["id"]: item for item in self.document["items"] if item["id"] in shown and item["type"] != "text"}

    @cached_property
    def parts(self) -> dict[str, list[str]]:
        """Of each scale its items and of each index its scales, where all of them are asked."""
        scales = {scale["id"]: scale["items"] for scale in self.document.get("scales", ())}
        found = {name: items for name, items in scales.items() if set(items) <= set(self.items)}
        indices = {index["id"]: index["scales"] for index in self.document.get("indices", ())}
        return found | {name: scales for name, scales in indices.items() if set(scales) <= set(found)}

    @cached_property
    def bands(self) -> dict[str, list[Mapping[str, Any]]]:
        found = [*self.document.get("scales", ()), *self.document.get("indices", ())]
        return {one["id"]: one.get("bands", []) for one in found}

    @cached_property
    def counted(self) -> dict[Place, dict[str, Counter[Any]]]:
        """By place and measure how often each answer, each chosen option, each score, and `n` respondents."""
        roll = self.lived.roll
        found: dict[Place, dict[str, Counter[Any]]] = {}
        for name, answers in self.lived.answers.items():
            person = roll.people[name]
            told = {one: (answers[one],) for one in self.items if answers.get(one) is not None}
            told = {one: tuple(given[0]) if isinstance(given[0], list) else given for one, given in told.items()}
            for measure, parts in self.parts.items():
                if all(part in told for part in parts):
                    scores = [self._score(part, told[part][0]) for part in parts]
                    told[measure] = (sum(scores, Fraction(0)) / len(scores),)
            for unit in roll.above(person.unit):
                for value in (WHOLE, person.tenure):
                    place = found.setdefault((unit, value), {})
                    for measure, given in told.items():
                        place.setdefault(measure, Counter()).update([*given, "n"])
        return found

    def n(self, place: Place, measure: str) -> int:
        return self.counted.get(place, {}).get(measure, Counter())["n"]

    def mean(self, place: Place, measure: str) -> Fraction:
        counts = self.counted[place][measure]
        total = sum((self._score(measure, given) * many for given, many in counts.items() if given != "n"), Fraction(0))
        return total / counts["n"]

    def shares(self, place: Place, measure: str) -> dict[str, Fraction]:
        """By option, or by band of the score, as the service names them."""
        counts = self.counted[place][measure]
        found: Counter[str] = Counter()
        for given, many in counts.items():
            if given != "n":
                found[self._band(measure, given) if measure in self.parts else str(given)] += many
        return {name: Fraction(100 * many, counts["n"]) for name, many in found.items()}

    def favourable(self, place: Place, item: str) -> Fraction:
        """Percent of answers in the top two fifths, turned where the item is."""
        counts, points = self.counted[place][item], self.items[item]["points"]
        good = sum(many for given, many in counts.items() if given != "n" and self._score(item, given) >= points - 1)
        return Fraction(100 * good, counts["n"])

    def alike(self, place: Place, measure: str) -> bool:
        """Whether nearly all gave one answer: what is told of the mean then is that answer's score, or made of it."""
        if measure in self.parts:
            return any(self.alike(place, part) or self._clipped(place, part) for part in self.parts[measure])
        counts = self.counted[place][measure]
        return max(many for given, many in counts.items() if given != "n") >= NEARLY_ALL * counts["n"]

    def _clipped(self, place: Place, part: str) -> bool:
        """Whether a mean may be told as a little less extreme than it is, and what is made of it likewise."""
        mean = self.mean(place, part)
        return mean - 1 < CLIP or 5 - mean < CLIP

    def _score(self, measure: str, given: Any) -> Fraction:
        item = self.items.get(measure)
        return Fraction(item["points"] + 1 - given if item and item.get("reverse") else given)

    def _band(self, measure: str, score: Fraction) -> str:
        reached = [band["id"] for band in self.bands[measure] if score >= Fraction(str(band.get("at_least", 0)))]
        return str(reached[-1])


def cells_of(lived: Lived) -> list[Cell]:
    return _read(lived.cells)


@lru_cache(maxsize=1)
def _read(text: str) -> list[Cell]:
    return list(csv.DictReader(io.StringIO(text)))


def place_of(cell: Cell) -> Place:
    return cell["unit"], cell["dimensions"].partition("=")[2]


def wrong_cells(truth: Truth, cells: Sequence[Cell]) -> Iterator[str]:
    """Cells that are not as they should be, each by itself."""
    published = [cell for cell in cells if cell["status"] == "published"]
    shared = {(place_of(cell), cell["measure"]) for cell in published if cell["family"] == "distribution"}
    for cell in cells:
        where = f"{cell['unit']} {cell['dimensions']} {cell['measure']} {cell['family']}"
        is_alone = (place_of(cell), cell["measure"]) not in shared
        faults = _of_published(truth, cell, is_alone) if cell["status"] == "published" else _of_withheld(cell)
        yield from (f"{where}: {fault}" for fault in faults)


FIGURES = ("n_from", "n_to", "mean", "sd", "favourable", "neutral", "unfavourable", "distribution", "se", "low", "high")


def _of_withheld(cell: Cell) -> Iterator[str]:
    if cell["reason"] != "protected" or any(cell[name] for name in FIGURES):
        yield "withheld, and tells something"


def _of_published(truth: Truth, cell: Cell, is_alone: bool) -> Iterator[str]:
    place, measure = place_of(cell), cell["measure"]
    n = truth.n(place, measure)
    if n < least(truth, measure, cell["family"]):
        yield f"published of {n} people"
        return
    low, high = int(cell["n_from"]), int(cell["n_to"])
    if not low <= n <= high or (high - low, low % 5) != (4, 0):
        yield f"{n} people are told as {low} to {high}"
    item = truth.items.get(measure)
    rated = item is None or item["type"] == "rating"
    if cell["family"] == "mean":
        ends = (1, 5) if item is None or rated else (item["minimum"], item["maximum"])
        in_halves = is_alone and n < LARGE and item is not None and item["type"] != "number"
        fits = half_fits if in_halves else mean_fits
        if not truth.alike(place, measure) and not fits(cell["mean"], truth.mean(place, measure), *ends):
            yield f"a mean of {float(truth.mean(place, measure)):.3f} is told as {cell['mean']}"
        return
    if item is not None and rated:
        favourable = truth.favourable(place, measure)
        if not share_fits(cell["favourable"], cell["favourable_bound"], favourable):
            yield f"a favourable share of {float(favourable):.2f} is told as {cell['favourable']}"
    shares = truth.shares(place, measure)
    for option, _, told in (pair.partition("=") for pair in cell["distribution"].split("; ")):
        bound = {"<=": "at_most", ">=": "at_least"}.get(told[:2], "")
        if not share_fits(told.lstrip("<>="), bound, shares.get(option, Fraction(0))):
            yield f"a share of {float(shares.get(option, 0)):.2f} is told as {told}"


def least(truth: Truth, measure: str, family: str) -> int:
    sensitive = truth.items.get(measure, {}).get("sensitive", False)
    return K_FINE if sensitive or family == "distribution" else K_MEAN


def _half(told: str) -> Fraction:
    return Fraction(1, 2 * 10 ** len(told.partition(".")[2]))


def mean_fits(told: str, true: Fraction, lowest: int, highest: int) -> bool:
    """Whether a mean is told as it is, to half of its last decimal; near an end it may lie beyond."""
    shown, half = Fraction(told), _half(told)
    low = Fraction(lowest) if shown - lowest <= CLIP else shown - half
    high = Fraction(highest) if highest - shown <= CLIP else shown + half
    return low <= true <= high


def half_fits(told: str, true: Fraction, lowest: int, highest: int) -> bool:
    """The same of an item whose distribution is withheld, under 30 people: in halves, and cut by a half."""
    shown, quarter = Fraction(told), Fraction(1, 4)
    low = Fraction(lowest) if shown - lowest <= 2 * quarter else shown - quarter
    high = Fraction(highest) if highest - shown <= 2 * quarter else shown + quarter
    return (2 * shown).denominator == 1 and low <= true <= high


def share_fits(told: str, bound: str, true: Fraction) -> bool:
    """Whether a percentage is told as it is, in steps of 5, of 1 or of a tenth, as it is written."""
    shown = Fraction(told)
    if bound:
        return true >= shown if bound == "at_least" else true <= shown
    step = Fraction(1, 10) if "." in told else Fraction(5) if shown % 5 == 0 else Fraction(1)
    return abs(shown - true) <= step / 2


def leaking(truth: Truth, cells: Sequence[Cell]) -> Iterator[str]:
    """Groups of too few people that are left between published cells.

    Of units less their published parts, of everybody less the published tenures, and of items less the scales over
    them: nobody is left, or enough people are.
    """
    published: dict[tuple[str, str], set[Place]] = {}
    for cell in cells:
        if cell["status"] == "published":
            published.setdefault((cell["measure"], cell["family"]), set()).add(place_of(cell))
    for (measure, family), places in published.items():
        k = least(truth, measure, family)
        for place, rest in _left(truth, measure, places):
            if 0 < rest < k:
                yield f"{place} {measure} {family}: {rest} people are left"
        if family == "mean":
            for part in truth.parts.get(measure, ()):
                for place in places & published.get((part, family), set()):
                    rest = truth.n(place, part) - truth.n(place, measure)
                    if 0 < rest < k:
                        yield f"{place} {measure}: {rest} people answered {part} and not all of it"


def _left(truth: Truth, measure: str, places: set[Place]) -> Iterator[tuple[Place, int]]:
    roll = truth.lived.roll
    for value in VALUES:
        rest = {unit: truth.n((unit, value), measure) for unit, held in places if held == value}
        whole = dict(rest)
        for unit, n in whole.items():
            above = next((one for one in [*roll.above(unit)][1:] if one in whole), None)
            if above is not None:
                rest[above] -= n
        yield from (((unit, value), left) for unit, left in rest.items())
    for unit, held in places:
        if held == WHOLE:
            shown = [value for value in VALUES[1:] if (unit, value) in places]
            yield (
                (unit, "less tenures"),
                truth.n((unit, WHOLE), measure) - sum(truth.n((unit, value), measure) for value in shown),
            )


def wrong_frame(truth: Truth, cells: Sequence[Cell]) -> Iterator[str]:
    """There is a row for each unit as it was when the wave opened, each group and each measure, and no other."""
    roll = truth.lived.roll
    families = [*_families(truth)]
    expected = Counter((unit, value, *family) for unit in roll.units for value in VALUES for family in families)
    found = Counter((*place_of(cell), cell["measure"], cell["family"]) for cell in cells)
    if found != expected:
        yield f"{(expected - found).total()} rows are missing, {(found - expected).total()} are too many"
    named = {unit: (of.name, str(len([*roll.above(unit)]) - 1)) for unit, of in roll.units.items()}
    for cell in cells:
        if named.get(cell["unit"]) != (cell["unit_name"], cell["level"]):
            yield f"{cell['unit']} is called {cell['unit_name']} at level {cell['level']}"


def _families(truth: Truth) -> Iterator[tuple[str, str]]:
    """What is told of each measure: the mean of what has one, and shares of what has few answers, or bands."""
    for name, item in truth.items.items():
        if item["type"] in {"rating", "number"}:
            yield name, "mean"
        if item["type"] != "number":
            yield name, "distribution"
    yield from ((name, family) for name in truth.parts for family in ("mean", "distribution"))
