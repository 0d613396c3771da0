"""Campaigns and waves on the wire."""

from datetime import datetime
from typing import Annotated, Any
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
