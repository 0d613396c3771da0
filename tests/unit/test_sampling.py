"""Whom each wave of a sampled pulse invites: everybody in turn, and never too few of a unit."""

import random
import time
from collections import Counter
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.campaigns.inviting.sampling import invited, parts_of, phases
from tests.make.hangs import HANGS_S

SEED = b"a seed of a pulse"
UNIT = UUID(int=1)
EVERY = st.sampled_from([2, 3, 4, 5, 8, 13, 52])
SEEDS = st.binary(min_size=1, max_size=64)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)
LEAST = st.integers(1, 12)


def _people(sizes: list[int]) -> tuple[list[UUID], list[UUID]]:
    """Units of these sizes, and the people in them."""
    homes = [UUID(int=1000 + unit) for unit, size in enumerate(sizes) for _ in range(size)]
    return homes, [UUID(int=at) for at in range(len(homes))]


@settings(deadline=None)
@given(SIZES, EVERY, LEAST, SEEDS, st.integers(1, 10_000))
def test_everybody_is_invited_once_in_every_round(
    sizes: list[int], every: int, least: int, seed: bytes, begin: int
) -> None:
    homes, people = _people(sizes)
    found = phases(homes, people, every, least, seed)
    waves = [invited(homes, people, every, least, seed, begin + turn) for turn in range(every)]
    for turn, wave in enumerate(waves):
        mine = [phase == (begin + turn) % every for phase in found]
        # Nobody is left out of their own turn; others come along only where it would be too small.
        assert all(is_asked for is_asked, is_mine in zip(wave, mine, strict=True) if is_mine)
        assert wave == mine or sum(mine) < least
        assert sum(wave) >= min(least, len(people))


@settings(deadline=None)
@given(SIZES, EVERY, LEAST, SEEDS, st.integers(1, 10_000), st.data())
def test_a_wave_that_would_be_too_small_asks_those_of_the_next_as_well(
    sizes: list[int], every: int, least: int, seed: bytes, turn: int, data: st.DataObject
) -> None:
    """As many waves' parts as it takes, found by adding one after the other; never anybody who is spared."""
    homes, people = _people(sizes)
    spared = data.draw(st.sets(st.sampled_from(people)))
    found = phases(homes, people, every, least, seed)
    asked = set[UUID]()
    for more in range(every):
        asked |= {one for one, phase in zip(people, found, strict=True) if phase == (turn + more) % every} - spared
        if len(asked) >= least:
            break
    mine = invited(homes, people, every, least, seed, turn, spared)
    assert {one for one, is_asked in zip(people, mine, strict=True) if is_asked} == asked


@settings(deadline=None)
@given(SIZES, EVERY, LEAST, SEEDS)
def test_a_unit_is_invited_by_enough_people_or_by_nobody(sizes: list[int], every: int, least: int, seed: bytes) -> None:
    homes, people = _people(sizes)
    for unit, size in enumerate(sizes):
        own = [phase for home, phase in zip(homes, phases(homes, people, every, least, seed), strict=True)
               if home.int == 1000 + unit]  # fmt: skip
        parts = Counter(own)
        # As many parts as there can be, found by trying them.
        most = max(parts for parts in range(1, every + 1) if parts == 1 or size // parts >= least)
        assert len(parts) == most == parts_of(size, every, least)
        assert min(parts.values()) >= min(least, size)
        assert max(parts.values()) - min(parts.values()) <= 1
        turns = sorted(parts)
        gaps = [after - before for before, after in pairwise([*turns, turns[0] + every])]
        assert sum(gaps) == every
        assert max(gaps) - min(gaps) <= 1


@settings(deadline=None)
@given(SIZES, EVERY, LEAST, SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_the_list_says_nothing(
    sizes: list[int], every: int, least: int, seed: bytes, shuffled: random.Random
) -> None:
    homes, people = _people(sizes)
    found = dict(zip(people, phases(homes, people, every, least, seed), strict=True))
    order = list(range(len(people)))
    shuffled.shuffle(order)
    again = phases([homes[at] for at in order], [people[at] for at in order], every, least, seed)
    assert dict(zip([people[at] for at in order], again, strict=True)) == found


def _moved(size: int, every: int, least: int, joins: UUID) -> list[tuple[int, int]]:
    """Before and after, of those whose wave is another once one more person is in their unit."""
    people = [UUID(int=at) for at in range(size)]
    before = phases([UNIT] * size, people, every, least, SEED)
    after = phases([UNIT] * (size + 1), [*people, joins], every, least, SEED)
    return [(old, new) for old, new in zip(before, after, strict=False) if old != new]


@settings(deadline=None)
@given(st.integers(1, 80), EVERY, LEAST, st.integers(1000, 2000))
def test_one_person_more_or_less_moves_one_at_each_border_at_most(
    size: int, every: int, least: int, joins: int
) -> None:
    parts = parts_of(size, every, least)
    if parts_of(size + 1, every, least) != parts:
        return
    moved = _moved(size, every, least, UUID(int=joins))
    assert len(moved) <= parts - 1
    borders = {tuple(sorted(pair)) for pair in moved}
    assert len(borders) == len(moved)  # each between two parts of its own
    people = [UUID(int=at) for at in range(size)]
    turns = sorted(set(phases([UNIT] * size, people, every, least, SEED)))
    for pair in borders:
        places = sorted(turns.index(turn) for turn in pair)
        assert places[1] - places[0] in {1, parts - 1}  # to the next part


@pytest.mark.parametrize("every", [2, 3, 4])
def test_no_smaller_bound_holds(every: int) -> None:
    """Somewhere, everybody who may move does."""
    most = max(
        len(_moved(size, every, 1, UUID(int=joins))) for size in range(every, 8 * every) for joins in range(1000, 1030)
    )
    assert most == every - 1


def test_other_units_do_not_notice_who_joins() -> None:
    homes, people = _people([30, 7, 25])
    before = phases(homes, people, 4, 10, SEED)
    after = phases([*homes, homes[0]], [*people, UUID(int=9999)], 4, 10, SEED)
    assert before[30:] == after[30:-1]


def test_waves_are_about_equally_large() -> None:
    draw = random.Random(7)
    homes, people = _people([draw.randint(3, 60) for _ in range(3000)])
    load = Counter(phases(homes, people, 8, 10, SEED))
    assert len(load) == 8
    assert max(load.values()) < 1.1 * len(people) / 8
    assert min(load.values()) > 0.9 * len(people) / 8


def test_small_units_are_spread_over_the_round() -> None:
    homes, people = _people([5] * 400)
    turns = Counter(dict(zip(homes, phases(homes, people, 4, 10, SEED), strict=True)).values())
    assert min(turns.values()) > 70  # of a hundred


def test_another_seed_samples_otherwise() -> None:
    homes, people = _people([60] * 20)
    one, other = phases(homes, people, 4, 10, SEED), phases(homes, people, 4, 10, b"another")
    assert sum(map(int.__eq__, one, other)) < len(people) // 2


def test_the_sample_stays_what_it_was_in_earlier_versions() -> None:
    homes, people = _people([6, 3])
    assert phases(homes, people, 4, 2, SEED) == [2, 2, 1, 1, 0, 0, 2, 2, 2]


def test_a_hundred_thousand_people_are_sampled() -> None:
    homes, people = _people([50] * 2000)
    begin = time.process_time()
    assert 20_000 < sum(invited(homes, people, 4, 10, SEED, 3)) < 30_000
    assert time.process_time() - begin < HANGS_S


@pytest.mark.parametrize(("every", "least"), [(1, 10), (0, 10), (-2, 10), (53, 10), (4, 0), (4, -1)])
def test_no_other_sample_is_drawn(every: int, least: int) -> None:
    with pytest.raises(ValueError, match=r"^not a sample$"):
        invited([UNIT], [UUID(int=2)], every, least, SEED, 1)


def test_each_person_has_one_home() -> None:
    with pytest.raises(ValueError, match="zip"):
        invited([UNIT], [UUID(int=2), UUID(int=3)], 4, 10, SEED, 1)
    assert invited([], [], 4, 10, SEED, 1) == []
