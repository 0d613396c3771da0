"""All figures published of a wave, as the auditor takes them. Plain data; nothing here counts or compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.model import Labels

MEAN, DISTRIBUTION, DEVIATION = "mean", "distribution", "deviation"
FAMILIES = (MEAN, DISTRIBUTION, DEVIATION)
"""Sums of scores, numbers of people by answer, sums of squares."""


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Who counts in a scale that scores whoever answered enough of its items by the mean of the items answered.

    The numbers of items answered, here "sizes", go up by one to all of them: the last size is that of the complete.

    Attributes:
        people: respondents of the scale by size, int64 [sizes, classes].
        answered: of these, who answered each item, int64 [sizes, parts, classes].
    """

    people: Ints
    answered: Ints

    @property
    def sizes(self) -> range:
        last = self.answered.shape[1]
        return range(last - len(self.people) + 1, last + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """An item, a scale (its parts are items) or an index (its parts are scales). None is part of two.

    A respondent of an item answered it; of a whole, is a respondent of all its parts, or of enough of them (`gaps`).

    Attributes:
        parts: empty for an item.
        n: respondents of each class, int64 [classes].
        partial: people of each class who are respondents of at least one part and not of the whole, int64 [classes];
            zeros for an item.
        k: by family the smallest group that a figure may describe.
        alike: all items below have the same answers to choose from, and weigh the same wherever a figure is no sum of
            what each of them says.
        gates: items whose answers tell whether it is asked; of a whole, those of its own, beside its parts'.
        asks_skippers: with gates: it is asked of people, too, who answered none of them.
        gaps: of a scale that scores people who skipped some of its items; else None.
        derived: its figures are worked out from those of its parts, and from nothing else: it has no respondents by
            class (zeros), and makes no equations.
    """

    id: str
    parts: tuple[str, ...]
    n: Ints
    partial: Ints
    k: Mapping[str, int]
    alike: bool = True
    gates: tuple[str, ...] = ()
    asks_skippers: bool = False
    gaps: Gaps | None = None
    derived: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """The figures of one family that are published of a measure.

    Attributes:
        measure: its id.
        family: one of the families above.
        places: numbers of the places, ascending, int64 [places].
        least: respondents as printed, at least, int64 [places].
        most: at most; the same where the number was printed itself.
    """

    measure: str
    family: str
    places: Ints
    least: Ints
    most: Ints


class Where(NamedTuple):
    """The unit of a place, and the values of dimensions that it is broken down by, in the order of their names."""

    unit: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Wave:
    """Everything that is published of a wave, and the people it is about.

    People belong to classes; a class is everything that a breakdown may ask of them. A place is a group of classes: a
    unit, whole or by values of dimensions.

    Attributes:
        names: what each place is, for words in examples, [places].
        members: the classes of each place, ascending, [places].
        respondents: people of each class who answered anything, int64 [classes].
        measures: all that any published figure, or a whole with published figures, is about.
        published: one entry for each measure and family at most.
        where: of each place, which may stand more than once, [places]; empty where all are of one tree, whole.
        united: by dimension that whose values its own unite; a dimension that unites nothing is absent.
        bands_from: the first place of what is new. There, and at every later place, numbers of people have to be
            printed as bands. None: nothing is new; older releases printed exact numbers, and are out.
    """

    names: Sequence[Labels]
    members: Sequence[Ints]
    respondents: Ints
    measures: Sequence[Measured]
    published: Sequence[Published]
    where: Sequence[Where] = ()
    united: Mapping[str, str] = field(default_factory=dict)
    bands_from: int | None = None
