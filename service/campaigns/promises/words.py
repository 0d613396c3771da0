"""How a language writes what stands in a contract: numbers, plurals, lists, moments, names in quotes. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

MOST_LISTED = 20
"""Of a longer list the rest is counted: nobody reads five hundred names, and they stand in the contract itself."""
_HOUR = timedelta(hours=1)
_MINUS = "\u2212"


@dataclass(frozen=True)
class Words:
    """One language.

    Attributes:
        code: as language tags begin with.
        sentences: by name, with fields to fill. A number's is written `{n}`, or `{n:# day|# days}` with two forms.
        months: their names.
        day: of `day`, `month`, `year` and `clock`; `day` comes as `first` has it.
        first: what the first of a month is called.
        quotes: around a name.
        thousands: between groups of three digits.
        is_one: whether a number takes the first of two forms.
    """

    code: str
    sentences: Mapping[str, str]
    months: Sequence[str]
    day: str
    first: str
    quotes: tuple[str, str]
    thousands: str
    is_one: Callable[[int], bool]

    def say(self, name: str, /, **values: "str | int") -> str:
        """A sentence, or a part of one."""
        given: dict[str, Any] = {
            key: Count(value, self) if isinstance(value, int) else value for key, value in values.items()
        }
        return self.sentences[name].format(**given)

    def number(self, value: int) -> str:
        return f"{value:,}".replace(",", self.thousands)

    def quoted(self, name: str) -> str:
        """A name from the contract, on one line."""
        return " ".join(name.split()).join(self.quotes)

    def listed(self, parts: Sequence[str], last: str = "and") -> str:
        """One after another, with `and` or `or` before the last."""
        shown = list(parts)
        if len(shown) > MOST_LISTED:
            shown = [*shown[: MOST_LISTED - 1], self.say("others", n=len(shown) - MOST_LISTED + 1)]
        if len(shown) == 1:
            return shown[0]
        return self.say(last, before=", ".join(shown[:-1]), last=shown[-1])

    def moment(self, at: datetime) -> str:
        """A day, an hour and how far it is from UTC, so that nobody has to know where it was written."""
        day = self.first if at.day == 1 else str(at.day)
        clock = f"{at:%H:%M} ({_zone(at)})"
        return self.day.format(day=day, month=self.months[at.month - 1], year=at.year, clock=clock)


class Count:
    """A number in a sentence. Its format holds two forms, as in `# day|# days`, where # is the number; or nothing."""

    def __init__(self, value: int, words: Words) -> None:
        self._value, self._words = value, words

    def __format__(self, forms: str) -> str:
        one, _, many = (forms or "#|#").partition("|")
        return (one if self._words.is_one(self._value) else many).replace("#", self._words.number(self._value))


def _zone(at: datetime) -> str:
    offset = at.utcoffset() or timedelta()
    if not offset:
        return "UTC"
    hours, rest = divmod(abs(offset), _HOUR)
    return f"UTC{_MINUS if offset < timedelta() else '+'}{hours:02}:{rest // timedelta(minutes=1):02}"
