"""Security groups and their rules, answered here on moto's groups: moto loses what rules say beside addresses.

AWS facts (VPC user guide, "Security groups", and the API reference): a rule is one protocol, range of ports and peer,
with a description, tags and an id of its own; a rule given twice is InvalidPermission.Duplicate, one taken away that is
not there InvalidPermission.NotFound; a group that an interface or another group's rule uses cannot be deleted, nor a
VPC's default group; names and descriptions are ASCII of at most 255 characters; ports are of tcp, udp and icmp alone.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any, Final

from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.services.ec2.store import (
    SecurityGroup,
    SecurityGroupRule,
    backend,
    dependency,
    interfaces,
    invalid,
)

TEXT: Final = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
MAX_RULES: Final = 60
PEERS: Final = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "UserIdGroupPairs": "GroupId",
    "PrefixListIds": "PrefixListId",
}
"""A permission's lists of peers, and what names the peer in each."""
WITH_PORTS: Final = ("tcp", "udp", "icmp", "icmpv6")
NUMBERS: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


def _group(call: Call, group_id: str) -> SecurityGroup:
    security_group = backend(call).get_security_group_from_id(group_id)
    if security_group is None:
        raise Refusal("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
    return security_group


def _named(call: Call) -> SecurityGroup:
    if not call.params.get("GroupId"):
        raise Refusal("MissingParameter", "The request must contain the parameter groupId")
    return _group(call, call.params["GroupId"])


# Groups


@HOOKS.before("ec2", "CreateSecurityGroup")
def create_group(call: Call) -> None:
    name: str = call.params["GroupName"]
    if name.startswith("sg-"):
        raise invalid(f"Invalid value '{name}' for groupName. Group names may not be in the format sg-*.")
    if name == "default":
        raise invalid("Cannot use reserved security group name: default")
    for field, text in (("groupName", name), ("groupDescription", call.params["Description"])):
        _text(text, f"Invalid value '{text}' for {field}. Character sets beyond ASCII are not supported.")


def _text(value: str, otherwise: str) -> None:
    if not TEXT.fullmatch(value):
        raise invalid(otherwise)


@HOOKS.before("ec2", "DeleteSecurityGroup")
def delete_group(call: Call) -> None:
    group = _named(call)
    if group.is_default or group.name == "default":
        raise Refusal("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
    used = any(group.id in {one.id for one in nic.group_set} for nic in interfaces(call))
    ec2: Any = backend(call)
    others = [one for groups in ec2.groups.values() for one in groups.values() if one.id != group.id]
    named = any(rule.source_group.get("GroupId") == group.id for one in others for rule in _rules(one))
    endpoints = [one for one in ec2.vpc_end_points.values() if one.state == "available"]
    serving = any(group.id in one.security_group_ids for one in endpoints)
    if used or named or serving:
        raise dependency(f"resource {group.id} has a dependent object")


def _no_rule(rule_id: str) -> Refusal:
    text = f"The security group rule ID '{rule_id}' does not exist"
    return Refusal("InvalidSecurityGroupRuleId.NotFound", text)


def _rules(group: SecurityGroup) -> list[SecurityGroupRule]:
    return [*group.ingress_rules, *group.egress_rules]


@HOOKS.after("ec2", "DescribeSecurityGroups")
def describe_groups(call: Call, output: Params) -> None:
    for answer in output.get("SecurityGroups", []):
        group = _group(call, answer["GroupId"])
        answer["IpPermissions"] = list(_permissions(group.ingress_rules))
        answer["IpPermissionsEgress"] = list(_permissions(group.egress_rules))


def _permissions(rules: list[SecurityGroupRule]) -> Iterator[Params]:
    """Rules gathered by protocol and ports, as AWS answers them."""
    gathered: dict[Any, Params] = {}
    for rule in rules:
        ports = {} if rule.from_port is None else {"FromPort": rule.from_port, "ToPort": rule.to_port}
        empty: Params = {pairs: [] for pairs in PEERS}
        start: Params = {"IpProtocol": rule.ip_protocol, **ports, **empty}
        permission = gathered.setdefault((rule.ip_protocol, rule.from_port, rule.to_port), start)
        pairs, peer = _peer(rule)
        owner = {"UserId": rule.owner_id} if pairs == "UserIdGroupPairs" else {}
        permission[pairs].append({PEERS[pairs]: peer, **owner, **_described(rule)})
    yield from gathered.values()


def _peer(rule: SecurityGroupRule) -> tuple[str, str]:
    """The list of a permission that the rule's peer belongs in, and the peer."""
    if rule.prefix_list_id:
        return "PrefixListIds", str(rule.prefix_list_id)
    if rule.source_group:
        return "UserIdGroupPairs", rule.source_group["GroupId"]
    return ("Ipv6Ranges", rule.ip_range["CidrIpv6"]) if rule.cidr_ipv6 else ("IpRanges", rule.ip_range["CidrIp"])


def _described(rule: SecurityGroupRule) -> dict[str, str]:
    text = rule.ip_range.get("Description")
    return {"Description": text} if text else {}


# Rules


@HOOKS.instead("ec2", "AuthorizeSecurityGroupIngress")
def authorize_ingress(call: Call) -> Params:
    return _authorize(call, _named(call).ingress_rules, egress=False)


@HOOKS.instead("ec2", "AuthorizeSecurityGroupEgress")
def authorize_egress(call: Call) -> Params:
    return _authorize(call, _named(call).egress_rules, egress=True)


def _authorize(call: Call, present: list[SecurityGroupRule], *, egress: bool) -> Params:
    tags = {
        tag["Key"]: tag["Value"]
        for specification in call.params.get("TagSpecifications", [])
        for tag in specification.get("Tags", [])
    }
    authorized = [rule for item in _asked(call) for rule in _made(call, item, egress=egress, tags=tags)]
    if not authorized:
        raise Refusal("MissingParameter", "The request must contain the parameter ipPermissions")
    for place, rule in enumerate(authorized):
        if rule in present or rule in authorized[:place]:
            text = f'the specified rule "peer: {_peer(rule)[1]}, {rule.ip_protocol}, ALLOW" already exists'
            raise Refusal("InvalidPermission.Duplicate", text)
    if len(present) + len(authorized) > MAX_RULES:
        raise Refusal("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per group has been reached.")
    present += authorized
    return {"Return": True, "SecurityGroupRules": [_answer(rule) for rule in authorized]}


def _asked(call: Call) -> list[Params]:
    """The permissions of a request; one may be written as its own parameters."""
    listed: list[Params] = call.params.get("IpPermissions", [])
    if listed:
        return listed
    ports = {name: call.params[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in call.params}
    if "SourceSecurityGroupName" in call.params:
        raise Refusal("InvalidParameterCombination", "A group of a VPC is named by its id in ipPermissions")
    return [{**ports, "IpRanges": [{"CidrIp": call.params["CidrIp"]}]}] if "CidrIp" in call.params else []


def _made(call: Call, item: Params, *, egress: bool, tags: dict[str, str]) -> Iterator[SecurityGroupRule]:
    """A permission's rules, one for each peer. Raises Refusal for what AWS refuses in one."""
    protocol, ports = _protocol(item), _ports(item)
    for pairs, key in PEERS.items():
        for pair in item.get(pairs, []):
            if key not in pair:
                raise Refusal("MissingParameter", f"The request must contain the parameter {key} of {pairs}")
            text = pair.get("Description", "")
            _text(text, f"Invalid security group rule description: {text}")
            yield _rule(call, protocol, ports, pairs, pair[key], text, egress=egress, tags=tags)


def _rule(
    call: Call,
    protocol: str,
    ports: tuple[int | None, int | None],
    pairs: str,
    peer: str,
    text: str,
    *,
    egress: bool,
    tags: dict[str, str],
) -> SecurityGroupRule:
    rule: Any = SecurityGroupRule(
        backend(call), protocol, call.params["GroupId"], "0", "0", None, is_egress=egress, tags=tags
    )
    rule.from_port, rule.to_port = ports
    _point(call, rule, pairs, peer)
    if text:
        rule.ip_range["Description"] = text
    return rule


def _point(call: Call, rule: SecurityGroupRule, pairs: str, peer: str) -> None:
    """Make the peer the rule's only one."""
    rule.ip_range, rule.source_group, rule.prefix_list_id = {}, {}, None
    if pairs == "UserIdGroupPairs":
        rule.source_group = {"GroupId": _group(call, peer).id, "UserId": call.caller.account_id}
    elif pairs == "PrefixListIds":
        if peer not in backend(call).managed_prefix_lists:
            raise Refusal("InvalidPrefixListID.NotFound", f"The prefix list ID '{peer}' does not exist")
        rule.prefix_list_id = peer
    else:
        rule.ip_range = {PEERS[pairs]: _network(peer, 4 if pairs == "IpRanges" else 6)}


def _network(text: str, version: int) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise invalid(f"CIDR block {text} is malformed") from None
    if network.version != version:
        raise invalid(f"CIDR block {text} is malformed")
    return str(network)


def _protocol(item: Params) -> str:
    if not item.get("IpProtocol"):
        text = "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."
        raise invalid(text)
    name = str(item["IpProtocol"]).lower()
    name = NUMBERS.get(name, name)
    if name not in ("-1", *WITH_PORTS) and not (name.isdigit() and int(name) < 256):
        raise invalid(f"Invalid value '{name}' for IP protocol. Unknown protocol.")
    return name


def _ports(item: Params) -> tuple[int | None, int | None]:
    name, low, high = _protocol(item), item.get("FromPort"), item.get("ToPort")
    if name not in WITH_PORTS:
        return None, None
    if low is None or high is None:
        raise invalid("Invalid value for portRange. Must specify both from and to ports with TCP/UDP.")
    if name in ("tcp", "udp") and not 0 <= low <= high <= 65_535:
        raise invalid(f"Invalid value '{low}-{high}' for portRange: ports are 0 to 65535, the lower one first.")
    return low, high


@HOOKS.instead("ec2", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")
def revoke(call: Call) -> Params:
    group, egress = _named(call), call.operation.endswith("Egress")
    present = group.egress_rules if egress else group.ingress_rules
    ids: list[str] = call.params.get("SecurityGroupRuleIds", [])
    if ids:
        unknown = sorted(set(ids) - {rule.id for rule in present})
        if unknown:
            raise _no_rule(unknown[0])
    else:
        wanted = [rule for item in _asked(call) for rule in _made(call, item, egress=egress, tags={})]
        if any(rule not in present for rule in wanted):
            raise Refusal("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
        ids = [rule.id for rule in present if rule in wanted]
    present[:] = [rule for rule in present if rule.id not in ids]
    return {"Return": True, "UnknownIpPermissions": []}


@HOOKS.instead("ec2", "ModifySecurityGroupRules")
def modify(call: Call) -> Params:
    group, keys = _named(call), {**PEERS, "UserIdGroupPairs": "ReferencedGroupId", "IpRanges": "CidrIpv4"}
    for item in call.params["SecurityGroupRules"]:
        rule, new = group.get_rule(item["SecurityGroupRuleId"]), item.get("SecurityGroupRule", {})
        if rule is None:
            raise _no_rule(item["SecurityGroupRuleId"])
        given = [pairs for pairs, key in keys.items() if new.get(key)]
        if len(given) != 1:
            text = "Exactly one of cidrIpv4, cidrIpv6, prefixListId and referencedGroupId must be given"
            raise Refusal("InvalidParameterCombination" if given else "MissingParameter", text)
        if given[0] != _peer(rule)[0]:
            text = f"Invalid rule type for security group rule '{rule.id}': its kind of peer cannot be changed."
            raise invalid(text)
        text = new.get("Description", "")
        _text(text, f"Invalid security group rule description: {text}")
        protocol, (low, high) = _protocol(new), _ports(new)
        _point(call, rule, given[0], new[keys[given[0]]])
        rule.ip_protocol, rule.from_port, rule.to_port = protocol, low, high
        if text:
            rule.ip_range["Description"] = text
    return {"Return": True}


@HOOKS.instead("ec2", "DescribeSecurityGroupRules")
def describe_rules(call: Call) -> Params:
    ec2: Any = backend(call)
    rules = [rule for groups in ec2.groups.values() for group in groups.values() for rule in _rules(group)]
    ids: list[str] = call.params.get("SecurityGroupRuleIds", [])
    unknown = sorted(set(ids) - {rule.id for rule in rules})
    if unknown:
        raise _no_rule(unknown[0])
    rules = [rule for rule in rules if not ids or rule.id in ids]
    for item in call.params.get("Filters", []):
        name, values = item["Name"], item.get("Values", [])
        rules = [rule for rule in rules if _filtered(rule, name) in values]
    return {"SecurityGroupRules": [_answer(rule) for rule in rules]}


def _filtered(rule: SecurityGroupRule, name: str) -> str | None:
    """What a filter of that name looks at."""
    if name == "group-id":
        return rule.group_id
    if name == "security-group-rule-id":
        return rule.id
    if name.startswith("tag:"):
        return {tag["key"]: tag["value"] for tag in rule.get_tags()}.get(name[4:])
    raise Refusal("NotImplemented", f"the filter {name} of security group rules is not implemented", 501)


def _answer(rule: SecurityGroupRule) -> Params:
    pairs, peer = _peer(rule)
    peers: dict[str, Params] = {
        "IpRanges": {"CidrIpv4": peer},
        "Ipv6Ranges": {"CidrIpv6": peer},
        "PrefixListIds": {"PrefixListId": peer},
        "UserIdGroupPairs": {"ReferencedGroupInfo": {"GroupId": peer, "UserId": rule.owner_id}},
    }
    return {
        "SecurityGroupRuleId": rule.id,
        "SecurityGroupRuleArn": f"{_arn(rule)}",
        "GroupId": rule.group_id,
        "GroupOwnerId": rule.owner_id,
        "IsEgress": rule.is_egress,
        "IpProtocol": rule.ip_protocol,
        "FromPort": -1 if rule.from_port is None else rule.from_port,
        "ToPort": -1 if rule.to_port is None else rule.to_port,
        **peers[pairs],
        **_described(rule),
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in rule.get_tags()],
    }


def _arn(rule: SecurityGroupRule) -> str:
    return f"arn:aws:ec2:{rule.ec2_backend.region_name}:{rule.owner_id}:security-group-rule/{rule.id}"
