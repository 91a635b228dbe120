"""aws:cloudwatch/logGroup:LogGroup. Its id is its name.

AWS facts: retention is a setting of its own, and without it events never expire, which pulumi-aws writes as 0; the
ARN that the API answers with may end in `:*`, which tagging calls refuse.
"""

from typing import ClassVar

from localcloud.provider.plan import FLAGS, REFUSED
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.types.iam_common import name_of
from localcloud.provider.types.s3_common import optional

_GONE = frozenset({"ResourceNotFoundException"})


class LogGroup(Resource):
    """A group of log streams."""

    tf = "aws_cloudwatch_log_group"
    pulumi = "aws:cloudwatch/logGroup:LogGroup"
    handles = frozenset({"name", "name_prefix", "retention_in_days", "kms_key_id"})
    steers: ClassVar = {"skip_destroy": None}
    plan_rules = (
        ("name, name_prefix", FLAGS),
        ("DELIVERY class:", REFUSED),
    )

    def create(self, op: Operation) -> str:
        name, tags = name_of(op.new), op.new["tags_all"]
        key = {"kmsKeyId": op.new["kms_key_id"]} if op.new.get("kms_key_id") else {}
        op.client("logs").create_log_group(logGroupName=name, **key, **({"tags": tags} if tags else {}))
        return name

    def settle(self, op: Operation) -> None:
        if op.new.get("retention_in_days"):
            self._retain(op)

    def read(self, op: Operation) -> State | None:
        logs, name = op.client("logs"), op.resource_id
        groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        found = next((group for group in groups if group["logGroupName"] == name), None)
        if found is None:
            return None
        arn = found["arn"].removesuffix(":*")
        tags = optional(lambda: logs.list_tags_for_resource(resourceArn=arn)["tags"], _GONE)
        return {
            "arn": arn,
            "name": name,
            "retention_in_days": found.get("retentionInDays", 0),
            "kms_key_id": found.get("kmsKeyId", ""),
            "log_group_class": found.get("logGroupClass", "STANDARD"),
            "tags_all": tags or {},
        }

    def update(self, op: Operation) -> None:
        logs, name = op.client("logs"), op.resource_id
        if "retention_in_days" in op.changed:
            self._retain(op)
        if "kms_key_id" in op.changed:
            if op.new.get("kms_key_id"):
                logs.associate_kms_key(logGroupName=name, kmsKeyId=op.new["kms_key_id"])
            else:
                logs.disassociate_kms_key(logGroupName=name)
        arn = f"arn:{op.partition}:logs:{op.region}:{op.account_id}:log-group:{op.resource_id}"
        op.retag(
            lambda keys: logs.untag_resource(resourceArn=arn, tagKeys=keys),
            lambda tags: logs.tag_resource(resourceArn=arn, tags=tags),
        )

    def delete(self, op: Operation) -> None:
        if not op.old.get("skip_destroy"):
            optional(lambda: op.client("logs").delete_log_group(logGroupName=op.resource_id), _GONE)

    def _retain(self, op: Operation) -> None:
        logs, days = op.client("logs"), op.new.get("retention_in_days")
        if days:
            logs.put_retention_policy(logGroupName=op.resource_id, retentionInDays=days)
        else:
            logs.delete_retention_policy(logGroupName=op.resource_id)
