"""Documents of every kind of item, scale and index, and people who answer them, drawn by Hypothesis."""

from fractions import Fraction
from math import lcm
from typing import Any

from hypothesis import strategies as st

from tests.make.plain_scores import asked

Json = dict[str, Any]
TEXT = {"en": "x"}
DECIDERS = ("rating", "enps", "single_choice", "multiple_choice")
"""What a condition may ask about."""
LARGEST_INDEX = 2_520


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Json, int, list[tuple[int, Json]]]:
    """A document, how many classes, and people: the class of each and what counts of their answers."""
    source = draw(documents())
    class_count = draw(st.integers(1, 4))
    # Items that may be skipped: none, some or all, so that whole scales, broken ones and mixtures all occur.
    skippable = draw(st.sets(st.sampled_from([i["id"] for i in source["items"] if not i.get("required")] or [""])))
    answers = {
        item["id"]: st.none() | answer_to(item) if item["id"] in skippable else answer_to(item)
        for item in source["items"]
    }
    people = draw(st.lists(st.tuples(st.integers(0, class_count - 1), st.fixed_dictionaries(answers)), max_size=9))
    return source, class_count, [(label, asked(source, given)) for label, given in people]


@st.composite
def documents(draw: st.DrawFn) -> Json:
    """A document of up to four scales, up to two indices and one item of each other type."""
    points = draw(st.integers(2, 11))
    units = draw(st.sampled_from(["mean", "percent", "ratio"]))
    scales, ratings = [], []
    for at in range(draw(st.sampled_from([0, 1, 2, 3, 3, 4]))):
        here = draw(st.integers(2, 11)) if at == 0 else points
        names = [f"q{at}_{place}" for place in range(draw(st.integers(1, 4)))]
        ratings += [
            {
                "id": name,
                "type": "rating",
                "points": here,
                "reverse": draw(st.booleans()),
                "sensitive": draw(st.booleans()),
            }
            for name in names
        ]
        scales.append(draw(_scale(f"s{at}", draw(st.permutations(names)), here, None if at == 0 else units)))
    items = [{"text": TEXT} | item for item in draw(st.permutations(ratings + draw(_others())))]
    source = {"format": "pouls/1", "key": "k", "languages": ["en"], "title": TEXT, "items": items, "scales": scales}
    indices = draw(_indices(scales[1:], points, units)) if len(scales) > 1 else []
    return source | {"indices": indices} | draw(_branched(items))


@st.composite
def _others(draw: st.DrawFn) -> list[Json]:
    options = [{"id": f"o{place}", "text": TEXT} for place in range(draw(st.integers(2, 4)))]
    return [
        {"id": "lone", "type": "rating", "points": draw(st.integers(2, 11))},
        {"id": "nps", "type": "enps"},
        {"id": "one", "type": "single_choice", "options": options},
        {"id": "many", "type": "multiple_choice", "options": options},
        {"id": "ranks", "type": "ranking", "options": options, "max_ranks": draw(st.integers(1, len(options)))},
        {
            "id": "number",
            "type": "number",
            "minimum": draw(st.integers(-32000, 0)),
            "maximum": draw(st.integers(1, 32000)),
        },
        {"id": "words", "type": "text"},
    ]


@st.composite
def _scale(draw: st.DrawFn, name: str, items: list[str], points: int, units: str | None) -> Json:
    """A scale by itself (`units` None), or one that may be part of an index."""
    scale: Json = {"id": name, "title": TEXT, "items": items}
    most = 100 if units is None else 3
    kind = draw(st.sampled_from(["plain", "weights", "equal", "gaps", "gaps"]))
    if kind == "weights":
        scale["weights"] = [draw(st.integers(1, most)) for _ in items]
    elif kind == "equal":
        scale["weights"] = [draw(st.integers(2, most))] * len(items)
    if draw(st.booleans()):
        scale["favourable"] = draw(st.sampled_from(["high", "low"]))
    if units is None:
        if kind == "gaps":
            scale["answered"] = draw(st.integers(1, len(items)))
        else:
            scale |= draw(st.sampled_from([{}, {"rule": "person"}, {"rule": "group"}]))
        scale["score"] = draw(st.sampled_from(["mean", "sum", "percent"]))
    else:
        scale["score"] = "percent" if units == "percent" else "mean"
    times = sum(scale.get("weights") or [1] * len(items)) if scale["score"] == "sum" else 1
    ends = (0, 100) if scale["score"] == "percent" else (times, times * points)
    return scale | draw(bands(*ends))


@st.composite
def bands(draw: st.DrawFn, least: int, most: int) -> Json:
    """Up to four bands of scores from the least to the most; half of the time the cut-offs are scores that occur."""
    step = draw(st.sampled_from([1, 25, 50, 100]))
    places = st.integers(least * 100 // step + 1, most * 100 // step)
    cuts = sorted(draw(st.sets(places, max_size=3)))
    if not cuts or cuts[0] * step <= least * 100:
        return {}
    found: list[Json] = [{"id": "b0", "title": TEXT}]
    found += [{"id": f"b{at}", "title": TEXT, "at_least": cut * step / 100} for at, cut in enumerate(cuts, 1)]
    return {"bands": found}


@st.composite
def _indices(draw: st.DrawFn, scales: list[Json], points: int, units: str) -> list[Json]:
    weights = [sum(scale.get("weights") or [1] * len(scale["items"])) for scale in scales]
    used = scales[:2] if units == "ratio" else scales
    if (units == "ratio" and len(scales) < 2) or (units != "ratio" and lcm(*weights) * len(scales) > LARGEST_INDEX):
        return []
    index: Json = {"id": "x", "title": TEXT, "scales": [scale["id"] for scale in used]}
    if units == "ratio":
        index["combine"] = "ratio"
    if draw(st.integers(0, 7)) == 0:
        return [index | {"rule": "group"}]
    if draw(st.booleans()):
        return [index | {"bands": draw(_conditional(used, points))}]
    return (
        [index | draw(bands(0, {"ratio": points, "percent": 100}.get(units, points)))]
        if units != "mean"
        else [index | draw(bands(1, points))]
    )


@st.composite
def _conditional(draw: st.DrawFn, scales: list[Json], points: int) -> list[Json]:
    found: list[Json] = []
    for at in range(draw(st.integers(1, 3))):
        when = {}
        for scale in draw(st.lists(st.sampled_from(scales), min_size=1, max_size=2, unique_by=lambda one: one["id"])):
            cuts = _cuts(scale, points)
            sides = draw(st.sampled_from([["at_least"], ["below"], ["at_least", "below"]][: len(cuts) + 1]))
            drawn = draw(st.lists(st.sampled_from(cuts), min_size=len(sides), max_size=len(sides), unique=True))
            when[scale["id"]] = dict(zip(sides, sorted(drawn), strict=True))
        found.append({"id": f"w{at}", "title": TEXT, "when": when})
    return [*found, {"id": "rest", "title": TEXT}]


def _cuts(scale: Json, points: int) -> list[float]:
    """Scores that occur, so far as they have two decimals, but for the lowest."""
    means = [Fraction(half, 2) for half in range(3, 2 * points + 1)]
    scores = [(mean - 1) / (points - 1) * 100 if scale["score"] == "percent" else mean for mean in means]
    return [float(score) for score in scores if (score * 100).denominator == 1]


@st.composite
def _branched(draw: st.DrawFn, items: list[Json]) -> Json:
    """Conditions put into some of the items, and perhaps sections, the later ones with conditions."""
    for at, item in enumerate(items):
        deciders = [one for one in items[:at] if one["type"] in DECIDERS]
        if deciders and draw(st.integers(0, 5)) == 0:
            item["visible_if"] = draw(conditions(deciders))
    by_id = {item["id"]: item for item in items}
    for item in items:
        asked_by = gates(item.get("visible_if"))
        if len(asked_by) > 1 and any("visible_if" in by_id[name] for name in asked_by):
            del item["visible_if"]
        elif len(asked_by) > 1:  # then each has to be answered by everybody
            for name in asked_by:
                by_id[name].update(required=True, sensitive=False)
    if not draw(st.booleans()):
        return {}
    cuts = sorted(draw(st.sets(st.integers(1, len(items) - 1), max_size=3)))
    sections = []
    for number, (start, stop) in enumerate(zip([0, *cuts], [*cuts, len(items)], strict=True)):
        section: Json = {"id": f"part{number}", "items": [item["id"] for item in items[start:stop]]}
        deciders = [one for one in items[:start] if one["type"] in DECIDERS]
        # A section's condition must not make one of the deciders above something that only some are asked.
        free = not any(gates(item.get("visible_if")) or item.get("required") for item in items[start:stop])
        if free and deciders and draw(st.booleans()):
            section["visible_if"] = draw(conditions(deciders, deep=False))
        sections.append(section)
    return {"sections": sections}


def conditions(deciders: list[Json], *, deep: bool = True) -> st.SearchStrategy[Json]:
    """A condition over these items; not every one can come true."""
    fact = st.sampled_from(deciders).flatmap(_fact)
    if not deep:
        return fact
    joined = st.lists(fact, min_size=1, max_size=3)
    return (
        fact
        | st.builds(lambda key, some: {key: some}, st.sampled_from(["all", "any"]), joined)
        | (st.builds(lambda one: {"not": one}, fact | joined.map(lambda some: {"any": some})))
    )


def gates(condition: Json | None) -> set[str]:
    """The items that a condition asks about."""
    if condition is None:
        return set()
    if "item" in condition:
        return {condition["item"]}
    inner = condition.get("all") or condition.get("any") or [condition["not"]]
    return set().union(*map(gates, inner))


def _fact(item: Json) -> st.SearchStrategy[Json]:
    values = offered(item)
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)
    is_one = chosen.map(lambda some: {"item": item["id"], "is": some})
    if not isinstance(values[0], int):
        return is_one
    bound = st.sampled_from(values)
    return is_one | st.sampled_from(["at_least", "at_most"]).flatmap(
        lambda key: bound.map(lambda value: {"item": item["id"], key: value})
    )


def offered(item: Json) -> list[Any]:
    """What one fact may ask for."""
    match item["type"]:
        case "rating":
            return list(range(1, item["points"] + 1))
        case "enps":
            return list(range(11))
        case _:
            return [option["id"] for option in item["options"]]


def answer_to(item: Json) -> st.SearchStrategy[Any]:
    """A valid answer."""
    match item["type"]:
        case "rating" | "enps" | "single_choice":
            return st.sampled_from(offered(item))
        case "multiple_choice" | "ranking":
            most, least = item.get("max_choices") or item.get("max_ranks"), int(item.get("required", False))
            return st.lists(st.sampled_from(offered(item)), unique=True, min_size=least, max_size=most)
        case "number":
            return st.integers(item["minimum"], item["maximum"])
        case _:
            return st.just("words")
