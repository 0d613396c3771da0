"""The one way in: class table and published rows to a report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from service.disclosure.audit.case import Case, Together
from service.disclosure.audit.hunt import Told
from service.disclosure.audit.machine import Ints
from service.disclosure.audit.model import THRESHOLDS, AuditRefused, Classes, Finding, Report, Row, Verdict
from service.disclosure.audit.reading import EVERYBODY, Reader, read

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
        for case in _cases(reader, rows, members, family, k[family]):
            key = case.k, case.joint is None, frozenset(one.tobytes() for one in case.given)
            if key not in known or known[key].verdict == Verdict.unsafe:
                known[key] = case.judged(budget, told)
            findings.append(replace(known[key], family=family, measure=case.measure))
    return Report(tuple(refusals), tuple(findings))


def _cases(reader: Reader, rows: Sequence[Row], members: Mapping[int, Ints], family: str, k: int) -> Iterator[Case]:
    """For each item a system; for rows of everybody one more."""
    # Whoever reads a distribution reads its mean: all rows are equations of the means.
    numbers = [number for number in members if family == "mean" or rows[number].family == family]
    items_of = {rows[number].measure: reader.items(rows[number].measure) for number in numbers}
    items = sorted({item for measure in items_of for item in items_of[measure]}) or [EVERYBODY]
    together: dict[frozenset[str], Together] = {}
    for item in items:
        chosen = [number for number in numbers if item in items_of[rows[number].measure]]
        case = _case(rows, members, chosen, family, item, k, reader)
        if any(rows[number].measure != item for number in chosen):
            linked = _linked(item, items_of)
            if linked not in together:
                all_of = [number for number in numbers if rows[number].measure in linked]
                together[linked] = Together(_case(rows, members, all_of, family, item, k, reader), reader.items)
            case.joint = together[linked].ask
        yield case


def _case(
    rows: Sequence[Row],
    members: Mapping[int, Ints],
    chosen: Sequence[int],
    family: str,
    item: str,
    k: int,
    reader: Reader,
) -> Case:
    return Case(family, item, k, [rows[one] for one in chosen], [members[one] for one in chosen], reader.n)


def _linked(item: str, items_of: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """The measures that share items with the item's, step by step."""
    reached, measures = {item}, set[str]()
    while new := {one for one, items in items_of.items() if one not in measures and reached.intersection(items)}:
        measures |= new
        reached.update(*(items_of[one] for one in new))
    return frozenset(measures)
