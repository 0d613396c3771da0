"""Run by `test_disclosure_mutants`: which seeded mistakes in the engine the oracles notice. Prints one JSON line.

The engine runs as plain Python here, made from changed text; the field's arithmetic is Python's own, which is faster
than the compiled one interpreted.
"""

import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["NUMBA_DISABLE_JIT"] = "1"

import numpy as np

from service import disclosure
from service.disclosure.atoms import World
from tests.unit.disclosure_oracle import Matrix, gives_away, misjudged, of_matrix, rank, rows_of

MODULES = ("checks", "shorten", "gauss", "attack", "linked")
WORLDS = 60
MUTANTS: dict[str, tuple[str, str, str]] = {
    "none": ("linked", "ROUNDS = 50", "ROUNDS = 50"),
    "one pivot is not eliminated": ("checks", "if other != short:", "if other != short and other + 1 != end:"),
    "a cell's checks are combined with the wrong factor": (
        "checks",
        "minus(times(out[check], scale))",
        "times(out[check], scale)",
    ),
    "what cancels is forgotten": (
        "checks",
        "if out[check] == PRIME:\n            out[check] = ZERO\n        else:",
        "if True:",
    ),
    "k is one too small": ("linked", "if k < 1:", "k -= 1\n    if k < 1:"),
    "small cells are not protected": ("linked", "np.flatnonzero(world.people < k)", "np.flatnonzero(world.people < 1)"),
    "small cells of one hit are not protected": ("gauss", "same = met == count", "same = met == count and count > 1"),
    "k is one too small where groups are searched": (
        "attack",
        "k - 1 - stack[_PEOPLE, depth]",
        "k - 2 - stack[_PEOPLE, depth]",
    ),
    "people are counted twice": (
        "attack",
        "stack[_PEOPLE, depth] + state.n[following] + least",
        "stack[_PEOPLE, depth] + 2 * state.n[following] + least",
    ),
    "the last atom of a group never fits": ("attack", "if held == 0:", "if held <= 1:"),
    "triples are skipped": (
        "attack",
        "while now[_DEPTH] > 0 and now",
        "while now[_DEPTH] != 3 and now[_DEPTH] > 0 and now",
    ),
    "what was tried stays excluded": ("attack", "state.out[state.branch[depth + 1, place]] = False", "pass"),
    "a branch ends one person early": (
        "attack",
        "_packed(state, best, room) <= room",
        "_packed(state, best, room) < room",
    ),
    "combinations of checks are not looked at": ("attack", "if alone:", "if alone and now[_RANK] == 0:"),
    "cells published again are not searched": ("linked", "self.proved = ~changed", "self.proved[:] = True"),
    "what cells published again change is not asked first": (
        "linked",
        "np.argsort(~changed[self._order]",
        "np.argsort(changed[self._order]",
    ),
    "a stage is used up": (
        "gauss",
        "published, basis = begun[-1].published.copy(), copy_of(begun[-1].basis)",
        "published, basis = begun[-1]",
    ),
    "groups are found and not protected": ("linked", "self.groups += new", "self.groups += new[:0]; new = new[:0]"),
}


def plain_field() -> ModuleType:
    """The field's functions in Python's own whole numbers."""
    field = _loaded("field", lambda text: text)
    prime = int(field.PRIME)
    vars(field).update(
        add=lambda a, b: np.uint64((int(a) + int(b)) % prime),
        minus=lambda a: np.uint64(-int(a) % prime),
        times=lambda a, b: np.uint64(int(a) * int(b) % prime),
        inverse=lambda a: np.uint64(pow(int(a), -1, prime)),
    )
    return field


def _loaded(name: str, changed: Callable[[str], str]) -> ModuleType:
    """A module of the engine made from changed text, in the place of the real one."""
    whole = f"service.disclosure.{name}"
    found = find_spec(whole)
    assert found is not None
    assert found.origin is not None
    spec = spec_from_file_location(whole, found.origin)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[whole] = module
    setattr(disclosure, name, module)
    exec(compile(changed(Path(found.origin).read_text("utf-8")), found.origin, "exec"), vars(module))  # noqa: S102 - ours
    return module


def mutated(module: str, old: str, new: str) -> ModuleType:
    """The engine with one change."""

    def changed(text: str) -> str:
        assert old in text, old
        return text.replace(old, new)

    plain_field()
    for name in MODULES:
        last = _loaded(name, changed if name == module else lambda text: text)
        if name == "gauss":
            vars(last).update(_OFTEN=1, _LONGER=0)  # stages in small worlds too
    return last


def worlds() -> Iterator[tuple[Matrix, list[int], int]]:
    """Random cells over few atoms: a whole, parts of it, and parts of parts."""
    draw = random.Random(7)
    for _ in range(WORLDS):
        atoms = draw.randint(5, 9)
        n = [draw.choice((1, 1, 1, 2, 3)) for _ in range(atoms)]
        rows = {tuple([1] * atoms)}
        while len(rows) < min(10, 2 ** (atoms - 1)):
            share = draw.choice((0.3, 0.5, 0.7))
            row = tuple(int(draw.random() < share) for _ in range(atoms))
            rows |= {row} if any(row) else set()
        yield [list(row) for row in sorted(rows, reverse=True)], n, draw.randint(3, 6)


def named_by_ranks(cells: Matrix, people: list[int], order: list[int], k: int) -> list[int]:
    """The named-cell method by rational ranks alone."""
    small = [cell for cell, n in zip(cells, people, strict=True) if n < k]
    shown: list[int] = []
    for cell in order:
        rows = [cells[one] for one in (*shown, cell)]
        if people[cell] >= k and all(rank([*rows, one]) > rank(rows) for one in small):
            shown.append(cell)
    return sorted(shown)


def mistake(engine: Any, cells: Matrix, n: list[int], k: int) -> str | None:
    """What the oracles have against the engine in one world."""
    one = of_matrix(cells, n)
    pattern = engine.protect_linked(one, k)
    if pattern.fell_back:
        return "it fell back"
    if np.flatnonzero(pattern.named).tolist() != named_by_ranks(cells, one.people.tolist(), one.value.tolist(), k):
        return "the named-cell pattern is another"
    if gives_away(rows_of(one.cells, len(n), pattern.published), n, k):
        return "a group is given away"
    return of_the_search(engine, one, n, k)


def of_the_search(engine: Any, one: World, n: list[int], k: int) -> str | None:
    """What the search says of all cells of k people or more, held against every group there is."""
    shown = one.people >= k
    checks, found = engine.search(one, shown, k)
    groups = gives_away(rows_of(one.cells, len(n), shown), n, k)
    wrong = misjudged(found.outcome, engine.in_order(checks, one.n, k), groups)
    return "a group is not found, or made up" if wrong else None


def noticed(module: str, old: str, new: str) -> str | None:
    engine = mutated(module, old, new)
    for cells, n, k in worlds():
        try:
            found = mistake(engine, cells, n, k)
        except Exception as error:  # noqa: BLE001 - whatever a mistake leads to
            return type(error).__name__
        if found:
            return found
    return None


if __name__ == "__main__":
    print(json.dumps({name: noticed(*change) for name, change in MUTANTS.items()}))  # noqa: T201 - its purpose
