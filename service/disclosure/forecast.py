"""What a plan would let be published, foretold from the people who would be invited; nobody has answered yet. Pure.

Who answers is drawn at random, a number of times. On each draw the cells that are large enough are counted, and the org
tree alone is protected by the tree programme; on the first one the whole engine decides, as it would of an item that
everybody who answers answers. The draws hang on the people and their units, not on the plan nor on the rate: whoever
answers at one rate answers at every higher one.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod
from typing import NamedTuple

import numpy as np

from service.disclosure.grid import Grid
from service.disclosure.programme import programme
from service.disclosure.tree import Ints, Mask, Tree

DRAWS = 20
MERGES_TRIED = 40
MERGES_TOLD = 10
OFTEN = 0.9
"""In so many of the draws merged units are together large enough."""
TOTAL = 2_000_000
"""Groups that the engine may look at under one threshold: seconds. A release may look at many times as many."""
_SEED = 20_180_501


class Shares(NamedTuple):
    """From 0 to 1: of the cells that anybody invited is in; of these people, once for each such cell they are in."""

    cells: float
    people: float


class Spread(NamedTuple):
    """Over the draws: a tenth, half and nine tenths of them have this or less."""

    low: Shares
    median: Shares
    high: Shares


class Outlook(NamedTuple):
    """One breakdown under one threshold: cells that anybody invited is in; published ones, and large ones by draw."""

    cells: int
    published: Shares
    large: Spread


class Foretold(NamedTuple):
    """One threshold, breakdown by breakdown, and what a plan of the org tree alone would publish by draw.

    `fell_back` where the engine has not proved more than the tree.
    """

    k: int
    fell_back: bool
    outlooks: tuple[Outlook, ...]
    tree_alone: Spread


class Merge(NamedTuple):
    """Sibling units that are withheld apart and would be published as one, all their people in one unit.

    Attributes:
        nodes: of the units.
        people: invited in them.
        published: share of the draws in which they are published together.
        gained: people more who live in a published unit, mean of the draws; they count once for each. Other units may
            be published as well then, or no longer.
    """

    nodes: tuple[int, ...]
    people: int
    published: float
    gained: float


class Forecast(NamedTuple):
    """By threshold, in the order asked for; and the merges that help most under the first, best first."""

    families: tuple[Foretold, ...]
    merges: tuple[Merge, ...]


def forecast(grid: Grid, invited: Ints, rate: float, thresholds: Sequence[int], total: int = TOTAL) -> Forecast:
    """The same forecast for the same people, whatever order their classes are given in.

    Args:
        grid: classes and places.
        invited: people of each class, [classes].
        rate: probability that somebody answers, over 0, at most 1.
        thresholds: smallest groups to ask for, at least one.
        total: see `TOTAL`.

    Raises:
        ValueError: the rate is not between 0 and 1, or there is no threshold.
    """
    if not 0 < rate <= 1 or not thresholds:
        raise ValueError("the rate lies over 0 and at most at 1, and there is a threshold")
    answers = _answers(grid, invited, rate)
    people = grid.sums(invited)
    drawn = np.stack([grid.sums(one) for one in answers], axis=1)
    own = np.stack([grid.by_node(one) for one in answers], axis=1)
    protected = _protected(grid, answers[0], sorted(set(thresholds)), total)
    families = []
    for k in thresholds:
        tree = programme(grid.tree, own, k)
        pattern = protected.get(k)
        if pattern is None:
            pattern = np.zeros(grid.size, np.bool_)
            pattern[: grid.tree.size] = tree[:, 0]
        outlooks = [
            Outlook(int((people[part] > 0).sum()), _shares(people[part], pattern[part, None])[0], _spread(shares))
            for part in _parts(grid)
            for shares in [_shares(people[part], drawn[part] >= k)]
        ]
        tree_alone = _spread(_shares(people[: grid.tree.size], tree))
        families.append(Foretold(k, k not in protected, tuple(outlooks), tree_alone))
    return Forecast(tuple(families), _merges(grid.tree, grid.by_node(invited), own, thresholds[0]))


def _answers(grid: Grid, invited: Ints, rate: float) -> Ints:
    """How many of each class answer, by draw, [draws, classes]."""
    class_of = np.repeat(grid.order, invited[grid.order])
    luck = np.random.default_rng(_SEED)
    return np.stack(
        [np.bincount(class_of[luck.random(len(class_of)) < rate], minlength=len(invited)) for _ in range(DRAWS)]
    )


def _parts(grid: Grid) -> Iterator[slice]:
    """The places of each breakdown."""
    groups = [prod(grid.sizes[dimension] for dimension in breakdown) for breakdown in grid.breakdowns]
    ends = np.cumsum([0, *groups]) * grid.tree.size
    return (slice(start, end) for start, end in pairwise(ends.tolist()))


def _shares(people: Ints, shown: Mask) -> list[Shares]:
    """By draw; `shown` is [places, draws]."""
    there = people > 0
    cells = (shown & there[:, None]).sum(axis=0) / max(int(there.sum()), 1)
    living = (shown * people[:, None]).sum(axis=0) / max(int(people.sum()), 1)
    return [Shares(*both) for both in zip(cells.tolist(), living.tolist(), strict=True)]


def _spread(shares: list[Shares]) -> Spread:
    cells, living = (np.quantile(one, (0.1, 0.5, 0.9), method="inverted_cdf") for one in zip(*shares, strict=True))
    return Spread(*(Shares(*both) for both in zip(cells.tolist(), living.tolist(), strict=True)))


def _protected(grid: Grid, respondents: Ints, thresholds: Sequence[int], total: int) -> dict[int, Mask]:
    """The places that a release would publish, by threshold, each inside the one before; none if one is not proved."""
    if len(grid.breakdowns) == 1:
        return {k: programme(grid.tree, grid.by_node(respondents), k) for k in thresholds}
    # Not above: it loads a compiler, which a plan of the org tree alone does without.
    from service.disclosure.joint import Joint, Unproved  # noqa: PLC0415

    joint = Joint(grid, total=total)
    inside = grid.sums(respondents) > 0
    found = {}
    for k in thresholds:
        try:
            inside = found[k] = joint.safe(respondents, inside, k)
        except Unproved:
            return {}
    return found


def _merges(tree: Tree, invited: Ints, own: Ints, k: int) -> tuple[Merge, ...]:
    """Units next to each other that are mostly withheld, a few at a time, judged by the tree programme."""
    people = tree.sums(invited)
    before = programme(tree, own, k)
    withheld = (before.mean(axis=1) < 1 / 2) & (people > 0)
    total = tree.sums(own)
    bunches: list[list[int]] = []
    for parent in np.unique(tree.parents[withheld & (tree.parents >= 0)]).tolist():
        units = np.flatnonzero(withheld & (tree.parents == parent)).tolist()
        bunches += _bunches(sorted(units, key=lambda unit: (-people[unit], tree.position[unit])), total, k)
    bunches.sort(key=lambda bunch: (-int(people[bunch].sum()), len(bunch), tree.position[bunch[0]]))
    tried = [_merge(tree, people, own, before, bunch, k) for bunch in bunches[:MERGES_TRIED]]
    told: list[Merge] = []
    for merge in sorted(tried, key=lambda merge: (-merge.gained, len(merge.nodes))):
        apart = set(merge.nodes).isdisjoint(node for other in told for node in other.nodes)
        if apart and merge.gained >= 1 and merge.published >= 1 / 2:
            told.append(merge)
    return tuple(told[:MERGES_TOLD])


def _bunches(units: Sequence[int], total: Ints, k: int) -> list[list[int]]:
    """As few units each as are mostly large enough together; the last also with those left over, and all in one.

    Units left over may be too few people to be told apart from the rest of the unit above.
    """
    found: list[list[int]] = []
    bunch: list[int] = []
    for unit in units:
        bunch.append(unit)
        if len(bunch) > 1 and (total[bunch].sum(axis=0) >= k).mean() >= OFTEN:
            found.append(bunch)
            bunch = []
    if found and bunch:
        found.append(found[-1] + bunch)
    if len(found) > 1:
        found.append(list(units))
    return [list(nodes) for nodes in dict.fromkeys(map(tuple, found))]


def _merge(tree: Tree, people: Ints, own: Ints, before: Mask, bunch: list[int], k: int) -> Merge:
    """What the tree shows with the merge, all people of the bunch moved into its first unit, and shows without."""
    gone = np.concatenate([tree.below(unit) for unit in bunch])
    first = bunch[0]
    moved = own.copy()
    moved[gone] = 0
    moved[first] = own[gone].sum(axis=0)
    after = programme(tree, moved, k)
    living = people.copy()
    living[gone] = 0
    living[first] = people[bunch].sum()
    gained = (after * living[:, None]).sum(axis=0) - (before * people[:, None]).sum(axis=0)
    return Merge(tuple(bunch), int(living[first]), float(after[first].mean()), float(gained.mean()))
