"""Advice on a sound document: what respondents may stumble over, and figures that will say little. Never a refusal.

How hard French is to read: L. Kandel and A. Moles, "Application de l'indice de Flesch à la langue française", Cahiers
Études de Radio-Télévision 19, 1958: 207 - 1.015 x words per sentence - 73.6 x syllables per word; 100 is very easy, and
0 very hard. It was made for passages, so it is asked of longer texts alone.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from service.kit.reasons import pointer
from service.questionnaires.document import Document, EnpsItem, RatingItem, TextItem
from service.questionnaires.elements import ENPS_MOST, Index, Scale
from service.questionnaires.formats.plain import without_answers
from service.questionnaires.lint.decoded import Steps
from service.questionnaires.piping import pipes

MOST_ITEMS = 60
FEW_ITEMS = 3
FEW_OTHERS = 2
MANY_REVERSED = 4
LONG_SENTENCE = 25
HARD_TO_READ = 40
WORDS_OF_A_PASSAGE = 12
_TURNED = (
    "turns the score of items of which none is reversed: a high score will mean low answers; "
    "mark the items of a risk reverse"
)

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")  # noqa: RUF001 - both apostrophes
_INSIDE_A_WORD = re.compile(r"['’-]")  # noqa: RUF001
_END_OF_SENTENCE = re.compile(r"[.!?…]+(?=\s|$)|\n+")
_END_OF_CLAUSE = re.compile(r"[.!?…,;:\n]+|\b(?:et|ou|ni|mais)\b")
_DENIES = re.compile(r"\bn(?:e\s|['’])", re.IGNORECASE)  # noqa: RUF001
_DENIED = re.compile(r"\b(?:pas|jamais|plus|rien|personne|aucune?)\b", re.IGNORECASE)
_BETWEEN = 60
"""Characters between the two words of a negation, at most."""
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
    found = [
        *_length(document), *_items(document), *_scales(document), *_weighed(document), *_texts(document),
    ]  # fmt: skip
    return [Hint(pointer(steps), reason) for steps, reason in found]


Found = Iterator[tuple[Steps, str]]


def _length(document: Document) -> Found:
    if len(document.items) > MOST_ITEMS:
        yield ("items",), f"has more than {MOST_ITEMS} items: many will not reach the end"


def _items(document: Document) -> Found:
    for at, item in enumerate(document.items):
        if item.required and item.sensitive:
            yield ("items", at, "required"), "has no effect on a sensitive item, which may always be skipped"
        if isinstance(item, RatingItem) and item.labels:
            yield from _ends(at, item.labels, "1", str(item.points))
        elif isinstance(item, EnpsItem):
            yield from _ends(at, item.labels or {}, "0", str(ENPS_MOST))
        elif isinstance(item, TextItem) and not any(map(_NAMING.search, item.text.values())):
            yield (
                ("items", at, "text"),
                "does not ask to name nobody: what is written may tell who wrote it, or of whom",
            )


def _ends(at: int, labels: Mapping[Any, object], first: str, last: str) -> Found:
    if not {first, last} <= labels.keys():
        yield ("items", at, "labels"), "should name both ends of the scale"


def _scales(document: Document) -> Found:
    ratings = {item.id: item for item in document.items if isinstance(item, RatingItem)}
    for at, scale in enumerate(document.scales):
        if len(scale.items) == 1:
            yield ("scales", at, "items"), "is one item: how far items agree (alpha) is not defined"
        elif len(scale.items) < FEW_ITEMS:
            yield ("scales", at, "items"), f"has fewer than {FEW_ITEMS} items: how far they agree (alpha) says little"
        if scale.favourable != "low" and _all_reversed(scale, ratings):
            yield ("scales", at, "items"), "has reversed items alone: agreeing to everything looks like an opinion"

        if scale.favourable == "low" and not any(ratings[name].reverse for name in scale.items):
            yield ("scales", at, "favourable"), _TURNED


def _weighed(document: Document) -> Found:
    """An outcome that nothing is ever weighed with, however many people answer."""
    measures: tuple[Scale | Index, ...] = (*document.scales, *document.indices)
    outcome = next((one for one in measures if one.id == document.outcome), None)
    if outcome is None:
        return
    own = outcome.scales if isinstance(outcome, Index) else (outcome.id,)
    others = [scale for scale in document.scales if scale.rule != "group" and scale.id not in own]
    if outcome.rule == "group" or len(others) < FEW_OTHERS:
        yield ("outcome",), "needs two other scales scored person by person: else nothing can be told to go with it"


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
    if any(_negations(part) > 1 for part in _END_OF_CLAUSE.split(text)):
        yield "denies twice in one go"


def _negations(clause: str) -> int:
    """How many there are one after the other, each of two words (ne ... pas), in time linear in the clause."""
    denied = list(_DENIED.finditer(clause))
    starts = [found.start() for found in denied]
    count = end = 0
    for found in _DENIES.finditer(clause) if len(denied) > 1 else ():
        at = bisect_left(starts, found.end())
        if found.start() >= end and at < len(starts) and starts[at] - found.end() <= _BETWEEN:
            count, end = count + 1, denied[at].end()
    return count


def readability(sentences: Sequence[Sequence[str]]) -> float:
    """Kandel and Moles' index of French sentences, each its words; at least one word."""
    words = [word for sentence in sentences for word in sentence]
    return 207 - 1.015 * len(words) / len(sentences) - 73.6 * sum(map(syllables, words)) / len(words)


@lru_cache(maxsize=1 << 14)
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
