"""A document as it is put together while a foreign file is read."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from service.questionnaires.elements import MAX_ITEMS, MAX_OPTIONS, MAX_POINTS, NUMBER_LIMIT
from service.questionnaires.formats.conditions import Asked, both, condition, fits
from service.questionnaires.formats.expressions import Dialect, NotExpressible
from service.questionnaires.formats.names import Names, option_ids
from service.questionnaires.formats.plain import plain, texts
from service.questionnaires.formats.report import MAX_PLACE, Report, Unreadable

Words = Mapping[str, str]
"""By language."""
Condition = dict[str, Any] | None
UNKNOWN_ANSWER = "…"
PARTED = "begins a new one: give the later ones titles if they need any"
_LAST_IS_MOST = "is a rating here whose last point counts as the most positive: set reverse where it does not"
_NO_SCALE = "is a choice here: nothing says that its numbers are a scale"
MAX_QUESTIONS = 5_000
"""Of the file, carried over or not."""
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_CODE = re.compile(r"[A-Za-z]{0,3}?0*([0-9]{1,2})")


@dataclass(slots=True)
class Drawn:
    """What was carried over so far.

    Attributes:
        report: what was not.
        languages: of all texts, in the order of the file.
        dialect: of its conditions.
        mention: an earlier answer inside a text, with the question's name as its group.
        asked: the questions carried over, by all names that conditions call them by.
    """

    report: Report
    languages: Sequence[str]
    dialect: Dialect
    mention: re.Pattern[str]
    names: Names = field(init=False)
    asked: dict[str, Asked] = field(default_factory=dict)
    items: list[dict[str, Any]] = field(default_factory=list)
    sections: list[dict[str, Any]] = field(default_factory=list)
    _questions: int = 0
    _piped: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = Names(self.report)

    def counted(self) -> None:
        """One more question of the file. Raises Unreadable for more than anyone asks."""
        self._questions += 1
        if self._questions > MAX_QUESTIONS:
            raise Unreadable(f"the file has more than {MAX_QUESTIONS:,} questions, and a questionnaire {MAX_ITEMS}")

    def section(self, wanted: str, *, place: str | None = None, **given: Any) -> dict[str, Any]:
        """Begin a section: the items that follow stand in it. One that gets none is left out in the end.

        Args:
            wanted: its id, if that is free; the name in the file where `place` is not given.
            place: what it is called in the report.
            given: title, text, visible_if, order, layout; absent where None.
        """
        if self.items and not self.sections:  # what came before any section stands in one as well
            first = [item["id"] for item in self.items]
            self.sections.append({"id": self.names.quietly("section", "section"), "place": "section", "items": first})
        if given.get("visible_if") and not fits(given["visible_if"]):
            given["visible_if"] = None
            self.report.changed(place or wanted, "is asked of everybody here: its conditions together are too long")
        name = self.names.item(wanted, "section") if place is None else self.names.quietly(wanted, "section")
        self.sections.append({"id": name, "place": place or wanted} | given | {"items": []})
        return self.sections[-1]

    def go_on(self, part: "Part", stem: dict[str, str] | None = None, condition: Condition = None, **own: Any) -> None:
        """Go on with the section of this part of the file, or begin one more.

        Args:
            part: where the next question stands.
            stem: the words above what has a section of its own (an array, say).
            condition: of such a section.
            own: what else it has; nothing for a question among others.
        """
        alone = bool(stem or own)
        if part.open and not alone:
            return
        if part.begun:
            self.report.changed(part.name, f"is several sections here, since a grid or a text inside it {PARTED}")
        given = {"order": part.order} | own
        title = None if part.begun else part.title
        visible_if = both(part.condition, condition)
        self.section(
            part.name, place=part.name, title=title, text=below(part.text, stem), visible_if=visible_if, **given
        )
        part.text, part.begun, part.open = None, True, not alone

    def close(self, part: "Part") -> None:
        """Report what a part says that no question follows."""
        if part.text or (part.title and not part.begun):
            self.report.lost(part.name, "has a title or a text that no question carried over follows")

    def item(
        self, place: str, said: dict[str, str] | None, kind: str, *, ours: bool = False, **given: Any
    ) -> dict[str, Any]:
        """One more item, in the section begun last; what is None or False is left out.

        Only a file with words of ours (`ours`) says which end of a rating is the positive one: of others it is told.
        """
        if said is None:
            said = self.named(place)
            self.report.changed(place, "has no words: its name stands for them")
        item = {"id": self.names.item(place), "type": kind, "text": said}
        item |= {name: value for name, value in given.items() if value is not None and value is not False}
        if kind == "rating" and not ours:
            self.report.changed(place, _LAST_IS_MOST)
        if len(self.items) >= MAX_ITEMS:
            raise Unreadable(f"the file has more questions than a questionnaire may have: {MAX_ITEMS}")
        self.items.append(item)
        if self.sections:
            self.sections[-1]["items"].append(item["id"])
        return item

    def named(self, name: str) -> dict[str, str]:
        """The name as the words for what has none."""
        return dict.fromkeys(self.languages, plain(name)[:MAX_PLACE] or UNKNOWN_ANSWER)

    def knows(self, names: Collection[str], asked: Asked, *, piped: bool = False) -> None:
        """Conditions may ask about this item by these names; texts may show its answer, of choices and numbers."""
        for name in names:
            self.asked[name] = asked
            if piped:
                self._piped[name] = asked.item

    def texts(self, words: Words, place: str, *, piped: bool = False) -> dict[str, str] | None:
        """Words as plain text, with the answers that they mention in our form."""
        found = texts(words, self.report, place)
        return {language: self._mentioned(text, place, piped) for language, text in found.items()} if found else None

    def _mentioned(self, text: str, place: str, piped: bool) -> str:
        def shown(found: re.Match[str]) -> str:
            item = self._piped.get(found[1].strip()) if piped else None
            if item is None:
                self.report.changed(place, "mentions an earlier answer, or something computed, which is left out here")
                return UNKNOWN_ANSWER
            self.report.changed(place, f"mentions an earlier answer: without one it says {UNKNOWN_ANSWER}")
            return f"{{{{{item}|{UNKNOWN_ANSWER}}}}}"

        return self.mention.sub(shown, text)

    def condition(self, text: str, place: str, dialect: Dialect | None = None) -> Condition:
        """The condition, or none where it can not be carried over: then it is reported, and everybody is asked."""
        try:
            return condition(text, dialect or self.dialect, self.asked)
        except NotExpressible as error:
            self.report.changed(place, f"is asked of everybody here: its condition {error}")
            return None

    def one_of(
        self, offered: Sequence[tuple[str, dict[str, str] | None]], place: str
    ) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """The options of a single choice; numbers as its codes are told of, since they may have been a scale."""
        if all(_WHOLE.fullmatch(code) for code, _ in offered):
            self.report.changed(place, _NO_SCALE)
        return self.options(offered, place)

    def options(
        self, offered: Sequence[tuple[str, dict[str, str] | None]], place: str
    ) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Options by code and words, and their ids by the codes."""
        if len(offered) > MAX_OPTIONS:
            self.report.lost(place, f"offers {len(offered)} answers; those after the first {MAX_OPTIONS} are left out")
        kept: dict[str, dict[str, str]] = {}
        for code, said in offered[:MAX_OPTIONS]:
            if code in kept:
                self.report.lost(place, "offers an answer twice, by the same code")
                continue
            if said is None:
                self.report.changed(place, "offers an answer without words: its code stands for them")
            kept[code] = said or self.named(code)
        ids = option_ids(list(kept))
        if any(code.lower() != given for code, given in ids.items()):
            self.report.changed(place, "has answers whose codes are other ids here: an id begins with a letter")
        return [{"id": ids[code], "text": said} for code, said in kept.items()], ids

    def document(
        self, key: str, title: dict[str, str] | None, introduction: dict[str, str] | None, *, grouped: bool = False
    ) -> dict[str, Any]:
        """The whole of it; it may have faults. One section that says nothing is none, unless the file has groups."""
        if not self.items:
            raise Unreadable("no question of the file can be carried over")
        sections = [self._closed(section) for section in self.sections]
        used = [section for section in sections if section is not None]
        bare = not grouped and len(used) == 1 and used[0].keys() == {"id", "items"}
        document = {
            "format": "pouls/1",
            "key": key,
            "languages": list(self.languages),
            "title": title or dict.fromkeys(self.languages, key),
            "introduction": introduction,
            "sections": None if bare else used,
            "items": self.items,
        }
        return {name: value for name, value in document.items() if value}

    def _closed(self, section: dict[str, Any]) -> dict[str, Any] | None:
        """Without what is empty, and without what its items do not allow."""
        place = section.pop("place")
        if not section["items"]:
            if section.get("title") or section.get("text"):
                self.report.lost(place, "is a section without any question")
            return None
        names = set(section["items"])
        rows = [item for item in self.items if item["id"] in names]
        conditional = [item for item in rows if "visible_if" in item]
        if section.get("layout") == "matrix" and not _grid(rows):
            section["layout"] = None
            self.report.changed(place, "is no grid here: its rows are not all ratings alike, asked of everybody")
        if section.get("order") and any(_asks_about(item["visible_if"], names) for item in conditional):
            section["order"] = None
            self.report.changed(place, "is in one order here: a question of it depends on another")
        return {name: value for name, value in section.items() if value}


@dataclass(slots=True)
class Part:
    """A group, page or panel of the file; its title and text are shown once, where its first section begins."""

    name: str
    title: dict[str, str] | None = None
    text: dict[str, str] | None = None
    condition: Condition = None
    order: str | None = None
    open: bool = False
    begun: bool = False


def below(text: dict[str, str] | None, more: dict[str, str] | None) -> dict[str, str] | None:
    """One text under the other, in each language that both have."""
    if not text or not more:
        return text or more
    return {one: f"{text[one]}\n\n{more[one]}" for one in text if one in more} or text


def joined(conditions: Sequence[Condition]) -> Condition:
    """What holds where all of them do."""
    found: Condition = None
    for one in conditions:
        found = both(found, one)
    return found


def _grid(rows: Sequence[dict[str, Any]]) -> bool:
    alike = all(row.get(name) == rows[0].get(name) for row in rows for name in ("type", "points", "labels"))
    return alike and rows[0]["type"] == "rating" and not any("visible_if" in row for row in rows)


def _asks_about(condition: dict[str, Any], items: set[str]) -> bool:
    inner = (*condition.get("all", ()), *condition.get("any", ()), *filter(None, [condition.get("not")]))
    return condition.get("item") in items or any(_asks_about(one, items) for one in inner)


def consecutive(codes: Sequence[str], firsts: Collection[int] = (1,)) -> bool:
    """Whether codes count up one by one from an allowed first number: `1, 2, 3`, or `A1, A2, A3`."""
    found = [_CODE.fullmatch(code) for code in codes]
    numbers = [int(one[1]) for one in found if one]
    alike = len({code.rstrip("0123456789") for code in codes}) == 1
    whole = len(numbers) == len(codes) and alike and 2 <= len(codes) <= MAX_POINTS  # noqa: PLR2004 - two ends
    return whole and numbers[0] in firsts and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def bounded(value: Decimal, place: str, report: Report) -> int:
    """A bound of a number as ours may be."""
    whole = max(-NUMBER_LIMIT, min(NUMBER_LIMIT, int(value)))
    if whole != value:
        report.changed(place, f"has a bound that is not whole, or over {NUMBER_LIMIT:,}: it is {whole} here")
    return whole
