"""Who is asked what, against every possible set of answers to small documents."""

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from service.questionnaires.branching import conditions, gates, holds, never_asked
from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.elements import Condition
from service.responses.sheet import SKIPPED, AnswersRefused, Sheet
from tests.make import plain_scores, scored_documents
from tests.make.plain_scores import asked, needed

# The same lines thousands of times: coverage learns nothing here, and would take three times as long.

Json = dict[str, Any]
TEXT = {"en": "x"}
NEVER = "is never asked: no answers lead to it"
SEVERAL = "is asked by several items: each must be required, not sensitive, and asked of everybody"


@st.composite
def _conditions(draw: st.DrawFn, deciders: list[Json], depth: int = 3) -> Json:
    """Any condition, nested up to three deep around its facts."""
    kind = draw(st.sampled_from(["fact", "fact", "all", "any", "not"])) if depth else "fact"
    if kind == "fact":
        return draw(scored_documents.conditions(deciders, deep=False))
    inner = _conditions(deciders, depth - 1)
    return {kind: draw(inner if kind == "not" else st.lists(inner, min_size=1, max_size=3))}


@st.composite
def _documents(draw: st.DrawFn, *, required: bool) -> Json:
    options = [{"id": f"o{place}", "text": TEXT} for place in range(2)]
    kinds: list[Json] = [
        {"type": "rating", "points": 2},
        {"type": "rating", "points": 3},
        {"type": "single_choice", "options": options},
        {"type": "multiple_choice", "options": options},
        {"type": "ranking", "options": options, "max_ranks": 1},
        {"type": "text", "max_length": 3},
        {"type": "enps"},
    ]
    items: list[Json] = []
    for at in range(draw(st.integers(2, 4))):
        # One eNPS at most: its eleven answers multiply everything.
        free = [kind for kind in kinds if kind["type"] != "enps" or all(item["type"] != "enps" for item in items)]
        item: Json = {"id": f"q{at}", "text": TEXT} | draw(st.sampled_from(free))
        if required:
            item |= {"required": draw(st.booleans()), "sensitive": draw(st.booleans())}
        deciders = [one for one in items if one["type"] in scored_documents.DECIDERS]
        if deciders and draw(st.booleans()):
            item["visible_if"] = draw(_conditions(deciders))
        items.append(item)
    source = {"format": "pouls/1", "key": "k", "languages": ["en"], "title": TEXT, "items": items}
    cut = draw(st.integers(0, len(items) - 1))
    if not cut:
        return source
    first: Json = {"id": "one", "items": [item["id"] for item in items[:cut]]}
    second: Json = {"id": "two", "items": [item["id"] for item in items[cut:]]}
    deciders = [one for one in items[:cut] if one["type"] in scored_documents.DECIDERS]
    if deciders and draw(st.booleans()):
        second["visible_if"] = draw(_conditions(deciders))
    return source | {"sections": [first, second]}


def _answers_to(item: Json) -> list[Any]:
    """Every answer that fits an item by itself, a skip first."""
    match item["type"]:
        case "rating" | "enps" | "single_choice":
            return [None, *scored_documents.offered(item)]
        case "multiple_choice":
            names = scored_documents.offered(item)
            return [None, *(list(some) for size in range(len(names) + 1) for some in combinations(names, size))]
        case "ranking":
            return [None, [], *([name] for name in scored_documents.offered(item))]
        case _:
            return [None, "", "x"]


def _everything(source: Json) -> Iterator[Json]:
    """Every set of answers, to what is not asked as well."""
    names = [item["id"] for item in source["items"]]
    for answers in product(*map(_answers_to, source["items"])):
        yield dict(zip(names, answers, strict=True))


def _has_to_answer(item: Json) -> bool:
    return bool(item.get("required")) and not item.get("sensitive")


def _accepted(source: Json, answers: Json) -> bool:
    """Whether a form may take these answers: to what is asked alone, and to all of that which needs one."""
    kept = asked(source, answers)
    for item in source["items"]:
        answer = answers[item["id"]]
        skipped = answer is None or (item["type"] in {"ranking", "text"} and not answer)
        shown = all(plain_scores.holds(one, kept) for one in needed(source, item))
        if not shown and not skipped:
            return False
        if shown and _has_to_answer(item) and (skipped or answer == []):
            return False
    return True


def _never(source: Json) -> list[str]:
    """The items that no accepted answers lead to."""
    found = {item["id"] for item in source["items"]}
    for answers in _everything(source):
        if _accepted(source, answers):
            kept = asked(source, answers)
            for item in source["items"]:
                if all(plain_scores.holds(one, kept) for one in needed(source, item)):
                    found.discard(item["id"])
        if not found:
            break
    return [item["id"] for item in source["items"] if item["id"] in found]


@given(_documents(required=False))
@settings(deadline=None)
def test_exactly_what_no_answers_lead_to_is_a_fault(source: Json) -> None:
    _check_reachability(source)


@given(_documents(required=True))
@settings(deadline=None)
def test_so_it_is_where_some_things_have_to_be_answered(source: Json) -> None:
    _check_reachability(source)


def _by_several(source: Json) -> list[str]:
    """The items that several others decide about, of which not everybody answers each."""
    always = {item["id"] for item in source["items"] if _has_to_answer(item) and not needed(source, item)}
    found = []
    for item in source["items"]:
        asked_by = set().union(*map(scored_documents.gates, needed(source, item)))
        if len(asked_by) > 1 and not asked_by <= always:
            found.append(item["id"])
    return found


def _check_reachability(source: Json) -> None:
    never = _never(source)
    places = {item["id"]: f"/items/{at}" for at, item in enumerate(source["items"])}
    try:
        document = Document.parse(source)
    except DocumentRefused as refused:
        told = [tuple(fault) for fault in refused.faults]
    else:
        told = []
        assert never_asked(document.items, conditions(document.items, document.sections)) == []
    expected = {(places[name], NEVER) for name in never} | {(places[name], SEVERAL) for name in _by_several(source)}
    assert set(told) == expected
    assert len(told) == len(expected)


@given(_documents(required=True))
@settings(deadline=None)
def test_a_form_takes_what_was_asked_and_nothing_else(source: Json) -> None:
    try:
        document = Document.parse(source)
    except DocumentRefused:
        return
    sheet = Sheet.of(document)
    taken = []
    for answers in _everything(source):
        accepted = _accepted(source, answers)
        try:
            record = sheet.encode(7, answers)
        except AnswersRefused as refused:
            faults = refused.faults
        else:
            faults = ()
            taken.append((record, asked(source, answers)))
        assert bool(faults) is not accepted, (answers, faults)
        assert len({fault.pointer for fault in faults}) == len(faults)
    _, matrix = sheet.decode(b"".join(record for record, _ in taken))
    for row, (_, kept) in zip(matrix.tolist(), taken, strict=True):
        hidden = [cell for cell, column in zip(row, sheet.columns, strict=True) if column.item_id not in kept]
        given_to = [cell for cell, column in zip(row, sheet.columns, strict=True) if column.item_id in kept]
        assert set(hidden) <= {SKIPPED}
        assert SKIPPED not in given_to


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_a_condition_means_what_its_words_say(data: st.DataObject) -> None:
    options = [{"id": f"o{place}", "text": TEXT} for place in range(3)]
    items: list[Json] = [
        {"id": "a", "type": "rating", "points": 3},
        {"id": "b", "type": "enps"},
        {"id": "c", "type": "single_choice", "options": options},
        {"id": "d", "type": "multiple_choice", "options": options},
    ]
    raw = data.draw(_conditions(items))
    condition = Condition.model_validate(raw)
    for answers in _everything({"items": items}):
        given_to = {name: answer for name, answer in answers.items() if answer is not None}
        true = plain_scores.holds(raw, given_to)
        assert holds(condition, answers) is holds(condition, given_to) is true
    named = str(raw)
    assert gates(condition) == {item["id"] for item in items if f"'item': '{item['id']}'" in named}
