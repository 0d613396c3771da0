"""A wave whose answers were shown in parts: who answered in which, as a value beside those of the plan. Pure.

What interim results show is counted of whoever had answered by then. For later results these people are a group of
their own, whose cells are published already: each interim result is a dimension with one value, which its people have.
So all results of a wave are places of one grid, and are protected and judged together.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from service.releases.places import Breakdowns, ClassRow

ANSWERED = "answered"
Parts = npt.NDArray[np.int64]


def name_of(part: int) -> str:
    """The dimension of an interim result. No declared one has a space in its name."""
    return f"interim {part}"


def dimension(part: int) -> dict[str, Any]:
    """As a document."""
    return {"name": name_of(part), "values": [{"id": ANSWERED, "label": {"en": "answered by then"}}]}


def block(plan: Breakdowns, part: int) -> Breakdowns:
    """The breakdowns of an interim result: those of the plan, of whoever had answered by then."""
    names = tuple((*one, name_of(part)) for one in plan.names)
    return Breakdowns(names, (*plan.dimensions, dimension(part)))


def shown_by(values: Mapping[str, str], part: int) -> dict[str, str]:
    """Where a cell of an interim result stands in the grid of all results."""
    return dict(values) | {name_of(part): ANSWERED}


def segments(parts: Parts, shown: Sequence[int]) -> Parts:
    """How many interim results each response came after, by the part it belongs to (0: none), [responses].

    Args:
        parts: of each response, [responses].
        shown: parts whose results were published, ascending.
    """
    of_part = np.array([*(sum(1 for one in shown if one < part) for part in range(1, max(shown, default=0) + 1))])
    late = (parts == 0) | (parts > len(of_part))
    return np.where(late, len(shown), np.concatenate([[len(shown)], of_part])[np.where(late, 0, parts)]).astype(
        np.int64
    )


def by_segment(classes: Iterable[ClassRow], shown: Sequence[int]) -> list[ClassRow]:
    """Each class once for each segment, under a label of its own, with a value for each result that it was in."""
    found = []
    for row in classes:
        for segment in range(len(shown) + 1):
            held = {name_of(part): ANSWERED for part in shown[segment:]}
            found.append(ClassRow(label_in(row.label, segment), row.unit, dict(row.values) | held))
    return found


def label_in(label: int, segment: int) -> int:
    """The label of a class in a segment; labels have 32 bits."""
    return label | segment << 32


def labels_in(labels: npt.NDArray[np.uint32], segment: Parts) -> npt.NDArray[np.int64]:
    """The same, of every response."""
    return labels.astype(np.int64) | segment << 32


def invited_once(on_roster: Mapping[int, int], label: int) -> int:
    """People invited in a class, counted in its first segment alone."""
    return on_roster.get(label, 0)
