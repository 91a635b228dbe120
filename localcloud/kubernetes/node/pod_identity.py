"""The Pod Identity agent of a cluster's nodes: credentials of a pod's role for the token in its Authorization header.

AWS facts: pods reach it at http://169.254.170.23/v1/credentials; it exchanges the token by eks-auth's
AssumeRoleForPodIdentity. That address is no process' here, so the agent answers under ``/_localcloud/``.
"""

from __future__ import annotations

import secrets

from localcloud.server import service_calls
from localcloud.server.call import Refusal
from localcloud.server.control import Answer, Request, route

from ..aws import Aws

_CLUSTERS: dict[str, Aws] = {}


def open_agent(aws: Aws) -> str:
    """The URL that stands for http://169.254.170.23 in the cluster's pods."""
    key = secrets.token_urlsafe(16)
    _CLUSTERS[key] = aws
    return f"{service_calls.SERVER.plain_url}/_localcloud/pod-identity/{key}"


def close_agent(url: str) -> None:
    _CLUSTERS.pop(url.rpartition("/")[2], None)


@route("pod-identity", for_jobs=True)
def answer(request: Request) -> Answer:
    """``KEY/v1/credentials``."""
    key, _, path = request.rest.partition("/")
    aws = _CLUSTERS.get(key)
    if aws is None or path != "v1/credentials":
        return 404, {"message": "there is /v1/credentials"}
    if not request.authorization:
        return 400, {"message": "Service account token cannot be empty"}
    try:
        credentials = aws.credentials_for(request.authorization)
    except Refusal as refusal:
        return refusal.status, {"message": f"{refusal.code}: {refusal.message}"}
    return 200, {
        "AccessKeyId": credentials["accessKeyId"],
        "SecretAccessKey": credentials["secretAccessKey"],
        "Token": credentials["sessionToken"],
        "AccountId": aws.account,
        "Expiration": credentials["expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
