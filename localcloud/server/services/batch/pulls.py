"""How a job's task asks whether it may pull its image, which is none of Batch's own."""

from __future__ import annotations

from localcloud.server import pulls
from localcloud.server.control import Answer, Request, route

from . import containers
from .texts import pull_denied


@route("pull", for_jobs=True)
def pull(request: Request) -> Answer:
    """``TOKEN`` of a container, the image in the body: 200 if its job role may pull it, 403 and the reason if not."""
    container = containers.found(request.rest)
    if container is None:
        return 404, {"message": "no such container"}
    image = str(request.body["image"])
    reason = pulls.refusal(image, container.job.region, container.caller)
    return (403, {"message": pull_denied(image, reason)}) if reason else (200, {})
