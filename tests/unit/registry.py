"""A registry of images on this machine, as the OCI distribution specification and Docker's for tokens have it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass
class Registry:
    """``challenge``: what is needed to read; ``{host}`` and ``{scope}`` are filled in. Empty: nothing."""

    challenge: str = 'Bearer realm="http://{host}/token",service="tests",scope="{scope}"'
    token_key: str = "token"
    tamper: bool = False
    """Something between here and the client changes what is sent."""
    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict[tuple[str, str], bytes])
    private: set[str] = field(default_factory=set[str])
    """Repositories for which a token is given after a login alone."""
    host: str = ""

    def push(self, repository: str, tag: str) -> str:
        """The digest of a new index."""
        manifest = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": {"tag": tag}})
        self.manifests[repository, tag] = manifest.encode()
        return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"


def _scope(repository: str) -> str:
    return f"repository:{repository}:pull"


class _Handler(BaseHTTPRequestHandler):
    registry: Registry

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/token":
            self._token(parse_qs(url.query))
        else:
            self._manifest(*url.path.removeprefix("/v2/").split("/manifests/"))

    def _token(self, asked: dict[str, list[str]]) -> None:
        [scope] = asked["scope"]
        if asked["service"] != ["tests"] or scope in map(_scope, self.registry.private):
            return self._answer(401)
        return self._answer(200, json.dumps({self.registry.token_key: f"for {scope}"}).encode())

    def _manifest(self, repository: str, tag: str) -> None:
        registry, scope = self.registry, _scope(repository)
        if registry.challenge and self.headers["Authorization"] != f"Bearer for {scope}":
            challenge = registry.challenge.format(host=registry.host, scope=scope)
            return self._answer(401, headers=[("WWW-Authenticate", challenge)])
        manifest = registry.manifests.get((repository, tag))
        if manifest is None or INDEX not in self.headers["Accept"]:
            return self._answer(404)
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        body = manifest + b" " if registry.tamper else manifest
        return self._answer(200, body, [("Content-Type", INDEX), ("Docker-Content-Digest", digest)])

    def _answer(self, status: int, body: bytes = b"{}", headers: Sequence[tuple[str, str]] = ()) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
        pass


@contextmanager
def serving(registry: Registry) -> Generator[Registry]:
    """Sets the registry's host for as long as it answers."""
    handler = type("Handler", (_Handler,), {"registry": registry})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        registry.host = f"127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield registry
        finally:
            server.shutdown()
