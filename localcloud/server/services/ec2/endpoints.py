"""VPC endpoints: what AWS refuses and moto takes, and what moto forgets when one is changed or gone.

AWS facts (AWS PrivateLink guide): gateway endpoints are of S3 and DynamoDB alone and stand in route tables, interface
endpoints in subnets and groups; private names need both DNS attributes of the VPC and are one endpoint's for a service;
a gateway endpoint's routes are AWS's own, made and taken away with the tables it is given.
"""

from __future__ import annotations

import json
from typing import Any, Final

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.ec2.store import backend, subnet, vpc

GATEWAYS: Final = ("s3", "dynamodb")
INTERFACES: Final = frozenset(
    {
        "autoscaling", "batch", "dynamodb", "ec2", "ec2messages", "ecr.api", "ecr.dkr", "ecs", "ecs-agent",
        "ecs-telemetry", "eks", "eks-auth", "elasticloadbalancing", "events", "execute-api", "glue", "kms", "lambda",
        "logs", "monitoring", "rds", "rds-data", "s3", "secretsmanager", "sns", "sqs", "ssm", "ssmmessages", "states",
        "sts", "sync-states", "xray",
    }
)  # fmt: skip
"""The services with interface endpoints that are known here."""
FOR_INTERFACES: Final = ("SubnetIds", "SecurityGroupIds", "SubnetConfigurations", "PrivateDnsEnabled")


def _parameter(text: str) -> Refusal:
    return Refusal("InvalidParameter", text)


@HOOKS.before("ec2", "CreateVpcEndpoint")
def create(call: Call) -> None:
    params = call.params
    place, service = vpc(call, params["VpcId"]), str(params.get("ServiceName", ""))
    kind = params.setdefault("VpcEndpointType", "Gateway")
    kinds = _kinds(call, service)
    if not kinds:
        raise Refusal("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist")
    if kind not in kinds:
        raise _parameter(f"The type {kind} is not supported by the service {service}")
    if kind == "Gateway":
        wrong = [name for name in FOR_INTERFACES if params.get(name)]
        if wrong:
            raise _parameter(f"{wrong[0]} is not for an endpoint of type Gateway")
        _tables(call, place.id, params.get("RouteTableIds", []))
        params["PrivateDnsEnabled"] = False
    else:
        if params.get("RouteTableIds"):
            raise _parameter(f"RouteTableIds is not for an endpoint of type {kind}")
        _zones(call, params.get("SubnetIds", []))
        _private_names(call, place, service)


def _kinds(call: Call, service: str) -> frozenset[str]:
    """The types of endpoints that a service has in the region; empty for one that isn't there."""
    prefix = f"com.amazonaws.{call.region}."
    if not service.startswith(prefix):
        return frozenset()
    name = service.removeprefix(prefix)
    gateway = {"Gateway"} if name in GATEWAYS else set[str]()
    return frozenset(gateway | ({"Interface"} if name in INTERFACES else set()))


def _tables(call: Call, vpc_id: str, tables: list[str]) -> None:
    ec2: Any = backend(call)
    for table in tables:
        if table not in ec2.route_tables:
            raise Refusal("InvalidRouteTableId.NotFound", f"The routeTable ID '{table}' does not exist")
        if ec2.route_tables[table].vpc_id != vpc_id:
            raise _parameter(f"The route table {table} is not in the VPC {vpc_id}")


def _zones(call: Call, subnets: list[str]) -> None:
    """An endpoint has one subnet in a zone."""
    seen: set[str] = set()
    for subnet_of_zone in [subnet(call, subnet_id) for subnet_id in subnets]:
        if subnet_of_zone.availability_zone in seen:
            text = f"Found another VPC endpoint subnet in the availability zone of {subnet_of_zone.id}"
            raise Refusal("DuplicateSubnetsInSameZone", text)
        seen.add(subnet_of_zone.availability_zone)


def _private_names(call: Call, place: Any, service: str) -> None:
    if not call.params.get("PrivateDnsEnabled", True):
        return
    if not (_on(place.enable_dns_support) and _on(place.enable_dns_hostnames)):
        text = "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true"
        raise _parameter(f"{text} for {place.id}")
    ec2: Any = backend(call)
    for other in ec2.vpc_end_points.values():
        same = other.vpc_id == place.id and other.service_name == service and other.state == "available"
        if same and other.private_dns_enabled:
            text = f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {service}"
            raise _parameter(f"{text} in the VPC {place.id}")


def _on(value: Any) -> bool:
    """moto keeps some attributes as text."""
    return str(value).lower() == "true"


@HOOKS.after("ec2", "CreateVpcEndpoint")
def created(call: Call, output: Params) -> None:
    _complete(call, output["VpcEndpoint"])


@HOOKS.after("ec2", "DescribeVpcEndpoints")
def describe(call: Call, output: Params) -> None:
    for endpoint in output.get("VpcEndpoints", []):
        _complete(call, endpoint)


def _complete(call: Call, endpoint: Params) -> None:
    endpoint.setdefault("IpAddressType", "ipv4")
    endpoint.setdefault("OwnerId", call.caller.account_id)
    endpoint["RequesterManaged"] = False


def _endpoint(call: Call, endpoint_id: str) -> Any:
    ec2: Any = backend(call)
    endpoint = ec2.vpc_end_points.get(endpoint_id)
    if endpoint is None or endpoint.state != "available":
        raise Refusal("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist")
    return endpoint


@HOOKS.before("ec2", "ModifyVpcEndpoint")
def modify(call: Call) -> None:
    endpoint = _endpoint(call, call.params["VpcEndpointId"])
    added = call.params.get("AddRouteTableIds", [])
    _tables(call, endpoint.vpc_id, added)
    gone = call.params.get("RemoveSubnetIds", [])
    kept = [one for one in endpoint.subnet_ids or [] if one not in gone]
    _zones(call, list(dict.fromkeys([*kept, *call.params.get("AddSubnetIds", [])])))
    if call.params.pop("ResetPolicy", False):
        call.params["PolicyDocument"] = json.dumps(endpoint.DEFAULT_POLICY)
    names = call.params.pop("PrivateDnsEnabled", None)
    if names is not None:
        if names and not endpoint.private_dns_enabled:
            _private_names(call, vpc(call, endpoint.vpc_id), endpoint.service_name)
        endpoint.private_dns_enabled = names


@HOOKS.after("ec2", "ModifyVpcEndpoint")
def move_routes(call: Call, _output: Params) -> None:
    """moto makes a gateway's routes with it and never again."""
    ec2: Any = backend(call)
    endpoint = _endpoint(call, call.params["VpcEndpointId"])
    prefixes = endpoint.destination_prefix_list_id
    if prefixes is None:
        return
    for table in call.params.get("AddRouteTableIds", []):
        ec2.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefixes)
    for table in call.params.get("RemoveRouteTableIds", []):
        ec2.delete_route(table, prefixes)


@HOOKS.before("ec2", "DeleteVpcEndpoints")
def delete(call: Call) -> None:
    """moto forgets the type of an endpoint that was made without one, and stumbles over tables that are gone."""
    ec2: Any = backend(call)
    for endpoint_id in call.params["VpcEndpointIds"]:
        endpoint = ec2.vpc_end_points.get(endpoint_id)
        if endpoint is not None:
            endpoint.route_table_ids = [table for table in endpoint.route_table_ids if table in ec2.route_tables]
