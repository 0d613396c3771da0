"""Cells as people write them, in French or English: days, yes and no, languages, ids. Pure.

Each gives the value, or raises Refused with what was expected, which never holds the cell's text.
"""

import re
import unicodedata
from datetime import date, timedelta

from pydantic import TypeAdapter, ValidationError

from service.kit.reasons import reason_of
from service.kit.text import ExternalId, Language, Name

_YES = frozenset(
    ["oui", "o", "vrai", "yes", "y", "true", "t", "1", "x", "actif", "active", "actifs", "present", "en", "poste"]
) | {"en poste"}
_NO = frozenset(
    ["non", "n", "faux", "no", "false", "f", "0", "inactif", "inactive", "sorti", "sortie", "parti", "partie", "left"]
)
_LANGUAGES = {
    "francais": "fr", "french": "fr", "fra": "fr", "fre": "fr", "anglais": "en", "english": "en", "eng": "en",
    "allemand": "de", "german": "de", "deutsch": "de", "espagnol": "es", "spanish": "es", "espanol": "es",
    "italien": "it", "italian": "it", "italiano": "it", "neerlandais": "nl", "dutch": "nl", "nederlands": "nl",
    "portugais": "pt", "portuguese": "pt", "portugues": "pt", "polonais": "pl", "polish": "pl", "polski": "pl",
}  # fmt: skip
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ][\d:.]{4,15}Z?)?", re.ASCII)
_LOCAL = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?: [\d:.]{4,15})?", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{2}", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
# From 1927 on: four digits are a year, and nobody knows of which day.
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?", re.ASCII)
_SHORTENED = re.compile(r"\d[.,]?\d*[eE]\+\d+", re.ASCII)
_USUAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,199}", re.ASCII)
_SIGNED_NUMBER = re.compile(r"[+-]\d+", re.ASCII)
# The day that number 0 stands for; their calendar has a 29 February 1900, so it is right from March 1900 on.
_EPOCH = date(1899, 12, 30)
_FIRST, _LAST = date(1900, 3, 1), date(2199, 12, 31)
_DAY = "must be a day, as 31/12/2026 or 2026-12-31"
_FLAG = (
    "must be yes or no (oui, non, vrai, faux, true, false, 1, 0); "
    "if the column is something else, ignore it in the mapping"
)
_ID: TypeAdapter[str] = TypeAdapter(ExternalId)
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_TAG: TypeAdapter[str] = TypeAdapter(Language)


class Refused(Exception):
    """The cell holds something else than its column is for; the text says what was expected."""


def folded(text: str) -> str:
    """For comparing headers and words: without accents, case, punctuation."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return " ".join(re.findall(r"[a-z0-9]+", "".join(char for char in bare if not unicodedata.combining(char))))


def day(text: str, *, day_first: bool = True, days_before: int = 0) -> date:
    """A day: ISO, as in France (or the other way round), eight digits, or a spreadsheet's number."""
    if found := _ISO.fullmatch(text):
        year, month, number = found[1], found[2], found[3]
    elif found := _LOCAL.fullmatch(text):
        first, second, year = found[1], found[3], found[4]
        number, month = (first, second) if day_first else (second, first)
    elif found := _COMPACT.fullmatch(text):
        year, month, number = found[1], found[2], found[3]
    elif found := _SERIAL.fullmatch(text):
        return _within(_EPOCH + timedelta(days=int(found[1]) + days_before))
    elif _SHORT_YEAR.fullmatch(text):
        raise Refused("must have a year of four digits")
    else:
        raise Refused(_DAY)
    try:
        value = date(int(year), int(month), int(number))
    except ValueError:
        raise Refused(_DAY) from None
    return _within(value)


def _within(value: date) -> date:
    if not _FIRST <= value <= _LAST:
        raise Refused(f"must be a day from {_FIRST.year} to {_LAST.year}")
    return value


def flag(text: str) -> bool:
    """Yes or no."""
    word = folded(text)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Refused(_FLAG)


def language(text: str) -> str:
    """The code of a language; its name in French, English or itself will do, for the usual ones."""
    word = folded(text)
    if word in _LANGUAGES:
        return _LANGUAGES[word]
    first, *rest = text.replace("_", "-").split("-")
    # A region has two letters, and is written in capitals.
    parts = [part.upper() if len(part) == len("FR") else part for part in rest]
    try:
        return _TAG.validate_python("-".join([first.lower(), *parts]))
    except ValidationError:
        raise Refused("must be the code of a language, as fr or pt-BR") from None


def external_id(text: str) -> str:
    """An id; neither what a spreadsheet would run as a formula elsewhere, nor what one has shortened."""
    if _USUAL_ID.fullmatch(text):
        return text
    if text[0] in "=@" or (text[0] in "+-" and not _SIGNED_NUMBER.fullmatch(text)):
        raise Refused("must not begin as a formula does: =, @, + or -")
    if _SHORTENED.fullmatch(text):
        raise Refused("is a number that a spreadsheet has shortened: make the column text")
    return _checked(_ID, text)


def name(text: str) -> str:
    """A name as it came: text, whatever it begins with."""
    return _checked(_NAME, text)


def _checked(adapter: TypeAdapter[str], text: str) -> str:
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        reason = reason_of(error.errors(include_url=False, include_input=False)[0])
    raise Refused(reason)
