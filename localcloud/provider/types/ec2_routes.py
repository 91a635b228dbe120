"""Route tables, their routes, and the subnets that use them.

AWS facts: every table has a local route that nobody may delete, and routes that a gateway endpoint puts into it, which
are the endpoint's; changing a subnet's table makes a new association with another id.
"""

import zlib
from typing import ClassVar

from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import FLAGS, REFUSED, RELATION
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.types.ec2_common import GONE, Ec2Resource, Found, first
from localcloud.provider.types.s3_common import optional


class RouteTable(Ec2Resource):
    """aws:ec2/routeTable:RouteTable. Its routes are resources of their own."""

    tf = "aws_route_table"
    pulumi = "aws:ec2/routeTable:RouteTable"
    awaits_removal = True
    kind = "route-table"
    handles = frozenset({"vpc_id"})

    def make(self, op: Operation) -> str:
        made = op.client("ec2").create_route_table(VpcId=op.new["vpc_id"], **self.tags(op))
        return str(made["RouteTable"]["RouteTableId"])

    def find(self, op: Operation) -> Found | None:
        return _table(op, op.resource_id)

    def attributes(self, op: Operation, found: Found) -> State:
        return {"arn": self.arn(op), "owner_id": found["OwnerId"], "vpc_id": found["VpcId"]}

    def remove(self, op: Operation) -> None:
        op.client("ec2").delete_route_table(RouteTableId=op.resource_id)


def _table(op: Operation, table: str) -> Found | None:
    return optional(lambda: first(op.client("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"]), GONE)


class Route(Resource):
    """aws:ec2/route:Route. Its id is made of the table's and a hash of the destination."""

    tf = "aws_route"
    pulumi = "aws:ec2/route:Route"
    awaits_removal = True
    targets: ClassVar = {"gateway_id": "GatewayId", "nat_gateway_id": "NatGatewayId"}
    handles = frozenset({"route_table_id", "destination_cidr_block", *targets})
    plan_rules = (
        ("exactly one destination_*", RELATION),
        ("route_table_id and destination", FLAGS),
        ("egress_only_gateway_id with", REFUSED),
    )

    def create(self, op: Operation) -> str:
        table, destination = str(op.new["route_table_id"]), str(op.new["destination_cidr_block"])
        found = self._find(op, table, destination)
        if found is not None:
            raise ProviderError(f"a route in {table} to {destination} already exists")
        op.client("ec2").create_route(RouteTableId=table, DestinationCidrBlock=destination, **self._target(op))
        return _route_id(table, destination)

    def read(self, op: Operation) -> State | None:
        table, destination = self._place(op)
        found = self._find(op, table, destination)
        if found is None:
            return None
        return {
            "route_table_id": table,
            "destination_cidr_block": destination,
            **{name: found.get(api, "") for name, api in self.targets.items()},
            "instance_id": found.get("InstanceId", ""),
            "instance_owner_id": found.get("InstanceOwnerId", ""),
            "network_interface_id": found.get("NetworkInterfaceId", ""),
            "origin": found["Origin"],
            "state": found["State"],
        }

    def update(self, op: Operation) -> None:
        table, destination = self._place(op)
        op.client("ec2").replace_route(RouteTableId=table, DestinationCidrBlock=destination, **self._target(op))

    def delete(self, op: Operation) -> None:
        table, destination = self._place(op)
        call = lambda: op.client("ec2").delete_route(RouteTableId=table, DestinationCidrBlock=destination)  # noqa: E731
        optional(call, GONE)

    def _target(self, op: Operation) -> Found:
        chosen = {api: op.new.get(name) for name, api in self.targets.items()}
        return {api: value for api, value in chosen.items() if value}

    def _place(self, op: Operation) -> tuple[str, str]:
        """Table and destination: from the state, or from an import's `rtb-…_destination` or own id."""
        if op.old:
            return str(op.old["route_table_id"]), str(op.old["destination_cidr_block"])
        if "_" in op.resource_id:
            table, _, destination = op.resource_id.partition("_")
            return table, destination
        places = (
            (str(table["RouteTableId"]), str(route.get("DestinationCidrBlock", "")))
            for table in op.client("ec2").describe_route_tables()["RouteTables"]
            for route in table["Routes"]
        )
        return next((place for place in places if _route_id(*place) == op.resource_id), (op.resource_id, ""))

    def _find(self, op: Operation, table: str, destination: str) -> Found | None:
        routes = (_table(op, table) or {"Routes": []})["Routes"]
        return next((route for route in routes if route.get("DestinationCidrBlock") == destination), None)


def _route_id(table: str, destination: str) -> str:
    return f"r-{table}{zlib.crc32(destination.encode())}"


class RouteTableAssociation(Resource):
    """aws:ec2/routeTableAssociation:RouteTableAssociation: one subnet's table. An update gives it another id on AWS."""

    tf = "aws_route_table_association"
    pulumi = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    handles = frozenset({"route_table_id", "subnet_id"})
    plan_rules = (("exactly one of subnet_id", RELATION),)

    def create(self, op: Operation) -> str:
        made = op.client("ec2").associate_route_table(
            RouteTableId=op.new["route_table_id"], SubnetId=op.new["subnet_id"]
        )
        return str(made["AssociationId"])

    def read(self, op: Operation) -> State | None:
        found = self._find(op)
        return None if found is None else {"route_table_id": found["RouteTableId"], "subnet_id": found["SubnetId"]}

    def update(self, op: Operation) -> None:
        op.client("ec2").replace_route_table_association(
            AssociationId=self._id(op), RouteTableId=op.new["route_table_id"]
        )

    def delete(self, op: Operation) -> None:
        found = self._find(op)
        if found is not None and found["RouteTableId"] == op.old["route_table_id"]:
            association = found["RouteTableAssociationId"]
            optional(lambda: op.client("ec2").disassociate_route_table(AssociationId=association), GONE)

    def _id(self, op: Operation) -> str:
        found = self._find(op)
        return op.resource_id if found is None else str(found["RouteTableAssociationId"])

    def _find(self, op: Operation) -> Found | None:
        """By its subnet, as the id may be of before an update; an import's id may be `subnet-…/rtb-…`."""
        subnet = str(op.old["subnet_id"] if op.old else op.resource_id.partition("/")[0])
        found = (
            one
            for table in op.client("ec2").describe_route_tables()["RouteTables"]
            for one in table["Associations"]
            if one.get("SubnetId")
        )
        return next((one for one in found if subnet in (one["SubnetId"], one["RouteTableAssociationId"])), None)
