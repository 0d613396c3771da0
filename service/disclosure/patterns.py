"""Which cells of which measure are published: a function of numbers of respondents alone, never of an answer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.disclosure.coding import BANDLESS_FROM, EXACT_FROM, FINE_FROM, SHARE_ENDS, WHOLE_SHARE
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
    missing = _missing(whole, parts)
    if bool((missing < 0).any()):
        raise ValueError(f"measure {whole.id}: has respondents that a part has not")
    if bool(((partial < missing.max(axis=0)) | (partial > missing.sum(axis=0))).any()):
        raise ValueError(f"measure {whole.id}: partial contradicts the respondents of the parts")


def patterns(tree: Tree, respondents: Ints, measures: Sequence[Measure], policy: Policy) -> Patterns:
    """The cells of every measure in every family it has; `check_parts` first."""
    return _Patterns(tree, respondents, measures, policy).decided()


def _missing(whole: Measure, parts: Sequence[Measure]) -> Ints:
    """Respondents of each part who are not respondents of the measure, [parts, classes]."""
    missing = np.stack([part.n - whole.complete for part in parts])
    return missing if whole.gaps is None else missing - whole.gaps.answered.sum(axis=0)


class Thresholds(ABC):
    """Which k each measure keeps in each family, with the measures by id.

    `respondents` are all who answered anything, [classes].
    """

    def __init__(self, respondents: Ints, measures: Sequence[Measure], policy: Policy) -> None:
        self.respondents = respondents
        self.measures = measures
        self.known = {measure.id: measure for measure in measures}
        self.policy = policy

    def items(self, measure: Measure) -> list[Measure]:
        """The items that a measure is made of in the end; itself where it is one."""
        if not measure.parts:
            return [measure]
        return [item for part in measure.parts for item in self.items(self.known[part])]

    def k(self, measure: Measure, family: Family) -> int:
        """Smallest group of a measure in a family; never under that of its parts, or of its gates' distributions."""
        behind = max((self.k(self.known[gate], Family.distribution) for gate in self.gates(measure)), default=0)
        return max(behind, self._own_k(measure, family))

    def _own_k(self, measure: Measure, family: Family) -> int:
        sensitive = self._sensitive(measure)
        # Of two neighbouring answers, the mean tells how many gave each: it is held to the threshold of a distribution.
        if family is Family.distribution or any(item.binary for item in self.items(measure)):
            return self.policy.distribution_k(sensitive=sensitive)
        return self.policy.mean_k(sensitive=sensitive)

    def sd_k(self, measure: Measure) -> int:
        """Smallest group of a standard deviation."""
        return max(self.policy.sd_k(sensitive=self._sensitive(measure)), self.k(measure, Family.mean))

    def apart(self, whole: Measure, family: Family) -> Ints:
        """Numbers of people that are nobody's or of k wherever the measure is shown, [numbers, classes]; see `parts`.

        Respondents of each part who are not respondents of the measure come first.
        """
        missing = _missing(whole, [self.known[part] for part in whole.parts])
        if whole.gaps is None:
            return missing
        skipped = whole.gaps.people.sum(axis=0) - whole.gaps.answered.sum(axis=0)
        # By size as well, since a share weighs an answer by it, and a band may catch people of one size alone.
        sizes = whole.gaps.people if family is Family.distribution else whole.gaps.people[:0]
        return np.concatenate([missing, skipped, sizes])

    def alike(self, whole: Measure, family: Family) -> bool:
        """Whether what a measure publishes in a family hangs on each of its items in the same way; see `parts`."""
        if len({item.answers for item in self.items(whole)}) > 1:
            return False
        # A mean and favourable shares add up over the items, and no weight is zero.
        if family is Family.mean or whole.counts is None:
            return True
        parts = [self.known[part] for part in whole.parts]
        return all(one.alike for one in (whole, *parts)) and len({len(part.parts) for part in parts}) == 1

    def has_deviations(self, measure: Measure) -> bool:
        """Whether a standard deviation is ever shown; see `parts` on squares."""
        return measure.gaps is None or len(measure.parts) - len(measure.gaps.people) > 1

    def gates(self, measure: Measure) -> set[str]:
        """Whose answers decide who is asked for a measure, or for any part of it."""
        return set(measure.gates).union(*(self.gates(self.known[part]) for part in measure.parts))

    def behind_gates(self, shown: dict[tuple[str, Family], Mask], kept: Mapping[tuple[str, Family], Mask]) -> None:
        """Take away what is shown of gated measures beyond what their n may tell, until nothing more changes.

        Where somebody is asked only after certain answers, the number of respondents counts these answers: a measure
        is shown only where the distribution of each of its gates is, and only where it tells nothing that the end bands
        of such a share hide: both who was asked and who was not are k people at least, and their share lies in no end
        band; also in what is left of a cell without others. Wholes lie inside their parts, and distributions inside
        their means, as before. What is taken away takes nothing from what is proved.

        Args:
            shown: cells of each measure in each family.
            kept: those of them that were published before; they stay.
        """
        gated = [(one, family) for one in self.measures if self.gates(one) for family in one.families]
        for measure, family in gated:
            key = (measure.id, family)
            allowed = shown[key] & self._plain(measure, family)
            before = kept.get(key)
            for rest in self._not_asked(measure):
                allowed = self.safe(
                    rest, allowed if before is None else allowed | before, self.k(measure, family), before
                )
            shown[key] = allowed if before is None else allowed | before
        changing = True
        while changing:
            changing = False
            for measure, family in gated:
                around = [(gate, Family.distribution) for gate in self.gates(measure)]
                around += [(part, family) for part in measure.parts]
                around += [(measure.id, other) for other in measure.families if family is Family.distribution]
                inside = np.logical_and.reduce([shown[key] for key in around])
                key = (measure.id, family)
                left = shown[key] & (inside | kept[key]) if key in kept else shown[key] & inside
                changing |= bool((left != shown[key]).any())
                shown[key] = left

    def _not_asked(self, measure: Measure) -> list[Ints]:
        """Who is no respondent of a gated measure, [classes] each: of all, and of those who answered a gate."""
        answered = (self.known[gate].n for gate in sorted(self.gates(measure)))
        rests = [self.respondents - measure.n, *(n - measure.n for n in answered)]
        # Conditions that hold without an answer are met by people who did not answer the gate.
        return [rest for rest in rests if not (rest < 0).any()]

    def _plain(self, measure: Measure, family: Family) -> Mask:
        """Cells where the share of those asked lies in no end band, nor on one side of the threshold."""
        n, k = self.sums(measure.n), self.k(measure, family)
        plain = n >= k
        for rest in self._not_asked(measure):
            left = self.sums(rest)
            people = n + left
            end = np.select(
                [people >= BANDLESS_FROM, people >= FINE_FROM, people >= EXACT_FROM], SHARE_ENDS[:3], SHARE_ENDS[3]
            )
            plain &= (left >= k) & (np.minimum(n, left) * WHOLE_SHARE > end * people)
        return plain

    @abstractmethod
    def sums(self, own: Ints) -> Ints:
        """Sum over the classes of each cell, [size]."""

    @abstractmethod
    def safe(self, n: Ints, allowed: Mask, k: int, kept: Mask | None) -> Mask:
        """The cells that stay where nothing may describe fewer than k of these people, [classes]."""

    def all(self) -> list[int]:
        """Every threshold that some measure has, ascending."""
        return sorted({self.k(measure, family) for measure in self.measures for family in measure.families})

    def _sensitive(self, measure: Measure) -> bool:
        parts = (self.known[part] for part in measure.parts)
        return measure.sensitive or any(self._sensitive(part) for part in parts)


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
        self.behind_gates(self.final, {})
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
