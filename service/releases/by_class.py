"""Exact integer sums by class over one block of people. Pure numpy.

A code is a non-negative integer per person, 0 for "no answer". Sums come out of one `bincount` over (class, code) where
that histogram is small, and out of weighted ones elsewhere: these add in float64, which is exact below 2^53.
"""

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Codes = npt.NDArray[np.signedinteger[Any]]

# Bins of a histogram that stay in a core's second-level cache while people are scattered over them.
MAX_BINS = 1 << 15
_MAX_CODE = np.iinfo(np.int16).max


class Sums(NamedTuple):
    """By class: people with a code above 0, the sum of their codes and of their squares; int64 [C]."""

    n: Counts
    first: Counts
    second: Counts

    def add(self, block: "Sums") -> None:
        """Add a block's sums in place."""
        self.n[...] += block.n
        self.first[...] += block.first
        self.second[...] += block.second

    def shifted(self, offset: int) -> "Sums":
        """The same people, with sums of code + offset."""
        n, first, second = self
        return Sums(n, first + offset * n, second + 2 * offset * first + offset * offset * n)


class Block:
    """The classes of one block of people: intp [rows], each in 0..class_count-1."""

    def __init__(self, classes: npt.NDArray[np.intp], class_count: int) -> None:
        self._classes = classes
        self._class_count = class_count
        self._scaled: dict[int, npt.NDArray[np.intp]] = {1: classes}
        self._key = np.empty(len(classes), np.intp)

    def count(self, people: npt.NDArray[np.bool_]) -> Counts:
        """How many of the people marked are in each class."""
        return np.bincount(self._classes[people], minlength=self._class_count)

    def histogram(self, codes: Codes, width: int) -> Counts:
        """People by class and code: int64 [C, width] for codes in 0..width-1."""
        scaled = self._scaled.get(width)
        if scaled is None:
            scaled = self._scaled[width] = self._classes * width
        key = np.add(scaled, codes, out=self._key)
        return np.bincount(key, minlength=self._class_count * width).reshape(self._class_count, width)

    def sums(self, codes: Codes, width: int) -> Sums:
        """Sums of codes in 0..width-1; exact as long as rows x width^2 < 2^53."""
        if width * self._class_count <= max(MAX_BINS, len(codes)):
            counts = self.histogram(codes, width)
            values = np.arange(width, dtype=np.int64)
            return Sums(counts[:, 1:].sum(axis=1), counts @ values, counts @ values**2)
        weights = codes.astype(np.float64)
        return Sums(self.count(codes > 0), self._weighted(weights), self._weighted(weights * weights))

    def _weighted(self, weights: npt.NDArray[np.float64]) -> Counts:
        return np.bincount(self._classes, weights, self._class_count).astype(np.int64)


class Joint(NamedTuple):
    """Neighbouring columns counted by one histogram: their codes as digits of one number."""

    columns: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def width(self) -> int:
        return prod(self.widths)

    def codes(self, columns: Sequence[npt.NDArray[np.int16]]) -> npt.NDArray[np.int16]:
        """The one code of the columns' codes, int16 [rows]."""
        joint = columns[0]
        for codes, width in zip(columns[1:], self.widths[1:], strict=True):
            joint = joint * np.int16(width)
            joint += codes
        return joint

    def separate(self, counts: Counts) -> list[Counts]:
        """The histogram [C, width] of each column, from that of all of them."""
        table = counts.reshape(len(counts), *self.widths)
        axes = range(1, table.ndim)
        return [table.sum(axis=tuple(axis for axis in axes if axis != kept)) for kept in axes]


def joints(widths: Sequence[tuple[int, int]], class_count: int) -> list[Joint]:
    """Columns, given with their widths, joined as far as the histogram stays small."""
    most = min(_MAX_CODE, MAX_BINS // max(class_count, 1))
    joined: list[Joint] = []
    for column, width in widths:
        if joined and joined[-1].width * width <= most:
            last = joined.pop()
            joined.append(Joint((*last.columns, column), (*last.widths, width)))
        else:
            joined.append(Joint((column,), (width,)))
    return joined
