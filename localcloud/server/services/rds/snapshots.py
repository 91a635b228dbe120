"""Snapshots of clusters: each outlives its cluster, and is a whole copy of the data."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import describing, lifecycle, refusals
from .model import Cluster, Region, Snapshot, as_list, available, region_of, tags_of


def take(region: Region, cluster: Cluster, identifier: str, kind: str, tags: dict[str, str]) -> Snapshot:
    """A copy of the cluster's data. For a cluster that goes, its data end with the copying."""
    snapshot, copy = _register(region, cluster, identifier, kind, tags)
    lifecycle.later(copy, lambda _: setattr(snapshot, "status", "failed"))
    return snapshot


def _register(
    region: Region, cluster: Cluster, identifier: str, kind: str, tags: dict[str, str]
) -> tuple[Snapshot, Callable[[], None]]:
    """The snapshot, and what fills it."""
    name = refusals.identifier(identifier, "DBClusterSnapshotIdentifier")
    if name in region.snapshots:
        text = f"Cannot create the cluster snapshot because one with the identifier {name} already exists."
        raise Refusal("DBClusterSnapshotAlreadyExistsFault", text)
    snapshot = region.snapshots[name] = Snapshot(
        identifier=name,
        arn=region.arn("cluster-snapshot", name),
        cluster=describing.cluster(region, cluster),
        settings=dict(cluster.settings),
        folder=lifecycle.new_folder(),
        kind=kind,
        tags=tags,
    )

    def copy() -> None:
        cluster.server.copy_to(snapshot.folder)
        snapshot.status = "available"
        if region.clusters.get(cluster.identifier) is not cluster:
            lifecycle.end(cluster)

    return snapshot, copy


def before_upgrade(region: Region, cluster: Cluster, version: str) -> Callable[[], None]:
    """Makes what AWS keeps of a cluster before it becomes another major version."""
    time = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M-%S")
    old, new = (one.replace(".", "-") for one in (cluster.version, version))
    name = f"preupgrade-{cluster.identifier}-{old}-to-{new}-{time}"[:63].rstrip("-")
    return _register(region, cluster, name, "manual", {})[1]


def described(one: Snapshot) -> dict[str, Any]:
    plain = ("AvailabilityZones", "Engine", "EngineMode", "EngineVersion", "MasterUsername", "Port", "StorageEncrypted")
    return {
        **{name: one.cluster[name] for name in plain},
        **({"KmsKeyId": one.cluster["KmsKeyId"]} if one.cluster.get("KmsKeyId") else {}),
        "DBClusterSnapshotIdentifier": one.identifier,
        "DBClusterSnapshotArn": one.arn,
        "DBClusterIdentifier": one.cluster["DBClusterIdentifier"],
        "DbClusterResourceId": one.cluster["DbClusterResourceId"],
        "AllocatedStorage": 1,
        "Status": one.status,
        "PercentProgress": 100 if one.status == "available" else 0,
        "SnapshotType": one.kind,
        "SnapshotCreateTime": one.created,
        "ClusterCreateTime": one.cluster["ClusterCreateTime"],
        "LicenseModel": "postgresql-license",
        "IAMDatabaseAuthenticationEnabled": False,
        "TagList": as_list(one.tags),
    }


@HOOKS.instead("rds", "CreateDBClusterSnapshot")
def create(call: Call) -> Params:
    region = region_of(call)
    cluster = region.cluster(call.params["DBClusterIdentifier"])
    available(cluster)
    tags = {**(cluster.tags if cluster.settings["CopyTagsToSnapshot"] else {}), **tags_of(call)}
    snapshot = take(region, cluster, call.params["DBClusterSnapshotIdentifier"], "manual", tags)
    return {"DBClusterSnapshot": described(snapshot)}


@HOOKS.instead("rds", "DescribeDBClusterSnapshots")
def describe(call: Call) -> Params:
    params, region = call.params, region_of(call)
    identifier = params.get("DBClusterSnapshotIdentifier")
    snapshots = [region.snapshot(identifier)] if identifier else list(region.snapshots.values())
    cluster, kind = params.get("DBClusterIdentifier"), params.get("SnapshotType")
    return {
        "DBClusterSnapshots": [
            described(one)
            for one in snapshots
            if cluster in (None, one.cluster["DBClusterIdentifier"]) and kind in (None, one.kind)
        ]
    }


@HOOKS.instead("rds", "DeleteDBClusterSnapshot")
def delete(call: Call) -> Params:
    region = region_of(call)
    gone = region.snapshot(call.params["DBClusterSnapshotIdentifier"])
    del region.snapshots[gone.identifier]
    lifecycle.later(lambda: shutil.rmtree(gone.folder.parent, ignore_errors=True), lambda _: None)
    return {"DBClusterSnapshot": described(gone) | {"Status": "deleted"}}
