"""The tally equals a count person by person in plain Python fractions."""

from fractions import Fraction
from math import lcm
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.disclosure.measures import Kind, Measure
from service.questionnaires.document import Document, DocumentRefused
from service.releases import by_class, statistics
from service.releases.statistics import tally
from service.responses.sheet import Sheet
from tests.make.plain_scores import (
    Json,
    Person,
    band,
    band_of_index,
    index_score,
    item_score,
    needed,
    points_of,
    scale_score,
    shown,
)
from tests.make.scored_documents import TEXT, gates, worlds

# The same lines thousands of times: coverage learns nothing here, and would take three times as long.

World = tuple[Json, int, list[tuple[int, Json]]]
MOST_PARTS = 20_160
"""Scores over a larger denominator are rounded to this many parts of a point, person by person."""


def _tally(source: Json, class_count: int, people: list[tuple[int, Json]], *, row_major: bool) -> list[Measure]:
    document = Document.parse(source)
    sheet = Sheet.of(document)
    classes, matrix = sheet.decode(b"".join(sheet.encode(label, answers) for label, answers in people))
    if row_major:
        matrix = np.ascontiguousarray(matrix)
    return tally(document, sheet.columns, classes.astype(np.intp), matrix, class_count)


_ALWAYS = "each must be required, not sensitive, and asked of everybody"
SEVERAL = {f"is asked by several items: {_ALWAYS}", f"has items that are asked by several items: {_ALWAYS}"}


def _whole(scores: list[Person | None]) -> list[Person]:
    return [score for score in scores if score is not None]


def _check_scores(told: Measure, at: int, scores: list[Person | None]) -> None:
    """The sums of scores."""
    whole = _whole(scores)
    assert told.total is not None
    assert told.square_total is not None
    assert told.n[at] == len(whole)
    assert Fraction(int(told.total[at]), told.denominator) == sum(score.mean for score in whole)
    assert Fraction(int(told.square_total[at]), told.denominator**2) == sum(one.mean**2 for one in whole)


def _check_shares(told: Measure, at: int, scores: list[Person | None]) -> None:
    whole = _whole(scores)
    assert told.favourable is not None
    assert told.neutral is not None
    assert told.unfavourable is not None
    shares = told.share_denominator
    assert Fraction(int(told.favourable[at]), shares) == sum(one.favourable for one in whole)
    assert Fraction(int(told.unfavourable[at]), shares) == sum(one.unfavourable for one in whole)
    assert Fraction(int(told.neutral[at]), shares) == sum(1 - one.favourable - one.unfavourable for one in whole)


def _check_item(told: Measure, at: int, item: Json, crowd: list[Json]) -> None:
    given_answers = [answers[item["id"]] for answers in crowd if item["id"] in answers]
    assert told.kind is Kind.item
    assert told.n[at] == len(given_answers)
    assert told.sensitive == item.get("sensitive", False)
    assert told.enps == (item["type"] == "enps")
    assert not told.percent
    assert (told.partial, told.gaps) == (None, None)
    options = [option["id"] for option in item.get("options", [])]
    values: list[Any] = options
    match item["type"]:
        case "rating" | "enps":
            _check_scores(told, at, [item_score(item, answers) for answers in crowd])
            _check_shares(told, at, [item_score(item, answers) for answers in crowd])
            values = list(range(1, item["points"] + 1)) if item["type"] == "rating" else list(range(11))
            assert (told.score_min, told.score_max) == (values[0], values[-1])
        case "number":
            assert told.total is not None
            assert told.square_total is not None
            assert told.total[at] == sum(given_answers)
            assert told.square_total[at] == sum(answer**2 for answer in given_answers)
            assert (told.score_min, told.score_max, told.denominator) == (item["minimum"], item["maximum"], 1)
            assert told.counts is None
            assert told.favourable is None
            return
        case "multiple_choice":
            given_answers = [name for answer in given_answers for name in answer]
        case "ranking":
            given_answers = [answer[0] for answer in given_answers]
        case _:
            pass
    assert told.counts is not None
    assert told.counts[at].tolist() == [given_answers.count(value) for value in values]
    assert (told.favourable is not None) == (told.total is not None) == (item["type"] in {"rating", "enps"})


def _check_scale(told: Measure, at: int, source: Json, scale: Json, crowd: list[Json]) -> None:
    scores = [scale_score(source, scale, answers) for answers in crowd]
    times = sum(scale.get("weights") or [1] * len(scale["items"])) if scale.get("score") == "sum" else 1
    _check_scores(told, at, scores)
    _check_shares(told, at, scores)
    points = points_of(source, scale)
    assert (told.score_min, told.score_max, told.times) == (1, points, times)
    assert told.percent == (scale.get("score") == "percent")
    assert told.alike == (len(set(scale.get("weights") or [1])) == 1)
    _check_bands(
        told, at, scale, [band(scale.get("bands") or [], shown(source, scale, s.mean)) for s in _whole(scores)]
    )
    answered = [sum(name in answers for name in scale["items"]) for answers in crowd]
    assert told.partial is not None
    assert told.partial[at] == sum(some > 0 and score is None for some, score in zip(answered, scores, strict=True))
    _check_gaps(told, at, scale, crowd)


def _check_gaps(told: Measure, at: int, scale: Json, crowd: list[Json]) -> None:
    sizes = range(scale.get("answered", len(scale["items"])), len(scale["items"]))
    assert (told.gaps is None) == (len(sizes) == 0)
    for place, size in enumerate(sizes):
        assert told.gaps is not None
        these = [answers for answers in crowd if sum(name in answers for name in scale["items"]) == size]
        assert told.gaps.people[place, at] == len(these)
        assert told.gaps.answered[place, :, at].tolist() == [
            sum(name in answers for answers in these) for name in scale["items"]
        ]
        assert len(told.gaps.people) == len(told.gaps.answered) == len(sizes)


def _check_bands(told: Measure, at: int, scored: Json, places: list[int]) -> None:
    if scored.get("bands"):
        assert told.counts is not None
        assert told.counts[at].tolist() == [places.count(place) for place in range(len(scored["bands"]))]
    else:
        assert told.counts is None


def _check_index(told: Measure, at: int, source: Json, index: Json, crowd: list[Json]) -> None:
    by_id = {scale["id"]: scale for scale in source["scales"]}
    parts = [by_id[name] for name in index["scales"]]
    scores = [index_score(source, index, answers) for answers in crowd]
    _check_scores(told, at, scores)
    ratio = index.get("combine") == "ratio"
    if ratio:
        assert (told.favourable, told.neutral, told.unfavourable) == (None, None, None)
    else:
        _check_shares(told, at, scores)
    assert told.percent == (not ratio and parts[0].get("score") == "percent")
    # Bands tell about a scale by itself where scales count differently, or a band looks at one of them.
    banded = index.get("bands") or []
    apart = ratio or any("when" in one for one in banded) or len({len(part["items"]) for part in parts}) > 1
    like = all(len(set(part.get("weights") or [1])) == 1 for part in parts)
    assert told.alike == (like and not (banded and apart))
    points = points_of(source, parts[0])
    assert (told.score_min, told.score_max) == (0 if ratio else 1, points)
    assert told.gaps is None
    places = [
        band_of_index(source, index, answers)
        for answers, score in zip(crowd, scores, strict=True)
        if score is not None and index.get("bands")
    ]
    _check_bands(told, at, index, places)
    complete = [[scale_score(source, part, answers) is not None for part in parts] for answers in crowd]
    assert told.partial is not None
    assert told.partial[at] == sum(any(some) and not all(some) for some in complete)


def _faults(source: Json) -> set[str]:
    try:
        Document.parse(source)
    except DocumentRefused as refused:
        return {fault.reason for fault in refused.faults}
    return set()


def _check(source: Json, class_count: int, people: list[tuple[int, Json]], *, row_major: bool) -> None:
    # Conditions that contradict each other may be drawn; nothing else may be wrong.
    faults = _faults(source)
    assert faults <= {"is never asked: no answers lead to it", *SEVERAL}
    assume(not faults)
    told = {found.id: found for found in _tally(source, class_count, people, row_major=row_major)}
    items = {item["id"]: item for item in source["items"] if item["type"] != "text"}
    scales = {scale["id"]: scale for scale in source["scales"] if scale.get("rule") != "group"}
    indices = {index["id"]: index for index in source["indices"] if index.get("rule") != "group"}
    assert list(told) == [*items, *scales, *indices]
    for at in range(class_count):
        crowd = [answers for label, answers in people if label == at]
        for name, item in items.items():
            _check_item(told[name], at, item, crowd)
        for name, scale in scales.items():
            _check_scale(told[name], at, source, scale, crowd)
        for name, index in indices.items():
            _check_index(told[name], at, source, index, crowd)
    for name, item in items.items():
        assert told[name].gates == tuple(sorted(set().union(*map(gates, needed(source, item)))))
    for name, whole in (scales | indices).items():
        assert told[name].parts == tuple(whole.get("items") or whole["scales"])
        assert told[name].kind is (Kind.scale if name in scales else Kind.index)
        assert told[name].sensitive == any(told[part].sensitive for part in told[name].parts)
        assert not told[name].enps


@given(worlds())
@settings(deadline=None)
def test_the_tally_is_a_count_person_by_person(world: World) -> None:
    _check(*world, row_major=True)


@given(worlds())
@settings(deadline=None, max_examples=50)
def test_neither_blocks_nor_histograms_change_a_number(world: World) -> None:
    # Blocks of two people, no joined columns, and weighted sums wherever a choice exists.
    with patch.object(statistics, "_BLOCK", 2), patch.object(by_class, "MAX_BINS", 1):
        _check(*world, row_major=False)


@st.composite
def _long_scales(draw: st.DrawFn) -> World:
    """One scale of so many items, of which so few have to be answered, that some scores are rounded."""
    size, points = draw(st.integers(11, 20)), draw(st.integers(2, 11))
    items: list[Json] = [
        {"id": f"q{at}", "type": "rating", "points": points, "text": TEXT, "reverse": draw(st.booleans())}
        for at in range(size)
    ]
    scale: Json = {"id": "s", "title": TEXT, "items": [item["id"] for item in items]}
    scale["answered"] = draw(st.integers(1, 6))
    scale |= draw(st.sampled_from([{}, {"favourable": "low"}, {"score": "sum"}, {"score": "percent"}]))
    source = {"format": "pouls/1", "key": "k", "languages": ["en"], "title": TEXT, "items": items, "scales": [scale]}
    # Everybody answers the first few.
    answers = draw(st.lists(st.lists(st.integers(1, points), max_size=size), min_size=1, max_size=6))
    people = [{f"q{at}": answer for at, answer in enumerate(some)} for some in answers]
    # Bands begin at scores that somebody has, so far as these have two decimals.
    lowest = {"sum": size, "percent": 0}.get(scale.get("score", "mean"), 1)
    scores = {shown(source, scale, one.mean) for one in _whole([scale_score(source, scale, one) for one in people])}
    cuts = sorted(score for score in scores if score > lowest and (100 * score).denominator == 1)
    if cuts:
        first: Json = {"id": "b", "title": TEXT}
        scale["bands"] = [first, *(first | {"id": f"b{at}", "at_least": float(cut)} for at, cut in enumerate(cuts[:4]))]
    return source, 1, [(0, answers) for answers in people]


@given(_long_scales())
@settings(deadline=None)
def test_scores_of_long_scales_with_gaps_are_exact_or_rounded(world: World) -> None:
    source, class_count, people = world
    scale = source["scales"][0]
    told = _tally(source, class_count, people, row_major=True)[-1]
    size = len(scale["items"])
    scores = [scale_score(source, scale, answers) for _, answers in people]
    whole = _whole(scores)
    assert told.n.tolist() == [len(whole)]
    assert told.total is not None
    assert told.square_total is not None
    assert told.favourable is not None
    assert told.unfavourable is not None
    assert told.times == (size if scale.get("score") == "sum" else 1)
    exact = lcm(*range(scale["answered"], size + 1)) <= MOST_PARTS
    # Half a part of a point per person is the most that rounding may take away, and a part is at most 1/19,000.
    off = Fraction(0) if exact else len(whole) * Fraction(1, 2 * 19_000)
    assert told.denominator <= MOST_PARTS
    assert abs(Fraction(int(told.total[0]), told.denominator) - sum(s.mean for s in whole)) <= off
    squares = Fraction(int(told.square_total[0]), told.denominator**2)
    assert abs(squares - sum(s.mean**2 for s in whole)) <= off * 2 * 12
    for shares, exactly in (
        (told.favourable, sum(s.favourable for s in whole)),
        (told.unfavourable, sum(s.unfavourable for s in whole)),
    ):
        assert abs(Fraction(int(shares[0]), told.share_denominator) - exactly) <= off
    _check_bands(told, 0, scale, [band(scale.get("bands") or [], shown(source, scale, s.mean)) for s in whole])
    _check_gaps(told, 0, scale, [answers for _, answers in people])
    assert told.partial is not None
    assert told.partial[0] == sum(
        bool(answers) and score is None for (_, answers), score in zip(people, scores, strict=True)
    )
