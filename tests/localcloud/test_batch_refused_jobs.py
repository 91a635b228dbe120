"""What AWS refuses about job definitions and jobs, row by row of docs/refusals.md, with its code and words."""

from __future__ import annotations

from typing import Any

import pytest

from .batch_steps import World, policy, refused

pytestmark = pytest.mark.usefixtures("plain_batch")

REFUSED = "ClientException"
LONG = "x" * 25_000
TAGS = {"a": "[]"}


def needs(*sizes: tuple[str, str]) -> dict[str, Any]:
    return {"resourceRequirements": [{"type": name, "value": value} for name, value in sizes]}


ONE, MEMORY = ("VCPU", "1"), ("MEMORY", "512")


@pytest.mark.parametrize(
    ("container", "text"),
    [
        (needs(MEMORY), "vCPU is required"),
        (needs(ONE), "memory is required"),
        (needs(("VCPU", "0.5"), MEMORY), "at least 1"),
        (needs(ONE, ("MEMORY", "3")), "at least 4"),
        (needs(ONE, ONE, MEMORY), "duplicate types"),
        (needs(ONE, ("MEMORY", "much")), "value much is not a number"),
        ({"vcpus": 1}, "Cannot use both ECS containerProperties vcpus and resourceRequirement VCPU"),
        ({"memory": 512}, "Cannot use both ECS containerProperties memory and resourceRequirement MEMORY"),
    ],
)
def test_bat_16_sizes(world: World, container: dict[str, Any], text: str) -> None:
    with refused(REFUSED, text):
        world.definition("true", container=container)


def test_bat_18_secrets_without_an_execution_role(world: World) -> None:
    secrets = [{"name": "a", "valueFrom": "b"}]
    logs = {"logDriver": "awslogs", "secretOptions": secrets}
    for container in ({"secrets": secrets}, {"logConfiguration": logs}):
        with refused(REFUSED, "executionRoleArn cannot be empty when using secrets"):
            world.definition("true", container=container)
        role = world.role("ecs-tasks.amazonaws.com", policy("secretsmanager:GetSecretValue"))
        with refused("NotImplemented", "containers with secrets"):
            world.definition("true", container={**container, "executionRoleArn": role})


@pytest.mark.parametrize(
    ("strategy", "text"),
    [
        ({"attempts": 11}, "between 1 and 10"),
        ({"attempts": 0}, "between 1 and 10"),
        ({"evaluateOnExit": []}, "RetryAttempts must be provided"),
        ({"attempts": 1, "evaluateOnExit": [{"onReason": "a", "action": "EXIT"}] * 6}, "at most 5"),
    ],
)
def test_bat_19_retries(world: World, queue: str, strategy: dict[str, Any], text: str) -> None:
    with refused(REFUSED, text):
        world.definition("true", retryStrategy=strategy)
    with refused(REFUSED, text):
        world.submit(queue, "true", retryStrategy=strategy)


@pytest.mark.parametrize(
    "condition",
    [
        {"onStatusReason": "Host (*"},
        {"onReason": "Cannot*Pull"},
        {"onExitCode": "1a"},
        {"onReason": "a" * 513},
        {"onReason": "a", "action": "STOP"},
        {},
    ],
)
def test_bat_20_conditions(world: World, condition: dict[str, str]) -> None:
    strategy = {"attempts": 2, "evaluateOnExit": [{"action": "RETRY", **condition}]}
    with refused(REFUSED, "evaluateOnExit"):
        world.definition("true", retryStrategy=strategy)


def test_bat_21_time_of_an_attempt(world: World, queue: str) -> None:
    with refused(REFUSED, "at least 60 seconds"):
        world.definition("true", timeout={"attemptDurationSeconds": 59})
    with refused(REFUSED, "at least 60 seconds"):
        world.submit(queue, "true", timeout={"attemptDurationSeconds": 59})


def test_bat_22_queue_and_definition_that_are_not_there(world: World, queue: str) -> None:
    with refused(REFUSED, "JobQueue none not found"):
        world.submit("none", "true")
    with refused(REFUSED, "none not found or INACTIVE"):
        world.submit(queue, definition="none")


def test_bat_22_definitions_have_revisions_and_inactive_ones_run_nothing(world: World, queue: str) -> None:
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


@pytest.mark.parametrize("given", [{"shareIdentifier": "a"}, {"schedulingPriorityOverride": 1}])
def test_bat_24_shares_of_a_queue_without_a_policy(world: World, queue: str, given: dict[str, Any]) -> None:
    with refused(REFUSED, "queue with fair share policy"):
        world.submit(queue, "true", **given)


@pytest.mark.parametrize("name", ["a b", "-a", "_a", "a.b", "ä", "x" * 129])
def test_bat_25_names_of_jobs(world: World, queue: str, name: str) -> None:
    with refused(REFUSED, "Job name should match valid pattern"):
        world.submit(queue, "true", jobName=name)


def test_bat_26_sizes_of_requests(world: World, queue: str) -> None:
    with refused(REFUSED, "24 KiB"):
        world.definition("true", parameters={"a": LONG})
    with refused(REFUSED, "30 KiB"):
        world.submit(queue, "true", parameters={"a": LONG, "b": LONG})
    for size in (1, 10_001):
        with refused(REFUSED, "between 2 and 10,000"):
            world.submit(queue, "true", arrayProperties={"size": size})
    with refused(REFUSED, "at most 20 jobs"):
        world.submit(queue, "true", dependsOn=[{"jobId": "a"}] * 21)
    with refused(REFUSED, "Job none in dependsOn does not exist"):
        world.submit(queue, "true", dependsOn=[{"jobId": "none"}])


@pytest.mark.parametrize(
    ("given", "starts"),
    [
        ({"containerOverrides": {"environment": [{"name": "a", "value": "x" * 7_500}]}}, True),
        ({"containerOverrides": {"environment": [{"name": "a", "value": "x" * 8_000}]}}, False),
        ({"containerOverrides": {"command": ["true", "x" * 8_192]}}, False),
        ({"parameters": {"word": "x" * 8_192}}, False),
    ],
)
def test_bat_26_overrides_that_ecs_does_not_take(world: World, queue: str, given: dict[str, Any], starts: bool) -> None:
    definition = world.definition("true", "Ref::word", parameters={"word": "short"})
    job = world.run(queue, definition=definition, **given)
    if starts:
        assert job["status"] == "SUCCEEDED"
        return
    assert (job["status"], job["attempts"]) == ("FAILED", [])
    assert job["statusReason"] == "Container Overrides length must be at most 8192"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("networkConfiguration", {"assignPublicIp": "ENABLED"}),
        ("fargatePlatformConfiguration", {"platformVersion": "LATEST"}),
        ("runtimePlatform", {"cpuArchitecture": "ARM64"}),
        ("ephemeralStorage", {"sizeInGiB": 30}),
    ],
)
def test_bat_39_what_is_of_fargate_alone(world: World, member: str, value: dict[str, Any]) -> None:
    with refused(REFUSED, f"{member} is not applicable for EC2"):
        world.definition("true", container={member: value})


def files(**more: Any) -> dict[str, Any]:
    return {"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"} | more}


BY_POINT = {"authorizationConfig": {"accessPointId": "fsap-1"}}


@pytest.mark.parametrize(
    ("volume", "text"),
    [
        ({"host": {"sourcePath": "/a"}, **files()}, "only one volume configuration type"),
        (files(**BY_POINT, transitEncryption="ENABLED", rootDirectory="/a"), "the root directory must be"),
        (files(**BY_POINT), "require TransitEncryption"),
        (files(authorizationConfig={"iam": "ENABLED"}, transitEncryption="DISABLED"), "require TransitEncryption"),
    ],
)
def test_bat_40_volumes(world: World, volume: dict[str, Any], text: str) -> None:
    with refused(REFUSED, text):
        world.definition("true", container={"volumes": [volume]})


def test_bat_40_file_systems_are_not_modelled(world: World) -> None:
    with refused("NotImplemented", "volumes with efsVolumeConfiguration"):
        world.definition("true", container={"volumes": [files()]})
    assert world.definition("true", container={"volumes": [{"name": "a", "host": {"sourcePath": "/a"}}]})


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"jobDefinitionName": "a b"}, "Job definition name should match valid pattern"),
        ({"ecsProperties": {"taskProperties": [{"containers": [{"image": "a"}]}]}}, "cannot be used together"),
        ({"containerProperties": {}}, "image must be provided"),
        ({"platformCapabilities": ["EC2", "FARGATE"]}, "exactly 1 capability"),
    ],
)
def test_bat_41_kinds_of_definitions(world: World, given: dict[str, Any], text: str) -> None:
    whole = {"jobDefinitionName": "a", "type": "container", "containerProperties": world.container("true")}
    with refused(REFUSED, text):
        world.batch.register_job_definition(**{**whole, **given})


def test_bat_41_kinds_that_are_not_modelled(world: World) -> None:
    with refused("NotImplemented", "type multinode"):
        world.batch.register_job_definition(jobDefinitionName="nodes", type="multinode")
    with refused("NotImplemented", "for Fargate"):
        world.definition("true", platformCapabilities=["FARGATE"])


def test_bat_42_options_of_the_log_driver(world: World) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-colour": "x"}}
    with refused(REFUSED, "disallows options: awslogs-colour"):
        world.definition("true", container={"logConfiguration": logs})


def test_bat_43_characters_of_tags(world: World, queue: str) -> None:
    text = "Tags can only contain letters, numbers, spaces, and the following special characters"
    arn = world.definition("true", tags={"a:b/c=d+e-f@g_h.i": "ä 1"})
    order = [{"order": 1, "computeEnvironment": "none"}]
    for call in (
        lambda: world.definition("true", tags=TAGS),
        lambda: world.submit(queue, definition=arn, tags={"a?": "b"}),
        lambda: world.batch.tag_resource(resourceArn=arn, tags=TAGS),
        lambda: world.batch.create_job_queue(jobQueueName="a", priority=1, computeEnvironmentOrder=order, tags=TAGS),
        lambda: world.batch.create_compute_environment(computeEnvironmentName="a", type="MANAGED", tags=TAGS),
    ):
        with refused(REFUSED, text):
            call()


def test_bat_44_reference_to_no_parameter(world: World, queue: str) -> None:
    with refused(REFUSED, "No parameter found for reference word"):
        world.submit(queue, definition=world.definition("echo", "Ref::word"))


def test_bat_45_older_overrides_of_newer_sizes_have_no_effect(world: World, queue: str) -> None:
    older = {"vcpus": 2, "memory": 1024}
    job = world.job(world.submit(queue, "true", containerOverrides=older))
    assert {item["type"]: item["value"] for item in job["container"]["resourceRequirements"]} == dict([ONE, MEMORY])
    assert not older.keys() & job["container"].keys()


def test_bat_47_jobs_asked_for_in_a_wrong_way(world: World) -> None:
    with refused(REFUSED, "maximum number of jobs supported is 100"):
        world.batch.describe_jobs(jobs=["a"] * 101)
    with refused(REFUSED, "One of jobQueue, arrayJobId and multiNodeJobId is required"):
        world.batch.list_jobs(jobStatus="FAILED")
