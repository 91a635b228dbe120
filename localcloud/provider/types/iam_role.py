"""aws:iam/role:Role, rolePolicy:RolePolicy and rolePolicyAttachment:RolePolicyAttachment.

AWS facts: a trust policy that names a principal that doesn't exist is refused (MalformedPolicyDocument, "Invalid
principal"), and a new principal takes a moment to be known; a role with policies attached cannot be deleted
(DeleteConflict).
"""

from typing import Any, ClassVar

from localcloud.provider.autoname import Autoname
from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import REFUSED
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import PROPAGATION_SECONDS, has_code, invalid_principal
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import GONE, document, name_of, retag
from localcloud.provider.types.s3_common import optional


class Role(Resource):
    """A role. Its inline and managed policies are resources of their own."""

    tf = "aws_iam_role"
    pulumi = "aws:iam/role:Role"
    handles = frozenset(
        {
            "assume_role_policy",
            "description",
            "max_session_duration",
            "name",
            "name_prefix",
            "path",
            "permissions_boundary",
        }
    )
    steers: ClassVar = {"force_detach_policies": False}
    autoname = Autoname("name", 64)
    plan_rules = (("inline_policy is exclusive", REFUSED),)

    def create(self, op: Operation) -> str:
        request: dict[str, Any] = {
            "RoleName": name_of(op.new),
            "AssumeRolePolicyDocument": op.new["assume_role_policy"],
            "Path": op.new["path"],
            "MaxSessionDuration": op.new["max_session_duration"],
            "Tags": as_list(op.new["tags_all"]),
        }
        for key, parameter in (("description", "Description"), ("permissions_boundary", "PermissionsBoundary")):
            if op.new.get(key):
                request[parameter] = op.new[key]
        iam = op.client("iam")
        op.retry(lambda: iam.create_role(**request), invalid_principal, PROPAGATION_SECONDS)
        return str(request["RoleName"])

    def read(self, op: Operation) -> State | None:
        iam = op.client("iam")
        found = optional(lambda: iam.get_role(RoleName=op.resource_id), GONE)
        if found is None:
            return None
        role = found["Role"]
        managed = [
            item["PolicyArn"]
            for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=op.resource_id)
            for item in page["AttachedPolicies"]
        ]
        return {
            "name": role["RoleName"],
            "arn": role["Arn"],
            "path": role["Path"],
            "unique_id": role["RoleId"],
            "create_date": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "assume_role_policy": document(role["AssumeRolePolicyDocument"]),
            "description": role.get("Description", ""),
            "max_session_duration": role["MaxSessionDuration"],
            "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            "managed_policy_arns": managed,
            "inline_policy": _inline(iam, op.resource_id),
            "tags_all": as_map(role.get("Tags", [])),
        }

    def update(self, op: Operation) -> None:
        iam, role = op.client("iam"), {"RoleName": op.resource_id}
        if "assume_role_policy" in op.changed:
            text = op.new["assume_role_policy"]
            call = lambda: iam.update_assume_role_policy(**role, PolicyDocument=text)  # noqa: E731
            op.retry(call, invalid_principal, PROPAGATION_SECONDS)
        if op.changed & {"description", "max_session_duration"}:
            iam.update_role(
                **role, Description=op.new.get("description") or "", MaxSessionDuration=op.new["max_session_duration"]
            )
        if "permissions_boundary" in op.changed:
            boundary = op.new.get("permissions_boundary")
            if boundary:
                iam.put_role_permissions_boundary(**role, PermissionsBoundary=boundary)
            else:
                iam.delete_role_permissions_boundary(**role)
        retag(op, iam.tag_role, iam.untag_role, role)

    def delete(self, op: Operation) -> None:
        iam, role = op.client("iam"), {"RoleName": op.resource_id}

        def remove() -> None:
            for profile in iam.list_instance_profiles_for_role(**role)["InstanceProfiles"]:
                iam.remove_role_from_instance_profile(**role, InstanceProfileName=profile["InstanceProfileName"])
            if op.old.get("force_detach_policies"):
                for item in iam.list_attached_role_policies(**role)["AttachedPolicies"]:
                    iam.detach_role_policy(**role, PolicyArn=item["PolicyArn"])
                for name in iam.list_role_policies(**role)["PolicyNames"]:
                    iam.delete_role_policy(**role, PolicyName=name)
            iam.delete_role(**role)

        optional(lambda: op.retry(remove, has_code("DeleteConflict"), PROPAGATION_SECONDS), GONE)


def _inline(iam: Any, role: str) -> list[State]:
    names = [
        name for page in iam.get_paginator("list_role_policies").paginate(RoleName=role) for name in page["PolicyNames"]
    ]
    return [
        {"name": name, "policy": document(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])}
        for name in names
    ]


class RolePolicy(Resource):
    """An inline policy of a role. Its id is `role:name`."""

    tf = "aws_iam_role_policy"
    pulumi = "aws:iam/rolePolicy:RolePolicy"
    handles = frozenset({"name", "name_prefix", "policy", "role"})

    def create(self, op: Operation) -> str:
        resource_id = f"{op.new['role']}:{name_of(op.new)}"
        self._put(op, resource_id, op.new["policy"])
        return resource_id

    def read(self, op: Operation) -> State | None:
        role, name = _split(op.resource_id, ":")
        found = optional(lambda: op.client("iam").get_role_policy(RoleName=role, PolicyName=name), GONE)
        if found is None:
            return None
        return {"role": role, "name": found["PolicyName"], "policy": document(found["PolicyDocument"])}

    def update(self, op: Operation) -> None:
        self._put(op, op.resource_id, op.new["policy"])

    def delete(self, op: Operation) -> None:
        role, name = _split(op.resource_id, ":")
        optional(lambda: op.client("iam").delete_role_policy(RoleName=role, PolicyName=name), GONE)

    def _put(self, op: Operation, resource_id: str, policy: str) -> None:
        role, name = _split(resource_id, ":")
        op.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)


class RolePolicyAttachment(Resource):
    """A managed policy on a role. Its id is `role/arn`; both inputs replace it, the old one goes first."""

    tf = "aws_iam_role_policy_attachment"
    pulumi = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    handles = frozenset({"policy_arn", "role"})

    def create(self, op: Operation) -> str:
        op.client("iam").attach_role_policy(RoleName=op.new["role"], PolicyArn=op.new["policy_arn"])
        return f"{op.new['role']}/{op.new['policy_arn']}"

    def read(self, op: Operation) -> State | None:
        role, arn = _split(op.resource_id, "/")
        pages = op.client("iam").get_paginator("list_attached_role_policies").paginate(RoleName=role)
        attached = optional(lambda: [item["PolicyArn"] for page in pages for item in page["AttachedPolicies"]], GONE)
        return {"role": role, "policy_arn": arn} if attached and arn in attached else None

    # No update: each input replaces the attachment.

    def delete(self, op: Operation) -> None:
        role, arn = _split(op.resource_id, "/")
        optional(lambda: op.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn), GONE)


def _split(resource_id: str, mark: str) -> tuple[str, str]:
    role, found, rest = resource_id.partition(mark)
    if not found or not role or not rest:
        raise ProviderError(f"id {resource_id!r} must be role{mark}{'name' if mark == ':' else 'policy ARN'}")
    return role, rest
