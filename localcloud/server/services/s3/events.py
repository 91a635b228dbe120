"""Event notifications of a bucket: where they may go, and sending them.

AWS facts: a destination must be there, in the bucket's region, no FIFO queue or topic, and its policy must let S3 in;
two configurations that overlap in events and key filters are ambiguous. EventBridge needs no destination. Sending is
moto's, which knows queues, topics, functions and event buses of the bucket's account.
"""

from __future__ import annotations

from copy import deepcopy
from itertools import combinations
from typing import Any

from localcloud.server import registry
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.s3.store import FakeBucket, notifications

from .conflicts import changing
from .refusals import not_implemented
from .services import service_may
from .store import bucket_called, documents
from .versions import Version

KINDS = {
    "TopicConfigurations": ("TopicArn", "Topic", "sns:Publish"),
    "QueueConfigurations": ("QueueArn", "Queue", "sqs:SendMessage"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "CloudFunction", "lambda:InvokeFunction"),
}


def created(bucket: FakeBucket, version: Version, how: str) -> None:
    """``how``: Put, Copy, Post or CompleteMultipartUpload."""
    _send(f"s3:ObjectCreated:{how}", bucket, version)


def removed(bucket: FakeBucket, version: Version, how: str) -> None:
    """``how``: Delete or DeleteMarkerCreated."""
    _send(f"s3:ObjectRemoved:{how}", bucket, version)


def _send(event: str, bucket: FakeBucket, version: Version) -> None:
    notifications.send_event(bucket.account_id, notifications.S3NotificationEvent(event), bucket, version)


@HOOKS.instead("s3", "PutBucketNotificationConfiguration")
def put_bucket_notification_configuration(call: Call) -> Params:
    bucket = bucket_called(call.params["Bucket"])
    configuration = deepcopy(call.params["NotificationConfiguration"])
    _name(configuration)
    _check_events(configuration)
    _check_overlaps(configuration)
    if not call.params.get("SkipDestinationValidation"):
        for destination in _destinations(configuration):
            _check_destination(bucket, *destination)
    with changing(call) as single:
        single["notification"] = configuration
        bucket.set_notification_configuration(_for_moto(configuration))
    return {}


@HOOKS.instead("s3", "GetBucketNotificationConfiguration")
def get_bucket_notification_configuration(call: Call) -> Params:
    return deepcopy(documents(call.params["Bucket"]).single.get("notification", {}))


def _name(configuration: Params) -> None:
    """Each configuration gets an Id, as AWS gives one."""
    for kind in KINDS:
        for index, item in enumerate(configuration.get(kind, [])):
            item.setdefault("Id", f"notification-{kind.removesuffix('Configurations').lower()}-{index}")


def _destinations(configuration: Params) -> list[tuple[str, str]]:
    """(ARN, action that S3 needs on it) of each configuration."""
    return [(item[arn], action) for kind, (arn, _, action) in KINDS.items() for item in configuration.get(kind, [])]


def _check_events(configuration: Params) -> None:
    known = set(notifications.S3NotificationEvent.events())
    for item in _items(configuration):
        for event in item["Events"]:
            if event not in known:
                raise Refusal(
                    "InvalidArgument",
                    "The event is not supported for notifications",
                    ArgumentName="Event",
                    ArgumentValue=event,
                )
        names = [rule["Name"].lower() for rule in _filter_rules(item)]
        if set(names) - {"prefix", "suffix"} or len(set(names)) < len(names):
            raise Refusal(
                "InvalidArgument", "filter rule name must be either prefix or suffix", ArgumentName="FilterRule.Name"
            )


def _items(configuration: Params) -> list[dict[str, Any]]:
    return [item for kind in KINDS for item in configuration.get(kind, [])]


def _filter_rules(item: dict[str, Any]) -> list[dict[str, str]]:
    return item.get("Filter", {}).get("Key", {}).get("FilterRules", [])


def _check_overlaps(configuration: Params) -> None:
    for one, other in combinations(_items(configuration), 2):
        if _same_events(one["Events"], other["Events"]) and _same_keys(one, other):
            raise Refusal(
                "InvalidArgument",
                "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
            )


def _same_events(one: list[str], other: list[str]) -> bool:
    def covers(wide: str, narrow: str) -> bool:
        return wide == narrow or (wide.endswith(":*") and narrow.startswith(wide[:-1]))

    return any(covers(a, b) or covers(b, a) for a in one for b in other)


def _same_keys(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether some key matches both filters: one prefix begins the other, and one suffix ends the other."""
    filters = [{rule["Name"].lower(): rule["Value"] for rule in _filter_rules(item)} for item in (one, other)]
    prefixes = [item.get("prefix", "") for item in filters]
    suffixes = [item.get("suffix", "") for item in filters]
    return (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0])) and (
        suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0])
    )


def _check_destination(bucket: FakeBucket, arn: str, action: str) -> None:
    """Raises :class:`Refusal` unless the destination is there, is near, and lets S3 in."""
    region, account, name = arn.split(":", 5)[3:]
    if region == bucket.region_name and account != bucket.account_id:
        raise not_implemented(f"A notification to another account ({arn})")
    near = region == bucket.region_name and not name.endswith(".fifo")
    there = near and registry.resource(arn) is not None
    if not there or not service_may("s3.amazonaws.com", bucket, action, arn):
        raise Refusal(
            "InvalidArgument",
            "Unable to validate the following destination configurations",
            ArgumentName1=f"{arn}, null",
            ArgumentValue1="The destination service region is not valid for the bucket location constraint"
            if not near
            else "Not authorized to invoke destination",
        )


def _for_moto(configuration: Params) -> dict[str, Any]:
    """The configuration in the words of S3's XML, which are moto's."""
    xml: dict[str, Any] = {}
    for kind, (arn, element, _) in KINDS.items():
        xml[f"{element}Configuration"] = [
            {element: item[arn], "Event": item["Events"], "Id": item["Id"], "Filter": _filter_for_moto(item)}
            for item in configuration.get(kind, [])
        ]
    if "EventBridgeConfiguration" in configuration:
        xml["EventBridgeConfiguration"] = {}
    return xml


def _filter_for_moto(item: dict[str, Any]) -> dict[str, Any] | None:
    rules = [{"Name": rule["Name"].lower(), "Value": rule["Value"]} for rule in _filter_rules(item)]
    return {"S3Key": {"FilterRule": rules}} if rules else None
