"""A document with an item of every type, scales and an index, and what differs from it in an edited version."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from service.questionnaires.compare.changes import Change, Changes, changes
from service.questionnaires.document import Document

Json = dict[str, Any]
Edit = Callable[[Json], object]


def texts(word: str) -> dict[str, str]:
    return {"fr": f"{word} (fr)", "en": f"{word} (en)"}


def rating(name: str, **more: Any) -> Json:
    return {"id": name, "type": "rating", "text": texts(name), "points": 5} | more


DOCUMENT: Json = {
    "format": "pouls/1",
    "key": "all",
    "languages": ["fr", "en"],
    "title": texts("title"),
    "introduction": texts("introduction"),
    "support": [{"name": texts("service"), "detail": texts("detail"), "phone": "+33 1 23 45 67 89"}],
    "items": [
        rating("load", labels={"1": texts("low"), "5": texts("high")}),
        rating("help"),
        rating("trust"),
        rating("voice", reverse=True),
        {
            "id": "recommend",
            "type": "enps",
            "text": texts("recommend"),
            "labels": {"0": texts("no"), "10": texts("yes")},
        },
        {
            "id": "place",
            "type": "single_choice",
            "text": texts("place"),
            "options": [{"id": name, "text": texts(name)} for name in ("office", "home", "road")],
        },
        {
            "id": "tools",
            "type": "multiple_choice",
            "text": texts("tools"),
            "options": [{"id": name, "text": texts(name)} for name in ("chat", "call", "mail")],
            "max_choices": 2,
        },
        {
            "id": "wishes",
            "type": "ranking",
            "text": texts("wishes"),
            "options": [{"id": name, "text": texts(name)} for name in ("time", "means", "calm")],
            "max_ranks": 2,
        },
        {"id": "years", "type": "number", "text": texts("years"), "minimum": 0, "maximum": 50},
        rating("commute", visible_if={"item": "place", "is": ["office", "road"]}),
        {"id": "comment", "type": "text", "text": texts("comment"), "max_length": 300},
    ],
    "scales": [
        {"id": "strain", "title": texts("strain"), "items": ["load", "voice"], "weights": [1, 2]},
        {
            "id": "support",
            "title": texts("support"),
            "items": ["help", "trust"],
            "bands": [
                {"id": "low", "title": texts("low"), "text": texts("low band")},
                {"id": "high", "title": texts("high"), "at_least": 3.5},
            ],
        },
    ],
    "indices": [{"id": "balance", "title": texts("balance"), "scales": ["strain", "support"], "combine": "ratio"}],
}
SECTIONS = [
    {"id": "grid", "text": texts("Here,"), "layout": "matrix", "items": ["help", "trust"]},
    {"id": "rest", "title": texts("rest"), "text": texts("Some more"), "items": ["place", "commute"]},
]


def with_sections() -> Json:
    """Four items of the document in two sections, and the scale of two of them."""
    made = deepcopy(DOCUMENT) | {"items": [], "scales": [DOCUMENT["scales"][1]], "indices": [], "sections": SECTIONS}
    made["items"] = [item for item in DOCUMENT["items"] if item["id"] in {"help", "trust", "place", "commute"}]
    return deepcopy(made)


def edited(edit: Edit, base: Json = DOCUMENT) -> Changes:
    """What changed by an edit of the document."""
    new = deepcopy(base)
    edit(new)
    return changes(Document.parse(base), Document.parse(new))


def by_id(found: tuple[Change, ...]) -> dict[str, Change]:
    return {one.id: one for one in found}


def whats(change: Change) -> set[str]:
    """What differs, in a word each."""
    return {reason.what for reason in change.reasons}


def item(document: Json, name: str) -> Json:
    """The one of this id, to be edited."""
    found: Json = next(one for one in document["items"] if one["id"] == name)
    return found
