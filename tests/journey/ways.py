"""Who gets through to whom in the dev account's network, as it is deployed: by security groups, which AWS is asked for,
and by the network policies of the cluster."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.kubernetes import traffic
from tests.journey.conftest import Cloud


@dataclass(frozen=True, kw_only=True)
class Place:
    """What connects or is connected to. ``addresses``: those that it has, or could have."""

    addresses: tuple[str, ...]
    groups: tuple[str, ...]


class Ways:
    def __init__(self, cloud: Cloud) -> None:
        self._ec2, self._rds, self._elb = (cloud.client(name) for name in ("ec2", "rds", "elbv2"))
        [network] = self._ec2.describe_vpcs(Filters=[{"Name": "tag:managed-by", "Values": ["pulumi"]}])["Vpcs"]
        self._vpc = str(network["VpcId"])

    def pod(self, pod: dict[str, Any]) -> Place:
        address = str(pod["status"]["podIP"])
        return Place(addresses=(address,), groups=tuple(traffic.security_groups(address, vpc_id=self._vpc)))

    def load_balancer(self, name: str) -> Place:
        """By the name of its security group."""
        wanted = [{"Name": "tag:Name", "Values": [f"{name}-balancer"]}]
        [group] = [one["GroupId"] for one in self._ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]]
        found = self._elb.describe_load_balancers()["LoadBalancers"]
        [one] = [each for each in found if group in each["SecurityGroups"]]
        subnets = [zone["SubnetId"] for zone in one["AvailabilityZones"]]
        return Place(addresses=tuple(self._last_addresses(subnets)), groups=(group,))

    def database(self, name: str) -> Place:
        [cluster] = self._rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
        [group] = self._rds.describe_db_subnet_groups(DBSubnetGroupName=cluster["DBSubnetGroup"])["DBSubnetGroups"]
        subnets = [one["SubnetIdentifier"] for one in group["Subnets"]]
        groups = [one["VpcSecurityGroupId"] for one in cluster["VpcSecurityGroups"]]
        return Place(addresses=tuple(self._last_addresses(subnets)), groups=tuple(groups))

    def _last_addresses(self, subnets: Sequence[str]) -> Iterator[str]:
        for one in self._ec2.describe_subnets(SubnetIds=list(subnets))["Subnets"]:
            yield str(ipaddress.ip_network(one["CidrBlock"])[-2])

    def is_open(self, source: Place, target: Place, port: int) -> bool:
        """Whether any address of the source reaches any of the target's."""
        return any(
            self._let_out(source, there, target, port)
            and self._let_in(here, source, target, port)
            and not traffic.refusal(here, there, port, vpc_id=self._vpc)
            for here in source.addresses
            for there in target.addresses
        )

    def _let_out(self, source: Place, address: str, target: Place, port: int) -> bool:
        return any(_is_for(rule, port, address, target.groups) for rule in self._rules(source.groups, egress=True))

    def _let_in(self, address: str, source: Place, target: Place, port: int) -> bool:
        return any(_is_for(rule, port, address, source.groups) for rule in self._rules(target.groups, egress=False))

    def _rules(self, groups: Sequence[str], *, egress: bool) -> list[dict[str, Any]]:
        wanted = [{"Name": "group-id", "Values": list(groups)}]
        rules = self._ec2.describe_security_group_rules(Filters=wanted)["SecurityGroupRules"]
        return [one for one in rules if one["IsEgress"] is egress]


def _is_for(rule: dict[str, Any], port: int, address: str, groups: Sequence[str]) -> bool:
    """Whether a rule is about a port of a peer."""
    if rule["IpProtocol"] != "-1" and not (rule["IpProtocol"] == "tcp" and rule["FromPort"] <= port <= rule["ToPort"]):
        return False
    if "CidrIpv4" in rule:
        return ipaddress.ip_address(address) in ipaddress.ip_network(rule["CidrIpv4"])
    return rule.get("ReferencedGroupInfo", {}).get("GroupId") in groups
