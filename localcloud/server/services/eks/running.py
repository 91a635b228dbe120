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
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from localcloud.server import tls
from localcloud.server.listeners import HOST, Port
from localcloud.server.pipeline import SERVER
from localcloud.server.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from localcloud.kubernetes.aws import Aws

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
    api: Any = None
    _port: Port | None = None
    _programs: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: bool = False

    def start(self, name: str, version: str, authenticate: Callable[[str], Any], aws: Aws) -> None:
        """Brings all of it up; takes a second or so."""
        try:
            with self._lock:
                if not self._ended:
                    self._start(name, version, authenticate, aws)
        except Exception as error:
            LOG.exception("EKS cluster %s", name)
            self.failure = f"{type(error).__name__}: {error}"

    def _start(self, name: str, version: str, authenticate: Callable[[str], Any], aws: Aws) -> None:
        self.api = _api_server(name, version, authenticate)
        with tempfile.TemporaryDirectory() as folder:  # read once, as the port opens
            application = self.api.application if self.api else _unavailable
            self._port = Port(application, certificate=_certificate(Path(folder)))
        self._port.start()
        self.authority = base64.b64encode(Path(SERVER.ca_bundle).read_bytes()).decode()
        self.endpoint = f"https://{HOST}:{self._port.number}"
        if self.api is not None:
            self._programs = import_module("localcloud.kubernetes.running").run(self.api, aws)
        self.serves = True

    def stop(self) -> None:
        """Ends all of it, pods too."""
        with self._lock:
            self._ended, self.serves = True, False
            for end in (
                self._programs and self._programs.stop,
                self.api and self.api.close,
                self._port and self._port.stop,
            ):
                if end:
                    with suppress(Exception):
                        end()

    def serve_version(self, version: str) -> None:
        """Has the API server speak another minor version."""
        if self.api is not None:
            self.api.version = version

    def has_node_pools(self) -> bool:
        """Whether somebody made a NodePool."""
        if self.api is None:
            return False
        controllers = import_module("localcloud.kubernetes.api").CONTROLLERS
        return bool(self.api.client(controllers).get(NODE_POOLS)["items"])

    def pod_of(self, token: str, audience: str) -> Any:
        """Whose token of a service account it is: ``namespace``, ``service_account``, ``pod``, ``pod_uid``; None if
        it isn't valid for the audience."""
        return self.api.review(token, audience) if self.api is not None else None

    def flush(self) -> None:
        """Lets what runs deliver what it holds back."""
        if self._programs is not None:
            self._programs.flush()

    def status(self) -> Any:
        """What the programs say of themselves."""
        return self._programs.status() if self._programs is not None else {}


def _api_server(name: str, version: str, authenticate: Callable[[str], Any]) -> Any:
    try:
        return import_module("localcloud.kubernetes.api").Cluster(name, version, authenticate)
    except ModuleNotFoundError:
        return None


def _unavailable(_: HttpRequest) -> HttpResponse:
    return HttpResponse(status=503, body=b"There is no API server yet.")


def _certificate(folder: Path) -> tls.TlsFiles:
    key, certificate = tls.issue(HOST, "localhost")
    files = tls.TlsFiles(authority=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key")
    files.key.touch(mode=0o600)
    files.key.write_bytes(key)
    files.certificate.write_bytes(certificate)
    return files
