"""Clusters made from snapshots.

AWS facts: a restored cluster has the data, users, passwords and encryption of the snapshot, its port and how long
backups are kept, and nothing else: no instances, and the default parameter group unless another is named.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import clusters, describing, lifecycle, refusals, versions
from .model import Cluster, Region, region_of

_WITH: Final = clusters.CREATED_WITH - {"MasterUsername", "MasterUserPassword"} | {"SnapshotIdentifier"}
_INHERITED: Final = ("MasterUsername", "DatabaseName", "StorageEncrypted", "KmsKeyId", "BackupRetentionPeriod")


@HOOKS.instead("rds", "RestoreDBClusterFromSnapshot")
def restore(call: Call) -> Params:
    region = region_of(call)
    source = region.snapshot(call.params["SnapshotIdentifier"])
    refusals.only(call, _WITH)
    if source.status != "available":
        text = f"The snapshot {source.identifier} is not available: it is {source.status}"
        raise Refusal("InvalidDBClusterSnapshotStateFault", text)
    cluster = _restored(call, region, source.settings)
    lifecycle.fill(cluster, lambda: Path(source.folder))
    return {"DBCluster": describing.cluster(region, cluster)}


def _restored(call: Call, region: Region, before: dict[str, Any]) -> Cluster:
    refusals.of_aurora(call.params)
    version = versions.exact(call.params.get("EngineVersion") or before["EngineVersion"])
    versions.check_upgrade(before["EngineVersion"], version, major_allowed=True)
    settings = clusters.settings_of(call, region, version)
    settings |= {name: before[name] for name in _INHERITED if name not in call.params}
    settings["Port"] = call.params.get("Port", before["Port"])
    cluster = clusters.add(call, region, settings, "")
    cluster.initialised = True
    return cluster
