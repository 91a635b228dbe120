"""eks-auth: a pod's token for credentials of its service account's role.

AWS facts (user guide, "EKS Pod Identity" and "Grant Pods access by tags"): the session's tags say which cluster,
namespace, service account and pod it is; they are transitive, and win over the role's own tags. Credentials last six
hours.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from localcloud.server.access import resources
from localcloud.server.access.resources import Role
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.sessions import open_session

from . import associations, refusals
from .model import NOT_FOUND, Cluster, cluster_of

AUDIENCE: Final = "pods.eks.amazonaws.com"
SECONDS: Final = 6 * 3600


@HOOKS.instead("eks-auth", "AssumeRoleForPodIdentity")
def assume_role(call: Call) -> Params:
    cluster = cluster_of(call)
    pod = cluster.running.pod_of(call.params["token"], AUDIENCE)
    if pod is None:
        text = "The token included in the request is expired, invalid, or of another audience."
        raise Refusal("InvalidTokenException", text)
    association = associations.of_service_account(cluster, pod.namespace, pod.service_account)
    if association is None:
        text = f"No pod identity association for the service account {pod.service_account} of {pod.namespace}."
        raise Refusal(NOT_FOUND, text, 404)
    tags = {
        "eks-cluster-arn": cluster.arn,
        "eks-cluster-name": cluster.name,
        "kubernetes-namespace": pod.namespace,
        "kubernetes-service-account": pod.service_account,
        "kubernetes-pod-name": pod.pod,
        "kubernetes-pod-uid": pod.pod_uid,
    }
    role = _role(call, cluster, association.role, tags if association.session_tags else {})
    return {
        "subject": {"namespace": pod.namespace, "serviceAccount": pod.service_account},
        "audience": AUDIENCE,
        "podIdentityAssociation": {"associationArn": association.arn, "associationId": association.id},
        **_session(role, f"eks-{cluster.name}-{pod.pod}", tags if association.session_tags else {}),
    }


def _role(call: Call, cluster: Cluster, arn: str, tags: dict[str, str]) -> Role:
    """The role, if it lets EKS give it to pods now."""
    role = resources.by_arn(arn)
    context = associations.tag_context(tags) if tags else {}
    actions = ("sts:AssumeRole", "sts:TagSession") if tags else ("sts:AssumeRole",)
    if not isinstance(role, Role) or not all(
        refusals.trusts(call, role, AUDIENCE, action, source_arn=cluster.arn, context=context) for action in actions
    ):
        text = "Unauthorized Exception! EKS does not have permissions to assume the associated role."
        raise Refusal("AccessDeniedException", text, 403)
    return role


def _session(role: Role, name: str, tags: dict[str, str]) -> dict[str, Any]:
    key, session = open_session(role, f"{name[:27]}-{uuid.uuid4()}", seconds=SECONDS, tags=tags)
    return {
        "assumedRoleUser": {"arn": session.caller.arn, "assumeRoleId": session.caller.user_id},
        "credentials": {
            "accessKeyId": key,
            "secretAccessKey": session.secret,
            "sessionToken": session.token,
            "expiration": session.expires,
        },
    }
