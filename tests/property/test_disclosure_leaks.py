"""What a safe table gives away, by linear algebra over every person: shares no arithmetic with the suppressor."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import SafeTable
from service.disclosure.tree import Tree
from tests.make.measures import a_measure

# The same lines thousands of times: coverage learns nothing here, and would take three times as long.

Ints = NDArray[np.int64]
PRIME = 2**31 - 1
POINTS = 3
# Functions of an answer 1, 2, 3 up to a constant, by what they give to 1 and to 3.
MEAN = (-1, 1)
LEAST, MOST = (1, 0), (0, 1)


@dataclass
class World:
    """Atoms: (class, which items they answered, how many people); `scales` lists items; an index joins all scales."""

    parents: list[int]
    atoms: list[tuple[int, tuple[bool, ...], int]]
    scales: list[list[int]]
    index: bool
    sensitive: set[int]

    @property
    def items(self) -> int:
        return sum(len(scale) for scale in self.scales)

    def people(self, seed: int) -> tuple[Ints, Ints]:
        """Class of each person, and answers [people, items] with 0 for a skipped item."""
        classes = np.repeat([at for at, _, _ in self.atoms], [size for *_, size in self.atoms])
        answered = np.repeat([mask for _, mask, _ in self.atoms], [size for *_, size in self.atoms], axis=0)
        drawn = np.random.default_rng(seed).integers(1, POINTS + 1, answered.shape)
        return classes.astype(np.int64), np.where(answered, drawn, 0)

    def measures(self, seed: int = 0) -> list[Measure]:
        """As releases would count them, from one line per person."""
        classes, answers = self.people(seed)

        def count(who: NDArray[np.bool_], what: Ints) -> Ints:
            out = np.zeros(len(self.parents), dtype=np.int64)
            np.add.at(out, classes[who], what[who])
            return out

        def one(kind: Kind, name: str, who: NDArray[np.bool_], columns: Ints, weights: list[int]) -> dict[str, object]:
            score = columns @ np.array(weights)
            thirds = [(columns == value) @ np.array(weights) for value in (3, 2, 1)]
            favourable, neutral, unfavourable = (count(who, third) for third in thirds)
            return {
                "id": name,
                "kind": kind,
                "n": count(who, np.ones_like(classes)),
                "total": count(who, score),
                "square_total": count(who, score**2),
                "denominator": sum(weights),
                "score_min": 1,
                "score_max": POINTS,
                "favourable": favourable,
                "neutral": neutral,
                "unfavourable": unfavourable,
                "share_denominator": sum(weights),
            }

        made = []
        for item in range(self.items):
            column = answers[:, [item]]
            facts = one(Kind.item, f"q{item}", column[:, 0] > 0, column, [1])
            options = [count(column[:, 0] == value, np.ones_like(classes)) for value in range(1, POINTS + 1)]
            made.append(a_measure(**facts, counts=np.stack(options, axis=1), sensitive=item in self.sensitive))  # type: ignore[arg-type]  # facts by name
        full = [np.all(answers[:, scale] > 0, axis=1) for scale in self.scales]
        for number, scale in enumerate(self.scales):
            partial = np.any(answers[:, scale] > 0, axis=1) & ~full[number]
            facts = one(Kind.scale, f"s{number}", full[number], answers[:, scale], [1] * len(scale))
            parts = [f"q{item}" for item in scale]
            made.append(a_measure(**facts, parts=parts, partial=count(partial, np.ones_like(classes))))  # type: ignore[arg-type]  # facts by name
        if self.index:
            whole = np.all(full, axis=0)
            partial = np.any(full, axis=0) & ~whole
            lengths = [len(scale) for scale in self.scales]
            weights = [int(np.lcm.reduce(lengths)) // len(scale) for scale in self.scales for _ in scale]
            facts = one(Kind.index, "x", whole, answers, weights)
            parts = [f"s{number}" for number in range(len(self.scales))]
            made.append(a_measure(**facts, parts=parts, partial=count(partial, np.ones_like(classes))))  # type: ignore[arg-type]  # facts by name
        return made

    def respondents(self) -> Ints:
        out = np.zeros(len(self.parents), dtype=np.int64)
        for at, _, size in self.atoms:
            out[at] += size
        return out

    def protect(self, policy: Policy, seed: int = 0) -> SafeTable:
        return protect(Tree(np.array(self.parents)), self.respondents(), self.measures(seed), policy)

    def inside(self, node: int) -> set[int]:
        found = {node}
        for child in range(len(self.parents)):
            up = child
            while up != -1:
                if up == node:
                    found.add(child)
                up = self.parents[up]
        return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    nodes = draw(st.integers(1, 6))
    parents = [-1] + [draw(st.integers(0, node - 1)) for node in range(1, nodes)]
    scales = draw(st.sampled_from([[[0, 1]], [[0, 1, 2]], [[0], [1, 2]], [[0, 1], [2, 3]], [[0, 1, 2], [3]]]))
    items = sum(len(scale) for scale in scales)
    everything = (True,) * items
    some = st.one_of(st.just(everything), st.tuples(*[st.booleans()] * items).filter(any))
    keys = draw(st.lists(st.tuples(st.integers(0, nodes - 1), some), min_size=1, max_size=9, unique=True))
    sizes = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 25])
    atoms = [(at, mask, draw(sizes)) for at, mask in keys]
    sensitive = {item for item in range(items) if draw(st.sampled_from([False, False, False, True]))}
    return World(parents, atoms, scales, draw(st.booleans()), sensitive)


policies = st.sampled_from([Policy(), Policy(), Policy(collusion=1), Policy(k_mean=7, k_sensitive=12)])


def published(table: SafeTable) -> dict[tuple[str, Family], list[int]]:
    found: dict[tuple[str, Family], list[int]] = {}
    for row in table.rows():
        found.setdefault((row.measure, row.family), []).extend([row.node] if row.status == "published" else [])
    return found


def system(world: World, table: SafeTable) -> Ints:
    """One row per published sum, one column per (atom, item, function of the answer): coefficients modulo PRIME."""
    rows = []
    common = int(np.lcm.reduce([len(scale) for scale in world.scales])) * len(world.scales)
    for (name, family), cells in published(table).items():
        number = int(name[1:] or 0)
        if name.startswith("q"):
            weights = {number: 1}
        elif name.startswith("s"):
            weights = {item: common // len(world.scales[number]) for item in world.scales[number]}
        else:
            weights = {item: common // len(scale) // len(world.scales) for scale in world.scales for item in scale}
        for cell in cells:
            inside = world.inside(cell)
            for gives in [MEAN] if family is Family.mean else [LEAST, MOST]:
                row = np.zeros((len(world.atoms), world.items, 2), dtype=np.int64)
                for atom, (at, mask, _) in enumerate(world.atoms):
                    if at in inside and all(mask[item] for item in weights):
                        for item, weight in weights.items():
                            row[atom, item] = np.array(gives) * weight
                rows.append(row.ravel())
    return np.array(rows, dtype=np.int64).reshape(len(rows), 2 * len(world.atoms) * world.items) % PRIME


def reduced(matrix: Ints, first: int) -> tuple[Ints, int]:
    """Row echelon form modulo PRIME with pivots in the first columns only, and the number of pivots."""
    matrix = matrix.copy()
    rank = 0
    for column in range(first):
        hits = np.flatnonzero(matrix[rank:, column])
        if hits.size == 0:
            continue
        pivot = rank + int(hits[0])
        matrix[[rank, pivot]] = matrix[[pivot, rank]]
        matrix[rank] = matrix[rank] * pow(int(matrix[rank, column]), -1, PRIME) % PRIME
        rest = matrix[rank + 1 :]
        rest -= rest[:, [column]] * matrix[rank] % PRIME
        rest %= PRIME
        rank += 1
        if rank == len(matrix):
            break
    return matrix, rank


def groups_under(k: int, sizes: list[int]) -> Iterator[list[int]]:
    """Sets of atoms of fewer than k people together that no other atom could join."""
    for count in range(1, len(sizes) + 1):
        for group in itertools.combinations(range(len(sizes)), count):
            total = sum(sizes[atom] for atom in group)
            others = [size for atom, size in enumerate(sizes) if atom not in group]
            if total < k and all(total + size >= k for size in others):
                yield list(group)


def derivable(coefficients: Ints, shape: tuple[int, int, int], group: list[int]) -> Ints:
    """Combinations of the rows that describe nobody outside the group: [combinations, atoms, items, 2]."""
    columns = coefficients.reshape(len(coefficients), *shape)
    outside = [atom for atom in range(shape[0]) if atom not in group]
    ordered = np.concatenate(
        [columns[:, outside].reshape(len(columns), -1), columns[:, group].reshape(len(columns), -1)], 1
    )
    width = len(outside) * shape[1] * shape[2]
    echelon, rank = reduced(ordered, width)
    return echelon[rank:, width:].reshape(-1, len(group), *shape[1:])


def leaks(world: World, table: SafeTable, policy: Policy) -> list[str]:
    """Every promise that some signed combination of all published sums breaks."""
    shape = (len(world.atoms), world.items, 2)
    coefficients = system(world, table)
    if coefficients.size == 0:
        return []
    coefficients, rank = reduced(coefficients, coefficients.shape[1])
    coefficients = coefficients[:rank]
    sizes = [size for *_, size in world.atoms]
    t = policy.collusion
    promises: dict[str, tuple[int, Callable[[Ints], Ints]]] = {
        "some figure": (policy.k_mean + t, lambda left: left),
        # A mean gives opposite weights to the two ends; anything else is more than a mean.
        "more than a mean": (max(policy.k_mean, policy.k_distribution) + t, lambda left: left.sum(axis=3) % PRIME),
        "a sensitive item": (
            max(policy.k_mean, policy.k_sensitive) + t,
            lambda left: left[:, :, sorted(world.sensitive)],
        ),
    }
    return [
        f"{promise} of {group}"
        for promise, (k, forbidden) in promises.items()
        for group in groups_under(k, sizes)
        if forbidden(derivable(coefficients, shape, group)).any()
    ]


@settings(max_examples=400, deadline=None)
@given(worlds(), policies)
def test_no_combination_of_published_sums_describes_a_small_group(world: World, policy: Policy) -> None:
    assert leaks(world, world.protect(policy), policy) == []


@settings(max_examples=300, deadline=None)
@given(worlds(), policies)
def test_thresholds_residuals_and_nesting(world: World, policy: Policy) -> None:
    table = world.protect(policy)
    cells = published(table)
    n = {measure.id: measure.n for measure in world.measures()}
    everybody = world.respondents()
    t = policy.collusion
    floor = {Family.mean: policy.k_mean + t, Family.distribution: policy.k_distribution + t}
    for column in table.columns:
        levels = [(set(cells[column.measure, column.family]), floor[column.family])]
        if column.has_sd is not None:
            levels.append((set(np.flatnonzero(column.has_sd).tolist()), policy.sd_from + t))
            assert levels[1][0] <= set(cells[column.measure, Family.distribution]) <= levels[0][0]
        for shown, k in levels:
            for cell in shown:
                inside = world.inside(cell)
                left = inside.difference(*(world.inside(other) for other in shown & inside - {cell}))
                assert sum(n[column.measure][node] for node in inside) >= k
                assert not 0 < sum(n[column.measure][node] for node in left) < k
                # Nor may it tell of fewer people than the family's k that they all skipped this.
                assert not 0 < sum(everybody[node] for node in left) < floor[column.family]
    for measure in world.measures():
        for family in measure.families:
            for part in measure.parts:
                assert set(cells[measure.id, family]) <= set(cells[part, family])
                for cell in cells[measure.id, family]:
                    members = sorted(world.inside(cell))
                    assert not 0 < n[part][members].sum() - n[measure.id][members].sum() < floor[family]


@settings(max_examples=100, deadline=None)
@given(worlds(), st.integers(1, 2**31))
def test_answers_do_not_move_the_pattern(world: World, seed: int) -> None:
    policy = Policy()
    assert published(world.protect(policy)) == published(world.protect(policy, seed))


@settings(max_examples=100, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_order_of_the_measures_does_not_matter(world: World, random: object) -> None:
    tree = Tree(np.array(world.parents))
    measures = world.measures()
    shuffled = list(measures)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis hands out a random.Random under a wider type
    first, second = (protect(tree, world.respondents(), given, Policy()) for given in (measures, shuffled))
    assert sorted(map(repr, first.rows())) == sorted(map(repr, second.rows()))
    assert first.operator_report() == second.operator_report()


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_safe_for_more_is_safe_for_less(world: World) -> None:
    assert leaks(world, world.protect(Policy(collusion=1)), Policy()) == []


def test_the_judge_sees_a_leak() -> None:
    """Two scales' worth of items where everything is published: the one person who skipped must be found."""
    world = World([-1], [(0, (True, True), 20), (0, (True, False), 1)], [[0, 1]], index=False, sensitive=set())
    table = world.protect(Policy())
    assert published(table)["s0", Family.mean] == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.disclosure.parts._safe", lambda _block, _k: True)
        assert "some figure of [1]" in leaks(world, world.protect(Policy()), Policy())


def test_items_that_cancel_only_together_are_refused() -> None:
    """No piece of the company has both complete and partial people, and yet three people stand alone.

    Company 0 holds units 1 and 4, unit 1 holds 2 and 3, unit 2 holds its only team 5. The sum of the scale in the
    company, less item 0 in unit 1, less item 1 in unit 2, is item 1 of the three people of unit 3. Eight others of
    unit 3, who answered another scale, are why unit 1 may be published at all.
    """
    both, second, other = (True, True, False), (False, True, False), (False, False, True)
    world = World(
        parents=[-1, 0, 1, 1, 0, 2],
        atoms=[(3, both, 3), (5, both, 20), (4, second, 7), (3, other, 8)],
        scales=[[0, 1], [2]],
        index=False,
        sensitive=set(),
    )
    policy = Policy()
    cells = published(world.protect(policy))
    assert cells["q0", Family.mean] == [0, 1]
    assert cells["q1", Family.mean] == [0, 2, 5]
    assert cells["s0", Family.mean] == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "service.disclosure.parts._safe",
            lambda block, k: all(people == 0 or people >= k for people in (block[0], *block[3:])),
        )
        assert "some figure of [0]" in leaks(world, world.protect(policy), policy)
