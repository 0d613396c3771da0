"""One item's answers on the wire, turned into the bytes of a record, or into the reason why not.

A cell is looked up like a dictionary, so that a whole form is one `map` over cells and answers without a Python loop:
`cell[answer]` is the encoded answer, and a `LookupError`, `TypeError` or `ValueError` means refused. The reason is
worked out afterwards by `refusal`, which is called for wrong answers alone and may take its time.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol

from service.kit.text import CONTROLS, SURROGATES
from service.questionnaires.document import (
    EnpsItem,
    Item,
    MultipleChoiceItem,
    NumberItem,
    Option,
    RankingItem,
    RatingItem,
    SingleChoiceItem,
    TextItem,
)
from service.questionnaires.elements import ENPS_MOST
from service.questionnaires.scoring import SKIPPED

_SKIPPED_CELL = SKIPPED.to_bytes(2, "little", signed=True)


class Cell(Protocol):
    """Encodes and judges the answers to one item."""

    def __getitem__(self, answer: object, /) -> bytes: ...

    def refusal(self, answer: object) -> str | None:
        """Why the answer is refused, without repeating it; None where it is accepted."""
        ...


def cell_of(item: Item, *, required: bool) -> Cell:
    """The cell of an item, which refuses a skip where an answer is required."""
    match item:
        case RatingItem():
            return _Points(1, item.points, required=required)
        case EnpsItem():
            return _Points(0, ENPS_MOST, required=required)
        case NumberItem():
            return _Number(item, required=required)
        case TextItem():
            return TextCell(item, required=required)
        case SingleChoiceItem() | MultipleChoiceItem() | RankingItem():
            return _cell_of_options(item, required=required)


def _cell_of_options(item: SingleChoiceItem | MultipleChoiceItem | RankingItem, *, required: bool) -> Cell:
    match item:
        case SingleChoiceItem():
            return _SingleChoice(item, required=required)
        case MultipleChoiceItem():
            return _MultipleChoice(item, required=required)
        case RankingItem():
            return _Ranking(item, required=required)


class _Table(dict[object, bytes]):
    """Every accepted answer of an item, encoded. A dictionary, because nothing else is looked up as fast.

    1, 1.0 and True are one key: the caller refuses floats and booleans beforehand, for all items at once.
    """

    def __init__(self, codes: Mapping[object, int], *, required: bool) -> None:
        super().__init__({answer: code.to_bytes(2, "little", signed=True) for answer, code in codes.items()})
        self._required = required
        if not required:
            self[None] = _SKIPPED_CELL

    def _skip_refusal(self) -> str | None:
        return "is required" if self._required else None


class _Points(_Table):
    def __init__(self, least: int, most: int, *, required: bool) -> None:
        super().__init__({point: point for point in range(least, most + 1)}, required=required)
        self._ends = least, most

    def refusal(self, answer: object) -> str | None:
        return self._skip_refusal() if answer is None else _integer_refusal(answer, *self._ends)


class _SingleChoice(_Table):
    def __init__(self, item: SingleChoiceItem, *, required: bool) -> None:
        super().__init__({option.id: at for at, option in enumerate(item.options)}, required=required)

    def refusal(self, answer: object) -> str | None:
        if answer is None:
            return self._skip_refusal()
        if type(answer) is not str:
            return "must be a string"
        return None if answer in self else "must be one of the item's options"


class _Number(_Table):
    """Up to 64,001 values: too many to tabulate, so they are encoded when they are missing from the table."""

    def __init__(self, item: NumberItem, *, required: bool) -> None:
        super().__init__({}, required=required)
        self._minimum = item.minimum
        self._maximum = item.maximum

    def __missing__(self, answer: object) -> bytes:
        if type(answer) is int and self._minimum <= answer <= self._maximum:
            return answer.to_bytes(2, "little", signed=True)
        raise LookupError

    def refusal(self, answer: object) -> str | None:
        if answer is None:
            return self._skip_refusal()
        return _integer_refusal(answer, self._minimum, self._maximum)


class _Options(ABC):
    """A list of options, each in a cell of its own; no option twice, and not more than `most` of them.

    An empty list is an answer ("none of these"), but not to a required item.
    """

    def __init__(self, options: Sequence[Option], most: int | None, *, required: bool) -> None:
        self._optional = not required
        self._least = int(required)
        self._places = {option.id: 2 * at for at, option in enumerate(options)}
        self._most = most or len(options)
        self._size = 2 * len(options)

    def __getitem__(self, answer: object) -> bytes:
        if answer is None and self._optional:
            return _SKIPPED_CELL * (self._size // 2)
        if type(answer) is not list or not self._least <= len(answer) <= self._most:
            raise LookupError
        record = bytearray(self._size)
        for number, option in enumerate(answer, 1):
            place = self._places[option]
            if record[place]:
                raise LookupError
            record[place] = self._code(number)
        return bytes(record)

    @abstractmethod
    def _code(self, number: int) -> int:
        """What stands in the cell of the option that came as the number-th."""

    def refusal(self, answer: object) -> str | None:
        if answer is None:
            return None if self._optional else "is required"
        if type(answer) is not list or not all(type(option) is str for option in answer):
            return "must be a list of strings"
        if not all(option in self._places for option in answer):
            return "must hold only the item's options"
        if len(set(answer)) < len(answer):
            return "must not hold an option twice"
        if len(answer) > self._most:
            return f"must hold at most {self._most} options"
        return None if len(answer) >= self._least else "must hold at least 1 option"


class _MultipleChoice(_Options):
    def __init__(self, item: MultipleChoiceItem, *, required: bool) -> None:
        super().__init__(item.options, item.max_choices, required=required)

    def _code(self, number: int) -> int:  # noqa: ARG002 - the order in which options were ticked is not kept
        return 1


class _Ranking(_Options):
    """An empty list ranks nothing, and is a skip."""

    def __init__(self, item: RankingItem, *, required: bool) -> None:
        super().__init__(item.options, item.max_ranks, required=required)

    def __getitem__(self, answer: object) -> bytes:
        return super().__getitem__(None if answer == [] and self._optional else answer)

    def _code(self, number: int) -> int:
        return number


class TextCell:
    """A text has no cell in the record: it is only judged there, and sealed apart (`raw`)."""

    def __init__(self, item: TextItem, *, required: bool) -> None:
        self._required = required
        self._longest = item.max_length
        self.size = 4 * item.max_length

    def __getitem__(self, answer: object) -> bytes:
        self.raw(answer)
        return b""

    def raw(self, answer: object) -> bytes:
        """The text in UTF-8; empty where it was skipped, which an empty text means too."""
        if not answer and (answer is None or type(answer) is str) and not self._required:
            return b""
        if type(answer) is not str or len(answer) > self._longest:
            raise LookupError
        raw = answer.encode()
        if len(raw.translate(None, CONTROLS)) != len(raw) or (self._required and not answer.strip()):
            raise LookupError
        return raw

    def refusal(self, answer: object) -> str | None:
        if answer is None:
            return "is required" if self._required else None
        if type(answer) is not str:
            return "must be a string"
        if len(answer) > self._longest:
            return f"must have at most {self._longest} characters"
        if SURROGATES.search(answer):
            return "holds a character that is not valid Unicode"
        if len(answer.encode().translate(None, CONTROLS)) != len(answer.encode()):
            return "must not hold control characters"
        return "must not be blank" if self._required and not answer.strip() else None


def _integer_refusal(answer: object, least: int, most: int) -> str | None:
    if type(answer) is not int:
        return "must be an integer"
    return None if least <= answer <= most else f"must be between {least} and {most}"
