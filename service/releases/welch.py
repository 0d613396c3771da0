"""Welch's test of two means that are taken as independent. Pure; scipy is loaded at the first test."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Welch:
    """Of two means: the standard error of their difference, and degrees of freedom after Welch and Satterthwaite."""

    error: float
    degrees: float

    @classmethod
    def of(cls, errors: Sequence[float], ns: Sequence[int]) -> "Welch":
        """Standard errors of the means and of how many each is; at least one error is above 0."""
        error = hypot(*errors)
        # A mean without error has no share, and perhaps a single answer: nothing to divide by.
        degrees = 1 / sum((one / error) ** 4 / (n - 1) for one, n in zip(errors, ns, strict=True) if one)
        return cls(error, degrees)

    def reach(self) -> float:
        """How far the 95 % interval goes to each side."""
        from scipy.special import stdtrit  # noqa: PLC0415 - a third of a second, for a process that may never need it

        return float(stdtrit(self.degrees, (1 + CONFIDENCE) / 2)) * self.error

    def p_value(self, difference: float) -> float:
        """Of a difference as large as this or larger, to either side, where there is none."""
        from scipy.special import stdtr  # noqa: PLC0415 - same reason

        return min(1.0, 2 * float(stdtr(self.degrees, -abs(difference) / self.error)))
