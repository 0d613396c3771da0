"""What a plan would let be published, foretold from the people who would be invited; nobody has answered yet. Pure.

Who answers is drawn at random, a number of times. On each draw the cells that are large enough are counted, those of
the org tree alone by the tree programme; on the first one the whole engine decides, as it would for a release in which
everybody who answers answers everything.
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
DRAWS_OF_MERGES = 10
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


class Outlook(NamedTuple):
    """One breakdown under one threshold: cells that anybody invited is in, and which of them would be published.

    `low`, `median` and `high` are a tenth, half and nine tenths of the way through the draws. For the org tree alone
    they are what is published, for other breakdowns the cells that are large enough: at most these can be.
    """

    cells: int
    low: Shares
    median: Shares
    high: Shares
    published: Shares


class Foretold(NamedTuple):
    """One threshold, breakdown by breakdown; `fell_back` where the engine has not proved more than the tree."""

    k: int
    fell_back: bool
    outlooks: tuple[Outlook, ...]


class Merge(NamedTuple):
    """Sibling units that are withheld apart and would be published as one.

    Attributes:
        nodes: of the units.
        people: invited in them.
        published: share of the draws in which they are published together.
        gained: people more who live in a published unit, mean of the draws; they count once for each.
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
    answers = np.empty((DRAWS, len(invited)), np.int64)
    answers[:, grid.order] = np.random.default_rng(_SEED).binomial(invited[grid.order], rate, answers.shape)
    people = grid.sums(invited)
    drawn = np.stack([grid.sums(one) for one in answers], axis=1)
    own = np.stack([grid.by_node(one) for one in answers], axis=1)
    protected = _protected(grid, answers[0], sorted(set(thresholds)), total)
    families = []
    for k in thresholds:
        shown = drawn >= k
        shown[: grid.tree.size] = programme(grid.tree, own, k)
        pattern = protected.get(k)
        if pattern is None:
            pattern = np.zeros(grid.size, np.bool_)
            pattern[: grid.tree.size] = shown[: grid.tree.size, 0]
        outlooks = tuple(_outlook(people[part], shown[part], pattern[part]) for part in _parts(grid))
        families.append(Foretold(k, k not in protected, outlooks))
    return Forecast(tuple(families), _merges(grid.tree, grid.by_node(invited), own[:, :DRAWS_OF_MERGES], thresholds[0]))


def _parts(grid: Grid) -> Iterator[slice]:
    """The places of each breakdown."""
    groups = [prod(grid.sizes[dimension] for dimension in breakdown) for breakdown in grid.breakdowns]
    ends = np.cumsum([0, *groups]) * grid.tree.size
    return (slice(start, end) for start, end in pairwise(ends.tolist()))


def _outlook(people: Ints, shown: Mask, pattern: Mask) -> Outlook:
    there = people > 0
    among = max(int(there.sum()), 1), max(int(people.sum()), 1)
    cells = (shown & there[:, None]).sum(axis=0) / among[0]
    living = (shown * people[:, None]).sum(axis=0) / among[1]

    def at(part: float) -> Shares:
        return Shares(*(float(np.quantile(values, part, method="nearest")) for values in (cells, living)))

    published = Shares(float((pattern & there).sum() / among[0]), float(people[pattern].sum() / among[1]))
    return Outlook(int(there.sum()), at(0.1), at(0.5), at(0.9), published)


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
    withheld = (programme(tree, own, k).mean(axis=1) < 1 / 2) & (people > 0)
    total = tree.sums(own)
    bunches: list[list[int]] = []
    for parent in np.unique(tree.parents[withheld & (tree.parents >= 0)]).tolist():
        units = np.flatnonzero(withheld & (tree.parents == parent)).tolist()
        bunches += _bunches(sorted(units, key=lambda unit: (-people[unit], tree.position[unit])), total, k)
    bunches.sort(key=lambda bunch: (-int(people[bunch].sum()), tree.position[bunch[0]]))
    tried = (_merge(tree, invited, own, bunch, k) for bunch in bunches[:MERGES_TRIED])
    helpful = sorted((merge for merge in tried if merge.gained > 0), key=lambda merge: -merge.gained)
    return tuple(helpful[:MERGES_TOLD])


def _bunches(units: Sequence[int], total: Ints, k: int) -> Iterator[list[int]]:
    """As few units each as are mostly large enough together."""
    bunch: list[int] = []
    for unit in units:
        bunch.append(unit)
        if len(bunch) > 1 and (total[bunch].sum(axis=0) >= k).mean() >= OFTEN:
            yield bunch
            bunch = []


def _merge(tree: Tree, invited: Ints, own: Ints, bunch: list[int], k: int) -> Merge:
    """What the unit above them, and all below it, shows with and without the merge."""
    nodes = tree.below(int(tree.parents[bunch[0]]))
    place = np.full(tree.size, -1, np.int64)
    place[nodes] = np.arange(len(nodes))
    parents = np.where(nodes == nodes[0], -1, place[tree.parents[nodes]])
    here = Tree(parents)
    gone = place[np.concatenate([tree.below(unit) for unit in bunch])]
    first = place[bunch[0]]

    def moved(given: Ints) -> Ints:
        after = given.copy()
        after[gone] = 0
        after[first] = given[gone].sum(axis=0)
        return after

    def living(invited: Ints, shown: Mask) -> Ints:
        people: Ints = (shown * here.sums(invited)[:, None]).sum(axis=0)
        return people

    before, after = programme(here, own[nodes], k), programme(here, moved(own[nodes]), k)
    gained = living(moved(invited[nodes]), after) - living(invited[nodes], before)
    people = int(invited[nodes][gone].sum())
    return Merge(tuple(bunch), people, float(after[first].mean()), float(gained.mean()))
