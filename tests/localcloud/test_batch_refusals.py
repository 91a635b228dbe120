"""What AWS refuses about compute environments, queues, definitions and jobs, each with its code and words."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from .batch_steps import World, refused, time_scale, until

pytestmark = pytest.mark.usefixtures("plain_batch")

REFUSED = "ClientException"


@pytest.fixture(scope="module")
def environment(world: World) -> str:
    return world.environment()


@pytest.fixture(scope="module")
def queue(world: World, environment: str) -> str:
    return world.queue(environment)


def create(world: World, *, state: str = "ENABLED", name: str = "", **resources: Any) -> str:
    made = name or world.cloud.name("ce")
    world.batch.create_compute_environment(
        computeEnvironmentName=made, type="MANAGED", state=state, computeResources=world.resources(**resources)
    )
    return made


def test_business_errors_are_worded_as_batch_words_them(world: World) -> None:
    with refused(REFUSED, "Error executing request, Exception : ") as _:
        create(world, state="DISABLED")
    with refused(REFUSED, ", RequestId: "):
        create(world, state="DISABLED")


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        ({"allocationStrategy": "SPOT_CAPACITY_OPTIMIZED", "type": "EC2"}, "not supported for compute type EC2"),
        ({"allocationStrategy": "BEST_FIT"}, "spotIamFleetRole is required"),
        ({"minvCpus": 20}, "minvCpus must be less than or equal to maxvCpus"),
        ({"minvCpus": -1}, "minvCpus must be greater than or equal to 0"),
        ({"desiredvCpus": 99}, "desiredvCpus must be between"),
        ({"bidPercentage": 101}, "bidPercentage must be between 0 and 100"),
        ({"instanceTypes": ["nonsense"]}, "nonsense"),
        ({"instanceTypes": ["m6g", "m6i"]}, "arm-based instance type cannot be used with other"),
        ({"ec2Configuration": [{"imageType": "ECS_AL2"}]}, "end-of-life"),
        ({"ec2Configuration": [{"imageType": "WINDOWS"}]}, "invalid imageType"),
        ({"launchTemplate": {"launchTemplateId": "lt-1", "launchTemplateName": "x"}}, "but not both"),
        ({"launchTemplate": {"launchTemplateName": "x", "version": "newest"}}, "version newest is invalid"),
        ({"instanceRole": ""}, "instanceRole is required"),
        ({"securityGroupIds": []}, "securityGroupIds is required"),
    ],
)
def test_a_compute_environment_that_cannot_be_is_refused(world: World, resources: dict[str, Any], text: str) -> None:
    with refused(REFUSED, text):
        create(world, **resources)


def test_names_follow_a_pattern_and_are_taken_once(world: World, environment: str, queue: str) -> None:
    with refused(REFUSED, "name should match valid pattern"):
        create(world, name="a b")
    with refused(REFUSED, "Object already exists"):
        create(world, name=environment.rpartition("/")[2])
    order = [{"order": 1, "computeEnvironment": environment}]
    with refused(REFUSED, "Object already exists"):
        world.batch.create_job_queue(jobQueueName=queue.rpartition("/")[2], priority=1, computeEnvironmentOrder=order)


def test_no_service_role_means_the_service_linked_one(world: World, environment: str) -> None:
    found = world.settled_environment(environment)
    assert found["serviceRole"].endswith(":role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch")
    assert world.iam.get_role(RoleName="AWSServiceRoleForBatch")["Role"]["Path"] == (
        "/aws-service-role/batch.amazonaws.com/"
    )
    with refused(REFUSED, "ServiceRole is required"):
        world.batch.create_compute_environment(computeEnvironmentName="unmanaged", type="UNMANAGED", state="ENABLED")


def test_a_description_has_what_was_given_and_what_aws_adds(world: World) -> None:
    name = create(world, tags={"a": "b"})
    creating = world.batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"][0]
    assert creating["status"] == "CREATING"
    found = world.settled_environment(name)
    assert (found["status"], found["statusReason"]) == ("VALID", "ComputeEnvironment Healthy")
    assert found["computeResources"] == world.resources(tags={"a": "b"}) | {"desiredvCpus": 0}
    assert found["updatePolicy"] == {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 30}
    assert found["containerOrchestrationType"] == "ECS"


def invalid(world: World, **more: Any) -> str:
    name = world.cloud.name("ce")
    given = {"serviceRole": more.pop("serviceRole")} if "serviceRole" in more else {}
    world.batch.create_compute_environment(
        computeEnvironmentName=name, type="MANAGED", state="ENABLED", computeResources=world.resources(**more), **given
    )
    found = world.settled_environment(name)
    assert found["status"] == "INVALID"
    return str(found["statusReason"])


def test_what_turns_invalid_says_why(world: World) -> None:
    role = world.role("ec2.amazonaws.com")
    assert invalid(world, serviceRole=role).startswith(
        f"CLIENT_ERROR - User: batch.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: {role} ("
    )
    assert invalid(world, instanceRole=role) == f"CLIENT_ERROR - Invalid IamInstanceProfile: {role.rpartition('/')[2]}"
    ec2 = world.cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="other", Description="other", VpcId=vpc)["GroupId"]
    assert "are not linked to the VPCs configured" in invalid(world, securityGroupIds=[group])
    data = base64.b64encode(b"#!/bin/sh\ntrue\n").decode()
    name = world.cloud.name("template")
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"UserData": data})
    assert invalid(world, launchTemplate={"launchTemplateName": name}) == (
        "CLIENT_ERROR - Launch Template UserData is not MIME multipart format"
    )


def test_an_environment_in_use_enabled_or_settling_is_not_deleted(world: World) -> None:
    environment = world.environment()
    queue = world.queue(environment)
    with refused(REFUSED, "Cannot delete, found existing JobQueue relationship"):
        world.batch.delete_compute_environment(computeEnvironment=environment)
    with refused(REFUSED, "must be DISABLED"):
        world.batch.delete_job_queue(jobQueue=queue)
    world.batch.update_job_queue(jobQueue=queue, state="DISABLED")
    with refused(REFUSED, "Cannot delete, resource is being modified"):
        world.batch.delete_job_queue(jobQueue=queue)
    world.settled_queue(queue)
    world.batch.delete_job_queue(jobQueue=queue)
    until(lambda: world.settled_queue(queue)["status"] == "gone" or None)
    with refused(REFUSED, "must be DISABLED"):
        world.batch.delete_compute_environment(computeEnvironment=environment)
    world.batch.update_compute_environment(computeEnvironment=environment, state="DISABLED")
    with refused(REFUSED, "Cannot delete, resource is being modified"):
        world.batch.delete_compute_environment(computeEnvironment=environment)
    assert world.settled_environment(environment)["state"] == "DISABLED"
    world.batch.delete_compute_environment(computeEnvironment=environment)
    assert world.settled_environment(environment)["status"] == "gone"


def test_an_update_is_kept_and_an_infrastructure_update_needs_the_right_environment(world: World) -> None:
    environment = world.environment()
    world.batch.update_compute_environment(
        computeEnvironment=environment, computeResources={"maxvCpus": 32, "instanceTypes": ["m6i"]}
    )
    found = world.settled_environment(environment)["computeResources"]
    assert (found["maxvCpus"], found["instanceTypes"]) == (32, ["m6i"])
    assert found["subnets"] == world.subnets
    fixed = world.environment(type="EC2", allocationStrategy="BEST_FIT")
    with refused(REFUSED, "BEST_FIT is not supported when updating"):
        world.batch.update_compute_environment(computeEnvironment=fixed, computeResources={"instanceTypes": ["m6i"]})
    world.batch.update_compute_environment(computeEnvironment=fixed, computeResources={"maxvCpus": 4})


def test_jobs_survive_an_infrastructure_update_unless_the_policy_ends_them(world: World) -> None:
    environment = world.environment()
    queue = world.queue(environment)
    job_id = world.submit(queue, "sleep", "0.5")
    world.until_status(job_id, "RUNNING")
    world.batch.update_compute_environment(computeEnvironment=environment, computeResources={"instanceTypes": ["m6i"]})
    assert world.ended(job_id)["status"] == "SUCCEEDED"
    world.settled_environment(environment)
    world.batch.update_compute_environment(
        computeEnvironment=environment, updatePolicy={"terminateJobsOnUpdate": True, "jobExecutionTimeoutMinutes": 30}
    )
    world.settled_environment(environment)
    job_id = world.submit(queue, "sleep", "20")
    world.until_status(job_id, "RUNNING")
    world.batch.update_compute_environment(computeEnvironment=environment, computeResources={"instanceTypes": ["r5d"]})
    assert world.ended(job_id)["statusReason"].startswith("Host EC2 (instance i-")


def test_jobs_have_the_time_of_the_update_policy(world: World) -> None:
    environment = world.environment()
    queue = world.queue(environment)
    job_id = world.submit(queue, "sleep", "20")
    world.until_status(job_id, "RUNNING")
    with time_scale(0.0002):
        world.batch.update_compute_environment(computeEnvironment=environment, computeResources={"imageId": "ami-1"})
        assert world.ended(job_id)["statusReason"].startswith("Host EC2 (instance i-")


def test_a_disabled_environment_starts_nothing_and_lets_what_runs_end(world: World) -> None:
    environment = world.environment()
    queue = world.queue(environment)
    running = world.submit(queue, "sleep", "0.4")
    world.until_status(running, "RUNNING")
    world.batch.update_compute_environment(computeEnvironment=environment, state="DISABLED")
    waiting = world.submit(queue, "true")
    assert world.ended(running)["status"] == "SUCCEEDED"
    assert world.job(waiting)["status"] == "RUNNABLE"
    world.settled_environment(environment)
    world.batch.update_compute_environment(computeEnvironment=environment, state="ENABLED")
    assert world.ended(waiting)["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("orders", "text"),
    [
        ([], "computeEnvironmentOrder is required"),
        ([(1, "a"), (2, "a")], "duplicate compute environments"),
        ([(1, "a"), (1, "b")], "duplicate order"),
        ([(1, "a"), (2, "b"), (3, "a"), (4, "b")], "only 3 compute environments"),
        ([(1, "none")], "does not exist"),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    world: World, environment: str, orders: list[tuple[int, str]], text: str
) -> None:
    names = {"a": environment, "b": world.environment() if len(orders) > 1 else "", "none": "none"}
    order = [{"order": number, "computeEnvironment": names[name]} for number, name in orders]
    with refused(REFUSED, text):
        world.batch.create_job_queue(jobQueueName=world.cloud.name("queue"), priority=1, computeEnvironmentOrder=order)


def test_an_environment_that_is_not_valid_yet_is_not_attached(world: World) -> None:
    name = create(world)
    with refused(REFUSED, "must be created and valid before attaching"):
        world.batch.create_job_queue(
            jobQueueName=world.cloud.name("queue"),
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": name}],
        )


LIMIT = {
    "reason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "state": "RUNNABLE",
    "action": "CANCEL",
    "maxTimeSeconds": 600,
}


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ([LIMIT | {"maxTimeSeconds": 599}], "between 600 and 86400"),
        ([LIMIT | {"maxTimeSeconds": 86401}], "between 600 and 86400"),
        ([LIMIT | {"reason": "UNDETERMINED"}], "Invalid reason UNDETERMINED"),
        ([LIMIT | {"action": "TERMINATE"}], "valid actions are: [CANCEL]"),
        ([LIMIT, LIMIT], "Duplicate jobStateTimeLimitAction"),
    ],
)
def test_a_time_limit_that_cannot_be_is_refused(
    world: World, queue: str, limits: list[dict[str, Any]], text: str
) -> None:
    with refused(REFUSED, text):
        world.batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=limits)


def test_time_limits_are_kept(world: World) -> None:
    queue = world.queue(limits=[LIMIT])
    assert world.settled_queue(queue)["jobStateTimeLimitActions"] == [LIMIT]
    world.batch.update_job_queue(jobQueue=queue, priority=3)
    found = world.settled_queue(queue)
    assert (found["jobStateTimeLimitActions"], found["priority"]) == ([LIMIT], 3)
    assert (found["status"], found["statusReason"]) == ("VALID", "JobQueue Healthy")


def needs(**sizes: str) -> dict[str, Any]:
    return {"resourceRequirements": [{"type": name, "value": value} for name, value in sizes.items()]}


@pytest.mark.parametrize(
    ("container", "more", "text"),
    [
        ({"resourceRequirements": [{"type": "MEMORY", "value": "4"}]}, {}, "vCPU is required"),
        ({"resourceRequirements": [{"type": "VCPU", "value": "1"}]}, {}, "memory is required"),
        (
            {"resourceRequirements": [{"type": "VCPU", "value": "0.5"}, {"type": "MEMORY", "value": "4"}]},
            {},
            "at least 1",
        ),
        (
            {"resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "3"}]},
            {},
            "at least 4",
        ),
        ({"resourceRequirements": [{"type": "VCPU", "value": "1"}] * 2}, {}, "duplicate types"),
        ({"vcpus": 1}, {}, "cannot use both vcpus and resourceRequirements"),
        ({"secrets": [{"name": "a", "valueFrom": "b"}]}, {}, "executionRoleArn cannot be empty when using secrets"),
        ({"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-colour": "x"}}}, {}, "disallows options"),
        ({"networkConfiguration": {"assignPublicIp": "ENABLED"}}, {}, "not applicable for EC2"),
        ({}, {"retryStrategy": {"attempts": 11}}, "between 1 and 10"),
        ({}, {"retryStrategy": {"evaluateOnExit": []}}, "RetryAttempts must be provided"),
        (
            {},
            {"retryStrategy": {"attempts": 1, "evaluateOnExit": [{"onReason": "a", "action": "EXIT"}] * 6}},
            "at most 5",
        ),
        (
            {},
            {"retryStrategy": {"attempts": 1, "evaluateOnExit": [{"onStatusReason": "Host (*", "action": "RETRY"}]}},
            "onStatusReason",
        ),
        ({}, {"timeout": {"attemptDurationSeconds": 59}}, "at least 60 seconds"),
        ({}, {"platformCapabilities": ["EC2", "FARGATE"]}, "exactly 1 capability"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(
    world: World, container: dict[str, Any], more: dict[str, Any], text: str
) -> None:
    with refused(REFUSED, text):
        world.definition("true", container=container, **more)


def test_definitions_have_revisions_and_inactive_ones_run_nothing(world: World, queue: str) -> None:
    name = world.cloud.name("definition")
    made = [
        world.batch.register_job_definition(
            jobDefinitionName=name, type="container", schedulingPriority=5, containerProperties=world.container("true")
        )
        for _ in range(2)
    ]
    assert [item["revision"] for item in made] == [1, 2]
    world.batch.deregister_job_definition(jobDefinition=f"{name}:1")
    found = world.batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")["jobDefinitions"]
    assert [(item["revision"], item["schedulingPriority"]) for item in found] == [(2, 5)]
    with refused(REFUSED, "not found or INACTIVE"):
        world.submit(queue, definition=f"{name}:1")
    assert world.run(queue, definition=name)["jobDefinition"].endswith(f"{name}:2")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"jobName": "a b"}, "Job name should match valid pattern"),
        ({"jobName": "-a"}, "Job name should match valid pattern"),
        ({"jobQueue": "none"}, "JobQueue none not found"),
        ({"jobDefinition": "none"}, "none not found or INACTIVE"),
        ({"shareIdentifier": "a"}, "queue with fair share policy"),
        ({"arrayProperties": {"size": 1}}, "between 2 and 10,000"),
        ({"dependsOn": [{"jobId": "none"}]}, "Job none in dependsOn does not exist"),
        ({"parameters": {"a": "x" * 31_000}}, "30 KiB"),
        ({"timeout": {"attemptDurationSeconds": 30}}, "at least 60 seconds"),
    ],
)
def test_a_job_that_cannot_be_is_refused(world: World, queue: str, given: dict[str, Any], text: str) -> None:
    with refused(REFUSED, text):
        world.submit(queue, "true", **given)


def test_a_queue_that_is_disabled_takes_no_jobs_and_runs_those_in_it(world: World) -> None:
    queue = world.queue(world.environment(maxvCpus=1))
    first, second = world.submit(queue, "sleep", "0.3"), world.submit(queue, "true")
    world.batch.update_job_queue(jobQueue=queue, state="DISABLED")
    with refused(REFUSED, "not ENABLED"):
        world.submit(queue, "true")
    assert [world.ended(item)["status"] for item in (first, second)] == ["SUCCEEDED", "SUCCEEDED"]


def test_what_is_not_modelled_is_refused_by_name(world: World, queue: str) -> None:
    with refused("NotImplemented", "type multinode"):
        world.batch.register_job_definition(jobDefinitionName="nodes", type="multinode")
    with refused("NotImplemented", "schedulingPolicyArn"):
        world.batch.update_job_queue(
            jobQueue=queue, schedulingPolicyArn="arn:aws:batch:us-west-2:1:scheduling-policy/x"
        )
    with refused("NotImplemented", "Fargate"):
        create(world, type="FARGATE")
    with refused(REFUSED, "maximum number of jobs supported is 100"):
        world.batch.describe_jobs(jobs=["a"] * 101)


def test_tags_are_kept_changed_and_asked_for(world: World) -> None:
    environment = world.environment(tags={"instance": "tag"})
    world.batch.tag_resource(resourceArn=environment, tags={"a": "1", "b": "2"})
    world.batch.untag_resource(resourceArn=environment, tagKeys=["a"])
    assert world.batch.list_tags_for_resource(resourceArn=environment)["tags"] == {"b": "2"}


def test_accounts_do_not_see_each_other(world: World, environment: str) -> None:
    other = world.cloud.client("batch", "111122223333")
    assert other.describe_compute_environments(computeEnvironments=[environment])["computeEnvironments"] == []
