"""The tally equals a count person by person in plain Python fractions."""

from fractions import Fraction
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.questionnaires.document import Document
from service.releases import by_class, statistics
from service.releases.statistics import MeasureTally, tally
from service.responses.sheet import Sheet

# The same lines thousands of times: coverage learns nothing here, and would take three times as long.

TEXT = {"en": "x"}

Answers = dict[str, Any]
Person = tuple[int, Answers]


@st.composite
def _documents(draw: st.DrawFn) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    scales: list[dict[str, Any]] = []
    index_points = draw(st.integers(2, 11))
    for at in range(draw(st.integers(0, 4))):
        names = [f"q{at}_{place}" for place in range(draw(st.integers(1, 4)))]
        points = draw(st.integers(2, 11)) if at == 0 else index_points
        items += [
            {
                "id": name,
                "type": "rating",
                "points": points,
                "reverse": draw(st.booleans()),
                "sensitive": draw(st.booleans()),
            }
            for name in names
        ]
        scales.append({"id": f"s{at}", "title": TEXT, "items": draw(st.permutations(names))})
    options = [{"id": f"o{place}", "text": TEXT} for place in range(draw(st.integers(2, 4)))]
    items += [
        {"id": "lone", "type": "rating", "points": draw(st.integers(2, 11))},
        {"id": "one", "type": "single_choice", "options": options},
        {"id": "many", "type": "multiple_choice", "options": options},
        {
            "id": "number",
            "type": "number",
            "minimum": draw(st.integers(-32000, 0)),
            "maximum": draw(st.integers(1, 32000)),
        },
        {"id": "words", "type": "text"},
    ]
    indexed = [scale["id"] for scale in scales[1:]]
    indices = [{"id": "x", "title": TEXT, "scales": indexed}] if indexed else []
    items = draw(st.permutations(items))
    return {
        "format": "pouls/1",
        "key": "k",
        "languages": ["en"],
        "title": TEXT,
        "items": [{"text": TEXT} | item for item in items],
        "scales": scales,
        "indices": indices,
    }


def _answer(item: dict[str, Any]) -> st.SearchStrategy[Any]:
    names = [option["id"] for option in item.get("options", [])]
    match item["type"]:
        case "rating":
            return st.integers(1, item["points"])
        case "single_choice":
            return st.sampled_from(names)
        case "multiple_choice":
            return st.lists(st.sampled_from(names), unique=True)
        case "number":
            return st.integers(item["minimum"], item["maximum"])
        case _:
            return st.just("words")


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[dict[str, Any], int, list[Person]]:
    source = draw(_documents())
    class_count = draw(st.integers(1, 4))
    # Items that may be skipped: none, some or all, so that whole scales, broken ones and mixtures all occur.
    skippable = draw(st.sets(st.sampled_from([item["id"] for item in source["items"]])))
    answers = {
        item["id"]: st.none() | _answer(item) if item["id"] in skippable else _answer(item) for item in source["items"]
    }
    person = st.tuples(st.integers(0, class_count - 1), st.fixed_dictionaries(answers))
    return source, class_count, draw(st.lists(person, max_size=9))


def _favourable(points: int) -> int:
    """How many points are favourable: two fifths to the nearest, at least one."""
    return max(1, int(Fraction(2 * points, 5) + Fraction(1, 2)))


def _scored(item: dict[str, Any], answer: int | None) -> tuple[Fraction, Fraction, Fraction] | None:
    """A person's score, favourable and unfavourable share on one rating item."""
    if answer is None:
        return None
    points = item["points"]
    score = points + 1 - answer if item.get("reverse") else answer
    side = _favourable(points)
    return Fraction(score), Fraction(score > points - side), Fraction(score <= side)


def _mean(parts: list[tuple[Fraction, Fraction, Fraction] | None]) -> tuple[Fraction, Fraction, Fraction] | None:
    whole = [part for part in parts if part is not None]
    if len(whole) < len(parts):
        return None
    score, favourable, unfavourable = (sum(part[at] for part in whole) / Fraction(len(whole)) for at in range(3))
    return score, favourable, unfavourable


def _check_scores(told: MeasureTally, at: int, scores: list[tuple[Fraction, Fraction, Fraction] | None]) -> None:
    whole = [score for score in scores if score is not None]
    assert told.total is not None
    assert told.square_total is not None
    assert told.favourable is not None
    assert told.neutral is not None
    assert told.unfavourable is not None
    assert told.n[at] == len(whole)
    assert Fraction(int(told.total[at]), told.denominator) == sum(score for score, _, _ in whole)
    assert Fraction(int(told.square_total[at]), told.denominator**2) == sum(score**2 for score, _, _ in whole)
    shares = told.share_denominator
    assert Fraction(int(told.favourable[at]), shares) == sum(share for _, share, _ in whole)
    assert Fraction(int(told.unfavourable[at]), shares) == sum(share for _, _, share in whole)
    assert Fraction(int(told.neutral[at]), shares) == sum(1 - high - low for _, high, low in whole)


def _check_item(told: MeasureTally, at: int, item: dict[str, Any], answers: list[Any]) -> None:
    given_answers = [answer for answer in answers if answer is not None]
    assert told.n[at] == len(given_answers)
    assert told.sensitive == item.get("sensitive", False)
    match item["type"]:
        case "rating":
            _check_scores(told, at, [_scored(item, answer) for answer in answers])
            values: list[Any] = list(range(1, item["points"] + 1))
            assert (told.score_min, told.score_max) == (1, item["points"])
        case "number":
            assert told.total is not None
            assert told.square_total is not None
            assert told.total[at] == sum(given_answers)
            assert told.square_total[at] == sum(answer**2 for answer in given_answers)
            assert (told.score_min, told.score_max, told.denominator) == (item["minimum"], item["maximum"], 1)
            values = []
        case _:
            values = [option["id"] for option in item["options"]]
            given_answers = [
                name for answer in given_answers for name in ([answer] if isinstance(answer, str) else answer)
            ]
            assert told.total is None
    if item["type"] == "number":
        assert told.counts is None
    else:
        assert told.counts is not None
        assert told.counts[at].tolist() == [given_answers.count(value) for value in values]
    assert (told.favourable is not None) == (item["type"] == "rating")


def _check_parts(told: MeasureTally, at: int, whole: list[bool], parts: list[list[bool]]) -> None:
    assert told.partial is not None
    assert told.missing_from_parts is not None
    assert told.partial[at] == sum(any(part[who] for part in parts) and not whole[who] for who in range(len(whole)))
    missing = [sum(part[who] and not whole[who] for who in range(len(whole))) for part in parts]
    assert told.missing_from_parts[:, at].tolist() == missing


def _check(source: dict[str, Any], class_count: int, people: list[Person], *, row_major: bool) -> None:
    document = Document.parse(source)
    sheet = Sheet.of(document)
    classes, matrix = sheet.decode(b"".join(sheet.encode(label, answers) for label, answers in people))
    if row_major:
        matrix = np.ascontiguousarray(matrix)
    told = {found.id: found for found in tally(document, sheet.columns, classes.astype(np.intp), matrix, class_count)}
    items = {item["id"]: item for item in source["items"]}
    scales = {scale["id"]: scale["items"] for scale in source["scales"]}
    indices = {index["id"]: index["scales"] for index in source["indices"]}
    assert list(told) == [name for name in items if name != "words"] + list(scales) + list(indices)
    for at in range(class_count):
        crowd = [answers for label, answers in people if label == at]
        for name, item in items.items():
            if name != "words":
                _check_item(told[name], at, item, [answers[name] for answers in crowd])
        scores = {
            name: [_mean([_scored(items[part], answers[part]) for part in parts]) for answers in crowd]
            for name, parts in scales.items()
        }
        for name, parts in scales.items():
            _check_scores(told[name], at, scores[name])
            answered = [[answers[part] is not None for answers in crowd] for part in parts]
            _check_parts(told[name], at, [score is not None for score in scores[name]], answered)
        for name, parts in indices.items():
            means = [_mean([scores[part][who] for part in parts]) for who in range(len(crowd))]
            _check_scores(told[name], at, means)
            complete = [[score is not None for score in scores[part]] for part in parts]
            _check_parts(told[name], at, [mean is not None for mean in means], complete)
    for name, parts in (scales | indices).items():
        assert told[name].parts == tuple(parts)
        assert told[name].kind == ("scale" if name in scales else "index")
        assert told[name].sensitive == any(told[part].sensitive for part in parts)


@given(_worlds())
@settings(deadline=None)
def test_the_tally_is_a_count_person_by_person(world: tuple[dict[str, Any], int, list[Person]]) -> None:
    _check(*world, row_major=True)


@given(_worlds())
@settings(deadline=None, max_examples=50)
def test_neither_blocks_nor_histograms_change_a_number(world: tuple[dict[str, Any], int, list[Person]]) -> None:
    # Blocks of two people, no joined columns, and weighted sums wherever a choice exists.
    with patch.object(statistics, "_BLOCK", 2), patch.object(by_class, "MAX_BINS", 1):
        _check(*world, row_major=False)
