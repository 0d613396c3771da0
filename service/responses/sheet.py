"""A questionnaire as a compiled form: answers to fixed-width records, and records to arrays. Pure.

A record is little-endian: uint32 class label, then one int16 per column in the order of the items: rating 1..points as
answered, single choice the option's position, multiple choice one 0/1 column per option, number its value. A skip is
-32768 in all the item's columns. Texts are records apart, all of one width: uint32 class label, uint16 position of the
item, uint16 length in bytes, UTF-8 padded with zeros. No width depends on an answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from operator import getitem
from struct import Struct
from types import NoneType
from typing import Self

import numpy as np
import numpy.typing as npt

from service.kit.reasons import Fault, pointer
from service.questionnaires.document import (
    Document,
    Item,
    MultipleChoiceItem,
    NumberItem,
    RatingItem,
    SingleChoiceItem,
    TextItem,
)
from service.responses.cells import SKIPPED, Cell, TextCell, cell_of
from service.responses.records import (
    Buffer,
    ChoiceGroup,
    Column,
    RecordsCorrupt,
    TextRecords,
    decode_cells,
    decode_text_records,
)

__all__ = ["SKIPPED", "AnswersRefused", "Column", "RecordsCorrupt", "Sheet", "TextRecords"]

_LABEL = Struct("<I")
_TEXT_HEAD = Struct("<IHH")
# bool and float are missing on purpose: in a look-up they equal integers.
_WIRE_TYPES = frozenset({int, str, list, NoneType})


class AnswersRefused(Exception):
    """The answers do not fit the questionnaire; `faults` names every place and repeats no answer."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"the answers have {len(faults)} fault(s)")
        self.faults = tuple(faults)


class Sheet:
    """The compiled form of one document.

    `columns` describes the matrix, `record_size` and `text_record_size` are in bytes (the latter 0 without text items).
    """

    def __init__(self, items: Sequence[Item]) -> None:
        cells = {item.id: cell_of(item) for item in items}
        self._names = tuple(cells)
        self._cells: tuple[Cell, ...] = tuple(cells.values())
        self._known = frozenset(cells)
        self._texts = {at: cell for at, cell in enumerate(self._cells) if isinstance(cell, TextCell)}
        self._groups = tuple(_groups(items))
        self.columns = tuple(column for at, item in enumerate(items) for column in _columns(at, item))
        self.record_size = _LABEL.size + 2 * len(self.columns)
        largest = max((cell.size for cell in self._texts.values()), default=None)
        self.text_record_size = 0 if largest is None else _TEXT_HEAD.size + largest

    @classmethod
    def of(cls, document: Document) -> Self:
        return cls(document.items)

    def encode(self, class_label: int, answers: Mapping[str, object]) -> bytes:
        """The record of one response, texts judged but left out; raises `AnswersRefused` with all faults.

        `answers` is a decoded JSON object: absent or null is a skip.
        """
        record = self._encoded(answers)
        if record is None:
            raise AnswersRefused(list(self._faults(answers)))
        return _LABEL.pack(class_label) + record

    def encode_texts(self, class_label: int, answers: Mapping[str, object]) -> list[bytes]:
        """One record per text item, whether it was answered or not; raises `AnswersRefused` like `encode`."""
        raws: list[tuple[int, bytes]] = []
        try:
            raws.extend((at, cell.raw(answers.get(self._names[at]))) for at, cell in self._texts.items())
        except (LookupError, ValueError):
            raws.clear()
        if len(raws) != len(self._texts):
            raise AnswersRefused(list(self._faults(answers)))
        return [
            (_TEXT_HEAD.pack(class_label, at, len(raw)) + raw).ljust(self.text_record_size, b"\0") for at, raw in raws
        ]

    def decode(self, records: Buffer) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int16]]:
        """Class labels uint32 [n] and answers int16 [n, columns] (column-contiguous) of joined records.

        Join the batches before: a call costs a fixed 0.1 ms. Raises `RecordsCorrupt`.
        """
        return decode_cells(records, self.columns, self._groups)

    def decode_texts(self, records: Buffer) -> TextRecords:
        """The texts of joined text records; raises `RecordsCorrupt`."""
        return decode_text_records(records, self.text_record_size, self._texts)

    def _encoded(self, answers: Mapping[str, object]) -> bytes | None:
        """The cells of valid answers, None for others; all loops run inside the interpreter."""
        try:
            if _WIRE_TYPES.issuperset(map(type, answers.values())) and answers.keys() <= self._known:
                return b"".join(map(getitem, self._cells, map(answers.get, self._names)))
        except (LookupError, TypeError, ValueError):
            return None  # the exception may hold an answer and ends here
        return None

    def _faults(self, answers: Mapping[str, object]) -> Iterator[Fault]:
        for name in answers:
            if name not in self._known:
                yield Fault(pointer(("answers", name)), "is not an item of this questionnaire")
        for name, cell in zip(self._names, self._cells, strict=True):
            reason = cell.refusal(answers.get(name))
            if reason is not None:
                yield Fault(pointer(("answers", name)), reason)


def _columns(at: int, item: Item) -> Iterator[Column]:
    match item:
        case RatingItem():
            yield Column(at, item.id, None, 1, item.points, item.required)
        case SingleChoiceItem():
            yield Column(at, item.id, None, 0, len(item.options) - 1, item.required)
        case MultipleChoiceItem():
            yield from (Column(at, item.id, place, 0, 1, item.required) for place in range(len(item.options)))
        case NumberItem():
            yield Column(at, item.id, None, item.minimum, item.maximum, item.required)
        case TextItem():
            return


def _groups(items: Sequence[Item]) -> Iterator[ChoiceGroup]:
    start = 0
    for at, item in enumerate(items):
        stop = start + len(list(_columns(at, item)))
        if isinstance(item, MultipleChoiceItem):
            yield ChoiceGroup(start, stop, int(item.required), item.max_choices or stop - start)
        start = stop
