"""Access entries: which IAM principals are let into a cluster, as whom and with which access policies.

AWS facts: an entry keeps its principal's unique id; its type and principal never change; only entries of the type
STANDARD take groups, a user name and policies, but that of EC2 (nodes of Auto Mode) takes AmazonEKSAutoNodePolicy.
"""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from localcloud.server.access import resources
from localcloud.server.access.resources import Role, User
from localcloud.server.call import HOOKS, Call, Caller, Params, Refusal

from . import refusals
from .model import NOT_FOUND, Cluster, active, cluster_of, page
from .parts import Entry, Policy, now

PREFIX: Final = "arn:aws:eks::aws:cluster-access-policy/"
ADMINISTRATOR, NODE = "AmazonEKSClusterAdminPolicy", "AmazonEKSAutoNodePolicy"
POLICIES: Final = (
    "AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", NODE, ADMINISTRATOR, "AmazonEKSEditPolicy",
    "AmazonEKSSecretReaderPolicy", "AmazonEKSViewPolicy",
)  # fmt: skip
OF_AUTO_MODE: Final = (
    "AmazonEKSBlockStorageClusterPolicy", "AmazonEKSBlockStoragePolicy", "AmazonEKSComputeClusterPolicy",
    "AmazonEKSComputePolicy", "AmazonEKSLoadBalancingClusterPolicy", "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingClusterPolicy", "AmazonEKSNetworkingPolicy",
)  # fmt: skip
"""Of the cluster's role: AWS enters them itself."""
NODE_TYPES: Final = ("EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX", "HYPERPOD_LINUX")
_RESERVED: Final = ("system:", "eks:", "aws:", "amazon:", "iam:")


def check_principal(arn: str) -> Role | User:
    """The role or user. Raises Refusal."""
    if not re.fullmatch(r"arn:aws:iam::\d{12}:(role|user)/.+", arn) or ":role/aws-service-role/" in arn:
        raise refusals.invalid(f"The specified principalArn is invalid: invalid principal. principalArn: {arn}")
    principal = resources.by_arn(arn)
    if principal is None:
        raise refusals.invalid(f"The specified principalArn is invalid: invalid principal. principalArn: {arn}")
    return principal


def of_a_new_cluster(cluster: Cluster, creator: Caller | None) -> None:
    """The entries that AWS makes itself: of whoever made the cluster, and of Auto Mode's roles."""
    if creator and creator.kind in ("user", "assumed-role"):
        _enter(cluster, creator.principal_arn, policies=(ADMINISTRATOR,))
    of_auto_mode(cluster)


def of_auto_mode(cluster: Cluster) -> None:
    """Lets in the cluster's role, and that of the built-in pools' nodes."""
    if cluster.auto_mode:
        _enter(cluster, cluster.settings["roleArn"], policies=OF_AUTO_MODE)
        if role := cluster.settings["computeConfig"].get("nodeRoleArn"):
            _enter(cluster, role, kind="EC2", policies=(NODE,))


def _enter(cluster: Cluster, principal: str, *, kind: str = "STANDARD", policies: tuple[str, ...]) -> None:
    """Adds the policies to the principal's entry, which is made if it isn't there."""
    entry = cluster.entries.get(principal) or _add(cluster, principal, kind)
    for name in policies:
        entry.policies.setdefault(PREFIX + name, Policy(arn=PREFIX + name, namespaces=None))


def _add(cluster: Cluster, principal: str, kind: str, **given: Any) -> Entry:
    found = check_principal(principal)
    account, _, path = principal.removeprefix("arn:aws:iam::").partition(":")
    word, _, name = path.partition("/")
    entry = Entry(
        cluster=cluster.name,
        arn=cluster.sub_arn("access-entry", word, account, name.split("/")[-1], str(uuid.uuid4())),
        principal=principal,
        unique_id=str(found.id),
        type=kind,
        username=given.get("username") or _username(principal, kind),
        groups=list(given.get("groups") or (["system:nodes"] if kind != "STANDARD" else [])),
        tags=dict(given.get("tags") or {}),
    )
    cluster.entries[principal] = entry
    return entry


def _username(principal: str, kind: str) -> str:
    if kind != "STANDARD":
        return "system:node:{{SessionName}}" if kind == "FARGATE_LINUX" else "system:node:{{EC2PrivateDNSName}}"
    account, _, path = principal.removeprefix("arn:aws:iam::").partition(":")
    if path.startswith("user/"):
        return principal
    return f"arn:aws:sts::{account}:assumed-role/{path.split('/')[-1]}/{{{{SessionName}}}}"


def _check_names(params: Params) -> None:
    username = params.get("username") or ""
    if username.startswith(_RESERVED):
        raise refusals.invalid(f"The username {username} is invalid: it can't start with {', '.join(_RESERVED)}.")
    if reserved := [one for one in params.get("kubernetesGroups") or [] if one.startswith("system:")]:
        raise refusals.invalid(f"The kubernetes group name {reserved[0]} is invalid, it cannot start with system:")


@HOOKS.instead("eks", "CreateAccessEntry")
def create(call: Call) -> Params:
    params, cluster = call.params, active(cluster_of(call))
    principal, kind = params["principalArn"], params.get("type") or "STANDARD"
    check_principal(principal)
    if kind != "STANDARD":
        _check_node_entry(call, kind)
    _check_names(params)
    if principal in cluster.entries:
        raise refusals.in_use("The specified access entry resource is already in use on this cluster.")
    entry = _add(
        cluster, principal, kind, username=params.get("username"), groups=params.get("kubernetesGroups"),
        tags=params.get("tags"),
    )  # fmt: skip
    return {"accessEntry": entry.described()}


def _check_node_entry(call: Call, kind: str) -> None:
    params = call.params
    if kind not in NODE_TYPES:
        raise refusals.invalid(f"Invalid access entry type {kind}: STANDARD, {', '.join(NODE_TYPES)} are valid.")
    if params.get("kubernetesGroups") or params.get("username"):
        raise refusals.invalid(f"An access entry of type {kind} can't have kubernetesGroups or a username.")
    role = params["principalArn"]
    if ":role/" not in role or role.split(":")[4] != call.account:
        raise refusals.invalid(
            f"An access entry of type {kind} is for a role of the cluster's account: {role} is none."
        )


@HOOKS.instead("eks", "DescribeAccessEntry")
def describe(call: Call) -> Params:
    return {"accessEntry": cluster_of(call).entry(call.params["principalArn"]).described()}


@HOOKS.instead("eks", "ListAccessEntries")
def listed(call: Call) -> Params:
    policy, cluster = call.params.get("associatedPolicyArn"), cluster_of(call)
    chosen = [arn for arn, entry in cluster.entries.items() if policy is None or policy in entry.policies]
    return page(call, sorted(chosen), "accessEntries")


@HOOKS.instead("eks", "UpdateAccessEntry")
def update(call: Call) -> Params:
    params, cluster = call.params, active(cluster_of(call))
    entry = cluster.entry(params["principalArn"])
    if entry.type != "STANDARD":
        raise Refusal("InvalidRequestException", f"An access entry of type {entry.type} can't be updated.")
    _check_names(params)
    if params.get("kubernetesGroups") is not None:
        entry.groups = list(params["kubernetesGroups"])
    if params.get("username"):
        entry.username = params["username"]
    entry.modified = now()
    return {"accessEntry": entry.described()}


@HOOKS.instead("eks", "DeleteAccessEntry")
def delete(call: Call) -> Params:
    cluster = cluster_of(call)
    del cluster.entries[cluster.entry(call.params["principalArn"]).principal]
    return {}


@HOOKS.instead("eks", "ListAccessPolicies")
def policies(call: Call) -> Params:
    items = [{"name": name, "arn": PREFIX + name} for name in sorted((*POLICIES, *OF_AUTO_MODE))]
    return page(call, items, "accessPolicies")


@HOOKS.instead("eks", "AssociateAccessPolicy")
def associate(call: Call) -> Params:
    params, cluster = call.params, active(cluster_of(call))
    entry = cluster.entry(params["principalArn"])
    arn, scope = params["policyArn"], params["accessScope"]
    if arn not in {PREFIX + name for name in POLICIES}:
        raise refusals.invalid(f"The specified policyArn is invalid: invalid policy. policyArn: {arn}")
    namespaces = _namespaces(scope)
    allowed_for_nodes = entry.type == "EC2" and arn == PREFIX + NODE and namespaces is None
    if entry.type != "STANDARD" and not allowed_for_nodes:
        text = f"Access policies can't be associated with an access entry of type {entry.type}"
        raise Refusal("InvalidRequestException", f"{text}, but {NODE} of the scope cluster with type EC2.")
    before = entry.policies.get(arn)
    policy = Policy(arn=arn, namespaces=namespaces, associated=before.associated if before else now())
    entry.policies[arn] = policy
    associated = {"associatedAccessPolicy": policy.described()}
    return {"clusterName": cluster.name, "principalArn": entry.principal, **associated}


def _namespaces(scope: dict[str, Any]) -> tuple[str, ...] | None:
    """Of a scope: None is the whole cluster."""
    kind, namespaces = scope.get("type"), scope.get("namespaces") or []
    if kind == "namespace" and not namespaces:
        raise refusals.invalid("accessScope: the type namespace needs namespaces.")
    if kind == "cluster" and namespaces:
        raise refusals.invalid("accessScope: the type cluster can't have namespaces.")
    if kind not in ("cluster", "namespace"):
        raise refusals.invalid(f"accessScope: the type {kind} is invalid, cluster and namespace are valid.")
    return tuple(namespaces) if kind == "namespace" else None


@HOOKS.instead("eks", "DisassociateAccessPolicy")
def disassociate(call: Call) -> Params:
    cluster = active(cluster_of(call))
    entry, arn = cluster.entry(call.params["principalArn"]), call.params["policyArn"]
    if entry.policies.pop(arn, None) is None:
        text = f"The access policy {arn} is not associated with {entry.principal}."
        raise Refusal(NOT_FOUND, text, 404)
    return {}


@HOOKS.instead("eks", "ListAssociatedAccessPolicies")
def associated(call: Call) -> Params:
    cluster = cluster_of(call)
    entry = cluster.entry(call.params["principalArn"])
    items = [policy.described() for _, policy in sorted(entry.policies.items())]
    answer = page(call, items, "associatedAccessPolicies")
    return {"clusterName": cluster.name, "principalArn": entry.principal, **answer}
