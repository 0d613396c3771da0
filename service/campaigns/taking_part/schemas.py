"""Taking part, on the wire: links to deliver, somebody recognised elsewhere, a code typed by hand."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from service.campaigns.codes import ADDRESS_LENGTH, CODE_LENGTH, LONG_CODE_LENGTH
from service.campaigns.taking_part.sign_in import TOKEN_LIMIT
from service.kit.text import ExternalId, Slug, Wire, refused

Address = Annotated[str, Field(min_length=ADDRESS_LENGTH, max_length=ADDRESS_LENGTH, description="the wave's address")]


class Invitation(Wire):
    """How one person takes part. The code is the right to answer once; keep it as you would a password."""

    source: str
    person: str
    language: str | None
    code: Annotated[str | None, Field(description="null where the campaign has no links")]
    link: Annotated[str | None, Field(description="null where the campaign has no links")]
    short_code: Annotated[str | None, Field(description="to be typed at a kiosk, where the campaign has one")]


class ParticipationAsked(Wire):
    """Who wants to answer what: a wave, or whatever wave of a campaign is open."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"campaign": "01990000-0000-7000-8000-000000000001", "source": "hris", "person": "E1042"}]
        }
    )

    wave: UUID | None = None
    campaign: UUID | None = None
    source: Slug = "hris"
    person: ExternalId

    @model_validator(mode="after")
    def _one(self) -> "ParticipationAsked":
        if (self.wave is None) == (self.campaign is None):
            raise refused("must have `wave` or `campaign`, one of the two")
        return self


class ParticipationOut(Wire):
    """A code of short life. Hand it to the person's browser, and keep it nowhere."""

    wave: Annotated[str, Field(description="the wave's address, in `/embed/{wave}` and `/v1/respond/{wave}`")]
    code: str
    link: str
    expires_at: datetime


class TypedCode(Wire):
    """What somebody typed at a kiosk; case, spaces and dashes do not matter."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"wave": "A" * ADDRESS_LENGTH, "code": "7K3M-9PQR-2XZA"}]}
    )

    wave: Address
    code: Annotated[str, Field(min_length=1, max_length=64)]


class ContextAsked(Wire):
    """The code in somebody's link; which is sent in a body, and never in an address."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "A" * CODE_LENGTH, "language": "fr"}]})

    code: Annotated[str, Field(min_length=CODE_LENGTH, max_length=LONG_CODE_LENGTH)]
    language: Annotated[str, Field(min_length=2, max_length=35, description="BCP 47; French, or else English")] = "en"


class TeamOut(Wire):
    """The unit that a person's answers count in, with all below it."""

    name: str
    invited: int


class Said(Wire):
    """One sentence, and the subject that it belongs to."""

    topic: str
    text: str


class ContextOut(Wire):
    """What concerns one person before the first question."""

    language: str
    team: Annotated[TeamOut | None, Field(description="null where the roster is not there any more")]
    sentences: list[Said]
    closes_at: datetime | None


class SignedIn(Wire):
    """An ID token of the company's sign-in, as the browser got it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"wave": "A" * ADDRESS_LENGTH, "id_token": "eyJ..."}]})

    wave: Address
    id_token: Annotated[str, Field(min_length=1, max_length=TOKEN_LIMIT)]
