"""The load balancers, listeners, rules and target groups of all accounts, by ARN.

AWS facts: an ARN ends in an id of 16 hexadecimal digits that AWS makes up; that of a listener goes on from its load
balancer's, that of a rule from its listener's.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any, Final, TypeVar

from localcloud.server.arns import HasArn
from localcloud.server.call import Params, Refusal
from localcloud.server.service import Resource

T = TypeVar("T")
LOCK: Final = threading.RLock()
"""Over the targets of groups: calls, health checks and requests come at the same time."""


def _now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return secrets.token_hex(8)


@dataclass(kw_only=True)
class Thing(HasArn):
    """What has an ARN and tags. ``attributes``: only those that were set."""

    arn: str
    tags: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def path(self) -> str:
        """What of the ARN follows its kind: ``app/NAME/ID`` and further ids."""
        return self.arn.split(":", 5)[5].partition("/")[2]


@dataclass(kw_only=True)
class LoadBalancer(Thing):
    name: str
    vpc: str
    subnets: dict[str, str]
    """By id, the zone of each."""
    security_groups: list[str]
    created: datetime = field(default_factory=_now)

    @property
    def dns_name(self) -> str:
        return f"internal-{self.name}-{int(self.path.rpartition('/')[2], 16) % 10**10}.{self.region}.elb.amazonaws.com"


@dataclass(kw_only=True)
class Listener(Thing):
    load_balancer: LoadBalancer
    port: int
    protocol: str
    actions: list[Params]
    certificate: str = ""
    ssl_policy: str = ""


@dataclass(kw_only=True)
class Rule(Thing):
    listener: Listener
    priority: int
    conditions: list[Params]
    actions: list[Params]


@dataclass(kw_only=True)
class Target:
    """``registered`` and ``draining_since`` are of :func:`time.monotonic`."""

    address: str
    port: int
    zone: str
    registered: float
    state: str = "initial"
    reason: str = "Elb.RegistrationInProgress"
    description: str = "Target registration is in progress"
    successes: int = 0
    failures: int = 0
    checked: float | None = None
    """When its last check began."""
    draining_since: float | None = None
    idle: list[HTTPConnection] = field(default_factory=list[HTTPConnection])
    """Open connections to it that wait for the next request."""


@dataclass(kw_only=True)
class TargetGroup(Thing):
    name: str
    protocol: str
    port: int
    vpc: str
    protocol_version: str
    health_check: Params
    """As DescribeTargetGroups has it."""
    targets: dict[tuple[str, int], Target] = field(default_factory=dict[tuple[str, int], Target])
    turn: int = 0
    """How many requests it got: they go round its targets."""


LOAD_BALANCERS: Final[dict[str, LoadBalancer]] = {}
LISTENERS: Final[dict[str, Listener]] = {}
RULES: Final[dict[str, Rule]] = {}
TARGET_GROUPS: Final[dict[str, TargetGroup]] = {}


def _things() -> Iterator[Thing]:
    for things in (LOAD_BALANCERS, LISTENERS, RULES, TARGET_GROUPS):
        yield from list(things.values())


def thing(arn: str) -> Thing | None:
    return next((things[arn] for things in (LOAD_BALANCERS, LISTENERS, RULES, TARGET_GROUPS) if arn in things), None)


def _existing(things: Mapping[str, T], arn: str, kind: str) -> T:
    """Raises Refusal."""
    if arn not in things:
        raise Refusal(f"{kind.title().replace(' ', '')}NotFound", f"{kind} '{arn}' not found")
    return things[arn]


def load_balancer(arn: str) -> LoadBalancer:
    """Raises Refusal."""
    return _existing(LOAD_BALANCERS, arn, "Load balancer")


def listener(arn: str) -> Listener:
    """Raises Refusal."""
    return _existing(LISTENERS, arn, "Listener")


def rule(arn: str) -> Rule:
    """Raises Refusal."""
    return _existing(RULES, arn, "Rule")


def target_group(arn: str) -> TargetGroup:
    """Raises Refusal."""
    return _existing(TARGET_GROUPS, arn, "Target group")


def listeners_of(one: LoadBalancer) -> list[Listener]:
    return [each for each in list(LISTENERS.values()) if each.load_balancer is one]


def rules_of(one: Listener) -> list[Rule]:
    """In their order."""
    return sorted((each for each in list(RULES.values()) if each.listener is one), key=lambda each: each.priority)


def groups_in(actions: Iterable[Params]) -> list[str]:
    """The ARNs of the target groups that actions forward to."""
    forwards = [action["ForwardConfig"] for action in actions if action["Type"] == "forward"]
    return [group["TargetGroupArn"] for config in forwards for group in config["TargetGroups"]]


def load_balancers_of(group: TargetGroup) -> list[str]:
    """The ARNs of those with a listener or a rule that names the group."""
    naming = [one for one in list(LISTENERS.values()) if group.arn in groups_in(one.actions)]
    naming += [one.listener for one in list(RULES.values()) if group.arn in groups_in(one.actions)]
    return list(dict.fromkeys(one.load_balancer.arn for one in naming))


def resource(arn: str) -> Resource | None:
    found = thing(arn)
    if found is None:
        return None
    facts: dict[str, Any] = {}
    if isinstance(found, LoadBalancer):
        facts = {"vpc": found.vpc, "subnets": list(found.subnets), "dns_name": found.dns_name, "type": "application"}
    return Resource(owner=found.account, tags=found.tags, facts=facts)


def inventory(account: str) -> Iterator[str]:
    return (one.arn for one in _things() if one.account == account)


def users(arn: str) -> Iterator[str]:
    """Load balancers whose listeners have a certificate."""
    return (one.load_balancer.arn for one in list(LISTENERS.values()) if one.certificate == arn)


def reset() -> None:
    with LOCK:
        for things in (LOAD_BALANCERS, LISTENERS, RULES, TARGET_GROUPS):
            things.clear()


def as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_in(params: Params) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in params.get("Tags") or []}
