"""What CloudFront refuses of policies, access controls, keys and invalidations.

Sources: CloudFront API reference; AWS's answers as recorded by others (docs/refusals.md names the rows).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from localcloud.server.call import Params, Refusal

from .store import Account

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MOST_POLICIES: Final = 20
_RESERVED: Final = (
    "connection", "content-encoding", "content-length", "expect", "host", "keep-alive", "proxy-authenticate",
    "proxy-authorization", "proxy-connection", "trailer", "transfer-encoding", "upgrade", "via", "warning",
    "x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect", "x-cache", "x-edge",
    "x-forwarded-proto", "x-real-ip",
)  # fmt: skip
_RESERVED_STARTS: Final = ("x-amz-cf-", "x-amzn-cf-", "x-edge-")
_METHODS: Final = {"GET", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "ALL"}


def invalid(message: str) -> Refusal:
    return Refusal("InvalidArgument", message, 400)


def quantities(value: Any) -> None:
    """Every list says how long it is. Raises Refusal."""
    if isinstance(value, list):
        for item in value:
            quantities(item)
    if not isinstance(value, dict):
        return
    if "Quantity" in value and value["Quantity"] != len(value.get("Items") or []):
        raise Refusal("InconsistentQuantities", "The value of Quantity and the size of Items don't match.", 400)
    for item in value.values():
        quantities(item)


def _named(config: Params) -> None:
    if not _NAME.fullmatch(config["Name"]):
        raise invalid("The name contains characters other than alphanumeric characters, hyphens and underscores.")


def ttls(config: Params) -> None:
    least, default, most = (config.get(name) for name in ("MinTTL", "DefaultTTL", "MaxTTL"))
    least, default, most = least or 0, 86_400 if default is None else default, 31_536_000 if most is None else most
    if not least <= default <= most:
        raise invalid("The TTLs should follow the order: MinTTL <= DefaultTTL <= MaxTTL.")


def _cache_policy(config: Params, cloudfront: Account) -> None:
    quantities(config)
    _named(config)
    _few(cloudfront, "CachePolicy", config)
    config.setdefault("DefaultTTL", max(86_400, config["MinTTL"]))
    config.setdefault("MaxTTL", max(31_536_000, config["DefaultTTL"]))
    ttls(config)
    key = config.setdefault("ParametersInCacheKeyAndForwardedToOrigin", {"EnableAcceptEncodingGzip": False})
    behaviors = [_listed(key, *names) for names in _KEY_PARTS]
    encodings = [name for name in ("EnableAcceptEncodingGzip", "EnableAcceptEncodingBrotli") if key.get(name)]
    used = [names[1] for names, behavior in zip(_KEY_PARTS, behaviors, strict=True) if behavior != "none"]
    if config["MaxTTL"] == 0 and (used := [*used, *encodings]):
        raise invalid(f"The parameter {used[0]} is invalid for policy with caching disabled.")
    names = [name.lower() for name in (key.get("HeadersConfig", {}).get("Headers") or {}).get("Items") or []]
    if encodings and "accept-encoding" in names:
        raise invalid("Accept-Encoding can't be in the list while EnableAcceptEncodingGzip or -Brotli is true.")


_KEY_PARTS: Final = (
    ("HeadersConfig", "HeaderBehavior", "Headers"),
    ("CookiesConfig", "CookieBehavior", "Cookies"),
    ("QueryStringsConfig", "QueryStringBehavior", "QueryStrings"),
)


def _listed(key: Params, part: str, behavior: str, items: str) -> str:
    """The behavior of one part of the key; a list is given with the behaviors that have one."""
    config = key.setdefault(part, {behavior: "none"})
    named = bool((config.get(items) or {}).get("Items"))
    if named != (config[behavior] in ("whitelist", "allExcept")):
        raise invalid(f"{items} must be given for {behavior} whitelist or allExcept, and only then.")
    return str(config[behavior])


def _few(cloudfront: Account, kind: str, config: Params) -> None:
    """AWS's quota of an account's own policies."""
    others = [one for one in cloudfront.entities[kind].values() if one.config["Name"] != config["Name"]]
    if len(others) >= _MOST_POLICIES:
        words = {"CachePolicy": "CachePolicies", "ResponseHeadersPolicy": "ResponseHeadersPolicies"}[kind]
        raise Refusal(f"TooMany{words}", "You have reached the maximum number of policies for this account.", 400)


def _headers_policy(config: Params, cloudfront: Account) -> None:
    quantities(config)
    _named(config)
    _few(cloudfront, "ResponseHeadersPolicy", config)
    if not any(config.get(part) for part in _HEADER_PARTS):
        raise invalid("A response headers policy has at least one part.")
    cors = config.get("CorsConfig")
    if cors and not set(cors["AccessControlAllowMethods"]["Items"]) <= _METHODS:
        raise invalid("AccessControlAllowMethods has a method that is not allowed.")
    timing = config.get("ServerTimingHeadersConfig")
    if timing and timing["Enabled"] and timing.get("SamplingRate") is None:
        raise invalid("The sampling rate is required when the Server-Timing header is enabled.")
    for part in ("CustomHeadersConfig", "RemoveHeadersConfig"):
        _header_names([item["Header"].lower() for item in (config.get(part) or {}).get("Items") or []])


_HEADER_PARTS: Final = (
    "CorsConfig", "SecurityHeadersConfig", "CustomHeadersConfig", "RemoveHeadersConfig", "ServerTimingHeadersConfig",
)  # fmt: skip


def _header_names(names: list[str]) -> None:
    for name in names:
        if name in _RESERVED or name.startswith(_RESERVED_STARTS):
            raise invalid(f"The header {name} can't be set or removed by a response headers policy.")
    if len(set(names)) != len(names):
        raise invalid("A header is given twice.")


def _access_control(config: Params, _held: Account) -> None:
    config.setdefault("Description", "")
    if not 1 <= len(config["Name"]) <= 64:
        raise invalid("The name of an origin access control has 1 to 64 characters.")


def _public_key(config: Params, _held: Account) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    _named(config)
    try:
        key = load_pem_public_key(config["EncodedKey"].encode())
    except ValueError as error:
        raise invalid("Your request contains an invalid public key: it must be PEM.") from error
    rsa_2048 = isinstance(key, rsa.RSAPublicKey) and key.key_size == 2048
    if not rsa_2048 and not (isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"):
        raise invalid("A public key is RSA of 2048 bits or ECDSA of the curve P-256.")
    config["EncodedKey"] = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _key_group(config: Params, cloudfront: Account) -> None:
    _named(config)
    unknown = [item for item in config["Items"] if item not in cloudfront.entities["PublicKey"]]
    if unknown:
        raise invalid(f"The public key {unknown[0]} does not exist.")
    if not 1 <= len(config["Items"]) <= 5:
        raise Refusal("TooManyPublicKeysInKeyGroup", "A key group has 1 to 5 public keys.", 400)


RULES: Final[dict[str, Callable[[Params, Account], None]]] = {
    "OriginAccessControl": _access_control,
    "CachePolicy": _cache_policy,
    "ResponseHeadersPolicy": _headers_policy,
    "PublicKey": _public_key,
    "KeyGroup": _key_group,
}
"""By kind: refuses a configuration, and fills in what AWS fills in."""


def invalidation(batch: Params) -> None:
    """Paths begin with `/` and have a wildcard at their end only."""
    quantities(batch)
    for path in batch["Paths"].get("Items") or []:
        if not path.startswith("/") or len(path) > 4_000:
            raise invalid("Your request contains one or more invalid invalidation paths.")
