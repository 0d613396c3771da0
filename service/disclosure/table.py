"""What may leave the worker: the safe table. Only `protect` can make one, and nothing can change it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, Never, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.disclosure.coding import FINER, Bound
from service.disclosure.measures import Family
from service.disclosure.policy import Policy
from service.disclosure.tree import Ints, Mask

PROTECTED: Final = "protected"
"""The one public reason. Small, empty, hidden for another's sake: telling them apart would give counts away."""

BUILT_BY_PROTECT: Final = object()
"""What `protect` shows to be let through."""

_Status = Literal["published", "withheld"]
_BoundName = Literal["at_least", "at_most"]
_Basis = Literal["cell", "release"]
AGREEMENT_DECIMALS: Final = 2
"""Decimals of an agreement within a group, whatever those of the row."""

_BOUNDS: Mapping[int, _BoundName | None] = {Bound.at_most: "at_most", Bound.none: None, Bound.at_least: "at_least"}
_Number = TypeVar("_Number", bound=np.generic)


class Share(NamedTuple):
    """A percentage as shown; with a bound it reads "90 or more" (at_least) or "10 or less" (at_most)."""

    value: float
    bound: _BoundName | None


class Row(NamedTuple):
    """One cell of one measure in one family. A withheld row holds no number at all.

    `decimals` is the number of decimals of every figure in the row but rwg and se: mean, sd, low and high, or shares.
    `basis` tells whose standard deviation se, low and high come from: the cell's own or that of the whole release.
    """

    node: int
    measure: str
    family: Family
    status: _Status
    reason: str | None
    n_from: int | None = None
    n_to: int | None = None
    decimals: int | None = None
    mean: float | None = None
    sd: float | None = None
    favourable: Share | None = None
    neutral: Share | None = None
    unfavourable: Share | None = None
    distribution: tuple[Share, ...] | None = None
    mean_bound: _BoundName | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    basis: _Basis | None = None
    rwg: float | None = None
    enps: float | None = None
    enps_bound: _BoundName | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Shares of one kind in all cells: `units` of the last decimal and `Bound` of each, zero where withheld."""

    units: Ints
    bounds: Ints


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Column:
    """All cells of one measure in one family, [nodes]; zero where `published` is false, as the rows hold nothing there.

    Figures are in units of the last of `decimals` decimals, `rwg` in those of `AGREEMENT_DECIMALS`. Not every published
    cell has all of them: `has_sd` tells where a standard deviation is shown, and so on.

    Attributes:
        mean_bound: `Bound` of each mean, where means are shown as 0 to 100.
        se: standard error of the mean, with one decimal more; `low` and `high` are the ends of its interval.
        basis: whether the three come from the cell's own standard deviation, and not from that of the whole release.
        enps: favourable less unfavourable share.
    """

    measure: str
    family: Family
    published: Mask
    n_from: Ints
    n_to: Ints
    decimals: Ints
    mean: Ints | None = None
    sd: Ints | None = None
    has_sd: Mask | None = None
    favourable: Figures | None = None
    neutral: Figures | None = None
    unfavourable: Figures | None = None
    distribution: tuple[Figures, ...] | None = None
    mean_bound: Ints | None = None
    se: Ints | None = None
    low: Ints | None = None
    high: Ints | None = None
    has_interval: Mask | None = None
    basis: Mask | None = None
    rwg: Ints | None = None
    has_rwg: Mask | None = None
    enps: Figures | None = None
    has_enps: Mask | None = None

    def changed(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> "Column":
        """The column with all its arrays changed alike."""

        def one(given: Any) -> Any:
            if isinstance(given, np.ndarray):
                return sealed(change(given))
            if isinstance(given, Figures):
                return Figures(one(given.units), one(given.bounds))
            return tuple(map(one, given)) if isinstance(given, tuple) else given

        return Column(**{field.name: one(getattr(self, field.name)) for field in fields(self)})

    def rows(self) -> Iterator[Row]:
        """One row per node, in their order."""
        name, family = self.measure, self.family
        decimals = self.decimals.tolist()
        scale = np.power(10.0, self.decimals)
        figures: list[Sequence[Any]] = [self.n_from.tolist(), self.n_to.tolist(), decimals]
        nothing: list[None] = [None] * len(decimals)

        def some(units: Ints | None, known: Mask | None, scale: NDArray[np.float64] | float = scale) -> Sequence[Any]:
            return nothing if units is None or known is None else _values(units, scale, known)

        figures.append(nothing if self.mean is None else (self.mean / scale).tolist())
        figures.append(some(self.sd, self.has_sd))
        thirds = (self.favourable, self.neutral, self.unfavourable)
        figures.extend(nothing if share is None else _shares(share, scale) for share in thirds)
        options = self.distribution
        figures.append(
            nothing if options is None else list(zip(*(_shares(one, scale) for one in options), strict=True))
        )
        figures.append(nothing if self.mean_bound is None else [_BOUNDS[bound] for bound in self.mean_bound.tolist()])
        figures.append(some(self.se, self.has_interval, scale * FINER))
        figures.extend(some(figure, self.has_interval) for figure in (self.low, self.high))
        figures.append(self.basis_names())
        figures.append(some(self.rwg, self.has_rwg, 10.0**AGREEMENT_DECIMALS))
        net, bounds = (None, None) if self.enps is None else (self.enps.units, self.enps.bounds)
        figures.append(some(net, self.has_enps))
        figures.append(nothing if bounds is None else [_BOUNDS[bound] for bound in bounds.tolist()])
        shown = self.published.tolist()
        for node, cell in enumerate(zip(*figures, strict=True)):
            if shown[node]:
                yield Row(node, name, family, "published", None, *cell)
            else:
                yield Row(node, name, family, "withheld", PROTECTED)

    def basis_names(self) -> list[_Basis | None]:
        """What each cell's interval comes from, by name; None where there is no interval."""
        if self.basis is None or self.has_interval is None:
            return [None] * len(self.published)
        both = zip(self.basis.tolist(), self.has_interval.tolist(), strict=True)
        return [None if not there else "cell" if own else "release" for own, there in both]


class SafeTable:
    """Published and withheld cells of a wave. Built by `protect` alone; never copied into being, changed or pickled."""

    __slots__ = ("_columns", "_operator_report", "_policy")
    _columns: tuple[Column, ...]
    _operator_report: Mapping[Family, Mapping[str, int]]
    _policy: Policy

    def __init__(
        self, *, key: object, columns: Sequence[Column], report: Mapping[Family, Mapping[str, int]], policy: Policy
    ) -> None:
        if key is not BUILT_BY_PROTECT:
            raise TypeError("a SafeTable comes out of protect() and from nowhere else")
        hold = object.__setattr__
        hold(self, "_columns", tuple(columns))
        hold(self, "_policy", policy)
        by_family = {family: MappingProxyType(dict(counts)) for family, counts in report.items()}
        hold(self, "_operator_report", MappingProxyType(by_family))

    def __init_subclass__(cls) -> Never:
        raise TypeError("a SafeTable has no other kinds")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a SafeTable cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a SafeTable cannot be changed")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a SafeTable cannot be copied or pickled: whoever reads it back could have written it")

    @property
    def policy(self) -> Policy:
        """The policy that the table keeps."""
        return self._policy

    @property
    def columns(self) -> tuple[Column, ...]:
        """By measure in the order given to `protect`, and by family."""
        return self._columns

    def rows(self) -> Iterator[Row]:
        """Every cell of every column, withheld ones included."""
        for column in self._columns:
            yield from column.rows()

    def operator_report(self) -> Mapping[Family, Mapping[str, int]]:
        """Numbers of cells by family: published, primary, complementary, parts. For the operator, not for readers."""
        return self._operator_report


def sealed(array: NDArray[_Number]) -> NDArray[_Number]:
    """A copy over bytes, whose write flag nobody can set again."""
    copy: NDArray[_Number] = np.frombuffer(array.tobytes(), dtype=array.dtype).reshape(array.shape)
    return copy


def _shares(figures: Figures, scale: NDArray[np.float64]) -> list[Share]:
    values = (figures.units / scale).tolist()
    return [Share(value, _BOUNDS[bound]) for value, bound in zip(values, figures.bounds.tolist(), strict=True)]


def _values(units: Ints, scale: NDArray[np.float64] | float, known: Mask) -> list[float | None]:
    values = (units / scale).tolist()
    return [value if there else None for value, there in zip(values, known.tolist(), strict=True)]
