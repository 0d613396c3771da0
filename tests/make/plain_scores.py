"""One person's scores in plain fractions, straight from a document's JSON: an oracle for everything that scores.

Nothing of the service is used here. Answers are as a browser sends them; what was not asked has to be left out before
(`asked`).
"""

from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

Json = dict[str, Any]


class Person(NamedTuple):
    """A score as a mean of points, and the shares of favourable and unfavourable answers behind it."""

    mean: Fraction
    favourable: Fraction
    unfavourable: Fraction


def holds(condition: Json, answers: Json) -> bool:
    """Whether a condition does, by the answers to what was asked."""
    if "all" in condition:
        return all(holds(one, answers) for one in condition["all"])
    if "any" in condition:
        return any(holds(one, answers) for one in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], answers)
    answer = answers.get(condition["item"])
    if answer is None:
        return False
    if "is" in condition:
        return any(one in condition["is"] for one in (answer if isinstance(answer, list) else [answer]))
    return bool(condition.get("at_least", answer) <= answer <= condition.get("at_most", answer))


def needed(source: Json, item: Json) -> list[Json]:
    """The conditions of an item and of its section."""
    sections = [section for section in source.get("sections") or [] if item["id"] in section["items"]]
    return [holder["visible_if"] for holder in (*sections, item) if "visible_if" in holder]


def asked(source: Json, answers: Json) -> Json:
    """The answers that count: to what was asked, and no skips."""
    kept: Json = {}
    for item in source["items"]:
        answer = answers.get(item["id"])
        empty = answer is None or (item["type"] in {"ranking", "text"} and len(answer) == 0)
        if not empty and all(holds(one, kept) for one in needed(source, item)):
            kept[item["id"]] = answer
    return kept


def thirds(item: Json) -> tuple[set[int], set[int]]:
    """The favourable and unfavourable scores of an item: of a rating two fifths at either end, to the nearest point."""
    if item["type"] == "enps":
        return {9, 10}, set(range(7))
    points = item["points"]
    side = max(1, floor(Fraction(2 * points, 5) + Fraction(1, 2)))
    return set(range(points - side + 1, points + 1)), set(range(1, side + 1))


def item_score(item: Json, answers: Json) -> Person | None:
    """A person's score on a rating or an eNPS item, the other way round where it is reversed."""
    if item["id"] not in answers:
        return None
    answer = answers[item["id"]]
    score = item["points"] + 1 - answer if item.get("reverse") else answer
    high, low = thirds(item)
    return Person(Fraction(score), Fraction(score in high), Fraction(score in low))


def scale_score(source: Json, scale: Json, answers: Json) -> Person | None:
    """A person's score on a scale; None where too little was answered."""
    by_id = {item["id"]: item for item in source["items"]}
    weights = dict(zip(scale["items"], scale.get("weights") or [1] * len(scale["items"]), strict=True))
    told = {name: item_score(by_id[name], answers) for name in scale["items"]}
    given = {name: score for name, score in told.items() if score is not None}
    if len(given) < scale.get("answered", len(told)):
        return None
    over = sum(weights[name] for name in given)
    mean, high, low = (sum(weights[name] * score[at] for name, score in given.items()) / over for at in range(3))
    return Person(points_of(source, scale) + 1 - mean if scale.get("favourable") == "low" else mean, high, low)


def index_score(source: Json, index: Json, answers: Json) -> Person | None:
    """A person's score on an index; None where one of its scales has none. A ratio has no shares."""
    by_id = {scale["id"]: scale for scale in source["scales"]}
    parts = [scale_score(source, by_id[name], answers) for name in index["scales"]]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if index.get("combine") == "ratio":
        rounded = floor(1000 * known[0].mean / known[1].mean + Fraction(1, 2))
        return Person(Fraction(rounded, 1000), Fraction(0), Fraction(0))
    return Person(*(sum(part[at] for part in known) / Fraction(len(known)) for at in range(3)))


def points_of(source: Json, scale: Json) -> int:
    points: int = next(item["points"] for item in source["items"] if item["id"] == scale["items"][0])
    return points


def shown(source: Json, scale: Json, mean: Fraction) -> Fraction:
    """The score of a scale in its own unit."""
    if scale.get("score") == "percent":
        return (mean - 1) / (points_of(source, scale) - 1) * 100
    return mean * sum(scale.get("weights") or [1] * len(scale["items"])) if scale.get("score") == "sum" else mean


def shown_index(source: Json, index: Json, mean: Fraction) -> Fraction:
    """The score of an index: a ratio as it is, else in the unit of its scales."""
    first = next(scale for scale in source["scales"] if scale["id"] == index["scales"][0])
    return mean if index.get("combine") == "ratio" else shown(source, first, mean)


def band(bands: list[Json], score: Fraction) -> int:
    """The position of the band that a score is in."""
    return sum(Fraction(str(one["at_least"])) <= score for one in bands[1:])


def band_of_index(source: Json, index: Json, answers: Json) -> int:
    """The position of the band of a person who has a score on the index."""
    bands = index["bands"]
    if "when" not in bands[0]:
        whole = index_score(source, index, answers)
        assert whole is not None
        if index.get("combine") == "ratio":  # by the ratio itself, not by the rounded one
            above, below = (scale_score(source, scale, answers) for scale in _scales_of(source, index))
            assert above is not None
            assert below is not None
            return band(bands, above.mean / below.mean)
        return band(bands, shown_index(source, index, whole.mean))
    by_id = {scale["id"]: scale for scale in source["scales"]}
    scores = {}
    for name in index["scales"]:
        part = scale_score(source, by_id[name], answers)
        assert part is not None
        scores[name] = shown(source, by_id[name], part.mean)
    for place, one in enumerate(bands[:-1]):
        if all(_within(scores[name], limits) for name, limits in one["when"].items()):
            return place
    return len(bands) - 1


def _scales_of(source: Json, index: Json) -> list[Json]:
    by_id = {scale["id"]: scale for scale in source["scales"]}
    return [by_id[name] for name in index["scales"]]


def _within(score: Fraction, limits: Json) -> bool:
    least, below = limits.get("at_least"), limits.get("below")
    return (least is None or score >= Fraction(str(least))) and (below is None or score < Fraction(str(below)))
