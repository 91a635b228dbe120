"""Which snapshot of a cluster a drill restores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.errors import PortalError


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One of a cluster's snapshots."""

    name: str
    kind: str
    """automated, manual or awsbackup."""
    taken: datetime
    version: str
    """Of the engine."""

    def same_major(self, version: str) -> bool:
        """Whether the cluster, which is of that version, was not upgraded to another major since."""
        return self.version.partition(".")[0] == version.partition(".")[0]

    def summary(self, now: datetime | None = None) -> str:
        """In a line: kind, name, age."""
        minutes = int(((now or datetime.now(UTC)) - self.taken).total_seconds() // 60)
        days, hours = divmod(minutes // 60, 24)
        age = f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"
        return f"{self.kind} snapshot {self.name}, taken {self.taken:%Y-%m-%dT%H:%M:%SZ}, {age} ago"


def newest(rds: Any, cluster: str, resource: str) -> Snapshot:
    """The newest one that can be restored, automated or manual. ``resource``: the cluster's DbClusterResourceId; a
    cluster that had the name before it had another one. Raises PortalError if there is none."""
    pages = rds.get_paginator("describe_db_cluster_snapshots").paginate(DBClusterIdentifier=cluster)
    complete = [
        one
        for page in pages
        for one in page["DBClusterSnapshots"]
        if one["Status"] == "available" and one.get("DbClusterResourceId", resource) == resource
    ]
    if not complete:
        take = f"aws rds create-db-cluster-snapshot --db-cluster-identifier {cluster}"
        rule = f"take one: {take} --db-cluster-snapshot-identifier {cluster}-drill-1, as somebody of its account"
        raise PortalError(f"the cluster {cluster} has no snapshot that is available; {rule}")
    last = max(complete, key=lambda one: one["SnapshotCreateTime"])
    if not last["StorageEncrypted"]:
        raise PortalError(f"the snapshot {last['DBClusterSnapshotIdentifier']} is not encrypted: it is not restored")
    return Snapshot(
        name=last["DBClusterSnapshotIdentifier"],
        kind=last["SnapshotType"],
        taken=last["SnapshotCreateTime"],
        version=last["EngineVersion"],
    )
