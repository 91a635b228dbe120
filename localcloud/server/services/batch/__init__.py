"""AWS Batch that schedules: compute environments, queues, and jobs that run as processes; with the part of ECS in which
Batch runs its jobs."""

from __future__ import annotations

from localcloud.server.service import Service

from . import store

BATCH = "arn:aws:batch:{region}:{account}:"
TASKS = "ecs-tasks.amazonaws.com"

SERVICE = Service(
    name="batch",
    operations={
        (BATCH + "compute-environment/{computeEnvironmentName}",): "CreateComputeEnvironment",
        (BATCH + "compute-environment/{computeEnvironment}",): "DeleteComputeEnvironment UpdateComputeEnvironment",
        (BATCH + "job-queue/{jobQueueName}",): "CreateJobQueue",
        (BATCH + "job-queue/{jobQueue}",): "DeleteJobQueue UpdateJobQueue",
        (BATCH + "job-definition/{jobDefinitionName}",): "RegisterJobDefinition",
        (BATCH + "job-definition/{jobDefinition}",): "DeregisterJobDefinition",
        (BATCH + "job-definition/{jobDefinition}", BATCH + "job-queue/{jobQueue}"): "SubmitJob",
        (BATCH + "job/{jobId}",): "CancelJob TerminateJob",
        ("{resourceArn}",): "ListTagsForResource TagResource UntagResource",
        ("*",): "DescribeComputeEnvironments DescribeJobDefinitions DescribeJobQueues DescribeJobs ListJobs",
    },
    tags_on_create=dict.fromkeys(
        ("CreateComputeEnvironment", "CreateJobQueue", "RegisterJobDefinition", "SubmitJob"), "TagResource"
    ),
    passed_roles={
        "CreateComputeEnvironment": {
            "serviceRole": "batch.amazonaws.com",
            "computeResources.instanceRole": "ec2.amazonaws.com",
            "computeResources.spotIamFleetRole": "spotfleet.amazonaws.com",
        },
        "UpdateComputeEnvironment": {
            "serviceRole": "batch.amazonaws.com",
            "computeResources.instanceRole": "ec2.amazonaws.com",
        },
        "RegisterJobDefinition": {
            "containerProperties.jobRoleArn": TASKS,
            "containerProperties.executionRoleArn": TASKS,
            "ecsProperties.taskProperties.taskRoleArn": TASKS,
            "ecsProperties.taskProperties.executionRoleArn": TASKS,
        },
    },
    resource=store.resource,
    inventory=store.inventory,
    invalid="ClientException",
    principals=(TASKS,),
    service_linked_roles={"batch.amazonaws.com": "Batch"},
    modules=("operations", "clusters", "fault_control", "pulls"),
    also=(
        Service(
            name="ecs",
            operations={("arn:aws:ecs:{region}:{account}:cluster/{clusters}",): "DescribeClusters"},
            invalid="ClientException",
            service_linked_roles={"ecs.amazonaws.com": "ECS"},
        ),
    ),
)
