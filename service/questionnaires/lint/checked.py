"""A document looked at: sound, or what is wrong with it and what could be better.

Looking takes seconds where a document is large and its conditions are many: so a thread of its own does it, and whoever
asks for it should not hold a connection meanwhile.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

from service.kit.reasons import Fault, pointer
from service.kit.text import SURROGATES
from service.problems import Invalid
from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.lint.hints import hints

MOST_LEVELS = 64
"""Of a draft: objects and lists inside one another. A sound document has a third of them."""


class Note(Protocol):
    """A fault or a hint."""

    @property
    def pointer(self) -> str: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Sound:
    """A document without a fault, and the JSON object that it was read from."""

    raw: dict[str, Any]
    document: Document


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything there is to say of a document; hints only where it has no fault."""

    faults: tuple[Note, ...]
    hints: tuple[Note, ...]


async def sound(raw: dict[str, Any]) -> Sound:
    """The document. Raises Invalid with all faults."""
    return await asyncio.to_thread(sound_here, raw)


def sound_here(raw: dict[str, Any]) -> Sound:
    """The same, in this thread."""
    try:
        return Sound(raw, Document.parse(raw))
    except DocumentRefused as error:
        raise Invalid(faults=error.faults) from None


def stored_here(raw: dict[str, Any]) -> Document:
    """A version as it was published, whatever later rules say. Raises Invalid where it is no document at all."""
    try:
        return Document.stored(raw)
    except DocumentRefused as error:
        raise Invalid(faults=error.faults) from None


async def checked(raw: object) -> Checked:
    """What is wrong with a decoded JSON value, and what could be better."""
    return await asyncio.to_thread(check, raw)


def check(raw: object) -> Checked:
    """The same, in this thread."""
    try:
        document = Document.parse(raw)
    except DocumentRefused as error:
        return Checked(error.faults, ())
    return Checked((), tuple(hints(document)))


def not_to_be_kept(raw: dict[str, Any]) -> list[Fault]:
    """Why a draft can not be kept as it is, whatever a document should be: it could not be sent back."""
    layer: list[object] = [raw]
    for _ in range(MOST_LEVELS):
        if any(isinstance(value, str) and SURROGATES.search(value) for value in layer):
            return [Fault(pointer(("document",)), "holds a character that is not valid Unicode")]
        layer = [entry for value in layer for entry in _entries(value)]
        if not layer:
            return []
    return [Fault(pointer(("document",)), f"must be nested at most {MOST_LEVELS} deep")]


def _entries(value: object) -> list[object]:
    match value:
        case dict():
            return [*value, *value.values()]
        case list():
            return value
        case _:
            return []
