"""Writing a release down. Only a `SafeTable` can be published: safety is a type."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.contract import canonical, digest
from service.campaigns.tables import Campaign, Wave
from service.disclosure.table import Row, SafeTable, Share
from service.kit.ids import new_id
from service.questionnaires.document import Document
from service.releases.orgtree import OrgTree
from service.releases.tables import Release
from service.telemetry import metrics

ROWS_AT_ONCE = 5000

# One JSON document per statement, taken apart by the server: row security forbids COPY.
_INSERT = text("""
    INSERT INTO release_cell (
        tenant_id, release_id, position, unit_id, source, unit, unit_name, level, breakdown, measure, kind, family,
        status, reason, n_from, n_to, mean, sd, favourable, favourable_bound, neutral, neutral_bound,
        unfavourable, unfavourable_bound, distribution)
    SELECT CAST(:tenant AS uuid), CAST(:release AS uuid), cell.position, u.unit_id, u.source, u.unit, u.unit_name,
           u.level, 'org', cell.measure, cell.kind, cell.family, cell.status, cell.reason, cell.n_from, cell.n_to,
           cell.mean, cell.sd, cell.favourable, cell.favourable_bound, cell.neutral, cell.neutral_bound,
           cell.unfavourable, cell.unfavourable_bound, cell.distribution
    FROM jsonb_to_recordset(CAST(:cells AS jsonb)) AS cell (
        position integer, node integer, measure text, kind text, family text, status text, reason text,
        n_from integer, n_to integer, mean numeric, sd numeric, favourable numeric, favourable_bound text,
        neutral numeric, neutral_bound text, unfavourable numeric, unfavourable_bound text, distribution jsonb)
    JOIN jsonb_to_recordset(CAST(:units AS jsonb)) AS u (
        node integer, unit_id uuid, source text, unit text, unit_name text, level integer) ON u.node = cell.node
""")


async def publish(
    tx: AsyncSession,
    wave: Wave,
    campaign: Campaign,
    document: Document,
    tree: OrgTree,
    table: SafeTable,
    now: datetime,
) -> Release:
    """Release row and cells, in the caller's transaction."""
    cells = _cells(document, tree, table)
    counted = _outcomes(cells)
    manifest = _manifest(wave, campaign) | {"cells": counted, "measures": _measures(document)}
    body = hashlib.sha256(canonical(manifest))
    for cell in cells:
        body.update(canonical(cell))
    release = Release(
        tenant_id=wave.tenant_id,
        release_id=new_id(),
        wave_id=wave.wave_id,
        status="published",
        digest=body.hexdigest(),
        manifest=manifest,
        released_at=now,
    )
    tx.add(release)
    await tx.flush()
    units = canonical(
        [
            {
                "node": node,
                "unit_id": str(unit.unit_id) if unit.unit_id else None,
                "source": unit.source,
                "unit": unit.external_id,
                "unit_name": unit.name,
                "level": tree.levels[node],
            }
            for node, unit in enumerate(tree.units)
        ]
    ).decode()
    for start in range(0, len(cells), ROWS_AT_ONCE):
        chunk = canonical(cells[start : start + ROWS_AT_ONCE]).decode()
        scope = {"tenant": wave.tenant_id, "release": release.release_id}
        await tx.execute(_INSERT, scope | {"cells": chunk, "units": units})
    for family in counted.values():
        for status, count in family.items():
            metrics.RELEASE_CELLS.labels(status).inc(count)
    return release


async def refuse(tx: AsyncSession, wave: Wave, campaign: Campaign, reason: str, now: datetime) -> Release:
    """A release that says why there is none."""
    manifest = _manifest(wave, campaign)
    release = Release(
        tenant_id=wave.tenant_id,
        release_id=new_id(),
        wave_id=wave.wave_id,
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
        "format": "pouls-release/1",
        "campaign": {"id": str(campaign.campaign_id), "name": campaign.name},
        "wave": {"id": str(wave.wave_id), "number": wave.number},
        "contract_digest": campaign.contract_digest,
        "plan_digest": digest(campaign.plan),
        "policy_digest": digest(campaign.policy),
        "roster_digest": wave.roster_digest,
    }


def _measures(document: Document) -> list[dict[str, Any]]:
    """What the measures are called, so that a reader of the release needs nothing else."""
    out: list[dict[str, Any]] = []
    for item in document.items:
        if item.type != "text":
            shown: dict[str, Any] = {"id": item.id, "kind": "item", "type": item.type, "text": item.text}
            if item.type in {"single_choice", "multiple_choice"}:
                shown["options"] = [{"id": option.id, "text": option.text} for option in item.options]
            out.append(shown)
    out += [
        {"id": scale.id, "kind": "scale", "text": scale.title, "items": list(scale.items)} for scale in document.scales
    ]
    out += [
        {"id": index.id, "kind": "index", "text": index.title, "scales": list(index.scales)}
        for index in document.indices
    ]
    return [_plain(measure) for measure in out]


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {key: dict(part) if key == "text" else part for key, part in value.items()}


def _cells(document: Document, tree: OrgTree, table: SafeTable) -> list[dict[str, Any]]:
    """All rows, unit by unit and in the order of the questionnaire: the order that people read in."""
    kinds: dict[str, str] = {item.id: "item" for item in document.items}
    kinds |= {scale.id: "scale" for scale in document.scales}
    kinds |= {index.id: "index" for index in document.indices}
    options = _options(document)
    width = len(table.columns)
    cells: list[dict[str, Any]] = [{}] * (width * len(tree.units))
    for column_number, column in enumerate(table.columns):
        names = options.get(column.measure, [])
        for row in column.rows():
            position = row.node * width + column_number
            cells[position] = {
                "position": position,
                "node": row.node,
                "measure": row.measure,
                "kind": kinds[row.measure],
                "family": str(row.family),
                "status": row.status,
                "reason": row.reason,
            } | (_numbers(row, names) if row.status == "published" else {})
    return cells


def _numbers(row: Row, options: list[str]) -> dict[str, Any]:
    decimals = row.decimals or 0

    def text_of(value: float) -> str:
        return f"{value:.{decimals}f}"

    def number_of(value: float) -> float | int:
        return value if decimals else int(value)

    out: dict[str, Any] = {"n_from": row.n_from, "n_to": row.n_to}
    if row.mean is not None:
        out["mean"] = text_of(row.mean)
    if row.sd is not None:
        out["sd"] = text_of(row.sd)
    shares: dict[str, Share | None] = {
        "favourable": row.favourable,
        "neutral": row.neutral,
        "unfavourable": row.unfavourable,
    }
    for name, share in shares.items():
        if share is not None:
            out[name] = text_of(share.value)
            out[f"{name}_bound"] = share.bound
    if row.distribution is not None:
        out["distribution"] = [
            {"option": option, "value": number_of(share.value), "bound": share.bound}
            for option, share in zip(options, row.distribution, strict=True)
        ]
    return out


def _options(document: Document) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for item in document.items:
        if item.type == "rating":
            out[item.id] = [str(point) for point in range(1, item.points + 1)]
        elif item.type in {"single_choice", "multiple_choice"}:
            out[item.id] = [option.id for option in item.options]
    return out


def _outcomes(cells: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = {}
    for cell in cells:
        family = out.setdefault(cell["family"], {"published": 0, "withheld": 0})
        family[cell["status"]] += 1
    return out
