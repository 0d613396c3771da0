"""The map of a past survey: what it means, and every way to get it wrong, told with its place."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from service.cli import replay_map
from service.cli.replay_failed import ReplayFailed
from service.questionnaires.document import Document

EXAMPLES = Path(__file__).resolve().parents[2] / "openapi" / "examples"

GOOD = """
name: Survey 2018
language: en
units:
  source: survey_2018
  root: {id: all, name: Everyone}
  levels: [AGENCY, TEAM]
person: ID
blanks: [NA]
items:
  - {columns: Q1..Q3, type: rating, points: 5}
  - {columns: [Q04..Q06, R], type: rating, points: 5, reverse: true, sensitive: true}
  - {columns: SITE, type: single_choice, options: [North, "In the south", "in the South", "3"]}
  - {columns: YEARS, type: number, minimum: 0, maximum: 60}
scales:
  climate: [Q1..Q2, R]
  trust: [Q3]
indices:
  engagement: [climate, trust]
titles: {Q1: My own text, climate: The climate, engagement: Engagement}
policy: {k_mean: 7}
"""


_GIVEN = yaml.safe_load(GOOD)


def good(**changes: Any) -> str:
    """The map with some fields changed, and without those given as None."""
    given = dict(_GIVEN)
    for name, value in changes.items():
        if value is None:
            del given[name]
        else:
            given[name] = value
    return yaml.safe_dump(given)


def refusal(text: str) -> str:
    with pytest.raises(ReplayFailed) as caught:
        replay_map.parse(text)
    return str(caught.value)


def test_columns_items_and_their_texts() -> None:
    found = replay_map.parse(GOOD)
    headers = [column.header for column in found.columns]
    assert headers == ["Q1", "Q2", "Q3", "Q04", "Q05", "Q06", "R", "SITE", "YEARS"]
    assert found.headers()[:3] == ("AGENCY", "TEAM", "ID")
    document = found.document()
    assert document["key"] == "survey_2018"
    items = {item["id"]: item for item in document["items"]}
    assert items["q1"] == {"id": "q1", "type": "rating", "text": {"en": "My own text"}, "points": 5}
    assert items["q05"] == {
        "id": "q05", "type": "rating", "text": {"en": "Q05"}, "points": 5, "reverse": True, "sensitive": True,
    }  # fmt: skip
    assert items["years"]["maximum"] == 60
    # Words make an id where they can and are the first to do so; numbers stand in elsewhere.
    assert [option["id"] for option in items["site"]["options"]] == ["north", "in_the_south", "option_3", "option_4"]
    assert document["scales"][0] == {"id": "climate", "title": {"en": "The climate"}, "items": ["q1", "q2", "r"]}
    assert document["scales"][1]["title"] == {"en": "trust"}
    assert document["indices"] == [{"id": "engagement", "title": {"en": "Engagement"}, "scales": ["climate", "trust"]}]
    assert found.policy.k_mean == 7
    assert found.policy.k_distribution == 10
    Document.parse(document)


def test_option_ids_never_meet() -> None:
    options = ["Option 3", "x", "2"]
    found = replay_map.parse(good(items=[{"columns": "A", "type": "single_choice", "options": options}],
                                  scales={}, indices={}, titles={}))  # fmt: skip
    ids = [option["id"] for option in found.document()["items"][0]["options"]]
    assert ids == ["option_1", "option_2", "option_3"]


def test_the_digest_is_of_what_is_said_and_not_of_how() -> None:
    found = replay_map.parse(GOOD)
    assert replay_map.parse("# a remark\n" + GOOD).digest() == found.digest()
    assert replay_map.parse(good(language="fr")).digest() != found.digest()


def test_names_that_make_no_key() -> None:
    assert replay_map.parse(good(name="2018")).document()["key"] == "survey_2018"
    assert replay_map.parse(good(name="Été")).document()["key"] == "t"
    assert replay_map.parse(good(name="調査")).document()["key"] == "survey"


def test_the_example_is_sound() -> None:
    found = replay_map.parse((EXAMPLES / "fevs2018.map.yaml").read_text(encoding="utf-8"))
    assert len(found.columns) == 71
    assert set(found.scales) == {"leaders", "supervisors", "intrinsic", "satisfaction"}
    assert found.indices == {"engagement": ("leaders", "supervisors", "intrinsic")}
    # No text of the instrument: an item is called as its column is.
    assert all(set(item["text"].values()) == {item["id"].upper()} for item in found.document()["items"])


RATING = {"columns": "Q1", "type": "rating", "points": 5}
CHOICE = {"columns": "S", "type": "single_choice", "options": ["a", "b"]}
NUMBER = {"columns": "N", "type": "number", "minimum": 0, "maximum": 9}
UNITS = {"source": "s", "root": {"id": "all", "name": "All"}, "levels": ["A"]}


def only(*items: dict[str, Any], **more: Any) -> str:
    return good(**({"items": list(items), "scales": {}, "indices": {}, "titles": {}} | more))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "line 1"),
        ("name: a\nname: b", "line 2: a key comes twice"),
        ("scales:\n  x: [Q1]\n  x: [Q2]", "line 3: a key comes twice"),
        ("a: !!python/object:os.system {}", "could not determine a constructor"),
        ("[" * 1000, "not sound YAML"),
        ("- a", "it must be an object"),
        ("", "it must be an object"),
        (good(name=None), "/name is required"),
        (good(language=None), "/language is required"),
        (good(units=None), "/units is required"),
        (good(items=None), "/items is required"),
        (good(colour="red"), "/colour is not a known field"),
        (good(name=2018), "/name must be a string"),
        (good(name="x" * 201), "/name must have at most 200 characters"),
        (good(name="a\x07b"), "/name must not hold control characters"),
        (good(language="english"), "/language does not have the required form"),
        (good(person=["ID"]), "/person must be a string"),
        (good(person="TEAM"), "/person must not be a level"),
        (good(units=UNITS | {"source": "S!"}), "/units/source does not have"),
        (good(units=UNITS | {"root": {"id": "a"}}), "/units/root/name is required"),
        (good(units=UNITS | {"root": {"id": "a", "name": "A", "x": 1}}), "/units/root/x is not a known field"),
        (good(units=UNITS | {"levels": "AGENCY"}), "/units/levels must be a list"),
        (good(units=UNITS | {"levels": ["A", "A"]}), "/units/levels must not hold an entry twice"),
        (good(units=UNITS | {"levels": [1]}), "/units/levels/0 must be a string"),
        (good(blanks="NA"), "/blanks must be a list"),
        (good(blanks=["NA", "NA"]), "/blanks must not hold an entry twice"),
        (good(blanks=[False]), "/blanks/0 must be a string"),
        (good(items=[]), "/items must have at least 1 entries"),
        (good(items={"a": 1}), "/items must be a list"),
        (only({"columns": "Q1", "points": 5}), "/items/0/type is required"),
        (only(RATING | {"type": "text"}), "/items/0/type must be one of"),
        (only(RATING | {"type": "multiple_choice"}), "/items/0/type must be one of"),
        (only(RATING | {"points": 1}), "/items/0/points must be at least 2"),
        (only(RATING | {"points": 12}), "/items/0/points must be at most 11"),
        (only(RATING | {"points": "5"}), "/items/0/points must be an integer"),
        (only(RATING | {"points": True}), "/items/0/points must be an integer"),
        (only(RATING | {"reverse": "no"}), "/items/0/reverse must be true or false"),
        (only(RATING | {"required": True}), "/items/0/required is not a known field"),
        (only(CHOICE | {"reverse": True}), "/items/0/reverse is not a known field"),
        (only(CHOICE | {"options": ["a"]}), "/items/0/options must have at least 2 entries"),
        (only(CHOICE | {"options": ["a", "a"]}), "/items/0/options must not hold an entry twice"),
        (only(CHOICE | {"options": [True, False]}), "/items/0/options/0 must be a string"),
        (only(CHOICE | {"options": [str(n) for n in range(51)]}), "/items/0/options must have at most 50"),
        (only(CHOICE | {"options": ["a", "NA"]}), "/items/0/options hold a text that means a skip"),
        (only(NUMBER | {"minimum": 9}), "/items/0/maximum must be greater than minimum"),
        (only(NUMBER | {"maximum": 32_001}), "/items/0/maximum must be at most 32000"),
        (only(NUMBER | {"minimum": 0.5}), "/items/0/minimum must be an integer"),
        (only(RATING | {"columns": 1}), "/items/0/columns must be a column, a range"),
        (only(RATING | {"columns": []}), "/items/0/columns must name at least one column"),
        (only(RATING | {"columns": ["Q1", 2]}), "/items/0/columns must be a column, a range"),
        (only(RATING | {"columns": ["Q1", "Q1..Q2"]}), "/items/0/columns must not name a column twice"),
        (only(RATING | {"columns": "Q5..Q1"}), "/items/0/columns a range has the same name and rising numbers"),
        (only(RATING | {"columns": "Q1..R9"}), "/items/0/columns a range has the same name"),
        (only(RATING | {"columns": "Q1.."}), "/items/0/columns a range has the same name"),
        (only(RATING | {"columns": "Q1..Q301"}), "/items/0/columns must name at most 300"),
        (only(RATING | {"columns": "Q1..Q200"}, RATING | {"columns": "R1..R200"}), "/items must name at most 300"),
        (only(RATING, RATING), "/items/0/columns name Q1 in more than one group"),
        (only(RATING | {"columns": ["Q1", "q1"]}), "/items/0/columns name q1, whose id is that of Q1"),
        (only(RATING | {"columns": "1"}), "/items/0/columns name 1, which in lower case is not an id"),
        (only(RATING | {"columns": "Q 1"}), "/items/0/columns name Q 1, which in lower case is not an id"),
        (only(RATING | {"columns": ""}), "/items/0/columns/0 must have at least 1 characters"),
        (only(RATING | {"columns": "ID"}), "/items/0/columns name ID, which tells who the person is"),
        (good(scales={"X!": ["Q1"]}, indices={}, titles={}), "/scales has a key that is not allowed"),
        (good(scales={"x": []}, indices={}, titles={}), "/scales/x must name at least one column"),
        (good(scales={"x": ["Q9"]}, indices={}, titles={}), "/scales/x names Q9, which is not a column of an item"),
        (good(scales={"x": ["SITE"]}, indices={}, titles={}), "/scales/x names SITE, which is not a rating"),
        (good(scales={"q1": ["Q1"]}, indices={}, titles={}), "/scales/q1 has the id of an item"),
        (
            good(scales={"x": ["Q1"], "y": ["Q1"]}, indices={}, titles={}),
            "/scales/y names Q1, which is part of x",
        ),
        (
            only(RATING, RATING | {"columns": "Q2", "points": 4}, scales={"x": ["Q1", "Q2"]}),
            "/scales/x must have items with the same number of points",
        ),
        (good(indices={"e": ["nothing"]}, titles={}), "/indices/e names nothing, which is not a scale"),
        (good(indices={"e": []}, titles={}), "/indices/e must have at least 1 entries"),
        (good(indices={"climate": ["climate"]}, titles={}), "/indices/climate has the id of an item or a scale"),
        (good(indices={"e": ["climate", "climate"]}, titles={}), "/indices/e names climate, which is part of an"),
        (
            good(indices={"e": ["climate"], "f": ["climate"]}, titles={}),
            "/indices/f names climate, which is part of an index already",
        ),
        (
            only(
                RATING, RATING | {"columns": "Q2", "points": 4},
                scales={"x": ["Q1"], "y": ["Q2"]}, indices={"e": ["x", "y"]},
            ),
            "questionnaire /indices/0/scales",
        ),
        (good(titles={"Q77": "?"}), "/titles/Q77 is not a column of an item, a scale or an index"),
        (good(titles={"Q1": ""}), "/titles/Q1 must have at least 1 characters"),
        (good(titles={1: "one"}), "/titles has a key"),
        (good(policy={"k_mean": 4}), "/policy/k_mean must be at least 5"),
        (good(policy={"k": 9}), "/policy/k is not a known field"),
    ],
)  # fmt: skip
def test_a_faulty_map_is_refused_with_the_place(text: str, said: str) -> None:
    assert said in refusal(text)


def test_all_faults_are_told_at_once_and_none_is_echoed() -> None:
    said = refusal(only(RATING | {"points": "a secret"}, CHOICE | {"options": ["x"]}, colour="my secret"))
    assert "/items/0/points" in said
    assert "/items/1/options" in said
    assert "/colour" in said
    assert "secret" not in said
