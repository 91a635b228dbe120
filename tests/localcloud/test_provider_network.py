"""What the cases of network types cannot say: prefix lists, interfaces, a log group that outlives its resource."""

from __future__ import annotations

import pytest

from localcloud.provider.errors import ProviderError
from tests.types.network import NETWORK_CASES

from .conftest import Cloud
from .provider_kit import Engine, paths, unique

GROUP, VPC = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/vpc:Vpc"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


@pytest.fixture
def prefixes(cloud: Cloud) -> str:
    names = [{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-west-2.s3"]}]
    return cloud.client("ec2").describe_prefix_lists(Filters=names)["PrefixLists"][0]["PrefixListId"]


def test_rules_to_a_prefix_list(engine: Engine, prefixes: str) -> None:
    vpc = engine.create(VPC, {"cidrBlock": "10.0.0.0/16"})[0]
    https = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "prefixListIds": [prefixes], "description": "S3"}
    inputs = {"name": unique("group"), "vpcId": vpc, "egress": [https], "ingress": [https]}
    group, state = engine.create(GROUP, inputs)
    assert paths(engine.diff(GROUP, state, inputs)) == []
    rule = {"securityGroupId": group, "ipProtocol": "udp", "fromPort": 1, "toPort": 1, "prefixListId": prefixes}
    _, state = engine.create(EGRESS, rule)
    assert state["prefixListId"] == prefixes
    assert paths(engine.diff(EGRESS, state, rule)) == []


def test_another_kind_of_peer_replaces_a_rule(engine: Engine) -> None:
    vpc = engine.create(VPC, {"cidrBlock": "10.0.0.0/16"})[0]
    group = engine.create(GROUP, {"name": unique("group"), "vpcId": vpc})[0]
    rule = {"securityGroupId": group, "ipProtocol": "-1"}
    _, state = engine.create(EGRESS, {**rule, "cidrIpv4": "10.0.0.0/8"})
    found = engine.diff(EGRESS, state, {**rule, "cidrIpv6": "::/0"})
    assert {change.path: change.replace for change in found.changes} == {"cidrIpv4": True, "cidrIpv6": True}
    assert "cidrIpv4" in str(engine.refusals(EGRESS, rule))


def test_flow_log_of_an_interface(engine: Engine) -> None:
    case = next(case for case in NETWORK_CASES if case.token == "aws:ec2/flowLog:FlowLog")
    made = case.before(engine.create, unique)
    nat = {"subnetId": made["one"], "connectivityType": "private"}
    interface = engine.create("aws:ec2/natGateway:NatGateway", nat)[1]["networkInterfaceId"]
    inputs = {"eniId": interface, "trafficType": "ALL", "logDestination": made["group"], "iamRoleArn": made["role"]}
    _, state = engine.create(case.token, inputs)
    assert state["eniId"] == interface
    assert paths(engine.diff(case.token, state, inputs)) == []


def test_a_managed_prefix_list_is_looked_up(engine: Engine) -> None:
    token, name = "aws:ec2/getManagedPrefixList:getManagedPrefixList", "com.amazonaws.global.cloudfront.origin-facing"
    found = engine.provider.invoke(token, {"name": name})
    assert (found["name"], found["ownerId"]) == (name, "AWS")
    assert all(entry["cidr"] for entry in found["entries"])
    assert engine.provider.invoke(token, {"id": found["id"]})["name"] == name
    filters = [{"name": "prefix-list-name", "values": [name]}]
    assert engine.provider.invoke(token, {"filters": filters})["id"] == found["id"]
    with pytest.raises(ProviderError, match="0 matched; exactly one must"):
        engine.provider.invoke(token, {"name": "com.amazonaws.nothing"})
