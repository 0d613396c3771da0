"""A release audited again: signature and hashes, and, while its wave's answers can be opened, the whole proof.

Run by the operator, in a process that is handed the worker's keys. Nothing is written.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.promises.contract import digest, holder_of
from service.campaigns.promises.promise import recipients_of
from service.campaigns.tables import Campaign, Wave
from service.disclosure.audit import BUDGET, Report, Row, Verdict, audit_wave, by_rows_alone, relations
from service.disclosure.policy import Policy
from service.releases import audited, read_back
from service.releases.build import Keys, Stages, counts_of
from service.releases.certificate import CertificateRefused, verified
from service.releases.judged import thresholds, wave_of
from service.releases.ledger import digest_now, known_of, ledger, parts_shown, together, wider
from service.releases.opened import agreed_of, opened
from service.releases.problems import KeyGone
from service.releases.read_back import Place, Published
from service.releases.tables import Release, ReleaseCertificate

_CLASSES = text("SELECT EXISTS (SELECT FROM wave_class WHERE tenant_id = :tenant AND wave_id = :wave)")
Told = Callable[[int, int], None]
"""Told of small classes settled so far, and of how many there are."""


@dataclass(frozen=True, slots=True)
class Again:
    """What can be said of a release.

    Attributes:
        wrong: sentences, each of which means that it is not to be relied on.
        public_key: the key that the certificate is signed with; None where there is no certificate that holds.
        report: the auditor's, while the wave's answers can be opened.
        classes: unit and values of each class that the report numbers.
        release: campaign, wave, moment, and how many releases of the wave were judged together.
    """

    wrong: tuple[str, ...]
    public_key: str | None
    release: dict[str, Any]
    report: Report | None = None
    classes: tuple[dict[str, str], ...] = ()


async def again(
    tx: AsyncSession,
    tenant: UUID,
    release_id: UUID,
    keys: Keys,
    told: Told,
    budget: int = BUDGET,
    former: Sequence[str] = (),
) -> Again | None:
    """The release once more before its judge; None where no release of this id was published.

    What is altered is told, and not judged. `budget` is the auditor's, in millions of operations for each system of
    equations; `former` are public keys that are trusted beside that of `keys`.

    Raises:
        ReleaseRefused: what is stored of its wave can not be trusted.
        AuditRefused: its numbers are impossible.
    """
    release = await tx.get(Release, (tenant, release_id))
    if release is None or release.status != "published":
        return None
    wave = await tx.get_one(Wave, (tenant, release.wave_id))
    campaign = await tx.get_one(Campaign, (tenant, wave.campaign_id))
    altered = await _altered(tx, release, wave, campaign)
    public_key, said = await _certificate(tx, release, {keys.signer.public_key, *former})
    about = {
        "campaign": release.manifest["campaign"]["name"],
        "wave": release.manifest["wave"]["number"],
        "released_at": release.released_at.isoformat(timespec="seconds"),
        "together": 1,
    }
    so_far = Again((*altered, *said), public_key, about)
    if altered:
        return so_far
    published = await read_back.published(tx, tenant, release_id)
    policy = Policy.of(campaign.policy).as_dict()
    so_far = replace(so_far, wrong=(*so_far.wrong, *_by_rows_alone(published, policy)))
    return await _with_answers(tx, wave, campaign, keys, told, budget, so_far)


async def _with_answers(
    tx: AsyncSession, wave: Wave, campaign: Campaign, keys: Keys, told: Told, budget: int, so_far: Again
) -> Again:
    """The whole proof, of all releases of the wave together, if its key can still be put together.

    Numbers of people may be exact: all of these are out, and before numbers were told in bands they were.
    """
    agreed = await agreed_of(tx, wave, campaign, keys.notary)
    try:
        found = await opened(tx, wave, agreed, keys.waves, keys.seal)
    except KeyGone:
        # With the key go the classes: while they are there, it is only out of reach.
        if await tx.scalar(_CLASSES, {"tenant": wave.tenant_id, "wave": wave.wave_id}):
            raise
        return so_far
    entries = await ledger(tx, wave.tenant_id, wave.wave_id)
    # What was released before answers were remembered with it is remembered by its digest alone.
    memory = keys.waves.releases(wave.tenant_id, found.key_id)
    digests = [entry.release.digest for entry in entries]
    if memory not in (digests, known_of(entries, found)):
        wrong = "the key folder remembers other releases of this wave, or other answers, than the database holds"
        return replace(so_far, wrong=(*so_far.wrong, wrong))
    if shown := parts_shown(entries):
        found = found.parted(shown)
    agreed, found = wider(agreed, found, [entry.breakdowns for entry in entries])
    counts = await asyncio.to_thread(counts_of, agreed, found, Stages())
    published = together([entry.published for entry in entries])
    policy, united = agreed.policy.as_dict(), agreed.breakdowns.united
    judged = wave_of(published, agreed.document, policy, found.units, found.classes, counts.answered, united)
    report = await asyncio.to_thread(audit_wave, judged, budget, told)
    for entry in entries:
        beside = relations(entry.release.manifest, judged, counts.answered.together, exact_too=True)
        report = Report(report.refusals + beside, report.findings)
    named = {unit.unit_id: unit.external_id or "" for unit in found.units}
    classes = tuple({"unit": named[row.unit]} | dict(row.values) for row in found.classes)
    return replace(so_far, report=report, classes=classes, release=so_far.release | {"together": len(entries)})


async def _altered(tx: AsyncSession, release: Release, wave: Wave, campaign: Campaign) -> list[str]:
    """What is no longer what was hashed."""
    wrong = []
    if await digest_now(tx, release) != release.digest:
        wrong.append("the rows are not those that were released: their hash is another")
    for name, value in (("plan", campaign.plan), ("policy", campaign.policy)):
        if digest(value) != release.manifest[f"{name}_digest"]:
            wrong.append(f"the {name} is not that of the release: its hash is another")
    if release.recipients != recipients_of(holder_of(wave, campaign).contract or {}):
        wrong.append("the recipients of the release are not those of its contract")
    return wrong


async def _certificate(tx: AsyncSession, release: Release, trusted: set[str]) -> tuple[str | None, list[str]]:
    """The key that signed it, and what is wrong with it. A release made before there were any has none."""
    row = await tx.get(ReleaseCertificate, (release.tenant_id, release.release_id))
    if row is None:
        return None, []
    try:
        said = verified(row.signed)
    except CertificateRefused as refused:
        return None, [f"the certificate is refused: {refused}"]
    wrong = []
    if row.signed["public_key"] not in trusted:
        wrong.append("the certificate is signed with another key than this worker's")
    if said != audited.of_release(release) | {"auditor": said.get("auditor")}:
        wrong.append("the certificate does not say what the release says of itself")
    if said.get("auditor", {}).get("verdict") != Verdict.safe:
        wrong.append("the certificate does not say that the release is safe")
    return str(row.signed["public_key"]), wrong


def _by_rows_alone(published: Published, policy: dict[str, int]) -> list[str]:
    """Printed numbers that are too small or leave too few people; of a band, whichever of its numbers it is."""
    labels = _labels(published.places)
    k = thresholds(policy, sensitive=False, two_answers=False)
    del k["deviation"]
    have_means = {cells.measure for cells in published.cells if cells.family == "mean"}
    rows: dict[str, list[Row]] = {}
    for cells in published.cells:
        # Whoever reads a distribution reads a mean, also of what has no other mean.
        families = [cells.family] if cells.measure in have_means else ["mean", cells.family]
        for place, least, most in zip(cells.places, cells.n_from, cells.n_to, strict=True):
            rows.setdefault(cells.measure, []).extend(
                Row(family, labels[place], n=least, most=most, measure=cells.measure) for family in families
            )
    refusals = (refusal for mine in rows.values() for refusal in by_rows_alone(mine, k))
    return [f"{refusal.row.family} {refusal.row}: {refusal.reason}" for refusal in refusals]


def _labels(places: list[Place]) -> list[dict[str, str]]:
    """The way down to each place, unit by unit, and its values; nothing for everybody."""
    found: list[dict[str, str]] = []
    for place in places:
        if place.parent is None:
            found.append(dict(place.dimensions))
        else:
            above = found[place.parent]
            depth = len(above) - len(place.dimensions) + 1
            found.append(above | {f"level {depth}": f"{place.source}/{place.unit}"})
    return found
