"""Scores of single persons, by hand, in the unit that they are shown in: what each field of a scale or index means."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from service.questionnaires.scoring import MOST_PARTS, Shown, rated
from service.releases.statistics import tally
from service.responses.sheet import Sheet
from tests.make.one_person import Told, a_document, told_of

FOUR = [{"id": "a"}, {"id": "b"}, {"id": "c", "reverse": True}, {"id": "d"}]
ALL = ["a", "b", "c", "d"]
ANSWERS = {"a": 5, "b": 4, "c": 4, "d": 1}
"""Scores 5, 4, 2 and 1; two of them favourable, two unfavourable."""


def _scale(answers: dict[str, Any] | None = None, **fields: Any) -> Told | None:
    document = a_document(FOUR, scales=[{"id": "s", "items": ALL} | fields])
    return told_of(document, ANSWERS if answers is None else answers)["s"]


def _score(answers: dict[str, Any] | None = None, **fields: Any) -> Fraction | None:
    told = _scale(answers, **fields)
    return None if told is None else told.score


@pytest.mark.parametrize(
    ("fields", "score", "favourable"),
    [
        ({}, "3", "1/2"),
        ({"score": "mean"}, "3", "1/2"),
        ({"score": "sum"}, "12", "1/2"),
        ({"score": "percent"}, "50", "1/2"),
        ({"weights": [3, 1, 1, 1]}, "11/3", "2/3"),
        ({"weights": [3, 1, 1, 1], "score": "sum"}, "22", "2/3"),
        ({"weights": [3, 1, 1, 1], "score": "percent"}, "200/3", "2/3"),
        ({"weights": [100, 1, 100, 100]}, "804/301", "101/301"),
        ({"weights": [7, 7, 7, 7], "score": "sum"}, "84", "1/2"),
        # A scale of risk is turned round as a whole, and its shares stay those of its items.
        ({"favourable": "high", "weights": [3, 1, 1, 1]}, "11/3", "2/3"),
        ({"favourable": "low", "weights": [3, 1, 1, 1]}, "7/3", "2/3"),
        ({"favourable": "low", "weights": [3, 1, 1, 1], "score": "sum"}, "14", "2/3"),
        ({"favourable": "low", "weights": [3, 1, 1, 1], "score": "percent"}, "100/3", "2/3"),
    ],
    ids=str,
)
def test_a_score_of_all_answers(fields: dict[str, Any], score: str, favourable: str) -> None:
    assert _scale(**fields) == Told(Fraction(score), None, Fraction(favourable))


def test_the_ends_of_each_unit() -> None:
    lowest, highest = {"a": 1, "b": 1, "c": 5, "d": 1}, {"a": 5, "b": 5, "c": 1, "d": 5}
    for fields, ends in (
        ({}, (1, 5)),
        ({"score": "sum"}, (4, 20)),
        ({"score": "sum", "weights": [1, 2, 3, 4]}, (10, 50)),
        ({"score": "percent"}, (0, 100)),
    ):
        assert (_score(lowest, **fields), _score(highest, **fields)) == ends
        assert (_score(highest, favourable="low", **fields), _score(lowest, favourable="low", **fields)) == ends


def test_without_a_rule_for_gaps_everything_has_to_be_answered() -> None:
    for skipped in ALL:
        answers = {name: answer for name, answer in ANSWERS.items() if name != skipped}
        assert _scale(answers) is None
        assert _scale(answers, answered=4) is None
        assert _scale(answers, weights=[1, 2, 3, 4]) is None
    assert _scale({}) is None


def test_with_gaps_the_score_is_the_mean_of_what_was_answered() -> None:
    some = {"a": 5, "c": 2}  # 5 and 4: both favourable
    assert _scale(some, answered=2) == Told(Fraction(9, 2), None, Fraction(1))
    assert _scale(some, answered=1) == Told(Fraction(9, 2), None, Fraction(1))
    assert _scale(some, answered=3) is None
    assert _score(some, answered=2, score="sum") == 18
    assert _score(some, answered=2, score="percent") == Fraction(175, 2)
    assert _score(some, answered=2, favourable="low") == Fraction(3, 2)
    assert _scale({"a": 5, "b": 1, "d": 3}, answered=1) == Told(Fraction(3), None, Fraction(1, 3))
    assert _scale({}, answered=1) is None


def test_partial_is_who_answered_something_and_not_enough() -> None:
    document = a_document(FOUR, scales=[{"id": "s", "items": ALL, "answered": 3}])
    sheet = Sheet.of(document)
    people: list[dict[str, Any]] = [ANSWERS, {"a": 5, "b": 1, "c": 2}, {"a": 5, "b": 1}, {"d": 2}, {}]
    classes, matrix = sheet.decode(b"".join(sheet.encode(0, answers) for answers in people))
    told = tally(document, sheet.columns, classes.astype(np.intp), matrix, 1)[-1]
    assert told.partial is not None
    assert told.gaps is not None
    assert (told.n.tolist(), told.partial.tolist()) == ([2], [2])
    assert told.gaps.people.tolist() == [[1]]
    assert told.gaps.answered.tolist() == [[[1], [1], [1], [0]]]


@pytest.mark.parametrize("score", ["mean", "sum", "percent"])
@pytest.mark.parametrize("weight", [1, 3, 7, 100])
def test_equal_weights_are_no_weights(score: str, weight: int) -> None:
    plain = _scale(score=score)
    assert plain is not None
    # The sum alone grows with them.
    times = weight if score == "sum" else 1
    assert _scale(score=score, weights=[weight] * 4) == Told(times * plain.score, None, plain.favourable)


@pytest.mark.parametrize(("size", "answered"), [(11, 5), (19, 5), (300, 1)])
def test_a_score_over_many_possible_counts_is_rounded_finely(size: int, answered: int) -> None:
    names = [f"q{at}" for at in range(size)]
    document = a_document([{"id": name} for name in names], scales=[{"id": "s", "items": names, "answered": answered}])
    for given in ([4, 4, 4, 3, 3], [1, 1, 1, 1, 2, 5, 5], [5] * size, [1] * (size - 1)):
        told = told_of(document, dict(zip(names, given, strict=False)))["s"]
        assert told is not None
        assert abs(told.score - Fraction(sum(given), len(given))) <= Fraction(1, 2 * (MOST_PARTS - size))


@pytest.mark.parametrize("size", range(11, 31))
@pytest.mark.parametrize(
    ("given", "cut"), [([4, 4, 4, 3, 3], 3.6), ([3, 4], 3.5), ([3, 3, 3, 4], 3.25), ([2] * 4 + [3], 2.2)], ids=str
)
def test_who_reaches_a_cut_off_is_in_its_band_whatever_the_rounding(size: int, given: list[int], cut: float) -> None:
    names = [f"q{at}" for at in range(size)]
    answers = dict(zip(names, given, strict=False))
    for unit, at_least in (("mean", cut), ("sum", round(cut * size, 2)), ("percent", round(25 * (cut - 1), 2))):
        bands = [{"id": "under"}, {"id": "reached", "at_least": at_least}]
        scale = {"id": "s", "items": names, "answered": 1, "bands": bands, "score": unit}
        told = told_of(a_document([{"id": name} for name in names], scales=[scale]), answers)["s"]
        assert told is not None
        assert told.band == "reached"


BANDS = [{"id": "low"}, {"id": "middle", "at_least": 2.5}, {"id": "high", "at_least": 4}]


@pytest.mark.parametrize(
    ("answers", "band"),
    [
        ((1, 1, 5, 1), "low"),
        ((2, 2, 3, 2), "low"),  # 9/4
        ((2, 3, 4, 3), "middle"),  # exactly 2.5
        ((4, 4, 2, 3), "middle"),  # 15/4
        ((4, 4, 2, 4), "high"),  # exactly 4
        ((5, 5, 1, 5), "high"),
    ],
)
def test_a_band_begins_at_its_cut_off(answers: tuple[int, ...], band: str) -> None:
    given = dict(zip(ALL, answers, strict=True))
    told = _scale(given, bands=BANDS)
    assert told is not None
    assert told.band == band
    for unit, factor, offset in (("sum", 4, 0), ("percent", 25, -25)):
        cuts = [{**one, "at_least": factor * one["at_least"] + offset} if "at_least" in one else one for one in BANDS]  # type: ignore[operator]
        told = _scale(given, bands=cuts, score=unit)
        assert told is not None
        assert told.band == band


def test_a_cut_off_is_the_number_as_it_is_written() -> None:
    # 0.1 + 0.2 and 3.3 are no sums of powers of two; a score of exactly 33/10 has to reach 3.3.
    names = [f"q{at}" for at in range(10)]
    for cut in range(11, 51):
        bands = [{"id": "under"}, {"id": "reached", "at_least": cut / 10}]
        document = a_document([{"id": name} for name in names], scales=[{"id": "s", "items": names, "bands": bands}])
        for total, band in ((cut, "reached"), (cut - 1, "under")):
            each = [total // 10 + (at < total % 10) for at in range(10)]
            told = told_of(document, dict(zip(names, each, strict=True)))["s"]
            assert told is not None
            assert (told.score, told.band) == (Fraction(total, 10), band)


TWO_SCALES = [{"id": "s", "items": ["a", "b"]}, {"id": "t", "items": ["c", "d"]}]


def _index(answers: dict[str, Any], scales: list[dict[str, Any]] | None = None, **fields: Any) -> Told | None:
    index = {"id": "x", "scales": ["s", "t"]} | fields
    return told_of(a_document(FOUR, scales=scales or TWO_SCALES, indices=[index]), answers)["x"]


def test_an_index_is_the_mean_of_its_scales() -> None:
    assert _index(ANSWERS) == Told(Fraction(3), None, Fraction(1, 2))
    uneven = [{"id": "s", "items": ["a"]}, {"id": "t", "items": ["b", "c", "d"]}]
    # 5, and the mean of 4, 2 and 1: scales count alike, however many items they have.
    assert _index(ANSWERS, uneven) == Told((5 + Fraction(7, 3)) / 2, None, (1 + Fraction(1, 3)) / 2)
    weighted = [uneven[0], uneven[1] | {"weights": [5, 2, 1]}]
    assert _index(ANSWERS, weighted) == Told((5 + Fraction(25, 8)) / 2, None, (1 + Fraction(5, 8)) / 2)
    percent = [one | {"score": "percent"} for one in uneven]
    assert _index(ANSWERS, percent) == Told((100 + Fraction(4, 3) * 25) / 2, None, Fraction(2, 3))
    assert _index({"a": 5, "b": 4, "c": 4}) is None
    assert _index({"a": 5, "b": 4}) is None


def test_a_scale_of_risk_counts_turned_round_in_an_index() -> None:
    risk = [TWO_SCALES[0], TWO_SCALES[1] | {"favourable": "low"}]
    # 4.5, and 6 - 1.5; shares as the items have them.
    assert _index(ANSWERS, risk) == Told(Fraction(9, 2), None, Fraction(1, 2))


@pytest.mark.parametrize(
    ("a", "b", "c", "d", "ratio"),
    [
        (5, 5, 1, 1, "1.667"),  # 10 over 6
        (4, 4, 3, 3, "1.333"),
        (2, 1, 3, 3, "0.5"),
        (1, 1, 1, 5, "0.2"),
        (5, 5, 5, 1, "5"),
        (1, 2, 2, 3, "0.429"),  # 3 over 7
    ],
)
def test_a_ratio_is_rounded_to_thousandths(a: int, b: int, c: int, d: int, ratio: str) -> None:
    assert _index({"a": a, "b": b, "c": c, "d": d}, combine="ratio") == Told(Fraction(ratio), None, None)


def test_half_a_thousandth_is_rounded_up() -> None:
    # 21/16 = 1.3125
    names = [f"q{at}" for at in range(17)]
    scales = [{"id": "s", "items": names[:16]}, {"id": "t", "items": names[16:]}]
    index = {"id": "x", "scales": ["s", "t"], "combine": "ratio"}
    document = a_document([{"id": name} for name in names], scales=scales, indices=[index])
    told = told_of(document, dict.fromkeys(names, 1) | dict.fromkeys(names[:5], 2))["x"]
    assert told is not None
    assert told.score == Fraction(1313, 1000)


def test_bands_of_an_index_may_hang_on_its_scales() -> None:
    bands = [
        {"id": "both", "when": {"s": {"at_least": 4}, "t": {"at_least": 4}}},
        {"id": "first", "when": {"s": {"at_least": 4}}},
        {"id": "between", "when": {"t": {"at_least": 2, "below": 3}}},
        {"id": "rest"},
    ]
    for answers, band in (
        ((4, 4, 2, 4), "both"),
        ((4, 4, 2, 3), "first"),  # 3.5 is under the cut-off of t
        ((4, 3, 2, 4), "rest"),
        ((3, 3, 4, 2), "between"),  # exactly 2
        ((3, 3, 3, 3), "rest"),  # exactly 3 is not below 3
        ((3, 3, 4, 3), "between"),  # 2.5
        ((1, 1, 5, 2), "rest"),  # 1.5
    ):
        told = _index(dict(zip(ALL, answers, strict=True)), bands=bands)
        assert told is not None
        assert told.band == band
    # The same in percent, cut-offs in that unit.
    percent = [one | {"score": "percent"} for one in TWO_SCALES]
    in_percent = [{"id": "high", "when": {"s": {"at_least": 75}}}, {"id": "rest"}]
    for answers, band in (((4, 4, 1, 1), "high"), ((4, 3, 1, 1), "rest")):
        told = _index(dict(zip(ALL, answers, strict=True)), percent, bands=in_percent)
        assert told is not None
        assert told.band == band


def test_the_group_rule_scores_nobody() -> None:
    scales = [TWO_SCALES[0] | {"rule": "group"}, TWO_SCALES[1], {"id": "u", "items": ["e"]}]
    index = {"id": "x", "scales": ["t", "u"], "rule": "group"}
    document = a_document([*FOUR, {"id": "e"}], scales=scales, indices=[index])
    assert told_of(document, ANSWERS).keys() == {"t", "u"}
    found = rated(document, {name: at for at, name in enumerate("abcde")})
    assert (list(found.scales), list(found.indices)) == (["t", "u"], [])


@pytest.mark.parametrize("points", range(2, 12))
@pytest.mark.parametrize("unit", ["mean", "sum", "percent"])
def test_a_shown_score_leads_back_to_its_mean(points: int, unit: str) -> None:
    shown = Shown.of(unit, points, 7)
    for mean in (Fraction(1), Fraction(points), Fraction(13, 9)):
        assert shown.back(shown(mean)) == mean
    ends = {"mean": (1, points), "sum": (7, 7 * points), "percent": (0, 100)}[unit]
    assert (shown(Fraction(1)), shown(Fraction(points))) == ends
