"""aws:iam/instanceProfile:InstanceProfile: hands one role to EC2 machines. Its id is its name."""

from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import GONE, name_of, retag
from localcloud.provider.types.s3_common import optional


class InstanceProfile(Resource):
    """An instance profile, and at most one role in it."""

    tf = "aws_iam_instance_profile"
    pulumi = "aws:iam/instanceProfile:InstanceProfile"
    handles = frozenset({"name", "name_prefix", "path", "role"})

    def create(self, op: Operation) -> str:
        name = name_of(op.new)
        op.client("iam").create_instance_profile(
            InstanceProfileName=name, Path=op.new["path"], Tags=as_list(op.new["tags_all"])
        )
        return name

    def settle(self, op: Operation) -> None:
        self._swap(op, "", op.new.get("role"))

    def read(self, op: Operation) -> State | None:
        found = optional(lambda: op.client("iam").get_instance_profile(InstanceProfileName=op.resource_id), GONE)
        if found is None:
            return None
        profile = found["InstanceProfile"]
        return {
            "name": profile["InstanceProfileName"],
            "path": profile["Path"],
            "role": next((role["RoleName"] for role in profile["Roles"]), ""),
            "arn": profile["Arn"],
            "unique_id": profile["InstanceProfileId"],
            "create_date": profile["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tags_all": as_map(profile.get("Tags", [])),
        }

    def update(self, op: Operation) -> None:
        iam, target = op.client("iam"), {"InstanceProfileName": op.resource_id}
        if "role" in op.changed:
            self._swap(op, op.old.get("role"), op.new.get("role"))
        retag(op, iam.tag_instance_profile, iam.untag_instance_profile, target)

    def delete(self, op: Operation) -> None:
        optional(lambda: self._swap(op, op.old.get("role"), ""), GONE)
        optional(lambda: op.client("iam").delete_instance_profile(InstanceProfileName=op.resource_id), GONE)

    def _swap(self, op: Operation, old: str | None, new: str | None) -> None:
        iam, target = op.client("iam"), {"InstanceProfileName": op.resource_id}
        if old:
            iam.remove_role_from_instance_profile(**target, RoleName=old)
        if new:
            iam.add_role_to_instance_profile(**target, RoleName=new)
