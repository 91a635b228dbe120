"""The network: its address plan, and what it registers."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import strategies as st

from components.network import Network, NetworkArgs, plan
from tests.unit.recording import Recording, Registered, record
from tests.untimed import given

ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
ACCOUNT = "908710317728"


def args(**given: Any) -> NetworkArgs:
    found: dict[str, Any] = {
        "cidr": "10.32.0.0/16",
        "account": ACCOUNT,
        "region": "us-west-2",
        "zones": ZONES,
        "nat_gateways": 3,
        "flow_log_days": 30,
        "data_accounts": (ACCOUNT,),
        "boundary": f"arn:aws:iam::{ACCOUNT}:policy/cryoet-boundary",
    }
    return NetworkArgs(**{**found, **given})


def deployed(**given: Any) -> Recording:
    return record(lambda: Network("main", args(**given)))


CIDRS = st.builds(
    lambda second, prefix: str(ipaddress.IPv4Network((f"10.{second}.0.0", prefix))),
    st.integers(0, 255),
    st.integers(16, 20),
)


@given(CIDRS, st.integers(2, 3))
def test_the_plan_lies_in_the_network_without_overlaps(cidr: str, zones: int) -> None:
    found = plan(cidr, zones)
    blocks = [ipaddress.IPv4Network(block) for block in (*found.public, *found.private, found.spare)]
    assert len(found.public) == len(found.private) == zones
    assert all(block.subnet_of(ipaddress.IPv4Network(cidr)) for block in blocks)
    assert not any(one.overlaps(other) for number, one in enumerate(blocks) for other in blocks[:number])
    assert all(block.prefixlen <= 24 for block in blocks)


@given(CIDRS)
def test_a_further_zone_moves_nothing(cidr: str) -> None:
    two, three = plan(cidr, 2), plan(cidr, 3)
    assert (three.public[:2], three.private[:2], three.spare) == (two.public, two.private, two.spare)


def test_the_plan_of_a_wide_network() -> None:
    found = plan("10.32.0.0/16", 3)
    assert found.private == ("10.32.64.0/18", "10.32.128.0/18", "10.32.192.0/18")
    assert found.public == ("10.32.0.0/20", "10.32.16.0/20", "10.32.32.0/20")


def test_every_zone_has_a_private_and_a_public_subnet_without_public_addresses() -> None:
    subnets = deployed().of("ec2/subnet:Subnet")
    assert sorted(one.inputs["availabilityZone"] for one in subnets) == sorted(ZONES * 2)
    assert {one.inputs["mapPublicIpOnLaunch"] for one in subnets} == {False}
    assert len({one.inputs["cidrBlock"] for one in subnets}) == 6


def routes(graph: Recording) -> dict[str, Registered]:
    return {one.name: one for one in graph.of("ec2/route:Route")}


@pytest.mark.parametrize(
    ("gateways", "used"),
    [
        (3, {"main-nat-us-west-2a-id", "main-nat-us-west-2b-id", "main-nat-us-west-2c-id"}),
        (2, {"main-nat-us-west-2a-id", "main-nat-us-west-2b-id"}),
        (1, {"main-nat-us-west-2a-id"}),
    ],
)
def test_private_subnets_leave_through_nat(gateways: int, used: set[str]) -> None:
    graph = deployed(nat_gateways=gateways)
    private = {name: route for name, route in routes(graph).items() if "private" in name}
    assert len(private) == 3
    assert {route.inputs["natGatewayId"] for route in private.values()} == used
    assert private["main-private-us-west-2a-out"].inputs["natGatewayId"] == "main-nat-us-west-2a-id"
    assert len(graph.of("ec2/natGateway:NatGateway")) == len(graph.of("ec2/eip:Eip")) == gateways


def test_without_nat_there_is_no_way_out_but_to_s3() -> None:
    graph = deployed(nat_gateways=0)
    assert set(routes(graph)) == {"main-public-out"}
    assert not graph.of("ec2/natGateway:NatGateway")


def test_nat_waits_for_the_internet_gateway() -> None:
    graph = deployed()
    assert all("main-internet" in one.depends_on for one in graph.of("ec2/natGateway:NatGateway"))
    assert all("main-internet" in one.depends_on for one in graph.of("ec2/eip:Eip"))


def test_every_subnet_has_one_table_and_every_table_reaches_s3() -> None:
    graph = deployed()
    tied = [one.inputs["subnetId"] for one in graph.of("ec2/routeTableAssociation:RouteTableAssociation")]
    assert sorted(tied) == sorted(f"{one.name}-id" for one in graph.of("ec2/subnet:Subnet"))
    [endpoint] = graph.of("ec2/vpcEndpoint:VpcEndpoint")
    assert endpoint.inputs["serviceName"] == "com.amazonaws.us-west-2.s3"
    assert endpoint.inputs["vpcEndpointType"] == "Gateway"
    read, own = endpoint.json("policy")["Statement"]
    assert (read["Action"], "Condition" in read) == (["s3:Get*", "s3:List*"], False)
    assert (own["Action"], own["Condition"]) == ("s3:*", {"StringEquals": {"aws:ResourceAccount": ACCOUNT}})
    assert sorted(endpoint.inputs["routeTableIds"]) == sorted(
        f"{one.name}-id" for one in graph.of("ec2/routeTable:RouteTable")
    )


def test_the_default_group_lets_nothing_in_or_out() -> None:
    [group] = deployed().of("ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_every_connection_is_recorded_and_kept_for_a_while() -> None:
    graph = deployed(flow_log_days=14)
    log = graph.one("main-flow-log", "ec2/flowLog:FlowLog")
    assert (log.inputs["trafficType"], log.inputs["vpcId"]) == ("ALL", "main-id")
    assert graph.one("main-flow-log", "LogGroup").inputs["retentionInDays"] == 14


def test_the_flow_logs_role_writes_its_group_for_this_account_alone() -> None:
    graph = deployed()
    role = graph.one("main-flow-log", "iam/role:Role")
    [trust] = role.json("assumeRolePolicy")["Statement"]
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    [grant] = graph.one("main-flow-log-policy").json("policy")["Statement"]
    group = f"arn:aws:logs:us-west-2:{ACCOUNT}:log-group:/aws/vpc/cryoet-main"
    assert grant["Resource"] == [group, f"{group}:*"]
    assert role.inputs["permissionsBoundary"].endswith("policy/cryoet-boundary")


def test_everything_is_a_child_of_the_component_and_has_a_name_in_the_console() -> None:
    graph = deployed()
    [component] = graph.of("portal:network:Network")
    made = [one for one in graph.resources if ":ec2/" in one.type]
    assert {one.parent for one in made} == {component.urn}
    unnamed = ("Route", "RouteTableAssociation")
    assert all(one.inputs["tags"]["Name"] for one in made if not one.type.endswith(unnamed))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"cidr": "10.32.0.0/24"}, "cidr: '10.32.0.0/24': a range is /16 to /20"),
        ({"zones": ("us-west-2a",)}, "zones: .* two or three different zones"),
        ({"zones": ("us-west-2a", "us-west-2a")}, "zones: .* two or three different zones"),
        ({"zones": (*ZONES, "us-west-2d")}, "zones: .* two or three different zones"),
        (
            {"zones": ("us-west-2a", "us-east-1a")},
            r"zones\[1\]: 'us-east-1a': must be a zone of us-west-2, like us-west-2a",
        ),
        ({"zones": ("us-west-2a", "us-west-2")}, r"zones\[1\]: 'us-west-2': must be a zone of us-west-2"),
        ({"nat_gateways": 4}, "nat_gateways: 4: 0 to 3"),
        ({"nat_gateways": -1}, "nat_gateways: -1: 0 to 3"),
        ({"flow_log_days": 31}, "flow_log_days: 31: CloudWatch Logs keeps for"),
    ],
)
def test_arguments_that_cannot_be_are_refused_before_anything_is_made(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=f"^Network 'main': {fault}"):
        Network("main", args(**given))
