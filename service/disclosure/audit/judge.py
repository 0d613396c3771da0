"""The one way in: class table and published rows to a report."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.disclosure.audit.model import THRESHOLDS, AuditRefused, Classes, Finding, Report, Row, Told, Verdict
from service.disclosure.audit.reading import Reader, read

BUDGET = 200_000
"""Millions of elementary operations for each system; about as many milliseconds on one core."""

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
        budget: for each family and item, in millions of elementary operations; where it ends, nothing is called safe.
        told: called now and then with the small classes settled and to be settled, of the system at work.

    Raises:
        AuditRefused: thresholds that make no sense, nobody in the class table.
    """
    from service.disclosure.audit.cases import cases  # noqa: PLC0415 - machine code takes seconds to load

    if set(k) != set(THRESHOLDS) or not all(1 <= one <= LARGEST_K for one in k.values()):
        raise AuditRefused(f"thresholds are between 1 and {LARGEST_K}, one for mean and one for distribution")
    if not any(classes.n):
        raise AuditRefused("the class table is of nobody")
    reader = Reader(classes)
    members, refusals = read(reader, rows, k)
    findings: list[Finding] = []
    # One verdict for all items that the same people answered in the same cells; for both families under one threshold.
    known: dict[tuple[int, bool, frozenset[bytes]], Finding] = {}
    for family in THRESHOLDS:
        for case in cases(reader, rows, members, family, k[family]):
            key = case.k, case.joint is None, frozenset(one.tobytes() for one in case.given)
            if key not in known or known[key].verdict == Verdict.unsafe:
                known[key] = case.judged(budget, told)
            findings.append(replace(known[key], family=family, measure=case.measure))
    return Report(tuple(refusals), tuple(findings))
