"""What a User says of a person, read and judged. Pure."""

import re
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from pydantic_core import PydanticCustomError
from scim2_models import Resource

from service.kit.text import plain
from service.scim.folding import ENTERPRISE, PERSON, folded, kept, keys, texts
from service.scim.mapping import Groups, Mapping, Unit
from service.scim.refusals import Refused

KEY_LENGTH: Final = 200
TEXT_LENGTH: Final = 1000
TEXTS: Final = 500
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_DAY: Final = re.compile(r"(\d{4}-\d\d-\d\d)(T.*)?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Facts:
    """A User as the organisation keeps it.

    Attributes:
        external_id: the person's key in the mapping's source: externalId, or else userName.
        user_name: in the form that it is compared in.
        directory: what only the directory asks back.
        manager: the id of another User.
        unit: an external id, where the mapping has it said by the User.
        dimensions: the values that the User may say.
    """

    external_id: str
    user_name: str
    directory: dict[str, Any] = field(repr=False)
    is_active: bool
    language: str | None
    name: str | None = field(repr=False)
    hired_on: date | None
    manager: str | None
    unit: str | None
    dimensions: Map[str, str]


def facts_of(resource: Resource[Any], mapping: Mapping) -> Facts:
    """Raises Refused where a value can not stand."""
    said = resource.model_dump()
    ours = said.get(PERSON, {})
    enterprise = said.get(ENTERPRISE, {})
    user_name = said.get("userName", "")
    if not user_name.strip():
        raise Refused("userName must not be blank.")
    document = kept(resource)
    _judge_texts(document)
    key = folded(user_name, exact=False)
    external_id = said.get("externalId") or key
    for one in (key, external_id, said.get("displayName", "")):  # folded, 2,400 bytes: an index takes 2,704
        if len(one) > KEY_LENGTH:
            raise Refused(f"userName, externalId and displayName have at most {KEY_LENGTH} characters.")
    by_groups = mapping.dimension if mapping.groups is Groups.dimension else None
    units = {Unit.department: enterprise.get("department"), Unit.extension: ours.get("unit")}
    return Facts(
        external_id=external_id,
        user_name=key,
        directory={"kept": document, "keys": keys(type(resource), document)},
        is_active=said.get("active", True),
        language=_language(said.get("preferredLanguage")),
        name=_name(said),
        hired_on=_day(ours.get("hiredOn")),
        manager=enterprise.get("manager", {}).get("value"),
        unit=units.get(mapping.unit) or None,
        dimensions={
            name: value for name, value in ours.items() if name not in {"hiredOn", "unit", "schemas", by_groups}
        },
    )


def _judge_texts(document: dict[str, Any]) -> None:
    for number, text in enumerate(texts(document)):
        if number >= TEXTS or len(text) > TEXT_LENGTH:
            raise Refused(f"A User has at most {TEXTS} texts of at most {TEXT_LENGTH} characters.")
        try:
            plain(text)
        except PydanticCustomError:
            raise Refused("Texts must not hold control characters.") from None


def _language(said: str | None) -> str | None:
    """The first one, as RFC 7643 lets a list of them be written like the header Accept-Language."""
    first = (said or "").split(",")[0].split(";")[0].strip().replace("_", "-")
    if not first:
        return None
    head, dash, rest = first.partition("-")
    language = head.lower() + dash + rest
    if not _LANGUAGE.fullmatch(language):
        raise Refused("preferredLanguage must be a BCP 47 tag.")
    return language


def _name(said: dict[str, Any]) -> str | None:
    parts = said.get("name", {})
    both = " ".join(filter(None, (parts.get("givenName"), parts.get("familyName"))))
    name = (said.get("displayName") or parts.get("formatted") or both).strip()
    if len(name) > KEY_LENGTH:
        raise Refused(f"A name has at most {KEY_LENGTH} characters.")
    return name or None


def _day(said: str | None) -> date | None:
    """A day; of a moment, as Entra sends one, its day."""
    if not said:
        return None
    found = _DAY.fullmatch(said)
    if found is None:
        raise Refused("hiredOn must be a day, YYYY-MM-DD.")
    try:
        return date.fromisoformat(found[1])
    except ValueError:
        raise Refused("hiredOn must be a day, YYYY-MM-DD.") from None
