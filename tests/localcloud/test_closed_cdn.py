"""Requests by which CI's deploy role could open a distribution that not everybody may ask: each is refused, and allowed
for one that everybody may ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components import names
from components.access import delivery
from components.access.scope import Scope
from components.cdn import CLOSED, CLOUDFRONT_REGION
from tests.localcloud.clouds import DEV, PROD, Cloud
from tests.localcloud.test_cloudfront_refusals import config

SCOPE = Scope(account=DEV, region="us-west-2", stack="dev", log_buckets=("own-logs",), cdn_zones=())
[(TAG, VALUE)] = CLOSED.items()
TAGS = [{"Key": TAG, "Value": VALUE}]
METRICS = {"CloudWatchMetricsEnabled": False, "MetricName": "m", "SampledRequestsEnabled": False}


@dataclass(frozen=True, kw_only=True)
class Cdn:
    """A distribution, a web ACL and a set of addresses; ``by_ci``: clients of a role with CI's rights on CDNs."""

    by_ci: Callable[[str], Any]
    config: dict[str, Any]
    arn: str
    version: dict[str, Any]
    acl: dict[str, Any]
    addresses: dict[str, Any]


def cdn(cloud: Cloud, tags: list[dict[str, str]]) -> Cdn:
    """An administrator has made it, with these tags on each part."""
    cloudfront, waf = (cloud.client(one, region_name=CLOUDFRONT_REGION) for one in ("cloudfront", "wafv2"))
    given = config(cloud)
    made = cloudfront.create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": given, "Tags": {"Items": tags}}
    )
    more = {"Tags": tags} if tags else {}
    own: dict[str, Any] = {"Scope": "CLOUDFRONT", "Name": cloud.name("closed")}
    acl = waf.create_web_acl(DefaultAction={"Block": {}}, VisibilityConfig=METRICS, **own, **more)["Summary"]
    addresses = waf.create_ip_set(IPAddressVersion="IPV4", Addresses=["192.0.2.0/24"], **own, **more)["Summary"]
    role = cloud.limited(*(one.as_json() for one in delivery.changes(SCOPE)))
    return Cdn(
        by_ci=lambda service: cloud.client(service, role=role, region_name=CLOUDFRONT_REGION),
        config=made["Distribution"]["DistributionConfig"],
        arn=made["Distribution"]["ARN"],
        version={"Id": made["Distribution"]["Id"], "IfMatch": made["ETag"]},
        acl=acl,
        addresses=addresses,
    )


def of_waf(one: dict[str, Any]) -> dict[str, Any]:
    return {"Scope": "CLOUDFRONT", "Name": one["Name"], "Id": one["Id"], "LockToken": one["LockToken"]}


CHANGES: dict[str, Callable[[Cdn], Any]] = {
    "the distribution": lambda one: one.by_ci("cloudfront").update_distribution(
        DistributionConfig={**one.config, "Comment": "open"}, **one.version
    ),
    "a tag of the distribution": lambda one: one.by_ci("cloudfront").tag_resource(
        Resource=one.arn, Tags={"Items": [{"Key": "team", "Value": "x"}]}
    ),
    "the web ACL": lambda one: one.by_ci("wafv2").update_web_acl(
        DefaultAction={"Allow": {}}, VisibilityConfig=METRICS, **of_waf(one.acl)
    ),
    "a tag of the web ACL": lambda one: one.by_ci("wafv2").tag_resource(
        ResourceARN=one.acl["ARN"], Tags=[{"Key": "team", "Value": "x"}]
    ),
    "the addresses": lambda one: one.by_ci("wafv2").update_ip_set(Addresses=["0.0.0.0/1"], **of_waf(one.addresses)),
}
"""Allowed for what is open."""
NEVER: dict[str, Callable[[Cdn], Any]] = {
    "the tag away": lambda one: one.by_ci("cloudfront").untag_resource(Resource=one.arn, TagKeys={"Items": [TAG]}),
    "another value of the tag": lambda one: one.by_ci("cloudfront").tag_resource(
        Resource=one.arn, Tags={"Items": [{"Key": TAG, "Value": "all"}]}
    ),
    "the web ACL's tag away": lambda one: one.by_ci("wafv2").untag_resource(ResourceARN=one.acl["ARN"], TagKeys=[TAG]),
    "a key that signs": lambda one: one.by_ci("cloudfront").create_public_key(
        PublicKeyConfig={"CallerReference": "x", "Name": "x", "EncodedKey": "x"}
    ),
    "keys that sign": lambda one: one.by_ci("cloudfront").update_key_group(
        Id="x", KeyGroupConfig={"Name": "x", "Items": []}
    ),
    "logs in another bucket": lambda one: destination(one, "another-bucket"),
    "logs by another account's destination": lambda one: one.by_ci("logs").create_delivery(
        deliverySourceName=names.cdn_log_delivery("staging"),
        deliveryDestinationArn=f"arn:aws:logs:{CLOUDFRONT_REGION}:{PROD}:delivery-destination:cryoet-x",
    ),
}
"""Allowed for nothing."""


def destination(one: Cdn, bucket: str) -> Any:
    return one.by_ci("logs").put_delivery_destination(
        name=names.cdn_log_delivery("x"),
        deliveryDestinationConfiguration={"destinationResourceArn": names.bucket_arn(bucket)},
    )


@pytest.mark.parametrize("what", [*CHANGES, *NEVER])
def test_what_is_closed_stays_closed(cloud: Cloud, what: str) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied|is not authorized to perform"):
        (CHANGES | NEVER)[what](cdn(cloud, TAGS))


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_open_is_changed(cloud: Cloud, what: str) -> None:
    CHANGES[what](cdn(cloud, []))


@pytest.mark.parametrize("what", NEVER)
def test_what_is_open_is_neither_tagged_nor_signed_for(cloud: Cloud, what: str) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied|is not authorized to perform"):
        NEVER[what](cdn(cloud, []))


def test_logs_are_delivered_to_the_own_bucket(cloud: Cloud) -> None:
    made = destination(cdn(cloud, []), "own-logs")["deliveryDestination"]
    assert made["name"] == names.cdn_log_delivery("x")
    cloud.client("logs", region_name=CLOUDFRONT_REGION).delete_delivery_destination(name=made["name"])
