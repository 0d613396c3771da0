"""A wave of four classes for the auditor, small enough to count by hand: an item, or two items and their scale."""

from collections.abc import Mapping, Sequence

import numpy as np

from service.disclosure.audit import Finding, Measured, Published, Report, Wave

K = {"mean": 5, "distribution": 10, "deviation": 30}
EVERYBODY, AB, CD, A, BC = range(5)
MEMBERS = ((0, 1, 2, 3), (0, 1), (2, 3), (0,), (1, 2))
"""Classes of each place."""
CROSSING = [EVERYBODY, AB, BC]
LAYERED = [EVERYBODY, AB, CD, A, BC]
"""Nested places, and one that crosses them."""


def measured(
    name: str, n: Sequence[int], parts: tuple[str, ...] = (), partial: Sequence[int] = (), /, **more: int | bool
) -> Measured:
    """Thresholds by family and `alike` among the rest."""
    alike = bool(more.pop("alike", True))
    some = np.array(partial or [0] * len(n), np.int64)
    return Measured(name, parts, np.array(n, np.int64), some, K | more, alike)


def column(measure: Measured, family: str, places: Sequence[int], band: int = 0) -> Published:
    """Numbers as they are, or so many people around them."""
    n = np.array([sum(int(measure.n[one]) for one in MEMBERS[place]) for place in places], np.int64)
    return Published(measure.id, family, np.array(places, np.int64), n - band, n + band)


def wave(
    measures: Sequence[Measured], published: Mapping[tuple[str, str], Sequence[int]], respondents: Sequence[int] = ()
) -> Wave:
    """Those who took part are whoever answered anything, where the test does not say."""
    by_id = {measure.id: measure for measure in measures}
    everybody = np.maximum.reduce([measure.n + measure.partial for measure in measures])
    return Wave(
        names=[{"place": str(number)} for number in range(len(MEMBERS))],
        members=[np.array(classes, np.int64) for classes in MEMBERS],
        respondents=np.array(respondents, np.int64) if respondents else everybody,
        measures=measures,
        published=[column(by_id[name], family, places) for (name, family), places in published.items()],
    )


def one_item(published: Mapping[str, Sequence[int]], n: Sequence[int] = (40, 40, 40, 40), **k: int) -> Wave:
    return wave([measured("q", n, **k)], {("q", family): places for family, places in published.items()})


def scale(
    published: Mapping[tuple[str, str], Sequence[int]],
    complete: Sequence[int],
    only_p: Sequence[int],
    only_q: Sequence[int],
    **more: int | bool,
) -> Wave:
    """Two items p and q, and s of both: by class who answered both, and who one alone."""
    both, p, q = (np.array(n) for n in (complete, only_p, only_q))
    items = measured("p", (both + p).tolist()), measured("q", (both + q).tolist())
    whole = measured("s", list(complete), ("p", "q"), (p + q).tolist(), **more)
    return wave([*items, whole], published, (both + p + q).tolist())


def means(*places: int) -> dict[tuple[str, str], Sequence[int]]:
    """Of both items and their scale."""
    return {(measure, "mean"): places for measure in "pqs"}


def of(report: Report, family: str, measure: str, by: str) -> Finding:
    """The one finding of these."""
    found = [one for one in report.findings if (one.family, one.measure, one.by) == (family, measure, by)]
    assert len(found) == 1
    return found[0]


def reasons(report: Report) -> list[str]:
    return [refusal.reason for refusal in report.refusals]
