"""A whole without a distribution has no deviation: beside breakdowns that come later, nobody could prove it."""

import numpy as np

from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.patterns import patterns
from service.disclosure.policy import Policy
from service.disclosure.tree import Tree
from tests.make.measures import a_measure


def test_a_ratio_without_bands_has_no_deviation() -> None:
    n, none = np.array([60]), np.array([0])

    def rated(name: str, kind: Kind, *parts: str, shares: bool = True) -> Measure:
        given = {"favourable": n, "neutral": none, "unfavourable": none} if shares else {}
        whole = {"parts": parts, "partial": none} if parts else {}
        return a_measure(
            id=name, kind=kind, n=n, total=3 * n, square_total=10 * n, score_min=1, score_max=5, **given, **whole
        )

    measures = [
        rated("a", Kind.item),
        rated("b", Kind.item),
        rated("s", Kind.scale, "a"),
        rated("t", Kind.scale, "b"),
        rated("x", Kind.index, "s", "t", shares=False),
    ]
    found = patterns(Tree(np.array([-1])), n, measures, Policy())
    assert found["s", Family.mean].sd.all()
    assert found["x", Family.mean].published.all()
    assert not found["x", Family.mean].sd.any()
