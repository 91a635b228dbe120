"""What Elastic Load Balancing refuses, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

from typing import Any

import pytest

from . import refusal_rows
from .batch_steps import refused
from .clouds import PROD
from .conftest import Cloud
from .elb_steps import FIXED, Network, forward
from .test_cloudfront_refusals import issued


@pytest.fixture(scope="module")
def network(cloud: Cloud) -> Network:
    return Network(cloud).make()


@pytest.fixture
def arn(network: Network) -> str:
    return str(network.load_balancer()["LoadBalancerArn"])


def set_attribute(network: Network, arn: str, key: str, value: str) -> None:
    network.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": value}])


def test_elb_01_subnets_of_two_zones(network: Network) -> None:
    with refused("ValidationError", "At least two subnets"):
        network.load_balancer(Subnets=network.subnets[:1])
    place = {"VpcId": network.vpc, "CidrBlock": "10.32.9.0/24", "AvailabilityZone": "us-west-2a"}
    twin = network.ec2.create_subnet(**place)["Subnet"]["SubnetId"]
    with refused("InvalidConfigurationRequest", "same Availability Zone"):
        network.load_balancer(Subnets=[*network.subnets, twin])
    with refused("SubnetNotFound"):
        network.load_balancer(Subnets=[network.subnets[0], "subnet-0123456789abcdef0"])


@pytest.mark.parametrize("name", ["a" * 33, "internal-a", "-a", "a-", "a_b"])
def test_elb_02_names(network: Network, name: str) -> None:
    with refused("ValidationError", name):
        network.load_balancer(Name=name)
    if name != "internal-a":
        with refused("ValidationError", name):
            network.target_group(Name=name)


def test_elb_03_name_of_another_load_balancer(network: Network) -> None:
    made = network.load_balancer()
    with refused("DuplicateLoadBalancerName"):
        network.load_balancer(Name=made["LoadBalancerName"], SecurityGroups=[network.security_group()])


def test_elb_04_port_that_is_taken(network: Network, arn: str) -> None:
    network.listener(arn)
    other = network.listener(arn, Port=81)
    with refused("DuplicateListener"):
        network.listener(arn)
    with refused("DuplicateListener"):
        network.elb.modify_listener(ListenerArn=other, Port=80)


def test_elb_05_things_of_another_vpc_and_a_second_load_balancer(cloud: Cloud, network: Network, arn: str) -> None:
    elsewhere = Network(cloud).make()
    with refused("InvalidConfigurationRequest", elsewhere.group):
        network.load_balancer(SecurityGroups=[elsewhere.group])
    with refused("InvalidConfigurationRequest", elsewhere.group):
        network.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[elsewhere.group])
    with refused("ValidationError", "VPC"):
        network.listener(arn, forward(elsewhere.target_group()))
    with refused("ValidationError", "same VPC"):
        network.load_balancer(Subnets=[network.subnets[0], elsewhere.subnets[1]])
    group = network.target_group()
    network.listener(arn, forward(group))
    with refused("TargetGroupAssociationLimit"):
        network.listener(network.load_balancer()["LoadBalancerArn"], forward(group))


def test_elb_06_certificates_of_a_protocol(cloud: Cloud, network: Network, arn: str) -> None:
    one, other = (
        {"CertificateArn": issued(cloud, f"{cloud.name('lb')}.example.org", region="us-west-2")} for _ in "ab"
    )
    with refused("ValidationError", "certificate must be specified"):
        network.listener(arn, Protocol="HTTPS", Port=443)
    with refused("ValidationError", "default certificate"):
        network.listener(arn, Protocol="HTTPS", Port=443, Certificates=[one, other])
    with refused("ValidationError", "HTTP"):
        network.listener(arn, Certificates=[one])
    listener = network.listener(arn, Protocol="HTTPS", Port=443, Certificates=[one])
    [found] = network.elb.describe_listeners(ListenerArns=[listener])["Listeners"]
    assert (found["Certificates"], found["SslPolicy"]) == ([one], "ELBSecurityPolicy-2016-08")
    with refused("ResourceInUseException", arn):
        cloud.client("acm").delete_certificate(CertificateArn=one["CertificateArn"])


def test_elb_07_certificates_that_are_not_there_or_not_issued(cloud: Cloud, network: Network, arn: str) -> None:
    east = issued(cloud, f"{cloud.name('lb')}.example.org")
    with refused("CertificateNotFound"):
        network.listener(arn, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": east}])
    waiting = cloud.client("acm").request_certificate(DomainName="a.example.org", ValidationMethod="DNS")
    with refused("UnsupportedCertificate"):
        network.listener(arn, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": waiting["CertificateArn"]}])
    with refused("UnsupportedCertificate"):
        network.listener(arn, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": arn}])


def test_elb_08_target_group_in_use(network: Network, arn: str) -> None:
    group, other = network.target_group(), network.target_group()
    listener = network.listener(arn, forward(group))
    condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}
    network.elb.create_rule(ListenerArn=listener, Priority=1, Conditions=[condition], Actions=[forward(other)])
    for used in (group, other):
        with refused("ResourceInUse"):
            network.elb.delete_target_group(TargetGroupArn=used)
    network.elb.delete_listener(ListenerArn=listener)
    for used in (group, other):
        network.elb.delete_target_group(TargetGroupArn=used)


def test_elb_09_deletion_protection(network: Network, arn: str) -> None:
    set_attribute(network, arn, "deletion_protection.enabled", "true")
    with refused("OperationNotPermitted", "deletion protection"):
        network.elb.delete_load_balancer(LoadBalancerArn=arn)
    set_attribute(network, arn, "deletion_protection.enabled", "false")
    network.elb.delete_load_balancer(LoadBalancerArn=arn)


def test_elb_11_health_check(network: Network) -> None:
    with refused("ValidationError", "smaller than the interval"):
        network.target_group(HealthCheckTimeoutSeconds=5)
    with refused("ValidationError", "HTTP, HTTPS"):
        network.target_group(HealthCheckProtocol="TCP")
    for codes in ("500", "100-200", "abc"):
        with refused("ValidationError", "200-499"):
            network.target_group(Matcher={"HttpCode": codes})
    group = network.target_group()
    with refused("ValidationError", "smaller than the interval"):
        network.elb.modify_target_group(TargetGroupArn=group, HealthCheckTimeoutSeconds=6)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("idle_timeout.timeout_second", "60"),
        ("idle_timeout.timeout_seconds", "0"),
        ("idle_timeout.timeout_seconds", "4001"),
        ("deletion_protection.enabled", "yes"),
        ("routing.http.desync_mitigation_mode", "none"),
    ],
)
def test_elb_12_attributes_of_a_load_balancer(network: Network, arn: str, key: str, value: str) -> None:
    with refused("ValidationError", key):
        set_attribute(network, arn, key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("deregistration_delay.timeout_seconds", "3601"),
        ("slow_start.duration_seconds", "29"),
        ("slow_start.duration_seconds", "901"),
        ("proxy_protocol_v2.enabled", "true"),
    ],
)
def test_elb_12_attributes_of_a_target_group(network: Network, key: str, value: str) -> None:
    group = network.target_group()
    with refused("ValidationError", key):
        network.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[{"Key": key, "Value": value}])
    twice = [{"Key": "deregistration_delay.timeout_seconds", "Value": "1"}] * 2
    with refused("ValidationError", "more than once"):
        network.elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=twice)


def test_elb_13_access_logs_without_a_bucket(network: Network, arn: str) -> None:
    with refused("InvalidConfigurationRequest", "access_logs.s3.bucket"):
        set_attribute(network, arn, "access_logs.s3.enabled", "true")


def test_elb_14_name_of_another_target_group(network: Network, cloud: Cloud) -> None:
    name = cloud.name("tg")
    arn = network.target_group(Name=name)
    assert network.target_group(Name=name) == arn
    with refused("DuplicateTargetGroupName"):
        network.target_group(Name=name, Port=9009)


def test_elb_15_ssl_policies(cloud: Cloud, network: Network, arn: str) -> None:
    with refused("ValidationError", "SSL policy"):
        network.listener(arn, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")
    with refused("ValidationError", "ALPN"):
        network.listener(arn, AlpnPolicy=["HTTP2Only"])
    certificate = {"CertificateArn": issued(cloud, f"{cloud.name('lb')}.example.org", region="us-west-2")}
    with refused("SSLPolicyNotFound"):
        network.listener(arn, Protocol="HTTPS", Port=443, Certificates=[certificate], SslPolicy="mine")


def test_elb_16_rules(network: Network, arn: str) -> None:
    listener = network.listener(arn)

    def rule(priority: int = 1, *actions: Any, **config: Any) -> None:
        condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"], **config}}
        network.elb.create_rule(
            ListenerArn=listener, Priority=priority, Conditions=[condition], Actions=list(actions) or [FIXED]
        )

    rule()
    with refused("PriorityInUse"):
        rule()
    with refused("TooManyConditionValues"):
        rule(2, Values=[f"/{n}" for n in range(6)])
    with refused("ValidationError", "128"):
        rule(2, Values=["/" + "a" * 128])
    group = {"TargetGroupArn": network.target_group()}
    with refused("TooManyTargetGroups"):
        rule(2, {"Type": "forward", "ForwardConfig": {"TargetGroups": [group] * 6}})
    with refused("ValidationError", "999"):
        rule(2, {"Type": "forward", "ForwardConfig": {"TargetGroups": [{**group, "Weight": 1000}]}})
    with refused("TargetGroupNotFound"):
        rule(2, forward(group["TargetGroupArn"].replace("targetgroup/", "targetgroup/x")))


def test_elb_17_target_types(network: Network, cloud: Cloud) -> None:
    make = network.elb.create_target_group
    with refused("ValidationError", "cannot be specified"):
        make(Name=cloud.name("tg"), TargetType="lambda", Port=80)
    with refused("ValidationError", "protocol and a port"):
        make(Name=cloud.name("tg"), TargetType="ip", VpcId=network.vpc)
    with refused("ValidationError", "VPC ID"):
        make(Name=cloud.name("tg"), TargetType="ip", Protocol="HTTP", Port=80)


def test_elb_19_targets_of_no_address_of_the_vpc(network: Network) -> None:
    group = network.target_group()
    for address in ("10.33.0.1", "i-0123456789abcdef0"):
        with refused("ValidationError", address):
            network.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": address}])
    with refused("InvalidTarget"):
        network.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.32.0.1"}])


def test_elb_20_what_a_load_balancer_is_in(network: Network) -> None:
    group = network.security_group()
    made = network.load_balancer(SecurityGroups=[group])
    with refused("DependencyViolation", group):
        network.ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation", network.subnets[0]):
        network.ec2.delete_subnet(SubnetId=network.subnets[0])
    network.elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    network.ec2.delete_security_group(GroupId=group)


def test_elb_21_another_accounts_resources_are_not_read(network: Network, cloud: Cloud, arn: str) -> None:
    stranger, group = cloud.client("elbv2", PROD), network.target_group()
    listener = network.listener(arn)
    rules = network.elb.describe_rules(ListenerArn=listener)["Rules"]
    reads = (
        (stranger.describe_load_balancers, {"LoadBalancerArns": [arn]}, "load balancer"),
        (stranger.describe_load_balancer_attributes, {"LoadBalancerArn": arn}, "load balancer"),
        (stranger.describe_listeners, {"LoadBalancerArn": arn}, "load balancer"),
        (stranger.describe_listeners, {"ListenerArns": [listener]}, "listener"),
        (stranger.describe_listener_attributes, {"ListenerArn": listener}, "listener"),
        (stranger.describe_rules, {"ListenerArn": listener}, "listener"),
        (stranger.describe_rules, {"RuleArns": [rules[0]["RuleArn"]]}, "listener rule"),
        (stranger.describe_tags, {"ResourceArns": [arn]}, "load balancer"),
        (stranger.describe_target_groups, {"TargetGroupArns": [group]}, "target group"),
        (stranger.describe_target_groups, {"LoadBalancerArn": arn}, "load balancer"),
        (stranger.describe_target_group_attributes, {"TargetGroupArn": group}, "target group"),
        (stranger.describe_target_health, {"TargetGroupArn": group}, "target group"),
    )
    for read, named, kind in reads:
        with refused("ValidationError", f"is not a valid {kind} ARN"):
            read(**named)


@pytest.mark.parametrize(
    "given", [{"Type": "network"}, {"Scheme": "internet-facing"}, {"IpAddressType": "dualstack"}], ids=str
)
def test_what_is_not_implemented_says_so(network: Network, given: dict[str, str]) -> None:
    with refused("NotImplemented", next(iter(given))):
        network.load_balancer(**given)


def test_the_document_names_every_row() -> None:
    refusal_rows.check("Elastic Load Balancing", "ELB", "test_elbv2_refusals.py")
