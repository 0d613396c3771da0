"""The tally on worked examples that others published, on a real survey, and on the edges of its numbers."""

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from service.disclosure.measures import Measure
from service.questionnaires import scoring
from service.questionnaires.document import Document
from service.releases.statistics import tally
from service.responses.sheet import SKIPPED, Sheet

TEXT = {"en": "x"}
RATING = {"type": "rating", "points": 5, "text": TEXT}
LEADERS = [53, 54, 56, 60, 61]
SUPERVISORS = [47, 48, 49, 51, 52]
INTRINSIC = [3, 4, 6, 11, 12]
SATISFACTION = [40, 69, 70, 71]


def _document(items: list[dict[str, Any]], **measures: dict[str, list[str]]) -> Document:
    return Document.parse(
        {
            "format": "pouls/1",
            "key": "k",
            "languages": ["en"],
            "title": TEXT,
            "items": [({"text": TEXT} | item) if "type" in item else (RATING | item) for item in items],
            "scales": [
                {"id": name, "title": TEXT, "items": parts} for name, parts in measures.get("scales", {}).items()
            ],
            "indices": [
                {"id": name, "title": TEXT, "scales": parts} for name, parts in measures.get("indices", {}).items()
            ],
        }
    )


def _tally(document: Document, rows: list[list[int]], classes: list[int] | None = None) -> dict[str, Measure]:
    columns = Sheet.of(document).columns
    labels = np.array(classes or [0] * len(rows), np.intp)
    matrix = np.array(rows, np.int16).reshape(len(rows), len(columns))
    return {told.id: told for told in tally(document, columns, labels, matrix, int(labels.max(initial=0)) + 1)}


def _score_percent(told: Measure, at: int = 0) -> float:
    """The mean as a score 0-100."""
    assert told.total is not None
    assert told.score_min is not None
    assert told.score_max is not None
    mean = told.total[at] / told.n[at] / told.denominator
    return float(100 * (mean - told.score_min) / (told.score_max - told.score_min))


def _favourable_percent(told: Measure, chosen: slice = slice(None)) -> float:
    assert told.favourable is not None
    return float(100 * told.favourable[chosen].sum() / (told.n[chosen].sum() * told.share_denominator))


FIVE = [{"id": f"q{at}"} for at in range(5)]
ENGAGEMENT = {"scales": {"engagement": [f"q{at}" for at in range(5)]}}


def test_one_persons_index_of_the_civil_service_guide() -> None:
    # Five answers worth 100, 75, 75, 50 and 25 make 65 %.
    told = _tally(_document(FIVE, **ENGAGEMENT), [[5, 4, 4, 3, 2]])
    assert _score_percent(told["engagement"]) == pytest.approx(65, abs=1e-12)


def test_a_groups_index_of_the_civil_service_guide() -> None:
    # Ten people's indices average to 53 %; somebody who skipped an item does not count.
    rows = []
    for score in [65, 25, 70, 35, 50, 100, 90, 40, 20, 35]:
        steps = score // 5
        rows.append([1 + min(4, max(0, steps - 4 * at)) for at in range(5)])
    rows.append([5, 5, 5, 5, SKIPPED])
    told = _tally(_document(FIVE, **ENGAGEMENT), rows)["engagement"]
    assert told.n.tolist() == [10]
    assert _score_percent(told) == pytest.approx(53, abs=1e-12)
    assert told.partial is not None
    assert told.partial.tolist() == [1]


def test_the_positive_share_comes_from_counts() -> None:
    # 103, 166, 176, 96 and 24 of 565: 48 % positive, not 18 + 29.
    rows = [[5]] * 103 + [[4]] * 166 + [[3]] * 176 + [[2]] * 96 + [[1]] * 24
    told = _tally(_document([{"id": "q"}]), rows)["q"]
    assert told.counts is not None
    assert told.counts.tolist() == [[24, 96, 176, 166, 103]]
    assert round(_favourable_percent(told)) == 48


@pytest.fixture(scope="module")
def fevs(shared_data: Path) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.int16]]:
    """Agencies [n] and the 71 answers [n, 71] of a real survey."""
    with gzip.open(shared_data / "fevs2018" / "responses.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        header = next(reader)
        agency, first, last = header.index("AGENCY"), header.index("Q1"), header.index("Q71") + 1
        assert header[first:last] == [f"Q{at}" for at in range(1, 72)]
        rows = [(row[agency], bytes(map(int, row[first:last]))) for row in reader]
    answers = np.frombuffer(b"".join(raw for _, raw in rows), np.uint8).reshape(len(rows), 71)
    return np.array([name for name, _ in rows]), answers.astype(np.int16)


FEVS_SCALES = {
    "leaders": [f"q{at}" for at in LEADERS],
    "supervisors": [f"q{at}" for at in SUPERVISORS],
    "intrinsic": [f"q{at}" for at in INTRINSIC],
    "satisfaction": [f"q{at}" for at in SATISFACTION],
}


@pytest.mark.shared
def test_published_indices_of_a_real_survey(fevs: tuple[npt.NDArray[np.str_], npt.NDArray[np.int16]]) -> None:
    agencies, matrix = fevs
    document = _document(
        [{"id": f"q{at}"} for at in range(1, 72)],
        scales=FEVS_SCALES,
        indices={"index": ["leaders", "supervisors", "intrinsic"]},
    )
    names, classes = np.unique(agencies, return_inverse=True)
    told = {
        found.id: found
        for found in tally(document, Sheet.of(document).columns, classes.astype(np.intp), matrix, len(names))
    }
    assert len(names) == 45
    assert told["index"].n.sum() == 101_881
    top = {name: round(_favourable_percent(told[name]), 4) for name in [*FEVS_SCALES, "index"]}
    assert top == {
        "leaders": 58.7167,
        "supervisors": 77.4443,
        "intrinsic": 73.3919,
        "index": 69.8510,
        "satisfaction": 66.5654,
    }
    published = {"HS": (63.38, 13_193), "AR": (70.07, 12_433), "NV": (71.22, 8_376)}
    published |= {"AG": (66.86, 7_708), "HE": (75.26, 7_517), "TR": (70.72, 7_018)}
    for name, (share, n) in published.items():
        at = int(np.flatnonzero(names == name)[0])
        assert told["index"].n[at] == n
        # To 4 decimals against plain arithmetic on the file, and to the 2 decimals given for it.
        chosen = matrix[classes == at] >= 4
        plain = 100 * np.mean([chosen[:, np.array(group) - 1].mean() for group in (LEADERS, SUPERVISORS, INTRINSIC)])
        ours = _favourable_percent(told["index"], slice(at, at + 1))
        assert ours == pytest.approx(plain, abs=5e-5)
        assert round(ours, 2) == share


@pytest.mark.shared
def test_scale_means_of_a_real_survey_equal_its_own_columns(shared_data: Path) -> None:
    with (shared_data / "multilevel" / "lq2002.csv").open(encoding="utf-8", newline="") as lines:
        people = list(csv.DictReader(lines))
    # Column of the mean, stem of its items, how many, and their lowest answer (the file counts hostility from 0).
    groups = [("LEAD", "LEAD", 11, 1), ("TSIG", "TSIG", 3, 1), ("HOSTILE", "HOSTIL", 5, 0)]
    stems = {mean: [f"{stem}{at:02}" for at in range(1, size + 1)] for mean, stem, size, _ in groups}
    document = _document(
        [{"id": item.lower()} for items in stems.values() for item in items],
        scales={f"s_{mean.lower()}": [item.lower() for item in items] for mean, items in stems.items()},
    )
    companies, classes = np.unique([person["COMPID"] for person in people], return_inverse=True)
    rows = [[int(person[item]) + 1 - low for mean, _, _, low in groups for item in stems[mean]] for person in people]
    assert len(companies) == 49
    matrix = np.array(rows, np.int16)
    found = tally(document, Sheet.of(document).columns, classes.astype(np.intp), matrix, len(companies))
    told = {measure.id: measure for measure in found}
    for mean, _, _, low in groups:
        stored = np.array([float(person[mean]) + 1 - low for person in people])
        measure = told[f"s_{mean.lower()}"]
        assert measure.total is not None
        assert measure.square_total is not None
        for at in range(len(companies)):
            own = stored[classes == at]
            assert measure.total[at] / measure.denominator == pytest.approx(own.sum(), abs=1e-6)
            assert measure.square_total[at] / measure.denominator**2 == pytest.approx((own**2).sum(), abs=1e-6)


def test_reversed_items_are_counted_as_answered_and_scored_reversed() -> None:
    document = _document([{"id": "a"}, {"id": "b", "reverse": True}], scales={"s": ["a", "b"]})
    told = _tally(document, [[5, 1], [4, 5]])
    reversed_item = told["b"]
    assert reversed_item.counts is not None
    assert reversed_item.total is not None
    assert reversed_item.favourable is not None
    assert reversed_item.unfavourable is not None
    assert reversed_item.counts.tolist() == [[1, 0, 0, 0, 1]]
    assert reversed_item.total.tolist() == [5 + 1]
    assert reversed_item.favourable.tolist() == reversed_item.unfavourable.tolist() == [1]
    scale = told["s"]
    assert scale.total is not None
    assert scale.square_total is not None
    assert scale.total.tolist() == [10 + 5]
    assert scale.square_total.tolist() == [100 + 25]
    assert (scale.denominator, scale.score_min, scale.score_max) == (2, 1, 5)


def test_an_index_counts_people_complete_on_all_its_scales() -> None:
    measures = {"scales": {"s": ["q0", "q1"], "t": ["q2"]}, "indices": {"x": ["s", "t"]}}
    rows = [[5, 4, 3], [5, SKIPPED, 3], [5, 4, SKIPPED], [SKIPPED, 4, SKIPPED], [2, 1, 5]]
    told = _tally(_document(FIVE[:3], **measures), rows)
    index = told["x"]
    assert index.total is not None
    assert index.square_total is not None
    assert index.favourable is not None
    assert index.neutral is not None
    assert index.unfavourable is not None
    assert index.partial is not None
    assert (told["s"].n.tolist(), told["t"].n.tolist(), index.n.tolist()) == ([3], [3], [2])
    # Means of 4.5 and 3 and of 1.5 and 5, in quarters; one of two scales favourable each time, the other not.
    assert (index.denominator, index.share_denominator) == (4, 4)
    assert index.total.tolist() == [15 + 13]
    assert index.square_total.tolist() == [15**2 + 13**2]
    assert [index.favourable[0], index.neutral[0], index.unfavourable[0]] == [2 + 2, 2, 2]
    assert index.partial.tolist() == [2]


def test_two_halves_that_are_rounded_leave_nobody_between_them() -> None:
    """A 17th of what a person of a long scale may have: no number of parts that halves as well."""
    names = [f"q{at}" for at in range(17)]
    items = [{"id": name, "points": 2} for name in names]
    scale = {"id": "s", "title": {"en": "S"}, "items": names, "answered": 1}
    document = Document.parse(_document(items).model_dump(exclude_none=True) | {"scales": [scale]})
    told = _tally(document, [[1, 2, *[SKIPPED] * 15]])["s"]
    assert told.favourable is not None
    assert told.neutral is not None
    assert told.unfavourable is not None
    assert told.share_denominator % 2 == 1
    assert told.neutral.tolist() == [0]
    assert (told.favourable + told.unfavourable).tolist() == [told.share_denominator]


def test_whole_answers_need_no_shares_of_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    scores = scoring.ScaleScoring.scores

    def spy(self: scoring.ScaleScoring, rows: npt.NDArray[np.int16], *, shares: bool) -> scoring.Scores:
        asked.append((self.id, shares))
        return scores(self, rows, shares=shares)

    monkeypatch.setattr(scoring.ScaleScoring, "scores", spy)
    measures = {"scales": {"s": ["q0", "q1"], "t": ["q2"], "u": ["q3"]}, "indices": {"x": ["s", "t"]}}
    document = _document(FIVE, **measures)
    _tally(document, [[5, 4, 4, 3, 2]])
    assert asked == [("s", False), ("t", False), ("u", False)]
    asked.clear()
    _tally(document, [[5, 4, SKIPPED, 3, 2]])
    assert asked == [("s", True), ("t", True), ("u", False)]


def test_many_skips_do_not_wrap_around() -> None:
    names = [f"q{at}" for at in range(6)]
    document = _document([{"id": name} for name in names], scales={"s": names})
    for skips in range(7):
        told = _tally(document, [[SKIPPED] * skips + [5] * (6 - skips)])["s"]
        assert told.n.tolist() == [int(skips == 0)]
        assert told.total is not None
        assert told.total.tolist() == [30 if skips == 0 else 0]
        assert told.partial is not None
        assert told.partial.tolist() == [int(0 < skips < 6)]


def test_numbers_at_their_widest() -> None:
    document = _document([{"id": "n", "type": "number", "minimum": -32000, "maximum": 32000}])
    told = _tally(document, [[-32000]] * 70_000 + [[32000], [SKIPPED]], [0] * 70_000 + [1, 2])["n"]
    assert told.total is not None
    assert told.square_total is not None
    assert told.n.tolist() == [70_000, 1, 0]
    assert told.total.tolist() == [-32000 * 70_000, 32000, 0]
    assert told.square_total.tolist() == [32000**2 * 70_000, 32000**2, 0]


def test_the_longest_scale_and_the_widest_index_are_exact() -> None:
    sizes = [6, 7, 8, 9]
    groups = [[f"q{size}_{at}" for at in range(size)] for size in sizes]
    names = [name for group in groups for name in group]
    scales = {f"s{size}": group for size, group in zip(sizes, groups, strict=True)}
    document = _document([{"id": name, "points": 11} for name in names], scales=scales, indices={"x": list(scales)})
    told = _tally(document, [[11] * 30] * 300)["x"]
    assert told.total is not None
    assert told.square_total is not None
    assert told.denominator == 4 * 504
    assert told.total.tolist() == [300 * 11 * 2016]
    assert told.square_total.tolist() == [300 * (11 * 2016) ** 2]
    long = [f"q{at}" for at in range(300)]
    told = _tally(_document([{"id": name, "points": 11} for name in long], scales={"s": long}), [[11] * 300] * 2)["s"]
    assert told.total is not None
    assert told.total.tolist() == [6600]


def test_nobody_and_empty_classes() -> None:
    document = _document(FIVE, **ENGAGEMENT)
    nobody = tally(document, Sheet.of(document).columns, np.empty(0, np.intp), np.empty((0, 5), np.int16), 3)
    assert [told.n.tolist() for told in nobody] == [[0, 0, 0]] * 6
    told = _tally(document, [[1, 2, 3, 4, 5]], [2])["engagement"]
    assert told.n.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("classes", "shape"), [([0, 1], (2, 4)), ([0, 1], (3, 5)), ([0, 2], (2, 5)), ([-1, 0], (2, 5))]
)
def test_arrays_that_do_not_fit_are_refused(classes: list[int], shape: tuple[int, int]) -> None:
    document = _document(FIVE)
    with pytest.raises(ValueError, match="class"):
        tally(document, Sheet.of(document).columns, np.array(classes, np.intp), np.ones(shape, np.int16), 2)


def test_more_people_than_64_bits_can_square_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring.ScaleScoring, "most", 1 << 31)
    with pytest.raises(OverflowError):
        _tally(_document(FIVE, **ENGAGEMENT), [[1] * 5] * 2)
