"""What the tests share: one local cloud a session, and one network with a queue of Batch a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.server.cloud import Folder, LocalCloud
from localcloud.server.configuration import Configuration
from localcloud.testing import local_cloud_server
from tests.localcloud import batch_steps
from tests.localcloud.batch_steps import World
from tests.localcloud.clouds import ACCOUNTS, CONFIGURATION, DEV, PROD, PUBLIC, REGION, Cloud
from tests.localcloud.evaluator import judge
from tests.localcloud.provider_kit import Engine, engine_in

__all__ = ["ACCOUNTS", "DEV", "PROD", "PUBLIC", "REGION", "Cloud", "local_cloud_server"]


@pytest.fixture(scope="session")
def local_cloud_accounts() -> tuple[str, ...]:
    return ACCOUNTS


@pytest.fixture(scope="session")
def local_cloud_configuration() -> Configuration:
    return CONFIGURATION


@pytest.fixture(scope="session")
def cloud(local_cloud_server: tuple[LocalCloud, Folder]) -> Iterator[Cloud]:
    server, folder = local_cloud_server
    yield Cloud(server, folder)
    server.flush()
    # What the server decided in all these tests, decided again by another implementation of AWS's policy logic.
    code, output = judge(folder.calls)
    assert code == 0, output


@pytest.fixture(scope="module")
def shared_engine(cloud: Cloud) -> Iterator[Engine]:
    """The `aws` provider for the account dev."""
    with engine_in(cloud, DEV) as configured:
        yield configured


@pytest.fixture
def engine(shared_engine: Engine) -> Iterator[Engine]:
    """The same, and what a test makes with it is removed."""
    yield shared_engine
    shared_engine.sweep()


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
