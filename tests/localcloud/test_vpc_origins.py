"""VPC origins, and distributions that have them or other hosts as origins: row by row of docs/refusals.md."""

from __future__ import annotations

from typing import Any

import pytest

from . import refusal_rows
from .batch_steps import refused
from .conftest import Cloud
from .elb_steps import Network
from .test_cloudfront_refusals import behavior, config, counted

GROUP = "CloudFront-VPCOrigins-Service-SG"


@pytest.fixture(scope="module")
def network(cloud: Cloud) -> Network:
    return Network(cloud).make()


@pytest.fixture
def cloudfront(cloud: Cloud) -> Any:
    return cloud.client("cloudfront")


@pytest.fixture
def load_balancer(network: Network) -> dict[str, Any]:
    return network.load_balancer()


def endpoint(name: str, arn: str, **more: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Arn": arn,
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "http-only",
        "OriginSslProtocols": counted("TLSv1.2"),
        **more,
    }


def distribution(cloud: Cloud, origin: dict[str, Any]) -> dict[str, Any]:
    held = {"Id": "site", "DomainName": "site.example.org", **origin}
    given = config(cloud, Origins=counted(held), DefaultCacheBehavior=behavior(TargetOriginId="site"))
    return cloud.client("cloudfront").create_distribution(DistributionConfig=given)


def groups(network: Network) -> list[str]:
    wanted = [{"Name": "vpc-id", "Values": [network.vpc]}, {"Name": "group-name", "Values": [GROUP]}]
    return [one["GroupId"] for one in network.ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]]


def test_an_origin_is_deployed_used_and_gone(
    cloud: Cloud, network: Network, cloudfront: Any, load_balancer: dict[str, Any]
) -> None:
    given = endpoint(cloud.name("origin"), load_balancer["LoadBalancerArn"])
    tags = {"Items": [{"Key": "team", "Value": "data"}]}
    made = cloudfront.create_vpc_origin(VpcOriginEndpointConfig=given, Tags=tags)
    assert made["VpcOrigin"]["Status"] == "Deploying"
    one = made["VpcOrigin"]["Id"]
    held = cloudfront.get_vpc_origin(Id=one)
    assert held["VpcOrigin"]["Status"] == "Deployed"
    assert held["VpcOrigin"]["VpcOriginEndpointConfig"] == {**given, "IpAddressType": "ipv4"}
    assert one in [row["Id"] for row in cloudfront.list_vpc_origins()["VpcOriginList"]["Items"]]
    assert cloudfront.list_tags_for_resource(Resource=held["VpcOrigin"]["Arn"])["Tags"] == tags
    assert len(groups(network)) == 1
    changed = cloudfront.update_vpc_origin(
        Id=one, IfMatch=held["ETag"], VpcOriginEndpointConfig={**given, "HTTPPort": 8080}
    )
    assert (changed["VpcOrigin"]["Status"], changed["ETag"] != held["ETag"]) == ("Deploying", True)
    cloudfront.delete_vpc_origin(Id=one, IfMatch=changed["ETag"])
    with refused("EntityNotFound"):
        cloudfront.get_vpc_origin(Id=one)
    assert groups(network) == []


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"Arn": "arn:aws:s3:::bucket"}, "Arn Invalid Format"),
        ({"HTTPPort": 81}, "port"),
        ({"HTTPSPort": 1023}, "port"),
        ({"OriginProtocolPolicy": "https-only", "OriginSslProtocols": counted()}, "OriginSslProtocols"),
        ({"OriginSslProtocols": counted("TLSv1.3")}, "TLSv1.3"),
    ],
    ids=str,
)
def test_cf_22_vpc_origin(
    cloud: Cloud, cloudfront: Any, load_balancer: dict[str, Any], more: dict[str, Any], text: str
) -> None:
    given = endpoint(cloud.name("origin"), load_balancer["LoadBalancerArn"], **more)
    with refused("InvalidArgument", text):
        cloudfront.create_vpc_origin(VpcOriginEndpointConfig=given)


def test_cf_22_vpc_without_a_gateway_and_an_origin_that_is_not_deployed(cloud: Cloud, cloudfront: Any) -> None:
    alone = Network(cloud).make()
    balancer = alone.load_balancer()
    given = endpoint(cloud.name("origin"), balancer["LoadBalancerArn"])
    alone.ec2.detach_internet_gateway(InternetGatewayId=alone.gateway, VpcId=alone.vpc)
    with refused("InvalidArgument", "internet gateway"):
        cloudfront.create_vpc_origin(VpcOriginEndpointConfig=given)
    alone.ec2.attach_internet_gateway(InternetGatewayId=alone.gateway, VpcId=alone.vpc)
    one = cloudfront.create_vpc_origin(VpcOriginEndpointConfig=given)["VpcOrigin"]["Id"]
    origin = {"VpcOriginConfig": {"VpcOriginId": one}}
    with refused("EntityNotFound"):
        distribution(cloud, origin)
    cloudfront.get_vpc_origin(Id=one)
    distribution(cloud, origin)
    with refused("EntityNotFound"):
        distribution(cloud, {"VpcOriginConfig": {"VpcOriginId": "vo_0"}})
    with refused("EntityAlreadyExists"):
        cloudfront.create_vpc_origin(VpcOriginEndpointConfig=given)


def test_cf_37_vpc_origin_in_use(
    cloud: Cloud, network: Network, cloudfront: Any, load_balancer: dict[str, Any]
) -> None:
    given = endpoint(cloud.name("origin"), load_balancer["LoadBalancerArn"])
    made = cloudfront.create_vpc_origin(VpcOriginEndpointConfig=given)
    one, etag, arn = made["VpcOrigin"]["Id"], made["ETag"], made["VpcOrigin"]["Arn"]
    cloudfront.get_vpc_origin(Id=one)
    used = distribution(cloud, {"VpcOriginConfig": {"VpcOriginId": one}})
    with refused("CannotUpdateEntityWhileInUse", "disassociate"):
        cloudfront.update_vpc_origin(Id=one, IfMatch=etag, VpcOriginEndpointConfig=given)
    with refused("CannotUpdateEntityWhileInUse", "disassociate"):
        cloudfront.tag_resource(Resource=arn, Tags={"Items": [{"Key": "a", "Value": "b"}]})
    with refused("CannotDeleteEntityWhileInUse", "disassociate"):
        cloudfront.delete_vpc_origin(Id=one, IfMatch=etag)
    with refused("ResourceInUse", "another service"):
        network.elb.delete_load_balancer(LoadBalancerArn=load_balancer["LoadBalancerArn"])
    off = {**used["Distribution"]["DistributionConfig"], "Enabled": False}
    stopped = cloudfront.update_distribution(
        Id=used["Distribution"]["Id"], IfMatch=used["ETag"], DistributionConfig=off
    )
    cloudfront.get_distribution(Id=used["Distribution"]["Id"])
    cloudfront.delete_distribution(Id=used["Distribution"]["Id"], IfMatch=stopped["ETag"])
    with refused("PreconditionFailed"):
        cloudfront.delete_vpc_origin(Id=one, IfMatch="E0")
    cloudfront.delete_vpc_origin(Id=one, IfMatch=etag)
    network.elb.delete_load_balancer(LoadBalancerArn=load_balancer["LoadBalancerArn"])


def test_cf_38_origins_of_no_kind_or_two_or_with_values_out_of_range(cloud: Cloud) -> None:
    plain = {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
        "OriginSslProtocols": counted("TLSv1.2"),
    }
    made = distribution(cloud, {"CustomOriginConfig": plain})["Distribution"]["DistributionConfig"]["Origins"]
    assert made["Items"][0]["CustomOriginConfig"]["OriginReadTimeout"] == 30
    with refused("InvalidArgument", "exactly one"):
        distribution(cloud, {})
    with refused("InvalidArgument", "exactly one"):
        distribution(cloud, {"CustomOriginConfig": plain, "S3OriginConfig": {"OriginAccessIdentity": ""}})
    with refused("InvalidArgument", "OriginReadTimeout"):
        distribution(cloud, {"CustomOriginConfig": {**plain, "OriginReadTimeout": 121}})
    with refused("InvalidArgument", "port"):
        distribution(cloud, {"CustomOriginConfig": {**plain, "HTTPPort": 22}})
    with refused("IllegalOriginAccessConfiguration"):
        distribution(cloud, {"CustomOriginConfig": plain, "OriginAccessControlId": "E1"})


def test_elb_10_load_balancer_of_a_vpc_origin(
    cloud: Cloud, network: Network, cloudfront: Any, load_balancer: dict[str, Any]
) -> None:
    given = endpoint(cloud.name("origin"), load_balancer["LoadBalancerArn"])
    made = cloudfront.create_vpc_origin(VpcOriginEndpointConfig=given)
    with refused("ResourceInUse"):
        network.elb.delete_load_balancer(LoadBalancerArn=load_balancer["LoadBalancerArn"])
    cloudfront.delete_vpc_origin(Id=made["VpcOrigin"]["Id"], IfMatch=made["ETag"])
    network.elb.delete_load_balancer(LoadBalancerArn=load_balancer["LoadBalancerArn"])


def test_the_rows_and_the_tests_are_the_same() -> None:
    refusal_rows.check("CloudFront and ACM", "CF", "test_vpc_origins.py")
    refusal_rows.check("Elastic Load Balancing", "ELB", "test_vpc_origins.py")
