"""A copy of a cluster, restored from a snapshot beside it, and its removal.

AWS facts (Aurora user guide): a restored cluster has the snapshot's data, users and encryption, and no instances; what
is being made or changed can't be deleted until it is available; a cluster is deleted after its instances. A new master
password shows as a pending change until it is in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from components import aurora, names
from portal.drills.snapshots import Snapshot
from portal.drills.waiting import wait_for
from portal.errors import PortalError, code_of

ENGINE: Final = "aurora-postgresql"
TAG: Final = "restore-drill-of"
"""Its value is the cluster's name. Without it nothing is removed, whatever its name is."""
_CLUSTER_GONE, _INSTANCE_GONE = "DBClusterNotFoundFault", "DBInstanceNotFound"
_BUSY: Final = ("InvalidDBClusterStateFault", "InvalidDBInstanceState")


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The one copy of a cluster that can be there at a time. ``running``: the cluster, as RDS describes it."""

    rds: Any = field(repr=False)
    running: Mapping[str, Any]
    tags: Mapping[str, str]

    @property
    def cluster(self) -> str:
        return str(self.running["DBClusterIdentifier"])

    @property
    def name(self) -> str:
        return names.database_drill(self.cluster)

    @property
    def instance(self) -> str:
        return f"{self.name}-1"

    def described(self) -> Mapping[str, Any] | None:
        """None: it is not there. Raises PortalError for another cluster of that name."""
        try:
            [one] = self.rds.describe_db_clusters(DBClusterIdentifier=self.name)["DBClusters"]
        except ClientError as error:
            if code_of(error) == _CLUSTER_GONE:
                return None
            raise
        if {"Key": TAG, "Value": self.cluster} not in one.get("TagList", []):
            rule = f"is the name of the copy, and a cluster has it that no drill made (it has no tag {TAG})"
            raise PortalError(f"{self.name}: {rule}; nothing was touched")
        return one

    def create(self, snapshot: Snapshot, password: str) -> tuple[str, int]:
        """Restores it; host and port. ``password``: its master user's, whatever it was when the snapshot was taken."""
        self.restore(snapshot)
        wait_for(f"the restoring of {self.name}", self._available)
        self.rds.create_db_instance(
            DBInstanceIdentifier=self.instance,
            DBClusterIdentifier=self.name,
            Engine=ENGINE,
            DBInstanceClass="db.serverless",
            PubliclyAccessible=False,
            AutoMinorVersionUpgrade=False,
            Tags=self._tags(),
        )
        wait_for(f"the instance {self.instance}", self._serves)
        self.rds.modify_db_cluster(DBClusterIdentifier=self.name, MasterUserPassword=password, ApplyImmediately=True)
        cluster = wait_for(f"the password of {self.name}", self._available)
        return str(cluster["Endpoint"]), int(cluster["Port"])

    def restore(self, snapshot: Snapshot) -> None:
        """In the cluster's subnets, behind its security groups; encrypted as the snapshot is."""
        running = self.running
        same_major = snapshot.same_major(running["EngineVersion"])
        group = {"DBClusterParameterGroupName": running["DBClusterParameterGroup"]} if same_major else {}
        max_capacity = running.get("ServerlessV2ScalingConfiguration", {}).get("MaxCapacity", 8)
        self.rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier=self.name,
            SnapshotIdentifier=snapshot.name,
            Engine=ENGINE,
            EngineVersion=snapshot.version,
            DBSubnetGroupName=running["DBSubnetGroup"],
            VpcSecurityGroupIds=[one["VpcSecurityGroupId"] for one in running["VpcSecurityGroups"]],
            ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": max_capacity},
            DeletionProtection=False,
            CopyTagsToSnapshot=False,
            EngineLifecycleSupport=aurora.NO_EXTENDED_SUPPORT,
            Tags=self._tags(),
            **group,
        )

    def _tags(self) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in {**self.tags, TAG: self.cluster}.items()]

    def _available(self) -> Mapping[str, Any] | None:
        """None: not yet. Raises PortalError if it never will be."""
        one = self.described()
        if one is None or one["Status"] in ("failed", "deleting"):
            raise PortalError(f"{self.name} could not be restored: it is {one['Status'] if one else 'gone'}")
        return one if one["Status"] == "available" and not one.get("PendingModifiedValues") else None

    def _serves(self) -> bool | None:
        [one] = self.rds.describe_db_instances(DBInstanceIdentifier=self.instance)["DBInstances"]
        if one["DBInstanceStatus"] == "failed":
            raise PortalError(f"{self.instance} could not be made: it is failed")
        return True if one["DBInstanceStatus"] == "available" else None

    def remove(self) -> bool:
        """Removes it with its instances and backups, whatever state it is in; whether there was one."""
        if self.described() is None:
            return False
        wait_for(f"the removal of {self.name}", self._delete_next)
        return True

    def _delete_next(self) -> bool | None:
        """Takes the next step; None: there are more."""
        one = self.described()
        if one is None:
            return True
        for member in one["DBClusterMembers"]:
            self._delete_instance(member["DBInstanceIdentifier"])
        if not one["DBClusterMembers"] and one["Status"] != "deleting":
            self._attempt(
                _CLUSTER_GONE, self.rds.delete_db_cluster, DBClusterIdentifier=self.name, SkipFinalSnapshot=True,
                DeleteAutomatedBackups=True,
            )  # fmt: skip
        return None

    def _delete_instance(self, identifier: str) -> None:
        self._attempt(
            _INSTANCE_GONE, self.rds.delete_db_instance, DBInstanceIdentifier=identifier, SkipFinalSnapshot=True
        )

    @staticmethod
    def _attempt(gone: str, call: Any, **given: Any) -> None:
        """What is being made, changed or deleted is asked again later."""
        try:
            call(**given)
        except ClientError as error:
            if code_of(error) not in (gone, *_BUSY):
                raise
