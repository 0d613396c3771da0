"""The questionnaire document "pouls/1": parsed, checked and canonical. Pure."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, TypeAdapter, ValidationError, ValidationInfo, model_validator

from service.kit.reasons import Fault
from service.questionnaires.elements import (
    MAX_CONTACTS,
    MAX_ITEMS,
    MAX_LANGUAGES,
    MAX_SECTIONS,
    Contact,
    Element,
    EnpsItem,
    Id,
    Index,
    Item,
    Language,
    MultipleChoiceItem,
    NumberItem,
    Option,
    RankingItem,
    RatingItem,
    Scale,
    Section,
    SingleChoiceItem,
    TextItem,
    Texts,
    at_most,
)
from service.questionnaires.lint import lint
from service.questionnaires.lint.decoded import Decoded
from service.questionnaires.lint.faults import DocumentRefused, structural_faults

__all__ = [
    "Contact",
    "Document",
    "DocumentRefused",
    "EnpsItem",
    "Index",
    "Item",
    "MultipleChoiceItem",
    "NumberItem",
    "Option",
    "RankingItem",
    "RatingItem",
    "Scale",
    "Section",
    "SingleChoiceItem",
    "TextItem",
    "favourable_points",
]

MAX_BYTES = 1 << 20
_STORED: dict[str, Any] = {"stored": True}

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
    sections: (
        Annotated[
            tuple[Section, ...], Field(min_length=1, max_length=MAX_SECTIONS, strict=False), at_most(MAX_SECTIONS)
        ]
        | None
    ) = None
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=MAX_ITEMS, strict=False), at_most(MAX_ITEMS)]
    scales: Annotated[tuple[Scale, ...], Field(max_length=MAX_ITEMS, strict=False), at_most(MAX_ITEMS)] = ()
    indices: Annotated[tuple[Index, ...], Field(max_length=MAX_ITEMS, strict=False), at_most(MAX_ITEMS)] = ()
    outcome: Annotated[Id | None, Field(description="the scale or index that the other scales are weighed against")] = (
        None
    )

    @classmethod
    def parse(cls, obj: object) -> Self:
        """The document in a decoded JSON value; raises `DocumentRefused` with all its faults, never with a value."""
        try:
            return cls.model_validate(obj)
        except ValidationError as error:
            faults = structural_faults(error)
        # Raised out here, so that the exception does not carry pydantic's own, which holds the input.
        raise DocumentRefused([*faults, *lint(_salvage(obj))])

    @classmethod
    def stored(cls, obj: object) -> Self:
        """A document that was published once, whose digest somebody vouches for; raises `DocumentRefused`.

        What binds its elements together was checked when it was published, by the rules of then, and is not checked
        again: no later rule makes a questionnaire unusable that people are answering, and no waiting time.
        """
        try:
            return cls.model_validate(obj, context=_STORED)
        except ValidationError as error:
            faults = structural_faults(error)
        raise DocumentRefused(faults)

    @model_validator(mode="after")
    def _sound(self, info: ValidationInfo) -> Self:
        if info.context is _STORED:
            return self
        decoded = Decoded(
            source=self.as_json(),
            items=dict(enumerate(self.items)),
            sections=dict(enumerate(self.sections or ())),
            scales=dict(enumerate(self.scales)),
            indices=dict(enumerate(self.indices)),
        )
        faults = lint(decoded)
        if len(self.canonical()) > MAX_BYTES:
            faults.append(Fault("", f"must be at most {MAX_BYTES} bytes long"))
        if faults:
            raise DocumentRefused(faults)
        return self

    def as_json(self) -> dict[str, Any]:
        """The document as it is sent: what is absent stays out, other defaults are written out."""
        return self.model_dump(mode="json", exclude_none=True, by_alias=True)

    def canonical(self) -> bytes:
        """The one JSON spelling of this document: keys sorted, UTF-8, no spaces."""
        return json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    def digest(self) -> str:
        """SHA-256 of the canonical form, in hexadecimal."""
        return hashlib.sha256(self.canonical()).hexdigest()


def favourable_points(points: int) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """The favourable, neutral and unfavourable points of a rating 1..points, after reversal.

    The top two fifths (to the nearest point, at least one) are favourable and as many at the bottom unfavourable.
    """
    side = max(1, (4 * points + 5) // 10)
    favourable = frozenset(range(points - side + 1, points + 1))
    unfavourable = frozenset(range(1, side + 1))
    return favourable, frozenset(range(1, points + 1)) - favourable - unfavourable, unfavourable


_ITEM: TypeAdapter[Item] = TypeAdapter(Item)
_SECTION: TypeAdapter[Section] = TypeAdapter(Section)
_SCALE: TypeAdapter[Scale] = TypeAdapter(Scale)
_INDEX: TypeAdapter[Index] = TypeAdapter(Index)


def _salvage(obj: object) -> Decoded:
    """The well-formed elements of a document that is not, so that the checks between elements can still speak."""
    source: Mapping[str, object] = obj if isinstance(obj, dict) else {}
    return Decoded(
        source=source,
        items=_well_formed(_ITEM, source.get("items")),
        sections=_well_formed(_SECTION, source.get("sections")),
        scales=_well_formed(_SCALE, source.get("scales")),
        indices=_well_formed(_INDEX, source.get("indices")),
    )


def _well_formed(adapter: TypeAdapter[T], entries: object) -> dict[int, T]:
    read: dict[int, T] = {}
    for at, entry in enumerate(entries[:MAX_ITEMS] if isinstance(entries, list) else ()):
        with suppress(ValidationError):
            read[at] = adapter.validate_python(entry)
    return read
