"""The tally of a wave: for every item, scale and index, exact integer sums by class of respondents. Pure numpy.

Nothing here is a figure that may be shown: a release adds classes up to cells, and disclosure control decides and
rounds. Items follow from one count of values by class; only scales and indices look at persons, block by block.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from service.questionnaires.document import (
    Document,
    Item,
    MultipleChoiceItem,
    NumberItem,
    RatingItem,
    favourable_points,
)
from service.releases.by_class import Block, Counts, Sums, joints
from service.releases.persons import ByColumn, ByPerson, IndexScoring, People, ScaleScoring, Scores, Scoring
from service.responses.sheet import Column

# People per block: long enough to hide numpy's cost per call, short enough for the cache.
_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasureTally:
    """One measure by class: int64 arrays over the C classes. None where the quantity does not exist for the measure.

    A person's score, between `score_min` and `score_max`, is an integer over `denominator`; `total` and `square_total`
    sum these integers and their squares over the `n` people of the class, reversed where the item says so. `counts`
    [C, options] are people per point as answered, or per option. The shares are sums over people of numerators over
    `share_denominator`. A measure of sensitive parts is `sensitive`. `partial` counts those who answered a part (an
    item of the scale, all of a scale of the index) without being complete, and `missing_from_parts` [parts, C] those
    who answered the part but not the measure.
    """

    id: str
    kind: Literal["item", "scale", "index"]
    n: Counts
    sensitive: bool = False
    total: Counts | None = None
    square_total: Counts | None = None
    denominator: int = 1
    score_min: int | None = None
    score_max: int | None = None
    counts: Counts | None = None
    favourable: Counts | None = None
    neutral: Counts | None = None
    unfavourable: Counts | None = None
    share_denominator: int = 1
    parts: tuple[str, ...] = ()
    partial: Counts | None = None
    missing_from_parts: Counts | None = None


def tally(
    document: Document,
    columns: Sequence[Column],
    classes: npt.NDArray[np.intp],
    matrix: npt.NDArray[np.int16],
    class_count: int,
) -> list[MeasureTally]:
    """Every measure of the document, in its order: items (without texts), scales, indices.

    `classes` [n] in 0..class_count-1 and `matrix` int16 [n, columns] as decoded by the document's sheet, best with
    contiguous columns (another layout is copied once). Raises `ValueError` where they do not fit together, and
    `OverflowError` where squares of scores could leave 64 bits (beyond 10^8 people).
    """
    if matrix.shape != (len(classes), len(columns)):
        raise ValueError("the matrix does not have a row per class and a column per column of the sheet")
    if len(classes) and not 0 <= classes.min() <= classes.max() < class_count:
        raise ValueError("a class is outside 0..class_count-1")
    answers = _Answers(classes, np.ascontiguousarray(matrix.T), class_count)
    items = _item_tallies(document, columns, answers)
    return [*items.values(), *_scored_tallies(document, columns, answers, items)]


class _Answers(NamedTuple):
    classes: npt.NDArray[np.intp]
    by_column: ByColumn
    class_count: int

    def blocks(self) -> Iterator[tuple[Block, ByColumn]]:
        for start in range(0, len(self.classes), _BLOCK):
            rows = slice(start, start + _BLOCK)
            yield Block(self.classes[rows], self.class_count), self.by_column[:, rows]

    def zeros(self, *shape: int) -> Counts:
        return np.zeros((self.class_count, *shape), np.int64)


def _item_tallies(document: Document, columns: Sequence[Column], answers: _Answers) -> dict[str, MeasureTally]:
    places: dict[str, list[int]] = {}
    for at, column in enumerate(columns):
        places.setdefault(column.item_id, []).append(at)
    numbers = {at for at, column in enumerate(columns) if isinstance(document.items[column.item], NumberItem)}
    tabulated = [(at, column.most - column.least + 2) for at, column in enumerate(columns) if at not in numbers]
    joined = joints(tabulated, answers.class_count)
    histograms = [answers.zeros(joint.width) for joint in joined]
    sums = {at: Sums(answers.zeros(), answers.zeros(), answers.zeros()) for at in numbers}
    for block, rows in answers.blocks():
        for place, joint in enumerate(joined):
            codes = joint.codes([_codes(rows[at], columns[at].least) for at in joint.columns])
            histograms[place] += block.histogram(codes, joint.width)
        for at, total in sums.items():
            column = columns[at]
            # A skip lies below every code and is raised to 0; 32 bits, because the widest range has 64,001 values.
            values = np.maximum(np.subtract(rows[at], column.least - 1, dtype=np.int32), 0)
            total.add(block.sums(values, column.most - column.least + 2))
    tables: dict[int, Counts] = {}
    for joint, histogram in zip(joined, histograms, strict=True):
        tables.update(zip(joint.columns, joint.separate(histogram), strict=True))
    return {
        item.id: _number_tally(item, sums[places[item.id][0]])
        if isinstance(item, NumberItem)
        else _table_tally(item, [tables[at] for at in places[item.id]])
        for item in document.items
        if item.id in places
    }


def _codes(answers: npt.NDArray[np.int16], least: int) -> npt.NDArray[np.int16]:
    """0 for a skip, then 1 for the least value."""
    codes = np.maximum(answers, np.int16(least - 1))
    return codes if least == 1 else codes - np.int16(least - 1)


def _number_tally(item: NumberItem, sums: Sums) -> MeasureTally:
    n, total, square_total = sums.shifted(item.minimum - 1)
    return MeasureTally(
        id=item.id,
        kind="item",
        n=n,
        sensitive=item.sensitive,
        total=total,
        square_total=square_total,
        denominator=1,
        score_min=item.minimum,
        score_max=item.maximum,
    )


def _table_tally(item: Item, tables: Sequence[Counts]) -> MeasureTally:
    """The tally of an item from the histogram [C, 1 + values] of each of its columns, skips first."""
    n = tables[0][:, 1:].sum(axis=1)
    counts = np.ascontiguousarray(tables[0][:, 1:])
    if isinstance(item, RatingItem):
        return _rating_tally(item, n, counts)
    if isinstance(item, MultipleChoiceItem):
        counts = np.stack([table[:, 2] for table in tables], axis=1)
    return MeasureTally(id=item.id, kind="item", n=n, sensitive=item.sensitive, counts=counts)


def _rating_tally(item: RatingItem, n: Counts, counts: Counts) -> MeasureTally:
    points = np.arange(1, item.points + 1, dtype=np.int64)
    scores = points[::-1] if item.reverse else points
    favourable, neutral, unfavourable = (
        counts[:, np.isin(scores, list(chosen))].sum(axis=1) for chosen in favourable_points(item.points)
    )
    return MeasureTally(
        id=item.id,
        kind="item",
        n=n,
        sensitive=item.sensitive,
        total=counts @ scores,
        square_total=counts @ (scores * scores),
        denominator=1,
        score_min=1,
        score_max=item.points,
        counts=counts,
        favourable=favourable,
        neutral=neutral,
        unfavourable=unfavourable,
        share_denominator=1,
    )


def _scored_tallies(
    document: Document, columns: Sequence[Column], answers: _Answers, items: Mapping[str, MeasureTally]
) -> Iterator[MeasureTally]:
    places = {column.item_id: at for at, column in enumerate(columns)}
    ratings = {item.id: item for item in document.items if isinstance(item, RatingItem)}
    scales = {
        scale.id: ScaleScoring.of(scale, [(places[name], ratings[name]) for name in scale.items])
        for scale in document.scales
    }
    indices = {index.id: IndexScoring.of(index, [scales[name] for name in index.scales]) for index in document.indices}
    scorings: list[Scoring] = [*scales.values(), *indices.values()]
    sums = {scoring.id: _ScoredSums(scoring, answers) for scoring in scorings}
    present = np.bincount(answers.classes, minlength=answers.class_count)
    gaps = {scale.id for scale in scales.values() if any(np.any(items[part].n != present) for part in scale.parts)}
    # Where nobody skipped anything, shares add up from the parts' and no person is looked at for them.
    asked = gaps.union(*(index.parts for index in indices.values() if not gaps.isdisjoint(index.parts)))
    for block, rows in answers.blocks() if sums else ():
        scores = {scale.id: scale.scores(rows, shares=scale.id in asked) for scale in scales.values()}
        for name, index in indices.items():
            scores[name] = index.scores([scores[part] for part in index.parts])
        for name, scored in scores.items():
            sums[name].add(block, scored)
    told = dict(items)
    for name, scored_sums in sums.items():
        told[name] = scored_sums.tally([told[part] for part in scored_sums.scoring.parts])
        yield told[name]


class _ScoredSums:
    """The sums of one scale or index over the blocks."""

    def __init__(self, scoring: Scoring, answers: _Answers) -> None:
        if len(answers.classes) * scoring.most**2 >= 1 << 63:
            raise OverflowError("too many people for sums of squares in 64 bits")
        self.scoring = scoring
        self._codes = Sums(answers.zeros(), answers.zeros(), answers.zeros())
        self._partial = answers.zeros()
        self._favourable = answers.zeros()
        self._unfavourable = answers.zeros()
        self._counts_shares = False

    def add(self, block: Block, scores: Scores) -> None:
        """Add a block; whether its scores come with shares is the same for all blocks."""
        scoring = self.scoring
        codes = scores.score - np.int16(scoring.least - 1)
        self._codes.add(block.sums(_blank(codes, scores.complete), scoring.most - scoring.least + 2))
        if scores.partial is not None:
            self._partial += block.count(scores.partial)
        if scores.favourable is not None and scores.unfavourable is not None:
            self._counts_shares = True
            width = scoring.share_denominator + 1
            self._favourable += block.sums(_blank(scores.favourable, scores.complete), width).first
            self._unfavourable += block.sums(_blank(scores.unfavourable, scores.complete), width).first

    def tally(self, parts: Sequence[MeasureTally]) -> MeasureTally:
        """The measure, given the tallies of its parts."""
        scoring = self.scoring
        n, total, square_total = self._codes.shifted(scoring.least - 1)
        favourable, unfavourable = self._favourable, self._unfavourable
        if not self._counts_shares:
            favourable = _combined(scoring.weights, [part.favourable for part in parts])
            unfavourable = _combined(scoring.weights, [part.unfavourable for part in parts])
        return MeasureTally(
            id=scoring.id,
            kind="scale" if isinstance(scoring, ScaleScoring) else "index",
            n=n,
            sensitive=any(part.sensitive for part in parts),
            total=total,
            square_total=square_total,
            denominator=scoring.denominator,
            score_min=scoring.least // scoring.denominator,
            score_max=scoring.most // scoring.denominator,
            favourable=favourable,
            neutral=scoring.share_denominator * n - favourable - unfavourable,
            unfavourable=unfavourable,
            share_denominator=scoring.share_denominator,
            parts=scoring.parts,
            partial=self._partial,
            missing_from_parts=np.stack([part.n - n for part in parts]),
        )


def _blank(codes: ByPerson, complete: People | None) -> ByPerson:
    """The codes, 0 for people who are not complete."""
    return codes if complete is None else codes * complete


def _combined(weights: Sequence[int], parts: Sequence[Counts | None]) -> Counts:
    """The weighted sum of arrays that all exist: the parts of a scale or index are scored."""
    known = [part for part in parts if part is not None]
    return np.tensordot(np.array(weights, np.int64), np.stack(known), axes=1)
