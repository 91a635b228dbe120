"""The account's Kubernetes cluster, as its stack file describes it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components import eks, rules
from components.machines import DISK_GIB, MEMORY_GIB, VCPUS, Architecture, Capacity, MachinesArgs
from settings.base import LogDays, Model, bounded, rule

AddOn = Annotated[str, rule(eks.add_on_fault), Field(json_schema_extra={"enum": [eks.METRICS, eks.SECRETS]})]


class Cluster(Model):
    """Kubernetes for the environments' services, in EKS Auto Mode: machines come and go with the pods."""

    version: Annotated[str, rule(eks.fault), Field(json_schema_extra={"enum": [*eks.SUPPORT_ENDS]})]
    """Of Kubernetes. An upgrade goes to the next minor version, never back. AWS upgrades a cluster whose version has
    left standard support by itself."""
    architecture: Architecture = "arm64"
    """Of the machines; the services' images must be built for it."""
    capacity_types: Annotated[tuple[Capacity, ...], Field(min_length=1, max_length=2)] = ("on-demand",)
    """``spot`` is cheaper, and AWS takes a machine back with two minutes' notice."""
    max_vcpus: Annotated[int, bounded(VCPUS)] = 32
    """Of each environment's machines: it bounds the cost, and pods beyond it wait."""
    max_memory_gib: Annotated[int, bounded(MEMORY_GIB)] = 128
    """The same for memory."""
    disk_gib: Annotated[int, bounded(DISK_GIB)] = 80
    """Of each machine's disk, for images and what containers write. After a change machines are replaced one by one."""
    public_access: Annotated[tuple[Annotated[str, rule(rules.endpoint_network)], ...], Field(max_length=40)]
    """Public IPv4 networks, like ``8.8.8.0/24``, that reach Kubernetes over the internet; whatever runs ``up`` must be
    in one of them. ``[]``: Kubernetes is reached from inside the account's network alone, where ``up`` then runs."""
    readers: tuple[Annotated[str, rule(rules.principal)], ...] = ()
    """ARNs of roles and users that may look at everything in it but Secrets, beside the operators."""
    add_on_versions: dict[AddOn, Annotated[str, rule(eks.add_on_version_fault)]] = Field(default={})
    """Of the cluster's add-ons, in place of those that go with ``version``. EKS refuses one that it doesn't publish for
    that version."""
    log_days: LogDays = 90
    """How long the control plane's log is kept; one of CloudWatch's numbers."""
    retire: bool = False
    """Let go of the cluster: it is no longer protected, and removing the entry deletes it with all that runs in it."""

    @property
    def machines(self) -> MachinesArgs:
        return MachinesArgs(
            architecture=self.architecture,
            capacity_types=self.capacity_types,
            max_vcpus=self.max_vcpus,
            max_memory_gib=self.max_memory_gib,
            disk_gib=self.disk_gib,
        )
