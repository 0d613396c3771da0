"""Names of a foreign file as ids of a document: short, lower case, each once. Every change is reported."""

import re
import unicodedata
from collections.abc import Collection

from service.questionnaires.elements import MAX_ID
from service.questionnaires.formats.report import Report

_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
_OTHER = re.compile(r"[^a-z0-9]+")
_KEPT_OF_LONG = MAX_ID - 5
"""Room for a number that tells it from others."""


def is_id(name: str) -> bool:
    return _ID.fullmatch(name) is not None


def slug(name: str, prefix: str) -> str:
    """The name as an id; `prefix` and an underscore before what does not begin with a letter."""
    if is_id(name):
        return name
    bare = "".join(char for char in unicodedata.normalize("NFKD", name[:500]) if not unicodedata.combining(char))
    words = _OTHER.sub("_", bare.lower()).strip("_")
    if not words:
        return prefix
    return (words if words[0].isalpha() else f"{prefix}_{words}")[:_KEPT_OF_LONG].rstrip("_")


def one_of_its_own(wanted: str, taken: Collection[str]) -> str:
    """The id, or the first of `id_2`, `id_3`... that is free."""
    if wanted not in taken:
        return wanted
    stem, number = wanted[:_KEPT_OF_LONG], 2
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"


class Names:
    """The ids given out so far."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._taken: set[str] = set()

    def item(self, name: str, prefix: str = "q") -> str:
        """The id of what has this name in the file; a change is reported."""
        given = self.quietly(name, prefix)
        if given != name:
            self._report.changed(name, f"is called {given} here: an id is short, in lower case, and used once")
        return given

    def quietly(self, name: str, prefix: str) -> str:
        """The id of what has no name of its own in the file, or one that nobody chose."""
        given = one_of_its_own(slug(name, prefix), self._taken)
        self._taken.add(given)
        return given


def option_ids(codes: list[str]) -> dict[str, str]:
    """The codes of one question's answers as ids of options."""
    found: dict[str, str] = {}
    for code in codes:
        if code not in found:
            found[code] = one_of_its_own(slug(code, "c"), set(found.values()))
    return found
