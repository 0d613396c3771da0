"""`pouls audit RELEASE_ID`: a release that the service made, verified and judged once more."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from service.cli import external, local
from service.cli.audit_shown import bar
from service.cli.serve import settings_with
from service.cli.work import ROLE, STATEMENT_TIMEOUT_S
from service.kit.db import Database
from service.kit.mendable import Mendable
from service.kit.postgres import Postgres
from service.settings import Settings

if TYPE_CHECKING:
    from service.disclosure.audit import Finding
    from service.releases.again import Again

Told = Callable[[int, int], None]


class NoSuchRelease(Mendable):
    """The tenant has no published release of this id."""

    def __init__(self) -> None:
        super().__init__("this tenant has no published release of this id")


class AnswersRefused(Mendable):
    """What is stored of the wave can not be trusted; nothing can be proved from it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the release can not be judged again: what is stored of its wave is refused ({why})")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose release, in which data folder, which former public keys are trusted, and how much work is allowed."""

    tenant: UUID
    data: Path | None
    former: tuple[str, ...]
    budget: int


def judged(release: UUID, asked: Asked) -> dict[str, Any]:
    """Verdict, sentences and findings by family. Raises Mendable where it can not be judged."""
    settings = settings_with(None, None, asked.data)
    with local.database_that_is_there(settings) as postgres, bar() as told:
        return said_of(asyncio.run(_again(settings, postgres, release, asked, told)))


async def _again(settings: Settings, postgres: Postgres, release: UUID, asked: Asked, told: Told) -> "Again":
    from service.disclosure.audit import AuditRefused  # noqa: PLC0415 - as in `serve`
    from service.releases.again import again  # noqa: PLC0415
    from service.releases.problems import ReleaseRefused  # noqa: PLC0415
    from service.worker import release_keys  # noqa: PLC0415

    if local.is_external(postgres):
        await external.require_schema(settings, ROLE)
    else:
        await local.prepare_database(postgres)
    keys = release_keys(settings)
    patient = settings.database.model_copy(update={"statement_timeout_s": STATEMENT_TIMEOUT_S})
    database = Database(postgres.url(ROLE), ROLE, patient)
    try:
        async with database.transaction(asked.tenant) as tx:
            found = await again(tx, asked.tenant, release, keys, told, asked.budget, asked.former)
    except ReleaseRefused as refused:
        raise AnswersRefused(refused.slug) from None
    except AuditRefused as refused:
        raise AnswersRefused(str(refused)) from None
    finally:
        await database.close()
    if found is None:
        raise NoSuchRelease
    return found


def said_of(found: "Again") -> dict[str, Any]:
    """As `pouls audit` says it, for programs and for people."""
    report = found.report
    wrong = [*found.wrong]
    if report is not None:
        wrong += [f"{refusal.row.family} {refusal.row}: {refusal.reason}" for refusal in report.refusals]
    proved = "not proved" if report is None else str(report.verdict)
    families: dict[str, Any] = {}
    for finding in () if report is None else report.findings:
        _add(families.setdefault(finding.family, {}), finding, found.classes)
    return {
        "verdict": "unsafe" if wrong else proved,
        "by": "rows alone" if report is None else "answers",
        "wrong": wrong,
        "public_key": found.public_key,
        "release": found.release,
        "families": families,
    }


_WORST = ("safe", "not proved", "unsafe")


def _add(family: dict[str, Any], finding: "Finding", classes: tuple[dict[str, str], ...]) -> None:
    """One system of equations more; of examples, the first."""
    worst = max((family.get("verdict", "safe"), str(finding.verdict)), key=_WORST.index)
    family.update(verdict=worst, k=sorted({*family.get("k", ()), finding.k}))
    numbers = {
        "systems": 1,
        "rows": finding.rows,
        "small_classes": finding.small,
        "proved_at_once": finding.proved[0],
        "proved_by_cases": finding.proved[1],
        "not_proved": finding.open,
        "million_operations": finding.work,
    }
    for name, number in numbers.items():
        family[name] = family.get(name, 0) + number
    leak = finding.leak
    if leak is None or family.get("leak") is not None:
        family.setdefault("leak", None)
        return
    family["leak"] = {
        "rows": [{"row": str(row), "times": str(factor)} for row, factor in leak.terms],
        "leave": [{"class": classes[one], "times": str(factor)} for one, factor in leak.classes],
        "people": leak.people,
        "k": leak.k,
    }
