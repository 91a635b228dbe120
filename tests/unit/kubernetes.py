"""What mocks answer of a cluster: the resources that pulumi_eks's component makes, and the objects in the cluster.

Each object is put to the light API server, so that what Kubernetes refuses of it, or of the order, is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2

from localcloud.kubernetes.api import CONTROLLERS, Cluster
from localcloud.kubernetes.objects.kinds import KINDS
from localcloud.provider.property_values import UNKNOWN

COMPONENT = "eks:index:Cluster"
VERSION = "1.36"
SPECIAL_SIGNATURE, RESOURCE_SIGNATURE = "4dabf18193072939515e22adb298388d", "5cf8f73096256a8f31e491e813e4eb8e"
"""By which the SDK tells a reference to a resource."""
Register = Callable[[Any], Any]


class Objects:
    """The API server of one recording's cluster."""

    def __init__(self) -> None:
        self._cluster = Cluster("cryoet", VERSION, lambda _: None)
        self._client = self._cluster.client(CONTROLLERS)

    def create(self, type_: str, inputs: Mapping[str, Any]) -> None:
        """Raises what the API server refuses it with; what is not known yet can't be judged."""
        if repr(UNKNOWN) in repr(inputs):
            return
        group, _, word = type_.removeprefix("kubernetes:").rpartition(":")
        stated = (group.removeprefix("core/"), word.removesuffix("Patch"))
        assert stated == (inputs["apiVersion"], inputs["kind"]), f"{type_} is not what the object says that it is"
        [kind] = [one for one in KINDS if (one.api_version, one.name) == (inputs["apiVersion"], inputs["kind"])]
        path = kind.path(inputs["metadata"].get("namespace", ""))
        self._client.create(path, dict(inputs))


def computed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What AWS makes up of a cluster."""
    return {
        "endpoint": "https://cluster.example",
        "certificateAuthority": {"data": "QQ=="},
        "createdAt": "2026-11-28T12:00:00Z",
        "vpcConfig": {**inputs["vpcConfig"], "clusterSecurityGroupId": "cluster-group-id"},
    }


def make_component(request: Any, urn: str, role_arn: str, register: Register) -> dict[str, Any]:
    """Registers what the component would, in Auto Mode, and answers with its outputs."""
    given = without_role(request.object)
    network = {"serviceIpv4Cidr": given["kubernetesServiceIpAddressRange"], "elasticLoadBalancing": {"enabled": True}}
    inputs = {
        "name": given["name"],
        "version": given["version"],
        "roleArn": role_arn,
        "bootstrapSelfManagedAddons": False,
        "computeConfig": {"enabled": True, **given["autoMode"]["computeConfig"]},
        "storageConfig": {"blockStorage": {"enabled": True}},
        "kubernetesNetworkConfig": network,
        "vpcConfig": {
            "subnetIds": given["privateSubnetIds"],
            "endpointPrivateAccess": given["endpointPrivateAccess"],
            "endpointPublicAccess": given["endpointPublicAccess"],
            **({"publicAccessCidrs": given["publicAccessCidrs"]} if "publicAccessCidrs" in given else {}),
        },
        "accessConfig": {"authenticationMode": given["authenticationMode"]},
        "encryptionConfig": {"provider": {"keyArn": given["encryptionConfigKeyArn"]}, "resources": ["secrets"]},
        "enabledClusterLogTypes": given["enabledClusterLogTypes"],
        "upgradePolicy": given["upgradePolicy"],
        "deletionProtection": given["deletionProtection"],
    }
    provider = request.providers["aws"]
    made = _register(register, "aws:eks/cluster:Cluster", f"{request.name}-eksCluster", inputs, urn, provider)
    return {"eksCluster": {SPECIAL_SIGNATURE: RESOURCE_SIGNATURE, "urn": made.urn, "id": made.id}}


def _register(register: Register, type_: str, name: str, inputs: Mapping[str, Any], parent: str, provider: str) -> Any:
    content = struct_pb2.Struct()
    content.update(dict(inputs))
    request = resource_pb2.RegisterResourceRequest(
        type=type_, name=name, parent=parent, custom=True, object=content, provider=provider
    )
    return register(request)


def service_role(request: Any) -> str:
    """The URN of the role that the component is given."""
    return str(request.object.fields["serviceRole"].struct_value.fields["urn"].string_value)


def without_role(struct: Any) -> dict[str, Any]:
    """The component's inputs but for the role: the SDK would look it up again, in the mocks' thread."""
    rest = struct_pb2.Struct()
    rest.CopyFrom(struct)
    rest.fields.pop("serviceRole")
    return dict(rpc.deserialize_properties(rest))
