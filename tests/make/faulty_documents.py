"""Documents in one language, with something put into their places, and the faults that are found in them."""

from copy import deepcopy
from typing import Any

import pytest

from service.questionnaires.document import Document, DocumentRefused

Json = dict[str, Any]
Put = tuple[tuple[str | int, ...], Any]
"""The steps to a place, and what is put there."""
Fault = tuple[str, str]
"""Where it is, and what is wrong."""
TEXT = {"en": "x"}


def source(items: list[Json], **fields: Any) -> Json:
    """The document as it would be sent; every item has a text."""
    return {
        "format": "pouls/1",
        "key": "k",
        "languages": ["en"],
        "title": TEXT,
        "items": [{"text": TEXT} | item for item in items],
    } | fields


def changed(document: Json, *puts: Put) -> Json:
    """The document itself, into which each of these was put."""
    for steps, value in puts:
        target: Any = document
        for step in steps[:-1]:
            target = target[step]
        target[steps[-1]] = deepcopy(value)
    return document


def faults(document: Json) -> list[Fault]:
    """All that it is refused for."""
    with pytest.raises(DocumentRefused) as caught:
        Document.parse(document)
    return [(fault.pointer, fault.reason) for fault in caught.value.faults]
