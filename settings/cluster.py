"""The account's Kubernetes cluster, as its stack file describes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components import eks, rules
from components.machines import MachinesArgs
from settings.base import LogDays, Model, rule


def _network(value: str) -> str | None:
    return rules.addresses(value) or (None if ":" not in value else "EKS takes IPv4 networks alone")


class Cluster(Model):
    """Kubernetes for the environments' services, in EKS Auto Mode: machines come and go with the pods."""

    version: Annotated[str, rule(eks.fault), Field(json_schema_extra={"enum": [*eks.SUPPORT_ENDS]})]
    """Of Kubernetes. An upgrade goes to the next minor version, never back. AWS upgrades a cluster whose version has
    left standard support by itself."""
    architecture: Literal["arm64", "amd64"] = "arm64"
    """Of the machines; the services' images must be built for it."""
    capacity_types: Annotated[tuple[Literal["on-demand", "spot"], ...], Field(min_length=1, max_length=2)] = (
        "on-demand",
    )
    """``spot`` is cheaper, and AWS takes a machine back with two minutes' notice."""
    max_vcpus: Annotated[int, Field(ge=2, le=1_000)] = 32
    """Of each environment's machines: it bounds the cost, and pods beyond it wait."""
    max_memory_gib: Annotated[int, Field(ge=4, le=4_000)] = 128
    """The same for memory."""
    public_access: Annotated[tuple[Annotated[str, rule(_network)], ...], Field(max_length=40)] = ()
    """Networks like ``192.0.2.0/24`` that reach Kubernetes over the internet; what runs ``up`` must be in one of them,
    or in the account's own network. Left out: from inside the network alone."""
    readers: tuple[Annotated[str, rule(rules.principal)], ...] = ()
    """ARNs of roles and users that may look at everything in it but Secrets, beside the operators."""
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
        )
