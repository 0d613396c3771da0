"""Fixed-width records to arrays, every value checked against the form. Pure, vectorised over people."""

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from service.questionnaires.scoring import SKIPPED
from service.responses.cells import TextCell

# People per block: a block of 40 columns stays in a core's second-level cache while it is transposed and checked.
_BLOCK = 4096

Buffer = bytes | bytearray | memoryview


class RecordsCorrupt(Exception):
    """Opened records that this form cannot have written: a wrong length or a value outside its domain."""


class Column(NamedTuple):
    """One int16 column of the matrix.

    `item` is the position in `document.items`; `option` the option's position for a multiple choice, else None. Values
    lie in least..most, or are `SKIPPED` unless `required`.
    """

    item: int
    item_id: str
    option: int | None
    least: int
    most: int
    required: bool


class ChoiceGroup(NamedTuple):
    """The columns start..stop of one multiple choice or ranking, and how many options may be chosen.

    Of a multiple choice these hold 1; of a ranking (`ranked`) 1, 2, 3 and so on, each once.
    """

    start: int
    stop: int
    least: int
    most: int
    ranked: bool


class TextRecords(NamedTuple):
    """Text answers, one per record: class labels uint32 [n], positions of items uint16 [n], texts ("" when skipped)."""

    classes: npt.NDArray[np.uint32]
    items: npt.NDArray[np.uint16]
    texts: list[str]


def decode_cells(
    records: Buffer, columns: Sequence[Column], groups: Sequence[ChoiceGroup]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int16]]:
    """Class labels uint32 [n] and matrix int16 [n, columns], whose columns are contiguous in memory."""
    layout = np.dtype([("class", "<u4"), ("cells", "<i2", (len(columns),))])
    if len(records) % layout.itemsize:
        raise RecordsCorrupt("the length is not a whole number of records")
    table = np.frombuffer(records, layout)
    by_column = np.empty((len(columns), len(table)), np.int16)
    least = np.array([[column.least] for column in columns], np.int16).reshape(-1, 1).view(np.uint16)
    span = np.array([[column.most - column.least] for column in columns], np.uint16).reshape(-1, 1)
    optional = np.array([[not column.required] for column in columns], np.bool_).reshape(-1, 1)
    for start in range(0, len(table), _BLOCK):
        block = by_column[:, start : start + _BLOCK]
        block[...] = table["cells"][start : start + _BLOCK].T
        # Unsigned differences wrap, so that one comparison finds what is below the least and above the most.
        outside = block.view(np.uint16) - least > span
        skipped = (block == SKIPPED) & optional
        if np.any(outside > skipped):
            raise RecordsCorrupt("a value is outside its item's domain")
        for group in groups:
            _check_choices(block[group.start : group.stop], group)
    return table["class"].astype(np.uint32), by_column.T


def _check_choices(cells: npt.NDArray[np.int16], group: ChoiceGroup) -> None:
    """Each cell is in its domain or skipped by now: here, that a person skipped all or none, and chose not too many."""
    skipped = np.all(cells == SKIPPED, axis=0)
    chosen = np.count_nonzero(cells, axis=0)
    fits = (chosen >= group.least) & (chosen <= group.most) & ~np.any(cells == SKIPPED, axis=0)
    if group.ranked:
        # Ranks in falling order are chosen, chosen - 1, ..., 1, and then nothing but 0.
        ranks = np.sort(cells, axis=0)[::-1]
        fits &= np.all(ranks == np.maximum(chosen - np.arange(len(cells))[:, None], 0), axis=0)
    if not np.all(skipped | fits):
        raise RecordsCorrupt(
            "a multiple choice is half skipped or has a wrong number of choices, or a ranking of ranks"
        )


def decode_text_records(records: Buffer, size: int, cells: Mapping[int, TextCell]) -> TextRecords:
    """Text records of `size` bytes each; `cells` judges them by the position of their item."""
    if not size and not len(records):
        return TextRecords(np.empty(0, np.uint32), np.empty(0, np.uint16), [])
    if not size or len(records) % size:
        raise RecordsCorrupt("the length is not a whole number of text records")
    layout = np.dtype([("class", "<u4"), ("item", "<u2"), ("length", "<u2"), ("raw", "u1", (size - 8,))])
    table = np.frombuffer(records, layout)
    rows = Struct(f"<4xHH{size - 8}s").iter_unpack(records)
    texts = [_text(item, length, padded, cells) for item, length, padded in rows]
    return TextRecords(table["class"].astype(np.uint32), table["item"].astype(np.uint16), texts)


def _text(item: int, length: int, padded: bytes, cells: Mapping[int, TextCell]) -> str:
    cell = cells.get(item)
    if cell is None or length > cell.size or padded[length:].strip(b"\0"):
        raise RecordsCorrupt("a text record has a wrong item, length or padding")
    try:
        text = padded[:length].decode()
        cell.raw(text or None)
    except (LookupError, ValueError):
        text = None
    # Raised out here: an exception of the decoder holds the text.
    if text is None:
        raise RecordsCorrupt("a text is outside its item's domain")
    return text
