"""Of load balancing: its ``Describe`` calls, which show no tags."""

from __future__ import annotations

from typing import Final

from portal.recovery.lookup import Lookup

_ABSENT: Final = frozenset({"LoadBalancerNotFound", "TargetGroupNotFound", "ListenerNotFound"})


def _balancing(call: str, items: str, id_: str, *, asked: dict[str, str] | None = None, **same: str) -> Lookup:
    """What Elastic Load Balancing lists without tags: its name, port or number tells it from others."""
    return Lookup(
        service="elbv2", call=call, items=items, id=id_, same=same, asked=asked or {}, tags="", absent=_ABSENT
    )


LOOKUPS: Final[dict[str, Lookup]] = {
    "aws:lb/listener:Listener": _balancing(
        "describe_listeners", "Listeners", "ListenerArn", asked={"LoadBalancerArn": "loadBalancerArn"}, port="Port"
    ),
    "aws:lb/listenerRule:ListenerRule": _balancing(
        "describe_rules",
        "Rules[?!IsDefault]",
        "RuleArn",
        asked={"ListenerArn": "listenerArn"},
        priority="to_number(Priority)",
    ),
    "aws:lb/loadBalancer:LoadBalancer": _balancing(
        "describe_load_balancers", "LoadBalancers", "LoadBalancerArn", name="LoadBalancerName"
    ),
    "aws:lb/targetGroup:TargetGroup": Lookup(  # by its tags: pulumi-aws makes its name of a prefix, and tells nobody
        service="elbv2",
        call="describe_target_groups",
        items="TargetGroups",
        id="TargetGroupArn",
        same={"vpcId": "VpcId", "port": "Port"},
        tags_call="describe_tags",
        tags_asked="ResourceArns",
        tags_asked_in_list=True,
        tags="TagDescriptions[].Tags[]",
        absent=_ABSENT,
    ),
}
