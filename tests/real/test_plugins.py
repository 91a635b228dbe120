"""Pulumi's own `kubernetes` plugin and the one that stands in for it in light mode, on one cluster of Kubernetes' own
programs: each brings up the same program, changes it, meets what somebody else changed, and takes it away."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from localcloud.kubernetes.control_plane.cluster import ControlPlane
from localcloud.kubernetes.control_plane.installed import Programs, installed
from localcloud.kubernetes.objects.kinds import kind
from localcloud.provider.install import install_plugin
from localcloud.provider_kubernetes.tokens import token_of
from tests.journey.kubernetes_stack import DRIFTS, Stack, specified
from tests.localcloud.kubernetes_kit import InCluster
from tests.real.conftest import ADMINISTRATORS_TOKEN

Json = dict[str, Any]
CHANGED: Final = ("create", "update", "delete", "replace", "create-replacement", "delete-replaced", "import")
VARYING: Final = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "UID",
    r"pulumi-kubernetes-[0-9a-f]{8}": "MANAGER",
    r"variables-[0-9a-f]{8}": "VARIABLES",
    r"\b(api|other)-[0-9a-z]{6,10}-[0-9a-z]{5}\b": "POD",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ": "TIME",
}
"""What differs from one object, one manager of fields and one second to the next."""
IMPORTS: Final = ("--yes", "--skip-preview", "--generate-code=false", "--protect=false")
SERVERS: Final = (
    "clusterIP",
    "clusterIPs",
    "creationTimestamp",
    "deployment.kubernetes.io/revision",
    "generation",
    "managedFields",
    "resourceVersion",
    "status",
    "uid",
)


class Witness(Stack):
    """A stack, and what each of its commands told."""

    def __init__(self, folder: Path, plane: ControlPlane, world: InCluster, authority: str, real: Programs | None):
        cluster = {"server": plane.endpoint, "certificate-authority-data": authority}
        super().__init__(folder, cluster, {"token": ADMINISTRATORS_TOKEN}, world.client, real)
        self.settings["image"] = "web:1"

    def tell(self, *arguments: str, **settings: str) -> Json:
        """Whether a command succeeded, what it did with each resource, and what it said of it."""
        self.settings |= settings
        log = self.folder / "events"
        log.unlink(missing_ok=True)
        options = ("--yes", "--skip-preview") if arguments[0] in ("up", "destroy") else ()
        done = self.command(*arguments, *options, "--event-log", str(log), PULUMI_DEBUG_COMMANDS="1")
        told: Json = {"succeeded": done.returncode == 0}
        for line in log.read_text().splitlines():
            event = json.loads(line)
            if step := event.get("resOutputsEvent") or event.get("resourcePreEvent"):
                _note_step(told, step["metadata"])
            if said := event.get("diagnosticEvent"):
                _note_words(told, said)
        return told

    def urns(self) -> list[str]:
        return [one["urn"] for one in json.loads(self.run("stack", "export"))["deployment"]["resources"]]

    def held(self) -> Json:
        """What the state has of each object, but for what the cluster decides, and of Secrets, whose inputs differ."""
        exported = json.loads(self.run("stack", "export", "--show-secrets"))["deployment"]["resources"]
        return {
            _named(one["urn"]): {
                part: json.loads(_plain(json.dumps(_without_servers(one[part]))))
                for part in ("id", "inputs", "outputs")
            }
            for one in exported
            if one["type"].startswith("kubernetes:") and not one["type"].endswith(":Secret")
        }


def _note_step(told: Json, metadata: Json) -> None:
    if metadata["op"] in CHANGED and not metadata["type"].startswith("pulumi:"):
        steps = told.setdefault(_named(metadata["urn"]), [])
        differences = {path: one["diffKind"] for path, one in (metadata.get("detailedDiff") or {}).items()}
        if (step := [metadata["op"], differences]) not in steps:
            steps.append(step)


def _note_words(told: Json, said: Json) -> None:
    """Of an error. What Pulumi's plugin says while it waits comes and goes with the cluster's progress."""
    if said.get("severity") == "error" and "kubernetes:" in said.get("urn", ""):
        words = re.sub(r"\d+ errors? occurred:", "", _plain(said["message"]))
        told.setdefault("said", {})[_named(said["urn"])] = [line.strip("\t *") for line in words.splitlines() if line]


def _named(urn: str) -> str:
    return " ".join(urn.split("::")[2:])


def _plain(text: str) -> str:
    for pattern, word in VARYING.items():
        text = re.sub(pattern, word, text)
    return text


def _without_servers(value: Any) -> Any:
    """Without what the API server and controllers write into an object."""
    if not isinstance(value, dict):
        return value
    return {name: _without_servers(item) for name, item in value.items() if name not in SERVERS}


def others_objects(stack: Witness) -> None:
    """Objects that somebody made without Pulumi, in the program's namespace."""
    metadata = {"name": "theirs", "namespace": "dev", "labels": {"of": "somebody"}}
    labels = {"app": "theirs"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    specs: Json = {
        "ConfigMap": {"data": {"a": "1"}},
        "Deployment": {"spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": pod}},
        "Service": {"spec": {"selector": labels, "ports": [{"port": 80}]}},
        "SecretProviderClass": {"spec": {"provider": "aws", "parameters": {"region": "us-west-2"}}},
    }
    provider = next(urn for urn in stack.urns() if "pulumi:providers:kubernetes::cluster" in urn)
    resources: list[Json] = []
    for name, spec in specs.items():
        of = kind(name)
        stack.client.create(of.path("dev"), {"apiVersion": of.api_version, "kind": name, "metadata": metadata, **spec})
        named = {"type": token_of(of), "name": f"their-{name}", "id": "dev/theirs", "provider": "cluster"}
        resources.append(named)
    file = {"nameTable": {"cluster": provider}, "resources": resources}
    (stack.folder / "import.json").write_text(json.dumps(file))


def changed_by_hand(stack: Stack) -> None:
    for name, path in stack.objects().items():
        stack.client.patch(path, DRIFTS[name])


def in_cluster(stack: Stack) -> Json:
    """What people state of the objects that the state names."""
    made = {name: specified(stack.client.get(path)) for name, path in stack.objects().items()}
    return json.loads(_plain(json.dumps(_without_servers(made))))


def story(stack: Witness) -> Json:
    """Each step with what was told of it, from an empty cluster to an empty one."""
    told: Json = {}
    told["preview of new objects"] = stack.tell("preview")
    told["first update"] = stack.tell("up")
    told["state"] = stack.held()
    told["second update"] = stack.tell("up")
    others_objects(stack)
    told["import"] = stack.tell("import", "--file", "import.json", *IMPORTS)
    told["state after an import"] = stack.held()
    told["removal of what was imported"] = stack.tell("up")
    told["preview of a change"] = stack.tell("preview", mark="two")
    told["change"] = stack.tell("up", mark="two")
    told["state after a change"] = stack.held()
    changed_by_hand(stack)
    told["drift"] = stack.tell("refresh", "--preview-only")
    told["refresh"] = stack.tell("refresh", "--yes", "--skip-preview")
    told["preview of a repair"] = stack.tell("preview")
    # Else the first refusal ends the update, and which resources were dealt with by then is a matter of time.
    told["conflict"] = stack.tell("up", "--continue-on-error", force="false")
    told["state after a conflict"] = stack.held()
    told["repair"] = stack.tell("up", force="true")
    told["repaired"] = in_cluster(stack)
    told["preview of a replacement"] = stack.tell("preview", name="other", namespace="qa")
    told["preview of wrong objects"] = stack.tell("preview", name="Not_a_name", namespace="dev")
    stack.settings |= {"name": "api"}
    told["broken image"] = stack.tell("up", image="absent:1")
    told["refresh of what isn't ready"] = stack.tell("refresh", "--yes", "--skip-preview")
    told["recovery"] = stack.tell("up", image="web:1")
    reached = stack.settings["kubeconfig"]
    nowhere = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", reached)
    told["preview without a cluster"] = stack.tell("preview", mark="three", kubeconfig=nowhere)
    told["update without a cluster"] = stack.tell("up")
    told["update with the cluster again"] = stack.tell("up", kubeconfig=reached)
    told["removal"] = stack.tell("destroy")
    return told


@pytest.fixture(scope="module")
def official() -> Programs:
    found = installed()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def started_stack(
    plane: ControlPlane, world: InCluster, authority: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Programs | None], Witness]:
    """Gives a stack of its own with the plugin that stands in, or Pulumi's."""
    certificate = base64.b64encode(authority.read_bytes()).decode()
    return lambda real: Witness(tmp_path_factory.mktemp("stack"), plane, world, certificate, real)


@pytest.fixture(scope="module")
def stories(started_stack: Callable[[Programs | None], Witness], official: Programs) -> tuple[Json, Json]:
    """As told by the plugin that stands in, and by Pulumi's."""
    first = story(started_stack(None))
    return first, story(started_stack(official))


REFUSALS: Final = {
    "conflict": 'the Kubernetes API server reported that "dev" failed to fully initialize or become live',
    "preview of wrong objects": 'Invalid value: "Not_a_name": a lowercase RFC 1123 ',
    "update without a cluster": "configured Kubernetes cluster is unreachable: unable to load schema information",
}
"""Steps that both refuse, each for more resources or earlier than the other (docs/decisions/0021)."""


def test_both_tell_the_same(stories: tuple[Json, Json]) -> None:
    ours, pulumis = stories
    assert len(ours) > 20
    different = {step: (ours[step], pulumis[step]) for step in ours if ours[step] != pulumis[step]}
    unknown = {step: told for step, told in different.items() if step not in REFUSALS}
    assert not unknown, json.dumps(unknown)


def test_both_refuse_what_they_refuse_elsewhere(stories: tuple[Json, Json]) -> None:
    for told in stories:
        for step, words in REFUSALS.items():
            assert not told[step]["succeeded"]
            assert words in json.dumps(told[step]["said"], ensure_ascii=False).replace('\\"', '"')


def test_an_update_that_is_refused_is_recorded_as_made(stories: tuple[Json, Json]) -> None:
    for told in stories:
        assert told["change"]["succeeded"]
        assert not told["conflict"]["succeeded"]
        [words] = [told["conflict"]["said"][key] for key in told["conflict"]["said"] if "Namespace" in key]
        assert 'the Kubernetes API server reported that "dev" failed to fully initialize or become live' in words[0]


def test_each_goes_on_with_what_the_other_made(
    started_stack: Callable[[Programs | None], Witness], official: Programs
) -> None:
    stack = started_stack(None)
    stack.run("up", "--yes", "--skip-preview")
    try:
        for real in (official, None):
            install_plugin(stack.home, real=real)
            stack.run("preview", "--refresh", "--expect-no-changes")
            stack.up(mark="ours" if real is None else "pulumis")
    finally:
        stack.run("destroy", "--yes", "--skip-preview")
    with pytest.raises(Exception, match='namespaces "dev" not found'):
        stack.client.get(kind("Namespace").path("", "dev"))
