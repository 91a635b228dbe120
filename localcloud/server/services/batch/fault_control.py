"""Faults by the control endpoint: POST adds one, DELETE takes it back, GET lists what is to come."""

from __future__ import annotations

from dataclasses import asdict

from localcloud.server.control import Answer, Request, route

from . import faults
from .scheduler import wake


@route("faults")
def control(request: Request) -> Answer:
    if request.method == "POST":
        fault = faults.add(**dict(request.body))
        wake()
        return 201, asdict(fault)
    if request.method == "DELETE":
        removed = faults.remove(request.rest)
        wake()
        return 200, {"removed": removed}
    return 200, faults.listed()
