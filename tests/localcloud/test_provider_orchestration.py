"""Types of the orchestrator: what hangs together with other values, and what AWS is asked while a change is planned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from localcloud.provider.plan import Plan
from localcloud.provider.types import resource_type
from localcloud.provider.types.batch import ComputeEnvironment
from tests.types.batch import machines, resources

from .conftest import DEV, Cloud
from .provider_kit import Engine, replacing, unique

ENVIRONMENT, MACHINE = "aws:batch/computeEnvironment:ComputeEnvironment", "aws:sfn/stateMachine:StateMachine"


@pytest.mark.parametrize(
    ("strategy", "change", "expected"),
    [
        ("BEST_FIT_PROGRESSIVE", {"instanceTypes": ["m5"]}, []),
        ("BEST_FIT", {"instanceTypes": ["m5"]}, ["computeResources.instanceTypes[0]"]),
        ("BEST_FIT", {"maxVcpus": 64, "minVcpus": 1}, []),
        ("BEST_FIT", {"tags": {"a": "1"}}, ["computeResources.tags.a"]),
    ],
)
def test_what_an_environment_changes_in_place(
    engine: Engine, strategy: str, change: Mapping[str, Any], expected: list[str]
) -> None:
    made = machines(engine.create, unique)
    hosts = resources(made, allocationStrategy=strategy)
    _, state = engine.create(ENVIRONMENT, {"type": "MANAGED", "computeResources": hosts})
    changed = {"type": "MANAGED", "computeResources": {**hosts, **change}}
    difference = engine.diff(ENVIRONMENT, state, changed)
    assert difference.changes != []
    assert replacing(difference) == expected


def test_an_environment_with_a_role_of_its_own_is_replaced() -> None:
    held = {"compute_resources": {"type": "EC2", "allocation_strategy": "BEST_FIT_PROGRESSIVE"}}
    own = {**held, "service_role": f"arn:aws:iam::{DEV}:role/own"}
    code = ComputeEnvironment()
    assert code.replaces(held, held) == ()
    assert "compute_resources.subnets" in code.replaces(own, held)
    assert "compute_resources.launch_template" in code.replaces(held, own)
    fargate = {"compute_resources": {"type": "FARGATE"}}
    assert "compute_resources.subnets" not in code.replaces(fargate, fargate)


def test_a_compute_environment_that_is_not_managed_has_no_machines(engine: Engine) -> None:
    made = {"type": "UNMANAGED", "computeResources": {"type": "EC2", "maxVcpus": 1, "subnets": ["subnet-1"]}}
    assert "UNMANAGED" in engine.refusals(ENVIRONMENT, made)["computeResources"]


def test_a_definition_that_aws_refuses_is_refused_at_plan(engine: Engine) -> None:
    wrong = {"StartAt": "Missing", "States": {"Only": {"Type": "Pass", "End": True}}}
    inputs = {"roleArn": f"arn:aws:iam::{DEV}:role/any", "definition": json.dumps(wrong)}
    assert "Missing" in engine.refusals(MACHINE, inputs)["definition"]
    right = {**wrong, "StartAt": "Only"}
    assert engine.refusals(MACHINE, {**inputs, "definition": json.dumps(right)}) == {}


@pytest.mark.parametrize(
    ("token", "inputs", "faults"),
    [
        ("aws:sqs/queue:Queue", {"name": "one.fifo"}, ["name"]),
        ("aws:sqs/queue:Queue", {"name": "one.fifo", "fifo_queue": True}, []),
        ("aws:sqs/queue:Queue", {"name": "one", "content_based_deduplication": True}, ["content_based_deduplication"]),
        ("aws:sns/topic:Topic", {"name": "one", "fifo_topic": True}, ["name"]),
        ("aws:sns/topicSubscription:TopicSubscription", {"filter_policy_scope": "MessageBody"},
         ["filter_policy_scope"]),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {"metric_name": "one", "statistic": "Sum", "evaluation_periods": 1},
         ["comparison_operator"]),
        ("aws:cloudwatch/metricAlarm:MetricAlarm",
         {"metric_name": "one", "evaluation_periods": 1, "comparison_operator": "GreaterThanThreshold"}, ["statistic"]),
    ],
)  # fmt: skip
def test_rules_between_inputs(engine: Engine, token: str, inputs: dict[str, Any], faults: list[str]) -> None:
    plan = Plan({}, inputs, engine.provider.session.settings)
    found = [path for _, rule in resource_type(token).plan_rules if not isinstance(rule, str) for path, _ in rule(plan)]
    assert found == faults


def test_a_filter_without_scope_is_of_attributes(engine: Engine) -> None:
    inputs = {"topic": f"arn:aws:sns:us-west-2:{DEV}:one", "protocol": "sqs", "endpoint": "any", "filterPolicy": "{}"}
    assert engine.check("aws:sns/topicSubscription:TopicSubscription", inputs)["filterPolicyScope"] == (
        "MessageAttributes"
    )


def test_containers_are_compared_by_what_they_mean(engine: Engine) -> None:
    token = "aws:batch/jobDefinition:JobDefinition"
    needs = [{"type": "MEMORY", "value": "64"}, {"type": "VCPU", "value": "1"}]
    variables = [{"name": "b", "value": "2"}, {"name": "a", "value": "1"}]
    first = {"image": "one", "resourceRequirements": needs, "environment": variables}
    inputs = {"name": unique("definition"), "type": "container", "containerProperties": json.dumps(first)}
    _, state = engine.create(token, inputs)
    other = {**first, "resourceRequirements": needs[::-1], "environment": variables[::-1], "command": []}
    assert engine.diff(token, state, {**inputs, "containerProperties": json.dumps(other)}).changes == []
    another = {**first, "image": "two"}
    assert engine.diff(token, state, {**inputs, "containerProperties": json.dumps(another)}).changes != []


def test_a_definition_that_names_no_capabilities_has_none(engine: Engine) -> None:
    """Batch runs it on EC2 all the same; what it answers with must not look like a difference."""
    token = "aws:batch/jobDefinition:JobDefinition"
    needs = [{"type": "MEMORY", "value": "64"}, {"type": "VCPU", "value": "1"}]
    container = json.dumps({"image": "one", "resourceRequirements": needs})
    inputs = {"name": unique("definition"), "type": "container", "containerProperties": container}
    resource_id, state = engine.create(token, inputs)
    assert "platformCapabilities" not in engine.read(token, resource_id, inputs, state).properties
    assert engine.diff(token, state, inputs).changes == []


def test_an_update_of_a_definition_leaves_one_active_revision(engine: Engine, cloud: Cloud) -> None:
    token = "aws:batch/jobDefinition:JobDefinition"
    needs = [{"type": "MEMORY", "value": "64"}, {"type": "VCPU", "value": "1"}]
    container = json.dumps({"image": "one", "resourceRequirements": needs})
    inputs = {"name": unique("definition"), "type": "container", "containerProperties": container}
    resource_id, state = engine.create(token, inputs)
    changed = {**inputs, "timeout": {"attemptDurationSeconds": 60}}
    after = engine.update(token, resource_id, state, changed)
    assert (state["revision"], after["revision"]) == (1, 2)
    found = cloud.client("batch", DEV).describe_job_definitions(jobDefinitionName=inputs["name"], status="ACTIVE")
    assert [item["revision"] for item in found["jobDefinitions"]] == [2]
    assert after["arn"] == found["jobDefinitions"][0]["jobDefinitionArn"]
    kept = {**changed, "timeout": {"attemptDurationSeconds": 90}, "deregisterOnNewRevision": False}
    engine.update(token, resource_id, after, kept)
    found = cloud.client("batch", DEV).describe_job_definitions(jobDefinitionName=inputs["name"], status="ACTIVE")
    assert len(found["jobDefinitions"]) == 2
