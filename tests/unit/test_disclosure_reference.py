"""Documented instances: the named-cell method gives what its statisticians say, and ours gives no group away."""

import gzip
import json
from csv import DictReader
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from service.disclosure.atoms import World, world
from service.disclosure.gauss import choose
from service.disclosure.linked import protect_linked, sparse
from service.disclosure.plan import Plan

pytestmark = pytest.mark.shared
TOTAL = "all"
Name = str | tuple[str, ...]
Mask = NDArray[np.bool_]


# -- an oracle that shares nothing with the engine -------------------------------------------------------------------


def rank(rows: NDArray[np.int64]) -> int:
    """Over the rationals."""
    left = [[Fraction(value) for value in row] for row in rows.tolist()]
    pivots: list[tuple[int, list[Fraction]]] = []
    for row in left:
        for column, pivot in pivots:
            if row[column]:
                factor = row[column] / pivot[column]
                row[:] = [mine - factor * theirs for mine, theirs in zip(row, pivot, strict=True)]
        place = next((place for place, value in enumerate(row) if value), None)
        if place is not None:
            pivots.append((place, row))
    return len(pivots)


def derivable(published: NDArray[np.int64], vector: NDArray[np.int64]) -> bool:
    return rank(np.vstack([published, vector])) == rank(published)


def groups(published: NDArray[np.int64], n: NDArray[np.int64], k: int) -> set[tuple[int, ...]]:
    """Smallest groups of fewer than k people in which some combination of the cells, with any coefficients, lies."""
    full = rank(published)
    small = np.flatnonzero(n < k).tolist()
    found: set[tuple[int, ...]] = set()
    for size in range(1, min(k, len(small) + 1)):
        for group in combinations(small, size):
            if n[list(group)].sum() < k and not any(set(one) <= set(group) for one in found):
                others = np.delete(published, group, axis=1)
                if rank(others) < full:
                    found.add(group)
    return found


# -- instances -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Instance:
    """Cells with people in them, as a matrix over the atoms, and what is said of them."""

    names: list[Name]
    cells: NDArray[np.int64]
    atoms: list[Name]
    n: NDArray[np.int64]
    primary: Mask
    given: dict[str, Any]

    @property
    def people(self) -> NDArray[np.int64]:
        return self.cells @ self.n

    def named(self, order: NDArray[np.int64] | None = None, only: Mask | None = None) -> Mask:
        """What the named-cell method publishes of these cells (all, unless `only` some)."""
        order = by_size_and_overlap(self.cells, self.people) if order is None else order
        may = ~self.primary & (True if only is None else only)
        protected = vectors(self.cells[self.primary])
        stages = choose(vectors(self.cells), order[may[order]], protected, np.zeros((1, len(self.n)), np.int64))
        return stages[-1].published

    def world(self) -> World:
        """The same cells for our engine, in the documented order; no tree."""
        return World(
            ("group",), self.n, np.zeros((1, len(self.n)), np.int64), vectors(self.cells), self.people,
            by_size_and_overlap(self.cells, self.people), np.zeros(len(self.names), np.int64), (), {},
        )  # fmt: skip

    def called(self, mask: Mask) -> set[Name]:
        return {self.names[cell] for cell in np.flatnonzero(mask)}


def vectors(cells: NDArray[np.int64]) -> Any:
    return sparse([dict.fromkeys(np.flatnonzero(row).tolist(), 1) for row in cells])


def by_size(people: NDArray[np.int64]) -> NDArray[np.int64]:
    """Larger groups first, those of one size as they come."""
    return np.argsort(-people, kind="stable")


def by_size_and_overlap(cells: NDArray[np.int64], people: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of one size by what they have in common with all cells, each as heavy as its people."""
    return np.lexsort((np.arange(len(people)), -(cells @ (people @ cells)), -people))


def read(shared_data: Path, name: str) -> dict[str, Any]:
    given: dict[str, Any] = json.loads((shared_data.parent / "reference" / "sdc" / f"{name}.json").read_text("utf-8"))
    return given


def instance(shared_data: Path, name: str) -> Instance:
    given = read(shared_data, name)
    atoms, n, cells = crossed(given) if "rows" in given else listed(given)
    inside = n > 0
    rows = {key: row[inside] for key, row in cells.items() if row[inside].any()}
    matrix = np.array(list(rows.values()), np.int64)
    names = list(rows)
    people = matrix @ n[inside]
    if given.get("primary") == "1<=n<=3":
        primary = people <= 3
    elif "primary" in given:
        wanted = [tuple(one) if isinstance(one, list) else one for one in given["primary"]]
        primary = np.array([name in wanted for name in names])
        assert primary.sum() == len(wanted)
    else:
        primary = people < (given.get("k") or given["expected"]["with_k"])
    return Instance(
        names, matrix, [one for one, people in zip(atoms, n, strict=True) if people], n[inside], primary, given
    )


def listed(given: dict[str, Any]) -> tuple[list[Name], NDArray[np.int64], dict[Name, NDArray[np.int64]]]:
    atoms = list(given["atoms"])
    cells: dict[Name, NDArray[np.int64]] = {
        name: np.isin(atoms, members).astype(np.int64) for name, members in given["cells"].items()
    }
    return atoms, np.array(list(given["atoms"].values()), np.int64), cells


def crossed(given: dict[str, Any]) -> tuple[list[Name], NDArray[np.int64], dict[Name, NDArray[np.int64]]]:
    """A cross table with its totals."""
    rows, dims = given["rows"], given["dims"]
    members = {dim: {row[dim]: {row[dim]} for row in rows} for dim in dims}
    for dim, above in given.get("hierarchy", {}).items():
        members[dim] |= {name: set(values) for name, values in above.items()}
    cells: dict[Name, NDArray[np.int64]] = {}
    for breakdown in given["breakdowns"]:
        for labels in product(*(members[dim] for dim in breakdown)):
            asked = dict(zip(breakdown, labels, strict=True))
            cells[tuple(asked.get(dim, TOTAL) for dim in dims)] = np.array(
                [all(row[dim] in members[dim][label] for dim, label in asked.items()) for row in rows], np.int64
            )
    atoms: list[Name] = [tuple(row[dim] for dim in dims) for row in rows]
    return atoms, np.array([row["n"] for row in rows], np.int64), cells


def table_of(given: dict[str, Any]) -> tuple[dict[str, list[str]], list[int]]:
    return {dim: [row[dim] for row in given["rows"]] for dim in given["dims"]}, [row["n"] for row in given["rows"]]


# -- what is documented ----------------------------------------------------------------------------------------------


def test_z1_loses_six_cells_and_eight_where_ties_are_left_as_they_come(shared_data: Path) -> None:
    one = instance(shared_data, "z1")
    assert len(one.names) == 45
    assert int((~one.named()).sum()) == one.given["expected"]["suppressed_total"] == 6
    assert int((~one.named(by_size(one.people))).sum()) == 8


def test_a_cross_table_of_a_plan_is_ordered_that_way(shared_data: Path) -> None:
    """From the table to the pattern, by the engine's own order."""
    given = read(shared_data, "z1")
    table, count = table_of(given)
    one = world(Plan({}, tuple(given["dims"]), tuple(map(tuple, given["breakdowns"]))), table, count)
    cell = [candidate.cell for candidate in one.candidates]
    assert len(cell) == 45
    pattern = protect_linked(one, 4)
    assert int((~pattern.named[cell]).sum()) == 6
    assert int((~pattern.published[cell]).sum()) == 6
    plain = protect_linked(replace(one, value=by_size(one.people)), 4)
    assert int((~plain.named[cell]).sum()) == 8


def test_two_hidden_cells_in_every_line_are_not_protection(shared_data: Path) -> None:
    one = instance(shared_data, "square4")
    assert len(one.names) == 25
    hidden = np.flatnonzero(one.primary)
    given_away = [one.names[cell] for cell in hidden if derivable(one.cells[~one.primary], one.cells[cell])]
    assert given_away == [tuple(name) for name in one.given["expected"]["derivable_with_primaries_only"]]
    named = one.named()
    further = int((~named & ~one.primary).sum())
    assert further == one.given["expected"]["further_suppressions_at_least"] == 1
    assert not any(derivable(one.cells[named], one.cells[cell]) for cell in hidden)


@pytest.mark.parametrize(("other", "lost"), [((), {"N"}), (("small", "big"), set()), (("county1", "county2"), set())])
def test_two_groupings_lose_what_neither_loses_alone(shared_data: Path, other: tuple[str, ...], lost: set[str]) -> None:
    one = instance(shared_data, "linked8")
    only = ~np.isin(one.names, other)
    assert one.called(~one.named(only=only) & ~one.primary & only) == lost
    assert one.given["expected"]["secondary"] == ["N"]


def test_paris_loses_eleven_cells(shared_data: Path) -> None:
    one = instance(shared_data, "paris")
    assert len(one.names) == 18
    assert int(one.n.sum()) == 17
    assert int((~one.named()).sum()) == one.given["expected"]["suppressed_total"] == 11
    continents = np.array([name[0] in {"Europe", "America"} for name in one.names])
    assert int(continents.sum()) == 6
    assert int((~one.named() & ~continents).sum()) == 7
    assert int((~one.named(only=~continents) & ~continents).sum()) == 8, "without its continents others are lost"


def test_paris_of_a_plan_loses_eleven_cells(shared_data: Path) -> None:
    given = read(shared_data, "paris")
    table, count = table_of(given)
    above = {low: high for high, lows in given["hierarchy"]["country"].items() for low in lows}
    table["continent"] = [above[country] for country in table["country"]]
    one = world(Plan.default(["continent", "country"], ["age"]), table, count)
    cell = [candidate.cell for candidate in one.candidates]
    assert len(cell) == 18
    assert int((~protect_linked(one, 4).named[cell]).sum()) == 11
    assert int((~protect_linked(one, 3).named[cell]).sum()) != 11


def test_what_the_vendor_shows_is_one_person(shared_data: Path) -> None:
    one = instance(shared_data, "vendor")
    shown = np.isin(one.names, one.given["vendor_publishes"])
    k = one.given["expected"]["with_k"]
    assert {one.atoms[atom] for group in groups(one.cells[shown], one.n, k) for atom in group} == {"t3"}
    assert one.given["expected"]["vendor_leaks"] == ["t3"]
    assert groups(one.cells[one.named()], one.n, k) == set()
    assert one.called(one.named()) < set(one.given["vendor_publishes"])


def test_named_cells_hide_a_pair_and_stop(shared_data: Path) -> None:
    one = instance(shared_data, "pairs")
    assert one.called(one.named()) == set(one.given["expected"]["named_cell_publishes"])
    left = groups(one.cells[one.named()], one.n, one.given["k"])
    assert [[one.atoms[atom] for atom in group] for group in left] == [one.given["expected"]["still_derivable_group"]]
    ours = one.called(protect_linked(one.world(), one.given["k"]).published)
    assert ours in [set(names) for names in one.given["expected"]["group_safe_publishes_one_of"]]


# -- ours ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    # Of the square, the group that its hidden cells leave holds 47 people; nothing says so but its own text.
    ("name", "k"), [("z1", 4), ("square4", 48), ("linked8", 4), ("paris", 4), ("vendor", 3), ("pairs", 5)]
)  # fmt: skip
def test_no_group_can_be_computed_from_ours(shared_data: Path, name: str, k: int) -> None:
    one = instance(shared_data, name)
    pattern = protect_linked(one.world(), k, ~one.primary)
    assert not pattern.fell_back
    assert pattern.proved == pattern.small
    assert pattern.published.any()
    assert groups(one.cells[pattern.published], one.n, k) == set()
    assert not any(derivable(one.cells[pattern.published], cell) for cell in one.cells[one.primary & (one.people < k)])
    assert groups(one.cells[~one.primary], one.n, k) != set(), "hiding the small cells alone would have done"


# -- larger ones: the peer's figure to the cell ----------------------------------------------------------------------


@pytest.mark.parametrize(("name", "peer"), [("org_602", 394), ("org_1505", 978)])
def test_in_the_peers_order_the_named_cells_are_the_peers(shared_data: Path, name: str, peer: int) -> None:
    with gzip.open(shared_data.parent / "reference" / "sdc" / f"{name}.micro.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(DictReader(file))
    levels = [column for column in rows[0] if column.startswith("L")]
    dimensions = [column for column in rows[0] if not column.startswith("L")]
    one = world(Plan.default(levels, dimensions), {column: [row[column] for row in rows] for column in rows[0]})
    cell_of = np.repeat(np.arange(len(one.people)), np.diff(one.cells.start))
    overlap = np.bincount(cell_of, np.bincount(one.cells.atom, one.people[cell_of])[one.cells.atom])
    assert published_by_named_cells(one, np.lexsort((-overlap, -one.people)), 5) == peer
    assert published_by_named_cells(one, by_size(one.people), 5) != peer


def published_by_named_cells(one: World, order: NDArray[np.int64], k: int) -> int:
    small = np.flatnonzero(one.people < k)
    spans = np.split(one.cells.atom, one.cells.start[1:-1])
    protected = sparse([dict.fromkeys(spans[cell].tolist(), 1) for cell in small.tolist()])
    return int(choose(one.cells, order[one.people[order] >= k], protected, one.regions)[-1].published.sum())
