"""How a language writes what a cell shows: the same digits everywhere, with its own signs around them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from service.campaigns.promises.words import Words
from service.campaigns.promises.words_en import ENGLISH
from service.campaigns.promises.words_fr import FRENCH
from service.releases.report.wording import WORDING, Language, Wording

_PRINTED: Mapping[Language, Words] = {"fr": FRENCH, "en": ENGLISH}
_MINUS, _NO_BREAK = "\u2212", "\u00a0"
SIGNS: Mapping[str | None, str] = {None: "", "at_least": f"≥{_NO_BREAK}", "at_most": f"≤{_NO_BREAK}"}


class Phrase(NamedTuple):
    """A text of the organisation's, and its language where that is not the report's."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Tongue:
    """One of the report's languages."""

    code: Language

    @property
    def words(self) -> Wording:
        return WORDING[self.code]

    def number(self, value: Decimal | float) -> str:
        """Its digits, no more and no fewer; of a whole number in groups."""
        if isinstance(value, int):
            return _PRINTED[self.code].number(value).replace("-", _MINUS)
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
        return f"{exact:f}".replace(".", self.words.decimal).replace("-", _MINUS)

    def bounded(self, value: Decimal | float, bound: str | None) -> str:
        """`≤ 5` where only that is known."""
        return SIGNS[bound] + self.number(value)

    def percent(self, value: Decimal | float, bound: str | None) -> str:
        """`≤ 5 %`."""
        return SIGNS[bound] + self.words.percent.format(value=self.number(value))

    def span(self, low: Decimal | float, high: Decimal | float) -> str:
        """Both ends; of two that are one, the one."""
        first, last = self.number(low), self.number(high)
        return first if first == last else self.words.to.format(low=first, high=last)

    def moment(self, at: datetime) -> str:
        return _PRINTED[self.code].moment(at)

    def phrase(self, texts: Mapping[str, str]) -> Phrase:
        """The text in this language or a variant of it, else in English, else in the first by the alphabet."""
        found = [tag for tag in sorted(texts) if tag.partition("-")[0].lower() == self.code]
        tag = next(iter([*found, *(["en"] if "en" in texts else []), *sorted(texts)]))
        return Phrase(texts[tag], None if tag.partition("-")[0].lower() == self.code else tag)

    def reason(self, reason: str) -> str:
        """The word for why a cell is withheld."""
        return self.words.reasons.get(reason, self.words.not_shown)
