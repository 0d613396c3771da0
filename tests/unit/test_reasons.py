"""Reasons in words of ours: every type of pydantic's that our models can raise has one, and none repeats a value."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from service.kit import reasons
from service.kit.reasons import Fault, ParameterFault, fault_at, faults_of, pointer, reason_of
from service.kit.text import Day, ExternalId, Language, LocalTime, Name, Slug

CANARY = "Zora Canari"


POINTERS: list[tuple[tuple[str | int, ...], str]] = [
    ((), ""),
    (("a",), "/a"),
    (("items", 0, "id"), "/items/0/id"),
    (("labels", "11"), "/labels/11"),
    (("a-b_C9",), "/a-b_C9"),
    # Free text of the sender: the pointer stops above it.
    (("a", CANARY, "b"), "/a"),
    (("a/b",), ""),
    (("~1",), ""),
    (("",), ""),
    (("12",), ""),
    (("été",), ""),
    (("a\n",), ""),
    (("x" * 63,), "/" + "x" * 63),
    (("x" * 64,), ""),
    (("a", "\ud800"), "/a"),
]


@pytest.mark.parametrize(("steps", "expected"), POINTERS)
def test_a_pointer_goes_as_far_as_there_are_names(steps: tuple[str | int, ...], expected: str) -> None:
    assert pointer(steps) == expected


def test_what_a_fault_says_on_the_wire() -> None:
    assert Fault("/a", "is required").as_dict() == {"pointer": "/a", "reason": "is required"}
    told = ParameterFault("limit", "query", "is required").as_dict()
    assert told == {"parameter": "limit", "in": "query", "reason": "is required"}


def told(errors: Any) -> list[tuple[str, str]]:
    """Faults of a body as (pointer, reason)."""
    found = []
    for fault in faults_of(errors):
        assert isinstance(fault, Fault)
        found.append((fault.pointer, fault.reason))
    return found


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name = "x"
    external_id: ExternalId = "x"
    slug: Slug = "x"
    language: Language = "fr"
    number: Annotated[int, Field(ge=2, le=5)] = 3
    strict: Annotated[int, Field(strict=True, gt=2, lt=5)] = 3
    share: float = 0.5
    flag: bool = True
    ids: Annotated[list[int], Field(min_length=1, max_length=2)] = [1]
    choice: Literal["a", "b"] = "a"
    unique: UUID = UUID(int=0)
    moment: AwareDatetime | None = None
    day: Day = date(2027, 1, 4)
    at: LocalTime = "09:00"
    table: dict[str, int] = Field(default_factory=dict)
    slugs: dict[Slug, int] = Field(default_factory=dict)


CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "/name", "must have at least 1 characters"),
    ({"name": "x" * 201}, "/name", "must have at most 200 characters"),
    ({"name": f"{CANARY}\x00"}, "/name", "must not hold control characters"),
    ({"name": "\x1b"}, "/name", "must not hold control characters"),
    ({"name": "\x85"}, "/name", "must not hold control characters"),
    ({"name": "\ud800"}, "/name", "holds a character that is not valid Unicode"),
    ({"name": 5}, "/name", "must be a string"),
    ({"slug": CANARY}, "/slug", "does not have the required form"),
    ({"slug": "a\n"}, "/slug", "does not have the required form"),
    ({"language": CANARY}, "/language", "does not have the required form"),
    ({"number": CANARY}, "/number", "must be an integer"),
    ({"number": 1}, "/number", "must be at least 2"),
    ({"number": 6}, "/number", "must be at most 5"),
    ({"number": 2.5}, "/number", "must be an integer"),
    ({"number": "9" * 5000}, "/number", "is too large a number"),
    ({"number": float("inf")}, "/number", "must be a finite number"),
    ({"strict": "3"}, "/strict", "must be an integer"),
    ({"strict": 2}, "/strict", "must be more than 2"),
    ({"strict": 5}, "/strict", "must be less than 5"),
    ({"share": CANARY}, "/share", "must be a number"),
    ({"flag": CANARY}, "/flag", "must be true or false"),
    ({"flag": []}, "/flag", "must be true or false"),
    ({"ids": []}, "/ids", "must have at least 1 entries"),
    ({"ids": [1, 2, 3]}, "/ids", "must have at most 2 entries"),
    ({"ids": CANARY}, "/ids", "must be a list"),
    ({"ids": [CANARY]}, "/ids/0", "must be an integer"),
    ({"choice": CANARY}, "/choice", "must be 'a' or 'b'"),
    ({"unique": CANARY}, "/unique", "must be a UUID"),
    ({"unique": 5}, "/unique", "must be a UUID"),
    ({"moment": CANARY}, "/moment", "must be an RFC 3339 time with its zone"),
    ({"moment": "2026-01-01T00:00:00"}, "/moment", "must carry its zone"),
    ({"moment": []}, "/moment", "must be an RFC 3339 time with its zone"),
    ({"day": "04/01/2027"}, "/day", "must be a date, YYYY-MM-DD"),
    ({"day": "2027-01-04T09:00:00Z"}, "/day", "must be a date, YYYY-MM-DD"),
    ({"day": "2027-02-30"}, "/day", "must be a date, YYYY-MM-DD"),
    ({"day": "1799020800"}, "/day", "must be a date, YYYY-MM-DD"),  # not seconds
    ({"day": 20270104}, "/day", "must be a date, YYYY-MM-DD"),
    ({"at": "9h"}, "/at", "must be a local time, HH:MM"),
    ({"at": "25:00"}, "/at", "must be a local time, HH:MM"),
    ({"table": CANARY}, "/table", "must be an object"),
]


@pytest.mark.parametrize(("fields", "place", "reason"), CASES)
def test_each_refusal_has_its_sentence(fields: dict[str, Any], place: str, reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Strict.model_validate(fields)
    assert told(refused.value.errors()) == [(place, reason)]


def test_what_is_no_object_is_refused_as_such() -> None:
    for value in (CANARY, [CANARY], 5, None):
        with pytest.raises(ValidationError) as refused:
            TypeAdapter(Strict).validate_python(value)
        assert told(refused.value.errors()) == [("", "must be an object")]


def test_a_name_that_the_caller_made_up_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        Strict.model_validate({CANARY: 1, "known_shape": 2, "table": {CANARY: CANARY}, "slugs": {CANARY: 1}})
    assert told(refused.value.errors()) == [
        ("/table", "must be an integer"),
        ("/slugs", "has a key that is not allowed"),
        ("", "has a field that is not known"),
        ("/known_shape", "is not a known field"),
    ]


def test_the_first_step_says_where() -> None:
    locations = [["body"], ["body", "a"], ["query", "limit"], ["path", "wave_id"], ["header", "if-none-match"]]
    locations.append(["other", "query"])
    assert faults_of([{"type": "missing", "loc": loc} for loc in locations]) == [
        Fault("", "is required"),
        Fault("/a", "is required"),
        ParameterFault("limit", "query", "is required"),
        ParameterFault("wave_id", "path", "is required"),
        ParameterFault("if-none-match", "header", "is required"),
        Fault("/other/query", "is required"),
    ]


def test_a_field_of_a_row_may_be_called_like_a_place() -> None:
    """A row's own steps have no place before them."""
    for name in ("body", "query", "path", "header"):
        assert fault_at((name,), {"type": "extra_forbidden"}) == Fault(f"/{name}", "is not a known field")


def test_an_unknown_type_is_answered_without_its_context() -> None:
    assert reason_of({"type": "some_future_type", "ctx": {"value": CANARY}}) == "is not valid"
    assert reason_of({"type": "some_future_type"}) == "is not valid"


def test_every_sentence_is_one() -> None:
    for sentence in reasons._REASONS.values():
        assert sentence == "{reason}" or sentence.partition(" ")[0] in {"must", "is", "has", "holds", "does"}, sentence
        assert "{input" not in sentence
