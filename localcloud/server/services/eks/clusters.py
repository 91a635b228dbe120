"""Clusters: made, described and deleted.

AWS facts (API reference, user guide): whoever makes a cluster is let in as its administrator unless that is declined;
Auto Mode lets in the cluster's role and, where there are built-in node pools, the nodes' role; a description has no
endpoint before the cluster is active.
"""

from __future__ import annotations

from typing import Any, Final

from localcloud.server import service_calls
from localcloud.server.access import resources
from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import entries, lifecycle, network, refusals, versions
from .model import Cluster, active, cluster_of, page, region_of
from .parts import DELETING_SECONDS, later, now
from .running import Running

PRINCIPAL: Final = "eks.amazonaws.com"
CREATED_WITH: Final = frozenset(
    {
        "accessConfig", "bootstrapSelfManagedAddons", "clientRequestToken", "computeConfig", "deletionProtection",
        "encryptionConfig", "kubernetesNetworkConfig", "logging", "name", "resourcesVpcConfig", "roleArn",
        "storageConfig", "tags", "upgradePolicy", "version", "zonalShiftConfig",
    }
)  # fmt: skip


@HOOKS.instead("eks", "CreateCluster")
def create(call: Call) -> Params:
    params, region = call.params, region_of(call)
    refusals.only(call, CREATED_WITH)
    refusals.cluster_name(params["name"])
    if params["name"] in region.clusters:
        raise refusals.in_use(f"Cluster already exists with name: {params['name']}")
    version = versions.check(params.get("version") or versions.DEFAULT, now())
    refusals.built_version(version)
    settings = _settings(call)
    vpc_id = _checked(call, settings)
    _make_service_linked_role(call)
    group = network.make_security_group(call, params["name"], vpc_id)
    settings["resourcesVpcConfig"] |= {"vpcId": vpc_id, "clusterSecurityGroupId": group}
    cluster = Cluster(
        name=params["name"],
        account=call.account,
        region=call.region,
        version=version,
        settings=settings,
        tags=dict(params.get("tags") or {}),
        running=Running(),
        vpc_id=vpc_id,
        security_group=group,
    )
    region.all[cluster.name] = cluster
    bootstrap = (params.get("accessConfig") or {}).get("bootstrapClusterCreatorAdminPermissions", True)
    entries.of_a_new_cluster(cluster, call.caller if bootstrap else None)
    lifecycle.start(cluster)
    return {"cluster": described(cluster)}


def _make_service_linked_role(call: Call) -> None:
    """The role by which EKS acts of its own accord: the account's first cluster makes it, as its caller. Raises
    Refusal."""
    if resources.role(call.account, "AWSServiceRoleForAmazonEKS") is not None:
        return
    try:
        service_calls.perform(call.caller, "iam", "CreateServiceLinkedRole", {"AWSServiceName": PRINCIPAL}, call.region)
    except Refusal as refusal:
        raise Refusal("AccessDeniedException", refusal.message, 403) from refusal


def _settings(call: Call) -> dict[str, Any]:
    """As they are described, with AWS's defaults."""
    params = call.params
    vpc, network_config = params["resourcesVpcConfig"], params.get("kubernetesNetworkConfig") or {}
    balancing, access = network_config.get("elasticLoadBalancing") or {}, params.get("accessConfig") or {}
    if (
        network_config.get("ipFamily", "ipv4") != "ipv4"
        or vpc.get("controlPlaneEgressMode", "AWS_MANAGED") != "AWS_MANAGED"
    ):
        raise Refusal("NotImplemented", "eks: ipFamily ipv6 and controlPlaneEgressMode are not implemented here.", 501)
    return {
        "roleArn": params["roleArn"],
        "resourcesVpcConfig": {
            "subnetIds": list(vpc.get("subnetIds") or []),
            "securityGroupIds": list(vpc.get("securityGroupIds") or []),
            "endpointPublicAccess": vpc.get("endpointPublicAccess", True),
            "endpointPrivateAccess": vpc.get("endpointPrivateAccess", False),
            "publicAccessCidrs": list(vpc.get("publicAccessCidrs") or ["0.0.0.0/0"]),
        },
        "kubernetesNetworkConfig": {
            "serviceIpv4Cidr": network_config.get("serviceIpv4Cidr"),
            "ipFamily": "ipv4",
            "elasticLoadBalancing": {"enabled": bool(balancing.get("enabled"))},
        },
        "logging": logging_of({}, params.get("logging") or {}),
        "encryptionConfig": list(params.get("encryptionConfig") or []),
        "accessConfig": {"authenticationMode": access.get("authenticationMode", "CONFIG_MAP")},
        "upgradePolicy": {"supportType": (params.get("upgradePolicy") or {}).get("supportType", "EXTENDED")},
        "zonalShiftConfig": {"enabled": bool((params.get("zonalShiftConfig") or {}).get("enabled"))},
        "computeConfig": compute_of(params.get("computeConfig") or {}),
        "storageConfig": storage_of(params.get("storageConfig") or {}),
        "deletionProtection": bool(params.get("deletionProtection")),
    }  # fmt: skip


def compute_of(given: dict[str, Any]) -> dict[str, Any]:
    """``computeConfig`` as it is described."""
    role = {"nodeRoleArn": given["nodeRoleArn"]} if given.get("nodeRoleArn") else {}
    return {"enabled": bool(given.get("enabled")), "nodePools": list(given.get("nodePools") or []), **role}


def storage_of(given: dict[str, Any]) -> dict[str, Any]:
    return {"blockStorage": {"enabled": bool((given.get("blockStorage") or {}).get("enabled"))}}


def logging_of(before: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """``logging`` as it is described: what is not named stays as it was."""
    refusals.logging(given)
    on = {name for setup in before.get("clusterLogging") or [] if setup["enabled"] for name in setup["types"]}
    for setup in given.get("clusterLogging") or []:
        on = on | {*setup["types"]} if setup.get("enabled") else on - {*setup["types"]}
    off = [name for name in refusals.LOG_TYPES if name not in on]
    setups = [([name for name in refusals.LOG_TYPES if name in on], True), (off, False)]
    return {"clusterLogging": [{"types": types, "enabled": enabled} for types, enabled in setups if types]}


def _checked(call: Call, settings: dict[str, Any]) -> str:
    """The VPC of a cluster of these settings. Raises Refusal."""
    vpc = settings["resourcesVpcConfig"]
    refusals.auto_mode(call.params, settings)
    if settings["accessConfig"]["authenticationMode"] != "API":
        text = "eks: the authentication modes CONFIG_MAP and API_AND_CONFIG_MAP are not implemented here, API is."
        raise Refusal("NotImplemented", text, 501)
    refusals.endpoints(vpc)
    vpc_id = network.vpc_of(call, vpc["subnetIds"], vpc["securityGroupIds"])
    cidrs = network.cidrs_of(call, vpc_id)
    services = settings["kubernetesNetworkConfig"]
    services["serviceIpv4Cidr"] = services["serviceIpv4Cidr"] or default_service_range(cidrs)
    refusals.service_range(services, cidrs)
    refusals.assumed_role(call, settings["roleArn"])
    node_role = settings["computeConfig"].get("nodeRoleArn")
    if node_role:
        entries.check_principal(node_role)
    refusals.encryption(call, settings["encryptionConfig"])
    return vpc_id


def default_service_range(vpc_cidrs: list[str]) -> str:
    """10.100.0.0/16, or the other one in VPCs of 10.0.0.0/8."""
    return "172.20.0.0/16" if any(one.startswith("10.") for one in vpc_cidrs) else "10.100.0.0/16"


def described(cluster: Cluster) -> dict[str, Any]:
    status, minor = cluster.status, versions.MINORS[cluster.version]
    return {
        "name": cluster.name,
        "arn": cluster.arn,
        "createdAt": cluster.created,
        "version": cluster.version,
        **cluster.settings,
        "status": status,
        "platformVersion": f"eks.{minor.platform}",
        "health": {"issues": []},
        "tags": cluster.tags,
        **(_connection(cluster) if status not in ("CREATING", "FAILED") else {"certificateAuthority": {}}),
    }


def _connection(cluster: Cluster) -> dict[str, Any]:
    issuer = f"https://oidc.eks.{cluster.region}.amazonaws.com/id/{cluster.running.identity}"
    return {
        "endpoint": cluster.running.endpoint,
        "identity": {"oidc": {"issuer": issuer}},
        "certificateAuthority": {"data": cluster.running.authority},
    }


@HOOKS.instead("eks", "DescribeCluster")
def describe(call: Call) -> Params:
    return {"cluster": described(cluster_of(call, "name"))}


@HOOKS.instead("eks", "ListClusters")
def listed(call: Call) -> Params:
    return page(call, sorted(region_of(call).clusters), "clusters")


@HOOKS.instead("eks", "ListNodegroups")
def node_groups(call: Call) -> Params:
    cluster_of(call)
    return {"nodegroups": []}


@HOOKS.instead("eks", "ListFargateProfiles")
def fargate_profiles(call: Call) -> Params:
    cluster_of(call)
    return {"fargateProfileNames": []}


@HOOKS.instead("eks", "DeleteCluster")
def delete(call: Call) -> Params:
    cluster = cluster_of(call, "name")
    if cluster.settings["deletionProtection"]:
        text = f"Cannot delete cluster {cluster.name}: deletion protection is enabled. Disable it and try again."
        raise Refusal("InvalidRequestException", text)
    if cluster.status == "UPDATING":
        raise refusals.in_use(
            f"Cannot DeleteCluster because cluster {cluster.name} currently has an update in progress"
        )
    if cluster.status != "FAILED":
        active(cluster)
    cluster.gone_at = later(DELETING_SECONDS)
    lifecycle.end(cluster)
    network.delete_security_group(cluster)
    return {"cluster": described(cluster)}


@HOOKS.instead("eks", "DescribeClusterVersions")
def cluster_versions(call: Call) -> Params:
    params, moment = call.params, now()
    kinds = {(params.get("versionStatus") or params.get("status") or "").upper()} - {""}
    asked = params.get("clusterVersions") or list(versions.MINORS)
    if unknown := [one for one in asked if one not in versions.MINORS]:
        raise refusals.invalid(f"unsupported Kubernetes version: {', '.join(unknown)}")
    infos = [versions.described(one, moment) for one in sorted(asked, key=[*versions.MINORS].index, reverse=True)]
    chosen = [
        one
        for one in infos
        if (params.get("includeAll") or one["versionStatus"] != "UNSUPPORTED" or params.get("clusterVersions"))
        and (not params.get("defaultOnly") or one["defaultVersion"])
        and (not kinds or one["versionStatus"] in kinds)
    ]
    return page(call, chosen, "clusterVersions")
