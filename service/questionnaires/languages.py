"""Languages of a document, and which one stands in where a text is not given. Pure.

Tags are BCP 47. A regional variant listed beside its language (fr-CA beside fr) may give only the texts that differ.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence


def base_of(language: str, listed: Collection[str]) -> str | None:
    """The language that stands in for a regional variant; None for one that stands alone."""
    return next((tag for tag in _shorter(language) if tag in listed), None)


def spoken(asked: str, listed: Sequence[str]) -> str:
    """The listed language for whoever asks for one: it, a language that it is a variant of, else the first."""
    return asked if asked in listed else base_of(asked, listed) or listed[0]


def text_in(texts: Mapping[str, str], language: str) -> str:
    """The text in a listed language of its document."""
    return texts[language] if language in texts else texts[next(tag for tag in _shorter(language) if tag in texts)]


def _shorter(language: str) -> Iterator[str]:
    """The tag with one subtag less, again and again."""
    while "-" in language:
        language = language.rpartition("-")[0]
        yield language
