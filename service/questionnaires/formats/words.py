"""Answers that foreign formats leave to the program that shows them."""

from collections.abc import Mapping, Sequence

_YES: Mapping[str, str] = {"fr": "Oui", "en": "Yes", "de": "Ja", "es": "Sí", "it": "Sì", "nl": "Ja", "pt": "Sim"}
_NO: Mapping[str, str] = {"fr": "Non", "en": "No", "de": "Nein", "es": "No", "it": "No", "nl": "Nee", "pt": "Não"}
_UNSURE: Mapping[str, str] = {
    "fr": "Je ne sais pas", "en": "Uncertain", "de": "Unsicher", "es": "No lo sé", "it": "Non so", "nl": "Onzeker",
    "pt": "Não sei",
}  # fmt: skip
_MORE: Mapping[str, str] = {
    "fr": "En hausse", "en": "Increased", "de": "Gestiegen", "es": "Ha aumentado", "it": "Aumentato",
    "nl": "Toegenomen", "pt": "Aumentou",
}  # fmt: skip
_SAME: Mapping[str, str] = {
    "fr": "Sans changement", "en": "The same", "de": "Gleich", "es": "Igual", "it": "Uguale", "nl": "Hetzelfde",
    "pt": "Igual",
}  # fmt: skip
_LESS: Mapping[str, str] = {
    "fr": "En baisse", "en": "Decreased", "de": "Gesunken", "es": "Ha disminuido", "it": "Diminuito",
    "nl": "Afgenomen", "pt": "Diminuiu",
}  # fmt: skip
_WOMAN: Mapping[str, str] = {
    "fr": "Femme", "en": "Female", "de": "Weiblich", "es": "Mujer", "it": "Donna", "nl": "Vrouw", "pt": "Mulher",
}  # fmt: skip
_MAN: Mapping[str, str] = {
    "fr": "Homme", "en": "Male", "de": "Männlich", "es": "Hombre", "it": "Uomo", "nl": "Man", "pt": "Homem",
}  # fmt: skip
_WORDS: Mapping[str, Mapping[str, str]] = {
    "yes": _YES, "no": _NO, "unsure": _UNSURE, "more": _MORE, "same": _SAME, "less": _LESS, "woman": _WOMAN,
    "man": _MAN,
}  # fmt: skip


def said(word: str, languages: Sequence[str]) -> dict[str, str]:
    """The answer in each language, in English where we do not know it."""
    found = _WORDS[word]
    return {language: found.get(language.partition("-")[0], found["en"]) for language in languages}
