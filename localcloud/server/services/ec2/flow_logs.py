"""Flow logs: what moto doesn't check, and what it loses.

AWS facts (VPC user guide, "Flow logs"): destinations are a log group, a bucket, or a folder in one (the ARN goes on);
those to CloudWatch Logs need a role that vpc-flow-logs.amazonaws.com may assume; what could not be made is in the
answer's ``Unsuccessful``, with status 200; two flow logs of one resource to one place are FlowLogAlreadyExists.
"""

from __future__ import annotations

import re
from typing import Any, Final
from weakref import WeakKeyDictionary

from localcloud.server import registry, service_calls
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.ec2.store import FlowLogs, backend, interfaces, random_flow_log_id, subnet, vpc

SERVICE: Final = "vpc-flow-logs.amazonaws.com"
CLOUDWATCH, BUCKET = "cloud-watch-logs", "s3"
FIELDS: Final = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets",
    "bytes", "start", "end", "action", "log-status",
)  # fmt: skip
KNOWN_FIELDS: Final = frozenset(FIELDS) | {
    "az-id", "ecs-cluster-arn", "ecs-cluster-name", "ecs-container-id", "ecs-container-instance-arn",
    "ecs-container-instance-id", "ecs-second-container-id", "ecs-service-name", "ecs-task-arn",
    "ecs-task-definition-arn", "ecs-task-id", "flow-direction", "instance-id", "pkt-dst-aws-service", "pkt-dstaddr",
    "pkt-src-aws-service", "pkt-srcaddr", "region", "reject-reason", "sublocation-id", "sublocation-type", "subnet-id",
    "tcp-flags", "traffic-path", "type", "vpc-id",
}  # fmt: skip
FORMAT: Final = " ".join(f"${{{field}}}" for field in FIELDS)
PLAIN: Final = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}
_options: WeakKeyDictionary[FlowLogs, Params] = WeakKeyDictionary()


@HOOKS.instead("ec2", "CreateFlowLogs")
def create(call: Call) -> Params:
    """In moto's place: it takes a folder for a part of the bucket's name, and any role for one that serves."""
    params = call.params
    kind, place = params.get("LogDestinationType", CLOUDWATCH), _place(call)
    _check(call, kind)
    created: list[str] = []
    failed: list[Params] = []
    for resource in params["ResourceIds"]:
        fault = _fault(call, kind, place)
        if fault:
            failed.append({"ResourceId": resource, "Error": {"Code": "400", "Message": fault}})
        else:
            created.append(_make(call, resource, kind, place))
    return {"FlowLogIds": created, "Unsuccessful": failed}


def _parameter(text: str) -> Refusal:
    return Refusal("InvalidParameter", text)


def _place(call: Call) -> str:
    place, group = call.params.get("LogDestination"), call.params.get("LogGroupName")
    if not place and not group:
        raise _parameter("LogDestination can't be empty if LogGroupName is not provided.")
    if place and group:
        raise _parameter("Please only provide LogGroupName or only provide LogDestination.")
    if group and call.params.get("LogDestinationType", CLOUDWATCH) != CLOUDWATCH:
        raise _parameter("LogDestination type must be cloud-watch-logs if LogGroupName is provided.")
    return str(place or f"arn:aws:logs:{call.region}:{call.caller.account_id}:log-group:{group}")


def _check(call: Call, kind: str) -> None:
    """Raises Refusal for a request that is wrong as a whole."""
    params = call.params
    if kind not in (CLOUDWATCH, BUCKET):
        raise Refusal("NotImplemented", f"flow logs to {kind} are not implemented", 501)
    if params.get("MaxAggregationInterval", 600) not in (60, 600):
        raise _parameter("Invalid Flow Log Max Aggregation Interval")
    unknown = sorted(set(re.findall(r"\$\{([^}]*)\}", params.get("LogFormat", ""))) - KNOWN_FIELDS)
    if unknown:
        raise _parameter(f"Unknown fields provided: '{unknown[0]}'")
    for resource in params["ResourceIds"]:
        _exists(call, params["ResourceType"], resource)
    role = params.get("DeliverLogsPermissionArn")
    if kind == BUCKET and role:
        raise _parameter("DeliverLogsPermissionArn is not applicable for S3 delivery")
    if kind == CLOUDWATCH:
        if not role:
            raise _parameter("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
        try:
            service_calls.as_role(role, SERVICE, "flow-logs", source_arn=_arn(call, "*"), region=call.region)
        except Refusal as refusal:
            raise _parameter(f"Unable to assume given IAM role {role}") from refusal


def _exists(call: Call, kind: str, resource: str) -> None:
    if kind == "VPC":
        vpc(call, resource)
    elif kind == "Subnet":
        subnet(call, resource)
    elif kind == "NetworkInterface":
        if resource not in {nic.id for nic in interfaces(call)}:
            raise Refusal("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{resource}' does not exist")
    else:
        raise Refusal("NotImplemented", f"flow logs of {kind} are not implemented", 501)


def _fault(call: Call, kind: str, place: str) -> str:
    """Why nothing can be delivered there, empty if it can. AWS makes the log group itself if need be."""
    if kind == CLOUDWATCH:
        wrong = place.split(":")[2:5] != ["logs", call.region, call.caller.account_id]
        return f"LogDestination: {place} is not a log group of this account and region" if wrong else ""
    bucket = place.split(":", 5)[5].partition("/")[0]
    return "" if registry.resource(f"arn:aws:s3:::{bucket}") else f"LogDestination: {bucket} does not exist."


def _make(call: Call, resource: str, kind: str, place: str) -> str:
    ec2, params = backend(call), call.params
    if any((one.resource_id, one.log_destination) == (resource, place) for one in ec2.flow_logs.values()):
        text = "There is an existing Flow Log with the same configuration and log destination."
        raise Refusal("FlowLogAlreadyExists", f"Error. {text}")
    flow_logs: Any = FlowLogs(
        ec2,
        random_flow_log_id(),
        resource,
        params.get("TrafficType", "ALL"),
        place,
        place.rpartition(":")[2] if kind == CLOUDWATCH else "",
        params.get("DeliverLogsPermissionArn", ""),
        params.get("MaxAggregationInterval", 600),
        kind,
        params.get("LogFormat") or FORMAT,
    )
    flow_logs.add_tags(
        {tag["Key"]: tag["Value"] for item in params.get("TagSpecifications", []) for tag in item["Tags"]}
    )
    if kind == BUCKET:
        _options[flow_logs] = {**PLAIN, **params.get("DestinationOptions", {})}
    ec2.flow_logs[flow_logs.id] = flow_logs
    return flow_logs.id


def _arn(call: Call, flow_log: str) -> str:
    return f"arn:aws:ec2:{call.region}:{call.caller.account_id}:vpc-flow-log/{flow_log}"


@HOOKS.before("ec2", "DescribeFlowLogs")
def describe(call: Call) -> None:
    unknown = [one for one in call.params.get("FlowLogIds", []) if one not in backend(call).flow_logs]
    if unknown:
        raise Refusal(
            "InvalidFlowLogId.NotFound", f"These flow log ids in the input list are not found: [{unknown[0]}]"
        )


@HOOKS.after("ec2", "DescribeFlowLogs")
def described(call: Call, output: Params) -> None:
    known: Any = backend(call).flow_logs
    for answer in output.get("FlowLogs", []):
        options = _options.get(known[answer["FlowLogId"]])
        if options:
            answer["DestinationOptions"] = options
        for name in ("LogGroupName", "DeliverLogsPermissionArn"):
            if not answer.get(name):
                answer.pop(name, None)
