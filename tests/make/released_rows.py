"""Rows of releases of any shape, drawn by Hypothesis: what is read is a function of them, whoever made them.

Names are odd, values lie at their ends, every reason and every bound occurs; but no row is such as the service would
never write.
"""

from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import strategies as st

from service.releases.orgtree import EVERYBODY
from service.releases.tables import NUMBERS

Json = dict[str, Any]
_LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Co"), include_characters="\n\t")
# What a spreadsheet runs, what a page or a drawing could take for markup, and what is not seen.
_ODD = st.text("=+-@;,.:'\"&<>/{}%≤≥ \n\tA1é\ufeff\u200b\u00a0\u2028\uff1d", min_size=1, max_size=8)
_HOSTILE = st.sampled_from(
    ["=SUM(A1)", "@x", "-1", "+33", "<b>x</b>", "]]>", "{name}", "%s", "null", "a\nb", "ﬁ", "\ufffe", "😀", "\u202eabc"]
)
NAMES = st.text(_LETTERS, min_size=1, max_size=10) | _ODD | _HOSTILE
SLUGS = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
REASONS = ("protected", "not_in_plan", "not_enough_invited")
BOUNDS = st.sampled_from([None, None, "at_least", "at_most"])
PERCENTS = st.sampled_from(["0", "0.0", "5", "12.5", "33.0", "66.7", "90", "99.9", "100", "100.0"])
PEOPLE = st.sampled_from([(5, 9), (10, 14), (25, 29), (30, 30), (1234, 1234), (20_000, 20_019), (2_147_483_000,) * 2])
NETS = st.sampled_from(["-100", "-100.0", "-33.5", "-1", "0", "0.0", "12", "100"])
DEVIATIONS = st.sampled_from(["0.0", "0.00", "0.05", "1.2", "10", "23.50"])
AGREEMENT = st.sampled_from(["-1.50", "-0.01", "0.00", "0.50", "1.00"])
KINDS = ("rating", "enps", "single_choice", "ranking", "number", "scale", "bands", "index", "ratio")
_SHARES_APART = frozenset({"single_choice", "ranking"})
_WITHOUT_MEAN, _WITHOUT_SHARES = _SHARES_APART, frozenset({"number"})


@dataclass(frozen=True)
class Rows:
    """A release: places, measures in the order of the questionnaire, and cells, with figures as text."""

    said: list[Json]
    dimensions: list[Json]
    units: list[Json]
    measures: list[Json]
    cells: list[Json]

    def as_json(self) -> list[Json]:
        """What the API has to say of each cell."""
        places = {unit["node"]: unit for unit in self.units}
        measures = {measure["number"]: measure for measure in self.measures}
        return [_told(places[cell["node"]], measures[cell["number"]], cell) for cell in self.cells]


@dataclass(frozen=True)
class Waves:
    """The releases of two waves one after the other."""

    campaign: str
    earlier: Rows
    later: Rows


def _told(place: Json, measure: Json, cell: Json) -> Json:
    values = place["dimensions"]
    shown = {name: place[name] for name in ("unit", "source", "unit_name", "level")}
    shown |= {"breakdown": "*".join(["org", *sorted(values)]), "dimensions": values}
    shown |= {name: measure[name] for name in ("measure", "kind", "family")}
    shown |= {name: cell.get(name) for name in ("status", "reason", "n_from", "n_to")}
    for name in NUMBERS:
        value = cell.get(name)
        shown[name] = float(value) if isinstance(value, str) and _is_figure(name) else value
    if cell.get("distribution") is not None:
        pairs = zip(measure["options"], cell["distribution"], strict=True)
        shown["distribution"] = [
            {"option": one, "value": float(value), "bound": bound} for one, (value, bound) in pairs
        ]
    return shown


def _is_figure(name: str) -> bool:
    return not name.endswith("_bound") and name not in {"basis", "distribution", "n_from", "n_to"}


@st.composite
def waves(draw: st.DrawFn) -> Waves:
    said = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4).flatmap(_measures))
    dimensions = draw(_dimensions())
    tree = draw(_trees())
    whole = _groups(tree, [{}])
    measures = _families(said)
    # The wave before knows nothing of the breakdowns, and not of all measures.
    asked = draw(st.lists(st.sampled_from(measures), min_size=1, unique_by=lambda one: one["number"]))
    asked.sort(key=lambda one: one["number"])
    units = _groups(tree, _combinations(dimensions))
    return Waves(
        draw(NAMES.filter(str.strip)),
        Rows(said, [], whole, asked, draw(_cells(whole, asked))),
        Rows(said, dimensions, units, measures, draw(_cells(units, measures))),
    )


@st.composite
def _measures(draw: st.DrawFn, kinds: list[str]) -> list[Json]:
    found: list[Json] = []
    for at, kind in enumerate(kinds):
        one: Json = {"id": f"{draw(SLUGS)}_{at}", "kind": "item", "text": draw(_texts(f"n{at}é"))}
        if kind == "rating":
            points = draw(st.integers(2, 11))
            one |= {"type": kind, "lowest": 1, "highest": points, "reverse": draw(st.booleans())}
            if draw(st.booleans()):
                one["labels"] = {"1": draw(_texts("low"))}
        elif kind == "enps":
            one |= {"type": kind, "lowest": 0, "highest": 10}
        elif kind in _SHARES_APART:
            one |= {"type": kind, "options": draw(_options("text", 12))}
        elif kind == "number":
            one |= {"type": kind, "lowest": draw(st.integers(-32_000, 0)), "highest": draw(st.integers(1, 32_000))}
        else:
            one |= {"kind": "scale" if kind in {"scale", "bands"} else "index", "score": "mean", "rule": "person"}
            one |= {} if kind == "ratio" else {"lowest": 1, "highest": draw(st.sampled_from([5, 100]))}
            one |= {"favourable": draw(st.sampled_from(["high", "low"]))} if one["kind"] == "scale" else {}
            one |= {"bands": draw(_options("title", 4))} if kind == "bands" else {}
        found.append(one)
    return sorted(found, key=lambda one: ["item", "scale", "index"].index(one["kind"]))


@st.composite
def _texts(draw: st.DrawFn, suffix: str) -> Json:
    """In both languages of the stage's questionnaire; with the suffix no two are the same."""
    return {language: draw(NAMES) + suffix for language in ("fr", "en")}


@st.composite
def _options(draw: st.DrawFn, called: str, most: int) -> list[Json]:
    return [{"id": f"{draw(SLUGS)}_{at}", called: draw(_texts(f"o{at}"))} for at in range(draw(st.integers(2, most)))]


def _families(said: list[Json]) -> list[Json]:
    found: list[Json] = []
    for one in said:
        kind = one.get("type", one["kind"])
        for family in ("mean", "distribution"):
            if kind in (_WITHOUT_MEAN if family == "mean" else _WITHOUT_SHARES):
                continue
            own = {"number": len(found), "measure": one["id"], "kind": one["kind"], "family": family, "said": one}
            found.append(own | {"options": _over(one) if family == "distribution" else None})
    return found


def _over(one: Json) -> list[str] | None:
    """What a distribution is over."""
    if one.get("type") in {"rating", "enps"}:
        return [str(point) for point in range(one["lowest"], one["highest"] + 1)]
    named = one.get("options") or one.get("bands")
    return None if named is None else [option["id"] for option in named]


@st.composite
def _dimensions(draw: st.DrawFn) -> list[Json]:
    names = draw(st.lists(SLUGS, max_size=2, unique=True))
    return [
        {
            "name": name,
            "values": [
                {"id": value, "label": {"en": draw(NAMES)}}
                for value in draw(st.lists(SLUGS, min_size=1, max_size=2, unique=True))
            ],
        }
        for name in names
    ]


def _combinations(dimensions: list[Json]) -> list[Json]:
    """Nothing, each value of the first dimension, and each of it with each of the second."""
    found: list[Json] = [{}]
    for upto in range(1, len(dimensions) + 1):
        taken = dimensions[:upto]
        found += [
            {one["name"]: value["id"] for one, value in zip(taken, chosen, strict=True)}
            for chosen in product(*(one["values"] for one in taken))
        ]
    return found


@st.composite
def _trees(draw: st.DrawFn) -> list[Json]:
    """Whole units, parents before children, with what a release says of each."""
    size = draw(st.sampled_from([1, 2, 3, 4, 10]))
    chain = size > 4  # as deep as it has units: deeper than there are columns for levels
    ids = draw(st.lists(NAMES, min_size=size, max_size=size, unique=True))
    found: list[Json] = []
    several = size > 1 and draw(st.booleans())
    for node in range(size):
        right = _up(found, node - 1)
        parent = None if node == 0 else node - 1 if chain else draw(st.sampled_from(right))
        above = None if parent is None else found[parent]
        name = draw(NAMES.filter(lambda text: text.strip(" \t\n")))
        unit: Json = {"unit": ids[node], "source": draw(st.sampled_from(["hris", "hris", "erp"])), "unit_name": name}
        if several and node == 0:
            unit = {"unit": None, "source": None, "unit_name": EVERYBODY}
        path = [*(above["path"] if above else []), unit["unit_name"]]
        found.append(unit | {"node": node, "parent": parent, "level": len(path) - 1, "path": path, "last": node})
    for unit in reversed(found):
        if unit["parent"] is not None:
            top = found[unit["parent"]]
            top["last"] = max(top["last"], unit["last"])
    return found


def _up(found: list[Json], node: int) -> list[int]:
    """A node and those above it: where the next one may hang, so that what is below a node stands behind it."""
    up: list[int] = []
    at: int | None = node if node >= 0 else None
    while at is not None:
        up.append(at)
        at = found[at]["parent"]
    return up


def _groups(tree: list[Json], groups: list[Json]) -> list[Json]:
    """The whole tree once for each group."""
    found = []
    for number, values in enumerate(groups):
        first = number * len(tree)
        for unit in tree:
            parent = None if unit["parent"] is None else unit["parent"] + first
            moved = {"node": unit["node"] + first, "parent": parent, "last": unit["last"] + first}
            found.append(unit | moved | {"dimensions": values})
    return found


@st.composite
def _cells(draw: st.DrawFn, units: list[Json], measures: list[Json]) -> list[Json]:
    return [
        {"node": unit["node"], "number": measure["number"]} | draw(_cell(measure))
        for unit in units
        for measure in measures
    ]


@st.composite
def _cell(draw: st.DrawFn, measure: Json) -> Json:
    which = draw(st.integers(0, 8))
    if which < len(REASONS):
        return {"status": "withheld", "reason": REASONS[which]}
    n_from, n_to = draw(PEOPLE)
    shown: Json = {"status": "published", "n_from": n_from, "n_to": n_to}
    return shown | draw(_means(measure["said"]) if measure["family"] == "mean" else _shares(measure))


@st.composite
def _means(draw: st.DrawFn, said: Json) -> Json:
    if draw(st.integers(0, 5)) == 0:
        return {}
    decimals = draw(st.integers(0, 2))
    ends = (Decimal(said.get("lowest", 0)), Decimal(said.get("highest", 3)))
    exact = draw(st.sampled_from(ends) | st.decimals(*ends, places=decimals))
    shown: Json = {"mean": f"{exact:.{decimals}f}", "mean_bound": draw(BOUNDS)}
    if draw(st.booleans()):
        # An interval may lie beyond the ends of a scale.
        low, high = exact - draw(st.integers(0, 3)), exact + draw(st.integers(0, 3))
        shown |= {
            "low": f"{low:.{decimals}f}",
            "high": f"{high:.{decimals}f}",
            "se": f"0.{draw(st.integers(0, 99)):03}",
        }
        shown["basis"] = draw(st.sampled_from(["cell", "release"]))
    if draw(st.booleans()):
        shown["sd"] = draw(DEVIATIONS)
        shown |= {} if said["kind"] == "item" else {"rwg": draw(AGREEMENT)}
    return shown


@st.composite
def _shares(draw: st.DrawFn, measure: Json) -> Json:
    shown: Json = {}
    kind = measure["said"].get("type", measure["kind"])
    if kind not in _SHARES_APART:
        for name in ("favourable", "neutral", "unfavourable"):
            shown |= {name: draw(PERCENTS), f"{name}_bound": draw(BOUNDS)}
    if kind == "enps" and draw(st.booleans()):
        shown |= {"enps": draw(NETS), "enps_bound": draw(BOUNDS)}
    if measure["options"] is not None:
        shown["distribution"] = [(draw(PERCENTS), draw(BOUNDS)) for _ in measure["options"]]
    return shown


def a_plain_pair() -> Waves:
    """Two units, whose names are run by spreadsheets, with decimals, bounds and withheld cells."""
    rating: Json = {"id": "load", "kind": "item", "type": "rating", "text": {"en": "Load", "fr": "Charge"}}
    scale: Json = {"id": "climate", "kind": "scale", "text": {"en": "Climate", "fr": "Climat"}, "favourable": "high"}
    said = [rating | {"lowest": 1, "highest": 2, "reverse": True}, scale | {"lowest": 1, "highest": 5}]
    names: list[Json] = [
        {"unit": "T", "unit_name": "=T", "parent": None},
        {"unit": "-1", "unit_name": "@B", "parent": 0},
    ]
    units = [
        one | {"node": at, "source": "hris", "level": at, "path": ["=T", "@B"][: at + 1], "last": 1, "dimensions": {}}
        for at, one in enumerate(names)
    ]
    means = {"mean": "3.25", "mean_bound": None, "low": "3.10", "high": "3.40", "se": "0.075", "basis": "cell"}
    shares: Json = {"favourable": "90", "favourable_bound": "at_least", "neutral": "0.0", "unfavourable": "9.5"}
    people = {"status": "published", "n_from": 25, "n_to": 29}
    distribution = {"distribution": [("90", "at_least"), ("9.5", None)]}
    measures = _families(said)
    hidden = {"status": "withheld", "reason": "protected"}
    told = [people | {"mean": "1.5"}, people | shares | distribution, people | means, people | shares]
    cells = [
        {"node": node, "number": at} | (hidden if node and at else told[at])
        for node in (0, 1)
        for at in range(len(told))
    ]
    rows = Rows(said, [], units, measures, cells)
    return Waves("Plain", rows, rows)
