"""A document as decoded from JSON, sound or not, as the checks between its elements see it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.questionnaires.elements import MAX_ITEMS, Index, Item, Scale, Section

Steps = tuple[str | int, ...]
Found = Iterator[tuple[Steps, str]]
"""What is wrong: where, and why."""
ANY = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """The decoded JSON, and those of its elements that are well formed, each under its position.

    So the checks also run on a document of which some other element is malformed, and one reply names everything there
    is to correct.
    """

    source: object
    items: Mapping[int, Item]
    sections: Mapping[int, Section]
    scales: Mapping[int, Scale]
    indices: Mapping[int, Index]

    def at(self, *path: str | None) -> Iterator[tuple[Steps, object]]:
        """The values at a path of field names, where ANY stands for every position or key."""
        return _find(self.source, path, ())

    def ids(self, *fields: str) -> Iterator[tuple[Steps, str]]:
        """The ids of all elements of these lists, well formed or not."""
        for field in fields:
            for steps, name in self.at(field, ANY, "id"):
                if isinstance(name, str):
                    yield steps, name


def _find(value: object, path: tuple[str | None, ...], steps: Steps) -> Iterator[tuple[Steps, object]]:
    if not path:
        yield steps, value
        return
    head, rest = path[0], path[1:]
    entries: dict[str | int, object] = {}
    if isinstance(value, dict):
        entries = value if head is ANY else {head: value[head]} if head in value else {}
    elif isinstance(value, list | tuple) and head is ANY:
        entries = dict(enumerate(value[:MAX_ITEMS]))
    for key, entry in entries.items():
        yield from _find(entry, rest, (*steps, key))
