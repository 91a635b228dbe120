"""The command, environment and directory of a container's process: what an image, a manifest and a node give it.

Kubernetes facts: the manifest's ``command`` replaces the image's entry point and its command, ``args`` the image's
command alone; a container without a stand-in for its image can't be pulled.

A process shares its machine: security contexts, a read-only root, users, DNS settings and resource requests of a
manifest have no effect on it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from localcloud.server import images, service_calls
from localcloud.server.children import Command

from ..client import Client, Json
from . import probes
from .errors import CannotPullError, UnsupportedError
from .rewriting import Rewriting
from .variables import expand, variables_of
from .volumes import Volumes

INHERITED: Final = ("LANG", "LC_ALL")
NO_STAND_IN: Final = "not found (images of localcloud.toml names no stand-in for it)"
DENIED: Final = "pull access denied, repository does not exist or may require authorization: authorization failed: "
UNSUPPORTED_OF_POD: Final = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace")


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What the containers of one pod are started with."""

    client: Client
    pod: Json
    volumes: Volumes
    folder: Path
    addresses: Mapping[str, str]
    """What the downward API answers of the status."""
    loopback: str
    urls: Mapping[str, str]
    """``https://DOMAIN`` and the Pod Identity agent -> local URLs."""
    pull_refusal: Callable[[str], str]
    """Why an image can't be pulled; empty: it can."""

    def command(self, container: Json) -> Command:
        """Raises CannotStartError."""
        stand_in = images.stand_in(container["image"])
        if stand_in is None:
            raise CannotPullError(container["image"], NO_STAND_IN)
        if refusal := self.pull_refusal(container["image"]):
            raise CannotPullError(container["image"], DENIED + refusal)
        rewriting = Rewriting(
            address=self.loopback, ports=self._ports(), mounts=self.volumes.mounts(container), urls=self.urls
        )
        given = variables_of(self.client, self.pod, container, self.addresses)
        variables = {name: rewriting(value) for name, value in given.items()}
        image_argv = [self._placed(word, container) for word in stand_in.argv(container.get("args") or [])]
        own = [*(container.get("command") or []), *(container.get("args") or [])]
        argv = stand_in.command_line(own) if container.get("command") else image_argv
        directory = rewriting(container.get("workingDir") or stand_in.directory) or str(self.folder)
        placed = {name: self._placed(value, container) for name, value in stand_in.environment.items()}
        return Command(
            name=f"container {self.pod['metadata']['name']}/{container['name']}",
            argv=[rewriting(expand(word, variables)) for word in argv],
            environment={**self._machine(), **placed, **variables},
            directory=Path(directory),
        )

    def _placed(self, word: str, container: Json) -> str:
        """A word of a stand-in with the address and the first port of the container filled in."""
        ports = container.get("ports") or []
        port = str(ports[0]["containerPort"]) if ports else ""
        return word.replace("{address}", self.loopback).replace("{port}", port)

    def _ports(self) -> set[int]:
        spec = self.pod["spec"]
        containers = [*(spec.get("initContainers") or []), *spec["containers"]]
        return {int(port["containerPort"]) for each in containers for port in each.get("ports") or []}

    def _machine(self) -> dict[str, str]:
        """What an image and the network to AWS would bring. Nothing of the server's own environment beside it."""
        programs = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
        server = service_calls.SERVER
        network = {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_CA_BUNDLE": server.ca_bundle,
            "PGSSLROOTCERT": server.ca_bundle,
        }
        return {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            "PATH": os.pathsep.join(programs),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "HOSTNAME": self.pod["metadata"]["name"],
            **{name: value for name, value in network.items() if value},
        }


def refuse_unsupported(pod: Json, volumes: Volumes) -> None:
    """Raises UnsupportedError for what a process would silently lack."""
    spec = pod["spec"]
    for member in UNSUPPORTED_OF_POD:
        if spec.get(member):
            raise UnsupportedError(f"{member}: the local cloud's pods share no namespace with their node")
    volumes.refuse_unsupported()
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        if problem := probes.unsupported(container) or _unsupported_hook(container):
            raise UnsupportedError(f"container {container['name']!r}: {problem}")


def _unsupported_hook(container: Json) -> str:
    for hook, actions in (container.get("lifecycle") or {}).items():
        if hook != "preStop" or set(actions) != {"sleep"}:
            asked = ", ".join(sorted(actions)) if isinstance(actions, dict) else actions
            return f"lifecycle.{hook} by {asked}: the local cloud has preStop.sleep"
    return ""
