"""A port of the loopback network for each distribution, for programs on this machine.

A program in a pod can't look up ``NAME.localhost``, as browsers do without asking: it asks this port in place of
``https://NAME``. A port is opened when it is first asked for.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Final

from localcloud.edge import serve
from localcloud.server.listeners import Port
from localcloud.server.services.cloudfront import store
from localcloud.server.wire import HttpRequest, HttpResponse

THREADS: Final = 8
_LOCK = threading.Lock()
_ports: dict[str, Port] = {}
"""By distribution's id."""


def ports() -> dict[str, int]:
    """Every name of every distribution that is there, with the port that stands for it."""
    found: dict[str, int] = {}
    with _LOCK:
        present = {one.id: one for one in store.distributions()}
        for gone in _ports.keys() - present.keys():
            _ports.pop(gone).stop()
        for one in present.values():
            if one.id not in _ports:
                _ports[one.id] = _opened(one)
                one.local_port = _ports[one.id].number
            found |= dict.fromkeys((one.domain_name, *one.aliases), _ports[one.id].number)
    return found


def _opened(one: store.Distribution) -> Port:
    def answer(request: HttpRequest) -> HttpResponse:
        """As if it had come by HTTPS to the distribution's name."""
        asked = replace(request, headers={**request.headers, "host": one.main_name}, secure=True)
        return serve.answer(asked) or HttpResponse(status=502)

    port = Port(answer, threads=THREADS)
    port.start()
    return port


def close() -> None:
    """Of a server that ends or forgets."""
    with _LOCK:
        for port in _ports.values():
            port.stop()
        _ports.clear()
