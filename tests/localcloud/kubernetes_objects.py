"""An object of each kind that the program puts into a cluster, as small as Kubernetes takes it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from localcloud.kubernetes.api.local_client import LocalClient
from localcloud.kubernetes.objects.kinds import kind

Json = dict[str, Any]
NAMESPACE = "staging"
LABELS: Final = {"app": "api"}
CONTAINER: Final = {"name": "app", "image": "app:1"}
SPECS: Final[Mapping[str, Json]] = {
    "Deployment": {
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER]}},
    },
    "HorizontalPodAutoscaler": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"},
        "minReplicas": 1,
        "maxReplicas": 2,
    },
    "Job": {"template": {"spec": {"restartPolicy": "Never", "containers": [CONTAINER]}}},
    "NetworkPolicy": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": []}]},
    "NodeClass": {
        "role": "nodes",
        "subnetSelectorTerms": [{"id": "subnet-1"}],
        "securityGroupSelectorTerms": [{"id": "sg-1"}],
    },
    "NodePool": {
        "template": {
            "spec": {
                "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "api"},
                "requirements": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]}],
            }
        }
    },
    "Pod": {"containers": [CONTAINER]},
    "PodDisruptionBudget": {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}},
    "SecretProviderClass": {"provider": "aws", "parameters": {"region": "us-west-2"}},
    "Service": {"selector": LABELS, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    "TargetGroupBinding": {
        "serviceRef": {"name": "api", "port": 80},
        "targetGroupARN": "arn:aws:elasticloadbalancing:us-west-2:111111111111:targetgroup/api/1",
        "targetType": "ip",
    },
}


def named(name: str = "api", **more: Any) -> Json:
    return {"metadata": {"name": name}, **more}


def specified(name: str, **changes: Any) -> Json:
    """An object of the kind ``name``, its spec with changes: ``selector``, ``template__spec__containers``. None takes a
    field away."""
    spec = copy.deepcopy(SPECS[name])
    for path, value in changes.items():
        *parents, last = path.split("__")
        holder = spec
        for parent in parents:
            holder = holder[parent]
        if value is None:
            del holder[last]
        else:
            holder[last] = value
    return named(spec=spec)


def container(**changes: Any) -> Json:
    """A container with changes."""
    return {**CONTAINER, **changes}


def create(client: LocalClient, name: str, body: Json, namespace: str = NAMESPACE) -> Json:
    """Creates an object of the kind ``name``. Raises ApiError."""
    return client.create(kind(name).path(namespace), body)
