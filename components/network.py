"""Network: a VPC whose machines are reached from nowhere and reach out through NAT.

Rests on: VPC user guide "Subnet CIDR blocks" (a subnet cannot be resized, so the plan leaves room and never moves what
it has placed), "NAT gateways" (one zone each: with fewer gateways than zones, traffic of the others crosses zones and
stops with the gateway's), "Gateway endpoints" (S3 traffic within the region costs nothing and leaves NAT aside),
"Default security groups" (cannot be deleted, only emptied), "Flow logs" (a role that vpc-flow-logs can assume).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws import cloudwatch, ec2

from . import names, rules, zones
from .access import roles, trust
from .access.resources import endpoint_of_s3, resource_document
from .checks import Args, Check, Fault, broken, refused
from .identity import Role, RoleArgs

ANYWHERE: Final = "0.0.0.0/0"
LATE_DELETION: Final = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(delete="60m"))
"""CloudFront's interfaces stay in subnets for a while after the last VPC origin is deleted, and AWS deletes nothing
that they are in. The provider would give up after 15 or 20 minutes."""
FLOW_FORMAT: Final = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} "
    "${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${subnet-id} ${flow-direction}"
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Subnets by zone. The VPC's last three quarters are private, one for each zone; its first is cut in four again:
    three public subnets, and the fourth is kept for what may come."""

    public: tuple[str, ...]
    private: tuple[str, ...]
    spare: str


def plan(cidr: str, zones: int) -> Plan:
    """The address plan of a VPC; a zone's subnets don't depend on how many zones there are."""
    first, *private = ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=2)
    *public, spare = first.subnets(prefixlen_diff=2)
    return Plan(
        public=tuple(str(block) for block in public[:zones]),
        private=tuple(str(block) for block in private[:zones]),
        spare=str(spare),
    )


@dataclass(frozen=True, kw_only=True)
class NetworkArgs(Args):
    cidr: str
    """/16 to /20, private; each zone gets a quarter of it for machines."""
    account: str
    region: str
    zones: tuple[str, ...]
    """Two or three zones of the region by name, in an order that stays: a zone's place decides its addresses."""
    nat_gateways: int
    """0 to the number of zones. 0: no way out but to S3. Fewer than zones: cheaper, and their failure is felt beyond
    their own zone."""
    flow_log_days: int
    """How long records of connections are kept; one of CloudWatch's numbers."""
    boundary: pulumi.Input[str]
    """ARN of the permissions boundary of the role that writes the flow log."""
    data_accounts: tuple[str, ...]
    """The accounts to whose buckets machines in the network may write; they read any bucket that lets them."""

    def faults(self) -> Iterator[Fault]:
        cidr = rules.network(self.cidr)
        checks: tuple[Check, ...] = (
            (cidr is None, "cidr", self.cidr, str(cidr)),
            (bool(self.data_accounts), "data_accounts", self.data_accounts, "one at least"),
        )
        yield from broken(checks)
        yield from zones.faults(self.region, self.zones, self.nat_gateways, least_gateways=0)
        yield from refused("flow_log_days", self.flow_log_days, rules.retention_days(self.flow_log_days))


class Network(pulumi.ComponentResource):
    """VPC, private and public subnets, ways out, and a record of every connection."""

    vpc_id: pulumi.Output[str]
    private_subnet_ids: tuple[pulumi.Output[str], ...]
    """One a zone, in the order of the zones: for machines and databases."""
    public_subnet_ids: tuple[pulumi.Output[str], ...]
    """For load balancers and NAT alone: nothing in them gets a public address by itself."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:network:Network", name, None, opts)
        self.name, self._args = name, args
        self._plan = plan(args.cidr, len(args.zones))

        self._vpc = self._make_vpc()
        self.vpc_id = self._vpc.id
        self._close_default_group()
        public, private = self._subnets("public", self._plan.public), self._subnets("private", self._plan.private)
        tables = self._route(public, private)
        self._s3_endpoint(tables)
        self._flow_log()
        self.public_subnet_ids = tuple(subnet.id for subnet in public)
        self.private_subnet_ids = tuple(subnet.id for subnet in private)
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "private_subnet_ids": [*self.private_subnet_ids],
                "public_subnet_ids": [*self.public_subnet_ids],
            }
        )

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*after])

    def _tags(self, word: str = "") -> dict[str, str]:
        """EC2's console shows things by this tag; their ids say nothing."""
        return {"Name": f"{self.name}-{word}" if word else self.name}

    def _make_vpc(self) -> ec2.Vpc:
        return ec2.Vpc(
            self.name,
            cidr_block=self._args.cidr,
            enable_dns_support=True,
            # Interface endpoints with private names, and databases' names, need both.
            enable_dns_hostnames=True,
            tags=self._tags(),
            opts=self._child(),
        )

    def _close_default_group(self) -> None:
        """Whoever forgets to name a group gets this one: it lets nothing in or out."""
        name = f"{self.name}-default"
        ec2.DefaultSecurityGroup(
            name, vpc_id=self.vpc_id, ingress=[], egress=[], tags=self._tags("default-closed"), opts=self._child()
        )

    def _subnets(self, kind: str, blocks: tuple[str, ...]) -> list[ec2.Subnet]:
        return [
            ec2.Subnet(
                f"{self.name}-{kind}-{zone}",
                vpc_id=self.vpc_id,
                availability_zone=zone,
                cidr_block=block,
                map_public_ip_on_launch=False,
                tags=self._tags(f"{kind}-{zone}"),
                opts=pulumi.ResourceOptions.merge(self._child(), LATE_DELETION),
            )
            for zone, block in zip(self._args.zones, blocks, strict=True)
        ]

    def _route(self, public: list[ec2.Subnet], private: list[ec2.Subnet]) -> list[ec2.RouteTable]:
        """One table for the public subnets, one for each private subnet: its way out is the nearest NAT gateway."""
        gateway = ec2.InternetGateway(
            f"{self.name}-internet", vpc_id=self.vpc_id, tags=self._tags(), opts=self._child()
        )
        outside = self._table("public", public)
        ec2.Route(
            f"{self.name}-public-out",
            route_table_id=outside.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=self._child(),
        )
        ways_out = [self._nat(subnet, zone, gateway) for subnet, zone in self._nat_places(public)]
        tables = [outside]
        for number, (zone, subnet) in enumerate(zip(self._args.zones, private, strict=True)):
            table = self._table(f"private-{zone}", [subnet])
            tables.append(table)
            if ways_out:
                ec2.Route(
                    f"{self.name}-private-{zone}-out",
                    route_table_id=table.id,
                    destination_cidr_block=ANYWHERE,
                    nat_gateway_id=ways_out[number % len(ways_out)].id,
                    opts=self._child(),
                )
        return tables

    def _nat_places(self, public: list[ec2.Subnet]) -> list[tuple[ec2.Subnet, str]]:
        return list(zip(public, self._args.zones, strict=True))[: self._args.nat_gateways]

    def _nat(self, subnet: ec2.Subnet, zone: str, internet: ec2.InternetGateway) -> ec2.NatGateway:
        """A NAT gateway is made after its VPC is attached to the internet, and gone before that is detached."""
        name = f"{self.name}-nat-{zone}"
        address = ec2.Eip(name, domain="vpc", tags=self._tags(f"nat-{zone}"), opts=self._child(internet))
        return ec2.NatGateway(
            name,
            allocation_id=address.id,
            subnet_id=subnet.id,
            tags=self._tags(f"nat-{zone}"),
            opts=self._child(internet),
        )

    def _table(self, word: str, subnets: list[ec2.Subnet]) -> ec2.RouteTable:
        name = f"{self.name}-{word}"
        table = ec2.RouteTable(name, vpc_id=self.vpc_id, tags=self._tags(word), opts=self._child())
        for number, subnet in enumerate(subnets):
            ec2.RouteTableAssociation(
                f"{name}-{number}", route_table_id=table.id, subnet_id=subnet.id, opts=self._child()
            )
        return table

    def _s3_endpoint(self, tables: list[ec2.RouteTable]) -> None:
        ec2.VpcEndpoint(
            f"{self.name}-s3",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{self._args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            policy=resource_document(endpoint_of_s3(self._args.data_accounts), "endpoint"),
            tags=self._tags("s3"),
            opts=self._child(),
        )

    def _flow_log(self) -> None:
        args = self._args
        group = cloudwatch.LogGroup(
            f"{self.name}-flow-log",
            name=names.flow_log_group(self.name),
            retention_in_days=args.flow_log_days,
            opts=self._child(),
        )
        role = Role(
            f"{self.name}-flow-log",
            RoleArgs(
                role=names.flow_log_role(self.name),
                path=names.DELEGATED_PATH,
                description="Writes the record of the network's connections",
                trust=(trust.flow_logs(args.account),),
                permissions=(roles.flow_log(args.account, args.region, self.name),),
                boundary=args.boundary,
            ),
            self._child(),
        )
        ec2.FlowLog(
            f"{self.name}-flow-log",
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            log_format=FLOW_FORMAT,
            max_aggregation_interval=600,
            tags=self._tags("flow-log"),
            opts=self._child(),
        )
