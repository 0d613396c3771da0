"""A report in numbers that fit into a certificate: what was judged, and how it was proved; nobody by name."""

from dataclasses import dataclass

from service.disclosure.audit.model import Finding, Report, Verdict, worst


@dataclass(frozen=True, slots=True)
class Tally:
    """What was judged of one family by one method, in numbers that fit into a certificate.

    Attributes:
        systems: findings; items that the same people answered in the same places have one each.
        proved: by perturbations or numbers of people alone, and after cases were told apart (see `Finding`).
        open: without a proof.
    """

    family: str
    by: str
    systems: int
    proved: tuple[int, int]
    open: int
    verdict: Verdict


def tallies(report: Report) -> tuple[Tally, ...]:
    """Proofs by family and method, in the order of the findings."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault((finding.family, finding.by), []).append(finding)
    return tuple(_tally(family, by, found) for (family, by), found in groups.items())


def _tally(family: str, by: str, found: list[Finding]) -> Tally:
    proved = sum(one.proved[0] for one in found), sum(one.proved[1] for one in found)
    still = sum(one.open for one in found)
    return Tally(family, by, len(found), proved, still, worst(one.verdict for one in found))
