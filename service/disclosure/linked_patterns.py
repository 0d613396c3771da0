"""Which places of a grid are published, by measure and family: a function of numbers of respondents alone.

Items come first, each inside what is safe for all who answered anything; then scales and indices, as far as the tables
of each of their items allow together (see `joint`). Whatever is taken away later takes nothing from what was proved.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from service.disclosure.derivable import axes
from service.disclosure.gates import hide_behind_gates
from service.disclosure.grid import Grid
from service.disclosure.joint import Joint
from service.disclosure.linked import BUDGET
from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.patterns import Pattern, Patterns
from service.disclosure.policy import Policy
from service.disclosure.programme import programme
from service.disclosure.thresholds import Thresholds
from service.disclosure.tree import Ints, Mask

Kept = Mapping[tuple[str, Family], Mask]
"""Places that are published already, by measure and family, [places] each; none where a pair is absent."""


def linked_patterns(
    grid: Grid,
    respondents: Ints,
    measures: Sequence[Measure],
    policy: Policy,
    budget: int = BUDGET,
    kept: Kept = MappingProxyType({}),
) -> Patterns:
    """The places of every measure in every family it has; `check_parts` first.

    Where some are published already (`kept`), they stay, and what comes to them is safe together with them.

    Raises:
        Unproved: the work ran out before everything was proved.
    """
    return _LinkedPatterns(grid, respondents, measures, policy, budget, kept).decided()


class _LinkedPatterns(Thresholds):
    def __init__(
        self,
        grid: Grid,
        respondents: Ints,
        measures: Sequence[Measure],
        policy: Policy,
        budget: int,
        kept: Kept = MappingProxyType({}),
    ) -> None:
        # One order whatever order they are given in, since what is taken away for one is missed by the next.
        super().__init__(respondents, sorted(measures, key=lambda measure: measure.id), policy)
        self.grid = grid
        self.joint = Joint(grid, budget)
        self.cells = {measure.id: grid.sums(measure.n) for measure in measures}
        self.kept = kept
        self.base: dict[int, Mask] = {}
        inside = grid.sums(respondents) > 0
        for k in self.all():
            inside = self.base[k] = self.joint.safe(respondents, inside, k, self._kept_from(k))
        self.final: dict[tuple[str, Family], Mask] = {}
        self.own: dict[tuple[str, Family], Mask] = {}

    def sums(self, own: Ints) -> Ints:
        return self.grid.sums(own)

    def safe(self, n: Ints, allowed: Mask, k: int, kept: Mask | None) -> Mask:
        return self.joint.safe(n, allowed, k, kept)

    def axes(self, shown: Mask) -> list[Ints]:
        return axes(self.grid, shown)

    def _kept(self, measure: Measure, family: Family) -> Mask:
        found = self.kept.get((measure.id, family))
        return np.zeros(self.grid.size, np.bool_) if found is None else found

    def _kept_from(self, k: int) -> Mask:
        """All places that anything of this threshold or a larger one is published for already."""
        shown = [mask for (name, family), mask in self.kept.items() if self.k(self.known[name], family) >= k]
        found: Mask = np.logical_or.reduce([np.zeros(self.grid.size, np.bool_), *shown])
        return found

    def decided(self) -> Patterns:
        whole_of = {part: measure for measure in self.measures for part in measure.parts}
        for family in Family:
            mine = [measure for measure in self.measures if family in measure.families]
            for kind in Kind:
                for measure in mine:
                    if measure.kind is kind:
                        self._publish(measure, family)
            for measure in mine:
                if measure.kind is Kind.item and measure.id in whole_of:
                    self._prove_together(measure, family, whole_of)
        hide_behind_gates(self, self.final, self.kept)
        deviations = self._deviations()
        none = np.zeros(self.grid.size, np.bool_)
        return {
            (name, family): self._pattern(name, family, deviations[name] if family is Family.mean else none)
            for name, family in self.final
        }

    def _publish(self, measure: Measure, family: Family) -> None:
        k = self.k(measure, family)
        allowed = self.base[k] & (self.cells[measure.id] >= k)
        if family is Family.distribution and Family.mean in measure.families:
            allowed &= self.final[measure.id, Family.mean]
        for part in measure.parts:
            allowed &= self.final[part, family]
        for apart in self.apart(measure, family) if measure.parts else ():
            left_out = self.grid.sums(apart)
            allowed &= (left_out == 0) | (left_out >= k)
        kept = self._kept(measure, family)
        allowed |= kept
        if not measure.parts:
            allowed = self.joint.safe(measure.n, allowed, k, kept)
        self.own[measure.id, family] = self.final[measure.id, family] = allowed

    def _prove_together(self, item: Measure, family: Family, whole_of: dict[str, Measure]) -> None:
        chain = [item]
        while chain[-1].id in whole_of and family in whole_of[chain[-1].id].families:
            chain.append(whole_of[chain[-1].id])
        masks = [self.final[measure.id, family] for measure in chain]
        for number in range(1, len(masks)):
            masks[number] = masks[number] & masks[number - 1]
        kept = [self._kept(measure, family) for measure in chain]
        gaps = chain[1].gaps if len(chain) > 1 else None
        if gaps is not None and bool(gaps.people.any()):
            answered = gaps.answered[:, list(chain[1].parts).index(item.id)]
            masks = self.joint.with_gaps(item.n, answered, chain[1].complete, masks, self.k(item, family), kept)
        # Where nobody skipped a part, the tables of the wholes lie among the item's, which is proved already.
        elif any(bool((measure.n != item.n).any()) for measure in chain):
            masks = self.joint.together([measure.n for measure in chain], masks, self.k(item, family), kept)
        for measure, mask in zip(chain, masks, strict=True):
            self.final[measure.id, family] = mask

    def _deviations(self) -> dict[str, Mask]:
        """Whole units with a standard deviation: the tree programme, inside the distribution's cells.

        Parts of units have none: a search for groups of under 30 people would take hundreds of times as long. Nor has
        anything that comes beside what was shown before, whose deviations would have to be looked at together.
        """
        if self.kept:
            return {measure.id: np.zeros(self.grid.size, np.bool_) for measure in self.measures}
        shown: dict[str, Mask] = {}
        for kind in Kind:
            for measure in self.measures:
                if measure.kind is not kind or Family.mean not in measure.families:
                    continue
                nodes = self.grid.tree.size
                inner = self.final.get((measure.id, Family.distribution), self.final[measure.id, Family.mean])[:nodes]
                if not self.has_deviations(measure):
                    inner = np.zeros_like(inner)
                if len(measure.parts) == 1:
                    inner = inner & shown[measure.parts[0]][:nodes]
                found = programme(self.grid.tree, self.grid.by_node(measure.n), self.sd_k(measure), inner)
                shown[measure.id] = np.concatenate([found, np.zeros(self.grid.size - nodes, np.bool_)])
        return shown

    def _pattern(self, name: str, family: Family, deviations: Mask) -> Pattern:
        k = self.k(self.known[name], family)
        published, own = self.final[name, family], self.own[name, family]
        large = self.cells[name] >= k
        return Pattern(
            published=published,
            sd=deviations & published,
            primary=int((~large).sum()),
            complementary=int((large & ~own).sum()),
            parts=int((own & ~published).sum()),
            k=k,
        )
