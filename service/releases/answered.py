"""Who answered what, counted by class of the roster: all that an auditor needs of the answers. Pure numpy.

Counted from the answers themselves and not from the tally that is protected: a mistake in that one must not be
repeated by whoever checks it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from service.disclosure.audit import Gaps
from service.questionnaires.document import Document, Index, Scale
from service.responses.sheet import SKIPPED, Column

Counts = npt.NDArray[np.int64]
People = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """Numbers of people by class, int64 [classes] each.

    Attributes:
        respondents: everybody who took part.
        n: by measure, who counts in it: answered the item, all or enough items of the scale, all scales of the index.
            Zeros where it is worked out from the figures of its parts ("group").
        partial: by scale and index, who counts in some of its parts but not in it.
        gaps: by scale that scores people who skipped some of its items, how many they answered, and which.
        who: by measure that counts people, whether each person is in it, eight people a byte.
    """

    respondents: Counts
    n: Mapping[str, Counts]
    partial: Mapping[str, Counts]
    gaps: Mapping[str, Gaps] = field(default_factory=dict)
    who: Mapping[str, Bits] = field(default_factory=dict)

    def together(self, measures: Sequence[str]) -> int:
        """How many people count in all of these measures; at least one, each of which counts people."""
        return int(np.unpackbits(np.bitwise_and.reduce([self.who[one] for one in measures])).sum())


def answered(
    document: Document,
    columns: Sequence[Column],
    classes: npt.NDArray[np.intp],
    matrix: npt.NDArray[np.int16],
    class_count: int,
) -> Answered:
    """The counts of every item but texts, scale and index.

    Args:
        document: the questionnaire.
        columns: what each column of the matrix is.
        classes: class of each person, [people], in 0..class_count-1.
        matrix: answers, int16 [people, columns]; a skip is SKIPPED in all the item's columns.
        class_count: number of classes.
    """

    def count(who: People) -> Counts:
        return np.bincount(classes[who], minlength=class_count).astype(np.int64)

    counts_in: dict[str, People] = {}
    for at, column in enumerate(columns):
        given = matrix[:, at] != SKIPPED
        # Of an order of options, a person fills only as many columns as options were put in order.
        counts_in[column.item_id] = counts_in.get(column.item_id, given) | given
    partial: dict[str, Counts] = {}
    gaps: dict[str, Gaps] = {}
    nobody: dict[str, Counts] = {}
    wholes: list[Scale | Index] = [*document.scales, *document.indices]
    for whole in wholes:
        if whole.rule == "group":
            nobody[whole.id] = np.zeros(class_count, np.int64)
            continue
        parts, needed = _parts(whole)
        each = [counts_in[part] for part in parts]
        if needed < len(each):
            counts_in[whole.id] = np.sum(each, axis=0) >= needed
            gaps[whole.id] = _gaps(each, needed, classes, class_count)
        else:
            counts_in[whole.id] = np.logical_and.reduce(each)
        partial[whole.id] = count(np.logical_or.reduce(each) & ~counts_in[whole.id])
    return Answered(
        respondents=np.bincount(classes, minlength=class_count).astype(np.int64),
        n=nobody | {measure: count(who) for measure, who in counts_in.items()},
        partial=nobody | partial,
        gaps=gaps,
        who={measure: np.packbits(who) for measure, who in counts_in.items()},
    )


def _parts(whole: Scale | Index) -> tuple[tuple[str, ...], int]:
    """Its parts, and of how many a person must be a respondent."""
    if isinstance(whole, Scale):
        return whole.items, whole.answered or len(whole.items)
    return whole.scales, len(whole.scales)


def _gaps(each: Sequence[People], needed: int, classes: npt.NDArray[np.intp], class_count: int) -> Gaps:
    """Who answered how many of the items, out of who answered each, if these are enough."""
    sizes = np.sum(each, axis=0)
    bins = (len(each) + 1) * class_count
    cell = sizes * class_count + classes

    def by_size(cells: npt.NDArray[np.intp]) -> Counts:
        return np.bincount(cells, minlength=bins).astype(np.int64).reshape(-1, class_count)[needed:]

    return Gaps(by_size(cell), np.stack([by_size(cell[who]) for who in each], axis=1))
