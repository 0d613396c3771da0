"""A wave of four classes for the auditor, whose numbers of people are printed as bands."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.disclosure.audit import Measured, Published, Report, Wave

K = {"mean": 5, "distribution": 10, "deviation": 30}
EVERYBODY, AB, CD, A = range(4)
MEMBERS = ((0, 1, 2, 3), (0, 1), (2, 3), (0,))
"""Classes of each place, which are nested."""
Ints = NDArray[np.int64]


def measured(name: str, n: Sequence[int], parts: tuple[str, ...] = (), /, **more: Any) -> Measured:
    """A measure by the respondents of each class, and nobody who answered some of its parts alone."""
    counts = np.array(n, np.int64)
    return replace(Measured(name, parts, counts, np.zeros_like(counts), K), **more)


def banded(n: int) -> tuple[int, int]:
    """As numbers of gated measures are printed."""
    wide = 5 if n < 100 else 20
    return n // wide * wide, n // wide * wide + wide - 1


def wave(
    measures: Sequence[Measured],
    published: Mapping[tuple[str, str], Sequence[int]],
    members: Sequence[Sequence[int]] = MEMBERS,
) -> Wave:
    """Every number as a band."""
    by_id = {measure.id: measure for measure in measures}

    def people(name: str, place: int) -> int:
        if by_id[name].derived:
            return min(people(part, place) for part in by_id[name].parts)
        return sum(int(by_id[name].n[one]) for one in members[place])

    columns = []
    for (name, family), places in published.items():
        bands = np.array([banded(people(name, place)) for place in places], np.int64).reshape(-1, 2)
        columns.append(Published(name, family, np.array(places, np.int64), bands[:, 0], bands[:, 1]))
    return Wave(
        names=[{"place": str(number)} for number in range(len(members))],
        members=[np.array(classes, np.int64) for classes in members],
        respondents=np.maximum.reduce([measure.n + measure.partial for measure in measures]),
        measures=measures,
        published=columns,
    )


def reasons(report: Report) -> list[tuple[str, str, str]]:
    """What was refused: the measure, the place and why."""
    return [(one.row.measure, one.row.labels["place"], one.reason) for one in report.refusals]
