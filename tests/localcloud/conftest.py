"""What the tests share: one local cloud a session, and one network with a queue of Batch a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.server.cloud import Folder, LocalCloud
from tests.localcloud import batch_steps
from tests.localcloud.batch_steps import World
from tests.localcloud.clouds import ACCOUNTS, ANYBODY, DEV, PROD, PUBLIC, QUICK, REGION, Cloud
from tests.localcloud.evaluator import judge

__all__ = ["ACCOUNTS", "ANYBODY", "DEV", "PROD", "PUBLIC", "QUICK", "REGION", "Cloud"]


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = Folder(Path(tmp_path_factory.mktemp("localcloud")))
    server = LocalCloud(folder, ACCOUNTS)
    server.start()
    yield Cloud(server, folder)
    server.stop()
    # What the server decided in all these tests, decided again by another implementation of AWS's policy logic.
    code, output = judge(folder.calls)
    assert code == 0, output


@pytest.fixture(scope="module")
def world(cloud: Cloud) -> World:
    return World(cloud)


@pytest.fixture(scope="module")
def environment(world: World) -> str:
    return world.environment()


@pytest.fixture(scope="module")
def queue(world: World, environment: str) -> str:
    return world.queue(environment)


@pytest.fixture
def plain_batch() -> Iterator[None]:
    """The usual stand-ins for images; no fault outlives its test."""
    batch_steps.stand_ins()
    yield
    batch_steps.no_faults()


@pytest.fixture(scope="module")
def ec2(cloud: Cloud) -> Any:
    return cloud.client("ec2", parameter_validation=False)


@pytest.fixture
def vpc(ec2: Any) -> str:
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]


@pytest.fixture
def gateway(ec2: Any, vpc: str) -> str:
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made
