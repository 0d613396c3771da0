"""Any valid answers come back from their record; any others are refused, by the fast path and the slow one alike."""

import json
import struct
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.questionnaires.document import Document
from service.responses.sheet import SKIPPED, AnswersRefused, RecordsCorrupt, Sheet

# The same lines thousands of times: coverage learns nothing here, and would take three times as long.

TEXT = {"en": "x"}
CLEAN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32)))), max_size=8)


@st.composite
def _items(draw: st.DrawFn) -> list[dict[str, Any]]:
    items = []
    for at in range(draw(st.integers(1, 6))):
        item: dict[str, Any] = {"id": f"q{at}", "text": TEXT}
        item |= {"required": draw(st.booleans()), "sensitive": draw(st.booleans())}
        options = [{"id": f"o{place}", "text": TEXT} for place in range(draw(st.integers(2, 5)))]
        kind = draw(
            st.sampled_from(["rating", "enps", "single_choice", "multiple_choice", "ranking", "number", "text"])
        )
        item["type"] = kind
        match kind:
            case "rating":
                item |= {"points": draw(st.integers(2, 11)), "reverse": draw(st.booleans())}
            case "single_choice":
                item |= {"options": options}
            case "multiple_choice":
                item |= {"options": options, "max_choices": draw(st.integers(1, len(options)))}
            case "ranking":
                item |= {"options": options} | draw(
                    st.just({}) | st.integers(1, len(options)).map(lambda most: {"max_ranks": most})
                )
            case "number":
                minimum = draw(st.integers(-32000, 31999))
                item |= {"minimum": minimum, "maximum": draw(st.integers(minimum + 1, 32000))}
            case "text":
                item |= {"max_length": draw(st.integers(1, 8))}
        items.append(item)
    return items


def _has_to_answer(item: dict[str, Any]) -> bool:
    return item["required"] and not item["sensitive"]


def _answer(item: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Valid answers to an item."""
    names = [option["id"] for option in item.get("options", [])]
    least = int(_has_to_answer(item))
    answers: dict[str, st.SearchStrategy[Any]] = {
        "rating": st.integers(1, item.get("points", 1)),
        "enps": st.integers(0, 10),
        "single_choice": st.sampled_from(names or [None]),
        "multiple_choice": st.lists(
            st.sampled_from(names or [None]),
            unique=True,
            min_size=least,
            max_size=item.get("max_choices", 1),
        ),
        "ranking": st.lists(
            st.sampled_from(names or [None]), unique=True, min_size=least, max_size=item.get("max_ranks")
        ),
        "number": st.integers(item.get("minimum", 0), item.get("maximum", 0)),
        "text": CLEAN.map(lambda text: text[: item.get("max_length")] or "x"),
    }
    valid = answers[item["type"]]
    if item["type"] == "text" and least:
        valid = valid.filter(str.strip)
    return valid if least else st.none() | valid


def _sheet(items: list[dict[str, Any]]) -> Sheet:
    document = {"format": "pouls/1", "key": "k", "languages": ["en"], "title": TEXT, "items": items}
    return Sheet.of(Document.parse(json.loads(json.dumps(document))))


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[tuple[int, dict[str, Any]]]]:
    items = draw(_items())
    person = st.tuples(st.integers(0, 2**32 - 1), st.fixed_dictionaries({item["id"]: _answer(item) for item in items}))
    return items, draw(st.lists(person, max_size=5))


def _cells(item: dict[str, Any], answer: Any) -> list[int]:
    """The columns of an answer, straight from the format's description."""
    names = [option["id"] for option in item.get("options", [])]
    match item["type"]:
        case "text":
            return []
        case "multiple_choice":
            return [SKIPPED] * len(names) if answer is None else [int(name in answer) for name in names]
        case "ranking":
            return (
                [answer.index(name) + 1 if name in answer else 0 for name in names]
                if answer
                else [SKIPPED] * len(names)
            )
        case "single_choice":
            return [SKIPPED if answer is None else names.index(answer)]
        case _:
            return [SKIPPED if answer is None else answer]


@given(_worlds())
@settings(deadline=None)
def test_round_trip(world: tuple[list[dict[str, Any]], list[tuple[int, dict[str, Any]]]]) -> None:
    items, people = world
    sheet = _sheet(items)
    records = [sheet.encode(label, answers) for label, answers in people]
    texts = [record for label, answers in people for record in sheet.encode_texts(label, answers)]
    assert {len(record) for record in records} <= {sheet.record_size}
    assert {len(record) for record in texts} <= {sheet.text_record_size}
    classes, matrix = sheet.decode(b"".join(records))
    assert classes.tolist() == [label for label, _ in people]
    assert matrix.tolist() == [
        [cell for item in items for cell in _cells(item, answers[item["id"]])] for _, answers in people
    ]
    decoded = sheet.decode_texts(b"".join(texts))
    written = [
        (label, at, answers[item["id"]] or "")
        for label, answers in people
        for at, item in enumerate(items)
        if item["type"] == "text"
    ]
    assert list(zip(decoded.classes.tolist(), decoded.items.tolist(), decoded.texts, strict=True)) == written


@st.composite
def _ranked(draw: st.DrawFn) -> tuple[int, int, list[list[int]]]:
    """How many options and ranks, and rows of cells around what they may hold."""
    size = draw(st.integers(2, 4))
    most = draw(st.integers(1, size))
    cell = st.sampled_from([0, 0, 1, 2, 3, 4, 5, -1, SKIPPED])
    likely = st.permutations([*range(1, most + 1), *[0] * size][:size])
    row = st.lists(cell, min_size=size, max_size=size) | likely | st.just([SKIPPED] * size)
    return size, most, draw(st.lists(row, min_size=1, max_size=4))


@given(_ranked(), st.booleans())
@settings(deadline=None)
def test_records_of_a_ranking_are_read_if_some_answer_writes_them(
    world: tuple[int, int, list[list[int]]], required: bool
) -> None:
    size, most, rows = world
    options = [{"id": f"o{place}", "text": TEXT} for place in range(size)]
    item = {"id": "q0", "type": "ranking", "text": TEXT, "options": options, "max_ranks": most, "required": required}
    sheet = _sheet([item])
    written = {tuple(_cells(item, list(some))) for some in _rankings([one["id"] for one in options], most)}
    written |= set() if required else {(SKIPPED,) * size}
    records = b"".join(struct.pack(f"<I{size}h", 1, *row) for row in rows)
    if all(tuple(row) in written for row in rows):
        assert sheet.decode(records)[1].tolist() == rows
    else:
        with pytest.raises(RecordsCorrupt):
            sheet.decode(records)


def _rankings(names: list[str], most: int) -> Iterator[tuple[str, ...]]:
    """Every ranking of at least one option."""
    for length in range(1, most + 1):
        yield from permutations(names, length)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-3, 12)
    | st.floats()
    | st.text()
    | st.sampled_from(["o0", "o1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(_items(), st.data())
@settings(deadline=None)
def test_anything_is_encoded_or_refused_with_a_reason(items: list[dict[str, Any]], data: st.DataObject) -> None:
    sheet = _sheet(items)
    names = st.sampled_from([item["id"] for item in items]) | st.sampled_from(["q9", "x y"])
    answers = data.draw(st.dictionaries(names, ANYTHING, max_size=6))
    slow = list(sheet._faults(answers))
    if slow:
        with pytest.raises(AnswersRefused) as caught:
            sheet.encode(1, answers)
        assert list(caught.value.faults) == slow
    else:
        sheet.decode(sheet.encode(1, answers))
        sheet.decode_texts(b"".join(sheet.encode_texts(1, answers)))
