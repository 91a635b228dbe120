"""The files of one control plane: keys, certificates, tokens and kubeconfigs, readable by their owner alone."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from localcloud.server import tls

HOST: Final = "127.0.0.1"
MASTER: Final = "localcloud"
"""The user that the local cloud's own controllers and node agent are."""
_USERS: Final[Mapping[str, tuple[str, str]]] = {
    MASTER: ("system:node-agent", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
}
"""By the token's name: the user and the group."""


@dataclass(kw_only=True)
class Files:
    """``authority``: PEM file of the authority of the API server's and the webhooks' certificates."""

    folder: Path
    authority: Path
    ports: dict[str, int] = field(default_factory=lambda: free_ports("etcd", "etcd-peer", "api"))
    tokens: dict[str, str] = field(default_factory=lambda: {name: secrets.token_hex(16) for name in _USERS})

    @property
    def endpoint(self) -> str:
        return f"https://{HOST}:{self.ports['api']}"

    def path(self, name: str) -> Path:
        return self.folder / name

    def write(self, reviews: str) -> None:
        """All that the programs read. ``reviews``: the URL of the webhooks, ending with a slash."""
        key, certificate = tls.issue(HOST, "localhost", "kubernetes.default.svc")
        self._write("api.key", key)
        self._write("api.pem", certificate)
        authority = trustme.CA(organization_name="local cloud, etcd")
        own = authority.issue_cert(HOST)
        self._write("etcd.ca", authority.cert_pem.bytes())
        self._write("etcd.key", own.private_key_pem.bytes())
        self._write("etcd.pem", b"".join(part.bytes() for part in own.cert_chain_pems))
        self._write("service-accounts.key", _signing_key())
        lines = [f'{self.tokens[name]},{user},{user},"{group}"\n' for name, (user, group) in _USERS.items()]
        self._write("tokens.csv", "".join(lines).encode())
        for name in ("controller-manager", "scheduler"):
            self._write(f"{name}.json", self._kubeconfig(self.endpoint, {"token": self.tokens[name]}))
        for name in ("token-reviews", "access-reviews"):
            self._write(f"{name}.json", self._kubeconfig(f"{reviews}{name}", {}))

    def _kubeconfig(self, server: str, user: Mapping[str, str]) -> bytes:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": server, "certificate-authority": str(self.authority)}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "c",
        }
        return json.dumps(config).encode()

    def _write(self, name: str, content: bytes) -> None:
        file = self.path(name)
        file.touch(mode=0o600)
        file.write_bytes(content)


def free_ports(*names: str) -> dict[str, int]:
    """A free port of the loopback interface for each name."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in names]
        for one in sockets:
            one.bind((HOST, 0))
        return {name: one.getsockname()[1] for name, one in zip(names, sockets, strict=True)}


def _signing_key() -> bytes:
    """Of the tokens of service accounts."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
