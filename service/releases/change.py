"""The change of a mean between two waves whose answers cannot be linked person by person, and how sure it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor, hypot, isfinite, isnan, sqrt

import numpy as np
from scipy.stats import false_discovery_control

from service.releases.welch import Welch

_FEWEST_FOR_A_VARIANCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """`n` of `population` people answered, with this mean and standard deviation (n - 1 below), in any one unit.

    `mean` is None for nobody and `sd` for fewer than two; a `Fraction` for the mean keeps differences exact.
    Raises `ValueError` for what cannot be: more answers than people, a negative or infinite deviation.
    """

    n: int
    mean: Fraction | float | None
    sd: float | None
    population: int

    def __post_init__(self) -> None:
        if not 0 <= self.n <= self.population:
            raise ValueError("a wave has between nobody's and everybody's answers")
        if (self.n == 0) != (self.mean is None) or (self.mean is not None and not isfinite(self.mean)):
            raise ValueError("a mean is a finite number, and there is one where somebody answered")
        if self.sd is not None and not 0 <= self.sd < float("inf"):
            raise ValueError("a standard deviation is a finite number from 0")

    @property
    def whole(self) -> bool:
        """Whether everybody answered, so that the mean is known and not estimated."""
        return self.n == self.population

    def standard_error(self) -> float | None:
        """How far the mean may be from that of the whole population; None where nothing tells."""
        if self.whole:
            return 0.0
        if self.n < _FEWEST_FOR_A_VARIANCE or self.sd is None:
            return None
        return self.sd * sqrt((self.population - self.n) / self.population / self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """After minus before. None where a figure is not defined.

    `difference` is unrounded: a shown one is rounded last. `interval` holds 95 %. `fewest` is the smaller n.
    """

    difference: Fraction | float
    fewest: int
    standard_error: float | None = None
    degrees_of_freedom: float | None = None
    p_value: float | None = None
    interval: tuple[float, float] | None = None


def change(before: Wave, after: Wave) -> Change | None:
    """The change between two waves with Welch's test; None where one of them has no answers.

    The waves are treated as independent, because who answered what in both is not known. The same people tend to
    answer alike both times, so the true error is smaller than the one given: the test is conservative, and finds too
    little rather than too much. Each mean's error is corrected for its finite population (a unit of 12 with 11
    answers is no sample of infinity), and degrees of freedom follow Welch and Satterthwaite.

    Two edges. Where everybody answered both times the change is known: no error, an interval of one point, p = 1
    without a difference and 0 with one, no degrees of freedom. Where those who answered all agree in every wave that
    is only a sample, their deviation of 0 says nothing about the others: an error of 0, but neither test nor interval.
    """
    if before.mean is None or after.mean is None:
        return None
    difference = after.mean - before.mean
    fewest = min(before.n, after.n)
    errors = [found for found in (before.standard_error(), after.standard_error()) if found is not None]
    if len(errors) < len((before, after)):
        return Change(difference=difference, fewest=fewest)
    center = float(difference)
    error = hypot(*errors)
    if not error:
        if not (before.whole and after.whole):
            return Change(difference=difference, fewest=fewest, standard_error=0.0)
        known = 0.0 if difference else 1.0
        return Change(
            difference=difference, fewest=fewest, standard_error=0.0, p_value=known, interval=(center, center)
        )
    test = Welch.of(errors, [before.n, after.n])
    reach = test.reach()
    return Change(
        difference=difference,
        fewest=fewest,
        standard_error=error,
        degrees_of_freedom=test.degrees,
        p_value=test.p_value(center),
        interval=(center - reach, center + reach),
    )


def discoveries(p_values: Iterable[float | None], rate: float) -> list[bool | None]:
    """Which of many tests stand out, by Benjamini and Hochberg (1995): of these, on average at most `rate` are chance.

    A cell without a test (None or NaN) stays without (None) and does not count among the tests. Raises `ValueError`
    for a rate outside 0..1 or a p value that is none.
    """
    if not 0 < rate < 1:
        raise ValueError("a rate of false discoveries lies between 0 and 1")
    given = [None if value is None or isnan(value) else value for value in p_values]
    tested = [value for value in given if value is not None]
    if not tested:
        return [None] * len(given)
    adjusted = iter(np.asarray(false_discovery_control(tested, method="bh")).tolist())
    return [None if value is None else next(adjusted) <= rate for value in given]


def marked(changes: Sequence[Change | None], *, least: int, rate: float) -> list[bool | None]:
    """Which changes may be marked as significant; None where that is not tested.

    Only cells with at least `least` answers in both waves are tested, and only these count among the tests.
    """
    return discoveries((None if one is None or one.fewest < least else one.p_value for one in changes), rate)


def rounded(value: Fraction | float, digits: int = 0) -> float:
    """A figure as shown, halves away from zero, so that a rise and a fall of the same size look the same.

    From the exact value and last of all: a difference is taken of unrounded means, a share of counts.
    """
    unit: int = 10**digits
    size = floor(abs(Fraction(value)) * unit + Fraction(1, 2))
    return (size if value >= 0 else -size) / unit
