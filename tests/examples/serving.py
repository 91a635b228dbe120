"""Servers of a test: files as the data CDN has them, an application, and the headers of the site's CDN before it."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import uvicorn

from examples.asgi import Application, Message, Receive, Send
from tests.examples.programs import free_port


class Files(SimpleHTTPRequestHandler):
    """A folder, as the data CDN serves a bucket."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
        """Says nothing."""


class FileServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser ends a request whose answer it no longer needs."""


@contextmanager
def files(folder: Path) -> Generator[str]:
    server = FileServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@contextmanager
def served(application: Any, host: str = "127.0.0.1", port: int = 0) -> Generator[str]:
    """Port 0: any."""
    port = port or free_port()
    server = uvicorn.Server(uvicorn.Config(application, host=host, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join(20)


class Secured:
    """The page behind a CDN that sends the site's security headers."""

    def __init__(self, application: Application, data: str) -> None:
        self._application = application
        sources = f"default-src 'self'; connect-src 'self' {data}; img-src 'self' {data} data:"
        self._policy = f"{sources}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", self._policy.encode())]
            await send(message)

        await self._application(scope, receive, secured)
