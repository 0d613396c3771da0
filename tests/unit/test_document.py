"""The questionnaire document: what is accepted, what is refused, and that nothing sent comes back in a refusal."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from service.questionnaires.document import Document, DocumentRefused, favourable_points
from service.questionnaires.lint.faults import MAX_FAULTS
from service.questionnaires.respondent import localised

CANARY = "zq-canary-zq"


def _texts(words: str) -> dict[str, str]:
    return {"fr": f"{words} (fr)", "en": f"{words} (en)"}


def _sample() -> dict[str, Any]:
    return {
        "format": "pouls/1",
        "key": "team_temperature",
        "languages": ["fr", "en"],
        "title": _texts("Temperature"),
        "introduction": _texts("Two minutes"),
        "support": [{"name": _texts("Line"), "detail": _texts("Day and night"), "phone": "3114"}],
        "items": [
            {"id": "workload", "type": "rating", "text": _texts("Load"), "points": 5, "labels": {"1": _texts("No")}},
            {"id": "pressure", "type": "rating", "text": _texts("Pressure"), "points": 5, "reverse": True},
            {"id": "trust", "type": "rating", "text": _texts("Trust"), "points": 5, "sensitive": True},
            {"id": "seven", "type": "rating", "text": _texts("Seven"), "points": 7, "required": True},
            {
                "id": "place",
                "type": "single_choice",
                "text": _texts("Place"),
                "options": [{"id": "office", "text": _texts("Office")}, {"id": "home", "text": _texts("Home")}],
            },
            {
                "id": "tools",
                "type": "multiple_choice",
                "text": _texts("Tools"),
                "options": [{"id": "a", "text": _texts("A")}, {"id": "b", "text": _texts("B")}],
                "max_choices": 1,
            },
            {"id": "hours", "type": "number", "text": _texts("Hours"), "minimum": 0, "maximum": 80},
            {"id": "comment", "type": "text", "text": _texts("Comment")},
        ],
        "scales": [
            {"id": "climate", "title": _texts("Climate"), "items": ["workload", "pressure"]},
            {"id": "trusting", "title": _texts("Trusting"), "items": ["trust"]},
            {"id": "sevens", "title": _texts("Sevens"), "items": ["seven"]},
        ],
        "indices": [{"id": "engagement", "title": _texts("Engagement"), "scales": ["climate", "trusting"]}],
    }


def _refusal(obj: object) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as caught:
        Document.parse(obj)
    return caught.value


def _set(*steps: str | int) -> Callable[[dict[str, Any], object], None]:
    def change(document: dict[str, Any], value: object) -> None:
        target: Any = document
        for step in steps[:-1]:
            target = target[step]
        target[steps[-1]] = value

    return change


# Where, what is put there, and every fault expected as (pointer, part of the reason).
BAD: list[tuple[tuple[str | int, ...], object, list[tuple[str, str]]]] = [
    (("format",), "pouls/2", [("/format", "'pouls/1'")]),
    (("key",), "Not-An-Id", [("/key", "form")]),
    (("key",), "a" * 64, [("/key", "form")]),
    (("key",), "valid\n", [("/key", "form")]),
    (("extra",), 1, [("/extra", "not a known field")]),
    (("a/b~c",), 1, [("", "field that is not known")]),
    (("languages",), [], [("/languages", "at least 1")]),
    (("languages",), ["fr", "en", "fr"], [("/languages", "twice")]),
    (("languages", 1), "english!", [("/languages/1", "form"), ("/title", "every listed language")]),
    (("title",), {"fr": "x"}, [("/title", "every listed language")]),
    (("title", "de"), "x", [("/title", "not listed")]),
    (("title", "fr"), "", [("/title/fr", "blank")]),
    (("title", "fr"), "x" * 2001, [("/title/fr", "at most 2000")]),
    (("title", "fr"), "nul \x00", [("/title/fr", "control")]),
    (("title", "fr"), "bell \x07", [("/title/fr", "control")]),
    (("title", "fr"), "lone \ud800", [("/title/fr", "Unicode")]),
    (("title", "fr"), 3, [("/title/fr", "string")]),
    (("title", "Bad Key!"), "x", [("/title", "key")]),
    (("introduction",), "x", [("/introduction", "object")]),
    (("support", 0, "url"), "http://plain.example", [("/support/0/url", "form")]),
    (("support", 0, "phone"), "call me", [("/support/0/phone", "form")]),
    (("support", 0, "name"), {"fr": "x"}, [("/support/0/name", "every listed language")]),
    (("support",), [{}] * 21, [("/support", "at most 20")]),
    (("items",), [], [("/items", "at least 1")]),
    (("items",), "x", [("/items", "list")]),
    (("items",), [{}] * 301, [("/items", "at most 300")]),
    (("items", 0), None, [("/items/0", "object")]),
    (("items", 0, "type"), "slider", [("/items/0/type", "one of 'rating'")]),
    (("items", 0, "points"), 1, [("/items/0/points", "at least 2")]),
    (("items", 0, "points"), 12, [("/items/0/points", "at most 11")]),
    (("items", 0, "points"), True, [("/items/0/points", "integer")]),
    (("items", 0, "points"), 5.0, [("/items/0/points", "integer")]),
    (("items", 0, "points"), "5", [("/items/0/points", "integer")]),
    (("items", 0, "points"), 10**400, [("/items/0/points", "at most 11")]),
    (("items", 0, "required"), 1, [("/items/0/required", "true or false")]),
    (("items", 0, "unknown"), 1, [("/items/0/unknown", "not a known field")]),
    (("items", 0, "rating"), 1, [("/items/0/rating", "not a known field")]),
    (("items", 0, "labels", "6"), _texts("x"), [("/items/0/labels/6", "one of the item's points")]),
    (("items", 0, "labels", "0"), _texts("x"), [("/items/0/labels", "key")]),
    (("items", 0, "labels", "1"), {"fr": "x"}, [("/items/0/labels/1", "every listed language")]),
    (("items", 0, "id"), "trust", [("/items/2/id", "already")]),
    (("items", 4, "options"), [{"id": "a", "text": _texts("A")}], [("/items/4/options", "at least 2")]),
    (("items", 4, "options"), [{}] * 51, [("/items/4/options", "at most 50")]),
    (("items", 4, "options", 1, "id"), "office", [("/items/4/options/1/id", "already")]),
    (("items", 4, "options", 1, "text"), {"en": "x"}, [("/items/4/options/1/text", "every listed language")]),
    (("items", 5, "max_choices"), 3, [("/items/5/max_choices", "number of options")]),
    (("items", 5, "max_choices"), 0, [("/items/5/max_choices", "at least 1")]),
    (("items", 6, "minimum"), -32_001, [("/items/6/minimum", "at least -32000")]),
    (("items", 6, "maximum"), 2**63, [("/items/6/maximum", "at most 32000")]),
    (("items", 6, "maximum"), 0, [("/items/6/maximum", "greater than minimum")]),
    (("items", 7, "max_length"), 2001, [("/items/7/max_length", "at most 2000")]),
    (("items", 7, "max_length"), 0, [("/items/7/max_length", "at least 1")]),
    (("scales", 0, "items"), [], [("/scales/0/items", "at least 1")]),
    (("scales", 0, "items", 0), "nowhere", [("/scales/0/items/0", "not an item")]),
    (("scales", 0, "items", 0), "place", [("/scales/0/items/0", "must be a rating")]),
    (("scales", 0, "items", 0), "pressure", [("/scales/0/items/1", "already part of a scale")]),
    (("scales", 0, "items", 0), "trust", [("/scales/1/items/0", "already part of a scale")]),
    (("scales", 2, "items"), ["seven", "workload"], [("/scales/2/items", "same number of points")]),
    (("scales", 2, "id"), "climate", [("/scales/2/id", "already")]),
    (("scales", 2, "id"), "comment", [("/scales/2/id", "already")]),
    (("scales", 2, "title"), {"fr": "x"}, [("/scales/2/title", "every listed language")]),
    (("indices", 0, "scales", 0), "nowhere", [("/indices/0/scales/0", "not a scale")]),
    (("indices", 0, "scales", 0), "trusting", [("/indices/0/scales/1", "already part of an index")]),
    (("indices", 0, "scales", 0), "sevens", [("/indices/0/scales", "same number of points")]),
    (("indices", 0, "id"), "climate", [("/indices/0/id", "already")]),
    (("indices", 0, "title"), {"fr": "x"}, [("/indices/0/title", "every listed language")]),
]


@pytest.mark.parametrize(("steps", "value", "expected"), BAD, ids=range(len(BAD)))
def test_a_fault_is_named_by_its_place(
    steps: tuple[str | int, ...], value: object, expected: list[tuple[str, str]]
) -> None:
    document = _sample()
    _set(*steps)(document, value)
    faults = _refusal(document).faults
    for pointer, reason in expected:
        assert any(fault.pointer == pointer and reason in fault.reason for fault in faults), faults


@pytest.mark.parametrize("obj", [None, 1, "x", [], [[[[[]]]]]])
def test_something_else_than_an_object_is_refused(obj: object) -> None:
    assert _refusal(obj).faults[0] == ("", "must be an object")


def test_an_item_without_a_type_is_told_so() -> None:
    document = _sample()
    del document["items"][0]["type"]
    assert ("/items/0/type", "is required") in _refusal(document).faults


def test_faults_of_form_and_between_elements_come_in_one_reply() -> None:
    document = _sample()
    document["items"][0]["points"] = 99
    document["items"][1]["text"] = {"fr": "x"}
    document["items"][6]["maximum"] = -5
    document["scales"][1]["items"] = ["workload", "nowhere"]
    document["other"] = 1
    faults = _refusal(document).faults
    assert {fault.pointer for fault in faults} == {
        "/items/0/points",
        "/items/1/text",
        "/items/6/maximum",
        "/scales/1/items/0",  # in two scales
        "/scales/1/items/1",  # unknown; the malformed item itself counts as known
        "/other",
    }
    assert len(faults) == 6


def test_a_refusal_repeats_no_value() -> None:
    bad = [CANARY, {f"{CANARY}!": CANARY}, [CANARY], f"{CANARY}\x00", f"{CANARY}\ud800", CANARY * 500]
    for steps, _, _ in BAD:
        for value in bad:
            document = _sample()
            _set(*steps)(document, deepcopy(value))
            document[f"{CANARY}!"] = CANARY
            refusal = _refusal(document)
            assert CANARY not in f"{refusal} {refusal.faults!r} {vars(refusal)!r}"
            assert refusal.__context__ is None
            assert refusal.__cause__ is None


def test_the_number_of_faults_is_bounded() -> None:
    assert len(_refusal({f"field_{at}": 0 for at in range(2 * MAX_FAULTS)}).faults) == MAX_FAULTS


def test_a_document_over_one_mebibyte_is_refused() -> None:
    document = _sample()
    options = [{"id": f"o{at}", "text": {"fr": "é" * 1000, "en": "e" * 1000}} for at in range(50)]
    document["items"] += [
        {"id": f"big{at}", "type": "single_choice", "text": _texts("x"), "options": options} for at in range(7)
    ]
    assert _refusal(document).faults == (("", "must be at most 1048576 bytes long"),)
    del document["items"][-1]
    Document.parse(document)


@pytest.mark.parametrize(
    ("sizes", "sound"),
    [
        ([6, 7, 8, 9], True),  # 4 scales x 504
        ([5, 7, 8, 9], False),  # 4 scales x 2,520
        ([1, 2, 3, 7, 8, 9], False),  # 6 scales x 504
    ],
)
def test_an_index_of_incommensurable_scales_is_refused(sizes: list[int], sound: bool) -> None:
    document = _sample()
    for size in sizes:
        names = [f"q{size}_{at}" for at in range(size)]
        document["items"] += [{"id": name, "type": "rating", "text": _texts("x"), "points": 5} for name in names]
        document["scales"].append({"id": f"s{size}", "title": _texts("x"), "items": names})
    document["indices"].append({"id": "wide", "title": _texts("x"), "scales": [f"s{size}" for size in sizes]})
    if sound:
        Document.parse(document)
    else:
        reason = "have numbers of items whose common multiple is too large"
        assert _refusal(document).faults == (("/indices/1/scales", reason),)


def test_the_canonical_form_is_one_spelling() -> None:
    sample = _sample()
    document = Document.parse(sample)
    shuffled = dict(reversed(sample.items()))
    shuffled["items"] = [
        dict(reversed((item | {"required": item.get("required", False)}).items())) for item in sample["items"]
    ]
    again = Document.parse(shuffled)
    assert again.canonical() == document.canonical()
    assert again.digest() == document.digest()
    assert Document.parse(json.loads(document.canonical())) == document
    assert document.canonical().startswith(b'{"format":"pouls/1","indices":[{"id":"engagement","scales":["climate"')
    assert b"\\u" not in Document.parse(sample | {"title": {"fr": "été", "en": "summer"}}).canonical()


def test_the_digest_changes_with_any_content() -> None:
    digests = {Document.parse(_sample()).digest()}
    for steps, value in [
        (("items", 0, "text", "en"), "other"),
        (("items", 0, "reverse"), True),
        (("items", 7, "max_length"), 501),
        (("scales", 0, "items"), ["pressure", "workload"]),
    ]:
        changed = _sample()
        _set(*steps)(changed, value)
        digests.add(Document.parse(changed).digest())
    assert len(digests) == 5
    assert all(len(digest) == 64 for digest in digests)


# Documents as campaigns have them in their contracts, from before there were sections, branches or bands.
CONTRACTED = {
    "care_diagnostic": "33433207acb582f166163dbd20f9e9c3ba81fb31be64d0eaaca86d9d8973d9d7",
    "team_temperature": "1bfc4f59f277cb08262ff0daf23152fbd439e893ec0a12d13accd9dcceb89708",
}


@pytest.mark.parametrize("key", CONTRACTED)
def test_a_document_in_a_contract_keeps_its_digest(key: str) -> None:
    path = Path(__file__).parents[1] / "golden" / "documents" / f"{key}.json"
    document = Document.parse(json.loads(path.read_text("utf-8")))
    assert document.digest() == CONTRACTED[key]
    assert Document.parse(document.as_json()).digest() == CONTRACTED[key]


def test_fields_that_came_later_change_a_digest_only_where_they_are_given() -> None:
    plain = Document.parse(_sample()).digest()
    absent: list[tuple[str | int, ...]] = [
        ("sections",),
        ("outcome",),
        ("items", 0, "visible_if"),
        ("scales", 0, "weights"),
        ("scales", 0, "bands"),
        ("scales", 0, "answered"),
        ("indices", 0, "combine"),
    ]
    for steps in absent:
        document = _sample()
        _set(*steps)(document, None)
        assert Document.parse(document).digest() == plain
    for steps, value in [
        (("outcome",), "engagement"),
        (("scales", 0, "score"), "mean"),
        (("items", 7, "visible_if"), {"item": "workload", "at_most": 2}),
    ]:
        document = _sample()
        _set(*steps)(document, value)
        assert Document.parse(document).digest() != plain


def test_a_document_can_not_be_built_unsound_or_changed() -> None:
    document = Document.parse(_sample())
    with pytest.raises(DocumentRefused):
        Document(
            format="pouls/1",
            key="k",
            languages=("fr",),
            title={"fr": "x"},
            items=(document.items[0], document.items[0]),
        )
    with pytest.raises(ValueError, match="frozen"):
        document.key = "other"  # type: ignore[misc]  # the point of the test


def test_a_respondent_sees_one_language_and_no_scoring() -> None:
    document = Document.parse(_sample())
    shown = localised(document, "en")
    assert shown["language"] == "en"
    assert shown["title"] == "Temperature (en)"
    assert shown["introduction"] == "Two minutes (en)"
    assert shown["support"] == [{"name": "Line (en)", "detail": "Day and night (en)", "phone": "3114", "url": None}]
    by_id = {item["id"]: item for item in shown["items"]}
    assert by_id["workload"] == {
        "id": "workload",
        "type": "rating",
        "text": "Load (en)",
        "required": False,
        "sensitive": False,
        "points": 5,
        "labels": {"1": "No (en)"},
    }
    assert by_id["place"]["options"] == [{"id": "office", "text": "Office (en)"}, {"id": "home", "text": "Home (en)"}]
    assert by_id["tools"]["max_choices"] == 1
    assert (by_id["hours"]["minimum"], by_id["hours"]["maximum"]) == (0, 80)
    assert by_id["comment"]["max_length"] == 500
    assert by_id["seven"]["required"] is True
    spoken = json.dumps(shown)
    assert "(fr)" not in spoken
    for hidden in ("reverse", "climate", "engagement", "scales", "indices"):
        assert hidden not in spoken
    assert localised(document, "de") == localised(document, "fr")
    bare = _sample()
    del bare["introduction"]
    assert localised(Document.parse(bare), "fr")["introduction"] is None


@pytest.mark.parametrize(
    ("points", "favourable", "neutral", "unfavourable"),
    [
        (2, {2}, set(), {1}),
        (3, {3}, {2}, {1}),
        (4, {3, 4}, set(), {1, 2}),
        (5, {4, 5}, {3}, {1, 2}),
        (6, {5, 6}, {3, 4}, {1, 2}),
        (7, {5, 6, 7}, {4}, {1, 2, 3}),
        (10, {7, 8, 9, 10}, {5, 6}, {1, 2, 3, 4}),
        (11, {8, 9, 10, 11}, {5, 6, 7}, {1, 2, 3, 4}),
    ],
)
def test_favourable_points(points: int, favourable: set[int], neutral: set[int], unfavourable: set[int]) -> None:
    assert [set(found) for found in favourable_points(points)] == [favourable, neutral, unfavourable]
