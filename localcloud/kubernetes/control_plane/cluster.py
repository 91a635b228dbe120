"""One cluster's control plane: its programs as children of the server, and what EKS adds to a new cluster.

What it has is in a folder of the server's (:mod:`localcloud.server.scratch`) and ends with it. A program that ends by
itself is the control plane's failure: nothing starts it again.
"""

from __future__ import annotations

import base64
import logging
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from localcloud.kubernetes.api.tokens import TokenOwner
from localcloud.kubernetes.api.users import CONTROLLERS, User
from localcloud.kubernetes.aws import Aws
from localcloud.kubernetes.client import ApiError, Client, Json, UnreachableError
from localcloud.kubernetes.control_plane import custom_resources, programs
from localcloud.kubernetes.control_plane.files import HOST, MASTER, Files
from localcloud.kubernetes.control_plane.installed import Programs
from localcloud.kubernetes.control_plane.webhooks import Webhooks, configuration
from localcloud.kubernetes.controllers.admission import Admission
from localcloud.kubernetes.http_client import HttpClient
from localcloud.kubernetes.objects.kinds import KINDS
from localcloud.kubernetes.resources import CONFLICT, Resources, suppress_status
from localcloud.server import children, scratch, tls
from localcloud.server.listeners import Port

LOG = logging.getLogger(__name__)
START_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.1
WEBHOOK_THREADS: Final = 8
LAST_LINES: Final = 5
_MUTATING: Final = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
_REVIEWS: Final = "/apis/authentication.k8s.io/v1/tokenreviews"
_MADE_BY_ITSELF: Final = (
    "/api/v1/namespaces/kube-system",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:kube-scheduler",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:kube-controller-manager",
)
_OWN: Final = "system:serviceaccount:"


class ControlPlaneError(Exception):
    """The control plane could not be started. The text says which program failed, with its last words."""


class ControlPlane:
    """A running API server with Kubernetes' own controllers. Thread-safe."""

    def __init__(
        self,
        found: Programs,
        *,
        service_cidr: str,
        authority: Path,
        authenticate: Callable[[str], User | None],
        aws: Aws,
    ) -> None:
        """``authority``: PEM of the local cloud's authority. ``authenticate`` says who a token of `aws eks get-token`
        is. Takes some seconds. Raises ControlPlaneError."""
        self.version = found.minor
        self._folder = Path(tempfile.mkdtemp(dir=scratch.folder("kubernetes")))
        self._files = Files(folder=self._folder, authority=authority)
        self._programs = found
        self._children: dict[str, children.Child] = {}
        self.failure = ""
        """Why it doesn't run any more, unless :meth:`close` ended it."""
        self._closed = False
        self._clients: dict[str, HttpClient] = {}
        self._client = self.client(CONTROLLERS)
        admission = Admission(Resources(self._client, "eks-webhooks"), aws)
        key = secrets.token_urlsafe(16)
        webhooks = Webhooks(key, authenticate, admission)
        self._port = Port(webhooks.application, certificate=self._certificate(), threads=WEBHOOK_THREADS)
        self._port.start()
        self._webhooks = f"https://{HOST}:{self._port.number}/{key}/"
        try:
            self._start(service_cidr)
        except BaseException:
            self.close()
            raise

    @property
    def endpoint(self) -> str:
        return self._files.endpoint

    def client(self, user: User) -> Client:
        """The verbs for the local cloud's controllers and node agent: as the cluster's administrator, by their name."""
        if user.name not in self._clients:
            authority, token = self._files.authority.read_text(), self._files.tokens[MASTER]
            self._clients[user.name] = HttpClient(self._files.endpoint, authority, lambda _: token, user.name)
        return self._clients[user.name]

    def review(self, token: str, audience: str) -> TokenOwner | None:
        """Whose service account token it is for the audience; None: nobody's."""
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": [audience]},
        }
        status = self._client.create(_REVIEWS, body)["status"]
        user = status.get("user") or {}
        if not status.get("authenticated") or not str(user.get("username", "")).startswith(_OWN):
            return None
        namespace, account = user["username"].removeprefix(_OWN).split(":")
        extra = user.get("extra") or {}
        return TokenOwner(
            namespace=namespace,
            service_account=account,
            pod=_first(extra, "authentication.kubernetes.io/pod-name"),
            pod_uid=_first(extra, "authentication.kubernetes.io/pod-uid"),
        )

    def close(self) -> None:
        """Ends the programs, and removes what they had."""
        self._closed = True
        for client in self._clients.values():
            client.close()
        for child in self._children.values():
            child.kill()
        for child in self._children.values():
            child.wait()
        self._port.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, service_cidr: str) -> None:
        files = self._files
        files.write(self._webhooks)
        self._spawn(programs.etcd(files))
        self._spawn(programs.api_server(files, service_cidr))
        self._until("the API server", self._answers)
        self._spawn(programs.controller_manager(files))
        self._spawn(programs.scheduler(files))
        for definition in custom_resources.definitions():
            self._create(custom_resources.PATH, definition)
        authority = base64.b64encode(files.authority.read_bytes()).decode()
        self._create(_MUTATING, configuration(f"{self._webhooks}pods", authority))
        self._until("the kinds that EKS adds", self._serves_all_kinds)

    def _spawn(self, words: Sequence[str]) -> None:
        name = words[0]
        command = children.Command(
            name=name,
            argv=[str(self._programs.folder / name), *words[1:]],
            environment={"HOME": str(self._folder), "PATH": os.defpath},
            directory=self._folder,
        )
        child = self._children[name] = children.start(command)
        children.watch(child, lambda _memory: self._check(name, child))

    def _check(self, name: str, child: children.Child) -> None:
        """Notes that a program has ended by itself."""
        if child.alive:
            return
        code = child.wait()
        if not self._closed and not self.failure:
            self.failure = f"{name} ended with code {code}: {' | '.join(child.tail()[-LAST_LINES:])}"
            LOG.error("%s", self.failure)

    def _until(self, what: str, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with suppress(ApiError, UnreachableError):
                if reached():
                    return
            if self.failure:
                raise ControlPlaneError(self.failure)
            if time.monotonic() > deadline:
                raise ControlPlaneError(f"{what} did not answer within {START_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)

    def _answers(self) -> bool:
        """Whether it serves, with the namespaces and roles that it makes by itself."""
        return all(self._client.get(path) for path in _MADE_BY_ITSELF)

    def _serves_all_kinds(self) -> bool:
        return all("items" in self._client.get(kind.path()) for kind in KINDS if kind.custom)

    def _create(self, path: str, body: Json) -> None:
        with suppress_status(CONFLICT):
            self._client.create(path, body)

    def _certificate(self) -> tls.TlsFiles:
        """Of the webhooks' port."""
        key, certificate = tls.issue(HOST)
        folder = self._folder
        files = tls.TlsFiles(
            authority=self._files.authority, certificate=folder / "webhooks.pem", key=folder / "webhooks.key"
        )
        files.key.touch(mode=0o600)
        files.key.write_bytes(key)
        files.certificate.write_bytes(certificate)
        return files


def _first(extra: Json, name: str) -> str:
    return str((extra.get(name) or [""])[0])
