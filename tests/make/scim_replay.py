"""Request sequences of real directories, played against a tenant: each step is held to the outcome it names."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from tests.make.scim import Directory

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "scim"


def steps_of(name: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["steps"]
    return steps


def replay(directory: Directory, steps: list[dict[str, Any]]) -> int:
    """Play all steps; returns how many there were."""
    kept: dict[str, str] = {}
    for step in steps:
        answer = _sent(directory, _filled(step, kept))
        assert answer.status_code == step["status"], (step["name"], answer.status_code, answer.text)
        body = answer.json() if answer.content else {}
        if answer.content:
            assert answer.headers["content-type"] == "application/scim+json", step["name"]
        _holds(body, _filled(step.get("expect", {}), kept), step["name"])
        for absent in step.get("absent", ()):
            assert absent not in body, step["name"]
        if "members" in step:
            assert {one["value"] for one in body.get("members", [])} == {kept[one] for one in step["members"]}
        kept |= {name: body[attribute] for name, attribute in step.get("keep", {}).items()}
    return len(steps)


def _sent(directory: Directory, step: dict[str, Any]) -> httpx2.Response:
    path, mark, query = step["path"].partition("?")
    asked = "&".join(f"{name}={quote(value)}" for name, _, value in (one.partition("=") for one in query.split("&")))
    body = {"json": step["body"]} if "body" in step else {}
    return directory.call(step["method"], path + mark + (asked if mark else ""), **body)


def _filled(value: Any, kept: dict[str, str]) -> Any:
    """The same with the ids that came back in the places of their names."""
    match value:
        case dict():
            return {key: _filled(one, kept) for key, one in value.items()}
        case list():
            return [_filled(one, kept) for one in value]
        case str():
            for name, one in kept.items():
                value = value.replace(f"{{{name}}}", one)
            return value
        case _:
            return value


def _holds(found: Any, expected: Any, name: str) -> None:
    match expected:
        case dict():
            for key, one in expected.items():
                assert key in found, (name, key, found)
                _holds(found[key], one, f"{name}: {key}")
        case list():
            assert len(found) == len(expected), (name, found)
            for each, one in zip(found, expected, strict=True):
                _holds(each, one, name)
        case _:
            assert found == expected, (name, found, expected)
