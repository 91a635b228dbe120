"""aws:rds/cluster:Cluster. Its id is the cluster's identifier.

AWS facts: a password is never answered; a version that waits for the maintenance window is answered as the old one; the
pause of a cluster whose least capacity isn't 0 is not answered; capacity in the program is not taken away by leaving
it out.
"""

from typing import Any, ClassVar, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.plan import REFUSED, Faults, Plan
from localcloud.provider.resource import Operation, State
from localcloud.provider.tags import as_map
from localcloud.provider.types.rds_common import GONE, given, retag, tags
from localcloud.provider.types.s3_common import optional
from localcloud.provider.types.waiting import Found, WithStatus

_SET: Final = {
    "backup_retention_period": "BackupRetentionPeriod",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
    "db_cluster_parameter_group_name": "DBClusterParameterGroupName",
    "deletion_protection": "DeletionProtection",
    "engine_version": "EngineVersion",
    "iam_database_authentication_enabled": "EnableIAMDatabaseAuthentication",
    "master_password": "MasterUserPassword",
    "port": "Port",
    "preferred_backup_window": "PreferredBackupWindow",
    "preferred_maintenance_window": "PreferredMaintenanceWindow",
    "vpc_security_group_ids": "VpcSecurityGroupIds",
}
"""Inputs that CreateDBCluster and ModifyDBCluster call the same."""
_MADE_WITH: Final = {
    "cluster_identifier": "DBClusterIdentifier",
    "database_name": "DatabaseName",
    "db_subnet_group_name": "DBSubnetGroupName",
    "enabled_cloudwatch_logs_exports": "EnableCloudwatchLogsExports",
    "engine": "Engine",
    "engine_lifecycle_support": "EngineLifecycleSupport",
    "engine_mode": "EngineMode",
    "kms_key_id": "KmsKeyId",
    "master_username": "MasterUsername",
    "storage_encrypted": "StorageEncrypted",
}
_SCALING: Final = {
    "min_capacity": "MinCapacity",
    "max_capacity": "MaxCapacity",
    "seconds_until_auto_pause": "SecondsUntilAutoPause",
}


_CAPACITY: Final = "serverlessv2_scaling_configuration"


def _capacity_stays(plan: Plan) -> Faults:
    if plan.old.get(_CAPACITY) and not plan.new.get(_CAPACITY):
        plan.new[_CAPACITY] = plan.old[_CAPACITY]
    return []


class Cluster(WithStatus):
    """A cluster, without its instances."""

    tf = "aws_rds_cluster"
    pulumi = "aws:rds/cluster:Cluster"
    status, ready = "Status", "available"
    handles = frozenset(
        {
            *_SET, *_MADE_WITH, "master_password_wo", "master_password_wo_version",
            "serverlessv2_scaling_configuration",
        }
    )  # fmt: skip
    steers: ClassVar = {
        "allow_major_version_upgrade": None,
        "apply_immediately": None,
        "delete_automated_backups": True,
        "final_snapshot_identifier": None,
        "skip_final_snapshot": True,
    }
    recomputed = frozenset({"engine_version_actual"})
    autoname = Autoname("cluster_identifier", 63, lower=True)
    plan_rules = (
        ("storage_type", REFUSED),
        ("snapshot_identifier removed", REFUSED),
        ("engine_mode empty", "the default fills it in"),
        ("removing serverlessv2_scaling_configuration", _capacity_stays),
    )

    def create(self, op: Operation) -> str:
        request = {**given(op, {**_SET, **_MADE_WITH}), **self._capacity(op), **self._password(op), **tags(op)}
        return str(op.client("rds").create_db_cluster(**request)["DBCluster"]["DBClusterIdentifier"])

    def state(self, op: Operation, found: Found) -> State:
        scaling = found.get("ServerlessV2ScalingConfiguration") or {}
        return {
            **{name: found.get(api) for name, api in {**_SET, **_MADE_WITH}.items()},
            "arn": found["DBClusterArn"],
            "allocated_storage": found["AllocatedStorage"],
            "availability_zones": found["AvailabilityZones"],
            "cluster_members": [one["DBInstanceIdentifier"] for one in found["DBClusterMembers"]],
            "cluster_resource_id": found["DbClusterResourceId"],
            "db_cluster_parameter_group_name": found["DBClusterParameterGroup"],
            "db_subnet_group_name": found["DBSubnetGroup"],
            "enabled_cloudwatch_logs_exports": found["EnabledCloudwatchLogsExports"],
            "endpoint": found["Endpoint"],
            "engine_version": _spelled(op.old.get("engine_version"), found["EngineVersion"]),
            "engine_version_actual": found["EngineVersion"],
            "global_cluster_identifier": self._global(op, found["DBClusterArn"]),
            "hosted_zone_id": found["HostedZoneId"],
            "iam_database_authentication_enabled": found["IAMDatabaseAuthenticationEnabled"],
            "master_password": op.old.get("master_password"),
            "master_password_wo_version": op.old.get("master_password_wo_version"),
            "network_type": found["NetworkType"],
            "reader_endpoint": found["ReaderEndpoint"],
            "serverlessv2_scaling_configuration": {name: scaling.get(api) for name, api in _SCALING.items()}
            if scaling
            else None,
            "storage_type": found.get("StorageType", ""),
            "vpc_security_group_ids": [one["VpcSecurityGroupId"] for one in found["VpcSecurityGroups"]],
            "tags_all": as_map(found["TagList"]),
        }

    def update(self, op: Operation) -> None:
        request = {**given(op, _SET, op.changed), **self._capacity(op), **self._exports(op)}
        for name in op.changed & {"deletion_protection", "copy_tags_to_snapshot"}:
            request[_SET[name]] = bool(op.new.get(name))
        if "master_password_wo_version" in op.changed:
            request |= self._password(op)
        if "engine_version" in op.changed:
            request["AllowMajorVersionUpgrade"] = bool(op.new.get("allow_major_version_upgrade"))
            request |= given(op, {"db_cluster_parameter_group_name": "DBClusterParameterGroupName"})
        if request:
            at_once = bool(op.new.get("apply_immediately"))
            op.client("rds").modify_db_cluster(DBClusterIdentifier=op.resource_id, ApplyImmediately=at_once, **request)
            self.until(op, "available")
        retag(op)

    def delete(self, op: Operation) -> None:
        """With what the state says, not the program: an update comes first."""
        final = op.old.get("final_snapshot_identifier")
        skip = bool(op.old.get("skip_final_snapshot"))
        kept = {} if skip or not final else {"FinalDBSnapshotIdentifier": final}
        optional(
            lambda: op.client("rds").delete_db_cluster(
                DBClusterIdentifier=op.resource_id,
                SkipFinalSnapshot=skip,
                DeleteAutomatedBackups=bool(op.old.get("delete_automated_backups")),
                **kept,
            ),
            GONE,
        )
        self.until(op, None)

    def described(self, op: Operation) -> Found | None:
        rds = op.client("rds")
        answer = optional(lambda: rds.describe_db_clusters(DBClusterIdentifier=op.resource_id), GONE)
        return answer["DBClusters"][0] if answer else None

    def _global(self, op: Operation, arn: str) -> str | None:
        """The global cluster that has it as a member."""
        wanted = [{"Name": "db-cluster-id", "Values": [arn]}]
        answer = op.client("rds").describe_global_clusters(Filters=wanted)["GlobalClusters"]
        return answer[0]["GlobalClusterIdentifier"] if answer else None

    def _password(self, op: Operation) -> dict[str, Any]:
        """Sent for another version alone."""
        password, version = op.new.get("master_password_wo"), op.new.get("master_password_wo_version")
        return {"MasterUserPassword": password} if password and version is not None else {}

    def _capacity(self, op: Operation) -> dict[str, Any]:
        block = op.new.get("serverlessv2_scaling_configuration")
        if not block or (op.resource_id and "serverlessv2_scaling_configuration" not in op.changed):
            return {}
        values = {api: block.get(name) for name, api in _SCALING.items()}
        if values["MinCapacity"]:
            values["SecondsUntilAutoPause"] = None
        return {"ServerlessV2ScalingConfiguration": {k: v for k, v in values.items() if v is not None}}

    def _exports(self, op: Operation) -> dict[str, Any]:
        name = "enabled_cloudwatch_logs_exports"
        if name not in op.changed:
            return {}
        old, new = set(op.old.get(name) or []), set(op.new.get(name) or [])
        changes = {"EnableLogTypes": sorted(new - old), "DisableLogTypes": sorted(old - new)}
        return {"CloudwatchLogsExportConfiguration": changes}


def _spelled(before: str | None, actual: str) -> str:
    """A version that the program gives in part, as 17, stays so."""
    return before if before and f"{actual}.".startswith(f"{before}.") else actual
