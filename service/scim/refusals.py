"""Errors in the form of SCIM, which never say back what was sent: the library's own words quote it, so only ours leave.

A detail is told where it was written here; of the library's errors the kind alone is told.
"""

from typing import Final

from scim2_models import (
    ConflictException,
    Error,
    InvalidValueException,
    NotFoundException,
    SCIMException,
    UniquenessException,
)

from service.problems import Problem

# By scimType, or by status where there is none.
_SENTENCES: Final = {
    "invalidFilter": "The filter can not be read, or not be used with these attributes.",
    "tooMany": "There are more results than may be asked for.",
    "uniqueness": "This userName or externalId is taken.",
    "mutability": "This attribute can not be changed in this way.",
    "invalidSyntax": "The body can not be read, or does not hold what it should.",
    "invalidPath": "The path names no attribute.",
    "noTarget": "The path names nothing that is there.",
    "invalidValue": "A value is missing, or is not one that its attribute may have.",
    "invalidVers": "This version of SCIM is not known.",
    "sensitive": "This may not be asked for in an address.",
    "invalidCursor": "This cursor was not given for this query.",
    "expiredCursor": "This cursor is too old.",
    "invalidCount": "This cursor was given for another count.",
    "400": "The request can not be understood.",
    "401": "A valid API key is needed.",
    "403": "This may not be done.",
    "404": "Not found.",
    "405": "The address exists, this method does not.",
    "408": "The body comes too slowly.",
    "409": "The request contradicts the present state.",
    "412": "It has changed meanwhile.",
    "413": "The body is too large.",
    "415": "The body must be application/scim+json.",
    "429": "Too many requests.",
    "501": "This is not supported.",
    "503": "Try again in a moment.",
}
_UNSAID = "Something went wrong on our side."


class Refused(InvalidValueException):
    """A value that can not stand, said in a sentence of ours."""

    def __init__(self, sentence: str) -> None:
        super().__init__(detail=sentence)
        self.sentence = sentence


class Contradicts(ConflictException):
    """What the present state does not allow, said in a sentence of ours."""

    def __init__(self, sentence: str) -> None:
        super().__init__(detail=sentence)
        self.sentence = sentence


class Taken(UniquenessException):
    """A userName or externalId that somebody has."""


class Gone(NotFoundException):
    """Nothing of this type under that id."""


def told(error: Exception) -> Error:
    """An error as it leaves."""
    if isinstance(error, Problem):
        return Error(status=error.status, detail=_SENTENCES.get(str(error.status), _UNSAID))
    if not isinstance(error, SCIMException):
        return Error(status=500, detail=_UNSAID)
    status, kind = error.status, error.scim_type or None
    sentence = getattr(error, "sentence", None) or _SENTENCES.get(kind or "") or _SENTENCES.get(str(status), _UNSAID)
    return Error(status=status, scim_type=kind, detail=sentence)


def silenced(error: Error) -> Error:
    """An error of the library's making, with our sentence in the place of its own."""
    kind = error.scim_type or None
    sentence = _SENTENCES.get(kind or "") or _SENTENCES.get(str(error.status), _UNSAID)
    return Error(status=error.status, scim_type=kind, detail=sentence)
