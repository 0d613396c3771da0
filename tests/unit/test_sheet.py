"""The compiled form: exact bytes, every kind of wrong answer, and records that no form has written."""

import json
import struct
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.questionnaires.document import Document
from service.responses.sheet import SKIPPED, AnswersRefused, RecordsCorrupt, Sheet

CANARY = "zq-canary-zq"
TEXT = {"en": "x"}
OPTIONS = [{"id": name, "text": TEXT} for name in ("a", "b", "c")]


def _sheet(*items: dict[str, Any]) -> Sheet:
    return Sheet.of(
        Document.parse(
            {
                "format": "pouls/1",
                "key": "k",
                "languages": ["en"],
                "title": TEXT,
                "items": [{"text": TEXT, **item} for item in items],
            }
        )
    )


def _everything(*, required: bool = False) -> Sheet:
    return _sheet(
        {"id": "mood", "type": "rating", "points": 5, "reverse": True, "required": required},
        {"id": "comment", "type": "text", "max_length": 10, "required": required},
        {"id": "place", "type": "single_choice", "options": OPTIONS, "required": required},
        {"id": "tools", "type": "multiple_choice", "options": OPTIONS, "max_choices": 2, "required": required},
        {"id": "hours", "type": "number", "minimum": -5, "maximum": 300, "required": required},
        {"id": "more", "type": "text", "max_length": 3, "required": required},
    )


GOOD = {"mood": 4, "comment": "ça va", "place": "c", "tools": ["c", "a"], "hours": -2, "more": "ok"}


def _faults(sheet: Sheet, answers: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(AnswersRefused) as caught:
        sheet.encode(7, answers)
    told = "".join(traceback.format_exception_only(caught.value)) + repr(vars(caught.value))
    assert CANARY not in told
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    return [(fault.pointer, fault.reason) for fault in caught.value.faults]


def test_the_record_is_what_the_format_says() -> None:
    sheet = _everything()
    assert sheet.record_size == 4 + 2 * 6
    # Answers are kept as given (mood is reversed in statistics only), options by position.
    assert sheet.encode(0xFFFFFFFE, GOOD) == struct.pack("<I6h", 0xFFFFFFFE, 4, 2, 1, 0, 1, -2)
    assert sheet.encode(7, {}) == struct.pack("<I6h", 7, *[SKIPPED] * 6)
    assert sheet.encode(7, dict.fromkeys(GOOD)) == sheet.encode(7, {})
    assert sheet.encode(7, {"tools": []}) == struct.pack("<I6h", 7, SKIPPED, SKIPPED, 0, 0, 0, SKIPPED)


def test_text_records_have_one_width() -> None:
    sheet = _everything()
    assert sheet.text_record_size == 8 + 4 * 10
    first, second = sheet.encode_texts(9, GOOD)
    assert first == struct.pack("<IHH", 9, 1, 6) + "ça va".encode() + bytes(34)
    assert second == struct.pack("<IHH", 9, 5, 2) + b"ok" + bytes(38)
    assert [len(record) for record in sheet.encode_texts(9, {"comment": "😀" * 10})] == [48, 48]
    assert sheet.encode_texts(9, {"comment": "", "more": None}) == [
        struct.pack("<IHH", 9, at, 0) + bytes(40) for at in (1, 5)
    ]


def test_columns_say_what_they_hold() -> None:
    columns = _everything().columns
    assert [(column.item, column.item_id, column.option) for column in columns] == [
        (0, "mood", None),
        (2, "place", None),
        (3, "tools", 0),
        (3, "tools", 1),
        (3, "tools", 2),
        (4, "hours", None),
    ]
    assert [(column.least, column.most) for column in columns] == [(1, 5), (0, 2), (0, 1), (0, 1), (0, 1), (-5, 300)]


BAD = [
    ("mood", 0, "between 1 and 5"),
    ("mood", 6, "between 1 and 5"),
    ("mood", 2**63, "between 1 and 5"),
    ("mood", 10**300, "between 1 and 5"),
    ("mood", True, "integer"),
    ("mood", 4.0, "integer"),
    ("mood", float("nan"), "integer"),
    ("mood", "4", "integer"),
    ("mood", CANARY, "integer"),
    ("mood", [4], "integer"),
    ("mood", {"x": 4}, "integer"),
    ("place", CANARY, "one of the item's options"),
    ("place", 0, "string"),
    ("place", False, "string"),
    ("place", ["a"], "string"),
    ("tools", "a", "list of strings"),
    ("tools", "ab", "list of strings"),
    ("tools", {"a": 1}, "list of strings"),
    ("tools", [["a"]], "list of strings"),
    ("tools", [1], "list of strings"),
    ("tools", [None], "list of strings"),
    ("tools", [CANARY], "only the item's options"),
    ("tools", ["a", "a"], "twice"),
    ("tools", ["a", "b", "c"], "at most 2"),
    ("hours", -6, "between -5 and 300"),
    ("hours", 301, "between -5 and 300"),
    ("hours", -(2**63), "between -5 and 300"),
    ("hours", SKIPPED, "between -5 and 300"),
    ("hours", False, "integer"),
    ("hours", 1.5, "integer"),
    ("hours", "1", "integer"),
    ("comment", CANARY, "at most 10 characters"),
    ("comment", 3, "string"),
    ("comment", ["x"], "string"),
    ("comment", False, "string"),
    ("comment", "nul\x00", "control"),
    ("comment", "esc\x1b", "control"),
    ("comment", "cr\r\n", "control"),
    ("comment", "lone\ud83d", "Unicode"),
]


@pytest.mark.parametrize(("item", "answer", "reason"), BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("required", [False, True])
def test_a_wrong_answer_is_refused_at_its_place(item: str, answer: object, reason: str, required: bool) -> None:
    sheet = _everything(required=required)
    ((pointer, told),) = _faults(sheet, GOOD | {item: answer})
    assert pointer == f"/answers/{item}"
    assert reason in told
    if item == "comment":
        with pytest.raises(AnswersRefused) as caught:
            sheet.encode_texts(7, GOOD | {item: answer})
        assert caught.value.faults == ((pointer, told),)
        assert caught.value.__context__ is None


def test_bounds_are_answers() -> None:
    sheet = _everything()
    for answers in ({"mood": 1}, {"mood": 5}, {"hours": -5}, {"hours": 300}, {"tools": ["a", "b"]}, {"more": "\t\n😀"}):
        sheet.encode(7, answers)


def test_unknown_items_are_named_only_by_names() -> None:
    sheet = _everything()
    unknown = "is not an item of this questionnaire"
    assert _faults(sheet, {"nowhere": CANARY}) == [("/answers/nowhere", unknown)]
    assert (
        _faults(sheet, {f"{CANARY}!": 1, "a/b": 1, "": 1, "\ud800": 1, "0612345678": 1}) == [("/answers", unknown)] * 5
    )


def test_a_required_item_can_not_be_skipped() -> None:
    sheet = _everything(required=True)
    places = [f"/answers/{item}" for item in ("mood", "comment", "place", "tools", "hours", "more")]
    for skipped in ({}, dict.fromkeys(GOOD)):
        assert _faults(sheet, skipped) == [(place, "is required") for place in places]
    assert _faults(sheet, GOOD | {"tools": []}) == [("/answers/tools", "must hold at least 1 option")]
    for blank in ("", " \n"):
        assert _faults(sheet, GOOD | {"comment": blank}) == [("/answers/comment", "must not be blank")]
        with pytest.raises(AnswersRefused):
            sheet.encode_texts(7, GOOD | {"comment": blank})
    with pytest.raises(AnswersRefused):
        sheet.encode_texts(7, {"comment": "x"})


def test_all_faults_come_at_once() -> None:
    wrong = {"mood": 9, "comment": 1, "place": "z", "tools": ["z"], "hours": 999, "more": "four", "x": 1}
    assert {pointer for pointer, _ in _faults(_everything(), wrong)} == {f"/answers/{item}" for item in wrong}


@pytest.mark.parametrize("label", [-1, 2**32])
def test_a_class_label_has_32_bits(label: int) -> None:
    with pytest.raises(struct.error):
        _everything().encode(label, GOOD)
    with pytest.raises(struct.error):
        _everything().encode_texts(label, GOOD)


def test_decoding_gives_back_what_was_encoded() -> None:
    sheet = _everything()
    classes, matrix = sheet.decode(sheet.encode(3, GOOD) + sheet.encode(2**32 - 1, {}) + sheet.encode(0, {"tools": []}))
    assert classes.dtype == np.uint32
    assert classes.tolist() == [3, 2**32 - 1, 0]
    assert matrix.dtype == np.int16
    assert matrix.tolist() == [[4, 2, 1, 0, 1, -2], [SKIPPED] * 6, [SKIPPED, SKIPPED, 0, 0, 0, SKIPPED]]
    assert all(matrix[:, at].flags.c_contiguous for at in range(6))
    empty_classes, empty = sheet.decode(b"")
    assert (empty_classes.shape, empty.shape) == ((0,), (0, 6))


@pytest.mark.parametrize(
    "cells",
    [
        (0, 2, 1, 0, 1, -2),
        (6, 2, 1, 0, 1, -2),
        (-1, 2, 1, 0, 1, -2),
        (32767, 2, 1, 0, 1, -2),
        (4, 3, 1, 0, 1, -2),
        (4, -1, 1, 0, 1, -2),
        (4, 2, 2, 0, 0, -2),
        (4, 2, -1, 0, 1, -2),
        (4, 2, 1, 1, 1, -2),  # more than max_choices
        (4, 2, 1, SKIPPED, 1, -2),  # half skipped
        (4, 2, 1, 0, 1, 301),
        (4, 2, 1, 0, 1, -6),
    ],
)
def test_a_value_outside_its_domain_is_corrupt(cells: tuple[int, ...]) -> None:
    sheet = _everything()
    good = sheet.encode(1, GOOD)
    # Deep inside, so that every block is looked at.
    records = good * 9000 + struct.pack("<I6h", 1, *cells) + good * 10
    with pytest.raises(RecordsCorrupt):
        sheet.decode(records)
    sheet.decode(good * 9011)


def test_a_skip_of_a_required_item_is_corrupt() -> None:
    record = _everything().encode(1, {})
    with pytest.raises(RecordsCorrupt):
        _everything(required=True).decode(record)
    chosen_none = _sheet({"id": "t", "type": "multiple_choice", "options": OPTIONS}).encode(1, {"t": []})
    with pytest.raises(RecordsCorrupt):
        _sheet({"id": "t", "type": "multiple_choice", "options": OPTIONS, "required": True}).decode(chosen_none)


def test_the_widest_number_keeps_skips_apart() -> None:
    sheet = _sheet({"id": "n", "type": "number", "minimum": -32000, "maximum": 32000})
    records = b"".join(sheet.encode(0, {"n": value}) for value in (-32000, 32000, 0, None))
    assert sheet.decode(records)[1][:, 0].tolist() == [-32000, 32000, 0, SKIPPED]
    for outside in (-32001, 32001):
        with pytest.raises(RecordsCorrupt):
            sheet.decode(struct.pack("<Ih", 0, outside))


@pytest.mark.parametrize("cut", [1, 15])
def test_a_wrong_length_is_corrupt(cut: int) -> None:
    sheet = _everything()
    with pytest.raises(RecordsCorrupt):
        sheet.decode((sheet.encode(1, GOOD) * 3)[:-cut])
    with pytest.raises(RecordsCorrupt):
        sheet.decode_texts(b"".join(sheet.encode_texts(1, GOOD))[:-cut])


def test_texts_come_back() -> None:
    sheet = _everything()
    records = sheet.encode_texts(5, GOOD) + sheet.encode_texts(6, {})
    decoded = sheet.decode_texts(b"".join(records))
    assert decoded.classes.tolist() == [5, 5, 6, 6]
    assert decoded.items.tolist() == [1, 5, 1, 5]
    assert decoded.texts == ["ça va", "ok", "", ""]
    assert decoded.classes.dtype == np.uint32


@pytest.mark.parametrize(
    ("item", "length", "raw"),
    [
        (0, 2, b"ok"),  # not a text
        (9, 2, b"ok"),  # no item
        (1, 41, b"x" * 40),  # longer than the record
        (1, 41, "😀".encode() * 10),  # longer than the record, though every character fits
        (5, 13, b"x" * 13),  # longer than this item
        (5, 4, b"four"),  # too many characters
        (1, 2, b"ok!"),  # padding that is not zero
        (1, 2, b"\xff\xfe"),  # not UTF-8
        (1, 3, b"\xed\xa0\x80"),  # a surrogate
        (1, 2, b"a\x00"),  # a control character
    ],
)
def test_a_wrong_text_record_is_corrupt(item: int, length: int, raw: bytes) -> None:
    sheet = _everything()
    with pytest.raises(RecordsCorrupt) as caught:
        sheet.decode_texts(struct.pack("<IHH40s", 1, item, length, raw))
    assert caught.value.__context__ is None


def test_a_blank_text_of_a_required_item_is_corrupt() -> None:
    with pytest.raises(RecordsCorrupt):
        _everything(required=True).decode_texts(struct.pack("<IHH40s", 1, 1, 0, b""))


def test_a_form_without_texts_or_without_columns() -> None:
    ratings = _sheet({"id": "mood", "type": "rating", "points": 5})
    assert ratings.text_record_size == 0
    assert ratings.encode_texts(1, {"mood": 1}) == []
    assert ratings.decode_texts(b"").texts == []
    with pytest.raises(RecordsCorrupt):
        ratings.decode_texts(bytes(8))
    texts = _sheet({"id": "comment", "type": "text"})
    assert texts.record_size == 4
    classes, matrix = texts.decode(texts.encode(8, {"comment": "x"}) * 2)
    assert classes.tolist() == [8, 8]
    assert matrix.shape == (2, 0)


@pytest.mark.shared
def test_naughty_strings_are_refused_or_kept_to_the_byte(shared_data: Path) -> None:
    sheet = _sheet({"id": "comment", "type": "text", "max_length": 2000})
    naughty = json.loads((shared_data / "naughty-strings" / "blns.json").read_text(encoding="utf-8"))
    kept = 0
    for text in naughty:
        fit = len(text) <= 2000 and not any(ord(sign) < 32 and sign not in "\n\t" for sign in text)
        if fit:
            sheet.encode(1, {"comment": text})
            (record,) = sheet.encode_texts(1, {"comment": text})
            assert sheet.decode_texts(record).texts == [text]
            kept += 1
        else:
            _faults(sheet, {"comment": text})
    assert kept > 500
