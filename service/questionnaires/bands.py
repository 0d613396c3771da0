"""Which band a score is in. Pure.

Cut-offs are exact: a score is a whole number over a denominator, and so is compared with a whole number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt

from service.questionnaires.elements import Band, Limits

Back = Callable[[Fraction], Fraction]
"""From a score as it is shown to the mean behind it."""
Between = tuple[Fraction | None, Fraction | None]
"""From here on, and under this."""
_Scores = npt.NDArray[np.signedinteger]


@dataclass(frozen=True)
class Cuts:
    """Bands as they apply to means: from where on each begins, or what the parts' means must be, first match first."""

    bands: tuple[str, ...]
    from_mean: tuple[Fraction, ...]
    when: tuple[Mapping[str, Between], ...]

    def band(self, score: _Scores, denominator: int) -> npt.NDArray[np.intp]:
        """The number of each person's band, by their score over the denominator."""
        return np.searchsorted([ceil(cut * denominator) for cut in self.from_mean], score, side="right")

    def band_of_ratio(self, above: tuple[_Scores, int], below: tuple[_Scores, int]) -> npt.NDArray[np.intp]:
        """The same of the first score over the second, each over its denominator: not of a rounded ratio."""
        over, under = above[0].astype(np.int64) * below[1], below[0].astype(np.int64) * above[1]
        found = np.zeros(len(over), np.intp)
        for cut in self.from_mean:
            found += over * cut.denominator >= under * cut.numerator
        return found

    def band_by_parts(self, parts: Mapping[str, tuple[_Scores, int]]) -> npt.NDArray[np.intp]:
        """The same of an index, by its scales' scores, each over its denominator, where bands have conditions."""
        size = len(next(iter(parts.values()))[0])
        found = np.full(size, len(self.bands) - 1, np.intp)
        for number in reversed(range(len(self.when))):
            found[self._met(self.when[number], parts, size)] = number
        return found

    def _met(
        self,
        limits: Mapping[str, Between],
        parts: Mapping[str, tuple[_Scores, int]],
        size: int,
    ) -> npt.NDArray[np.bool_]:
        met = np.ones(size, np.bool_)
        for name, (least, below) in limits.items():
            score, denominator = parts[name]
            if least is not None:
                met &= score >= ceil(least * denominator)
            if below is not None:
                met &= score < ceil(below * denominator)
        return met


def cuts_of(bands: Sequence[Band] | None, back: Back, parts: Mapping[str, Back] | None = None) -> Cuts | None:
    """The bands of a scale or an index, whose cut-offs are in the unit that it is shown in; None without any."""
    if not bands:
        return None
    ids = tuple(band.id for band in bands)
    if bands[0].when is None:
        return Cuts(ids, tuple(back(Fraction(str(band.at_least))) for band in bands[1:]), ())
    return Cuts(ids, (), tuple(_limits(band.when or {}, parts or {}) for band in bands[:-1]))


def _limits(when: Mapping[str, Limits], parts: Mapping[str, Back]) -> dict[str, Between]:
    def cut(name: str, at: float | None) -> Fraction | None:
        return None if at is None else parts[name](Fraction(str(at)))

    return {name: (cut(name, limits.at_least), cut(name, limits.below)) for name, limits in when.items()}
