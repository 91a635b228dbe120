"""The light `kubernetes` provider against the local API server over HTTP: plans, changes, waiting, and refusals."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
import pytest

from localcloud.kubernetes.api import CONTROLLERS, Cluster
from localcloud.kubernetes.api.local_client import LocalClient
from localcloud.kubernetes.objects.kinds import kind
from localcloud.provider.compare import DiffResult
from localcloud.provider.errors import PartlyCreatedError, ProviderError
from localcloud.provider.property_values import UNKNOWN
from localcloud.provider.proto import provider_pb2
from localcloud.provider_kubernetes import config, failing_pods
from localcloud.provider_kubernetes.config import Command
from localcloud.provider_kubernetes.credentials import GetToken, get_token_of
from localcloud.provider_kubernetes.provider import KubernetesProvider
from localcloud.provider_kubernetes.server import Servicer
from localcloud.provider_kubernetes.state import MANAGER
from localcloud.server.listeners import Port
from localcloud.server.wire import HttpRequest, HttpResponse

Json = dict[str, Any]
CONFIG = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SERVICE = "kubernetes:core/v1:Service"
SECRET = "kubernetes:core/v1:Secret"
JOB = "kubernetes:batch/v1:Job"
BINDING = "kubernetes:eks.amazonaws.com/v1:TargetGroupBinding"
DEV = {"namespace": "dev"}


def kubeconfig(server: str, **user: Any) -> str:
    context = {"cluster": "c", "user": "u"}
    return json.dumps(
        {
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "contexts": [{"name": "x", "context": context}],
            "current-context": "x",
            "users": [{"name": "u", "user": user or {"token": "good"}}],
        }
    )


@dataclass
class Served:
    """A cluster on a port, and the provider configured for it."""

    cluster: Cluster
    client: LocalClient
    server: str
    provider: KubernetesProvider = field(default_factory=KubernetesProvider)

    def configured(self, **more: Any) -> KubernetesProvider:
        provider = KubernetesProvider()
        provider.configure({"kubeconfig": kubeconfig(self.server), **more})
        return provider

    def create(self, token: str, news: Json, timeout: float = 0) -> tuple[str, Json]:
        inputs, failures = self.provider.check(token, "it", {}, news, b"seed")
        assert not failures
        return self.provider.create("urn", token, inputs, preview=False, timeout=timeout, hidden=frozenset())

    def update(self, token: str, olds: Json, news: Json, timeout: float = 0, ignored: tuple[str, ...] = ()) -> Json:
        inputs, failures = self.provider.check(token, "it", olds["__inputs"], news, b"seed")
        assert not failures
        return self.provider.update(
            "urn", token, olds, inputs, preview=False, timeout=timeout, ignored=ignored, hidden=frozenset()
        )

    def diff(self, token: str, olds: Json, news: Json, ignored: tuple[str, ...] = ()) -> DiffResult:
        inputs, failures = self.provider.check(token, "it", olds["__inputs"], news, b"seed")
        assert not failures
        return self.provider.diff(token, olds, inputs, ignored)

    def read(self, token: str, resource_id: str, state: Json) -> Json:
        return self.provider.read(token, resource_id, state.get("__inputs", {}), state, frozenset()).properties


@pytest.fixture(scope="module")
def port() -> Iterator[tuple[int, list[Cluster]]]:
    """A port that answers for the cluster of the test that runs."""
    clusters: list[Cluster] = []

    def application(request: HttpRequest) -> HttpResponse:
        return clusters[-1].application(request)

    port = Port(application)
    port.start()
    yield port.number, clusters
    port.stop()


@pytest.fixture
def served(port: tuple[int, list[Cluster]]) -> Iterator[Served]:
    number, clusters = port
    cluster = Cluster("portal", "1.34", lambda token: CONTROLLERS if token == "good" else None)
    clusters.append(cluster)
    client = cluster.client(CONTROLLERS)
    client.create("/api/v1/namespaces", {"metadata": {"name": "dev"}})
    it = Served(cluster, client, f"http://127.0.0.1:{number}")
    it.provider = it.configured()
    yield it
    it.provider.cancel()
    cluster.close()


def config_map(name: str = "a", **data: str) -> Json:
    return {"metadata": {"name": name, **DEV}, "data": data}


def deployment(**spec: Any) -> Json:
    labels = {"app": "api"}
    pod = {"containers": [{"name": "app", "image": "app:1"}]}
    template = {"metadata": {"labels": dict(labels)}, "spec": pod}
    return {
        "metadata": {"name": "api", **DEV},
        "spec": {"selector": {"matchLabels": labels}, "template": template, **spec},
    }


def status(*, available: bool, generation: int = 1, reason: str = "NewReplicaSetAvailable") -> Json:
    stated = "True" if available else "False"
    return {
        "observedGeneration": generation,
        "replicas": 1,
        "updatedReplicas": 1,
        "availableReplicas": 1 if available else 0,
        "conditions": [
            {"type": "Available", "status": stated, "reason": "MinimumReplicas", "message": "of pods"},
            {
                "type": "Progressing",
                "status": "False" if "Deadline" in reason else "True",
                "reason": reason,
                "message": 'ReplicaSet "api-1" has timed out progressing.',
            },
        ],
    }


# plans


def test_names_are_made_up_once(served: Served) -> None:
    inputs, _ = served.provider.check(CONFIG, "settings", {}, {"metadata": DEV}, b"seed")
    name = inputs["metadata"]["name"]
    assert name.startswith("settings-")
    assert len(name) == len("settings-") + 8
    assert inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    again, _ = served.provider.check(CONFIG, "settings", inputs, {"metadata": DEV}, b"other")
    assert again["metadata"]["name"] == name


def test_the_providers_namespace_fills_in(served: Served) -> None:
    provider = served.configured(namespace="dev")
    assert provider.check(CONFIG, "a", {}, {}, b"")[0]["metadata"]["namespace"] == "dev"
    assert "namespace" not in provider.check("kubernetes:core/v1:Namespace", "a", {}, {}, b"")[0]["metadata"]


@pytest.mark.parametrize(
    ("token", "news", "failure"),
    [
        (CONFIG, {"datas": {}}, ("datas", "unknown field")),
        (DEPLOYMENT, deployment(replicas="2"), ("spec.replicas", "cannot unmarshal string")),
        (DEPLOYMENT, {"metadata": {"name": "x"}, "spec": {}}, ("spec.selector", "Required value")),
        (
            DEPLOYMENT,
            deployment(selector={"matchLabels": {"a": "b"}}),
            ("spec.template.metadata.labels", "does not match"),
        ),
        (BINDING, {"spec": {"targetType": "ip"}}, ("spec.serviceRef", "Required value")),
        (CONFIG, {"metadata": {"generateName": "x"}}, ("metadata.generateName", "Server-Side Apply")),
        (
            CONFIG,
            {"metadata": {"annotations": {"pulumi.com/replaceUnready": "true"}}},
            ("metadata.annotations", "carry out"),
        ),
        (CONFIG, {"metadata": {"annotations": {"pulumi.com/waitFor": "ready"}}}, ("metadata.annotations", "expected")),
        (f"{CONFIG}Patch", {"metadata": DEV}, ("metadata.name", "patch resources require")),
    ],
)
def test_what_kubernetes_would_refuse_is_refused_in_the_plan(
    served: Served, token: str, news: Json, failure: tuple[str, str]
) -> None:
    _, failures = served.provider.check(token, "it", {}, news, b"")
    assert any(path.startswith(failure[0]) and failure[1] in reason for path, reason in failures), failures


def test_an_unchanged_object_is_planned_without_the_cluster(tmp_path: Path) -> None:
    asked = tmp_path / "asked for a token"
    it = KubernetesProvider()
    touched = {"command": "touch", "args": [str(asked)]}
    it.configure({"kubeconfig": kubeconfig("http://127.0.0.1:1", exec=touched)})
    inputs, _ = provider().check(CONFIG, "it", {}, config_map(a="1"), b"")
    assert it.check(CONFIG, "it", inputs, config_map(a="1"), b"") == (inputs, [])
    assert not asked.exists()
    it.check(CONFIG, "it", inputs, config_map(a="2"), b"")
    assert asked.exists()


def test_values_that_are_not_known_yet_pass(served: Served) -> None:
    news = deployment(replicas=UNKNOWN)
    news["metadata"]["namespace"] = UNKNOWN
    assert served.provider.check(DEPLOYMENT, "it", {}, news, b"")[1] == []
    assert served.provider.check(CONFIG, "it", {}, {"metadata": UNKNOWN}, b"")[1] == []


@pytest.mark.parametrize(
    "token", ["kubernetes:apps/v1:StatefulSet", "kubernetes:helm.sh/v3:Release", "kubernetes:yaml:ConfigFile"]
)
def test_other_types_are_refused_by_name(served: Served, token: str) -> None:
    with pytest.raises(ProviderError, match=f"{token}: the local cloud's kubernetes provider does not serve this type"):
        served.provider.check(token, "it", {}, {}, b"")


def test_an_unchanged_object_has_no_differences(served: Served) -> None:
    news = deployment(replicas=2)
    news["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    _, state = served.create(DEPLOYMENT, news)
    assert served.diff(DEPLOYMENT, state, news).changes == []


@pytest.mark.parametrize(
    ("change", "path", "replaces", "before"),
    [
        ({"replicas": 3}, "spec.replicas", False, False),
        ({"selector": {"matchLabels": {"app": "api", "v": "2"}}}, "spec.selector.matchLabels.v", True, True),
    ],
)
def test_which_changes_replace(served: Served, change: Json, path: str, replaces: bool, before: bool) -> None:
    news = deployment(replicas=2)
    news["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    news["spec"]["template"]["metadata"]["labels"]["v"] = "2"
    _, state = served.create(DEPLOYMENT, news)
    result = served.diff(DEPLOYMENT, state, {**news, "spec": {**news["spec"], **change}})
    assert [(each.path, each.replace) for each in result.changes] == [(path, replaces)]
    assert result.delete_before_replace is before


def test_data_of_config_maps_replaces_unless_the_provider_says_otherwise(served: Served) -> None:
    _, state = served.create(CONFIG, config_map(a="1"))
    result = served.diff(CONFIG, state, config_map(a="2"))
    assert [(each.path, each.replace) for each in result.changes] == [("data.a", True)]
    served.provider = served.configured(enableConfigMapMutable="true")
    assert [each.replace for each in served.diff(CONFIG, state, config_map(a="2")).changes] == [False]


def test_an_autonamed_object_is_made_before_the_old_one_goes(served: Served) -> None:
    _, state = served.create(CONFIG, {"metadata": DEV, "data": {"a": "1"}})
    result = served.diff(CONFIG, state, {"metadata": DEV, "data": {"a": "2"}})
    assert [each.replace for each in result.changes] == [True]
    assert not result.delete_before_replace


def test_a_name_or_namespace_replaces(served: Served) -> None:
    _, state = served.create(CONFIG, config_map(a="1"))
    for metadata, path in (({"name": "b", **DEV}, "metadata.name"), ({"name": "a"}, "metadata.namespace")):
        result = served.diff(CONFIG, state, {"metadata": metadata, "data": {"a": "1"}})
        assert [(each.path, each.replace) for each in result.changes] == [(path, True)]
        assert not result.delete_before_replace


# changes


def test_creating_never_adopts(served: Served) -> None:
    served.create(CONFIG, config_map(a="1"))
    with pytest.raises(ProviderError, match=r'was not successfully created .*: configmaps "a" already exists'):
        served.create(CONFIG, config_map(a="2"))
    assert served.client.get(kind("ConfigMap").path("dev", "a"))["data"] == {"a": "1"}


def test_an_update_takes_away_what_left_the_program_and_nothing_else(served: Served) -> None:
    _, state = served.create(CONFIG, {"metadata": {"name": "a", **DEV, "labels": {"x": "1", "y": "1"}}})
    served.client.patch(kind("ConfigMap").path("dev", "a"), {"metadata": {"labels": {"theirs": "1"}}})
    state = served.update(CONFIG, state, {"metadata": {"name": "a", **DEV, "labels": {"x": "2"}}})
    assert state["metadata"]["labels"] == {"x": "2", "theirs": "1"}
    assert "managedFields" not in state["metadata"]


def test_anothers_field_is_a_conflict_unless_forced(served: Served) -> None:
    metadata = {"name": "a", **DEV, "labels": {"x": "1"}}
    _, state = served.create(CONFIG, {"metadata": metadata})
    served.client.patch(kind("ConfigMap").path("dev", "a"), {"metadata": {"labels": {"x": "theirs"}}})
    changed = {"metadata": {**metadata, "labels": {"x": "2"}}}
    refused = r'(?s)"dev/a" failed to fully .*Server-Side Apply field conflict detected.*\.metadata\.labels\.x'
    with pytest.raises(PartlyCreatedError, match=refused) as caught:
        served.update(CONFIG, state, changed)
    assert caught.value.state["metadata"]["labels"] == {"x": "theirs"}
    assert caught.value.inputs["metadata"]["labels"] == caught.value.state["__inputs"]["metadata"]["labels"]
    assert caught.value.inputs["metadata"]["labels"] == {"x": "2"}
    changed["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    assert served.update(CONFIG, state, changed)["metadata"]["labels"] == {"x": "2"}


def test_conflicts_are_overruled_for_a_whole_command(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    _, state = served.create(CONFIG, config_map(a="1"))
    served.client.patch(kind("ConfigMap").path("dev", "a"), {"data": {"a": "theirs"}})
    monkeypatch.setenv("PULUMI_K8S_ENABLE_PATCH_FORCE", "true")
    assert served.update(CONFIG, state, config_map(a="2"))["data"] == {"a": "2"}


def test_drift_shows_in_the_programs_own_fields_alone(served: Served) -> None:
    identity, state = served.create(CONFIG, config_map(a="1"))
    served.client.patch(kind("ConfigMap").path("dev", "a"), {"data": {"a": "2", "b": "9"}})
    state = served.read(CONFIG, identity, state)
    assert state["__inputs"]["data"] == {"a": "2"}
    assert [each.path for each in served.diff(CONFIG, state, config_map(a="1")).changes] == ["data.a"]


def test_what_is_gone_is_read_as_gone(served: Served) -> None:
    identity, state = served.create(CONFIG, config_map(a="1"))
    served.client.delete(kind("ConfigMap").path("dev", "a"))
    assert served.provider.read(CONFIG, identity, {}, state, frozenset()).resource_id == ""


def test_an_object_is_imported_by_its_id(served: Served) -> None:
    served.client.create(kind("ConfigMap").path("dev"), {"metadata": {"name": "a"}, "data": {"k": "v"}})
    result = served.provider.read(CONFIG, "dev/a", {}, {}, frozenset())
    assert result.inputs == {"apiVersion": "v1", "kind": "ConfigMap", **config_map(k="v")}


def test_of_kinds_without_a_schema_the_name_alone_is_imported(served: Served) -> None:
    spec = {"serviceRef": {"name": "api", "port": 80}, "targetGroupARN": "arn:x", "targetType": "ip"}
    served.create(BINDING, {"metadata": {"name": "api", **DEV, "labels": {"x": "1"}}, "spec": spec})
    result = served.provider.read(BINDING, "dev/api", {}, {}, frozenset())
    named = {"name": "api", **DEV}
    assert result.inputs == {"apiVersion": "eks.amazonaws.com/v1", "kind": "TargetGroupBinding", "metadata": named}
    assert result.properties["spec"]["targetGroupARN"] == "arn:x"


def test_what_controllers_write_into_a_deployment_is_not_imported(served: Served) -> None:
    news = deployment()
    news["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true", "deployment.kubernetes.io/revision": "3"}
    served.create(DEPLOYMENT, news)
    result = served.provider.read(DEPLOYMENT, "dev/api", {}, {}, frozenset())
    assert result.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_an_object_that_the_state_forgot_has_a_second_manager(served: Served) -> None:
    """What left the program in between is the first manager's still, and stays."""
    identity, first = served.create(CONFIG, config_map(a="1"))
    state = served.read(CONFIG, identity, {"__inputs": config_map(a="1")})
    assert state[MANAGER].startswith("pulumi-kubernetes-")
    assert state[MANAGER] != first[MANAGER]
    assert served.update(CONFIG, state, config_map(b="2"))["data"] == {"a": "1", "b": "2"}


def test_an_object_that_is_gone_is_not_updated(served: Served) -> None:
    _, state = served.create(CONFIG, config_map(a="1"))
    served.client.delete(kind("ConfigMap").path("dev", "a"))
    with pytest.raises(ProviderError) as caught:
        served.update(CONFIG, state, config_map(a="2"))
    assert not isinstance(caught.value, PartlyCreatedError)
    gone = 'configmaps "a" not found'
    assert str(caught.value) == f'update of resource "urn" failed: {gone}\nunable to get cluster state: {gone}'


def test_ignored_changes_leave_the_field_to_its_owner(served: Served) -> None:
    news = deployment(replicas=2)
    news["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    _, state = served.create(DEPLOYMENT, news)
    served.client.patch(kind("Deployment").path("dev", "api", "scale"), {"spec": {"replicas": 5}})
    state = served.read(DEPLOYMENT, "dev/api", state)
    assert served.diff(DEPLOYMENT, state, news, ("spec.replicas",)).changes == []
    news["metadata"]["labels"] = {"new": "1"}
    state = served.update(DEPLOYMENT, state, news, ignored=("spec.replicas",))
    assert (state["spec"]["replicas"], state["metadata"]["labels"]) == (5, {"new": "1"})


def test_a_patch_changes_what_another_made_and_gives_it_back(served: Served) -> None:
    path = kind("ConfigMap").path("kube-system")
    served.client.create(path, {"metadata": {"name": "amazon-vpc-cni"}, "data": {"theirs": "1"}})
    token = f"{CONFIG}Patch"
    news = {"metadata": {"name": "amazon-vpc-cni", "namespace": "kube-system"}, "data": {"mine": "true"}}
    _, state = served.create(token, news)
    assert served.client.get(f"{path}/amazon-vpc-cni")["data"] == {"theirs": "1", "mine": "true"}
    served.provider.delete(token, state, timeout=0)
    assert served.client.get(f"{path}/amazon-vpc-cni")["data"] == {"theirs": "1"}


def test_a_patch_that_alone_states_a_required_field_cannot_be_taken_back(served: Served) -> None:
    news = deployment()
    news["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    _, first = served.create(DEPLOYMENT, news)
    _, state = served.create(f"{DEPLOYMENT}Patch", news)
    bare = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"}}
    served.client.apply(kind("Deployment").path("dev", "api"), bare, manager=first[MANAGER])
    words = r"this Patch resource is currently managing a required field.*before deleting: spec\."
    with pytest.raises(ProviderError, match=words):
        served.provider.delete(f"{DEPLOYMENT}Patch", state, timeout=0)


def test_a_secrets_text_is_compared_as_the_cluster_shows_it(served: Served) -> None:
    news: Json = {"metadata": {"name": "s", **DEV}, "stringData": {"password": "hunter2"}}
    identity, state = served.create(SECRET, news)
    assert state["data"] == {"password": "aHVudGVyMg=="}
    assert served.diff(SECRET, state, news).changes == []
    state = served.read(SECRET, identity, state)
    assert state["__inputs"]["stringData"] == {"password": "hunter2"}
    changed = {**news, "stringData": {"password": "other"}}
    assert [each.path for each in served.diff(SECRET, state, changed).changes] == ["data.password"]


def test_deleting_waits_until_the_object_is_gone(served: Served) -> None:
    path = kind("ConfigMap").path("dev", "a")
    _, state = served.create(CONFIG, {"metadata": {"name": "a", **DEV, "finalizers": ["portal/wait"]}})
    deleting = threading.Thread(target=lambda: served.provider.delete(CONFIG, state, timeout=20))
    deleting.start()
    next(
        iter(
            event
            for event in served.client.watch(kind("ConfigMap").path("dev"))
            if "deletionTimestamp" in event["object"]["metadata"]
        )
    )
    assert deleting.is_alive()
    served.client.patch(path, {"metadata": {"finalizers": None}})
    deleting.join(10)
    assert not deleting.is_alive()


def test_a_deletion_that_something_keeps_says_what(served: Served) -> None:
    _, state = served.create(CONFIG, {"metadata": {"name": "a", **DEV, "finalizers": ["portal/wait"]}})
    with pytest.raises(ProviderError, match=r"timed out waiting to be deleted; finalizers that keep it: portal/wait"):
        served.provider.delete(CONFIG, state, timeout=1)


# waiting


def test_a_deployment_is_waited_for(served: Served) -> None:
    path = kind("Deployment").path("dev", "api")

    def controller() -> None:
        for event in served.client.watch(kind("Deployment").path("dev")):
            if event["object"].get("status") is None:
                served.client.patch(f"{path}/status", {"status": status(available=False, reason="ReplicaSetUpdated")})
                served.client.patch(f"{path}/status", {"status": status(available=True)})

    threading.Thread(target=controller, daemon=True).start()
    _, state = served.create(DEPLOYMENT, deployment(), timeout=20)
    assert state["status"]["availableReplicas"] == 1


def test_cancelling_ends_what_waits(served: Served) -> None:
    news = config_map()
    news["metadata"]["finalizers"] = ["portal/wait"]
    _, state = served.create(CONFIG, news)
    told: list[BaseException] = []

    def run(action: Any, *arguments: Any, **more: Any) -> None:
        try:
            action(*arguments, **more)
        except ProviderError as error:
            told.append(error)

    waiting = [
        threading.Thread(target=run, args=(served.create, DEPLOYMENT, deployment(), 60)),
        threading.Thread(target=run, args=(served.provider.delete, CONFIG, state), kwargs={"timeout": 60}),
    ]
    for thread in waiting:
        thread.start()
    events = served.client.watch(kind("Deployment").path("dev"))
    next(iter(events))
    served.provider.cancel()
    for thread in waiting:
        thread.join(10)
        assert not thread.is_alive()
    assert all("Resource operation was cancelled" in str(error) for error in told)
    assert sorted(type(error).__name__ for error in told) == ["PartlyCreatedError", "ProviderError"]


def failing(served: Served) -> None:
    """A controller whose pods never start."""
    for event in served.client.watch(kind("Deployment").path("dev")):
        made = event["object"]
        if made.get("status") is None:
            owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api", "uid": made["metadata"]["uid"]}
            spec = {key: made["spec"][key] for key in ("selector", "template")}
            replicas = served.client.create(
                kind("ReplicaSet").path("dev"),
                {"metadata": {"name": "api-1", "ownerReferences": [owner]}, "spec": spec},
            )
            owner = {**owner, "kind": "ReplicaSet", "name": "api-1", "uid": replicas["metadata"]["uid"]}
            pod = {**spec["template"], "metadata": {**spec["template"]["metadata"], "name": "api-1-x"}}
            pod["metadata"]["ownerReferences"] = [owner]
            served.client.create(kind("Pod").path("dev"), pod)
            waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "app:1"'}
            states = [
                {
                    "name": "app",
                    "ready": False,
                    "restartCount": 0,
                    "image": "app:1",
                    "imageID": "",
                    "state": {"waiting": waiting},
                }
            ]
            conditions = [SCHEDULED, INITIALIZED, {**unmet("Ready"), "message": "not ready: [app]"}]
            kept = {"containerStatuses": states, "conditions": conditions}
            served.client.patch(kind("Pod").path("dev", "api-1-x", "status"), {"status": kept})
            late = {"status": status(available=False, reason="ProgressDeadlineExceeded")}
            served.client.patch(kind("Deployment").path("dev", "api", "status"), late)


def test_a_deployment_that_fails_says_why_in_the_pods_words(served: Served) -> None:
    threading.Thread(target=failing, args=(served,), daemon=True).start()
    with pytest.raises(PartlyCreatedError) as caught:
        served.create(DEPLOYMENT, deployment(), timeout=20)
    assert caught.value.resource_id == "dev/api"
    for words in (
        "was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become",
        "'api' timed out waiting to be Ready",
        '[ProgressDeadlineExceeded] ReplicaSet "api-1" has timed out progressing.',
        "Minimum number of live Pods was not attained",
        '[Pod dev/api-1-x]: not ready: [app][ImagePullBackOff] Back-off pulling image "app:1"',
    ):
        assert words in str(caught.value)
    with pytest.raises(PartlyCreatedError, match="Resource 'api' was created but failed to initialize") as unready:
        served.provider.read(DEPLOYMENT, "dev/api", deployment(), caught.value.state, frozenset())
    assert unready.value.state[MANAGER] == caught.value.state[MANAGER]
    imported = served.provider.read(DEPLOYMENT, "dev/api", {}, {}, frozenset())
    assert imported.inputs["spec"]["selector"] == deployment()["spec"]["selector"]


def test_a_deployment_that_failed_before_has_time_to_recover(served: Served) -> None:
    """What was said of the release before stands until all pods are there."""
    threading.Thread(target=failing, args=(served,), daemon=True).start()
    with pytest.raises(PartlyCreatedError) as caught:
        served.create(DEPLOYMENT, deployment(), timeout=20)
    path = kind("Deployment").path("dev", "api", "status")

    def recover() -> None:
        served.client.patch(path, {"status": status(available=False, generation=2, reason="ProgressDeadlineExceeded")})
        time.sleep(0.2)
        served.client.patch(path, {"status": status(available=True, generation=2)})

    threading.Timer(0.2, recover).start()
    updated = served.update(DEPLOYMENT, caught.value.state, deployment(minReadySeconds=1), timeout=20)
    assert updated["status"]["availableReplicas"] == 1


def job(**spec: Any) -> Json:
    pod = {"restartPolicy": "Never", "containers": [{"name": "app", "image": "app:1"}]}
    metadata = {**DEV, "name": "migration", "annotations": {"pulumi.com/replaceUnready": "true"}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": {"spec": pod}, **spec}}


def ended(served: Served, condition: str, message: str) -> None:
    stated = {"type": condition, "status": "True", "reason": "Ended", "message": message}
    status = {"startTime": "2026-12-07T12:00:00Z", "conditions": [stated]}
    served.client.patch(kind("Job").path("dev", "migration", "status"), {"status": status})


def test_a_job_is_waited_for_and_one_that_failed_is_made_anew(served: Served) -> None:
    threading.Timer(0.5, ended, (served, "Failed", "no more tries")).start()
    with pytest.raises(PartlyCreatedError, match=r"was created but failed to initialize\n.*no more") as caught:
        served.create(JOB, job(), timeout=20)
    again = served.diff(JOB, caught.value.state, job())
    assert again.delete_before_replace
    unready = 'metadata.annotations["pulumi.com/replaceUnready"]'
    assert [(one.path, one.replace) for one in again.changes] == [(unready, True)]

    ended(served, "Complete", "done")
    assert served.diff(JOB, caught.value.state, job()).changes == []
    state = served.update(JOB, caught.value.state, job(), timeout=20)
    other = job()
    other["spec"]["template"]["spec"]["containers"][0]["image"] = "app:2"
    assert [one.replace for one in served.diff(JOB, state, other).changes] == [True]


def unmet(name: str) -> Json:
    return {"type": name, "status": "False", "reason": "NotYet"}


SCHEDULED, INITIALIZED = ({"type": name, "status": "True"} for name in ("PodScheduled", "Initialized"))


@pytest.mark.parametrize(
    ("status_of_pod", "words"),
    [
        (
            {
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node"}
                ]
            },
            [],
        ),
        (
            {"conditions": [SCHEDULED, INITIALIZED, {**unmet("Ready"), "message": "the gate target-health is closed"}]},
            ["[Pod dev/api-1]: the gate target-health is closed"],
        ),
        (
            {
                "conditions": [SCHEDULED, {**unmet("Initialized"), "message": "incomplete: [migrate]"}, unmet("Ready")],
                "initContainerStatuses": [{"name": "migrate", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
                "containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "PodInitializing"}}}],
            },
            ["[Pod dev/api-1]: incomplete: [migrate][PodInitializing] "],
        ),
        (
            {
                "conditions": [SCHEDULED, INITIALIZED, {**unmet("Ready"), "message": "unready: [app]"}],
                "containerStatuses": [
                    {
                        "name": "app",
                        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "wait"}},
                        "lastState": {
                            "terminated": {"reason": "Error", "exitCode": 1, "finishedAt": "now", "message": "no table"}
                        },
                    }
                ],
            },
            [
                (
                    "[Pod dev/api-1]: unready: [app][CrashLoopBackOff] wait\n"
                    'Container "app" terminated at now (Error: exit code 1)\nno table'
                ),
            ],
        ),
        (
            {
                "conditions": [SCHEDULED, INITIALIZED, unmet("Ready")],
                "containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "ContainerCreating"}}}],
            },
            [],
        ),
        ({"conditions": [SCHEDULED, INITIALIZED, {"type": "Ready", "status": "True"}]}, []),
        ({"phase": "Succeeded", "conditions": [SCHEDULED, INITIALIZED, unmet("Ready")]}, []),
    ],
)
def test_pods_say_what_keeps_them(status_of_pod: Json, words: list[str]) -> None:
    pod = {"metadata": {"name": "api-1", "namespace": "dev"}, "status": status_of_pod}
    assert list(failing_pods.words(pod)) == words


def test_a_service_needs_an_endpoint_unless_it_selects_nothing(served: Served) -> None:
    ports = [{"port": 80}]
    served.create(SERVICE, {"metadata": {"name": "none", **DEV}, "spec": {"ports": ports}}, timeout=1)
    news: Json = {"metadata": {"name": "api", **DEV}, "spec": {"ports": ports, "selector": {"app": "api"}}}
    with pytest.raises(PartlyCreatedError, match="Service does not target any Pods"):
        served.create(SERVICE, news, timeout=1)
    state = served.read(SERVICE, "dev/api", {"__inputs": news})
    slice_of = {"name": "api-1", "labels": {"kubernetes.io/service-name": "api"}}
    endpoints = [{"addresses": ["10.0.0.9"], "conditions": {"ready": True}}]
    body = {"metadata": slice_of, "addressType": "IPv4", "endpoints": endpoints}
    unready = {
        **body,
        "metadata": {**slice_of, "name": "api-2"},
        "endpoints": [endpoints[0] | {"conditions": {"ready": False}}],
    }
    served.client.create(kind("EndpointSlice").path("dev"), unready)
    with pytest.raises(PartlyCreatedError, match="Resource 'api' was created but failed to initialize"):
        served.read(SERVICE, "dev/api", {"__inputs": news})
    served.client.delete(kind("EndpointSlice").path("dev", "api-2"))
    timer = threading.Timer(0.3, lambda: served.client.create(kind("EndpointSlice").path("dev"), body))
    timer.start()
    news["metadata"]["labels"] = {"x": "1"}
    assert served.update(SERVICE, state, news, timeout=20)["metadata"]["labels"] == {"x": "1"}


def test_custom_resources_wait_for_what_they_name(served: Served) -> None:
    metadata = {
        "name": "api",
        **DEV,
        "annotations": {"pulumi.com/waitFor": '["jsonpath={.status.observedGeneration}=1"]'},
    }
    spec = {"serviceRef": {"name": "api", "port": 80}, "targetGroupARN": "arn:x", "targetType": "ip"}
    path = kind("TargetGroupBinding").path("dev", "api", "status")
    timer = threading.Timer(0.3, lambda: served.client.patch(path, {"status": {"observedGeneration": 1}}))
    timer.start()
    _, state = served.create(BINDING, {"metadata": metadata, "spec": spec}, timeout=20)
    assert state["status"] == {"observedGeneration": 1}


# reaching the cluster

NOWHERE = kubeconfig("http://127.0.0.1:1")


def provider(**args: Any) -> KubernetesProvider:
    it = KubernetesProvider()
    it.configure({"kubeconfig": NOWHERE, **args})
    return it


def test_an_unreachable_cluster_is_said_in_the_official_words() -> None:
    it = provider()
    news = config_map(a="1")
    assert it.check(CONFIG, "it", {}, news, b"")[1] == []
    assert it.create("urn", CONFIG, news, preview=True, timeout=0, hidden=frozenset()) == ("", news)
    unreachable = (
        "configured Kubernetes cluster is unreachable: unable to load schema information from the API server: "
        'Get "http://127.0.0.1:1/version": connect: connection refused'
    )
    with pytest.raises(ProviderError) as caught:
        it.create("urn", CONFIG, news, preview=False, timeout=0, hidden=frozenset())
    assert str(caught.value) == unreachable
    with pytest.raises(ProviderError, match="failed to read resource state due to unreachable cluster"):
        it.read(CONFIG, "dev/a", news, news, frozenset())
    with pytest.raises(ProviderError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        it.delete(CONFIG, news, timeout=0)


def test_objects_of_an_unreachable_cluster_are_forgotten_or_left_on_request() -> None:
    news = config_map(a="1")
    forgetting = provider(deleteUnreachable="true")
    assert forgetting.read(CONFIG, "dev/a", news, news, frozenset()).resource_id == ""
    forgetting.delete(CONFIG, news, timeout=0)
    skipping = provider(skipUpdateUnreachable=True)
    assert skipping.read(CONFIG, "dev/a", news, news, frozenset()).resource_id == "dev/a"
    assert skipping.check(CONFIG, "it", news, config_map(a="2"), b"")[0] == news


def test_a_token_that_is_refused_is_said(served: Served) -> None:
    it = KubernetesProvider()
    it.configure({"kubeconfig": kubeconfig(served.server, token="bad")})
    with pytest.raises(ProviderError, match="the server has asked for the client to provide credentials"):
        it.create("urn", CONFIG, config_map(), preview=False, timeout=0, hidden=frozenset())


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"renderYamlToDirectory": "x"}, "does not support this setting"),
        ({"helmReleaseSettings": {}}, "does not support this setting"),
        ({"kubeClientSettings": {"qps": 9}}, "does not support this setting"),
        ({"enableServerSideApply": "false"}, "server-side apply alone"),
        ({"deleteUnreachable": "yes"}, "must be true or false"),
    ],
)
def test_other_settings_are_refused(args: Json, words: str) -> None:
    assert any(words in reason for _, reason in config.check(args))


SERVER, OTHER = kubeconfig("https://a"), kubeconfig("https://b")


@pytest.mark.parametrize(
    ("olds", "news", "replaces"),
    [
        ({"kubeconfig": SERVER}, {"kubeconfig": SERVER}, []),
        ({"kubeconfig": SERVER}, {"kubeconfig": OTHER}, ["kubeconfig"]),
        ({"kubeconfig": SERVER}, {"kubeconfig": kubeconfig("https://a", token="new")}, []),
        ({"kubeconfig": SERVER}, {"kubeconfig": UNKNOWN}, ["kubeconfig"]),
        ({"kubeconfig": SERVER, "clusterIdentifier": "1"}, {"kubeconfig": OTHER, "clusterIdentifier": "1"}, []),
        ({"kubeconfig": SERVER, "clusterIdentifier": "1"}, {"kubeconfig": UNKNOWN, "clusterIdentifier": "1"}, []),
        (
            {"kubeconfig": SERVER, "clusterIdentifier": "1"},
            {"kubeconfig": SERVER, "clusterIdentifier": "2"},
            ["clusterIdentifier"],
        ),
        ({"kubeconfig": SERVER}, {"kubeconfig": SERVER, "clusterIdentifier": "1"}, []),
        ({"kubeconfig": SERVER, "clusterIdentifier": "1"}, {"kubeconfig": SERVER}, []),
    ],
)
def test_which_settings_replace_the_provider(olds: Json, news: Json, replaces: list[str]) -> None:
    assert [each.path for each in config.differences(olds, news) if each.replace] == replaces


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("eks", "get-token", "--cluster-name", "portal"), GetToken(cluster="portal")),
        (
            (
                "--region",
                "us-west-2",
                "eks",
                "get-token",
                "--cluster-name=portal",
                "--role",
                "arn:r",
                "--output",
                "json",
            ),
            GetToken(cluster="portal", region="us-west-2", role="arn:r"),
        ),
        (("eks", "get-token", "--cluster-name", "portal", "--debug", "x"), None),
        (("sts", "get-token", "--cluster-name", "portal"), None),
    ],
)
def test_the_aws_clis_command_is_read(arguments: tuple[str, ...], wanted: GetToken | None) -> None:
    assert get_token_of(Command(command="aws", arguments=arguments)) == wanted


def test_another_command_is_run(served: Served) -> None:
    script = 'echo \'{"status": {"token": "good"}}\''
    it = KubernetesProvider()
    it.configure({"kubeconfig": kubeconfig(served.server, exec={"command": "sh", "args": ["-c", script]})})
    assert it.create("urn", CONFIG, config_map(a="1"), preview=False, timeout=0, hidden=frozenset())[0] == "dev/a"


class Context:
    """gRPC's, as far as an answer that fails needs it."""

    def abort(self, _: grpc.StatusCode, details: str) -> None:
        raise ProviderError(details)


def test_functions_and_components_are_refused_by_name() -> None:
    servicer = Servicer(KubernetesProvider())
    with pytest.raises(ProviderError, match="kubernetes:yaml:decode: the local cloud's kubernetes provider has no"):
        servicer.Invoke(provider_pb2.InvokeRequest(tok="kubernetes:yaml:decode"), Context())
    with pytest.raises(
        ProviderError, match=r"kubernetes:helm\.sh/v4:Chart: the local cloud's kubernetes provider has no"
    ):
        servicer.Construct(provider_pb2.ConstructRequest(type="kubernetes:helm.sh/v4:Chart"), Context())


def test_other_ways_in_than_tokens_and_commands_are_refused(served: Served) -> None:
    it = KubernetesProvider()
    it.configure({"kubeconfig": kubeconfig(served.server, **{"client-certificate-data": "x"})})
    with pytest.raises(ProviderError, match="may have exec or token here, not client-certificate-data"):
        it.create("urn", CONFIG, config_map(), preview=False, timeout=0, hidden=frozenset())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("{", "failed to parse kubeconfig data"),
        ("nowhere.yaml", "it is no kubeconfig, and no file's path"),
        ("{}", "the kubeconfig has no context ''"),
    ],
)
def test_a_kubeconfig_that_is_none_is_an_unreachable_cluster(given: str, words: str) -> None:
    it = KubernetesProvider()
    it.configure({"kubeconfig": given})
    with pytest.raises(ProviderError, match=f"configured Kubernetes cluster is unreachable: .*{words}"):
        it.create("urn", CONFIG, config_map(), preview=False, timeout=0, hidden=frozenset())


def test_a_command_that_fails_is_told(served: Served) -> None:
    it = KubernetesProvider()
    it.configure({"kubeconfig": kubeconfig(served.server, exec={"command": "sh", "args": ["-c", "echo no; exit 3"]})})
    with pytest.raises(ProviderError, match="getting credentials: exec: executable sh failed with exit code 3"):
        it.create("urn", CONFIG, config_map(), preview=False, timeout=0, hidden=frozenset())


def test_the_schema_has_the_types_of_pulumis_package() -> None:
    request = provider_pb2.GetSchemaRequest()
    schema = json.loads(Servicer(KubernetesProvider()).GetSchema(request, None).schema)
    modules = schema["language"]["python"]["moduleNameOverrides"]
    assert {CONFIG, f"{CONFIG}Patch", DEPLOYMENT} <= schema["resources"].keys()
    assert schema["resources"][CONFIG]["inputProperties"]["apiVersion"] == {"type": "string", "const": "v1"}
    assert schema["resources"][CONFIG]["inputProperties"].keys() >= {"metadata", "data", "immutable"}
    for token in schema["resources"]:
        _, module, name = token.split(":")
        assert hasattr(import_module(f"pulumi_kubernetes.{modules[module].replace('/', '.')}"), name)
