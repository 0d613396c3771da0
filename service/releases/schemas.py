"""Releases and recuts on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field
from sqlalchemy import Row

from service.campaigns.plan import MOST_BREAKDOWNS
from service.kit.text import ExternalId, Language, Name, Slug, Wire, prose
from service.releases.problems import ReleaseRefused, first_line
from service.releases.statistics_schemas import Statistics
from service.releases.tables import Recut, Release

# In the order in which a release meets them.
_REASONS = "; ".join(f"`{refused.slug}`: {first_line(refused)}" for refused in ReleaseRefused.__subclasses__())
Reason = Annotated[str | None, Field(description=f"of a refused one. {_REASONS}")]


class CampaignOfRelease(Wire):
    """The campaign as it was called when the release was made."""

    id: UUID
    name: str


class ReleaseOut(Wire):
    id: UUID
    campaign: CampaignOfRelease
    wave_id: UUID
    wave_number: int
    recut_id: Annotated[UUID | None, Field(description="the recut that it came of; null for a wave's first release")]
    interim: Annotated[int | None, Field(description="which results before the closing; null for the wave's own")]
    status: Annotated[
        Literal["published", "refused", "withdrawn"],
        Field(description="`withdrawn`: was published, and its figures are not to be used any more"),
    ]
    reason: Reason
    digest: str
    released_at: datetime
    withdrawn_at: datetime | None
    withdrawn_because: Annotated[str | None, Field(description="of a withdrawn one, in the words of who withdrew it")]
    replaced_by: Annotated[UUID | None, Field(description="of a withdrawn one: the release to read instead")]

    @classmethod
    def of(cls, row: Row[Any]) -> "ReleaseOut":
        return cls(**_head(row, row.campaign, row.wave))

    @classmethod
    def head_of(cls, row: Release) -> "ReleaseOut":
        """Of a whole row, without its manifest."""
        return ReleaseOut(**_head(row, row.manifest["campaign"], row.manifest["wave"]))


class ReleaseDetail(ReleaseOut):
    """With the manifest: hashes of contract, plan, policy and roster, cells by outcome, and what the measures are.

    Each of `manifest.measures` says what its figures mean: `lowest` and `highest` score, `reverse` of a rating whose
    mean is turned (higher is better), `score` of a scale or index (`mean`, `sum`, `percent` or `ratio`), its `rule`,
    its `bands`.

    Where the plan has breakdowns, also these, what their values are called, and `fell_back`: whether they could not be
    proved safe, so that the org tree alone is published and all else is withheld. Of a recut also `recut`: which, and
    the digests of the releases that it comes after. Where the contract says that comments are shown, `comments`:
    what each text item asks, and how many comments are shown.
    """

    statistics: Annotated[
        Statistics | None,
        Field(description="null where nothing is told, of a withdrawn release, and for a key of a unit"),
    ]
    manifest: Annotated[
        dict[str, Any],
        Field(description="for a key of a unit without what it tells of all together, or of others"),
    ]

    @classmethod
    def of(cls, row: Release, *, whole: bool = True) -> "ReleaseDetail":  # type: ignore[override]  # a whole row here
        """Of a whole row; `whole`: also what is told of everybody together."""
        manifest = row.manifest
        if row.withdrawn_at is not None:
            manifest = {name: value for name, value in manifest.items() if name != "statistics"}
        if not whole:
            manifest = _of_a_unit(manifest)
        told = manifest.get("statistics")
        return cls(
            **_head(row, manifest["campaign"], manifest["wave"]),
            statistics=None if told is None else Statistics.model_validate(told),
            manifest=manifest,
        )


_TOLD_OF_A_UNIT = (
    "format", "campaign", "wave", "contract_digest", "plan_digest", "policy_digest", "roster_digest", "measures",
    "interim", "breakdowns",
)  # fmt: skip


def _of_a_unit(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest without what it tells of all units together, or of others: totals, statistics, who was united."""
    told = {name: manifest[name] for name in _TOLD_OF_A_UNIT if name in manifest}
    if "breakdowns" in told:
        shown = dict(told["breakdowns"])
        shown["dimensions"] = [
            {**one, "values": [{k: v for k, v in value.items() if k != "members"} for value in one["values"]]}
            for one in shown["dimensions"]
        ]
        told["breakdowns"] = shown
    return told


CERTIFICATE_EXAMPLE: Any = {
    "certificate": {
        "format": "pouls-certificate/1",
        "release": {"id": "01a21859-7c1e-7cc1-9d5b-6a4f6c1e7f10", "digest": "9b1c" * 16},
        "wave": {"id": "01a21855-11d2-7b6e-8c4a-0f6a2b8f3c55", "number": 1},
        "campaign": {"id": "01a21851-93aa-7d0f-9a0e-5d2c7b1e4a21", "name": "Écoute 2026"},
        "released_at": "2026-11-26T15:00:03+00:00",
        "contract_digest": "4e02" * 16,
        "plan_digest": "77aa" * 16,
        "policy_digest": "0d5f" * 16,
        "roster_digest": "c3b8" * 16,
        "cells": {"mean": {"published": 164, "withheld": 96}, "distribution": {"published": 71, "withheld": 129}},
        "fell_back": False,
        "auditor": {
            "verdict": "safe",
            "families": {
                "mean": {"k": [5], "systems": 9, "proved": {"search": 131, "search by cases": 12}},
                "distribution": {"k": [10], "systems": 7, "proved": {"search": 140, "search by cases": 31}},
            },
        },
    },
    "signature": "kPp2yO0v7cR4m8t0nUq5r1y4bN6o3xZ9wE2uJ5hG7fD8sA1lK0iM3cV6bX9zQ4tR7yU2oP5eW8jH1gF0dS3aLg",
    "public_key": "I5RJTbpQyLwdek1WETBIbYIpaFaRncbk8Sl5kkyqMUA",
}


class CertificateOut(Wire):
    """What the auditor proved of a release, signed with Ed25519.

    The signature is over the text `pouls certificate`, a zero byte, and `certificate` as JSON with sorted keys, without
    spaces, in UTF-8 with every character as itself (in Python `ensure_ascii=False`). Both it and the key are URL-safe
    base64 without padding. Whose key it is, whoever runs the service tells you once, apart from the service (`pouls
    keys public`).
    """

    model_config = ConfigDict(json_schema_extra={"examples": [CERTIFICATE_EXAMPLE]})

    certificate: Annotated[
        dict[str, Any],
        Field(
            description="`release`: its id and digest; digests of contract, plan, policy and roster; `cells` by family "
            "and outcome; `auditor`: its verdict, and for each family (`respondents` is who took part at all, "
            "`deviation` standard deviations) the thresholds `k`, how many `systems` of equations were judged, and how "
            "many small groups were `proved` by which method; of a recut, those of all the wave's releases together."
        ),
    ]
    signature: str
    public_key: str


def _head(row: Row[Any] | Release, campaign: dict[str, Any], wave: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row.release_id,
        "campaign": campaign,
        "wave_id": row.wave_id,
        "wave_number": wave["number"],
        "recut_id": row.recut_id,
        "interim": row.part,
        "status": row.status if row.withdrawn_at is None else "withdrawn",
        "reason": row.reason,
        "digest": row.digest,
        "released_at": row.released_at,
        "withdrawn_at": row.withdrawn_at,
        "withdrawn_because": row.withdrawn_because,
        "replaced_by": row.replaced_by,
    }


class WithdrawalIn(Wire):
    """Why a release's figures are not to be used any more. It stands there for whoever reads results: name nobody."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Two units had changed their names."}]})

    reason: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(prose)]
    replaced_by: Annotated[
        UUID | None, Field(description="a published release of the same campaign to read instead; may be told later")
    ] = None


class RecutValue(Wire):
    """One group: values of another dimension, or units with everybody below them."""

    id: Slug
    label: Annotated[dict[Language, Name], Field(min_length=1, max_length=10)]
    members: Annotated[list[ExternalId], Field(min_length=1, max_length=1000)]


class RecutDimension(Wire):
    """A dimension whose values unite what the wave's people were counted by. Nobody is in two of them."""

    name: Slug
    of: Annotated[
        Slug | None, Field(description="dimension of the plan whose values are united; without it, units are")
    ] = None
    source: Annotated[Slug, Field(description="of the units")] = "hris"
    values: Annotated[list[RecutValue], Field(min_length=1, max_length=200)]


class RecutIn(Wire):
    """Breakdowns to add to a release, by dimensions of the campaign's plan, of an earlier recut, or made here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dimensions": [
                        {
                            "name": "region",
                            "of": "site",
                            "values": [{"id": "south", "label": {"en": "South"}, "members": ["lyon", "nice"]}],
                        }
                    ],
                    "breakdowns": [["org", "region"]],
                }
            ]
        }
    )

    dimensions: Annotated[list[RecutDimension], Field(max_length=10, default_factory=list)]
    breakdowns: Annotated[
        list[Annotated[list[Slug], Field(max_length=10)]], Field(min_length=1, max_length=MOST_BREAKDOWNS)
    ]
    require: Annotated[
        Literal["some", "all"],
        Field(
            description="`all`: refused, with the groups in conflict, unless each group that anybody invited is in "
            "can be shown with the mean of every measure, or its distribution where it has no mean; `some`: what can "
            "not be shown is withheld"
        ),
    ] = "some"


class RecutConflict(Wire):
    """A group that anybody invited is in, and that could not be shown beside what is shown already."""

    source: str | None
    unit: str | None
    dimensions: dict[str, str]


class RecutOut(Wire):
    """What was asked of a released wave, and the release that came of it, once there is one."""

    id: UUID
    wave_id: UUID
    status: Annotated[
        Literal["asked", "published", "refused"],
        Field(description="`asked` until the worker has made it, then that of its release"),
    ]
    reason: Reason
    release_id: UUID | None
    conflicts: Annotated[
        list[RecutConflict],
        Field(
            description="with the reason `recut-unsafe`: the groups, the first 1,000; none where the contract names "
            "who reads the results"
        ),
    ]
    asked_at: datetime
    plan: RecutIn

    @classmethod
    def of_row(cls, row: Recut, release: Release | None) -> "RecutOut":
        return cls(
            id=row.recut_id,
            wave_id=row.wave_id,
            status="asked" if release is None else release.status,
            reason=None if release is None else release.reason,
            release_id=None if release is None else release.release_id,
            # Which groups can not be shown follows from the answers: where the contract names readers, theirs alone.
            conflicts=[]
            if release is None or release.recipients is not None
            else release.manifest["recut"].get("conflicts", []),
            asked_at=row.asked_at,
            plan=RecutIn.model_validate(row.plan),
        )


class ReleasePage(Wire):
    data: list[ReleaseOut]
    next: str | None
    as_of: Annotated[
        datetime,
        Field(
            description="to be sent as `since` the next time; of several pages that of the first. It lies a day back, "
            "so that nothing is missed that was being written"
        ),
    ]
