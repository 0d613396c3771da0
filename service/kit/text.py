"""Text from callers: bounded, without NUL, control characters or half surrogates; kept byte for byte otherwise."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
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


class Wire(BaseModel):
    """What callers send and get: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True)
