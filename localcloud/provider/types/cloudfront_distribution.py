"""aws:cloudfront/distribution:Distribution. Its id is CloudFront's.

AWS facts: an update sends the whole configuration and the ETag that it was made for; a change is waited for until it is
deployed; a distribution is disabled, and that deployed, before it is deleted. An origin of a bucket is told from others
by an (empty) block, which pulumi-aws adds by itself where no other kind of origin is given.
"""

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from localcloud.provider.errors import ProviderError
from localcloud.provider.plan import FLAGS
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.tags import as_list, as_map
from localcloud.provider.types.s3_common import optional

_GONE: Final = frozenset({"NoSuchDistribution"})
_CERTIFICATE_SECONDS: Final = 60.0
HOSTED_ZONE: Final = "Z2FDTNDATAQYW2"
_PLAIN: Final = {
    "cache_policy_id": "CachePolicyId",
    "compress": "Compress",
    "origin_request_policy_id": "OriginRequestPolicyId",
    "response_headers_policy_id": "ResponseHeadersPolicyId",
    "smooth_streaming": "SmoothStreaming",
    "target_origin_id": "TargetOriginId",
    "viewer_protocol_policy": "ViewerProtocolPolicy",
}
"""Members of a behavior that are one value."""
_VPC_ORIGIN: Final = {
    "origin_keepalive_timeout": "OriginKeepaliveTimeout",
    "origin_read_timeout": "OriginReadTimeout",
    "vpc_origin_id": "VpcOriginId",
}
_CUSTOM: Final = {
    "http_port": "HTTPPort",
    "https_port": "HTTPSPort",
    "origin_keepalive_timeout": "OriginKeepaliveTimeout",
    "origin_protocol_policy": "OriginProtocolPolicy",
    "origin_read_timeout": "OriginReadTimeout",
}
_BEHAVIOR_LEFT_OUT: Final = (
    "default_ttl", "field_level_encryption_id", "forwarded_values", "function_association", "grpc_config",
    "lambda_function_association", "max_ttl", "min_ttl", "realtime_log_config_arn", "trusted_signers",
)  # fmt: skip
_CERTIFICATE: Final = {
    "acm_certificate_arn": "ACMCertificateArn",
    "cloudfront_default_certificate": "CloudFrontDefaultCertificate",
    "minimum_protocol_version": "MinimumProtocolVersion",
    "ssl_support_method": "SSLSupportMethod",
}


class Distribution(Resource):
    """What is served, from where, and how."""

    tf = "aws_cloudfront_distribution"
    pulumi = "aws:cloudfront/distribution:Distribution"
    handles = frozenset(
        {
            "aliases", "comment", "custom_error_response", "default_cache_behavior", "default_root_object", "enabled",
            "http_version", "is_ipv6_enabled", "ordered_cache_behavior", "origin", "price_class", "restrictions",
            "viewer_certificate", "web_acl_id",
        }
    )  # fmt: skip
    steers: ClassVar = {"retain_on_delete": False, "wait_for_deployment": True}
    refuses = frozenset(
        {
            *(f"{block}.{name}" for block in ("default_cache_behavior", "ordered_cache_behavior") for name in
              _BEHAVIOR_LEFT_OUT),
            "origin.custom_origin_config.ip_address_type", "origin.custom_origin_config.origin_mtls_config",
            "origin.origin_shield", "origin.response_completion_timeout", "viewer_certificate.iam_certificate_id",
            "origin.vpc_origin_config.owner_account_id",
        }
    )  # fmt: skip
    recomputed = frozenset({"etag", "last_modified_time", "status"})
    plan_rules = (
        ("staging changes", FLAGS),
        ("no plan check that target_origin_id", "no rule: AWS refuses it"),
    )

    def create(self, op: Operation) -> str:
        config = {"CallerReference": secrets.token_hex(16), **_configuration(op.new)}
        given = {"DistributionConfig": config, "Tags": {"Items": as_list(op.new["tags_all"])}}
        call = lambda: op.client("cloudfront").create_distribution_with_tags(DistributionConfigWithTags=given)  # noqa: E731
        made = op.retry(call, has_code("InvalidViewerCertificate"), 2.0)
        return str(made["Distribution"]["Id"])

    def settle(self, op: Operation) -> None:
        _wait(op)

    def read(self, op: Operation) -> State | None:
        client = op.client("cloudfront")
        answer = optional(lambda: client.get_distribution(Id=op.resource_id), _GONE)
        if answer is None:
            return None
        found = answer["Distribution"]
        tags = client.list_tags_for_resource(Resource=found["ARN"])["Tags"].get("Items", [])
        return {
            **_state(found["DistributionConfig"]),
            "arn": found["ARN"],
            "domain_name": found["DomainName"],
            "hosted_zone_id": HOSTED_ZONE,
            "status": found["Status"],
            "last_modified_time": str(found["LastModifiedTime"]),
            "etag": answer["ETag"],
            "tags_all": as_map(tags),
        }

    def update(self, op: Operation) -> None:
        client = op.client("cloudfront")
        if op.changed - {"tags", "tags_all", "retain_on_delete", "wait_for_deployment"}:
            held = client.get_distribution(Id=op.resource_id)
            reference = held["Distribution"]["DistributionConfig"]["CallerReference"]
            config = {"CallerReference": reference, **_configuration(op.new)}
            client.update_distribution(Id=op.resource_id, IfMatch=held["ETag"], DistributionConfig=config)
            _wait(op)
        arn = f"arn:{op.partition}:cloudfront::{op.account_id}:distribution/{op.resource_id}"
        op.retag(
            lambda keys: client.untag_resource(Resource=arn, TagKeys={"Items": keys}),
            lambda tags: client.tag_resource(Resource=arn, Tags={"Items": as_list(tags)}),
        )

    def delete(self, op: Operation) -> None:
        client = op.client("cloudfront")
        held = optional(lambda: client.get_distribution(Id=op.resource_id), _GONE)
        if held is None:
            return
        config, etag = held["Distribution"]["DistributionConfig"], held["ETag"]
        if config["Enabled"]:
            config["Enabled"] = False
            etag = client.update_distribution(Id=op.resource_id, IfMatch=etag, DistributionConfig=config)["ETag"]
        if op.old.get("retain_on_delete"):
            return
        _deployed(op)
        client.delete_distribution(Id=op.resource_id, IfMatch=etag)


def _wait(op: Operation) -> None:
    if op.new.get("wait_for_deployment"):
        _deployed(op)


def _deployed(op: Operation) -> None:
    """The local cloud deploys at once: one look is enough, and tells a fault of it."""
    status = op.client("cloudfront").get_distribution(Id=op.resource_id)["Distribution"]["Status"]
    if status != "Deployed":
        raise ProviderError(f"distribution {op.resource_id} is {status}")


def _items(values: Any) -> dict[str, Any]:
    listed = list(values or [])
    return {"Quantity": len(listed), **({"Items": listed} if listed else {})}


def _configuration(new: Mapping[str, Any]) -> dict[str, Any]:
    geo = new["restrictions"]["geo_restriction"]
    return {
        "Aliases": _items(new.get("aliases")),
        "Comment": new.get("comment") or "",
        "CustomErrorResponses": _items([_error(one) for one in new.get("custom_error_response") or []]),
        "DefaultCacheBehavior": _behavior(new["default_cache_behavior"]),
        "DefaultRootObject": new.get("default_root_object") or "",
        "Enabled": new["enabled"],
        "HttpVersion": new["http_version"],
        "IsIPV6Enabled": bool(new.get("is_ipv6_enabled")),
        "CacheBehaviors": _items(
            [{"PathPattern": one["path_pattern"], **_behavior(one)} for one in new.get("ordered_cache_behavior") or []]
        ),
        "Origins": _items([_origin(one) for one in new["origin"]]),
        "PriceClass": new["price_class"],
        "Restrictions": {
            "GeoRestriction": {"RestrictionType": geo["restriction_type"], **_items(geo.get("locations"))}
        },
        "ViewerCertificate": _certificate(new["viewer_certificate"]),
        "WebACLId": new.get("web_acl_id") or "",
    }


def _certificate(given: Mapping[str, Any]) -> dict[str, Any]:
    return {api: given[name] for name, api in _CERTIFICATE.items() if given.get(name)}


def _error(one: Mapping[str, Any]) -> dict[str, Any]:
    error = {"ErrorCode": one["error_code"], "ErrorCachingMinTTL": one.get("error_caching_min_ttl") or 0}
    if one.get("response_page_path"):
        error["ResponsePagePath"] = one["response_page_path"]
    return {**error, "ResponseCode": str(one["response_code"])} if one.get("response_code") else error


def _behavior(one: Mapping[str, Any]) -> dict[str, Any]:
    groups = _items(one.get("trusted_key_groups"))
    methods = {**_items(one["allowed_methods"]), "CachedMethods": _items(one["cached_methods"])}
    plain = {api: one[name] for name, api in _PLAIN.items() if one.get(name) not in (None, "")}
    return {
        "Compress": False,
        "SmoothStreaming": False,
        **plain,
        "AllowedMethods": methods,
        "TrustedKeyGroups": {"Enabled": bool(groups["Quantity"]), **groups},
    }


def _origin(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Id": one["origin_id"],
        "DomainName": one["domain_name"],
        "OriginPath": one.get("origin_path") or "",
        "ConnectionAttempts": one["connection_attempts"],
        "ConnectionTimeout": one["connection_timeout"],
        "CustomHeaders": _items(
            [{"HeaderName": each["name"], "HeaderValue": each["value"]} for each in one.get("custom_header") or []]
        ),
        "OriginAccessControlId": one.get("origin_access_control_id") or "",
        **_kind_of_origin(one),
    }


def _kind_of_origin(one: Mapping[str, Any]) -> dict[str, Any]:
    """The block that says what kind of origin it is, a bucket without one."""
    if custom := one.get("custom_origin_config"):
        members = {api: custom[name] for name, api in _CUSTOM.items()}
        return {"CustomOriginConfig": {**members, "OriginSslProtocols": _items(custom["origin_ssl_protocols"])}}
    if vpc := one.get("vpc_origin_config"):
        return {"VpcOriginConfig": {api: vpc[name] for name, api in _VPC_ORIGIN.items()}}
    identity = (one.get("s3_origin_config") or {}).get("origin_access_identity") or ""
    return {"S3OriginConfig": {"OriginAccessIdentity": identity}}


def _state(config: Mapping[str, Any]) -> State:
    geo, certificate = config["Restrictions"]["GeoRestriction"], config["ViewerCertificate"]
    return {
        "aliases": _listed(config, "Aliases"),
        "comment": config["Comment"],
        "custom_error_response": [_error_state(one) for one in _listed(config, "CustomErrorResponses")],
        "default_cache_behavior": _behavior_state(config["DefaultCacheBehavior"]),
        "default_root_object": config["DefaultRootObject"],
        "enabled": config["Enabled"],
        "http_version": config["HttpVersion"].lower(),
        "is_ipv6_enabled": config["IsIPV6Enabled"],
        "ordered_cache_behavior": [
            {"path_pattern": one["PathPattern"], **_behavior_state(one)} for one in _listed(config, "CacheBehaviors")
        ],
        "origin": [_origin_state(one) for one in _listed(config, "Origins")],
        "price_class": config["PriceClass"],
        "restrictions": {
            "geo_restriction": {"restriction_type": geo["RestrictionType"], "locations": geo.get("Items", [])}
        },
        "viewer_certificate": _certificate_state(certificate),
        "web_acl_id": config.get("WebACLId", ""),
        "caller_reference": config["CallerReference"],
    }


def _certificate_state(certificate: Mapping[str, Any]) -> State:
    """With CloudFront's own certificate its other members say nothing that was asked for."""
    if certificate.get("CloudFrontDefaultCertificate"):
        return {"cloudfront_default_certificate": True, "minimum_protocol_version": "TLSv1"}
    return {name: certificate.get(api) for name, api in _CERTIFICATE.items()}


def _listed(config: Mapping[str, Any], member: str) -> list[Any]:
    return list((config.get(member) or {}).get("Items") or [])


def _error_state(one: Mapping[str, Any]) -> State:
    code = one.get("ResponseCode")
    return {
        "error_code": one["ErrorCode"],
        "error_caching_min_ttl": one.get("ErrorCachingMinTTL", 0),
        "response_page_path": one.get("ResponsePagePath") or "",
        "response_code": int(code) if code else 0,
    }


def _behavior_state(one: Mapping[str, Any]) -> State:
    methods = one["AllowedMethods"]
    return {
        **{name: one.get(api) for name, api in _PLAIN.items()},
        "allowed_methods": methods["Items"],
        "cached_methods": methods["CachedMethods"]["Items"],
        "trusted_key_groups": _listed(one, "TrustedKeyGroups"),
    }


def _kind_of_origin_state(one: Mapping[str, Any]) -> State:
    if custom := one.get("CustomOriginConfig"):
        members = {name: custom[api] for name, api in _CUSTOM.items()}
        protocols = custom["OriginSslProtocols"].get("Items", [])
        return {"custom_origin_config": {**members, "origin_ssl_protocols": protocols}}
    if vpc := one.get("VpcOriginConfig"):
        return {"vpc_origin_config": {name: vpc[api] for name, api in _VPC_ORIGIN.items()}}
    identity = one.get("S3OriginConfig", {}).get("OriginAccessIdentity")
    return {"s3_origin_config": {"origin_access_identity": identity}} if identity else {}


def _origin_state(one: Mapping[str, Any]) -> State:
    return {
        "origin_id": one["Id"],
        "domain_name": one["DomainName"],
        "origin_path": one.get("OriginPath", ""),
        "connection_attempts": one["ConnectionAttempts"],
        "connection_timeout": one["ConnectionTimeout"],
        "custom_header": [
            {"name": each["HeaderName"], "value": each["HeaderValue"]} for each in _listed(one, "CustomHeaders")
        ],
        "origin_access_control_id": one.get("OriginAccessControlId", ""),
        **_kind_of_origin_state(one),
    }
