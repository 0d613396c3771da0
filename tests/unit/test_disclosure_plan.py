"""Plans and tables of linked breakdowns: which are refused, and who is in which cell."""

from typing import Any

import pytest

from service.disclosure.atoms import world
from service.disclosure.plan import Plan, PlanRefused, TableRefused


@pytest.mark.parametrize(
    ("hierarchies", "dimensions", "breakdowns"),
    [
        ({"org": ("a",)}, (), ()),
        ({}, (), ((),)),
        ({"org": ()}, ("d",), (("org",),)),
        ({"org": ("a",)}, ("d",), (("site",),)),
        ({"org": ("a",)}, ("org",), (("org",),)),
        ({"org": ("a",)}, ("a",), (("org",),)),
        ({"org": ("a",)}, ("d",), (("org", "org"),)),
        ({"org": ("a",)}, ("d",), (("org", "d"), ("d", "org"))),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(hierarchies: Any, dimensions: Any, breakdowns: Any) -> None:
    with pytest.raises(PlanRefused):
        Plan(hierarchies, dimensions, breakdowns)


@pytest.mark.parametrize("count", [[1, -1], [1, 0.5], [1], [0, 0], [True, True]])
def test_counts_that_are_none_are_refused(count: Any) -> None:
    with pytest.raises(TableRefused):
        world(Plan.default(["team"], []), {"team": ["a", "b"]}, count)


def test_people_without_a_unit_or_a_value_are_in_the_cells_above_alone() -> None:
    table = {"division": ["x", "x", "y", ""], "team": ["1", "", "", ""], "sex": ["m", "", "f", "m"]}
    one = world(Plan.default(["division", "team"], ["sex"]), table)
    shown = {candidate.labels: int(one.people[candidate.cell]) for candidate in one.candidates}
    assert shown == {
        (None, None, None): 4, ("x", None, None): 2, ("y", None, None): 1, ("x", "1", None): 1,
        (None, None, "m"): 2, (None, None, "f"): 1, ("x", None, "m"): 1, ("y", None, "f"): 1, ("x", "1", "m"): 1,
    }  # fmt: skip


def test_the_order_of_the_rows_does_not_matter() -> None:
    table = {"team": list("cabacbbacc"), "sex": list("mfmfmfmmff")}
    shuffled = {name: column[::-1] for name, column in table.items()}
    one, other = (world(Plan.default(["team"], ["sex"]), rows) for rows in (table, shuffled))
    assert one.candidates == other.candidates
    assert one.cells.atom.tobytes() == other.cells.atom.tobytes()
    assert one.value.tobytes() == other.value.tobytes()
