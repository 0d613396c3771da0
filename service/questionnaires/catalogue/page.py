"""A questionnaire of the catalogue as a page: what is asked, how it becomes scores, and what is said of them. Pure."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from fractions import Fraction
from html import escape
from typing import NamedTuple

from service.questionnaires.document import Document, Index, RatingItem, Scale
from service.questionnaires.elements import Band, Cut, Limits
from service.questionnaires.formats import printable
from service.questionnaires.languages import spoken, text_in
from service.questionnaires.scoring import Shown

HTML = "text/html"
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)
_END = "</main>"


class _Words(NamedTuple):
    scoring: str
    items: str
    reverse: str
    unit: dict[str, str]
    low: str
    group: str
    answered: str
    weights: str
    ratio: str
    mean: str
    band: str
    scores: str
    meaning: str
    from_: str
    below: str
    between: str
    otherwise: str
    licence: str
    digest: str


_SPOKEN = {
    "fr": _Words(
        scoring="Calcul des scores",
        items="Questions\u00a0: {numbers}.",
        reverse=" Celles qui portent un astérisque sont comptées en sens inverse.",
        unit={
            "mean": "Le score est la moyenne des réponses, de {low} à {high}.",
            "sum": "Le score est la somme des réponses, de {low} à {high}.",
            "percent": "Le score est la moyenne des réponses, ramenée à une échelle de {low} à {high}.",
        },
        low="Plus le score est élevé, plus la situation est défavorable.",
        group="On calcule la moyenne de chaque question, puis la moyenne de ces moyennes.",
        answered="Seules sont comptées les personnes qui ont répondu à au moins {n} de ces questions.",
        weights="Les questions ont pour poids, dans cet ordre, {weights}.",
        ratio="Rapport de «\u00a0{first}\u00a0» à «\u00a0{second}\u00a0».",
        mean="Moyenne de\u00a0: {parts}.",
        band="Niveau",
        scores="Score",
        meaning="Interprétation",
        from_="{low} ou plus",
        below="moins de {high}",
        between="de {low} à moins de {high}",
        otherwise="dans les autres cas",
        licence="Questionnaire écrit pour ce projet\u00a0: il peut être copié et modifié librement avec lui.",
        digest="Empreinte du document",
    ),
    "en": _Words(
        scoring="How scores are computed",
        items="Questions: {numbers}.",
        reverse=" Those with an asterisk count the other way round.",
        unit={
            "mean": "The score is the mean of the answers, from {low} to {high}.",
            "sum": "The score is the sum of the answers, from {low} to {high}.",
            "percent": "The score is the mean of the answers, brought to a scale from {low} to {high}.",
        },
        low="The higher the score, the worse the situation.",
        group="Each question\u2019s mean comes first, then the mean of those.",
        answered="At least {n} of these questions must be answered for a person to count.",
        weights="The questions weigh {weights}, in this order.",
        ratio="“{first}” over “{second}”.",
        mean="Mean of: {parts}.",
        band="Level",
        scores="Score",
        meaning="What it says",
        from_="{low} or more",
        below="below {high}",
        between="from {low} to below {high}",
        otherwise="in all other cases",
        licence="This questionnaire was written for this project: it may be copied and changed freely along with it.",
        digest="Digest of the document",
    ),
}
"""By language; English stands in for others."""


def page(document: Document, language: str | None) -> bytes:
    """The printable questionnaire in this language, or its first one, with its scoring below."""
    tongue = spoken(language or document.languages[0], document.languages)
    html = printable.write(document, tongue).data.decode()
    # Everything that is said inside is escaped: this end is the page's own.
    before, end, after = html.rpartition(_END)
    return (before + _Scoring(document, tongue).html() + end + after).encode()


def headers_of(html: bytes) -> dict[str, str]:
    """A page of ours may have its own style, and nothing else of anybody's."""
    found = _STYLE.search(html)
    digest = b64encode(hashlib.sha256(found[1] if found else b"").digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; sandbox"
    )
    return {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class _Scoring:
    def __init__(self, document: Document, language: str) -> None:
        self._document = document
        self._language = language
        self._words = _SPOKEN.get(language.partition("-")[0], _SPOKEN["en"])
        self._numbers = {item.id: number for number, item in enumerate(document.items, 1)}
        self._ratings = {item.id: item for item in document.items if isinstance(item, RatingItem)}
        self._titles = {scale.id: text_in(scale.title, language) for scale in document.scales}

    def html(self) -> str:
        words = self._words
        parts = [self._measure(scale.title, self._of_scale(scale), scale.bands) for scale in self._document.scales]
        parts += [self._measure(index.title, self._of_index(index), index.bands) for index in self._document.indices]
        scoring = f"<section><h2>{escape(words.scoring)}</h2>{''.join(parts)}</section>\n" if parts else ""
        foot = f"{escape(words.licence)}<br>{escape(words.digest)}: <code>{self._document.digest()}</code>"
        return f"{scoring}<footer><p>{foot}</p></footer>\n"

    def _measure(self, title: dict[str, str], sentences: Iterator[str], bands: tuple[Band, ...] | None) -> str:
        said = escape(" ".join(sentences))
        return f"<h3>{escape(text_in(title, self._language))}</h3><p>{said}</p>{self._bands(bands or ())}"

    def _of_scale(self, scale: Scale) -> Iterator[str]:
        words = self._words
        # Where more is worse, it is the items that are not reversed whose points are turned.
        reversed_ = [self._ratings[name].reverse != (scale.favourable == "low") for name in scale.items]
        numbers = [f"{self._numbers[name]}{'*' * turned}" for name, turned in zip(scale.items, reversed_, strict=True)]
        yield words.items.format(numbers=", ".join(numbers)) + (words.reverse if any(reversed_) else "")
        unit, points = scale.score or "mean", self._ratings[scale.items[0]].points
        shown = Shown.of(unit, points, sum(scale.weights or (1,) * len(scale.items)))
        yield words.unit[unit].format(low=_number(shown(Fraction(1))), high=_number(shown(Fraction(points))))
        if scale.weights:
            yield words.weights.format(weights=", ".join(map(str, scale.weights)))
        if scale.favourable == "low":
            yield words.low
        if scale.rule == "group":
            yield words.group
        if scale.answered:
            yield words.answered.format(n=scale.answered)

    def _of_index(self, index: Index) -> Iterator[str]:
        titles = [self._titles[name] for name in index.scales]
        if index.combine == "ratio":
            yield self._words.ratio.format(first=titles[0], second=titles[1])
        else:
            yield self._words.mean.format(parts=", ".join(titles))
        if index.rule == "group":
            yield self._words.group

    def _bands(self, bands: tuple[Band, ...]) -> str:
        if not bands:
            return ""
        heads = (self._words.band, self._words.scores, self._words.meaning)
        head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
        ends = [band.at_least for band in bands[1:]] + [None]
        rows = "".join(self._band(band, end) for band, end in zip(bands, ends, strict=True))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _band(self, band: Band, end: Cut | None) -> str:
        text = text_in(band.text, self._language) if band.text else ""
        cells = (self._when(band.when) if band.when else self._between(band.at_least, end), text)
        said = "".join(f"<td>{escape(one)}</td>" for one in cells)
        return f'<tr><th scope="row">{escape(text_in(band.title, self._language))}</th>{said}</tr>'

    def _when(self, when: dict[str, Limits]) -> str:
        parts = (
            f"{self._titles[name]}: {self._between(limits.at_least, limits.below)}" for name, limits in when.items()
        )
        return "; ".join(parts)

    def _between(self, low: Cut | None, high: Cut | None) -> str:
        if low is None and high is None:
            return self._words.otherwise
        form = self._words.from_ if high is None else self._words.below if low is None else self._words.between
        return form.format(low=self._cut(low), high=self._cut(high))

    def _cut(self, at: Cut | None) -> str:
        said = "" if at is None else f"{at:g}"
        return said.replace(".", ",") if self._language.startswith("fr") else said


def _number(value: Fraction) -> str:
    """Ends of a score are whole numbers: of points, sums of them, 0 or 100."""
    return str(value.numerator)
