"""The order within a unit: what is withheld for the sake of others is withheld where others of its line are."""

import numpy as np

from service.disclosure.atoms import World, world
from service.disclosure.checks import Int64s, Mask
from service.disclosure.gauss import choose
from service.disclosure.lines import lines_of
from service.disclosure.linked import protect_linked, sparse
from service.disclosure.plan import Plan

K = 5
PLAN = Plan.default(["division"], ["site"])
PEOPLE = {"a": (9, 8, 3), "b": (8, 9, 9), "c": (3, 9, 8)}
"""Of three divisions at the sites x, y and z. Two cells are too small, and each needs a second one in its division."""

DIVISION = [division for division in PEOPLE for _ in "xyz"]
SITE = list("xyz" * 3)
COUNT = [people for row in PEOPLE.values() for people in row]


def made(rows: slice = slice(None)) -> World:
    return world(PLAN, {"division": DIVISION[rows], "site": SITE[rows]}, COUNT[rows])


def withheld(one: World, published: Mask) -> set[str]:
    return {"".join(filter(None, at.labels)) for at in one.candidates if not published[at.cell]}


def may(one: World) -> Int64s:
    return one.value[one.people[one.value] >= K]


def test_a_division_gives_up_the_site_where_another_has_to() -> None:
    one = made()
    pattern = protect_linked(one, K)
    assert withheld(one, pattern.published) == {"ax", "az", "cx", "cz"}
    assert pattern.proved == pattern.small


def test_the_smallest_last_would_give_up_more() -> None:
    one = made()
    spans = np.split(one.cells.atom, one.cells.start[1:-1])
    protected = sparse([dict.fromkeys(spans[cell].tolist(), 1) for cell in np.flatnonzero(one.people < K).tolist()])
    plain = choose(one.cells, may(one), protected, one.regions)[-1].published
    by_lines = choose(one.cells, may(one), protected, one.regions, lines=lines_of(one, K))[-1].published
    assert "ay" in withheld(one, plain)
    assert plain.sum() < by_lines.sum() == len(one.people) - 4


def test_the_line_of_a_cell_is_the_smallest_of_an_upper_level_that_holds_it() -> None:
    one = made()
    lines = lines_of(one, K)
    cell = {"".join(filter(None, at.labels)): at.cell for at in one.candidates}
    over = {name: lines.line[number] for name, number in cell.items()}
    assert {over[name] for name in ("", "x", "y", "z")} == {-1}
    assert {over[name] for name in "abc"} == {cell[""]}
    assert all(over[division + site] == cell[site] for division in "abc" for site in "xyz")
    assert len({lines.unit[cell[name]] for name in ("a", "ax", "ay", "az")}) == 1
    assert lines.unit[cell[""]] < lines.unit[cell["a"]] < lines.unit[cell["bz"]] < lines.unit[cell["cx"]]


def test_the_order_of_the_rows_does_not_matter() -> None:
    one, other = made(), made(slice(None, None, -1))
    assert (protect_linked(one, K).published == protect_linked(other, K).published).all()


def test_the_order_that_is_given_is_left_as_it_is() -> None:
    one = made()
    order = may(one)
    before = order.copy()
    choose(one.cells, order, sparse([]), one.regions, lines=lines_of(one, K))
    assert (order == before).all()
