"""Which items each wave of a pulse asks: of the shipped bank, of odd ones, and which rotations are refused."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from service.campaigns.rotation import MOST_TURNS, Bank, Rotation, draw, faults
from service.questionnaires.asked import asked
from service.questionnaires.catalogue.shipped import catalogue
from service.questionnaires.document import Document

Json = dict[str, Any]
TEXT = {"en": "x"}
SEED = b"a seed of a pulse"
PULSE = catalogue()["pulse_bank"].document
BANK = Bank.of(PULSE)
DRIVER = {name: driver for driver, items in BANK.drivers.items() for name in items}
ANCHOR = "commitment_would_stay"


def _document(**changes: Any) -> Document:
    """Two scales, of three items and of one, an eNPS item in none, and a comment."""
    items: list[Json] = [{"id": "nps", "type": "enps"}]
    items += [{"id": name, "type": "rating", "points": 5} for name in ("a1", "b1", "a2", "a3")]
    items += [{"id": "why", "type": "text"}]
    source: Json = {
        "format": "pouls/1",
        "key": "k",
        "languages": ["en"],
        "title": TEXT,
        "items": [{"text": TEXT} | item for item in items],
        "scales": [
            {"id": "a", "title": TEXT, "items": ["a3", "a1", "a2"]},
            {"id": "b", "title": TEXT, "items": ["b1"]},
        ],
    }
    return Document.parse(source | changes)


def _faults(rotation: Rotation, document: Document | None = None) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.reason) for fault in faults(document or _document(), rotation)]


def test_a_bank_is_its_scales_and_the_items_outside_them_but_for_comments() -> None:
    bank = Bank.of(_document())
    assert bank.items == ("nps", "a1", "b1", "a2", "a3", "why")
    assert bank.drivers == {"nps": ("nps",), "a": ("a1", "a2", "a3"), "b": ("b1",)}
    assert len(BANK.drivers) == 12


def test_over_three_cycles_of_the_shipped_bank_every_item_is_asked_once_in_each() -> None:
    rotation = Rotation(6, (ANCHOR,), None)
    assert faults(PULSE, rotation) == []
    rotating = [name for name in BANK.items if name != ANCHOR]
    waves = [draw(BANK, rotation, SEED, turn) for turn in range(1, 1 + 3 * 47)]
    assert all(len(wave) == len(set(wave)) == 6 and ANCHOR in wave for wave in waves)
    assert all(wave == sorted(wave, key=BANK.items.index) for wave in waves)
    # 47 items, five a wave: 47 waves are five cycles, and a cycle begins inside a wave.
    counts = Counter(name for wave in waves for name in wave)
    assert counts == dict.fromkeys(rotating, 15) | {ANCHOR: 3 * 47}
    for cycle in range(15):
        before, inside = divmod(cycle * 47, 5)
        whole = [name for wave in waves[before + (inside > 0) : (cycle + 1) * 47 // 5] for name in wave]
        assert max(count for name, count in Counter(whole).items() if name != ANCHOR) == 1


def test_a_wave_asks_about_as_many_drivers_as_it_has_room_for() -> None:
    for seed in (SEED, b"another", b"a third"):
        for turn in range(1, 49):
            wave = draw(BANK, Rotation(12, (), None), seed, turn)
            assert {DRIVER[name] for name in wave} == BANK.drivers.keys()
            few = draw(BANK, Rotation(5, (), None), seed, turn)
            assert len({DRIVER[name] for name in few}) == 5


def test_one_item_of_each_driver_in_four_waves() -> None:
    rotation = Rotation(4, (ANCHOR,), dict.fromkeys(BANK.drivers, 4))
    assert faults(PULSE, rotation) == []
    waves = [draw(BANK, rotation, SEED, turn) for turn in range(1, 49)]
    assert {len(wave) for wave in waves} == {4}
    for begin in range(45):
        drawn = [DRIVER[name] for wave in waves[begin : begin + 4] for name in wave if name != ANCHOR]
        assert sorted(drawn) == sorted(BANK.drivers)
    counts = Counter(name for wave in waves for name in wave)
    # Three cycles of four items: 12 times a driver, once an item and cycle; the anchor's driver has three left.
    assert {counts[name] for name in BANK.items if DRIVER[name] != "commitment"} == {3}
    assert {counts[name] for name in BANK.drivers["commitment"]} == {4, 48}


def test_drivers_have_cadences_of_their_own() -> None:
    cadence = {"workload": 1, "trust": 2, "growth": 4, "meaning": 4}
    rotation = Rotation(2, (), cadence)
    assert faults(PULSE, rotation) == []
    waves = [draw(BANK, rotation, SEED, turn) for turn in range(1, 97)]
    assert {len(wave) for wave in waves} == {2}
    for driver, every in cadence.items():
        turns = [turn for turn, wave in enumerate(waves) if any(DRIVER[name] == driver for name in wave)]
        assert {after - before for before, after in pairwise(turns)} == {every}
        dealt = [name for wave in waves for name in wave if DRIVER[name] == driver]
        assert all(set(dealt[at : at + 4]) == set(BANK.drivers[driver]) for at in range(0, len(dealt), 4))
    assert {DRIVER[name] for wave in waves for name in wave} == cadence.keys()


def test_every_wave_of_a_pulse_is_a_questionnaire() -> None:
    part = asked(PULSE, draw(BANK, Rotation(8, tuple(BANK.drivers["trust"]), None), SEED, 9))
    assert [scale.id for scale in part.scales] == ["trust"]
    assert len(part.items) == 8


def test_with_room_for_all_every_wave_asks_all_but_comments() -> None:
    bank = Bank.of(_document())
    for length in (5, 6, 100):
        rotation = Rotation(length, (), None)
        assert all(draw(bank, rotation, SEED, turn) == ["nps", "a1", "b1", "a2", "a3"] for turn in (1, 2, 3))
    assert draw(bank, Rotation(100, ("why",), None), SEED, 4) == list(bank.items)


def test_an_item_outside_scales_is_drawn_by_its_own_id() -> None:
    rotation = Rotation(3, ("why",), {"nps": 3, "b": 1})
    assert _faults(rotation) == []
    waves = [draw(Bank.of(_document()), rotation, SEED, turn) for turn in range(1, 7)]
    asked_nps = [["nps", "b1", "why"], ["b1", "why"], ["b1", "why"]]
    assert waves == asked_nps * 2


def test_the_draw_stays_what_it_was_in_earlier_versions() -> None:
    bank = Bank.of(_document())
    deck = [["a1", "b1", "why"], ["nps", "a2", "why"], ["a1", "a3", "why"]]
    assert [draw(bank, Rotation(3, ("why",), None), SEED, turn) for turn in (1, 2, 3)] == deck
    dealt = [["a1", "b1"], ["nps"], ["a2"], ["b1"], ["nps", "a3"], []]
    assert [draw(bank, Rotation(3, ("why",), {"a": 2, "b": 3, "nps": 3}), SEED, turn) for turn in range(1, 7)] == [
        [*wave, "why"] for wave in dealt
    ]


def test_another_seed_draws_otherwise() -> None:
    for rotation in (Rotation(6, (), None), Rotation(6, (), dict.fromkeys(BANK.drivers, 4))):
        drawn = {tuple(draw(BANK, rotation, bytes([seed]), 3)) for seed in range(20)}
        assert len(drawn) > 15


def test_the_order_in_which_a_cadence_names_drivers_says_nothing() -> None:
    cadence = {name: 1 + at % 5 for at, name in enumerate(BANK.drivers)}
    turned = dict(reversed(cadence.items()))
    for turn in range(1, 61):
        wave = draw(BANK, Rotation(12, (), cadence), SEED, turn)
        assert wave == draw(BANK, Rotation(12, (), turned), SEED, turn)


@pytest.mark.parametrize("turn", [0, -1, MOST_TURNS + 1])
def test_there_is_no_such_turn(turn: int) -> None:
    with pytest.raises(ValueError, match=r"^no such turn$"):
        draw(BANK, Rotation(6, (), None), SEED, turn)
    assert len(draw(BANK, Rotation(6, (), None), SEED, MOST_TURNS)) == 6


NO_DRIVER = "is neither a scale nor an item outside scales that can be drawn"
REFUSED: list[tuple[Rotation, list[tuple[str, str]]]] = [
    (Rotation(3, ("nps", "zz"), None), [("/rotation/anchors/1", "is not an item of this questionnaire")]),
    (Rotation(3, ("a",), None), [("/rotation/anchors/0", "is not an item of this questionnaire")]),
    (Rotation(4, ("nps", "a1", "nps"), None), [("/rotation/anchors/2", "is already an anchor")]),
    (Rotation(2, ("nps", "a1"), None), [("/rotation/length", "must be more than the number of anchors")]),
    (Rotation(0, (), None), [("/rotation/length", "must be more than the number of anchors")]),
    (Rotation(-3, (), None), [("/rotation/length", "must be more than the number of anchors")]),
    (Rotation(7, (), None), [("/rotation/length", "must be at most 6, the questionnaire's items")]),
    (
        Rotation(6, ("nps", "a1", "a2", "a3", "b1"), None),
        [("/rotation/anchors", "must leave items to draw, which anchors and comments are not")],
    ),
    (Rotation(6, (), {}), [("/rotation/cadence", "must name a driver")]),
    (Rotation(6, ("nps",), {"c": 2}), [("/rotation/cadence/c", NO_DRIVER)]),
    (Rotation(6, ("nps",), {"a": 2, "why": 2}), [("/rotation/cadence/why", NO_DRIVER)]),
    (Rotation(6, ("nps",), {"a1": 2}), [("/rotation/cadence/a1", NO_DRIVER)]),  # an item of a scale
    (Rotation(6, ("nps",), {"<b>x": 2}), [("/rotation/cadence", NO_DRIVER)]),  # no name: not said back
    (
        Rotation(6, ("b1",), {"a": 1, "b": 2}),
        [("/rotation/cadence/b", "has no item to draw: all of them are anchors")],
    ),
    (Rotation(6, ("nps",), {"a": 0}), [("/rotation/cadence/a", "must be from 1 to 52")]),
    (Rotation(6, ("nps",), {"a": 53}), [("/rotation/cadence/a", "must be from 1 to 52")]),
    (
        Rotation(2, ("nps",), {"a": 1, "b": 2}),
        [("/rotation/length", "must be at least 3, for the cadence's busiest wave")],
    ),
    (
        # Two and three are together once in six waves, wherever they begin.
        Rotation(1, (), {"a": 2, "b": 3}),
        [
            ("/rotation/length", "must be at least 2, for the cadence's busiest wave"),
            ("/rotation/cadence", "leaves waves that ask nothing: name an anchor or more drivers"),
        ],
    ),
    (
        Rotation(5, (), {"a": 52}),
        [("/rotation/cadence", "leaves waves that ask nothing: name an anchor or more drivers")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rotation", "expected"), REFUSED)
def test_a_rotation_that_can_not_be_is_refused_at_its_place(
    rotation: Rotation, expected: list[tuple[str, str]]
) -> None:
    assert _faults(rotation) == expected


@pytest.mark.parametrize(
    "rotation",
    [
        Rotation(1, (), None),
        Rotation(3, ("why", "a1"), None),
        Rotation(2, ("nps",), {"a": 52}),
        Rotation(1, (), {"a": 2, "b": 2}),
        Rotation(2, (), {"a": 1, "b": 2, "nps": 2}),
        Rotation(3, ("why",), {"a": 1, "b": 1}),
    ],
)
def test_a_rotation_that_can_be_is_not(rotation: Rotation) -> None:
    assert _faults(rotation) == []


def test_a_questionnaire_with_branches_is_no_bank() -> None:
    reason = "has items that depend on others, by a condition or an earlier answer in a text: no bank to draw from"
    source = _document().as_json()
    for item in source["items"][3:5]:
        item["visible_if"] = {"item": "nps", "at_least": 9}
    assert _faults(Rotation(3, (), None), Document.parse(source)) == [("/questionnaire", reason)]


def test_a_questionnaire_of_comments_has_nothing_to_draw() -> None:
    comments = [{"id": "why", "type": "text", "text": TEXT}]
    expected = [("/rotation/anchors", "must leave items to draw, which anchors and comments are not")]
    assert _faults(Rotation(1, (), None), _document(items=comments, scales=[])) == expected
