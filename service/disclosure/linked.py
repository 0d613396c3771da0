"""Linked breakdowns protected together: cells from which no group of fewer than k people can be computed.

1. The cells of fewer than k people are protected vectors; `gauss` publishes, in order of value and within a unit as
   `lines` says, what gives none of them away.
2. `attack` looks for every other group of fewer than k people, with any coefficients. Each one found becomes a
   protected vector too, and the least valuable cells that give it away are withheld.
3. When the search comes back empty, each atom is proved. Cells that meanwhile give nothing away are published again,
   and what they may have changed is searched once more. When there is none, the proof of each atom is the certificate.

Published and withheld hang on the plan and on numbers of people alone. Work is counted in steps of the search, never in
seconds, so that the same input gives the same pattern on any machine. Where it runs out, the coarser plan that is safe
by the tree lemma is published instead, and the result says so.
"""

from dataclasses import dataclass

import numpy as np

from service.disclosure import attack
from service.disclosure.atoms import World
from service.disclosure.checks import Holders, Int64s, Mask, Sparse, atoms_hit, copy_of, holders_of, rows
from service.disclosure.field import PRIME
from service.disclosure.gauss import Stage, choose
from service.disclosure.lines import Lines, lines_of
from service.disclosure.programme import programme
from service.disclosure.shorten import shortened
from service.disclosure.tree import Tree

BUDGET = 1_000_000
"""Groups that the search may look at for one atom."""

TOTAL = 50 * BUDGET
"""Groups that all searches for one table may look at: minutes of work, not hours.

A company of 10,000 in five breakdowns takes a million (k = 10). Where people's values hang on nothing, hardly a cell of
a team can be published, what is left holds the teams together by little, and there is no end to the groups to look at.
"""

ROUNDS = 50
"""Searches for one table; more than seven have not been seen."""

_MODULUS = int(PRIME)
Vector = dict[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Which cells are published, and what that rests on.

    Attributes:
        published: mask [cells].
        named: cells that the named-cell method alone would publish; the baseline, which may give groups away.
        small: atoms of fewer than k people.
        proved: how many of them the search has proved; all of them, unless `fell_back`.
        groups: groups found on the way, each protected now.
        steps: groups looked at by the searches.
        rounds: searches made.
        fell_back: whether the work ran out, and the coarser plan is published, or what was kept.
    """

    published: Mask
    named: Mask
    small: int
    proved: int
    groups: int
    steps: int
    rounds: int
    fell_back: bool


def protect_linked(
    world: World,
    k: int,
    allowed: Mask | None = None,
    budget: int = BUDGET,
    total: int = TOTAL,
    told: attack.Told = lambda _settled, _all: None,
    kept: Mask | None = None,
) -> Pattern:
    """The pattern for one threshold.

    Args:
        world: atoms and cells.
        k: smallest group, >= 1.
        allowed: cells that may be published at all, [cells]; None allows all.
        budget: see `BUDGET`.
        total: see `TOTAL`.
        told: called now and then with the atoms proved and the atoms to be; it goes back where cells are published
            again, by the atoms near them.
        kept: cells that are published already, [cells], with nothing given away (see `gives_nothing`); they stay, and
            where the work runs out they are all that is published.

    Raises:
        ValueError: a k under 1.
    """
    if k < 1:
        raise ValueError("the smallest group has at least one person")
    may = world.people >= k
    if allowed is not None:
        may = may & allowed
    order = world.value[may[world.value]]
    protected = [_vector(world.cells, cell) for cell in np.flatnonzero(world.people < k).tolist()]
    safe = np.zeros(len(may), np.bool_) if kept is None else kept
    lines = lines_of(world, k)
    begun = [Stage.of(world.cells, safe, world.regions)]
    stages = choose(world.cells, order, sparse(protected), world.regions, begun, lines)
    named = stages[-1].published
    # Made anew, small cells first, the checks are shorter, and most of the search is made with these.
    stages[-1] = Stage.of(world.cells, named, world.regions)
    hunt = _Hunt(world, k, budget, total, told, lines)
    stage = hunt.settled(stages)
    while stage is not None:
        stages = choose(world.cells, order, sparse(protected + hunt.groups), world.regions, [stage], lines)
        again = None
        if (stages[-1].published != stage.published).any():
            hunt.reopen(stage, stages[-1].published)
            again = hunt.settled(stages)
        if again is None:  # nothing more to publish, or not proved: what was proved before is
            small = int((world.n < k).sum())
            shown = stage.published
            return Pattern(shown, named, small, small, len(hunt.groups), hunt.steps, hunt.rounds, fell_back=False)
        stage = again
    small = int((world.n < k).sum())
    coarse = _coarse(world, k, may) if kept is None else kept
    return Pattern(coarse, named, small, 0, len(hunt.groups), hunt.steps, hunt.rounds, fell_back=True)


class _Hunt:
    """One search after the other, each as far as the one before has not proved it.

    Attributes:
        groups: a derivable vector of each group found.
        proved: atoms that no group of the present pattern holds without one that is asked before them, [atoms].
        steps: groups looked at.
        rounds: searches made.
    """

    def __init__(self, world: World, k: int, budget: int, total: int, told: attack.Told, lines: Lines) -> None:
        self._world = world
        self._k = k
        self._budget = budget
        self._total = total
        self._told = told
        self._lines = lines
        self._order = np.zeros(0, np.int64)
        self.groups: list[Vector] = []
        self.proved = np.zeros(len(world.n), np.bool_)
        self.steps = 0
        self.rounds = 0

    def settled(self, stages: list[Stage]) -> Stage | None:
        """The last stage without the least valuable of the cells that give groups away; None where the work runs out.

        The cells of the first stage give none away and stay. Cells are only taken away here, so what is proved stays
        proved.
        """
        world, safe = self._world, stages[0].published
        while self.rounds < ROUNDS and self.steps < self._total:
            stage = Stage(stages[-1].published, shortened(copy_of(stages[-1].basis)))
            checks = rows(stage.basis)
            if not len(self._order):
                self._order = in_order(checks, world.n, self._k)
            left = self._total - self.steps
            found = attack.search(checks, world.n, self._k, self._order, self.proved, self._budget, left, self._told)
            self.rounds += 1
            self.steps += int(found.steps.sum())
            self.proved = found.outcome == attack.PROVED
            given_away = {tuple(sorted(row[row >= 0].tolist())) for row in found.groups}
            if not given_away:
                return stage if self.proved[self._order].all() else None
            holders = holders_of(checks, len(world.n))
            new = [derivable_on(checks, holders, group) for group in sorted(given_away)]
            self.groups += new
            open_to_question = world.value[(stage.published & ~safe)[world.value]]
            stages = choose(world.cells, open_to_question, sparse(new), world.regions, stages, self._lines)
        return None

    def reopen(self, stage: Stage, published: Mask) -> None:
        """Ask again what cells published beyond a stage may give away, where `settled` has given that stage.

        What they do not hit sees nothing of them and still is a check. So a vector that was not derivable before, and
        is now, meets one of the checks that they hit: its group holds an atom of these. They are asked first. A group
        without them would have been derivable before, and then there was none.
        """
        changed = atoms_hit(stage.basis, self._world.cells, np.flatnonzero(published & ~stage.published))
        self.proved = ~changed
        self._order = self._order[np.argsort(~changed[self._order], kind="stable")]


def in_order(checks: Sparse, n: Int64s, k: int) -> Int64s:
    """The atoms of fewer than k people in the order in which to ask them."""
    length = np.diff(checks.start)
    held = np.bincount(checks.atom, np.repeat(1 / length, length), len(n))
    small = np.flatnonzero(n < k)
    # Those in many short checks first: measured, with them out of the way, all searches together are shortest.
    return small[np.argsort(-held[small], kind="stable")]


def gives_nothing(world: World, published: Mask, k: int, budget: int = BUDGET) -> bool:
    """Whether no group of fewer than k people can be computed from these cells alone, [cells]; False if not proved."""
    _, found = search(world, published, k, budget)
    return bool((found.outcome[world.n < k] == attack.PROVED).all())


def search(world: World, published: Mask, k: int, budget: int = BUDGET) -> tuple[Sparse, attack.Found]:
    """The checks of a pattern, and what the search finds in it."""
    checks = rows(shortened(Stage.of(world.cells, published, world.regions).basis))
    order = in_order(checks, world.n, k)
    return checks, attack.search(checks, world.n, k, order, np.zeros(len(world.n), np.bool_), budget, TOTAL)


def sparse(vectors: list[Vector]) -> Sparse:
    """Vectors as compressed rows."""
    start = np.zeros(len(vectors) + 1, np.int64)
    start[1:] = np.cumsum([len(vector) for vector in vectors])
    entries = [(atom, vector[atom]) for vector in vectors for atom in sorted(vector)]
    return Sparse(
        start,
        np.array([atom for atom, _ in entries], np.int32),
        np.array([value for _, value in entries], np.uint64),
    )


def derivable_on(checks: Sparse, holders: Holders, group: tuple[int, ...]) -> Vector:
    """A derivable vector whose support lies in a group, which the search says has one."""
    solved: list[tuple[int, Vector, Vector]] = []
    for atom in group:
        row = {
            int(check): int(checks.value[checks.start[check] + _place(checks, int(check), atom)])
            for check in holders.row[holders.start[atom] : holders.start[atom + 1]]
        }
        made_of: Vector = {atom: 1}
        for pivot, other, parts in solved:
            if pivot in row:
                factor = -row[pivot] * pow(other[pivot], -1, _MODULUS) % _MODULUS
                row = _plus(row, other, factor)
                made_of = _plus(made_of, parts, factor)
        if not row:
            return made_of
        solved.append((next(iter(row)), row, made_of))
    raise ValueError("nothing derivable has its support in this group")


def _plus(one: Vector, other: Vector, factor: int) -> Vector:
    total = dict(one)
    for key, value in other.items():
        entry = (total.pop(key, 0) + factor * value) % _MODULUS
        if entry:
            total[key] = entry
    return total


def _place(checks: Sparse, check: int, atom: int) -> int:
    return int(np.searchsorted(checks.atom[checks.start[check] : checks.start[check + 1]], atom))


def _vector(cells: Sparse, cell: int) -> Vector:
    return dict.fromkeys(cells.atom[cells.start[cell] : cells.start[cell + 1]].tolist(), 1)


def _coarse(world: World, k: int, may: Mask) -> Mask:
    """The first hierarchy alone, by the tree programme; nothing where there is none."""
    published = np.zeros(len(world.people), np.bool_)
    nodes = sorted(world.units)
    if not nodes or nodes[0] != (0, 0):
        return published
    number = {node: place for place, node in enumerate(nodes)}
    cells: Int64s = np.array([world.units[node] for node in nodes], np.int64)
    first = world.cells.atom[world.cells.start[cells]]
    parents = np.array(
        [
            number[depth - 1, int(world.regions[depth - 1, atom])] if depth else -1
            for (depth, _), atom in zip(nodes, first, strict=True)
        ],
        np.int64,
    )
    own = world.people[cells].copy()
    np.subtract.at(own, parents[1:], world.people[cells[1:]])
    shown = programme(Tree(parents), own, k, may[cells])
    published[cells[shown]] = True
    return published
