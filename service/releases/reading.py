"""What all reads of a release share: who may, which release, which cells, and how answers are kept by their readers."""

import hashlib
from datetime import UTC
from email.utils import format_datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Header, Query

from service.kit.reasons import ParameterFault
from service.kit.text import is_plain
from service.problems import Invalid
from service.releases import queries
from service.releases.problems import WithdrawnRelease
from service.releases.queries import CellFilter
from service.releases.tables import Release
from service.tenants.principals import Principal, Transaction, holding
from service.tenants.scopes import Scope

AggregateReader = Annotated[Principal, holding(Scope.aggregates_read)]
IfNoneMatch = Annotated[str | None, Header(max_length=4000)]
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed since the ETag that was sent"}}
# To be raised when the same rows are shown otherwise: what a reader kept of them is then out of date.
SHAPE = "5"


async def _release_to_tell(caller: AggregateReader, tx: Transaction, release_id: UUID) -> Release:
    return await queries.release(tx, caller, release_id)


ReleaseToTell = Annotated[Release, Depends(_release_to_tell)]


def readable(release: Release) -> Release:
    """The release, whose figures may be used. Raises WithdrawnRelease."""
    if release.withdrawn_at is not None:
        replaced_by = None if release.replaced_by is None else str(release.replaced_by)
        raise WithdrawnRelease(reason=release.withdrawn_because, replaced_by=replaced_by)
    return release


async def _release_to_read(release: ReleaseToTell) -> Release:
    return readable(release)


ReleaseToRead = Annotated[Release, Depends(_release_to_read)]


async def _filter(
    release: ReleaseToRead,
    caller: AggregateReader,
    tx: Transaction,
    unit: Annotated[str | None, Query(max_length=200, description="external id of a unit")] = None,
    measure: Annotated[str | None, Query(max_length=63, description="id of an item, scale or index")] = None,
    kind: Annotated[Literal["item", "scale", "index"] | None, Query()] = None,
    family: Annotated[Literal["mean", "distribution"] | None, Query()] = None,
    breakdown: Annotated[
        str | None, Query(max_length=200, description="as rows say it: `org` for whole units, `org*site`")
    ] = None,
    dimension: Annotated[str | None, Query(max_length=63, description="cells broken down by it")] = None,
    value: Annotated[str | None, Query(max_length=63, description="id of a value of `dimension`")] = None,
) -> CellFilter:
    texts = {"unit": unit, "measure": measure, "breakdown": breakdown, "dimension": dimension, "value": value}
    for name, text in texts.items():
        if text is not None and not is_plain(text):
            raise Invalid(faults=[ParameterFault(name, "query", "must not hold control characters")])
    wanted = CellFilter(within=caller.unit, kind=kind, family=family, **texts)
    await queries.check(tx, release, wanted)
    return wanted


WantedCells = Annotated[CellFilter, Depends(_filter)]


def etag_of(release: Release, *parts: str) -> str:
    """Strong: over the release's own digest and everything that shapes the answer."""
    return tag_of(release.digest, *parts)


def marked(*parts: str | None) -> tuple[str, ...]:
    """Parts of what was asked, for an ETag: what is empty differs from what is absent."""
    return tuple("" if part is None else "=" + part for part in parts)


def tag_of(*parts: str) -> str:
    """Strong: over everything that shapes the answer."""
    return '"' + hashlib.sha256("\0".join((SHAPE, *parts)).encode()).hexdigest()[:32] + '"'


def cached_as(release: Release, etag: str) -> dict[str, str]:
    """Readers keep it, and ask each time whether it still holds: only the ETag says so."""
    return {
        "ETag": etag,
        "Last-Modified": format_datetime(release.released_at.astimezone(UTC), usegmt=True),
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Accept",
    }
