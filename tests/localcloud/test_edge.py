"""The edge: what a deployed distribution does over HTTP, seen from outside."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from localcloud.edge.logs import flush
from localcloud.edge.serve import reset
from localcloud.edge.signed import canned_policy

from .conftest import DEV, REGION, Cloud

NO_KEY: dict[str, Any] = {
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
PAGE = {"Origin": "https://portal.example.org"}
CORS_TO_S3 = "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"
METADATA = json.dumps({"values": list(range(1000))}).encode()


def counted(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": [*items]}


@dataclass
class Edge:
    """A bucket behind a distribution. ``client`` is CloudFront's."""

    cloud: Cloud
    bucket: str
    id: str = ""
    arn: str = ""
    domain: str = ""

    @property
    def client(self) -> Any:
        return self.cloud.client("cloudfront")

    def get(self, path: str, method: str = "GET", host: str = "", **headers: str) -> requests.Response:
        """A request as it stands, without the client's own changes to the path."""
        session = requests.Session()
        session.trust_env = False
        named = {"Host": host or f"{self.domain}.localhost", "Accept-Encoding": "identity", **headers}
        prepared = session.prepare_request(requests.Request(method, self.cloud.http_url, headers=named))
        prepared.url = self.cloud.http_url + path
        return session.send(prepared, allow_redirects=False)

    def put(self, key: str, body: bytes, **more: Any) -> None:
        self.cloud.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, **more)

    def change(self, **config: Any) -> None:
        held = self.client.get_distribution_config(Id=self.id)
        self.client.update_distribution(
            Id=self.id, IfMatch=held["ETag"], DistributionConfig={**held["DistributionConfig"], **config}
        )

    def behave(self, **behavior: Any) -> None:
        """Changes the default behavior, and the one of metadata alike."""
        held = self.client.get_distribution_config(Id=self.id)["DistributionConfig"]
        ordered = [{**one, **behavior} for one in held["CacheBehaviors"]["Items"]]
        self.change(DefaultCacheBehavior={**held["DefaultCacheBehavior"], **behavior}, CacheBehaviors=counted(*ordered))


def policy(edge: Edge, seconds: int, *, compressed: bool) -> str:
    parameters = {**NO_KEY, "EnableAcceptEncodingGzip": compressed, "EnableAcceptEncodingBrotli": compressed}
    config = {
        "Name": edge.cloud.name("policy"),
        "MinTTL": 0,
        "DefaultTTL": seconds,
        "MaxTTL": seconds,
        "ParametersInCacheKeyAndForwardedToOrigin": parameters,
    }
    return str(edge.client.create_cache_policy(CachePolicyConfig=config)["CachePolicy"]["Id"])


def headers_policy(edge: Edge, *origins: str) -> str:
    config = {
        "Name": edge.cloud.name("headers"),
        "CorsConfig": {
            "AccessControlAllowCredentials": False,
            "AccessControlAllowHeaders": counted("Range"),
            "AccessControlAllowMethods": counted("GET", "HEAD"),
            "AccessControlAllowOrigins": counted(*origins),
            "AccessControlExposeHeaders": counted("Content-Range", "ETag"),
            "AccessControlMaxAgeSec": 600,
            "OriginOverride": True,
        },
        "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}},
        "RemoveHeadersConfig": counted({"Header": "x-amz-server-side-encryption"}),
    }
    made = edge.client.create_response_headers_policy(ResponseHeadersPolicyConfig=config)
    return str(made["ResponseHeadersPolicy"]["Id"])


def deploy(edge: Edge) -> None:
    """The distribution, and the bucket's policy that admits it."""
    control = {"SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
    access = edge.client.create_origin_access_control(
        OriginAccessControlConfig={"Name": edge.cloud.name("access"), **control}
    )["OriginAccessControl"]["Id"]
    behavior = {
        "TargetOriginId": "bucket",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {**counted("GET", "HEAD", "OPTIONS"), "CachedMethods": counted("GET", "HEAD")},
        "Compress": False,
        "CachePolicyId": policy(edge, 600, compressed=False),
        "OriginRequestPolicyId": CORS_TO_S3,
        "ResponseHeadersPolicyId": headers_policy(edge, "*"),
    }
    metadata = {
        **behavior,
        "PathPattern": "*.json",
        "Compress": True,
        "CachePolicyId": policy(edge, 1, compressed=True),
    }
    domain = f"{edge.bucket}.s3.{REGION}.amazonaws.com"
    origin = {
        "Id": "bucket",
        "DomainName": domain,
        "OriginAccessControlId": access,
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    config = {
        "CallerReference": edge.cloud.name("reference"),
        "Comment": "",
        "Enabled": True,
        "Origins": counted(origin),
        "DefaultCacheBehavior": behavior,
        "CacheBehaviors": counted(metadata),
        "DefaultRootObject": "index.html",
        "HttpVersion": "http2and3",
    }
    made = edge.client.create_distribution(DistributionConfig=config)["Distribution"]
    edge.id, edge.arn, edge.domain = made["Id"], made["ARN"], made["DomainName"]
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": action,
            "Resource": f"arn:aws:s3:::{edge.bucket}{end}",
            "Condition": {"StringEquals": {"aws:SourceArn": edge.arn}},
        }
        for action, end in (("s3:GetObject", "/*"), ("s3:ListBucket", ""))
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    edge.cloud.client("s3").put_bucket_policy(Bucket=edge.bucket, Policy=text)


@pytest.fixture(scope="module")
def shared(cloud: Cloud) -> Edge:
    s3, name = cloud.client("s3"), cloud.name("edge")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    rule = {"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["*"], "AllowedHeaders": ["Range"]}
    s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})
    edge = Edge(cloud, name)
    deploy(edge)
    return edge


@pytest.fixture
def edge(shared: Edge) -> Iterator[Edge]:
    """A cold cache, and afterwards the configuration as it was."""
    reset()
    held = shared.client.get_distribution_config(Id=shared.id)["DistributionConfig"]
    yield shared
    shared.change(**{key: value for key, value in held.items() if key != "CallerReference"})


def test_an_object_is_read_and_kept(edge: Edge) -> None:
    edge.put("a/0", b"0123456789", ContentType="application/octet-stream")
    first, second = edge.get("/a/0"), edge.get("/a/0")
    assert [(one.status_code, one.content, one.headers["X-Cache"]) for one in (first, second)] == [
        (200, b"0123456789", "Miss from cloudfront"),
        (200, b"0123456789", "Hit from cloudfront"),
    ]
    assert "Age" not in first.headers
    assert int(second.headers["Age"]) >= 0
    assert first.headers["Alt-Svc"].startswith("h3=")
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert not {"x-amz-request-id", "x-amz-id-2", "x-amz-server-side-encryption"} & {
        key.lower() for key in first.headers
    }
    assert edge.get("/a/0", "HEAD").headers["Content-Length"] == "10"


@pytest.mark.parametrize("key", ["a[0]/x", "a b/x", "a+b/x", "a//b", "ä/x", "a%2Fb"])
def test_keys_pass_unchanged(edge: Edge, key: str) -> None:
    quoted = quote(key, safe="/[]")
    edge.put(key, key.encode())
    assert edge.get(f"/{quoted}").content == key.encode()


def test_a_part_is_a_part_of_the_object_whether_kept_or_not(edge: Edge) -> None:
    edge.put("part", b"0123456789")
    for _ in range(2):
        answers = [edge.get("/part", Range=f"bytes={text}") for text in ("2-4", "7-", "-2", "4-2", "20-30")]
        assert [(one.status_code, one.content) for one in answers[:4]] == [
            (206, b"234"),
            (206, b"789"),
            (206, b"89"),
            (200, b"0123456789"),
        ]
        assert answers[0].headers["Content-Range"] == "bytes 2-4/10"
        assert answers[4].status_code == 416
    assert edge.get("/part", Range="bytes=2-4").headers["X-Cache"] == "Hit from cloudfront"


def test_what_is_missing_is_404_and_kept_for_ten_seconds_unless_said_otherwise(edge: Edge) -> None:
    assert edge.get("/missing").status_code == 404
    edge.put("missing", b"there")
    kept = edge.get("/missing")
    assert (kept.status_code, kept.headers["X-Cache"]) == (404, "Error from cloudfront")
    edge.change(CustomErrorResponses=counted({"ErrorCode": 404, "ErrorCachingMinTTL": 0}))
    assert edge.get("/other").status_code == 404
    edge.put("other", b"there")
    assert edge.get("/other").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/", "/?list-type=2", "/?prefix=", "/?delimiter=/", "/?versions", "/?location", "/?policy", "/?acl", "//", "/.",
        "/%2F", "/?list-type=2&prefix=secret", "/index.html?list-type=2", "/./", "/..", "/secret/", "/?uploads",
    ],
)  # fmt: skip
def test_nothing_is_listed(edge: Edge, path: str) -> None:
    edge.put("secret/chunk", b"data")
    answer = edge.get(path)
    assert answer.status_code in (403, 404), (answer.status_code, answer.text)
    assert "secret/chunk" not in answer.text
    assert "ListBucketResult" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_is_written(edge: Edge, method: str) -> None:
    answer = edge.get("/a/0", method)
    assert answer.status_code == 403
    assert "not configured to allow the HTTP request method" in answer.text


def test_the_bucket_admits_this_distribution_and_nobody_else(edge: Edge) -> None:
    edge.put("mine", b"data")
    direct = requests.get(f"{edge.cloud.http_url}/{edge.bucket}/mine", timeout=10)
    assert direct.status_code == 403
    other = Edge(edge.cloud, edge.bucket)
    deploy(other)  # the bucket's policy admits the other one now
    assert other.get("/mine").status_code == 200
    assert edge.get("/mine").status_code == 403
    assert edge.get("/mine").headers["X-Cache"] == "Error from cloudfront"
    deploy_policy(edge)
    assert edge.get("/mine").status_code == 200


def deploy_policy(edge: Edge) -> None:
    s3 = edge.cloud.client("s3")
    held = json.loads(s3.get_bucket_policy(Bucket=edge.bucket)["Policy"])
    for statement in held["Statement"]:
        statement["Condition"] = {"StringEquals": {"aws:SourceArn": edge.arn}}
    s3.put_bucket_policy(Bucket=edge.bucket, Policy=json.dumps(held))


def test_web_pages_read_with_one_kept_answer_for_all_origins(edge: Edge) -> None:
    edge.put("page", b"data")
    assert "Access-Control-Allow-Origin" not in edge.get("/page").headers
    answer = edge.get("/page", **PAGE)
    assert answer.headers["X-Cache"] == "Hit from cloudfront"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "Content-Range, ETag"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    preflight = edge.get("/page", "OPTIONS", **PAGE, **asked)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Headers"] == "Range"
    assert preflight.headers["Access-Control-Max-Age"] == "600"
    asked["Access-Control-Request-Headers"] = "x-unheard-of"
    assert edge.get("/page", "OPTIONS", **PAGE, **asked).status_code == 403


def test_an_origin_that_is_not_listed_is_not_let_in(edge: Edge) -> None:
    edge.put("listed", b"data")
    edge.behave(ResponseHeadersPolicyId=headers_policy(edge, "https://portal.example.org"))
    answer = edge.get("/listed", **PAGE)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://portal.example.org"
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Origin" not in edge.get("/listed", Origin="https://evil.example.org").headers


def test_rewritten_metadata_is_seen_within_its_time_and_asked_for_by_its_etag(edge: Edge) -> None:
    edge.put("meta.json", METADATA, ContentType="application/json")
    assert edge.get("/meta.json").headers["X-Cache"] == "Miss from cloudfront"
    edge.put("meta.json", b"{}", ContentType="application/json")
    assert edge.get("/meta.json").content == METADATA
    time.sleep(1.1)
    renewed = edge.get("/meta.json")
    assert (renewed.content, renewed.headers["X-Cache"]) == (b"{}", "Miss from cloudfront")
    time.sleep(1.1)
    assert edge.get("/meta.json").headers["X-Cache"] == "RefreshHit from cloudfront"


@pytest.mark.parametrize(
    ("told", "again"),
    [("max-age=60", "Hit"), ("no-cache", "RefreshHit"), ("no-store", "Miss"), ("s-maxage=60, max-age=0", "Hit")],
)
def test_what_the_writer_said_of_caching_counts(edge: Edge, told: str, again: str) -> None:
    edge.put("told", b"data", CacheControl=told)
    assert edge.get("/told").headers["X-Cache"] == "Miss from cloudfront"
    assert edge.get("/told").headers["X-Cache"] == f"{again} from cloudfront"


def test_metadata_is_compressed_and_chunks_are_not(edge: Edge) -> None:
    edge.put("big.json", METADATA, ContentType="application/json")
    edge.put("big", METADATA, ContentType="application/json")
    plain, packed = edge.get("/big.json"), edge.get("/big.json", **{"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] == f"W/{plain.headers['ETag']}"
    assert packed.content == METADATA
    assert "Content-Encoding" not in edge.get("/big", **{"Accept-Encoding": "gzip, br"}).headers


def test_what_the_viewer_has_is_not_sent_again(edge: Edge) -> None:
    edge.put("same", b"data")
    etag = edge.get("/same").headers["ETag"]
    assert edge.get("/same", **{"If-None-Match": etag}).status_code == 304
    assert edge.get("/same", **{"If-None-Match": '"other"'}).status_code == 200


def test_an_invalidation_makes_the_edge_ask_again(edge: Edge) -> None:
    edge.put("stale/1", b"old")
    assert edge.get("/stale/1").content == b"old"
    edge.put("stale/1", b"new")
    assert edge.get("/stale/1").content == b"old"
    batch = {"CallerReference": "again", "Paths": counted("/stale/*")}
    edge.client.create_invalidation(DistributionId=edge.id, InvalidationBatch=batch)
    assert edge.get("/stale/1").content == b"new"


def test_plain_http_is_sent_to_https_but_for_local_names(edge: Edge) -> None:
    answer = edge.get("/a?b=c", host=edge.domain)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{edge.domain}/a?b=c")
    assert answer.headers["X-Cache"] == "Redirect from cloudfront"
    assert edge.get("/a", "OPTIONS", host=edge.domain).status_code == 307


def test_a_name_that_no_distribution_has_is_refused_and_other_hosts_are_the_apis(edge: Edge) -> None:
    answer = edge.get("/", host="d0000.cloudfront.net.localhost")
    assert (answer.status_code, answer.headers["X-Cache"]) == (403, "Error from cloudfront")
    assert "X-Cache" not in edge.get("/", host="localhost").headers


def signer(edge: Edge, *, elliptic: bool = False) -> tuple[str, Any]:
    """A key pair that the distribution trusts from now on: id and private key."""
    key: Any = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 2048)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    name = edge.cloud.name("key")
    config = {"CallerReference": name, "Name": name, "EncodedKey": pem}
    key_id = edge.client.create_public_key(PublicKeyConfig=config)["PublicKey"]["Id"]
    group = edge.client.create_key_group(KeyGroupConfig={"Name": name, "Items": [key_id]})["KeyGroup"]["Id"]
    edge.behave(TrustedKeyGroups={"Enabled": True, **counted(group)})
    return key_id, key


def sign(key: Any, text: str, algorithm: Any = None) -> str:
    hash_ = algorithm or hashes.SHA1()  # noqa: S303 - CloudFront's own default
    if isinstance(key, rsa.RSAPrivateKey):
        raw = key.sign(text.encode(), padding.PKCS1v15(), hash_)
    else:
        raw = key.sign(text.encode(), ec.ECDSA(hash_))
    return base64.b64encode(raw).decode().replace("+", "-").replace("=", "_").replace("/", "~")


@pytest.mark.parametrize("elliptic", [False, True])
def test_a_signed_url_opens_its_object_until_it_expires(edge: Edge, elliptic: bool) -> None:
    edge.put("signed", b"data")
    key_id, key = signer(edge, elliptic=elliptic)
    url, later = f"https://{edge.domain}/signed", int(time.time()) + 60
    signature = sign(key, canned_policy(url, later))
    good = f"/signed?Expires={later}&Signature={signature}&Key-Pair-Id={key_id}"
    assert edge.get(good).content == b"data"
    assert edge.get(good.replace("/signed", "/signed.json")).status_code == 403
    assert edge.get(good.replace(str(later), str(later + 1))).status_code == 403
    assert edge.get(f"{good}&more=1").status_code == 403
    past = int(time.time()) - 1
    expired = f"/signed?Expires={past}&Signature={sign(key, canned_policy(url, past))}&Key-Pair-Id={key_id}"
    assert "AccessDenied" in edge.get(expired).text
    assert "MissingKey" in edge.get("/signed").text
    assert "InvalidKey" in edge.get(good.replace(key_id, "K00000000000000")).text
    assert "MalformedSignature" in edge.get(good.replace(signature, "!")).text
    strong = sign(key, canned_policy(url, later), hashes.SHA256())
    tail = f"Signature={strong}&Key-Pair-Id={key_id}&Hash-Algorithm=SHA256"
    assert edge.get(f"/signed?Expires={later}&{tail}").content == b"data"


def test_a_foreign_key_opens_nothing(edge: Edge) -> None:
    edge.put("foreign", b"data")
    key_id, _ = signer(edge)
    later = int(time.time()) + 60
    text = canned_policy(f"https://{edge.domain}/foreign", later)
    forged = sign(rsa.generate_private_key(65537, 2048), text)
    assert edge.get(f"/foreign?Expires={later}&Signature={forged}&Key-Pair-Id={key_id}").status_code == 403


def test_a_custom_policy_opens_what_it_names_to_whom_it_names(edge: Edge) -> None:
    edge.put("set/[1]", b"data")
    key_id, key = signer(edge)

    def opened(**condition: Any) -> int:
        times = {"DateLessThan": {"AWS:EpochTime": int(time.time()) + 60}}
        statement = {"Resource": f"https://{edge.domain}/set/*", "Condition": {**times, **condition}}
        text = json.dumps({"Statement": [statement]})
        encoded = base64.b64encode(text.encode()).decode().replace("+", "-").replace("=", "_").replace("/", "~")
        return edge.get(f"/set/[1]?Policy={encoded}&Signature={sign(key, text)}&Key-Pair-Id={key_id}").status_code

    assert opened() == 200
    assert opened(IpAddress={"AWS:SourceIp": "127.0.0.0/8"}) == 200
    assert opened(IpAddress={"AWS:SourceIp": "192.0.2.0/24"}) == 403
    assert opened(DateGreaterThan={"AWS:EpochTime": int(time.time()) + 30}) == 403


def web_acl(edge: Edge, default: str, *rules: dict[str, Any]) -> str:
    visible = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "edge"}
    given = {"Scope": "CLOUDFRONT", "DefaultAction": {default: {}}, "VisibilityConfig": visible}
    numbered = [{**rule, "Priority": index, "VisibilityConfig": visible} for index, rule in enumerate(rules)]
    waf = edge.cloud.client("wafv2", region_name="us-east-1")
    return str(waf.create_web_acl(**given, Name=edge.cloud.name("acl"), Rules=numbered)["Summary"]["ARN"])


@pytest.mark.parametrize(("network", "status"), [("127.0.0.0/8", 200), ("192.0.2.0/24", 403)])
def test_an_address_list_lets_in_what_it_lists(edge: Edge, network: str, status: int) -> None:
    edge.put("closed", b"data")
    waf = edge.cloud.client("wafv2", region_name="us-east-1")
    listed = waf.create_ip_set(
        Name=edge.cloud.name("set"), Scope="CLOUDFRONT", IPAddressVersion="IPV4", Addresses=[network]
    )["Summary"]["ARN"]
    rule = {"Name": "listed", "Action": {"Allow": {}}, "Statement": {"IPSetReferenceStatement": {"ARN": listed}}}
    edge.change(WebACLId=web_acl(edge, "Block", rule))
    answer = edge.get("/closed")
    assert answer.status_code == status
    assert ("Request blocked." in answer.text) == (status == 403)


def test_who_asks_too_often_is_refused(edge: Edge) -> None:
    edge.put("often", b"data")
    rate = {"Limit": 10, "AggregateKeyType": "IP", "EvaluationWindowSec": 300}
    rule = {"Name": "rate", "Action": {"Block": {}}, "Statement": {"RateBasedStatement": rate}}
    edge.change(WebACLId=web_acl(edge, "Allow", rule))
    assert [edge.get("/often").status_code for _ in range(12)] == [200] * 10 + [403] * 2


def test_requests_are_logged_as_their_delivery_says(edge: Edge, cloud: Cloud) -> None:
    s3, logs, name = cloud.client("s3"), cloud.client("logs", region_name="us-east-1"), cloud.name("edge-logs")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    source = logs.put_delivery_source(name=name, resourceArn=edge.arn, logType="ACCESS_LOGS")["deliverySource"]
    target = logs.put_delivery_destination(
        name=name,
        outputFormat="w3c",
        deliveryDestinationConfiguration={"destinationResourceArn": f"arn:aws:s3:::{name}"},
    )["deliveryDestination"]
    logs.create_delivery(
        deliverySourceName=name,
        deliveryDestinationArn=target["arn"],
        recordFields=["cs-method", "cs-uri-stem", "sc-status", "x-edge-result-type"],
        s3DeliveryConfiguration={"suffixPath": "{DistributionId}/{yyyy}"},
    )
    edge.put("logged", b"data")
    edge.get("/logged")
    flush()
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 0, "the bucket's policy lets nobody in"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/AWSLogs/{DEV}/*",
        "Condition": {
            "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": DEV},
            "ArnLike": {"aws:SourceArn": source["arn"]},
        },
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    edge.get("/logged")
    flush()
    [found] = s3.list_objects_v2(Bucket=name)["Contents"]
    assert found["Key"].startswith(f"AWSLogs/{DEV}/CloudFront/{edge.id}/20")
    lines = gzip.decompress(s3.get_object(Bucket=name, Key=found["Key"])["Body"].read()).decode().splitlines()
    assert lines[1:] == ["#Fields: cs-method cs-uri-stem sc-status x-edge-result-type", "GET\t/logged\t200\tHit"]
