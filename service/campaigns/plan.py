"""The plan of a campaign: the org tree by nothing, by dimensions, by two dimensions crossed. Pure.

Every value that a dimension is declared with stands in the plan, whether or not anybody has it: which rows a release
has is settled at launch and tells nothing about the people.
"""

from collections.abc import Container, Mapping, Sequence
from math import prod

from service.kit.reasons import Fault

ORG = "org"
TREE_ALONE = [[ORG]]
MOST_BREAKDOWNS = 20
MOST_CROSSED = 2
MOST_PLACES = 50_000
"""Units times groups of values: what one release may have, withheld ones included."""
MOST_CLASSES = 50_000
"""Combinations of unit and values that people have; the work of a release grows with them."""
LARGEST_K = 15
"""Largest threshold of a plan with dimensions: the proof looks at every group under it, and these soon are too many."""

_PLACE = "/plan/breakdowns"


def shape_faults(
    breakdowns: Sequence[Sequence[str]], place: str = _PLACE, shown: Sequence[Sequence[str]] | None = None
) -> list[Fault]:
    """What no organisation could have released.

    Args:
        breakdowns: those that are asked for.
        place: where they stand in what was sent.
        shown: those that are released already; None where these are the first, which hold the org tree alone.
    """
    faults = []
    seen = set(map(frozenset, shown or ()))
    for index, breakdown in enumerate(breakdowns):
        if breakdown[:1] != [ORG] or len(breakdown) > 1 + MOST_CROSSED:
            faults.append(Fault(f"{place}/{index}", f"must be `org`, then at most {MOST_CROSSED} dimensions"))
        elif len(set(breakdown)) < len(breakdown):
            faults.append(Fault(f"{place}/{index}", "must not name a dimension twice"))
        elif frozenset(breakdown) in seen:
            faults.append(Fault(f"{place}/{index}", "must not repeat a breakdown"))
        seen.add(frozenset(breakdown))
    if not faults and frozenset([ORG]) not in seen:
        faults.append(Fault(place, "must hold the org tree alone as well"))
    return faults


def threshold_faults(
    breakdowns: Sequence[Sequence[str]], policy: Mapping[str, int], *, recuts: bool = False
) -> list[Fault]:
    """Thresholds up to which no group could be looked for; recuts have dimensions."""
    if not recuts and not dimensions_of(breakdowns):
        return []
    return [
        Fault(f"/policy/{name}", f"must be at most {LARGEST_K}, collusion included, with dimensions or recuts")
        for name in ("k_mean", "k_distribution", "k_sensitive")
        if policy[name] + policy["collusion"] > LARGEST_K
    ]


def undeclared(breakdowns: Sequence[Sequence[str]], declared: Container[str], place: str = _PLACE) -> list[Fault]:
    """Names that are no dimension of this organisation."""
    return [
        Fault(f"{place}/{index}/{at}", "is not a declared dimension")
        for index, breakdown in enumerate(breakdowns)
        for at, name in enumerate(breakdown)
        if at > 0 and name not in declared
    ]


def dimensions_of(breakdowns: Sequence[Sequence[str]]) -> list[str]:
    """The dimensions of a plan, in the order in which it names them."""
    return list(dict.fromkeys(name for breakdown in breakdowns for name in breakdown if name != ORG))


def groups_of(breakdowns: Sequence[Sequence[str]], sizes: Mapping[str, int]) -> int:
    """How many combinations of values each unit is shown by, everybody included."""
    return sum(prod(sizes[name] for name in breakdown if name != ORG) for breakdown in breakdowns)
