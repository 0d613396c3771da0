"""Which cells of which measure are published: a function of numbers of respondents alone, never of an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.parts import withdraw
from service.disclosure.policy import Policy
from service.disclosure.programme import programme
from service.disclosure.tree import Ints, Mask, Tree

_MADE_OF = {Kind.scale: Kind.item, Kind.index: Kind.scale}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Cells of one measure in one family, and how many others are withheld for which inner reason.

    Attributes:
        published: mask [size].
        sd: cells that also show a standard deviation, inside `published`; empty for distributions.
        primary: cells that are too small themselves, empty ones included.
        complementary: cells withheld so that no residual is too small.
        parts: cells withheld because of the measure's parts.
    """

    published: Mask
    sd: Mask
    primary: int
    complementary: int
    parts: int


Patterns = Mapping[tuple[str, Family], Pattern]


def check_parts(measures: Sequence[Measure]) -> None:
    """Refuse what the argument of `parts` does not cover.

    Raises:
        ValueError: two measures of one id; a part that is not among the measures, is of the wrong kind, is part of two
            measures, has fewer families than the whole, or fewer respondents in some class; a `partial` that the
            numbers of respondents contradict.
    """
    known = {measure.id: measure for measure in measures}
    if len(known) != len(measures):
        raise ValueError("two measures have the same id")
    used: set[str] = set()
    for whole in measures:
        if not whole.parts or whole.partial is None:
            continue
        if used & set(whole.parts):
            raise ValueError(f"measure {whole.id}: shares a part with another measure")
        used |= set(whole.parts)
        parts = [known.get(part) for part in whole.parts]
        found = [part for part in parts if part is not None and part.kind is _MADE_OF[whole.kind]]
        if len(found) != len(parts):
            raise ValueError(f"measure {whole.id}: a part is absent or of the wrong kind")
        if any(not set(whole.families) <= set(part.families) for part in found):
            raise ValueError(f"measure {whole.id}: a part lacks a family that the whole has")
        if Family.mean not in whole.families and any(Family.mean in part.families for part in found):
            raise ValueError(f"measure {whole.id}: has no mean, though a part has")
        missing = _missing(whole, found)
        if bool((missing < 0).any()):
            raise ValueError(f"measure {whole.id}: has respondents that a part has not")
        if bool(((whole.partial < missing.max(axis=0)) | (whole.partial > missing.sum(axis=0))).any()):
            raise ValueError(f"measure {whole.id}: partial contradicts the respondents of the parts")


def patterns(tree: Tree, respondents: Ints, measures: Sequence[Measure], policy: Policy) -> Patterns:
    """The cells of every measure in every family it has; `check_parts` first."""
    return _Patterns(tree, respondents, measures, policy).decided()


def _missing(whole: Measure, parts: Sequence[Measure]) -> Ints:
    return np.stack([part.n - whole.n for part in parts])


class Thresholds:
    """Which k each measure keeps in each family, with the measures by id."""

    def __init__(self, measures: Sequence[Measure], policy: Policy) -> None:
        self.measures = measures
        self.known = {measure.id: measure for measure in measures}
        self.policy = policy

    def items(self, measure: Measure) -> list[Measure]:
        """The items that a measure is made of in the end; itself where it is one."""
        if not measure.parts:
            return [measure]
        return [item for part in measure.parts for item in self.items(self.known[part])]

    def k(self, measure: Measure, family: Family) -> int:
        """Smallest group of a measure in a family; never under that of its parts."""
        sensitive = self._sensitive(measure)
        # Of two neighbouring answers, the mean tells how many gave each: it is held to the threshold of a distribution.
        if family is Family.distribution or any(item.binary for item in self.items(measure)):
            return self.policy.distribution_k(sensitive=sensitive)
        return self.policy.mean_k(sensitive=sensitive)

    def sd_k(self, measure: Measure) -> int:
        """Smallest group of a standard deviation."""
        return max(self.policy.sd_k(sensitive=self._sensitive(measure)), self.k(measure, Family.mean))

    def all(self) -> list[int]:
        """Every threshold that some measure has, ascending."""
        return sorted({self.k(measure, family) for measure in self.measures for family in measure.families})

    def _sensitive(self, measure: Measure) -> bool:
        parts = (self.known[part] for part in measure.parts)
        return measure.sensitive or any(self._sensitive(part) for part in parts)


class _Patterns(Thresholds):
    def __init__(self, tree: Tree, respondents: Ints, measures: Sequence[Measure], policy: Policy) -> None:
        super().__init__(measures, policy)
        self.tree = tree
        self.cells = {measure.id: tree.sums(measure.n) for measure in measures}
        self.base = self._bases(respondents)
        self.own: dict[tuple[str, Family], Mask] = {}
        self.final: dict[tuple[str, Family], Mask] = {}

    def decided(self) -> Patterns:
        for family in Family:
            for kind in Kind:
                self._publish(family, [one for one in self.measures if one.kind is kind and family in one.families])
        deviations = self._deviations()
        none = np.zeros(self.tree.size, dtype=bool)
        found = {}
        for (name, family), published in self.final.items():
            measure = self.known[name]
            large = self.cells[name] >= self.k(measure, family)
            own = self.own[name, family]
            found[name, family] = Pattern(
                published=published,
                sd=deviations[name] if family is Family.mean else none,
                primary=int((~large).sum()),
                complementary=int((large & ~own).sum()),
                parts=int((own & ~published).sum()),
            )
        return found

    def _bases(self, respondents: Ints) -> dict[int, Mask]:
        """The pattern of all who answered at all, per threshold: each one inside those of smaller thresholds."""
        base: dict[int, Mask] = {}
        inside = None
        for k in self.all():
            inside = programme(self.tree, respondents, k, inside)
            base[k] = inside
        return base

    def _publish(self, family: Family, measures: Sequence[Measure]) -> None:
        """One kind after the other, since what a whole may show lies inside what its parts show."""
        by_k: dict[int, list[Measure]] = {}
        for measure in measures:
            by_k.setdefault(self.k(measure, family), []).append(measure)
        for k, group in by_k.items():
            own = np.stack([measure.n for measure in group], axis=1)
            allowed = np.stack([self._allowed(measure, family, k) for measure in group], axis=1)
            found = programme(self.tree, own, k, allowed)
            for column, measure in enumerate(group):
                self.own[measure.id, family] = found[:, column]
                self.final[measure.id, family] = self._withdraw(measure, family, k, found[:, column])

    def _allowed(self, measure: Measure, family: Family, k: int) -> Mask:
        allowed = self.base[k].copy()
        if family is Family.distribution and Family.mean in measure.families:
            allowed &= self.final[measure.id, Family.mean]
        for part in measure.parts:
            allowed &= self.final[part, family]
        return allowed

    def _withdraw(self, measure: Measure, family: Family, k: int, published: Mask) -> Mask:
        if measure.partial is None:
            return published
        items = self.items(measure)
        below = [*measure.parts, *(item.id for item in items)]
        return withdraw(
            self.tree,
            published,
            np.logical_or.reduce([self.final[name, family] for name in below]),
            k,
            complete=measure.n,
            partial=measure.partial,
            missing=_missing(measure, [self.known[part] for part in measure.parts]),
            alike=len({item.answers for item in items}) == 1,
        )

    def _deviations(self) -> dict[str, Mask]:
        """Cells with a standard deviation: a family of its own, since with the mean it is most of a distribution."""
        shown: dict[str, Mask] = {}
        for measure in self.measures:
            if Family.mean in measure.families:
                inner = self.final.get((measure.id, Family.distribution), self.final[measure.id, Family.mean])
                shown[measure.id] = programme(self.tree, measure.n, self.sd_k(measure), inner)
        return shown
