"""Linked breakdowns: a choice or search that goes on from where one before ended, and what is told meanwhile."""

from itertools import pairwise
from operator import mul

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure import attack
from service.disclosure.atoms import World, world
from service.disclosure.checks import any_derivable, atoms_hit, rows
from service.disclosure.gauss import Stage, choose
from service.disclosure.lines import lines_of
from service.disclosure.linked import in_order, protect_linked, search, sparse
from service.disclosure.plan import Plan
from tests.unit.disclosure_oracle import MODULUS, Matrix, gives_away, matrices, of_matrix, rank, rows_of


@pytest.mark.uncounted
@settings(max_examples=80, deadline=None)
@given(matrices(), st.data())
def test_a_choice_that_goes_on_from_a_stage_is_the_choice_from_the_beginning(
    given_: tuple[Matrix, list[int]], data: st.DataObject
) -> None:
    cells, n = given_
    one = of_matrix(cells, n)
    protected = [data.draw(st.sets(st.integers(0, len(n) - 1), min_size=1, max_size=3)) for _ in range(3)]
    vectors = [sparse([dict.fromkeys(atoms, 1) for atoms in protected[:known]]) for known in (1, 3)]
    before = choose(one.cells, one.value, vectors[0], one.regions)
    left = one.value[before[-1].published[one.value]]
    # A stage after each cell: only those that give nothing away may be used.
    stages = [
        Stage.of(one.cells, np.isin(np.arange(len(cells)), left[:place]), one.regions) for place in range(len(left) + 1)
    ]
    begun = choose(one.cells, left, vectors[1], one.regions)
    gone_on = choose(one.cells, left, vectors[1], one.regions, stages)
    assert (gone_on[-1].published == begun[-1].published).all()
    for stage in gone_on:
        shown = rows_of(one.cells, len(n), stage.published)
        checks = rows_of(rows(stage.basis), len(n))
        assert rank(checks, MODULUS) == len(n) - rank(shown)
        assert all(sum(map(mul, check, cell)) % MODULUS == 0 for check in checks for cell in shown)


def test_stages_of_a_company_are_left_as_they_are_and_lead_to_the_same() -> None:
    one = drawn(4, 1500, 100)
    lines = lines_of(one, 5)
    order = one.value[one.people[one.value] >= 5]
    before = choose(one.cells, order, sparse([{int(one.cells.atom[-1]): 1}]), one.regions, (), lines)
    draw = np.random.default_rng(4)
    # Where a few cells in the middle may not be published, some stages are of use and some are not.
    withheld = draw.choice(order[len(order) // 2 :], 3, replace=False)
    new = sparse(
        [dict.fromkeys(np.split(one.cells.atom, one.cells.start[1:-1])[cell].tolist(), 1) for cell in withheld]
    )
    left = order[before[-1].published[order]]
    gone_on = choose(one.cells, left, new, one.regions, before, lines)
    assert (gone_on[-1].published == choose(one.cells, left, new, one.regions, (), lines)[-1].published).all()
    assert not gone_on[-1].published[withheld].any()
    used = sum(any(mine is theirs for theirs in before) for mine in gone_on)
    assert 1 < used < len(before)
    for stage in (*before, *gone_on):
        assert not atoms_hit(stage.basis, one.cells, np.flatnonzero(stage.published)).any()
        fresh = Stage.of(one.cells, stage.published, one.regions).basis
        assert len(rows(stage.basis).start) == len(rows(fresh).start)


@pytest.mark.uncounted
@settings(max_examples=80, deadline=None)
@given(matrices(), st.data())
def test_what_is_new_to_compute_holds_an_atom_of_a_check_that_has_changed(
    given_: tuple[Matrix, list[int]], data: st.DataObject
) -> None:
    """What a search begun again rests on: it asks these atoms alone."""
    cells, n = given_
    one = of_matrix(cells, n)
    few = np.array(data.draw(st.lists(st.booleans(), min_size=len(cells), max_size=len(cells))))
    basis = Stage.of(one.cells, few, one.regions).basis
    changed = atoms_hit(basis, one.cells, np.flatnonzero(~few))
    shown = rows_of(one.cells, len(n), few)
    found = [rank([*shown, cell]) == rank(shown) for cell in cells]
    assert any_derivable(basis, one.cells) == any(found)
    before = gives_away(shown, n, 99)
    for group in gives_away(cells, n, 99):
        assert changed[list(group)].any() or any(set(one) <= set(group) for one in before)


def drawn(seed: int, people: int, teams: int) -> World:
    """People drawn over teams and two dimensions."""
    draw = np.random.default_rng(seed)
    table = {
        name: [str(number) for number in draw.integers(0, size, people)]
        for name, size in (("team", teams), ("sex", 2), ("site", 4))
    }
    return world(Plan.default(["team"], ["sex", "site"]), table)


def test_where_the_work_runs_out_what_was_kept_stays_alone() -> None:
    one = drawn(9, 300, 20)
    kept = protect_linked(one, 5).published
    kept &= np.cumsum(kept) <= 10
    assert 0 < kept.sum() == (protect_linked(one, 5, kept=kept).published & kept).sum()
    poor = protect_linked(one, 5, total=0, kept=kept)
    assert poor.fell_back
    assert (poor.published == kept).all()


def test_it_is_told_how_many_atoms_are_proved() -> None:
    one = drawn(9, 300, 20)
    told: list[tuple[int, int]] = []
    pattern = protect_linked(one, 5, told=lambda settled, everything: told.append((settled, everything)))
    plain = protect_linked(one, 5)
    assert (plain.published == pattern.published).all()
    assert plain.steps == pattern.steps
    small = int((one.n < 5).sum())
    assert {everything for _, everything in told} == {small}
    settled = [place for place, _ in told]
    assert settled[-1] == pattern.proved == small
    again = [later for before, later in pairwise(settled) if later < before]
    assert pattern.rounds > len(again) + 1, "some searches go on where the one before has ended"
    assert again, "where cells are published again, atoms near them are asked once more"
    assert min(again) > 0, "and the others are not"
    assert len(set(settled)) > pattern.rounds + 1, "not only at the end of a search"


@pytest.mark.parametrize(
    ("at_once", "often", "together"),
    [(1, 20_000, 64), (5, 20_000, 64), (256, 20_000, 1), (256, 5, 2), (10**6, 10**6, 64)],
)
@pytest.mark.parametrize(("budget", "total"), [(10**6, 10**6), (3, 10**6), (10**6, 60)])
def test_what_is_found_does_not_hang_on_how_often_it_is_told(
    monkeypatch: pytest.MonkeyPatch, at_once: int, often: int, together: int, budget: int, total: int
) -> None:
    """Held against one call of the kernel for all atoms, whose room for groups suffices."""
    one = drawn(3, 300, 20)
    checks, _ = search(one, one.people >= 3, 8)
    order = in_order(checks, one.n, 8)
    proved = np.zeros(len(one.n), np.bool_)
    proved[order[3::7]] = True  # as if by a search before
    given_ = (checks, one.n, 8, order, proved, budget, total)
    ask = attack._ask
    with monkeypatch.context() as patch:
        patch.setattr(attack, "_ask", lambda state, _, *rest: ask(state, order, *rest))
        whole = attack.search(*given_)
    assert len(whole.groups) > attack.MOST_TOLD
    assert (whole.outcome == attack.BUDGET).any() == (min(budget, total) < 10**6)
    monkeypatch.setattr(attack, "_AT_ONCE", at_once)
    monkeypatch.setattr(attack, "_OFTEN", often)
    monkeypatch.setattr(attack, "_TOGETHER", together)
    told: list[tuple[int, int]] = []
    found = attack.search(*given_, lambda settled, everything: told.append((settled, everything)))
    for mine, theirs in zip(found, whole, strict=True):
        assert mine.tobytes() == theirs.tobytes()
    assert told[0] == (int(proved.sum()), len(order))
    assert told[-1] == (int((whole.outcome == attack.PROVED).sum()), len(order))
    assert told == sorted(told)
