"""Questions of LimeSurvey as items, by their type (a letter)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from service.questionnaires.elements import MAX_POINTS, MAX_TEXT, NUMBER_LIMIT
from service.questionnaires.formats.conditions import Asked
from service.questionnaires.formats.drawn import Condition, Drawn, Part, bounded, consecutive
from service.questionnaires.formats.lss_tables import Row, Tables
from service.questionnaires.formats.report import Report
from service.questionnaires.formats.words import said

Words = Mapping[str, str]
_NOT_SET = frozenset({"", "0", "N", "default", "normal"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIXED = {
    "Y": [("Y", "yes"), ("N", "no")],
    "G": [("F", "woman"), ("M", "man")],
    "C": [("Y", "yes"), ("U", "unsure"), ("N", "no")],
    "E": [("I", "more"), ("S", "same"), ("D", "less")],
}
"""Types whose answers have no rows of their own."""
_POINTS = {"5": 5, "A": 5, "B": 10}
_NAMED = {
    "D": "a date", "|": "a file", "*": "an equation", "I": "a choice of language", "1": "an array of two scales",
    ":": "an array of numbers", ";": "an array of texts",
}  # fmt: skip
_MOST_NAMES = 8


@dataclass(slots=True)
class Question:
    """One question of the file.

    Attributes:
        called: the names that expressions know it by.
        parts: its subquestions, by code.
        attributes: what is set for it; those that nobody takes are reported.
    """

    name: str
    called: list[str]
    type: str
    words: Words
    required: bool
    condition: Condition
    parts: list[tuple[str, Words]]
    attributes: dict[str, str]
    _taken: set[str] = field(default_factory=lambda: {"hidden"})

    def attribute(self, *names: str) -> str:
        self._taken |= set(names)
        return next((self.attributes[name] for name in names if self.attributes.get(name)), "")

    def tell_attributes(self, report: Report) -> None:
        left = [name for name, value in self.attributes.items() if value.strip() not in _NOT_SET]
        known = [name for name in left if name not in self._taken and _NAME.fullmatch(name)]
        if known:
            more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
            report.lost(self.name, f"its settings are not kept: {', '.join(known[:_MOST_NAMES])}{more}")


class Answers:
    """Answers by question, in their order, with their words."""

    def __init__(self, tables: Tables) -> None:
        localised = tables.of("answer_l10ns")
        rows = tables.of("answers")
        by_id = tables.words(localised, "aid", "answer")
        older = tables.words([row | {"id": _key(row)} for row in rows], "id", "answer")
        self._by_question: dict[str, list[tuple[str, Words]]] = {}
        self._second: set[str] = set()
        seen: set[str] = set()
        for row in sorted(rows, key=lambda row: _number(row.get("sortorder", "")) or 0):
            if row.get("scale_id", "0") not in {"", "0"} or _key(row) in seen:
                continue
            seen.add(_key(row))
            words = by_id.get(row.get("aid", ""), {}) if localised else older.get(_key(row), {})
            self._by_question.setdefault(row.get("qid", ""), []).append((row.get("code", ""), words))

    def of(self, qid: str) -> list[tuple[str, Words]]:
        return self._by_question.get(qid, [])


def _key(row: Row) -> str:
    return f"{row.get('qid', '')} {row.get('scale_id', '0')} {row.get('code', '')}"


def _number(text: str) -> int | None:
    bare = text.strip()
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) <= 9 else None  # noqa: PLR2004 - digits


def add(question: Question, drawn: Drawn, answers: Sequence[tuple[str, Words]], part: Part) -> None:
    """Carry a question over, or report that it is not."""
    maker = _MAKERS.get(question.type)
    if maker is None:
        kind = _NAMED.get(question.type, "of a type that is not known")
        drawn.report.lost(question.name, f"is {kind}, which has no place here")
    else:
        maker(question, drawn, answers, part)


def _one(question: Question, drawn: Drawn, answers: Sequence[tuple[str, Words]], part: Part) -> None:
    offered = _offered(question, drawn, answers)
    if _shuffled(question):
        drawn.report.changed(question.name, "has its answers in one order here, and shuffled there")
    if question.type == "O":
        drawn.report.lost(question.name, "its comment is not kept")
    if _too_few(question, drawn, offered):
        return
    drawn.go_on(part)
    options, ids = drawn.one_of(offered, question.name)
    item = _item(question, drawn, "single_choice", options=options)
    names = [*question.called, *_mentions(question)]
    drawn.knows(names, Asked(item["id"], dict(ids)), piped=True)


def _several(question: Question, drawn: Drawn, answers: Sequence[tuple[str, Words]], part: Part) -> None:
    del answers
    offered = [(code, drawn.texts(words, question.name, piped=True)) for code, words in question.parts]
    if question.type == "P":
        drawn.report.lost(question.name, "its comments are not kept")
    if _too_few(question, drawn, offered):
        return
    drawn.go_on(part)
    options, ids = drawn.options(offered, question.name)
    most = _within(question, drawn, "max_answers", len(options))
    item = _item(question, drawn, "multiple_choice", options=options, max_choices=most)
    for code, given in ids.items():
        names = [f"{question.called[0]}_{code}", f"{question.called[1]}{code}"]
        drawn.knows(names, Asked(item["id"], {"Y": given}, several=False))


def _ranking(question: Question, drawn: Drawn, answers: Sequence[tuple[str, Words]], part: Part) -> None:
    offered = _offered(question, drawn, answers or question.parts)
    if _too_few(question, drawn, offered):
        return
    drawn.go_on(part)
    options, _ = drawn.options(offered, question.name)
    most = _within(question, drawn, "max_answers", len(options))
    _item(question, drawn, "ranking", options=options, max_ranks=most)


def _numbers(question: Question, drawn: Drawn, answers: Sequence[tuple[str, Words]], part: Part) -> None:
    del answers
    bounds = [_decimal(question.attribute(name, f"{name}_n")) for name in ("min_num_value", "max_num_value")]
    if question.attribute("num_value_int_only") != "1":
        drawn.report.changed(question.name, "takes whole numbers alone here")
    if None in bounds:
        drawn.report.changed(question.name, f"takes numbers of at most {NUMBER_LIMIT:,} here, above and below 0")
    ends = [Decimal(sign * NUMBER_LIMIT) if one is None else one for sign, one in zip((-1, 1), bounds, strict=True)]
    low, high = (bounded(one, question.name, drawn.report) for one in ends)

    for row, name in _each(question, drawn, part):
        item = _item(question, drawn, "number", row=row, minimum=low, maximum=high)
        drawn.knows([name, f"{name}.shown"], Asked(item["id"], {}), piped=True)


def _texts(question: Question, drawn: Drawn, answers: Sequence[tuple[str, Words]], part: Part) -> None:
    del answers
    most = _within(question, drawn, "maximum_chars", MAX_TEXT)
    if most is None:
        drawn.report.changed(question.name, "takes texts of any length there, and of 500 characters here")
    for row, _ in _each(question, drawn, part):
        _item(question, drawn, "text", row=row, max_length=most)


def _each(question: Question, drawn: Drawn, part: Part) -> list[tuple[tuple[str, Words] | None, str]]:
    """The question itself, or its parts, below its words; each with its name in expressions."""
    if question.type not in {"K", "Q"}:
        drawn.go_on(part)
        return [(None, question.called[0])]
    _alone(question, drawn, part)
    return [(row, f"{question.called[0]}_{row[0]}") for row in question.parts]


def _alone(question: Question, drawn: Drawn, part: Part, **own: Any) -> None:
    """Begin the section of a question with rows: its words are the text, its condition that of the section."""
    stem = drawn.texts(question.words, question.name) or drawn.named(question.name)
    drawn.go_on(part, stem, question.condition, **own)


def _rating(question: Question, drawn: Drawn, answers: Sequence[tuple[str, Words]], part: Part) -> None:
    del answers
    drawn.go_on(part)
    points = _POINTS[question.type]
    item = _item(question, drawn, "rating", points=points)
    values: dict[str, str | int] = {str(point): point for point in range(1, points + 1)}
    drawn.knows(question.called, Asked(item["id"], values))


def _array(question: Question, drawn: Drawn, answers: Sequence[tuple[str, Words]], part: Part) -> None:
    """Rows as items of a section whose text is the question; a grid where the columns are a scale."""
    if not question.parts:
        drawn.report.lost(question.name, "is an array without rows")
        return
    offered = _offered(question, drawn, answers)
    scale = _scale(question, drawn, offered)
    if scale is None and _too_few(question, drawn, offered):
        return
    order = "random" if _shuffled(question) else None
    layout = None if scale is None else "matrix"
    _alone(question, drawn, part, order=order, layout=layout)
    for code, words in question.parts:
        row = (code, words)
        values: dict[str, str | int]
        if scale is not None:
            points, labels, values = scale
            item = _item(question, drawn, "rating", row=row, points=points, labels=labels)
        else:
            options, ids = drawn.one_of(offered, question.name)
            item, values = _item(question, drawn, "single_choice", row=row, options=options), dict(ids)
        drawn.knows([f"{question.called[0]}_{code}", f"{question.called[1]}{code}"], Asked(item["id"], values))


_Scale = tuple[int, dict[str, dict[str, str]] | None, dict[str, str | int]]


def _scale(question: Question, drawn: Drawn, offered: Sequence[tuple[str, dict[str, str] | None]]) -> _Scale | None:
    """Points, labels and points by code, where the columns of an array are a scale; an answer beside it is left out."""
    if question.type in _POINTS:
        points = _POINTS[question.type]
        return points, None, {str(point): point for point in range(1, points + 1)}
    codes = [code for code, _ in offered]
    whole = next((codes[:end] for end in (len(codes), len(codes) - 1) if consecutive(codes[:end], (0, 1))), None)
    if question.type in _FIXED or whole is None or len(whole) > MAX_POINTS:
        return None
    if len(whole) < len(codes):
        drawn.report.lost(question.name, "has an answer beside its scale: here that is to skip the row")
    if whole != [str(point) for point in range(1, len(whole) + 1)]:
        drawn.report.changed(question.name, f"has its columns as a scale from 1 to {len(whole)} here, in their order")
    labels = {str(point): label for point, (_, label) in enumerate(offered[: len(whole)], 1) if label}
    return len(whole), labels or None, {code: point for point, code in enumerate(whole, 1)}


def _offered(
    question: Question, drawn: Drawn, answers: Sequence[tuple[str, Words]]
) -> list[tuple[str, dict[str, str] | None]]:
    if question.type in _FIXED:
        return [(code, said(word, drawn.languages)) for code, word in _FIXED[question.type]]
    return [(code, drawn.texts(words, question.name, piped=True)) for code, words in answers]


def _too_few(question: Question, drawn: Drawn, offered: Sequence[object]) -> bool:
    if len(offered) < 2:  # noqa: PLR2004 - a choice
        drawn.report.lost(question.name, "offers fewer than two answers")
        return True
    return False


def _item(
    question: Question, drawn: Drawn, kind: str, row: tuple[str, Words] | None = None, **given: Any
) -> dict[str, Any]:
    """An item of the question, or of one of its parts, whose section has the condition."""
    if row is None:
        place, words, condition = question.name, question.words, question.condition
    else:
        place, words, condition = f"{question.name}_{row[0]}", row[1], None
    text = drawn.texts(words, place, piped=True)
    return drawn.item(place, text, kind, required=question.required, visible_if=condition, **given)


def _mentions(question: Question) -> list[str]:
    return [f"{question.name}.shown", *(f"INSERTANS:{name}" for name in question.called)]


def _shuffled(question: Question) -> bool:
    random = question.attribute("random_order") == "1"
    return question.attribute("answer_order", "subquestion_order") == "random" or random


def _within(question: Question, drawn: Drawn, name: str, most: int) -> int | None:
    given = question.attribute(name)
    limit = _number(given)
    if limit is not None and 1 <= limit <= most:
        return limit
    if given not in _NOT_SET:
        drawn.report.changed(question.name, "has a limit that is none here")
    return None


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", text) else None


_Maker = Callable[[Question, Drawn, Sequence[tuple[str, Words]], Part], None]
_MAKERS: Mapping[str, _Maker] = {
    **dict.fromkeys(("L", "!", "O", "Y", "G"), _one),
    **dict.fromkeys(("M", "P"), _several),
    "R": _ranking,
    **dict.fromkeys(("N", "K"), _numbers),
    **dict.fromkeys(("S", "T", "U", "Q"), _texts),
    "5": _rating,
    **dict.fromkeys(("F", "H", "A", "B", "C", "E"), _array),
}
