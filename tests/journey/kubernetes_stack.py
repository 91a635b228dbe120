"""One stack of the program of programs/kubernetes, for a cluster that stands already."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from localcloud.kubernetes.client import Client
from localcloud.kubernetes.control_plane.installed import Programs
from localcloud.kubernetes.objects.kinds import kind
from localcloud.provider.install import install_plugin
from localcloud.server.client_variables import backend_url
from portal.pulumi_cli import ROOT
from tests.journey.conftest import engine

Json = dict[str, Any]
PROGRAM = ROOT / "tests" / "journey" / "programs" / "kubernetes"
LABELS: Json = {"metadata": {"labels": {"mark": "changed"}}}
DRIFTS: dict[str, Json] = {
    "ClusterRole": {"rules": []},
    "ClusterRoleBinding": {"subjects": []},
    "ConfigMap": LABELS,
    "ConfigMapPatch": {"data": {"enable-network-policy-controller": "false"}},
    "Deployment": {"spec": {"minReadySeconds": None, "template": {"spec": {"serviceAccountName": "default"}}}},
    "HorizontalPodAutoscaler": {"spec": {"maxReplicas": 9}},
    "Namespace": {"metadata": {"labels": {"mark": "changed"}}},
    "NodeClass": {"spec": {"role": "other"}},
    "NodePool": {"spec": {"limits": {"cpu": "1000"}}},
    "NetworkPolicy": {"spec": {"ingress": [{}]}},
    "PodDisruptionBudget": {"spec": {"maxUnavailable": 2}},
    "RoleBinding": {"subjects": []},
    "Secret": {"data": {"uri": "b3RoZXI="}},
    "SecretProviderClass": {"spec": {"parameters": {"region": "eu-west-1"}}},
    "Service": {"spec": {"selector": {"app": "changed"}}},
    "ServiceAccount": {"automountServiceAccountToken": True},
    "TargetGroupBinding": {"spec": {"serviceRef": {"port": 81}}},
}
"""Of each kind, what somebody changes by hand, as a merge patch."""


class Stack:
    """``cluster`` and ``user``: how its kubeconfig reaches the cluster. ``real``: the `kubernetes` plugin is Pulumi's
    own."""

    def __init__(self, folder: Path, cluster: Json, user: Json, client: Client, real: Programs | None = None) -> None:
        self.client = client
        self.folder = folder / "program"
        shutil.copytree(PROGRAM, self.folder)
        self.home = folder / "pulumi"
        install_plugin(self.home, real=real)
        (folder / "state").mkdir()
        self.env = {
            "HOME": os.environ.get("HOME", str(folder)),
            "PATH": f"{engine()}:{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": backend_url(folder / "state"),
            "PULUMI_CONFIG_PASSPHRASE": "of the journeys",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_SKIP_CHECKPOINTS": "true",
        }
        context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
        clusters, users = [{"name": "c", "cluster": cluster}], [{"name": "u", "user": user}]
        config = {"clusters": clusters, "contexts": [context], "current-context": "c", "users": users}
        named = {"namespace": "dev", "name": "api", "mark": "one"}
        self.settings = {"kubeconfig": json.dumps(config), "image": "app:1", "replicas": "2", "force": "true", **named}
        self.run("stack", "init", "one")

    def run(self, *arguments: str, fails: bool = False, **env: str) -> str:
        """All that a Pulumi command printed."""
        done = self.command(*arguments, **env)
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def command(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """A Pulumi command, whatever comes of it."""
        options = ["--stack", "one"] if arguments[0] != "stack" else []
        given = [f"--config=kubernetes:{key}={value}" for key, value in self.settings.items()]
        settings = given if arguments[0] in ("up", "preview") else []
        return subprocess.run(
            ["pulumi", *arguments, *options, *settings, "--non-interactive"],
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
        )

    def resources(self) -> list[Json]:
        """What the state has of objects."""
        resources = json.loads(self.run("stack", "export"))["deployment"].get("resources", [])
        return [one for one in resources if one["type"].startswith("kubernetes:")]

    def objects(self) -> dict[str, str]:
        """The path of each object that the state holds, by kind."""
        made: dict[str, str] = {}
        for one in self.resources():
            name = one["type"].rpartition(":")[2]
            metadata = one["outputs"]["metadata"]
            made[name] = kind(name.removesuffix("Patch")).path(metadata.get("namespace", ""), metadata["name"])
        return made

    def up(self, **settings: str) -> str:
        self.settings |= settings
        return self.run("up", "--yes", "--skip-preview")


def specified(live: Json) -> Json:
    """What people state of an object."""
    metadata = {key: live["metadata"].get(key) for key in ("labels", "annotations")}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}
