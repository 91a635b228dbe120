"""The permissions of IAM calls.

Rests on the service authorization reference: an IAM action has its operation's name and is checked on the ARN of what
it works on; tags given at creation need the tagging action too. A permissions boundary is visible to conditions as
``iam:PermissionsBoundary``: the one that is asked for, or the one that the role has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from localcloud.server.access import resources
from localcloud.server.access.permission import Permission, Unmapped, Values
from localcloud.server.call import Call
from localcloud.server.permissions import on, pass_role, tags

ROLE = {
    "AttachRolePolicy", "CreateRole", "DeleteRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy",
    "DetachRolePolicy", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "ListInstanceProfilesForRole",
    "ListRolePolicies", "ListRoleTags", "PutRolePermissionsBoundary", "PutRolePolicy", "TagRole", "UntagRole",
    "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription",
}  # fmt: skip
USER = {
    "AttachUserPolicy", "CreateAccessKey", "CreateUser", "DeleteAccessKey", "DeleteUser", "DeleteUserPolicy",
    "DetachUserPolicy", "GetUser", "GetUserPolicy", "ListAccessKeys", "ListAttachedUserPolicies",
    "ListGroupsForUser", "ListUserPolicies", "ListUserTags", "PutUserPolicy", "TagUser", "UntagUser",
    "UpdateAccessKey", "UpdateUser",
}  # fmt: skip
POLICY = {
    "CreatePolicy", "CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "GetPolicy", "GetPolicyVersion",
    "ListEntitiesForPolicy", "ListPolicyTags", "ListPolicyVersions", "SetDefaultPolicyVersion", "TagPolicy",
    "UntagPolicy",
}  # fmt: skip
INSTANCE_PROFILE = {
    "AddRoleToInstanceProfile", "CreateInstanceProfile", "DeleteInstanceProfile", "GetInstanceProfile",
    "ListInstanceProfileTags", "RemoveRoleFromInstanceProfile", "TagInstanceProfile", "UntagInstanceProfile",
}  # fmt: skip
OIDC = {
    "AddClientIDToOpenIDConnectProvider", "CreateOpenIDConnectProvider", "DeleteOpenIDConnectProvider",
    "GetOpenIDConnectProvider", "ListOpenIDConnectProviderTags", "RemoveClientIDFromOpenIDConnectProvider",
    "TagOpenIDConnectProvider", "UntagOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint",
}  # fmt: skip
GROUP = {
    "AddUserToGroup", "AttachGroupPolicy", "CreateGroup", "DeleteGroup", "DeleteGroupPolicy", "DetachGroupPolicy",
    "GetGroup", "GetGroupPolicy", "ListAttachedGroupPolicies", "ListGroupPolicies", "PutGroupPolicy",
    "RemoveUserFromGroup", "UpdateGroup",
}  # fmt: skip
ANY = {
    "CreateAccountAlias", "DeleteAccountAlias", "DeleteAccountPasswordPolicy", "GetAccountPasswordPolicy",
    "GetAccountSummary", "ListAccountAliases", "ListGroups", "ListInstanceProfiles", "ListOpenIDConnectProviders",
    "ListPolicies", "ListRoles", "ListUsers", "UpdateAccountPasswordPolicy",
}  # fmt: skip
SERVICE_LINKED = {
    "CreateServiceLinkedRole", "DeleteServiceLinkedRole", "GetServiceLinkedRoleDeletionStatus",
}  # fmt: skip
TAGGING = {
    "CreateInstanceProfile": "TagInstanceProfile",
    "CreateOpenIDConnectProvider": "TagOpenIDConnectProvider",
    "CreatePolicy": "TagPolicy",
    "CreateRole": "TagRole",
    "CreateUser": "TagUser",
}
"""Creation -> the action that its tags need."""
READING = ("Get", "List")
"""What may be done with AWS's own policies: they are in no account that lets anybody change them."""


def permissions(call: Call) -> list[Permission]:
    """What an IAM call needs."""
    arn = _resource(call)
    context = tags(call.params) | _policy_context(call) | _entity_context(call)
    owner = arn.split(":")[4] if arn.count(":") >= 5 else ""
    if owner == "" or (owner == "aws" and call.operation.startswith(READING)):
        owner = call.caller.account_id
    actions = [call.operation]
    if call.operation in TAGGING and call.params.get("Tags"):
        actions.append(TAGGING[call.operation])
    needed = [replace(on(call, f"iam:{action}", arn, context), owner_account=owner) for action in actions]
    if call.operation == "AddRoleToInstanceProfile":
        needed.append(pass_role(call, call.params["RoleName"], "ec2.amazonaws.com"))
    return needed


def _resource(call: Call) -> str:
    if call.operation in ANY:
        return "*"
    for operations, arn in _ARNS:
        if call.operation in operations:
            return arn(call, f"arn:aws:iam::{call.caller.account_id}", call.params.get("Path") or "/")
    raise Unmapped(f"iam:{call.operation}")


def _role(call: Call, prefix: str, path: str) -> str:
    name = call.params["RoleName"]
    created = call.operation == "CreateRole"
    return f"{prefix}:role{path}{name}" if created else resources.role_arn(call.caller.account_id, name)


def _user(call: Call, prefix: str, path: str) -> str:
    name = call.params.get("UserName") or call.caller.arn.split("/")[-1]
    created = call.operation == "CreateUser"
    return f"{prefix}:user{path}{name}" if created else resources.user_arn(call.caller.account_id, name)


def _policy(call: Call, prefix: str, path: str) -> str:
    created = call.operation == "CreatePolicy"
    return f"{prefix}:policy{path}{call.params['PolicyName']}" if created else call.params["PolicyArn"]


def _oidc(call: Call, prefix: str, _path: str) -> str:
    url = call.params.get("Url", "").removeprefix("https://")
    return call.params.get("OpenIDConnectProviderArn") or f"{prefix}:oidc-provider/{url}"


def _group(call: Call, prefix: str, path: str) -> str:
    return f"{prefix}:group{path}{call.params['GroupName']}"


def _service_linked(call: Call, prefix: str, _path: str) -> str:
    service = call.params.get("AWSServiceName", "*")
    return f"{prefix}:role/aws-service-role/{service}/{call.params.get('RoleName', '*')}"


def _profile(call: Call, _prefix: str, path: str) -> str:
    return _instance_profile(call.caller.account_id, call.params["InstanceProfileName"], path)


_ARNS: tuple[tuple[set[str], Callable[[Call, str, str], str]], ...] = (
    (ROLE, _role),
    (USER, _user),
    (POLICY, _policy),
    (INSTANCE_PROFILE, _profile),
    (OIDC, _oidc),
    (GROUP, _group),
    (SERVICE_LINKED, _service_linked),
)


def _instance_profile(account: str, name: str, path: str) -> str:
    backend = resources.iam(account)
    profiles = backend.instance_profiles.values() if backend else []
    arns = [profile.arn for profile in profiles if profile.name == name]
    return arns[0] if arns else f"arn:aws:iam::{account}:instance-profile{path}{name}"


def _policy_context(call: Call) -> Values:
    context: Values = {}
    if call.operation.startswith(("Attach", "Detach")):
        context["iam:PolicyARN"] = [call.params["PolicyArn"]]
    if call.operation == "CreateServiceLinkedRole":
        context["iam:AWSServiceName"] = [call.params["AWSServiceName"]]
    return context


def _entity_context(call: Call) -> Values:
    """The boundary that is asked for, or that the role has."""
    asked = call.params.get("PermissionsBoundary")
    if asked:
        return {"iam:PermissionsBoundary": [asked]}
    role = resources.role(call.caller.account_id, call.params["RoleName"]) if call.operation in ROLE else None
    boundary = role.permissions_boundary_arn if role else None
    return {"iam:PermissionsBoundary": [boundary]} if boundary else {}
