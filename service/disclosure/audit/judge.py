"""The one way in: class table and published rows to a report."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from service.disclosure.audit.confirm import confirmed
from service.disclosure.audit.hunt import Hunt, Suspect, Told
from service.disclosure.audit.machine import Ints
from service.disclosure.audit.model import THRESHOLDS, AuditRefused, Classes, Finding, Leak, Report, Row, Verdict
from service.disclosure.audit.modular import Elimination
from service.disclosure.audit.reading import read
from service.disclosure.audit.system import System

BUDGET = 200_000
"""Millions of elementary operations for each family; about as many milliseconds on one core."""

LARGEST_K = 40


def audit(
    classes: Classes,
    rows: Sequence[Row],
    k: Mapping[str, int] = THRESHOLDS,
    budget: int = BUDGET,
    told: Told = lambda _settled, _all: None,
) -> Report:
    """Judge everything published of a wave.

    Args:
        classes: all respondents.
        rows: all published rows.
        k: smallest number of people, for "mean" and "distribution".
        budget: for each family, in millions of elementary operations; where it ends, nothing is called safe.
        told: called now and then with the small classes settled and to be settled, of the family at work.

    Raises:
        AuditRefused: thresholds that make no sense, nobody in the class table.
    """
    if set(k) != set(THRESHOLDS) or not all(1 <= one <= LARGEST_K for one in k.values()):
        raise AuditRefused(f"thresholds are between 1 and {LARGEST_K}, one for mean and one for distribution")
    if not any(classes.n):
        raise AuditRefused("the class table is of nobody")
    members, refusals = read(classes, rows, k)
    n = np.array(classes.n, np.int64)
    findings = []
    for family in THRESHOLDS:
        # Whoever reads a distribution reads its mean: all rows are equations of the means.
        numbers = [number for number in members if family == "mean" or rows[number].family == family]
        given = [members[number] for number in numbers]
        findings.append(
            _Case(family, "", k[family], [rows[number] for number in numbers], given, n).judged(budget, told)
        )
    return Report(tuple(refusals), tuple(findings))


class _Case:
    """One system: rows of a family and a measure with the members of each, and the respondents of each class."""

    def __init__(self, family: str, measure: str, k: int, rows: Sequence[Row], given: Sequence[Ints], n: Ints) -> None:
        self.family, self.measure, self.k = family, measure, k
        self.rows, self.given, self.n = rows, given, n
        self.system = System.of(given, n)
        self.leak: Leak | None = None

    def judged(self, budget: int, told: Told) -> Finding:
        hunt = Hunt.of(self.system, self.k, budget, told, self._suspect)
        found = hunt.run()
        verdict = Verdict.unsafe if found else Verdict.not_proved if hunt.open else Verdict.safe
        return Finding(
            self.family,
            self.measure,
            self.k,
            verdict,
            len(self.system.rows),
            hunt.small,
            (hunt.proved[0], hunt.proved[1]),
            -(-hunt.work // 10**6),
            self.leak,
            0 if found else len(hunt.open),
        )

    def _suspect(self, elimination: Elimination, unseen: Ints) -> Suspect:
        def ask(group: Sequence[int]) -> bool:
            found = confirmed(self.system, elimination, unseen, group, self.given, self.n, self.k)
            if found is not None:
                self.leak = self._told(*found)
            return found is not None

        return ask

    def _told(self, terms: Mapping[int, Fraction], left: Mapping[int, Fraction], people: int) -> Leak:
        combined = tuple((self.rows[row], factor) for row, factor in terms.items())
        return Leak(self.family, self.measure, combined, tuple(left.items()), people, self.k)
