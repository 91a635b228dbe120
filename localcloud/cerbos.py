"""The stand-in for Cerbos' image: `python -m localcloud.cerbos server --config=FILE`.

Listens where the configuration says, at HOST, and is healthy. It has no policies: a request for a decision is answered
with 501. The port for gRPC takes connections and closes them.
"""

from __future__ import annotations

import argparse
import json
import os
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import yaml

DEFAULTS: Final = {"httpListenAddr": ":3592", "grpcListenAddr": ":3593"}


class Health(BaseHTTPRequestHandler):
    """`/_cerbos/health`, as Cerbos has it."""

    def do_GET(self) -> None:
        if self.path == "/_cerbos/health":
            self._answer(200, {"status": "SERVING"})
        else:
            self._answer(404, {"code": 5, "message": "Not Found"})

    def do_POST(self) -> None:
        self._answer(501, {"code": 12, "message": "the local cloud's stand-in for Cerbos decides nothing"})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
        """Says nothing of each probe."""

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class ClosingServer(socketserver.ThreadingTCPServer):
    """Takes connections, and closes them."""

    allow_reuse_address = True
    daemon_threads = True


def address(configuration: dict[str, Any], name: str) -> tuple[str, int]:
    """
    Where to listen.

    Raises:
        ValueError: the configuration says no port
    """
    text = str((configuration.get("server") or {}).get(name, DEFAULTS[name]))
    host, _, port = text.rpartition(":")
    if not port.isdecimal():
        raise ValueError(f"server.{name}: {text!r} must be host:port or :port")
    return host or os.environ.get("HOST", ""), int(port)


def main(arguments: list[str] | None = None) -> int:
    command = argparse.ArgumentParser(prog="python -m localcloud.cerbos")
    command.add_argument("command", choices=["server"])
    command.add_argument("--config", required=True, type=Path)
    given = command.parse_args(arguments)
    try:
        configuration = yaml.safe_load(given.config.read_text(encoding="utf-8")) or {}
        http, grpc = address(configuration, "httpListenAddr"), address(configuration, "grpcListenAddr")
    except (OSError, ValueError, yaml.YAMLError) as error:
        command.error(f"{given.config}: {error}")
    threading.Thread(target=ClosingServer(grpc, socketserver.BaseRequestHandler).serve_forever, daemon=True).start()
    ThreadingHTTPServer(http, Health).serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
