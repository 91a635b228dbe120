"""What the server answers about itself under ``/_localcloud/``: for who has the secret (:mod:`.control`).

| request | answer |
|---|---|
| GET /_localcloud/health | ``{"status": "ok", "pid": 1, "accounts": [...], "threads": {NAME: {"alive": true, ...}}}``;
 the status is ``degraded`` if a thread has ended |
| GET /_localcloud/inventory | everything that exists, by account (:mod:`.inventory`) |
| POST /_localcloud/flush | delivers S3's access logs and writes out the call log; answers the log's path |
| POST /_localcloud/reset | forgets everything and seeds the accounts anew; answers the engineer's new keys |
| POST /_localcloud/stop | ends the server once it has answered |
"""

from __future__ import annotations

import os
import threading
from dataclasses import asdict
from typing import Protocol

from . import workers
from .control import Answer, Request, route
from .inventory import inventory
from .organization import ORGANIZATION
from .seed import Credentials

SECONDS_TO_ANSWER = 0.05


class Server(Protocol):
    """What is asked of the running cloud. ``flush`` answers the call log's path."""

    stopped: threading.Event

    def reset(self) -> Credentials: ...
    def flush(self) -> str: ...


class Running:
    """The cloud that this process runs."""

    server: Server | None = None


RUNNING = Running()


def _server() -> Server:
    if RUNNING.server is None:
        raise ValueError("no cloud is running")
    return RUNNING.server


@route("health")
def health(request: Request) -> Answer:
    del request
    threads = workers.state()
    status = "ok" if all(thread["alive"] for thread in threads.values()) else "degraded"
    return 200, {
        "status": status,
        "pid": os.getpid(),
        "accounts": list(ORGANIZATION.accounts),
        "threads": threads,
    }


@route("inventory")
def everything(request: Request) -> Answer:
    del request
    return 200, inventory()


@route("flush")
def flush(request: Request) -> Answer:
    return (200, {"calls": _server().flush()}) if request.method == "POST" else (405, {"message": "POST"})


@route("reset")
def reset(request: Request) -> Answer:
    return (200, asdict(_server().reset())) if request.method == "POST" else (405, {"message": "POST"})


@route("stop")
def stop(request: Request) -> Answer:
    if request.method != "POST":
        return 405, {"message": "POST"}
    threading.Timer(SECONDS_TO_ANSWER, _server().stopped.set).start()
    return 200, {"status": "stopping"}
