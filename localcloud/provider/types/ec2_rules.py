"""Rules of a security group as pulumi-aws gives them inline, as AWS takes and answers them, and the ways between.

AWS facts: a rule is one protocol and range of ports to or from one address range, group or prefix list, with a
description of its own; with the protocol -1 it has no ports, which pulumi-aws writes as 0 and 0.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

State = dict[str, Any]


class Rule(NamedTuple):
    """One rule. `kind` is the block's list that the peer stands in."""

    protocol: str
    from_port: int
    to_port: int
    description: str
    kind: str
    peer: str


_API = {
    "cidr_blocks": ("IpRanges", "CidrIp"),
    "ipv6_cidr_blocks": ("Ipv6Ranges", "CidrIpv6"),
    "prefix_list_ids": ("PrefixListIds", "PrefixListId"),
    "security_groups": ("UserIdGroupPairs", "GroupId"),
}


def protocol(name: str) -> str:
    """AWS's spelling: small letters, -1 for all."""
    names = {"all": "-1", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
    return names.get(name.lower(), name.lower())


def of_blocks(blocks: Iterable[Mapping[str, Any]], group: str) -> dict[Rule, None]:
    """The single rules of inline blocks, in their order; `self` is the group itself."""
    found: dict[Rule, None] = {}
    for block in blocks:
        name = protocol(block["protocol"])
        ports = (0, 0) if name == "-1" else (block["from_port"], block["to_port"])
        peers = [(kind, peer) for kind in _API for peer in block.get(kind) or []]
        peers += [("security_groups", group)] if block.get("self") else []
        found |= {Rule(name, *ports, block.get("description") or "", kind, peer): None for kind, peer in peers}
    return found


def of_answer(permissions: Iterable[Mapping[str, Any]]) -> dict[Rule, None]:
    """The single rules of IpPermissions or IpPermissionsEgress."""
    found: dict[Rule, None] = {}
    for permission in permissions:
        name = permission["IpProtocol"]
        ports = (0, 0) if name == "-1" else (permission["FromPort"], permission["ToPort"])
        for kind, (pairs, key) in _API.items():
            for pair in permission.get(pairs, []):
                found[Rule(name, *ports, pair.get("Description") or "", kind, pair[key])] = None
    return found


def to_permission(rule: Rule) -> State:
    """One rule as an element of IpPermissions."""
    pairs, key = _API[rule.kind]
    described = {"Description": rule.description} if rule.description else {}
    ports = {} if rule.protocol == "-1" else {"FromPort": rule.from_port, "ToPort": rule.to_port}
    return {"IpProtocol": rule.protocol, **ports, pairs: [{key: rule.peer, **described}]}


def to_blocks(rules: Mapping[Rule, None], prior: Iterable[Mapping[str, Any]], group: str) -> list[State]:
    """The rules as blocks: those of `prior` that all hold as they are there, the others gathered by ports."""
    left, blocks = dict(rules), list[State]()
    for block in prior:
        parts = of_blocks([block], group)
        if parts and all(part in left for part in parts):
            blocks.append(dict(block))
            left = {rule: None for rule in left if rule not in parts}
    gathered: dict[tuple[str, int, int, str], State] = {}
    for rule in left:
        empty: State = {kind: [] for kind in _API}
        start = {"protocol": rule.protocol, "from_port": rule.from_port, "to_port": rule.to_port}
        block = gathered.setdefault(rule[:4], {**start, "description": rule.description, "self": False, **empty})
        if rule.peer == group:
            block["self"] = True
        else:
            block[rule.kind].append(rule.peer)
    return blocks + list(gathered.values())
