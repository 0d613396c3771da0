"""Everything that was ever released of a wave, as one: what later releases have to keep, and are judged with.

An earlier release is read back from its rows, and these must still be what was released: their digest is worked out
anew, and the key folder remembers the digests of all releases of these answers, in their order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.disclosure.measures import Family
from service.releases import parted, read_back
from service.releases.digest import release_digest
from service.releases.opened import Agreed, Opened, remembered
from service.releases.orgtree import OrgTree
from service.releases.places import Breakdowns
from service.releases.problems import ReleaseAltered
from service.releases.read_back import Cells, Place, Published
from service.releases.regroup import regrouped
from service.releases.tables import Release

if TYPE_CHECKING:
    from service.disclosure.linked_patterns import Kept  # loads a compiler, which most work does not need

_TREE_ALONE: dict[str, Any] = {"plan": [["org"]], "dimensions": []}
_Key = tuple[str | None, str | None, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One earlier release: its row, and what it published."""

    release: Release
    published: Published

    @property
    def breakdowns(self) -> Breakdowns:
        """Those that a recut or interim results added; none for a wave's own release, of what the contract names."""
        if self.release.part is not None:
            shown = self.release.manifest.get("breakdowns", _TREE_ALONE)
            return parted.block(Breakdowns.declared(shown["plan"], shown["dimensions"]), self.release.part)
        if self.release.recut_id is None:
            return Breakdowns((), ())
        shown = self.release.manifest["breakdowns"]
        return Breakdowns.declared(shown["plan"], shown["dimensions"])


async def ledger(tx: AsyncSession, tenant: UUID, wave: UUID) -> list[Entry]:
    """The published releases of a wave, first to last. Raises ReleaseAltered where one is not what was released."""
    statement = (
        select(Release)
        .where(col(Release.tenant_id) == tenant, col(Release.wave_id) == wave, col(Release.status) == "published")
        .order_by(col(Release.release_id))
    )
    found = []
    for release in (await tx.scalars(statement)).all():
        if await digest_now(tx, release) != release.digest:
            raise ReleaseAltered
        published = await read_back.published(tx, tenant, release.release_id)
        found.append(Entry(release, published if release.part is None else _of_part(published, release.part)))
    # Each names those that it came after: the order in which they were made, whatever the clocks said.
    return sorted(found, key=lambda entry: len(_after(entry.release)))


def parts_shown(entries: Sequence[Entry]) -> list[int]:
    """The interim results among them, ascending."""
    return sorted(entry.release.part for entry in entries if entry.release.part is not None)


def known_of(entries: Sequence[Entry], found: Opened) -> list[str]:
    """What the key folder must remember of these releases, made of these answers."""
    return [remembered(entry.release.digest, found, entry.release.part) for entry in entries]


def _after(release: Release) -> Sequence[str]:
    after: Sequence[str] = release.manifest.get("recut", release.manifest).get("after", ())
    return after


def _of_part(published: Published, part: int) -> Published:
    places = [replace(place, dimensions=parted.shown_by(place.dimensions, part)) for place in published.places]
    return replace(published, places=places)


async def digest_now(tx: AsyncSession, release: Release) -> str:
    """The digest of a release over its rows as they are now."""
    places = await read_back.places(tx, release.tenant_id, release.release_id)
    if "breakdowns" not in release.manifest and not any(places["dimensions"]):
        del places["dimensions"]
    columns = await read_back.columns(tx, release.tenant_id, release.release_id)
    return release_digest(release.manifest, places, columns)


def wider(agreed: Agreed, found: Opened, later: Sequence[Breakdowns]) -> tuple[Agreed, Opened]:
    """Contract and classes with the breakdowns and the values of other releases, in their order behind the plan's."""
    breakdowns = agreed.breakdowns
    for one in later:
        breakdowns = breakdowns.and_then(one)
    made = [dimension for dimension in breakdowns.dimensions if "of" in dimension]
    classes = regrouped(found.units, found.classes, made)
    return replace(agreed, breakdowns=breakdowns), replace(found, classes=classes)


def together(parts: Sequence[Published]) -> Published:
    """What several releases published, place behind place."""
    places: list[Place] = []
    cells: dict[tuple[str, str], Cells] = {}
    for part in parts:
        first = len(places)
        places += part.places
        for one in part.cells:
            known = cells.setdefault((one.measure, one.family), Cells(one.measure, one.family, [], [], [], []))
            known.places.extend(first + place for place in one.places)
            known.n_from.extend(one.n_from)
            known.n_to.extend(one.n_to)
            known.deviations.extend(first + place for place in one.deviations)
    return Published(places, list(cells.values()))


def kept(entries: Sequence[Entry], tree: OrgTree, groups: Sequence[Mapping[str, str]]) -> "Kept":
    """The places of a grid (units by groups of values) that are published already.

    Raises:
        ReleaseAltered: something was published of a place that the grid has not.
    """
    size = len(tree.units)
    number: dict[_Key, int] = {
        (unit.source, unit.external_id, tuple(sorted(values.items()))): first * size + at
        for first, values in enumerate(groups)
        for at, unit in enumerate(tree.units)
    }
    found: dict[tuple[str, Family], np.ndarray[Any, np.dtype[np.bool_]]] = {}
    for entry in entries:
        try:
            at = [number[_key(place)] for place in entry.published.places]
        except KeyError:
            raise ReleaseAltered from None
        for cells in entry.published.cells:
            mask = found.setdefault((cells.measure, Family(cells.family)), np.zeros(size * len(groups), np.bool_))
            mask[[at[place] for place in cells.places]] = True
    return found


def _key(place: Place) -> _Key:
    return place.source, place.unit, tuple(sorted(place.dimensions.items()))
