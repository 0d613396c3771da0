"""What the auditor is given and what it says. Plain data; nothing here counts or compares."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

Told = Callable[[int, int], None]
"""Told of every step: small points settled so far, and how many there are."""

Labels = Mapping[str, str]
"""Column to label; a column that is absent is not broken down by."""

THRESHOLDS: Mapping[str, int] = {"mean": 5, "distribution": 10}
"""Smallest number of people a published figure may describe, by family."""


class AuditRefused(ValueError):
    """The input is not something that can be judged; the text names the place, never a value of the table."""


@dataclass(frozen=True, slots=True)
class Classes:
    """The people of a wave, counted by everything that a breakdown may ask of them.

    Attributes:
        columns: levels of hierarchies and dimensions.
        labels: for each class one label per column; '' where it is not known, or the path ends above.
        n: respondents of each class, zero or more.
        answered: for each class the items that all of its people answered, and nobody in it any other: a class stands
            once for each such pattern. None: nothing was skipped, and rows name no measure.
        scales: by name, the items that a scale adds up; it counts only those who answered all of them.
    """

    columns: tuple[str, ...]
    labels: Sequence[tuple[str, ...]]
    n: Sequence[int]
    answered: Sequence[frozenset[str]] | None = None
    scales: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(set(self.columns)) != len(self.columns):
            raise AuditRefused("a column of the class table stands twice")
        if len(self.labels) != len(self.n):
            raise AuditRefused("the class table has not one number of respondents for each class")
        if any(len(labels) != len(self.columns) for labels in self.labels):
            raise AuditRefused("a class has not one label for each column")
        if any(n < 0 for n in self.n):
            raise AuditRefused("a class has fewer than no respondents")
        if self.answered is not None and len(self.answered) != len(self.n):
            raise AuditRefused("the class table has not one set of answered items for each class")
        if not all(self.scales.values()):
            raise AuditRefused("a scale adds up no item")


@dataclass(frozen=True, slots=True)
class Row:
    """One published row.

    Attributes:
        family: a key of the thresholds.
        labels: what it is broken down by; empty for everybody.
        members: for a merged cell the cells it unites, which share nobody; None for an ordinary row.
        n: the number of respondents that was printed, None where none was; of a band, the least.
        most: of a band, the most; None where the number itself was printed.
        measure: which item or scale it tells about; '' where everybody answered everything.
    """

    family: str
    labels: Labels = field(default_factory=dict)
    members: Sequence[Labels] | None = None
    n: int | None = None
    measure: str = ""
    most: int | None = None

    @property
    def band(self) -> tuple[int, int] | None:
        """How many people it says it counts, at least and at most; None where it does not say."""
        if self.n is None:
            return None
        return self.n, self.n if self.most is None else self.most

    @property
    def cells(self) -> tuple[Labels, ...]:
        """The cells that the row adds up: itself, or those it unites."""
        return (self.labels,) if self.members is None else tuple(self.members)

    def __str__(self) -> str:
        return " + ".join(_words(cell) for cell in self.cells) + (f" ({self.measure})" if self.measure else "")


def said(band: tuple[int, int]) -> str:
    """A printed number or band of numbers, in words."""
    least, most = band
    return str(least) if least == most else f"{least} to {most}"


def _words(cell: Labels) -> str:
    return "[" + (", ".join(f"{column}={label}" for column, label in cell.items()) or "everybody") + "]"


class Verdict(StrEnum):
    """What the auditor says of a set of published rows."""

    safe = "safe"
    unsafe = "unsafe"
    not_proved = "not proved"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that may not stand as it does, with the reason in words; no system of equations is needed to see it."""

    row: Row
    reason: str


@dataclass(frozen=True, slots=True)
class Leak:
    """A combination of published rows that describes too few people; checked in exact fractions.

    Attributes:
        family: whose rows are combined.
        measure: as in `Row`.
        terms: rows and their coefficients.
        classes: numbers of the classes left, in the order of the table, with the coefficient of each.
        people: respondents of these classes together.
        k: the threshold.
        items: where rows of several measures are combined, the item that each of `classes` stands for; else empty.
    """

    family: str
    measure: str
    terms: tuple[tuple[Row, Fraction], ...]
    classes: tuple[tuple[int, Fraction], ...]
    people: int
    k: int
    items: tuple[str, ...] = ()

    def __str__(self) -> str:
        sums = " ".join(f"{_times(factor)} {row}" for row, factor in self.terms)
        items = [f" ({item})" for item in self.items] or [""] * len(self.classes)
        parts = zip(self.classes, items, strict=True)
        left = " ".join(f"{_times(factor)} class {number}{item}" for (number, factor), item in parts)
        return f"{self.family}: {sums} = {left}: {self.people} people, fewer than {self.k}"


def _times(factor: Fraction) -> str:
    size = abs(factor)
    return ("+" if factor > 0 else "-") + ("" if size == 1 else f" {size} x")


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on the rows of one family and one item, with how it was reached.

    Attributes:
        measure: the item; the rows of the scales that add it up are judged together with its own.
        rows: published rows with different members.
        small: what there was to prove. By search: classes (merged where no row tells them apart) with fewer than k
            people. By residuals: places with people outside the published places inside them. By blocks: what a
            whole's places leave of each other.
        proved: of these, how many at once (by a perturbation alone, by their number of people, or with many other
            systems) and how many after cases were told apart.
        work: elementary operations spent, in millions; what many systems have in common is counted with the first.
        leak: the example, if there is one.
        open: of these, how many without a proof.
        by: how it was judged: "search", "residuals", "blocks".
    """

    family: str
    measure: str
    k: int
    verdict: Verdict
    rows: int
    small: int
    proved: tuple[int, int]
    work: int
    leak: Leak | None = None
    open: int = 0
    by: str = "search"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the auditor has to say."""

    refusals: tuple[Refusal, ...]
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        return Verdict.unsafe if self.refusals else worst(finding.verdict for finding in self.findings)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """What holds of all together; of none it is safe."""
    said = set(verdicts)
    if Verdict.unsafe in said:
        return Verdict.unsafe
    return Verdict.not_proved if Verdict.not_proved in said else Verdict.safe
