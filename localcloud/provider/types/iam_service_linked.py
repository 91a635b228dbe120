"""aws:iam/serviceLinkedRole:ServiceLinkedRole. Its id is its ARN.

AWS facts: AWS names the role and makes its trust; deleting is a task of its own that is asked for and watched, and
fails while the service still uses the role.
"""

from typing import Any, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import GONE, retag
from localcloud.provider.types.s3_common import optional

DELETION_SECONDS: Final = 60.0


class ServiceLinkedRole(Resource):
    """A role that belongs to a service of AWS."""

    tf = "aws_iam_service_linked_role"
    pulumi = "aws:iam/serviceLinkedRole:ServiceLinkedRole"
    handles = frozenset({"aws_service_name", "custom_suffix", "description"})

    def create(self, op: Operation) -> str:
        names = {"aws_service_name": "AWSServiceName", "custom_suffix": "CustomSuffix", "description": "Description"}
        values = {parameter: op.new.get(name) for name, parameter in names.items()}
        request = {parameter: value for parameter, value in values.items() if value}
        return str(op.client("iam").create_service_linked_role(**request)["Role"]["Arn"])

    def settle(self, op: Operation) -> None:
        if op.new["tags_all"]:
            op.client("iam").tag_role(RoleName=_name(op), Tags=as_list(op.new["tags_all"]))

    def read(self, op: Operation) -> State | None:
        found = optional(lambda: op.client("iam").get_role(RoleName=_name(op))["Role"], GONE)
        if found is None:
            return None
        service, name = found["Path"].split("/")[2], found["RoleName"]
        suffix = str(op.old.get("custom_suffix") or "") or name.partition("_")[2]
        return {
            "arn": found["Arn"],
            "aws_service_name": service,
            "custom_suffix": suffix,
            "description": found.get("Description", ""),
            "name": name,
            "path": found["Path"],
            "create_date": found["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "unique_id": found["RoleId"],
            "tags_all": as_map(found.get("Tags", [])),
        }

    def update(self, op: Operation) -> None:
        iam, target = op.client("iam"), {"RoleName": _name(op)}
        if "description" in op.changed:
            iam.update_role(**target, Description=op.new.get("description") or "")
        retag(op, iam.tag_role, iam.untag_role, target)

    def delete(self, op: Operation) -> None:
        iam = op.client("iam")
        asked: Any = optional(lambda: iam.delete_service_linked_role(RoleName=_name(op)), GONE)
        if asked is not None:
            op.retry(lambda: _ended(iam, asked["DeletionTaskId"]), has_code("Pending"), DELETION_SECONDS)


def _name(op: Operation) -> str:
    return op.resource_id.rsplit("/", 1)[-1]


def _ended(iam: Any, task: str) -> None:
    from botocore.exceptions import ClientError

    found = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
    if found["Status"] == "FAILED":
        raise ProviderError(f"deleting the service-linked role failed: {found['Reason'].get('Reason', '')}")
    if found["Status"] != "SUCCEEDED":
        text = f"the deletion is {found['Status']}"
        raise ClientError({"Error": {"Code": "Pending", "Message": text}}, "GetServiceLinkedRoleDeletionStatus")
