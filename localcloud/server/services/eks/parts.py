"""What clusters have: access entries, associations, add-ons, and updates under way.

AWS facts: what is being made, changed or deleted says so in its status for some minutes, which are parts of a second
here and follow the time scale. An access entry stands for a role's unique id, not for its name: a role that is made
again under the same ARN is not let in.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from localcloud.server.timescale import SCALE

Tags = dict[str, str]
CREATING_SECONDS: Final = 0.2
CHANGING_SECONDS: Final = 0.1
DELETING_SECONDS: Final = 0.1


def now() -> datetime:
    return datetime.now(UTC)


def later(seconds: float) -> float:
    """The moment, of the monotonic clock, that is so many of AWS's seconds away."""
    return time.monotonic() + SCALE.real(seconds)


@dataclass(kw_only=True)
class Update:
    """A change of a cluster or an add-on: it takes effect when it is done."""

    type: str
    params: list[dict[str, str]]
    apply: Callable[[], None]
    done_at: float = field(default_factory=lambda: later(CHANGING_SECONDS))
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: datetime = field(default_factory=now)
    status: Literal["InProgress", "Successful"] = "InProgress"

    def described(self) -> dict[str, Any]:
        params = {"params": self.params, "createdAt": self.created, "errors": []}
        return {"id": self.id, "status": self.status, "type": self.type, **params}

    def settle(self) -> None:
        if self.status == "InProgress" and time.monotonic() >= self.done_at:
            self.status = "Successful"
            self.apply()


@dataclass(kw_only=True)
class Policy:
    """An access policy that an entry has, in the whole cluster (no namespaces) or in some namespaces."""

    arn: str
    namespaces: tuple[str, ...] | None
    associated: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)

    def described(self) -> dict[str, Any]:
        kind = "cluster" if self.namespaces is None else "namespace"
        scope = {"type": kind, "namespaces": list(self.namespaces or ())}
        return {
            "policyArn": self.arn, "accessScope": scope, "associatedAt": self.associated, "modifiedAt": self.modified,
        }  # fmt: skip


@dataclass(kw_only=True)
class Entry:
    """Who is let into a cluster. ``unique_id``: of the role or user, when the entry was made."""

    cluster: str
    arn: str
    principal: str
    unique_id: str
    type: str
    username: str
    groups: list[str]
    tags: Tags
    policies: dict[str, Policy] = field(default_factory=dict[str, Policy])
    created: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)

    def described(self) -> dict[str, Any]:
        return {
            "clusterName": self.cluster,
            "principalArn": self.principal,
            "kubernetesGroups": self.groups,
            "accessEntryArn": self.arn,
            "createdAt": self.created,
            "modifiedAt": self.modified,
            "tags": self.tags,
            "username": self.username,
            "type": self.type,
        }


@dataclass(kw_only=True)
class Association:
    """The role that the pods of a service account get."""

    cluster: str
    arn: str
    id: str
    namespace: str
    service_account: str
    role: str
    tags: Tags
    session_tags: bool = True
    created: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)

    def described(self) -> dict[str, Any]:
        return {
            "clusterName": self.cluster,
            "namespace": self.namespace,
            "serviceAccount": self.service_account,
            "roleArn": self.role,
            "associationArn": self.arn,
            "associationId": self.id,
            "tags": self.tags,
            "createdAt": self.created,
            "modifiedAt": self.modified,
            "disableSessionTags": not self.session_tags,
        }


@dataclass(kw_only=True)
class Addon:
    """Software of AWS's in a cluster. ``gone_at``: it is being deleted until then."""

    cluster: str
    name: str
    arn: str
    version: str
    configuration: str | None
    tags: Tags
    ready_at: float = field(default_factory=lambda: later(CHANGING_SECONDS))
    gone_at: float | None = None
    updates: dict[str, Update] = field(default_factory=dict[str, Update])
    created: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)
