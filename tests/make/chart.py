"""The chart as Helm renders it, and what is in the manifests."""

import importlib.util
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from service.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "pouls"
VALUE_SETS = ["full", "minimal"]

# Helm is a Go runtime with threads and signal handlers of its own: it judges in a process of its own.
HELM = """
import json, sys
import helm_python as helm

order = json.load(sys.stdin)
answer = {"lint": helm.lint(order["chart"], order["values"], strict=True)["messages"], "files": {}, "refusal": ""}
with helm.Chart.load(order["chart"]) as chart:
    try:
        answer["files"] = chart.render(order["values"], name=order["name"], namespace="hr")
    except helm.HelmError as refusal:
        answer["refusal"] = str(refusal)
json.dump(answer, sys.stdout)
"""

Json = dict[str, Any]


def values_of(value_set: str) -> Json:
    values: Json = yaml.safe_load((CHART / "ci" / f"{value_set}-values.yaml").read_text())
    return values


def ask_helm(values: Json, name: str = "pouls") -> Json:
    """Helm's own words on the chart: `lint` messages, rendered `files` by path, or the `refusal`."""
    if importlib.util.find_spec("helm_python") is None:
        pytest.skip("the judge is absent: package helm-python-sdk of the test extra")
    order = json.dumps({"chart": str(CHART), "values": values, "name": name})
    done = subprocess.run([sys.executable, "-c", HELM], input=order, capture_output=True, text=True, check=True)
    answer: Json = json.loads(done.stdout)
    return answer


@cache
def rendered(value_set: str) -> Json:
    answer = ask_helm(values_of(value_set))
    assert not answer["refusal"]
    return answer


def of_kind(manifests: list[Json], kind: str) -> list[Json]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def pods(manifests: list[Json]) -> dict[str, Json]:
    """Pod templates by component."""
    templates = [manifest["spec"]["template"] for manifest in manifests if "template" in manifest.get("spec", {})]
    return {template["metadata"]["labels"]["app.kubernetes.io/component"]: template for template in templates}


def labels_of(pod: Json) -> Json:
    labels: Json = pod["metadata"]["labels"]
    return labels


def opening_keys(work: Json) -> str:
    """The claim that only the worker mounts."""
    (mount,) = [mount for mount in only_container(work)["volumeMounts"] if mount["mountPath"] == "/keys/work"]
    (volume,) = [volume for volume in work["spec"]["volumes"] if volume["name"] == mount["name"]]
    claim: str = volume["persistentVolumeClaim"]["claimName"]
    return claim


def containers(pod: Json) -> list[Json]:
    spec = pod["spec"]
    return [*spec["containers"], *spec.get("initContainers", []), *spec.get("ephemeralContainers", [])]


def only_container(pod: Json) -> Json:
    (container,) = containers(pod)
    return container


def model_of(group: str) -> type[BaseModel]:
    """A group of settings."""
    model = Settings.model_fields[group].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    return model
