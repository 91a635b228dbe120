"""A bucket behind one distribution, and programs behind a load balancer and another: for a measurement or a test."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import boto3

from localcloud.server.configuration import OrganizationSettings
from localcloud.server.process import Running

REGION: Final = "us-west-2"
OPTIMIZED, DISABLED = "658327ea-f89d-4fab-a63d-7e88639e58f6", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
BY_ORIGIN, ALL_VIEWER = "4cc15a8a-d715-48a4-82b8-cc0b614638fe", "216adef6-5c7f-47e4-b989-5492eafa07d3"
"""CloudFront's managed policies: a day, never, as the origin says; and all that the viewer sent."""
CLOUDFRONT: Final = "com.amazonaws.global.cloudfront.origin-facing"
METHODS: Final = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")


def _counted(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": [*items]}


@dataclass(frozen=True)
class Delivery:
    """Makes them in one account of a local cloud."""

    session: boto3.Session
    url: str
    ca_bundle: str

    @classmethod
    def of(cls, server: Running, account: str) -> Delivery:
        keys = boto3.Session(server.access_key_id, server.secret_access_key, region_name=REGION)
        sts = keys.client("sts", endpoint_url=server.https_url, verify=server.ca_bundle)
        arn = f"arn:aws:iam::{account}:role/{OrganizationSettings.role}"
        role = sts.assume_role(RoleArn=arn, RoleSessionName="benchmark")["Credentials"]
        session = boto3.Session(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"], REGION)
        return cls(session, server.https_url, server.ca_bundle)

    def client(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=self.url, verify=self.ca_bundle)  # pyright: ignore[reportCallIssue, reportArgumentType]  # the name is no literal

    def data_cdn(self, bucket: str, objects: Mapping[str, bytes], headers: str = "") -> str:
        """
        The domain of a distribution over a bucket: `/fresh/…` is never cached, all else for a day. `headers`: the
        id of a policy of response headers.
        """
        s3, cloudfront = self.client("s3"), self.client("cloudfront")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key, body in objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        control = {"SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
        access = cloudfront.create_origin_access_control(OriginAccessControlConfig={"Name": bucket, **control})
        origin = {
            "DomainName": f"{bucket}.s3.{REGION}.amazonaws.com",
            "OriginAccessControlId": access["OriginAccessControl"]["Id"],
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
        methods = {**_counted("GET", "HEAD"), "CachedMethods": _counted("GET", "HEAD")}
        behavior: dict[str, Any] = {"AllowedMethods": methods}
        behavior |= {"ResponseHeadersPolicyId": headers} if headers else {}
        fresh = {"PathPattern": "/fresh/*", "CachePolicyId": DISABLED, **behavior}
        distribution = self._distribution(bucket, origin, {"CachePolicyId": OPTIMIZED, **behavior}, fresh)
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"StringEquals": {"aws:SourceArn": distribution["ARN"]}},
        }
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        return str(distribution["DomainName"])

    def site_cdn(self, name: str, *, api: str, page: str, headers: str = "") -> str:
        """
        The domain of a distribution before two addresses of a VPC: an API on port 9009, a page on 8080. `headers`:
        the id of a policy of response headers.
        """
        balancer = self._balancer(name, api, page)
        origin = {
            "DomainName": balancer["DNSName"],
            "VpcOriginConfig": {"VpcOriginId": self._vpc_origin(name, balancer)},
        }
        behavior: dict[str, Any] = {
            "AllowedMethods": {**_counted(*METHODS), "CachedMethods": _counted("GET", "HEAD")},
            "OriginRequestPolicyId": ALL_VIEWER,
        }
        behavior |= {"ResponseHeadersPolicyId": headers} if headers else {}
        graphql = {"PathPattern": "/graphql*", "CachePolicyId": DISABLED, **behavior}
        page_of_dataset = {"PathPattern": "/datasets/*", "CachePolicyId": DISABLED, **behavior}
        cached = {"CachePolicyId": BY_ORIGIN, **behavior}
        return str(self._distribution(name, origin, cached, graphql, page_of_dataset)["DomainName"])

    def _balancer(self, name: str, api: str, page: str) -> dict[str, Any]:
        """A load balancer whose targets are healthy."""
        elb = self.client("elbv2")
        vpc, subnets, group = self._network(self.client("ec2"), name)
        given = {"Subnets": subnets, "SecurityGroups": [group], "Scheme": "internal"}
        [balancer] = elb.create_load_balancer(Name=name, **given)["LoadBalancers"]
        groups = {port: self._target_group(elb, f"{name}-{port}", vpc, port) for port in (9009, 8080)}
        listener = elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": groups[8080]}],
        )["Listeners"][0]["ListenerArn"]
        elb.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["/graphql*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": groups[9009]}],
        )
        for port, address in ((9009, api), (8080, page)):
            elb.register_targets(TargetGroupArn=groups[port], Targets=[{"Id": address}])
            self._await_health(elb, groups[port])
        return balancer

    def _vpc_origin(self, name: str, balancer: dict[str, Any]) -> str:
        cloudfront = self.client("cloudfront")
        config = {
            "Name": name,
            "Arn": balancer["LoadBalancerArn"],
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "http-only",
            "OriginSslProtocols": _counted("TLSv1.2"),
        }
        vpc_origin = cloudfront.create_vpc_origin(VpcOriginEndpointConfig=config)["VpcOrigin"]["Id"]
        cloudfront.get_vpc_origin(Id=vpc_origin)
        return str(vpc_origin)

    def _distribution(self, name: str, origin: Any, default: Any, *behaviors: Any) -> Any:
        common = {"TargetOriginId": name, "ViewerProtocolPolicy": "allow-all", "Compress": False}
        config = {
            "CallerReference": name,
            "Comment": "",
            "Enabled": True,
            "Origins": _counted({"Id": name, **origin}),
            "DefaultCacheBehavior": {**common, **default},
            "CacheBehaviors": _counted(*({**common, **one} for one in behaviors)),
        }
        return self.client("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]

    def _network(self, ec2: Any, name: str) -> tuple[str, list[str], str]:
        vpc = ec2.create_vpc(CidrBlock="10.32.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.32.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for number, zone in enumerate("ab")
        ]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        lists = ec2.describe_managed_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [CLOUDFRONT]}])
        peer = {"PrefixListIds": [{"PrefixListId": lists["PrefixLists"][0]["PrefixListId"]}]}
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **peer}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        return vpc, subnets, group

    def _target_group(self, elb: Any, name: str, vpc: str, port: int) -> str:
        check = {"HealthCheckPath": "/healthz", "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2}
        given = {"Protocol": "HTTP", "Port": port, "VpcId": vpc, "TargetType": "ip"}
        return str(elb.create_target_group(Name=name, **given, **check)["TargetGroups"][0]["TargetGroupArn"])

    def _await_health(self, elb: Any, group: str) -> None:
        deadline = time.monotonic() + 60
        while True:
            [told] = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
            if told["TargetHealth"]["State"] == "healthy":
                return
            if time.monotonic() > deadline:
                raise SystemExit(f"the target does not become healthy: {told['TargetHealth']}")
            time.sleep(0.2)
