"""What CloudFront and ACM refuse, row by row of docs/refusals.md, with AWS's codes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.types.delivery import public_key

from . import refusal_rows
from .batch_steps import refused
from .conftest import DEV, PROD, REGION, Cloud

EAST = "us-east-1"
NONE: dict[str, Any] = {
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
    "EnableAcceptEncodingGzip": False,
}
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


def counted(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": [*items]}


@pytest.fixture
def cloudfront(cloud: Cloud) -> Any:
    return cloud.client("cloudfront")


@pytest.fixture
def acm(cloud: Cloud) -> Any:
    return cloud.client("acm", region_name=EAST)


def origin(**more: Any) -> dict[str, Any]:
    s3 = {"S3OriginConfig": {"OriginAccessIdentity": ""}}
    return {"Id": "bucket", "DomainName": f"a-bucket.s3.{REGION}.amazonaws.com", **s3, **more}


def behavior(**more: Any) -> dict[str, Any]:
    given = {"TargetOriginId": "bucket", "ViewerProtocolPolicy": "https-only", "CachePolicyId": CACHING_OPTIMIZED}
    return {key: value for key, value in {**given, **more}.items() if value is not None}


def config(cloud: Cloud, **more: Any) -> dict[str, Any]:
    return {
        "CallerReference": cloud.name("reference"),
        "Comment": "",
        "Enabled": True,
        "Origins": counted(origin()),
        "DefaultCacheBehavior": behavior(),
        **more,
    }


def made(cloud: Cloud, account: str = DEV, **more: Any) -> dict[str, Any]:
    """A new distribution."""
    client = cloud.client("cloudfront", account)
    return client.create_distribution(DistributionConfig=config(cloud, **more))


def cache_policy(cloud: Cloud, **more: Any) -> dict[str, Any]:
    given = {"Name": cloud.name("policy"), "MinTTL": 0, "ParametersInCacheKeyAndForwardedToOrigin": NONE}
    return {"CachePolicyConfig": {**given, **more}}


def access_control(cloud: Cloud, **more: Any) -> dict[str, Any]:
    given = {"SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
    return {"OriginAccessControlConfig": {"Name": cloud.name("access"), **given, **more}}


def headers_policy(cloud: Cloud, **more: Any) -> dict[str, Any]:
    security = {"SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}}}
    return {"ResponseHeadersPolicyConfig": {"Name": cloud.name("headers"), **(more or security)}}


def issued(cloud: Cloud, host: str, *, account: str = DEV, region: str = EAST) -> str:
    """A certificate whose record a zone has."""
    client, dns = cloud.client("acm", account, region_name=region), cloud.client("route53", account)
    arn = client.request_certificate(DomainName=host, ValidationMethod="DNS")["CertificateArn"]
    [option] = client.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    proof = option["ResourceRecord"]
    zone = dns.create_hosted_zone(Name=host, CallerReference=cloud.name("zone"))["HostedZone"]["Id"]
    record = {"Name": proof["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": proof["Value"]}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    return str(arn)


def viewer(arn: str, **more: Any) -> dict[str, Any]:
    return {"ACMCertificateArn": arn, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021", **more}


@pytest.mark.parametrize("algorithm", ["RSA_1024", "RSA_4096", "EC_secp521r1"])
def test_cf_01_key_algorithm_of_a_public_certificate(acm: Any, algorithm: str) -> None:
    with refused("ValidationException", "key algorithm"):
        acm.request_certificate(DomainName="a.example.org", ValidationMethod="DNS", KeyAlgorithm=algorithm)


def test_cf_02_certificate_in_use(cloud: Cloud, acm: Any, cloudfront: Any) -> None:
    host = f"{cloud.name('used')}.example.org"
    arn = issued(cloud, host)
    one = made(cloud, Aliases=counted(host), ViewerCertificate=viewer(arn))
    with refused("ResourceInUseException", one["Distribution"]["ARN"]):
        acm.delete_certificate(CertificateArn=arn)
    plain = {**one["Distribution"]["DistributionConfig"], "Aliases": counted(), "ViewerCertificate": {}}
    plain["ViewerCertificate"] = {"CloudFrontDefaultCertificate": True}
    cloudfront.update_distribution(Id=one["Distribution"]["Id"], IfMatch=one["ETag"], DistributionConfig=plain)
    acm.delete_certificate(CertificateArn=arn)


def test_cf_03_alias_without_a_certificate(cloud: Cloud) -> None:
    with refused("InvalidViewerCertificate", "attach a trusted certificate"):
        made(cloud, Aliases=counted("a.example.org"))


def test_cf_04_certificate_that_is_pending_elsewhere_or_unknown(cloud: Cloud, acm: Any) -> None:
    pending = acm.request_certificate(DomainName="pending.example.org", ValidationMethod="DNS")["CertificateArn"]
    elsewhere = issued(cloud, f"{cloud.name('elsewhere')}.example.org", region=REGION)
    for arn in (pending, elsewhere, f"{pending[:-4]}0000"):
        with refused("InvalidViewerCertificate", "isn't in us-east-1"):
            made(cloud, ViewerCertificate=viewer(arn))


def test_cf_05_alias_that_the_certificate_does_not_cover(cloud: Cloud) -> None:
    arn = issued(cloud, f"{cloud.name('covered')}.example.org")
    with refused("InvalidViewerCertificate", "doesn't cover"):
        made(cloud, Aliases=counted("uncovered.example.org"), ViewerCertificate=viewer(arn))


def test_cf_06_alias_of_another_distribution(cloud: Cloud) -> None:
    host = f"{cloud.name('taken')}.example.org"
    made(cloud, Aliases=counted(host), ViewerCertificate=viewer(issued(cloud, host)))
    theirs = issued(cloud, host, account=PROD)
    with refused("CNAMEAlreadyExists", "already associated"):
        made(cloud, PROD, Aliases=counted(host), ViewerCertificate=viewer(theirs))


def test_cf_07_alias_whose_record_points_at_another_distribution(cloud: Cloud) -> None:
    host, other = f"{cloud.name('pointing')}.example.org", made(cloud)["Distribution"]["DomainName"]
    arn = issued(cloud, host)
    dns = cloud.client("route53")
    [zone] = [one for one in dns.list_hosted_zones()["HostedZones"] if one["Name"] == f"{host}."]
    target = {"DNSName": other, "HostedZoneId": "Z2FDTNDATAQYW2", "EvaluateTargetHealth": False}
    record = {"Name": host, "Type": "A", "AliasTarget": target}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    dns.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=batch)
    with refused("CNAMEAlreadyExists", "points to another CloudFront distribution"):
        made(cloud, Aliases=counted(host), ViewerCertificate=viewer(arn))


def test_cf_08_default_certificate_has_tls_1(cloud: Cloud) -> None:
    wanted = {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1.2_2021"}
    certificate = made(cloud, ViewerCertificate=wanted)["Distribution"]["DistributionConfig"]["ViewerCertificate"]
    assert certificate["MinimumProtocolVersion"] == "TLSv1"


@pytest.mark.parametrize("domain", ["a.s3-website-us-west-2.amazonaws.com", "files.example.org"])
def test_cf_09_s3_origin_that_is_no_bucket(cloud: Cloud, domain: str) -> None:
    with refused("InvalidArgument", "does not refer to a valid S3 bucket"):
        made(cloud, Origins=counted(origin(DomainName=domain)))


def test_cf_10_access_control_beside_an_identity_or_of_another_type(cloud: Cloud, cloudfront: Any) -> None:
    identity = {"S3OriginConfig": {"OriginAccessIdentity": "origin-access-identity/cloudfront/E1"}}
    control = cloudfront.create_origin_access_control(**access_control(cloud))["OriginAccessControl"]["Id"]
    with refused("IllegalOriginAccessConfiguration"):
        made(cloud, Origins=counted(origin(OriginAccessControlId=control, **identity)))
    other = access_control(cloud, OriginAccessControlOriginType="lambda")
    control = cloudfront.create_origin_access_control(**other)["OriginAccessControl"]["Id"]
    with refused("IllegalOriginAccessConfiguration"):
        made(cloud, Origins=counted(origin(OriginAccessControlId=control)))


def test_cf_11_long_origin_id(cloud: Cloud) -> None:
    long = "o" * 129
    with refused("InvalidArgument", "originId is too big"):
        made(cloud, Origins=counted(origin(Id=long)), DefaultCacheBehavior=behavior(TargetOriginId=long))


def test_cf_12_unknown_access_control(cloud: Cloud) -> None:
    with refused("NoSuchOriginAccessControl"):
        made(cloud, Origins=counted(origin(OriginAccessControlId="E0000000000000")))


@pytest.mark.parametrize("kind", ["CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy"])
def test_cf_13_unknown_policy(cloud: Cloud, kind: str) -> None:
    with refused(f"NoSuch{kind}"):
        made(cloud, DefaultCacheBehavior=behavior(**{f"{kind}Id": "00000000-0000-0000-0000-000000000000"}))


def test_cf_14_cache_policy_beside_ttls_or_without(cloud: Cloud) -> None:
    with refused("InvalidArgument", "cannot be used with"):
        made(cloud, DefaultCacheBehavior=behavior(MinTTL=0))
    origin_request = {"CachePolicyId": None, "OriginRequestPolicyId": "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"}
    with refused("InvalidArgument", "is required"):
        made(cloud, DefaultCacheBehavior=behavior(**origin_request))


def test_cf_15_order_of_ttls_and_a_key_that_is_never_used(cloud: Cloud, cloudfront: Any) -> None:
    with refused("InvalidArgument", "should follow the order"):
        cloudfront.create_cache_policy(**cache_policy(cloud, MinTTL=10, DefaultTTL=5, MaxTTL=20))
    keyed = {**NONE, "QueryStringsConfig": {"QueryStringBehavior": "all"}}
    compressed = {**NONE, "EnableAcceptEncodingGzip": True}
    for key, named in ((keyed, "QueryStringBehavior"), (compressed, "EnableAcceptEncodingGzip")):
        off = {"DefaultTTL": 0, "MaxTTL": 0, "ParametersInCacheKeyAndForwardedToOrigin": key}
        with refused("InvalidArgument", f"{named} is invalid for policy with caching disabled"):
            cloudfront.create_cache_policy(**cache_policy(cloud, **off))


def test_cf_16_policy_name(cloud: Cloud, cloudfront: Any) -> None:
    with refused("InvalidArgument", "contains characters other than"):
        cloudfront.create_cache_policy(**cache_policy(cloud, Name="a b"))
    given = cache_policy(cloud)
    cloudfront.create_cache_policy(**given)
    with refused("CachePolicyAlreadyExists"):
        cloudfront.create_cache_policy(**given)


def test_cf_16_twenty_policies(cloud: Cloud) -> None:
    client = cloud.client("cloudfront", PROD)
    held: list[dict[str, Any]] = []
    with refused("TooManyCachePolicies"):
        while True:
            held.append(client.create_cache_policy(**cache_policy(cloud)))
    assert len(held) <= 20
    for one in held:
        client.delete_cache_policy(Id=one["CachePolicy"]["Id"], IfMatch=one["ETag"])


def test_cf_17_what_a_distribution_uses(cloud: Cloud, cloudfront: Any) -> None:
    cache = cloudfront.create_cache_policy(**cache_policy(cloud))
    headers = cloudfront.create_response_headers_policy(**headers_policy(cloud))
    control = cloudfront.create_origin_access_control(**access_control(cloud))
    key, group = keys(cloud, cloudfront)
    used = behavior(
        CachePolicyId=cache["CachePolicy"]["Id"],
        ResponseHeadersPolicyId=headers["ResponseHeadersPolicy"]["Id"],
        TrustedKeyGroups={"Enabled": True, **counted(group["KeyGroup"]["Id"])},
    )
    held = origin(OriginAccessControlId=control["OriginAccessControl"]["Id"])
    made(cloud, Origins=counted(held), DefaultCacheBehavior=used)
    for code, call, one, kind in (
        ("CachePolicyInUse", cloudfront.delete_cache_policy, cache, "CachePolicy"),
        ("ResponseHeadersPolicyInUse", cloudfront.delete_response_headers_policy, headers, "ResponseHeadersPolicy"),
        ("OriginAccessControlInUse", cloudfront.delete_origin_access_control, control, "OriginAccessControl"),
        ("ResourceInUse", cloudfront.delete_key_group, group, "KeyGroup"),
        ("PublicKeyInUse", cloudfront.delete_public_key, key, "PublicKey"),
    ):
        with refused(code):
            call(Id=one[kind]["Id"], IfMatch=one["ETag"])


def keys(cloud: Cloud, client: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    name = cloud.name("key")
    given = {"CallerReference": name, "Name": name, "EncodedKey": public_key()}
    key = client.create_public_key(PublicKeyConfig=given)
    return key, client.create_key_group(KeyGroupConfig={"Name": name, "Items": [key["PublicKey"]["Id"]]})


def test_cf_18_enabled_distribution(cloud: Cloud, cloudfront: Any) -> None:
    one = made(cloud)
    cloudfront.get_distribution(Id=one["Distribution"]["Id"])
    with refused("DistributionNotDisabled"):
        cloudfront.delete_distribution(Id=one["Distribution"]["Id"], IfMatch=one["ETag"])
    off = made(cloud, Enabled=False)
    with refused("DistributionNotDisabled"):  # not deployed yet
        cloudfront.delete_distribution(Id=off["Distribution"]["Id"], IfMatch=off["ETag"])
    cloudfront.get_distribution(Id=off["Distribution"]["Id"])
    cloudfront.delete_distribution(Id=off["Distribution"]["Id"], IfMatch=off["ETag"])


def test_cf_19_etag(cloud: Cloud, cloudfront: Any) -> None:
    one = made(cloud)
    given = {"Id": one["Distribution"]["Id"], "DistributionConfig": one["Distribution"]["DistributionConfig"]}
    with refused("InvalidIfMatchVersion"):
        cloudfront.update_distribution(**given)
    cloudfront.update_distribution(**given, IfMatch=one["ETag"])
    with refused("PreconditionFailed"):
        cloudfront.update_distribution(**given, IfMatch=one["ETag"])


def test_cf_23_web_acl_of_a_region(cloud: Cloud) -> None:
    waf = cloud.client("wafv2", region_name=EAST)
    visible = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "a"}
    given = {"Name": cloud.name("acl"), "DefaultAction": {"Allow": {}}, "VisibilityConfig": visible}
    arn = waf.create_web_acl(**given, Scope="REGIONAL")["Summary"]["ARN"]
    for wrong in (arn, arn.replace(":regional/", ":global/")):
        with refused("InvalidWebACLId"):
            made(cloud, WebACLId=wrong)


def test_cf_25_long_domain_name(acm: Any) -> None:
    with refused("InvalidDomainValidationOptionsException", "at most 64"):
        acm.request_certificate(DomainName=f"{'a' * 60}.org.example", ValidationMethod="DNS")


def test_cf_26_validation_option_of_another_name(acm: Any) -> None:
    for name, domain in (("a.example.org", "example.com"), ("b.example.org", "example.org")):
        options = [{"DomainName": name, "ValidationDomain": domain}]
        with refused("InvalidDomainValidationOptionsException"):
            acm.request_certificate(DomainName="a.example.org", ValidationMethod="DNS", DomainValidationOptions=options)


def test_cf_27_two_certificates_or_sslv3_or_vip(cloud: Cloud) -> None:
    arn = issued(cloud, f"{cloud.name('viewer')}.example.org")
    with refused("InvalidArgument", "exactly one of"):
        made(cloud, ViewerCertificate=viewer(arn, CloudFrontDefaultCertificate=True))
    with refused("InvalidMinimumProtocolVersion"):
        made(cloud, ViewerCertificate=viewer(arn, MinimumProtocolVersion="SSLv3"))
    with refused("InvalidArgument", "vip"):
        made(cloud, ViewerCertificate=viewer(arn, SSLSupportMethod="vip"))


def test_cf_28_access_control_name(cloud: Cloud, cloudfront: Any) -> None:
    given = access_control(cloud)
    cloudfront.create_origin_access_control(**given)
    with refused("OriginAccessControlAlreadyExists"):
        cloudfront.create_origin_access_control(**given)
    with refused("InvalidArgument", "64"):
        cloudfront.create_origin_access_control(**access_control(cloud, Name="a" * 65))


def test_cf_29_unknown_origin(cloud: Cloud) -> None:
    with refused("NoSuchOrigin"):
        made(cloud, DefaultCacheBehavior=behavior(TargetOriginId="other"))


def test_cf_30_lists_of_the_cache_key(cloud: Cloud, cloudfront: Any) -> None:
    for wrong in (
        {"CookiesConfig": {"CookieBehavior": "whitelist"}},
        {"HeadersConfig": {"HeaderBehavior": "none", "Headers": counted("x-a")}},
        {
            "EnableAcceptEncodingGzip": True,
            "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": counted("Accept-Encoding")},
        },
    ):
        with refused("InvalidArgument"):
            cloudfront.create_cache_policy(
                **cache_policy(cloud, ParametersInCacheKeyAndForwardedToOrigin={**NONE, **wrong})
            )


def test_cf_32_headers_that_no_policy_may_set(cloud: Cloud, cloudfront: Any) -> None:
    custom = {"Header": "x-a", "Value": "1", "Override": True}
    for wrong in (
        {"CustomHeadersConfig": counted({**custom, "Header": "Connection"})},
        {"RemoveHeadersConfig": counted({"Header": "X-Amz-Cf-Id"})},
        {"CustomHeadersConfig": counted(custom, {**custom, "Header": "X-A"})},
        {"ServerTimingHeadersConfig": {"Enabled": True}},
    ):
        with refused("InvalidArgument"):
            cloudfront.create_response_headers_policy(**headers_policy(cloud, **wrong))


def test_cf_33_caller_reference(cloud: Cloud, cloudfront: Any) -> None:
    given = config(cloud)
    cloudfront.create_distribution(DistributionConfig=given)
    with refused("DistributionAlreadyExists"):
        cloudfront.create_distribution(DistributionConfig={**given, "Comment": "another"})


def test_cf_34_public_key_and_its_group(cloud: Cloud, cloudfront: Any) -> None:
    name = cloud.name("key")
    with refused("InvalidArgument", "PEM"):
        cloudfront.create_public_key(
            PublicKeyConfig={"CallerReference": name, "Name": name, "EncodedKey": "ssh-rsa AAAA"}
        )
    with refused("InvalidArgument", "does not exist"):
        cloudfront.create_key_group(KeyGroupConfig={"Name": name, "Items": ["K0000000000000"]})
    with refused("TrustedKeyGroupDoesNotExist"):
        group = {"TrustedKeyGroups": {"Enabled": True, **counted("00000000-0000-0000-0000-000000000000")}}
        made(cloud, DefaultCacheBehavior=behavior(**group))


def test_cf_35_error_responses(cloud: Cloud) -> None:
    with refused("InvalidErrorCode"):
        made(cloud, CustomErrorResponses=counted({"ErrorCode": 418}))
    with refused("InvalidArgument", "both or neither"):
        made(cloud, CustomErrorResponses=counted({"ErrorCode": 404, "ResponsePagePath": "/404"}))


def test_cf_36_second_source_of_logs_and_another_region(cloud: Cloud) -> None:
    logs, arn = cloud.client("logs", region_name=EAST), made(cloud)["Distribution"]["ARN"]
    given = {"resourceArn": arn, "logType": "ACCESS_LOGS"}
    logs.put_delivery_source(**given, name=cloud.name("source"))
    with refused("ConflictException", "already been used in another Delivery Source"):
        logs.put_delivery_source(**given, name=cloud.name("source"))
    with refused("ValidationException", "us-east-1"):
        cloud.client("logs").put_delivery_source(**given, name=cloud.name("source"))


def test_cf_39_pattern_of_the_default_behavior(cloud: Cloud) -> None:
    with refused("InvalidArgument", "PathPattern"):
        made(cloud, CacheBehaviors=counted({**behavior(), "PathPattern": "*"}))
    made(cloud, CacheBehaviors=counted({**behavior(), "PathPattern": "/*"}))


def test_cf_40_alias_that_moves(cloud: Cloud) -> None:
    """From one distribution of an account to another, once its zone says so and the other's certificate covers it."""
    host, client = f"{cloud.name('moved')}.example.org", cloud.client("cloudfront")
    source = made(cloud, Aliases=counted(host), ViewerCertificate=viewer(issued(cloud, host)))["Distribution"]
    bare = made(cloud)["Distribution"]["Id"]
    with refused("IllegalUpdate", "no certificate"):
        client.associate_alias(TargetDistributionId=bare, Alias=host)
    target = made(cloud, ViewerCertificate=viewer(issued(cloud, host)))["Distribution"]
    with refused("IllegalUpdate", "No TXT record"):
        client.associate_alias(TargetDistributionId=target["Id"], Alias=host)
    says_so(cloud, host, target["DomainName"])
    client.associate_alias(TargetDistributionId=target["Id"], Alias=host)
    aliases = [
        client.get_distribution_config(Id=one["Id"])["DistributionConfig"]["Aliases"] for one in (source, target)
    ]
    assert [one.get("Items", []) for one in aliases] == [[], [host]]


def test_cf_40_alias_of_another_account(cloud: Cloud) -> None:
    host = f"{cloud.name('theirs')}.example.org"
    made(cloud, PROD, Aliases=counted(host), ViewerCertificate=viewer(issued(cloud, host, account=PROD)))
    target = made(cloud, ViewerCertificate=viewer(issued(cloud, host)))["Distribution"]
    says_so(cloud, host, target["DomainName"])
    with refused("IllegalUpdate", "must be disabled"):
        cloud.client("cloudfront").associate_alias(TargetDistributionId=target["Id"], Alias=host)


def says_so(cloud: Cloud, host: str, domain: str) -> None:
    """The TXT record by which the owner of a host's zone wants it on another distribution."""
    dns = cloud.client("route53")
    zone = dns.create_hosted_zone(Name=f"_{host}", CallerReference=cloud.name("zone"))["HostedZone"]["Id"]
    record = {"Name": f"_{host}", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": f'"{domain}"'}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def test_the_rows_and_the_tests_are_the_same() -> None:
    refusal_rows.check("CloudFront and ACM", "CF", "test_cloudfront_refusals.py")
