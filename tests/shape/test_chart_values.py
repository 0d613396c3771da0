"""The chart's values: what may be said, what is refused, what is told of them, and what the processes make of it."""

import copy
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from service.settings import Settings
from tests.make.chart import CHART, Json, ask_helm, model_of, only_container, rendered, values_of

TOLD = re.compile(r"POULS_[A-Z]+(?:_[A-Z]+)+")
THE_CHARTS_OWN = {"data", "keys", "http"}


def secrets_named(value_set: str) -> set[str]:
    files = rendered(value_set)["files"]
    (serve,) = [text for path, text in files.items() if path.endswith("/serve.yaml")]
    container = only_container(yaml.safe_load(serve)["spec"]["template"])
    return {entry["valueFrom"]["secretKeyRef"]["name"] for entry in container["env"] if "valueFrom" in entry}


def test_replicas_count_together_where_a_secret_says_where() -> None:
    assert secrets_named("full") == {"survey-database", "survey-redis"}
    assert secrets_named("minimal") == {"pouls-database"}


def settings_of(pod: Json, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """As the process in the container reads them."""
    for name in [name for name in os.environ if name.startswith("POULS_")]:
        monkeypatch.delenv(name)
    for entry in only_container(pod)["env"]:
        monkeypatch.setenv(entry["name"], entry.get("value", "secret://"))
    return Settings()


def test_the_process_takes_the_settings_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    files = rendered("full")["files"]
    for component in ("serve", "work"):
        (text,) = [text for path, text in files.items() if path.endswith(f"/{component}.yaml")]
        settings = settings_of(yaml.safe_load(text)["spec"]["template"], monkeypatch)
        assert settings.limits.requests_a_minute == 6000
        assert (settings.limits.url is not None) == (component == "serve")
        assert settings.webhooks.timeout_s == 30
        assert [str(network) for network in settings.webhooks.allow_networks] == ["10.20.0.0/16", "fd00::/8"]
        assert settings.retention.audit_days == 1825


def test_every_setting_can_be_given_that_is_not_the_charts_own() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]["settings"]
    (pattern,) = schema["patternProperties"]
    taken = {group for group in Settings.model_fields if re.match(pattern, f"POULS_{group}_X".upper())}
    assert taken == Settings.model_fields.keys() - THE_CHARTS_OWN
    urls = {f"POULS_{group}_url".upper() for group in taken if "url" in model_of(group).model_fields}
    assert urls == set(schema["propertyNames"]["not"]["enum"]), "what holds a password is in a secret"


def test_what_the_values_and_the_notes_tell_of_exists() -> None:
    """And the values tell of every limit, of how webhooks are sent, and of how long what is kept."""
    values = (CHART / "values.yaml").read_text()
    for name in TOLD.findall(values + (CHART / "templates" / "NOTES.txt").read_text()):
        group, field = name.removeprefix("POULS_").lower().split("_", 1)
        assert field in model_of(group).model_fields, name
    for group in ("limits", "webhooks", "retention"):
        for field in model_of(group).model_fields:
            assert f"POULS_{group}_{field}".upper() in values or (group, field) == ("limits", "url")


def test_the_defaults_that_the_values_tell_of_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    told = re.findall(r"#   (POULS_\w+): (\S+)", (CHART / "values.yaml").read_text())
    assert len(told) == 11
    before = Settings()
    for name, default in told:
        monkeypatch.setenv(name, yaml.safe_load(default))
    assert Settings() == before


def test_the_notes_tell_what_an_operator_has_to_do() -> None:
    for value_set, secret in (("full", "survey-api-keys"), ("minimal", "pouls-api-keys")):
        (notes,) = [text for path, text in rendered(value_set)["files"].items() if path.endswith("NOTES.txt")]
        for word in ("oauth-<id>.key", "pouls keys rotate-oauth", f"secret generic {secret} ", "DNS", "port 443"):
            assert word in notes
        assert ("for itself" in notes) == (value_set == "minimal")
        assert ("survey-redis" in notes) == (value_set == "full")


def objects_in(schema: Any) -> Iterator[Json]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from objects_in(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects_in(part)


def test_the_schema_of_the_values_is_closed_everywhere() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    objects = list(objects_in(schema))
    assert len(objects) > 10
    assert [part for part in objects if part.get("additionalProperties") is not False] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("http.publicUrl", "ftp://pouls.example.org"),
        ("http.publicUrl", "https://user:secret@pouls.example.org"),
        ("serve.replicas", 0),
        ("serve.replicas", "2"),
        ("work.replicas", 2),
        ("migration.enabled", False),
        ("database.url", "postgresql://pouls_app:secret@db/pouls"),
        ("database.existingSecret", ""),
        ("database.existingSecret", "Not_A_Name"),
        ("settings.POULS_DATABASE_URL", "postgresql://pouls_app:secret@db/pouls"),
        ("settings.POULS_LIMITS_URL", "redis://:secret@redis"),
        ("settings.POULS_KEYS_DIR", "/elsewhere"),
        ("limits.url", "redis://:secret@redis"),
        ("limits.existingSecret", "Not_A_Name"),
        ("settings.POULS_INTAKE_QUEUE_LIMIT", 1_000_000),
        ("image.digest", "sha256:beef"),
        ("service.port", 70_000),
        ("serve.resources.limits.memory", "lots"),
        ("serviceAccount.create", False),
        ("replicaCount", 2),
    ],
)
def test_helm_refuses_a_wrong_value_and_names_its_place(place: str, value: object) -> None:
    values = copy.deepcopy(values_of("minimal"))
    *groups, name = place.split(".")
    group = values
    for key in groups:
        group = group.setdefault(key, {})
    group[name] = value
    refusal = ask_helm(values)["refusal"]
    # A missing value is reported at its group, an unknown one by its name, a dependent one at its sibling's group.
    assert "meet the specifications of the schema" in refusal
    assert f"/{'/'.join(groups)}" in refusal or f"'{name}'" in refusal


def test_the_address_of_the_links_has_no_default() -> None:
    assert "'publicUrl'" in ask_helm({})["refusal"]


def test_one_secret_for_logins_and_for_api_keys_is_refused() -> None:
    values = values_of("minimal") | {"keys": {"api": {"existingSecret": "pouls-database"}}}
    assert "two different secrets" in ask_helm(values)["refusal"]
