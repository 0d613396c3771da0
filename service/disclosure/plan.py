"""Which tables are to be published: hierarchies, dimensions, and the breakdowns made of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_COLUMNS = 50
MOST_BREAKDOWNS = 200


class PlanRefused(ValueError):
    """The plan contradicts itself; the text names the place and repeats nothing else."""


class TableRefused(ValueError):
    """The table does not fit the plan; the text names the column."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Breakdowns declared before anything is counted.

    Attributes:
        hierarchies: by name, the columns of the levels, top down. A row may end at any level: then it belongs to the
            unit above, and to no unit below.
        dimensions: columns with a closed list of values; an empty one is not known, and in no cell of that dimension.
        breakdowns: each a list of names of hierarchies and dimensions whose cross table is published, at every level of
            its hierarchies, the top (everybody) included.

    Raises:
        PlanRefused: no breakdown, a name that is not declared or declared twice, a breakdown twice, too many of them.
    """

    hierarchies: Mapping[str, tuple[str, ...]]
    dimensions: tuple[str, ...]
    breakdowns: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        names = [*self.hierarchies, *self.dimensions]
        if len(set(names)) != len(names):
            raise PlanRefused("a name stands for two things")
        if len(set(self.columns)) != len(self.columns):
            raise PlanRefused("a column is used twice")
        if not names:
            raise PlanRefused("no hierarchy and no dimension is declared")
        if len(self.columns) > MOST_COLUMNS:
            raise PlanRefused(f"more than {MOST_COLUMNS} columns are read")
        if any(not levels for levels in self.hierarchies.values()):
            raise PlanRefused("a hierarchy has no level")
        self._check_breakdowns(set(names))

    def _check_breakdowns(self, names: set[str]) -> None:
        if not 1 <= len(self.breakdowns) <= MOST_BREAKDOWNS:
            raise PlanRefused(f"between 1 and {MOST_BREAKDOWNS} breakdowns are declared")
        for number, breakdown in enumerate(self.breakdowns, 1):
            if not set(breakdown) <= names:
                raise PlanRefused(f"breakdown {number} names something that is not declared")
            if len(set(breakdown)) != len(breakdown):
                raise PlanRefused(f"breakdown {number} names something twice")
        if len({frozenset(breakdown) for breakdown in self.breakdowns}) != len(self.breakdowns):
            raise PlanRefused("a breakdown is declared twice")

    @classmethod
    def default(cls, levels: Sequence[str], dimensions: Sequence[str]) -> "Plan":
        """The org tree by nothing, and by each dimension alone."""
        return cls({"org": tuple(levels)}, tuple(dimensions), (("org",), *(("org", name) for name in dimensions)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the plan reads: the hierarchies' levels, then the dimensions."""
        return (*(column for levels in self.hierarchies.values() for column in levels), *self.dimensions)
