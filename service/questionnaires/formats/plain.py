"""Words of a foreign file as plain text: markup taken out, scripts with what they hold, entities read.

Nothing of ours shows a text as markup, so this is not what keeps a page safe: it keeps tags out of sentences.
"""

import re
from collections.abc import Mapping
from html import unescape

import nh3

from service.questionnaires.elements import MAX_TEXT
from service.questionnaires.formats.report import Report
from service.questionnaires.piping import pipes

_BREAK = re.compile(r"<(?:br[ \n]{0,9}/?|/(?:p|div|li|h[1-6]|tr))[ \n]{0,9}>", re.IGNORECASE)
_MORE_THAN_WORDS = re.compile(r"<(?:script|style|img|a|audio|video|iframe|object|embed|svg|input)\b", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")
_LINES = re.compile(r"\n{3,}")
_MENTION = re.compile(r"\{\{[^{}]*\}\}")
_MOST_LOOKED_AT = 10 * MAX_TEXT
"""Of one text, markup included: what comes behind is not looked at."""


def plain(words: str) -> str:
    """The words without markup and control characters, and without space around them."""
    text = words.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub("", text)
    if "<" in text or "&" in text:
        marked = _BREAK.sub("\n", text)
        text = _CONTROLS.sub("", unescape(nh3.clean(marked, tags=set(), link_rel=None)))
        if marked != text:
            text = _LINES.sub("\n\n", "\n".join(line.strip(" \t") for line in text.split("\n")))
    return text.strip()


def texts(words: Mapping[str, str], report: Report, place: str) -> dict[str, str] | None:
    """The words of each language that has any; None without any. What is too long is cut, and reported."""
    found = {}
    for language, text in words.items():
        said = plain(text[:_MOST_LOOKED_AT])
        if len(said) > MAX_TEXT or len(text) > _MOST_LOOKED_AT:
            report.changed(place, f"has more than {MAX_TEXT:,} characters, the rest is left out")
            said = said[:MAX_TEXT].rstrip()
        if _MORE_THAN_WORDS.search(text):
            report.changed(place, "has a picture, a link, a script or the like in its words: the words alone are kept")
        if said:
            found[language] = said
        elif text.strip():
            report.lost(place, "has words that are nothing but markup")
    return found or None


def without_answers(text: str) -> str:
    """The text of a document as it reads where no earlier answer is known."""

    def otherwise(found: re.Match[str]) -> str:
        pipe = next(pipes(found[0]))
        return found[0] if pipe.item is None else pipe.otherwise

    return _MENTION.sub(otherwise, text)
