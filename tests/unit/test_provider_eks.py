"""The eks plugin: what it refuses, what it makes of unknown values, and that it starts without the SDK."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import grpc
import pytest

from localcloud.provider.errors import ProviderError
from localcloud.provider.property_values import UNKNOWN, Reference, decode_map, encode_map
from localcloud.provider.proto import provider_pb2
from localcloud.provider.provider import AwsProvider
from localcloud.provider_eks.arguments import Arguments
from localcloud.provider_eks.outputs import Output, nested, together
from localcloud.provider_eks.server import Configuration, Servicer

GIVEN: dict[str, Any] = {
    "vpcId": "vpc-1",
    "autoMode": {"enabled": True},
    "authenticationMode": "API",
    "providerCredentialOpts": {"roleArn": "arn:aws:iam::1:role/r"},
}


def arguments(*, explicit_provider: bool = True, **given: Any) -> Arguments:
    inputs = {name: Output(value) for name, value in {**GIVEN, **given}.items() if value is not None}
    return Arguments(inputs, explicit_provider=explicit_provider)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"providerCredentialOpts": None}, "Please specify this provider in providerCredentialOpts"),
        ({"authenticationMode": "api"}, "Invalid value for authenticationMode: api"),
        ({"authenticationMode": None}, "Access entries are required when using EKS Auto Mode"),
        ({"authenticationMode": "CONFIG_MAP", "accessEntries": {"a": {}}}, "is set to 'CONFIG_MAP'"),
        ({"roleMappings": [{}]}, "The 'roleMappings' property does not support non-empty values"),
        ({"subnetIds": ["a"], "privateSubnetIds": ["b"]}, "are mutually exclusive"),
        ({"publicAccessCidrs": ["8.8.8.0/24"], "endpointPublicAccess": False}, "`publicAccessCidrs` can only be set"),
        ({"autoMode": None}, "not supported by the local cloud: eks:index:Cluster: a cluster without autoMode"),
        ({"authenticationMode": "API_AND_CONFIG_MAP"}, "authenticationMode API_AND_CONFIG_MAP"),
        ({"vpcId": None}, "without vpcId"),
        ({"fargate": True, "createOidcProvider": True}, "createOidcProvider, fargate"),
        ({"useDefaultVpcCni": False}, "useDefaultVpcCni"),
        ({"storageClasses": {"gp3": {"type": "gp3"}}}, "storageClasses"),
        ({"autoMode": UNKNOWN}, "autoMode: must be known when the program runs"),
    ],
)
def test_what_is_refused(given: dict[str, Any], text: str) -> None:
    with pytest.raises(ProviderError) as caught:
        arguments(**given)
    assert text in str(caught.value)


class Context:
    """gRPC's, as far as an answer that fails needs it."""

    def abort(self, _: grpc.StatusCode, details: str) -> None:
        raise ProviderError(details)


def test_other_components_and_methods_are_refused_by_name() -> None:
    servicer = Servicer(Configuration())
    words = "not supported by the local cloud: "
    with pytest.raises(ProviderError, match=f"{words}resource type eks:index:ManagedNodeGroup"):
        servicer.Construct(provider_pb2.ConstructRequest(type="eks:index:ManagedNodeGroup"), Context())
    with pytest.raises(ProviderError, match=f"{words}eks:index:Cluster/getKubeconfig"):
        servicer.Call(provider_pb2.CallRequest(tok="eks:index:Cluster/getKubeconfig"), Context())


def test_what_holds_in_auto_mode_anyway_may_be_said() -> None:
    arguments(useDefaultVpcCni=True, skipDefaultSecurityGroups=True, kubeProxyAddonOptions={"enabled": False})


def test_a_profile_of_the_environment_becomes_the_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "dev")
    chosen = arguments(explicit_provider=False, providerCredentialOpts=None)
    assert chosen["providerCredentialOpts"].value == {"profileName": "dev"}


def test_a_value_is_unknown_while_any_part_of_it_is() -> None:
    one, other = Output("a", frozenset({"urn:one"})), Output(UNKNOWN, frozenset({"urn:other"}), secret=True)
    whole = together({"one": one, "other": other}, lambda parts: parts["one"])
    assert whole == Output(UNKNOWN, frozenset({"urn:one", "urn:other"}), secret=True)
    assert nested({"one": one, "other": other, "none": None}).value == {"one": "a", "other": UNKNOWN}


def test_a_reference_to_a_resource_comes_and_goes() -> None:
    reference = Reference("urn:pulumi:s::p::aws:iam/role:Role::r", "r")
    unknown = Reference(reference.urn, UNKNOWN)
    assert decode_map(encode_map({"role": reference, "other": unknown})) == (
        {"role": reference, "other": unknown},
        set(),
    )


def test_the_plugin_starts_without_the_sdk() -> None:
    program = "import sys, localcloud.provider_eks.server; print([m for m in sys.modules if m == 'pulumi.output'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


CLUSTER = "aws:eks/cluster:Cluster"
ROLE = "arn:aws:iam::111122223333:role/"
INPUTS: dict[str, Any] = {
    "name": "portal",
    "roleArn": f"{ROLE}cluster",
    "computeConfig": {"enabled": True, "nodePools": ["system"], "nodeRoleArn": f"{ROLE}nodes"},
    "vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]},
}


def test_a_preview_does_not_know_what_aws_adds_to_a_block() -> None:
    _, planned = AwsProvider().create(CLUSTER, INPUTS, preview=True)
    assert planned["vpcConfig"]["subnetIds"] == ["subnet-1", "subnet-2"]
    assert planned["vpcConfig"]["clusterSecurityGroupId"] is UNKNOWN
    assert planned["endpoint"] is UNKNOWN


@pytest.mark.parametrize(
    ("compute", "replaced"),
    [
        (UNKNOWN, False),
        ({"enabled": True, "nodePools": ["system"], "nodeRoleArn": f"{ROLE}others"}, True),
        ({"enabled": True, "nodePools": ["system"], "nodeRoleArn": UNKNOWN}, True),
        ({"enabled": True, "nodePools": []}, False),
    ],
)
def test_another_role_of_nodes_replaces_a_cluster(compute: Any, replaced: bool) -> None:
    found = AwsProvider().diff(CLUSTER, INPUTS, {**INPUTS, "computeConfig": compute}).changes
    assert any(change.replace for change in found) is replaced
