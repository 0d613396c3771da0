"""The compiled form of recommendations and rankings, and of what nobody has to answer."""

import struct
from typing import Any

import pytest

from service.questionnaires.document import Document
from service.responses.sheet import SKIPPED, AnswersRefused, RecordsCorrupt, Sheet

CANARY = "zq-canary-zq"
TEXT = {"en": "x"}
OPTIONS = [{"id": name, "text": TEXT} for name in ("a", "b", "c")]


def _sheet(*items: dict[str, Any]) -> Sheet:
    source = {"format": "pouls/1", "key": "k", "languages": ["en"], "title": TEXT}
    return Sheet.of(Document.parse(source | {"items": [{"text": TEXT, **item} for item in items]}))


def _faults(sheet: Sheet, answers: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(AnswersRefused) as caught:
        sheet.encode(7, answers)
    assert CANARY not in f"{caught.value} {vars(caught.value)!r}"
    assert caught.value.__context__ is None
    return [(fault.pointer, fault.reason) for fault in caught.value.faults]


def _new_types(*, required: bool = False, **ranking: Any) -> Sheet:
    return _sheet(
        {"id": "nps", "type": "enps", "required": required},
        {"id": "ranks", "type": "ranking", "options": OPTIONS, "required": required, **ranking},
        {"id": "comment", "type": "text", "max_length": 10, "required": required},
    )


def test_the_record_of_recommendations_and_rankings() -> None:
    sheet = _new_types()
    assert sheet.record_size == 4 + 2 * 4
    assert sheet.encode(7, {"nps": 0, "ranks": ["c", "a"]}) == struct.pack("<I4h", 7, 0, 2, 0, 1)
    assert sheet.encode(7, {"nps": 10, "ranks": ["b", "c", "a"]}) == struct.pack("<I4h", 7, 10, 3, 1, 2)
    nothing = struct.pack("<I4h", 7, *[SKIPPED] * 4)
    for skipped in ({}, {"ranks": []}, {"nps": None, "ranks": None}, {"ranks": [], "comment": ""}):
        assert sheet.encode(7, skipped) == nothing
        assert sheet.decode_texts(b"".join(sheet.encode_texts(7, skipped))).texts == [""]
    classes, matrix = sheet.decode(sheet.encode(1, {"nps": 0, "ranks": ["b"]}) + nothing)
    assert classes.tolist() == [1, 7]
    assert matrix.tolist() == [[0, 0, 1, 0], [SKIPPED] * 4]
    columns = [(column.item, column.item_id, column.option, column.least, column.most) for column in sheet.columns]
    assert columns == [(0, "nps", None, 0, 10), *((1, "ranks", place, 0, 3) for place in range(3))]


BAD_NEW: list[tuple[str, object, str]] = [
    ("nps", -1, "between 0 and 10"),
    ("nps", 11, "between 0 and 10"),
    ("nps", SKIPPED, "between 0 and 10"),
    ("nps", True, "integer"),
    ("nps", False, "integer"),
    ("nps", 9.0, "integer"),
    ("nps", CANARY, "integer"),
    ("nps", [9], "integer"),
    ("ranks", "a", "list of strings"),
    ("ranks", {"a": 1}, "list of strings"),
    ("ranks", [1, 2], "list of strings"),
    ("ranks", [["a"]], "list of strings"),
    ("ranks", [CANARY], "only the item's options"),
    ("ranks", ["a", "a"], "twice"),
    ("ranks", ["a", "b", "c"], "at most 2"),
]


@pytest.mark.parametrize(("item", "answer", "reason"), BAD_NEW, ids=range(len(BAD_NEW)))
@pytest.mark.parametrize("required", [False, True])
def test_a_wrong_recommendation_or_ranking_is_refused(item: str, answer: object, reason: str, required: bool) -> None:
    sheet = _new_types(required=required, max_ranks=2)
    good = {"nps": 0, "ranks": ["a"], "comment": "x"}
    ((pointer, told),) = _faults(sheet, good | {item: answer})
    assert pointer == f"/answers/{item}"
    assert reason in told


def test_a_required_ranking_ranks_something_and_zero_is_an_answer() -> None:
    sheet = _new_types(required=True)
    good = {"nps": 0, "ranks": ["a"], "comment": "x"}
    sheet.encode(7, good)
    assert _faults(sheet, good | {"nps": None}) == [("/answers/nps", "is required")]
    assert _faults(sheet, good | {"ranks": None}) == [("/answers/ranks", "is required")]
    assert _faults(sheet, good | {"ranks": []}) == [("/answers/ranks", "must hold at least 1 option")]


@pytest.mark.parametrize(
    "cells",
    [
        (11, 1, 2, 0),
        (-1, 1, 2, 0),
        (5, 1, 1, 0),  # a rank twice
        (5, 2, 2, 1),
        (5, 2, 0, 0),  # no first
        (5, 1, 3, 0),  # no second
        (5, 1, 2, 3),  # more than max_ranks
        (5, -1, 0, 1),
        (5, 0, 0, 0),  # an empty ranking is a skip, and a skip has a sign of its own
        (5, 1, SKIPPED, 0),  # half skipped
        (5, SKIPPED, SKIPPED, 0),
        (5, SKIPPED, SKIPPED, 1),
    ],
)
def test_recommendations_and_rankings_that_no_form_writes_are_corrupt(cells: tuple[int, ...]) -> None:
    sheet = _new_types(max_ranks=2)
    good = sheet.encode(1, {"nps": 5, "ranks": ["c", "a"]})
    records = good * 9000 + struct.pack("<I4h", 1, *cells) + good * 10
    with pytest.raises(RecordsCorrupt):
        sheet.decode(records)
    sheet.decode(good * 9011)


def test_a_skipped_ranking_is_corrupt_where_it_is_required() -> None:
    for required in (False, True):
        sheet = _sheet({"id": "r", "type": "ranking", "options": OPTIONS, "required": required})
        record = struct.pack("<I3h", 1, *[SKIPPED] * 3)
        if required:
            with pytest.raises(RecordsCorrupt):
                sheet.decode(record)
        else:
            sheet.decode(record)


SENSITIVE: list[tuple[dict[str, Any], object]] = [
    ({"type": "rating", "points": 5}, 1),
    ({"type": "enps"}, 0),
    ({"type": "single_choice", "options": OPTIONS}, "a"),
    ({"type": "multiple_choice", "options": OPTIONS}, []),
    ({"type": "ranking", "options": OPTIONS}, ["a"]),
    ({"type": "number", "minimum": 0, "maximum": 9}, 0),
    ({"type": "text"}, "x"),
]


@pytest.mark.parametrize(("item", "answer"), SENSITIVE, ids=[str(item["type"]) for item, _ in SENSITIVE])
def test_nobody_has_to_answer_what_is_sensitive(item: dict[str, Any], answer: object) -> None:
    sheet = _sheet({"id": "q", "required": True, "sensitive": True} | item)
    for answers in ({}, {"q": None}, {"q": answer}):
        sheet.decode(sheet.encode(1, answers))
        sheet.encode_texts(1, answers)
    assert not any(column.required for column in sheet.columns)


def test_the_record_decides_whether_a_text_is_asked_for() -> None:
    # `encode` comes first and looks at who is asked what, texts included.
    condition = {"item": "mood", "is": [1]}
    mood = {"id": "mood", "type": "rating", "points": 5}
    hidden = _sheet(mood, {"id": "why", "type": "text", "visible_if": condition})
    hidden.encode(1, {"mood": 1, "why": "x"})
    reason = "is not asked of whoever gave the answers before it"
    assert _faults(hidden, {"mood": 2, "why": "x"}) == [("/answers/why", reason)]
    needed = _sheet(mood, {"id": "why", "type": "text", "visible_if": condition, "required": True})
    needed.encode(1, {"mood": 2})
    assert len(needed.encode_texts(1, {"mood": 2})) == 1
    assert _faults(needed, {"mood": 1}) == [("/answers/why", "is required")]
