"""Who answered what, counted by class of the roster: all that an auditor needs of the answers. Pure numpy.

Counted from the answers themselves and not from the tally that is protected: a mistake in that one must not be
repeated by whoever checks it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.questionnaires.document import Document
from service.responses.sheet import SKIPPED, Column

Counts = npt.NDArray[np.int64]
People = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """Numbers of people by class, int64 [classes] each.

    Attributes:
        respondents: everybody who took part.
        n: by measure, who counts in it: answered the item, all items of the scale, all scales of the index.
        partial: by scale and index, who counts in some of its parts but not in it.
    """

    respondents: Counts
    n: Mapping[str, Counts]
    partial: Mapping[str, Counts]


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
        counts_in.setdefault(column.item_id, matrix[:, at] != SKIPPED)
    partial: dict[str, Counts] = {}
    wholes = [(scale.id, scale.items) for scale in document.scales]
    for whole, parts in [*wholes, *((index.id, index.scales) for index in document.indices)]:
        each = [counts_in[part] for part in parts]
        counts_in[whole] = np.logical_and.reduce(each)
        partial[whole] = count(np.logical_or.reduce(each) & ~counts_in[whole])
    return Answered(
        respondents=np.bincount(classes, minlength=class_count).astype(np.int64),
        n={measure: count(who) for measure, who in counts_in.items()},
        partial=partial,
    )
