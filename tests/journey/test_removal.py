"""A cluster and what it serves leave in two steps, and AWS has nothing of them left but the key, which waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from components import names
from localcloud.kubernetes.client import ApiError
from tests.journey import objects_behind
from tests.journey.conftest import SERVICES, Cloud, Project
from tests.journey.in_cluster import inside
from tests.journey.inventory import in_account, in_state
from tests.localcloud.batch_steps import time_scale
from tests.types import CASES

SCALE = 0.02
"""Real seconds for one of AWS's: how long pods and load balancers take to end is no matter of this journey."""
SERVES = ("aws:cloudfront/vpcOrigin:", "aws:eks/", "aws:kms/", "aws:lb/", "aws:wafv2/webAcl:")
SERVING = [case.token for case in CASES if case.listed and case.token.startswith(SERVES)]
COMPARED = (
    *SERVING,
    *objects_behind.DRIFTS,
    "aws:cloudfront/distribution:Distribution",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
)
"""Of these the account has what the state has, and what it had before."""


@pytest.fixture
def going(all_served: Callable[[], Project], cloud: Cloud) -> Iterator[Project]:
    """Dev up with a site; whoever wants one after this test brings it up anew."""
    with time_scale(SCALE):
        yield all_served()
    cloud.reset()


def without_services(settings: dict[str, Any]) -> None:
    for part in SERVICES:
        del settings["environments"]["staging"][part]


def others(cloud: Cloud, project: Project) -> dict[str, set[str]]:
    """What the account has of each type that the stack has not made."""
    there, known = in_account(cloud), in_state(project)
    assert {kind: known[kind] - there[kind] for kind in COMPARED if known[kind] - there[kind]} == {}
    return {kind: there[kind] - known[kind] for kind in COMPARED}


def test_what_serves_goes_and_leaves_nothing(going: Project, cloud: Cloud) -> None:
    before = others(cloud, going)
    file = going.folder / "Pulumi.dev.yaml"
    kept = file.read_text()
    going.change("dev", without_services)
    going.change("dev", lambda settings: settings.pop("cluster"))
    refused = going.refused("dev", "preview")
    assert refused.returncode != 0
    assert f"portal:settings.cluster: the cluster {names.CLUSTER} is deployed and protected" in refused.stdout
    file.write_text(kept)

    going.change("dev", without_services)
    going.change("dev", lambda settings: settings["cluster"].update(retire=True))
    going.up("dev")
    assert others(cloud, going) == before
    left = in_state(going)
    assert left["aws:lb/loadBalancer:LoadBalancer"] == left["aws:cloudfront/vpcOrigin:VpcOrigin"] == set()
    assert left["kubernetes:karpenter.sh/v1:NodePool"] == {"shared"}
    client = inside()
    assert client is not None
    with pytest.raises(ApiError, match='namespaces "staging" not found'):
        client.get("/api/v1/namespaces/staging")

    [key] = left["aws:kms/key:Key"]
    going.change("dev", lambda settings: settings.pop("cluster"))
    going.up("dev")
    assert others(cloud, going) == before
    left = in_state(going)
    assert {kind: left[kind] for kind in (*SERVING, *objects_behind.DRIFTS) if left[kind]} == {}
    assert cloud.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    going.pulumi("dev", "preview", "--refresh", "--expect-no-changes")
