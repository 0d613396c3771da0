"""What the feed holds: entity sets and their columns, each described once. Pure.

`$metadata`, what can be asked for, and the shape of rows all follow from these.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from service.releases.columns import COLUMNS, Kind

LEVELS: Final = 8
_AS_LEVEL: Final = {1: "at the top (Level 0)"} | {n: f"at Level {n - 1}" for n in range(2, LEVELS + 1)}
_SLUG, _NAME, _UUID, _WORD, _DAY = 63, 200, 36, 20, 10
_KEY = 120
_ONE = {"release", "campaign", "wave"}


class Edm(StrEnum):
    """Types of OData that are used here."""

    text = "Edm.String"
    number = "Edm.Double"
    integer = "Edm.Int32"
    moment = "Edm.DateTimeOffset"
    flag = "Edm.Boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """A property of an entity.

    Attributes:
        most: characters of a text, at most.
        unit: what a number is counted in, where it has a unit.
    """

    name: str
    edm: Edm
    description: str
    nullable: bool = True
    most: int | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class EntitySet:
    """A table of the feed.

    Attributes:
        name: of the set; `kind` is the name of its entities' type.
        key: kinds of the parts that the `Id` is made of, joined by dots: `uuid`, `number` or `slug`.
        walks: whether there are so many rows that they are read release by release, along an index.
    """

    name: str
    kind: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("uuid",)
    walks: bool = False
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})


def pascal(name: str) -> str:
    """A column of the JSON cell as it is called here: `n_from` is `NFrom`."""
    return "".join(part.capitalize() for part in name.split("_"))


_OF_CELL = {column.name: column for column in COLUMNS}
_EDM_OF = {Kind.number: Edm.number, Kind.integer: Edm.integer, Kind.text: Edm.text}


def _figure(name: str, *, most: int | None = None, unit: str | None = None) -> Column:
    """A figure of a cell, in the words that the API says of it."""
    cell = _OF_CELL[name]
    said = (cell.description or name.replace("_", " ")).replace("`", "")
    return Column(pascal(name), _EDM_OF[cell.kind], said[0].upper() + said[1:], most=most, unit=unit)


def _id(of: str) -> Column:
    return Column("Id", Edm.text, f"Key of the row: {of}", nullable=False, most=_KEY)


def _same_as(name: str, kind: str) -> Column:
    return Column(name, Edm.text, f"Id of the {kind}", nullable=False, most=_UUID if kind in _ONE else _KEY)


def _text(name: str, description: str, *, most: int | None = None, nullable: bool = False) -> Column:
    return Column(name, Edm.text, description, nullable, most)


def _whole(name: str, description: str, *, nullable: bool = False, unit: str | None = None) -> Column:
    return Column(name, Edm.integer, description, nullable, unit=unit)


def _moment(name: str, description: str) -> Column:
    return Column(name, Edm.moment, description, nullable=False)


_CAMPAIGN = _text("CampaignName", "Campaign, as it was called when the release was made", most=_NAME)
_WAVE = _whole("WaveNumber", "Which wave of its campaign, from 1 on")
_RELEASED = _moment("ReleasedAt", "When the release was made")
_OF_RELEASE = (_same_as("CampaignId", "campaign"), _CAMPAIGN, _same_as("WaveId", "wave"), _WAVE, _RELEASED)
OF_RELEASE: Final = frozenset({"ReleaseId", *(column.name for column in _OF_RELEASE)})
"""Columns that are the same for all rows of a release."""
_SPAN = (
    _whole("Releases", "How many releases there are"),
    _moment("FirstReleasedAt", "When the first of them was made"),
    _moment("LastReleasedAt", "When the last of them was made"),
)
_PLACE = (
    _text("Unit", "External id of the unit; null for those who are in none", most=_NAME, nullable=True),
    _text("Source", "System that the unit's id is of", most=_SLUG, nullable=True),
)
_PATH = (
    _whole("Level", "How far below the top the unit is; 0 for the top"),
    *(
        _text(f"Level{level}", f"Name of the unit above it, or itself, {_AS_LEVEL[level]}", nullable=True)
        for level in range(1, LEVELS + 1)
    ),
)
_BELOW = (
    *_PATH,
    _text("Breakdown", "org for the whole unit, else with its dimensions: org*site"),
    _text("Dimensions", "Values by dimension: site=lyon; tenure=new. Empty for the whole unit"),
)
_KIND = _text("Kind", "item, scale or index", most=_WORD)
_OUTCOME = (
    _text("Status", "published, or withheld: then there is a reason and no number", most=_WORD),
    _text("Reason", "Why it is withheld: protected, not_in_plan or not_enough_invited", most=_SLUG, nullable=True),
)
_PERCENT, _POINTS = "percent", "points of the measure"
_MEANS = (
    _figure("mean", unit=_POINTS),
    _figure("mean_bound", most=_WORD),
    _figure("sd", unit=_POINTS),
    _figure("se", unit=_POINTS),
    _figure("low", unit=_POINTS),
    _figure("high", unit=_POINTS),
    _figure("basis", most=_WORD),
    _figure("rwg"),
)
_SHARES = (
    _figure("favourable", unit=_PERCENT),
    _figure("favourable_bound", most=_WORD),
    _figure("neutral", unit=_PERCENT),
    _figure("neutral_bound", most=_WORD),
    _figure("unfavourable", unit=_PERCENT),
    _figure("unfavourable_bound", most=_WORD),
    _figure("enps"),
    _figure("enps_bound", most=_WORD),
)
_COUNTS = (_figure("n_from", unit="people"), _figure("n_to", unit="people"))
FIGURES: Final = {
    pascal(name): name for name in _OF_CELL if pascal(name) in {one.name for one in (*_COUNTS, *_MEANS, *_SHARES)}
}
"""Columns that hold a figure of a cell, with its name in JSON."""
_CELL = (
    _same_as("ReleaseId", "release"),
    _same_as("OrgUnitId", "place in OrgUnits"),
    _same_as("MeasureId", "measure in Items or Scales"),
    *_OF_RELEASE,
    *_PLACE,
    _text("UnitName", "Name of the unit"),
    *_BELOW,
    _text("Measure", "Id of the item, scale or index in its questionnaire", most=_SLUG),
    _text("MeasureName", "What the item asks, or what the scale or index is called, in the language asked for"),
    _KIND,
    *_OUTCOME,
    *_COUNTS,
)
_MEASURE = (
    _id("release and measure"),
    _same_as("ReleaseId", "release"),
    _text("Measure", "Id of the item, scale or index in its questionnaire", most=_SLUG),
    _KIND,
    _text("Name", "What the item asks, or what the scale or index is called, in the language asked for"),
    _text(
        "Type", "Of an item: rating, enps, single_choice, multiple_choice, ranking or number", most=_WORD, nullable=True
    ),
    Column("Lowest", Edm.number, "Lowest score that there can be"),
    Column("Highest", Edm.number, "Highest score that there can be"),
    Column("Reverse", Edm.flag, "Of a rating: whether its mean is turned, so that higher is better"),
    _text("Rule", "Of a scale or index: how it is made, by person or by group", most=_WORD, nullable=True),
    _text("Score", "Of a scale or index: mean, sum, percent or ratio", most=_WORD, nullable=True),
)

ENTITY_SETS: Final = (
    EntitySet(
        "Campaigns",
        "Campaign",
        "Campaigns that have a release",
        (
            _id("campaign"),
            _text("Name", "As its newest release calls it", most=_NAME),
            _whole("Waves", "How many of its waves have a release"),
            *_SPAN,
        ),
    ),
    EntitySet(
        "Waves",
        "Wave",
        "Waves that have a release",
        (
            _id("wave"),
            _same_as("CampaignId", "campaign"),
            _CAMPAIGN,
            _whole("Number", "Which wave of its campaign, from 1 on"),
            *_SPAN,
        ),
    ),
    EntitySet(
        "Releases",
        "Release",
        "Published results; a wave has one, one more for each recut, and interim ones before its closing",
        (
            _id("release"),
            *_OF_RELEASE,
            _whole("Interim", "Which results before the closing; null for the wave's own", nullable=True),
            _text("RecutId", "Recut that it came of; null for a wave's first release", most=_UUID, nullable=True),
            _text("Digest", "SHA-256 over all that the release tells", most=64),
        ),
    ),
    EntitySet(
        "OrgUnits",
        "OrgUnit",
        "Places: units of the tree as it was for the release, whole, and their parts by breakdown",
        (
            _id("release and place"),
            _same_as("ReleaseId", "release"),
            *_PLACE,
            _text("Name", "Name of the unit"),
            _text(
                "ParentId", "Id of the place above it; null at the top of what this key reads", most=_KEY, nullable=True
            ),
            *_BELOW,
        ),
        key=("uuid", "number"),
        walks=True,
    ),
    EntitySet(
        "Items",
        "Item",
        "Questions of the releases' questionnaires, but for those answered with text",
        _MEASURE,
        key=("uuid", "slug"),
    ),
    EntitySet("Scales", "Scale", "Scales and indices of the releases' questionnaires", _MEASURE, key=("uuid", "slug")),
    EntitySet(
        "Scores",
        "Score",
        "Means: a row for each place and each measure that has a mean, withheld ones included",
        (_id("release, place and measure"), *_CELL, *_MEANS),
        key=("uuid", "number", "number"),
        walks=True,
    ),
    EntitySet(
        "Shares",
        "Share",
        "Favourable, neutral and unfavourable: a row for each place and each measure that has a distribution, withheld "
        "ones included. What has no better and worse end has none of them",
        (_id("release, place and measure"), *_CELL, *_SHARES),
        key=("uuid", "number", "number"),
        walks=True,
    ),
    EntitySet(
        "Distributions",
        "Distribution",
        "Shares by answer: a row for each place, measure and option, withheld ones included",
        (
            _id("release, place, measure and option"),
            *_CELL,
            _text("Option", "Point, option or band of the score, by its id", most=_SLUG),
            _text("OptionName", "What it is called, in the language asked for"),
            _whole("OptionNumber", "Which option of its measure, from 1 on"),
            Column("Percent", Edm.number, "Share of the answers; of a scale or index, of the people", unit=_PERCENT),
            _text("Bound", "at_least: read 90 as 90 or more; at_most likewise", most=_WORD, nullable=True),
        ),
        key=("uuid", "number", "number", "number"),
        walks=True,
    ),
    EntitySet(
        "Participation",
        "UnitParticipation",
        "How many took part: a row for each whole unit of a wave's own release, as it was told when that was made. "
        "There is none where the contract has no record of who has answered",
        (
            _id("release and place"),
            _same_as("ReleaseId", "release"),
            _same_as("OrgUnitId", "place in OrgUnits"),
            *_OF_RELEASE,
            *_PLACE,
            _text("UnitName", "Name of the unit"),
            *_PATH,
            _text("Status", "shown, or withheld: then there is a reason and no percent", most=_WORD),
            _text(
                "Reason",
                "Why it is withheld: not_enough_invited, or not_yet where too few have answered",
                most=_SLUG,
                nullable=True,
            ),
            _whole("Invited", "People invited, in the unit and those below it", unit="people"),
            _whole(
                "Percent",
                "Those who answered, of those invited, rounded down in steps of 5, or more in small units",
                nullable=True,
                unit=_PERCENT,
            ),
            _text("Bound", "or_more: read 90 as 90 or more; or_less: read 20 as under 20", most=_WORD, nullable=True),
            _text(
                "LookedAt",
                "Day on which it was looked at, as 2026-11-28; who answered later on that day is not in it",
                most=_DAY,
                nullable=True,
            ),
        ),
        key=("uuid", "number"),
        walks=True,
    ),
)
BY_NAME: Final = {one.name: one for one in ENTITY_SETS}
