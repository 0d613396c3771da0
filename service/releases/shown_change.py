"""The change of a mean from one release to another, out of nothing but what both show. Pure.

Whoever has the two cells can work it out again: no figure here tells more than they do. The two means are taken as
independent, because nobody knows who answered both times; people tend to answer alike, so the true error is smaller,
and the test finds too little rather than too much.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from service.releases.welch import Welch

_HALF = Decimal("0.5")
_P_STEP = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Shown:
    """A mean as it is shown, with its standard error, of so many people at least."""

    mean: Decimal
    error: Decimal | None
    n: int

    @property
    def step(self) -> Decimal:
        """The unit of the last decimal shown."""
        return Decimal(1).scaleb(int(self.mean.as_tuple().exponent))


@dataclass(frozen=True, slots=True)
class ShownChange:
    """After minus before, in the unit of the mean.

    Attributes:
        difference: of the two means as shown.
        low: where the 95 % interval begins, rounded outwards; it allows for the rounding of both means.
        high: where it ends.
        p_value: of Welch's test, rounded up; the difference is taken as small as the roundings allow.

    These three are None where an error is not shown.
    """

    difference: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
    p_value: Decimal | None = None


def shown_change(before: Shown, after: Shown) -> ShownChange:
    """The change between two shown means; without interval and test where an error is not shown, or both are 0."""
    difference = after.mean - before.mean
    errors = [float(one.error) for one in (before, after) if one.error is not None]
    if len(errors) < len((before, after)) or not any(errors) or min(before.n, after.n) < len((before, after)):
        return ShownChange(difference)
    test = Welch.of(errors, [before.n, after.n])
    rounding = (before.step + after.step) * _HALF
    reach = Decimal(test.reach()) + rounding
    step = min(before.step, after.step)
    certain = max(Decimal(0), abs(difference) - rounding)
    return ShownChange(
        difference,
        (difference - reach).quantize(step, ROUND_FLOOR),
        (difference + reach).quantize(step, ROUND_CEILING),
        Decimal(test.p_value(float(certain))).quantize(_P_STEP, ROUND_CEILING),
    )
