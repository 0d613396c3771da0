"""Text from callers: bounded, without NUL, control characters or half surrogates; kept byte for byte otherwise."""

import unicodedata
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Strict, StringConstraints
from pydantic_core import PydanticCustomError


def plain(value: str) -> str:
    """The text itself, if it holds no control character but line feed and tab."""
    if not value.isprintable():
        for character in value:
            if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t":
                raise PydanticCustomError("refused", "{reason}", {"reason": "must not hold control characters"})
    return value


Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(plain)]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(plain)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", max_length=35)]


def _only_text(value: object) -> object:
    if not isinstance(value, str | datetime):
        raise PydanticCustomError("datetime_type", "a time is text")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_only_text)]
"""RFC 3339 with its zone; a number is not taken for seconds."""
Flag = Annotated[bool, Strict()]


class Wire(BaseModel):
    """What callers send and get: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
