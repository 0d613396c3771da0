"""The only way from counts to figures: `protect` decides what is published, codes it, and builds the safe table.

At this floor the plan is the org tree alone. Stages, each a pure module of its own: `programme` (best safe set of cells
per weight vector), `parts` (scales and indices against what they are built from), `coding` (display by n).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from service.disclosure import coding
from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.patterns import Pattern, check_parts, patterns
from service.disclosure.policy import Policy
from service.disclosure.table import BUILT_BY_PROTECT, Column, Figures, Row, SafeTable, Share, sealed
from service.disclosure.tree import Ints, Mask, Tree

__all__ = ["Family", "Kind", "Measure", "Row", "SafeTable", "Share", "Tree", "protect"]


def protect(tree: Tree, respondents: Ints, measures: Sequence[Measure], policy: Policy) -> SafeTable:
    """The safe table of a wave.

    Args:
        tree: the org tree; its nodes are the classes of all arrays.
        respondents: people of each class who answered anything at all, [classes].
        measures: what may be published, counted by class. The result for one does not depend on their order.
        policy: the thresholds of the campaign.

    Raises:
        ValueError: the numbers contradict each other or break a condition of the proof; names the measure.
    """
    if not measures:
        raise ValueError("there is no measure to protect")
    everybody = np.asarray(respondents)
    if everybody.dtype.kind not in "iu" or everybody.shape != (tree.size,) or bool((everybody < 0).any()):
        raise ValueError("respondents are one whole number per class, none under zero")
    everybody = everybody.astype(np.int64)
    for measure in measures:
        if measure.n.shape != everybody.shape:
            raise ValueError(f"measure {measure.id}: does not have one count per class")
        if bool((measure.n + _partial(measure) > everybody).any()):
            raise ValueError(f"measure {measure.id}: n, with partial, exceeds the respondents of a class")
    check_parts(measures)
    decided = patterns(tree, everybody, measures, policy)
    columns = [
        _column(tree, measure, family, decided[measure.id, family])
        for measure in measures
        for family in measure.families
    ]
    return SafeTable(key=BUILT_BY_PROTECT, columns=columns, report=_report(decided), policy=policy)


def _partial(measure: Measure) -> Ints:
    return np.zeros_like(measure.n) if measure.partial is None else measure.partial


def _report(decided: Mapping[tuple[str, Family], Pattern]) -> dict[Family, dict[str, int]]:
    report = {
        family: dict.fromkeys(("published", "primary", "complementary", "parts"), 0)
        for family in sorted({family for _, family in decided})
    }
    for (_, family), pattern in decided.items():
        report[family]["published"] += int(pattern.published.sum())
        report[family]["primary"] += pattern.primary
        report[family]["complementary"] += pattern.complementary
        report[family]["parts"] += pattern.parts
    return report


class _Cells:
    """The published cells of one column: sums over them, and their figures put back among the withheld ones."""

    def __init__(self, tree: Tree, n: Ints, published: Mask) -> None:
        self.tree = tree
        self.published = published
        self.everywhere = tree.sums(n)
        self.n = self.everywhere[published]
        self.near = self.nearby(published)

    def nearby(self, pattern: Mask) -> coding.Nearby:
        """Residuals of a pattern (this one or one inside it) that each published cell takes part in."""
        near = coding.nearby(self.tree, self.everywhere[:, None], pattern[:, None])
        return coding.Nearby(*(size[self.published, 0] for size in (near.small, near.middling, near.large)))

    def sums(self, own: Ints) -> Ints:
        return self.tree.sums(own)[self.published]

    def put(self, figures: Ints) -> Ints:
        column = np.zeros(self.tree.size, dtype=np.int64)
        column[self.published] = figures
        return sealed(column)


def _column(tree: Tree, measure: Measure, family: Family, pattern: Pattern) -> Column:
    cells = _Cells(tree, measure.n, pattern.published)
    if family is Family.mean:
        return _mean_column(measure, pattern, cells)
    return _distribution_column(measure, pattern, cells)


def _mean_column(measure: Measure, pattern: Pattern, cells: _Cells) -> Column:
    if measure.total is None or measure.square_total is None or measure.score_min is None or measure.score_max is None:
        raise ValueError(f"measure {measure.id}: has no mean")
    total = cells.sums(measure.total)
    denominator = np.full_like(total, measure.denominator)
    # The standard deviation has the decimals of its mean, so the residuals of both patterns count for both.
    near = cells.near.with_those_of(cells.nearby(pattern.sd))
    coded = coding.means(total, denominator, cells.n, lowest=measure.score_min, highest=measure.score_max, near=near)
    shown = pattern.sd[pattern.published]
    deviation = np.zeros_like(total)
    squares = cells.sums(measure.square_total)
    deviation[shown] = coding.deviations(
        total[shown], squares[shown], denominator[shown], cells.n[shown], coded.decimals[shown]
    )
    n_from, n_to = coding.n_band(cells.n)
    return Column(
        measure=measure.id,
        family=Family.mean,
        published=sealed(pattern.published),
        n_from=cells.put(n_from),
        n_to=cells.put(n_to),
        decimals=cells.put(coded.decimals),
        mean=cells.put(coded.units),
        sd=cells.put(deviation),
        has_sd=sealed(pattern.sd),
    )


def _distribution_column(measure: Measure, pattern: Pattern, cells: _Cells) -> Column:
    step, end = coding.share_format(cells.n, cells.near)

    def figures(own: Ints | None, denominator: int) -> Figures | None:
        if own is None:
            return None
        coded = coding.shares(cells.sums(own), cells.n * denominator, step, end)
        return Figures(cells.put(coded.units), cells.put(coded.bounds))

    n_from, n_to = coding.n_band(cells.n)
    options = () if measure.counts is None else (figures(own, 1) for own in measure.counts.T)
    return Column(
        measure=measure.id,
        family=Family.distribution,
        published=sealed(pattern.published),
        n_from=cells.put(n_from),
        n_to=cells.put(n_to),
        decimals=cells.put(np.where(step == coding.SHARE_STEPS[0], 1, 0)),
        favourable=figures(measure.favourable, measure.share_denominator),
        neutral=figures(measure.neutral, measure.share_denominator),
        unfavourable=figures(measure.unfavourable, measure.share_denominator),
        distribution=tuple(one for one in options if one is not None) or None,
    )
