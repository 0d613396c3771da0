"""What an import or an export could not carry over, thing by thing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Severity = Literal["lost", "changed"]
MAX_PLACE = 80
MAX_ENTRIES = 2_000
"""Named one by one; of more, how many they are."""
BY_HAND = "what is needed of it has to be put in by hand"
"""Of a column or a setting that nobody reads."""
_BREAKS = str.maketrans({"\t": " ", "\n": " "})


class Entry(NamedTuple):
    """One thing: the name it has in the file, whether it is lost or changed, and how, in words without its content."""

    place: str
    severity: Severity
    reason: str

    def as_dict(self) -> dict[str, str]:
        return self._asdict()


@dataclass
class Report:
    """Entries in the order of the file, each once."""

    entries: dict[Entry, None] = field(default_factory=dict)
    more: int = 0

    def lost(self, place: str, reason: str) -> None:
        self._add(Entry(shown(place), "lost", reason))

    def changed(self, place: str, reason: str) -> None:
        self._add(Entry(shown(place), "changed", reason))

    def _add(self, entry: Entry) -> None:
        if len(self.entries) < MAX_ENTRIES or entry in self.entries:
            self.entries[entry] = None
        else:
            self.more += 1

    def __iter__(self) -> Iterator[Entry]:
        yield from self.entries
        if self.more:
            yield Entry("file", "lost", f"holds {self.more:,} more things that are lost or changed, not named here")

    def __len__(self) -> int:
        return len(self.entries) + (self.more > 0)

    def as_list(self) -> list[dict[str, str]]:
        return [entry.as_dict() for entry in self]


class Read(NamedTuple):
    """A document as JSON, which may have faults for `Document.parse` to find, and what it lacks of its file."""

    document: dict[str, Any]
    report: Report


class Written(NamedTuple):
    """A file, and what it lacks of its document."""

    data: bytes
    report: Report


class Unreadable(Exception):
    """The file is no questionnaire, or more than one may be; the text says why and repeats nothing of the file."""


def shown(name: str) -> str:
    """A name of the file as a report shows it: printable, on one line, not long."""
    line = "".join(char for char in name[: 2 * MAX_PLACE].translate(_BREAKS) if char.isprintable()).strip()
    return line if len(line) <= MAX_PLACE else line[: MAX_PLACE - 1] + "…"
