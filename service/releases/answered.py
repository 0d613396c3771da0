"""Who answered what, counted by class of the roster: all that an auditor needs of the answers. Pure numpy.

Counted from the answers themselves and not from the tally that is protected: a mistake in that one must not be
repeated by whoever checks it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from service.disclosure.audit import Gaps
from service.questionnaires.document import Document, Index, Scale
from service.responses.sheet import SKIPPED, Column

Counts = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """Numbers of people by class, int64 [classes] each.

    Attributes:
        respondents: everybody who took part.
        n: by measure, who counts in it: answered the item, all or enough items of the scale, all scales of the index.
            Zeros where it is worked out from the figures of its parts ("group").
        partial: by scale and index, who counts in some of its parts but not in it.
        people: everybody by themselves.
        gaps: by scale that scores people who skipped some of its items, how many they answered, and which.
        who: by measure that counts people, whether each person is in it, eight people a byte.
    """

    respondents: Counts
    n: Mapping[str, Counts]
    partial: Mapping[str, Counts]
    people: "People"
    gaps: Mapping[str, Gaps] = field(default_factory=dict)
    who: Mapping[str, Bits] = field(default_factory=dict)

    def together(self, measures: Sequence[str]) -> Counts:
        """How many people of each class count in all of these measures; at least one, each of which counts people."""
        return self.people.count(np.bitwise_and.reduce([self.who[one] for one in measures]))


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Everybody who took part, each with a class. Marks of them, eight people a byte, are unpacked one at a time."""

    classes: npt.NDArray[np.int32]
    class_count: int

    @classmethod
    def of(cls, classes: npt.NDArray[np.intp], class_count: int) -> Self:
        return cls(classes.astype(np.int32), class_count)

    def marked(self, bits: Bits) -> Marks:
        return np.unpackbits(bits, count=len(self.classes)).view(np.bool_)

    def count(self, bits: Bits) -> Counts:
        """Those marked, by class."""
        return np.bincount(self.classes[self.marked(bits)], minlength=self.class_count).astype(np.int64)

    def gaps(self, each: Sequence[Bits], needed: int) -> tuple[Bits, Gaps]:
        """Of those who answered each item: whoever answered enough, and how many of them answered how many, and which.

        A scale has at most 300 items.
        """
        sizes = np.zeros(len(self.classes), np.int16)
        for bits in each:
            sizes += self.marked(bits)
        bins = (len(each) + 1) * self.class_count
        cell = sizes.astype(np.int64) * self.class_count + self.classes

        def by_size(cells: npt.NDArray[np.int64]) -> Counts:
            return np.bincount(cells, minlength=bins).astype(np.int64).reshape(-1, self.class_count)[needed:]

        answered = np.stack([by_size(cell[self.marked(bits)]) for bits in each], axis=1)
        return np.packbits(sizes >= needed), Gaps(by_size(cell), answered)


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
        matrix: answers, int16 [people, columns]; a skip is SKIPPED in all the item's columns, and only there.
        class_count: number of classes.
    """
    people = People.of(classes, class_count)
    who: dict[str, Bits] = {}
    for at, column in enumerate(columns):
        if column.item_id not in who:
            who[column.item_id] = np.packbits(matrix[:, at] != SKIPPED)
    partial: dict[str, Counts] = {}
    gaps: dict[str, Gaps] = {}
    nobody: dict[str, Counts] = {}
    wholes: list[Scale | Index] = [*document.scales, *document.indices]
    for whole in wholes:
        if whole.rule == "group":
            nobody[whole.id] = np.zeros(class_count, np.int64)
            continue
        parts, needed = _parts(whole)
        each = [who[part] for part in parts]
        if needed < len(each):
            who[whole.id], gaps[whole.id] = people.gaps(each, needed)
        else:
            who[whole.id] = np.bitwise_and.reduce(each)
        partial[whole.id] = people.count(np.bitwise_or.reduce(each) & ~who[whole.id])
    return Answered(
        respondents=np.bincount(classes, minlength=class_count).astype(np.int64),
        n=nobody | {measure: people.count(bits) for measure, bits in who.items()},
        partial=nobody | partial,
        people=people,
        gaps=gaps,
        who=who,
    )


def _parts(whole: Scale | Index) -> tuple[tuple[str, ...], int]:
    """Its parts, and of how many a person must be a respondent."""
    if isinstance(whole, Scale):
        return whole.items, whole.answered or len(whole.items)
    return whole.scales, len(whole.scales)
