"""Every event: declared once, told where it happens, documented, and made of ids, links and moments alone."""

import ast
import functools
import importlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest

import service
from service import main
from service.campaigns.lifecycle import CAMPAIGN_STEPS, WAVE_STEPS
from service.kit.outbox import Event
from service.routes import ROUTERS
from service.tenants.scopes import Scope
from service.webhooks.catalogue import BY_TYPE, EVENTS, example
from service.webhooks.documented import name_of

ROOT = Path(service.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def declared(base: type[Event] = Event) -> Iterator[type[Event]]:
    """Every event class of the service that has a type of its own."""
    for cls in base.__subclasses__():
        if "type" in cls.__dict__:
            yield cls
        yield from declared(cls)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(main.description())
    return described


def test_the_catalogue_holds_every_event_that_a_domain_declares() -> None:
    for path in FILES:
        if path.name == "events.py":
            importlib.import_module(".".join(["service", *path.relative_to(ROOT).with_suffix("").parts]))
    found = [cls for cls in declared() if cls.__module__.startswith("service.")]
    assert sorted(cls.type for cls in found) == sorted(BY_TYPE)
    assert len(EVENTS) == len(BY_TYPE) > 15
    assert {cls.__module__.rpartition(".")[2] for cls in found} == {"events"}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_holds_ids_and_moments_and_nothing_else(event: type[Event]) -> None:
    """No text that somebody wrote, no number: nothing that could tell of answers."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", event.type)
    assert (event.__doc__ or "").strip().endswith(".")
    for name, field in event.model_fields.items():
        assert field.is_required(), name
        assert {UUID: "_id", datetime: "_at"}[field.annotation] == name[-len("_id") :], name  # type: ignore[index]  # these two alone
    assert event.model_config["frozen"] is True
    assert event.model_config["extra"] == "forbid"


def test_a_field_that_is_more_would_be_found() -> None:
    class Talkative(Event):
        """Tells a figure."""

        type = "wave.scored"
        link = "/v1/campaigns"
        wave_id: UUID
        score: float

    with pytest.raises((KeyError, AssertionError)):
        test_an_event_holds_ids_and_moments_and_nothing_else(Talkative)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_the_link_is_one_that_can_be_followed(event: type[Event]) -> None:
    served = {
        route.path
        for mounted in ROUTERS
        for route in mounted.router.routes
        if "GET" in getattr(route, "methods", ())
    }  # fmt: skip
    assert event.link in served
    assert set(re.findall(r"{(\w+)}", event.link)) <= set(event.model_fields)


@functools.cache
def calls() -> list[tuple[Path, str | None]]:
    """Each call in the service, but for where events are declared and listed: its file, and the name that is called."""
    found = []
    for path in FILES:
        if path.name in {"events.py", "catalogue.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = (
                    node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr == "of" else node.func
                )
                found.append((path, getattr(called, "id", getattr(called, "attr", None))))
    return found


def told_in_source(name: str) -> list[str]:
    """Where an event of this class is made."""
    return [str(path.relative_to(ROOT)) for path, called in calls() if called == name]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_is_told_where_it_happens(event: type[Event]) -> None:
    found = told_in_source(event.__name__)
    assert found, "declared, and told by nobody"
    for path in found:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert "outbox.add(" in source, path


def test_an_event_that_nobody_tells_would_be_found() -> None:
    assert told_in_source("WaveForgotten") == []


def test_every_step_of_a_campaign_is_an_event() -> None:
    """The words of the state tables, the audit log and the events are the same."""
    words = {step.event for step in (*CAMPAIGN_STEPS, *WAVE_STEPS)}
    assert words <= set(BY_TYPE)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_is_described_with_an_example_that_fits(document: dict[str, Any], event: type[Event]) -> None:
    operation = document["webhooks"][event.type]["post"]
    assert operation["description"] == event.__doc__
    media = operation["requestBody"]["content"]["application/json"]
    schema = document["components"]["schemas"][media["schema"]["$ref"].rpartition("/")[2]]
    assert media["schema"]["$ref"].endswith(f"/{name_of(event)}")
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    checker.validate(media["example"])
    assert media["example"] == example(event)
    assert not checker.is_valid(media["example"] | {"more": 1})
    assert not checker.is_valid(media["example"] | {"data": media["example"]["data"] | {"score": 1}})
    assert not checker.is_valid(media["example"] | {"type": "wave.other"})
    names = {one["name"] for one in operation["parameters"]}
    assert names == {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_no_more_is_described_than_there_is(document: dict[str, Any]) -> None:
    assert set(document["webhooks"]) == set(BY_TYPE)
    ids = [one["post"]["operationId"] for one in document["webhooks"].values()]
    paths = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len({*ids, *paths}) == len(ids) + len(paths)
    listed = document["paths"]["/v1/events"]["get"]["parameters"]
    (kinds,) = [one["schema"]["anyOf"][0]["enum"] for one in listed if one["name"] == "type"]
    assert sorted(kinds) == sorted(BY_TYPE)
    assert "Scope: `webhooks:write`." in document["paths"]["/v1/events"]["get"]["description"]
    assert Scope.webhooks_write == "webhooks:write"


def test_one_module_leads_out() -> None:
    """Whoever else sends to a URL would do it without the guard; `cli` calls our own API as a caller does."""
    out = re.compile(
        r"^\s*(?:import|from) (?:httpx2?|httpcore2?|urllib\.request|http\.client|requests|aiohttp|urllib3)\b",
        re.MULTILINE,
    )
    found = {str(path.relative_to(ROOT)) for path in FILES if out.search(path.read_text(encoding="utf-8"))}
    assert {one for one in found if not one.startswith("cli/")} == {"kit/http.py"}
