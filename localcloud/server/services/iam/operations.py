"""IAM: what AWS refuses and moto takes, and what moto gets wrong.

AWS facts (IAM user guide, "IAM and AWS STS quotas", and the API reference): documents are counted without white space;
names are unique without regard to case; a policy that is attached or serves as a boundary cannot be deleted, nor one
with further versions; attaching what is attached changes nothing; a boundary must be a policy that exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from localcloud.server.access import documents, resources
from localcloud.server.access.refusals import check_identity_policy, check_trust_policy
from localcloud.server.access.resources import IAMBackend, ManagedPolicy, OpenIDConnectProvider, Role
from localcloud.server.call import HOOKS, Call, Params, Refusal

MAX_TRUST = 2_048
MAX_MANAGED = 6_144
MAX_INLINE = {"role": 10_240, "user": 2_048, "group": 5_120}
MAX_POLICIES_PER_ROLE = 20
MAX_CLIENT_IDS = 100
PASSING_BOUNDARY = ("CreateRole", "PutRolePermissionsBoundary")
RESERVED_PATH = "/aws-service-role/"


class _Holder(Protocol):
    policies: dict[str, str]


def backend(call: Call) -> IAMBackend:
    """The IAM of the caller's account."""
    iam = resources.iam(call.caller.account_id)
    if iam is None:
        raise Refusal("InvalidClientTokenId", f"account {call.caller.account_id} does not exist", 403)
    return iam


def limit_exceeded(text: str) -> Refusal:
    return Refusal("LimitExceeded", text, 409)


def no_such_entity(text: str) -> Refusal:
    return Refusal("NoSuchEntity", text, 404)


def delete_conflict(text: str) -> Refusal:
    return Refusal("DeleteConflict", text, 409)


def _role(call: Call) -> Role:
    name = call.params["RoleName"]
    role = resources.role(call.caller.account_id, name)
    if role is None:
        raise no_such_entity(f"The role with name {name} cannot be found.")
    return role


# Trust policies


@HOOKS.before("iam", "CreateRole")
def create_role(call: Call) -> None:
    name, path = call.params["RoleName"], call.params.get("Path") or "/"
    if path.startswith(RESERVED_PATH):
        raise Refusal("ValidationError", f"The path {RESERVED_PATH} is reserved for service-linked roles")
    _unused_name("Role", name, (role.name for role in backend(call).roles.values()))
    _trust(name, call.params["AssumeRolePolicyDocument"])


@HOOKS.before("iam", "UpdateAssumeRolePolicy")
def update_assume_role_policy(call: Call) -> None:
    _trust(_role(call).name, call.params["PolicyDocument"])


def _trust(role: str, text: str) -> None:
    check_trust_policy(text)
    if documents.size(text) > MAX_TRUST:
        raise limit_exceeded(f"Cannot exceed quota for ACLSizePerRole: {MAX_TRUST} (role {role})")


# Names


def _unused_name(kind: str, name: str, taken: Iterable[str]) -> None:
    if name.lower() in {item.lower() for item in taken}:
        raise Refusal("EntityAlreadyExists", f"{kind} with name {name} already exists.", 409)


@HOOKS.before("iam", "CreateUser", "CreateGroup", "CreateInstanceProfile", "CreatePolicy")
def create_named(call: Call) -> None:
    iam, kind = backend(call), call.operation.removeprefix("Create")
    taken: dict[str, Iterable[str]] = {
        "User": iam.users,
        "Group": iam.groups,
        "InstanceProfile": iam.instance_profiles,
        "Policy": [policy.name for policy in iam.managed_policies.values() if ":iam::aws:" not in policy.arn],
    }
    _unused_name(kind, call.params[f"{kind}Name"], taken[kind])
    if kind == "User" and call.params.get("PermissionsBoundary"):
        raise Refusal("NotImplemented", "a permissions boundary of a user is not implemented", 501)


# Policies of identities


@HOOKS.before("iam", "PutRolePolicy", "PutUserPolicy", "PutGroupPolicy")
def put_inline_policy(call: Call) -> None:
    kind = call.operation.removeprefix("Put").removesuffix("Policy").lower()
    name, text = call.params[f"{kind.capitalize()}Name"], call.params["PolicyDocument"]
    check_identity_policy(text)
    holder = _holder(call, kind, name)
    if holder is None:
        raise no_such_entity(f"The {kind} with name {name} cannot be found.")
    others = (item for key, item in holder.policies.items() if key != call.params["PolicyName"])
    if documents.size(text) + sum(map(documents.size, others)) > MAX_INLINE[kind]:
        raise limit_exceeded(f"Maximum policy size of {MAX_INLINE[kind]} bytes exceeded for {kind} {name}")


def _holder(call: Call, kind: str, name: str) -> _Holder | None:
    if kind == "role":
        return resources.role(call.caller.account_id, name)
    if kind == "user":
        return resources.user(call.caller.account_id, name)
    return backend(call).groups.get(name)


@HOOKS.before("iam", "CreatePolicy", "CreatePolicyVersion")
def create_policy(call: Call) -> None:
    text = call.params["PolicyDocument"]
    check_identity_policy(text)
    if documents.size(text) > MAX_MANAGED:
        raise limit_exceeded(f"Cannot exceed quota for PolicySize: {MAX_MANAGED}")


@HOOKS.instead("iam", "AttachRolePolicy")
def attach_role_policy(call: Call) -> Params:
    """In moto's place: it counts an attachment again that is there already."""
    role, arn = _role(call), call.params["PolicyArn"]
    policy = _managed(call, arn)
    if arn not in role.managed_policies:
        if len(role.managed_policies) >= MAX_POLICIES_PER_ROLE:
            raise limit_exceeded(f"Cannot exceed quota for PoliciesPerRole: {MAX_POLICIES_PER_ROLE}")
        policy.attach_to(role)
    return {}


def _managed(call: Call, arn: str) -> ManagedPolicy:
    policy = resources.managed_policy(call.caller.account_id, arn)
    if policy is None:
        raise no_such_entity(f"Policy {arn} does not exist or is not attachable.")
    return policy


# Permissions boundaries


@HOOKS.before("iam", *PASSING_BOUNDARY)
def boundary_exists(call: Call) -> None:
    arn = call.params.get("PermissionsBoundary")
    if not arn:
        return
    if not arn.startswith("arn:aws:iam::") or ":policy/" not in arn:
        raise Refusal("ValidationError", f"The permissions boundary {arn} is not the ARN of a managed policy")
    if resources.managed_policy(call.caller.account_id, arn) is None:
        raise no_such_entity(f"Scope ARN: {arn} does not exist or is not attachable.")


def _bounded_by(iam: IAMBackend, arn: str) -> int:
    return sum(role.permissions_boundary_arn == arn for role in iam.roles.values())


@HOOKS.after("iam", "GetPolicy", "CreatePolicy")
def count_boundary_usage(call: Call, output: Params) -> None:
    output["Policy"]["PermissionsBoundaryUsageCount"] = _bounded_by(backend(call), output["Policy"]["Arn"])


@HOOKS.after("iam", "ListPolicies")
def count_boundary_usages(call: Call, output: Params) -> None:
    for policy in output["Policies"]:
        policy["PermissionsBoundaryUsageCount"] = _bounded_by(backend(call), policy["Arn"])


# Deletion


@HOOKS.before("iam", "DeletePolicy")
def delete_policy(call: Call) -> None:
    arn = call.params["PolicyArn"]
    policy = resources.managed_policy(call.caller.account_id, arn)
    if policy is None:
        raise no_such_entity(f"Policy {arn} was not found.")
    if policy.attachment_count or _bounded_by(backend(call), arn):
        raise delete_conflict("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise delete_conflict(
            "This policy has more than one version. Before you delete a policy, you must delete them."
        )


@HOOKS.before("iam", "RemoveRoleFromInstanceProfile")
def remove_role_from_instance_profile(call: Call) -> None:
    role, name = _role(call), call.params["InstanceProfileName"]
    profile = backend(call).instance_profiles.get(name)
    if profile is not None and role not in profile.roles:
        raise no_such_entity(f"The role {role.name} is not in the instance profile {name}.")


# Identity providers


def _provider(call: Call) -> OpenIDConnectProvider:
    arn = call.params["OpenIDConnectProviderArn"]
    open_id_provider = backend(call).open_id_providers.get(arn)
    if open_id_provider is None:
        raise no_such_entity(f"OpenIDConnect Provider not found for arn {arn}")
    return open_id_provider


@HOOKS.before("iam", "DeleteOpenIDConnectProvider")
def delete_oidc_provider(call: Call) -> None:
    _provider(call)


@HOOKS.instead("iam", "AddClientIDToOpenIDConnectProvider")
def add_client_id(call: Call) -> Params:
    """An id that is there already changes nothing."""
    provider, client = _provider(call), call.params["ClientID"]
    if client not in provider.client_id_list:
        if len(provider.client_id_list) >= MAX_CLIENT_IDS:
            raise limit_exceeded(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MAX_CLIENT_IDS}")
        provider.client_id_list = [*provider.client_id_list, client]
    return {}


@HOOKS.instead("iam", "RemoveClientIDFromOpenIDConnectProvider")
def remove_client_id(call: Call) -> Params:
    """An id that is not there is no error."""
    provider = _provider(call)
    provider.client_id_list = [client for client in provider.client_id_list if client != call.params["ClientID"]]
    return {}


@HOOKS.before("iam", "CreateOpenIDConnectProvider")
def create_oidc_provider(call: Call) -> None:
    url: str = call.params["Url"]
    if not url.startswith("https://"):
        raise Refusal("InvalidInput", f"The URL of an OpenID Connect provider must begin with https://: {url}")
    if len(call.params.get("ClientIDList", [])) > MAX_CLIENT_IDS:
        raise limit_exceeded(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MAX_CLIENT_IDS}")
    known: dict[str, Any] = backend(call).open_id_providers
    if any(arn.endswith(f":oidc-provider/{url.removeprefix('https://').rstrip('/')}") for arn in known):
        raise Refusal("EntityAlreadyExists", f"Provider with url {url} already exists.", 409)
