"""``/_localcloud/distributions``: where programs on this machine reach the distributions."""

from __future__ import annotations

from localcloud.server.control import Answer, Request, route
from localcloud.server.service import imported_late


@route("distributions")
def control(request: Request) -> Answer:
    """GET: each name of a distribution, with the loopback port that stands for ``https://NAME``."""
    if request.method != "GET":
        return 405, {"message": "GET"}
    return 200, imported_late("localcloud.edge.ports", "ports")()
