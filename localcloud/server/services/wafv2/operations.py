"""WAFv2's operations, and what it refuses. Rows: docs/refusals.md."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from localcloud.server import registry
from localcloud.server.call import HOOKS, Call, Params, Refusal

from .store import ENTITIES, Entity

SERVICE: Final = "wafv2"
_KINDS: Final = {"IPSet": "ipset", "WebACL": "webacl"}
_NOT_CONTENT: Final = ("Name", "Scope", "Id", "LockToken", "Tags")
_MATCHING: Final = ("IPSetReferenceStatement", "RateBasedStatement", "OrStatement", "AndStatement", "NotStatement")
"""Statements that the local edge can match."""
_MANAGED: Final = {"AWSManagedRulesAmazonIpReputationList": 25, "AWSManagedRulesKnownBadInputsRuleSet": 200}
"""AWS's groups that the local edge carries out, with the capacity that they take."""
_LOWEST_LIMIT, _WINDOWS = 10, (60, 120, 300, 600)
_CAPACITY: Final = {"IPSetReferenceStatement": 1, "RateBasedStatement": 2}
_PAGE: Final = 100
_MOST_ADDRESSES: Final = 10_000


def invalid(text: str) -> Refusal:
    return Refusal("WAFInvalidParameterException", f"Error reason: {text}")


def _kind(call: Call) -> str:
    return next(word for word in _KINDS if word in call.operation)


def _in_region(call: Call) -> None:
    if call.params.get("Scope") == "CLOUDFRONT" and call.region != "us-east-1":
        raise invalid("The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT")


def _of(call: Call) -> Entity:
    _in_region(call)
    given = call.params
    for one in ENTITIES.values():
        if given.get("ARN") == one.arn or (
            (one.account, one.region, one.kind) == (call.account, call.region, _KINDS[_kind(call)])
            and (one.scope, one.name, one.id) == (given.get("Scope"), given.get("Name"), given.get("Id"))
        ):
            return one
    text = "AWS WAF couldn't perform the operation because your resource doesn't exist."
    raise Refusal("WAFNonexistentItemException", text)


def _locked(call: Call, one: Entity) -> None:
    if call.params["LockToken"] != one.lock_token:
        text = "AWS WAF couldn't save your changes because someone changed the resource after you started to edit it."
        raise Refusal("WAFOptimisticLockException", text)


def _summary(one: Entity) -> Params:
    return {
        "Name": one.name,
        "Id": one.id,
        "Description": one.content.get("Description", ""),
        "LockToken": one.lock_token,
        "ARN": one.arn,
    }


@HOOKS.instead(SERVICE, "CreateIPSet", "CreateWebACL")
def create(call: Call) -> Params:
    _in_region(call)
    kind, given = _KINDS[_kind(call)], call.params
    for one in ENTITIES.values():
        same = (one.account, one.region, one.kind, one.scope, one.name)
        if same == (call.account, call.region, kind, given["Scope"], given["Name"]):
            text = "AWS WAF couldn't perform the operation because a resource in your request is a duplicate of one."
            raise Refusal("WAFDuplicateItemException", text)
    entity = Entity(
        kind=kind,
        account=call.account,
        region=call.region,
        scope=given["Scope"],
        name=given["Name"],
        content=_content(call),
        tags={tag["Key"]: tag["Value"] for tag in given.get("Tags", [])},
    )
    ENTITIES[entity.arn] = entity
    return {"Summary": _summary(entity)}


def _content(call: Call, kept: Params | None = None) -> Params:
    content = {**(kept or {}), **{key: value for key, value in call.params.items() if key not in _NOT_CONTENT}}
    if _kind(call) == "IPSet":
        _addresses(content)
    else:
        _rules(call, content)
    return content


def _addresses(content: Params) -> None:
    version = {"IPV4": 4, "IPV6": 6}[content["IPAddressVersion"]]
    if len(content["Addresses"]) > _MOST_ADDRESSES:
        raise Refusal("WAFLimitsExceededException", f"An IP set has at most {_MOST_ADDRESSES} addresses.")
    for address in content["Addresses"]:
        try:
            network = ipaddress.ip_network(address)
        except ValueError:
            network = None
        if network is None or "/" not in address or network.version != version or network.prefixlen == 0:
            text = f"Your request contains formatting that is not valid., field: IP_ADDRESS, parameter: {address}"
            raise invalid(text)


def _rules(call: Call, content: Params) -> None:
    rules: list[Params] = content.setdefault("Rules", [])
    if len(content["DefaultAction"]) != 1:
        raise invalid("You have used none or multiple values for a field that requires exactly one value.")
    for name in ("Name", "Priority"):
        if any(count > 1 for count in Counter(rule[name] for rule in rules).values()):
            raise invalid(f"Your rules have a duplicate {name.lower()}.")
    for rule in rules:
        grouped = "ManagedRuleGroupStatement" in rule["Statement"] or "RuleGroupReferenceStatement" in rule["Statement"]
        if grouped == bool(rule.get("Action")) or grouped != bool(rule.get("OverrideAction")):
            raise invalid("You have used none or multiple values for a field that requires exactly one value.")
        if grouped:
            _managed(rule)
            continue
        if set(rule["Action"]) - {"Allow", "Block"} or any(rule["Action"].values()):
            raise Refusal("NotImplemented", "wafv2 rules here allow or block by a statement of their own.", 501)
        for kind, statement in statements(rule["Statement"]):
            _statement(call, kind, statement)


def _managed(rule: Params) -> None:
    """A rule that stands for a group of AWS's. Raises Refusal."""
    group = rule["Statement"].get("ManagedRuleGroupStatement")
    if group is None or set(group) - {"VendorName", "Name"}:
        text = "wafv2 groups of rules of one's own, and parts of AWS's, are not implemented here."
        raise Refusal("NotImplemented", text, 501)
    if group["VendorName"] != "AWS":
        text = "AWS WAF couldn't perform the operation because your resource doesn't exist."
        raise Refusal("WAFNonexistentItemException", text)
    if group["Name"] not in _MANAGED:
        raise Refusal("NotImplemented", f"wafv2 {group['Name']} is not implemented here.", 501)


def statements(statement: Params) -> Iterator[tuple[str, Params]]:
    """A statement and those inside it."""
    if len(statement) != 1:
        raise invalid("A statement is exactly one kind of statement.")
    [(kind, content)] = statement.items()
    yield kind, content
    for inner in [*content.get("Statements", []), *([content["Statement"]] if "Statement" in content else [])]:
        yield from statements(inner)


def _statement(call: Call, kind: str, content: Params) -> None:
    if kind not in _MATCHING or content.get("ScopeDownStatement") or content.get("IPSetForwardedIPConfig"):
        raise Refusal("NotImplemented", f"wafv2 {kind} of this form is not implemented here.", 501)
    if kind == "IPSetReferenceStatement":
        entity = ENTITIES.get(content["ARN"])
        if entity is None or entity.kind != "ipset" or (entity.account, entity.region) != (call.account, call.region):
            text = "AWS WAF couldn't perform the operation because your resource doesn't exist."
            raise Refusal("WAFNonexistentItemException", text)
    if kind == "RateBasedStatement":
        if content["AggregateKeyType"] != "IP":
            raise Refusal("NotImplemented", "wafv2 rates are by IP address alone here.", 501)
        if content["Limit"] < _LOWEST_LIMIT or content.get("EvaluationWindowSec", 300) not in _WINDOWS:
            raise invalid("The rate limit is at least 10, in a window of 60, 120, 300 or 600 seconds.")


@HOOKS.instead(SERVICE, "GetIPSet", "GetWebACL")
def get(call: Call) -> Params:
    one, kind = _of(call), _kind(call)
    more: Params = {}
    if kind == "WebACL":
        inside = [pair for rule in one.content["Rules"] for pair in statements(rule["Statement"])]
        more = {
            "Capacity": sum(_CAPACITY.get(name, _MANAGED.get(managed.get("Name", ""), 0)) for name, managed in inside),
            "ManagedByFirewallManager": False,
            "LabelNamespace": f"awswaf:{one.account}:webacl:{one.name}:",
        }
    content: dict[str, Any] = {"Name": one.name, "Id": one.id, "ARN": one.arn, **one.content, **more}
    return {kind: content, "LockToken": one.lock_token}


@HOOKS.instead(SERVICE, "UpdateIPSet", "UpdateWebACL")
def update(call: Call) -> Params:
    one = _of(call)
    _locked(call, one)
    kept = {name: one.content[name] for name in ("IPAddressVersion",) if name in one.content}
    one.change(_content(call, kept))
    return {"NextLockToken": one.lock_token}


@HOOKS.instead(SERVICE, "DeleteIPSet", "DeleteWebACL")
def delete(call: Call) -> Params:
    one = _of(call)
    _locked(call, one)
    if registry.users(one.arn):
        text = (
            "AWS WAF couldn't perform the operation because your resource is being used by another resource or it's "
            "associated with another resource."
        )
        raise Refusal("WAFAssociatedItemException", text)
    del ENTITIES[one.arn]
    return {}


@HOOKS.instead(SERVICE, "ListIPSets", "ListWebACLs")
def list_all(call: Call) -> Params:
    _in_region(call)
    kind = _kind(call)
    wanted = (call.account, call.region, _KINDS[kind], call.params["Scope"])
    entities = [one for one in ENTITIES.values() if (one.account, one.region, one.kind, one.scope) == wanted]
    begin, most = int(call.params.get("NextMarker") or 0), call.params.get("Limit") or _PAGE
    more = {"NextMarker": str(begin + most)} if begin + most < len(entities) else {}
    return {f"{kind}s": [_summary(one) for one in entities[begin : begin + most]], **more}


@HOOKS.instead(SERVICE, "TagResource", "UntagResource", "ListTagsForResource")
def tags_of(call: Call) -> Params:
    one = ENTITIES.get(call.params["ResourceARN"])
    if one is None or one.account != call.account:
        text = "AWS WAF couldn't perform the operation because your resource doesn't exist."
        raise Refusal("WAFNonexistentItemException", text)
    if call.operation == "TagResource":
        one.tags |= {tag["Key"]: tag["Value"] for tag in call.params["Tags"]}
    elif call.operation == "UntagResource":
        for key in call.params["TagKeys"]:
            one.tags.pop(key, None)
    else:
        pairs = [{"Key": key, "Value": value} for key, value in one.tags.items()]
        return {"TagInfoForResource": {"ResourceARN": one.arn, "TagList": pairs}}
    return {}
