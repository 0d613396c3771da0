"""What two versions of something may differ in, how much that matters, and how texts are compared. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from service.questionnaires.elements import Texts
from service.questionnaires.languages import text_in


class Weight(IntEnum):
    """How much a difference matters; the heaviest of an element's is what is said of it as a whole."""

    moved = 1
    cosmetic = 2
    noted = 3
    breaking = 4


WORDS: Mapping[str, tuple[Weight, str]] = {
    "moved": (Weight.moved, "it stands elsewhere among the items of both versions, or in another section"),
    "section": (Weight.cosmetic, "its section is shown otherwise: title, text, order or layout"),
    "title": (Weight.cosmetic, "its title is another"),
    "bands": (Weight.cosmetic, "its bands are others: the scores are the same, what is said of them is not"),
    "introduction": (Weight.cosmetic, "the introduction is another"),
    "support": (Weight.cosmetic, "the support contacts are others"),
    "outcome": (Weight.noted, "the scales are weighed against another outcome"),
    "required": (Weight.noted, "it must be answered in one version, and need not be in the other"),
    "sensitive": (Weight.noted, "it is sensitive in one version alone, so that the same groups may not be shown"),
    "max_length": (Weight.noted, "another length is allowed"),
    "languages": (Weight.breaking, "the versions have no language in common"),
    "type": (Weight.breaking, "it is of another type"),
    "text": (Weight.breaking, "its text is another"),
    "stem": (Weight.breaking, "the text that the rows of its grid complete is another"),
    "points": (Weight.breaking, "it has another number of points"),
    "labels": (Weight.breaking, "its labels are others"),
    "options": (Weight.breaking, "its options are others, in another order or with another text"),
    "choices": (Weight.breaking, "another number of options may be chosen"),
    "bounds": (Weight.breaking, "its bounds are others"),
    "reverse": (Weight.breaking, "it counts the other way round"),
    "condition": (Weight.breaking, "others are asked: its condition, or that of its section, is another"),
    "gate": (Weight.breaking, "its condition asks about an item that can not be trended"),
    "parts": (Weight.breaking, "it has other parts"),
    "part": (Weight.breaking, "a part of it can not be trended"),
    "weights": (Weight.breaking, "its parts have other weights"),
    "score": (Weight.breaking, "its score has another unit"),
    "favourable": (Weight.breaking, "its other end is the favourable one"),
    "rule": (Weight.breaking, "persons' scores are averaged in one version, and items' means in the other"),
    "answered": (Weight.breaking, "another number of items must be answered"),
    "combine": (Weight.breaking, "its parts are combined otherwise"),
}


class Reason(NamedTuple):
    """One difference: what it is in, the languages it shows in (none: in all), and the elements it comes from."""

    what: str
    languages: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    @property
    def weight(self) -> Weight:
        return WORDS[self.what][0]

    @property
    def sentence(self) -> str:
        return WORDS[self.what][1]


def texts(what: str, was: Texts | None, now: Texts | None, shared: Sequence[str]) -> Iterator[Reason]:
    if other := differing(was, now, shared):
        yield Reason(what, other)


def many(what: str, was: Mapping[Any, Texts], now: Mapping[Any, Texts], shared: Sequence[str]) -> Iterator[Reason]:
    """Several texts: which there are, in this order, and how they read."""
    if list(was) != list(now):
        yield Reason(what)
        return
    other = {tag for name in was for tag in differing(was[name], now[name], shared)}
    if other:
        yield Reason(what, tuple(tag for tag in shared if tag in other))


def differing(was: Texts | None, now: Texts | None, shared: Sequence[str]) -> tuple[str, ...]:
    """The shared languages in which a text reads otherwise; one that stands in for a variant is read as its text."""
    if was is None or now is None:
        return () if was is now else tuple(shared)
    return tuple(tag for tag in shared if text_in(was, tag) != text_in(now, tag))
