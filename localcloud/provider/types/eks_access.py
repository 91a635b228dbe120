"""aws:eks/accessEntry:AccessEntry, aws:eks/accessPolicyAssociation:AccessPolicyAssociation, and
aws:eks/podIdentityAssociation:PodIdentityAssociation.

AWS facts: a policy is refused for a principal without an entry; everything of an association of a policy is what it is.
"""

from typing import Any, Final

from localcloud.provider.errors import error_code
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import PROPAGATION_SECONDS
from localcloud.provider.types.eks_common import GONE, given, moment, retag
from localcloud.provider.types.s3_common import optional


class AccessEntry(Resource):
    """An entry. Its id is ``cluster:principal``."""

    tf = "aws_eks_access_entry"
    pulumi = "aws:eks/accessEntry:AccessEntry"
    handles = frozenset({"cluster_name", "principal_arn", "kubernetes_groups", "type", "user_name"})

    def create(self, op: Operation) -> str:
        request = {
            "clusterName": op.new["cluster_name"],
            "principalArn": op.new["principal_arn"],
            "kubernetesGroups": sorted(op.new.get("kubernetes_groups") or []),
            "type": op.new.get("type"),
            "username": op.new.get("user_name"),
            "tags": op.new["tags_all"],
        }
        op.client("eks").create_access_entry(**given(request))
        return f"{request['clusterName']}:{request['principalArn']}"

    def read(self, op: Operation) -> State | None:
        answer = optional(lambda: op.client("eks").describe_access_entry(**_entry(op)), GONE)
        if answer is None:
            return None
        entry = answer["accessEntry"]
        return {
            "cluster_name": entry["clusterName"],
            "principal_arn": entry["principalArn"],
            "kubernetes_groups": entry["kubernetesGroups"],
            "type": entry["type"],
            "user_name": entry["username"],
            "access_entry_arn": entry["accessEntryArn"],
            "created_at": moment(entry["createdAt"]),
            "modified_at": moment(entry["modifiedAt"]),
            "tags_all": entry["tags"],
        }

    def update(self, op: Operation) -> None:
        if op.changed & {"kubernetes_groups", "user_name"}:
            groups = sorted(op.new.get("kubernetes_groups") or [])
            name = given({"username": op.new.get("user_name")})
            op.client("eks").update_access_entry(**_entry(op), kubernetesGroups=groups, **name)
        retag(op, "access_entry_arn")

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("eks").delete_access_entry(**_entry(op)), GONE)


def _entry(op: Operation) -> dict[str, str]:
    cluster, _, principal = op.resource_id.partition(":")
    return {"clusterName": cluster, "principalArn": principal}


class AccessPolicyAssociation(Resource):
    """A policy of an entry. Its id is ``cluster#principal#policy``."""

    tf = "aws_eks_access_policy_association"
    pulumi = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    handles = frozenset({"access_scope", "cluster_name", "policy_arn", "principal_arn"})

    def create(self, op: Operation) -> str:
        names = [str(op.new[name]) for name in ("cluster_name", "principal_arn", "policy_arn")]
        scope = {"type": op.new["access_scope"]["type"], "namespaces": op.new["access_scope"].get("namespaces")}
        request = dict(zip(("clusterName", "principalArn", "policyArn"), names, strict=True))
        associate = op.client("eks").associate_access_policy
        op.retry(
            lambda: associate(**request, accessScope=given(scope)),
            lambda error: error_code(error) in GONE,
            PROPAGATION_SECONDS,
        )
        return "#".join(names)

    def read(self, op: Operation) -> State | None:
        cluster, principal, policy = op.resource_id.split("#")
        eks, entry = op.client("eks"), {"clusterName": cluster, "principalArn": principal}
        answer = optional(lambda: eks.list_associated_access_policies(**entry), GONE) or {
            "associatedAccessPolicies": []
        }
        found = next((one for one in answer["associatedAccessPolicies"] if one["policyArn"] == policy), None)
        if found is None:
            return None
        scope: dict[str, Any] = found["accessScope"]
        return {
            "access_scope": {"type": scope["type"], "namespaces": scope.get("namespaces") or None},
            "cluster_name": cluster,
            "policy_arn": policy,
            "principal_arn": principal,
            "associated_at": moment(found["associatedAt"]),
            "modified_at": moment(found["modifiedAt"]),
        }

    def delete(self, op: Operation) -> None:
        cluster, principal, policy = op.resource_id.split("#")
        request = {"clusterName": cluster, "principalArn": principal, "policyArn": policy}
        optional(lambda: op.client("eks").disassociate_access_policy(**request), GONE)


_ASSOCIATION: Final = {
    "cluster_name": "clusterName",
    "namespace": "namespace",
    "role_arn": "roleArn",
    "service_account": "serviceAccount",
    "disable_session_tags": "disableSessionTags",
    "policy": "policy",
    "target_role_arn": "targetRoleArn",
}


class PodIdentityAssociation(Resource):
    """The role of a service account's pods. Its id is the association's."""

    tf = "aws_eks_pod_identity_association"
    pulumi = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
    handles = frozenset({*_ASSOCIATION})

    def create(self, op: Operation) -> str:
        request = {api: op.new.get(name) for name, api in _ASSOCIATION.items()} | {"tags": op.new["tags_all"]}
        made = op.client("eks").create_pod_identity_association(**given(request))
        return str(made["association"]["associationId"])

    def known_by(self, import_id: str) -> str:
        return import_id.rpartition(",")[2]

    def read(self, op: Operation) -> State | None:
        answer = optional(lambda: op.client("eks").describe_pod_identity_association(**_association(op)), GONE)
        if answer is None:
            return None
        found = answer["association"]
        return {
            **{name: found.get(api) for name, api in _ASSOCIATION.items()},
            "disable_session_tags": found["disableSessionTags"] or op.old.get("disable_session_tags"),
            "association_arn": found["associationArn"],
            "association_id": found["associationId"],
            "external_id": found.get("externalId"),
            "tags_all": found["tags"],
        }

    def update(self, op: Operation) -> None:
        changed = op.changed & {"disable_session_tags", "policy", "role_arn", "target_role_arn"}
        if changed:
            request = {_ASSOCIATION[name]: op.new.get(name) for name in changed}
            if "disable_session_tags" in changed:
                request["disableSessionTags"] = bool(op.new.get("disable_session_tags"))
            op.client("eks").update_pod_identity_association(**_association(op), **request)
        retag(op, "association_arn")

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("eks").delete_pod_identity_association(**_association(op)), GONE)


def _association(op: Operation) -> dict[str, str]:
    """An import names the cluster too: ``cluster,association``."""
    cluster, _, identifier = op.resource_id.rpartition(",")
    return {"clusterName": cluster or op.old["cluster_name"], "associationId": identifier}
