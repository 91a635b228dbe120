"""What Describe calls answer of clusters and instances."""

from __future__ import annotations

from typing import Any

from .model import Cluster, Instance, Region, as_list
from .versions import ENGINE

CERTIFICATE = {"CAIdentifier": "rds-ca-rsa2048-g1"}


def host(region: Region, identifier: str, kind: str = "") -> str:
    """The name that AWS would give the endpoint; here it stands in the certificate alone."""
    middle = f".{kind}-{region.host_id}" if kind else f".{region.host_id}"
    return f"{identifier}{middle}.{region.region}.rds.amazonaws.com"


def cluster(region: Region, one: Cluster) -> dict[str, Any]:
    settings, group = one.settings, region.subnet_groups.get(one.subnet_group)
    zones = sorted({zone for _, zone in group.subnets}) if group else []
    scaling = dict(settings["ServerlessV2ScalingConfiguration"] or {})
    if scaling and not scaling["MinCapacity"]:
        scaling.setdefault("SecondsUntilAutoPause", 300)
    plain = (
        "AutoMinorVersionUpgrade", "BackupRetentionPeriod", "CopyTagsToSnapshot", "DBClusterParameterGroup",
        "DatabaseName", "DeletionProtection", "EnabledCloudwatchLogsExports", "EngineLifecycleSupport",
        "EngineVersion", "KmsKeyId", "MasterUsername", "Port", "PreferredBackupWindow", "PreferredMaintenanceWindow",
        "StorageEncrypted", "StorageType",
    )  # fmt: skip
    described: dict[str, Any] = {
        **{name: settings[name] for name in plain},
        "AllocatedStorage": 1,
        "AvailabilityZones": zones,
        "DBClusterIdentifier": one.identifier,
        "DBSubnetGroup": one.subnet_group,
        "Status": one.status,
        "Endpoint": one.endpoint,
        "ReaderEndpoint": one.endpoint,
        "MultiAZ": len(one.instances) > 1,
        "Engine": ENGINE,
        "EngineMode": "provisioned",
        "HostedZoneId": "Z2R2ITUGPM61AM",
        "DBClusterMembers": [_member(index, instance) for index, instance in enumerate(one.instances)],
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": group_id, "Status": "active"} for group_id in settings["VpcSecurityGroupIds"]
        ],
        "DbClusterResourceId": one.resource,
        "DBClusterArn": one.arn,
        "AssociatedRoles": [],
        "IAMDatabaseAuthenticationEnabled": False,
        "ClusterCreateTime": one.created,
        "HttpEndpointEnabled": False,
        "CrossAccountClone": False,
        "NetworkType": "IPV4",
        "TagList": as_list(one.tags),
        "ServerlessV2ScalingConfiguration": scaling or None,
        "PendingModifiedValues": dict(one.pending) or None,
    }
    return {name: value for name, value in described.items() if value is not None}


def _member(index: int, instance: Instance) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": instance.identifier,
        "IsClusterWriter": index == 0,
        "DBClusterParameterGroupStatus": "pending-reboot" if instance.parameters_pending else "in-sync",
        "PromotionTier": instance.settings["PromotionTier"],
    }


def instance(region: Region, one: Instance) -> dict[str, Any]:
    owner = region.cluster(one.cluster)
    described: dict[str, Any] = {
        **one.settings,
        "DBInstanceIdentifier": one.identifier,
        "DBInstanceStatus": one.status,
        "Engine": ENGINE,
        "EngineVersion": one.engine_version,
        "MasterUsername": owner.settings["MasterUsername"],
        "DBName": owner.settings["DatabaseName"],
        "AllocatedStorage": 1,
        "InstanceCreateTime": one.created,
        "PreferredBackupWindow": owner.settings["PreferredBackupWindow"],
        "BackupRetentionPeriod": owner.settings["BackupRetentionPeriod"],
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": group_id, "Status": "active"} for group_id in owner.settings["VpcSecurityGroupIds"]
        ],
        "DBSubnetGroup": region.subnet_group(owner.subnet_group).described(),
        "AvailabilityZone": one.zone,
        "MultiAZ": False,
        "LicenseModel": "postgresql-license",
        "StorageType": "aurora",
        "DBClusterIdentifier": owner.identifier,
        "StorageEncrypted": owner.settings["StorageEncrypted"],
        "KmsKeyId": owner.settings["KmsKeyId"],
        "DbiResourceId": one.resource,
        "DBInstanceArn": one.arn,
        "CACertificateIdentifier": CERTIFICATE["CAIdentifier"],
        "CertificateDetails": CERTIFICATE,
        "MonitoringInterval": 0,
        "NetworkType": "IPV4",
        "TagList": as_list(one.tags),
        "Endpoint": None
        if one.status == "creating"
        else {"Address": owner.endpoint, "Port": owner.settings["Port"], "HostedZoneId": "Z2R2ITUGPM61AM"},
    }
    return {name: value for name, value in described.items() if value is not None}
