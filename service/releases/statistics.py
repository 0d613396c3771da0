"""The tally of a wave: for every item, scale and index, exact integer sums by class of respondents. Pure numpy.

Nothing here is a figure that may be shown: a release adds classes up to cells, and disclosure control decides and
rounds. Items follow from one count of values by class; only scales and indices look at persons, block by block.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from service.disclosure.measures import Gaps, Kind, Measure
from service.questionnaires.branching import conditions, gates, holds
from service.questionnaires.document import (
    Document,
    EnpsItem,
    Item,
    MultipleChoiceItem,
    NumberItem,
    RankingItem,
    RatingItem,
    favourable_points,
)
from service.questionnaires.elements import ENPS_MOST, Condition
from service.questionnaires.scoring import (
    SKIPPED,
    ByColumn,
    ByPerson,
    IndexScoring,
    People,
    Rated,
    ScaleScoring,
    Scores,
    Scoring,
    rated,
)
from service.releases.by_class import Block, Counts, Sums, joints
from service.responses.sheet import Column

# People per block: long enough to hide numpy's cost per call, short enough for the cache.
_BLOCK = 1 << 17

ENPS_THIRDS = (frozenset({9, 10}), frozenset({7, 8}), frozenset(range(7)))
"""Promoters, passives, detractors."""


def tally(
    document: Document,
    columns: Sequence[Column],
    classes: npt.NDArray[np.intp],
    matrix: npt.NDArray[np.int16],
    class_count: int,
) -> list[Measure]:
    """Every measure of the document, in its order: items (without texts), then scales and indices of the person rule.

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


class _Asked(NamedTuple):
    """Whose answers decide who is asked an item, and whether people without any answer are."""

    gates: tuple[str, ...]
    asks_skippers: bool

    @classmethod
    def where(cls, needed: Sequence[Condition]) -> "_Asked":
        return cls(tuple(sorted(gates(*needed))), bool(needed) and all(holds(one, {}) for one in needed))


def _item_tallies(document: Document, columns: Sequence[Column], answers: _Answers) -> dict[str, Measure]:
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
    asked_if = conditions(document.items, document.sections)
    found: dict[str, Measure] = {}
    for item in document.items:
        if item.id not in places:
            continue
        asked = _Asked.where(asked_if.get(item.id, ()))
        if isinstance(item, NumberItem):
            found[item.id] = _number_tally(item, asked, sums[places[item.id][0]])
        else:
            found[item.id] = _table_tally(item, asked, [tables[at] for at in places[item.id]])
    return found


def _codes(answers: npt.NDArray[np.int16], least: int) -> npt.NDArray[np.int16]:
    """0 for a skip, then 1 for the least value."""
    codes = np.maximum(answers, np.int16(least - 1))
    return codes if least == 1 else codes - np.int16(least - 1)


def _number_tally(item: NumberItem, asked: _Asked, sums: Sums) -> Measure:
    n, total, square_total = sums.shifted(item.minimum - 1)
    return Measure(
        id=item.id,
        kind=Kind.item,
        n=n,
        sensitive=item.sensitive,
        weights=(),
        scores=(),
        alike=True,
        gaps=None,
        gates=asked.gates,
        asks_skippers=asked.asks_skippers,
        total=total,
        square_total=square_total,
        denominator=1,
        score_min=item.minimum,
        score_max=item.maximum,
    )


def _table_tally(item: Item, asked: _Asked, tables: Sequence[Counts]) -> Measure:
    """The tally of an item from the histogram [C, 1 + values] of each of its columns, skips first."""
    n = tables[0][:, 1:].sum(axis=1)
    counts = np.ascontiguousarray(tables[0][:, 1:])
    if isinstance(item, RatingItem):
        points = np.arange(1, item.points + 1, dtype=np.int64)
        thirds = favourable_points(item.points)
        return _points_tally(item, asked, n, counts, points[::-1] if item.reverse else points, thirds)
    if isinstance(item, EnpsItem):
        return _points_tally(item, asked, n, counts, np.arange(ENPS_MOST + 1, dtype=np.int64), ENPS_THIRDS)
    if isinstance(item, MultipleChoiceItem | RankingItem):  # who chose it, or put it first
        counts = np.stack([table[:, 2] for table in tables], axis=1)
    return Measure(
        id=item.id,
        kind=Kind.item,
        n=n,
        sensitive=item.sensitive,
        alike=True,
        gaps=None,
        gates=asked.gates,
        asks_skippers=asked.asks_skippers,
        weights=(),
        scores=(),
        counts=counts,
    )


def _points_tally(
    item: RatingItem | EnpsItem,
    asked: _Asked,
    n: Counts,
    counts: Counts,
    scores: Counts,
    thirds: Sequence[frozenset[int]],
) -> Measure:
    """The tally of an item whose answers are scores; `thirds` are the favourable, neutral and unfavourable ones."""
    favourable, neutral, unfavourable = (counts[:, np.isin(scores, list(chosen))].sum(axis=1) for chosen in thirds)
    return Measure(
        id=item.id,
        kind=Kind.item,
        n=n,
        sensitive=item.sensitive,
        alike=True,
        gaps=None,
        gates=asked.gates,
        asks_skippers=asked.asks_skippers,
        weights=(),
        total=counts @ scores,
        square_total=counts @ (scores * scores),
        denominator=1,
        score_min=int(scores.min()),
        score_max=int(scores.max()),
        counts=counts,
        favourable=favourable,
        neutral=neutral,
        unfavourable=unfavourable,
        share_denominator=1,
        scores=scores.tolist(),
        enps=isinstance(item, EnpsItem),
    )


def _scored_tallies(
    document: Document, columns: Sequence[Column], answers: _Answers, items: Mapping[str, Measure]
) -> Iterator[Measure]:
    scorings = rated(document, {column.item_id: at for at, column in enumerate(columns)})
    wholes: list[Scoring] = [*scorings.scales.values(), *scorings.indices.values()]
    sums = {scoring.id: _ScoredSums(scoring, answers) for scoring in wholes}
    asked = _with_shares(scorings, items, np.bincount(answers.classes, minlength=answers.class_count))
    for block, rows in answers.blocks() if sums else ():
        scores = scorings.scores(rows, asked)
        for name, whole in sums.items():
            whole.add(block, scores[name], scores, rows)
    told = dict(items)
    for name, scored_sums in sums.items():
        told[name] = scored_sums.tally([told[part] for part in scored_sums.scoring.parts])
        yield told[name]


def _with_shares(scorings: Rated, items: Mapping[str, Measure], present: Counts) -> frozenset[str]:
    """The scales whose shares are counted person by person.

    Where nobody skipped anything, shares add up from the parts' and no person is looked at for them.
    """
    scales = scorings.scales.values()
    gaps = {scale.id for scale in scales if any(np.any(items[part].n != present) for part in scale.parts)}
    indices = (index for index in scorings.indices.values() if not index.ratio)
    return frozenset(gaps.union(*(index.parts for index in indices if not gaps.isdisjoint(index.parts))))


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
        self._bands = None if scoring.cuts is None else answers.zeros(len(scoring.cuts.bands))
        self._gaps: tuple[list[Counts], list[list[Counts]]] | None = None
        if isinstance(scoring, ScaleScoring) and scoring.gap_sizes:
            sizes, parts = scoring.gap_sizes, scoring.parts
            self._gaps = [answers.zeros() for _ in sizes], [[answers.zeros() for _ in parts] for _ in sizes]

    def add(self, block: Block, scores: Scores, all_scores: Mapping[str, Scores], rows: ByColumn) -> None:
        """Add a block; whether its scores come with shares is the same for all blocks."""
        scoring = self.scoring
        codes = scores.score - scores.score.dtype.type(scoring.least - 1)
        self._codes.add(block.sums(_blank(codes, scores.scored), scoring.most - scoring.least + 2))
        if scores.partial is not None:
            self._partial += block.count(scores.partial)
        if scores.favourable is not None and scores.unfavourable is not None:
            self._counts_shares = True
            width = scoring.denominator + 1
            self._favourable += block.sums(_blank(scores.favourable, scores.scored), width).first
            self._unfavourable += block.sums(_blank(scores.unfavourable, scores.scored), width).first
        if self._bands is not None:
            band = _blank(self._band(scores, all_scores) + 1, scores.scored)
            self._bands += block.histogram(band, self._bands.shape[1] + 1)[:, 1:]
        if scores.answered is not None and isinstance(scoring, ScaleScoring):
            self._add_gaps(block, scoring, scores.answered, rows)

    def _band(self, scores: Scores, all_scores: Mapping[str, Scores]) -> npt.NDArray[np.intp]:
        scoring = self.scoring
        if isinstance(scoring, ScaleScoring):
            return scoring.band(scores)
        return scoring.band(scores, [all_scores[part] for part in scoring.parts])

    def _add_gaps(self, block: Block, scoring: ScaleScoring, answered: ByPerson, rows: ByColumn) -> None:
        people, by_part = self._gaps or ([], [])
        for at, size in enumerate(scoring.gap_sizes):
            these = answered == size
            people[at] += block.count(these)
            for part, column in enumerate(scoring.columns):
                by_part[at][part] += block.count(these & (rows[column] != SKIPPED))

    def tally(self, parts: Sequence[Measure]) -> Measure:
        """The measure, given the tallies of its parts."""
        scoring = self.scoring
        n, total, square_total = self._codes.shifted(scoring.least - 1)
        scale = isinstance(scoring, ScaleScoring)
        told = Measure(
            id=scoring.id,
            kind=Kind.scale if scale else Kind.index,
            n=n,
            sensitive=any(part.sensitive for part in parts),
            total=total,
            square_total=square_total,
            denominator=scoring.denominator,
            score_min=scoring.least // scoring.denominator,
            score_max=scoring.most // scoring.denominator,
            counts=self._bands,
            parts=scoring.parts,
            weights=_weights(scoring),
            scores=(),
            negative=isinstance(scoring, ScaleScoring) and scoring.negative,
            partial=self._partial,
            gaps=None if self._gaps is None else Gaps(np.stack(self._gaps[0]), np.array(self._gaps[1], np.int64)),
            alike=_alike(scoring, parts),
            gates=(),
            asks_skippers=False,
            percent=scoring.unit == "percent",
            times=scoring.weight if isinstance(scoring, ScaleScoring) and scoring.unit == "sum" else 1,
        )
        return told if isinstance(scoring, IndexScoring) and scoring.ratio else replace(told, **self._shares(n, parts))

    def _shares(self, n: Counts, parts: Sequence[Measure]) -> dict[str, Any]:
        favourable, unfavourable = self._favourable, self._unfavourable
        if not self._counts_shares:
            favourable = _combined(self.scoring, [part.favourable for part in parts])
            unfavourable = _combined(self.scoring, [part.unfavourable for part in parts])
        return {
            "favourable": favourable,
            "neutral": self.scoring.denominator * n - favourable - unfavourable,
            "unfavourable": unfavourable,
            "share_denominator": self.scoring.denominator,
        }


def _alike(scoring: Scoring, parts: Sequence[Measure]) -> bool:
    """Whether no figure can hang on some of its items alone: bands of unlike parts may."""
    if isinstance(scoring, ScaleScoring):
        return len(set(scoring.weights)) == 1
    same_sizes = len({len(scale.parts) for scale in scoring.scales}) == 1
    plain = scoring.cuts is None or (same_sizes and not scoring.ratio and not scoring.cuts.when)
    return plain and all(part.alike for part in parts)


def _weights(scoring: Scoring) -> tuple[int, ...]:
    """Of each part in the score; none of a ratio."""
    if isinstance(scoring, ScaleScoring):
        return scoring.weights
    return () if scoring.ratio else (1,) * len(scoring.scales)


def _blank(codes: ByPerson, scored: People | None) -> ByPerson:
    """The codes, 0 for people who are not scored."""
    return codes if scored is None else codes * scored


def _combined(scoring: Scoring, parts: Sequence[Counts | None]) -> Counts:
    """The parts' shares over the denominator of the whole; they all exist: the parts of a scale or index are scored."""
    known = [part for part in parts if part is not None]
    # A scale's weights are over their sum, and its denominator a multiple of that.
    times = scoring.denominator // scoring.weight if isinstance(scoring, ScaleScoring) else 1
    return times * np.tensordot(np.array(scoring.weights, np.int64), np.stack(known), axes=1)
