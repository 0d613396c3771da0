"""The auditor's say on a release that stands in its rows, and the certificate made of it."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from service.disclosure.audit import AuditRefused, Report, audit_wave, relations
from service.releases import read_back
from service.releases.answered import Answered
from service.releases.certificate import FORMAT
from service.releases.judged import wave_of
from service.releases.ledger import together
from service.releases.opened import Agreed, Opened
from service.releases.read_back import Published
from service.releases.tables import Release

log = structlog.get_logger()
_OF_MANIFEST = ("contract_digest", "plan_digest", "policy_digest", "roster_digest", "cells")


async def judged(
    tx: AsyncSession,
    release: Release,
    agreed: Agreed,
    found: Opened,
    counts: Answered,
    earlier: Sequence[tuple[Release, Published]] = (),
) -> Report | None:
    """Whether nothing that the rows say, with those of earlier releases, describes too few people.

    None where the auditor takes the numbers to be impossible: then nothing is proved. The release may tell numbers of
    people in bands alone; earlier ones are out as they are, some with exact numbers.

    Raises:
        ContractBroken: a row is of no unit of the wave.
    """
    before = [rows for _, rows in earlier]
    published = together([*before, await read_back.published(tx, release.tenant_id, release.release_id)])
    policy, united = agreed.policy.as_dict(), agreed.breakdowns.united
    wave = wave_of(published, agreed.document, policy, found.units, found.classes, counts, united)
    # Place behind place: its own come after all that were shown before.
    wave = replace(wave, bands_from=sum(len(rows.places) for rows in before))
    try:
        report = await asyncio.to_thread(audit_wave, wave)
        refused = report.refusals
        for one, _ in earlier:
            refused += relations(one.manifest, wave, counts.together, exact_too=True)
        refused += relations(release.manifest, wave, counts.together)
        return Report(refused, report.findings)
    except AuditRefused as impossible:
        log.error("the auditor refuses", release=str(release.release_id), why=str(impossible))
        return None


def certificate(release: Release, report: Report) -> dict[str, Any]:
    """What is signed: which release, by which rules, cells by outcome, and how it was proved, in numbers alone.

    Of a recut the auditor's numbers are of all releases of the wave together.
    """
    return of_release(release) | {"auditor": {"verdict": str(report.verdict), "families": _by_family(report)}}


def of_release(release: Release) -> dict[str, Any]:
    """The part of the certificate that follows from the release's own row."""
    return {
        "format": FORMAT,
        "release": {"id": str(release.release_id), "digest": release.digest},
        "wave": release.manifest["wave"],
        "campaign": release.manifest["campaign"],
        "released_at": release.released_at.astimezone(UTC).isoformat(),
        **{name: release.manifest[name] for name in _OF_MANIFEST},
        **({"recut": release.manifest["recut"]} if release.recut_id else {}),
        "fell_back": bool(release.manifest.get("breakdowns", {}).get("fell_back")),
    }


def _by_family(report: Report) -> Mapping[str, Any]:
    """Systems of equations judged, their thresholds, and proofs by method."""
    found: dict[str, Any] = {}
    for finding in report.findings:
        family = found.setdefault(finding.family, {"k": set(), "systems": 0, "proved": Counter()})
        family["k"].add(finding.k)
        family["systems"] += 1
        at_once, by_cases = finding.proved
        family["proved"] += Counter({finding.by: at_once, f"{finding.by} by cases": by_cases})
    return {
        name: {"k": sorted(family["k"]), "systems": family["systems"], "proved": dict(family["proved"])}
        for name, family in sorted(found.items())
    }
