"""Roles of services, each a component of its own: the role and its managed policies."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from localcloud.provider_eks.monitor import Monitor, Registered
from localcloud.provider_eks.outputs import Output

POLICIES = "arn:aws:iam::aws:policy/"


@dataclass(frozen=True)
class ServiceRole:
    """``complete``: URNs of the role and of all that is attached to it."""

    role: Registered
    complete: frozenset[str]


@dataclass(frozen=True)
class Roles:
    """``cluster``: the role that EKS acts as. ``after``: what must be complete before the cluster is made."""

    cluster: Registered
    after: frozenset[str]
    nodes: ServiceRole | None
    instances: ServiceRole | None


def service_role(
    monitor: Monitor,
    name: str,
    parent: str,
    *,
    service: str,
    policies: Sequence[str],
    tags: Output,
    description: str | None = None,
    actions: Sequence[str] = ("sts:AssumeRole",),
) -> ServiceRole:
    """Registers ``eks:index:ServiceRole``."""
    component = monitor.component("eks:index:ServiceRole", name, parent).urn
    statement = {"Action": list(actions), "Effect": "Allow", "Principal": {"Service": [service]}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
    inputs = {"assumeRolePolicy": Output(trust), "description": Output(description), "tags": tags}
    role = monitor.resource("aws:iam/role:Role", f"{name}-role", component, inputs)
    attached = [_attach(monitor, name, component, role, f"{POLICIES}{policy}") for policy in policies]
    monitor.finish(component, {"directRole": role.reference, "resolvedRole": role.reference})
    return ServiceRole(role, frozenset({role.urn, *(one.urn for one in attached)}))


def _attach(monitor: Monitor, name: str, component: str, role: Registered, policy: str) -> Registered:
    digest = hashlib.sha1(policy.encode(), usedforsecurity=False).hexdigest()[:8]
    inputs = {"role": role["name"], "policyArn": Output(policy)}
    return monitor.resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", f"{name}-{digest}", component, inputs)
