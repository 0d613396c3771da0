"""Advice on documents: each kind, where it is due and where it is not."""

import time
from typing import Any

import pytest

from service.questionnaires import schema
from service.questionnaires.document import Document
from service.questionnaires.lint.hints import Hint, hints, readability, syllables
from tests.make.hangs import HANGS_S

COUNTED = {
    "le": 1, "les": 1, "que": 1, "table": 1, "groupe": 1, "guerre": 1, "vie": 1, "rue": 1, "clé": 1, "crée": 1,
    "risque": 1, "équipe": 2, "année": 2, "idée": 2, "amie": 2, "travail": 2, "collègues": 2, "payer": 2, "naïf": 2,
    "Noël": 2, "question": 2, "œuvre": 1, "souvent": 2, "client": 2, "création": 3, "réunion": 3, "essentielle": 3,
    "responsable": 3, "priorités": 4, "européen": 4, "organisation": 5, "aujourd\u2019hui": 3, "l\u2019équipe": 2,
    "qu\u2019on": 1, "peut-être": 2,
}  # fmt: skip
"""By hand."""


@pytest.mark.parametrize("word", COUNTED)
def test_syllables_are_those_counted_by_hand(word: str) -> None:
    assert syllables(word) == COUNTED[word]


def test_readability_is_that_of_kandel_and_moles() -> None:
    """Two sentences, of 3 and 5 words, 8 and 9 syllables: 207 - 1.015 x 4 - 73.6 x 17 / 8."""
    sentences = [["La", "responsable", "européenne"], ["Mon", "équipe", "travaille", "ici", "souvent"]]
    counted = [1 + 3 + 4, 1 + 2 + 2 + 2 + 2]
    assert [sum(map(syllables, words)) for words in sentences] == counted
    assert readability(sentences) == pytest.approx(207 - 1.015 * 4 - 73.6 * 17 / 8)


def rating(name: str, **given: Any) -> dict[str, Any]:
    return {"id": name, "type": "rating", "text": {"fr": "Le rythme me va."}, "points": 5} | given


def found(items: list[dict[str, Any]], scales: list[dict[str, Any]] | None = None, **given: Any) -> list[Hint]:
    named = [{"id": f"scale_{at}", "title": {"fr": "Échelle"}} | one for at, one in enumerate(scales or ())]
    raw = {"format": "pouls/1", "key": "k", "languages": ["fr"], "title": {"fr": "T"}, "items": items, "scales": named}
    return hints(Document.parse(raw | given))


def of_text(text: str) -> list[Hint]:
    return found([rating("a", text={"fr": text})])


def only(hint: list[Hint], pointer: str, words: str) -> None:
    assert [(one.pointer, words in one.reason) for one in hint] == [(pointer, True)], hint


def test_a_plain_document_gets_none() -> None:
    assert found([rating("a")]) == []
    assert hints(Document.parse(schema.EXAMPLE)) == []


def test_a_long_sentence() -> None:
    only(of_text(" ".join(["mot"] * 26) + "."), "/items/0/text/fr", "more than 25 words")
    assert of_text(" ".join(["mot"] * 20) + ". " + " ".join(["mot"] * 20) + ".") == []


def test_long_words() -> None:
    hard = "L\u2019opérationnalisation interdépartementale des responsabilités organisationnelles nécessite "
    hard += "l\u2019institutionnalisation de considérations méthodologiques préalablement expérimentées collectivement."
    assert len(hard.split()) < 25
    only(of_text(hard + " Réévaluation. Considération."), "/items/0/text/fr", "hard to read")
    assert found([rating("a", text={"en": hard})], languages=["en"], title={"en": "T"}) == []


@pytest.mark.parametrize("text", ["Le bruit et/ou la chaleur gêne.", "Bruit et / ou chaleur", "Noise and/or heat"])
def test_and_or(text: str) -> None:
    only(of_text(text), "/items/0/text/fr", "and/or")


def test_two_negations() -> None:
    only(of_text("On ne peut pas ne pas le voir."), "/items/0/text/fr", "denies twice")
    only(of_text("Ce n\u2019est jamais que je n\u2019ai rien à faire."), "/items/0/text/fr", "denies twice")
    assert of_text("Je ne crains pas l\u2019erreur.") == []
    assert of_text("Merci de ne nommer personne et de ne donner aucun détail.") == []


def test_scales_of_few_items() -> None:
    items = [rating(name) for name in "abcdef"]
    one, two, three = {"items": ["a"]}, {"items": ["b", "c"]}, {"items": ["d", "e", "f"]}
    assert [(hint.pointer, hint.reason.split(":")[0]) for hint in found(items, [one, two, three])] == [
        ("/scales/0/items", "is one item"),
        ("/scales/1/items", "has fewer than 3 items"),
    ]


def test_a_scale_of_reversed_items() -> None:
    items = [rating(name, reverse=True) for name in "abcd"]
    only(found(items, [{"items": ["a", "b", "c", "d"]}]), "/scales/0/items", "reversed")
    assert found(items, [{"items": ["a", "b", "c"]}]) == []
    assert found([rating("z"), *items], [{"items": ["a", "b", "c", "z"]}]) == []


def test_labels_without_both_ends() -> None:
    label = {"fr": "Oui"}
    for labels in ({"1": label}, {"5": label}, {"3": label}):
        only(found([rating("a", labels=labels)]), "/items/0/labels", "both ends")
    assert found([rating("a", labels={"1": label, "5": label})]) == []


def test_an_enps_item_names_both_ends() -> None:
    label = {"fr": "Oui"}
    enps = {"id": "e", "type": "enps", "text": {"fr": "Recommandez-vous ?"}}
    for given in ({}, {"labels": {"1": label, "10": label}}, {"labels": {"0": label}}):
        only(found([enps | given]), "/items/0/labels", "both ends")
    assert found([enps | {"labels": {"0": label, "10": label}}]) == []


def test_a_risk_whose_items_are_none() -> None:
    items = [rating(name) for name in "abc"]
    risk = {"items": ["a", "b", "c"], "favourable": "low"}
    only(found(items, [risk]), "/scales/0/favourable", "a high score will mean low answers")
    assert found(items, [risk | {"favourable": "high"}]) == []
    assert found([rating("a", reverse=True), *items[1:]], [risk]) == []


THREE = [{"id": name, "items": [f"{name}{at}" for at in range(3)]} for name in "abcd"]
ITEMS = [rating(name) for scale in THREE for name in scale["items"]]
INDEX = {"id": "i", "title": {"fr": "Indice"}, "scales": ["a", "b"]}


@pytest.mark.parametrize(
    ("scales", "index", "outcome"),
    [
        (THREE[:2], None, "a"),
        ([THREE[0] | {"rule": "group"}, *THREE[1:]], None, "a"),
        ([THREE[0], THREE[1] | {"rule": "group"}, THREE[2]], None, "a"),
        (THREE[:3], INDEX, "i"),
        (THREE, INDEX | {"rule": "group"}, "i"),
        ([*THREE[:3], THREE[3] | {"rule": "group"}], INDEX, "i"),
    ],
)
def test_an_outcome_that_nothing_is_weighed_with(
    scales: list[dict[str, Any]], index: dict[str, Any] | None, outcome: str
) -> None:
    given = found(ITEMS, scales, indices=[index] if index else [], outcome=outcome)
    only(given, "/outcome", "two other scales scored person by person")


def test_an_outcome_with_enough_beside_it() -> None:
    assert found(ITEMS, THREE[:3], outcome="a") == []
    assert found(ITEMS, THREE, indices=[INDEX], outcome="a") == []
    assert found(ITEMS, THREE, indices=[INDEX], outcome="i") == []
    assert found(ITEMS, THREE[:2]) == []


@pytest.mark.uncounted  # counting lines would be most of its time
@pytest.mark.parametrize("words", ["n'", "ne ", "ne a. ", "a b ", "ne a pas ", "{{a}}", "et/", "a'", "ay"])
def test_a_large_document_is_looked_at_soon(words: str) -> None:
    text = {"fr": (words * 2_000)[:1_999].strip()}
    document = {
        "format": "pouls/1", "key": "k", "languages": ["fr"], "title": {"fr": "T"}, "introduction": text,
        "items": [
            {"id": f"q{at}", "type": "single_choice", "text": text,
             "options": [{"id": "a", "text": text}, {"id": "b", "text": text}]}
            for at in range(170)
        ],
    }  # fmt: skip
    sound = Document.parse(document)
    before = time.process_time()
    hints(sound)
    assert time.process_time() - before < HANGS_S


def test_two_words_deny_within_a_reach() -> None:
    near, far = "a" * 59, "a" * 61
    only(of_text(f"ne {near} pas ne va pas"), "/items/0/text/fr", "denies twice")
    assert of_text(f"ne {far} pas ne va pas") == []
    assert of_text("pas jamais ne va pas") == []
    assert of_text("ne ne va pas") == []


def test_a_mention_without_form() -> None:
    only(of_text("Bonjour {{equipe}} !"), "/items/0/text/fr", "{{item|other words}}")


def test_texts_that_do_not_ask_to_name_nobody() -> None:
    text = {"id": "t", "type": "text", "text": {"fr": "Une remarque ?"}}
    only(found([text]), "/items/0/text", "name nobody")
    assert found([text | {"text": {"fr": "Une remarque ? Ne nommez personne."}}]) == []
    assert found([text | {"text": {"fr": "Une remarque, sans aucun nom ?"}}]) == []


def test_too_many_items() -> None:
    only(found([rating(f"a{at}") for at in range(61)]), "/items", "more than 60")
    assert found([rating(f"a{at}") for at in range(60)]) == []


def test_other_texts_are_read_as_well() -> None:
    text = {"fr": "Et/ou"}
    option = [{"id": "x", "text": text}, {"id": "y", "text": {"fr": "Y"}}]
    items = [{"id": "s", "type": "single_choice", "text": {"fr": "Où ?"}, "options": option}]
    sections = [{"id": "part", "items": ["s"], "title": text, "text": text}]
    assert [hint.pointer for hint in found(items, introduction=text, sections=sections)] == [
        "/introduction/fr", "/sections/0/title/fr", "/sections/0/text/fr", "/items/0/options/0/text/fr",
    ]  # fmt: skip
