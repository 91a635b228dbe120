"""aws:iam/role:Role, rolePolicy:RolePolicy and rolePolicyAttachment:RolePolicyAttachment.

AWS facts: a trust policy that names a principal that doesn't exist is refused (MalformedPolicyDocument, "Invalid principal"), and
a new principal takes a moment to be known; a role with policies attached cannot be deleted (DeleteConflict).
"""

from collections.abc import Mapping
from typing import Any

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Api, Resource, State
from localcloud.provider.session import PROPAGATION_SECONDS, has_code, invalid_principal
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import GONE, document, name_of, retag
from localcloud.provider.types.s3_common import optional


class Role(Resource):
    """A role. Its inline and managed policies are resources of their own."""

    tf = "aws_iam_role"
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
    steers = {"force_detach_policies": False}

    def create(self, api: Api, new: Mapping[str, Any]) -> str:
        request: dict[str, Any] = {
            "RoleName": name_of(new),
            "AssumeRolePolicyDocument": new["assume_role_policy"],
            "Path": new["path"],
            "MaxSessionDuration": new["max_session_duration"],
            "Tags": as_list(new["tags_all"]),
        }
        for key, parameter in (("description", "Description"), ("permissions_boundary", "PermissionsBoundary")):
            if new.get(key):
                request[parameter] = new[key]
        iam = api.client("iam")
        api.retry(lambda: iam.create_role(**request), invalid_principal, PROPAGATION_SECONDS)
        return str(request["RoleName"])

    def read(self, api: Api, resource_id: str, prior: Mapping[str, Any]) -> State | None:
        iam = api.client("iam")
        found = optional(lambda: iam.get_role(RoleName=resource_id), GONE)
        if found is None:
            return None
        role = found["Role"]
        managed = [
            item["PolicyArn"]
            for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=resource_id)
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
            "inline_policy": _inline(iam, resource_id),
            "tags_all": as_map(role.get("Tags", [])),
        }

    def update(
        self, api: Api, resource_id: str, old: Mapping[str, Any], new: Mapping[str, Any], changed: set[str]
    ) -> None:
        iam, role = api.client("iam"), {"RoleName": resource_id}
        if "assume_role_policy" in changed:
            text = new["assume_role_policy"]
            call = lambda: iam.update_assume_role_policy(**role, PolicyDocument=text)  # noqa: E731
            api.retry(call, invalid_principal, PROPAGATION_SECONDS)
        if changed & {"description", "max_session_duration"}:
            iam.update_role(
                **role, Description=new.get("description") or "", MaxSessionDuration=new["max_session_duration"]
            )
        if "permissions_boundary" in changed:
            boundary = new.get("permissions_boundary")
            if boundary:
                iam.put_role_permissions_boundary(**role, PermissionsBoundary=boundary)
            else:
                iam.delete_role_permissions_boundary(**role)
        if "tags_all" in changed:
            retag(old.get("tags_all", {}), new["tags_all"], iam.tag_role, iam.untag_role, role)

    def delete(self, api: Api, resource_id: str, state: Mapping[str, Any]) -> None:
        iam, role = api.client("iam"), {"RoleName": resource_id}

        def remove() -> None:
            for profile in iam.list_instance_profiles_for_role(**role)["InstanceProfiles"]:
                iam.remove_role_from_instance_profile(**role, InstanceProfileName=profile["InstanceProfileName"])
            if state.get("force_detach_policies"):
                for item in iam.list_attached_role_policies(**role)["AttachedPolicies"]:
                    iam.detach_role_policy(**role, PolicyArn=item["PolicyArn"])
                for name in iam.list_role_policies(**role)["PolicyNames"]:
                    iam.delete_role_policy(**role, PolicyName=name)
            iam.delete_role(**role)

        optional(lambda: api.retry(remove, has_code("DeleteConflict"), PROPAGATION_SECONDS), GONE)


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
    handles = frozenset({"name", "name_prefix", "policy", "role"})

    def create(self, api: Api, new: Mapping[str, Any]) -> str:
        resource_id = f"{new['role']}:{name_of(new)}"
        self._put(api, resource_id, new["policy"])
        return resource_id

    def read(self, api: Api, resource_id: str, prior: Mapping[str, Any]) -> State | None:
        role, name = _split(resource_id, ":")
        found = optional(lambda: api.client("iam").get_role_policy(RoleName=role, PolicyName=name), GONE)
        if found is None:
            return None
        return {"role": role, "name": found["PolicyName"], "policy": document(found["PolicyDocument"])}

    def update(
        self, api: Api, resource_id: str, old: Mapping[str, Any], new: Mapping[str, Any], changed: set[str]
    ) -> None:
        self._put(api, resource_id, new["policy"])

    def delete(self, api: Api, resource_id: str, state: Mapping[str, Any]) -> None:
        role, name = _split(resource_id, ":")
        optional(lambda: api.client("iam").delete_role_policy(RoleName=role, PolicyName=name), GONE)

    def _put(self, api: Api, resource_id: str, policy: str) -> None:
        role, name = _split(resource_id, ":")
        api.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)


class RolePolicyAttachment(Resource):
    """A managed policy on a role. Its id is `role/arn`; both inputs replace it, the old one goes first."""

    tf = "aws_iam_role_policy_attachment"
    handles = frozenset({"policy_arn", "role"})

    def create(self, api: Api, new: Mapping[str, Any]) -> str:
        api.client("iam").attach_role_policy(RoleName=new["role"], PolicyArn=new["policy_arn"])
        return f"{new['role']}/{new['policy_arn']}"

    def read(self, api: Api, resource_id: str, prior: Mapping[str, Any]) -> State | None:
        role, arn = _split(resource_id, "/")
        pages = api.client("iam").get_paginator("list_attached_role_policies").paginate(RoleName=role)
        attached = optional(lambda: [item["PolicyArn"] for page in pages for item in page["AttachedPolicies"]], GONE)
        return {"role": role, "policy_arn": arn} if attached and arn in attached else None

    def update(
        self, api: Api, resource_id: str, old: Mapping[str, Any], new: Mapping[str, Any], changed: set[str]
    ) -> None:
        raise ProviderError("both inputs of an attachment replace it")

    def delete(self, api: Api, resource_id: str, state: Mapping[str, Any]) -> None:
        role, arn = _split(resource_id, "/")
        optional(lambda: api.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn), GONE)


def _split(resource_id: str, mark: str) -> tuple[str, str]:
    role, found, rest = resource_id.partition(mark)
    if not found or not role or not rest:
        raise ProviderError(f"id {resource_id!r} must be role{mark}{'name' if mark == ':' else 'policy ARN'}")
    return role, rest
