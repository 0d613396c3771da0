"""A part of the federal survey, sent through a service with dimensions; who is who is kept for judges."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from service.cli import campaign_run
from service.cli.client import Client
from tests.fixtures.past import read_rows

TOP = "ALL"
SOURCE = "fevs2018"
AGENCIES = frozenset({"IB", "KS", "NN", "NQ", "NU", "SK"})
"""From 29 to 1,878 people, with units of 3 to 372."""
DIMENSIONS = {"sex": "DSEX", "grade": "DSUPER", "tenure": "DFEDTEN"}
PLAN = [["org"], ["org", "sex"], ["org", "grade"], ["org", "tenure"], ["org", "sex", "grade"]]
SCALES = {"supervisors": ("q47", "q48", "q49"), "satisfaction": ("q40", "q69")}
INDEX = "climate"
ITEMS = tuple(item for items in SCALES.values() for item in items)
SKIPPED = "q69"
"""What some people leave out: the public file holds no blanks."""
NO_ANSWER, A_SKIP = 0.2, 0.04

Place = tuple[str, tuple[tuple[str, str], ...]]
"""A unit and what its part has in common: ("NN", (("sex", "male"),))."""
Class = tuple[str, tuple[str, ...]]
"""A unit of the lowest level, and a value in each of `DIMENSIONS`."""


@dataclass(frozen=True)
class Federal:
    """Who is invited, of what class, and what they answered; an empty answer: they did not."""

    parents: Mapping[str, str | None]
    values: Mapping[str, tuple[str, ...]]
    """By dimension."""
    classes: Mapping[str, Class]
    answers: Mapping[str, Mapping[str, int]]

    @cached_property
    def respondents(self) -> Counter[tuple[Class, frozenset[str]]]:
        """How many people of each class answered just these items."""
        given = ((self.classes[person], frozenset(answers)) for person, answers in self.answers.items() if answers)
        return Counter(given)

    def holds(self, place: Place, one: Class) -> bool:
        """Whether the people of a class are in a place."""
        unit, wanted = place
        held = dict(zip(DIMENSIONS, one[1], strict=True))
        return unit in self.above(one[0]) and all(held[name] == value for name, value in wanted)

    def above(self, unit: str) -> list[str]:
        """A unit and those above it."""
        found: list[str] = []
        at: str | None = unit
        while at is not None:
            found.append(at)
            at = self.parents[at]
        return found


def federal(source: Path, seed: int = 1) -> Federal:
    """The people of some agencies; drawn by lot who answers, and who skips one question."""
    header, rows = read_rows(source)
    at = {name: header.index(name) for name in header}
    rows = [row for row in rows if row[at["AGENCY"]] in AGENCIES]
    rng = np.random.default_rng(seed)
    parents: dict[str, str | None] = {TOP: None}
    classes: dict[str, Class] = {}
    answers: dict[str, dict[str, int]] = {}
    for row in rows:
        agency, unit, person = row[at["AGENCY"]], row[at["LEVEL1"]], row[at["RANDOM"]]
        parents.setdefault(agency, TOP)
        parents.setdefault(unit, agency)
        classes[person] = unit, tuple(slug(row[at[column]]) for column in DIMENSIONS.values())
        given = {item: int(row[at[item.upper()]]) for item in ITEMS} if rng.random() > NO_ANSWER else {}
        if rng.random() < A_SKIP:
            given.pop(SKIPPED, None)
        answers[person] = given
    values = {
        name: tuple(sorted({held[place] for _, held in classes.values()})) for place, name in enumerate(DIMENSIONS)
    }
    return Federal(parents, values, classes, answers)


def slug(words: str) -> str:
    """`Ten years or fewer` as the id of a value."""
    return "_".join("".join(sign if sign.isalnum() else " " for sign in words.lower()).split())


def send(client: Client, people: Federal) -> tuple[dict[str, Any], dict[str, Any]]:
    """Organisation, questionnaire, campaign, answers and closing through the public API: wave and release."""
    units = [{"external_id": unit, "name": unit, "source": SOURCE} for unit in people.parents]
    for unit in units:
        parent = people.parents[unit["external_id"]]
        if parent is not None:
            unit["parent"] = parent
    client.upsert("/v1/org-units", units)
    dimensions = [
        {"name": name, "values": [{"id": value, "label": {"en": value}} for value in values]}
        for name, values in people.values.items()
    ]
    client.call("people:write", "PUT", "/v1/dimensions", json=dimensions)
    client.upsert("/v1/people", list(_people(people)))
    campaign_run.ensure_questionnaire(client, QUESTIONNAIRE)
    wave = campaign_run.ensure_launched(client, CAMPAIGN)
    campaign_run.answer(client, wave, b"of a test", lambda person: people.answers[person] or None, lambda _: None)
    return wave, campaign_run.close(client, wave)


def _people(people: Federal) -> Iterator[dict[str, Any]]:
    for person, (unit, held) in people.classes.items():
        dimensions = dict(zip(DIMENSIONS, held, strict=True))
        yield {"external_id": person, "unit": unit, "source": SOURCE, "dimensions": dimensions}


def places(people: Federal) -> list[Place]:
    """Every place of the plan."""
    found: list[Place] = []
    for breakdown in PLAN:
        groups: list[tuple[tuple[str, str], ...]] = [()]
        for name in sorted(breakdown[1:]):
            groups = [(*group, (name, value)) for group in groups for value in people.values[name]]
        found += [(unit, group) for unit in people.parents for group in groups]
    return found


CAMPAIGN: dict[str, Any] = {
    "name": "Federal",
    "questionnaire": "federal",
    "audience": {"units": [TOP], "source": SOURCE},
    "plan": {"breakdowns": PLAN},
}
QUESTIONNAIRE: dict[str, Any] = {
    "format": "pouls/1",
    "key": "federal",
    "languages": ["en"],
    "title": {"en": "Federal"},
    "items": [{"id": item, "type": "rating", "text": {"en": item}, "points": 5} for item in ITEMS],
    "scales": [{"id": scale, "title": {"en": scale}, "items": list(items)} for scale, items in SCALES.items()],
    "indices": [{"id": INDEX, "title": {"en": INDEX}, "scales": list(SCALES)}],
}
