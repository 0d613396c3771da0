"""The questionnaires that come with the service, out of `catalogue/`; read once, when somebody first asks."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from service.questionnaires.document import Document
from service.questionnaires.languages import base_of, text_in
from service.questionnaires.lint.checked import Sound


@cache
def catalogue() -> Mapping[str, Sound]:
    """Every questionnaire of the catalogue by its key, in the keys' order."""
    folder = resources.files("service.questionnaires") / "catalogue"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    documents = [Sound(raw, Document.parse(raw)) for raw in found]
    return {sound.document.key: sound for sound in documents}


def copied(sound: Sound, key: str | None, languages: Sequence[str] | None) -> Sound:
    """The document under another key, in some of its languages alone, the first of which is the copy's own."""
    kept = list(languages or sound.document.languages)
    raw = _texts_in(sound.raw, frozenset(sound.document.languages), kept)
    raw |= {"key": key or sound.document.key, "languages": kept}
    return Sound(raw, Document.parse(raw))


def _texts_in(value: Any, listed: frozenset[str], kept: Sequence[str]) -> Any:
    """The value with its texts in the languages that are kept."""
    if isinstance(value, list):
        return [_texts_in(entry, listed, kept) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.keys() <= listed and all(isinstance(text, str) for text in value.values()):
        # A variant that loses the language it falls back on takes that one's text along.
        return {tag: text_in(value, tag) for tag in kept if tag in value or base_of(tag, kept) is None}
    return {name: _texts_in(entry, listed, kept) for name, entry in value.items()}
