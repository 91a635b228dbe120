"""What CloudFront refuses of a distribution's configuration, and what it fills in.

Sources: CloudFront API reference; AWS's answers as recorded by others (docs/refusals.md names the rows). What the
local edge could not carry out is refused as not implemented.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

from localcloud.server import dns, registry
from localcloud.server.call import Call, Params, Refusal

from .origin_rules import checked_origin, exists
from .policy_rules import invalid, quantities
from .store import Account, Distribution, distributions

_ERROR_CODES: Final = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
_METHOD_SETS: Final = (
    {"GET", "HEAD"},
    {"GET", "HEAD", "OPTIONS"},
    {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"},
)
_PATTERN: Final = re.compile(r"""[A-Za-z0-9_.*$/~"'@:+&?-]{1,255}""")
_EMPTY: Final[Mapping[str, Any]] = {
    "Aliases": {"Quantity": 0},
    "DefaultRootObject": "",
    "OriginGroups": {"Quantity": 0},
    "CacheBehaviors": {"Quantity": 0},
    "CustomErrorResponses": {"Quantity": 0},
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}
_EMPTY_BEHAVIOR: Final[Mapping[str, Any]] = {
    "TrustedSigners": {"Enabled": False, "Quantity": 0},
    "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    "AllowedMethods": {
        "Quantity": 2,
        "Items": ["HEAD", "GET"],
        "CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]},
    },
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": {"Quantity": 0},
    "FunctionAssociations": {"Quantity": 0},
    "FieldLevelEncryptionId": "",
}


def checked(call: Call, cloudfront: Account, config: Params, own: Distribution | None = None) -> Params:
    """The configuration with what AWS fills in. Raises Refusal. ``own``: the distribution, if it is an update."""
    quantities(config)
    full: Params = {**copy.deepcopy(dict(_EMPTY)), **copy.deepcopy(config)}
    origins = [checked_origin(cloudfront, origin) for origin in full["Origins"]["Items"]]
    full["Origins"] = {"Quantity": len(origins), "Items": origins}
    names = {origin["Id"] for origin in origins}
    full["DefaultCacheBehavior"] = _behavior(cloudfront, names, {**_EMPTY_BEHAVIOR, **full["DefaultCacheBehavior"]})
    ordered = [
        _behavior(cloudfront, names, {**_EMPTY_BEHAVIOR, **one}) for one in full["CacheBehaviors"].get("Items") or []
    ]
    full["CacheBehaviors"] = {"Quantity": len(ordered), **({"Items": ordered} if ordered else {})}
    _unsupported(full)
    for error in full["CustomErrorResponses"].get("Items") or []:
        _error_response(error)
    full["ViewerCertificate"] = _certificate(call, full["ViewerCertificate"], full["Aliases"].get("Items") or [])
    _aliases_free(full["Aliases"].get("Items") or [], own)
    _web_acl(call, full["WebACLId"])
    return full


def _unsupported(config: Params) -> None:
    used = {
        "OriginGroups": config["OriginGroups"]["Quantity"],
        "Restrictions.GeoRestriction": config["Restrictions"]["GeoRestriction"]["RestrictionType"] != "none",
        "Logging": config["Logging"].get("Enabled"),
        "Staging": config["Staging"],
        **{
            name: config.get(name) for name in ("TenantConfig", "ViewerMtlsConfig", "AnycastIpListId", "CacheTagConfig")
        },
    }
    if named := next((name for name, value in used.items() if value), None):
        raise Refusal("NotImplemented", f"cloudfront {named} of a distribution is not implemented here.", 501)


def _behavior(cloudfront: Account, origins: set[str], behavior: Params) -> Params:
    if behavior["TargetOriginId"] not in origins:
        raise Refusal("NoSuchOrigin", "One or more of your origins or origin groups do not exist.", 404)
    if not _PATTERN.fullmatch(behavior.get("PathPattern", "*")):
        raise invalid("The parameter PathPattern contains characters that are not allowed.")
    if behavior.get("PathPattern") == "*":
        raise invalid("The parameter PathPattern is invalid: * is the pattern of the default cache behavior.")
    methods = behavior["AllowedMethods"]
    if set(methods["Items"]) not in _METHOD_SETS:
        raise invalid("The parameter AllowedMethods is no set of methods that CloudFront knows.")
    methods.setdefault("CachedMethods", {"Quantity": 2, "Items": ["HEAD", "GET"]})
    policy, values = behavior.get("CachePolicyId"), behavior.get("ForwardedValues")
    legacy = any(behavior.get(name) is not None for name in ("MinTTL", "DefaultTTL", "MaxTTL"))
    if policy and (values or legacy):
        raise invalid("The parameter CachePolicyId cannot be used with ForwardedValues or TTLs.")
    if not policy:
        if behavior.get("OriginRequestPolicyId") or not values:
            raise invalid("The parameter CachePolicyId or ForwardedValues is required.")
        raise Refusal("NotImplemented", "cloudfront ForwardedValues are not implemented here.", 501)
    for kind in ("CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy"):
        if behavior.get(f"{kind}Id"):
            exists(cloudfront, kind, behavior[f"{kind}Id"])
    return _signers(cloudfront, behavior)


def _signers(cloudfront: Account, behavior: Params) -> Params:
    if behavior["TrustedSigners"]["Quantity"] and behavior["TrustedKeyGroups"]["Quantity"]:
        raise invalid("A cache behavior has trusted signers or trusted key groups, not both.")
    for group in behavior["TrustedKeyGroups"].get("Items") or []:
        if group not in cloudfront.entities["KeyGroup"]:
            text = "The specified key group does not exist."
            raise Refusal("TrustedKeyGroupDoesNotExist", text, 400)
    for name in ("LambdaFunctionAssociations", "FunctionAssociations", "TrustedSigners"):
        if behavior[name]["Quantity"]:
            raise Refusal("NotImplemented", f"cloudfront {name} of a behavior are not implemented here.", 501)
    return behavior


def _error_response(error: Params) -> None:
    if error["ErrorCode"] not in _ERROR_CODES:
        text = "The error code is none that a custom error response can be for."
        raise Refusal("InvalidErrorCode", text, 400)
    if bool(error.get("ResponsePagePath")) != bool(error.get("ResponseCode")):
        raise invalid("Your request must have both or neither of ResponseCode and ResponsePagePath.")
    if error.get("ResponsePagePath"):
        raise Refusal("NotImplemented", "cloudfront error pages are not implemented here.", 501)


def _certificate(call: Call, certificate: Params, aliases: list[str]) -> Params:
    arn = certificate.get("ACMCertificateArn")
    kinds = ("ACMCertificateArn", "IAMCertificateId", "CloudFrontDefaultCertificate")
    if sum(bool(certificate.get(kind)) for kind in kinds) > 1:
        raise invalid("The parameter ViewerCertificate has exactly one of ACM, IAM and the default certificate.")
    if not arn:
        if aliases:
            text = (
                "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted "
                "certificate that validates your authorization to use the domain name."
            )
            raise Refusal("InvalidViewerCertificate", text, 400)
        return {
            "CloudFrontDefaultCertificate": True,
            "SSLSupportMethod": "vip",
            "MinimumProtocolVersion": "TLSv1",
            "CertificateSource": "cloudfront",
        }
    if certificate.get("SSLSupportMethod") == "vip":
        raise invalid("The SSL support method vip needs an agreement with AWS.")
    if certificate.get("SSLSupportMethod") == "sni-only" and certificate.get("MinimumProtocolVersion") == "SSLv3":
        text = "SSLv3 can't be used with sni-only."
        raise Refusal("InvalidMinimumProtocolVersion", text, 400)
    _usable(call, arn, aliases)
    return {**certificate, "CloudFrontDefaultCertificate": False, "Certificate": arn, "CertificateSource": "acm"}


def _usable(call: Call, arn: str, aliases: list[str]) -> None:
    """The certificate is issued, in us-east-1, and covers every alias."""
    text = (
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a "
        "valid certificate chain."
    )
    unusable = Refusal("InvalidViewerCertificate", text, 400)
    if not arn.startswith(f"arn:aws:acm:us-east-1:{call.account}:certificate/"):
        raise unusable
    certificate = registry.resource(arn)
    if certificate is None or certificate.facts["status"] != "ISSUED":
        raise unusable
    names = certificate.facts["names"]
    uncovered = [alias for alias in aliases if not any(covers(name, alias) for name in names)]
    if uncovered:
        text = (
            "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) "
            f"that you're trying to add: {uncovered[0]}."
        )
        raise Refusal("InvalidViewerCertificate", text, 400)


def check_moved_alias(alias: str, target: Distribution, source: Distribution | None) -> None:
    """The target's certificate covers the alias; a TXT record says that its zone's owner wants it there; another
    account's distribution is disabled. Raises Refusal."""
    certificate = registry.resource(target.config["ViewerCertificate"].get("ACMCertificateArn", ""))
    if certificate is None or not any(covers(name, alias) for name in certificate.facts["names"]):
        raise Refusal("IllegalUpdate", "The target distribution has no certificate that covers the alias.", 400)
    if target.domain_name not in {text.strip('"') for text in dns.records(f"_{alias}", "TXT")}:
        raise Refusal("IllegalUpdate", f"No TXT record _{alias} names the target distribution.", 400)
    if source is not None and source.account != target.account and source.config["Enabled"]:
        raise Refusal("IllegalUpdate", "The source distribution is another account's and must be disabled.", 400)


def covers(name: str, host: str) -> bool:
    """A wildcard stands for one label."""
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


def _aliases_free(aliases: list[str], own: Distribution | None) -> None:
    others = [one for one in distributions() if one is not own]
    if set(aliases) & {alias for one in others for alias in one.aliases}:
        text = "One or more of the CNAMEs you provided are already associated with a different resource."
        raise Refusal("CNAMEAlreadyExists", text, 409)
    names, added = {one.domain_name for one in others}, {*aliases} - {*(own.aliases if own else ())}
    targets = [target for alias in sorted(added) for type_ in ("A", "CNAME") for target in dns.records(alias, type_)]
    if names & set(targets):
        text = (
            "One or more aliases specified for the distribution includes an incorrectly configured DNS record that "
            "points to another CloudFront distribution."
        )
        raise Refusal("CNAMEAlreadyExists", text, 409)


def _web_acl(call: Call, arn: str) -> None:
    if not arn:
        return
    if not re.fullmatch(rf"arn:aws:wafv2:us-east-1:{call.account}:global/webacl/[\w-]+/[\w-]+", arn):
        raise Refusal("InvalidWebACLId", "The web ACL is not valid: only global scoped ARNs are supported.", 400)
    if registry.resource(arn) is None:
        raise Refusal("InvalidWebACLId", "The web ACL does not exist.", 400)
