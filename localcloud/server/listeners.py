"""The ports of the server in one process, all on the loopback interface alone: HTTPS and plain HTTP of the API, and
what services open for themselves.

cheroot speaks HTTP (keep-alive, ``Transfer-Encoding: chunked``, ``Expect: 100-continue``); its own WSGI layer is left
out, since WSGI decodes the path, which S3 keys and signatures do not survive, and folds header names.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from typing import Any

from cheroot.server import Gateway as HttpGateway
from cheroot.server import HTTPServer
from cheroot.ssl.builtin import BuiltinSSLAdapter

from . import workers
from .tls import TlsFiles
from .wire import HttpRequest, HttpResponse

LOG = logging.getLogger(__name__)
HOST = "127.0.0.1"
THREADS = 64  # one of them waits with each long poll
KEPT_CONNECTIONS = 1000
IDLE_SECONDS = 120
BACKLOG = 128
CHUNK = 1 << 20
Application = Callable[[HttpRequest], HttpResponse]


class Port:
    """One port that an application answers on, HTTPS if it is given a certificate. ``number`` is the bound one (0 asks
    for a free one).

    Raises OSError if the port is taken.
    """

    def __init__(
        self,
        application: Application,
        number: int = 0,
        certificate: TlsFiles | None = None,
        threads: int = THREADS,
    ) -> None:
        self._server = _server(application, number, threads, secure=certificate is not None)
        if certificate is not None:
            self._server.ssl_adapter = BuiltinSSLAdapter(str(certificate.certificate), str(certificate.key))
        _prepare(self._server)
        self.number: int = self._server.bind_addr[1]
        self._thread = threading.Thread(target=self._server.serve, daemon=True, name=f"listener-{self.number}")

    def start(self) -> None:
        """Serves in threads of its own."""
        self._thread.start()
        workers.started(self._thread)

    def stop(self) -> None:
        workers.stopped(self._thread)
        self._server.stop()
        if self._thread.ident is not None:
            self._thread.join()


class Listeners:
    """Both ports of the API. Raises OSError if a port is taken."""

    def __init__(self, application: Application, tls: TlsFiles, *, http_port: int = 0, https_port: int = 0) -> None:
        self._plain = Port(application, http_port)
        try:
            self._secure = Port(application, https_port, tls)
        except OSError:
            self._plain.stop()
            raise
        self.http_port, self.https_port = self._plain.number, self._secure.number

    def start(self) -> None:
        self._plain.start()
        self._secure.start()

    def stop(self) -> None:
        self._plain.stop()
        self._secure.stop()


def _prepare(server: Any) -> None:
    """Binds the port and starts the workers. From a daemon thread, so that they are too: a process that fails before
    it stops its server ends all the same."""
    faults: list[OSError] = []

    def prepare() -> None:
        try:
            server.prepare()
        except OSError as error:
            faults.append(error)

    thread = threading.Thread(target=prepare, daemon=True)
    thread.start()
    thread.join()
    if faults:
        raise faults[0]


def _server(application: Application, port: int, threads: int, *, secure: bool) -> Any:
    class Bridge(HttpGateway):
        def respond(self) -> None:
            _exchange(self.req, application, secure=secure)

    server = HTTPServer((HOST, port), Bridge, minthreads=threads, maxthreads=threads)
    server.keep_alive_conn_limit = KEPT_CONNECTIONS
    server.timeout = IDLE_SECONDS
    server.request_queue_size = BACKLOG
    server.error_log = _log
    return server


def _log(msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # cheroot's
    LOG.log(level, msg, exc_info=traceback)


def _body(req: Any) -> bytes:
    if not req.chunked_read:
        return bytes(req.rfile.read())
    parts: list[bytes] = []
    while part := req.rfile.read(CHUNK):
        parts.append(part)
    return b"".join(parts)


def _exchange(req: Any, application: Application, *, secure: bool) -> None:
    """Reads cheroot's request, lets the application answer, and writes that answer."""
    if int(req.inheaders.get(b"Content-Length", 0)) < 0:  # cheroot would wait for the connection's end
        req.close_connection = True
        req.simple_response("400 Bad Request", "Content-Length is negative.")
        return
    request = HttpRequest(
        method=req.method.decode("latin-1"),
        target=req.uri.decode("latin-1"),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in req.inheaders.items()},
        body=_body(req),
        secure=secure,
        source_ip=req.conn.remote_addr,
    )
    response = application(request)
    headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
    declared = next((v for k, v in response.headers.items() if k.lower() == "content-length"), "0")
    length = declared if request.method == "HEAD" else str(len(response.body))
    if response.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED) and response.stream is None:
        headers["Content-Length"] = length
    reason = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else "Unknown"
    req.status = f"{response.status} {reason}".encode()
    req.outheaders = [
        (name.encode("latin-1"), line.encode("latin-1"))
        for name, value in headers.items()
        for line in value.split("\n")
    ]
    req.ensure_headers_sent()
    if response.body and request.method != "HEAD":
        req.write(response.body)
    if response.stream is not None:
        with closing(response.stream):
            for part in response.stream:
                req.write(part)
