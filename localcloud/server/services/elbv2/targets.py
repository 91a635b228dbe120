"""Targets of a group: registered, deregistered, and what is known of their health.

AWS facts: an address is of the group's VPC (or private, with the zone `all`); one that is deregistered is draining for
the group's delay; registering it again begins anew.
"""

from __future__ import annotations

import ipaddress
import time
from typing import Any, Final

from localcloud.server import registry
from localcloud.server.call import HOOKS, Call, Params, Refusal
from localcloud.server.timescale import SCALE

from . import attributes, health, store, upstream
from .attributes import invalid
from .store import Target, TargetGroup

_PODS: Final = ipaddress.ip_network("10.0.0.0/8")
"""What has one of these addresses listens on this machine's loopback network."""


@HOOKS.instead("elbv2", "RegisterTargets")
def register(call: Call) -> Params:
    group = store.target_group(call.params["TargetGroupArn"])
    registered = [_target(group, one) for one in call.params["Targets"]]
    with store.LOCK:
        for target in registered:
            present = group.targets.get((target.address, target.port))
            if present is None or present.draining_since is not None:
                group.targets[target.address, target.port] = target
    health.wake()
    return {}


def _target(group: TargetGroup, given: Params) -> Target:
    try:
        address = ipaddress.IPv4Address(given["Id"])
    except ValueError:
        raise invalid(f"The IP address '{given['Id']}' is not a valid IPv4 address") from None
    if address not in _PODS:
        text = f"elbv2 targets outside {_PODS} are not implemented here: {address} would listen nowhere."
        raise Refusal("NotImplemented", text, 501)
    vpc = registry.resource(f"arn:aws:ec2:{group.region}:{group.account}:vpc/{group.vpc}")
    within = vpc is not None and address in ipaddress.ip_network(vpc.facts["cidr"])
    if not within and not (given.get("AvailabilityZone") == "all" and address.is_private):
        raise invalid(f"The IP address '{address}' is not within any CIDR block of VPC '{group.vpc}'")
    zone = given.get("AvailabilityZone") or ("" if within else "all")
    return Target(address=str(address), port=given.get("Port", group.port), zone=zone, registered=time.monotonic())


@HOOKS.instead("elbv2", "DeregisterTargets")
def deregister(call: Call) -> Params:
    group = store.target_group(call.params["TargetGroupArn"])
    with store.LOCK:
        chosen = [target for one in call.params["Targets"] for target in _named(group, one)]
        if not chosen:
            raise Refusal("InvalidTarget", "The following targets are not registered to the target group")
        for target in chosen:
            target.draining_since = target.draining_since or time.monotonic()
        forget_drained(group)
    return {}


def _named(group: TargetGroup, given: Params) -> list[Target]:
    """Without a port, all of an address."""
    return [
        one for one in group.targets.values() if one.address == given["Id"] and given.get("Port", one.port) == one.port
    ]


def forget_drained(group: TargetGroup) -> None:
    """Under the lock: drops the targets whose delay is over."""
    delay = SCALE.real(float(attributes.value(group, attributes.TARGET_GROUP, "deregistration_delay.timeout_seconds")))
    if not store.load_balancers_of(group):
        delay = 0
    now = time.monotonic()
    for key, target in list(group.targets.items()):
        if target.draining_since is not None and now - target.draining_since >= delay:
            del group.targets[key]
            upstream.close(target)


@HOOKS.instead("elbv2", "DescribeTargetHealth")
def describe(call: Call) -> Params:
    if call.params.get("Include"):
        raise Refusal("NotImplemented", "elbv2 Include of DescribeTargetHealth is not implemented here.", 501)
    group = store.target_group(call.params["TargetGroupArn"])
    with store.LOCK:
        forget_drained(group)
        used = bool(store.load_balancers_of(group))
        if "Targets" not in call.params:
            return {"TargetHealthDescriptions": [_described(group, one, used) for one in group.targets.values()]}
        rows: list[Params] = []
        for given in call.params["Targets"]:
            named = [_described(group, one, used) for one in _named(group, given)]
            rows += named or [_unknown(group, given)]
    return {"TargetHealthDescriptions": rows}


def _described(group: TargetGroup, one: Target, used: bool) -> Params:
    target: dict[str, Any] = {"Id": one.address, "Port": one.port}
    if one.zone:
        target["AvailabilityZone"] = one.zone
    state = {"State": one.state, "Reason": one.reason, "Description": one.description}
    if not used:
        text = "Target group is not configured to receive traffic from the load balancer"
        state = {"State": "unused", "Reason": "Target.NotInUse", "Description": text}
    elif one.draining_since is not None:
        text = "Target deregistration is in progress"
        state = {"State": "draining", "Reason": "Target.DeregistrationInProgress", "Description": text}
    known = {key: value for key, value in state.items() if value}
    return {"Target": target, "HealthCheckPort": str(health.port(group, one)), "TargetHealth": known}


def _unknown(group: TargetGroup, given: Params) -> Params:
    text = "Target is not registered to the target group"
    return {
        "Target": {"Id": given["Id"], "Port": given.get("Port", group.port)},
        "TargetHealth": {"State": "unused", "Reason": "Target.NotRegistered", "Description": text},
    }
