"""A release before its judge: who counts in what, and what the questionnaire says of each measure."""

from collections.abc import Sequence
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import numpy as np
import pytest

from service.disclosure.audit import Measured, Wave, audit_wave
from service.questionnaires.document import Document
from service.releases.answered import Answered, answered
from service.releases.judged import wave_of
from service.releases.orgtree import Unit
from service.releases.places import Breakdowns, ClassRow
from service.releases.read_back import Place
from service.releases.read_back import Published as Rows
from service.responses.sheet import SKIPPED


def element(**given: Any) -> dict[str, Any]:
    return {"title": {"en": "A title"}} | given


def document(**more: Any) -> Document:
    """Two branched ratings and two more, in two scales; a ranking."""
    options = [{"id": one, "text": {"en": one}} for one in ("x", "y")]
    either = {"any": [{"item": "g", "is": ["x"]}, {"not": {"all": [{"item": "h", "at_least": 3}]}}]}
    rating = {"type": "rating", "points": 5}
    items = [
        {"id": "g", "type": "single_choice", "options": options, "required": True},
        {"id": "h", "type": "enps", "required": True},
        {"id": "p", **rating, "visible_if": either},
        {"id": "q", **rating},
        {"id": "r", **rating},
        {"id": "t", **rating},
        {"id": "o", "type": "ranking", "options": options},
    ]
    sections = [
        {"id": "one", "items": ["g", "h"]},
        {"id": "two", "items": ["p", "q"], "visible_if": {"item": "h", "at_most": 8}},
        {"id": "three", "items": ["r", "t", "o"]},
    ]
    scales = [element(id="s", items=["p", "q"]), element(id="u", items=["r", "t"])]
    known = {"format": "pouls/1", "key": "test", "languages": ["en"], "title": {"en": "T"}, "sections": sections}
    known |= {"items": [{"text": {"en": one["id"]}} | one for one in items], "scales": scales}
    return Document.parse(known | more)


ITEMS = ("g", "h", "p", "q", "r", "t", "o", "o")


def counted(made: Document, people: Sequence[str]) -> Answered:
    """Answers as letters, "." for none, of people in two classes by turns."""
    rows = [[SKIPPED if one == "." else int(one) for one in line] for line in people]
    matrix = np.array(rows, np.int16).reshape(len(people), len(ITEMS))
    classes = np.array([at % 2 for at in range(len(people))], np.intp)
    columns = [SimpleNamespace(item_id=item) for item in ITEMS]
    return answered(made, cast("Any", columns), classes, matrix, 2)


POLICY = {"k_mean": 5, "k_distribution": 10, "k_sensitive": 10, "sd_from": 30, "collusion": 0}


def judged(made: Document, counts: Answered) -> dict[str, Measured]:
    found = wave_of(Rows([], []), made, POLICY, [], [], counts, {})
    return {measure.id: measure for measure in found.measures}


PEOPLE = ["12345512", "12.4..10", "..3.2.02", "12345.12", "1.......", "12..3...", "123.4501", "12.4..21"]


def test_a_ranking_is_answered_by_whoever_ranked_anything() -> None:
    found = counted(document(), PEOPLE)
    assert found.n["o"].tolist() == [3, 3]
    assert judged(document(), found)["o"].n.tolist() == [3, 3]


def test_gates_are_all_items_that_conditions_are_about() -> None:
    found = judged(document(), counted(document(), PEOPLE))
    assert {name: one.gates for name, one in found.items() if one.gates} == {"p": ("g", "h"), "q": ("h",)}
    plain = document(sections=None)
    found = judged(plain, counted(plain, PEOPLE))
    assert {name: one.gates for name, one in found.items() if one.gates} == {"p": ("g", "h")}


def test_some_items_are_asked_of_people_without_an_answer_too() -> None:
    """By `not` alone: not where the section's condition, which must hold as well, needs an answer."""
    for made, asked in ((document(), set[str]()), (document(sections=None), {"p"})):
        found = judged(made, counted(made, PEOPLE))
        assert {name for name, one in found.items() if one.asks_skippers} == asked


def test_where_a_place_is_and_what_its_values_unite_are_told() -> None:
    """Units of one name in two sources are two; everybody is none of them."""
    ids = [UUID(int=at) for at in (1, 2)]
    units = [Unit(one, None, source, "7", "Seven") for one, source in zip(ids, "ab", strict=True)]
    places = [Place(None, None, None, {}), *(Place(0, source, "7", {"y": "1", "x": "2"}) for source in "aba")]
    made = document()
    counts = counted(made, PEOPLE)
    classes = [ClassRow(at, one, {}) for at, one in enumerate(ids)]
    found = wave_of(Rows(places, []), made, POLICY, units, classes, counts, {"y": "x"})
    everybody, first, second, again = found.where
    assert (everybody, first.values, first, found.united) == (("", ()), (("x", "2"), ("y", "1")), again, {"y": "x"})
    assert len({everybody, first, second}) == 3
    shown = Breakdowns((), ({"name": "x"}, {"name": "y", "of": "x"}, {"name": "z", "of": None}))
    assert shown.united == {"y": "x"}


def test_people_with_gaps_are_counted_by_what_they_answered() -> None:
    scale = element(id="s", items=["p", "q", "r", "t"], answered=2)
    made = document(scales=[scale])
    found = counted(made, PEOPLE)
    gaps = judged(made, found)["s"].gaps
    assert gaps is not None
    assert list(gaps.sizes) == [2, 3, 4]
    assert gaps.people.tolist() == [[1, 0], [1, 1], [1, 0]]
    # By size, of p, q, r and t.
    assert gaps.answered.tolist() == [
        [[1, 0], [0, 0], [1, 0], [0, 0]],
        [[1, 1], [0, 1], [1, 1], [1, 0]],
        [[1, 0], [1, 0], [1, 0], [1, 0]],
    ]
    assert (found.n["s"].tolist(), found.partial["s"].tolist()) == ([3, 1], [0, 3])
    audit_wave(Wave([], [], found.respondents, list(judged(made, found).values()), []))
    for all_of_them in ({}, {"answered": 4}):
        made = document(scales=[element(id="s", items=["p", "q", "r", "t"]) | all_of_them])
        found = counted(made, PEOPLE)
        assert judged(made, found)["s"].gaps is None
        assert (found.n["s"].tolist(), found.partial["s"].tolist()) == ([1, 0], [2, 4])


def test_how_many_count_in_several_measures_at_once() -> None:
    found = counted(document(), PEOPLE)
    asked = (("p",), ("p", "r"), ("p", "r", "s"), ("g", "t"))
    assert [found.together(those).tolist() for those in asked] == [[3, 1], [3, 1], [1, 1], [2, 0]]


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 150])
def test_everybody_is_counted_as_they_would_be_one_by_one(size: int) -> None:
    """Against sets of people: items, scales with gaps and without, an index, and any of them together."""
    random = Random(size)
    scales = [element(id="s", items=["p", "q"]), element(id="u", items=["r"]), element(id="w", items=["t"])]
    parts = {"s": "pq", "u": "r", "w": "t", "i": "su"}
    lines = []
    for _ in range(size):
        ranked = random.choice(["12", "10", "02", ".."])
        lines.append("".join(random.choice("1234..") for _ in range(6)) + ranked)
    answers = {item: {at for at, line in enumerate(lines) if line[ITEMS.index(item)] != "."} for item in ITEMS}
    index = element(id="i", scales=["s", "u"])
    for enough in (None, 1, 2):
        gaps = element(id="v", items=["p", "q", "r"], answered=enough)
        more = {"scales": scales, "indices": [index]} if enough is None else {"scales": [gaps]}
        found = counted(document(**more), lines)
        who = dict(answers)
        partial = {}
        for name, of in parts.items() if enough is None else ():
            who[name] = set.intersection(*(who[one] for one in of))
            partial[name] = set.union(*(who[one] for one in of)) - who[name]
        if enough is not None:
            many = {at: sum(at in answers[item] for item in "pqr") for at in range(size)}
            who["v"] = {at for at, those in many.items() if those >= enough}
            partial["v"] = {at for at, those in many.items() if 0 < those < enough}
            sizes = range(enough, 4)
            of_size = [{at for at in who["v"] if many[at] == those} for those in sizes]
            assert found.gaps["v"].people.tolist() == [by_class(those) for those in of_size]
            assert found.gaps["v"].answered.tolist() == [
                [by_class(those & answers[item]) for item in "pqr"] for those in of_size
            ]
        assert {name: n.tolist() for name, n in found.n.items()} == {name: by_class(own) for name, own in who.items()}
        assert {name: n.tolist() for name, n in found.partial.items()} == {
            name: by_class(own) for name, own in partial.items()
        }
        for _ in range(20):
            some = random.sample(sorted(who), random.randint(1, 4))
            assert found.together(some).tolist() == by_class(set.intersection(*(who[one] for one in some)))


def by_class(people: set[int]) -> list[int]:
    """In two classes by turns."""
    odd = sum(at % 2 for at in people)
    return [len(people) - odd, odd]


def test_what_follows_from_figures_of_groups_counts_nobody_by_class() -> None:
    scales = [element(id="s", items=["p", "q"], rule="group"), element(id="u", items=["r", "t"])]
    made = document(scales=scales, indices=[element(id="i", scales=["s", "u"], rule="group")])
    found = judged(made, counted(made, PEOPLE))
    assert {name for name, one in found.items() if one.derived} == {"s", "i"}
    assert not any(found[name].n.any() or found[name].partial.any() for name in "si")
    audit_wave(Wave([], [], counted(made, PEOPLE).respondents, list(found.values()), []))


def bands(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return [element(id=f"b{at}", **one) for at, one in enumerate(({}, *more))]


@pytest.mark.parametrize(
    ("scale", "index", "unlike"),
    [
        ({}, {}, set()),
        ({"bands": bands({"at_least": 3})}, {}, set()),
        ({"weights": [2, 2]}, {}, set()),
        ({"weights": [2, 1]}, {}, set()),
        ({"weights": [2, 1], "bands": bands({"at_least": 3})}, {}, {"s"}),
        ({"weights": [2, 1]}, {"bands": bands({"at_least": 3})}, {"i"}),
        ({}, {"bands": bands({"at_least": 3})}, set()),
        ({}, {"combine": "ratio"}, set()),
        ({}, {"combine": "ratio", "bands": bands({"at_least": 3})}, {"i"}),
        ({}, {"bands": [element(id="c", when={"s": {"at_least": 3}}), *bands()]}, {"i"}),
        ({"items": ["p"]}, {}, set()),
        ({"items": ["p"]}, {"bands": bands({"at_least": 3})}, {"i"}),
    ],
)
def test_figures_that_may_depend_on_some_items_alone_are_not_alike(
    scale: dict[str, Any], index: dict[str, Any], unlike: set[str]
) -> None:
    scales = [element(id="s", items=["p", "q"]) | scale, element(id="u", items=["r", "t"])]
    made = document(scales=scales, indices=[element(id="i", scales=["s", "u"]) | index])
    found = judged(made, counted(made, PEOPLE))
    assert {name for name, one in found.items() if not one.alike} == unlike
