"""Campaigns and waves on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from service.campaigns.codes import address_of
from service.campaigns.plan import MOST_BREAKDOWNS, TREE_ALONE
from service.campaigns.tables import Campaign, Wave
from service.kit.text import ExternalId, Moment, Name, Slug, Wire


class Audience(Wire):
    """Org units; everybody in them and below is invited. Never a hand-picked list of people."""

    source: Slug = "hris"
    units: Annotated[list[ExternalId], Field(min_length=1, max_length=1000)]


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
    opens_at: Moment | None = None
    closes_at: Moment | None = None


class CampaignOut(Wire):
    id: UUID
    name: str
    state: str
    questionnaire_version: int
    plan: list[list[str]]
    policy: dict[str, Any]
    retention_days: int
    opens_at: datetime | None
    closes_at: datetime | None
    contract_digest: str | None

    @classmethod
    def of(cls, row: Campaign) -> "CampaignOut":
        return cls(
            id=row.campaign_id,
            name=row.name,
            state=row.state,
            questionnaire_version=row.version,
            plan=row.plan,
            policy=row.policy,
            retention_days=row.retention_days,
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            contract_digest=row.contract_digest,
        )


class WaveOut(Wire):
    id: UUID
    address: Annotated[str, Field(description="the wave's public name, in `/v1/respond/{wave}`")]
    number: int
    state: str
    invited: int
    opens_at: datetime | None
    closes_at: datetime | None

    @classmethod
    def of(cls, row: Wave) -> "WaveOut":
        return cls(
            id=row.wave_id,
            address=address_of(row.tenant_id, row.wave_id),
            number=row.number,
            state=row.state,
            invited=row.invited,
            opens_at=row.opens_at,
            closes_at=row.closes_at,
        )


class CampaignPage(Wire):
    data: list[CampaignOut]
    next: str | None


class Invitation(Wire):
    """One participation link. The code is the right to answer once; keep it as you would a password."""

    source: str
    person: str
    language: str | None
    code: str
    link: str


class ForecastIn(Wire):
    """How many of those invited are expected to answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"response_rate": 0.7}]})

    response_rate: Annotated[
        float,
        Field(strict=True, gt=0, le=1, allow_inf_nan=False, description="probability that somebody answers"),
    ] = 0.7


class PublishedShare(Wire):
    """From 0 to 1: of the cells that anybody invited is in, and of these people, once for each such cell."""

    cells: float
    people: float


class BreakdownForecast(Wire):
    """One breakdown of the plan.

    `published` is what a release would hold if those of the first draw answered. The rest goes over all draws: a tenth,
    half, and nine tenths of them have this or less. For the org tree alone that is what is published; for other
    breakdowns it counts the cells that are large enough, of which some are withheld to protect others.
    """

    breakdown: list[str]
    cells: Annotated[int, Field(description="cells that anybody invited is in")]
    published: PublishedShare
    low: PublishedShare
    median: PublishedShare
    high: PublishedShare


class FamilyForecast(Wire):
    """Means, or distributions with favourable shares, under their threshold."""

    family: Literal["mean", "distribution"]
    k: int
    fell_back: Annotated[
        bool,
        Field(
            description="the breakdowns were not proved safe in the time of a forecast: `published` is the org tree "
            "alone. A release takes longer, and may prove them."
        ),
    ]
    breakdowns: list[BreakdownForecast]


class MergedUnit(Wire):
    source: str
    unit: str
    unit_name: str


class MergeForecast(Wire):
    """Units next to each other that are mostly withheld apart, and would be published as one."""

    units: list[MergedUnit]
    invited: int
    published_in_draws: Annotated[float, Field(description="share of the draws in which they are published together")]
    people_gained: Annotated[
        float, Field(description="people more who live in a published unit, once for each; mean over the draws")
    ]


class ForecastOut(Wire):
    """What the plan would let be published, for means and for distributions; and the merges that would help most."""

    invited: int
    response_rate: float
    draws: Annotated[int, Field(description="random draws of who answers; the same for the same people")]
    families: list[FamilyForecast]
    merges: list[MergeForecast]
