"""Service-linked roles: AWS names them, makes them with fixed trust, and lets nobody but the service change them.

AWS facts: the name comes from the service, not from a rule; a second one is InvalidInput ("has been taken"), and so is
a custom suffix for a service that allows none (Auto Scaling does).
"""

from __future__ import annotations

import json

from localcloud.server import registry
from localcloud.server.access import resources
from localcloud.server.call import HOOKS, Call, Params, Refusal

from .operations import backend

NAMES = {
    "autoscaling.amazonaws.com": "AutoScaling",
    "backup.amazonaws.com": "Backup",
    "eks-fargate.amazonaws.com": "AmazonEKSForFargate",
    "eks-nodegroup.amazonaws.com": "AmazonEKSNodegroup",
    "eks.amazonaws.com": "AmazonEKS",
    "rds.amazonaws.com": "RDS",
    "spot.amazonaws.com": "EC2Spot",
    "spotfleet.amazonaws.com": "EC2SpotFleet",
    "wafv2.amazonaws.com": "WAFV2Logging",
}
"""Of services that are no folder here: principal -> what its role's name ends in."""

WITH_SUFFIX = {"autoscaling.amazonaws.com"}
CHANGES = (
    "AttachRolePolicy", "DeleteRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DetachRolePolicy",
    "PutRolePermissionsBoundary", "PutRolePolicy", "UpdateAssumeRolePolicy",
)  # fmt: skip


@HOOKS.instead("iam", "CreateServiceLinkedRole")
def create(call: Call) -> Params:
    """In moto's place: it makes the role's name from the service's."""
    service, suffix = call.params["AWSServiceName"], call.params.get("CustomSuffix")
    names = {**NAMES, **registry.service_linked_roles()}
    if service not in names:
        raise Refusal("InvalidInput", f"Service role for {service} is not known here")
    if suffix and service not in WITH_SUFFIX:
        raise Refusal("InvalidInput", f"Custom suffix is not allowed for {service}")
    name = f"AWSServiceRoleFor{names[service]}" + (f"_{suffix}" if suffix else "")
    if resources.role(call.caller.account_id, name):
        text = f"Service role name {name} has been taken in this account, please try a different suffix."
        raise Refusal("InvalidInput", text)
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    }
    role = backend(call).create_role(
        role_name=name,
        assume_role_policy_document=json.dumps(trust),
        path=f"/aws-service-role/{service}/",
        permissions_boundary=None,
        description=call.params.get("Description", ""),
        tags=[],
        max_session_duration="3600",
        linked_service=service,
    )
    return {
        "Role": {
            "Path": role.path,
            "RoleName": role.name,
            "RoleId": role.id,
            "Arn": role.arn,
            "CreateDate": role.create_date,
            "AssumeRolePolicyDocument": role.assume_role_policy_document,
            "Description": role.description,
        }
    }


@HOOKS.before("iam", *CHANGES)
def protected(call: Call) -> None:
    role = resources.role(call.caller.account_id, call.params["RoleName"])
    if role and role.path.startswith("/aws-service-role/"):
        text = f"Cannot perform the operation on the protected role '{role.name}' - this role is only modifiable by AWS"
        raise Refusal("UnmodifiableEntity", text)
