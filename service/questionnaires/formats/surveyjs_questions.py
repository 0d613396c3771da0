"""Elements of SurveyJS as items, by their type."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from service.questionnaires.elements import ENPS_MOST, MAX_POINTS, MAX_TEXT, NUMBER_LIMIT
from service.questionnaires.formats.conditions import Asked
from service.questionnaires.formats.drawn import Drawn, Part, bounded, consecutive
from service.questionnaires.formats.report import shown
from service.questionnaires.formats.surveyjs_element import Element
from service.questionnaires.formats.words import said

_ONE_BY_ONE: tuple[object, ...] = (None, 1)
_RATES = 5
"""Points of a rating that says nothing about them."""
_OTHER = "has no free answer (other) here: add a text item if it is needed"
_NONE = "has no answer for none of them here: add it to the answers if it is needed"
_ALL = "has no answer for all of them at once here: whoever wants all of them chooses each"
_REFUSED = "has no answer to refuse here: what is not required may be skipped"
_NOT_KNOWN = "has no answer for not knowing here: add it to the answers if it is needed"
_COMMENT = "has no comment here: add a text item if it is needed"
_ALSO = {
    "hasOther": _OTHER, "showOtherItem": _OTHER, "hasNone": _NONE, "showNoneItem": _NONE, "hasSelectAll": _ALL,
    "showSelectAllItem": _ALL, "showRefuseItem": _REFUSED, "showDontKnowItem": _NOT_KNOWN, "hasComment": _COMMENT,
    "showCommentArea": _COMMENT,
}  # fmt: skip
"""What may be offered beside the answers, and what is said of it."""
Offered = list[tuple[str, dict[str, str] | None]]


class _Question:
    """One element while it is carried over."""

    def __init__(self, element: Element, kind: str, place: str, drawn: Drawn, part: Part) -> None:
        self.element = element
        self.kind = kind
        self.place = place
        self.drawn = drawn
        self.part = part
        self.words = element.words("title")
        self.required = element.take("isRequired") is True
        written = element.take("visibleIf")
        self.condition = drawn.condition(str(written), place) if written else None
        for name, reason in _ALSO.items():
            if element.take(name):
                drawn.report.changed(place, reason)

    def begin(self) -> None:
        self.drawn.go_on(self.part)

    def alone(self, **own: Any) -> None:
        """Begin the section of a question with rows."""
        stem = self.drawn.texts(self.words, self.place) or self.drawn.named(self.place)
        self.drawn.go_on(self.part, stem, self.condition, **own)

    def item(self, kind: str, **given: Any) -> dict[str, Any]:
        text = self.drawn.texts(self.words, self.place, piped=True)
        about: dict[str, Any] = {"required": self.required, "visible_if": self.condition}
        return self.drawn.item(self.place, text, kind, **about, **given)

    def offered(self, name: str) -> Offered:
        """Values and texts of choices, rows or columns: objects, or plain values that are their own text."""
        found: Offered = []
        given = self.element.take(name)
        for one in given if isinstance(given, list) else ():
            told = one if isinstance(one, dict) else {"value": one}
            value, text = told.get("value", told.get("name")), told.get("text", told.get("title"))
            if isinstance(value, bool | list | dict) or value is None:
                self.drawn.report.lost(self.place, "offers something without a value")
                continue
            own_text = dict.fromkeys(self.drawn.languages, str(value))  # in every language
            words = own_text if text is None else self.element.spoken(text)
            found.append((str(value), self.drawn.texts(words, self.place, piped=True)))
            if told.keys() - {"value", "text", "name", "title"}:
                self.drawn.report.changed(self.place, "offers some answers under conditions, or with settings, there")
        return found

    def too_few(self, offered: Sequence[object]) -> bool:
        if len(offered) < 2:  # noqa: PLR2004 - a choice
            self.drawn.report.lost(self.place, "offers fewer than two answers, or takes them from elsewhere")
            return True
        return False

    def in_one_order(self) -> None:
        order = self.element.take("choicesOrder")
        if order not in (None, "none"):  # it may be a list, which no set takes
            self.drawn.report.changed(self.place, "has its answers in the listed order here")


def add(element: Element, kind: str, place: str, drawn: Drawn, part: Part) -> None:
    """Carry an element over, or report that it is not."""
    maker = _MAKERS.get(kind)
    if maker is None:
        drawn.report.lost(place, f"is of a type that has no place here: {shown(kind)[:30] or 'none'}")
        element.drop()
    else:
        maker(_Question(element, kind, place, drawn, part))


def _line(question: _Question) -> None:
    """One line of text, or a number."""
    kind = str(question.element.take("inputType") or "text")
    if kind in {"number", "range"}:
        _number(question)
    elif kind in {"text", "search"}:
        _text(question)
    else:
        question.drawn.report.lost(question.place, f"asks for what has no place here: {shown(kind)[:20]}")
        question.element.drop()


def _number(question: _Question) -> None:
    drawn, ends = question.drawn, []
    for name, sign in (("min", -1), ("max", 1)):
        given = question.element.take(name)
        known = isinstance(given, int | float) and not isinstance(given, bool)
        if not known:
            drawn.report.changed(question.place, f"takes numbers of at most {NUMBER_LIMIT:,} here, above and below 0")
        ends.append(
            bounded(Decimal(str(given)) if known else Decimal(sign * NUMBER_LIMIT), question.place, drawn.report)
        )
    if question.element.take("step") not in _ONE_BY_ONE:
        drawn.report.changed(question.place, "takes every whole number between its bounds here")
    question.begin()
    item = question.item("number", minimum=ends[0], maximum=ends[1])
    drawn.knows([question.place], Asked(item["id"], {}), piped=True)


def _text(question: _Question) -> None:
    most = question.element.whole("maxLength")
    limit = most if most is not None and 1 <= most <= MAX_TEXT else None
    if limit is None:
        question.drawn.report.changed(question.place, "takes texts of any length there, and of 500 characters here")
    question.begin()
    item = question.item("text", max_length=limit)
    question.drawn.knows([question.place], Asked(item["id"], {}))


def _one(question: _Question) -> None:
    offered = question.offered("choices")
    question.in_one_order()
    if question.too_few(offered):
        return
    question.begin()
    options, ids = question.drawn.one_of(offered, question.place)
    item = question.item("single_choice", options=options)
    question.drawn.knows([question.place], Asked(item["id"], dict(ids)), piped=True)


def _yes_or_no(question: _Question) -> None:
    words = [
        question.drawn.texts(question.element.words(label), question.place) or said(word, question.drawn.languages)
        for label, word in (("labelTrue", "yes"), ("labelFalse", "no"))
    ]
    question.begin()
    options = [{"id": name, "text": text} for name, text in zip(("yes", "no"), words, strict=True)]
    item = question.item("single_choice", options=options)
    question.drawn.report.changed(question.place, "is a choice between yes and no here")
    question.drawn.knows([question.place], Asked(item["id"], {"true": "yes", "false": "no"}), piped=True)


def _several(question: _Question) -> None:
    offered = question.offered("choices")
    question.in_one_order()
    if question.too_few(offered):
        return
    question.begin()
    options, ids = question.drawn.options(offered, question.place)
    most = question.element.whole("maxSelectedChoices")
    limit = most if most and 1 <= most <= len(options) else None
    if question.kind == "ranking":
        item = question.item("ranking", options=options, max_ranks=limit)
        question.drawn.knows([question.place], Asked(item["id"], {}))
    else:
        item = question.item("multiple_choice", options=options, max_choices=limit)
        question.drawn.knows([question.place], Asked(item["id"], dict(ids), several=True))


def _rating(question: _Question) -> None:
    """Points 1..n; from 0 to 10 an eNPS item where the survey says so (`enps` or `nps`, in its name or its own)."""
    element, drawn = question.element, question.drawn
    values = question.offered("rateValues")
    ends = [drawn.texts(element.words(name), question.place) for name in ("minRateDescription", "maxRateDescription")]
    low, high, step = (element.whole(name) for name in ("rateMin", "rateMax", "rateStep"))
    count = element.whole("rateCount")
    first = 1 if low is None else low
    last = high if high is not None else first + (count or _RATES) - 1
    codes = [code for code, _ in values] or [str(point) for point in range(first, min(last, first + MAX_POINTS) + 1)]
    promoting = element.take("enps") is True or "nps" in question.place.lower()
    if (not values and step not in _ONE_BY_ONE) or not 2 <= len(codes) <= MAX_POINTS:  # noqa: PLR2004 - two ends
        drawn.report.lost(question.place, f"has a scale that has no place here: 2 to {MAX_POINTS} points, one by one")
        return
    enps = promoting and codes == [str(point) for point in range(ENPS_MOST + 1)]
    start = 0 if enps else 1
    points: dict[str, str | int] = {code: point for point, code in enumerate(codes, start)}
    if not enps and codes != [str(point) for point in points.values()]:
        drawn.report.changed(question.place, f"has its values as points from 1 to {len(codes)} here, in their order")
    labels = {str(points[code]): text for code, text in values if text and set(text.values()) != {code}}
    for code, text in ((codes[0], ends[0]), (codes[-1], ends[1])):
        if text:
            labels.setdefault(str(points[code]), text)
    question.begin()
    if enps:
        item = question.item("enps", labels=labels or None)
    else:
        item = question.item("rating", points=len(codes), labels=labels or None)
    drawn.knows([question.place], Asked(item["id"], points))


def _matrix(question: _Question) -> None:
    """Rows as items of a section: a grid of ratings where the columns count up, else choices."""
    element, drawn = question.element, question.drawn
    rows, columns = question.offered("rows"), question.offered("columns")
    shuffled = element.take("rowsOrder") == "random" or element.take("rowOrder") == "random"
    every = element.take("isAllRowRequired") is True or element.take("eachRowRequired") is True
    if question.required and not every:
        drawn.report.changed(question.place, "is required row by row here")
    if not rows or question.too_few(columns):
        drawn.report.lost(question.place, "is a matrix without rows or columns")
        return
    codes = [code for code, _ in columns]
    scale = consecutive(codes, (0, 1))
    question.alone(order="random" if shuffled else question.part.order, layout="matrix" if scale else None)
    if scale and codes != [str(point) for point in range(1, len(codes) + 1)]:
        drawn.report.changed(question.place, f"has its columns as points from 1 to {len(codes)} here, in their order")
    for code, text in rows:
        name = f"{question.place}_{code}"
        about = {"required": every or question.required}
        values: dict[str, str | int]
        if scale:
            labels = {str(point): label for point, (_, label) in enumerate(columns, 1) if label}
            item = drawn.item(name, text, "rating", points=len(codes), labels=labels or None, **about)
            values = {column: point for point, column in enumerate(codes, 1)}
        else:
            options, ids = drawn.one_of(columns, question.place)
            item, values = drawn.item(name, text, "single_choice", options=options, **about), dict(ids)
        drawn.knows([f"{question.place}.{code}"], Asked(item["id"], values))


_MAKERS: Mapping[str, Callable[[_Question], None]] = {
    "text": _line,
    "comment": _text,
    **dict.fromkeys(("radiogroup", "dropdown", "buttongroup"), _one),
    **dict.fromkeys(("checkbox", "tagbox", "ranking"), _several),
    "rating": _rating,
    "boolean": _yes_or_no,
    "matrix": _matrix,
}
