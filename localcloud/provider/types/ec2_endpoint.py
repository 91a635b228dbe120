"""aws:ec2/vpcEndpoint:VpcEndpoint, a gateway in route tables or an interface in subnets.

AWS facts: a gateway endpoint puts a route into each of its tables, to the service's prefix list; an endpoint has a
policy that allows everything until it gets another; a deleted one stays visible for a while as `deleted`.
"""

import json
from typing import Final

from localcloud.provider.plan import FLAGS, RECOMPUTED
from localcloud.provider.resource import Operation, State
from localcloud.provider.types.ec2_common import Ec2Resource, Found, added, dropped, first, given

_SETS: Final = {
    "route_table_ids": "RouteTableIds",
    "subnet_ids": "SubnetIds",
    "security_group_ids": "SecurityGroupIds",
}


class VpcEndpoint(Ec2Resource):
    """A way to an AWS service that doesn't leave the VPC."""

    tf = "aws_vpc_endpoint"
    pulumi = "aws:ec2/vpcEndpoint:VpcEndpoint"
    kind = "vpc-endpoint"
    handles = frozenset({"vpc_id", "service_name", "vpc_endpoint_type", "policy", "private_dns_enabled", *_SETS})
    plan_rules = (
        ("private_dns_enabled change", "of other kinds than Interface AWS refuses it"),
        ("subnet_ids or subnet_configuration change", RECOMPUTED),
        ("service_name, resource_configuration_arn", FLAGS),
    )

    def make(self, op: Operation) -> str:
        names = {
            "vpc_id": "VpcId",
            "service_name": "ServiceName",
            "vpc_endpoint_type": "VpcEndpointType",
            "policy": "PolicyDocument",
            "private_dns_enabled": "PrivateDnsEnabled",
            **_SETS,
        }
        private: Found = {"PrivateDnsEnabled": False} if op.new["vpc_endpoint_type"] == "Interface" else {}
        request = {**private, **given(op, names), **self.tags(op)}
        return str(op.client("ec2").create_vpc_endpoint(**request)["VpcEndpoint"]["VpcEndpointId"])

    def find(self, op: Operation) -> Found | None:
        found = first(op.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[op.resource_id])["VpcEndpoints"])
        return None if found is None or found["State"].lower() in ("deleted", "deleting") else found

    def attributes(self, op: Operation, found: Found) -> State:
        return {
            "arn": self.arn(op),
            "vpc_id": found["VpcId"],
            "service_name": found["ServiceName"],
            "vpc_endpoint_type": found["VpcEndpointType"],
            "policy": json.dumps(json.loads(found["PolicyDocument"]), separators=(",", ":")),
            "private_dns_enabled": found.get("PrivateDnsEnabled", False),
            "route_table_ids": sorted(found.get("RouteTableIds", [])),
            "subnet_ids": sorted(found.get("SubnetIds", [])),
            "security_group_ids": sorted(group["GroupId"] for group in found.get("Groups", [])),
            "network_interface_ids": sorted(found.get("NetworkInterfaceIds", [])),
            "dns_entry": [
                {"dns_name": entry.get("DnsName", ""), "hosted_zone_id": entry.get("HostedZoneId", "")}
                for entry in found.get("DnsEntries", [])
            ],
            "ip_address_type": found.get("IpAddressType", ""),
            "owner_id": found["OwnerId"],
            "requester_managed": found.get("RequesterManaged", False),
            "state": found["State"].lower(),
            **self._prefix_list(op, found),
        }

    def change(self, op: Operation) -> None:
        request: Found = {}
        for name, parameter in _SETS.items():
            if name in op.changed:
                for verb, ids in (("Add", added(op, name)), ("Remove", dropped(op, name))):
                    request |= {f"{verb}{parameter}": ids} if ids else {}
        if "policy" in op.changed:
            request |= {"PolicyDocument": op.new["policy"]} if op.new.get("policy") else {"ResetPolicy": True}
        if "private_dns_enabled" in op.changed:
            request["PrivateDnsEnabled"] = bool(op.new.get("private_dns_enabled"))
        if request:
            op.client("ec2").modify_vpc_endpoint(VpcEndpointId=op.resource_id, **request)

    def remove(self, op: Operation) -> None:
        if self.find(op) is not None:
            op.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[op.resource_id])

    def _prefix_list(self, op: Operation, found: Found) -> State:
        if found["VpcEndpointType"] != "Gateway":
            return {"cidr_blocks": [], "prefix_list_id": ""}
        names = [{"Name": "prefix-list-name", "Values": [found["ServiceName"]]}]
        lists = op.client("ec2").describe_prefix_lists(Filters=names)["PrefixLists"]
        chosen: Found = lists[0] if lists else {}
        return {"cidr_blocks": chosen.get("Cidrs", []), "prefix_list_id": chosen.get("PrefixListId", "")}
