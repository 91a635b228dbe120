"""What CloudFront refuses of a distribution's origins: buckets, hosts that speak HTTP, and VPC origins.

Sources: CloudFront API reference; AWS's answers as recorded by others (docs/refusals.md names the rows).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from localcloud.server.call import Params, Refusal

from . import managed, vpc_origins
from .policy_rules import invalid
from .store import KINDS, Account

_S3: Final = re.compile(r"[a-z0-9.-]+\.s3([.-](?!website)[a-z0-9-]+)?\.amazonaws\.com")
_KINDS_OF_ORIGIN: Final = ("S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig")
_EMPTY: Final[Mapping[str, Any]] = {
    "OriginPath": "",
    "CustomHeaders": {"Quantity": 0},
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}


def checked_origin(cloudfront: Account, given: Params) -> Params:
    """The origin with what AWS fills in. Raises Refusal."""
    origin = {**_EMPTY, **given}
    if len(origin["Id"]) > 128:
        raise invalid("The parameter originId is too big.")
    kinds = [name for name in _KINDS_OF_ORIGIN if origin.get(name)]
    if len(kinds) != 1:
        raise invalid(f"An origin has exactly one of {', '.join(_KINDS_OF_ORIGIN)}.")
    if "ResponseCompletionTimeout" in origin:
        raise Refusal("NotImplemented", "cloudfront ResponseCompletionTimeout is not implemented here.", 501)
    if kinds != ["S3OriginConfig"]:
        return _origin_over_http(cloudfront, origin, kinds[0])
    s3 = origin["S3OriginConfig"]
    if not _S3.fullmatch(origin["DomainName"]):
        raise invalid("The parameter Origin DomainName does not refer to a valid S3 bucket.")
    control = origin["OriginAccessControlId"]
    if control and s3["OriginAccessIdentity"]:
        text = "An origin can't have both an origin access control and an origin access identity."
        raise Refusal("IllegalOriginAccessConfiguration", text, 400)
    if s3["OriginAccessIdentity"]:
        raise Refusal("NotImplemented", "cloudfront origin access identities are not implemented here.", 501)
    if control:
        exists(cloudfront, "OriginAccessControl", control)
        if cloudfront.entities["OriginAccessControl"][control].config["OriginAccessControlOriginType"] != "s3":
            text = "The origin access control is not for an origin of this type."
            raise Refusal("IllegalOriginAccessConfiguration", text, 400)
    return origin


def _origin_over_http(cloudfront: Account, origin: Params, kind: str) -> Params:
    if origin["OriginAccessControlId"]:
        text = "The origin access control is not for an origin of this type."
        raise Refusal("IllegalOriginAccessConfiguration", text, 400)
    config = {"OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5, **origin[kind]}
    for name, most in (("OriginReadTimeout", 120), ("OriginKeepaliveTimeout", 300)):
        if not 1 <= config[name] <= most:
            raise invalid(f"The parameter {name} is invalid: it must be 1 to {most} seconds.")
    unsupported = [name for name in ("OriginMtlsConfig", "OriginHttpVersion") if config.get(name)]
    if unsupported or config.get("IpAddressType", "ipv4") != "ipv4":
        text = f"cloudfront {(unsupported or ['IpAddressType'])[0]} of an origin is not implemented here."
        raise Refusal("NotImplemented", text, 501)
    if kind == "CustomOriginConfig":
        vpc_origins.check_protocols(config)
        config.setdefault("OriginSslProtocols", {"Quantity": 0, "Items": []})
    else:
        _vpc_origin(cloudfront, config)
    return {**origin, kind: config}


def _vpc_origin(cloudfront: Account, config: Params) -> None:
    vpc_origin = cloudfront.vpc_origins.get(config["VpcOriginId"])
    if config.get("OwnerAccountId") and (vpc_origin is None or vpc_origin.account != config["OwnerAccountId"]):
        raise Refusal("NotImplemented", "cloudfront VPC origins of other accounts are not implemented here.", 501)
    if vpc_origin is None or not vpc_origin.deployed:
        raise vpc_origins.missing()


def exists(cloudfront: Account, kind: str, entity_id: str) -> None:
    """Raises Refusal."""
    if entity_id in managed.POLICIES.get(kind, {}) or entity_id in cloudfront.entities.get(kind, {}):
        return
    missing = KINDS[kind].missing if kind in KINDS else f"NoSuch{kind}"
    raise Refusal(missing, "The specified resource that a cache behavior or origin names does not exist.", 404)
