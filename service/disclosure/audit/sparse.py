"""Rows of zeros and ones by the numbers of their ones, all in two arrays, as compiled functions take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from service.disclosure.audit.arrays import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """Rows over some columns.

    Attributes:
        start: where the members of each row begin, and where the last ones end, int64 [rows + 1].
        member: the columns of the ones, row after row, int64 [ones].
    """

    start: Ints
    member: Ints

    @classmethod
    def of(cls, rows: Sequence[Ints]) -> "Sparse":
        start = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)]).astype(np.int64)
        return cls(start, np.concatenate([*rows, np.zeros(0, np.int64)]).astype(np.int64))

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, row: int) -> Ints:
        return self.member[self.start[row] : self.start[row + 1]]

    def split(self) -> tuple[Ints, ...]:
        """Each row by itself."""
        ends = self.start.tolist()
        return tuple(self.member[begin:end] for begin, end in pairwise(ends))

    def transposed(self, width: int) -> "Sparse":
        """For each of so many columns the rows that have a one there, ascending."""
        row = np.repeat(np.arange(len(self)), np.diff(self.start))
        counted = np.bincount(self.member, minlength=width)
        return Sparse(
            np.concatenate([[0], np.cumsum(counted)]).astype(np.int64), row[np.argsort(self.member, kind="stable")]
        )
