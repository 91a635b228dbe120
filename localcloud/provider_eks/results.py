"""What the component answers: the official outputs, as far as Auto Mode has them."""

from typing import Final

from localcloud.provider_eks.arguments import Arguments
from localcloud.provider_eks.kubeconfig import as_json
from localcloud.provider_eks.monitor import Registered
from localcloud.provider_eks.outputs import Output, nested, together
from localcloud.provider_eks.roles import Roles

_EMPTY: Final = (
    "clusterIngressRuleId", "defaultNodeGroupAsgName", "fargateProfileId", "fargateProfileStatus", "oidcProviderArn",
)  # fmt: skip
"""Outputs of what Auto Mode has none of."""


def subnets(args: Arguments) -> Output:
    """In two lists, the public ones come first."""
    if args["subnetIds"].value is not None:
        return args["subnetIds"]
    parts = {name: args[name] for name in ("publicSubnetIds", "privateSubnetIds")}
    return together(parts, lambda ids: [*ids.get("publicSubnetIds", []), *ids.get("privateSubnetIds", [])])


def component_outputs(
    args: Arguments, roles: Roles, cluster: Registered, kubernetes: Registered, config: Output
) -> dict[str, Output]:
    """Of a cluster that is registered with all that belongs to it; ``config``: the kubeconfig for everybody."""
    network = cluster["vpcConfig"]
    group = network.map(lambda vpc: vpc["clusterSecurityGroupId"])
    issuer = cluster["identities"].map(lambda identities: identities[0]["oidcs"][0]["issuer"])
    instances = [roles.instances.role.reference] if roles.instances else []
    listed = Output([one.value for one in instances], frozenset[str]().union(*(one.urns for one in instances)))
    core = {
        "cluster": cluster.reference,
        "clusterIamRole": roles.cluster.reference,
        "endpoint": cluster["endpoint"],
        "instanceRoles": listed,
        "kubeconfig": config,
        "nodeGroupOptions": nested({"version": args["version"]}),
        "provider": kubernetes.reference,
        "subnetIds": subnets(args),
        "vpcId": args["vpcId"],
        "publicSubnetIds": args["publicSubnetIds"],
        "privateSubnetIds": args["privateSubnetIds"],
        "tags": args["tags"],
        "storageClasses": {},
        "encryptionConfig": cluster["encryptionConfig"],
    }
    return {
        "core": nested(core),
        "eksCluster": cluster.reference,
        "instanceRoles": listed,
        "kubeconfig": config,
        "kubeconfigJson": as_json(config),
        "clusterSecurityGroupId": group,
        "nodeSecurityGroupId": group,
        "oidcProviderUrl": issuer,
        "oidcIssuer": issuer.map(lambda url: url.removeprefix("https://")),
        "autoModeNodeRoleName": roles.nodes.role["name"] if roles.nodes else Output(""),
        **{name: Output("") for name in _EMPTY},
    }
