"""What a state machine's role must be allowed before AWS takes the machine.

AWS facts: ``states.amazonaws.com`` must be trusted; ``.sync`` needs events:PutTargets, PutRule and DescribeRule on a
rule that AWS manages; logging needs the log delivery actions, and AWS then lets ``delivery.logs.amazonaws.com`` into
the account's log groups by a resource policy of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from localcloud.server import service_calls
from localcloud.server.call import Caller, Params, Refusal

from .integrations import integration
from .roles import PRINCIPAL

SYNC_RULES = {
    "batch": "StepFunctionsGetEventsForBatchJobsRule",
    "stepfunctions": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
}
SYNC_PATTERNS = {
    "batch": {"source": ["aws.batch"], "detail-type": ["Batch Job State Change"]},
    "stepfunctions": {"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"]},
}
LOG_ACTIONS = (
    "CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries",
    "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups",
)  # fmt: skip
DELIVERY_POLICY = "AWSLogDeliveryWrite20150319"
MOST_LOG_POLICIES = 10


def check(role_arn: str, machine_arn: str, definition: Params, logging: Params) -> None:
    """Raises Refusal AccessDeniedException as CreateStateMachine does; makes what AWS makes along the way."""
    region = machine_arn.split(":")[3]
    try:
        caller = service_calls.as_role(role_arn, PRINCIPAL, "create-check", source_arn=machine_arn, region=region)
    except Refusal as refusal:
        text = (
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume "
            "the provided role."
        )
        raise Refusal("AccessDeniedException", text) from refusal
    for service in sorted(set(waited_for(definition))):
        _managed_rule(caller, region, service)
    if logging.get("level", "OFF") != "OFF":
        _log_delivery(caller, region)


def waited_for(node: Any) -> Iterator[str]:
    """The services whose work the definition's ``.sync`` tasks wait for."""
    if isinstance(node, dict):
        members = cast("dict[str, Any]", node)
        if members.get("Type") == "Task" and str(members.get("Resource", "")).partition(".sync")[1]:
            yield integration(str(members["Resource"])).service
        for value in members.values():
            yield from waited_for(value)
    elif isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from waited_for(item)


def _managed_rule(caller: Caller, region: str, service: str) -> None:
    name = SYNC_RULES[service]
    arn = f"arn:aws:events:{region}:{caller.account_id}:rule/{name}"
    try:
        for action in ("PutTargets", "PutRule", "DescribeRule"):
            service_calls.require(caller, f"events:{action}", arn, region)
    except Refusal as refusal:
        text = f"'{caller.principal_arn}' is not authorized to create managed-rule."
        raise Refusal("AccessDeniedException", text) from refusal
    rule = {
        "Name": name,
        "EventPattern": json.dumps(SYNC_PATTERNS[service]),
        "Description": "This rule is used to notify Step Functions regarding integrated jobs",
    }
    service_calls.perform(
        service_calls.service(PRINCIPAL, caller.account_id), "events", "PutRule", rule, region, by_itself=True
    )


def _log_delivery(caller: Caller, region: str) -> None:
    try:
        for action in LOG_ACTIONS:
            service_calls.require(caller, f"logs:{action}", "*", region)
    except Refusal as refusal:
        text = "The state machine IAM Role is not authorized to access the Log Destination"
        raise Refusal("AccessDeniedException", text) from refusal
    states = service_calls.service(PRINCIPAL, caller.account_id)
    answer = service_calls.perform(states, "logs", "DescribeResourcePolicies", {}, region, by_itself=True)
    names = [policy["policyName"] for policy in answer["resourcePolicies"]]
    if DELIVERY_POLICY in names:
        return
    if len(names) >= MOST_LOG_POLICIES:
        text = "The state machine IAM Role is not authorized to access the Log Destination"
        raise Refusal("AccessDeniedException", text)
    statement = {
        "Sid": "AWSLogDeliveryWrite",
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": [f"arn:aws:logs:{region}:{caller.account_id}:log-group:*"],
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = {"policyName": DELIVERY_POLICY, "policyDocument": document}
    service_calls.perform(states, "logs", "PutResourcePolicy", policy, region, by_itself=True)
