"""A small stack that serves, for journeys: one environment with database, API, frontend and site, and releases of the
images that it runs."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, cast
from unittest.mock import patch

import requests
import yaml

from components import names
from localcloud.kubernetes.api import CONTROLLERS
from localcloud.kubernetes.client import Client
from localcloud.kubernetes.controllers import deployments, jobs
from localcloud.kubernetes.objects.kinds import KINDS, kind
from localcloud.kubernetes.resources import is_true
from localcloud.server import images
from localcloud.server.images import StandIn
from localcloud.server.services.eks.model import REGIONS
from localcloud.server.services.eks.running import Running
from portal.pulumi_cli import ROOT
from tests.journey.conftest import DEV, Cloud, Project
from tests.journey.test_cdn import ask
from tests.journey.watching import Processes, Viewers, repeated
from tests.localcloud.clouds import CONFIGURATION, ORGANIZATION_ROLE, REGION
from tests.unit.stackfiles import STACK_FILES

Json = dict[str, Any]
Settings = dict[str, Any]
Edit = Callable[[Settings], object]
NONE: Final[Mapping[str, str]] = {}
_PLANNED = re.compile(r"^ *[~+-]+ +\w+:\S+ (\S+) (\w+)", re.MULTILINE)


def own_file() -> Settings:
    """The settings of dev in the tests' own stack file."""
    return yaml.safe_load((STACK_FILES / "Pulumi.dev.yaml").read_text())["config"]["portal:settings"]


def served(environment: str) -> Settings:
    """An environment of that file, without its jobs."""
    own = own_file()["environments"][environment]
    return {key: value for key, value in own.items() if key not in ("ingest", "orchestrator")}


def serving_alone(settings: Settings) -> None:
    """Changes the settings of dev: one environment, and of that what serves. Its cluster has an old version."""
    own = own_file()
    settings["cluster"] = own["cluster"] | {"version": "1.34"}
    settings["images"] = {name: own["images"][name] for name in ("api", "frontend")}
    settings["environments"] = {"dev": served("dev")}
    for bucket in ("source", "embargo"):
        del settings["buckets"][bucket]


def service(name: str, **values: Any) -> Edit:
    """Sets values of a service of dev."""
    return lambda settings: settings["environments"]["dev"][name].update(values)


def tags(**by_service: str) -> Edit:
    """Sets the tags of images of dev."""

    def edit(settings: Settings) -> None:
        for name, tag in by_service.items():
            settings["environments"]["dev"][name]["image"]["tag"] = tag

    return edit


def cluster(**values: Any) -> Edit:
    return lambda settings: settings["cluster"].update(values)


def stand_in(image: str) -> StandIn:
    """What this project runs in place of an image of that name."""
    return next(one for one in CONFIGURATION.images if fnmatchcase(image, one.image))


class Images:
    """Builds of the example services: copies of their source, in which something may be changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._built = [stand_in("ghcr.io/cerbos/cerbos:0.29.0")]
        self.build("v1.0.0")

    def build(self, tag: str, *edits: tuple[str, str, str], migrations: Mapping[str, str] = NONE) -> None:
        """``edits``: a file of examples/, a text of it and what takes its place. ``migrations``: by name, what the API
        has beside its own."""
        copy = self._folder / tag / "examples"
        shutil.copytree(ROOT / "examples", copy)
        for name, old, new in edits:
            text = (copy / name).read_text()
            assert old in text, (name, old)
            (copy / name).write_text(text.replace(old, new))
        for name, text in migrations.items():
            (copy / "api" / "migrations" / "versions" / f"{name}.py").write_text(text)
        api, frontend = f"x/apiv2:{tag}", f"x/frontend:{tag}"
        self._have(replace(stand_in(api), image=f"*{api[1:]}", directory=str(copy / "api")))
        self._have(replace(stand_in(frontend), image=f"*{frontend[1:]}", directory=str(copy.parent)))

    def build_frontend_that_ends(self, tag: str, says: str) -> None:
        """As soon as it is started."""
        words = ("/bin/sh", "-c", f"echo {says} >&2; exit 3")
        self._have(StandIn(image=f"*/frontend:{tag}", entrypoint=words))

    def _have(self, one: StandIn) -> None:
        self._built.append(one)
        images.configure(self._built)


def texts(value: Any) -> Iterator[str]:
    """All that are in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        within = cast("dict[str, Any] | list[Any]", value)
        for one in within.values() if isinstance(within, dict) else within:
            yield from texts(one)


@contextmanager
def deadlines_over(condition: Callable[[], bool], reconcile: Callable[[], None]) -> Generator[None]:
    """From when the condition holds, no rollout may stand still any longer, and no Job run; then the controllers look
    again."""
    real, real_of_jobs, over = deployments.progress_seconds, jobs.deadline_seconds, threading.Event()

    def wait() -> None:
        if condition():
            over.set()
            reconcile()

    def seconds(deployment: Json) -> float:
        return 0.0 if over.is_set() else real(deployment)

    def seconds_of_job(job: Json) -> float:
        return 0.0 if over.is_set() else real_of_jobs(job)

    rollouts = patch.object(deployments, "progress_seconds", seconds)
    with rollouts, patch.object(jobs, "deadline_seconds", seconds_of_job), repeated(wait):
        yield


class Printed(Project):
    """Keeps all that its commands print."""

    def __init__(self, folder: Path, env: dict[str, str], initialised: Path | None = None) -> None:
        super().__init__(folder, env, initialised)
        self.printed: list[str] = []

    def run(self, *command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        done = super().run(*command, env=env)
        self.printed.append(done.stdout + done.stderr)
        return done


@dataclass
class Site:
    """The stack that is up, and what is asked of it."""

    project: Printed
    cloud: Cloud
    images: Images
    viewers: Viewers
    processes: Processes = field(default_factory=Processes)

    def tags(self) -> dict[str, str]:
        """Of dev's images, as the stack file has them."""
        data = yaml.safe_load((self.project.folder / "Pulumi.dev.yaml").read_text())["config"]["portal:settings"]
        return {name: data["environments"]["dev"][name]["image"]["tag"] for name in ("api", "frontend")}

    def planned(self, *edits: Edit) -> dict[str, str]:
        """Changes the stack file; the resources that a preview names, and what is to be done to each."""
        for edit in edits:
            self.project.change("dev", edit)
        return dict(_PLANNED.findall(self.project.pulumi("dev", "preview")))

    def up(self, *edits: Edit) -> str:
        for edit in edits:
            self.project.change("dev", edit)
        return self.project.up("dev")

    def up_that_fails(self, *edits: Edit, says: Sequence[str]) -> str:
        """Changes the stack file. Once the pods say all that, the time for their start is over; what `up` prints."""
        for edit in edits:
            self.project.change("dev", edit)
        with deadlines_over(lambda: all(one in self._said() for one in says), self._running.flush):
            done = self.project.refused("dev", "up", "--yes", "--skip-preview")
        printed = done.stdout + done.stderr
        assert done.returncode != 0, printed
        assert [one for one in says if one not in printed] == [], printed
        return printed

    def _said(self) -> str:
        """In the status of dev's pods."""
        return "\n".join(texts([pod.get("status") for pod in self.kubernetes.get(kind("Pod").path("dev"))["items"]]))

    def page(self) -> str:
        status, _, body = ask(self.cloud, self.viewers.domain, f"/?q={time.monotonic_ns()}")
        assert status == 200, body
        return body.decode()

    @property
    def kubernetes(self) -> Client:
        """As an administrator of the cluster."""
        assert self._running.api is not None
        return self._running.api.client(CONTROLLERS)

    @property
    def _running(self) -> Running:
        return REGIONS[DEV, REGION].cluster(names.CLUSTER).running

    def objects_and_logs(self) -> tuple[list[str], list[str]]:
        """All objects of the cluster, and what dev's containers printed, as an administrator's `kubectl` gets them."""
        described = self.cloud.client("eks").describe_cluster(name=names.CLUSTER)["cluster"]
        role = names.role_arn(DEV, own_file()["account"].get("role", ORGANIZATION_ROLE))
        command = ["aws", "--region", REGION, "eks", "get-token", "--cluster-name", names.CLUSTER, "--output", "json"]
        token = json.loads(self.project.run(*command, "--role-arn", role).stdout)["status"]["token"]
        authority = self.project.folder / "cluster.pem"
        authority.write_bytes(base64.b64decode(described["certificateAuthority"]["data"]))

        def read(path: str, **query: str) -> str:
            headers = {"Authorization": f"Bearer {token}"}
            url = described["endpoint"] + path
            answer = requests.get(url, query, headers=headers, verify=str(authority), timeout=20)
            assert answer.ok, answer.text
            return answer.text

        pods = json.loads(read(kind("Pod").path("dev")))["items"]
        containers = [
            (kind("Pod").path("dev", pod["metadata"]["name"], "log"), one["name"])
            for pod in pods
            for one in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
        ]
        objects = [read(one.path()) for one in KINDS]
        return objects, [read(path, container=name) for path, name in containers]

    def processes_of(self, service: str) -> list[int]:
        """Of the containers of that name."""
        statuses = [one for pod in self.pods(service).values() for one in pod["status"]["containerStatuses"]]
        return [int(one["containerID"].removeprefix("process://")) for one in statuses if one["name"] == service]

    def pods(self, service: str, namespace: str = "dev") -> dict[str, Json]:
        """A service's by name, without those that are to end."""
        found = self.kubernetes.get(kind("Pod").path(namespace))["items"]
        return {
            one["metadata"]["name"]: one
            for one in found
            if one["metadata"]["labels"]["app.kubernetes.io/name"] == service
            and "deletionTimestamp" not in one["metadata"]
        }

    def port(self, service: str, namespace: str = "dev") -> int:
        """That its pods take requests on."""
        [port] = {
            one["containerPort"]
            for pod in self.pods(service, namespace).values()
            for container in pod["spec"]["containers"]
            for one in container.get("ports", [])
        }
        return int(port)

    def running(self) -> set[str]:
        """Names of dev's pods whose program runs, also if it is to end."""
        return {
            pod["metadata"]["name"]
            for pod in self.kubernetes.get(kind("Pod").path("dev"))["items"]
            for one in pod["status"].get("containerStatuses", [])
            if "running" in one["state"] and one["name"] == pod["metadata"]["labels"]["app.kubernetes.io/name"]
        }

    def ready(self) -> set[str]:
        """Names of dev's pods that answer requests."""
        found = self.kubernetes.get(kind("Pod").path("dev"))["items"]
        return {
            one["metadata"]["name"]
            for one in found
            if is_true(one, "Ready") and "deletionTimestamp" not in one["metadata"]
        }

    def machines(self) -> set[str]:
        """Names of dev's nodes."""
        nodes = self.kubernetes.get(kind("Node").path())["items"]
        return {
            one["metadata"]["name"] for one in nodes if one["metadata"]["labels"].get("karpenter.sh/nodepool") == "dev"
        }
