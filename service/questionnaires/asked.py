"""The part of a questionnaire that is asked, where items are drawn from it as from a bank. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from service.kit.reasons import Fault, pointer
from service.questionnaires.document import Document
from service.questionnaires.lint.decoded import Steps
from service.questionnaires.piping import pipes

_ALONE = "must not depend on another item, which need not be asked with it"


def asked(document: Document, items: Sequence[str]) -> Document:
    """The questionnaire that holds these items alone, in the document's order.

    A section, scale or index is what it was or absent: a section keeps the items that are left of it, a scale is there
    where all its items are, an index where all its scales are, and the outcome where it is one of them. A scale of
    fewer items would be another measure under the same name.

    Returns:
        The document itself, where all its items are asked.

    Raises:
        ValueError: no item at all, one that is not of this document, or a part of a document that is no bank.
    """
    kept = frozenset(items)
    if not kept or not kept <= {item.id for item in document.items}:
        raise ValueError("not items of this document")
    if len(kept) == len(document.items):
        return document
    if bank_faults(document):
        raise ValueError("the items of this document depend on each other")
    source = document.as_json()
    source["items"] = [item for item in source["items"] if item["id"] in kept]
    sections = [
        section | {"items": left}
        for section in source.pop("sections", ())
        if (left := [name for name in section["items"] if name in kept])
    ]
    if sections:
        source["sections"] = sections
    source["scales"] = [scale for scale in source["scales"] if kept.issuperset(scale["items"])]
    scales = {scale["id"] for scale in source["scales"]}
    source["indices"] = [index for index in source["indices"] if scales.issuperset(index["scales"])]
    if source.get("outcome") not in scales | {index["id"] for index in source["indices"]}:
        source.pop("outcome", None)
    return Document.stored(source)


def bank_faults(document: Document) -> list[Fault]:
    """Why items can not be drawn from a document one without the other; none, where they can.

    A condition about an item that is not asked is false, and the item behind it would never be asked; a text would show
    the words that stand for an answer nobody could give. A required item is required in the waves that ask it.
    """
    source = document.as_json()
    # By place: the languages of one text have one.
    found = dict.fromkeys(
        place
        for field in ("items", "sections")
        for at, element in enumerate(source.get(field, ()))
        for place in _dependent((field, at), element)
    )
    return [Fault(pointer(place), _ALONE) for place in found]


def _dependent(steps: Steps, value: Any) -> Iterator[Steps]:
    """The condition of an element, and its texts with an answer to another item in them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "visible_if":
                yield (*steps, name)
            else:
                yield from _dependent((*steps, name), inner)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _dependent((*steps, at), inner)
    elif isinstance(value, str) and any(pipe.item for pipe in pipes(value)):
        yield steps[:-1]  # the last step is the language
