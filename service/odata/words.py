"""A `$filter` as words: names, literals, signs, each with its place. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from service.kit.text import SURROGATES
from service.odata.refusals import Refused

FILTER: Final = "$filter"
LENGTH: Final = 2000
_DIGITS: Final = 40
_EXPONENT: Final = 40


class Word(StrEnum):
    """Kinds of words; of literals, what is in them."""

    name = "name"
    sign = "sign"
    text = "text"
    number = "number"
    moment = "moment"
    flag = "flag"
    null = "null"
    other = "other"  # a literal of a type that no column has
    end = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `at` is the character, from 1 on, at which it starts."""

    word: Word
    value: Any
    at: int


LITERALS: Final = frozenset({Word.text, Word.number, Word.moment, Word.flag, Word.null, Word.other})
_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_DATE = r"-?\d{4,}-\d\d-\d\d"
_TIME = r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
# Longer ones first. A literal ends where a name could not go on.
_WORDS = re.compile(
    rf"""(?P<space>[ \t]+)
    |(?P<text>'(?:[^']|'')*')
    |(?P<other>{_UUID}(?![\w-])|duration'[^']*'|binary'[^']*'|geo(?:graphy|metry)'[^']*')
    |(?P<moment>{_DATE}T{_TIME}(?:Z|[+-]\d\d:\d\d)?(?![\w:.-]))
    |(?P<day>{_DATE}(?![\w:.-])|{_TIME}(?![\w:.-]))
    |(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[dD]?(?![\w.]))
    |(?P<name>[A-Za-z_]\w*)
    |(?P<sign>[(),])""",
    re.VERBOSE | re.ASCII,
)
_MOMENT = re.compile(rf"(\d{{4}}-\d\d-\d\d)T({_TIME})(Z|[+-]\d\d:\d\d)", re.ASCII)
_FRACTION = re.compile(r"(\.\d{1,6})\d*")
_CONSTANTS = {"true": (Word.flag, True), "false": (Word.flag, False), "null": (Word.null, None)}


def refuse(sentence: str, at: int) -> Refused:
    """What is wrong with a filter, and where."""
    return Refused(f"{FILTER}, character {at}: {sentence}.", FILTER)


def words(text: str) -> Iterator[Token]:
    """The words of a filter; the last one is its end. Raises Refused."""
    if len(text) > LENGTH:
        raise Refused(f"{FILTER} has at most {LENGTH} characters.", FILTER)
    at = 0
    while at < len(text):
        found = _WORDS.match(text, at)
        if found is None or found.lastgroup is None:
            raise refuse("here is something that can not be read", at + 1)
        if found.lastgroup != "space":
            yield _token(found.lastgroup, found[0], at + 1)
        at = found.end()
    yield Token(Word.end, None, len(text) + 1)


def _token(kind: str, text: str, at: int) -> Token:
    if kind == "name" and text in _CONSTANTS:
        return Token(*_CONSTANTS[text], at)
    word = Word(kind) if kind in set(Word) else Word.other
    value: Any = text
    if word in _READ:
        value = _READ[word](text, at)
    return Token(word, value, at)


def _text(text: str, at: int) -> str:
    value = text[1:-1].replace("''", "'")
    if "\0" in value or SURROGATES.search(value):
        raise refuse("a text must not hold this character", at)
    return value


def number_of(text: str) -> Decimal:
    """A number that the database can hold. Raises ValueError."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("no number") from None
    _, digits, exponent = value.as_tuple()
    if len(digits) > _DIGITS or not isinstance(exponent, int) or abs(exponent) > _EXPONENT:
        raise ValueError("not a number of so few digits")
    return value


def moment_of(text: str) -> datetime:
    """A time with its zone, in UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("without a zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("there is no such time in UTC") from None


def _number(text: str, at: int) -> Decimal:
    """Of a double too as OData 2 wrote it, 2.5D: SAP's clients write it so to this day."""
    try:
        return number_of(text.rstrip("dD"))
    except ValueError:
        raise refuse("this number has too many digits", at) from None


def _moment(text: str, at: int) -> datetime:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise refuse("a time must carry its zone, as in 2026-11-27T10:00:00Z", at)
    day, time, zone = found.groups()
    whole = f"{day}T{_FRACTION.sub(lambda cut: cut[1].ljust(7, '0'), time)}{'+00:00' if zone == 'Z' else zone}"
    try:
        return moment_of(whole)
    except ValueError:
        raise refuse("there is no such time", at) from None


_READ: Final[Mapping[Word, Callable[[str, int], Any]]] = {
    Word.text: _text,
    Word.number: _number,
    Word.moment: _moment,
}
