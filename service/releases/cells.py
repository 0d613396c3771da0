"""Columns of the safe table as the texts that are stored and shown. Pure.

Numbers become text here, with the decimals they are shown with, and stay text until a reader has them: no float is
ever rounded a second time.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

from service.disclosure.coding import Bound
from service.disclosure.table import AGREEMENT_DECIMALS, PROTECTED, Column, Figures
from service.disclosure.tree import Ints, Mask

T = TypeVar("T")
Texts = list[str | None]
_BOUNDS: dict[int, str | None] = {Bound.at_most: "at_most", Bound.none: None, Bound.at_least: "at_least"}
_QUOTED = {bound: "null" if name is None else f'"{name}"' for bound, name in _BOUNDS.items()}


class Shown(NamedTuple):
    """One column, [nodes] each; None wherever the cell is withheld, or has no such figure."""

    status: list[str]
    reason: Texts
    n_from: list[int | None]
    n_to: list[int | None]
    mean: Texts
    sd: Texts
    favourable: Texts
    favourable_bound: Texts
    neutral: Texts
    neutral_bound: Texts
    unfavourable: Texts
    unfavourable_bound: Texts
    distribution: Texts
    mean_bound: Texts
    se: Texts
    low: Texts
    high: Texts
    basis: Texts
    rwg: Texts
    enps: Texts
    enps_bound: Texts


def shown(column: Column) -> Shown:
    """The column as it leaves; a distribution is JSON text, a list of [share, bound]."""
    published: list[bool] = column.published.tolist()
    nothing: Texts = [None] * len(published)
    numbers = _Numbers(published, column.decimals.tolist())
    favourable, neutral, unfavourable = (
        (nothing, nothing) if figures is None else numbers.shares(figures)
        for figures in (column.favourable, column.neutral, column.unfavourable)
    )
    finer = _Numbers(published, (column.decimals + 1).tolist())
    agreement = _Numbers(published, [AGREEMENT_DECIMALS] * len(published))
    enps, enps_bound = (nothing, nothing) if column.enps is None else numbers.shares(column.enps)
    return Shown(
        status=["published" if there else "withheld" for there in published],
        reason=[None if there else PROTECTED for there in published],
        n_from=_where(published, column.n_from.tolist()),
        n_to=_where(published, column.n_to.tolist()),
        mean=nothing if column.mean is None else numbers.texts(column.mean.tolist()),
        sd=numbers.some(column.sd, column.has_sd),
        favourable=favourable[0],
        favourable_bound=favourable[1],
        neutral=neutral[0],
        neutral_bound=neutral[1],
        unfavourable=unfavourable[0],
        unfavourable_bound=unfavourable[1],
        distribution=nothing if column.distribution is None else numbers.distribution(column.distribution),
        mean_bound=nothing if column.mean_bound is None else [_BOUNDS[bound] for bound in column.mean_bound.tolist()],
        se=finer.some(column.se, column.has_interval),
        low=numbers.some(column.low, column.has_interval),
        high=numbers.some(column.high, column.has_interval),
        basis=list(column.basis_names()),
        rwg=agreement.some(column.rwg, column.has_rwg),
        enps=nothing if column.has_enps is None else _where(column.has_enps.tolist(), enps),
        enps_bound=enps_bound,
    )


def _where(there: Sequence[object], values: Sequence[T | None]) -> list[T | None]:
    return [value if here else None for here, value in zip(there, values, strict=True)]


class _Numbers:
    """Units of the last decimal to text, cell by cell."""

    def __init__(self, published: list[bool], decimals: list[int]) -> None:
        self._published = published
        self._decimals = decimals

    def texts(self, units: list[int]) -> Texts:
        return [
            _text(unit, places) if there else None
            for unit, places, there in zip(units, self._decimals, self._published, strict=True)
        ]

    def some(self, units: Ints | None, known: Mask | None) -> Texts:
        """Figures that not every published cell has."""
        if units is None or known is None:
            return [None] * len(self._published)
        return _where(known.tolist(), self.texts(units.tolist()))

    def shares(self, figures: Figures) -> tuple[Texts, Texts]:
        return self.texts(figures.units.tolist()), _where(
            self._published, [_BOUNDS[bound] for bound in figures.bounds.tolist()]
        )

    def distribution(self, options: Sequence[Figures]) -> Texts:
        columns = [
            [
                f"[{_text(unit, places)},{_QUOTED[bound]}]"
                for unit, places, bound in zip(
                    figures.units.tolist(), self._decimals, figures.bounds.tolist(), strict=True
                )
            ]
            for figures in options
        ]
        return _where(self._published, ["[" + ",".join(cell) + "]" for cell in zip(*columns, strict=True)])


@lru_cache(maxsize=1 << 16)
def _text(unit: int, places: int) -> str:
    """Means and shares of many cells are few different numbers: looking one up costs a quarter of writing it."""
    return str(unit) if places == 0 else f"{unit / 10**places:.{places}f}"
