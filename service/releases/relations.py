"""How answers go together in a whole wave: alpha and omega of scales, ICC of units, what goes with the outcome. Pure.

Counted once, with the answers, in exact sums of products (`related`); told afterwards (`told`), where the wave is large
enough and nothing of it stands in the way:

- A relation is of everybody who counts in all its measures, at least 100 people, never of a part of them.
- Products and squares of these people's answers could be compared with whatever else is shown of the measures: with
  standard deviations, with distributions, which tell squares as well and stand in finer cells, and with those of
  indices made of them. Who counts in a measure and not in the relation is nobody; or else, class by class, the smaller
  side of the two kinds of people adds up to the threshold of deviations. A combination that uses the relation has in
  each class one coefficient for those who count in both, and another for those who count in the measure alone: one
  kind can drop out of a class, and not both.
- Scales that score people with gaps are in no drivers: their products would stand beside those of their items, which
  are of other people.
- ICC is made of sums that are published already and the squares behind the deviation of everybody: its units are those
  whose means are shown, and what they leave of the units above. So it adds no sum to what is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.disclosure.bands import n_band
from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.table import Column as TableColumn
from service.disclosure.table import SafeTable
from service.disclosure.tree import Ints, Mask, Tree
from service.questionnaires.document import Document, RatingItem
from service.questionnaires.scoring import SKIPPED, ByColumn, Rated, Scores, Scoring, rated
from service.releases.drivers import correlations, relative_weights
from service.releases.reliability import Matrix, Moments, alpha, icc, omega
from service.responses.sheet import Column

FEWEST = 100
FINE_FROM = 1_000
"""From so many people on, figures have three decimals instead of two."""
_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """People who count in all of some measures: how many of each class, and their sums of products.

    `measures` are what it is made of and what that is made of; `moments` are over the first of them, as many as there
    are `denominators`, over which their scores are whole numbers. `beside` are indices made of them, with which it
    could be compared as well, whatever these show.
    """

    measures: tuple[str, ...]
    beside: tuple[str, ...]
    people: Ints
    moments: Moments
    denominators: tuple[int, ...]

    def covariance(self) -> Matrix | None:
        found = self.moments.covariance()
        return None if found is None else found / np.outer(self.denominators, self.denominators)


@dataclass(frozen=True, slots=True, eq=False)
class Related:
    """Of each scale of two items or more its items together; the outcome with the scales that it is weighed with."""

    scales: Mapping[str, Relation]
    drivers: Relation | None


def related(
    document: Document,
    columns: Sequence[Column],
    classes: npt.NDArray[np.intp],
    matrix: npt.NDArray[np.int16],
    class_count: int,
) -> Related:
    """All relations of a document, counted over the answers as `statistics.tally` takes them."""
    scorings = rated(document, {column.item_id: at for at, column in enumerate(columns)})
    counting = [_OfItems(document, scorings, name, class_count) for name in scorings.scales]
    counting = [one for one in counting if len(one.columns) > 1]
    drivers = _OfScales.of(document, scorings, class_count)
    by_column = np.ascontiguousarray(matrix.T)
    for start in range(0, len(classes), _BLOCK):
        rows = slice(start, start + _BLOCK)
        for one in counting:
            one.add(by_column[:, rows], classes[rows])
        if drivers is not None:
            drivers.add(scorings.scores(by_column[:, rows], frozenset()), classes[rows])
    return Related({one.scale: one.relation() for one in counting}, None if drivers is None else drivers.relation())


class _Sums:
    """People who count, block by block."""

    def __init__(
        self, measures: tuple[str, ...], beside: tuple[str, ...], denominators: tuple[int, ...], class_count: int
    ) -> None:
        self._measures = tuple(dict.fromkeys(measures))
        self._beside = beside
        self._denominators = denominators
        self._people = np.zeros(class_count, np.int64)
        self._moments = Moments.of(np.zeros((0, len(denominators)), np.int32))

    def count(self, scores: npt.NDArray[np.signedinteger[Any]], classes: npt.NDArray[np.intp]) -> None:
        """Add people: their scores [people, measures] and classes [people]."""
        self._moments += Moments.of(scores)
        self._people += np.bincount(classes, minlength=len(self._people))

    def relation(self) -> Relation:
        return Relation(self._measures, self._beside, self._people, self._moments, self._denominators)


class _OfItems(_Sums):
    """The items of a scale, of those who answered all of them."""

    def __init__(self, document: Document, scorings: Rated, scale: str, class_count: int) -> None:
        scoring = scorings.scales[scale]
        self.scale = scale
        self.columns = list(scoring.columns)
        ratings = {item.id: item for item in document.items if isinstance(item, RatingItem)}
        self._turned = np.array([ratings[name].reverse for name in scoring.parts])
        self._points = scoring.points
        super().__init__((*scoring.parts, scale), (), (1,) * len(self.columns), class_count)

    def add(self, by_column: ByColumn, classes: npt.NDArray[np.intp]) -> None:
        answers = by_column[self.columns]
        complete = (answers != SKIPPED).all(axis=0)
        answers = answers[:, complete]
        turned = np.where(self._turned[:, None], self._points + 1 - answers, answers)
        self.count(turned.T, classes[complete])


class _OfScales(_Sums):
    """The outcome, first, and the scales that it is weighed with, of those who are scored on all of them."""

    def __init__(self, scorings: Rated, outcome: str, others: tuple[str, ...], count: int) -> None:
        known: dict[str, Scoring] = {**scorings.scales, **scorings.indices}
        self._names = (outcome, *others)
        parts = scorings.indices[outcome].parts if outcome in scorings.indices else ()
        # A score on a scale of one item is that item's answer, with all that is known of it.
        scales = [scorings.scales[name] for name in (*self._names, *parts) if name in scorings.scales]
        alone = [scale.parts[0] for scale in scales if len(scale.parts) == 1]
        beside = tuple(
            name for name, index in scorings.indices.items() if name != outcome and set(index.parts) & set(self._names)
        )
        denominators = tuple(known[name].denominator for name in self._names)
        super().__init__((*self._names, *parts, *alone), beside, denominators, count)

    @classmethod
    def of(cls, document: Document, scorings: Rated, count: int) -> "_OfScales | None":
        """None where the document names no outcome, or one without scores of persons, or too little beside it."""
        outcome = document.outcome
        if outcome is None or outcome not in {**scorings.scales, **scorings.indices}:
            return None
        own = scorings.indices[outcome].parts if outcome in scorings.indices else (outcome,)
        if any(scorings.scales[name].gap_sizes for name in own):
            return None
        others = tuple(name for name, scale in scorings.scales.items() if name not in own and not scale.gap_sizes)
        return cls(scorings, outcome, others, count) if len(others) > 1 else None

    def add(self, scores: Mapping[str, Scores], classes: npt.NDArray[np.intp]) -> None:
        mine = [scores[name] for name in self._names]
        everybody = np.ones(len(classes), np.bool_)
        for one in mine:
            if one.scored is not None:
                everybody &= one.scored
        self.count(np.stack([one.score[everybody] for one in mine], axis=1), classes[everybody])


def told(
    counted: Related, table: SafeTable, measures: Sequence[Measure], tree: Tree, by_node: "ByNode", policy: Policy
) -> dict[str, Any]:
    """What is told of all this, for the manifest; empty where nothing may be.

    Args:
        counted: as `related` gives it.
        table: what is published.
        measures: the tallies, by class.
        tree: the org tree, whose nodes are the table's first places.
        by_node: sums by class to sums by node.
        policy: the thresholds.
    """
    shown = _Beside({measure.id: measure for measure in measures}, table, tree, by_node, policy)
    scales = [
        entry
        for name, relation in counted.scales.items()
        if shown.may(relation) and (entry := _reliability(name, relation, shown.compared(relation))) is not None
    ]
    of_units = [measure for measure in measures if measure.kind is Kind.scale]
    units = [entry for scale in of_units if (entry := shown.units(scale)) is not None]
    drivers = counted.drivers
    weighed = _weights(drivers, shown.compared(drivers)) if drivers is not None and shown.may(drivers) else None
    found = {"scales": scales, "units": units, "drivers": weighed}
    return {name: entry for name, entry in found.items() if entry}


def _reliability(scale: str, relation: Relation, compared: list[str]) -> dict[str, Any] | None:
    covariance = relation.covariance()
    found = {"alpha": alpha(covariance), "omega": omega(covariance)}
    n = int(relation.people.sum())
    if found["alpha"] is None:
        return None
    return {"scale": scale, "n": _told(n), "measures": compared} | _rounded(found, n)


def _weights(relation: Relation, compared: list[str]) -> dict[str, Any] | None:
    n = int(relation.people.sum())
    between = correlations(relation.covariance())
    weights = relative_weights(between, 0, n)
    if between is None or weights is None or weights.shares is None:
        return None
    outcome, *others = relation.measures[: len(relation.denominators)]
    rows = zip(others, weights.shares.tolist(), between[0, 1:].tolist(), strict=True)
    return {
        "outcome": outcome,
        "n": _told(n),
        "measures": compared,
        **_rounded({"r_squared": weights.r_squared}, n),
        "weights": [
            {"scale": name, **_rounded({"share": share, "correlation": correlation}, n)}
            for name, share, correlation in rows
        ],
    }


def _told(n: int) -> int:
    """The number of people as it is shown: beside the exact one, bands of numbers would tell that of a small group."""
    return int(n_band(np.array([n]))[0][0])


def _rounded(figures: Mapping[str, float | None], n: int) -> dict[str, float]:
    """Figures that are defined, as they are shown."""
    places = 3 if n >= FINE_FROM else 2
    # Added to, a negative zero loses its sign.
    return {name: round(value, places) + 0.0 for name, value in figures.items() if value is not None}


class ByNode:
    """Sums by class to sums by node of the org tree, without those below."""

    def __init__(self, node: Ints, size: int) -> None:
        self._node = node
        self._size = size

    def __call__(self, by_class: Ints) -> Ints:
        summed = np.zeros(self._size, np.int64)
        np.add.at(summed, self._node, by_class)
        return summed


class _Beside:
    """What is published beside the relations."""

    def __init__(
        self, measures: Mapping[str, Measure], table: SafeTable, tree: Tree, by_node: ByNode, policy: Policy
    ) -> None:
        self._measures = measures
        self._means: dict[str, TableColumn] = {
            column.measure: column for column in table.columns if column.family is Family.mean
        }
        self._tree = tree
        self._by_node = by_node
        self._policy = policy

    def may(self, relation: Relation) -> bool:
        """Whether the relation tells nothing of too few people."""
        people = relation.people
        return (
            int(people.sum()) >= FEWEST
            and all(self._apart(name, people) for name in self.compared(relation))
            and all(self._enough_apart(self._measures[name], people) for name in relation.beside)
        )

    def compared(self, relation: Relation) -> list[str]:
        """All measures that a relation could be compared with."""
        return [*relation.measures, *(name for name in relation.beside if self._shows_some(name))]

    def _shows_some(self, name: str) -> bool:
        deviations = self._deviations(name)
        return deviations is not None and bool(deviations.any())

    def _apart(self, name: str, people: Ints) -> bool:
        deviations = self._deviations(name)
        measure = self._measures[name]
        if deviations is None or not deviations[self._tree.root] or self._gated(measure):
            return False
        return self._enough_apart(measure, people)

    def _enough_apart(self, measure: Measure, people: Ints) -> bool:
        others = measure.n - people
        kept_in = int(np.minimum(people, others).sum())
        return not others.any() or kept_in >= self._policy.sd_k(sensitive=measure.sensitive)

    def _gated(self, measure: Measure) -> bool:
        """Whether its number of respondents is an answer: a relation would tell it to within five."""
        return bool(measure.gates) or any(self._gated(self._measures[part]) for part in measure.parts)

    def _deviations(self, name: str) -> Mask | None:
        column = self._means.get(name)
        return None if column is None or column.has_sd is None else column.has_sd[: self._tree.size]

    def units(self, measure: Measure) -> dict[str, Any] | None:
        """How much of a score is its unit's: of the units as published, and of what is left of those above."""
        deviations = self._deviations(measure.id)
        n = int(measure.n.sum())
        if deviations is None or not deviations[self._tree.root] or n < FEWEST or self._gated(measure):
            return None
        if measure.total is None or measure.square_total is None:
            return None
        published = self._means[measure.id].published[: self._tree.size]
        people, scores = (self._tree.blocks(self._by_node(own), published) for own in (measure.n, measure.total))
        groups = np.flatnonzero(people)
        # Only their sum counts, which is behind the deviation of everybody.
        squares = np.zeros(len(groups), np.int64)
        squares[:1] = measure.square_total.sum()
        found = icc(people[groups].tolist(), scores[groups].tolist(), squares.tolist())
        if found.icc1 is None:
            return None
        figures = _rounded({"icc1": found.icc1, "icc2": found.icc2}, n)
        return {"scale": measure.id, "n": _told(n), "measures": [measure.id], "groups": len(groups)} | figures
