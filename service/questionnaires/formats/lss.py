"""LimeSurvey surveys (.lss), read: groups and arrays are sections, questions and rows of arrays their items."""

import re
from collections.abc import Callable, Mapping

from service.questionnaires.formats import lss_tables
from service.questionnaires.formats.drawn import Drawn, Part, below
from service.questionnaires.formats.expressions import LIMESURVEY
from service.questionnaires.formats.lss_questions import Answers, Question, add
from service.questionnaires.formats.lss_tables import Row, Tables
from service.questionnaires.formats.names import slug
from service.questionnaires.formats.report import Read, Report

MENTION = re.compile(r"\{(?!\s)([^{}]{1,300})(?<!\s)\}")
_ALWAYS = frozenset({"", "1"})
_READ = frozenset(
    {"questions", "subquestions", "question_l10ns", "answers", "answer_l10ns", "groups", "group_l10ns", "languages"}
    | {"question_attributes", "surveys", "surveys_languagesettings", "conditions", "quota", "quota_members"}
    | {"quota_languagesettings", "assessments"}
)
_TEXTS_OF_THE_SURVEY = {
    "surveyls_endtext": "a text for the end",
    "surveyls_url": "an address to go on to",
    "surveyls_policy_notice": "a notice on data protection",
    "surveyls_policy_notice_label": "a consent to give",
}
_SCREEN = frozenset({"surveyls_survey_id", "surveyls_language", "surveyls_dateformat", "surveyls_numberformat"})
_ORDER = 9


def read(data: bytes, language: str = "fr") -> Read:
    """The document of a survey.

    Args:
        data: the .lss file.
        language: where the file names none that is known.

    Raises:
        Unreadable: it is no survey, or larger than the limits.
    """
    report = Report()
    tables = lss_tables.read(data, language, report)
    drawn = Drawn(report, list(tables.tags.values()), LIMESURVEY, MENTION)
    settings = _Settings(tables, drawn)
    title, introduction = settings.said("surveyls_title"), settings.introduction()
    _Walk(tables, drawn).through()
    _tell_what_is_left(tables, report)
    settings.tell()
    first = next(iter((title or {}).values()), "")
    return Read(drawn.document(slug(first, "survey"), title, introduction), report)


class _Settings:
    """The texts of the survey as a whole."""

    def __init__(self, tables: Tables, drawn: Drawn) -> None:
        self._tables = tables
        self._drawn = drawn
        self._rows = [
            row | {"language": row.get("surveyls_language", "")} for row in tables.of("surveys_languagesettings")
        ]

    def said(self, name: str) -> dict[str, str] | None:
        found = self._tables.words([row | {"id": ""} for row in self._rows], "id", name)
        return self._drawn.texts(found.get("", {}), name)

    def introduction(self) -> dict[str, str] | None:
        about, welcome = self.said("surveyls_description"), self.said("surveyls_welcometext")
        if about and welcome:
            self._drawn.report.changed("surveyls_description", "stands above the welcome, in one introduction")
            return {one: f"{about[one]}\n\n{welcome[one]}" for one in about if one in welcome}
        return welcome or about

    def tell(self) -> None:
        report = self._drawn.report
        for name in dict.fromkeys(name for row in self._rows for name, text in row.items() if text.strip()):
            if name in _TEXTS_OF_THE_SURVEY:
                report.lost(name, f"is {_TEXTS_OF_THE_SURVEY[name]}, which a questionnaire does not have")
            elif name.startswith(("surveyls_email", "email_")):
                report.lost(name, "is a template of an e-mail, which a questionnaire does not have")
            elif name.startswith("surveyls_") and name not in _SCREEN | _CARRIED:
                report.lost(name, "is a setting that a questionnaire does not have")
        if self._tables.of("surveys"):
            report.lost("surveys", "holds settings (dates, access, look, notifications), which are not kept")


_CARRIED = frozenset({"surveyls_title", "surveyls_description", "surveyls_welcometext"})


class _Walk:
    """Through groups and their questions, in their order."""

    def __init__(self, tables: Tables, drawn: Drawn) -> None:
        self._tables = tables
        self._drawn = drawn
        self._answers = Answers(tables)
        self._parts: dict[str, list[Row]] = {}
        self._attributes: dict[str, dict[str, str]] = {}
        for row in tables.of("question_attributes"):
            self._attributes.setdefault(row.get("qid", ""), {})[row.get("attribute", "")] = row.get("value", "")
        worded = tables.of("question_l10ns") or tables.of("questions", "subquestions")
        self._words = tables.words(worded, "qid", "question")
        self._helps = tables.words(worded, "qid", "help")

    def through(self) -> None:
        questions: dict[str, list[Row]] = {}
        seen: set[str] = set()
        for row in self._tables.of("questions", "subquestions"):
            qid, parent = row.get("qid", ""), row.get("parent_qid", "") or "0"
            if qid in seen:  # once in each language, in older files
                continue
            seen.add(qid)
            if parent != "0":
                self._parts.setdefault(parent, []).append(row)
            else:
                questions.setdefault(row.get("gid", ""), []).append(row)
        groups = self._tables.of("groups")
        worded = self._tables.of("group_l10ns") or groups
        titles, texts = (self._tables.words(worded, "gid", name) for name in ("group_name", "description"))
        done: set[str] = set()
        for row in sorted(groups, key=_place("group_order")):
            gid = row.get("gid", "")
            if gid not in done:
                done.add(gid)
                self._group(row, titles.get(gid, {}), texts.get(gid, {}), questions.get(gid, []))
        for gid in [gid for gid in questions if gid not in done]:
            for row in questions[gid]:
                self._drawn.report.lost(_name(row), "stands in no group")

    def _group(self, row: Row, title: Mapping[str, str], text: Mapping[str, str], questions: list[Row]) -> None:
        name = next(iter(title.values()), "") or f"group {row.get('gid', '')}"
        relevance = row.get("grelevance", "").strip()
        condition = None if relevance in _ALWAYS else self._drawn.condition(relevance, name)
        if row.get("randomization_group"):
            self._drawn.report.changed(name, "comes in its place here: groups are not shuffled")
        said = self._drawn.texts(title, name), self._drawn.texts(text, name)
        group = Part(name, *said, condition)
        for question in sorted(questions, key=_place("question_order")):
            self._drawn.counted()
            self._question(question, group)
        self._drawn.close(group)

    def _question(self, row: Row, group: Part) -> None:
        name, qid, report = _name(row), row.get("qid", ""), self._drawn.report
        given = self._attributes.get(qid, {})
        if self._helps.get(qid):
            report.lost(name, "its help is not kept")
        if row.get("preg", "").strip():
            report.lost(name, "its pattern for answers is not kept")
        if given.get("hidden") == "1":
            report.lost(name, "is hidden from respondents")
            return
        relevance = row.get("relevance", "").strip()
        condition = None if relevance in _ALWAYS else self._drawn.condition(relevance, name)
        parts = sorted(self._parts.get(qid, []), key=_place("question_order"))
        conditional = [part for part in parts if part.get("relevance", "").strip() not in _ALWAYS]
        for part in conditional:
            report.changed(f"{name}_{_name(part)}", "is asked of everybody who is asked the question around it")
        question = Question(
            name=name,
            called=_called(row, name),
            type=row.get("type", ""),
            words=self._words.get(qid, {}),
            required=_required(row, name, report),
            condition=condition,
            parts=[(_name(part), self._words.get(part.get("qid", ""), {})) for part in parts if _of_rows(part)],
            attributes=given,
        )
        if any(not _of_rows(part) for part in parts) and question.type in {"F", "H"}:
            report.lost(name, "its second axis is not kept")
        if row.get("other") == "Y":
            report.changed(name, "has no free answer (other) here")
        if question.type == "X":
            self._note(question, group)
        else:
            add(question, self._drawn, self._answers.of(qid), group)
        question.tell_attributes(report)

    def _note(self, question: Question, group: Part) -> None:
        """A text of its own is the text of the section that follows."""
        report = self._drawn.report
        said = self._drawn.texts(question.words, question.name)
        if question.condition is not None or said is None:
            report.lost(question.name, "is a text for some people only, or without words")
            return
        report.changed(question.name, "is the text of a section here")
        if group.open:
            group.open, group.text = False, said
        else:
            group.text = below(group.text, said)


def _name(row: Row) -> str:
    return row.get("title", "") or f"question {row.get('qid', '')}"


def _called(row: Row, name: str) -> list[str]:
    """What expressions may call it: its code, or its place in the survey."""
    return [name, f"{row.get('sid', '')}X{row.get('gid', '')}X{row.get('qid', '')}"]


def _of_rows(part: Row) -> bool:
    return part.get("scale_id", "0") in {"", "0"}


def _required(row: Row, name: str, report: Report) -> bool:
    if row.get("mandatory") == "S":
        report.changed(name, "may be skipped here without a reminder")
    return row.get("mandatory") == "Y"


def _place(field_name: str) -> Callable[[Row], int]:
    def place(row: Row) -> int:
        number = row.get(field_name, "")
        return int(number) if number.isascii() and number.isdigit() and len(number) <= _ORDER else 0

    return place


def _tell_what_is_left(tables: Tables, report: Report) -> None:
    for row in tables.of("quota"):
        report.lost(row.get("name", "") or "quota", "is a quota, which a questionnaire does not have")
    for row in tables.of("assessments"):
        report.lost(row.get("name", "") or "assessment", "is an assessment: make scales with bands of it")
    relevant = {row.get("qid", "") for row in tables.of("questions") if row.get("relevance", "").strip() not in _ALWAYS}
    names = {row.get("qid", ""): _name(row) for row in tables.of("questions")}
    for row in tables.of("conditions"):
        if row.get("qid", "") not in relevant:
            report.changed(
                names.get(row.get("qid", ""), "conditions"),
                "is asked of everybody here: its condition is of an old form",
            )
    for name, rows in tables.rows.items():
        if name not in _READ:
            report.lost(name, f"is a table of {len(rows)} row(s) that is not kept")
    for name in tables.others:
        report.lost(name, "is a part of the survey that is not kept")
