"""The engine with the light `kubernetes` provider and an API server, from an empty cluster to an empty one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from localcloud.kubernetes.api import CONTROLLERS, ApiError, Cluster
from localcloud.kubernetes.objects.kinds import kind
from localcloud.provider.install import install_plugin
from localcloud.server.environment import backend_url
from localcloud.server.listeners import Port
from portal.pulumi_cli import ROOT
from tests.journey.conftest import engine

Json = dict[str, Any]
PROGRAM = ROOT / "tests" / "journey" / "programs" / "kubernetes"
DEPLOYMENT = kind("Deployment").path("dev", "api")
LABELS: Json = {"metadata": {"labels": {"app": "changed"}}}
DRIFTS: dict[str, Json] = {
    "ConfigMap": LABELS,
    "ConfigMapPatch": {"data": {"enable-network-policy-controller": "false"}},
    "Deployment": {"spec": {"minReadySeconds": None, "template": {"spec": {"serviceAccountName": "default"}}}},
    "HorizontalPodAutoscaler": {"spec": {"maxReplicas": 9}},
    "Namespace": {"metadata": {"labels": {"of": "changed"}}},
    "NetworkPolicy": {"spec": {"ingress": [{}]}},
    "PodDisruptionBudget": {"spec": {"maxUnavailable": 2}},
    "Secret": {"data": {"uri": "b3RoZXI="}},
    "Service": {"spec": {"selector": {"app": "changed"}}},
    "ServiceAccount": {"automountServiceAccountToken": True},
    "TargetGroupBinding": {"spec": {"serviceRef": {"port": 81}}},
}
"""Of each kind, what somebody changes by hand, as a merge patch."""


def roll_out(cluster: Cluster) -> None:
    """A controller whose pods run at once, but for those of an image called broken."""
    client = cluster.client(CONTROLLERS)
    for event in client.watch(kind("Deployment").path()):
        live = event["object"]
        if event["type"] == "DELETED":
            continue
        generation, wanted = live["metadata"]["generation"], live["spec"]["replicas"]
        broken = "broken" in live["spec"]["template"]["spec"]["containers"][0]["image"]
        reason = "ProgressDeadlineExceeded" if broken else "NewReplicaSetAvailable"
        progress = {"type": "Progressing", "status": str(not broken), "reason": reason, "message": "it never ran"}
        status = {
            "observedGeneration": generation,
            "updatedReplicas": wanted,
            "availableReplicas": wanted,
            "conditions": [{"type": "Available", "status": "True", "reason": "x", "message": "x"}, progress],
        }
        if (live.get("status") or {}).get("observedGeneration") != generation:
            with suppress(ApiError):  # it is being deleted
                client.patch(f"{DEPLOYMENT}/status", {"status": status})


def specified(live: Json) -> Json:
    """What people state of an object."""
    metadata = {key: live["metadata"].get(key) for key in ("labels", "annotations")}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


class Stack:
    """One stack of the program, and the cluster that its kubeconfig names."""

    def __init__(self, folder: Path, server: str, cluster: Cluster) -> None:
        self.client = cluster.client(CONTROLLERS)
        self.folder = folder / "program"
        shutil.copytree(PROGRAM, self.folder)
        home = folder / "pulumi"
        install_plugin(home)
        (folder / "state").mkdir()
        self.env = {
            "HOME": os.environ.get("HOME", str(folder)),
            "PATH": f"{engine()}:{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": backend_url(folder / "state"),
            "PULUMI_CONFIG_PASSPHRASE": "of the journeys",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_SKIP_CHECKPOINTS": "true",
        }
        user = {"name": "u", "user": {"token": "good"}}
        context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
        clusters = [{"name": "c", "cluster": {"server": server}}]
        config = {"clusters": clusters, "contexts": [context], "current-context": "c", "users": [user]}
        self.settings = {"kubeconfig": json.dumps(config), "image": "app:1", "replicas": "2", "force": "true"}
        self.run("stack", "init", "one")

    def run(self, *arguments: str, fails: bool = False) -> str:
        """All that a Pulumi command printed."""
        options = ["--stack", "one"] if arguments[0] != "stack" else []
        given = [f"--config=kubernetes:{key}={value}" for key, value in self.settings.items()]
        done = subprocess.run(
            [
                "pulumi",
                *arguments,
                *options,
                *(given if arguments[0] in ("up", "preview") else []),
                "--non-interactive",
            ],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def objects(self) -> dict[str, str]:
        """The path of each object that the state holds, by kind."""
        resources = json.loads(self.run("stack", "export"))["deployment"]["resources"]
        made: dict[str, str] = {}
        for one in resources:
            if one["type"].startswith("kubernetes:"):
                name = one["type"].rpartition(":")[2]
                metadata = one["outputs"]["metadata"]
                made[name] = kind(name.removesuffix("Patch")).path(metadata.get("namespace", ""), metadata["name"])
        return made

    def up(self, **settings: str) -> str:
        self.settings |= settings
        return self.run("up", "--yes", "--skip-preview")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    cluster = Cluster("portal", "1.34", lambda token: CONTROLLERS if token == "good" else None)
    port = Port(cluster.application)
    port.start()
    threading.Thread(target=roll_out, args=(cluster,), daemon=True).start()
    yield Stack(tmp_path, f"http://127.0.0.1:{port.number}", cluster)
    cluster.close()
    port.stop()


def test_a_service_in_a_cluster_from_its_first_update_to_its_removal(stack: Stack) -> None:
    stack.up()
    assert stack.client.get(DEPLOYMENT)["spec"]["replicas"] == 2
    again = stack.up()
    assert "unchanged" in again
    assert "updated" not in again
    assert "created" not in again

    made = stack.objects()
    assert made.keys() == DRIFTS.keys()
    before = {name: specified(stack.client.get(path)) for name, path in made.items()}
    for name, path in made.items():
        assert specified(stack.client.patch(path, DRIFTS[name])) != before[name], name
    assert f"~ {len(made)} updated" in stack.run("refresh", "--yes", "--skip-preview")
    stack.up(replicas="3")
    after = {name: specified(stack.client.get(path)) for name, path in made.items()}
    before["Deployment"]["spec"]["replicas"] = 3
    assert after == before

    stack.settings["image"] = "broken:1"
    failed = stack.run("up", "--yes", "--skip-preview", fails=True)
    assert '"dev/api" failed to fully initialize or become live' in failed
    assert "[ProgressDeadlineExceeded] it never ran" in failed

    assert "hunter2" not in stack.run("stack", "export")
    stack.run("destroy", "--yes", "--skip-preview")
    with pytest.raises(ApiError, match='namespaces "dev" not found'):
        stack.client.get("/api/v1/namespaces/dev")
