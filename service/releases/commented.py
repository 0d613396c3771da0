"""The comments of a wave, from its opened texts to what its release shows. In the worker alone, for one job.

Where the second opinion does not agree, no comment is shown at all; the release stands without them.
"""

import asyncio
from collections.abc import Mapping

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.problems import ContractBroken
from service.campaigns.promises.contract import Notary
from service.campaigns.tables import Wave
from service.campaigns.taking_part import lines
from service.disclosure.tree import Ints
from service.releases import comments, comments_checked
from service.releases.comments import Comment, Commented, Said
from service.releases.opened import Agreed, Opened
from service.releases.orgtree import OrgTree
from service.releases.redact import Names

log = structlog.get_logger()
_NAMES = text("""
    SELECT DISTINCT called FROM roster_line r JOIN person p USING (tenant_id, person_id),
        unnest(ARRAY[r.name, p.name]) AS called
    WHERE r.tenant_id = :tenant AND r.wave_id = :wave AND called IS NOT NULL
""")


async def commented(
    tx: AsyncSession, wave: Wave, agreed: Agreed, found: Opened, respondents: Ints, notary: Notary
) -> Commented | None:
    """None where the contract does not say that comments are shown.

    They are cleaned of the names that people had when the wave opened, which are signed, and of those of today.

    Args:
        tx: the caller's transaction.
        wave: whose comments.
        agreed: its contract.
        found: its opened records.
        respondents: how many people of each class of the roster took part, [classes].
        notary: knows the lines of the roster.

    Raises:
        ReleaseRefused: the texts are not those of the people who took part.
    """
    if not agreed.comments:
        return None
    names = await _names(tx, wave, notary)
    rows, proved = await asyncio.to_thread(_rows, agreed, found, respondents, names)
    if not proved:
        log.error("comments not proved", wave=str(wave.wave_id))
    return Commented(rows, comments.told(agreed.document, rows))


async def _names(tx: AsyncSession, wave: Wave, notary: Notary) -> list[str] | None:
    """What everybody on the roster is called, then and now; None where a line is not as it was written."""
    try:
        await lines.check_all(tx, wave, notary)
    except ContractBroken:
        return None
    return list(await tx.scalars(_NAMES, {"tenant": wave.tenant_id, "wave": wave.wave_id}))


def _rows(agreed: Agreed, found: Opened, respondents: Ints, names: list[str] | None) -> tuple[list[Comment], bool]:
    """Comments as they may be shown, and whether those that were chosen may be; no I/O."""
    tree = OrgTree.of(found.units)
    fewest = comments.fewest_authors(agreed.document, agreed.policy)
    items = comments.text_items(agreed.document)
    if names is None:
        return comments.with_withheld([], items.values(), len(tree.units)), False
    texts = comments.said(found.texts, items, found.classes, respondents, Names.of(names))
    shown = comments.shown(tree, found.classes, texts, fewest)
    proved = _proved(tree, found, items, texts, shown, fewest)
    return comments.with_withheld(shown if proved else [], items.values(), len(tree.units)), proved


def _proved(
    tree: OrgTree,
    found: Opened,
    items: Mapping[int, str],
    texts: list[Said],
    shown: list[Comment],
    fewest: Mapping[str, int],
) -> bool:
    records = zip(found.texts.classes.tolist(), found.texts.items.tolist(), found.texts.texts, strict=True)
    return comments_checked.agrees(
        {unit.unit_id: unit.parent_id for unit in found.units if unit.unit_id is not None},
        {row.label: row.unit for row in found.classes},
        ((label, items[at]) for label, at, raw in records if raw),
        ((one.label, one.item, one.text) for one in texts),
        ((one.item, tree.units[one.node].unit_id, one.text) for one in shown if one.text is not None),
        fewest,
    )
