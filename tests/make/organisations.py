"""Small organisations that answered a questionnaire, drawn at random, and what of it is published of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from random import Random

import numpy as np
from numpy.typing import NDArray

from service.disclosure.audit import Measured, Published, Wave

Ints = NDArray[np.int64]


@dataclass
class World:
    """A small organisation that answered.

    Attributes:
        people: by class and set of answered items.
        options: by item its answers, as scores.
        parts: by measure.
        places: classes of each place.
        rows: by measure and family the places published.
        k: by measure and family.
    """

    classes: int
    people: dict[tuple[int, frozenset[str]], int]
    options: dict[str, tuple[int, ...]]
    parts: dict[str, tuple[str, ...]]
    places: list[tuple[int, ...]]
    k: dict[str, dict[str, int]]
    rows: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def items(self, measure: str) -> list[str]:
        parts = self.parts[measure]
        return [one for part in parts for one in self.items(part)] if parts else [measure]

    def count(self, measure: str, classes: Sequence[int]) -> int:
        asked = set(self.items(measure))
        return sum(n for (one, answered), n in self.people.items() if one in classes and asked <= answered)

    def by_class(self, who: Mapping[tuple[int, frozenset[str]], int]) -> Ints:
        found = np.zeros(self.classes, np.int64)
        for (one, _), n in who.items():
            found[one] += n
        return found

    def wave(self) -> Wave:
        measures = []
        for one, parts in self.parts.items():
            whole = {group: n for group, n in self.people.items() if set(self.items(one)) <= group[1]}
            some = {
                group: n
                for group, n in self.people.items()
                if group not in whole and any(set(self.items(part)) <= group[1] for part in parts)
            }
            alike = len({self.options[item] for item in self.items(one)}) == 1
            measures.append(Measured(one, parts, self.by_class(whole), self.by_class(some), self.k[one], alike))
        published = []
        for (one, family), places in self.rows.items():
            n = np.array([self.count(one, self.places[place]) for place in places], np.int64)
            published.append(Published(one, family, np.array(places, np.int64), n, n))
        names = [{"place": str(number)} for number in range(len(self.places))]
        members = [np.array(sorted(place), np.int64) for place in self.places]
        return Wave(names, members, self.by_class(self.people), measures, published)


def organisation(random: Random, dimensions: int) -> tuple[int, list[tuple[int, ...]]]:
    """Classes and places: units, whole and by the values of each dimension."""
    units = [[random.randint(1, 2) for _ in range(random.randint(1, 2))] for _ in range(random.randint(1, 2))]
    leaves = [
        (top, middle, leaf) for top, unit in enumerate(units) for middle, n in enumerate(unit) for leaf in range(n)
    ]
    classes = [(leaf, values) for leaf in leaves for values in product(range(2), repeat=dimensions)]
    random.shuffle(classes)
    while len(classes) > 7:
        classes.pop()
    found = set()
    for depth in range(4):
        for unit in {leaf[:depth] for leaf, _ in classes}:
            inside = [one for one, (leaf, _) in enumerate(classes) if leaf[:depth] == unit]
            found.add(tuple(inside))
            for dimension, value in product(range(dimensions), range(2)):
                found.add(tuple(one for one in inside if classes[one][1][dimension] == value))
    return len(classes), sorted(found - {()}, key=lambda place: (-len(place), place))


def questionnaire(random: Random) -> dict[str, tuple[str, ...]]:
    """The parts of each measure: scales of their items, sometimes an item alone, sometimes an index of all scales."""
    parts: dict[str, tuple[str, ...]] = {}
    scales = [f"s{number}" for number in range(random.choice([0, 1, 1, 2]))]
    for scale in scales:
        items = tuple(f"{scale}q{number}" for number in range(random.choice([1, 2, 2, 3])))
        parts |= dict.fromkeys(items, ()) | {scale: items}
    if not scales or random.random() < 0.2:
        parts["alone"] = ()
    if scales and random.random() < 0.6:
        parts["index"] = tuple(scales)
    return parts


def a_world(random: Random, dimensions: Sequence[int] = (0, 0, 1, 1, 2)) -> World:
    """People of each class who answered everything, or some items, and what stands of it by itself."""
    classes, places = organisation(random, random.choice(dimensions))
    parts = questionnaire(random)
    items = [one for one in parts if not parts[one]]
    alike = random.random() < 0.7
    unlike = [(1, 2), (1, 2), (1, 3), (1, 2, 3), (3, 4)]
    options = {item: (1, 2) if alike else random.choice(unlike) for item in items}
    k = random.choice([2, 3])
    base = {"mean": k, "distribution": k + random.choice([0, 1]), "deviation": k + random.choice([0, 2])}
    sensitive = random.choice(items) if random.random() < 0.2 else ""
    world = World(classes, {}, options, parts, places, {})
    for one in parts:
        more = int(sensitive in world.items(one))
        world.k[one] = {family: value + more for family, value in base.items()}
    everything = frozenset(items)
    skips = random.choice([0.0, 0.3, 0.6])
    for at in range(classes):
        world.people[at, everything] = random.choice([0, 1, 1, 2, k, k + 1, 2 * k])
        if random.random() < skips:
            some = frozenset(item for item in items if random.random() < 0.6)
            world.people[at, some] = world.people.get((at, some), 0) + random.choice([1, 1, k, k + 1])
    publish(random, world)
    return world


def publish(random: Random, world: World) -> None:
    """Places that stand by themselves, most of them in all measures, wholes seldom where their parts are not."""
    share = random.choice([0.3, 0.6, 1.0])
    base = {place for place in range(len(world.places)) if random.random() < share}
    dropped = random.choice([0.0, 0.0, 0.3])
    for family in ("mean", "distribution", "deviation"):
        if family != "mean" and random.random() < 0.5:
            continue
        for one, parts in world.parts.items():
            k = world.k[one][family]
            shown = {
                place for place in base if random.random() >= dropped and world.count(one, world.places[place]) >= k
            }
            if parts and random.random() < 0.9:
                for part in parts:
                    shown &= set(world.rows.get((part, family), ()))
            if parts and family != "deviation":
                shown = {place for place in shown if not few_skipped(world, one, place, k)}
            if family == "deviation" or (one, "mean") in world.rows:
                shown &= set(world.rows.get((one, "mean"), shown if family == "mean" else ()))
            if family == "deviation" and (one, "distribution") in world.rows:
                shown &= set(world.rows[one, "distribution"])
            if shown and random.random() < 0.9:
                world.rows[one, family] = sorted(shown)


def few_skipped(world: World, whole: str, place: int, k: int) -> bool:
    """Whether a place has few people who answered a part and not the whole."""
    classes = world.places[place]
    return any(0 < world.count(part, classes) - world.count(whole, classes) < k for part in world.parts[whole])
