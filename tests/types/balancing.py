"""Cases of the types of Elastic Load Balancing."""

from __future__ import annotations

from typing import Any

from tests.journey.programs.types import inputs
from tests.journey.programs.types.inputs import Change
from tests.localcloud.conftest import REGION

from . import behind, listing
from .case import Case, Drift, Inputs, Make, Name, Program
from .delivery import issued

FIXED: Inputs = {
    "type": "fixed-response",
    "fixedResponse": {"contentType": "text/plain", "messageBody": "nothing here", "statusCode": "404"},
}
REDIRECT: Inputs = {
    "type": "redirect",
    "redirect": {
        "host": "a.example.org",
        "path": "/#{path}",
        "port": "443",
        "protocol": "HTTPS",
        "query": "#{query}",
        "statusCode": "HTTP_301",
    },
}


def _network(make: Make, name: Name) -> dict[str, Any]:
    """A VPC with subnets of three zones and two security groups."""
    vpc = make("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"})[0]
    subnets = [
        make(
            "aws:ec2/subnet:Subnet",
            {"vpcId": vpc, "cidrBlock": f"10.0.{n}.0/24", "availabilityZone": f"us-west-2{zone}"},
        )[0]
        for n, zone in enumerate("abc")
    ]
    groups = [make("aws:ec2/securityGroup:SecurityGroup", {"name": name("group"), "vpcId": vpc})[0] for _ in "ab"]
    return {"name": name("lb"), "vpc": vpc, "subnets": subnets, "groups": groups}


def _load_balancer(made: dict[str, Any], **more: Any) -> Inputs:
    return {
        "name": made["name"],
        "internal": True,
        "subnets": made["subnets"][:2],
        "securityGroups": made["groups"][:1],
        **more,
    }


def _target_group(made: dict[str, Any], name: str, **more: Any) -> Inputs:
    return {"name": name, "port": 8080, "protocol": "HTTP", "targetType": "ip", "vpcId": made["vpc"], **more}


def _balanced(make: Make, name: Name) -> dict[str, Any]:
    """Two load balancers, and two target groups."""
    made = _network(make, name)
    token = "aws:lb/loadBalancer:LoadBalancer"
    balancers = [make(token, _load_balancer(made, name=name("lb")))[0] for _ in "ab"]
    targets = [make("aws:lb/targetGroup:TargetGroup", _target_group(made, name("tg")))[0] for _ in "ab"]
    return {**made, "balancers": balancers, "targets": targets}


def _with_certificate(make: Make, name: Name) -> dict[str, Any]:
    return {**_balanced(make, name), **issued(make, name, REGION)}


def _listening(make: Make, name: Name) -> dict[str, Any]:
    """Two listeners too."""
    made = _balanced(make, name)
    given = {"loadBalancerArn": made["balancers"][0], "defaultActions": [FIXED]}
    listeners = [make("aws:lb/listener:Listener", {**given, "port": port})[0] for port in (80, 81)]
    return {**made, "listeners": listeners}


def _forward(*groups: str) -> Inputs:
    return {"type": "forward", "forward": {"targetGroups": [{"arn": one, "weight": 5} for one in groups]}}


def _set_balancer(aws: Any, arn: str, key: str, value: str) -> None:
    aws("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": value}])


BALANCING_CASES = (
    Case(
        "aws:lb/loadBalancer:LoadBalancer",
        before=_network,
        inputs=lambda made: _load_balancer(made, loadBalancerType="application", tags={"a": "1"}),
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"subnets": made["subnets"]},
            {"securityGroups": made["groups"]},
            {"idleTimeout": 55},
            {"clientKeepAlive": 1800},
            {"desyncMitigationMode": "strictest"},
            {"dropInvalidHeaderFields": True},
            {"enableHttp2": False},
            {"enableWafFailOpen": True},
            {"enableZonalShift": True},
            {"preserveHostHeader": True},
            {"xffHeaderProcessingMode": "preserve"},
            {"dnsRecordClientRoutingPolicy": "availability_zone_affinity"},
            {"enableDeletionProtection": True},
            {"enableDeletionProtection": False},
        ],
        replacement=lambda made: {"name": f"{made['name']}-b"},
        variants=lambda made: [
            {
                **{key: value for key, value in _load_balancer(made).items() if key != "name"},
                "namePrefix": "case-",
                "ipAddressType": "ipv4",
            }
        ],
        drift=lambda aws, arn, _: _set_balancer(aws, arn, "idle_timeout.timeout_seconds", "20"),
        drifted="idleTimeout",
        program=Program(
            inputs={"name": "types", "internal": True, "subnets": [inputs.Of("one-subnet"), inputs.Of("other-subnet")]},
            update=Change(path="idle_timeout", inputs={"idleTimeout": 55}),
            replace=Change(path="name", inputs={"name": "types-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging",
                change=lambda aws, held: aws("elbv2").modify_load_balancer_attributes(
                    LoadBalancerArn=held["id"], Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "300"}]
                ),
                shows="idleTimeout",
            ),
        ),
        listed=lambda client: set(listing.load_balancers(client)),
    ),
    Case(
        "aws:lb/targetGroup:TargetGroup",
        before=lambda make, name: {**_network(make, name), "name": name("tg")},
        inputs=lambda made: _target_group(made, made["name"], tags={"a": "1"}),
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"deregistrationDelay": 20},
            {
                "healthCheck": {
                    "enabled": True,
                    "healthyThreshold": 2,
                    "interval": 10,
                    "matcher": "200-299",
                    "path": "/healthz",
                    "port": "8081",
                    "protocol": "HTTP",
                    "timeout": 5,
                    "unhealthyThreshold": 4,
                }
            },
        ],
        replacement=lambda _: {"port": 9009},
        variants=lambda made: [
            {
                **{key: value for key, value in _target_group(made, "").items() if key != "name"},
                "namePrefix": "case-",
                "protocolVersion": "HTTP1",
                "ipAddressType": "ipv4",
            }
        ],
        drift=lambda aws, arn, _: aws("elbv2").modify_target_group(TargetGroupArn=arn, HealthCheckPath="/else"),
        drifted="healthCheck.path",
        program=Program(
            inputs={
                "name": "types",
                "port": 8080,
                "protocol": "HTTP",
                "targetType": "ip",
                "vpcId": inputs.Of("one-vpc"),
            },
            update=Change(path="deregistration_delay", inputs={"deregistrationDelay": 30}),
            replace=Change(path="port", inputs={"port": 9009, "name": "types-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-frontend",
                change=lambda aws, held: aws("elbv2").modify_target_group_attributes(
                    TargetGroupArn=held["id"],
                    Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "300"}],
                ),
                shows="deregistrationDelay",
            ),
        ),
        listed=listing.plain("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    ),
    Case(
        "aws:lb/targetGroupAttachment:TargetGroupAttachment",
        before=_balanced,
        inputs=lambda made: {"targetGroupArn": made["targets"][0], "targetId": "10.0.0.7", "port": 9009},
        replacement=lambda _: {"targetId": "10.0.0.8"},
        variants=lambda made: [
            {"targetGroupArn": made["targets"][1], "targetId": "10.1.0.7", "availabilityZone": "all"}
        ],
        import_id=lambda _id, _inputs: "",
    ),
    Case(
        "aws:lb/listener:Listener",
        before=_with_certificate,
        inputs=lambda made: {
            "loadBalancerArn": made["balancers"][0],
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [FIXED],
            "tags": {"a": "1"},
        },
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"port": 81},
            {"defaultActions": [{"type": "forward", "targetGroupArn": made["targets"][0], "order": 1}]},
            {"defaultActions": [_forward(*made["targets"])]},
            {"defaultActions": [_forward(made["targets"][0])]},
            {"defaultActions": [REDIRECT]},
        ],
        replacement=lambda made: {"loadBalancerArn": made["balancers"][1]},
        variants=lambda made: [
            {
                "loadBalancerArn": made["balancers"][0],
                "port": 443,
                "certificateArn": made["certificate"],
                "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
                "defaultActions": [{"type": "forward", "targetGroupArn": made["targets"][0]}],
            }
        ],
        drift=lambda aws, arn, _: aws("elbv2").modify_listener(ListenerArn=arn, Port=88),
        drifted="port",
        program=Program(
            inputs={
                "loadBalancerArn": inputs.Of("one-balancer", "arn"),
                "port": 81,
                "defaultActions": [inputs.answer("404")],
            },
            update=Change(path="default_action", inputs={"defaultActions": [inputs.answer("503")]}),
            replace=Change(path="load_balancer_arn", inputs={"loadBalancerArn": inputs.Of("other-balancer", "arn")}),
        ),
        drifts=(
            Drift(
                name="staging-listener",
                change=lambda aws, held: aws("elbv2").modify_listener(ListenerArn=held["id"], Port=8080),
                shows="port",
            ),
        ),
        listed=listing.listeners,
    ),
    Case(
        "aws:lb/listenerRule:ListenerRule",
        before=_listening,
        inputs=lambda made: {
            "listenerArn": made["listeners"][0],
            "priority": 10,
            "actions": [{"type": "forward", "targetGroupArn": made["targets"][0]}],
            "conditions": [{"pathPattern": {"values": ["/graphql*"]}}],
            "tags": {"a": "1"},
        },
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"priority": 20},
            {"actions": [_forward(*made["targets"])]},
            {"actions": [{**FIXED, "order": 1}]},
            {"actions": [REDIRECT]},
            {
                "conditions": [
                    {"hostHeader": {"values": ["a.example.org"]}},
                    {"httpHeader": {"httpHeaderName": "X-A", "values": ["b"]}},
                    {"httpRequestMethod": {"values": ["GET"]}},
                    {"queryStrings": [{"key": "a", "value": "b"}]},
                ]
            },
            {"conditions": [{"sourceIp": {"values": ["192.0.2.0/24"]}}]},
        ],
        replacement=lambda made: {"listenerArn": made["listeners"][1]},
        variants=lambda made: [
            {
                "listenerArn": made["listeners"][0],
                "actions": [FIXED],
                "conditions": [{"pathPattern": {"values": ["/a"]}}],
            }
        ],
        drift=lambda aws, arn, _: aws("elbv2").modify_rule(
            RuleArn=arn, Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/else"]}}]
        ),
        drifted="conditions",
        program=Program(
            inputs={
                "listenerArn": inputs.Of("one-listener", "arn"),
                "priority": 10,
                "actions": [inputs.answer("200")],
                "conditions": inputs.paths("/graphql*"),
            },
            update=Change(path="condition", inputs={"conditions": inputs.paths("/graphql*", "/api/*")}),
            replace=Change(path="listener_arn", inputs={"listenerArn": inputs.Of("other-listener", "arn")}),
        ),
        drifts=(
            Drift(
                name="staging-frontend",
                change=lambda aws, held: aws("elbv2").modify_rule(
                    RuleArn=held["id"], Conditions=behind.ELSEWHERE_OF_SERVING
                ),
                shows="conditions",
            ),
        ),
        listed=listing.listener_rules,
    ),
)
