"""The attributes of load balancers, listeners and target groups: defaults, and which values AWS takes.

Source: the API reference, "LoadBalancerAttribute", "ListenerAttribute" and "TargetGroupAttribute". What the local load
balancer does not carry out is refused as not implemented when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from localcloud.server.call import Params, Refusal

from .store import Thing

_BOOL: Final = r"true|false"
_ON_OFF: Final = r"on|off"
_ANY: Final = r".*"
_SHARE: Final = r"off|[1-9]\d?|100"


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """``values``: a pattern, or a range of numbers. ``only``: the values that are carried out, where not all are."""

    default: str
    values: str | tuple[int, int] = _ANY
    only: tuple[str, ...] = ()


LOAD_BALANCER: Final[Mapping[str, Attribute]] = {
    "access_logs.s3.enabled": Attribute(default="false", values=_BOOL, only=("false",)),
    "access_logs.s3.bucket": Attribute(default=""),
    "access_logs.s3.prefix": Attribute(default=""),
    "connection_logs.s3.enabled": Attribute(default="false", values=_BOOL, only=("false",)),
    "connection_logs.s3.bucket": Attribute(default=""),
    "connection_logs.s3.prefix": Attribute(default=""),
    "health_check_logs.s3.enabled": Attribute(default="false", values=_BOOL, only=("false",)),
    "health_check_logs.s3.bucket": Attribute(default=""),
    "health_check_logs.s3.prefix": Attribute(default=""),
    "client_keep_alive.seconds": Attribute(default="3600", values=(60, 604_800)),
    "deletion_protection.enabled": Attribute(default="false", values=_BOOL),
    "idle_timeout.timeout_seconds": Attribute(default="60", values=(1, 4_000)),
    "ipv6.deny_all_igw_traffic": Attribute(default="true", values=_BOOL),
    "load_balancing.cross_zone.enabled": Attribute(default="true", values=_BOOL, only=("true",)),
    "routing.http.desync_mitigation_mode": Attribute(default="defensive", values=r"monitor|defensive|strictest"),
    "routing.http.drop_invalid_header_fields.enabled": Attribute(default="false", values=_BOOL),
    "routing.http.preserve_host_header.enabled": Attribute(default="false", values=_BOOL),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": Attribute(
        default="false", values=_BOOL, only=("false",)
    ),
    "routing.http.xff_client_port.enabled": Attribute(default="false", values=_BOOL, only=("false",)),
    "routing.http.xff_header_processing.mode": Attribute(default="append", values=r"append|preserve|remove"),
    "routing.http2.enabled": Attribute(default="true", values=_BOOL),
    "waf.fail_open.enabled": Attribute(default="false", values=_BOOL),
    "zonal_shift.config.enabled": Attribute(default="false", values=_BOOL),
}
RESPONSE_HEADERS: Final[Mapping[str, str]] = {
    f"routing.http.response.{name.lower().replace('-', '_')}.header_value": name
    for name in (
        "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods",
        "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Max-Age",
        "Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options",
    )
}  # fmt: skip
"""Attributes of listeners -> the header that they set."""
SERVER_HEADER: Final = "routing.http.response.server.enabled"
LISTENER: Final[Mapping[str, Attribute]] = {
    SERVER_HEADER: Attribute(default="true", values=_BOOL),
    **{name: Attribute(default="") for name in RESPONSE_HEADERS},
}
TARGET_GROUP: Final[Mapping[str, Attribute]] = {
    "deregistration_delay.timeout_seconds": Attribute(default="300", values=(0, 3_600)),
    "stickiness.enabled": Attribute(default="false", values=_BOOL, only=("false",)),
    "stickiness.type": Attribute(default="lb_cookie", values=r"lb_cookie|app_cookie"),
    "stickiness.lb_cookie.duration_seconds": Attribute(default="86400", values=(1, 604_800)),
    "stickiness.app_cookie.cookie_name": Attribute(default=""),
    "stickiness.app_cookie.duration_seconds": Attribute(default="86400", values=(1, 604_800)),
    "load_balancing.algorithm.type": Attribute(
        default="round_robin",
        values=r"round_robin|least_outstanding_requests|weighted_random",
        only=("round_robin",),
    ),
    "load_balancing.algorithm.anomaly_mitigation": Attribute(default="off", values=_ON_OFF, only=("off",)),
    "load_balancing.cross_zone.enabled": Attribute(
        default="use_load_balancer_configuration",
        values=r"true|false|use_load_balancer_configuration",
        only=("true", "use_load_balancer_configuration"),
    ),
    "slow_start.duration_seconds": Attribute(default="0", values=r"0|[3-9]\d|[1-8]\d\d|900", only=("0",)),
    "target_group_health.dns_failover.minimum_healthy_targets.count": Attribute(default="1", values=r"off|\d+"),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": Attribute(default="off", values=_SHARE),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": Attribute(
        default="1", values=r"[1-9]\d*", only=("1",)
    ),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": Attribute(
        default="off", values=_SHARE, only=("off",)
    ),
}


def invalid(message: str) -> Refusal:
    return Refusal("ValidationError", message)


def described(thing: Thing, known: Mapping[str, Attribute]) -> Params:
    values = {key: attribute.default for key, attribute in known.items()} | thing.attributes
    return {"Attributes": [{"Key": key, "Value": value} for key, value in values.items()]}


def value(thing: Thing, known: Mapping[str, Attribute], key: str) -> str:
    return thing.attributes.get(key, known[key].default)


def changed(params: Params, known: Mapping[str, Attribute]) -> dict[str, str]:
    """The attributes of a request. Raises Refusal."""
    given: dict[str, str] = {}
    for one in params["Attributes"]:
        key, text = one.get("Key", ""), one.get("Value", "")
        if key not in known:
            raise invalid(f"The provided Load Balancer attribute key '{key}' is not valid")
        if key in given:
            raise invalid(f"Attribute key '{key}' appears more than once")
        _check(key, known[key], text)
        given[key] = text
    return given


def _check(key: str, attribute: Attribute, text: str) -> None:
    if isinstance(attribute.values, tuple):
        low, high = attribute.values
        if not (text.isdigit() and low <= int(text) <= high):
            raise invalid(f"'{key}' value '{text}' must be between '{low}' and '{high}' inclusive")
    elif not re.fullmatch(attribute.values, text):
        raise invalid(f"'{key}' value '{text}' is not valid: {attribute.values.replace('|', ', ')}")
    if attribute.only and text not in attribute.only:
        raise Refusal("NotImplemented", f"elbv2 {key}={text} is not implemented here.", 501)
