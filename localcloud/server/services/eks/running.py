"""A cluster's API server on a port of its own, and the controllers and node agent that run by it.

The API server is the local cloud's own, or Kubernetes' own in real mode (:mod:`localcloud.kubernetes.control_plane`).

AWS fact: a cluster's endpoint and certificate authority stay the same for its life.
"""

from __future__ import annotations

import base64
import logging
import secrets
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from localcloud.server import tls
from localcloud.server.listeners import HOST, Port
from localcloud.server.pipeline import SERVER
from localcloud.server.service import imported_late

if TYPE_CHECKING:
    from localcloud.kubernetes.api import TokenOwner, User
    from localcloud.kubernetes.aws import Aws
    from localcloud.kubernetes.control_plane.installed import Programs as ControlPlanePrograms
    from localcloud.kubernetes.running import ApiServer
    from localcloud.kubernetes.running import Running as Programs

NODE_POOLS: Final = "/apis/karpenter.sh/v1/nodepools"
LOG = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Running:
    """``serves``: the API server answers. ``identity``: in the name of its issuer."""

    serves: bool = False
    endpoint: str = ""
    authority: str = ""
    identity: str = field(default_factory=lambda: secrets.token_hex(16).upper())
    api: ApiServer | None = None
    _failure: str = ""
    _port: Port | None = None
    _programs: Programs | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: bool = False

    @property
    def failure(self) -> str:
        """Why it does not serve and never will; empty: it does or is about to."""
        from localcloud.kubernetes.control_plane.cluster import ControlPlane

        return self.api.failure if isinstance(self.api, ControlPlane) and self.api.failure else self._failure

    def start(
        self, name: str, version: str, service_cidr: str, authenticate: Callable[[str], User | None], aws: Aws
    ) -> None:
        """Brings all of it up; takes a second or so, in real mode some seconds."""
        from localcloud.kubernetes.control_plane.installed import installed
        from localcloud.kubernetes.running import run

        try:
            with self._lock:
                if self._ended:
                    return
                found = installed()
                if found is None:
                    self.api = api = self._open_light(name, version, service_cidr, authenticate)
                else:
                    self.api = api = self._open_real(found, service_cidr, authenticate, aws)
                self.authority = base64.b64encode(Path(SERVER.ca_bundle).read_bytes()).decode()
                self._programs = run(api, aws, public_urls)
                self.serves = True
        except Exception as error:
            LOG.exception("EKS cluster %s", name)
            self._failure = f"{type(error).__name__}: {error}"

    def _open_light(
        self, name: str, version: str, service_cidr: str, authenticate: Callable[[str], User | None]
    ) -> ApiServer:
        from localcloud.kubernetes.api import Cluster

        api = Cluster(name, version, authenticate, service_cidr=service_cidr)
        with tempfile.TemporaryDirectory() as folder:  # read once, as the port opens
            self._port = Port(api.application, certificate=_certificate(Path(folder)))
        self._port.start()
        self.endpoint = f"https://{HOST}:{self._port.number}"
        return api

    def _open_real(
        self, found: ControlPlanePrograms, service_cidr: str, authenticate: Callable[[str], User | None], aws: Aws
    ) -> ApiServer:
        from localcloud.kubernetes.control_plane.cluster import ControlPlane

        authority = Path(SERVER.ca_bundle)
        api = ControlPlane(found, service_cidr=service_cidr, authority=authority, authenticate=authenticate, aws=aws)
        self.endpoint = api.endpoint
        return api

    def stop(self) -> None:
        """Ends all of it, pods too."""
        with self._lock:
            self._ended, self.serves = True, False
            for part in (
                self._programs and self._programs.stop,
                self.api.close if self.api is not None else None,
                self._port and self._port.stop,
            ):
                try:
                    if part:
                        part()
                except Exception:
                    LOG.exception("EKS: an API server that ends")

    def serve_version(self, version: str) -> None:
        """Has the API server speak another minor version. Real mode has one, and takes no update."""
        from localcloud.kubernetes.api import Cluster

        if isinstance(self.api, Cluster):
            self.api.version = version

    def has_node_pools(self) -> bool:
        """Whether somebody made a NodePool."""
        from localcloud.kubernetes.api import CONTROLLERS

        return self.api is not None and bool(self.api.client(CONTROLLERS).get(NODE_POOLS)["items"])

    def pod_of(self, token: str, audience: str) -> TokenOwner | None:
        """Whose token of a service account it is; None if it isn't valid for the audience."""
        return self.api.review(token, audience) if self.api is not None else None

    def flush(self) -> None:
        """Lets what runs deliver what it holds back."""
        if self._programs is not None:
            self._programs.flush()


def public_urls() -> dict[str, str]:
    """Of each distribution's names: the URL for the public, and the one that a program on this machine asks instead."""
    ports: dict[str, int] = imported_late("localcloud.edge.ports", "ports")()
    return {f"https://{name}": f"http://{HOST}:{port}" for name, port in ports.items()}


def _certificate(folder: Path) -> tls.TlsFiles:
    key, certificate = tls.issue(HOST, "localhost")
    files = tls.TlsFiles(authority=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key")
    files.key.touch(mode=0o600)
    files.key.write_bytes(key)
    files.certificate.write_bytes(certificate)
    return files
