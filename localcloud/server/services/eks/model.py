"""Clusters of EKS, by account and region, and what they answer of what they have."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from localcloud.server.call import Call, Refusal

from .parts import CREATING_SECONDS, Addon, Association, Entry, Tags, Update, later, now
from .running import Running

NOT_FOUND: Final = "ResourceNotFoundException"


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
