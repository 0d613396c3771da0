"""Refusals of benchmarks."""

from service.problems import Conflict


class TooManyBenchmarks(Conflict):
    """A tenant has at most a hundred benchmarks; delete one first."""

    slug, title = "too-many-benchmarks", "There is no room for another benchmark"
