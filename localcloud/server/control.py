"""What the local cloud itself offers besides AWS, under ``/_localcloud/``: health, inventory, faults, the time scale.

Each route is a path's first word and a handler that answers a status and something to be written as JSON. Modules of
services register theirs with :func:`route` when they are imported. Nothing here is signed: the listeners are on the
loopback interface alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PREFIX = "/_localcloud/"
Answer = tuple[int, Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """``rest`` is what follows the route's name, without a leading slash; ``body`` the JSON sent, or None."""

    method: str
    rest: str
    body: Any
    authorization: str


Handler = Callable[[Request], Answer]
_ROUTES: dict[str, Handler] = {}
_ON_RESET: list[Callable[[], None]] = []


def route(name: str) -> Callable[[Handler], Handler]:
    """Registers the handler of ``/_localcloud/NAME`` and everything below it. Raises ValueError for a name taken."""

    def register(handler: Handler) -> Handler:
        if name in _ROUTES:
            raise ValueError(f"{PREFIX}{name} has a handler already")
        _ROUTES[name] = handler
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


def answer(method: str, path: str, body: bytes, authorization: str = "") -> tuple[int, bytes]:
    """Status and JSON for a request whose path begins with :data:`PREFIX`."""
    name, _, rest = path.removeprefix(PREFIX).partition("/")
    handler = _ROUTES.get(name)
    if handler is None:
        return _written(404, {"message": f"{path}: there is {', '.join(sorted(_ROUTES))}"})
    try:
        sent: Any = json.loads(body) if body else None
        made = handler(Request(method=method, rest=rest, body=sent, authorization=authorization))
    except (ValueError, KeyError, TypeError) as error:
        return _written(400, {"message": str(error)})
    return _written(*made)


def _written(status: int, content: Any) -> tuple[int, bytes]:
    return status, json.dumps(content, default=str, indent=1, sort_keys=True).encode()
