"""An account's Kubernetes cluster and the services in it: what EKS says of it, and what it says of its Deployments.

Rests on: EKS user guide "Cluster authentication": a bearer token is an STS GetCallerIdentity, presigned for the
cluster's name. Kubernetes documentation "Deployments": a rollout that is stuck has the condition Progressing, False.
"""

from __future__ import annotations

import base64
import json
import ssl
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.error import HTTPError, URLError

import boto3
from botocore.exceptions import ClientError

from components import eks

CLUSTER_HEADER: Final = "x-k8s-aws-id"
TOKEN_SECONDS: Final = 60
ANSWER_SECONDS: Final = 10
DEPLOYMENTS: Final = "/apis/apps/v1/namespaces/{}/deployments"


@dataclass(frozen=True, kw_only=True)
class ServiceStatus:
    """A service's Deployment. ``image``: of its main container; empty: there is no such Deployment."""

    environment: str
    service: str
    image: str = ""
    ready: int = 0
    desired: int = 0
    rollout: str = ""
    """What of it is not done, or why it has failed; empty: all pods are of the newest release."""

    def __str__(self) -> str:
        name = f"{self.service} of {self.environment}"
        if not self.image:
            return f"{name}: missing"
        rollout = f"; {self.rollout}" if self.rollout else ""
        return f"{name}: {self.ready} of {self.desired} pods ready, image {self.image}{rollout}"


@dataclass(frozen=True, kw_only=True)
class ClusterStatus:
    """``fault``: why EKS or Kubernetes could not be asked, in one line."""

    name: str
    version: str = ""
    state: str = ""
    endpoint: str = ""
    public_networks: Sequence[str] = ()
    """From which Kubernetes is reached over the internet."""
    services: Sequence[ServiceStatus] = ()
    fault: str = ""

    def __str__(self) -> str:
        if not self.version:
            return f"{self.name}: {self.fault}"
        end = eks.SUPPORT_ENDS.get(self.version)
        support = f"standard support until {end}" if end else f"not in standard support on {eks.READ_ON}"
        reached = " and ".join([*filter(None, [", ".join(self.public_networks)]), "inside the network"])
        return f"{self.name}: Kubernetes {self.version} ({support}), {self.state}, at {self.endpoint} from {reached}"


@dataclass(frozen=True)
class _Api:
    """What is read of one cluster's Kubernetes API."""

    endpoint: str
    authority: str
    token: str = field(repr=False)

    def items(self, path: str) -> list[dict[str, Any]]:
        """The objects of a list. Raises OSError where Kubernetes doesn't answer, or refuses."""
        request = urllib.request.Request(self.endpoint + path, headers={"Authorization": f"Bearer {self.token}"})  # noqa: S310 - EKS's endpoints are https alone
        context = ssl.create_default_context(cadata=base64.b64decode(self.authority).decode())
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS, context=context) as answer:  # noqa: S310
            return list(json.load(answer)["items"])


def cluster_status(name: str, services: Mapping[str, Sequence[str]], session: boto3.Session) -> ClusterStatus:
    """The account's cluster of that name, and the services of each environment, by name."""
    try:
        described = session.client("eks").describe_cluster(name=name)["cluster"]
    except ClientError as error:
        return ClusterStatus(name=name, fault=str(error))
    network = described["resourcesVpcConfig"]
    about: dict[str, Any] = {
        "name": name,
        "version": described["version"],
        "state": described["status"],
        "endpoint": described.get("endpoint", ""),
        "public_networks": tuple(network["publicAccessCidrs"]) if network["endpointPublicAccess"] else (),
    }
    if not about["endpoint"]:
        return ClusterStatus(**about, fault="has no endpoint yet")
    api = _Api(about["endpoint"], described["certificateAuthority"]["data"], _token(name, session))
    try:
        return ClusterStatus(**about, services=_services(services, api))
    except OSError as error:
        return ClusterStatus(**about, fault=f"{about['endpoint']}: {_words(error)}")


def _words(error: OSError) -> str:
    """What Kubernetes, or the connection to it, said."""
    if isinstance(error, HTTPError):
        text = error.read().decode(errors="replace")
        try:
            return str(json.loads(text)["message"])
        except (ValueError, KeyError, TypeError):
            return f"{error} {text}".strip()
    return str(error.reason if isinstance(error, URLError) else error)


def _token(cluster: str, session: boto3.Session) -> str:
    def name_cluster(request: Any, **_: Any) -> None:
        request.headers[CLUSTER_HEADER] = cluster

    sts: Any = session.client("sts")
    sts.meta.events.register("before-sign.sts.GetCallerIdentity", name_cluster)
    url = str(sts.generate_presigned_url("get_caller_identity", ExpiresIn=TOKEN_SECONDS, HttpMethod="GET"))
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _services(services: Mapping[str, Sequence[str]], api: _Api) -> tuple[ServiceStatus, ...]:
    statuses: list[ServiceStatus] = []
    for environment, names in services.items():
        deployments = {one["metadata"]["name"]: one for one in api.items(DEPLOYMENTS.format(environment))}
        for name in names:
            about = _deployment(deployments[name]) if name in deployments else {}
            statuses.append(ServiceStatus(environment=environment, service=name, **about))
    return tuple(statuses)


def _deployment(deployment: Mapping[str, Any]) -> dict[str, Any]:
    status, desired = deployment.get("status", {}), deployment["spec"]["replicas"]
    return {
        "image": deployment["spec"]["template"]["spec"]["containers"][0]["image"],
        "ready": status.get("readyReplicas", 0),
        "desired": desired,
        "rollout": _rollout(deployment, status, desired),
    }


def _rollout(deployment: Mapping[str, Any], status: Mapping[str, Any], desired: int) -> str:
    conditions = {one["type"]: one for one in status.get("conditions", [])}
    progressing = conditions.get("Progressing", {})
    if progressing.get("status") == "False":
        return f"rollout failed: {progressing['message']}"
    observed = status.get("observedGeneration") == deployment["metadata"]["generation"]
    updated = status.get("updatedReplicas", 0) if observed else 0
    pods = max(status.get("replicas", 0), desired)
    if updated < pods:
        return f"rollout goes on: {updated} of {pods} pods are of this release"
    return ""
