"""What a listener or a rule does with a request, and which requests a rule is for: checked, and as AWS answers it.

Source: the API reference, "Action" and "RuleCondition"; quotas of application load balancers. A forward to one target
group is answered both ways: as its ARN, and as a list of one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any, Final

from localcloud.server.call import Params, Refusal

from . import store
from .attributes import invalid
from .store import LoadBalancer

_MOST_GROUPS: Final = 5
_MOST_WEIGHT: Final = 999
_MOST_VALUES: Final = 5
_LONGEST_VALUE: Final = 128
_CONTENT: Final = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
_REDIRECT: Final = {
    "Protocol": "#{protocol}",
    "Port": "#{port}",
    "Host": "#{host}",
    "Path": "/#{path}",
    "Query": "#{query}",
}


def checked_actions(given: list[Params], one: LoadBalancer) -> list[Params]:
    """The actions as they are answered. Raises Refusal."""
    if len(given) != 1:
        raise Refusal("NotImplemented", "elbv2 actions before the last one are not implemented here.", 501)
    [action] = given
    kinds: dict[str, Callable[[Params, LoadBalancer], Params]] = {
        "forward": _forward,
        "redirect": _redirect,
        "fixed-response": _fixed,
    }
    if action["Type"] not in kinds:
        raise Refusal("NotImplemented", f"elbv2 actions of type {action['Type']} are not implemented here.", 501)
    order = {"Order": action["Order"]} if "Order" in action else {}
    return [{"Type": action["Type"], **order, **kinds[action["Type"]](action, one)}]


def _forward(action: Params, one: LoadBalancer) -> Params:
    config = action.get("ForwardConfig") or {}
    groups = [dict(group) for group in config.get("TargetGroups") or []]
    if arn := action.get("TargetGroupArn"):
        if groups and [group["TargetGroupArn"] for group in groups] != [arn]:
            raise invalid("You must specify the same target group in 'TargetGroupArn' and 'ForwardConfig'")
        groups = groups or [{"TargetGroupArn": arn}]
    if not groups:
        raise invalid("A 'TargetGroupArn' or 'ForwardConfig' must be specified for an action of type 'forward'")
    if len(groups) > _MOST_GROUPS:
        raise Refusal("TooManyTargetGroups", f"A forward action has at most {_MOST_GROUPS} target groups")
    for group in groups:
        if not 0 <= group.setdefault("Weight", 1) <= _MOST_WEIGHT:
            raise invalid(f"The weight '{group['Weight']}' of a target group must be between 0 and {_MOST_WEIGHT}")
        _fits(group["TargetGroupArn"], one)
    sticky = config.get("TargetGroupStickinessConfig") or {"Enabled": False}
    if sticky.get("Enabled"):
        raise Refusal("NotImplemented", "elbv2 stickiness of target groups is not implemented here.", 501)
    single = {"TargetGroupArn": groups[0]["TargetGroupArn"]} if len(groups) == 1 else {}
    return {**single, "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}}


def _fits(arn: str, one: LoadBalancer) -> None:
    group = store.target_group(arn)
    if group.vpc != one.vpc:
        raise invalid(f"Target group '{arn}' is not in the VPC '{one.vpc}' of the load balancer")
    others = [user for user in store.load_balancers_of(group) if user != one.arn]
    if others:
        text = f"The following target groups cannot be associated with more than one load balancer: {arn}"
        raise Refusal("TargetGroupAssociationLimit", text)


def _redirect(action: Params, _one: LoadBalancer) -> Params:
    config = action.get("RedirectConfig")
    if not config:
        raise invalid("A 'RedirectConfig' must be specified for an action of type 'redirect'")
    full = {**_REDIRECT, **config}
    if all(full[key] == value for key, value in _REDIRECT.items() if key != "Query"):
        raise invalid("The redirect configuration is not valid because it creates a loop.")
    if full["Protocol"] not in ("#{protocol}", "HTTP", "HTTPS"):
        raise invalid(f"Protocol '{full['Protocol']}' must be one of '#{{protocol}}', HTTP, HTTPS")
    if not full["Path"].startswith("/"):
        raise invalid("The path of a redirect must start with '/'")
    return {"RedirectConfig": full}


def _fixed(action: Params, _one: LoadBalancer) -> Params:
    config = action.get("FixedResponseConfig")
    if not config:
        raise invalid("A 'FixedResponseConfig' must be specified for an action of type 'fixed-response'")
    if not re.fullmatch(r"[245]\d\d", config["StatusCode"]):
        raise invalid(f"The status code '{config['StatusCode']}' of a fixed response must be 2XX, 4XX or 5XX")
    if config.get("ContentType", _CONTENT[0]) not in _CONTENT:
        raise invalid(f"The content type '{config['ContentType']}' must be one of {', '.join(_CONTENT)}")
    return {"FixedResponseConfig": dict(config)}


_FIELDS: Final = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}


def checked_conditions(given: list[Params]) -> list[Params]:
    """The conditions as they are answered. Raises Refusal."""
    if not given:
        raise invalid("A rule must have at least one condition")
    conditions = [_condition(one) for one in given]
    if sum(len(one[_FIELDS[one["Field"]]]["Values"]) for one in conditions) > _MOST_VALUES:
        raise Refusal("TooManyConditionValues", f"A rule can only have '{_MOST_VALUES}' condition values")
    return conditions


def _condition(one: Params) -> Params:
    name = one.get("Field", "")
    if name not in _FIELDS:
        raise invalid(f"Condition field '{name}' must be one of '[{', '.join(_FIELDS)}]'")
    member = _FIELDS[name]
    config = dict(one.get(member) or {})
    if one.get("RegexValues") or config.get("RegexValues"):
        raise Refusal("NotImplemented", "elbv2 conditions by regular expressions are not implemented here.", 501)
    values: list[Any] = config.get("Values") or one.get("Values") or []
    if not values:
        raise invalid(f"A condition value must be specified for the field '{name}'")
    for value in values:
        _value(name, value)
    if name == "http-header" and not re.fullmatch(
        r"[0-9A-Za-z_!#$%&'*+.^`|~-]{1,40}", config.get("HttpHeaderName", "")
    ):
        raise invalid("A condition of the field 'http-header' must have a valid 'HttpHeaderName'")
    plain = {"Values": values} if name in ("host-header", "path-pattern") else {}
    return {"Field": name, **plain, member: {**config, "Values": values}}


def _value(name: str, value: Any) -> None:
    texts = [value.get("Key", ""), value.get("Value", "")] if isinstance(value, dict) else [str(value)]
    if any(len(text) > _LONGEST_VALUE for text in texts):
        raise invalid(f"The value of the field '{name}' cannot be longer than {_LONGEST_VALUE} characters")
    if name == "source-ip":
        try:
            ipaddress.ip_network(str(value))
        except ValueError:
            raise invalid(f"The source IP condition value '{value}' must be in CIDR format") from None
    if name == "http-request-method" and not re.fullmatch(r"[A-Z_-]{1,40}", str(value)):
        raise invalid(f"The HTTP request method '{value}' must be of capital letters, hyphens and underscores")
