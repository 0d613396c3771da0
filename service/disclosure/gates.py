"""What is asked of some people alone is shown only where it tells no more of their answers than these are shown. Pure.

How many were asked counts the answers that decide about it: those to the measure's gates. So a measure behind gates is
shown only

- where the distribution of each of its gates is, as wholes are inside their parts and distributions inside their means;
- where who was asked and who was not are both as many people as the threshold asks for, and their share lies in no end
  band, which would hide how many they are;
- and where the same holds of what is left of a cell without others, unless nobody who could be asked is left there.

What is taken away takes nothing from what is proved.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from service.disclosure.coding import BANDLESS_FROM, EXACT_FROM, FINE_FROM, SHARE_ENDS, WHOLE_SHARE
from service.disclosure.measures import Family, Measure
from service.disclosure.thresholds import Thresholds
from service.disclosure.tree import Ints, Mask

Shown = dict[tuple[str, Family], Mask]
Kept = Mapping[tuple[str, Family], Mask]


class _Sides(NamedTuple):
    """Who was asked and who was not, [classes] or [cells] each."""

    asked: Ints
    left: Ints

    def plain(self, k: int) -> Mask:
        """Where the share of those asked lies in no end band, nor on one side of the threshold."""
        people, few = self.asked + self.left, np.minimum(self.asked, self.left)
        end = np.select(
            [people >= BANDLESS_FROM, people >= FINE_FROM, people >= EXACT_FROM], SHARE_ENDS[:3], SHARE_ENDS[3]
        )
        found: Mask = (few >= k) & (few * WHOLE_SHARE > end * people)
        return found

    def less(self, inside: Ints, over: Ints) -> "_Sides":
        """What is left of the cells `over` without those `inside` them."""
        rests = [side.copy() for side in self]
        for rest, side in zip(rests, self, strict=True):
            np.subtract.at(rest, over, side[inside])
        return _Sides(*rests)


def hide_behind_gates(of: Thresholds, shown: Shown, kept: Kept) -> None:
    """Take away what is shown of gated measures beyond what their n may tell, until nothing more changes.

    Args:
        of: the measures, with their thresholds and cells.
        shown: cells of each measure in each family; changed.
        kept: those of them that were published before; they stay.
    """
    gated = [(one, family) for one in of.measures if of.gates(one) for family in one.families]
    before = {(one.id, family): kept.get((one.id, family)) for one, family in gated}
    for measure, family in gated:
        key = (measure.id, family)
        shown[key] = _hidden_among_others(of, measure, family, shown[key], before[key])
    changing = True
    while changing:
        changing = False
        for measure, family in gated:
            key = (measure.id, family)
            around = [(gate, Family.distribution) for gate in of.gates(measure)]
            around += [(part, family) for part in measure.parts]
            around += [(measure.id, other) for other in measure.families if family is Family.distribution]
            inside = np.logical_and.reduce([shown[one] for one in around])
            stays = before[key]
            left = shown[key] & (inside if stays is None else inside | stays)
            # What is taken away joins two remainders, and may bare another one.
            left = _without_bare_rests(of, measure, family, left, stays)
            changing |= bool((left != shown[key]).any())
            shown[key] = left


def _hidden_among_others(of: Thresholds, measure: Measure, family: Family, shown: Mask, kept: Mask | None) -> Mask:
    """The cells that stay where who was asked and who was not hide each other."""
    k, before = of.k(measure, family), np.zeros_like(shown) if kept is None else kept
    sides = _sides(of, measure)
    if sides is None:
        return before.copy()
    allowed = shown
    for each in sides:
        allowed = allowed & _Sides(*map(of.sums, each)).plain(k)
    if any(bool((each.left < 0).any()) for each in sides):
        return before.copy()  # more were asked than could be: nothing is known of who was not
    for each in sides:
        allowed = of.safe(each.left, allowed | before, k, kept)
    return allowed | before


def _without_bare_rests(of: Thresholds, measure: Measure, family: Family, shown: Mask, kept: Mask | None) -> Mask:
    """The cells that stay where no cell, less those below it, holds people who all were asked, or all were not.

    That nobody of such a remainder was asked is no small number to `safe`, and yet all of them answered alike.
    """
    k, before = of.k(measure, family), np.zeros_like(shown) if kept is None else kept
    of_gates = [_Sides(*map(of.sums, each)) for each in (_sides(of, measure) or ())[1:]]
    size = of.sums(measure.n)
    while True:
        gone = np.zeros_like(shown)
        for above in of.axes(shown):
            inside = np.flatnonzero(above >= 0)
            over = above[inside]
            for sides in of_gates:
                rest = sides.less(inside, over)
                bare = shown & ((rest.asked != 0) | (rest.left != 0)) & ~rest.plain(k)
                for place in np.flatnonzero(bare).tolist():
                    below = inside[(over == place) & ~before[inside]]
                    # One that is shown no more leaves its own people in the remainder: the smallest is enough.
                    if len(below):
                        gone[below[np.argmin(size[below])]] = True
                    elif not before[place]:
                        gone[place] = True
        if not gone.any():
            return shown
        shown = shown & ~gone


def _sides(of: Thresholds, measure: Measure) -> list[_Sides] | None:
    """Who was asked and who was not, by class: of all, first, and of those who answered each gate.

    None where these numbers would say too little: how many answered some of several gates is protected nowhere, and
    whoever counts without all of a scale's items may have been asked any of them, if these are not asked alike. A
    condition that holds without an answer is met by whoever skipped the gate: only how many were asked beyond those
    tells of answers to it. Where the measure was skipped, too, this may be less than nobody.
    """
    found = [_Sides(measure.n, of.respondents - measure.n)]
    gates = [of.known[gate] for gate in sorted(of.gates(measure))]
    skipped = [of.respondents - gate.n for gate in gates]
    if len(gates) > 1 and any(bool(one.any()) for one in skipped):
        return None
    asked = {(part.gates, part.asks_skippers) for part in map(of.known.__getitem__, measure.parts)}
    if measure.gaps is not None and gates and len(asked) > 1:
        return None
    asks_skippers = _asks_skippers(of, measure)
    for gate, skips in zip(gates, skipped, strict=True):
        if asks_skippers:
            found.append(_Sides(measure.n - skips, of.respondents - measure.n))
        else:
            found.append(_Sides(measure.n, gate.n - measure.n))
    return found


def _asks_skippers(of: Thresholds, measure: Measure) -> bool:
    return measure.asks_skippers or any(_asks_skippers(of, of.known[part]) for part in measure.parts)
