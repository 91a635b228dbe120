"""What EKS refuses, in its codes; docs/refusals.md has the rules by number."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Final

from localcloud.server import service_calls
from localcloud.server.access import resources
from localcloud.server.access.resources import Role
from localcloud.server.call import Call, Params, Refusal

POOLS: Final = ("general-purpose", "system")
LOG_TYPES: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_PRIVATE: Final = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]

_RESERVED: Final = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
)  # fmt: skip
"""Of EKS's words "these CIDR blocks can't include reserved addresses": IANA's special-purpose ones and multicast."""


def invalid(text: str) -> Refusal:
    return Refusal("InvalidParameterException", text)


def in_use(text: str) -> Refusal:
    return Refusal("ResourceInUseException", text, 409)


def only(call: Call, handled: frozenset[str]) -> None:
    """What is not carried out here is an error that names it; false and empty values ask for nothing."""
    asked = sorted(name for name, value in call.params.items() if name not in handled and value not in (False, "", []))
    if asked:
        text = f"eks {call.operation} with {', '.join(asked)} is not implemented here."
        raise Refusal("NotImplemented", text, 501)


def cluster_name(name: str) -> None:
    if not re.fullmatch(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", name):
        text = f"The cluster name '{name}' is not valid: it begins with a letter or a digit, and has at most 100 "
        raise invalid(text + "letters, digits, hyphens and underscores.")


def assumed_role(call: Call, arn: str) -> Role:
    """A role that EKS may assume; iam:PassRole lets only those of the account through. Raises Refusal."""
    role = resources.by_arn(arn)
    text = (
        f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not correct. "
        "Make sure the role exists and eks.amazonaws.com is a trusted entity of it."
    )
    if not isinstance(role, Role) or not trusts(call, role, "eks.amazonaws.com", "sts:AssumeRole"):
        raise invalid(text)
    return role


def trusts(call: Call, role: Role, principal: str, action: str, **decided_with: Any) -> bool:
    """Whether the role's trust policy lets the service do that."""
    account = str(role.account_id)
    trust = role.assume_role_policy_document
    try:
        service_calls.require(
            service_calls.service(principal, account), action, role.arn, call.region, owner=account, policy=trust,
            **decided_with,
        )  # fmt: skip
    except Refusal:
        return False
    return True


def auto_mode(params: Params, settings: dict[str, Any]) -> None:
    """Auto Mode's three switches, its pools and their role, as they would be. Raises Refusal."""
    compute = settings["computeConfig"]
    switches = (
        compute["enabled"],
        settings["kubernetesNetworkConfig"]["elasticLoadBalancing"]["enabled"],
        settings["storageConfig"]["blockStorage"]["enabled"],
    )
    if len(set(switches)) > 1:
        raise invalid(
            "For EKS Auto Mode, please ensure that all required configs, including computeConfig, "
            "kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled."
        )
    pools, role = compute.get("nodePools") or [], compute.get("nodeRoleArn")
    if unknown := sorted(set(pools) - {*POOLS}):
        raise invalid(f"The following node pools are not valid: {', '.join(unknown)}. Valid ones: {', '.join(POOLS)}.")
    if pools and not role:
        raise invalid("When Compute Config nodeRoleArn is null or empty, nodePool list cannot be populated.")
    if role and not pools:
        raise invalid("When Compute Config nodeRoleArn is not null or empty, nodePool value(s) must be provided.")
    if not compute["enabled"]:
        return
    if settings["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        raise invalid("Auto Mode needs the authentication mode API or API_AND_CONFIG_MAP.")
    if params.get("bootstrapSelfManagedAddons"):
        raise invalid("When Auto Mode is enabled, bootstrapSelfManagedAddons must be set to false.")


def built_version(version: str) -> None:
    """Raises Refusal in real mode, whose programs are of one version, for another."""
    from localcloud.kubernetes.control_plane.installed import installed

    found = installed()
    if found is not None and version != found.minor:
        text = f"eks: with KUBERNETES=real every cluster runs Kubernetes {found.minor}; {version} is not implemented."
        raise Refusal("NotImplemented", text, 501)


def endpoints(vpc: dict[str, Any]) -> None:
    if not vpc["endpointPublicAccess"] and not vpc["endpointPrivateAccess"]:
        raise invalid("Private and public endpoint access cannot both be false.")
    wrong = [cidr for cidr in vpc["publicAccessCidrs"] if not _is_ipv4_network(cidr)]
    if wrong:
        raise invalid(f"The following CIDRs are invalid in publicAccessCidrs: [{','.join(wrong)}]")
    if reserved := [cidr for cidr in vpc["publicAccessCidrs"] if _is_reserved(ipaddress.IPv4Network(cidr))]:
        raise invalid(f"The following CIDRs are not allowed in publicAccessCidrs: [{', '.join(reserved)}]")


def _is_reserved(block: ipaddress.IPv4Network) -> bool:
    return any(block.subnet_of(ipaddress.IPv4Network(one)) for one in _RESERVED)


def _is_ipv4_network(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).version == 4
    except ValueError:
        return False


def service_range(network: dict[str, Any], vpc_cidrs: list[str]) -> None:
    """The addresses of services: private ones that the VPC doesn't have."""
    cidr = network["serviceIpv4Cidr"]
    if not _is_ipv4_network(cidr):
        raise invalid(f"serviceIpv4Cidr {cidr} is not a valid CIDR.")
    services = ipaddress.IPv4Network(cidr)
    if not any(services.overlaps(block) and services.prefixlen >= block.prefixlen for block in _PRIVATE):
        raise invalid(f"serviceIpv4Cidr {cidr} must be within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.")
    if not 12 <= services.prefixlen <= 24:
        raise invalid(f"serviceIpv4Cidr {cidr} must be between /24 and /12.")
    if overlapping := [one for one in vpc_cidrs if services.overlaps(ipaddress.ip_network(one))]:
        raise invalid(f"serviceIpv4Cidr {cidr} overlaps with the VPC's CIDR {', '.join(overlapping)}.")


def encryption(call: Call, configs: list[dict[str, Any]]) -> None:
    """Secrets alone are encrypted, by a symmetric key of the region on which the caller may grant."""
    for config in configs:
        if config.get("resources") != ["secrets"]:
            raise invalid(
                f"encryptionConfig: the resources {config.get('resources')} are not supported, ['secrets'] are."
            )
        arn = str((config.get("provider") or {}).get("keyArn", ""))
        key = resources.key(call.account, call.region, arn) if arn.startswith("arn:aws:kms:") else None
        if key is None or arn.split(":")[3] != call.region or key.key_spec != "SYMMETRIC_DEFAULT":
            raise invalid(f"encryptionConfig: {arn or 'no key'} is not a symmetric KMS key of {call.region}.")
        for action in ("kms:DescribeKey", "kms:CreateGrant"):
            service_calls.require(call.caller, action, str(key.arn), call.region)
    if len(configs) > 1:
        raise invalid("encryptionConfig has one element at most.")


def logging(config: dict[str, Any]) -> None:
    named = [name for setup in config.get("clusterLogging") or [] for name in setup.get("types") or []]
    if unknown := sorted(set(named) - {*LOG_TYPES}):
        raise invalid(f"Unknown log types: {', '.join(unknown)}. Valid ones: {', '.join(LOG_TYPES)}.")
    if len(named) != len(set(named)):
        raise invalid("A log type is given more than once.")
