"""A small company whose answers are written out: what the tests of published figures count."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from service.disclosure.measures import Family, GroupMean, Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import Column, Row, SafeTable
from service.disclosure.tree import Tree
from tests.make.measures import a_measure

COMPANY = Tree(np.array([-1, 0, 0, 0]))
"""A company of three teams."""

TEAMS = [[0] * 5, [8, 16, 24, 20, 28], [4, 8, 12, 10, 14], [2, 4, 6, 5, 7]]
"""Answers 1 to 5 of 96, 48 and 24 people."""


def rating(name: str, by_class: Sequence[Sequence[int]] = TEAMS, **more: Any) -> Measure:
    counts = np.array(by_class)
    points = np.arange(1, counts.shape[1] + 1)
    return a_measure(
        **{
            "id": name,
            "kind": Kind.item,
            "n": counts.sum(axis=1),
            "total": counts @ points,
            "square_total": counts @ points**2,
            "score_min": 1,
            "score_max": counts.shape[1],
            "counts": counts,
            "favourable": counts[:, -2:].sum(axis=1),
            "neutral": counts[:, 2:-2].sum(axis=1),
            "unfavourable": counts[:, :2].sum(axis=1),
        }
        | more
    )


def scale(name: str, items: Sequence[Measure], **more: Any) -> Measure:
    """Of items with the same answers person by person: each person's score is that of any item."""
    first, size = items[0], len(items)
    assert first.total is not None
    assert first.square_total is not None
    return a_measure(
        **{
            "id": name,
            "kind": Kind.scale,
            "n": first.n,
            "total": first.total * size,
            "square_total": first.square_total * size**2,
            "denominator": size,
            "score_min": first.score_min,
            "score_max": first.score_max,
            "favourable": first.favourable,
            "neutral": first.neutral,
            "unfavourable": first.unfavourable,
            "parts": [item.id for item in items],
            "partial": first.n * 0,
        }
        | more
    )


def company(*measures: Measure, tree: Tree = COMPANY, **more: Any) -> SafeTable:
    everybody = np.max([measure.n for measure in measures], axis=0)
    return protect(tree, everybody, measures, Policy(), **more)


def column(table: SafeTable, name: str, family: Family = Family.mean) -> Column:
    (found,) = (one for one in table.columns if (one.measure, one.family) == (name, family))
    return found


def rows(table: SafeTable, name: str, family: Family = Family.mean) -> list[Row]:
    return list(column(table, name, family).rows())


def group_mean(name: str, parts: Sequence[str], **more: Any) -> GroupMean:
    return GroupMean(**{"id": name, "kind": Kind.scale, "parts": parts, "weights": [1] * len(parts)} | more)
