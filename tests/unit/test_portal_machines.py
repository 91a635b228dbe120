"""What `portal status` says of machines: their image and how old it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.session import get_session
from botocore.stub import Stubber

from portal.machines import machines, tasks

PREFIX = "cryoet-ingestion-staging-"
NEW, OLD, LOST, FAILED = "spot-11111111", "spot-22222222", "spot-33333333", "spot-44444444"
MADE = datetime.now(UTC) - timedelta(days=40, hours=1)


def environment(generation: str, image: dict[str, str]) -> dict[str, Any]:
    resources = {
        "type": "SPOT",
        "maxvCpus": 8,
        "subnets": ["subnet-1"],
        "ec2Configuration": [{"imageType": "ECS_AL2023", **image}],
    }
    return {
        "computeEnvironmentName": PREFIX + generation,
        "ecsClusterArn": cluster(generation),
        "computeEnvironmentArn": f"arn:aws:batch:us-west-2:908710317728:compute-environment/{PREFIX}{generation}",
        "computeResources": resources,
    }


def cluster(generation: str) -> str:
    return f"arn:aws:ecs:us-west-2:908710317728:cluster/AWSBatch-{PREFIX}{generation}-1"


def answering(service: str, operation: str, answer: Mapping[str, Any], asked: Mapping[str, Any]) -> Any:
    """A client that takes this one call, in AWS's own shapes."""
    client = get_session().create_client(
        service, region_name="us-west-2", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x" * 40
    )
    stubber = Stubber(client)
    stubber.add_response(operation, answer, asked)
    stubber.activate()
    return client


def clusters(tasks: Mapping[str, tuple[int, int]]) -> Any:
    """A client of ECS: how many tasks run and start, by generation."""
    counted = [
        {"clusterArn": cluster(one), "runningTasksCount": running, "pendingTasksCount": pending}
        for one, (running, pending) in tasks.items()
    ]
    return answering("ecs", "describe_clusters", {"clusters": counted}, {"clusters": [cluster(one) for one in tasks]})


def environments(standing: list[dict[str, Any]], names: list[str]) -> Any:
    """A client of Batch, asked for these names."""
    answer = {"computeEnvironments": standing}
    return answering("batch", "describe_compute_environments", answer, {"computeEnvironments": names})


def test_each_generation_has_its_image_the_age_of_it_and_its_tasks() -> None:
    """LOST is not there; its launch template is. An update that failed has made FAILED, which is in no output."""
    names = [PREFIX + one for one in (NEW, OLD, LOST, FAILED)]
    pinned = {"imageIdOverride": "ami-0123456789abcdef0"}
    batch = environments([environment(NEW, {}), environment(OLD, pinned), environment(FAILED, {})], names)
    templates = [{"LaunchTemplateName": name, "CreateTime": MADE} for name in names]
    ec2 = answering(
        "ec2",
        "describe_launch_templates",
        {"LaunchTemplates": templates},
        {"Filters": [{"Name": "launch-template-name", "Values": names}]},
    )
    put_out = {"staging": {"generations": [NEW], "retiring": [OLD, LOST]}}
    deployed = {f"staging-{one}" for one in (NEW, OLD, LOST, FAILED)} | {"dev-spot-11111111"}
    ecs = clusters({NEW: (2, 0), OLD: (0, 0), FAILED: (1, 2)})
    age, idle = f"of 40 days ago, {MADE:%Y-%m-%d}", "idle: `portal up` can remove it"
    assert [str(one) for one in machines(put_out, deployed, batch, ec2, ecs)] == [
        f"staging {NEW}: newest ECS_AL2023 {age}",
        f"staging {OLD} (retiring, {idle}): ami-0123456789abcdef0 {age}",
        f"staging {LOST} (retiring): missing",
        f"staging {FAILED} (retiring, tasks on it: 3): newest ECS_AL2023 {age}",
    ]


def test_an_account_without_orchestrators_is_asked_nothing() -> None:
    assert machines({}, (), None, None, None) == []
    assert tasks((), None, None) == {}


def test_tasks_run_or_start() -> None:
    """Whatever is not in the account any more has no number; without a cluster there are no tasks."""
    names = [PREFIX + one for one in (OLD, NEW, LOST)]
    without = {key: value for key, value in environment(NEW, {}).items() if key != "ecsClusterArn"}
    batch = environments([environment(OLD, {}), without], names)
    assert tasks(names, batch, clusters({OLD: (1, 2)})) == {PREFIX + OLD: 3, PREFIX + NEW: 0}
