"""What a respondent sees of a questionnaire, in one language. Pure.

Scoring (scales, indices, reverse) is not for respondents and stays out. Who is asked what is decided in the browser, by
the conditions as the document has them, and checked again when the answers arrive. Of a sensitive item the browser says
that whoever prefers not to answer may.
"""

from collections.abc import Mapping
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
    Section,
    SingleChoiceItem,
    TextItem,
)
from service.questionnaires.elements import Condition, Contact, Texts
from service.questionnaires.languages import spoken, text_in


def localised(document: Document, language: str) -> dict[str, Any]:
    """The questionnaire in `language`, one it is a variant of, or else the document's first one."""
    tongue = spoken(language, document.languages)
    shown = {
        "key": document.key,
        "language": tongue,
        "languages": list(document.languages),
        "title": text_in(document.title, tongue),
        "introduction": _text(document.introduction, tongue),
        "support": [_contact(contact, tongue) for contact in document.support],
        "items": [_item(item, tongue) for item in document.items],
    }
    if document.sections:
        shown["sections"] = [_section(section, tongue) for section in document.sections]
    return shown


def _text(texts: Texts | None, language: str) -> str | None:
    return None if texts is None else text_in(texts, language)


def _contact(contact: Contact, language: str) -> dict[str, str | None]:
    return {
        "name": text_in(contact.name, language),
        "detail": text_in(contact.detail, language),
        "phone": contact.phone,
        "url": contact.url,
    }


def _section(section: Section, language: str) -> dict[str, Any]:
    shown = {
        "id": section.id,
        "title": _text(section.title, language),
        "text": _text(section.text, language),
        "items": list(section.items),
        "order": section.order or "listed",
        "layout": section.layout or "list",
    }
    return shown | _asked_if(section.visible_if)


def _item(item: Item, language: str) -> dict[str, Any]:
    shown = {"id": item.id, "type": item.type, "text": text_in(item.text, language), "required": must_answer(item)}
    shown |= {"sensitive": item.sensitive, **_asked_if(item.visible_if)}
    return shown | _answers(item, language)


def _answers(item: Item, language: str) -> dict[str, Any]:
    """What there is to answer."""
    match item:
        case RatingItem():
            return {"points": item.points, "labels": _labels(item.labels, language)}
        case EnpsItem():
            return {"labels": _labels(item.labels, language)}
        case NumberItem():
            return {"minimum": item.minimum, "maximum": item.maximum}
        case TextItem():
            return {"max_length": item.max_length}
        case SingleChoiceItem() | MultipleChoiceItem() | RankingItem():
            return _choices(item, language)


def _choices(item: SingleChoiceItem | MultipleChoiceItem | RankingItem, language: str) -> dict[str, Any]:
    options = [{"id": option.id, "text": text_in(option.text, language)} for option in item.options]
    if isinstance(item, MultipleChoiceItem):
        return {"options": options, "max_choices": item.max_choices or len(options)}
    if isinstance(item, RankingItem):
        return {"options": options, "max_ranks": item.max_ranks or len(options)}
    return {"options": options}


def _asked_if(condition: Condition | None) -> dict[str, Any]:
    if condition is None:
        return {}
    return {"visible_if": condition.model_dump(mode="json", exclude_none=True, by_alias=True)}


def _labels(labels: Mapping[Any, Texts] | None, language: str) -> dict[str, str]:
    return {point: text_in(label, language) for point, label in (labels or {}).items()}
