"""Advice on a sound document: what respondents may stumble over, and figures that will say little. Never a refusal.

How hard French is to read: L. Kandel and A. Moles, "Application de l'indice de Flesch à la langue française", Cahiers
Études de Radio-Télévision 19, 1958: 207 - 1.015 x words per sentence - 73.6 x syllables per word; 100 is very easy, and
0 very hard. It was made for passages, so it is asked of longer texts alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from service.kit.reasons import pointer
from service.questionnaires.document import Document, EnpsItem, RatingItem, TextItem
from service.questionnaires.draft import Steps
from service.questionnaires.elements import ENPS_MOST, Scale
from service.questionnaires.formats.plain import without_answers
from service.questionnaires.piping import pipes

MOST_ITEMS = 60
FEW_ITEMS = 3
MANY_REVERSED = 4
LONG_SENTENCE = 25
HARD_TO_READ = 40
WORDS_OF_A_PASSAGE = 12

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")  # noqa: RUF001 - both apostrophes
_INSIDE_A_WORD = re.compile(r"['’-]")  # noqa: RUF001
_END_OF_SENTENCE = re.compile(r"[.!?…]+(?=\s|$)|\n+")
_END_OF_CLAUSE = re.compile(r"[.!?…,;:\n]+|\b(?:et|ou|ni|mais)\b")
_NEGATION = re.compile(
    r"\bn(?:e\s|['’])[^\n]{0,60}?\b(?:pas|jamais|plus|rien|personne|aucune?)\b",  # noqa: RUF001
    re.IGNORECASE,
)
_BOTH_OR_ONE = re.compile(r"\b(?:et\s?/\s?ou|and\s?/\s?or)\b", re.IGNORECASE)
_NAMING = re.compile(r"\b(?:pré)?nom|\bname|\bnaming", re.IGNORECASE)
_VOWELS = "aàâäeéèêëiîïoôöuùûüyœæ"
_MUTE_U = re.compile(rf"(?<=[qg])u(?=[{_VOWELS}'’])|(?<=q)u$")  # noqa: RUF001
_Y_BETWEEN = re.compile(rf"(?<=[{_VOWELS}])y(?=[{_VOWELS}])")
_MUTE_END = re.compile(r"es?$")
_RUN = re.compile(rf"[{_VOWELS}]+")
_PARTED = re.compile(rf"(?<=é)(?=[{_VOWELS}])|(?<=[{_VOWELS}])(?=[ëïü])|(?<=[bcdfgptv][lr]i)(?=[{_VOWELS}])")


class Hint(NamedTuple):
    """A JSON pointer, and what could be better there."""

    pointer: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        return self._asdict()


def hints(document: Document) -> list[Hint]:
    """All there is to say, in the order of the kinds of advice."""
    found = [*_length(document), *_items(document), *_scales(document), *_texts(document)]
    return [Hint(pointer(steps), reason) for steps, reason in found]


Found = Iterator[tuple[Steps, str]]


def _length(document: Document) -> Found:
    if len(document.items) > MOST_ITEMS:
        yield ("items",), f"has more than {MOST_ITEMS} items: many will not reach the end"


def _items(document: Document) -> Found:
    for at, item in enumerate(document.items):
        if item.required and item.sensitive:
            yield ("items", at, "required"), "has no effect on a sensitive item, which may always be skipped"
        if isinstance(item, RatingItem):
            yield from _ends(at, item.labels, "1", str(item.points))
        elif isinstance(item, EnpsItem):
            yield from _ends(at, item.labels, "0", str(ENPS_MOST))
        elif isinstance(item, TextItem) and not any(map(_NAMING.search, item.text.values())):
            yield (
                ("items", at, "text"),
                "does not ask to name nobody: what is written may tell who wrote it, or of whom",
            )


def _ends(at: int, labels: Mapping[Any, object] | None, first: str, last: str) -> Found:
    if labels and not {first, last} <= labels.keys():
        yield ("items", at, "labels"), "should name both ends of the scale"


def _scales(document: Document) -> Found:
    ratings = {item.id: item for item in document.items if isinstance(item, RatingItem)}
    for at, scale in enumerate(document.scales):
        if len(scale.items) == 1:
            yield ("scales", at, "items"), "is one item: how far items agree (alpha) is not defined"
        elif len(scale.items) < FEW_ITEMS:
            yield ("scales", at, "items"), f"has fewer than {FEW_ITEMS} items: how far they agree (alpha) says little"
        if _all_reversed(scale, ratings):
            yield ("scales", at, "items"), "has reversed items alone: agreeing to everything looks like an opinion"


def _all_reversed(scale: Scale, ratings: Mapping[str, RatingItem]) -> bool:
    return len(scale.items) >= MANY_REVERSED and all(ratings[name].reverse for name in scale.items)


def _texts(document: Document) -> Found:
    for steps, texts in _shown(document):
        for language, text in texts.items():
            here = (*steps, language)
            if any(pipe.item is None for pipe in pipes(text)):
                yield here, "holds {{...}} that is no mention of an answer: {{item|other words}}"
            read = without_answers(text)
            if _BOTH_OR_ONE.search(read):
                yield here, "joins two things by and/or: it is not clear which of them an answer is about"
            if language.partition("-")[0] == "fr":
                yield from ((here, reason) for reason in _french(read))


def _shown(document: Document) -> Iterator[tuple[Steps, Mapping[str, str]]]:
    """The texts that respondents read, but for labels."""
    if document.introduction:
        yield ("introduction",), document.introduction
    for at, section in enumerate(document.sections or ()):
        for name, texts in (("title", section.title), ("text", section.text)):
            if texts:
                yield ("sections", at, name), texts
    for at, item in enumerate(document.items):
        yield ("items", at, "text"), item.text
        for place, option in enumerate(getattr(item, "options", ())):
            yield ("items", at, "options", place, "text"), option.text


def _french(text: str) -> Iterator[str]:
    sentences = [words for part in _END_OF_SENTENCE.split(text) if (words := _WORD.findall(part))]
    if any(len(words) > LONG_SENTENCE for words in sentences):
        yield f"has a sentence of more than {LONG_SENTENCE} words"
    words = [word for sentence in sentences for word in sentence]
    if len(words) >= WORDS_OF_A_PASSAGE and readability(sentences) < HARD_TO_READ:
        yield "is hard to read: long words or long sentences"
    if any(len(_NEGATION.findall(part)) > 1 for part in _END_OF_CLAUSE.split(text)):
        yield "denies twice in one go"


def readability(sentences: Sequence[Sequence[str]]) -> float:
    """Kandel and Moles' index of French sentences, each its words; at least one word."""
    words = [word for sentence in sentences for word in sentence]
    return 207 - 1.015 * len(words) / len(sentences) - 73.6 * sum(map(syllables, words)) / len(words)


def syllables(word: str) -> int:
    """Syllables of a French word as it is mostly spoken, by its letters.

    A run of vowels is one, but é before a vowel, a diaeresis, and i after two consonants (pri-er) part it; `qu` and
    `gu` are one sound, y between vowels begins a syllable, a last mute e or es is none. What letters do not tell is
    left: the mute ending of verbs (ils parlent) counts, and `pays` is one.
    """
    return sum(map(_of_part, _INSIDE_A_WORD.split(word.lower())))


def _of_part(part: str) -> int:
    letters = _PARTED.sub("-", _Y_BETWEEN.sub("j", _MUTE_U.sub("", part)))
    spoken = _MUTE_END.sub("", letters)
    return len(_RUN.findall(spoken) or _RUN.findall(letters))
