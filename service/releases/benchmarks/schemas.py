"""Benchmarks on the wire."""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from service.kit.text import Name, Slug, Wire, refused
from service.releases.benchmarks.tables import Benchmark
from service.releases.cell_schemas import Number

MOST_FIGURES = 1000
_MEAN = Field(ge=-1_000_000, le=1_000_000, max_digits=12, decimal_places=4)
_SHARE = Field(ge=0, le=100, max_digits=7, decimal_places=4)


class BenchmarkFigure(Wire):
    """What one measure is elsewhere: a mean, in the unit of the measure's scores, a favourable share, or both."""

    measure: Annotated[Slug, Field(description="id of an item, scale or index")]
    mean: Annotated[Decimal, _MEAN] | None = None
    favourable: Annotated[Annotated[Decimal, _SHARE] | None, Field(description="percent")] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.mean is None and self.favourable is None:
            raise refused("must have a mean or a favourable share")
        return self


class BenchmarkIn(Wire):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Industry, France, 2026",
                    "figures": [{"measure": "climate", "mean": 3.6, "favourable": 62}],
                }
            ]
        }
    )

    title: Name
    figures: Annotated[list[BenchmarkFigure], Field(min_length=1, max_length=MOST_FIGURES)]

    @model_validator(mode="after")
    def _each_measure_once(self) -> Self:
        if any(times > 1 for times in Counter(one.measure for one in self.figures).values()):
            raise refused("must name each measure once")
        return self

    def stored(self) -> dict[str, dict[str, str]]:
        """By measure, as digits, so that nothing is lost on the way."""
        return {
            one.measure: {
                name: str(value)
                for name, value in (("mean", one.mean), ("favourable", one.favourable))
                if value is not None
            }
            for one in self.figures
        }


class BenchmarkFigureOut(Wire):
    measure: str
    mean: Number | None = None
    favourable: Number | None = None


class BenchmarkOut(Wire):
    name: str
    title: str
    figures: list[BenchmarkFigureOut]
    updated_at: datetime

    @classmethod
    def of(cls, row: Benchmark) -> "BenchmarkOut":
        figures = [
            BenchmarkFigureOut(measure=measure, **{name: Decimal(value) for name, value in one.items()})
            for measure, one in sorted(row.figures.items())
        ]
        return cls(name=row.benchmark, title=row.title, figures=figures, updated_at=row.updated_at)
