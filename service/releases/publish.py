"""Writing a release down. Only a `SafeTable` can be published: safety is a type."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.contract import digest
from service.campaigns.tables import Campaign, Wave
from service.disclosure.table import SafeTable
from service.kit.ids import new_id
from service.questionnaires.document import Document
from service.releases import cells
from service.releases.described import described, options_of
from service.releases.digest import FORMAT, Released, release_digest
from service.releases.orgtree import OrgTree
from service.releases.places import Breakdowns
from service.releases.tables import Release, ReleaseCertificate, ReleaseMeasure
from service.telemetry import metrics

COLUMNS_AT_ONCE = 12
ROWS_AT_ONCE = 100_000

_UNITS = text("""
    INSERT INTO release_unit (tenant_id, release_id, node, parent, source, unit, unit_name, level, dimensions)
    SELECT CAST(:tenant AS uuid), CAST(:release AS uuid), node, parent, source, unit, unit_name, level,
           CAST(dimensions AS jsonb)
    FROM unnest(
        CAST(:nodes AS integer[]), CAST(:parents AS integer[]), CAST(:sources AS text[]), CAST(:units AS text[]),
        CAST(:names AS text[]), CAST(:levels AS integer[]), CAST(:dimensions AS text[])
    ) AS place (node, parent, source, unit, unit_name, level, dimensions)
""")
# Arrays, taken apart by the server: row security forbids COPY.
_CELLS = text("""
    INSERT INTO release_cell (
        tenant_id, release_id, node, number, status, reason, n_from, n_to, mean, sd, favourable, favourable_bound,
        neutral, neutral_bound, unfavourable, unfavourable_bound, distribution, mean_bound, se, low, high, basis, rwg,
        enps, enps_bound)
    SELECT CAST(:tenant AS uuid), CAST(:release AS uuid), node, number, status, reason, n_from, n_to,
           CAST(mean AS numeric), CAST(sd AS numeric), CAST(favourable AS numeric), favourable_bound,
           CAST(neutral AS numeric), neutral_bound, CAST(unfavourable AS numeric), unfavourable_bound,
           CAST(distribution AS jsonb), mean_bound, CAST(se AS numeric), CAST(low AS numeric), CAST(high AS numeric),
           basis, CAST(rwg AS numeric), CAST(enps AS numeric), enps_bound
    FROM unnest(
        CAST(:node AS integer[]), CAST(:number AS integer[]), CAST(:status AS text[]), CAST(:reason AS text[]),
        CAST(:n_from AS integer[]), CAST(:n_to AS integer[]), CAST(:mean AS text[]), CAST(:sd AS text[]),
        CAST(:favourable AS text[]), CAST(:favourable_bound AS text[]), CAST(:neutral AS text[]),
        CAST(:neutral_bound AS text[]), CAST(:unfavourable AS text[]), CAST(:unfavourable_bound AS text[]),
        CAST(:distribution AS text[]), CAST(:mean_bound AS text[]), CAST(:se AS text[]), CAST(:low AS text[]),
        CAST(:high AS text[]), CAST(:basis AS text[]), CAST(:rwg AS text[]), CAST(:enps AS text[]),
        CAST(:enps_bound AS text[])
    ) AS cell (node, number, status, reason, n_from, n_to, mean, sd, favourable, favourable_bound, neutral,
               neutral_bound, unfavourable, unfavourable_bound, distribution, mean_bound, se, low, high, basis, rwg,
               enps, enps_bound)
""")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a release is made of: units, breakdowns, figures by place, and whether the breakdowns were given up.

    `statistics` is what is told of everybody together. Of a recut also which, and the digests of the releases that it
    comes after.
    """

    tree: OrgTree
    breakdowns: Breakdowns
    table: SafeTable
    fell_back: bool
    statistics: Mapping[str, Any] = field(default_factory=dict)
    recut: UUID | None = None
    after: tuple[str, ...] = ()


async def publish(
    tx: AsyncSession, wave: Wave, campaign: Campaign, document: Document, outcome: Outcome, now: datetime
) -> Release:
    """Release, places, measures and cells, in the caller's transaction."""
    table = outcome.table
    columns = [cells.shown(column) for column in table.columns]
    manifest = _manifest(wave, campaign) | {"cells": _outcomes(table), "measures": described(document)}
    if outcome.breakdowns.linked:
        manifest["breakdowns"] = outcome.breakdowns.as_declared() | {"fell_back": outcome.fell_back}
    if outcome.statistics:
        manifest["statistics"] = dict(outcome.statistics)
    if outcome.recut is not None:
        manifest["recut"] = {"id": str(outcome.recut), "after": list(outcome.after)}
    places = _places(outcome)
    measures = _release_measures(document, table)
    shown = [
        Released(one.measure, one.family, one.kind, one.options, column)
        for one, column in zip(measures, columns, strict=True)
    ]
    release = Release(
        tenant_id=wave.tenant_id,
        release_id=new_id(),
        wave_id=wave.wave_id,
        recut_id=outcome.recut,
        status="published",
        digest=release_digest(manifest, places, shown),
        manifest=manifest,
        released_at=now,
    )
    tx.add(release)
    await tx.flush()
    scope = {"tenant": release.tenant_id, "release": release.release_id}
    values = places.get("dimensions") or [{}] * len(places["nodes"])
    written = places | {"dimensions": [json.dumps(one, sort_keys=True) for one in values]}
    await tx.execute(_UNITS, scope | written)
    tx.add_all(
        ReleaseMeasure(tenant_id=release.tenant_id, release_id=release.release_id, **asdict(one)) for one in measures
    )
    at_once = max(1, min(COLUMNS_AT_ONCE, ROWS_AT_ONCE // len(places["nodes"])))
    for start in range(0, len(columns), at_once):
        await tx.execute(_CELLS, scope | _arrays(columns, range(start, min(start + at_once, len(columns)))))
    return release


def _arrays(columns: Sequence[cells.Shown], numbers: range) -> dict[str, list[Any]]:
    """Some columns' cells end to end, as the arrays of one statement."""
    size = len(columns[numbers.start].status)
    together: dict[str, list[Any]] = {
        name: [value for number in numbers for value in getattr(columns[number], name)] for name in cells.Shown._fields
    }
    nodes = list(range(size)) * len(numbers)
    return together | {"node": nodes, "number": [number for number in numbers for _ in range(size)]}


def _places(outcome: Outcome) -> dict[str, list[Any]]:
    """Every unit, whole and then group by group; without dimensions where the plan has none."""
    tree, groups = outcome.tree, outcome.breakdowns.groups
    size = len(tree.units)
    parents = tree.parents.tolist()
    places: dict[str, list[Any]] = {
        "nodes": list(range(size * len(groups))),
        "parents": [
            first + parent if parent >= 0 else None
            for first in range(0, size * len(groups), size)
            for parent in parents
        ],
        "sources": [unit.source for unit in tree.units] * len(groups),
        "units": [unit.external_id for unit in tree.units] * len(groups),
        "names": [unit.name for unit in tree.units] * len(groups),
        "levels": list(tree.levels) * len(groups),
    }
    if outcome.breakdowns.linked:
        places["dimensions"] = [values for values in groups for _ in range(size)]
    return places


@dataclass(frozen=True, slots=True)
class _Measure:
    """A row of `release_measure`, but for whose it is."""

    number: int
    measure: str
    kind: str
    family: str
    options: list[str] | None


def _release_measures(document: Document, table: SafeTable) -> list[_Measure]:
    kinds: dict[str, str] = {item.id: "item" for item in document.items}
    kinds |= {scale.id: "scale" for scale in document.scales}
    kinds |= {index.id: "index" for index in document.indices}
    options = options_of(document)
    return [
        _Measure(
            number=number,
            measure=column.measure,
            kind=kinds[column.measure],
            family=str(column.family),
            options=options.get(column.measure) if column.distribution is not None else None,
        )
        for number, column in enumerate(table.columns)
    ]


def _outcomes(table: SafeTable) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = {}
    for column in table.columns:
        family = out.setdefault(str(column.family), {"published": 0, "withheld": 0})
        published = int(column.published.sum())
        family["published"] += published
        family["withheld"] += len(column.published) - published
    return out


async def certify(tx: AsyncSession, release: Release, signed: dict[str, Any]) -> None:
    """The signed certificate of a release, in the caller's transaction."""
    tx.add(ReleaseCertificate(tenant_id=release.tenant_id, release_id=release.release_id, signed=signed))
    await tx.flush()


def count_cells(release: Release) -> None:
    """Tell the metrics, once the release stands."""
    for family in release.manifest["cells"].values():
        for status, count in family.items():
            metrics.RELEASE_CELLS.labels(status).inc(count)


async def refuse(
    tx: AsyncSession,
    wave: Wave,
    campaign: Campaign,
    reason: str,
    now: datetime,
    recut: UUID | None = None,
    conflicts: Sequence[Mapping[str, Any]] = (),
) -> Release:
    """A release that says why there is none; of a recut, also which of its groups could not be shown."""
    manifest = _manifest(wave, campaign)
    if recut is not None:
        manifest["recut"] = {"id": str(recut), "conflicts": list(conflicts)}
    release = Release(
        tenant_id=wave.tenant_id,
        release_id=new_id(),
        wave_id=wave.wave_id,
        recut_id=recut,
        status="refused",
        reason=reason,
        digest=digest(manifest | {"refused": reason}),
        manifest=manifest,
        released_at=now,
    )
    tx.add(release)
    await tx.flush()
    return release


def _manifest(wave: Wave, campaign: Campaign) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "campaign": {"id": str(campaign.campaign_id), "name": campaign.name},
        "wave": {"id": str(wave.wave_id), "number": wave.number},
        "contract_digest": campaign.contract_digest,
        "plan_digest": digest(campaign.plan),
        "policy_digest": digest(campaign.policy),
        "roster_digest": wave.roster_digest,
    }
