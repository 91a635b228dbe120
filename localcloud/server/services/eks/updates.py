"""Changes of a cluster: one at a time, each of one kind, in effect once it is done.

AWS facts: Auto Mode's three settings change in one request; the authentication mode goes forward alone; Kubernetes goes
up one minor version at a time; an encryption key, once there, stays.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import entries, network, refusals, versions
from .clusters import compute_of, logging_of, storage_of
from .model import NOT_FOUND, Cluster, cluster_of, page
from .parts import Update, now

_AUTO_MODE: Final = ("computeConfig", "kubernetesNetworkConfig", "storageConfig")
_ENDPOINTS: Final = ("endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs")
_NETWORKS: Final = ("securityGroupIds", "subnetIds")
CHANGED_WITH: Final = frozenset(
    {
        *_AUTO_MODE, "accessConfig", "clientRequestToken", "deletionProtection", "logging", "name",
        "resourcesVpcConfig", "upgradePolicy", "zonalShiftConfig",
    }
)  # fmt: skip
_PARAMETERS: Final = {
    "accessConfig": "AuthenticationMode", "computeConfig": "ComputeConfig", "deletionProtection": "DeletionProtection",
    "endpointPrivateAccess": "EndpointPrivateAccess", "endpointPublicAccess": "EndpointPublicAccess",
    "kubernetesNetworkConfig": "KubernetesNetworkConfig", "logging": "ClusterLogging",
    "publicAccessCidrs": "PublicAccessCidrs", "securityGroupIds": "SecurityGroups", "storageConfig": "StorageConfig",
    "subnetIds": "Subnets", "upgradePolicy": "UpgradePolicy", "zonalShiftConfig": "ZonalShiftConfig",
}  # fmt: skip


def _begin(cluster: Cluster, kind: str, given: dict[str, Any], apply: Callable[[], None]) -> Params:
    params = [
        {"type": name, "value": value if isinstance(value, str) else json.dumps(value)} for name, value in given.items()
    ]
    update = Update(type=kind, params=params, apply=apply)
    cluster.updates[update.id] = update
    return {"update": update.described()}


def _idle(cluster: Cluster, kind: str) -> None:
    """Raises Refusal while something else is done to the cluster."""
    running = cluster.update_in_progress
    if running is not None:
        text = f"Cannot {kind} because cluster {cluster.name} currently has an update in progress: {running.type}"
        raise refusals.in_use(text)
    if cluster.status != "ACTIVE":
        raise refusals.in_use(f"Cannot {kind} because cluster {cluster.name} currently is {cluster.status}")


@HOOKS.instead("eks", "UpdateClusterConfig")
def update_config(call: Call) -> Params:
    cluster, params = cluster_of(call, "name"), call.params
    refusals.only(call, CHANGED_WITH | {"deletionProtection"})
    kinds = [kind for kind, applies in _KINDS.items() if applies(params)]
    if len(kinds) != 1:
        raise refusals.invalid("Only one type of update can be allowed." if kinds else "No changes needed: none given.")
    _idle(cluster, kinds[0])
    changed = _CHANGES[kinds[0]](call, cluster)

    def apply() -> None:
        for name, value in changed.items():
            before = cluster.settings[name]
            cluster.settings[name] = {**before, **value} if isinstance(value, dict) else value
        entries.of_auto_mode(cluster)

    vpc = params.get("resourcesVpcConfig") or {}
    given = {shown: vpc.get(name, params.get(name)) for name, shown in _PARAMETERS.items()}
    return _begin(cluster, kinds[0], {name: value for name, value in given.items() if value is not None}, apply)


def _vpc_has(*names: str) -> Callable[[Params], bool]:
    return lambda params: any((params.get("resourcesVpcConfig") or {}).get(name) is not None for name in names)


def _has(*names: str) -> Callable[[Params], bool]:
    return lambda params: any(params.get(name) is not None for name in names)


_KINDS: Final[dict[str, Callable[[Params], bool]]] = {
    "AccessConfigUpdate": _has("accessConfig"),
    "AutoModeUpdate": _has(*_AUTO_MODE),
    "DeletionProtectionUpdate": _has("deletionProtection"),
    "EndpointAccessUpdate": _vpc_has(*_ENDPOINTS),
    "LoggingUpdate": _has("logging"),
    "UpgradePolicyUpdate": _has("upgradePolicy"),
    "VpcConfigUpdate": _vpc_has(*_NETWORKS),
    "ZonalShiftConfigUpdate": _has("zonalShiftConfig"),
}
Changed = dict[str, Any]


def _access(call: Call, cluster: Cluster) -> Changed:
    before = cluster.settings["accessConfig"]["authenticationMode"]
    after = call.params["accessConfig"].get("authenticationMode")
    raise refusals.invalid(f"Unsupported authentication mode update from {before} to {after}")


def _auto_mode(call: Call, cluster: Cluster) -> Changed:
    params, settings = call.params, cluster.settings
    given = params.get("computeConfig") or {}
    compute = compute_of({**settings["computeConfig"], **given})
    balancing = (params.get("kubernetesNetworkConfig") or {}).get("elasticLoadBalancing")
    network_config = {**settings["kubernetesNetworkConfig"]}
    if balancing is not None:
        network_config["elasticLoadBalancing"] = {"enabled": bool(balancing.get("enabled"))}
    storage = storage_of(params.get("storageConfig") or settings["storageConfig"])
    after = {"computeConfig": compute, "kubernetesNetworkConfig": network_config, "storageConfig": storage}
    refusals.auto_mode({}, {**settings, **after})
    before, role = settings["computeConfig"].get("nodeRoleArn"), compute.get("nodeRoleArn")
    if before and role and before != role:
        raise refusals.invalid(f"nodeRoleArn can't be changed from {before} to {role}.")
    if role:
        entries.check_principal(role)
    return after


def _endpoints(call: Call, cluster: Cluster) -> Changed:
    before, given = cluster.settings["resourcesVpcConfig"], call.params["resourcesVpcConfig"]
    changed = {name: given[name] for name in _ENDPOINTS if given.get(name) is not None}
    refusals.endpoints({**before, **changed})
    if all(before[name] == value for name, value in changed.items()):
        raise refusals.invalid("Cluster is already at the desired configuration with " + json.dumps(changed))
    return {"resourcesVpcConfig": changed}


def _networks(call: Call, cluster: Cluster) -> Changed:
    before, given = cluster.settings["resourcesVpcConfig"], call.params["resourcesVpcConfig"]
    changed = {name: list(given[name]) for name in _NETWORKS if given.get(name) is not None}
    after = {**before, **changed}
    if network.vpc_of(call, after["subnetIds"], after["securityGroupIds"]) != cluster.vpc_id:
        raise refusals.invalid(f"Subnets and security groups must belong to the VPC {cluster.vpc_id}.")
    return {"resourcesVpcConfig": changed}


def _logging(call: Call, cluster: Cluster) -> Changed:
    after = logging_of(cluster.settings["logging"], call.params["logging"])
    if after == cluster.settings["logging"]:
        raise refusals.invalid("No changes needed for the logging config provided")
    return {"logging": after}


def _upgrade_policy(call: Call, cluster: Cluster) -> Changed:
    kind = call.params["upgradePolicy"].get("supportType")
    if kind == "STANDARD" and versions.support(cluster.version, now()) == versions.EXTENDED:
        text = f"Kubernetes {cluster.version} is in extended support: the support type can't be STANDARD."
        raise refusals.invalid(text)
    return {"upgradePolicy": {"supportType": kind}}


def _zonal_shift(call: Call, _cluster: Cluster) -> Changed:
    return {"zonalShiftConfig": {"enabled": bool(call.params["zonalShiftConfig"].get("enabled"))}}


def _protection(call: Call, _cluster: Cluster) -> Changed:
    return {"deletionProtection": bool(call.params["deletionProtection"])}


_CHANGES: Final[dict[str, Callable[[Call, Cluster], Changed]]] = {
    "AccessConfigUpdate": _access,
    "AutoModeUpdate": _auto_mode,
    "DeletionProtectionUpdate": _protection,
    "EndpointAccessUpdate": _endpoints,
    "LoggingUpdate": _logging,
    "UpgradePolicyUpdate": _upgrade_policy,
    "VpcConfigUpdate": _networks,
    "ZonalShiftConfigUpdate": _zonal_shift,
}


@HOOKS.instead("eks", "UpdateClusterVersion")
def update_version(call: Call) -> Params:
    cluster, version = cluster_of(call, "name"), call.params["version"]
    refusals.only(call, frozenset({"clientRequestToken", "force", "name", "version"}))
    versions.check_update(cluster.version, version, now())
    refusals.built_version(version)
    _idle(cluster, "VersionUpdate")

    def apply() -> None:
        cluster.version = version
        cluster.running.serve_version(version)

    platform = f"eks.{versions.MINORS[version].platform}"
    return _begin(cluster, "VersionUpdate", {"Version": version, "PlatformVersion": platform}, apply)


@HOOKS.instead("eks", "AssociateEncryptionConfig")
def encrypt(call: Call) -> Params:
    cluster, configs = cluster_of(call), list(call.params["encryptionConfig"])
    if cluster.settings["encryptionConfig"]:
        raise refusals.invalid(f"Encryption config is associated with cluster {cluster.name} already.")
    refusals.encryption(call, configs)
    _idle(cluster, "AssociateEncryptionConfig")

    def apply() -> None:
        cluster.settings["encryptionConfig"] = configs

    return _begin(cluster, "AssociateEncryptionConfig", {"EncryptionConfig": configs}, apply)


@HOOKS.instead("eks", "DescribeUpdate")
def describe(call: Call) -> Params:
    updates, identifier = _updates(call), call.params["updateId"]
    if identifier not in updates:
        raise Refusal(NOT_FOUND, f"No update found for ID: {identifier}", 404)
    return {"update": updates[identifier].described()}


@HOOKS.instead("eks", "ListUpdates")
def listed(call: Call) -> Params:
    return page(call, list(_updates(call)), "updateIds")


def _updates(call: Call) -> dict[str, Update]:
    refusals.only(call, frozenset({"addonName", "maxResults", "name", "nextToken", "updateId"}))
    cluster = cluster_of(call, "name")
    addon = call.params.get("addonName")
    return cluster.addon(addon).updates if addon else cluster.updates
