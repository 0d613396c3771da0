"""Text from callers: bounded, without NUL, control characters or half surrogates; kept byte for byte otherwise."""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Strict, StringConstraints
from pydantic_core import PydanticCustomError

from service.kit.reasons import LOCAL_TIME

# Line feed and tab are text; the other controls of ASCII are not, and half a surrogate pair can not even be stored.
CONTROLS = bytes(code for code in range(32) if chr(code) not in "\t\n")
SURROGATES = re.compile("[\ud800-\udfff]")
_NOT_IN_PROSE = re.compile(f"[{CONTROLS.decode()}]|{SURROGATES.pattern}")
_FIRST_YEAR, _LAST_YEAR = 1970, 9998
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Names and ids are copied into other systems' lists: there, DEL and the controls of Latin-1 do harm as well.
_NOT_IN_NAMES = re.compile(f"[\x7f-\x9f]|{_NOT_IN_PROSE.pattern}")


def plain(value: str) -> str:
    """A name or an id as it came, if it holds no control character but line feed and tab."""
    if not is_plain(value):
        raise refused("must not hold control characters")
    return value


def is_plain(value: str) -> bool:
    """Whether it may be a name or an id: whatever was taken as one can be asked for again."""
    return _NOT_IN_NAMES.search(value) is None


def prose(value: str) -> str:
    """A sentence that people read, as it came, if it says anything and holds no control character of ASCII."""
    if _NOT_IN_PROSE.search(value):
        raise refused("must not hold control characters")
    if not value.strip():
        raise refused("must not be blank")
    return value


def refused(reason: str) -> PydanticCustomError:
    """What a validator raises, for its reason to be told; it must not hold anything of the value."""
    return PydanticCustomError("refused", "{reason}", {"reason": reason})


Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(plain)]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(plain)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", max_length=35)]


def _only_text(value: object) -> object:
    if not (isinstance(value, date) or (isinstance(value, str) and _MOMENT.match(value))):  # a datetime is a date
        raise PydanticCustomError("datetime_type", "a time is text")
    return value


def _day(value: object) -> object:
    if not (isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value))):
        raise PydanticCustomError("date_type", "a day is text")
    return value


def _in_reach(value: datetime) -> datetime:
    """One that has a date in every zone."""
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise refused(f"must be in a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_only_text), AfterValidator(_in_reach)]
"""RFC 3339 with its zone; neither a number nor a text of digits is taken for seconds."""
Day = Annotated[date, BeforeValidator(_day)]
"""A date as YYYY-MM-DD; neither a number nor a text of digits is taken for days or seconds."""
LocalTime = Annotated[str, StringConstraints(pattern=LOCAL_TIME)]
"""On the clock on the wall, in minutes."""
Flag = Annotated[bool, Strict()]


class Wire(BaseModel):
    """What callers send and get: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
