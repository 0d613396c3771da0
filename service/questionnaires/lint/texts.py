"""Texts of a document: in every language, and only earlier answers put into them."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from pydantic import TypeAdapter, ValidationError

from service.questionnaires.elements import Language, NumberItem, SingleChoiceItem
from service.questionnaires.languages import base_of
from service.questionnaires.lint.decoded import ANY, Decoded, Found, Steps
from service.questionnaires.piping import pipes

MOST_NAMED = 3
"""Languages in which one text is missing."""
_LANGUAGE: TypeAdapter[str] = TypeAdapter(Language)
Paths = tuple[tuple[str | None, ...], ...]

_BEFORE_ITEMS: Paths = (
    ("title",),
    ("introduction",),
    ("support", ANY, "name"),
    ("support", ANY, "detail"),
)
_OF_ITEM: Paths = (("text",), ("labels", ANY), ("options", ANY, "text"))
_OF_SECTION: Paths = (("title",), ("text",))
_AFTER_ITEMS: Paths = tuple(
    path
    for field in ("scales", "indices")
    for path in ((field, ANY, "title"), (field, ANY, "bands", ANY, "title"), (field, ANY, "bands", ANY, "text"))
)
_TEXTS: Paths = (
    *_BEFORE_ITEMS,
    *(("sections", ANY, *path) for path in _OF_SECTION),
    *(("items", ANY, *path) for path in _OF_ITEM),
    *_AFTER_ITEMS,
)


def _languages(decoded: Decoded) -> Found:
    languages = [name for _, name in decoded.at("languages", ANY) if isinstance(name, str)]
    listed = set(languages)
    if len(listed) < len(languages):
        yield ("languages",), "must not list a language twice"
    needed = [name for name in dict.fromkeys(languages) if base_of(name, listed) is None]
    named = {name for name in needed if _well_formed(name)}
    for path in _TEXTS if listed else ():
        for steps, texts in decoded.at(*path):
            if not isinstance(texts, dict):
                continue
            missing = list(islice((name for name in needed if name not in texts), MOST_NAMED + 1))
            if missing:
                yield steps, f"must be given in every listed language{_named(missing, named)}"
            if not texts.keys() <= listed:
                yield steps, "must not be given in a language that is not listed"


def _named(missing: Sequence[str], named: Collection[str]) -> str:
    """Which ones are missing, of those whose tags are tags: anything else may be any text of the sender."""
    shown = [name for name in missing[:MOST_NAMED] if name in named]
    if not shown:
        return ""
    others = " and others" if len(shown) < len(missing) else ""
    return f": {', '.join(shown)}{others} {'is' if len(missing) == 1 else 'are'} missing"


def _well_formed(name: str) -> bool:
    try:
        _LANGUAGE.validate_python(name)
    except ValidationError:
        return False
    return True


def _pipes(decoded: Decoded) -> Found:
    for path in (*_BEFORE_ITEMS, *_AFTER_ITEMS):
        for steps, _ in _piped(decoded, path):
            yield steps, "must not hold an earlier answer: there is none"
    sources = {item.id: at for at, item in decoded.items.items() if isinstance(item, SingleChoiceItem | NumberItem)}
    places = {name: steps[1] for steps, name in decoded.ids("items")}
    first = {at: _first_place(section.items, places) for at, section in decoded.sections.items()}
    # In a shuffled section, what comes before an item is what comes before all of them.
    first_of = {
        int(places[name]): first[at]
        for at, section in decoded.sections.items()
        for name in section.items
        if section.order == "random" and name in places
    }
    for field, paths in (("items", _OF_ITEM), ("sections", _OF_SECTION)):
        for path in paths:
            for steps, item in _piped(decoded, (field, ANY, *path)):
                here = first_of.get(int(steps[1]), int(steps[1])) if field == "items" else first.get(int(steps[1]))
                if item not in sources or (here is not None and sources[item] >= int(here)):
                    yield steps, "must name an earlier single choice or number in {{item|other words}}"


def _first_place(names: tuple[str, ...], places: dict[str, str | int]) -> int | None:
    known = [int(places[name]) for name in names if name in places]
    return min(known, default=None)


def _piped(decoded: Decoded, path: tuple[str | None, ...]) -> Iterator[tuple[Steps, str]]:
    for steps, texts in decoded.at(*path):
        if isinstance(texts, dict):
            found = {pipe.item for text in texts.values() if isinstance(text, str) for pipe in pipes(text)}
            yield from ((steps, item) for item in sorted(item for item in found if item is not None))


TEXT_CHECKS = (_languages, _pipes)
