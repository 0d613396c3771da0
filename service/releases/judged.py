"""A published release before its judge: rows and counts of who answered, as the auditor takes them. Pure.

What a row counts, and how few people it may describe, is worked out here from the contract and the roster's classes,
with nothing of what chose the rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from service.disclosure.audit import Measured, Wave, Where
from service.disclosure.audit import Published as Column
from service.questionnaires.branching import conditions, holds
from service.questionnaires.document import Document, NumberItem, RatingItem
from service.questionnaires.elements import Condition
from service.releases.answered import Answered
from service.releases.orgtree import Unit
from service.releases.places import ClassRow
from service.releases.problems import ContractBroken
from service.releases.read_back import Cells, Place, Published

_Held = dict[tuple[UUID | None, tuple[tuple[str, str], ...]], list[int]]


def wave_of(
    published: Published,
    document: Document,
    policy: Mapping[str, int],
    units: Sequence[Unit],
    classes: Sequence[ClassRow],
    counts: Answered,
    united: Mapping[str, str],
) -> Wave:
    """Everything that is published of a wave, with whom it is about.

    Args:
        published: the release's rows.
        document: the questionnaire.
        policy: thresholds by name, as the contract has them.
        units: the frozen tree.
        classes: the roster's classes; `counts` is in their order.
        counts: who answered what.
        united: by dimension that whose values its own unite, of all releases.

    Raises:
        ContractBroken: a place is of no unit of the wave.
    """
    return Wave(
        names=[_name(place) for place in published.places],
        members=_members(published.places, units, classes),
        respondents=counts.respondents,
        measures=_measures(document, policy, counts),
        published=[column for cells in published.cells for column in _columns(cells)],
        where=[_where(place) for place in published.places],
        united=united,
    )


def _columns(cells: Cells) -> list[Column]:
    places = np.array(cells.places, np.int64)
    least, most = np.array(cells.n_from, np.int64), np.array(cells.n_to, np.int64)
    found = [Column(cells.measure, cells.family, places, least, most)]
    if cells.deviations:
        shown = np.isin(places, cells.deviations)
        found.append(Column(cells.measure, "deviation", places[shown], least[shown], most[shown]))
    return found


def _name(place: Place) -> dict[str, str]:
    unit = {} if place.unit is None else {"unit": place.unit}
    return unit | dict(place.dimensions)


def _where(place: Place) -> Where:
    # The length first: no source and unit run together into those of another pair.
    unit = "" if place.unit is None else f"{len(place.source or '')} {place.source} {place.unit}"
    return Where(unit, tuple(sorted(place.dimensions.items())))


def _members(places: Sequence[Place], units: Sequence[Unit], classes: Sequence[ClassRow]) -> list[np.ndarray[Any, Any]]:
    """The classes of each place, ascending."""
    by_name = {(unit.source, unit.external_id): unit.unit_id for unit in units}
    above = {unit.unit_id: unit.parent_id for unit in units}
    asked = sorted({tuple(sorted(place.dimensions)) for place in places})
    held: _Held = {}
    for number, row in enumerate(classes):
        groups = [
            tuple((name, row.values[name]) for name in names) for names in asked if all(map(row.values.get, names))
        ]
        unit: UUID | None = row.unit
        line = []
        while unit is not None:
            line.append(unit)
            unit = above[unit]
        for one in (*line, None):
            for values in groups:
                held.setdefault((one, values), []).append(number)
    found = []
    for place in places:
        name = (place.source, place.unit)
        if place.unit is not None and name not in by_name:
            raise ContractBroken
        unit = None if place.unit is None else by_name[name]
        found.append(np.array(held.get((unit, tuple(sorted(place.dimensions.items()))), []), np.int64))
    return found


def _measures(document: Document, policy: Mapping[str, int], counts: Answered) -> list[Measured]:
    items = {item.id: item for item in document.items if item.id in counts.n}
    below: dict[str, tuple[str, ...]] = {name: (name,) for name in items}
    parts: dict[str, tuple[str, ...]] = dict.fromkeys(items, ())
    for scale in document.scales:
        parts[scale.id] = below[scale.id] = tuple(scale.items)
    for index in document.indices:
        parts[index.id] = tuple(index.scales)
        below[index.id] = tuple(item for scale in index.scales for item in below[scale])
    derived = {scale.id for scale in document.scales if scale.rule == "group"}
    derived |= {index.id for index in document.indices if index.rule == "group"}
    weighed, gates, asks_skippers = _weighed(document), _gates(document), _asks_skippers(document)
    found = []
    for name, of in parts.items():
        made_of = [items[item] for item in below[name]]
        sensitive = any(item.sensitive for item in made_of)
        found.append(
            Measured(
                id=name,
                parts=of,
                n=counts.n[name],
                partial=counts.partial.get(name, np.zeros_like(counts.respondents)),
                k=thresholds(policy, sensitive=sensitive, two_answers=any(map(_two_answers, made_of))),
                alike=len({item.points for item in made_of if isinstance(item, RatingItem)}) <= 1
                and name not in weighed,
                gates=gates.get(name, ()),
                asks_skippers=name in asks_skippers,
                gaps=counts.gaps.get(name),
                derived=name in derived,
            )
        )
    return found


def _weighed(document: Document) -> set[str]:
    """Scales and indices with bands that may depend on some of their items alone; means and shares only add up."""
    unequal = {scale.id for scale in document.scales if len(set(scale.weights or ())) > 1}
    found = {scale.id for scale in document.scales if scale.bands and scale.id in unequal}
    sizes = {scale.id: len(scale.items) for scale in document.scales}
    for index in document.indices:
        same_sizes = len({sizes[scale] for scale in index.scales}) == 1
        by_score = index.combine != "ratio" and same_sizes and unequal.isdisjoint(index.scales)
        if index.bands and not (by_score and all(band.when is None for band in index.bands)):
            found.add(index.id)
    return found


def _gates(document: Document) -> dict[str, tuple[str, ...]]:
    """By item the items whose answers decide whether it is asked: by its own condition, or that of its section."""
    conditions = {item.id: [item.visible_if] for item in document.items}
    for section in document.sections or ():
        for item in section.items:
            conditions[item].append(section.visible_if)
    found = {}
    for name, of in conditions.items():
        found[name] = tuple(dict.fromkeys(gate for one in of if one is not None for gate in _asked_of(one)))
    return found


def _asks_skippers(document: Document) -> set[str]:
    """Branched items that are asked of people, too, who answered nothing that decides about it."""
    needed = conditions(document.items, document.sections)
    return {name for name, of in needed.items() if all(holds(one, {}) for one in of)}


def _asked_of(condition: Condition) -> Iterator[str]:
    """The items that a condition is about."""
    if condition.item is not None:
        yield condition.item
    for one in (*(condition.every or ()), *(condition.some or ()), condition.negated):
        if one is not None:
            yield from _asked_of(one)


def _two_answers(item: Any) -> bool:
    """Of two neighbouring numbers, the mean tells how many gave each."""
    if isinstance(item, RatingItem):
        return item.points == 2  # noqa: PLR2004 - two
    return isinstance(item, NumberItem) and item.maximum - item.minimum == 1


def thresholds(policy: Mapping[str, int], *, sensitive: bool, two_answers: bool) -> dict[str, int]:
    """The smallest group that each family may describe, by the words of the policy."""
    mean, distribution = policy["k_mean"], max(policy["k_mean"], policy["k_distribution"])
    if sensitive:
        mean, distribution = (max(one, policy["k_sensitive"]) for one in (mean, distribution))
    if two_answers:
        mean = distribution
    deviation = max(policy["sd_from"], distribution, mean)
    together = policy["collusion"]
    return {"mean": mean + together, "distribution": distribution + together, "deviation": deviation + together}
