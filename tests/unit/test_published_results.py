"""Scores of surveys that others published, person by person, through document, sheet, records and tally.

What counts by group alone (shares of the federal survey, the worked examples in points) is in test_statistics.py.
"""

import csv
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from service.disclosure.measures import Measure
from service.questionnaires.document import Document
from service.questionnaires.scoring import Scores, rated
from service.releases.statistics import tally
from service.responses.sheet import Sheet
from tests.make.one_person import Told, a_document, told_of

FIVE = [f"q{at}" for at in range(5)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _decoded(document: Document, people: Iterable[tuple[int, dict[str, int]]]) -> tuple[Sheet, Any, Any]:
    sheet = Sheet.of(document)
    classes, matrix = sheet.decode(b"".join(sheet.encode(label, answers) for label, answers in people))
    return sheet, classes.astype(np.intp), matrix


def _by_class(document: Document, people: list[tuple[int, dict[str, int]]]) -> dict[str, Measure]:
    sheet, classes, matrix = _decoded(document, people)
    found = tally(document, sheet.columns, classes, matrix, int(classes.max(initial=0)) + 1)
    return {told.id: told for told in found}


def _by_person(document: Document, answers: list[dict[str, int]]) -> dict[str, tuple[Scores, int]]:
    """Each scale's scores, over its denominator."""
    sheet, _, matrix = _decoded(document, ((0, one) for one in answers))
    found = rated(document, {column.item_id: at for at, column in enumerate(sheet.columns)})
    scores = found.scores(np.ascontiguousarray(matrix.T))
    return {name: (scores[name], scale.denominator) for name, scale in found.scales.items()}


def _means(told: Measure) -> npt.NDArray[np.float64]:
    assert told.total is not None
    means: npt.NDArray[np.float64] = told.total / told.n / told.denominator
    return means


def _engagement() -> Document:
    scale = {"id": "engagement", "items": FIVE, "score": "percent"}
    return a_document([{"id": name} for name in FIVE], scales=[scale])


def test_one_persons_index_of_the_civil_service_guide() -> None:
    # Answers worth 100, 75, 75, 50 and 25; without one of them there is no index.
    answers = dict(zip(FIVE, [5, 4, 4, 3, 2], strict=True))
    assert told_of(_engagement(), answers)["engagement"] == Told(Fraction(65), None, Fraction(3, 5))
    for name in FIVE:
        assert told_of(_engagement(), {key: value for key, value in answers.items() if key != name}) == {
            "engagement": None
        }


def test_a_groups_index_of_the_civil_service_guide() -> None:
    people = []
    for score in [65, 25, 70, 35, 50, 100, 90, 40, 20, 35]:
        steps = score // 5
        answers = {name: 1 + min(4, max(0, steps - 4 * at)) for at, name in enumerate(FIVE)}
        assert told_of(_engagement(), answers)["engagement"] == Told(
            Fraction(score), None, Fraction(sum(answer >= 4 for answer in answers.values()), 5)
        )
        people.append((0, answers))
    people.append((0, dict.fromkeys(FIVE[:4], 5)))
    told = _by_class(_engagement(), people)["engagement"]
    assert told.total is not None
    assert told.percent
    assert (told.score_min, told.score_max) == (1, 5)
    assert 25 * (Fraction(int(told.total[0]), told.denominator * int(told.n[0])) - 1) == 53


@pytest.mark.shared
def test_scales_of_a_real_survey_equal_its_own_columns_person_by_person(shared_data: Path) -> None:
    people = _rows(shared_data / "multilevel" / "lq2002.csv")
    # Column of the mean, stem of its items, how many, and their lowest answer (the file counts hostility from 0).
    groups = [("LEAD", "LEAD", 11, 1), ("TSIG", "TSIG", 3, 1), ("HOSTILE", "HOSTIL", 5, 0)]
    stems = {mean: [f"{stem}{at:02}" for at in range(1, size + 1)] for mean, stem, size, _ in groups}
    document = a_document(
        [{"id": item.lower()} for items in stems.values() for item in items],
        scales=[{"id": f"s_{mean.lower()}", "items": [i.lower() for i in items]} for mean, items in stems.items()],
    )
    lowest = {item: low for mean, _, _, low in groups for item in stems[mean]}
    answers = [{item.lower(): int(one[item]) + 1 - low for item, low in lowest.items()} for one in people]
    found = _by_person(document, answers)
    companies, classes = np.unique([one["COMPID"] for one in people], return_inverse=True)
    told = _by_class(document, list(zip(classes.tolist(), answers, strict=True)))
    for mean, _, _, low in groups:
        scores, denominator = found[f"s_{mean.lower()}"]
        assert scores.scored is None
        stored = np.array([float(one[mean]) for one in people]) + 1 - low
        assert len(stored) == 2042
        assert np.abs(scores.score / denominator - stored).max() < 5e-10
        # And the companies' means that the file holds beside them.
        of_group = np.array([float(one[f"G{mean}"]) for one in people]) + 1 - low
        assert np.abs(_means(told[f"s_{mean.lower()}"])[classes] - of_group).max() < 5e-9
    assert len(companies) == 49


def _answers_worth(mean: float, size: int, low: int) -> list[int]:
    """As many answers of at most `size`, the lowest counted as 1, as have this mean."""
    for given in range(size, 0, -1):
        total = round((mean + 1 - low) * given)
        if abs(total / given - (mean + 1 - low)) < 1e-10:
            return [total // given + (at < total % given) for at in range(given)]
    raise AssertionError("no answers have this mean")


@pytest.mark.shared
def test_means_of_companies_equal_a_published_column(shared_data: Path) -> None:
    # The file holds scores of persons, each the mean of what was answered; answers worth that are put in their place.
    people = _rows(shared_data / "multilevel" / "bh1996.csv")
    # How many items, their lowest answer in the file and their points, and how far rounding may lead away.
    made = {"COHES": (8, 1, 5, 5.1e-11), "LEAD": (11, 1, 5, 2.6e-5), "WBEING": (18, 0, 6, 2.6e-5)}
    items: list[dict[str, Any]] = [
        {"id": f"{name.lower()}_{at}", "points": points}
        for name, (size, _, points, _) in made.items()
        for at in range(size)
    ]
    items.append({"id": "hrs", "type": "number", "minimum": 0, "maximum": 24})
    scales = [
        {"id": name.lower(), "items": [f"{name.lower()}_{at}" for at in range(size)], "answered": 1}
        for name, (size, _, _, _) in made.items()
    ]
    document = a_document([{"type": "rating"} | item for item in items], scales=scales)
    companies, classes = np.unique([float(one["GRP"]) for one in people], return_inverse=True)
    assert (len(people), len(companies)) == (7382, 99)
    answered = []
    for label, one in zip(classes.tolist(), people, strict=True):
        answers = {"hrs": int(float(one["HRS"]))}
        for name, (size, low, _, _) in made.items():
            worth = _answers_worth(float(one[name]), size, low)
            answers |= {f"{name.lower()}_{at}": answer for at, answer in enumerate(worth)}
        answered.append((label, answers))
    told = _by_class(document, answered)
    for name, (_, low, _, off) in (made | {"HRS": (1, 1, 0, 5.1e-10)}).items():
        stored = np.array([float(one[f"G.{name}"]) for one in people]) + 1 - low
        assert np.abs(_means(told[name.lower()])[classes] - stored).max() < off


@pytest.mark.shared
@pytest.mark.parametrize("fewest", [1, 3, 4, 5])
def test_scales_with_reversed_items_and_gaps_equal_plain_arithmetic(shared_data: Path, fewest: int) -> None:
    people = _rows(shared_data / "bfi" / "bfi.csv")
    keys = {one["rownames"]: int(one["Keying"] or 0) for one in _rows(shared_data / "bfi" / "bfi.dictionary.csv")}
    names = {letter: [f"{letter}{at}" for at in range(1, 6)] for letter in "ACENO"}
    every = [name for some in names.values() for name in some]
    assert {name[0] for name in every if keys[name] < 0} == set("ACENO")
    document = a_document(
        [{"id": name.lower(), "points": 6, "reverse": keys[name] < 0} for name in every],
        scales=[
            {"id": f"s_{letter.lower()}", "items": [name.lower() for name in some], "answered": fewest}
            for letter, some in names.items()
        ],
    )
    answers = [{name.lower(): int(one[name]) for name in every if one[name]} for one in people]
    table = np.array([[float(one[name] or "nan") for name in every] for one in people])
    table = np.where([keys[name] < 0 for name in every], 7 - table, table)
    assert (len(people), int(np.isnan(table).sum())) == (2800, 508)
    found = _by_person(document, answers)
    told = _by_class(document, [(0, one) for one in answers])
    for at, letter in enumerate(names):
        of_scale = table[:, 5 * at : 5 * at + 5]
        given = (~np.isnan(of_scale)).sum(axis=1)
        sums = np.nansum(of_scale, axis=1)
        scored = given >= fewest
        scores, denominator = found[f"s_{letter.lower()}"]
        assert (np.ones(2800, bool) if scores.scored is None else scores.scored).tolist() == scored.tolist()
        ours = scores.score / denominator
        assert np.abs(ours[scored] - sums[scored] / given[scored]).max() < 1e-12
        measure = told[f"s_{letter.lower()}"]
        assert measure.n.tolist() == [scored.sum()]
        assert _means(measure)[0] == pytest.approx((sums[scored] / given[scored]).mean(), abs=1e-12)
        assert measure.partial is not None
        assert measure.partial.tolist() == [((given > 0) & ~scored).sum()]
        assert measure.favourable is not None
        shares = (of_scale >= 5).sum(axis=1)[scored] / given[scored]
        assert measure.favourable[0] / measure.share_denominator == pytest.approx(shares.sum(), abs=1e-6)
