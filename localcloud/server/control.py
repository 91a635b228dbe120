"""What the server answers about itself under ``/_localcloud/``: not AWS's, unsigned, on the loopback interface alone.

| request | answer |
|---|---|
| GET /_localcloud/health | ``{"status": "ok", "accounts": [...]}`` |
| GET /_localcloud/inventory | everything that exists, by account (:mod:`.inventory`) |
| POST /_localcloud/flush | writes out the call log; answers its path |
| POST /_localcloud/reset | forgets everything and seeds the accounts anew; answers the engineer's new keys |
| POST /_localcloud/stop | ends the server once it has answered |
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .calllog import CallLog
from .inventory import inventory
from .organization import ORGANIZATION
from .seed import Credentials
from .wire import HttpRequest, HttpResponse

PREFIX = "/_localcloud/"


@dataclass(kw_only=True)
class Control:
    """``reset`` seeds anew; ``stop`` is called after the answer has had time to leave."""

    log: CallLog
    log_path: Path
    reset: Callable[[], Credentials]
    stop: Callable[[], None]

    def handle(self, request: HttpRequest) -> HttpResponse:
        answers: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", "health"): lambda: {"status": "ok", "accounts": list(ORGANIZATION.accounts)},
            ("GET", "inventory"): inventory,
            ("POST", "flush"): self._flush,
            ("POST", "reset"): lambda: asdict(self.reset()),
            ("POST", "stop"): self._stop,
        }
        answer = answers.get((request.method, request.path.removeprefix(PREFIX)))
        if answer is None:
            return _json(404, {"error": f"there is no {request.method} {request.path}"})
        return _json(200, answer())

    def _flush(self) -> dict[str, str]:
        self.log.flush()
        return {"calls": str(self.log_path)}

    def _stop(self) -> dict[str, str]:
        threading.Timer(0.05, self.stop).start()
        return {"status": "stopping"}


def _json(status: int, value: object) -> HttpResponse:
    body = json.dumps(value, indent=1, sort_keys=True).encode()
    return HttpResponse(status=status, headers={"Content-Type": "application/json"}, body=body)
