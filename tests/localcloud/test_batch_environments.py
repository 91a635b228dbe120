"""Compute environments and queues: what is kept, what an update does to jobs, and what a disabled one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from .batch_steps import World, limit, refused, time_scale, until_there

CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
pytestmark = pytest.mark.usefixtures("plain_batch")


def test_a_description_has_what_was_given_and_what_aws_adds(world: World) -> None:
    name = world.create(tags={"a": "b"})
    creating = world.batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"][0]
    assert creating["status"] == "CREATING"
    found = world.settled_environment(name)
    assert (found["status"], found["statusReason"]) == ("VALID", "ComputeEnvironment Healthy")
    assert found["computeResources"] == world.resources(tags={"a": "b"}) | {"desiredvCpus": 0, "bidPercentage": 100}
    assert found["updatePolicy"] == {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 30}
    assert found["containerOrchestrationType"] == "ECS"


def test_an_update_is_kept(world: World) -> None:
    environment = world.environment()
    world.batch.update_compute_environment(
        computeEnvironment=environment, computeResources={"maxvCpus": 32, "instanceTypes": ["m6i"]}
    )
    found = world.settled_environment(environment)["computeResources"]
    assert (found["maxvCpus"], found["instanceTypes"]) == (32, ["m6i"])
    assert found["subnets"] == world.subnets


def test_jobs_survive_an_infrastructure_update_unless_the_policy_ends_them(world: World, tmp_path: Path) -> None:
    environment = world.environment()
    queue = world.queue(environment)
    job_id = world.submit(queue, "sh", "-c", until_there(tmp_path / "go"))
    world.until_status(job_id, "RUNNING")
    world.batch.update_compute_environment(computeEnvironment=environment, computeResources={"instanceTypes": ["m6i"]})
    (tmp_path / "go").touch()
    assert world.ended(job_id)["status"] == "SUCCEEDED"
    world.settled_environment(environment)
    world.batch.update_compute_environment(
        computeEnvironment=environment, updatePolicy={"terminateJobsOnUpdate": True, "jobExecutionTimeoutMinutes": 30}
    )
    world.settled_environment(environment)
    job_id = world.submit(queue, "sleep", "600")
    world.until_status(job_id, "RUNNING")
    world.batch.update_compute_environment(computeEnvironment=environment, computeResources={"instanceTypes": ["r5d"]})
    assert world.ended(job_id)["statusReason"].startswith("Host EC2 (instance i-")


def test_jobs_have_the_time_of_the_update_policy(world: World) -> None:
    environment = world.environment()
    queue = world.queue(environment)
    job_id = world.submit(queue, "sleep", "600")
    world.until_status(job_id, "RUNNING")
    with time_scale(0.0002):
        world.batch.update_compute_environment(computeEnvironment=environment, computeResources={"imageId": "ami-1"})
        assert world.ended(job_id)["statusReason"].startswith("Host EC2 (instance i-")


def test_an_update_policy_gives_jobs_five_days_at_most(world: World) -> None:
    """More than the 360 minutes that the provider takes."""
    environment = world.environment()
    policy = {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 7_200}
    world.batch.update_compute_environment(computeEnvironment=environment, updatePolicy=policy)
    assert world.settled_environment(environment)["updatePolicy"] == policy
    with refused("ClientException", "7200"):
        world.batch.update_compute_environment(
            computeEnvironment=environment, updatePolicy=policy | {"jobExecutionTimeoutMinutes": 7_201}
        )


def test_a_disabled_environment_starts_nothing_and_lets_what_runs_end(world: World, tmp_path: Path) -> None:
    environment = world.environment()
    queue = world.queue(environment)
    running = world.submit(queue, "sh", "-c", until_there(tmp_path / "go"))
    world.until_status(running, "RUNNING")
    world.batch.update_compute_environment(computeEnvironment=environment, state="DISABLED")
    waiting = world.submit(queue, "true")
    (tmp_path / "go").touch()
    assert world.ended(running)["status"] == "SUCCEEDED"
    assert world.job(waiting)["status"] == "RUNNABLE"
    world.settled_environment(environment)
    world.batch.update_compute_environment(computeEnvironment=environment, state="ENABLED")
    assert world.ended(waiting)["status"] == "SUCCEEDED"


def test_a_job_of_an_invalid_environment_needs_an_action(world: World) -> None:
    role = world.role("batch.amazonaws.com")
    environment = world.environment(service_role=role)
    queue = world.queue(environment)
    world.iam.delete_role(RoleName=role.rpartition("/")[2])
    world.batch.update_compute_environment(computeEnvironment=environment, computeResources={"maxvCpus": 4})
    assert world.settled_environment(environment)["status"] == "INVALID"
    job = world.blocked(world.submit(queue, "true"))
    assert job["status"] == "RUNNABLE"
    assert job["statusReason"] == "ACTION_REQUIRED - CE(s) associated with the job queue are invalid."


def test_time_limits_come_back_by_reason(world: World) -> None:
    limits = [limit("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"), limit(CAPACITY)]
    assert world.settled_queue(world.queue(limits=limits[::-1]))["jobStateTimeLimitActions"] == limits


def test_time_limits_are_kept(world: World) -> None:
    queue = world.queue(limits=[limit(CAPACITY)])
    assert world.settled_queue(queue)["jobStateTimeLimitActions"] == [limit(CAPACITY)]
    world.batch.update_job_queue(jobQueue=queue, priority=3)
    found = world.settled_queue(queue)
    assert (found["jobStateTimeLimitActions"], found["priority"]) == ([limit(CAPACITY)], 3)
    assert (found["status"], found["statusReason"]) == ("VALID", "JobQueue Healthy")


def test_a_queue_that_is_disabled_takes_no_jobs_and_runs_those_in_it(world: World, tmp_path: Path) -> None:
    queue = world.queue(world.environment(maxvCpus=1))
    first = world.submit(queue, "sh", "-c", until_there(tmp_path / "go"))
    second = world.submit(queue, "true")
    world.batch.update_job_queue(jobQueue=queue, state="DISABLED")
    with refused("ClientException", "not ENABLED"):
        world.submit(queue, "true")
    (tmp_path / "go").touch()
    assert [world.ended(item)["status"] for item in (first, second)] == ["SUCCEEDED", "SUCCEEDED"]


def test_tags_are_kept_changed_and_asked_for(world: World) -> None:
    environment = world.environment(tags={"instance": "tag"})
    world.batch.tag_resource(resourceArn=environment, tags={"a": "1", "b": "2"})
    world.batch.untag_resource(resourceArn=environment, tagKeys=["a"])
    assert world.batch.list_tags_for_resource(resourceArn=environment)["tags"] == {"b": "2"}


def test_accounts_do_not_see_each_other(world: World) -> None:
    environment = world.environment()
    other = world.cloud.client("batch", "111122223333")
    assert other.describe_compute_environments(computeEnvironments=[environment])["computeEnvironments"] == []
