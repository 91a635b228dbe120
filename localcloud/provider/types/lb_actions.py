"""Actions and conditions of listeners and rules, as the API has them and as programs do.

A forward to one group is written as its ARN, or as a block; the API answers both ways, and the state keeps the one that
the program has, else the ARN.
"""

from collections.abc import Mapping
from typing import Any, Final

Api = dict[str, Any]
State = dict[str, Any]
_REDIRECT: Final = {
    "host": "Host",
    "path": "Path",
    "port": "Port",
    "protocol": "Protocol",
    "query": "Query",
    "status_code": "StatusCode",
}
_FIXED: Final = {"content_type": "ContentType", "message_body": "MessageBody", "status_code": "StatusCode"}
_FIELDS: Final = {
    "host_header": ("host-header", "HostHeaderConfig"),
    "http_header": ("http-header", "HttpHeaderConfig"),
    "http_request_method": ("http-request-method", "HttpRequestMethodConfig"),
    "path_pattern": ("path-pattern", "PathPatternConfig"),
    "query_string": ("query-string", "QueryStringConfig"),
    "source_ip": ("source-ip", "SourceIpConfig"),
}


def refused_below(block: str) -> frozenset[str]:
    """What of an action is not carried out."""
    return frozenset(f"{block}.{name}" for name in ("authenticate_cognito", "authenticate_oidc", "jwt_validation")) | {
        f"{block}.forward.stickiness"
    }


def to_api(actions: list[Mapping[str, Any]]) -> list[Api]:
    return [_action(one) for one in actions]


def _action(one: Mapping[str, Any]) -> Api:
    action: Api = {"Type": one["type"]}
    if one.get("order"):
        action["Order"] = one["order"]
    if one["type"] == "redirect":
        action["RedirectConfig"] = {api: one["redirect"][name] for name, api in _REDIRECT.items()}
    elif one["type"] == "fixed-response":
        block = one["fixed_response"]
        action["FixedResponseConfig"] = {api: block[name] for name, api in _FIXED.items() if block.get(name)}
    elif one.get("forward"):
        groups = [{"TargetGroupArn": each["arn"], "Weight": each["weight"]} for each in one["forward"]["target_group"]]
        action["ForwardConfig"] = {"TargetGroups": groups}
    else:
        action["TargetGroupArn"] = one["target_group_arn"]
    return action


def from_api(actions: list[Api], before: list[Mapping[str, Any]]) -> list[State]:
    """``before``: the actions as they were known."""
    old = [*before, *({} for _ in actions)]
    return [_state(one, known) for one, known in zip(actions, old, strict=False)]


def _state(one: Api, known: Mapping[str, Any]) -> State:
    state: State = {"type": one["Type"], **({"order": one["Order"]} if "Order" in one else {})}
    if one["Type"] == "redirect":
        return state | {"redirect": {name: one["RedirectConfig"].get(api, "") for name, api in _REDIRECT.items()}}
    if one["Type"] == "fixed-response":
        return state | {
            "fixed_response": {name: one["FixedResponseConfig"].get(api, "") for name, api in _FIXED.items()}
        }
    groups = one["ForwardConfig"]["TargetGroups"]
    block = {"target_group": [{"arn": each["TargetGroupArn"], "weight": each["Weight"]} for each in groups]}
    if len(groups) > 1 or (known.get("forward") and not known.get("target_group_arn")):
        return state | {"forward": block}
    both = {"forward": block} if known.get("forward") else {}
    return state | {"target_group_arn": groups[0]["TargetGroupArn"], **both}


def conditions_to_api(conditions: list[Mapping[str, Any]]) -> list[Api]:
    return [_condition(name, one[name]) for one in conditions for name in _FIELDS if one.get(name)]


def _condition(name: str, block: Any) -> Api:
    field, member = _FIELDS[name]
    if name == "query_string":
        values = [{"Value": one["value"], **({"Key": one["key"]} if one.get("key") else {})} for one in block]
        return {"Field": field, member: {"Values": values}}
    config: Api = {"Values": list(block["values"])}
    if name == "http_header":
        config["HttpHeaderName"] = block["http_header_name"]
    return {"Field": field, member: config}


def conditions_from_api(conditions: list[Api]) -> list[State]:
    names = {field: name for name, (field, _) in _FIELDS.items()}
    return [_condition_state(names[one["Field"]], one) for one in conditions]


def _condition_state(name: str, one: Api) -> State:
    config = one[_FIELDS[name][1]]
    if name == "query_string":
        return {name: [{"key": value.get("Key", ""), "value": value["Value"]} for value in config["Values"]]}
    named = {"http_header_name": config["HttpHeaderName"]} if name == "http_header" else {}
    return {name: {**named, "values": config["Values"]}}
