"""Steps of participation: what is told fits at least two numbers of people who answered, and holds what is true."""

from collections import Counter
from uuid import UUID

import numpy as np
import pytest

from service.disclosure.policy import FLOORS
from service.releases.orgtree import OrgTree, Unit
from service.releases.participation import in_steps, told


@pytest.mark.parametrize("invited", range(FLOORS["participation_from"], 300))
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


def test_nothing_is_told_of_fewer_people_than_the_contract_says() -> None:
    units = [Unit(UUID(int=at + 1), UUID(int=1) if at else None, "hris", str(at), str(at)) for at in range(3)]
    tree = OrgTree.of(units)
    invited, answered = np.array([0, 30, 15]), np.array([0, 20, 10])
    assert [one.status for one in told(tree, invited, answered, 10)] == ["shown"] * 3
    # And the unit beside it, whose participation would tell that of the small one.
    assert [one.status for one in told(tree, invited, answered, 16)].count("shown") == 1
