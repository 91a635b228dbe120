"""Whether somebody may pull an image of ECR: the agent that starts a job's container, a job, a machine of a cluster.

Nothing is pulled: an image is a program of this machine. What a registry would ask is asked all the same. AWS facts: a
registry's client gets a token (ecr:GetAuthorizationToken) and with it the manifest and the layers (ecr:BatchGetImage,
ecr:GetDownloadUrlForLayer), which in another account the repository's policy must grant too.
"""

from __future__ import annotations

from collections.abc import Callable

from . import registry, service_calls
from .call import Caller, Refusal


def refusal(image: str, region: str, puller: Callable[[], Caller]) -> str:
    """Why ``puller``, who is in a region and may raise Refusal, can't pull an image in ECR, or the empty string."""
    host, _, rest = image.partition("/")
    parts = host.split(".")
    if parts[1:3] != ["dkr", "ecr"]:
        return ""
    name, account, home = rest.partition("@")[0].partition(":")[0], parts[0], parts[3]
    arn = f"arn:aws:ecr:{home}:{account}:repository/{name}"
    if registry.resource(arn) is None:
        return f"the repository with name {name} does not exist in the registry with id {account}"
    try:
        caller = puller()
        service_calls.require(caller, "ecr:GetAuthorizationToken", "*", region)
        for action in ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"):
            service_calls.require(caller, action, arn, home)
    except Refusal as refused:
        return refused.message
    return ""
