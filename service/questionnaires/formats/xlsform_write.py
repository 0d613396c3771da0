"""Documents as XLSForm workbooks, for the tools that read those, and so that they come back as they were."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

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
from service.questionnaires.formats import workbook_write
from service.questionnaires.formats.report import Report, Written
from service.questionnaires.formats.tags import name_of
from service.questionnaires.formats.workbook import MAX_CELL
from service.questionnaires.formats.xlsform_cells import IN_SHEET, SHEET, cell_of, json_cell, leaves, told_apart, xpath
from service.questionnaires.languages import text_in

_OURS = (
    "pouls_type", "pouls_label", "pouls_visible_if", "pouls_required", "pouls_sensitive", "pouls_reverse",
    "pouls_max_ranks", "pouls_order",
)  # fmt: skip
_PIPED = "shows the words for a missing answer in other tools, where it mentions an earlier answer"
Cells = dict[str, str]


def write(document: Document) -> Written:
    """The workbook: survey, choices and settings for every tool; what only we read in columns and a sheet of ours."""
    form = _Form(document)
    form.fill()
    labels = [f"label::{name_of(language)}" for language in document.languages]
    survey = ["type", "name", *labels, "required", "relevant", "constraint", "appearance", *_OURS]
    settings = {
        "form_title": cell_of(document.title, document.languages[0]),
        "form_id": document.key,
        "default_language": name_of(document.languages[0]),
    }
    ours = {name: value for name, value in document.as_json().items() if name in IN_SHEET and value}
    sheets = {
        "survey": _table(survey, form.survey),
        "choices": _table(["list_name", "name", *labels, "pouls_label"], form.choices),
        "settings": _table(list(settings), [settings]),
        SHEET: [["pointer", "content"], *([pointer, json_cell(value)] for pointer, value in leaves(ours))],
    }
    if document.scales or document.indices:
        form.report.changed("scales", f"are in the sheet {SHEET}, which other tools do not read")
    return Written(workbook_write.write(sheets), form.report)


def _table(columns: Sequence[str], rows: Sequence[Cells]) -> list[list[str]]:
    return [list(columns), *([row.get(column, "") for column in columns] for row in rows)]


class _Form:
    """The rows of a document, in the order in which they are shown."""

    def __init__(self, document: Document) -> None:
        self.report = Report()
        self.survey: list[Cells] = []
        self.choices: list[Cells] = []
        self._document = document
        self._kinds = {item.id: str(item.type) for item in document.items}
        self._lists: dict[str, str] = {}

    def fill(self) -> None:
        document = self._document
        if document.introduction:
            self._note("_introduction", document.introduction, "introduction")
        items = {item.id: item for item in document.items}
        for section in document.sections or ():
            self._section(section, items)
        for item in () if document.sections else document.items:
            self._item(item)
        for number, contact in enumerate(document.support, 1):
            self._contact(f"_support_{number}", contact)

    def _labelled(self, texts: Texts, place: str) -> Cells:
        languages = self._document.languages
        cells = {f"label::{name_of(language)}": cell_of(texts, language) for language in languages}
        if told_apart(texts, languages):
            cells["pouls_label"] = json_cell(texts)
            if any("{{" in text and cell_of(texts, language) != text for language, text in texts.items()):
                self.report.changed(place, _PIPED)
        return cells

    def _note(self, name: str, texts: Texts, kind: str) -> None:
        self.survey.append({"type": "note", "name": name, "pouls_type": kind} | self._labelled(texts, name))

    def _contact(self, name: str, contact: Contact) -> None:
        reach = [part for part in (contact.phone, contact.url) if part]
        lines = {
            language: "\n".join([text_in(contact.name, language), text_in(contact.detail, language), *reach])
            for language in self._document.languages
        }
        self.survey.append({"type": "note", "name": name, "pouls_type": "support"} | self._labelled(lines, name))
        self.survey[-1].pop("pouls_label", None)  # the contact itself stands in our sheet

    def _section(self, section: Section, items: Mapping[str, Item]) -> None:
        row = {"type": "begin_group", "name": section.id} | self._asked_if(section.visible_if, section.id)
        if section.title:
            row |= self._labelled(section.title, section.id)
        if section.layout == "matrix":
            row["appearance"] = "table-list"
        if section.order:
            row["pouls_order"] = section.order
            self.report.changed(section.id, "is in the listed order in other tools, not shuffled")
        self.survey.append(row)
        if section.text:
            self._note(f"_text_{section.id}"[:64], section.text, "section_text")
        for name in section.items:
            self._item(items[name], grid=section.layout == "matrix")
        self.survey.append({"type": "end_group"})

    def _item(self, item: Item, *, grid: bool = False) -> None:
        row = {"name": item.id, "pouls_type": str(item.type)} | self._labelled(item.text, item.id)
        row |= self._asked_if(item.visible_if, item.id)
        row["required"] = "yes" if must_answer(item) else ""
        row["pouls_required"] = "yes" if item.required and not must_answer(item) else ""
        row["pouls_sensitive"] = "yes" if item.sensitive else ""
        self.survey.append(row | self._answers(item, grid=grid))

    def _answers(self, item: Item, *, grid: bool) -> Cells:  # noqa: PLR0911 - one for each type
        match item:
            case RatingItem():
                look = {} if grid else {"appearance": "likert"}
                reverse = {"pouls_reverse": "yes"} if item.reverse else {}
                return self._points(item.id, range(1, item.points + 1), item.labels) | look | reverse
            case EnpsItem():
                return self._points(item.id, range(ENPS_MOST + 1), item.labels) | {"appearance": "likert"}
            case SingleChoiceItem():
                return self._options("select_one", item)
            case MultipleChoiceItem():
                most = {"constraint": f"count-selected(.) <= {item.max_choices}"} if item.max_choices else {}
                return self._options("select_multiple", item) | most
            case RankingItem():
                if item.max_ranks:
                    self.report.changed(item.id, "asks to put all options in order in other tools")
                return self._options("rank", item) | {"pouls_max_ranks": str(item.max_ranks or "")}
            case NumberItem():
                return {"type": "integer", "constraint": f". >= {item.minimum} and . <= {item.maximum}"}
            case TextItem():
                return {"type": "text", "constraint": f"string-length(.) <= {item.max_length}"}

    def _points(self, name: str, points: range, labels: Mapping[Any, Texts] | None) -> Cells:
        return self._list("select_one", name, {str(point): (labels or {}).get(str(point)) for point in points})

    def _options(self, kind: str, item: SingleChoiceItem | MultipleChoiceItem | RankingItem) -> Cells:
        return self._list(kind, item.id, {option.id: option.text for option in item.options})

    def _list(self, kind: str, name: str, answers: Mapping[str, Texts | None]) -> Cells:
        """The type with its list of answers, which items with the same answers share."""
        rows = []
        for code, texts in answers.items():
            plainly = dict.fromkeys(self._document.languages, code)
            row = {"name": code} | self._labelled(texts or plainly, name)
            if texts == plainly and kind == "select_one":  # a label, and not for want of one
                row["pouls_label"] = json_cell(texts)
            if texts is None:
                row.pop("pouls_label", None)
            rows.append(row)
        known = self._lists.setdefault(json.dumps(rows), name)
        if known == name:
            self.choices += [{"list_name": name} | row for row in rows]
        return {"type": f"{kind} {known}"}

    def _asked_if(self, condition: Condition | None, place: str) -> Cells:
        if condition is None:
            return {}
        relevant = xpath(condition, self._kinds)
        kept = json_cell(condition.model_dump(mode="json", exclude_none=True, by_alias=True))
        if max(len(relevant), len(kept)) > MAX_CELL:
            self.report.lost(place, "is asked of everybody there: its condition is longer than a cell may be")
            return {}
        return {"relevant": relevant, "pouls_visible_if": kept}
