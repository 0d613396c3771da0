"""Who is asked what, what is sent and what is put into texts: the browser's answer to each is the service's."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from service.campaigns.codes import SERIALS, Codes, Right, address_of, ids_of
from service.questionnaires.branching import conditions, holds
from service.questionnaires.document import Document
from service.questionnaires.elements import Condition
from service.questionnaires.piping import pipes
from service.questionnaires.respondent import localised
from service.responses.sheet import AnswersRefused, Sheet
from tests.make.documents import documents
from tests.make.node_packages import needs_npm
from tests.make.widget_logic import Logic, running

pytestmark = [pytest.mark.slow, needs_npm]

Json = dict[str, Any]
SETTLED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
NO_TEXTS = ["", " ", "\n\t", "\x85", "\ufeff", "\u2003", "\x0b", "\x00", "\r\n"]
TYPED = st.text(st.characters(), max_size=12) | st.sampled_from([*NO_TEXTS, "a\r\nb", "a\x0bb", "\ud83d", "😀" * 9])
WRONG = st.sampled_from(
    [
        0,
        -1,
        12,
        2.5,
        10**9,
        "o9",
        "constructor",
        "",
        [],
        ["o0", "o0"],
        ["o9"],
        ["o0", "o1", "o2", "o3", "o4"],
        "x" * 2001,
    ]
)


@pytest.fixture(scope="module")
def logic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logic]:
    with running(tmp_path_factory.mktemp("logic")) as found:
        yield found


def _right(item: Json) -> st.SearchStrategy[Any]:
    """Answers of the kind that the item's controls give."""
    names = st.sampled_from([option["id"] for option in item.get("options", [{"id": "o0"}])])
    several = st.lists(names, unique=True, max_size=item.get("max_choices") or item.get("max_ranks") or 1)
    return {
        "rating": st.integers(1, item.get("points", 1)),
        "enps": st.integers(0, 10),
        "single_choice": names,
        "multiple_choice": several,
        "ranking": several,
        "number": st.integers(item.get("minimum", 0), item.get("maximum", 0)),
        "text": TYPED,
    }[item["type"]]


def _answers(shown: Json, *, wrong: bool) -> st.SearchStrategy[Json]:
    """Answers to some of the items, whether they are asked or not; `wrong`: here and there one that does not fit."""
    by_item = {}
    for item in shown["items"]:
        right = _right(item)
        by_item[item["id"]] = st.one_of(right, right, right, st.none(), *([WRONG] if wrong else []))
    return st.fixed_dictionaries({}, optional=by_item)


@st.composite
def _cases(draw: st.DrawFn, *, wrong: bool) -> tuple[Document, Json, list[Json]]:
    """A document, as it is shown, and what several people answered."""
    document = draw(documents())
    shown = localised(document, document.languages[0])
    return document, shown, draw(st.lists(_answers(shown, wrong=wrong), min_size=1, max_size=12))


def _skipped(answer: Any) -> bool:
    return answer is None or answer in ("", [])


def _asked(document: Document, answers: Json) -> list[str]:
    """Items asked, one after another, an answer to what is not asked struck out before the next is looked at."""
    needed = conditions(document.items, document.sections)
    given = {name: answer for name, answer in answers.items() if not _skipped(answer)}
    found = []
    for item in document.items:
        if all(holds(condition, given) for condition in needed.get(item.id, ())):
            found.append(item.id)
        else:
            given.pop(item.id, None)
    return found


def _refused(sheet: Sheet, answers: Json) -> bool:
    try:
        sheet.encode(1, answers)
        sheet.encode_texts(1, answers)
    except AnswersRefused:
        return True
    return False


@SETTLED
@given(_cases(wrong=True))
def test_the_same_items_are_asked(logic: Logic, case: tuple[Document, Json, list[Json]]) -> None:
    document, shown, people = case
    found = logic.called([("asked", shown, answers) for answers in people])
    assert [[item["id"] for item in items] for items in found] == [_asked(document, answers) for answers in people]


@SETTLED
@given(_cases(wrong=True))
def test_what_has_no_fault_is_accepted(logic: Logic, case: tuple[Document, Json, list[Json]]) -> None:
    document, shown, people = case
    sheet = Sheet.of(document)
    items = {item["id"]: item for item in shown["items"]}
    for answers in people:
        asked = _asked(document, answers)
        sent, *faults = logic.called(
            [("toSend", shown, answers), *(("faultOf", items[name], answers.get(name)) for name in asked)]
        )
        assert sent.keys() <= set(asked)
        assert any(faults) or not _refused(sheet, sent)


@SETTLED
@given(_cases(wrong=False))
def test_what_is_accepted_has_no_fault(logic: Logic, case: tuple[Document, Json, list[Json]]) -> None:
    """But a text of marks that nobody sees, which the service may take and the browser does not."""
    document, shown, people = case
    sheet = Sheet.of(document)
    items = {item["id"]: item for item in shown["items"]}
    for answers in people:
        asked = _asked(document, answers)
        seen = {name: answers.get(name) for name in asked if answers.get(name) not in NO_TEXTS}
        if _refused(sheet, seen):
            continue
        assert not any(logic.called([("faultOf", items[name], seen.get(name)) for name in asked]))
        (sent,) = logic.called([("toSend", shown, seen)])
        assert not _refused(sheet, sent)


CHOICES = st.integers(-1, 3) | st.sampled_from(["a", "b", "", "1"])
ANSWERS = st.none() | CHOICES | st.lists(st.sampled_from(["a", "b", "c"]), max_size=3) | st.just(2.5)
FACTS = st.builds(
    lambda name, said: {"item": name, **said},
    st.sampled_from(["q", "r", "constructor"]),
    st.one_of(
        st.fixed_dictionaries({"is": st.lists(CHOICES.filter(lambda one: one != ""), min_size=1, max_size=3)}),
        st.fixed_dictionaries({"at_least": st.integers(-1, 3)}, optional={"at_most": st.integers(-1, 3)}),
        st.fixed_dictionaries({"at_most": st.integers(-1, 3)}),
    ),
)
CONDITIONS = st.recursive(
    FACTS,
    lambda inner: st.one_of(
        inner.map(lambda one: {"not": one}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"all": some}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"any": some}),
    ),
    max_leaves=6,
)


@SETTLED
@given(CONDITIONS, st.lists(st.dictionaries(st.sampled_from(["q", "r", "constructor"]), ANSWERS), min_size=1))
def test_a_condition_holds_alike(logic: Logic, condition: Json, people: list[Json]) -> None:
    judged = Condition.model_validate(condition)
    found = logic.called([("holds", condition, answers) for answers in people])
    assert found == [holds(judged, answers) for answers in people]


SOURCES: Json = {
    "items": [
        {
            "id": "team", "type": "single_choice",
            "options": [{"id": "a", "text": "Ada's"}, {"id": "b", "text": "{{$&|x}}"}],
        },
        {"id": "years", "type": "number", "minimum": -9, "maximum": 50},
        {"id": "mood", "type": "rating", "points": 5},
        {
            "id": "room", "type": "single_choice", "options": [{"id": "a", "text": "room A"}],
            "visible_if": {"item": "team", "is": ["a"]},
        },
    ]
}  # fmt: skip
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "team": st.sampled_from(["a", "b", "c", None]),
        "years": st.sampled_from([-3, 0, 7, "seven", None]),
        "mood": st.integers(1, 5),
        "room": st.just("a"),
    },
)
PARTS = [
    "{{", "}}", "{", "}", "|", "team", "years", "mood", "room", "constructor", "Team", " ", "your team", "$&", "\n",
    "\x85", "\ufeff", "\u2003", "{{team|your team}}", "{{years| some }}", "{{room|a room}}", "x" * 64,
]  # fmt: skip
PIPED = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)


def _filled(text: str, answers: Mapping[str, Any]) -> str:
    def put(found: re.Match[str]) -> str:
        (pipe,) = pipes(found[0])
        if pipe.item is None:
            return found[0]
        answer = answers.get(pipe.item)
        if pipe.item == "years" and isinstance(answer, int):
            return str(answer)
        if pipe.item == "room" and answers.get("team") != "a":
            return pipe.otherwise
        options = {"team": {"a": "Ada's", "b": "{{$&|x}}"}, "room": {"a": "room A"}}.get(pipe.item, {})
        return options.get(answer, pipe.otherwise) if isinstance(answer, str) else pipe.otherwise

    return re.sub(r"\{\{[^{}]*\}\}", put, text)


@SETTLED
@given(PIPED, st.lists(GIVEN, min_size=1, max_size=5))
def test_the_same_is_put_into_a_text(logic: Logic, text: str, people: list[Json]) -> None:
    found = logic.called([("filled", text, SOURCES, answers) for answers in people])
    assert found == [_filled(text, answers) for answers in people]


@pytest.mark.parametrize("otherwise", ["\x85", "\ufeff", "\u2003", " ", "", "\x85x", "x|y", "x\ny"])
def test_words_that_stand_for_no_answer_say_something(logic: Logic, otherwise: str) -> None:
    text = f"{{{{team|{otherwise}}}}}"
    assert logic.called([("filled", text, SOURCES, {})]) == [_filled(text, {})]


@SETTLED
@given(documents(), st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=9))
def test_every_item_stands_on_one_page(logic: Logic, document: Document, chances: list[float]) -> None:
    shown = localised(document, document.languages[0])
    (pages,) = logic.called([("pagesBy", shown, chances)])
    names = [name for page in pages for name in page["items"]]
    assert sorted(names) == sorted(item.id for item in document.items)
    shuffled = {section.id for section in document.sections or () if section.order == "random"}
    listed = [name for page in pages if page["section"] not in shuffled for name in page["items"]]
    assert listed == [item.id for item in document.items if item.id in listed]
    for page in pages:
        assert page["items"]
        assert page["isMatrix"] or len(page["items"]) <= (5 if page["section"] is None else 6)
    for section in document.sections or ():
        own = [page for page in pages if page["section"] == section.id]
        assert {name for page in own for name in page["items"]} == set(section.items)
        assert all(page["isMatrix"] == (section.layout == "matrix") for page in own)
        assert section.layout != "matrix" or len(own) == 1


def _of_ratings(count: int, **section: Any) -> Json:
    items = [{"id": f"q{at}", "type": "rating", "points": 5} for at in range(count)]
    shown: Json = {"items": items}
    if section:
        shown["sections"] = [{"id": "s", "items": [item["id"] for item in items], **section}]
    return shown


@pytest.mark.parametrize(
    ("shown", "lengths"),
    [
        (_of_ratings(5), [5]),
        (_of_ratings(6), [3, 3]),
        (_of_ratings(11), [4, 4, 3]),
        (_of_ratings(6, order="listed", layout="list"), [6]),
        (_of_ratings(8, order="listed", layout="list"), [4, 4]),
        (_of_ratings(20, order="listed", layout="matrix"), [20]),
    ],
)
def test_pages_are_of_like_length(logic: Logic, shown: Json, lengths: list[int]) -> None:
    (pages,) = logic.called([("pagesBy", shown, [0])])
    assert [len(page["items"]) for page in pages] == lengths


def test_every_order_can_be_drawn(logic: Logic) -> None:
    shown = _of_ratings(3, order="random", layout="list")
    chances = [[first, second, 0] for first in (0, 0.4, 0.7) for second in (0, 0.5)]
    pages = logic.called([("pagesBy", shown, drawn) for drawn in chances])
    assert len({tuple(page[0]["items"]) for page in pages}) == 6


def test_chance_draws_every_number_below(logic: Logic) -> None:
    assert set(logic.called([("draw", 3)] * 200)) == {0, 1, 2}
    assert set(logic.called([("draw", 1)] * 5)) == {0}


@SETTLED
@given(TYPED)
def test_a_typed_text_is_one_that_the_service_takes(logic: Logic, typed: str) -> None:
    plain, length, blank = logic.called([("plain", typed), ("lengthOf", typed), ("isBlank", typed)])
    assert length == len(plain)
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", plain)
    assert blank or plain.strip()
    assume(re.fullmatch(r"[\w \n\t😀]*", typed))
    assert plain == typed


@pytest.mark.parametrize("typed", NO_TEXTS)
def test_a_text_without_a_word_is_a_skip(logic: Logic, typed: str) -> None:
    optional = {"id": "why", "type": "text", "required": False, "max_length": 5}
    required = optional | {"required": True}
    found = logic.called(
        [
            ("toSend", {"items": [optional]}, {"why": typed}),
            ("faultOf", optional, typed),
            ("faultOf", required, typed),
        ]
    )
    assert found == [{}, None, {"kind": "required"}]


@pytest.mark.parametrize("typed", ["12345", "😀😀😀😀😀", "a\r\nb\r\n", "\ud83d1234"])
def test_a_text_is_as_long_as_what_is_sent(logic: Logic, typed: str) -> None:
    item = {"id": "why", "type": "text", "required": False, "max_length": 5}
    found = logic.called([("faultOf", item, typed), ("faultOf", item, f"{typed}x"), ("faultOf", item, f"{typed}xx")])
    spare = 5 - len(typed.replace("\r\n", "\n"))
    assert [fault is None for fault in found] == [True, spare >= 1, spare >= 2]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("", None), (" ", None), ("42", 42), ("-7", -7), ("\u22127", -7), ("+7", 7), ("1\u202f234", 1234), ("007", 7),
        ("\u0664\u0662", 42), ("2.5", "2.5"), ("1e3", "1e3"), ("seven", "seven"), ("9" * 10, "9" * 10), ("-", "-"),
    ],
)  # fmt: skip
def test_whole_numbers_are_read_as_they_are_typed(logic: Logic, typed: str, number: object) -> None:
    item = {"type": "number", "required": False, "minimum": 0, "maximum": 2000}
    found, fault = logic.called([("numberIn", typed), ("faultOf", item, number)])
    assert found == number
    assert (fault or {}).get("kind") == (
        "no_number" if isinstance(number, str) else "too_small" if (number or 0) == -7 else None
    )


def test_an_item_may_have_the_name_of_what_every_object_has(logic: Logic) -> None:
    shown = {
        "items": [
            {"id": "constructor", "type": "rating", "points": 5, "required": True},
            {"id": "q", "type": "enps", "required": False, "visible_if": {"item": "constructor", "at_most": 5}},
        ]
    }
    assert logic.called([("toSend", shown, {}), ("toSend", shown, {"constructor": 2, "q": 0})]) == [
        {},
        {"constructor": 2, "q": 0},
    ]


@SETTLED
@given(st.binary(min_size=32, max_size=32), st.integers(0, SERIALS - 1), st.integers(0, 3))
def test_a_code_says_of_which_wave_it_is_and_whose(logic: Logic, place: bytes, serial: int, label: int) -> None:
    issued = Codes(bytes(32))
    codes = [issued.issue(Right(place, *rest)) for rest in ((serial, label, 0), (serial, label, 9), (serial ^ 1, 0, 0))]
    one, renewed, another = logic.called([("rightOf", code) for code in codes])
    assert one == renewed
    assert (one["place"], one["serial"] == another["serial"]) == (another["place"], False)
    places = [place, bytes([place[0] ^ 1]) + place[1:]]
    assert logic.called([("isOf", one, address_of(*ids_of(where))) for where in places]) == [True, False]


@pytest.mark.parametrize("text", ["", "A" * 76, "Aw" + "A" * 80, "AQ" + "A" * 40, "AQ+=*" + "A" * 71])
def test_what_is_no_code_says_nothing(logic: Logic, text: str) -> None:
    assert logic.called([("rightOf", text)]) == [None]
