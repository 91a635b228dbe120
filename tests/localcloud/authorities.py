"""The site on which AWS publishes the authorities of its databases, as far as a job can tell."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from tests.localcloud.runner_jobs import KEYS

HOST = "truststore.pki.rds.amazonaws.com"


@dataclass
class Site:
    """Reached through a proxy, as a job reaches the internet where it has no other way there.

    Attributes:
        environment: variables of a job that has the proxy and trusts the site
        requested: what was asked for: hosts of the proxy, paths of the site
    """

    environment: dict[str, str]
    requested: list[str] = field(default_factory=list[str])


@contextmanager
def published_authorities(folder: Path, body: bytes) -> Generator[Site]:
    """A site that answers every request with `body`, until the context ends."""
    authority = trustme.CA()
    trusted = folder / "internet.pem"
    authority.cert_pem.write_to_path(trusted)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        given = {
            "https_proxy": f"http://127.0.0.1:{listener.getsockname()[1]}",
            "no_proxy": "127.0.0.1",
            "SSL_CERT_FILE": str(trusted),
        }
        site = Site({**given, "WDL_PASSTHRU_ENVVARS": " ".join([KEYS, *given])})
        threading.Thread(target=_serve, args=(listener, context, site.requested, body), daemon=True).start()
        yield site


def _serve(listener: socket.socket, context: ssl.SSLContext, requested: list[str], body: bytes) -> None:
    with suppress(OSError):  # the listener is closed when the test ends
        while True:
            connection, _ = listener.accept()
            with connection:
                requested.append(_request(connection))
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with context.wrap_socket(connection, server_side=True) as inside:
                    requested.append(_request(inside))
                    inside.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


def _request(connection: socket.socket) -> str:
    """What the first line asks for."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    return received.split()[1].decode()
