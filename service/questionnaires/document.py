"""The questionnaire document "pouls/1": parsed, checked, canonical and localised. Pure."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from service.kit.reasons import Fault
from service.questionnaires.elements import (
    MAX_CONTACTS,
    MAX_ITEMS,
    MAX_LANGUAGES,
    Contact,
    Element,
    Id,
    Index,
    Item,
    Language,
    MultipleChoiceItem,
    NumberItem,
    Option,
    RatingItem,
    Scale,
    SingleChoiceItem,
    TextItem,
    Texts,
    at_most,
)
from service.questionnaires.faults import DocumentRefused, structural_faults
from service.questionnaires.lint import Draft, lint

__all__ = [
    "Contact",
    "Document",
    "DocumentRefused",
    "Index",
    "Item",
    "MultipleChoiceItem",
    "NumberItem",
    "Option",
    "RatingItem",
    "Scale",
    "SingleChoiceItem",
    "TextItem",
    "favourable_points",
]

MAX_BYTES = 1 << 20

T = TypeVar("T")


class Document(Element):
    """A questionnaire as published. An instance is always sound: validation refuses with every fault at once."""

    format: Literal["pouls/1"]
    key: Id
    languages: Annotated[
        tuple[Language, ...], Field(min_length=1, max_length=MAX_LANGUAGES, strict=False), at_most(MAX_LANGUAGES)
    ]
    title: Texts
    introduction: Texts | None = None
    support: Annotated[tuple[Contact, ...], Field(max_length=MAX_CONTACTS, strict=False), at_most(MAX_CONTACTS)] = ()
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=MAX_ITEMS, strict=False), at_most(MAX_ITEMS)]
    scales: Annotated[tuple[Scale, ...], Field(max_length=MAX_ITEMS, strict=False), at_most(MAX_ITEMS)] = ()
    indices: Annotated[tuple[Index, ...], Field(max_length=MAX_ITEMS, strict=False), at_most(MAX_ITEMS)] = ()

    @classmethod
    def parse(cls, obj: object) -> Self:
        """The document in a decoded JSON value; raises `DocumentRefused` with all its faults, never with a value."""
        try:
            return cls.model_validate(obj)
        except ValidationError as error:
            faults = structural_faults(error)
        # Raised out here, so that the exception does not carry pydantic's own, which holds the input.
        raise DocumentRefused([*faults, *lint(_salvage(obj))])

    @model_validator(mode="after")
    def _sound(self) -> Self:
        draft = Draft(
            source=self.model_dump(mode="json", exclude_none=True),
            items=dict(enumerate(self.items)),
            scales=dict(enumerate(self.scales)),
            indices=dict(enumerate(self.indices)),
        )
        faults = lint(draft)
        if len(self.canonical()) > MAX_BYTES:
            faults.append(Fault("", f"must be at most {MAX_BYTES} bytes long"))
        if faults:
            raise DocumentRefused(faults)
        return self

    def canonical(self) -> bytes:
        """The one JSON spelling of this document: keys sorted, UTF-8, no spaces, defaults written out."""
        content = self.model_dump(mode="json", exclude_none=True)
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    def digest(self) -> str:
        """SHA-256 of the canonical form, in hexadecimal."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def localised(self, language: str) -> dict[str, Any]:
        """What a respondent sees, in `language` or else in the document's first one.

        Scoring (scales, indices, reverse) and the `sensitive` flag are not for respondents and stay out.
        """
        spoken = language if language in self.languages else self.languages[0]
        return {
            "key": self.key,
            "language": spoken,
            "languages": list(self.languages),
            "title": self.title[spoken],
            "introduction": self.introduction[spoken] if self.introduction else None,
            "support": [
                {
                    "name": contact.name[spoken],
                    "detail": contact.detail[spoken],
                    "phone": contact.phone,
                    "url": contact.url,
                }
                for contact in self.support
            ],
            "items": [_localised_item(item, spoken) for item in self.items],
        }


def favourable_points(points: int) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """The favourable, neutral and unfavourable points of a rating 1..points, after reversal.

    The top two fifths (to the nearest point, at least one) are favourable and as many at the bottom unfavourable.
    """
    side = max(1, (4 * points + 5) // 10)
    favourable = frozenset(range(points - side + 1, points + 1))
    unfavourable = frozenset(range(1, side + 1))
    return favourable, frozenset(range(1, points + 1)) - favourable - unfavourable, unfavourable


def _localised_item(item: Item, language: str) -> dict[str, Any]:
    common = {"id": item.id, "type": item.type, "text": item.text[language], "required": item.required}
    match item:
        case RatingItem():
            labels = {point: label[language] for point, label in (item.labels or {}).items()}
            return common | {"points": item.points, "labels": labels}
        case SingleChoiceItem():
            return common | {"options": _localised_options(item.options, language)}
        case MultipleChoiceItem():
            options = _localised_options(item.options, language)
            return common | {"options": options, "max_choices": item.max_choices or len(options)}
        case NumberItem():
            return common | {"minimum": item.minimum, "maximum": item.maximum}
        case TextItem():
            return common | {"max_length": item.max_length}


def _localised_options(options: tuple[Option, ...], language: str) -> list[dict[str, str]]:
    return [{"id": option.id, "text": option.text[language]} for option in options]


_ITEM: TypeAdapter[Item] = TypeAdapter(Item)
_SCALE: TypeAdapter[Scale] = TypeAdapter(Scale)
_INDEX: TypeAdapter[Index] = TypeAdapter(Index)


def _salvage(obj: object) -> Draft:
    """The well-formed elements of a document that is not, so that the checks between elements can still speak."""
    source: Mapping[str, object] = obj if isinstance(obj, dict) else {}
    return Draft(
        source=source,
        items=_well_formed(_ITEM, source.get("items")),
        scales=_well_formed(_SCALE, source.get("scales")),
        indices=_well_formed(_INDEX, source.get("indices")),
    )


def _well_formed(adapter: TypeAdapter[T], entries: object) -> dict[int, T]:
    read: dict[int, T] = {}
    for at, entry in enumerate(entries[:MAX_ITEMS] if isinstance(entries, list) else ()):
        with suppress(ValidationError):
            read[at] = adapter.validate_python(entry)
    return read
