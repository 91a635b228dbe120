"""Namespace: one environment's part of the cluster, where nothing is let in or out that a service doesn't name.

Rests on: EKS user guide "Network policies" and "Security groups": pods carry the security groups of their machine, so
that what an environment's pods alone may reach (its database) needs machines of its own; a policy with an empty
selector and no rules denies everything. Pod Security Standards: `restricted` refuses pods that could become root.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
from pulumi_aws import ec2, vpc

from . import cluster_roles, manifest, rules
from .checks import Args, Fault, refused, within
from .cluster import Cluster
from .machines import MachinesArgs
from .network import ANYWHERE
from .nodes import node_pool

READINESS_GATE: Final = {"eks.amazonaws.com/pod-readiness-gate-inject": "enabled"}
"""Label: a pod is ready once the load balancer has found it healthy, and so a rollout waits for that."""
POD_SECURITY: Final = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


@dataclass(frozen=True, kw_only=True)
class NamespaceArgs(Args):
    environment: str
    """Its name is the namespace's, and that of its machines' pool."""
    cluster: Cluster
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    """Private ones."""
    machines: MachinesArgs = field(default_factory=MachinesArgs)

    def faults(self) -> Iterator[Fault]:
        yield from refused("environment", self.environment, rules.word(self.environment))
        yield from within("machines", self.machines.faults())


class Namespace(pulumi.ComponentResource):
    """A namespace, its machines, and the security group that they alone have."""

    namespace: str
    pool: str
    """The node pool that its pods run on."""
    security_group_id: pulumi.Output[str]
    """The group of its machines, and so of its pods."""

    def __init__(self, name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        args.check(name)
        super().__init__("portal:cluster:Namespace", name, None, opts)
        self.name, self._args = name, args
        self.namespace = self.pool = args.environment

        group = self._security_group()
        self.security_group_id = group.id
        node_pool(
            self.pool,
            args.machines,
            role=args.cluster.node_role,
            subnet_ids=args.subnet_ids,
            security_groups=[args.cluster.security_group_id, group.id],
            opts=self._inside(*args.cluster.ready),
        )
        space = self._namespace()
        self._deny_by_default(space)
        cluster_roles.let_deploy(f"{self.name}-deployers", self.namespace, self._inside(space))
        self.register_outputs({"namespace": self.namespace, "security_group_id": self.security_group_id})

    def _inside(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, provider=self._args.cluster.provider, depends_on=[*after])

    def _security_group(self) -> ec2.SecurityGroup:
        """Lets its members go anywhere: what each pod may reach, its network policy says."""
        own = pulumi.ResourceOptions(parent=self)
        group = ec2.SecurityGroup(
            f"{self.name}-pods",
            description=f"Pods of the environment {self._args.environment}",
            vpc_id=self._args.vpc_id,
            tags={"Name": f"{self._args.environment}-pods"},
            opts=own,
        )
        vpc.SecurityGroupEgressRule(
            f"{self.name}-pods-out",
            security_group_id=group.id,
            cidr_ipv4=ANYWHERE,
            ip_protocol="-1",
            description="Network policies say what each pod reaches",
            opts=own,
        )
        return group

    def _namespace(self) -> pulumi.CustomResource:
        labels = {**POD_SECURITY, **READINESS_GATE}
        return manifest.apply(
            f"{self.name}-namespace",
            "v1",
            "Namespace",
            {"name": self.namespace, "labels": labels},
            self._inside(*self._args.cluster.ready),
        )

    def _deny_by_default(self, space: pulumi.Resource) -> None:
        manifest.apply(
            f"{self.name}-deny",
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {"name": "deny-by-default", "namespace": self.namespace},
            self._inside(space),
            spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        )
