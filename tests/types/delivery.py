"""Cases of the types of CloudFront, ACM, Route 53, WAF and log deliveries."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.journey.programs.types import inputs
from tests.journey.programs.types.inputs import Change
from tests.localcloud.conftest import REGION

from . import behind, listing
from .case import Case, Drift, Inputs, Make, Name, Program

EAST = "us-east-1"


def public_key() -> str:
    """The PEM text of a new key."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


KEYS = (public_key(), public_key())


def cache_key(query: str = "none", *names: str) -> Inputs:
    listed = {"queryStrings": {"items": [*names]}} if names else {}
    return {
        "cookiesConfig": {"cookieBehavior": "none"},
        "headersConfig": {"headerBehavior": "none"},
        "queryStringsConfig": {"queryStringBehavior": query, **listed},
        "enableAcceptEncodingGzip": True,
        "enableAcceptEncodingBrotli": True,
    }


def _cors(*origins: str, **more: Any) -> Inputs:
    return {
        "accessControlAllowCredentials": False,
        "accessControlAllowHeaders": {"items": ["Range"]},
        "accessControlAllowMethods": {"items": ["GET", "HEAD"]},
        "accessControlAllowOrigins": {"items": [*origins]},
        "accessControlExposeHeaders": {"items": ["ETag"]},
        "accessControlMaxAgeSec": 600,
        "originOverride": True,
        **more,
    }


SECURITY: Inputs = {
    "contentSecurityPolicy": {"contentSecurityPolicy": "default-src 'none'", "override": True},
    "contentTypeOptions": {"override": True},
    "frameOptions": {"frameOption": "DENY", "override": True},
    "referrerPolicy": {"referrerPolicy": "no-referrer", "override": True},
    "strictTransportSecurity": {
        "accessControlMaxAgeSec": 60,
        "includeSubdomains": True,
        "preload": True,
        "override": True,
    },
    "xssProtection": {"protection": True, "modeBlock": True, "override": True},
}


def _distribution(made: Any, **more: Any) -> Inputs:
    behavior = {
        "targetOriginId": "bucket",
        "viewerProtocolPolicy": "redirect-to-https",
        "allowedMethods": ["GET", "HEAD", "OPTIONS"],
        "cachedMethods": ["GET", "HEAD"],
        "cachePolicyId": made["cache"],
    }
    return {
        "enabled": True,
        "comment": "A case",
        "origins": [_origin(made)],
        "defaultCacheBehavior": behavior,
        "restrictions": {"geoRestriction": {"restrictionType": "none"}},
        "viewerCertificate": {"cloudfrontDefaultCertificate": True},
        "tags": {"a": "1"},
        **more,
    }


CUSTOM: Inputs = {
    "customOriginConfig": {
        "httpPort": 8080,
        "httpsPort": 8443,
        "originKeepaliveTimeout": 60,
        "originProtocolPolicy": "https-only",
        "originReadTimeout": 20,
        "originSslProtocols": ["TLSv1.2"],
    }
}


def endpoint(name: str, arn: str, **more: Any) -> Inputs:
    """The configuration of a VPC origin."""
    return {
        "name": name,
        "arn": arn,
        "httpPort": 80,
        "httpsPort": 443,
        "originProtocolPolicy": "http-only",
        "originSslProtocols": {"items": ["TLSv1.2"], "quantity": 1},
        **more,
    }


def _load_balancer(make: Make, name: Name) -> str:
    """The ARN of an internal one, in a VPC with an internet gateway."""
    vpc = make("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"})[0]
    make("aws:ec2/internetGateway:InternetGateway", {"vpcId": vpc})
    places = [("us-west-2a", "10.0.0.0/24"), ("us-west-2b", "10.0.1.0/24")]
    subnets = [
        make("aws:ec2/subnet:Subnet", {"vpcId": vpc, "availabilityZone": zone, "cidrBlock": block})[0]
        for zone, block in places
    ]
    given = {"name": name("lb"), "internal": True, "subnets": subnets}
    return make("aws:lb/loadBalancer:LoadBalancer", given)[0]


def _vpc_origin(make: Make, name: Name) -> dict[str, str]:
    """Two load balancers, and the id of an origin before the second."""
    balancers = [_load_balancer(make, name) for _ in "ab"]
    given = {"vpcOriginEndpointConfig": endpoint(name("origin"), balancers[1])}
    made = make("aws:cloudfront/vpcOrigin:VpcOrigin", given)[0]
    return {"balancer": balancers[0], "name": name("origin"), "id": made}


def _origin(made: Any, **more: Any) -> Inputs:
    return {
        "originId": "bucket",
        "domainName": "provider-case.s3.us-west-2.amazonaws.com",
        "originAccessControlId": made["access"],
        **more,
    }


def _made(make: Make, name: Name) -> dict[str, Any]:
    """What a distribution names."""
    access = make(
        "aws:cloudfront/originAccessControl:OriginAccessControl",
        {
            "name": name("access"),
            "originAccessControlOriginType": "s3",
            "signingBehavior": "always",
            "signingProtocol": "sigv4",
        },
    )
    cache = make(
        "aws:cloudfront/cachePolicy:CachePolicy",
        {"name": name("cache"), "parametersInCacheKeyAndForwardedToOrigin": cache_key()},
    )
    headers = make(
        "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
        {"name": name("headers"), "securityHeadersConfig": {"contentTypeOptions": {"override": True}}},
    )
    group = _group(make, name)
    acl = make("aws:wafv2/webAcl:WebAcl", _acl(name("acl")))
    certificate = issued(make, name, EAST)
    return {
        "access": access[0],
        "cache": cache[0],
        "headers": headers[0],
        "group": group,
        "acl": acl[1]["arn"],
        "vpc_origin": _vpc_origin(make, name)["id"],
        **certificate,
    }


def _group(make: Make, name: Name) -> str:
    key = make("aws:cloudfront/publicKey:PublicKey", {"name": name("key"), "encodedKey": KEYS[0]})
    return make("aws:cloudfront/keyGroup:KeyGroup", {"name": name("group"), "items": [key[0]]})[0]


def _zone(make: Make, name: Name) -> tuple[str, str]:
    """The id of a new zone, and its name."""
    domain = f"{name('zone')}.example.org"
    return make("aws:route53/zone:Zone", {"name": domain})[0], domain


def issued(make: Make, name: Name, region: str) -> dict[str, Any]:
    """A certificate whose records a zone has."""
    zone, domain = _zone(make, name)
    host = f"files.{domain}"
    certificate = make(
        "aws:acm/certificate:Certificate", {"domainName": host, "validationMethod": "DNS", "region": region}
    )
    [proof] = certificate[1]["domainValidationOptions"]
    record = {
        "zoneId": zone,
        "name": proof["resourceRecordName"],
        "type": proof["resourceRecordType"],
        "records": [proof["resourceRecordValue"]],
        "ttl": 60,
    }
    fqdn = make("aws:route53/record:Record", record)[1]["fqdn"]
    return {"host": host, "certificate": certificate[0], "zone": zone, "fqdn": fqdn, "domain": domain}


def _acl(name: str, **more: Any) -> Inputs:
    return {
        "name": name,
        "scope": "CLOUDFRONT",
        "region": EAST,
        "defaultAction": {"allow": {}},
        "visibilityConfig": {"cloudwatchMetricsEnabled": True, "metricName": "case", "sampledRequestsEnabled": True},
        **more,
    }


def _regional_acl(name: str, **more: Any) -> Inputs:
    return {**{key: value for key, value in _acl(name).items() if key != "region"}, "scope": "REGIONAL", **more}


def _rate(limit: int) -> str:
    rate = {"Limit": limit, "EvaluationWindowSec": 300, "AggregateKeyType": "IP"}
    visible = {"CloudWatchMetricsEnabled": True, "MetricName": "rate", "SampledRequestsEnabled": True}
    rule = {"Name": "rate", "Priority": 0, "Action": {"Block": {}}, "Statement": {"RateBasedStatement": rate}}
    return json.dumps([{**rule, "VisibilityConfig": visible}])


def _cloudfront_update(word: str, **changes: Any) -> Any:
    """A change of one member of a configuration behind the provider's back."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in word)

    def change(aws: Any, resource_id: str, _: Any) -> None:
        client = aws("cloudfront")
        held = getattr(client, f"get{snake}")(Id=resource_id)
        config = {**held[word][f"{word}Config"], **changes}
        getattr(client, f"update{snake}")(Id=resource_id, IfMatch=held["ETag"], **{f"{word}Config": config})

    return change


CLOUDFRONT_CASES = (
    Case(
        "aws:cloudfront/originAccessControl:OriginAccessControl",
        before=lambda _, name: name("access"),
        inputs=lambda name: {
            "name": name,
            "description": "One",
            "originAccessControlOriginType": "s3",
            "signingBehavior": "always",
            "signingProtocol": "sigv4",
        },
        updates=lambda name: [{"description": "Two"}, {"signingBehavior": "no-override"}, {"name": f"{name}-b"}],
        drift=_cloudfront_update("OriginAccessControl", Description="Changed"),
        drifted="description",
        program=Program(
            inputs={
                "name": "types-access",
                "originAccessControlOriginType": "s3",
                "signingBehavior": "always",
                "signingProtocol": "sigv4",
            },
            update=Change(path="signing_behavior", inputs={"signingBehavior": "no-override"}),
            lacks="nothing of it replaces, not even its name",
        ),
        drifts=(
            Drift(
                name="staging-cdn-access",
                change=behind.changed("OriginAccessControl", SigningBehavior="never"),
                shows="signingBehavior",
            ),
        ),
        listed=listing.cloudfront("list_origin_access_controls", "OriginAccessControlList"),
    ),
    Case(
        "aws:cloudfront/cachePolicy:CachePolicy",
        before=lambda _, name: name("cache"),
        inputs=lambda name: {
            "name": name,
            "comment": "One",
            "minTtl": 1,
            "defaultTtl": 10,
            "maxTtl": 100,
            "parametersInCacheKeyAndForwardedToOrigin": cache_key(),
        },
        updates=lambda name: [
            {"comment": "Two"},
            {"defaultTtl": 20},
            {"maxTtl": 200},
            {"minTtl": 2},
            {"name": f"{name}-b"},
            {
                "parametersInCacheKeyAndForwardedToOrigin": {
                    "cookiesConfig": {"cookieBehavior": "whitelist", "cookies": {"items": ["c"]}},
                    "headersConfig": {"headerBehavior": "whitelist", "headers": {"items": ["origin"]}},
                    "queryStringsConfig": {"queryStringBehavior": "allExcept", "queryStrings": {"items": ["q"]}},
                    "enableAcceptEncodingGzip": True,
                    "enableAcceptEncodingBrotli": False,
                }
            },
        ],
        drift=_cloudfront_update("CachePolicy", Comment="Changed"),
        drifted="comment",
        program=Program(
            inputs={"name": "types-cache", "minTtl": 0, "parametersInCacheKeyAndForwardedToOrigin": inputs.cache_key()},
            update=Change(path="min_ttl", inputs={"minTtl": 1}),
            lacks="nothing of it replaces, not even its name",
        ),
        drifts=(
            Drift(name="staging-cdn-metadata", change=behind.changed("CachePolicy", MaxTTL=86_400), shows="maxTtl"),
        ),
        listed=listing.cloudfront("list_cache_policies", "CachePolicyList", "CachePolicy"),
    ),
    Case(
        "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
        before=lambda _, name: name("headers"),
        inputs=lambda name: {"name": name, "comment": "One", "corsConfig": _cors("*")},
        updates=lambda name: [
            {"comment": "Two"},
            {"corsConfig": _cors("https://a.example.org", originOverride=False)},
            {"securityHeadersConfig": SECURITY},
            {"customHeadersConfig": {"items": [{"header": "x-a", "value": "1", "override": True}]}},
            {"removeHeadersConfig": {"items": [{"header": "x-b"}]}},
            {"serverTimingHeadersConfig": {"enabled": True, "samplingRate": 50}},
            {"name": f"{name}-b"},
        ],
        drift=_cloudfront_update("ResponseHeadersPolicy", Comment="Changed"),
        drifted="comment",
        unsent={"securityHeadersConfig.xssProtection.reportUri": "excludes modeBlock"},
        program=Program(
            inputs={"name": "types-headers", "securityHeadersConfig": {"contentTypeOptions": {"override": True}}},
            update=Change(path="name", inputs={"name": "types-headers-renamed"}),
            lacks="nothing of it replaces, not even its name",
        ),
        drifts=(
            Drift(
                name="staging-cdn-headers",
                change=behind.changed("ResponseHeadersPolicy", RemoveHeadersConfig={"Quantity": 0}),
                shows="removeHeadersConfig",
            ),
        ),
        listed=listing.cloudfront(
            "list_response_headers_policies", "ResponseHeadersPolicyList", "ResponseHeadersPolicy"
        ),
    ),
    Case(
        "aws:cloudfront/publicKey:PublicKey",
        before=lambda _, name: name("key"),
        inputs=lambda name: {"name": name, "encodedKey": KEYS[0], "comment": "One"},
        updates=lambda _: [{"comment": "Two"}],
        replacement=lambda _: {"encodedKey": KEYS[0].strip()},  # compared as text
        variants=lambda _: [{"namePrefix": "provider-case-", "encodedKey": KEYS[0]}],
        drift=_cloudfront_update("PublicKey", Comment="Changed"),
        drifted="comment",
    ),
    Case(
        "aws:cloudfront/keyGroup:KeyGroup",
        before=lambda make, name: {
            "name": name("group"),
            "keys": [
                make("aws:cloudfront/publicKey:PublicKey", {"name": name("key"), "encodedKey": key})[0] for key in KEYS
            ],
        },
        inputs=lambda made: {"name": made["name"], "comment": "One", "items": made["keys"][:1]},
        updates=lambda made: [{"comment": "Two"}, {"items": made["keys"]}, {"name": f"{made['name']}-b"}],
        drift=_cloudfront_update("KeyGroup", Comment="Changed"),
        drifted="comment",
    ),
    Case(
        "aws:cloudfront/vpcOrigin:VpcOrigin",
        before=_vpc_origin,
        inputs=lambda made: {
            "vpcOriginEndpointConfig": endpoint(made["name"], made["balancer"]),
            "timeouts": {"create": "30m", "update": "30m", "delete": "30m"},
            "tags": {"a": "1"},
        },
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"vpcOriginEndpointConfig": endpoint(made["name"], made["balancer"], httpPort=8080)},
            {"timeouts": {"create": "31m"}},
        ],
        drift=lambda aws, resource_id, _: _move(aws("cloudfront"), resource_id),
        drifted="vpcOriginEndpointConfig.httpsPort",
        unread=("timeouts",),
        program=Program(
            inputs={"vpcOriginEndpointConfig": inputs.endpoint(80)},
            update=Change(
                path="vpc_origin_endpoint_config.http_port", inputs={"vpcOriginEndpointConfig": inputs.endpoint(8080)}
            ),
            lacks="nothing of it replaces",
        ),
        drifts=(
            Drift(
                name="staging-site",
                change=lambda aws, held: aws("cloudfront").tag_resource(
                    Resource=held["arn"], Tags={"Items": [{"Key": "who", "Value": "else"}]}
                ),
                refused="CannotUpdateEntityWhileInUse",
            ),
        ),
        listed=listing.cloudfront("list_vpc_origins", "VpcOriginList"),
    ),
    Case(
        "aws:cloudfront/distribution:Distribution",
        before=_made,
        inputs=_distribution,
        updates=lambda made: [
            {"tags": {"b": "2"}},
            {"comment": "Changed"},
            {"defaultRootObject": "index.html"},
            {"httpVersion": "http2and3"},
            {"isIpv6Enabled": True},
            {"priceClass": "PriceClass_100"},
            {"customErrorResponses": [{"errorCode": 404, "errorCachingMinTtl": 5}]},
            {"origins": [_origin(made, originPath="/data", connectionAttempts=2, connectionTimeout=5)]},
            {"origins": [_origin(made, customHeaders=[{"name": "x-a", "value": "1"}])]},
            {
                "orderedCacheBehaviors": [
                    {
                        **_distribution(made)["defaultCacheBehavior"],
                        "pathPattern": "*.json",
                        "compress": True,
                        "smoothStreaming": True,
                        "originRequestPolicyId": "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
                        "responseHeadersPolicyId": made["headers"],
                        "trustedKeyGroups": [made["group"]],
                    }
                ]
            },
            {
                "defaultCacheBehavior": {
                    **_distribution(made)["defaultCacheBehavior"],
                    "compress": True,
                    "smoothStreaming": True,
                    "originRequestPolicyId": "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
                    "responseHeadersPolicyId": made["headers"],
                    "trustedKeyGroups": [made["group"]],
                }
            },
            {"orderedCacheBehaviors": [{**_distribution(made)["defaultCacheBehavior"], "pathPattern": "pages/*"}]},
            {"webAclId": made["acl"]},
            {"waitForDeployment": False},
            {"retainOnDelete": True},
            {"retainOnDelete": False},
        ],
        variants=lambda made: [
            _distribution(
                made,
                aliases=[made["host"]],
                viewerCertificate={
                    "acmCertificateArn": made["certificate"],
                    "sslSupportMethod": "sni-only",
                    "minimumProtocolVersion": "TLSv1.2_2021",
                },
                restrictions={"geoRestriction": {"restrictionType": "none", "locations": []}},
            ),
            _distribution(made, origins=[{"originId": "bucket", "domainName": "site.example.org", **CUSTOM}]),
            _distribution(
                made,
                origins=[
                    {
                        "originId": "bucket",
                        "domainName": "site.example.org",
                        "vpcOriginConfig": {
                            "vpcOriginId": made["vpc_origin"],
                            "originKeepaliveTimeout": 60,
                            "originReadTimeout": 20,
                        },
                    }
                ],
            ),
        ],
        drift=lambda aws, resource_id, _: _change_comment(aws("cloudfront"), resource_id),
        drifted="comment",
        unsent={
            "origins.s3OriginConfig.originAccessIdentity": "refused by the local cloud",
            "customErrorResponses.responseCode": "refused by the local cloud",
            "customErrorResponses.responsePagePath": "refused by the local cloud",
        },
        program=Program(
            inputs=inputs.distribution(),
            update=Change(path="price_class", inputs={"priceClass": "PriceClass_100"}),
            lacks="nothing of it replaces but `staging`, which the local cloud refuses",
        ),
        drifts=(
            Drift(
                name="staging-cdn",
                change=behind.changed("Distribution", DefaultRootObject=""),
                shows="defaultRootObject",
            ),
        ),
        listed=listing.cloudfront("list_distributions", "DistributionList"),
    ),
)


def _move(client: Any, origin: str) -> None:
    held = client.get_vpc_origin(Id=origin)
    config = {**held["VpcOrigin"]["VpcOriginEndpointConfig"], "HTTPSPort": 8443}
    client.update_vpc_origin(Id=origin, IfMatch=held["ETag"], VpcOriginEndpointConfig=config)


def _change_comment(client: Any, distribution: str) -> None:
    held = client.get_distribution_config(Id=distribution)
    config = {**held["DistributionConfig"], "Comment": "Behind its back"}
    client.update_distribution(Id=distribution, IfMatch=held["ETag"], DistributionConfig=config)


def _source(make: Make, name: Name) -> dict[str, Any]:
    distribution = make("aws:cloudfront/distribution:Distribution", _distribution(_made(make, name)))
    return {"arn": distribution[1]["arn"], "name": name("delivery")}


def _delivery(make: Make, name: Name) -> dict[str, Any]:
    source = _source(make, name)
    given = {"name": source["name"], "region": EAST}
    make(
        "aws:cloudwatch/logDeliverySource:LogDeliverySource",
        {**given, "logType": "ACCESS_LOGS", "resourceArn": source["arn"]},
    )
    destination = make("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination", {**given, **_into("one")})
    return {"source": source["name"], "destination": destination[1]["arn"]}


def _into(bucket: str) -> Inputs:
    return {"deliveryDestinationConfiguration": {"destinationResourceArn": f"arn:aws:s3:::{bucket}"}}


def _paths(path: str) -> list[Inputs]:
    return [{"suffixPath": path, "enableHiveCompatiblePath": False}]


LOG_CASES = (
    Case(
        "aws:cloudwatch/logDeliverySource:LogDeliverySource",
        before=_source,
        inputs=lambda made: {
            "name": made["name"],
            "logType": "ACCESS_LOGS",
            "resourceArn": made["arn"],
            "region": EAST,
            "tags": {"a": "1"},
        },
        updates=lambda _: [{"tags": {"b": "2"}}],
        replacement=lambda _: {"name": "another"},
        drift=lambda aws, name, _: _tag_behind(aws("logs", EAST), name),
        drifted="tags",
        import_id=lambda name, _: f"{name}@{EAST}",
        program=Program(
            inputs={
                "name": "types-source",
                "logType": "ACCESS_LOGS",
                "resourceArn": inputs.Of("one-distribution", "arn"),
                "region": inputs.EAST,
            },
            update=Change(path="tags", inputs={"tags": {"a": "1"}}),
            replace=Change(
                path="resource_arn",
                inputs={"resourceArn": inputs.Of("other-distribution", "arn"), "name": "types-renamed"},
            ),
        ),
        drifts=(
            Drift(
                name="staging-cdn-log-source",
                change=lambda aws, held: behind.logs(aws).tag_resource(resourceArn=held["arn"], tags={"who": "else"}),
                shows="tags",
            ),
        ),
        listed=listing.deliveries("describe_delivery_sources", "deliverySources", "name"),
    ),
    Case(
        "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
        before=lambda _, name: name("destination"),
        inputs=lambda name: {
            "name": name,
            "outputFormat": "w3c",
            "deliveryDestinationType": "S3",
            "tags": {"a": "1"},
            **_into("one"),
        },
        updates=lambda _: [{"tags": {"b": "2"}}, _into("two")],
        replacement=lambda _: {"outputFormat": "json"},
        drift=lambda aws, name, _: aws("logs").put_delivery_destination(
            name=name, deliveryDestinationConfiguration={"destinationResourceArn": "arn:aws:s3:::three"}
        ),
        drifted="deliveryDestinationConfiguration",
        program=Program(
            inputs={
                "name": "types-destination",
                "outputFormat": "w3c",
                "deliveryDestinationConfiguration": inputs.into("one"),
                "region": inputs.EAST,
            },
            update=Change(
                path="delivery_destination_configuration.destination_resource_arn",
                inputs={"deliveryDestinationConfiguration": inputs.into("other")},
            ),
            replace=Change(path="output_format", inputs={"outputFormat": "json", "name": "types-renamed"}),
        ),
        drifts=(
            Drift(
                name="staging-cdn-log-destination",
                change=lambda aws, held: behind.logs(aws).put_delivery_destination(
                    name=held["name"],
                    deliveryDestinationConfiguration={"destinationResourceArn": "arn:aws:s3:::elsewhere"},
                ),
                shows="deliveryDestinationConfiguration.destinationResourceArn",
            ),
        ),
        listed=listing.deliveries("describe_delivery_destinations", "deliveryDestinations", "name"),
    ),
    Case(
        "aws:cloudwatch/logDelivery:LogDelivery",
        before=_delivery,
        inputs=lambda made: {
            "deliverySourceName": made["source"],
            "deliveryDestinationArn": made["destination"],
            "recordFields": ["date", "time"],
            "s3DeliveryConfigurations": _paths("{DistributionId}"),
            "region": EAST,
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"recordFields": ["date", "time", "sc-status"]},
            {"s3DeliveryConfigurations": _paths("{DistributionId}/{yyyy}")},
            {"fieldDelimiter": "|"},
        ],
        replacement=lambda _: {"deliverySourceName": "another"},
        drift=lambda aws, delivery, _: aws("logs", EAST).update_delivery_configuration(
            id=delivery, recordFields=["date"]
        ),
        drifted="recordFields",
        import_id=lambda delivery, _: f"{delivery}@{EAST}",
        unread=("s3DeliveryConfigurations",),  # an import has the path with what AWS put before it
        program=Program(
            inputs={
                "deliverySourceName": inputs.Of("one-source", "name"),
                "deliveryDestinationArn": inputs.Of("one-destination", "arn"),
                "recordFields": inputs.FIELDS[:2],
                "region": inputs.EAST,
            },
            update=Change(path="record_fields", inputs={"recordFields": inputs.FIELDS}),
            replace=Change(
                path="delivery_source_name", inputs={"deliverySourceName": inputs.Of("other-source", "name")}
            ),
        ),
        drifts=(
            Drift(
                name="staging-cdn-log",
                change=lambda aws, held: behind.logs(aws).update_delivery_configuration(
                    id=held["id"], recordFields=["date"]
                ),
                shows="recordFields",
            ),
        ),
        listed=listing.deliveries("describe_deliveries", "deliveries", "id"),
    ),
)


def _tag_behind(logs: Any, source: str) -> None:
    arn = logs.get_delivery_source(name=source)["deliverySource"]["arn"]
    logs.tag_resource(resourceArn=arn, tags={"behind": "its back"})


def _with_zone(make: Make, name: Name) -> dict[str, Any]:
    zone, domain = _zone(make, name)
    return {"zone": zone, "domain": domain}


def _validated(make: Make, name: Name) -> dict[str, Any]:
    return issued(make, name, REGION)


def _alias(name: str) -> list[Inputs]:
    return [{"name": name, "zoneId": "Z2FDTNDATAQYW2", "evaluateTargetHealth": False}]


HOST_CASES = (
    Case(
        "aws:acm/certificate:Certificate",
        before=lambda _, name: f"{name('certificate')}.example.org",
        inputs=lambda host: {
            "domainName": host,
            "subjectAlternativeNames": [host, f"www.{host}"],
            "validationMethod": "DNS",
            "keyAlgorithm": "EC_prime256v1",
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"options": {"certificateTransparencyLoggingPreference": "DISABLED", "export": "DISABLED"}},
        ],
        replacement=lambda _: {"keyAlgorithm": "RSA_2048"},
        drift=lambda aws, arn, _: aws("acm").add_tags_to_certificate(
            CertificateArn=arn, Tags=[{"Key": "behind", "Value": "its back"}]
        ),
        drifted="tags",
    ),
    Case(
        "aws:acm/certificateValidation:CertificateValidation",
        before=_validated,
        inputs=lambda made: {
            "certificateArn": made["certificate"],
            "validationRecordFqdns": [made["fqdn"]],
        },
        replacement=lambda _: {"certificateArn": "arn:aws:acm:us-west-2:908710317728:certificate/another"},
        import_id=lambda *_: "",
        stays=True,
    ),
    Case(
        "aws:route53/zone:Zone",
        before=lambda _, name: f"{name('zone')}.example.org",
        inputs=lambda domain: {"name": domain, "comment": "One", "tags": {"a": "1"}},
        updates=lambda _: [{"comment": "Two"}, {"tags": {"b": "2"}}, {"forceDestroy": True}],
        replacement=lambda _: {"name": "other.example.org"},
        drift=lambda aws, zone, _: aws("route53").update_hosted_zone_comment(Id=zone, Comment="Behind its back"),
        drifted="comment",
    ),
    Case(
        "aws:route53/record:Record",
        before=_with_zone,
        inputs=lambda made: {
            "zoneId": made["zone"],
            "name": f"case.{made['domain']}",
            "type": "TXT",
            "ttl": 60,
            "records": ['"one"'],
        },
        updates=lambda _: [{"ttl": 30}, {"records": ['"one"', '"two"']}, {"allowOverwrite": True}],
        replacement=lambda made: {"name": f"other.{made['domain']}"},
        variants=lambda made: [
            {
                "zoneId": made["zone"],
                "name": f"alias.{made['domain']}",
                "type": "A",
                "aliases": _alias("d1.cloudfront.net"),
            }
        ],
        drift=lambda aws, _, made: aws("route53").change_resource_record_sets(
            HostedZoneId=made["zone"],
            ChangeBatch={
                "Changes": [
                    {
                        "Action": "UPSERT",
                        "ResourceRecordSet": {
                            "Name": f"case.{made['domain']}",
                            "Type": "TXT",
                            "TTL": 7,
                            "ResourceRecords": [{"Value": '"one"'}],
                        },
                    }
                ]
            },
        ),
        drifted="ttl",
    ),
)
WAF_CASES = (
    Case(
        "aws:wafv2/ipSet:IpSet",
        before=lambda _, name: name("addresses"),
        inputs=lambda name: {
            "name": name,
            "scope": "REGIONAL",
            "ipAddressVersion": "IPV4",
            "addresses": ["192.0.2.0/24"],
            "description": "One",
            "tags": {"a": "1"},
        },
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"addresses": ["192.0.2.0/24", "198.51.100.7/32"]},
            {"description": "Two"},
        ],
        replacement=lambda _: {"ipAddressVersion": "IPV6"},
        variants=lambda _: [
            {"namePrefix": "provider-case-", "scope": "CLOUDFRONT", "region": EAST, "ipAddressVersion": "IPV6"}
        ],
        drift=lambda aws, resource_id, name: _other_addresses(aws("wafv2"), resource_id, name),
        drifted="addresses",
        import_id=lambda resource_id, inputs: f"{resource_id}/{inputs['name']}/REGIONAL",
    ),
    Case(
        "aws:wafv2/webAcl:WebAcl",
        before=lambda _, name: name("acl"),
        inputs=lambda name: _regional_acl(name, description="One", tags={"a": "1"}, ruleJson=_rate(1000)),
        updates=lambda _: [
            {"tags": {"b": "2"}},
            {"description": "Two"},
            {"ruleJson": _rate(2000)},
            {"defaultAction": {"block": {}}},
            {
                "visibilityConfig": {
                    "cloudwatchMetricsEnabled": False,
                    "metricName": "other",
                    "sampledRequestsEnabled": False,
                }
            },
        ],
        replacement=lambda _: {"scope": "CLOUDFRONT"},
        variants=lambda _: [
            {**{key: value for key, value in _acl("").items() if key != "name"}, "namePrefix": "provider-case-"}
        ],
        drift=lambda aws, resource_id, name: _allow_all(aws("wafv2"), resource_id, name),
        drifted="defaultAction",
        import_id=lambda resource_id, inputs: f"{resource_id}/{inputs['name']}/REGIONAL",
        unread=("ruleJson",),
        program=Program(
            inputs={
                "name": "types",
                "scope": "CLOUDFRONT",
                "region": inputs.EAST,
                "defaultAction": {"allow": {}},
                "visibilityConfig": {
                    "cloudwatchMetricsEnabled": False,
                    "metricName": "types",
                    "sampledRequestsEnabled": False,
                },
            },
            update=Change(path="default_action", inputs={"defaultAction": {"block": {}}}),
            replace=Change(path="name", inputs={"name": "types-renamed"}),
        ),
        drifts=(Drift(name="staging-site-acl", change=behind.block_all, shows="defaultAction"),),
        listed=listing.web_acls,
    ),
)


def _other_addresses(client: Any, resource_id: str, name: str) -> None:
    named = {"Id": resource_id, "Name": name, "Scope": "REGIONAL"}
    client.update_ip_set(**named, LockToken=client.get_ip_set(**named)["LockToken"], Addresses=["203.0.113.0/24"])


def _allow_all(client: Any, resource_id: str, name: str) -> None:
    named = {"Id": resource_id, "Name": name, "Scope": "REGIONAL"}
    held = client.get_web_acl(**named)
    visible = held["WebACL"]["VisibilityConfig"]
    given = {"DefaultAction": {"Allow": {}}, "Rules": held["WebACL"]["Rules"], "VisibilityConfig": visible}
    client.update_web_acl(**named, LockToken=held["LockToken"], **given)


DELIVERY_CASES = (*CLOUDFRONT_CASES, *LOG_CASES, *HOST_CASES, *WAF_CASES)
