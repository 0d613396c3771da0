"""A whole unit of a release, with what stands around it: what reports, drawings and comparisons are made of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx2

from service.releases.report.charts.svg import clean
from service.releases.report.content import Measure
from service.releases.report.tongue import Tongue
from tests.fixtures.house import TenantUnderTest
from tests.make.formats import READ

Json = dict[str, Any]
Cells = Mapping[tuple[str, str], Json]
"""Of one unit, by measure and family."""


@dataclass(frozen=True)
class Unit:
    """A whole unit of a release, with those directly below it, those above, and what is known of both.

    Attributes:
        cells: its own.
        below: the cells of each unit directly below, in the tree's order.
        parent: those of the unit above; None at the top.
        top: those of the topmost unit; None where this is it.
        waves: by wave what its release shows of the unit, up to this one.
    """

    tenant: TenantUnderTest
    release: str
    campaign: str
    said: Sequence[Json]
    cells: Cells
    below: Sequence[tuple[str, Cells]]
    parent: Cells | None
    top: Cells | None
    waves: Sequence[tuple[int, Cells]]
    language: Literal["fr", "en"]

    @property
    def one(self) -> Json:
        return next(iter(self.cells.values()))

    @property
    def tongue(self) -> Tongue:
        return Tongue(self.language)

    @property
    def name(self) -> str:
        """As it stands at the end of a report's captions."""
        if self.one["unit"] is None:
            return self.tongue.words.everybody
        return clean(f"x {self.one['unit_name']}").removeprefix("x ")

    @property
    def measures(self) -> list[Measure]:
        """Those that it has cells of, in the questionnaire's order."""
        names = {name for name, _ in self.cells}
        return [Measure(one, options_of(one)) for one in self.said if one["id"] in names]

    @property
    def compared(self) -> list[Measure]:
        """What units and waves are compared by."""
        wholes = [one for one in self.measures if not one.is_item]
        return [one for one in wholes or self.measures if (one.id, "mean") in self.cells]

    def asked(self, **more: str) -> dict[str, str]:
        """What names it in an address."""
        own = {"unit": self.one["unit"], "source": self.one["source"]}
        return {name: value for name, value in own.items() if value is not None} | more

    def call(self, path: str, **params: str) -> httpx2.Response:
        return self.tenant.call(READ, "GET", path, params=params)

    def word(self, cell: Json) -> str:
        return self.tongue.reason(cell["reason"])


def options_of(said: Json) -> tuple[str, ...]:
    """What a measure's distribution is over, by its description."""
    if said.get("type") in {"rating", "enps"}:
        return tuple(str(point) for point in range(said["lowest"], said["highest"] + 1))
    return tuple(one["id"] for one in said.get("options") or said.get("bands") or ())


def units_of(
    tenant: TenantUnderTest,
    campaign: str,
    release: str,
    said: Sequence[Json],
    cells: Sequence[Json],
    before: Sequence[tuple[int, Sequence[Json]]],
    language: Literal["fr", "en"],
) -> Iterator[Unit]:
    """All whole units of a release, from its JSON cells; `before` are those of earlier waves, with their number."""
    own = _by_unit(cells)
    earlier = [(wave, _by_unit(theirs)) for wave, theirs in before]
    number_ = 1 + max((wave for wave, _ in before), default=0)
    names = list(own)
    levels = [next(iter(own[name].values()))["level"] for name in names]
    for at, name in enumerate(names):
        end = next((later for later in range(at + 1, len(names)) if levels[later] <= levels[at]), len(names))
        below = [names[later] for later in range(at + 1, end) if levels[later] == levels[at] + 1]
        above = [earlier_ for earlier_ in range(at) if levels[earlier_] == levels[at] - 1]
        waves = [(wave, theirs[name]) for wave, theirs in earlier if name in theirs]
        yield Unit(
            tenant, release, campaign, said, own[name],
            [(next(iter(own[one].values()))["unit_name"], own[one]) for one in below],
            own[names[above[-1]]] if above else None, own[names[0]] if at else None,
            [*waves, (number_, own[name])], language,
        )  # fmt: skip


def _by_unit(cells: Sequence[Json]) -> dict[tuple[Any, Any], dict[tuple[str, str], Json]]:
    found: dict[tuple[Any, Any], dict[tuple[str, str], Json]] = {}
    for cell in cells:
        if cell["breakdown"] == "org":
            found.setdefault((cell["source"], cell["unit"]), {})[cell["measure"], cell["family"]] = cell
    return found
