"""A table of three teams by sex for the auditor, small enough to follow by hand, and the means that stand of it."""

from service.disclosure.audit import Classes, Labels, Leak, Report, Row, Verdict, audit

COUNTS = {("1", "m"): 8, ("1", "f"): 7, ("2", "m"): 9, ("2", "f"): 2, ("3", "m"): 6, ("3", "f"): 3}
CELLS: tuple[Labels, ...] = (
    {},
    *({"team": team} for team in "123"),
    *({"sex": sex} for sex in "mf"),
    {"team": "1", "sex": "m"},
    {"team": "1", "sex": "f"},
)
MEANS = tuple(Row("mean", cell) for cell in CELLS)


def people(counts: dict[tuple[str, str], int]) -> Classes:
    return Classes(("team", "sex"), list(counts), list(counts.values()))


def judged(*rows: Row, counts: dict[tuple[str, str], int] = COUNTS, budget: int = 1000) -> Report:
    return audit(people(counts), rows, budget=budget)


def leak_of(report: Report) -> Leak:
    """The example that the first finding gives."""
    assert report.refusals == ()
    assert report.verdict == Verdict.unsafe
    leak = report.findings[0].leak
    assert leak is not None
    return leak


def merged(*cells: tuple[str, str]) -> Row:
    """The mean of several classes together."""
    return Row("mean", members=[{"team": team, "sex": sex} for team, sex in cells])
