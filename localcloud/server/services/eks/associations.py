"""Pod identity associations: the role that the pods of a service account get.

AWS facts: one association a service account; the role is of the cluster's account and trusts pods.eks.amazonaws.com
with sts:AssumeRole and sts:TagSession; the service account need not exist.
"""

from __future__ import annotations

import secrets
import string
from typing import Any, Final

from localcloud.server.access import resources
from localcloud.server.access.resources import Role
from localcloud.server.call import HOOKS, Call, Params

from . import refusals
from .model import Cluster, active, cluster_of, page
from .parts import Association, now

PRINCIPAL: Final = "pods.eks.amazonaws.com"
_HANDLED: Final = frozenset(
    {
        "associationId", "clientRequestToken", "clusterName", "disableSessionTags", "namespace", "roleArn",
        "serviceAccount", "tags",
    }
)  # fmt: skip


def _check_role(call: Call, cluster: Cluster, arn: str, namespace: str, service_account: str) -> None:
    role = resources.by_arn(arn)
    if not isinstance(role, Role):
        raise refusals.invalid(f"Role provided in the request does not exist: {arn}")
    tags = {"kubernetes-namespace": namespace, "kubernetes-service-account": service_account}
    context = tag_context({"eks-cluster-arn": cluster.arn, "eks-cluster-name": cluster.name, **tags})
    for action in ("sts:AssumeRole", "sts:TagSession"):
        if not refusals.trusts(call, role, PRINCIPAL, action, source_arn=cluster.arn, context=context):
            raise refusals.invalid(
                f"Trust policy of the role provided is invalid: {arn} must allow {PRINCIPAL} to perform sts:AssumeRole "
                "and sts:TagSession"
            )


def tag_context(tags: dict[str, str]) -> dict[str, list[str]]:
    """The condition keys by which a trust policy sees the tags of a session."""
    return {**{f"aws:RequestTag/{key}": [value] for key, value in tags.items()}, "aws:TagKeys": list(tags)}


def _only(call: Call) -> None:
    if call.params.get("policy") and not call.params.get("disableSessionTags"):
        raise refusals.invalid("A policy needs disableSessionTags to be true.")
    refusals.only(call, _HANDLED)


@HOOKS.instead("eks", "CreatePodIdentityAssociation")
def create(call: Call) -> Params:
    params, cluster = call.params, active(cluster_of(call))
    _only(call)
    namespace, service_account = params["namespace"], params["serviceAccount"]
    if before := of_service_account(cluster, namespace, service_account):
        raise refusals.in_use(f"Association already exists: {before.id}")
    _check_role(call, cluster, params["roleArn"], namespace, service_account)
    identifier = "a-" + "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(17))
    association = Association(
        cluster=cluster.name,
        arn=cluster.sub_arn("podidentityassociation", identifier),
        id=identifier,
        namespace=namespace,
        service_account=service_account,
        role=params["roleArn"],
        tags=dict(params.get("tags") or {}),
        session_tags=not params.get("disableSessionTags"),
    )
    cluster.associations[identifier] = association
    return {"association": association.described()}


def of_service_account(cluster: Cluster, namespace: str, service_account: str) -> Association | None:
    wanted = (namespace, service_account)
    associations = list(cluster.associations.values())
    return next((one for one in associations if (one.namespace, one.service_account) == wanted), None)


@HOOKS.instead("eks", "DescribePodIdentityAssociation")
def describe(call: Call) -> Params:
    return {"association": cluster_of(call).association(call.params["associationId"]).described()}


@HOOKS.instead("eks", "ListPodIdentityAssociations")
def listed(call: Call) -> Params:
    namespace, account = call.params.get("namespace"), call.params.get("serviceAccount")
    chosen = [
        _summary(one.described())
        for one in cluster_of(call).associations.values()
        if namespace in (None, one.namespace) and account in (None, one.service_account)
    ]
    return page(call, chosen, "associations")


def _summary(described: dict[str, Any]) -> dict[str, Any]:
    members = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")
    return {member: described[member] for member in members}


@HOOKS.instead("eks", "UpdatePodIdentityAssociation")
def update(call: Call) -> Params:
    params, cluster = call.params, active(cluster_of(call))
    _only(call)
    association = cluster.association(params["associationId"])
    if role := params.get("roleArn"):
        _check_role(call, cluster, role, association.namespace, association.service_account)
        association.role = role
    if params.get("disableSessionTags") is not None:
        association.session_tags = not params["disableSessionTags"]
    association.modified = now()
    return {"association": association.described()}


@HOOKS.instead("eks", "DeletePodIdentityAssociation")
def delete(call: Call) -> Params:
    cluster = cluster_of(call)
    association = cluster.association(call.params["associationId"])
    del cluster.associations[association.id]
    return {"association": association.described()}
