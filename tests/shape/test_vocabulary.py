"""What callers and operators are told by name: problems, settings, metrics. Each is declared once and documented."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import service
from service.problems import Busy, Problem, every_problem
from service.settings import Settings
from service.telemetry import metrics


def load_everything() -> None:
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def classes() -> list[type[Problem]]:
    load_everything()
    return [cls for cls in every_problem() if cls.__module__.startswith("service.")]


def faults_of_problem(cls: type[Problem], known: set[str]) -> list[str]:
    """What a problem class lacks."""
    faults = []
    slug = cls.__dict__.get("slug", "")
    if not re.fullmatch(r"[a-z]+(-[a-z]+)*", slug):
        faults.append("slug")
    if slug in known:
        faults.append("slug twice")
    if not cls.__dict__.get("title", "")[:1].isupper() or cls.title.endswith("."):
        faults.append("title")
    if getattr(cls, "status", 0) not in {status.value for status in HTTPStatus if status >= 400}:
        faults.append("status")
    if not (cls.__doc__ or "").strip().endswith("."):
        faults.append("docstring")
    return faults


def test_every_problem_is_declared_whole_and_once() -> None:
    known: set[str] = set()
    found = classes()
    assert len(found) > 20
    for cls in found:
        assert faults_of_problem(cls, known) == [], cls
        known.add(cls.slug)


def test_a_problem_that_lacks_something_would_be_found() -> None:
    class Vague(Problem):
        title = "vague."
        status = 200

    assert faults_of_problem(Vague, {"invalid"}) == ["slug", "title", "status", "docstring"]


def test_every_problem_shows_its_type_title_and_status() -> None:
    for cls in classes():
        body = cls().body()
        assert body == {"type": f"urn:pouls:problem:{cls.slug}", "title": cls.title, "status": cls.status}


def test_a_problem_that_passes_says_when_to_come_again() -> None:
    found = {cls: cls().headers.get("Retry-After") for cls in classes() if cls.retry_after_s is not None}
    assert len(found) > 3
    assert found == {cls: str(cls.retry_after_s) for cls in found}
    assert Busy("with a detail", headers={"Retry-After": "7"}).headers == {"Retry-After": "7"}


def test_a_problem_is_subsumed_by_one_of_its_own_status() -> None:
    """So that a caller who knows the general one is not misled by the special one."""
    for cls in classes():
        for base in cls.__mro__[1:]:
            if issubclass(base, Problem) and base is not Problem:
                assert base.status == cls.status, cls


def leaves(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from leaves(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}", field


SETTINGS = dict(leaves(Settings))


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_has_a_limit_or_a_description(name: str) -> None:
    field = SETTINGS[name]
    assert field.description or field.metadata, name
    assert not field.is_required()  # a service starts without any
    if field.annotation in {int, float}:
        assert {"Ge", "Gt"} & {type(one).__name__ for one in field.metadata}, name


def test_settings_are_frozen_and_refuse_what_they_do_not_know() -> None:
    for model in [Settings, *(field.annotation for field in Settings.model_fields.values())]:
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        assert model.model_config.get("frozen") is True
        assert model.model_config.get("extra") == "forbid"


def test_names_of_settings_survive_the_environment() -> None:
    """`POULS_DATABASE_POOL_SIZE` is split after its first word: no group may have an underscore."""
    assert len(SETTINGS) > 15
    for name in SETTINGS:
        assert "_" not in name.partition(".")[0]


LABELS = {"method", "route", "status", "kind", "outcome", "stage"}


def declared() -> dict[str, Counter | Gauge | Histogram]:
    return {name: one for name, one in vars(metrics).items() if isinstance(one, Counter | Gauge | Histogram)}


def test_every_metric_is_documented_and_names_nobody() -> None:
    assert len(declared()) > 5
    for one in declared().values():
        assert one._name.startswith("pouls_")
        assert one._documentation[:1].isupper()
        assert set(one._labelnames) <= LABELS


def test_every_metric_is_of_use() -> None:
    """Declared and never counted, it would say that nothing happens."""
    sources = [path.read_text(encoding="utf-8") for root in service.__path__ for path in Path(root).rglob("*.py")]
    for name in declared():
        assert any(f"metrics.{name}." in source for source in sources), name
