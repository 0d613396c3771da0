"""The published JSON Schema: current, and as strict as our own reading of single elements."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from pydantic import ValidationError

from service.questionnaires import schema
from service.questionnaires.document import Document, DocumentRefused
from tests.make.documents import documents

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "openapi" / "questionnaire.schema.json"
CATALOGUE = sorted((ROOT / "service" / "questionnaires" / "catalogue").glob("*.json"))


@pytest.fixture(scope="module")
def judge() -> Validator:
    found = schema.schema()
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def structural(raw: object) -> bool:
    """Whether pydantic finds every element well formed, whatever binds them together."""
    try:
        Document.model_validate(raw)
    except ValidationError:
        return False
    except DocumentRefused:
        pass
    return True


def test_the_published_file_is_current() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema.text(), (
        "run `pouls questionnaire schema --out openapi/questionnaire.schema.json`"
    )


def test_its_example_is_a_sound_document(judge: Validator) -> None:
    for example in schema.schema()["examples"]:
        Document.parse(example)
        judge.validate(example)
    assert schema.schema()["$id"] == "urn:pouls:questionnaire:1"


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_the_catalogue_fits_it(path: Path, judge: Validator) -> None:
    judge.validate(json.loads(path.read_text(encoding="utf-8")))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_every_sound_document_fits_it(document: Document) -> None:
    assert list(Draft202012Validator(schema.schema()).iter_errors(document.as_json())) == []


WRONG: list[tuple[tuple[str | int, ...], object]] = [
    (("format",), "pouls/2"),
    (("key",), "Not-An-Id"),
    (("extra",), 1),
    (("languages",), []),
    (("languages", 0), "english!"),
    (("title",), "x"),
    (("title", "fr"), 3),
    (("title", "fr"), "  "),
    (("title", "fr"), "x" * 2001),
    (("title", "Bad Key!"), "x"),
    (("support", 0, "url"), "http://plain.example"),
    (("support", 0, "phone"), "call me"),
    (("support", 0, "name"), None),
    (("items",), []),
    (("items",), [{}] * 301),
    (("items", 0), None),
    (("items", 0, "type"), "slider"),
    (("items", 0, "points"), 1),
    (("items", 0, "points"), "5"),
    (("items", 0, "points"), True),
    (("items", 0, "labels", "12"), {"fr": "x", "en": "x"}),
    (("items", 0, "required"), 1),
    (("items", 0, "options"), []),
    (("items", 3, "options"), [{"id": "a", "text": {"fr": "x", "en": "x"}}]),
    (("items", 3, "options", 0, "value"), 1),
    (("items", 4, "minimum"), 1.5),
    (("items", 4, "minimum"), 40_000),
    (("items", 4, "visible_if"), "work_place"),
    (("items", 4, "visible_if", "is"), []),
    (("items", 4, "visible_if", "is"), [1.5]),
    (("items", 4, "visible_if", "all"), []),
    (("items", 4, "visible_if", "equals"), 1),
    (("sections", 0, "order"), "listed"),
    (("sections", 0, "items"), []),
    (("sections", 0, "layout"), True),
    (("scales", 0, "items"), "pace_was_kept"),
    (("scales", 0, "weights"), [0, 1, 1]),
    (("scales", 0, "score"), "median"),
    (("scales", 0, "answered"), 0),
    (("scales", 0, "bands"), [{"id": "only", "title": {"fr": "x", "en": "x"}}]),
    (("scales", 0, "bands", 1, "at_least"), "60"),
    (("indices",), {}),
    (("outcome",), ["week_score"]),
]


def changed(steps: tuple[str | int, ...], value: object) -> dict[str, Any]:
    raw = deepcopy(schema.EXAMPLE)
    target: Any = raw
    for step in steps[:-1]:
        target = target[step]
    target[steps[-1]] = value
    return raw


@pytest.mark.parametrize(("steps", "value"), WRONG, ids=lambda one: str(one)[:40])
def test_what_pydantic_refuses_the_schema_refuses(
    steps: tuple[str | int, ...], value: object, judge: Validator
) -> None:
    raw = changed(steps, value)
    assert not structural(raw)
    assert list(judge.iter_errors(raw)) != []


RIGHT: list[tuple[tuple[str | int, ...], object]] = [
    (("introduction",), None),
    (("scales",), []),
    (("scales", 0, "items"), ["no_such_item"]),
    (("title",), {"fr": "x"}),
    (("items", 4, "visible_if"), {"all": [{"not": {"item": "work_place", "is": ["office", 3]}}]}),
]


@pytest.mark.parametrize(("steps", "value"), RIGHT, ids=lambda one: str(one)[:40])
def test_what_only_binds_elements_is_not_for_the_schema(
    steps: tuple[str | int, ...], value: object, judge: Validator
) -> None:
    raw = changed(steps, value)
    assert structural(raw)
    assert list(judge.iter_errors(raw)) == []
