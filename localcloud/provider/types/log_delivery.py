"""aws:cloudwatch/logDeliverySource, logDeliveryDestination and logDelivery: another service's logs, into a bucket.

AWS facts: source and destination are known by name, a delivery by an id that AWS makes up; what a delivery uses is not
deleted.
"""

from typing import Any, Final

from localcloud.provider.plan import FLAGS
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.types.s3_common import optional

_GONE: Final = frozenset({"ResourceNotFoundException"})


def _tags(op: Operation) -> dict[str, Any]:
    return {"tags": op.new["tags_all"]} if op.new["tags_all"] else {}


def _retag(op: Operation) -> None:
    logs = op.client("logs")
    op.retag(
        lambda keys: logs.untag_resource(resourceArn=op.old["arn"], tagKeys=keys),
        lambda tags: logs.tag_resource(resourceArn=op.old["arn"], tags=tags),
    )


class LogDeliverySource(Resource):
    """What logs. Its id is its name."""

    tf = "aws_cloudwatch_log_delivery_source"
    pulumi = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
    handles = frozenset({"log_type", "name", "resource_arn"})

    def create(self, op: Operation) -> str:
        given = {"name": op.new["name"], "resourceArn": op.new["resource_arn"], "logType": op.new["log_type"]}
        op.client("logs").put_delivery_source(**given, **_tags(op))
        return str(op.new["name"])

    def read(self, op: Operation) -> State | None:
        answer = optional(lambda: op.client("logs").get_delivery_source(name=op.resource_id), _GONE)
        if answer is None:
            return None
        found = answer["deliverySource"]
        return {
            "arn": found["arn"],
            "name": found["name"],
            "log_type": found["logType"],
            "resource_arn": found["resourceArns"][0],
            "service": found["service"],
            "tags_all": found.get("tags") or {},
        }

    def update(self, op: Operation) -> None:
        _retag(op)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("logs").delete_delivery_source(name=op.resource_id), _GONE)


class LogDeliveryDestination(Resource):
    """Where logs go. Its id is its name."""

    tf = "aws_cloudwatch_log_delivery_destination"
    pulumi = "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"
    handles = frozenset({"delivery_destination_configuration", "delivery_destination_type", "name", "output_format"})
    plan_rules = (
        ("destination_resource_arn: replace only when", "destinations here are in S3 alone"),
        ("name, output_format", FLAGS),
    )

    def create(self, op: Operation) -> str:
        op.client("logs").put_delivery_destination(**self._given(op), **_tags(op))
        return str(op.new["name"])

    def read(self, op: Operation) -> State | None:
        answer = optional(lambda: op.client("logs").get_delivery_destination(name=op.resource_id), _GONE)
        if answer is None:
            return None
        found = answer["deliveryDestination"]
        return {
            "arn": found["arn"],
            "name": found["name"],
            "output_format": found.get("outputFormat", ""),
            "delivery_destination_type": found["deliveryDestinationType"],
            "delivery_destination_configuration": {
                "destination_resource_arn": found["deliveryDestinationConfiguration"]["destinationResourceArn"]
            },
            "tags_all": found.get("tags") or {},
        }

    def update(self, op: Operation) -> None:
        if "delivery_destination_configuration" in op.changed:
            op.client("logs").put_delivery_destination(**self._given(op))
        _retag(op)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("logs").delete_delivery_destination(name=op.resource_id), _GONE)

    def _given(self, op: Operation) -> dict[str, Any]:
        arn = op.new["delivery_destination_configuration"]["destination_resource_arn"]
        given: dict[str, Any] = {
            "name": op.new["name"],
            "deliveryDestinationConfiguration": {"destinationResourceArn": arn},
        }
        if op.new.get("output_format"):
            given["outputFormat"] = op.new["output_format"]
        if op.new.get("delivery_destination_type"):
            given["deliveryDestinationType"] = op.new["delivery_destination_type"]
        return given


def _without_prefix(path: str, configured: str | None) -> str:
    """The path as configured, where AWS has put something before it."""
    return configured if configured and path.endswith(configured) else path


class LogDelivery(Resource):
    """From a source to a destination. Its id is AWS's."""

    tf = "aws_cloudwatch_log_delivery"
    pulumi = "aws:cloudwatch/logDelivery:LogDelivery"
    handles = frozenset(
        {
            "delivery_destination_arn", "delivery_source_name", "field_delimiter", "record_fields",
            "s3_delivery_configuration",
        }
    )  # fmt: skip
    plan_rules = (
        ("delivery_destination_arn, delivery_source_name", FLAGS),
        ("field_delimiter unknown and absent", "absent is absent here too"),
    )

    def create(self, op: Operation) -> str:
        given = {
            "deliverySourceName": op.new["delivery_source_name"],
            "deliveryDestinationArn": op.new["delivery_destination_arn"],
        }
        made = op.client("logs").create_delivery(**given, **self._settings(op), **_tags(op))
        return str(made["delivery"]["id"])

    def read(self, op: Operation) -> State | None:
        answer = optional(lambda: op.client("logs").get_delivery(id=op.resource_id), _GONE)
        if answer is None:
            return None
        found = answer["delivery"]
        path = found.get("s3DeliveryConfiguration", {})
        [*given] = (op.new or op.old).get("s3_delivery_configuration") or []
        configured = given[0].get("suffix_path") if given else None
        return {
            "arn": found["arn"],
            "delivery_source_name": found["deliverySourceName"],
            "delivery_destination_arn": found["deliveryDestinationArn"],
            "field_delimiter": found.get("fieldDelimiter"),
            "record_fields": found["recordFields"],
            "s3_delivery_configuration": [
                {
                    "suffix_path": _without_prefix(path.get("suffixPath", ""), configured),
                    "enable_hive_compatible_path": path.get("enableHiveCompatiblePath", False),
                }
            ],
            "tags_all": found.get("tags") or {},
        }

    def update(self, op: Operation) -> None:
        if op.changed - {"tags", "tags_all"}:
            settings = self._settings(op)
            if "s3_delivery_configuration" not in op.changed:
                settings.pop("s3DeliveryConfiguration", None)
            op.client("logs").update_delivery_configuration(id=op.resource_id, **settings)
        _retag(op)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("logs").delete_delivery(id=op.resource_id), _GONE)

    def _settings(self, op: Operation) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        if op.new.get("record_fields"):
            settings["recordFields"] = list(op.new["record_fields"])
        if op.new.get("field_delimiter") is not None:
            settings["fieldDelimiter"] = op.new["field_delimiter"]
        for block in op.new.get("s3_delivery_configuration") or []:
            names = {"suffix_path": "suffixPath", "enable_hive_compatible_path": "enableHiveCompatiblePath"}
            settings["s3DeliveryConfiguration"] = {
                api: block[name] for name, api in names.items() if block.get(name) is not None
            }
        return settings
