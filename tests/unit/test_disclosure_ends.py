"""What the ends of items hide is not told by the scale of these items."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from service.disclosure.measures import GroupMean, Kind
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.tree import Tree
from tests.make.measures import a_measure


def _shown(
    n: int, totals: tuple[int, ...], high: tuple[int, ...], weights: tuple[int, ...], rule: str
) -> tuple[object, ...]:
    """Everything shown of one group whose members answered all items: their totals, and how many are favourable."""

    def whole(number: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([number])

    items = [
        a_measure(
            id=f"q{at}",
            kind=Kind.item,
            n=whole(n),
            total=whole(total),
            square_total=whole(25 * n),
            score_min=1,
            score_max=5,
            favourable=whole(good),
            neutral=whole(0),
            unfavourable=whole(n - good),
        )
        for at, (total, good) in enumerate(zip(totals, high, strict=True))
    ]
    parts, weight = [item.id for item in items], sum(weights)
    good = sum(one * many for one, many in zip(weights, high, strict=True))
    scale = a_measure(
        id="s",
        kind=Kind.scale,
        n=whole(n),
        total=whole(sum(one * total for one, total in zip(weights, totals, strict=True))),
        square_total=whole(25 * n * weight**2),
        denominator=weight,
        score_min=1,
        score_max=5,
        favourable=whole(good),
        neutral=whole(0),
        unfavourable=whole(weight * n - good),
        share_denominator=weight,
        parts=parts,
        partial=whole(0),
        weights=weights,
    )
    group = GroupMean(id="s", kind=Kind.scale, parts=parts, weights=weights)
    measures, derived = ([*items, scale], []) if rule == "person" else (items, [group])
    table = protect(Tree(np.array([-1])), whole(n), measures, Policy(), derived=derived)
    return tuple((row.measure, row.mean, row.favourable, row.unfavourable, row.n_from) for row in table.rows())


@pytest.mark.parametrize("rule", ["person", "group"])
@pytest.mark.parametrize("weights", [(1, 1), (1, 3)])
def test_a_scale_does_not_tell_that_all_answered_an_item_alike(rule: str, weights: tuple[int, ...]) -> None:
    found: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
    for n in (5, 6, 7):
        for first, second in product((n, n + 1, 5 * n - 1, 5 * n), range(n, 5 * n + 1)):
            found.setdefault(_shown(n, (first, second), (0, 0), weights, rule), []).append((n, first))
    assert not any(all(total == n for n, total in fits) for fits in found.values())
    assert not any(all(total == 5 * n for n, total in fits) for fits in found.values())


@pytest.mark.parametrize("rule", ["person", "group"])
@pytest.mark.parametrize("n", [10, 30, 50, 120])
def test_a_scale_does_not_tell_how_many_an_end_band_hides(rule: str, n: int) -> None:
    """30 of 30 and 29 of 30 look the same, whatever the other item is."""
    totals = (3 * n, 3 * n)
    for other in range(n + 1):
        assert _shown(n, totals, (n, other), (1, 1), rule) == _shown(n, totals, (n - 1, other), (1, 1), rule)


def _near_unanimity(n: int, most: int) -> Iterator[tuple[int, ...]]:
    """Histograms of a rating of five points that all but some people answered alike."""
    for top in range(5):
        for others in product(range(most + 1), repeat=4):
            if sum(others) <= most:
                yield (*others[:top], n - sum(others), *others[top:])


def _item_shown(answers: tuple[int, ...]) -> tuple[object, ...]:
    counts, points = np.array([answers]), np.arange(1, 6)
    item = a_measure(
        id="q", kind=Kind.item, n=counts.sum(axis=1), total=counts @ points, square_total=counts @ points**2,
        score_min=1, score_max=5, counts=counts, scores=points.tolist(),
        favourable=counts[:, 3:].sum(axis=1), neutral=counts[:, 2], unfavourable=counts[:, :2].sum(axis=1),
    )  # fmt: skip
    table = protect(Tree(np.array([-1])), item.n, [item], Policy())
    return tuple(
        (row.mean, row.decimals, row.sd, row.favourable, row.neutral, row.unfavourable, row.distribution)
        for row in table.rows()
    )


@pytest.mark.parametrize(("n", "most"), [(10, 1), (14, 1), (29, 2), (30, 1), (59, 2), (99, 4), (100, 2), (150, 3)])
def test_no_mean_tells_how_many_an_end_band_hides(n: int, most: int) -> None:
    """Whatever the answer of nearly all is, one person less of them is shown just the same."""
    found: dict[tuple[object, ...], set[int]] = {}
    for answers in _near_unanimity(n, most):
        found.setdefault(_item_shown(answers), set()).add(n - max(answers))
    assert len(found) >= 5
    assert not [others for others in found.values() if len(others) == 1]
