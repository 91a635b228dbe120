"""The web ACL of a distribution, tried before anything else.

AWS facts: rules go by priority, the first that allows or blocks decides, else the default action; a group of AWS's
rules blocks by itself, unless it is only to count; a rate counts the requests of an address in a sliding window. Here
it counts at once, where AWS looks some times a minute.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from localcloud.edge.managed_rules import GROUPS
from localcloud.edge.viewer import Viewer
from localcloud.server import registry

_LOCK = threading.Lock()
_requests: dict[tuple[str, str, str], deque[float]] = {}
"""When an address asked, by web ACL, rule and address."""


def reset() -> None:
    with _LOCK:
        _requests.clear()


def blocks(viewer: Viewer) -> bool:
    arn = viewer.distribution.config["WebACLId"]
    acl = registry.resource(arn) if arn else None
    if acl is None:
        return False
    for rule in sorted(acl.facts["Rules"], key=lambda one: one["Priority"]):
        if not _matches(rule["Statement"], viewer, (arn, rule["Name"])):
            continue
        if "Action" in rule:
            return "Block" in rule["Action"]
        if "None" in rule["OverrideAction"]:  # a group's own action, which is to block
            return True
    return "Block" in acl.facts["DefaultAction"]


def _matches(statement: Mapping[str, Any], viewer: Viewer, rule: tuple[str, str]) -> bool:
    [(kind, content)] = statement.items()
    if kind == "IPSetReferenceStatement":
        addresses = registry.resource(content["ARN"])
        source = ipaddress.ip_address(viewer.request.source_ip)
        return addresses is not None and any(
            source in ipaddress.ip_network(one) for one in addresses.facts["Addresses"]
        )
    if kind == "ManagedRuleGroupStatement":
        return GROUPS[content["Name"]](viewer)
    if kind == "RateBasedStatement":
        return _over(content, viewer, rule)
    if kind == "NotStatement":
        return not _matches(content["Statement"], viewer, rule)
    each = (_matches(one, viewer, rule) for one in content["Statements"])
    return any(each) if kind == "OrStatement" else all(each)


def _over(rate: Mapping[str, Any], viewer: Viewer, rule: tuple[str, str]) -> bool:
    now, window = time.monotonic(), rate.get("EvaluationWindowSec", 300)
    with _LOCK:
        times = _requests.setdefault((*rule, viewer.request.source_ip), deque(maxlen=rate["Limit"] + 1))
        times.append(now)
        while times[0] <= now - window:
            times.popleft()
        return len(times) > rate["Limit"]
