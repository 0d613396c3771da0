"""The chart's manifests, judged by programs that are not ours: Helm and Kubernetes' own schemas."""

import json
import tomllib

import pytest
import yaml

from service.cli import local
from service.kit import online
from service.settings import WebhooksSettings
from tests.make.chart import (
    CHART,
    ROOT,
    VALUE_SETS,
    Json,
    ask_helm,
    containers,
    labels_of,
    model_of,
    of_kind,
    only_container,
    opening_keys,
    pods,
    rendered,
    values_of,
)
from tests.make.image import final_stage

LOGINS = {"serve": "app-url", "work": "work-url", "migrate": "owner-url"}


@pytest.fixture(params=VALUE_SETS)
def manifests(request: pytest.FixtureRequest) -> list[Json]:
    files = rendered(request.param)["files"]
    texts = [text for path, text in files.items() if path.endswith(".yaml")]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


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
    counted = [entry for entry in logins["serve"] if entry[0] == "POULS_LIMITS_URL"]
    assert counted in ([], [("POULS_LIMITS_URL", "url")])
    logins["serve"] = [entry for entry in logins["serve"] if entry not in counted]
    assert logins == {component: [("POULS_DATABASE_URL", key)] for component, key in LOGINS.items()}


def test_a_delivery_ends_before_the_worker_is_killed(manifests: list[Json]) -> None:
    """Twice: once for the wait, once for what has to be written down after it; wherever the worker runs."""
    (longest,) = [one.le for one in WebhooksSettings.model_fields["timeout_s"].metadata if hasattr(one, "le")]
    assert 2 * longest <= pods(manifests)["work"]["spec"]["terminationGracePeriodSeconds"]
    assert 2 * longest <= local.WORKER_STOP_S


def test_a_migration_has_time_to_wait_for_others_more_than_once() -> None:
    """By its default: each of its large indexes may wait for somebody else."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    minutes = int(online.PATIENCE.removesuffix("min"))
    assert values["migration"]["activeDeadlineSeconds"] >= 4 * 60 * minutes


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
            assert name in model_of(group).model_fields


@pytest.mark.parametrize("release", ["p", "hr-pouls-test", "x" * 53, "pouls-" + "x" * 47])
def test_names_stay_within_the_limit_of_a_label(release: str) -> None:
    files = ask_helm(values_of("minimal"), release)["files"]
    made = [yaml.safe_load(text) for path, text in files.items() if path.endswith(".yaml")]
    assert len(made) == len(files) - len(["NOTES.txt"])
    assert (
        max(len(manifest["metadata"]["name"]) for manifest in made if manifest["kind"] != "PersistentVolumeClaim") <= 63
    )
