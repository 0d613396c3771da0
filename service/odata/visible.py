"""Which releases a caller sees here, and what is read of each beside its rows: its head, its texts.

A release's manifest is long: it is read once for each release, never for each row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns.tables import Campaign, Wave
from service.questionnaires.languages import base_of, text_in
from service.questionnaires.tables import QuestionnaireVersion
from service.releases.queries import told_to
from service.releases.tables import Release, ReleaseMeasure, ReleaseUnit
from service.tenants.principals import Principal

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Head:
    """What all rows of a release have in common; `last` is the highest number of a place."""

    release_id: UUID
    campaign_id: str
    campaign_name: str
    wave_id: UUID
    wave_number: int
    released_at: datetime
    last: int


@dataclass(frozen=True, slots=True)
class Called:
    """What a measure is called in one language, and its options, by their ids."""

    name: str
    options: Mapping[str, str]


def head_columns() -> dict[str, ColumnElement[Any]]:
    """What of a release its rows show, under the names of a head."""
    campaign = col(Release.manifest)["campaign"]
    return {
        "release_id": col(Release.release_id),
        "campaign_id": campaign["id"].astext,
        "campaign_name": campaign["name"].astext,
        "wave_id": col(Release.wave_id),
        "wave_number": cast(col(Release.manifest)["wave"]["number"].astext, Integer),
        "released_at": col(Release.released_at),
    }


def shown(caller: Principal) -> Condition:
    """That a release is published, not withdrawn, the caller's tenant's, and open to the caller."""
    return and_(
        col(Release.tenant_id) == caller.tenant_id,
        col(Release.status) == "published",
        col(Release.withdrawn_at).is_(None),
        told_to(caller),
    )


async def releases(tx: AsyncSession, caller: Principal, only: Condition) -> list[tuple[UUID, str]]:
    """Ids and digests of the releases that the caller sees, of those that are asked about, oldest first."""
    statement = select(col(Release.release_id), col(Release.digest)).where(shown(caller), only)
    rows = (await tx.execute(statement.order_by(col(Release.release_id)))).all()
    return [(row.release_id, row.digest) for row in rows]


async def head(tx: AsyncSession, tenant: UUID, release_id: UUID) -> Head:
    """The head of one that is known to be seen."""
    columns = [one.label(name) for name, one in head_columns().items()]
    places = select(func.coalesce(func.max(col(ReleaseUnit.node)), -1)).where(
        col(ReleaseUnit.tenant_id) == tenant, col(ReleaseUnit.release_id) == release_id
    )
    columns.append(places.scalar_subquery().label("last"))
    mine = (col(Release.tenant_id) == tenant) & (col(Release.release_id) == release_id)
    row = (await tx.execute(select(*columns).where(mine))).one()
    return Head(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name


async def measures(
    tx: AsyncSession, tenant: UUID, release_ids: Sequence[UUID], family: str, called: Mapping[str, Called]
) -> dict[str, dict[str, Any]]:
    """The measures of some releases in a family, by release and number (`{release}.{number}`).

    They are few, and are handed to the statement that reads cells: to look one up for each cell would read all of them
    each time, in a table so small that the planner sees no use for its index.
    """
    columns = [col(getattr(ReleaseMeasure, name)) for name in ("release_id", "number", "measure", "kind", "options")]
    mine = (col(ReleaseMeasure.tenant_id) == tenant) & col(ReleaseMeasure.release_id).in_(release_ids)
    found: dict[str, dict[str, Any]] = {}
    for row in (await tx.execute(select(*columns).where(mine, col(ReleaseMeasure.family) == family))).all():
        known = called.get(f"{row.release_id}.{row.measure}", Called(row.measure, {}))
        found[f"{row.release_id}.{row.number}"] = {
            "measure": row.measure,
            "kind": row.kind,
            "name": known.name,
            "options": row.options or [],
            "called": dict(known.options),
        }
    return found


async def called(
    tx: AsyncSession, tenant: UUID, release_ids: Sequence[UUID], wanted: Sequence[str]
) -> dict[str, Called]:
    """What the measures of some releases are called, by release and measure (`{release}.{measure}`).

    In the first of the wanted languages that their questionnaire has, else in its own first.
    """
    listed = col(QuestionnaireVersion.document)["languages"]
    statement = (
        select(col(Release.release_id), col(Release.manifest)["measures"].label("measures"), listed.label("languages"))
        .join(Wave, (col(Wave.tenant_id) == col(Release.tenant_id)) & (col(Wave.wave_id) == col(Release.wave_id)))
        .join(
            Campaign,
            (col(Campaign.tenant_id) == col(Wave.tenant_id)) & (col(Campaign.campaign_id) == col(Wave.campaign_id)),
        )
        .join(
            QuestionnaireVersion,
            (col(QuestionnaireVersion.tenant_id) == col(Campaign.tenant_id))
            & (col(QuestionnaireVersion.questionnaire_id) == col(Campaign.questionnaire_id))
            & (col(QuestionnaireVersion.number) == col(Campaign.version)),
        )
        .where(col(Release.tenant_id) == tenant, col(Release.release_id).in_(release_ids))
    )
    found: dict[str, Called] = {}
    for row in (await tx.execute(statement)).all():
        language = _spoken(wanted, row.languages)
        for measure in row.measures or ():
            name = text_in(measure["text"], language)
            found[f"{row.release_id}.{measure['id']}"] = Called(name, _options(measure, language))
    return found


def _spoken(wanted: Sequence[str], listed: Sequence[str]) -> str:
    """The first wanted language that is listed, or that another listed one stands in for; else the questionnaire's."""
    for tag in wanted:
        found = tag if tag in listed else base_of(tag, listed)
        if found is not None:
            return found
    return listed[0]


def _options(measure: Mapping[str, Any], language: str) -> dict[str, str]:
    """What options, points and bands are called, those that are called anything."""
    named = {option["id"]: option["text"] for option in measure.get("options", ())}
    named |= measure.get("labels", {})
    named |= {band["id"]: band["title"] for band in measure.get("bands", ())}
    return {option: text_in(said, language) for option, said in named.items()}
