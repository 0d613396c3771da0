"""Rows of an XLSForm's survey as items."""

import re
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, NamedTuple

from pydantic import ValidationError

from service.questionnaires.elements import ENPS_MOST, MAX_OPTIONS, MAX_POINTS, MAX_TEXT, NUMBER_LIMIT
from service.questionnaires.elements import Condition as Model
from service.questionnaires.formats.conditions import Asked
from service.questionnaires.formats.drawn import Condition, Drawn, bounded
from service.questionnaires.formats.report import shown
from service.questionnaires.formats.xlsform_cells import kept_texts, value_of, xpath
from service.questionnaires.formats.xlsform_table import Line

_SELECT = re.compile(
    r"(?:(?P<one>select[ _]one|select1|select one from)"
    r"|(?P<several>select[ _]multiple|select[ _]multiple from|select all that apply(?: from)?)"
    r"|(?P<rank>(?:odk:)?rank))\s+(?P<list>\S+)(?P<other>\s+(?:or[ _]other))?",
    re.IGNORECASE,
)
_BOUND = re.compile(r"\.\s*(>=|<=|>|<)\s*(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)")
_LENGTH = re.compile(r"string-length\(\s*\.\s*\)\s*(<=|<)\s*([0-9]{1,6})")
_CHOSEN = re.compile(r"count-selected\(\s*\.\s*\)\s*(<=|<)\s*([0-9]{1,6})")
_SIGNS_OF_A_SCALE = ("likert", "scale", "rating", "echelle", "échelle", "agree", "accord", "satisf", "freq", "fréq")
_YES, _NO = frozenset({"yes", "true", "true()", "1"}), frozenset({"", "no", "false", "false()", "0"})
_RANGE = {"start": "1", "end": "10", "step": "1"}
_TEXT = frozenset({"text", "string"})
_WHOLE = frozenset({"integer", "int"})
Section = Callable[[], dict[str, Any] | None]


class Offered(NamedTuple):
    """An answer of a list; `kept` where its words were kept beside its label, and so are what they were."""

    code: str
    said: dict[str, str] | None
    kept: bool


class Choices:
    """The lists of answers, and which are asked for."""

    def __init__(self, found: Sequence[Line], drawn: Drawn) -> None:
        self._drawn = drawn
        self._lists: dict[str, list[Offered]] = {}
        self._used: set[str] = set()
        columns: dict[str, dict[str, str]] = {}
        formulas: dict[str, bool] = {}
        counts: dict[str, int] = {}
        for line in found:
            name, code = line.take("list_name"), line.take("name")
            if not name or not code:
                drawn.report.lost(f"choices, row {line.number}", "has no list or no name")
                continue
            counts[name] = counts.get(name, 0) + 1
            if counts[name] > MAX_OPTIONS:
                continue
            kept = line.cells.get("pouls_label", "") != ""
            self._lists.setdefault(name, []).append(Offered(code, self.said(line, name), kept))
            columns.setdefault(name, {}).update(line.cells)
            formulas[name] = formulas.get(name, False) or line.formulas
        for name, count in counts.items():
            if count > MAX_OPTIONS:
                drawn.report.lost(name, f"has {count:,} answers; those after the first {MAX_OPTIONS} are left out")
        for name, extra in columns.items():
            Line(0, extra, {}, formulas[name]).tell_rest(drawn.report, name)

    def said(self, line: Line, place: str) -> dict[str, str] | None:
        """The label of a line, as it was before it was written where that is known."""
        kept = line.take("pouls_label")
        if kept:
            texts = kept_texts(kept, line.label)
            if texts is not None:
                return texts
            self._drawn.report.changed(place, "was edited: the words that were kept beside it do not count")
        return self._drawn.texts(line.label, place, piped=True)

    def of(self, name: str) -> list[Offered]:
        self._used.add(name)
        return self._lists.get(name, [])

    def tell_unused(self) -> None:
        for name in self._lists:
            if name not in self._used:
                self._drawn.report.lost(name, "is a list of answers that no question carried over offers")


class Place(NamedTuple):
    """Where a question comes: how it is called, and how its section is begun or gone on with."""

    name: str
    section: Section


def add_question(line: Line, kind: str, place: Place, drawn: Drawn, choices: Choices) -> bool:
    """Carry a question over; False where it is not, which is reported."""
    asked = _Question(line, place, drawn, choices)
    if found := _SELECT.fullmatch(kind):
        if found["other"]:
            drawn.report.changed(place.name, "has no free answer (or_other) here")
        return asked.choice(found)
    bare = kind.lower()
    if bare in _TEXT:
        return asked.text()
    if bare in _WHOLE or bare == "decimal":
        return asked.number(whole=bare != "decimal")
    if bare == "range":
        return asked.range()
    drawn.report.lost(place.name, f"is of a type that has no place here: {shown(kind.partition(' ')[0])[:30]}")
    return False


class _Question:
    """One row while it is carried over."""

    def __init__(self, line: Line, place: Place, drawn: Drawn, choices: Choices) -> None:
        self._line = line
        self._place = place.name
        self._begin = place.section
        self._drawn = drawn
        self._choices = choices
        self._ours = line.take("pouls_type")

    def choice(self, found: re.Match[str]) -> bool:
        offered = self._choices.of(found["list"])
        if len(offered) < 2:  # noqa: PLR2004 - a choice
            self._drawn.report.lost(self._place, "offers fewer than two answers, or a list that is not there")
            return False
        parameters = self._line.take("parameters").lower().replace(" ", "")
        if "randomize=true" in parameters:
            self._drawn.report.changed(self._place, "has its answers in one order here, and shuffled there")
        elif parameters:
            self._drawn.report.lost(self._place, "its parameters are not kept")
        section = self._begin()
        if found["one"]:
            grid = section is not None and section.get("layout") == "matrix"
            self._one(offered, found["list"], grid=grid)
        elif found["several"]:
            options, ids = self._options(offered)
            limit = self._limit(_CHOSEN, len(options))
            item = self._add("multiple_choice", options=options, max_choices=limit)
            self._drawn.knows([self._place], Asked(item["id"], ids, several=True))
        else:
            options, _ = self._options(offered)
            self._add("ranking", options=options, max_ranks=_count(self._line.take("pouls_max_ranks")))
        return True

    def _one(self, offered: Sequence[Offered], list_name: str, *, grid: bool) -> None:
        codes = [answer.code for answer in offered]
        looks = self._line.take("appearance").lower()
        if looks not in {"", "likert"}:
            self._drawn.report.changed(self._place, "has a look of its own, which is not kept")
        from_one = codes == [str(point) for point in range(1, len(codes) + 1)] and len(codes) <= MAX_POINTS
        signed = grid or "likert" in looks or any(sign in list_name.lower() for sign in _SIGNS_OF_A_SCALE)
        if self._ours == "enps" and codes == [str(point) for point in range(ENPS_MOST + 1)]:
            item = self._add("enps", labels=_labels(offered))
            values: dict[str, str | int] = {code: int(code) for code in codes}
        elif from_one and (self._ours == "rating" or (signed and not self._ours)):
            item = self._rating(len(codes), labels=_labels(offered))
            values = {code: int(code) for code in codes}
        else:
            options, ids = self._options(offered, one=True)
            item, values = self._add("single_choice", options=options), dict(ids)
        self._drawn.knows([self._place], Asked(item["id"], values), piped=item["type"] == "single_choice")

    def text(self) -> bool:
        self._begin()
        limit = self._limit(_LENGTH, MAX_TEXT)
        if limit is None:
            self._drawn.report.changed(self._place, "takes texts of any length there, and of 500 characters here")
        item = self._add("text", max_length=limit)
        self._drawn.knows([self._place], Asked(item["id"], {}))
        return True

    def number(self, *, whole: bool) -> bool:
        constraint = self._line.take("constraint")
        bounds = _bounds(constraint)
        if bounds is None:
            self._line.cells["constraint"] = constraint
            bounds = {}
        if not whole:
            self._drawn.report.changed(self._place, "takes whole numbers alone here")
        return self._between(bounds.get("least"), bounds.get("most"))

    def range(self) -> bool:
        given = dict(part.split("=", 1) for part in self._line.take("parameters").lower().split() if "=" in part)
        least, most, step = (_decimal(given.pop(name, usual)) for name, usual in _RANGE.items())
        if given:
            self._drawn.report.lost(self._place, "its parameters are not kept")
        if least == 1 and step == 1 and most is not None and most in range(2, MAX_POINTS + 1):
            self._begin()
            item = self._rating(int(most))
            values: dict[str, str | int] = {str(point): point for point in range(1, int(most) + 1)}
            self._drawn.knows([self._place], Asked(item["id"], values))
            return True
        if step != 1:
            self._drawn.report.changed(self._place, "takes every whole number between its bounds here")
        return self._between(least, most)

    def _between(self, least: Decimal | None, most: Decimal | None) -> bool:
        self._begin()
        if self._ours == "enps" and least == 0 and most == ENPS_MOST:
            item = self._add("enps")
            points: dict[str, str | int] = {str(point): point for point in range(ENPS_MOST + 1)}
            self._drawn.knows([self._place], Asked(item["id"], points))
            return True
        if least is None or most is None:
            self._drawn.report.changed(
                self._place, f"takes numbers of at most {NUMBER_LIMIT:,} here, above and below 0"
            )
        low = bounded(Decimal(-NUMBER_LIMIT) if least is None else least, self._place, self._drawn.report)
        high = bounded(Decimal(NUMBER_LIMIT) if most is None else most, self._place, self._drawn.report)
        item = self._add("number", minimum=low, maximum=high)
        self._drawn.knows([self._place], Asked(item["id"], {}), piped=True)
        return True

    def _rating(self, points: int, **given: Any) -> dict[str, Any]:
        turned = self._line.take("pouls_reverse")
        ours = self._ours == "rating" or turned != ""
        return self._add("rating", points=points, reverse=turned == "yes", ours=ours, **given)

    def _add(self, kind: str, **given: Any) -> dict[str, Any]:
        said = self._choices.said(self._line, self._place)
        condition = visible_if(self._line, self._place, self._drawn)
        sensitive = self._line.take("pouls_sensitive") == "yes"
        required = self._required() or self._line.take("pouls_required") == "yes"
        about: dict[str, Any] = {"required": required, "sensitive": sensitive, "visible_if": condition}
        return self._drawn.item(self._place, said, kind, **about, **given)

    def _required(self) -> bool:
        said = self._line.take("required").lower()
        if said not in _YES | _NO:
            self._drawn.report.changed(self._place, "may be skipped here: it is required under a condition")
        return said in _YES

    def _options(self, offered: Sequence[Offered], *, one: bool = False) -> tuple[list[dict[str, Any]], dict[str, str]]:
        drawn = self._drawn.one_of if one and not self._ours else self._drawn.options
        return drawn([(answer.code, answer.said) for answer in offered], self._place)

    def _limit(self, form: re.Pattern[str], most: int) -> int | None:
        """The largest length or number of answers, taken from the constraint if that says nothing else."""
        constraint = self._line.cells.get("constraint", "").strip()
        found = form.fullmatch(constraint)
        if found is None:
            return None
        self._line.take("constraint")
        limit = int(found[2]) - (found[1] == "<")
        if not 1 <= limit <= most:
            self._drawn.report.changed(self._place, "has a limit that is none here")
            return None
        return limit


def visible_if(line: Line, place: str, drawn: Drawn) -> Condition:
    """The condition of a line: the one kept beside it if it is still that one, else as it is read."""
    relevant, kept = line.take("relevant"), line.take("pouls_visible_if")
    if not relevant:
        return None
    found = value_of(kept) if kept else None
    if isinstance(found, dict) and _written(found, drawn) == relevant:
        return found
    return drawn.condition(relevant, place)


def _written(condition: dict[str, Any], drawn: Drawn) -> str | None:
    try:
        model = Model.model_validate(condition)
        return xpath(model, {item["id"]: item["type"] for item in drawn.items})
    except (ValidationError, KeyError, RecursionError):
        return None


def _labels(offered: Sequence[Offered]) -> dict[str, dict[str, str]] | None:
    """Labels by point; a point whose label is its own number has none."""
    found = {
        answer.code: answer.said
        for answer in offered
        if answer.said and (answer.kept or any(text != answer.code for text in answer.said.values()))
    }
    return found or None


def _bounds(constraint: str) -> dict[str, Decimal] | None:
    """The bounds that a constraint sets; None for one that says something else."""
    found: dict[str, Decimal] = {}
    bare = constraint.replace("(", " ").replace(")", " ").strip()
    for part in re.split(r"\band\b", bare) if bare else ():
        bound = _BOUND.fullmatch(part.strip())
        if bound is None:
            return None
        limit = Decimal(bound[2])
        if bound[1] in {">", "<"}:
            limit = (
                limit.to_integral_value(ROUND_FLOOR) + 1
                if bound[1] == ">"
                else limit.to_integral_value(ROUND_CEILING) - 1
            )
        found["least" if bound[1].startswith(">") else "most"] = limit
    return found


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", text) else None


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None  # noqa: PLR2004 - digits
