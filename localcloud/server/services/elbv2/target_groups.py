"""Target groups of addresses.

AWS facts: only what is below the health check can be changed; a group that a listener or rule names is not deleted; the
time-out of a check is shorter than its interval. Sources: API reference; AWS's answers as recorded by others.
"""

from __future__ import annotations

import re
from typing import Any, Final

from localcloud.server import registry
from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import attributes, store
from .attributes import invalid
from .names import check_name
from .store import TargetGroup

_CHECK: Final[dict[str, Any]] = {
    "HealthCheckEnabled": True,
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPort": "traffic-port",
    "HealthCheckPath": "/",
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 5,
    "UnhealthyThresholdCount": 2,
    "Matcher": {"HttpCode": "200"},
}


@HOOKS.instead("elbv2", "CreateTargetGroup")
def create(call: Call) -> Params:
    params, name = call.params, call.params["Name"]
    check_name("Target group", name)
    _kind(params)
    vpc = registry.resource(f"arn:aws:ec2:{call.region}:{call.account}:vpc/{params['VpcId']}")
    if vpc is None:
        raise invalid(f"The VPC ID '{params['VpcId']}' is not found")
    check = _health_check({**_CHECK, **_given(params)}, params["Protocol"])
    for one in _of(call):
        if one.name == name:
            same = (one.protocol, one.port, one.vpc, one.health_check) == (
                params["Protocol"], params["Port"], params["VpcId"], check,
            )  # fmt: skip
            if same:
                return {"TargetGroups": [_described(one)]}
            text = f"A target group with the same name '{name}' exists, but with different settings"
            raise Refusal("DuplicateTargetGroupName", text)
    arn = f"arn:aws:elasticloadbalancing:{call.region}:{call.account}:targetgroup/{name}/{store.new_id()}"
    target_group = TargetGroup(
        arn=arn,
        name=name,
        protocol=params["Protocol"],
        port=params["Port"],
        vpc=params["VpcId"],
        protocol_version=params.get("ProtocolVersion", "HTTP1"),
        health_check=check,
        tags=store.tags_in(params),
    )
    store.TARGET_GROUPS[arn] = target_group
    return {"TargetGroups": [_described(target_group)]}


def _of(call: Call) -> list[TargetGroup]:
    return [one for one in store.TARGET_GROUPS.values() if (one.account, one.region) == (call.account, call.region)]


def _kind(params: Params) -> None:
    kind = params.get("TargetType", "instance")
    if kind == "lambda":
        wrong = [name for name in ("Protocol", "Port", "VpcId") if name in params]
        if wrong:
            raise invalid(f"{wrong[0]} cannot be specified for target groups with target type 'lambda'")
    elif "Protocol" not in params or "Port" not in params:
        raise invalid("A target group must have a protocol and a port")
    elif "VpcId" not in params:
        raise invalid("A VPC ID must be specified for this target group")
    if kind != "ip":
        raise Refusal("NotImplemented", f"elbv2 target groups of type {kind} are not implemented here: only ip.", 501)
    version = params.get("ProtocolVersion", "HTTP1")
    unsupported = {
        "Protocol": params["Protocol"] != "HTTP" and params["Protocol"],
        "ProtocolVersion": version != "HTTP1" and version,
        "IpAddressType": params.get("IpAddressType", "ipv4") != "ipv4" and params["IpAddressType"],
        "TargetControlPort": params.get("TargetControlPort"),
    }
    for name, given in unsupported.items():
        if given:
            raise Refusal("NotImplemented", f"elbv2 {name} {given} of a target group is not implemented here.", 501)


def _given(params: Params) -> Params:
    return {key: params[key] for key in _CHECK if params.get(key) is not None}


def _health_check(check: Params, protocol: str) -> Params:
    """The check that those settings make. Raises Refusal."""
    kind = check["HealthCheckProtocol"]
    if kind not in ("HTTP", "HTTPS"):
        raise invalid(f"Health check protocol '{kind}' must be one of 'HTTP, HTTPS' for a group of '{protocol}'")
    if kind == "HTTPS":
        raise Refusal("NotImplemented", "elbv2 health checks by HTTPS are not implemented here.", 501)
    if not check["HealthCheckEnabled"]:
        raise invalid("Health check enabled must be true for target groups with target type 'ip'")
    interval, timeout = check["HealthCheckIntervalSeconds"], check["HealthCheckTimeoutSeconds"]
    if timeout >= interval:
        raise invalid(f"Health check timeout '{timeout}' must be smaller than the interval '{interval}'")
    if not check["HealthCheckPath"].startswith("/"):
        raise invalid(f"Health check path '{check['HealthCheckPath']}' must start with '/'")
    port = str(check["HealthCheckPort"])
    if port != "traffic-port" and not (port.isdigit() and 1 <= int(port) <= 65_535):
        raise invalid(f"Health check port '{port}' must be 'traffic-port' or a port number")
    if check["Matcher"].get("GrpcCode"):
        raise invalid("GrpcCode cannot be specified for a target group of the protocol version HTTP1")
    matches(check["Matcher"].get("HttpCode", ""), 200)
    return check


def matches(codes: str, status: int) -> bool:
    """Whether a status is one of ``200,201`` or ``200-299``. Raises Refusal for what is neither."""
    matched = False
    for part in codes.split(","):
        bounds = re.fullmatch(r"(\d{3})(?:-(\d{3}))?", part.strip())
        low, high = (int(bounds[1]), int(bounds[2] or bounds[1])) if bounds else (0, 0)
        if not 200 <= low <= high <= 499:
            raise invalid(f"Health check matcher HTTP code '{codes}' must be within '200-499'")
        matched = matched or low <= status <= high
    return matched


def _described(one: TargetGroup) -> Params:
    return {
        "TargetGroupArn": one.arn,
        "TargetGroupName": one.name,
        "Protocol": one.protocol,
        "Port": one.port,
        "VpcId": one.vpc,
        "LoadBalancerArns": store.load_balancers_of(one),
        "TargetType": "ip",
        "ProtocolVersion": one.protocol_version,
        "IpAddressType": "ipv4",
        **one.health_check,
    }


@HOOKS.instead("elbv2", "DescribeTargetGroups")
def describe(call: Call) -> Params:
    params, groups = call.params, _of(call)
    if arns := params.get("TargetGroupArns"):
        groups = [store.target_group(arn) for arn in arns]
    elif names := params.get("Names"):
        by_name = {one.name: one for one in groups}
        if missing := [name for name in names if name not in by_name]:
            raise Refusal("TargetGroupNotFound", f"One or more target groups not found: {missing[0]}")
        groups = [by_name[name] for name in names]
    elif load_balancer := params.get("LoadBalancerArn"):
        store.load_balancer(load_balancer)
        groups = [one for one in groups if load_balancer in store.load_balancers_of(one)]
    return {"TargetGroups": [_described(one) for one in groups]}


@HOOKS.instead("elbv2", "ModifyTargetGroup")
def modify(call: Call) -> Params:
    one = store.target_group(call.params["TargetGroupArn"])
    one.health_check = _health_check({**one.health_check, **_given(call.params)}, one.protocol)
    return {"TargetGroups": [_described(one)]}


@HOOKS.instead("elbv2", "DeleteTargetGroup")
def delete(call: Call) -> Params:
    one = store.TARGET_GROUPS.get(call.params["TargetGroupArn"])
    if one is None:
        return {}
    if store.load_balancers_of(one):
        raise Refusal("ResourceInUse", f"Target group '{one.arn}' is currently in use by a listener or a rule")
    del store.TARGET_GROUPS[one.arn]
    return {}


@HOOKS.instead("elbv2", "DescribeTargetGroupAttributes")
def describe_attributes(call: Call) -> Params:
    return attributes.described(store.target_group(call.params["TargetGroupArn"]), attributes.TARGET_GROUP)


@HOOKS.instead("elbv2", "ModifyTargetGroupAttributes")
def modify_attributes(call: Call) -> Params:
    one = store.target_group(call.params["TargetGroupArn"])
    one.attributes |= attributes.changed(call.params, attributes.TARGET_GROUP)
    return attributes.described(one, attributes.TARGET_GROUP)
