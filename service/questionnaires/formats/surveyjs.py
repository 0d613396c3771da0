"""SurveyJS surveys (JSON), read: pages and panels are sections, elements items. A subset; the rest is reported."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from service.questionnaires.formats import own
from service.questionnaires.formats.conditions import both
from service.questionnaires.formats.drawn import Drawn, Part, below
from service.questionnaires.formats.expressions import SURVEYJS
from service.questionnaires.formats.names import slug
from service.questionnaires.formats.report import Read, Report, Unreadable
from service.questionnaires.formats.surveyjs_element import Element, listed
from service.questionnaires.formats.surveyjs_questions import add
from service.questionnaires.formats.tags import not_too_many, tag_of

MENTION = re.compile(r"\{([^{}]{1,200})\}")
MAX_DEPTH = 12
"""Panels inside panels."""
_LOCALE = re.compile(r"[a-z]{2}([-_][A-Za-z]{2,4})?")


def read(data: bytes, language: str = "fr") -> Read:
    """The document of a survey.

    Args:
        data: the JSON file.
        language: of texts in the default language, where the survey has no `locale`.

    Raises:
        Unreadable: it is no survey, or larger than the limits.
    """
    found = own.value(data)
    if not isinstance(found, dict) or not any(isinstance(found.get(name), list) for name in ("pages", "elements")):
        raise Unreadable("the file is no SurveyJS survey: it has no pages and no elements")
    report = Report()
    tags = _languages(found, language, report)
    drawn = Drawn(report, list(dict.fromkeys(tags.values())), SURVEYJS, MENTION)
    walk = _Walk(drawn, tags)
    survey = Element(found, tags)
    survey.take("locale")
    title = drawn.texts(survey.words("title"), "title")
    introduction = drawn.texts(survey.words("description"), "description")
    order = "random" if survey.take("questionsOrder") == "random" else None
    loose = listed(survey.take("elements"))
    if loose:
        walk.through(loose, Part("survey", order=order), 0)
    for number, page in enumerate(listed(survey.take("pages")), 1):
        walk.panel(Element(page, tags), f"page {number}", Part("survey", order=order), 0)
    survey.tell_rest(report, "survey", walk.looks)
    if walk.looks:
        report.changed("survey", f"is shown in our way, without its settings: {', '.join(sorted(walk.looks))}")
    key = slug(next(iter((title or {}).values()), ""), "survey")
    return Read(drawn.document(key, title, introduction), report)


def _languages(found: Mapping[str, Any], language: str, report: Report) -> dict[str, str]:
    """Tags by the names of locales, `default` among them."""
    locale = found.get("locale")
    main = tag_of(locale) if isinstance(locale, str) else None
    if main is None:
        report.changed("locale", f"is not given, or not known: texts without a language are taken for {language}")
    names: dict[str, None] = {}
    layer: list[object] = [found]
    while layer:
        inner: list[object] = []
        for value in layer:
            if isinstance(value, dict):
                locales = [name for name in value if name != "default"]
                if all(map(_LOCALE.fullmatch, locales)):
                    names |= dict.fromkeys(locales)
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        layer = inner
    not_too_many(len(names))
    return {"default": main or language} | {name: tag for name in names if (tag := tag_of(name))}


class _Walk:
    """Through pages, panels and elements, in their order."""

    def __init__(self, drawn: Drawn, tags: Mapping[str, str]) -> None:
        self.looks: set[str] = set()
        self._drawn = drawn
        self._tags = tags

    def panel(self, panel: Element, name: str, outer: Part, depth: int) -> None:
        """A page or a panel; what the part around it says and has not shown yet stands above."""
        if depth > MAX_DEPTH:
            raise Unreadable("the survey has panels inside panels, too many of them")
        report = self._drawn.report
        panel.take("type")
        place = panel.name(name)
        title = self._drawn.texts(panel.words("title"), place)
        text = below(outer.text, self._drawn.texts(panel.words("description"), place))
        if not outer.begun and outer.title:
            if title is not None:
                report.changed(outer.name, "holds panels alone: its title stands in a text here")
                text = below(outer.title, text)
            title = title or outer.title
        outer.text, outer.begun, outer.open = None, True, False
        written = panel.take("visibleIf")
        condition = self._drawn.condition(str(written), place) if written else None
        order = "random" if panel.take("questionsOrder") == "random" else outer.order
        part = Part(place, title, text, both(outer.condition, condition), order)
        inside = listed(panel.take("elements"))
        panel.tell_rest(report, place, self.looks)
        self.through(inside, part, depth)
        self._drawn.close(part)

    def through(self, elements: Sequence[Mapping[str, Any]], part: Part, depth: int) -> None:
        for number, one in enumerate(elements, 1):
            self._drawn.counted()
            element = Element(one, self._tags)
            place = element.name(f"element {number}")
            kind = element.kind()
            if kind == "panel":
                self.panel(element, place, part, depth + 1)
                continue
            add(element, kind, place, self._drawn, part)
            element.tell_rest(self._drawn.report, place, self.looks)
