"""The only way from counts to figures: `protect` decides what is published, codes it, and builds the safe table.

Here the plan is the org tree alone; `breakdowns` protects the others and falls back on this. Stages, each a pure module
of its own: `programme` (best safe set of cells per weight vector), `parts` (scales and indices against what they are
built from), `coding` (display by n).
"""

from collections.abc import Sequence

import numpy as np

from service.disclosure import group_means
from service.disclosure.columns import OfTree, columns
from service.disclosure.measures import Family, GroupMean, Kind, Measure
from service.disclosure.patterns import Patterns, check_parts, patterns
from service.disclosure.policy import Policy
from service.disclosure.table import BUILT_BY_PROTECT, Row, SafeTable, Share
from service.disclosure.tree import Ints, Tree

__all__ = ["Family", "GroupMean", "Kind", "Measure", "Row", "SafeTable", "Share", "Tree", "protect"]


def protect(
    tree: Tree,
    respondents: Ints,
    measures: Sequence[Measure],
    policy: Policy,
    *,
    derived: Sequence[GroupMean] = (),
    invited: Ints | None = None,
) -> SafeTable:
    """The safe table of a wave.

    Args:
        tree: the org tree; its nodes are the classes of all arrays.
        respondents: people of each class who answered anything at all, [classes].
        measures: what may be published, counted by class. The result for one does not depend on their order.
        policy: the thresholds of the campaign.
        derived: scales and indices by the group rule, shown where all their parts are; a part stands before its whole.
        invited: people of each class who were asked, [classes]. None: means have no intervals.

    Raises:
        ValueError: the numbers contradict each other or break a condition of the proof; names the measure.
    """
    everybody = checked(tree.size, respondents, measures, derived)
    asked = checked_invited(everybody, invited)
    decided = patterns(tree, everybody, measures, policy)
    found = columns(OfTree(tree), measures, decided, derived, asked, participation_from=policy.participation_from)
    return SafeTable(key=BUILT_BY_PROTECT, columns=found, report=report(decided), policy=policy)


def checked(classes: int, respondents: Ints, measures: Sequence[Measure], derived: Sequence[GroupMean] = ()) -> Ints:
    """The respondents by class, once they, the measures and the group means fit together.

    Raises:
        ValueError: the numbers contradict each other or break a condition of the proof; names the measure.
    """
    if not measures:
        raise ValueError("there is no measure to protect")
    everybody = np.asarray(respondents)
    if everybody.dtype.kind not in "iu" or everybody.shape != (classes,) or bool((everybody < 0).any()):
        raise ValueError("respondents are one whole number per class, none under zero")
    everybody = everybody.astype(np.int64)
    for measure in measures:
        if measure.n.shape != everybody.shape:
            raise ValueError(f"measure {measure.id}: does not have one count per class")
        if bool((measure.n + _partial(measure) > everybody).any()):
            raise ValueError(f"measure {measure.id}: n, with partial, exceeds the respondents of a class")
    check_parts(measures)
    group_means.check(measures, derived)
    return everybody


def checked_invited(respondents: Ints, invited: Ints | None) -> Ints | None:
    """The people invited by class, where they are told, once no class has more respondents.

    Raises:
        ValueError: a class has; or they are not one whole number per class.
    """
    if invited is None:
        return None
    asked = np.asarray(invited)
    if asked.dtype.kind not in "iu" or asked.shape != respondents.shape or bool((asked < respondents).any()):
        raise ValueError("people invited are one whole number per class, none under the respondents")
    return asked.astype(np.int64)


def _partial(measure: Measure) -> Ints:
    return np.zeros_like(measure.n) if measure.partial is None else measure.partial


def report(decided: Patterns) -> dict[Family, dict[str, int]]:
    """Numbers of cells by family and inner reason, for the operator."""
    counts = {
        family: dict.fromkeys(("published", "primary", "complementary", "parts"), 0)
        for family in sorted({family for _, family in decided})
    }
    for (_, family), pattern in decided.items():
        counts[family]["published"] += int(pattern.published.sum())
        counts[family]["primary"] += pattern.primary
        counts[family]["complementary"] += pattern.complementary
        counts[family]["parts"] += pattern.parts
    return counts
