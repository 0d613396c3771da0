"""XLSForm workbooks, read: groups are sections, notes their texts, questions their items.

The workbook is read by ourselves and not by pyxform, which stops at the first row that it can not turn into a form and
names no others, leaves out columns and sheets that it does not know without a word, and opens workbooks of any size.
What we write is checked with it in the tests.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from service.questionnaires.formats import workbook
from service.questionnaires.formats.drawn import PARTED, Condition, Drawn, below, joined
from service.questionnaires.formats.expressions import XLSFORM
from service.questionnaires.formats.names import slug
from service.questionnaires.formats.report import Read, Report, Unreadable
from service.questionnaires.formats.tags import tag_of
from service.questionnaires.formats.xlsform_cells import IN_SHEET, SHEET, cell_of, put, value_of
from service.questionnaires.formats.xlsform_items import Choices, Place, add_question, visible_if
from service.questionnaires.formats.xlsform_table import Heads, Line, heads, languages, lines

MAX_DEPTH = 20
"""Groups inside groups."""
_MANY = 20_000
_SHEETS = {"survey": 5_000, "choices": _MANY, "settings": 10, SHEET: _MANY}
"""With their largest numbers of rows."""
MENTION = re.compile(r"\$\{([^{}]{1,200})\}")
_GROUP = re.compile(r"(begin|end)[ _]?(group|repeat|loop)\b.*")
_ABOUT_THE_ROUND = frozenset(
    {"start", "end", "today", "deviceid", "device_id", "username", "phonenumber", "email", "simserial", "subscriberid"}
    | {"audit", "start-geopoint", "background-audio"}
)


@dataclass(slots=True)
class _Group:
    name: str
    title: dict[str, str] | None = None
    condition: Condition = None
    grid: bool = False
    order: str | None = None
    notes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """With their names, where they are to be told of."""
    begun: int = 0
    """Sections made of it so far."""


def read(data: bytes, language: str = "fr") -> Read:
    """The document of a workbook.

    Args:
        data: the .xlsx file.
        language: of labels whose column names none, and the settings neither.

    Raises:
        Unreadable: it is no XLSForm, or larger than the limits.
    """
    report = Report()
    sheets, others = workbook.read(data, _SHEETS)
    if not sheets.get("survey"):
        raise Unreadable("the workbook has no sheet named survey")
    for name in others:
        report.lost(name, "is a sheet that is not read")
    head = {name: heads(rows[0] if rows else None) for name, rows in sheets.items()}
    if "type" not in head["survey"].columns.values():
        raise Unreadable("the sheet survey has no column named type")
    settings = _settings(sheets.get("settings", []), head.get("settings", Heads()), report)
    default = settings.take("default_language")
    if default and tag_of(default) is None:
        report.changed("settings", f"has a default language not known by its name: it is taken for {language}")
    spoken = tag_of(default) or language
    if not default and any("" in one.labels.values() for one in head.values()):
        report.changed("label", f"names no language: it is taken for {spoken}")
    tags, listed = languages([head[name] for name in ("survey", "choices") if name in head], spoken, report)
    drawn = Drawn(report, listed, XLSFORM, MENTION)
    choices = Choices(lines(sheets.get("choices", []), head.get("choices", Heads()), tags, report, "choices"), drawn)
    ours = _ours(lines(sheets.get(SHEET, []), head.get(SHEET, Heads()), tags, report, SHEET), report)
    walk = _Walk(drawn, choices)
    walk.through(lines(sheets["survey"], head["survey"], tags, report, "survey"))
    choices.tell_unused()
    key = slug(settings.take("form_id") or settings.take("form_title"), "questionnaire")
    title = _title(settings.take("form_title"), ours.pop("title", None), spoken, drawn)
    settings.tell_rest(report, "settings")
    return Read(drawn.document(key, title, walk.introduction, grouped=walk.grouped) | ours, report)


def _settings(rows: list[workbook.Row], head: Heads, report: Report) -> Line:
    found = lines(rows, head, {}, report, "settings")
    for line in found[1:]:
        report.lost(f"settings, row {line.number}", "is a second row of settings")
    return found[0] if found else Line(0, {}, {})


def _title(given: str, kept: Any, spoken: str, drawn: Drawn) -> dict[str, str] | None:
    """The title in the settings, and its translations where it is still the one that they translate."""
    if isinstance(kept, dict):
        texts = _of_languages(kept)
        first = spoken if spoken in texts else next(iter(texts), None)
        if first and (not given or cell_of(texts, first).strip() == given):
            return texts
        drawn.report.changed("settings", "has a title that was changed: its translations are left out")
    if not given:
        drawn.report.changed("settings", "has no title: the name of the form stands for it")
        return None
    if len(drawn.languages) > 1:
        drawn.report.changed("settings", "has a title in one language, which stands for all")
    return drawn.texts(dict.fromkeys(drawn.languages, given), "settings")


def _of_languages(kept: dict[str, Any]) -> dict[str, str]:
    return {language: text for language, text in kept.items() if isinstance(text, str)}


def _ours(found: list[Line], report: Report) -> dict[str, Any]:
    """The fields of a document that stand in our own sheet."""
    whole: dict[str, Any] = {}
    for line in found:
        pointer, cell = line.take("pointer"), line.take("content")
        content = value_of(cell)
        if content is None or not put(whole, pointer, content):
            report.lost(f"{SHEET}, row {line.number}", "is no field of a document at its place")
        line.tell_rest(report, f"{SHEET}, row {line.number}")
    return {name: whole[name] for name in IN_SHEET if name in whole}


class _Walk:
    """Through the rows of the survey, in and out of groups."""

    def __init__(self, drawn: Drawn, choices: Choices) -> None:
        self.introduction: dict[str, str] | None = None
        self.grouped = False
        self._drawn = drawn
        self._choices = choices
        self._groups: list[_Group] = [_Group("section")]
        self._repeats = 0
        self._sectioned = False
        self._open: _Group | None = None

    def through(self, survey: list[Line]) -> None:
        kinds = [" ".join(line.cells.get("type", "").lower().split()) for line in survey]
        self.grouped = self._sectioned = any(_GROUP.fullmatch(kind) for kind in kinds)
        for line, kind in zip(survey, kinds, strict=True):
            written = line.take("type")
            name = line.take("name")
            place = name or f"survey, row {line.number}"
            self._drawn.counted()
            self._row(line, kind, written, place)
            line.tell_rest(self._drawn.report, place)
        for group in self._groups:
            self._left(group)

    def _row(self, line: Line, kind: str, written: str, place: str) -> None:
        report = self._drawn.report
        if found := _GROUP.fullmatch(kind):
            self._group(line, found[1] == "begin", found[2] == "group", place)
        elif not kind:
            if line.cells or line.label:
                report.lost(place, "has no type")
                line.cells.clear()
        elif self._repeats:
            report.lost(place, "is asked again and again: it stands in a repeat")
            line.cells.clear()
        elif kind == "note":
            self._note(line, line.take("pouls_type"), place)
        elif kind in _ABOUT_THE_ROUND:
            report.lost(place, "records the round or the device, not an answer")
            line.cells.clear()
        elif not add_question(line, written, Place(place, self._section), self._drawn, self._choices):
            line.cells.clear()

    def _group(self, line: Line, begins: bool, once: bool, place: str) -> None:
        report = self._drawn.report
        if not begins:
            if not once and self._repeats:
                self._repeats -= 1
            elif once and not self._repeats and len(self._groups) > 1:
                self._left(self._groups.pop())
            elif not self._repeats:
                report.changed(place, "ends what has not begun")
        elif not once:
            self._repeats += 1
            report.lost(place, "is a repeat: its questions are asked again and again")
            line.cells.clear()
        elif self._repeats:
            report.lost(place, "is asked again and again: it stands in a repeat")
            line.cells.clear()
        else:
            looks = line.take("appearance").lower().split()
            for look in looks:
                if look not in {"table-list", "field-list"}:
                    report.changed(place, "has a look of its own, which is not kept")
            shuffled = line.take("parameters").lower().replace(" ", "") == "randomize=true"
            order = "random" if shuffled or line.take("pouls_order") == "random" else None
            title = self._choices.said(line, place)
            condition = visible_if(line, place, self._drawn)
            if len(self._groups) > MAX_DEPTH:
                raise Unreadable("the form has groups inside groups, too many of them")
            self._groups.append(_Group(place, title, condition, "table-list" in looks, order))

    def _note(self, line: Line, ours: str, place: str) -> None:
        report, group = self._drawn.report, self._groups[-1]
        if ours == "support":  # it stands in our sheet, from which it is read
            line.cells.clear()
            return
        if line.take("relevant"):
            report.lost(place, "is a note for some people only")
            line.cells.clear()
            return
        said = self._choices.said(line, place)
        if said is None:
            report.lost(place, "is a note without words")
        elif len(self._groups) == 1 and not self._drawn.items and not ours.startswith("section"):
            if ours != "introduction":
                report.changed(place, "is a note, and part of the introduction here")
            self.introduction = below(self.introduction, said)
        else:
            self._sectioned = True
            if not group.notes and group is self._open:
                self._open = None  # what follows is a section of its own, below this text
            group.notes.append(("" if ours == "section_text" else place, said))

    def _section(self) -> dict[str, Any] | None:
        """The section that the next question stands in; None in a form without groups."""
        if not self._sectioned:
            return None
        group = self._groups[-1]
        if self._open is not group:
            self._begin(group)
            self._open = group
        return self._drawn.sections[-1]

    def _begin(self, group: _Group) -> None:
        text: dict[str, str] | None = None
        title = None if group.begun else group.title
        for outer in self._groups[1:-1]:
            if not outer.begun and outer.title:
                if title is None and not group.begun:
                    title = outer.title
                else:
                    text = below(text, outer.title)
                    self._drawn.report.changed(outer.name, "is a group of groups: its title stands in a text here")
            text = self._noted(outer, text)
            outer.begun += 1
        text = self._noted(group, text)
        if group.begun and group.name != "section":
            reason = f"is several sections here, since a group or a note inside it {PARTED}"
            self._drawn.report.changed(group.name, reason)
        known = group is not self._groups[0] and not group.begun
        self._drawn.section(
            group.name,
            **({} if known else {"place": group.name}),
            title=title,
            text=text,
            visible_if=joined([one.condition for one in self._groups]),
            order=group.order,
            layout="matrix" if group.grid else None,
        )
        group.begun += 1

    def _noted(self, group: _Group, text: dict[str, str] | None) -> dict[str, str] | None:
        """The text with the notes of a group below it."""
        for name, said in group.notes:
            text = below(text, said)
            if name:
                self._drawn.report.changed(name, "is a note, and the text of a section here")
        group.notes.clear()
        return text

    def _left(self, group: _Group) -> None:
        """What a group says and no question follows."""
        for name, _ in group.notes:
            self._drawn.report.lost(name or group.name, "is a note that no question follows")
        if group.title and not group.begun:
            self._drawn.report.lost(group.name, "is a group without any question that is carried over")
        if self._open is group:
            self._open = None
