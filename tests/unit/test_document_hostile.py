"""Documents made to hurt: refused with a reason and soon, and nothing of them is said again."""

import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from service.questionnaires.document import Document, DocumentRefused
from tests.make.hangs import HANGS_S

Json = dict[str, Any]
TEXT = {"en": "x"}
CANARY = "zq-canary-zq"
TAGS = [f"{first}{second}" for first in "abcdefgh" for second in "abcdefghijklmnopqrstuvwxyz"]


def _sample() -> Json:
    return {
        "format": "pouls/1",
        "key": "k",
        "languages": ["en"],
        "title": TEXT,
        "items": [{"id": name, "type": "rating", "points": 5, "text": TEXT} for name in ("a", "b", "c")],
        "scales": [{"id": "s", "title": TEXT, "items": ["a", "b"]}],
        "indices": [{"id": "x", "title": TEXT, "scales": ["s"]}],
    }


def _refused(document: object, seconds: float = HANGS_S) -> list[tuple[str, str]]:
    """The faults of a document, which come within so many seconds of work and quote nothing."""
    started = time.process_time()
    with pytest.raises(DocumentRefused) as caught:
        Document.parse(document)
    assert time.process_time() - started < seconds
    faults = caught.value.faults
    assert faults
    assert len(faults) <= 1000
    said = "".join(traceback.format_exception_only(caught.value)) + repr(vars(caught.value))
    assert CANARY not in said
    assert "99999" not in said
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    return [(fault.pointer, fault.reason) for fault in faults]


def _nested(kind: str, levels: int) -> Json:
    condition: Json = {"item": "a", "is": [1], CANARY: CANARY}
    for _ in range(levels):
        condition = {kind: condition if kind == "not" else [condition]}
    return condition


@pytest.mark.parametrize("kind", ["not", "all", "any"])
@pytest.mark.parametrize("levels", [4, 100, 10_000])
def test_conditions_of_any_depth(kind: str, levels: int) -> None:
    document = _sample()
    document["items"][2]["visible_if"] = _nested(kind, levels)
    deep = "must be nested at most 4 deep"
    assert _refused(document) == [("/items/2/visible_if", deep)]
    document = _sample()
    document["sections"] = [
        {"id": "y", "items": ["a", "b"]},
        {"id": "z", "items": ["c"], "visible_if": _nested(kind, levels)},
    ]
    assert _refused(document) == [("/sections/1/visible_if", deep)]


@pytest.mark.parametrize(
    "steps", [("title",), ("items", 0), ("items", 0, "points"), ("scales",), ("support",)], ids=str
)
@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["lists", "objects"])
def test_values_of_any_depth(steps: tuple[str | int, ...], make: Callable[[object], object]) -> None:
    value: object = CANARY
    for _ in range(10_000):
        value = make(value)
    document = _sample()
    target: Any = document
    for step in steps[:-1]:
        target = target[step]
    target[steps[-1]] = value
    assert any(pointer.startswith("/" + "/".join(map(str, steps))) for pointer, _ in _refused(document))


def test_too_many_of_everything() -> None:
    rating = {"type": "rating", "points": 5, "text": TEXT}
    lists: dict[str, list[Any]] = {
        "items": [rating | {"id": f"q{at}"} for at in range(10_000)],
        "scales": [{"id": f"t{at}", "title": TEXT, "items": ["a"]} for at in range(10_000)],
        "indices": [{"id": f"y{at}", "title": TEXT, "scales": ["s"]} for at in range(10_000)],
        "sections": [{"id": f"z{at}", "items": ["a", "b", "c"]} for at in range(10_000)],
        "languages": TAGS[:200],
        "support": [{"name": TEXT, "detail": TEXT}] * 10_000,
    }
    for field, entries in lists.items():
        for many in (entries, [CANARY] * 10_000, [{}] * 10_000, [[CANARY]] * 10_000):
            faults = _refused(_sample() | {field: many})
            assert any(pointer == f"/{field}" and "at most" in reason for pointer, reason in faults)
    assert ("/title", "must have at most 10 entries") in _refused(
        _sample() | {"title": dict.fromkeys(TAGS[:200], CANARY)}
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("is", [1] * 100_000),
        ("all", [{"item": "a", "is": [1]}] * 100_000),
        ("any", [{"item": "a", "is": [CANARY] * 100}] * 1_000),
        ("any", [{"all": [{"any": [{"item": "a", "is": [1]}] * 21}] * 20}] * 20),
    ],
)
def test_conditions_of_any_width(field: str, value: object) -> None:
    document = _sample()
    document["items"][2]["visible_if"] = {field: value} | ({"item": "a"} if field == "is" else {})
    assert all(pointer.startswith("/items/2/visible_if") for pointer, _ in _refused(document))


@pytest.mark.uncounted  # counting lines would be most of its time
def test_large_conditions_are_judged_soon() -> None:
    gate = {"type": "rating", "points": 11, "text": TEXT, "required": True}
    items: list[Json] = [{"id": f"g{at}"} | gate for at in range(20)]
    for number in range(100):
        alternatives = [
            {"any": [{"item": f"g{(number + 17 * a + b) % 20}", "is": [1 + (a + b) % 11]} for b in range(17)]}
            for a in range(20)
        ]
        items.append({"id": f"h{number}", "type": "text", "text": TEXT, "visible_if": {"all": alternatives}})
    items[-1]["text"] = {}
    document = {"format": "pouls/1", "key": "k", "languages": ["en"], "title": TEXT, "items": items}
    assert _refused(document) == [("/items/119/text", "must be given in every listed language: en is missing")]


@pytest.mark.parametrize("circle", [["a"], ["b", "c", "a"], ["c", "c", "c"]])
def test_items_that_wait_for_each_other(circle: list[str]) -> None:
    document = _sample()
    for item, name in zip(document["items"], circle, strict=False):
        item["visible_if"] = {"item": name, "is": [1]}
    faults = _refused(document)
    # The items of a scale that wait for one another are asked by several as well.
    first, *more = sorted({reason for _, reason in faults})
    assert first == "asks about an item that does not come earlier"
    assert all(reason.startswith("has items that are asked by several items") for reason in more)
    document["sections"] = [{"id": "z", "items": ["a", "b", "c"], "visible_if": {"item": "c", "is": [1]}}]
    assert ("/sections/0/visible_if", "asks about an item that does not come earlier") in _refused(document)


# Of more than 4,300 digits no number comes out of Python's JSON.
NUMBERS = [
    float("nan"),
    float("inf"),
    float("-inf"),
    10**400,
    -(10**400),
    10**4000,
    1e308,
    -1e308,
    99999,
    -99999,
    1e-300,
]
PLACES: list[tuple[tuple[str | int, ...], Any]] = [
    (("items", 0, "points"), None),
    (("items", 0, "type"), None),
    (("items", 2, "visible_if"), lambda value: {"item": "a", "is": [value]}),
    (("items", 2, "visible_if"), lambda value: {"item": "a", "at_least": value}),
    (("items", 2, "visible_if"), lambda value: {"item": "a", "at_most": value, "at_least": value}),
    (("items", 2), lambda value: {"id": "c", "type": "number", "text": TEXT, "minimum": value, "maximum": value}),
    (("items", 2), lambda value: {"id": "c", "type": "text", "text": TEXT, "max_length": value}),
    (("scales", 0, "weights"), lambda value: [value, 1]),
    (("scales", 0, "answered"), None),
    (("scales", 0, "bands"), lambda value: [{"id": "p", "title": TEXT}, {"id": "q", "title": TEXT, "at_least": value}]),
    (
        ("indices", 0, "bands"),
        lambda value: [
            {"id": "p", "title": TEXT, "when": {"s": {"at_least": value, "below": value}}},
            {"id": "q", "title": value},
        ],
    ),
    (("outcome",), None),
    (("languages",), lambda value: [value]),
]


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
@pytest.mark.parametrize(("steps", "make"), PLACES, ids=range(len(PLACES)))
def test_numbers_that_are_none_or_huge(steps: tuple[str | int, ...], make: Any, number: float) -> None:
    document = _sample()
    target: Any = document
    for step in steps[:-1]:
        target = target[step]
    target[steps[-1]] = number if make is None else make(number)
    place = "/" + "/".join(map(str, steps))
    assert any(pointer.startswith(place) for pointer, _ in _refused(document))


ODD = [CANARY, [CANARY], {"a": CANARY}, {f"{CANARY}!": [CANARY]}, f"{CANARY}\x00", f"{CANARY}\ud800", CANARY * 999]
NEWER: list[tuple[str | int, ...]] = [
    ("sections",),
    ("outcome",),
    ("items", 2, "visible_if"),
    ("items", 2, "labels"),
    ("scales", 0, "weights"),
    ("scales", 0, "score"),
    ("scales", 0, "favourable"),
    ("scales", 0, "rule"),
    ("scales", 0, "answered"),
    ("scales", 0, "bands"),
    ("indices", 0, "combine"),
    ("indices", 0, "bands"),
]


@pytest.mark.parametrize("steps", NEWER, ids=str)
def test_nothing_of_what_stands_in_a_newer_field_comes_back(steps: tuple[str | int, ...]) -> None:
    for value in ODD:
        for inside in (value, [value], {"item": value}, {"not": value}, [{"id": value, "title": value, "when": value}]):
            document = _sample()
            target: Any = document
            for step in steps[:-1]:
                target = target[step]
            target[steps[-1]] = inside
            _refused(document)
