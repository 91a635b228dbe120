"""Cases of the types of Batch and Step Functions."""

from __future__ import annotations

import json
from typing import Any

from tests.journey.programs.types import inputs
from tests.journey.programs.types.inputs import Change
from tests.localcloud.conftest import DEV

from . import behind, listing
from .case import Case, Drift, Inputs, Make, Name, Program

SERVICE_ROLE = f"arn:aws:iam::{DEV}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"


def trust(service: str) -> Inputs:
    """A trust policy of a service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def machines(make: Make, name: Name) -> dict[str, Any]:
    """What a compute environment needs."""
    vpc = make("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"})[0]
    role = make("aws:iam/role:Role", {"name": name("host"), "assumeRolePolicy": trust("ec2.amazonaws.com")})[0]
    return {
        "subnets": [
            make("aws:ec2/subnet:Subnet", {"vpcId": vpc, "cidrBlock": f"10.0.{number}.0/24"})[0] for number in range(2)
        ],
        "group": make("aws:ec2/securityGroup:SecurityGroup", {"name": name("hosts"), "vpcId": vpc})[0],
        "profile": make("aws:iam/instanceProfile:InstanceProfile", {"name": name("host"), "role": role})[1]["arn"],
        "template": make("aws:ec2/launchTemplate:LaunchTemplate", {"name": name("host")})[0],
        "named": make("aws:ec2/launchTemplate:LaunchTemplate", {"name": name("host")})[1]["name"],
        "name": name("machines"),
    }


def resources(made: dict[str, Any], **more: Any) -> Inputs:
    """The machines of an environment that AWS changes in place."""
    return {
        "type": "EC2",
        "allocationStrategy": "BEST_FIT_PROGRESSIVE",
        "minVcpus": 0,
        "maxVcpus": 16,
        "instanceTypes": ["r5d"],
        "instanceRole": made["profile"],
        "subnets": made["subnets"],
        "securityGroupIds": [made["group"]],
        **more,
    }


def _environment(make: Make, name: Name) -> dict[str, Any]:
    made = machines(make, name)
    token = "aws:batch/computeEnvironment:ComputeEnvironment"
    arns = [
        make(token, {"name": name("machines"), "type": "MANAGED", "computeResources": resources(made)})[1]["arn"]
        for _ in range(2)
    ]
    return {"one": arns[0], "two": arns[1], "name": name("queue")}


def _container(**more: Any) -> str:
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
    return json.dumps({"image": "one", "resourceRequirements": needs, "privileged": False, **more})


LIMIT = {
    "action": "CANCEL",
    "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "state": "RUNNABLE",
    "maxTimeSeconds": 600,
}
BATCH_CASES = (
    Case(
        "aws:batch/computeEnvironment:ComputeEnvironment",
        before=machines,
        inputs=lambda made: {
            "name": made["name"],
            "type": "MANAGED",
            "state": "ENABLED",
            "computeResources": resources(
                made,
                launchTemplate={"launchTemplateId": made["template"], "version": "1"},
                ec2Configurations=[{"imageType": "ECS_AL2023"}],
            ),
            "updatePolicy": {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 360},
            "tags": {"a": "1"},
        },
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"updatePolicy": {"terminateJobsOnUpdate": True, "jobExecutionTimeoutMinutes": 10}},
            {
                "computeResources": resources(
                    made,
                    maxVcpus=32,
                    instanceTypes=["r5d", "m5"],
                    subnets=made["subnets"][:1],
                    launchTemplate={"launchTemplateId": made["template"], "version": "$Latest"},
                    ec2Configurations=[{"imageType": "ECS_AL2023", "imageIdOverride": "ami-12345678"}],
                )
            },
            {"state": "DISABLED"},
            {"state": "ENABLED"},
        ],
        replacement=lambda _: {"name": "another"},
        variants=lambda made: [
            {
                "namePrefix": "provider-case-",
                "type": "MANAGED",
                "computeResources": {
                    key: resources(made)[key] for key in resources(made).keys() - {"allocationStrategy"}
                },
            },
            {
                "namePrefix": "provider-case-",
                "type": "MANAGED",
                "serviceRole": SERVICE_ROLE,
                "computeResources": resources(
                    made,
                    type="SPOT",
                    allocationStrategy="SPOT_PRICE_CAPACITY_OPTIMIZED",
                    bidPercentage=50,
                    desiredVcpus=0,
                    ec2KeyPair="key",
                    imageId="ami-12345678",
                    placementGroup="group",
                    spotIamFleetRole=f"arn:aws:iam::{DEV}:role/OrganizationAccountAccessRole",
                    tags={"machine": "of-jobs"},
                    launchTemplate={"launchTemplateName": made["named"]},
                ),
            },
        ],
        drift=lambda aws, name, _: aws("batch").update_compute_environment(
            computeEnvironment=name, computeResources={"maxvCpus": 64}
        ),
        drifted="computeResources.maxVcpus",
        program=Program(
            inputs={"name": "types-machines", "type": "MANAGED", "computeResources": inputs.machines(16)},
            update=Change(path="compute_resources.max_vcpus", inputs={"computeResources": inputs.machines(32)}),
            replace=Change(path="name", inputs={"name": "types-machines-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-overflow-",
                change=lambda aws, held: aws("batch").update_compute_environment(
                    computeEnvironment=held["id"], computeResources={"maxvCpus": 2048}
                ),
                shows="computeResources.maxVcpus",
            ),
        ),
        listed=listing.plain("batch", "describe_compute_environments", "computeEnvironments", "computeEnvironmentName"),
    ),
    Case(
        "aws:batch/jobQueue:JobQueue",
        before=_environment,
        inputs=lambda made: {
            "name": made["name"],
            "priority": 10,
            "state": "ENABLED",
            "computeEnvironmentOrders": [{"order": 1, "computeEnvironment": made["one"]}],
            "jobStateTimeLimitActions": [LIMIT],
            "tags": {"a": "1"},
        },
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"priority": 5},
            {
                "computeEnvironmentOrders": [
                    {"order": 1, "computeEnvironment": made["two"]},
                    {"order": 2, "computeEnvironment": made["one"]},
                ]
            },
            {"jobStateTimeLimitActions": [{**LIMIT, "maxTimeSeconds": 900}]},
            {"jobStateTimeLimitActions": None},
            {"state": "DISABLED"},
        ],
        replacement=lambda _: {"name": "another"},
        drift=lambda aws, arn, _: aws("batch").update_job_queue(jobQueue=arn, priority=99),
        drifted="priority",
        program=Program(
            inputs={
                "name": "types-queue",
                "state": "ENABLED",
                "priority": 1,
                "computeEnvironmentOrders": [{"order": 1, "computeEnvironment": inputs.Of("machines", "arn")}],
            },
            update=Change(path="priority", inputs={"priority": 2}),
            replace=Change(path="name", inputs={"name": "types-queue-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-spot-queue",
                change=lambda aws, held: aws("batch").update_job_queue(jobQueue=held["id"], priority=99),
                shows="priority",
            ),
        ),
        listed=listing.plain("batch", "describe_job_queues", "jobQueues", "jobQueueArn"),
    ),
    Case(
        "aws:batch/jobDefinition:JobDefinition",
        before=lambda _, name: name("definition"),
        inputs=lambda name: {
            "name": name,
            "type": "container",
            "containerProperties": _container(environment=[{"name": "a", "value": "1"}]),
            "platformCapabilities": ["EC2"],
            "propagateTags": True,
            "retryStrategy": {
                "attempts": 3,
                "evaluateOnExits": [{"action": "RETRY", "onReason": "Cannot*"}, {"action": "EXIT", "onExitCode": "*"}],
            },
            "timeout": {"attemptDurationSeconds": 60},
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"containerProperties": _container(command=["true"])},
            {"timeout": {"attemptDurationSeconds": 120}},
            {
                "retryStrategy": {
                    "attempts": 2,
                    "evaluateOnExits": [
                        {"action": "EXIT", "onStatusReason": "Host*"},
                        {"action": "RETRY", "onExitCode": "1"},
                    ],
                }
            },
            {"parameters": {"a": "b"}},
            {"schedulingPriority": 5},
            {"deregisterOnNewRevision": False},
            {"propagateTags": False},
        ],
        replacement=lambda _: {"name": "another"},
        drift=lambda aws, arn, _: aws("batch").register_job_definition(
            jobDefinitionName=arn.rpartition("/")[2].partition(":")[0],
            type="container",
            containerProperties=json.loads(_container(command=["false"])),
        ),
        drifted="containerProperties",
        program=Program(
            inputs={"name": "types-job", "type": "container", "containerProperties": inputs.container(64)},
            update=Change(path="container_properties", inputs={"containerProperties": inputs.container(128)}),
            replace=Change(path="name", inputs={"name": "types-job-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-job",
                change=lambda aws, held: aws("batch").tag_resource(resourceArn=held["arn"], tags={"who": "else"}),
                shows="tags",
            ),
            Drift(
                name="staging-job-sync",
                change=lambda aws, held: aws("batch").deregister_job_definition(jobDefinition=held["arn"]),
                gone="all but the tags of a revision is what it is once it is registered",
            ),
        ),
        listed=listing.plain(
            "batch", "describe_job_definitions", "jobDefinitions", "jobDefinitionArn", status="ACTIVE"
        ),
    ),
)


def _machine(make: Make, name: Name) -> dict[str, Any]:
    group = make("aws:cloudwatch/logGroup:LogGroup", {"name": name("machine")})[1]["arn"]
    token, policy = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
    roles = [make(token, {"name": name("machine"), "assumeRolePolicy": trust("states.amazonaws.com")}) for _ in "12"]
    actions = [f"logs:{action}" for action in LOGGING]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    for role_id, _ in roles:
        make(policy, {"role": role_id, "name": "logs", "policy": document})
    return {"group": f"{group}:*", "one": roles[0][1]["arn"], "two": roles[1][1]["arn"], "name": name("machine")}


LOGGING = (
    "CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries",
    "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups",
)  # fmt: skip


def _pass(comment: str) -> str:
    states = {"Only": {"Type": "Pass", "End": True}}
    return json.dumps({"Comment": comment, "StartAt": "Only", "States": states})


STATE_CASES = (
    Case(
        "aws:sfn/stateMachine:StateMachine",
        before=_machine,
        inputs=lambda made: {
            "name": made["name"],
            "type": "STANDARD",
            "roleArn": made["one"],
            "definition": _pass("one"),
            "loggingConfiguration": {"level": "ALL", "includeExecutionData": True, "logDestination": made["group"]},
            "tags": {"a": "1"},
        },
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"definition": _pass("two")},
            {"roleArn": made["two"]},
            {"loggingConfiguration": {"level": "OFF"}},
            {"tracingConfiguration": {"enabled": True}},
        ],
        replacement=lambda _: {"name": "another"},
        variants=lambda made: [
            {
                "namePrefix": "provider-case-",
                "roleArn": made["one"],
                "definition": _pass("one"),
                "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
            }
        ],
        drift=lambda aws, arn, _: aws("stepfunctions").update_state_machine(
            stateMachineArn=arn, definition=_pass("another")
        ),
        drifted="definition",
        unsent={
            "encryptionConfiguration.kmsKeyId": "the key must let Step Functions in",
            "encryptionConfiguration.kmsDataKeyReusePeriodSeconds": "goes with a key alone",
        },
        program=Program(
            inputs={
                "name": "types-machine",
                "roleArn": inputs.Of("states-role", "arn"),
                "definition": inputs.machine("one"),
            },
            update=Change(path="definition", inputs={"definition": inputs.machine("two")}),
            replace=Change(path="name", inputs={"name": "types-machine-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-machine",
                change=lambda aws, held: aws("stepfunctions").update_state_machine(
                    stateMachineArn=held["id"], definition=behind.PASS
                ),
                shows="definition",
            ),
        ),
        listed=listing.plain("stepfunctions", "list_state_machines", "stateMachines", "stateMachineArn"),
    ),
)
CASES = (*BATCH_CASES, *STATE_CASES)
