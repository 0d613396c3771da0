"""Campaigns and waves on the wire."""

from collections.abc import Container
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from service.campaigns.codes import address_of
from service.campaigns.plan import MOST_BREAKDOWNS, TREE_ALONE
from service.campaigns.promises.wording import sentences
from service.campaigns.tables import Campaign, Wave
from service.campaigns.terms import (
    MOST_RECIPIENTS,
    Audience,
    InterimIn,
    ParticipationIn,
    RecipientIn,
    RotationIn,
    SamplingIn,
    ScheduleIn,
)
from service.kit.text import Moment, Name, Slug, Wire, refused


class Plan(Wire):
    """The breakdowns to be published, declared before launch: `["org"]`, and `org` with one or two dimensions."""

    breakdowns: Annotated[
        list[Annotated[list[Slug], Field(max_length=10)]],
        Field(
            min_length=1,
            max_length=MOST_BREAKDOWNS,
            description="without it the org tree alone; finer breakdowns make finer classes, which is for you to ask",
        ),
    ] = Field(default_factory=lambda: [list(breakdown) for breakdown in TREE_ALONE])


class PolicyIn(Wire):
    """Thresholds; each may only raise the product's floor."""

    k_mean: Annotated[int, Field(strict=True, ge=5, le=10_000)] = 5
    k_distribution: Annotated[int, Field(strict=True, ge=10, le=10_000)] = 10
    k_sensitive: Annotated[int, Field(strict=True, ge=10, le=10_000)] = 10
    k_comment: Annotated[int, Field(strict=True, ge=10, le=10_000)] = 10
    collusion: Annotated[int, Field(strict=True, ge=0, le=1000)] = 0


def _once(recipients: list[RecipientIn] | None) -> list[RecipientIn] | None:
    if recipients is not None and len({one.id for one in recipients}) < len(recipients):
        raise refused("must name each recipient once")
    return recipients


class CampaignIn(Wire):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Diagnostic 2026",
                    "questionnaire": "care_diagnostic",
                    "audience": {"units": ["D0"]},
                    "plan": {"breakdowns": [["org"], ["org", "site"]]},
                }
            ]
        }
    )

    name: Name
    questionnaire: Slug
    audience: Audience
    plan: Plan = Plan()
    policy: PolicyIn = PolicyIn()
    retention_days: Annotated[
        int, Field(strict=True, ge=0, le=365, description="days after closing until the answers' key is destroyed")
    ] = 30
    participation: ParticipationIn = ParticipationIn()
    schedule: ScheduleIn | None = None
    rotation: RotationIn | None = None
    sampling: SamplingIn | None = None
    interim: InterimIn | None = None
    coarse_classes: Annotated[
        bool,
        Field(
            strict=True,
            description="classes are generalised until each counts k invited people or more: fewer groups can be "
            "shown, and whoever holds every key can tell nobody by their class",
        ),
    ] = False
    recuts: Annotated[
        bool,
        Field(
            strict=True,
            description="whether other groups of the same people may be shown after the release, together safe with "
            "all that was shown; respondents read it in the contract",
        ),
    ] = False
    comments: Annotated[
        bool,
        Field(
            strict=True,
            description="whether what people write is shown: cleaned of addresses, numbers and names, in random order, "
            "at units whose comments are those of `k_comment` people or more; respondents read it in the contract",
        ),
    ] = False
    recipients: Annotated[
        list[RecipientIn] | None,
        AfterValidator(_once),
        Field(
            min_length=1,
            max_length=MOST_RECIPIENTS,
            description="who reads the results, and nobody else: keys and logins that were made for them; absent: "
            "whoever holds a key with the right to read results. Respondents read it in the contract",
        ),
    ] = None
    opens_at: Annotated[Moment | None, Field(description="of a campaign without a schedule; absent: at launch")] = None
    closes_at: Annotated[Moment | None, Field(description="of a campaign without a schedule")] = None

    def terms(self) -> dict[str, Any]:
        """What has no column of its own, as it was sent."""
        told: dict[str, Any] = self.model_dump(
            mode="json",
            include={"participation", "rotation", "sampling", "interim", "coarse_classes", "comments", "recipients"},
            exclude_none=True,
        )
        return told | {"audience": self.audience.model_dump(mode="json", exclude_none=True)}


class CampaignLine(Wire):
    """A campaign as lists show it."""

    id: UUID
    name: str
    state: str
    questionnaire_version: int
    plan: list[list[str]]
    policy: dict[str, Any]
    retention_days: int
    recuts: bool
    opens_at: datetime | None
    closes_at: datetime | None
    contract_digest: Annotated[str | None, Field(description="of the rules that all its waves keep to")]

    @classmethod
    def of(cls, row: Campaign) -> Self:
        return cls(**cls.fields(row))

    @classmethod
    def fields(cls, row: Campaign) -> dict[str, Any]:
        return {
            "id": row.campaign_id,
            "name": row.name,
            "state": row.state,
            "questionnaire_version": row.version,
            "plan": row.plan,
            "policy": row.policy,
            "retention_days": row.retention_days,
            "recuts": row.recuts,
            "opens_at": row.opens_at,
            "closes_at": row.closes_at,
            "contract_digest": row.contract_digest,
        }


class CampaignOut(CampaignLine):
    terms: Annotated[
        dict[str, Any],
        Field(description="audience, participation, rotation, sampling, coarse classes, comments, recipients"),
    ]
    schedule: dict[str, Any] | None

    @classmethod
    def fields(cls, row: Campaign) -> dict[str, Any]:
        return super().fields(row) | {"terms": row.asked, "schedule": row.schedule}


class WaveOut(Wire):
    id: UUID
    address: Annotated[str, Field(description="the wave's public name, in `/embed/{wave}` and `/v1/respond/{wave}`")]
    number: int
    state: str
    invited: int
    opens_at: datetime | None
    closes_at: datetime | None
    contract_digest: Annotated[str | None, Field(description="what its respondents are promised; from opening on")]
    key_destroyed: Annotated[bool, Field(description="its answers, roster and codes are gone; results stay")]

    @classmethod
    def of(cls, row: Wave, destroyed: Container[UUID] = ()) -> "WaveOut":
        return cls(
            id=row.wave_id,
            address=address_of(row.tenant_id, row.wave_id),
            number=row.number,
            state=row.state,
            invited=row.invited,
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            contract_digest=row.contract_digest,
            key_destroyed=row.wave_id in destroyed,
        )


class SentenceOut(Wire):
    """One sentence of a contract, and the subject that it belongs to."""

    topic: str
    text: str


class ContractOut(Wire):
    """A contract as programs read it, its digest, and as people do."""

    contract: dict[str, Any]
    digest: Annotated[str, Field(description="SHA-256 of the contract with sorted keys, without spaces, in UTF-8")]
    sentences: list[SentenceOut]

    @classmethod
    def of(cls, contract: dict[str, Any], digest: str, language: str) -> Self:
        told = [SentenceOut(topic=topic, text=words) for topic, words in sentences(contract, language)]
        return cls(contract=contract, digest=digest, sentences=told)


class ExtendIn(Wire):
    """When the open wave closes instead; later than it would."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"closes_at": "2027-01-15T18:00:00+01:00"}]})

    closes_at: Moment


class SkippedOut(Wire):
    """A time at which a wave was to open and did not."""

    opens_at: datetime
    reason: Annotated[str, Field(description="`missed` (no worker was there), or the slug of the problem it met")]


class OpeningOut(Wire):
    """When a wave opens in one zone."""

    zone: str
    opens_at: datetime
    shifted: Annotated[bool, Field(description="the clocks go forward over this hour: it opens as they do")]


class UpcomingOut(Wire):
    """A wave that is to come."""

    opens_at: datetime
    closes_at: datetime
    zones: list[OpeningOut]
    items: Annotated[list[str] | None, Field(description="which items it will ask, where they are drawn from a bank")]


class CalendarOut(Wire):
    """What is to come, and what did not."""

    upcoming: list[UpcomingOut]
    skipped: list[SkippedOut]


class CampaignPage(Wire):
    data: list[CampaignLine]
    next: str | None
