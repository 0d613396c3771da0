"""All figures published of a wave, as the auditor takes them. Plain data; nothing here counts or compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.model import Labels

MEAN, DISTRIBUTION, DEVIATION = "mean", "distribution", "deviation"
FAMILIES = (MEAN, DISTRIBUTION, DEVIATION)
"""Sums of scores, numbers of people by answer, sums of squares."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """An item, a scale (its parts are items) or an index (its parts are scales). None is part of two.

    A respondent of an item answered it; of a whole, is a respondent of all its parts.

    Attributes:
        parts: empty for an item.
        n: respondents of each class, int64 [classes].
        partial: people of each class who are respondents of at least one part and not of the whole, int64 [classes];
            zeros for an item.
        k: by family the smallest group that a figure may describe.
        alike: all items below have the same answers to choose from.
    """

    id: str
    parts: tuple[str, ...]
    n: Ints
    partial: Ints
    k: Mapping[str, int]
    alike: bool = True


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
    """

    names: Sequence[Labels]
    members: Sequence[Ints]
    respondents: Ints
    measures: Sequence[Measured]
    published: Sequence[Published]
