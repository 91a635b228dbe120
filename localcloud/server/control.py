"""What the local cloud itself offers besides AWS, under ``/_localcloud/``: health, inventory, faults, the time scale.

Each route is a path's first word and a handler that answers a status and something to be written as JSON. Modules of
services register theirs with :func:`route` when they are imported.

Every user of this machine reaches the listeners, and every page in a browser tries to. So each request needs
``Authorization: Bearer SECRET``, where SECRET is in ``server.json``, which its owner alone may read. Routes for jobs do
not: what a job may ask is behind a token of its own. A foreign Host (a name that was bound to 127.0.0.1 on purpose) and
any Origin (a browser's) are refused.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from .wire import HttpRequest

HOSTS = ("127.0.0.1", "localhost")
SECRET = secrets.token_urlsafe(32)
PREFIX = "/_localcloud/"
Answer = tuple[int, Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """``rest`` is what follows the route's name, without a leading slash; ``body`` the JSON sent, or None;
    ``authorization`` the header of that name."""

    method: str
    rest: str
    body: Any
    authorization: str = ""


Handler = Callable[[Request], Answer]
_ROUTES: dict[str, Handler] = {}
_FOR_JOBS: set[str] = set()
_ON_RESET: list[Callable[[], None]] = []


def route(name: str, *, for_jobs: bool = False) -> Callable[[Handler], Handler]:
    """Registers the handler of ``/_localcloud/NAME`` and everything below it. ``for_jobs``: without the secret; what
    follows the name is a job's token. Raises ValueError for a name taken."""

    def register(handler: Handler) -> Handler:
        if name in _ROUTES:
            raise ValueError(f"{PREFIX}{name} has a handler already")
        _ROUTES[name] = handler
        if for_jobs:
            _FOR_JOBS.add(name)
        return handler

    return register


def on_reset(forget: Callable[[], None]) -> Callable[[], None]:
    """Registers what a service does when the accounts are emptied: forget its own state beside moto's."""
    _ON_RESET.append(forget)
    return forget


def reset() -> None:
    """Lets every service forget its own state."""
    for forget in _ON_RESET:
        forget()


def answer(request: HttpRequest) -> tuple[int, bytes]:
    """Status and JSON for a request whose path begins with :data:`PREFIX`."""
    name, _, rest = request.path.removeprefix(PREFIX).partition("/")
    if refused := _refused(request, name):
        return _written(*refused)
    handler = _ROUTES.get(name)
    if handler is None:
        return _written(404, {"message": f"{request.path}: there is {', '.join(sorted(_ROUTES))}"})
    try:
        sent: Any = json.loads(request.body) if request.body else None
        authorization = request.headers.get("authorization", "")
        answered = handler(Request(method=request.method, rest=rest, body=sent, authorization=authorization))
    except (ValueError, KeyError, TypeError) as error:
        return _written(400, {"message": str(error)})
    return _written(*answered)


def _refused(request: HttpRequest, name: str) -> Answer | None:
    """Why whoever asks may not, if so."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if _hostname(host) not in HOSTS:
        return HTTPStatus.FORBIDDEN, {"message": f"Host {host!r}: {' or '.join(HOSTS)} is meant"}
    if origin is not None:
        return HTTPStatus.FORBIDDEN, {"message": f"Origin {origin!r}: no page in a browser may ask"}
    authorization = request.headers.get("authorization", "").encode()
    if name not in _FOR_JOBS and not hmac.compare_digest(authorization, f"Bearer {SECRET}".encode()):
        return HTTPStatus.UNAUTHORIZED, {"message": "Authorization: Bearer and the secret in server.json are needed"}
    return None


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _written(status: int, content: Any) -> tuple[int, bytes]:
    return status, json.dumps(content, default=str, indent=1, sort_keys=True).encode()
