"""The ECS cluster of each compute environment: what runs there is counted, nothing else of ECS is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from .batch_steps import World, policy, refused, until_there
from .conftest import DEV, REGION, Cloud

pytestmark = pytest.mark.usefixtures("plain_batch")


@pytest.fixture(scope="module")
def ecs(cloud: Cloud) -> Any:
    return cloud.client("ecs", DEV)


def cluster(world: World, environment: str) -> str:
    """The ARN of the compute environment's cluster."""
    [found] = world.batch.describe_compute_environments(computeEnvironments=[environment])["computeEnvironments"]
    return str(found["ecsClusterArn"])


def counts(ecs: Any, name: str) -> tuple[int, int, int]:
    """Tasks that start, tasks that run, machines."""
    [found] = ecs.describe_clusters(clusters=[name])["clusters"]
    return found["pendingTasksCount"], found["runningTasksCount"], found["registeredContainerInstancesCount"]


def test_the_jobs_of_a_compute_environment_are_tasks_of_its_cluster(world: World, ecs: Any, tmp_path: Path) -> None:
    mine, other = world.environment(), world.environment()
    arn = cluster(world, mine)
    assert arn.startswith(f"arn:aws:ecs:{REGION}:{DEV}:cluster/AWSBatch-{mine.rpartition('/')[2]}-")
    assert counts(ecs, arn) == (0, 0, 0)
    queue = world.queue(mine)
    jobs = [world.submit(queue, "sh", "-c", until_there(tmp_path / "go")) for _ in range(2)]
    started = [world.until_status(job, "RUNNING") for job in jobs]
    assert {job["container"]["taskArn"].split("/")[1] for job in started} == {arn.rpartition("/")[2]}
    assert counts(ecs, arn) == (0, 2, 1)
    assert counts(ecs, arn.rpartition("/")[2]) == (0, 2, 1)
    assert counts(ecs, cluster(world, other)) == (0, 0, 0)
    (tmp_path / "go").touch()
    assert [world.ended(job)["status"] for job in jobs] == ["SUCCEEDED"] * 2
    assert counts(ecs, arn) == (0, 0, 0)


def test_a_cluster_that_is_not_there_is_a_failure_beside_the_others(world: World, ecs: Any) -> None:
    arn = cluster(world, world.environment())
    answer = ecs.describe_clusters(clusters=["none", arn])
    assert [one["clusterArn"] for one in answer["clusters"]] == [arn]
    assert answer["failures"] == [{"arn": f"arn:aws:ecs:{REGION}:{DEV}:cluster/none", "reason": "MISSING"}]


def test_a_cluster_is_described_to_those_who_may(world: World, cloud: Cloud) -> None:
    arn = cluster(world, world.environment())
    name = cloud.name("role")
    trusted = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    role = world.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allowed = policy("ecs:DescribeClusters", resource=f"arn:aws:ecs:{REGION}:{DEV}:cluster/AWSBatch-*")
    world.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=allowed)
    issued = cloud.client("sts", DEV).assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    keys = {
        "aws_access_key_id": issued["AccessKeyId"],
        "aws_secret_access_key": issued["SecretAccessKey"],
        "aws_session_token": issued["SessionToken"],
    }
    limited = cloud.client_of(boto3.Session(region_name=REGION, **keys), "ecs")
    assert counts(limited, arn) == (0, 0, 0)
    with refused("AccessDeniedException", "not authorized to perform: ecs:DescribeClusters"):
        limited.describe_clusters(clusters=["other"])


def test_the_rest_of_ecs_is_not_there(ecs: Any) -> None:
    with refused("NotImplemented", "ecs ListClusters"):
        ecs.list_clusters()
