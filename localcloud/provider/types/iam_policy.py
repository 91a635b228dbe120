"""aws:iam/policy:Policy.

AWS facts: a managed policy keeps at most five versions, so the oldest goes before a sixth is made; only the document
can be changed in place; a policy that is attached cannot be deleted (DeleteConflict), nor one with versions besides
the default.
"""

from typing import Any, Final

from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.iam_common import GONE, document, name_of, retag
from localcloud.provider.types.s3_common import optional

_MOST_VERSIONS: Final = 5


class Policy(Resource):
    """A managed policy. Its id is its ARN."""

    tf = "aws_iam_policy"
    pulumi = "aws:iam/policy:Policy"
    handles = frozenset({"description", "name", "name_prefix", "path", "policy"})
    recomputed = frozenset({"attachment_count"})

    def create(self, op: Operation) -> str:
        described = {"Description": op.new["description"]} if op.new.get("description") else {}
        made = op.client("iam").create_policy(
            PolicyName=name_of(op.new),
            Path=op.new["path"],
            PolicyDocument=op.new["policy"],
            Tags=as_list(op.new["tags_all"]),
            **described,
        )
        return str(made["Policy"]["Arn"])

    def read(self, op: Operation) -> State | None:
        iam = op.client("iam")
        found = optional(lambda: iam.get_policy(PolicyArn=op.resource_id), GONE)
        if found is None:
            return None
        policy = found["Policy"]
        version = iam.get_policy_version(PolicyArn=op.resource_id, VersionId=policy["DefaultVersionId"])
        return {
            "arn": policy["Arn"],
            "name": policy["PolicyName"],
            "path": policy["Path"],
            "policy_id": policy["PolicyId"],
            "attachment_count": policy["AttachmentCount"],
            "description": policy.get("Description", ""),
            "policy": document(version["PolicyVersion"]["Document"]),
            "tags_all": as_map(policy.get("Tags", [])),
        }

    def update(self, op: Operation) -> None:
        iam, policy = op.client("iam"), {"PolicyArn": op.resource_id}
        if "policy" in op.changed:
            others = self._other_versions(iam, op.resource_id)
            if len(others) + 1 >= _MOST_VERSIONS:
                oldest = min(others, key=lambda version: (version["CreateDate"], int(version["VersionId"][1:])))
                iam.delete_policy_version(**policy, VersionId=oldest["VersionId"])
            iam.create_policy_version(**policy, PolicyDocument=op.new["policy"], SetAsDefault=True)
        retag(op, iam.tag_policy, iam.untag_policy, policy)

    def delete(self, op: Operation) -> None:
        iam = op.client("iam")

        def remove() -> None:
            for version in self._other_versions(iam, op.resource_id):
                iam.delete_policy_version(PolicyArn=op.resource_id, VersionId=version["VersionId"])
            iam.delete_policy(PolicyArn=op.resource_id)

        optional(remove, GONE)

    def _other_versions(self, iam: Any, arn: str) -> list[dict[str, Any]]:
        return [item for item in iam.list_policy_versions(PolicyArn=arn)["Versions"] if not item["IsDefaultVersion"]]
