"""The connections of a pool that may wait at a time: no more than there are places, and each is given back."""

import pytest

from service.kit.db import Places


def test_a_place_is_one_s_until_it_is_left_in_whatever_way() -> None:
    places = Places(2)
    for _ in range(3):
        with places.one() as first, places.one() as second, places.one() as third:
            assert (first, second, third) == (True, True, False)
        with pytest.raises(ValueError, match="gone"), places.one():
            raise ValueError("gone")


def test_who_found_none_gives_none_back() -> None:
    places = Places(1)
    with places.one() as first:
        for _ in range(3):
            with places.one() as other:
                assert (first, other) == (True, False)
