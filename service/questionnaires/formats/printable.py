"""A questionnaire on paper: one HTML page in one language, complete in itself, without scripts; everything escaped."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, NamedTuple

from service.questionnaires.branching import must_answer
from service.questionnaires.document import (
    Document,
    EnpsItem,
    Item,
    MultipleChoiceItem,
    NumberItem,
    RankingItem,
    RatingItem,
    SingleChoiceItem,
    TextItem,
)
from service.questionnaires.elements import ENPS_MOST, Condition, Contact, Section, Texts
from service.questionnaires.formats.plain import without_answers
from service.questionnaires.formats.report import Report, Written
from service.questionnaires.languages import spoken, text_in

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


class _Words(NamedTuple):
    """What the page says itself."""

    required: str
    several: str
    at_most: str
    order: str
    first: str
    number: str
    only_if: str
    any_of: str
    support: str
    statement: str
    no_answer: str
    either: str
    both: str
    not_if: str
    from_: str
    to: str
    quoted: str


_SPOKEN = {
    "fr": _Words(
        required="Réponse attendue",
        several="Plusieurs réponses possibles",
        at_most="{n} réponses au plus",
        order="Numérotez par ordre d\u2019importance, 1 pour le premier choix",
        first="Numérotez vos {n} premiers choix, 1 pour le premier",
        number="Un nombre entier de {low} à {high}",
        only_if="À remplir seulement dans ce cas\u00a0: {what}",
        any_of="question {item}, réponse {answers}",
        support="Des contacts pour en parler",
        statement="Affirmation",
        no_answer="Je préfère ne pas répondre",
        either=" ou ",
        both=" et ",
        not_if="la condition ({what}) n\u2019est pas remplie",
        from_="{n} ou plus",
        to="{n} ou moins",
        quoted="«\u00a0{what}\u00a0»",
    ),
    "en": _Words(
        required="An answer is expected",
        several="More than one answer is possible",
        at_most="At most {n} answers",
        order="Number them in order of importance, 1 for the first choice",
        first="Number your first {n} choices, 1 for the first",
        number="A whole number from {low} to {high}",
        only_if="To be filled in only in this case: {what}",
        any_of="question {item}, answer {answers}",
        support="People to talk to",
        statement="Statement",
        no_answer="I prefer not to answer",
        either=" or ",
        both=" and ",
        not_if="it is not so that ({what})",
        from_="{n} or more",
        to="{n} or less",
        quoted="“{what}”",
    ),
}
"""By language; English stands in for others."""


def write(document: Document, language: str | None = None) -> Written:
    """The page in this language, one it is a variant of, or else the document's first one."""
    tongue = spoken(language or document.languages[0], document.languages)
    page = _Page(document, tongue)
    return Written(page.html().encode(), page.report)


class _Page:
    def __init__(self, document: Document, language: str) -> None:
        self.report = Report()
        self._document = document
        self._language = language
        base = language.partition("-")[0]
        self._words = _SPOKEN.get(base, _SPOKEN["en"])
        if base not in _SPOKEN:
            self.report.changed(language, "is the language of the questions; what the page says itself is in English")
        self._direction = ' dir="rtl"' if base in _RIGHT_TO_LEFT else ""
        self._place = document.key
        self._numbers = {item.id: number for number, item in enumerate(document.items, 1)}
        self._items = {item.id: item for item in document.items}

    def html(self) -> str:
        document = self._document
        title = self._said(document.title)
        parts = [f"<h1>{title}</h1>"]
        if document.introduction:
            parts.append(f'<div class="introduction">{self._paragraphs(document.introduction)}</div>')
        if document.sections:
            parts += [self._section(section) for section in document.sections]
        else:
            parts += [self._item(item) for item in document.items]
        if document.support:
            parts.append(self._support(document.support))
        body = "\n".join(parts)
        return (
            f'<!DOCTYPE html>\n<html lang="{escape(self._language)}"{self._direction}>\n<head>\n'
            '<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
        )

    def _plain(self, texts: Texts) -> str:
        text = text_in(texts, self._language)
        shown = without_answers(text)
        if shown != text:
            self.report.changed(self._place, "mentions an earlier answer: paper shows the words for a missing one")
        return shown

    def _said(self, texts: Texts) -> str:
        return escape(self._plain(texts)).replace("\n", "<br>")

    def _paragraphs(self, texts: Texts) -> str:
        parts = [part for part in self._plain(texts).split("\n\n") if part.strip()]
        return "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in parts)

    def _section(self, section: Section) -> str:
        self._place = section.id
        if section.order:
            self.report.changed(section.id, "is in the listed order on paper, not shuffled")
        inner = [f"<h2>{self._said(section.title)}</h2>"] if section.title else []
        inner += [self._paragraphs(section.text)] if section.text else []
        inner += self._only_if(section.visible_if)
        items = [self._items[name] for name in section.items]
        if section.layout == "matrix":
            inner.append(self._grid([item for item in items if isinstance(item, RatingItem)]))
        else:
            inner += [self._item(item) for item in items]
        return f"<section>{''.join(inner)}</section>"

    def _grid(self, rows: list[RatingItem]) -> str:
        """Points as columns; a row for each statement."""
        points = range(1, rows[0].points + 1)
        heads = "".join(f'<th scope="col">{self._point(point, rows[0].labels)}</th>' for point in points)
        if any(row.sensitive for row in rows):
            heads += f'<th scope="col">{escape(self._words.no_answer)}</th>'
        width = rows[0].points + any(row.sensitive for row in rows)
        lines = []
        for row in rows:
            boxes = "".join(
                f"<td>{_BOX if column < row.points or row.sensitive else ''}</td>" for column in range(width)
            )
            words = f"{self._numbers[row.id]}. {self._said(row.text)}{self._mark(row)}"
            lines.append(f'<tr><th scope="row">{words}</th>{boxes}</tr>')
        head = f'<thead><tr><th scope="col">{escape(self._words.statement)}</th>{heads}</tr></thead>'
        return f"<table>{head}<tbody>{''.join(lines)}</tbody></table>"

    def _item(self, item: Item) -> str:
        self._place = item.id
        legend = f"<legend>{self._numbers[item.id]}. {self._said(item.text)}{self._mark(item)}</legend>"
        own = "".join(self._only_if(item.visible_if))
        skip = self._boxes([escape(self._words.no_answer)]) if item.sensitive else ""
        return f"<fieldset>{legend}{own}{self._answers(item)}{skip}</fieldset>"

    def _mark(self, item: Item) -> str:
        return f' <em class="required">({escape(self._words.required)})</em>' if must_answer(item) else ""

    def _answers(self, item: Item) -> str:  # noqa: PLR0911 - one for each type
        match item:
            case RatingItem():
                return self._scale(range(1, item.points + 1), item.labels)
            case EnpsItem():
                return self._scale(range(ENPS_MOST + 1), item.labels)
            case SingleChoiceItem():
                return self._options(item)
            case MultipleChoiceItem():
                most = item.max_choices or len(item.options)
                hint = self._words.at_most.format(n=most) if most < len(item.options) else self._words.several
                return f'<p class="hint">{escape(hint)}</p>{self._options(item)}'
            case RankingItem():
                most = item.max_ranks or len(item.options)
                hint = self._words.first.format(n=most) if most < len(item.options) else self._words.order
                return f'<p class="hint">{escape(hint)}</p>{self._options(item)}'
            case NumberItem():
                hint = self._words.number.format(low=item.minimum, high=item.maximum)
                return f'<p class="hint">{escape(hint)}</p><p class="line"></p>'
            case TextItem():
                return '<p class="line"></p><p class="line"></p><p class="line"></p>'

    def _scale(self, points: range, labels: Mapping[Any, Texts] | None) -> str:
        cells = "".join(f"<li>{_BOX}<span>{self._point(point, labels)}</span></li>" for point in points)
        return f'<ol class="scale">{cells}</ol>'

    def _point(self, point: int, labels: Mapping[Any, Texts] | None) -> str:
        label = (labels or {}).get(str(point))
        return f"{point}<br>{self._said(label)}" if label else str(point)

    def _options(self, item: SingleChoiceItem | MultipleChoiceItem | RankingItem) -> str:
        return self._boxes(self._said(option.text) for option in item.options)

    def _boxes(self, words: Iterable[str]) -> str:
        return f'<ul class="options">{"".join(f"<li>{_BOX}<span>{one}</span></li>" for one in words)}</ul>'

    def _only_if(self, condition: Condition | None) -> list[str]:
        if condition is None:
            return []
        return [f'<p class="only">{escape(self._words.only_if.format(what=self._told(condition)))}</p>']

    def _told(self, condition: Condition) -> str:
        """The condition in words, by the numbers of the questions."""
        words = self._words
        if condition.negated is not None:
            return words.not_if.format(what=self._told(condition.negated))
        if condition.item is None:
            link = words.both if condition.every is not None else words.either
            parts = condition.every or condition.some or ()
            return link.join(f"({self._told(one)})" if one.item is None else self._told(one) for one in parts)
        item = self._items[condition.item]
        if condition.chosen is not None:
            answers = words.either.join(self._answer(item, one) for one in condition.chosen)
        else:
            limits = ((words.from_, condition.at_least), (words.to, condition.at_most))
            answers = words.both.join(form.format(n=limit) for form, limit in limits if limit is not None)
        return words.any_of.format(item=self._numbers[item.id], answers=answers)

    def _answer(self, item: Item, value: object) -> str:
        if isinstance(item, SingleChoiceItem | MultipleChoiceItem):
            return next(
                self._words.quoted.format(what=self._plain(one.text)) for one in item.options if one.id == value
            )
        return str(value)

    def _support(self, contacts: Iterable[Contact]) -> str:
        found = []
        for contact in contacts:
            lines = [f"<strong>{self._said(contact.name)}</strong>", self._said(contact.detail)]
            lines += [escape(part) for part in (contact.phone, contact.url) if part]
            found.append(f"<li>{'<br>'.join(lines)}</li>")
        return f"<aside><h2>{escape(self._words.support)}</h2><ul>{''.join(found)}</ul></aside>"


_BOX = '<span class="box" aria-hidden="true">☐</span>'
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;color:#111;background:#fff;margin:0}"
    "main{max-width:48rem;margin:0 auto;padding:1.5rem}"
    "h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2rem}"
    "fieldset{border:0;margin:1.5rem 0;padding:0;break-inside:avoid}"
    "legend{padding:0;font-weight:600}"
    ".required,.hint,.only{font-style:italic;font-weight:400;color:#333;margin:.3rem 0}"
    "ul.options,ol.scale{list-style:none;padding:0;margin:.5rem 0}"
    "ul.options li{display:flex;gap:.5rem}"
    "ol.scale{display:flex;flex-wrap:wrap;gap:.25rem}"
    "ol.scale li{flex:1 1 3.5rem;text-align:center;font-size:.875rem}"
    ".box{font-size:1.25rem;line-height:1.25;display:inline-block}ol.scale .box{display:block}"
    ".line{border-bottom:1px solid #555;height:1.75rem;margin:0}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{border-bottom:1px solid #bbb;padding:.4rem;text-align:center;vertical-align:top;font-weight:400}"
    "thead th{font-weight:600;font-size:.875rem}th[scope=row],thead th:first-child{text-align:start}"
    "tr{break-inside:avoid}aside{border:1px solid #555;padding:0 1rem 1rem;margin-top:2rem;break-inside:avoid}"
    "@media print{main{max-width:none;padding:0}h2{break-after:avoid}a{color:inherit}@page{margin:18mm}}"
)
