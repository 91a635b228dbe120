"""The key that encrypts the secrets in journeys' states: of a service in this process, which answers as the transit
engine of HashiCorp Vault does.

From a passphrase the engine derives a key anew at each command, in 0.17 seconds of processor time; a key of KMS would
go whenever a test empties the accounts.
"""

from __future__ import annotations

import json
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

PROVIDER: Final = "hashivault://journeys"
"""The engine's name for it."""


class _Transit(BaseHTTPRequestHandler):
    """Encrypts and decrypts the data keys of states, which are worth nothing after the test: by leaving them as they
    are."""

    def do_PUT(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/v1/transit/encrypt/"):
            data = {"ciphertext": f"vault:v1:{given['plaintext']}"}
        else:
            data = {"plaintext": given["ciphertext"].removeprefix("vault:v1:")}
        body = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


@cache
def variables() -> dict[str, str]:
    """With which the engine finds the service. It ends with this process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Transit)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {"VAULT_SERVER_URL": f"http://127.0.0.1:{server.server_port}", "VAULT_SERVER_TOKEN": "of the journeys"}
