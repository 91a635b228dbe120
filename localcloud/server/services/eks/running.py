"""A cluster's API server on a port of its own, and the controllers and node agent that run by it.

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
    from localcloud.kubernetes.api import Cluster, ServiceAccountToken, User
    from localcloud.kubernetes.aws import Aws
    from localcloud.kubernetes.running import Running as Programs

NODE_POOLS: Final = "/apis/karpenter.sh/v1/nodepools"
LOG = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Running:
    """``serves``: the API server answers. ``failure``: why it never will. ``identity``: in the name of its issuer."""

    serves: bool = False
    failure: str = ""
    endpoint: str = ""
    authority: str = ""
    identity: str = field(default_factory=lambda: secrets.token_hex(16).upper())
    api: Cluster | None = None
    _port: Port | None = None
    _programs: Programs | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: bool = False

    def start(
        self, name: str, version: str, service_cidr: str, authenticate: Callable[[str], User | None], aws: Aws
    ) -> None:
        """Brings all of it up; takes a second or so."""
        from localcloud.kubernetes.api import Cluster

        try:
            with self._lock:
                if not self._ended:
                    self.api = Cluster(name, version, authenticate, service_cidr=service_cidr)
                    self._serve(self.api, aws)
        except Exception as error:
            LOG.exception("EKS cluster %s", name)
            self.failure = f"{type(error).__name__}: {error}"

    def _serve(self, api: Cluster, aws: Aws) -> None:
        from localcloud.kubernetes.running import run

        with tempfile.TemporaryDirectory() as folder:  # read once, as the port opens
            self._port = Port(api.application, certificate=_certificate(Path(folder)))
        self._port.start()
        self.authority = base64.b64encode(Path(SERVER.ca_bundle).read_bytes()).decode()
        self.endpoint = f"https://{HOST}:{self._port.number}"
        self._programs = run(api, aws, public_urls)
        self.serves = True

    def stop(self) -> None:
        """Ends all of it, pods too."""
        with self._lock:
            self._ended, self.serves = True, False
            for part in (
                self._programs and self._programs.stop,
                self.api and self.api.close,
                self._port and self._port.stop,
            ):
                try:
                    if part:
                        part()
                except Exception:
                    LOG.exception("EKS: an API server that ends")

    def serve_version(self, version: str) -> None:
        """Has the API server speak another minor version."""
        if self.api is not None:
            self.api.version = version

    def has_node_pools(self) -> bool:
        """Whether somebody made a NodePool."""
        from localcloud.kubernetes.api import CONTROLLERS

        return self.api is not None and bool(self.api.client(CONTROLLERS).get(NODE_POOLS)["items"])

    def pod_of(self, token: str, audience: str) -> ServiceAccountToken | None:
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
