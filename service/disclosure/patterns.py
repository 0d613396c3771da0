"""Which cells of which measure are published: a function of numbers of respondents alone, never of an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.disclosure.gates import hide_behind_gates
from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.parts import withdraw
from service.disclosure.policy import Policy
from service.disclosure.programme import programme
from service.disclosure.thresholds import Thresholds, missing_of
from service.disclosure.tree import NOBODY, Ints, Mask, Tree

_MADE_OF = {Kind.scale: Kind.item, Kind.index: Kind.scale}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Cells of one measure in one family, and how many others are withheld for which inner reason.

    Attributes:
        published: mask [size].
        sd: cells that also show a standard deviation, inside `published`; empty for distributions.
        primary: cells that are too small themselves, empty ones included.
        complementary: cells withheld so that no residual is too small.
        parts: cells withheld because of the measure's parts or gates.
    """

    published: Mask
    sd: Mask
    primary: int
    complementary: int
    parts: int
    k: int


Patterns = Mapping[tuple[str, Family], Pattern]


def check_parts(measures: Sequence[Measure]) -> None:
    """Refuse what the argument of `parts` does not cover.

    Raises:
        ValueError: two measures of one id; a part that is not among the measures, is of the wrong kind, is part of two
            measures, has fewer families than the whole, or fewer respondents in some class; a `partial` that the
            numbers of respondents contradict; gaps in a scale of unlike items, or below an index; a gate that is not
            among the measures, or without a distribution.
    """
    known = {measure.id: measure for measure in measures}
    if len(known) != len(measures):
        raise ValueError("two measures have the same id")
    gates = [known.get(gate) for measure in measures for gate in measure.gates]
    if any(gate is None or Family.distribution not in gate.families for gate in gates):
        raise ValueError("a gate is absent or has no distribution")
    used: set[str] = set()
    for whole in measures:
        if used & set(whole.parts):
            raise ValueError(f"measure {whole.id}: shares a part with another measure")
        used |= set(whole.parts)
        parts = [known.get(part) for part in whole.parts]
        found = [part for part in parts if part is not None and part.kind is _MADE_OF[whole.kind]]
        if len(found) != len(parts):
            raise ValueError(f"measure {whole.id}: a part is absent or of the wrong kind")
        if whole.partial is not None:
            _check_whole(whole, whole.partial, found)


def _check_whole(whole: Measure, partial: Ints, parts: Sequence[Measure]) -> None:
    if any(not set(whole.families) <= set(part.families) for part in parts):
        raise ValueError(f"measure {whole.id}: a part lacks a family that the whole has")
    if Family.mean not in whole.families and any(Family.mean in part.families for part in parts):
        raise ValueError(f"measure {whole.id}: has no mean, though a part has")
    if whole.gaps is not None and (not whole.alike or len({part.answers for part in parts}) > 1):
        raise ValueError(f"measure {whole.id}: has gaps, and parts that are not alike")
    if any(part.gaps is not None for part in parts):
        raise ValueError(f"measure {whole.id}: a part has gaps")
    missing = missing_of(whole, parts)
    if bool((missing < 0).any()):
        raise ValueError(f"measure {whole.id}: has respondents that a part has not")
    if bool(((partial < missing.max(axis=0)) | (partial > missing.sum(axis=0))).any()):
        raise ValueError(f"measure {whole.id}: partial contradicts the respondents of the parts")


def patterns(tree: Tree, respondents: Ints, measures: Sequence[Measure], policy: Policy) -> Patterns:
    """The cells of every measure in every family it has; `check_parts` first."""
    return _Patterns(tree, respondents, measures, policy).decided()


class _Patterns(Thresholds):
    def __init__(self, tree: Tree, respondents: Ints, measures: Sequence[Measure], policy: Policy) -> None:
        super().__init__(respondents, measures, policy)
        self.tree = tree
        self.cells = {measure.id: tree.sums(measure.n) for measure in measures}
        self.base = self._bases(respondents)
        self.own: dict[tuple[str, Family], Mask] = {}
        self.final: dict[tuple[str, Family], Mask] = {}

    def decided(self) -> Patterns:
        for family in Family:
            for kind in Kind:
                self._publish(family, [one for one in self.measures if one.kind is kind and family in one.families])
        hide_behind_gates(self, self.final, {})
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
                k=self.k(measure, family),
            )
        return found

    def sums(self, own: Ints) -> Ints:
        return self.tree.sums(own)

    def safe(self, n: Ints, allowed: Mask, k: int, kept: Mask | None) -> Mask:  # noqa: ARG002 - the tree keeps nothing
        return programme(self.tree, n, k, allowed)

    def axes(self, shown: Mask) -> list[Ints]:
        return [np.where(shown, self.tree.above(shown), NOBODY)]

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
        below = [*measure.parts, *(item.id for item in self.items(measure))]
        gaps = measure.n - measure.complete
        return withdraw(
            self.tree,
            published,
            np.logical_or.reduce([self.final[name, family] for name in below]),
            k,
            scored=measure.n,
            complete=measure.complete,
            uneven=measure.partial + gaps,
            apart=self.apart(measure, family),
            alike=self.alike(measure, family),
        )

    def _deviations(self) -> dict[str, Mask]:
        """Cells with a standard deviation: a family of its own, since with the mean it is most of a distribution."""
        shown: dict[str, Mask] = {}
        for measure in self.measures:
            if Family.mean in measure.families:
                inner = self.final.get((measure.id, Family.distribution), self.final[measure.id, Family.mean])
                inner = inner & self.has_deviations(measure)
                shown[measure.id] = programme(self.tree, measure.n, self.sd_k(measure), inner)
        return shown
