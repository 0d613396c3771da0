"""Writing a release down. Only a `SafeTable` can be published: safety is a type."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.promises.contract import digest, holder_of
from service.campaigns.promises.promise import recipients_of
from service.campaigns.tables import Campaign, Wave
from service.disclosure.table import SafeTable
from service.kit import outbox
from service.kit.ids import new_id
from service.questionnaires.document import Document
from service.releases import cells, comment_rows
from service.releases.comments import Commented, pinned
from service.releases.described import described, options_of
from service.releases.digest import FORMAT, Released, release_digest
from service.releases.events import ReleasePublished, ReleaseWithheld
from service.releases.orgtree import OrgTree
from service.releases.places import Breakdowns
from service.releases.tables import Release, ReleaseCertificate, ReleaseMeasure
from service.telemetry import metrics

COLUMNS_AT_ONCE = 12
ROWS_AT_ONCE = 100_000

_UNITS = text("""
    INSERT INTO release_unit
        (tenant_id, release_id, node, parent, source, unit, unit_name, level, dimensions, last, path)
    SELECT CAST(:tenant AS uuid), CAST(:release AS uuid), node, parent, source, unit, unit_name, level,
           CAST(dimensions AS jsonb), last, ARRAY(SELECT jsonb_array_elements_text(CAST(path AS jsonb)))
    FROM unnest(
        CAST(:nodes AS integer[]), CAST(:parents AS integer[]), CAST(:sources AS text[]), CAST(:units AS text[]),
        CAST(:names AS text[]), CAST(:levels AS integer[]), CAST(:dimensions AS text[]), CAST(:lasts AS integer[]),
        CAST(:paths AS text[])
    ) AS place (node, parent, source, unit, unit_name, level, dimensions, last, path)
""")
_TYPES = dict.fromkeys(("n_from", "n_to"), "integer") | {"distribution": "jsonb"}
_TYPES |= dict.fromkeys(
    ("mean", "sd", "favourable", "neutral", "unfavourable", "se", "low", "high", "rwg", "enps"), "numeric"
)
_FIGURES = ", ".join(cells.Shown._fields)
# One text a figure, of a line a cell, taken apart by the server: row security forbids COPY, and the driver looks at
# each element of an array at a hundred times the cost of its bytes. No figure holds a line's end or is empty.
_CELLS = text(f"""
    INSERT INTO release_cell (tenant_id, release_id, node, number, {_FIGURES})
    SELECT CAST(:tenant AS uuid), CAST(:release AS uuid), (at - 1) % CAST(:places AS integer),
           CAST(:first AS integer) + (at - 1) / CAST(:places AS integer),
           {", ".join(f"CAST({name} AS {_TYPES.get(name, 'text')})" for name in cells.Shown._fields)}
    FROM unnest({", ".join(f"string_to_array(:{name}, chr(10), '')" for name in cells.Shown._fields)})
         WITH ORDINALITY AS cell ({_FIGURES}, at)
""")  # noqa: S608 - names of ours


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a release is made of: units, breakdowns, figures by place, and whether the breakdowns were given up.

    `part` says which interim results it is, `after` the digests of the wave's releases before it.
    `statistics` is what is told of everybody together, `comments` what people wrote where the contract says that it is
    shown. Of a recut also which, and the digests of the releases that it comes after.
    """

    tree: OrgTree
    breakdowns: Breakdowns
    table: SafeTable
    fell_back: bool
    statistics: Mapping[str, Any] = field(default_factory=dict)
    recut: UUID | None = None
    part: int | None = None
    after: tuple[str, ...] = ()
    comments: Commented | None = None


async def publish(
    tx: AsyncSession, wave: Wave, campaign: Campaign, document: Document, outcome: Outcome, now: datetime
) -> Release:
    """Release, places, measures, cells and comments, in the caller's transaction."""
    table = outcome.table
    columns = [cells.shown(column) for column in table.columns]
    manifest = _manifest(wave, campaign) | {"cells": _outcomes(table), "measures": described(document)}
    if outcome.breakdowns.linked:
        manifest["breakdowns"] = outcome.breakdowns.as_declared() | {"fell_back": outcome.fell_back}
    if outcome.statistics:
        manifest["statistics"] = dict(outcome.statistics)
    if outcome.recut is not None:
        manifest["recut"] = {"id": str(outcome.recut), "after": list(outcome.after)}
    elif outcome.after:
        manifest["after"] = list(outcome.after)
    if outcome.part is not None:
        manifest["interim"] = outcome.part
    comments = [] if outcome.comments is None else outcome.comments.rows
    if outcome.comments is not None:
        manifest["comments"] = outcome.comments.told
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
        part=outcome.part,
        status="published",
        digest=release_digest(manifest, places | pinned((one.item, one.node, one.text) for one in comments), shown),
        manifest=manifest,
        recipients=_recipients(wave, campaign),
        released_at=now,
    )
    tx.add(release)
    await tx.flush()
    scope = {"tenant": release.tenant_id, "release": release.release_id}
    await tx.execute(_UNITS, scope | places | _beside(outcome.tree, places))
    tx.add_all(
        ReleaseMeasure(tenant_id=release.tenant_id, release_id=release.release_id, **asdict(one)) for one in measures
    )
    at_once = max(1, min(COLUMNS_AT_ONCE, ROWS_AT_ONCE // len(places["nodes"])))
    for start in range(0, len(columns), at_once):
        size = {"places": len(places["nodes"]), "first": start}
        await tx.execute(_CELLS, scope | size | _lines(columns[start : start + at_once]))
    await comment_rows.write(tx, release, comments)
    await outbox.add(tx, wave.tenant_id, ReleasePublished.of(wave, release.release_id), now)
    return release


def _lines(columns: Sequence[cells.Shown]) -> dict[str, str]:
    """Some columns' cells end to end, each figure as the lines of one text; an empty line is no figure."""
    return {
        name: "\n".join("" if figure is None else str(figure) for column in columns for figure in getattr(column, name))
        for name in cells.Shown._fields
    }


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


def _beside(tree: OrgTree, places: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """What is written of each place and follows from what the digest is over."""
    size, nodes = len(tree.units), places["nodes"]
    lasts, paths = tree.lasts(), [json.dumps(path) for path in tree.paths()]
    values = places.get("dimensions") or [{}] * len(nodes)
    return {
        "dimensions": [json.dumps(one, sort_keys=True) for one in values],
        "lasts": [first + last for first in range(0, len(nodes), size) for last in lasts],
        "paths": paths * (len(nodes) // size),
    }


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
    part: int | None = None,
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
        part=part,
        status="refused",
        reason=reason,
        digest=digest(manifest | {"refused": reason}),
        manifest=manifest,
        recipients=_recipients(wave, campaign),
        released_at=now,
    )
    tx.add(release)
    await tx.flush()
    await outbox.add(tx, wave.tenant_id, ReleaseWithheld.of(wave, release.release_id), now)
    return release


def _recipients(wave: Wave, campaign: Campaign) -> list[str] | None:
    contract = holder_of(wave, campaign).contract
    return [] if contract is None else recipients_of(contract)  # without one nobody is promised to be a reader


def _manifest(wave: Wave, campaign: Campaign) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "campaign": {"id": str(campaign.campaign_id), "name": campaign.name},
        "wave": {"id": str(wave.wave_id), "number": wave.number},
        "contract_digest": holder_of(wave, campaign).contract_digest,
        "plan_digest": digest(campaign.plan),
        "policy_digest": digest(campaign.policy),
        "roster_digest": wave.roster_digest,
    }
