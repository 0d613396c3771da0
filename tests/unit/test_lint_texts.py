"""Which languages of a text are said to be missing, and which are not repeated."""

from typing import Any

import pytest

from service.questionnaires.document import Document, DocumentRefused

MISSING = "must be given in every listed language"


def reasons(languages: list[Any], *given: str) -> list[str]:
    """What is said of the title of a document in these languages, which is given in some."""
    item = {"id": "q", "type": "text", "text": dict.fromkeys(map(str, languages), "x")}
    raw = {"format": "pouls/1", "key": "k", "languages": languages, "title": dict.fromkeys(given, "x"), "items": [item]}
    with pytest.raises(DocumentRefused) as caught:
        Document.parse(raw)
    return [fault.reason for fault in caught.value.faults if fault.pointer == "/title"]


@pytest.mark.parametrize(
    ("languages", "given", "named"),
    [
        (["fr", "en"], ["fr"], ": en is missing"),
        (["fr", "en"], ["en"], ": fr is missing"),
        (["fr", "zh-Hant-TW", "es-419"], ["fr"], ": zh-Hant-TW, es-419 are missing"),
        (["fr", "en", "de", "it"], ["fr"], ": en, de, it are missing"),
        (["fr", "en", "de", "it", "pt"], ["fr"], ": en, de, it and others are missing"),
        (["fr", "en", "de", "it", "pt", "nl", "pl"], ["fr"], ": en, de, it and others are missing"),
        (["fr", "fr-CA", "en"], ["fr"], ": en is missing"),
        (["fr", "fr-CA"], ["fr-CA"], ": fr is missing"),
    ],
)
def test_the_missing_languages_are_named(languages: list[str], given: list[str], named: str) -> None:
    assert reasons(languages, *given) == [MISSING + named]


def test_what_is_no_tag_is_not_repeated() -> None:
    assert reasons(["fr", "canari!"], "fr") == [MISSING]
    assert reasons(["fr", "canari"], "fr") == [MISSING]
    assert reasons(["fr", "fr\n"], "fr") == [MISSING]
    assert reasons(["fr", "en", "canari!"], "fr") == [f"{MISSING}: en and others are missing"]
    assert reasons(["fr", "canari!", "en", "x" * 100_000], "fr") == [f"{MISSING}: en and others are missing"]


def test_an_unlisted_language_is_not_repeated() -> None:
    assert "must not be given in a language that is not listed" in reasons(["fr"], "fr", "en")
    assert reasons(["fr", "en"], "fr", "de") == [
        f"{MISSING}: en is missing", "must not be given in a language that is not listed",
    ]  # fmt: skip
