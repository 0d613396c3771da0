"""Scales and indices of a document: what they are made of, how they are scored, and where their bands begin."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm

from service.questionnaires.elements import Band, Index, RatingItem, Scale
from service.questionnaires.lint.decoded import Decoded, Found, Steps

MAX_DENOMINATOR = 2_520
"""A person's score on an index is a whole number over this at most, so that sums of squares of a million people's
scores, 11 x 2,520 at the most, stay below 2^50."""
_OF_A_RATIO = 2
Ends = tuple[Fraction, Fraction]
"""The lowest and the highest score there is."""


def _scales(decoded: Decoded) -> Found:
    known = {name for _, name in decoded.ids("items")}
    others = {item.id for item in decoded.items.values() if not isinstance(item, RatingItem)}
    points = {item.id: item.points for item in decoded.items.values() if isinstance(item, RatingItem)}
    used: set[str] = set()
    for at, scale in decoded.scales.items():
        if len({points[name] for name in scale.items if name in points}) > 1:
            yield ("scales", at, "items"), "must be rating items with the same number of points"
        for place, name in enumerate(scale.items):
            steps = ("scales", at, "items", place)
            if name in used:
                yield steps, "is already part of a scale"
            elif name not in known:
                yield steps, "is not an item of this document"
            elif name in others:
                yield steps, "must be a rating item"
            used.add(name)
        yield from _scoring(at, scale)
        ends = _ends(scale, {points[name] for name in scale.items if name in points})
        yield from _bands(("scales", at, "bands"), scale.bands, ends, {})


def _scoring(at: int, scale: Scale) -> Found:
    if scale.weights is not None and len(scale.weights) != len(scale.items):
        yield ("scales", at, "weights"), "must be as many as the items"
    if sum(scale.weights or ()) > MAX_DENOMINATOR:
        yield ("scales", at, "weights"), f"must add up to at most {MAX_DENOMINATOR}"
    if scale.answered is None:
        return
    if scale.answered > len(scale.items):
        yield ("scales", at, "answered"), "must be at most the number of items"
    if scale.rule == "group":
        yield ("scales", at, "answered"), "is for scores of persons: the group rule counts every answer"
    if scale.weights is not None:
        yield ("scales", at, "answered"), "must be absent where there are weights"


def _ends(scale: Scale, points: set[int]) -> Ends | None:
    """The lowest and the highest score, in the unit of the scale."""
    if len(points) != 1:
        return None
    if scale.score == "percent":
        return Fraction(0), Fraction(100)
    times = sum(scale.weights or (1,) * len(scale.items)) if scale.score == "sum" else 1
    return Fraction(times), Fraction(times * points.pop())


def _bands(steps: Steps, bands: Sequence[Band] | None, ends: Ends | None, scales: Mapping[str, Ends | None]) -> Found:
    """Cut-offs that go up and lie inside the scores, or conditions of which the last band has none."""
    if not bands:
        return
    seen: set[str] = set()
    for place, band in enumerate(bands):
        if band.id in seen:
            yield (*steps, place, "id"), "is already the id of another band"
        seen.add(band.id)
    if any(band.when is not None for band in bands):
        yield from _conditional(steps, bands, scales)
    else:
        yield from _cut(steps, bands, ends)


def _cut(steps: Steps, bands: Sequence[Band], ends: Ends | None) -> Found:
    if bands[0].at_least is not None:
        yield (*steps, 0, "at_least"), "must be absent: the first band begins at the lowest score"
    last: Fraction | None = None
    for place, band in enumerate(bands[1:], 1):
        if band.at_least is None:
            yield (*steps, place), "must say where the band begins (at_least)"
            continue
        cut = Fraction(str(band.at_least))
        yield from _inside((*steps, place, "at_least"), cut, ends)
        if last is not None and cut <= last:
            yield (*steps, place, "at_least"), "must be more than in the band before"
        last = cut


def _inside(steps: Steps, cut: Fraction, ends: Ends | None) -> Found:
    if (cut * 100).denominator != 1:
        yield steps, "must have at most two decimals"
    if ends is not None and not ends[0] < cut <= ends[1]:
        yield steps, "must be above the lowest score and at most the highest"


def _conditional(steps: Steps, bands: Sequence[Band], scales: Mapping[str, Ends | None]) -> Found:
    for place, band in enumerate(bands):
        here = (*steps, place)
        if band.at_least is not None:
            yield (*here, "at_least"), "must be absent where bands have conditions (when)"
        if (band.when is None) != (place == len(bands) - 1):
            yield here, "must have a condition (when), unless it is the last band, which has none"
        for name, limits in (band.when or {}).items():
            if name not in scales:
                yield (*here, "when", name), "is not one of the index's scales"
            cuts = {
                side: Fraction(str(cut))
                for side, cut in (("at_least", limits.at_least), ("below", limits.below))
                if cut is not None
            }
            if not cuts:
                yield (*here, "when", name), "must say at_least, below or both"
            for side, cut in cuts.items():
                yield from _inside((*here, "when", name, side), cut, scales.get(name))
            if len(cuts) > 1 and cuts["at_least"] >= cuts["below"]:
                yield (*here, "when", name), "must have at_least under below"


def _indices(decoded: Decoded) -> Found:
    known = {name for _, name in decoded.ids("scales")}
    scales = {scale.id: scale for scale in decoded.scales.values()}
    ratings = {item.id: item.points for item in decoded.items.values() if isinstance(item, RatingItem)}
    used: set[str] = set()
    for at, index in decoded.indices.items():
        for place, name in enumerate(index.scales):
            steps = ("indices", at, "scales", place)
            if name in used:
                yield steps, "is already part of an index"
            elif name not in known:
                yield steps, "is not a scale of this document"
            used.add(name)
        parts = [scales[name] for name in index.scales if name in scales]
        points = {ratings[name] for part in parts for name in part.items if name in ratings}
        if len(points) > 1:
            yield ("indices", at, "scales"), "must be scales with the same number of points"
        yield from _combined(at, index, parts)
        yield from _bands(
            ("indices", at, "bands"), index.bands, _ends_of_index(index, parts, points), _each(index, parts, points)
        )


def _combined(at: int, index: Index, parts: Sequence[Scale]) -> Found:
    steps = ("indices", at, "scales")
    if any(part.answered is not None and part.answered < len(part.items) for part in parts):
        yield steps, "must be scales that need all their items"
    if index.rule != "group" and any(part.rule == "group" for part in parts):
        yield steps, "must be scales scored person by person, unless the index has the group rule too"
    units = {part.score or "mean" for part in parts}
    if index.combine == "ratio":
        if len(index.scales) != _OF_A_RATIO:
            yield steps, "must be two: a ratio is the first over the second"
        if units - {"mean"}:
            yield steps, "must be scored by their mean: a ratio compares means"
    elif "sum" in units or len(units) > 1:
        yield steps, "must be scored alike, by their mean or in percent"
    weights = [sum(part.weights or (1,) * len(part.items)) for part in parts]
    if index.rule != "group" and index.combine != "ratio" and lcm(*weights) * len(parts) > MAX_DENOMINATOR:
        yield steps, "have numbers of items whose common multiple is too large"
    if index.rule == "group" and any(band.when for band in index.bands or ()):
        yield ("indices", at, "bands"), "must not have conditions: the group rule knows no scores of persons"


def _each(index: Index, parts: Sequence[Scale], points: set[int]) -> dict[str, Ends | None]:
    """The ends of each scale of an index."""
    return dict.fromkeys(index.scales) | {part.id: _ends(part, set(points)) for part in parts}


def _ends_of_index(index: Index, parts: Sequence[Scale], points: set[int]) -> Ends | None:
    if len(points) != 1:
        return None
    if index.combine == "ratio":
        return Fraction(0), Fraction(max(points))
    return _ends(parts[0], set(points)) if parts else None


def _outcome(decoded: Decoded) -> Found:
    for steps, name in decoded.at("outcome"):
        if isinstance(name, str) and name not in {known for _, known in decoded.ids("scales", "indices")}:
            yield steps, "is not a scale or index of this document"


SCALE_CHECKS = (_scales, _indices, _outcome)
