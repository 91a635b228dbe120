"""Networks. Where a thing can be there only once, its replacement is of another one: the new one is made first."""

from __future__ import annotations

from .kind import REGION, Case, Change, Of

IN_PLACE = "nothing but its region replaces it, and the provider has but one"


def tags(which: str) -> dict[str, str]:
    return {"Name": which}


def retagged() -> Change:
    return Change(path="tags", inputs={"tags": tags("two")})


NETWORK: dict[str, Case] = {
    "ec2.Vpc": Case(
        rules="aws_vpc",
        inputs={"cidrBlock": "10.8.0.0/16", "enableDnsHostnames": False},
        update=Change(path="enable_dns_hostnames", inputs={"enableDnsHostnames": True}),
        replace=Change(path="cidr_block", inputs={"cidrBlock": "10.9.0.0/16"}),
    ),
    "ec2.Subnet": Case(
        rules="aws_subnet",
        inputs={"vpcId": Of("one-vpc"), "cidrBlock": "10.0.8.0/24", "mapPublicIpOnLaunch": False},
        update=Change(path="map_public_ip_on_launch", inputs={"mapPublicIpOnLaunch": True}),
        replace=Change(path="cidr_block", inputs={"cidrBlock": "10.0.9.0/24"}),
    ),
    "ec2.InternetGateway": Case(
        rules="aws_internet_gateway",
        inputs={"vpcId": Of("other-vpc")},
        update=Change(path="vpc_id", inputs={"vpcId": Of("third-vpc")}),
        lacks=IN_PLACE,
    ),
    "ec2.Eip": Case(
        rules="aws_eip",
        inputs={"domain": "vpc", "tags": tags("one")},
        update=retagged(),
        lacks="what replaces it asks for addresses of one's own, or of the time before VPCs, which AWS no longer gives",
    ),
    "ec2.NatGateway": Case(
        rules="aws_nat_gateway",
        inputs={"subnetId": Of("one-subnet"), "allocationId": Of("one-address"), "tags": tags("one")},
        update=retagged(),
        replace=Change(path="subnet_id", inputs={"subnetId": Of("other-subnet"), "allocationId": Of("other-address")}),
    ),
    "ec2.RouteTable": Case(
        rules="aws_route_table",
        inputs={"vpcId": Of("one-vpc"), "tags": tags("one")},
        update=retagged(),
        replace=Change(path="vpc_id", inputs={"vpcId": Of("other-vpc")}),
    ),
    "ec2.Route": Case(
        rules="aws_route",
        inputs={
            "routeTableId": Of("one-table"),
            "destinationCidrBlock": "198.51.100.0/24",
            "gatewayId": Of("internet"),
        },
        update=Change(path="nat_gateway_id", inputs={"gatewayId": None, "natGatewayId": Of("nat")}),
        replace=Change(path="destination_cidr_block", inputs={"destinationCidrBlock": "203.0.113.0/24"}),
    ),
    "ec2.RouteTableAssociation": Case(
        rules="aws_route_table_association",
        inputs={"routeTableId": Of("one-table"), "subnetId": Of("one-subnet")},
        update=Change(path="route_table_id", inputs={"routeTableId": Of("other-table")}),
        replace=Change(path="subnet_id", inputs={"subnetId": Of("other-subnet")}),
    ),
    "ec2.VpcEndpoint": Case(
        rules="aws_vpc_endpoint",
        inputs={
            "vpcId": Of("one-vpc"),
            "serviceName": f"com.amazonaws.{REGION}.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": [Of("one-table")],
        },
        update=Change(path="route_table_ids", inputs={"routeTableIds": [Of("other-table")]}),
        replace=Change(path="service_name", inputs={"serviceName": f"com.amazonaws.{REGION}.dynamodb"}),
    ),
    "ec2.FlowLog": Case(
        rules="aws_flow_log",
        inputs={
            "vpcId": Of("one-vpc"),
            "trafficType": "ALL",
            "logDestination": Of("one-log", "arn"),
            "iamRoleArn": Of("flow-role", "arn"),
            "tags": tags("one"),
        },
        update=retagged(),
        replace=Change(path="log_destination", inputs={"logDestination": Of("other-log", "arn")}),
    ),
    "ec2.DefaultSecurityGroup": Case(
        rules="aws_default_security_group",
        inputs={"vpcId": Of("one-vpc"), "ingress": [], "egress": []},
        update=Change(
            path="ingress",
            inputs={"ingress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}]},
        ),
        replace=Change(path="vpc_id", inputs={"vpcId": Of("other-vpc")}),
    ),
    "ec2.SecurityGroup": Case(
        rules="aws_security_group",
        inputs={"vpcId": Of("one-vpc"), "name": "types-group", "tags": tags("one")},
        update=retagged(),
        replace=Change(path="name", inputs={"name": "types-group-renamed"}),
    ),
    "vpc.SecurityGroupEgressRule": Case(
        rules="aws_vpc_security_group_egress_rule",
        inputs={"securityGroupId": Of("one-group"), "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
        update=Change(path="cidr_ipv4", inputs={"cidrIpv4": "10.0.0.0/8"}),
        replace=Change(path="security_group_id", inputs={"securityGroupId": Of("other-group")}),
    ),
    "ec2.LaunchTemplate": Case(
        rules="aws_launch_template",
        inputs={"name": "types-template", "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "optional"}},
        update=Change(
            path="metadata_options.http_tokens",
            inputs={"metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required"}},
        ),
        replace=Change(path="name", inputs={"name": "types-template-renamed"}),
    ),
}
