"""What is the stack's own in its account, as far as names tell it: boundaries and the roles of CI are limited to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .statements import Condition

PROJECT = "portal"
"""The name in Pulumi.yaml: the engine keeps the states of the project's stacks under it."""
PROJECT_TAG = "project"
"""The tag of everything that the program makes and that takes tags; its value is the project's name."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The account of a stack and what the stack file names in it."""

    account: str
    region: str
    stack: str
    project: str = PROJECT
    data_buckets: tuple[str, ...] = ()
    """Names of the account's buckets, but those of environments."""
    readable_buckets: tuple[str, ...] = ()
    """Names of other accounts' buckets that roles of this one read or release into."""
    wdl_buckets: tuple[str, ...] = ()
    comms_buckets: tuple[str, ...] = ()
    log_buckets: tuple[str, ...] = ()
    """Those of the account's data buckets that access logs are delivered to."""
    imported_buckets: tuple[str, ...] = ()
    """Those of the account's that are taken in: previews read them."""
    repositories: tuple[str, ...] = ()
    """Of images, in this account."""
    imported_repositories: tuple[str, ...] = ()
    """Those that are taken in."""
    environments: tuple[str, ...] = ()
    networked: bool = False
    """There is a network: orchestrators or a cluster."""
    cdn_zones: tuple[str, ...] | None = None
    """The Route 53 zones of data CDNs and sites; None: the account has neither."""
    databases: Mapping[str, str] = field(default_factory=dict[str, str])
    """Identifiers of the database clusters, by environment."""
    imported_databases: tuple[str, ...] = ()
    """Identifiers of those that are taken in."""
    cluster: bool = False
    """There is a Kubernetes cluster."""

    @property
    def workspaces(self) -> tuple[str, ...]:
        """Names of the environments' own buckets."""
        return (*self.wdl_buckets, *self.comms_buckets)

    @property
    def orchestrated(self) -> bool:
        """Whether there is anything of :mod:`components.access.orchestration`."""
        return self.networked or bool(self.repositories)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def own(self) -> Condition:
        """Holds for what bears the project's tag."""
        return Condition(operator="StringEquals", key=f"aws:ResourceTag/{PROJECT_TAG}", values=(self.project,))
