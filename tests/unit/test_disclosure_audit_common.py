"""What is proved once for many systems: that it is taken where it holds, and nowhere else."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from service.disclosure.audit import Measured, Published, Verdict, Wave, audit_wave
from service.disclosure.audit import common_system as module
from service.disclosure.audit.book import Book
from service.disclosure.audit.common_system import Common, Commons
from service.disclosure.audit.layers import Layers
from service.disclosure.audit.model import Finding

K = 5
# Two by two classes, their margins, one class by itself, and all of them.
PLACES = ((0, 1), (2, 3), (0, 2), (1, 3), (3,), (0, 1, 2, 3))
MARGINS = (0, 1, 2, 3)
WITH_ALL = (*MARGINS, 5)
FEW = (2, 9, 9, 9)


def wave(items: Sequence[Sequence[int]], places: Sequence[int] = MARGINS, k: int = K) -> Wave:
    """Items by the respondents of each class, published at the same places; everybody answered one at least."""
    members = [np.array(place, np.int64) for place in PLACES]
    measures, published = [], []
    for number, n in enumerate(items):
        people = np.array(n, np.int64)
        measures.append(Measured(f"q{number}", (), people, np.zeros(4, np.int64), {"mean": k}))
        counted = np.array([people[members[place]].sum() for place in places])
        published.append(Published(f"q{number}", "mean", np.array(places), counted, counted))
    names = [{"place": str(number)} for number in range(len(PLACES))]
    return Wave(names, members, np.array(np.maximum.reduce(items), np.int64), measures, published)


def common(n: Sequence[int], places: Sequence[int] = MARGINS, budget: int = 100) -> Common:
    members = [np.array(place, np.int64) for place in PLACES]
    known = np.zeros(4, np.bool_)
    return Common.of(K, np.array(places), members, np.array(n), known, budget, lambda _settled, _all: None)


def system(n: Sequence[int], places: Sequence[int] = MARGINS, k: int = K) -> Layers:
    return Layers.of(Book(wave([n], places, k)), "mean", ("q0",))


def closed(of: Common, layers: Layers) -> list[int] | None:
    found = of.holds_for(layers)
    return None if found is None else np.flatnonzero(found).tolist()


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neighbourhoods are looked for among rows of twenty points or more; here, of any size."""
    monkeypatch.setattr("service.disclosure.audit.hunt._ROWS", ((1, 300, 60, 1),))
    monkeypatch.setattr("service.disclosure.audit.hunt._WORTH", 1)
    monkeypatch.setattr("service.disclosure.audit.hunt.Hunt._mobile", lambda *_: True)


def test_what_is_closed_holds_where_all_of_these_people_are() -> None:
    of = common(FEW, WITH_ALL)
    assert np.flatnonzero(of.closed).tolist() == [0]
    assert closed(of, system(FEW)) == [0]
    assert closed(of, system((3, 9, 9, 10))) == [0]
    assert closed(of, system(FEW, MARGINS[:3])) == [0]


def test_it_is_not_taken_where_people_are_missing_or_rows_are_more() -> None:
    of = common(FEW)
    assert closed(of, system((2, 9, 9, 8))) is None
    assert closed(of, system((1, 9, 9, 9))) is None
    assert closed(of, system(FEW, (*MARGINS, 4))) is None
    assert closed(of, system(FEW, k=6)) is None


def test_nobody_in_common_closes_nothing() -> None:
    of = common((0, 0, 0, 0))
    assert not of.closed.any()
    assert closed(of, system(FEW)) == []


def test_people_who_are_not_in_all_wholes_are_not_counted() -> None:
    """Of a scale, those who answered all of it; they are the last layer."""
    book = Book(wave([FEW, FEW]))
    layers = Layers(book, "mean", ("q0", "q1"), K, [("q0", 0)], [], np.array((0, 0, 0, 0, *FEW)))
    of = common(FEW)
    found = of.holds_for(layers)
    assert found is not None
    assert not found[:4].any()
    assert of.holds_for(Layers(book, "mean", ("q0", "q1"), K, [("q0", 0)], [], np.array((*FEW, 0, 0, 0, 0)))) is None


def test_the_common_people_of_many_items_are_those_who_answered_all() -> None:
    items = [(2, 9, 9, 9), (2, 9, 8, 9), (2, 7, 9, 9), (3, 9, 9, 9)]
    book = Book(wave(items))
    commons = Commons(book, lambda _settled, _all: None)
    layers = Layers.of(book, "mean", ("q0",))
    found, work = commons.closed(layers, 100)
    assert found is not None
    assert work > 0
    assert commons.closed(Layers.of(book, "mean", ("q1",)), 100)[1] == 0  # judged once
    assert [one.n.tolist() for one in commons._made.values()] == [[2, 7, 8, 9]]
    assert Commons(Book(wave(items[:3])), lambda _settled, _all: None).closed(layers, 100) == (None, 0)


def test_an_item_that_leaks_is_found_beside_those_that_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody of class 3 answered the last item, which isolates class 0."""
    items = [FEW, (2, 8, 9, 9), (2, 9, 8, 9), (2, 9, 9, 0)]
    assert len(items) == module.FEWEST
    report = audit_wave(wave(items))
    assert [one.verdict for one in report.findings] == [Verdict.safe] * 4 + [Verdict.unsafe]
    # So it is not where what is proved for some is taken for all.
    monkeypatch.setattr(Commons, "closed", lambda _self, layers, _budget: (np.arange(len(layers.n)) % 4 == 0, 0))
    monkeypatch.setattr("service.disclosure.audit.hunt.Hunt._look_up", lambda _: False)
    assert audit_wave(wave(items)).verdict == Verdict.safe


def test_one_that_the_budget_cut_short_is_judged_once_more_where_there_is_more() -> None:
    book = Book(wave([FEW] * 4, WITH_ALL))
    commons, layers = Commons(book, lambda _settled, _all: None), Layers.of(book, "mean", ("q0",))
    assert commons.closed(layers, 0) == (None, 0)  # and without any, not at all
    commons.closed(layers, 100)
    ((key, whole),) = commons._made.items()
    assert whole.closed.any()
    assert not whole.cut
    commons._made[key] = replace(whole, closed=np.zeros(4, np.bool_), budget=1, cut=True)
    for budget, again in ((1, False), (2, True), (3, False)):
        found, work = commons.closed(layers, budget)
        assert (work > 0) == again
        assert found is not None
        assert found.any() == (budget > 1)


def test_a_budget_that_is_spent_cuts_short() -> None:
    assert common(FEW, WITH_ALL, 0).cut
    assert not common(FEW, WITH_ALL).cut


def test_what_is_proved_for_many_is_paid_by_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of half of its budget, and counted with it; all systems together have what is left."""
    offered: list[int] = []
    left: list[int] = []

    def costly(_self: Commons, _layers: Layers, budget: int) -> tuple[None, int]:
        offered.append(budget)
        return None, 7 if len(offered) == 1 else 0

    def searched(layers: Layers, budget: int, _told: object, _known: object) -> Finding:
        left.append(budget)
        return Finding("mean", layers.chain[0], K, Verdict.safe, 4, 1, (1, 0), 2)

    monkeypatch.setattr(Commons, "closed", costly)
    monkeypatch.setattr("service.disclosure.audit.together.by_search", searched)
    monkeypatch.setattr("service.disclosure.audit.wave.TOTAL", 24)
    monkeypatch.setattr("service.disclosure.audit.layers.Layers.at_once", lambda _: None)
    report = audit_wave(wave([FEW, (2, 8, 9, 9), (2, 9, 8, 9), (2, 7, 9, 9)]), budget=20)
    # Who answered at all, and the first item: one system, searched once.
    assert [one.work for one in report.findings] == [9, 9, 2, 2, 2]
    assert offered == [10, 7, 6, 5]
    assert left == [13, 15, 13, 11]
