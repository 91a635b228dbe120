"""What an account has of EKS in a region: clusters, and by whom and what each is used.

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

from localcloud.server.call import Call, Refusal
from localcloud.server.timescale import SCALE

from .running import Running

Tags = dict[str, str]
CREATING_SECONDS: Final = 0.2
CHANGING_SECONDS: Final = 0.1
DELETING_SECONDS: Final = 0.1
NOT_FOUND: Final = "ResourceNotFoundException"


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


@dataclass(kw_only=True)
class Cluster:
    """``settings``: the members of its description that requests give, in the form in which it is described."""

    name: str
    account: str
    region: str
    version: str
    settings: dict[str, Any]
    tags: Tags
    running: Running
    vpc_id: str
    security_group: str
    created: datetime = field(default_factory=now)
    ready_at: float = field(default_factory=lambda: later(CREATING_SECONDS))
    gone_at: float | None = None
    updates: dict[str, Update] = field(default_factory=dict[str, Update])
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    addons: dict[str, Addon] = field(default_factory=dict[str, Addon])
    associations: dict[str, Association] = field(default_factory=dict[str, Association])

    @property
    def arn(self) -> str:
        return self.sub_arn("cluster")

    def sub_arn(self, kind: str, *path: str) -> str:
        """The ARN of the cluster, or of something that it has."""
        return f"arn:aws:eks:{self.region}:{self.account}:{'/'.join((kind, self.name, *path))}"

    @property
    def status(self) -> str:
        if self.gone_at is not None:
            return "DELETING"
        if self.running.failure:
            return "FAILED"
        if time.monotonic() < self.ready_at or not self.running.serves:
            return "CREATING"
        return "UPDATING" if self.update_in_progress else "ACTIVE"

    @property
    def update_in_progress(self) -> Update | None:
        return next((one for one in self.updates.values() if one.status == "InProgress"), None)

    @property
    def auto_mode(self) -> bool:
        return bool(self.settings["computeConfig"]["enabled"])

    @property
    def takes_entries(self) -> bool:
        return self.settings["accessConfig"]["authenticationMode"] != "CONFIG_MAP"

    def settle(self) -> None:
        """Lets what has taken its time come to its end."""
        for update in list(self.updates.values()):
            update.settle()
        for addon in list(self.addons.values()):
            for update in list(addon.updates.values()):
                update.settle()
            if addon.gone_at is not None and time.monotonic() >= addon.gone_at:
                del self.addons[addon.name]

    def entry(self, principal: str) -> Entry:
        found = self.entries.get(principal)
        if found is None:
            text = "The specified principalArn could not be found. You can view your available access entries with "
            raise Refusal(NOT_FOUND, f"{text}'list-access-entries'. principalArn: {principal}", 404)
        return found

    def association(self, identifier: str) -> Association:
        found = self.associations.get(identifier)
        if found is None:
            raise Refusal(NOT_FOUND, f"No association with id {identifier} in cluster {self.name}.", 404)
        return found

    def addon(self, name: str) -> Addon:
        found = self.addons.get(name)
        if found is None:
            raise Refusal(NOT_FOUND, f"No addon: {name} found in cluster: {self.name}", 404)
        return found


@dataclass(kw_only=True)
class Region:
    """What an account has in a region."""

    account: str
    region: str
    all: dict[str, Cluster] = field(default_factory=dict[str, Cluster])

    @property
    def clusters(self) -> dict[str, Cluster]:
        """Without those that are gone by now."""
        for cluster in list(self.all.values()):
            if cluster.gone_at is not None and time.monotonic() >= cluster.gone_at:
                del self.all[cluster.name]
            else:
                cluster.settle()
        return self.all

    def cluster(self, name: str) -> Cluster:
        found = self.clusters.get(name)
        if found is None:
            raise Refusal(NOT_FOUND, f"No cluster found for name: {name}.", 404)
        return found


REGIONS: dict[tuple[str, str], Region] = {}


def region_of(call: Call) -> Region:
    """The account of the call in its region."""
    account, name = call.account or call.caller.account_id, call.region
    return REGIONS.setdefault((account, name), Region(account=account, region=name))


def cluster_of(call: Call, parameter: str = "clusterName") -> Cluster:
    """The cluster that the call names. Raises Refusal."""
    return region_of(call).cluster(call.params[parameter])


def active(cluster: Cluster) -> Cluster:
    """Raises Refusal unless the cluster takes what belongs to it: add-ons, entries, associations."""
    if cluster.status not in ("ACTIVE", "UPDATING"):
        text = f"Cluster '{cluster.name}' is not in a valid state: its status is {cluster.status}."
        raise Refusal("InvalidRequestException", text)
    return cluster


def page(call: Call, items: list[Any], member: str) -> dict[str, Any]:
    """The items from ``nextToken`` on, and the next token if there are more than ``maxResults``."""
    first = int(call.params.get("nextToken") or 0)
    end = first + int(call.params.get("maxResults") or 100)
    return {member: items[first:end], **({"nextToken": str(end)} if end < len(items) else {})}
