"""What a report is made of: the cells of one unit and of those directly below it, as the release shows them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from service.campaigns.promises.wording import Sentence
from service.releases.report.charts.trend import Range, TrendPoint
from service.releases.report.tongue import Phrase, Tongue
from service.releases.statistics_schemas import Statistics

Texts = Mapping[str, str]


class Share(NamedTuple):
    """Percent of the answers, or the end that it lies beyond."""

    value: Decimal
    bound: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One measure of one unit in one family; with a reason, no number is there."""

    reason: str | None = None
    n: tuple[int, int] | None = None
    mean: Share | None = None
    sd: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    rwg: Decimal | None = None
    favourable: Share | None = None
    neutral: Share | None = None
    unfavourable: Share | None = None
    distribution: tuple[Share, ...] | None = None
    enps: Share | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Cell":
        """Of a row as it is stored."""
        if row["status"] == "withheld":
            return cls(reason=row["reason"])
        shares = row["distribution"]
        return cls(
            n=(row["n_from"], row["n_to"]),
            mean=_share(row, "mean"),
            sd=row["sd"],
            low=row["low"],
            high=row["high"],
            rwg=row["rwg"],
            favourable=_share(row, "favourable"),
            neutral=_share(row, "neutral"),
            unfavourable=_share(row, "unfavourable"),
            distribution=None
            if shares is None
            else tuple(Share(Decimal(str(value)), bound) for value, bound in shares),
            enps=_share(row, "enps"),
        )


def _share(row: Mapping[str, Any], name: str) -> Share | None:
    return None if row[name] is None else Share(row[name], row[f"{name}_bound"])


@dataclass(frozen=True, slots=True)
class Measure:
    """What the manifest says of a measure; `options` are what its distribution is over, each with its texts."""

    said: Mapping[str, Any]
    options: tuple[str, ...]

    @property
    def id(self) -> str:
        return str(self.said["id"])

    @property
    def is_item(self) -> bool:
        return bool(self.said["kind"] == "item")

    @property
    def type(self) -> str:
        """Of an item; a scale's or index's is its kind."""
        return str(self.said.get("type", self.said["kind"]))

    @property
    def is_turned(self) -> bool:
        """Whether an answer of many points is an unfavourable one."""
        return bool(self.said.get("reverse", False))

    @property
    def low_is_better(self) -> bool:
        return self.said.get("favourable") == "low"

    def over(self, tongue: Tongue) -> Range | None:
        """Lowest and highest score; None of one that has no ends."""
        if "lowest" not in self.said or "highest" not in self.said:
            return None
        low, high = Decimal(str(self.said["lowest"])), Decimal(str(self.said["highest"]))
        return Range(low, high, (tongue.number(low), tongue.number(high)))

    def name(self, tongue: Tongue) -> Phrase:
        return tongue.phrase(self.said["text"])

    def option(self, tongue: Tongue, option: str) -> Phrase:
        """An answer's text; of a point its number, with its label where it has one."""
        for one in self.said.get("options", ()):
            if one["id"] == option:
                return tongue.phrase(one["text"])
        for band in self.said.get("bands", ()):
            if band["id"] == option:
                return tongue.phrase(band["title"])
        label = self.said.get("labels", {}).get(option)
        if label is None:
            return Phrase(option)
        said = tongue.phrase(label)
        return Phrase(f"{option} \u2013 {said.text}", said.language)


@dataclass(frozen=True, slots=True)
class Told:
    """A measure, and what the unit shows of it in each family; None: the measure has none in it."""

    measure: Measure
    mean: Cell | None
    shares: Cell | None


@dataclass(frozen=True, slots=True)
class Place:
    """A unit: its name, and its id in the system that it comes from (none: everybody, above several tops)."""

    name: str
    source: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Below:
    """A unit directly below, with its means by measure."""

    place: Place
    means: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Wave:
    """What one wave's release showed of a measure of the unit."""

    point: TrendPoint
    cell: Cell


@dataclass(frozen=True, slots=True)
class Promise:
    """The contract in sentences, and the digest by which it is known."""

    sentences: Sequence[Sentence]
    digest: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is signed, where it verifies; `is_broken`: there is one, and it does not."""

    said: Mapping[str, Any] | None
    signature: str = ""
    public_key: str = ""
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """All that a report shows.

    Attributes:
        release_id: of which release.
        digest: the release's own.
        campaign: its name.
        wave_number: which of the campaign's waves.
        interim: which results before the closing; None of the wave's own.
        released_at: when.
        place: the unit.
        told: its measures, in the questionnaire's order.
        below: the units directly below, in the tree's order, as many as are shown.
        below_count: how many they are.
        trends: by measure, wave after wave, up to this one.
        statistics: of everybody together, where they are told.
        promise: the contract.
        certificate: what the auditor proved.
    """

    release_id: UUID
    digest: str
    campaign: str
    wave_number: int
    interim: int | None
    released_at: datetime
    place: Place
    told: Sequence[Told]
    below: Sequence[Below]
    below_count: int
    trends: Mapping[str, Sequence[Wave]]
    statistics: Statistics | None
    promise: Promise | None
    certificate: Certificate
