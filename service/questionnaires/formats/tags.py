"""Languages as foreign files name them, and as ours do (BCP 47)."""

import re

from service.questionnaires.elements import MAX_LANGUAGES
from service.questionnaires.formats.report import Unreadable

_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)\s*$")

NAMES = {
    "ar": "العربية", "bg": "Български", "ca": "Català", "cs": "Čeština", "da": "Dansk", "de": "Deutsch",
    "el": "Ελληνικά", "en": "English", "es": "Español", "et": "Eesti", "fi": "Suomi", "fr": "Français",
    "hr": "Hrvatski", "hu": "Magyar", "it": "Italiano", "ja": "日本語", "ko": "한국어", "lt": "Lietuvių",
    "lv": "Latviešu", "nb": "Norsk bokmål", "nl": "Nederlands", "pl": "Polski", "pt": "Português", "ro": "Română",
    "ru": "Русский", "sk": "Slovenčina", "sl": "Slovenščina", "sv": "Svenska", "tr": "Türkçe", "uk": "Українська",
    "vi": "Tiếng Việt", "zh": "中文",
}  # fmt: skip
"""What speakers call their language."""
_ALSO = {
    "arabic": "ar", "arabe": "ar", "german": "de", "allemand": "de", "anglais": "en", "inglés": "en", "spanish": "es",
    "espagnol": "es", "espanol": "es", "french": "fr", "francais": "fr", "francés": "fr", "italian": "it",
    "italien": "it", "dutch": "nl", "néerlandais": "nl", "neerlandais": "nl", "polish": "pl", "polonais": "pl",
    "portuguese": "pt", "portugais": "pt", "portugues": "pt", "romanian": "ro", "russian": "ru", "russe": "ru",
    "turkish": "tr", "chinese": "zh",
}  # fmt: skip
_BY_NAME = {name.lower(): tag for tag, name in NAMES.items()} | _ALSO


def tag_of(name: str) -> str | None:
    """The tag of a language given as `fr`, `fr_CA`, `Français (fr)` or `French`; None if it is not known."""
    words = name.strip()
    bracket = _IN_BRACKETS.search(words)
    named = _BY_NAME.get(_IN_BRACKETS.sub("", words).strip().lower())
    if bracket is None:
        return named or _tag(words)
    found = _tag(bracket[1].strip())
    # In `English (UK)` the brackets hold a country, not Ukrainian.
    return found if named is None or (found or "").partition("-")[0] == named else named


def _tag(words: str) -> str | None:
    found = _TAG.fullmatch(words)
    if found is None:
        return None
    parts = [found[1].lower(), (found[2] or "").title(), (found[3] or "").upper()]
    return "-".join(part for part in parts if part)


def name_of(tag: str) -> str:
    """What a column of a language is called: its own name, and its tag."""
    return f"{NAMES.get(tag.partition('-')[0], tag)} ({tag})"


def not_too_many(count: int) -> None:
    """Raises Unreadable for more languages than a questionnaire may have."""
    if count > MAX_LANGUAGES:
        raise Unreadable(f"the file has {count} languages, and a questionnaire may have {MAX_LANGUAGES}")
