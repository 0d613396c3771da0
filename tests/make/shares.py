"""How much of a plan a pattern shows, as its readers would count it."""

import statistics

from service.disclosure.atoms import World
from service.disclosure.checks import Mask
from service.disclosure.plan import Plan


def shares(plan: Plan, one: World, shown: Mask) -> dict[str, float]:
    """Share of the candidates that is published; and of the people, at the lowest level, the mean of the breakdowns."""
    cell = [candidate.cell for candidate in one.candidates]
    people = by_breakdown(plan, one, shown)
    return {"share_of_cells": float(shown[cell].mean()), "share_of_people": statistics.fmean(people.values())}


def by_breakdown(plan: Plan, one: World, shown: Mask) -> dict[str, float]:
    """Of all respondents, those who are in a published cell at the lowest level of the breakdown."""
    columns = {name: (name,) for name in plan.dimensions} | dict(plan.hierarchies)
    deepest = [sum(len(columns[name]) for name in breakdown) for breakdown in plan.breakdowns]
    people = [0] * len(deepest)
    for at in one.candidates:
        if shown[at.cell] and len(at.labels) - at.labels.count(None) == deepest[at.breakdown]:
            people[at.breakdown] += int(one.people[at.cell])
    names = map(" x ".join, plan.breakdowns)
    return {name: seen / int(one.n.sum()) for name, seen in zip(names, people, strict=True)}
