"""Steps of participation: what is told fits at least two numbers of people who answered, and holds what is true."""

from collections import Counter

import pytest

from service.releases.participation import LEAST_INVITED, in_steps


@pytest.mark.parametrize("invited", range(LEAST_INVITED, 300))
def test_no_step_tells_exactly_how_many_answered(invited: int) -> None:
    told = Counter(in_steps(answered, invited) for answered in range(invited + 1))
    assert min(told.values()) > 1
    for answered in range(invited + 1):
        percent, bound = in_steps(answered, invited)
        if bound == "or_less":
            assert answered * 100 < percent * invited
        else:
            assert answered * 100 >= percent * invited


def test_large_units_have_steps_of_five_points() -> None:
    assert in_steps(26, 53) == (45, None)
    assert in_steps(180, 200) == (90, "or_more")
    assert in_steps(39, 200) == (20, "or_less")
