"""From a suspected group to an example anybody can check: which rows, with which coefficients, leave which classes."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.modular import PRIME, Elimination
from service.disclosure.audit.system import System

Terms = dict[int, Fraction]

_LARGEST = 1 << 30  # twice its square is over the prime: at most one fraction with such parts belongs to a residue


def confirmed(
    system: System, elimination: Elimination, unseen: Ints, group: Sequence[int], given: Sequence[Ints]
) -> tuple[Terms, Terms] | None:
    """Terms by given row, and the coefficient of each class that they leave; None if fractions do not bear it out.

    `group` are points whose prints [points, vectors] may depend on each other; `given` the members of each given row.
    """
    relation = _relation({point: [int(value) for value in unseen[point]] for point in group})
    value = np.zeros(elimination.width, np.int64)
    for point, factor in relation.items():
        value[point] = factor
    combined = elimination.combination(value) if relation else None
    if combined is None:
        return None
    residues = system.original(combined, PRIME)
    fractions = {row: _fraction(residue) for row, residue in residues.items()}
    terms = {row: factor for row, factor in fractions.items() if factor is not None}
    if len(terms) != len(fractions):
        return None
    left = applied(terms, given)
    if not left:
        return None
    scale = _whole(left.values())
    return _scaled(terms, scale), _scaled(left, scale)


def applied(terms: Mapping[int, Fraction], given: Sequence[Ints]) -> Terms:
    """The coefficient of each class in the combination, zeros left out. Exact."""
    total: Terms = {}
    for row, factor in terms.items():
        for one in given[row].tolist():
            total[one] = total.get(one, Fraction(0)) + factor
    return {one: total[one] for one in sorted(total) if total[one]}


def _scaled(terms: Terms, scale: Fraction) -> Terms:
    return {key: factor * scale for key, factor in sorted(terms.items())}


def _whole(factors: Iterable[Fraction]) -> Fraction:
    """What makes them whole numbers without a common divisor, the first one positive."""
    values = list(factors)
    over = lcm(*(factor.denominator for factor in values))
    divisor = gcd(*(int(factor * over) for factor in values))
    return Fraction(over, divisor) * (1 if values[0] > 0 else -1)


def _relation(prints: dict[int, list[int]]) -> dict[int, int]:
    """Factors modulo the prime, of the first points whose prints can add up to zero; empty if none can."""
    reduced: list[tuple[int, list[int], dict[int, int]]] = []
    for point, given in prints.items():
        left, made = list(given), {point: 1}
        for lead, row, parts in reduced:
            factor = left[lead]
            left = [(a - factor * b) % PRIME for a, b in zip(left, row, strict=True)]
            for other, part in parts.items():
                made[other] = (made.get(other, 0) - factor * part) % PRIME
        lead_of = next((place for place, value in enumerate(left) if value), None)
        if lead_of is None:
            return {other: part for other, part in made.items() if part}
        scale = pow(left[lead_of], -1, PRIME)
        scaled = {other: part * scale % PRIME for other, part in made.items()}
        reduced.append((lead_of, [value * scale % PRIME for value in left], scaled))
    return {}


def _fraction(residue: int) -> Fraction | None:
    """The fraction with small parts that the residue stands for: Euclid's algorithm, stopped half-way."""
    above, below, over, under = PRIME, residue, 0, 1
    while below > _LARGEST:
        quotient = above // below
        above, below, over, under = below, above - quotient * below, under, over - quotient * under
    return Fraction(below, under) if under and abs(under) <= _LARGEST else None
