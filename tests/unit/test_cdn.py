"""DataCdn: what it registers, and what of it makes a bucket readable and not listable."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.access import buckets
from components.cdn import CLOSED
from components.cdn.data import DataCdn, DataCdnArgs
from components.lifecycle import LifecycleArgs
from components.storage import DataBucket, DataBucketArgs
from tests.unit.recording import Recording, record

DAYS = LifecycleArgs(abort_multipart_days=7, noncurrent_days=30)
PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
ARN = "arn:aws:cloudfront::908710317728:distribution/E1"


def deploy(kind: Any = "staging", **fields: Any) -> Recording:
    """A CDN over the bucket ``data``."""

    def program() -> None:
        logs = DataBucket("log", DataBucketArgs(kind="log", bucket="the-logs", lifecycle=DAYS))
        data = DataBucket("data", DataBucketArgs(kind=kind, bucket="the-data", lifecycle=DAYS, logs=logs))
        DataCdn("data", DataCdnArgs(region="us-west-2", bucket=data, logs=logs, **fields))

    return record(program)


def distribution(**fields: Any) -> dict[str, Any]:
    return dict(deploy(**fields).one("data-cdn", "cloudfront/distribution:Distribution").inputs)


def behaviors(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    return [inputs["defaultCacheBehavior"], *inputs["orderedCacheBehaviors"]]


def test_the_bucket_is_read_with_signed_requests_by_its_regional_name() -> None:
    graph = deploy()
    [origin] = graph.one("data-cdn", "Distribution").inputs["origins"]
    assert origin["domainName"] == "the-data.s3.us-west-2.amazonaws.com"
    assert origin["originAccessControlId"] == "data-cdn-access-id"
    access = graph.one("data-cdn-access").inputs
    assert (access["signingBehavior"], access["originAccessControlOriginType"]) == ("always", "s3")


def test_nothing_of_a_request_but_its_path_reaches_the_bucket() -> None:
    graph = deploy(cors_origins=("*",))
    for policy in graph.of("CachePolicy"):
        key = policy.inputs["parametersInCacheKeyAndForwardedToOrigin"]
        assert key["queryStringsConfig"] == {"queryStringBehavior": "none"}
        assert key["headersConfig"] == {"headerBehavior": "none"}
        assert key["cookiesConfig"] == {"cookieBehavior": "none"}
    inputs = graph.one("data-cdn", "Distribution").inputs
    assert inputs["defaultRootObject"] == "index.html"


def test_metadata_is_kept_a_minute_and_compressed_chunks_a_day_and_not() -> None:
    graph = deploy(data_seconds=3600, metadata_seconds=30)
    inputs = dict(graph.one("data-cdn", "Distribution").inputs)
    data, metadata = (graph.one(f"data-cdn-{kind}", "CachePolicy").inputs for kind in ("data", "metadata"))
    assert [(one["minTtl"], one["defaultTtl"], one["maxTtl"]) for one in (data, metadata)] == [
        (0, 3600, 3600),
        (0, 30, 30),
    ]
    assert [one["compress"] for one in behaviors(inputs)] == [False, *[True] * 6, False]
    assert {one["pathPattern"] for one in inputs["orderedCacheBehaviors"]} >= {"*.json", "*/.zarray", "*/info"}
    *first, last = inputs["orderedCacheBehaviors"]
    assert {one["cachePolicyId"] for one in first} == {"data-cdn-metadata-id"}
    assert last["cachePolicyId"] == inputs["defaultCacheBehavior"]["cachePolicyId"] == "data-cdn-data-id"
    assert not data["parametersInCacheKeyAndForwardedToOrigin"]["enableAcceptEncodingGzip"]
    assert metadata["parametersInCacheKeyAndForwardedToOrigin"]["enableAcceptEncodingBrotli"]
    [missing] = inputs["customErrorResponses"]
    assert missing == {"errorCode": 404, "errorCachingMinTtl": 30}, "a page would turn a missing chunk into data"


def test_metadata_that_is_not_kept_is_not_compressed() -> None:
    """CloudFront refuses a cache policy with gzip or Brotli whose TTLs are all 0."""
    graph = deploy(metadata_seconds=0)
    key = graph.one("data-cdn-metadata", "CachePolicy").inputs["parametersInCacheKeyAndForwardedToOrigin"]
    assert key["enableAcceptEncodingGzip"] is False
    assert key["enableAcceptEncodingBrotli"] is False
    assert not any(one["compress"] for one in behaviors(dict(graph.one("data-cdn", "Distribution").inputs)))


def test_web_pages_read_by_one_rule_and_the_answer_is_kept_once_for_all_of_them() -> None:
    graph = deploy(cors_origins=("https://portal.example.org",))
    cors = graph.one("data-cdn-headers").inputs["corsConfig"]
    assert cors["originOverride"] is True
    assert cors["accessControlAllowCredentials"] is False
    assert cors["accessControlAllowOrigins"] == {"items": ["https://portal.example.org"]}
    assert "Range" in cors["accessControlAllowHeaders"]["items"]
    assert {"Content-Range", "Content-Length", "ETag"} <= set(cors["accessControlExposeHeaders"]["items"])
    for one in behaviors(dict(graph.one("data-cdn", "Distribution").inputs)):
        assert one["allowedMethods"] == ["GET", "HEAD", "OPTIONS"]
        assert one["cachedMethods"] == ["GET", "HEAD"]


def test_without_web_pages_there_is_no_preflight() -> None:
    graph = deploy()
    assert "corsConfig" not in graph.one("data-cdn-headers").inputs
    for one in behaviors(dict(graph.one("data-cdn", "Distribution").inputs)):
        assert one["allowedMethods"] == ["GET", "HEAD"]
        assert "originRequestPolicyId" not in one


def test_plain_http_is_sent_to_https_and_http_3_is_spoken() -> None:
    inputs = distribution()
    assert {one["viewerProtocolPolicy"] for one in behaviors(inputs)} == {"redirect-to-https"}
    assert (inputs["httpVersion"], inputs["isIpv6Enabled"]) == ("http2and3", True)
    assert inputs["viewerCertificate"] == {"cloudfrontDefaultCertificate": True}


def test_own_hosts_have_a_certificate_of_us_east_1_and_records_of_both_kinds() -> None:
    graph = deploy("public", hosts=("files.example.org", "data.example.org"), zone_id="Z1")
    certificate = graph.one("data-cdn-certificate").inputs
    assert certificate["region"] == "us-east-1"
    assert certificate["subjectAlternativeNames"] == ["files.example.org", "data.example.org"]
    inputs = graph.one("data-cdn", "Distribution").inputs
    assert inputs["aliases"] == ["files.example.org", "data.example.org"]
    assert inputs["viewerCertificate"]["minimumProtocolVersion"] == "TLSv1.2_2021"
    addresses = {(one.inputs["name"], one.inputs["type"]) for one in graph.of("Record") if "aliases" in one.inputs}
    assert addresses == {(host, kind) for host in inputs["aliases"] for kind in ("A", "AAAA")}
    proofs = [one.inputs for one in graph.of("Record") if "records" in one.inputs]
    assert {one["name"] for one in proofs} == {"_p.files.example.org.", "_p.data.example.org."}


def test_an_address_list_refuses_by_default_and_a_rate_limit_comes_first() -> None:
    graph = deploy(addresses=("192.0.2.0/24", "2001:db8::/32"), requests_per_5_minutes=1000)
    acl = graph.one("data-cdn-acl")
    assert (acl.inputs["scope"], acl.inputs["region"]) == ("CLOUDFRONT", "us-east-1")
    assert acl.inputs["defaultAction"] == {"block": {}}
    rate, listed = acl.json("ruleJson")
    assert rate["Statement"]["RateBasedStatement"]["Limit"] == 1000
    assert (rate["Priority"], rate["Action"]) == (0, {"Block": {}})
    assert (listed["Priority"], listed["Action"]) == (1, {"Allow": {}})
    assert len(listed["Statement"]["OrStatement"]["Statements"]) == 2
    sets = {one.inputs["ipAddressVersion"]: one.inputs["addresses"] for one in graph.of("IpSet")}
    assert sets == {"IPV4": ["192.0.2.0/24"], "IPV6": ["2001:db8::/32"]}
    assert graph.one("data-cdn", "Distribution").inputs["webAclId"] == acl.inputs.get(
        "arn", "arn:aws:mock:::data-cdn-acl"
    )


@pytest.mark.parametrize(
    ("fields", "tagged"),
    [
        ({"addresses": ("192.0.2.0/24",)}, ["data-cdn", "data-cdn-acl", "data-cdn-ipv4"]),
        ({"public_keys": {"a": PEM}, "requests_per_5_minutes": 10}, ["data-cdn"]),
        ({"requests_per_5_minutes": 10}, []),
    ],
)
def test_what_closes_a_cdn_says_so_by_a_tag(fields: dict[str, Any], tagged: list[str]) -> None:
    """CI's policies know by it what CI may not change."""
    closed = (one for one in deploy(**fields).resources if one.inputs.get("tags") == CLOSED)
    assert sorted(one.name for one in closed) == tagged


def test_a_rate_limit_alone_refuses_nobody_else() -> None:
    acl = deploy(requests_per_5_minutes=10).one("data-cdn-acl")
    assert acl.inputs["defaultAction"] == {"allow": {}}
    assert [one["Name"] for one in acl.json("ruleJson")] == ["rate"]
    assert not deploy().of("WebAcl")


def test_with_public_keys_every_behavior_that_is_reached_asks_for_a_signature() -> None:
    graph = deploy(public_keys={"reviewers": PEM})
    assert graph.one("data-cdn-keys").inputs["items"] == ["data-cdn-reviewers-id"]
    ordered = graph.one("data-cdn", "Distribution").inputs["orderedCacheBehaviors"]
    assert [one["trustedKeyGroups"] for one in ordered] == [["data-cdn-keys-id"]] * 7
    assert ordered[-1]["pathPattern"] == "/*", "nothing may reach the default behavior, which asks for none"


def test_a_public_key_is_sent_as_cloudfront_gives_it_back() -> None:
    """Another text would be another key at each update."""
    body = "MFkw" * 20
    for pem in (f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----", f"\n{PEM}\n\n"):
        sent = deploy(public_keys={"a": pem}).one("data-cdn-a").inputs["encodedKey"]
        lines = sent.split("\n")
        assert lines[-2:] == ["-----END PUBLIC KEY-----", ""]
        assert all(len(line) <= 64 for line in lines)
        assert "".join(lines[1:-2]) == "".join(pem.split("-----")[2].split())


def test_access_logs_go_to_the_log_bucket_by_way_of_us_east_1_without_query_strings() -> None:
    graph = deploy()
    source, target, delivery = (graph.one(f"data-cdn-log{end}") for end in ("-source", "-destination", ""))
    assert {one.inputs["region"] for one in (source, target, delivery)} == {"us-east-1"}
    assert source.inputs["name"] == "cryoet-data-cdn"
    assert target.inputs["deliveryDestinationConfiguration"] == {"destinationResourceArn": "arn:aws:mock:::log"}
    assert not {"cs-uri-query", "cs(Cookie)"} & set(delivery.inputs["recordFields"])
    path = delivery.inputs["s3DeliveryConfigurations"][0]["suffixPath"]
    assert path == "{DistributionId}/{yyyy}/{MM}/{dd}", "AWS puts AWSLogs/{account-id}/CloudFront/ before it"
    admitted = buckets.cdn_log_delivery("the-logs", "908710317728", ("cryoet-data-cdn",)).as_json()
    named = "arn:aws:logs:us-east-1:908710317728:delivery-source:cryoet-data-cdn"
    assert admitted["Condition"]["ArnLike"] == {"aws:SourceArn": named}  # pyright: ignore[reportIndexIssue]  # plain JSON


def test_the_bucket_admits_the_one_distribution_to_read_and_to_learn_what_is_missing() -> None:
    for statement in buckets.cdn_read("the-data", ARN):
        assert statement.as_json()["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert statement.as_json()["Condition"] == {"StringEquals": {"aws:SourceArn": ARN}}
    assert [(one.actions, one.resources) for one in buckets.cdn_read("the-data", ARN)] == [
        (("s3:ListBucket",), ("arn:aws:s3:::the-data",)),
        (("s3:GetObject",), ("arn:aws:s3:::the-data/*",)),
    ]


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"kind": "embargo"}, "bucket: 'embargo': a bucket of kind staging or public"),
        ({"kind": "source"}, "bucket: 'source': a bucket of kind staging or public"),
        ({"hosts": ("a.example.org",)}, "zone_id: None: must be given with hosts"),
        ({"zone_id": "Z1"}, "zone_id: 'Z1': must be given with hosts"),
        ({"price_class": "PriceClass_1"}, "price_class: 'PriceClass_1'"),
        ({"addresses": ("192.0.2.1/24",)}, "addresses: ('192.0.2.1/24',): networks"),
        (
            {"kind": "public", "addresses": ("192.0.2.0/24",)},
            "addresses: ('192.0.2.0/24',): anybody reads a public bucket",
        ),
        ({"kind": "public", "public_keys": {"a": PEM}}, "public_keys: ('a',): anybody reads a public bucket"),
        ({"data_seconds": -1}, "data_seconds: -1: 0 to 31536000"),
        ({"metadata_seconds": 3_601}, "metadata_seconds: 3601: 0 to 3600"),
        ({"requests_per_5_minutes": 9}, "requests_per_5_minutes: 9: 10 to 2000000000"),
    ],
)
def test_bad_arguments_are_refused_by_name(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match="DataCdn 'data'") as caught:
        deploy(**fields)
    assert rule in str(caught.value)


def test_children_hang_on_the_component() -> None:
    graph = deploy(public_keys={"a": PEM}, addresses=("192.0.2.0/24",), cors_origins=("*",))
    component = graph.one("data", "DataCdn")
    own = [one for one in graph.resources if one.type.startswith("aws:") and one.name.startswith("data-cdn")]
    assert len(own) == 12
    assert {one.parent for one in own} == {component.urn}


def test_rules_are_written_for_the_api() -> None:
    rules = deploy(requests_per_5_minutes=10).one("data-cdn-acl").inputs["ruleJson"]
    assert set(json.loads(rules)[0]) == {"Name", "Priority", "Action", "Statement", "VisibilityConfig"}
