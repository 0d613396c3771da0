"""The draws of a pulse, wave after wave, against a plain account of what was asked before."""

from collections import Counter
from itertools import permutations, product
from math import lcm
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.campaigns.rotation import Bank, Rotation, _interleaved, _laid_out, draw, faults
from service.questionnaires.document import Document

Json = dict[str, Any]
TEXT = {"en": "x"}
SEEDS = st.binary(min_size=1, max_size=64)
SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=5)


@st.composite
def _documents(draws: st.DrawFn) -> Document:
    """Scales of some items, ratings outside them, and comments, in any order."""
    sizes = draws(st.lists(st.integers(1, 4), max_size=4))
    scales: list[Json] = [
        {"id": f"s{at}", "title": TEXT, "items": [f"s{at}i{place}" for place in range(size)]}
        for at, size in enumerate(sizes)
    ]
    names = [(name, "rating") for scale in scales for name in scale["items"]]
    names += [(f"free{at}", "rating") for at in range(draws(st.integers(0, 3)))]
    names += [(f"text{at}", "text") for at in range(draws(st.integers(0, 2)))]
    assume(names)
    items: list[Json] = [
        {"id": name, "type": kind, "text": TEXT} | ({"points": 5} if kind == "rating" else {})
        for name, kind in draws(st.permutations(names))
    ]
    fields = {"format": "pouls/1", "key": "k", "languages": ["en"], "title": TEXT}
    return Document.parse({**fields, "items": items, "scales": scales})


@st.composite
def _anchored(draws: st.DrawFn) -> tuple[Document, tuple[str, ...]]:
    document = draws(_documents())
    names = [item.id for item in document.items]
    return document, tuple(draws(st.lists(st.sampled_from(names), unique=True, max_size=3)))


def _driver(document: Document, name: str) -> str:
    return next((scale.id for scale in document.scales if name in scale.items), name)


def _rotating(document: Document, anchors: tuple[str, ...]) -> list[str]:
    return [item.id for item in document.items if item.type != "text" and item.id not in anchors]


@settings(deadline=None)
@given(_anchored(), st.integers(1, 8), SEEDS)
def test_nothing_comes_again_before_everything_has_come(
    found: tuple[Document, tuple[str, ...]], slots: int, seed: bytes
) -> None:
    document, anchors = found
    rotation, rotating = Rotation(slots + len(anchors), anchors, None), _rotating(document, anchors)
    assume(rotating)
    too_long = rotation.length > len(document.items)  # it would draw like the longest one that is not
    assert [fault.pointer for fault in faults(document, rotation)] == ["/rotation/length"] * too_long
    order = [item.id for item in document.items]
    asked, before = Counter(dict.fromkeys(rotating, 0)), dict[str, int]()
    bank = Bank.of(document)
    for turn in range(1, 3 * len(rotating) + 3):
        wave = draw(bank, rotation, seed, turn)
        assert wave == sorted(set(wave), key=order.index)
        assert set(anchors) <= set(wave)
        drawn = [name for name in wave if name not in anchors]
        assert len(drawn) == min(slots, len(rotating))
        for name in drawn:
            asked[name] += 1
            waited = turn - before.get(name, -len(rotating))
            assert waited >= len(rotating) // len(drawn)
            before[name] = turn
        assert max(asked.values()) - min(asked.values()) <= 1


@settings(deadline=None)
@given(st.data(), _anchored(), SEEDS)
def test_each_driver_deals_in_its_own_waves(
    data: st.DataObject, found: tuple[Document, tuple[str, ...]], seed: bytes
) -> None:
    document, anchors = found
    drivers = sorted({_driver(document, name) for name in _rotating(document, anchors)})
    assume(drivers)
    named = data.draw(st.lists(st.sampled_from(drivers), unique=True, min_size=1))
    cadence = {driver: data.draw(st.integers(1, 6)) for driver in named}
    turns = range(1, 2 * lcm(*cadence.values()) + 1)
    rotation = Rotation(len(document.items) + 1, anchors, cadence)
    bank = Bank.of(document)
    waves = [draw(bank, rotation, seed, turn) for turn in turns]
    drawn = [[name for name in wave if name not in anchors] for wave in waves]
    for driver, every in cadence.items():
        own = [name for name in _rotating(document, anchors) if _driver(document, name) == driver]
        dealt = [[name for name in wave if name in own] for wave in drawn]
        assert all(sum(map(len, dealt[at : at + every])) == 1 for at in range(len(waves) - every + 1))
        one_by_one = [name for wave in dealt for name in wave]
        for begin in range(0, len(one_by_one), len(own)):
            cycle = one_by_one[begin : begin + len(own)]
            assert len(set(cycle)) == len(cycle)
    assert {_driver(document, name) for wave in drawn for name in wave} == cadence.keys()
    # What is refused is what these waves could not be: neither too long nor empty, and no other.
    busiest = max(map(len, waves))
    empty = any(not wave for wave in waves)
    for length in {len(anchors) + 1, busiest - 1, busiest}:
        places = [fault.pointer for fault in faults(document, Rotation(length, anchors, cadence))]
        assert ("/rotation/length" in places) == (
            length < busiest or length <= len(anchors) or length > len(document.items)
        )
        assert ("/rotation/cadence" in places) == empty


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([1, 2, 3, 4, 5, 6]), min_size=1, max_size=4))
def test_the_busiest_wave_is_counted_and_hardly_busier_than_it_must_be(cadences: list[int]) -> None:
    cadences.sort()
    laid, turns = _laid_out(tuple(cadences)), lcm(*cadences)

    def load(firsts: tuple[int, ...]) -> list[int]:
        return [
            sum((turn - first) % every == 0 for first, every in zip(firsts, cadences, strict=True))
            for turn in range(1, turns + 1)
        ]

    assert all(1 <= first <= every for first, every in zip(laid.firsts, cadences, strict=True))
    assert (laid.quietest, laid.busiest) == (min(load(laid.firsts)), max(load(laid.firsts)))
    best = min(max(load(firsts)) for firsts in product(*(range(1, every + 1) for every in cadences)))
    assert best <= laid.busiest <= best + 1


@settings(deadline=None)
@given(st.data(), st.integers(1, 4))
def test_cadences_that_divide_each_other_fill_the_waves_evenly(data: st.DataObject, kinds: int) -> None:
    cadences, every = list[int](), 1
    for _ in range(kinds):
        every *= data.draw(st.sampled_from([1, 2, 3]))
        cadences += [every] * data.draw(st.integers(1, 9))
    laid, turns = _laid_out(tuple(cadences)), lcm(*cadences)
    items = sum(turns // every for every in cadences)
    assert (laid.quietest, laid.busiest) == (items // turns, -(-items // turns))


def test_of_very_odd_cadences_the_busiest_of_many_waves_is_known() -> None:
    """Their pattern would come again after more waves than any pulse has."""
    cadences = (7, 11, 13, 16, 17, 19, 23, 25, 27, 29, 31, 37, 41, 43, 47, 52)
    laid = _laid_out(cadences)
    load = [
        sum(turn >= first and (turn - first) % every == 0 for first, every in zip(laid.firsts, cadences, strict=True))
        for turn in range(1, 10_001)
    ]
    assert (laid.quietest, laid.busiest) == (min(load), max(load))


def _decks(sizes: list[int]) -> dict[str, list[str]]:
    return {f"d{at}": [f"d{at}i{place}" for place in range(size)] for at, size in enumerate(sizes)}


def _alike(order: list[str]) -> int:
    """Neighbours of one driver, the last and the first among them."""
    return sum(one.partition("i")[0] == order[at - 1].partition("i")[0] for at, one in enumerate(order))


@settings(deadline=None)
@given(SIZES)
def test_neighbours_in_the_deck_are_of_different_drivers(sizes: list[int]) -> None:
    decks = _decks(sizes)
    order = _interleaved(decks)
    assert sorted(order) == sorted(name for items in decks.values() for name in items)
    for items in decks.values():
        assert [name for name in order if name in items] == items
    assert _alike(order) == max(0, 2 * max(sizes) - sum(sizes))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4).filter(lambda sizes: sum(sizes) <= 7))
def test_no_order_of_the_deck_has_fewer_neighbours_alike(sizes: list[int]) -> None:
    order = _interleaved(_decks(sizes))
    assert _alike(order) == min(_alike(list(other)) for other in permutations(order))


@settings(deadline=None)
@given(st.integers(2, 9), st.integers(1, 6))
def test_drivers_of_one_size_come_in_turn(drivers: int, size: int) -> None:
    order = [name.partition("i")[0] for name in _interleaved(_decks([size] * drivers))]
    twice = order + order
    assert all(len(set(twice[at : at + drivers])) == drivers for at in range(len(order)))
