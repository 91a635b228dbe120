"""aws:eks/cluster:Cluster. Its id is the cluster's name.

AWS facts: each kind of change is a call of its own, and one at a time; what the creation alone says (whether its caller
is let in, whether add-ons come with it) is never answered; log types that are off are answered too.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.plan import REPLACES
from localcloud.provider.property_values import UNKNOWN
from localcloud.provider.resource import Operation, State
from localcloud.provider.types.eks_common import GONE, given, moment, retag
from localcloud.provider.types.eks_plan import auto_mode_agrees
from localcloud.provider.types.s3_common import optional
from localcloud.provider.types.waiting import WithStatus, await_status

Found = dict[str, Any]
_AUTO_MODE: Final = ("compute_config", "kubernetes_network_config", "storage_config")
_ENDPOINTS: Final = {
    "endpoint_private_access": "endpointPrivateAccess",
    "endpoint_public_access": "endpointPublicAccess",
    "public_access_cidrs": "publicAccessCidrs",
}
_NETWORKS: Final = {"security_group_ids": "securityGroupIds", "subnet_ids": "subnetIds"}
_WORKED_OUT: Final = ("cluster_security_group_id", "vpc_id")
_LOG_TYPES: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")


class Cluster(WithStatus):
    """A cluster, without what is in it."""

    tf = "aws_eks_cluster"
    pulumi = "aws:eks/cluster:Cluster"
    status, ready = "status", "ACTIVE"
    handles = frozenset(
        {
            *_AUTO_MODE, "access_config", "bootstrap_self_managed_addons", "deletion_protection",
            "enabled_cluster_log_types", "encryption_config", "name", "role_arn", "upgrade_policy", "version",
            "vpc_config", "zonal_shift_config",
        }
    )  # fmt: skip
    steers: ClassVar = {"force_update_version": None}
    refuses = frozenset(
        {
            "kubernetes_network_config.service_ipv6_cidr", "vpc_config.control_plane_egress_mode",
            *(f"vpc_config.{name}" for name in _WORKED_OUT),
        }
    )  # fmt: skip
    recomputed = frozenset({"platform_version"})
    autoname = Autoname("name", 100)
    plan_rules = (
        ("encryption_config: from one block to none", REPLACES),
        ("compute_config.node_role_arn", REPLACES),
        ("auto mode: when", auto_mode_agrees),
        ("control-plane version", "AWS refuses it"),
    )

    def create(self, op: Operation) -> str:
        new = op.new
        request = {
            "name": new["name"],
            "roleArn": new["role_arn"],
            "version": new.get("version"),
            "resourcesVpcConfig": _networks(new["vpc_config"], {**_ENDPOINTS, **_NETWORKS}),
            "accessConfig": _access(new.get("access_config")),
            "encryptionConfig": _encryption(new.get("encryption_config")),
            "upgradePolicy": _upgrade(new.get("upgrade_policy")),
            "zonalShiftConfig": _enabled(new.get("zonal_shift_config")),
            "tags": new["tags_all"],
        }
        if new.get("enabled_cluster_log_types"):
            request["logging"] = {
                "clusterLogging": [{"types": sorted(new["enabled_cluster_log_types"]), "enabled": True}]
            }
        switches = {
            "bootstrapSelfManagedAddons": bool(new.get("bootstrap_self_managed_addons")),
            "deletionProtection": bool(new.get("deletion_protection")),
        }
        made = op.client("eks").create_cluster(**given(request), **switches, **_auto_mode(new))
        return str(made["cluster"]["name"])

    def state(self, op: Operation, found: Found) -> State:
        return {
            **_settings(found, op.old),
            "arn": found["arn"],
            "name": found["name"],
            "role_arn": found["roleArn"],
            "version": found["version"],
            "bootstrap_self_managed_addons": op.old.get("bootstrap_self_managed_addons", True),
            "certificate_authority": found.get("certificateAuthority") or {},
            "cluster_id": None,
            "created_at": moment(found["createdAt"]),
            "endpoint": found.get("endpoint"),
            "identity": [{"oidc": [{"issuer": found["identity"]["oidc"]["issuer"]}]}] if "identity" in found else [],
            "platform_version": found["platformVersion"],
            "status": found["status"],
            "tags_all": found["tags"],
        }

    def imported(self, state: State) -> State:
        """Without what AWS works out itself."""
        vpc = {name: value for name, value in (state.get("vpc_config") or {}).items() if name not in _WORKED_OUT}
        return {**state, "vpc_config": vpc}

    def replaces(self, old: State, new: State) -> tuple[str, ...]:
        compute: Found = _known(new.get("compute_config"))
        before, after = _known(old.get("compute_config")).get("node_role_arn"), compute.get("node_role_arn")
        if new.get("compute_config") is UNKNOWN:  # as all of Auto Mode while one of its settings is
            after = before
        emptied = not after and (compute.get("enabled") is not True or not compute.get("node_pools"))
        replaced = ["compute_config.node_role_arn"] if before and before != after and not emptied else []
        if old.get("encryption_config") and not new.get("encryption_config"):
            replaced.append("encryption_config")
        return tuple(replaced)

    def update(self, op: Operation) -> None:
        if "version" in op.changed and op.new.get("version"):
            force = bool(op.new.get("force_update_version"))
            self._update(op, "update_cluster_version", version=op.new["version"], force=force)
        for change in _CHANGES:
            if request := change(op):
                self._update(op, "update_cluster_config", **request)
        if "encryption_config" in op.changed and op.new.get("encryption_config"):
            config = _encryption(op.new["encryption_config"])
            update = op.client("eks").associate_encryption_config(clusterName=op.resource_id, encryptionConfig=config)
            self._done(op, update["update"]["id"])
        retag(op)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("eks").delete_cluster(name=op.resource_id), GONE)
        self.until(op, None)

    def _update(self, op: Operation, call: str, **request: Any) -> None:
        update = getattr(op.client("eks"), call)(name=op.resource_id, **request)["update"]
        self._done(op, update["id"])

    def _done(self, op: Operation, update: str) -> None:
        eks = op.client("eks")
        await_status(
            lambda: eks.describe_update(name=op.resource_id, updateId=update)["update"]["status"], "Successful"
        )

    def described(self, op: Operation) -> Found | None:
        answer = optional(lambda: op.client("eks").describe_cluster(name=op.resource_id), GONE)
        return answer["cluster"] if answer else None


def _known(block: Any) -> Found:
    """A block's values; none of one that is missing or unknown as a whole."""
    return {} if block is None or block is UNKNOWN else block


def _settings(found: Found, old: Any) -> State:
    """What programs set, as blocks."""
    vpc, network = found["resourcesVpcConfig"], found["kubernetesNetworkConfig"]
    names = {**_ENDPOINTS, **_NETWORKS, "cluster_security_group_id": "clusterSecurityGroupId", "vpc_id": "vpcId"}
    setups = found["logging"]["clusterLogging"]
    access: Found = old.get("access_config") or {}
    flag = "bootstrap_cluster_creator_admin_permissions"
    shift = found["zonalShiftConfig"]
    if not shift["enabled"] and not old.get("zonal_shift_config"):
        shift = None
    return {
        "access_config": {"authentication_mode": found["accessConfig"]["authenticationMode"], flag: access.get(flag)},
        "compute_config": {
            "enabled": found["computeConfig"]["enabled"],
            "node_pools": found["computeConfig"]["nodePools"],
            "node_role_arn": found["computeConfig"].get("nodeRoleArn"),
        },
        "deletion_protection": found["deletionProtection"],
        "enabled_cluster_log_types": [name for setup in setups if setup["enabled"] for name in setup["types"]],
        "encryption_config": _encryption_block(found["encryptionConfig"]),
        "kubernetes_network_config": {
            "elastic_load_balancing": {"enabled": network["elasticLoadBalancing"]["enabled"]},
            "ip_family": network["ipFamily"],
            "service_ipv4_cidr": network["serviceIpv4Cidr"],
        },
        "storage_config": {"block_storage": {"enabled": found["storageConfig"]["blockStorage"]["enabled"]}},
        "upgrade_policy": {"support_type": found["upgradePolicy"]["supportType"]},
        "vpc_config": {name: vpc.get(api) for name, api in names.items()},
        "zonal_shift_config": shift,
    }


def _encryption_block(configs: list[Found]) -> Found | None:
    return (
        {"provider": {"key_arn": configs[0]["provider"]["keyArn"]}, "resources": configs[0]["resources"]}
        if configs
        else None
    )


def _networks(block: Found, names: dict[str, str]) -> Found:
    return {api: block[name] for name, api in names.items() if block.get(name) is not None}


def _access(block: Found | None) -> Found:
    flag = (block or {}).get("bootstrap_cluster_creator_admin_permissions")
    mode = (block or {}).get("authentication_mode")
    permissions = {} if flag is None else {"bootstrapClusterCreatorAdminPermissions": flag}
    return given({"authenticationMode": mode}) | permissions


def _encryption(block: Found | None) -> list[Found]:
    return [{"resources": block["resources"], "provider": {"keyArn": block["provider"]["key_arn"]}}] if block else []


def _upgrade(block: Found | None) -> Found:
    return given({"supportType": (block or {}).get("support_type")})


def _enabled(block: Found | None) -> Found:
    return {} if block is None or block.get("enabled") is None else {"enabled": block["enabled"]}


def _auto_mode(new: Any) -> Found:
    """The three settings that change together; what isn't given isn't sent."""
    request: Found = {}
    compute, network, storage = (new.get(name) for name in _AUTO_MODE)
    if compute:
        request["computeConfig"] = {
            "enabled": bool(compute.get("enabled")),
            "nodePools": sorted(compute.get("node_pools") or []),
            **given({"nodeRoleArn": compute.get("node_role_arn")}),
        }
    if network:
        plain = {"ipFamily": network.get("ip_family"), "serviceIpv4Cidr": network.get("service_ipv4_cidr")}
        balancing = _enabled(network.get("elastic_load_balancing"))
        request["kubernetesNetworkConfig"] = given({**plain, "elasticLoadBalancing": balancing})
    if storage:
        request["storageConfig"] = {"blockStorage": _enabled(storage.get("block_storage"))}
    return request


def _auto_mode_change(op: Operation) -> Found:
    if not op.changed & {*_AUTO_MODE}:
        return {}
    request = _auto_mode(op.new)
    balancing = request.get("kubernetesNetworkConfig", {}).get("elasticLoadBalancing")
    return {**request, **({"kubernetesNetworkConfig": {"elasticLoadBalancing": balancing}} if balancing else {})}


def _access_change(op: Operation) -> Found:
    mode = (op.new.get("access_config") or {}).get("authentication_mode")
    changed = "access_config" in op.changed and mode != (op.old.get("access_config") or {}).get("authentication_mode")
    return {"accessConfig": {"authenticationMode": mode}} if changed else {}


def _logging_change(op: Operation) -> Found:
    if "enabled_cluster_log_types" not in op.changed:
        return {}
    on = set(op.new.get("enabled_cluster_log_types") or [])
    setups = [{"types": sorted(on), "enabled": True}, {"types": sorted({*_LOG_TYPES} - on), "enabled": False}]
    return {"logging": {"clusterLogging": [setup for setup in setups if setup["types"]]}}


def _protection_change(op: Operation) -> Found:
    changed = "deletion_protection" in op.changed
    return {"deletionProtection": bool(op.new.get("deletion_protection"))} if changed else {}


def _vpc_change(names: dict[str, str]) -> Callable[[Operation], Found]:
    def change(op: Operation) -> Found:
        old, new = op.old.get("vpc_config") or {}, op.new.get("vpc_config") or {}
        differ = {name for name in names if new.get(name) is not None and _same(new[name]) != _same(old.get(name))}
        if "vpc_config" not in op.changed or not differ:
            return {}
        return {"resourcesVpcConfig": _networks(new, names)}

    return change


def _same(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


def _upgrade_change(op: Operation) -> Found:
    policy = _upgrade(op.new.get("upgrade_policy"))
    return {"upgradePolicy": policy} if policy and "upgrade_policy" in op.changed else {}


def _shift_change(op: Operation) -> Found:
    if "zonal_shift_config" not in op.changed:
        return {}
    return {"zonalShiftConfig": _enabled(op.new.get("zonal_shift_config")) or {"enabled": False}}


_CHANGES: Final[tuple[Callable[[Operation], Found], ...]] = (
    _access_change, _auto_mode_change, _logging_change, _protection_change, _vpc_change(_ENDPOINTS),
    _vpc_change(_NETWORKS), _upgrade_change, _shift_change,
)  # fmt: skip
