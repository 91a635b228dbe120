"""EventBridge that delivers: rules matched, targets called in the right account, and only as far as policies allow."""

from __future__ import annotations

from localcloud.server.access.permission import Permission
from localcloud.server.call import Call
from localcloud.server.permissions import declared, on
from localcloud.server.service import Service

from . import store

EVENTS = "arn:aws:events:{region}:{account}:"


def _permissions(call: Call) -> list[Permission]:
    if call.operation != "PutEvents":
        return declared(SERVICE, call)
    names = dict.fromkeys(str(entry.get("EventBusName") or "default") for entry in call.params["Entries"])
    return [on(call, "events:PutEvents", store.bus_arn(call, name), {}) for name in names]


SERVICE = Service(
    name="events",
    operations={
        (EVENTS + "rule/{Name}",): "DeleteRule DescribeRule DisableRule EnableRule PutRule",
        (EVENTS + "rule/{Rule}",): "ListTargetsByRule PutTargets RemoveTargets",
        (EVENTS + "event-bus/{Name}",): "CreateEventBus DeleteEventBus DescribeEventBus",
        (EVENTS + "event-bus/{EventBusName}",): "PutPermission RemovePermission",
        (EVENTS + "archive/{ArchiveName}",): "CreateArchive DeleteArchive DescribeArchive UpdateArchive",
        ("{ResourceARN}",): "ListTagsForResource TagResource UntagResource",
        ("*",): "ListArchives ListEventBuses ListRuleNamesByTarget ListRules TestEventPattern",
    },
    stands_for={"Rule": store.rule_name, "Name": store.rule_name},
    condition_keys={"events:TargetArn": "Targets.Arn"},
    tags_on_create={"PutRule": "TagResource", "CreateEventBus": "TagResource"},
    passed_roles={
        "PutRule": {"RoleArn": "events.amazonaws.com"},
        "PutTargets": {"Targets.RoleArn": "events.amazonaws.com"},
    },
    permissions=_permissions,
    resource=store.resource,
    inventory=store.inventory,
    modules=("bus", "refusals"),
)
