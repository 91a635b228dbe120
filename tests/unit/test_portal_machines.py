"""What `portal status` says of machines: their image and how old it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.session import get_session
from botocore.stub import Stubber

from portal.machines import machines

PREFIX = "cryoet-ingestion-staging-"
NEW, OLD, LOST = "spot-11111111", "spot-22222222", "spot-33333333"
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
        "computeEnvironmentArn": f"arn:aws:batch:us-west-2:908710317728:compute-environment/{PREFIX}{generation}",
        "computeResources": resources,
    }


def answering(service: str, operation: str, answer: Mapping[str, Any], asked: Mapping[str, Any]) -> Any:
    """A client that takes this one call, in AWS's own shapes."""
    client = get_session().create_client(
        service, region_name="us-west-2", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x" * 40
    )
    stubber = Stubber(client)
    stubber.add_response(operation, answer, asked)
    stubber.activate()
    return client


def test_each_generation_has_its_image_and_the_age_of_it() -> None:
    """LOST is not there; its launch template is."""
    names = [PREFIX + one for one in (NEW, OLD, LOST)]
    standing = [environment(NEW, {}), environment(OLD, {"imageIdOverride": "ami-0123456789abcdef0"})]
    templates = [{"LaunchTemplateName": name, "CreateTime": MADE} for name in names]
    batch = answering(
        "batch",
        "describe_compute_environments",
        {"computeEnvironments": standing},
        {"computeEnvironments": names},
    )
    ec2 = answering(
        "ec2",
        "describe_launch_templates",
        {"LaunchTemplates": templates},
        {"Filters": [{"Name": "launch-template-name", "Values": names}]},
    )
    found = machines({"staging": {"generations": [NEW], "retiring": [OLD, LOST]}}, batch, ec2)
    assert [str(one) for one in found] == [
        f"staging {NEW}: newest ECS_AL2023 of 40 days ago, {MADE:%Y-%m-%d}",
        f"staging {OLD} (retiring): ami-0123456789abcdef0 of 40 days ago, {MADE:%Y-%m-%d}",
        f"staging {LOST} (retiring): missing",
    ]
