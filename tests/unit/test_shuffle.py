"""The shuffle of a batch: every order is as likely as any other, and nothing is lost."""

from collections import Counter
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from service.responses.intake import shuffle

TIMES = 24_000


@given(st.lists(st.integers()))
def test_what_is_shuffled_is_all_still_there(things: list[int]) -> None:
    shuffled = things.copy()
    shuffle(shuffled)
    assert Counter(shuffled) == Counter(things)


def test_every_order_is_as_likely() -> None:
    """24 orders of four, a thousand times each; six standard deviations to either side."""
    found: Counter[tuple[int, ...]] = Counter()
    for _ in range(TIMES):
        things = [0, 1, 2, 3]
        shuffle(things)
        found[tuple(things)] += 1
    assert set(found) == set(permutations(range(4)))
    assert all(abs(count - TIMES / 24) < 190 for count in found.values()), found
