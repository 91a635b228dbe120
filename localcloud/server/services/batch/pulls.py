"""Who may pull which image of ECR: the agent that starts a job's container, and the job, whose tasks have images.

Nothing is pulled: an image is a program of this machine. What a registry would ask is asked all the same. AWS facts: a
registry's client gets a token (ecr:GetAuthorizationToken) and with it the manifest and the layers (ecr:BatchGetImage,
ecr:GetDownloadUrlForLayer), which in another account the repository's policy must grant too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from localcloud.server import inside
from localcloud.server import registry as cloud_registry
from localcloud.server.call import Caller, Refusal
from localcloud.server.control import Answer, Request, route

from . import containers
from .texts import pull_denied


def denied(image: str, region: str, puller: Callable[[], Caller]) -> str:
    """Why ``puller``, who is in a region and may raise Refusal, can't pull an image in ECR, or the empty string."""
    host, _, rest = image.partition("/")
    parts = host.split(".")
    if parts[1:3] != ["dkr", "ecr"]:
        return ""
    name, registry, home = rest.partition("@")[0].partition(":")[0], parts[0], parts[3]
    arn = f"arn:aws:ecr:{home}:{registry}:repository/{name}"
    if cloud_registry.resource(arn) is None:
        return pull_denied(image, f"the repository with name {name} does not exist in the registry with id {registry}")
    try:
        caller = puller()
        inside.require(caller, "ecr:GetAuthorizationToken", "*", region)
        for action in ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"):
            inside.require(caller, action, arn, home)
    except Refusal as refusal:
        return pull_denied(image, refusal.message)
    return ""


@route("pull", for_jobs=True)
def pull(request: Request) -> Answer:
    """``TOKEN`` of a container, the image in the body: 200 if its job role may pull it, 403 and the reason if not."""
    found = containers.found(request.rest)
    if found is None:
        return 404, {"message": "no such container"}
    reason = denied(str(request.body["image"]), found[0].region, partial(containers.caller, *found))
    return (403, {"message": reason}) if reason else (200, {})
