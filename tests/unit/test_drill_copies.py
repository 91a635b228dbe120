"""With what a restore drill makes its copy, and that it waits for the password."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from portal.drills import waiting
from portal.drills.copies import TAG, Copy
from portal.drills.snapshots import Snapshot

RUNNING: dict[str, Any] = {
    "DBClusterIdentifier": "cryoet-prod",
    "EngineVersion": "17.10",
    "DBClusterParameterGroup": "cryoet-prod-aurora-postgresql17",
    "DBSubnetGroup": "cryoet-prod",
    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
    "ServerlessV2ScalingConfiguration": {"MinCapacity": 2.0, "MaxCapacity": 16.0},
}


class Rds:
    """Notes what it is asked for; describes the copy as a list says, and its instance as available."""

    def __init__(self, *described: dict[str, Any]) -> None:
        self.described, self.asked = [*described], dict[str, dict[str, Any]]()

    def __getattr__(self, call: str) -> Any:
        def answer(**given: Any) -> dict[str, Any]:
            self.asked[call] = given
            return {"DBInstances": [{"DBInstanceStatus": "available"}]}

        return answer

    def describe_db_clusters(self, **_: str) -> dict[str, Any]:
        one = self.described.pop(0)
        tags = [{"Key": TAG, "Value": "cryoet-prod"}]
        return {"DBClusters": [{"Endpoint": "copy", "Port": 5432, "TagList": tags, "Status": "available", **one}]}


def snapshot(version: str) -> Snapshot:
    return Snapshot(name="s", kind="manual", taken=datetime.now(UTC), version=version)


@pytest.mark.parametrize("version", ["17.9", "16.13"])
def test_a_copy_is_as_closed_as_its_cluster(version: str) -> None:
    """It has the cluster's parameters if they are of the snapshot's major version, or else that version's own."""
    rds = Rds()
    Copy(rds=rds, running=RUNNING, tags={"team": "lab"}).restore(snapshot(version))
    own = {"DBClusterParameterGroupName": "cryoet-prod-aurora-postgresql17"} if version == "17.9" else {}
    assert rds.asked["restore_db_cluster_from_snapshot"] == {
        "DBClusterIdentifier": "cryoet-prod-drill",
        "SnapshotIdentifier": "s",
        "Engine": "aurora-postgresql",
        "EngineVersion": version,
        "DBSubnetGroupName": "cryoet-prod",
        "VpcSecurityGroupIds": ["sg-1"],
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 16.0},
        "DeletionProtection": False,
        "CopyTagsToSnapshot": False,
        "EngineLifecycleSupport": "open-source-rds-extended-support-disabled",
        "Tags": [{"Key": "team", "Value": "lab"}, {"Key": TAG, "Value": "cryoet-prod"}],
        **own,
    }


def test_it_serves_once_its_password_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LONGEST_SECONDS", 0)
    pending = {"PendingModifiedValues": {"MasterUserPassword": "****"}}
    rds = Rds({"Status": "creating"}, {}, pending, {"Status": "resetting-master-credentials"}, {})
    assert Copy(rds=rds, running=RUNNING, tags={}).create(snapshot("17.10"), "a-password") == ("copy", 5432)
    assert rds.described == []
    assert rds.asked["create_db_instance"]["PubliclyAccessible"] is False
    assert rds.asked["modify_db_cluster"]["MasterUserPassword"] == "a-password"
