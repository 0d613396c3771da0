"""Earlier answers inside texts, and the language that stands in where a text is not given."""

from typing import Any

import pytest

from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.formats.plain import without_answers
from service.questionnaires.languages import base_of, spoken, text_in
from service.questionnaires.piping import Pipe, pipes
from service.questionnaires.respondent import localised

Json = dict[str, Any]


def _texts(words: str) -> Json:
    return {"fr": f"{words} (fr)", "en": f"{words} (en)"}


def _sample() -> Json:
    def options() -> list[Json]:
        return [{"id": "a", "text": _texts("A")}, {"id": "b", "text": _texts("B")}]

    return {
        "format": "pouls/1",
        "key": "k",
        "languages": ["fr", "en"],
        "title": _texts("Title"),
        "introduction": _texts("Introduction"),
        "support": [{"name": _texts("Line"), "detail": _texts("Always")}],
        "sections": [
            {"id": "first", "items": ["team", "years", "mood"], "title": _texts("First")},
            {"id": "last", "items": ["tools", "nps", "why"], "title": _texts("Last"), "text": _texts("Words")},
        ],
        "items": [
            {"id": "team", "type": "single_choice", "text": _texts("Team"), "options": options()},
            {"id": "years", "type": "number", "text": _texts("Years"), "minimum": 0, "maximum": 50},
            {"id": "mood", "type": "rating", "points": 5, "text": _texts("Mood"), "labels": {"1": _texts("Low")}},
            {"id": "tools", "type": "multiple_choice", "text": _texts("Tools"), "options": options()},
            {"id": "nps", "type": "enps", "text": _texts("Would you"), "labels": {"10": _texts("Yes")}},
            {"id": "why", "type": "text", "text": _texts("Why")},
        ],
        "scales": [{"id": "s", "title": _texts("Scale"), "items": ["mood"], "bands": [
            {"id": "low", "title": _texts("Low"), "text": _texts("Talk")},
            {"id": "high", "title": _texts("High"), "at_least": 3},
        ]}],
        "indices": [{"id": "x", "title": _texts("Index"), "scales": ["s"], "bands": [
            {"id": "low", "title": _texts("Low")},
            {"id": "high", "title": _texts("High"), "text": _texts("Go on"), "at_least": 3},
        ]}],
    }  # fmt: skip


TEXTS: list[tuple[str | int, ...]] = [
    ("title",), ("introduction",), ("support", 0, "name"), ("support", 0, "detail"),
    ("sections", 0, "title"), ("sections", 1, "title"), ("sections", 1, "text"),
    ("items", 0, "text"), ("items", 0, "options", 0, "text"), ("items", 2, "text"), ("items", 2, "labels", "1"),
    ("items", 3, "options", 1, "text"), ("items", 4, "text"), ("items", 4, "labels", "10"), ("items", 5, "text"),
    ("scales", 0, "title"), ("scales", 0, "bands", 0, "title"), ("scales", 0, "bands", 0, "text"),
    ("indices", 0, "title"), ("indices", 0, "bands", 1, "title"), ("indices", 0, "bands", 1, "text"),
]  # fmt: skip


def _at(document: Json, steps: tuple[str | int, ...]) -> Json:
    target: Any = document
    for step in steps:
        target = target[step]
    assert isinstance(target, dict)
    return target


def _pointer(steps: tuple[str | int, ...]) -> str:
    return "/" + "/".join(map(str, steps))


def _faults(document: Json) -> list[tuple[str, str]]:
    with pytest.raises(DocumentRefused) as caught:
        Document.parse(document)
    return [(fault.pointer, fault.reason) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "found", "plain"),
    [
        ("no place", [], "no place"),
        ("{{team|your team}} works", [Pipe("team", "your team")], "your team works"),
        ("{{a|b}}{{c|d e}}", [Pipe("a", "b"), Pipe("c", "d e")], "bd e"),
        ("{{team}}", [Pipe(None, "")], "{{team}}"),
        ("{{team|}}", [Pipe(None, "")], "{{team|}}"),
        ("{{team| }}", [Pipe(None, "")], "{{team| }}"),
        ("{{|words}}", [Pipe(None, "")], "{{|words}}"),
        ("{{Team!|words}}", [Pipe(None, "")], "{{Team!|words}}"),
        ("{{team|a|b}}", [Pipe(None, "")], "{{team|a|b}}"),
        ("{{team|a|b|c}}", [Pipe(None, "")], "{{team|a|b|c}}"),
        ("{team|words}", [], "{team|words}"),
        ("{{team|{words}}}", [], "{{team|{words}}}"),
        ("{{a|b}", [], "{{a|b}"),
        ("{{{a|b}}}", [Pipe("a", "b")], "{b}"),
        ("{{" * 2000, [], "{{" * 2000),
    ],
    ids=range(15),
)
def test_the_places_in_a_text(text: str, found: list[Pipe], plain: str) -> None:
    assert list(pipes(text)) == found
    assert without_answers(text) == plain


EARLIER = "must name an earlier single choice or number in {{item|other words}}"
NONE = "must not hold an earlier answer: there is none"


@pytest.mark.parametrize("steps", TEXTS, ids=_pointer)
def test_where_an_earlier_answer_may_stand(steps: tuple[str | int, ...]) -> None:
    field = steps[0]
    for source in ("team", "years"):
        document = _sample()
        # In one language alone: it counts there as well.
        _at(document, steps)["en"] = "In {{" + source + "|that place}}, today"
        at = {"items": steps[1] if len(steps) > 1 else 0, "sections": 3 if steps[1:2] == (1,) else 0}.get(str(field))
        if at is None:
            assert _faults(document) == [(_pointer(steps), NONE)]
        elif int(at) > {"team": 0, "years": 1}[source]:
            Document.parse(document)
        else:
            assert _faults(document) == [(_pointer(steps), EARLIER)]


@pytest.mark.parametrize("source", ["mood", "tools", "nps", "why", "s", "nowhere", "later"])
def test_only_a_single_choice_or_a_number_before_it_stands_in_a_text(source: str) -> None:
    document = _sample()
    document["items"][4]["text"]["fr"] = "{{" + source + "|x}}"
    document["items"].append({"id": "later", "type": "number", "text": _texts("x"), "minimum": 0, "maximum": 9})
    document["sections"][1]["items"].append("later")
    assert _faults(document) == [("/items/4/text", EARLIER)]


def test_every_wrong_name_is_pointed_out() -> None:
    document = _sample()
    document["items"][4]["text"]["fr"] = "{{mood|x}} {{why|y}} {{team|z}}"
    assert _faults(document) == [("/items/4/text", EARLIER)] * 2


def test_in_a_shuffled_section_no_text_waits_for_another_item() -> None:
    document = _sample()
    document["items"][2]["text"]["fr"] = "{{team|x}}"
    Document.parse(document)
    document["sections"][0]["order"] = "random"
    assert [pointer for pointer, _ in _faults(document)] == ["/items/2/text"]


def test_what_does_not_have_the_form_is_text_as_any_other() -> None:
    document = _sample()
    for steps in TEXTS:
        _at(document, steps)["fr"] = "{{nowhere}} {{|x}} {x|y}"
    Document.parse(document)


def test_the_service_puts_no_answer_into_a_text() -> None:
    document = _sample()
    document["items"][4]["text"]["en"] = "Would you, in {{team|your team}}?"
    assert localised(Document.parse(document), "en")["items"][4]["text"] == "Would you, in {{team|your team}}?"


@pytest.mark.parametrize("steps", TEXTS, ids=_pointer)
def test_a_text_stands_in_every_language(steps: tuple[str | int, ...]) -> None:
    document = _sample()
    del _at(document, steps)["en"]
    assert _faults(document) == [(_pointer(steps), "must be given in every listed language: en is missing")]
    document = _sample()
    _at(document, steps)["de"] = "x"
    assert _faults(document) == [(_pointer(steps), "must not be given in a language that is not listed")]


@pytest.mark.parametrize("steps", TEXTS, ids=_pointer)
def test_a_variant_may_leave_out_a_text_that_its_language_gives(steps: tuple[str | int, ...]) -> None:
    document = _sample() | {"languages": ["fr-CA", "fr", "en"]}
    Document.parse(document)
    _at(document, steps)["fr-CA"] = "x"
    Document.parse(document)
    del _at(document, steps)["fr"]
    assert _faults(document) == [(_pointer(steps), "must be given in every listed language: fr is missing")]


def test_a_variant_by_itself_leaves_nothing_out() -> None:
    document = _sample()
    document["languages"] = ["fr", "en", "de-AT"]
    assert {pointer for pointer, _ in _faults(document)} >= {_pointer(steps) for steps in TEXTS}


@pytest.mark.parametrize(
    ("language", "listed", "base"),
    [
        ("fr-CA", ["fr", "en"], "fr"),
        ("fr", ["fr", "fr-CA"], None),
        ("fr-CA", ["fr-CA"], None),
        ("fr-CA", ["fr-BE", "en"], None),
        ("zh-Hant-TW", ["zh", "zh-Hant"], "zh-Hant"),
        ("zh-Hant-TW", ["zh"], "zh"),
        ("es-419", ["es"], "es"),
        ("fra", ["fr"], None),
    ],
)
def test_the_language_that_stands_in(language: str, listed: list[str], base: str | None) -> None:
    assert base_of(language, listed) == base


@pytest.mark.parametrize(
    ("asked", "listed", "found"),
    [
        ("en", ["fr", "en"], "en"),
        ("fr-CA", ["en", "fr", "fr-CA"], "fr-CA"),
        ("fr-CA", ["en", "fr"], "fr"),
        ("zh-Hant-TW", ["en", "zh"], "zh"),
        ("de", ["fr", "en"], "fr"),
        ("", ["fr", "en"], "fr"),
        ("en-", ["fr", "en"], "en"),
        ("-", ["fr"], "fr"),
    ],
)
def test_the_language_that_is_spoken(asked: str, listed: list[str], found: str) -> None:
    assert spoken(asked, listed) == found


def test_a_variant_is_shown_text_by_text() -> None:
    assert text_in({"fr": "a", "fr-CA": "b"}, "fr-CA") == "b"
    assert text_in({"fr": "a"}, "fr-CA") == "a"
    assert text_in({"zh": "a", "zh-Hant": "b"}, "zh-Hant-TW") == "b"
    document = _sample() | {"languages": ["fr", "en", "fr-CA"]}
    document["items"][0]["text"]["fr-CA"] = "Équipe"
    document["sections"][0]["title"]["fr-CA"] = "Premier"
    shown = localised(Document.parse(document), "fr-CA")
    assert shown["language"] == "fr-CA"
    assert [item["text"] for item in shown["items"]][:2] == ["Équipe", "Years (fr)"]
    assert [section["title"] for section in shown["sections"]] == ["Premier", "Last (fr)"]
    assert shown["items"][2]["labels"] == {"1": "Low (fr)"}
    assert localised(Document.parse(_sample()), "fr-CA") == localised(Document.parse(_sample()), "fr")
