"""aws:rds/clusterInstance:ClusterInstance. Its id is the instance's identifier.

AWS facts: the instance's version is its cluster's; a deletion of an instance of a cluster takes no snapshot.
"""

from typing import ClassVar, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.resource import Operation, State
from localcloud.provider.tags import as_map
from localcloud.provider.types.rds_common import GONE, given, retag, tags
from localcloud.provider.types.s3_common import optional
from localcloud.provider.types.waiting import Found, WithStatus

_SET: Final = {
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
    "instance_class": "DBInstanceClass",
    "performance_insights_enabled": "EnablePerformanceInsights",
    "performance_insights_kms_key_id": "PerformanceInsightsKMSKeyId",
    "performance_insights_retention_period": "PerformanceInsightsRetentionPeriod",
    "promotion_tier": "PromotionTier",
    "publicly_accessible": "PubliclyAccessible",
}
_MADE_WITH: Final = {
    "availability_zone": "AvailabilityZone",
    "cluster_identifier": "DBClusterIdentifier",
    "engine": "Engine",
    "identifier": "DBInstanceIdentifier",
}
_NUMBERS: Final = frozenset({"promotion_tier"})
_FLAGS: Final = frozenset(
    {"auto_minor_version_upgrade", "copy_tags_to_snapshot", "performance_insights_enabled", "publicly_accessible"}
)


class ClusterInstance(WithStatus):
    """A writer or reader of a cluster."""

    tf = "aws_rds_cluster_instance"
    pulumi = "aws:rds/clusterInstance:ClusterInstance"
    status, ready = "DBInstanceStatus", "available"
    handles = frozenset({*_SET, *_MADE_WITH})
    steers: ClassVar = {"apply_immediately": None, "force_destroy": False}
    autoname = Autoname("identifier", 63, lower=True)

    def create(self, op: Operation) -> str:
        tier = {"PromotionTier": op.new.get("promotion_tier") or 0}
        request = {**given(op, {**_SET, **_MADE_WITH}), **tier, **tags(op)}
        return str(op.client("rds").create_db_instance(**request)["DBInstance"]["DBInstanceIdentifier"])

    def state(self, op: Operation, found: Found) -> State:
        rds, cluster = op.client("rds"), found["DBClusterIdentifier"]
        members = rds.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"][0]["DBClusterMembers"]
        return {
            **{name: found.get(api) for name, api in {**_SET, **_MADE_WITH}.items()},
            "arn": found["DBInstanceArn"],
            "ca_cert_identifier": found["CACertificateIdentifier"],
            "db_subnet_group_name": found["DBSubnetGroup"]["DBSubnetGroupName"],
            "dbi_resource_id": found["DbiResourceId"],
            "endpoint": found.get("Endpoint", {}).get("Address"),
            "port": found.get("Endpoint", {}).get("Port"),
            "engine_version": found["EngineVersion"],
            "engine_version_actual": found["EngineVersion"],
            "kms_key_id": found.get("KmsKeyId", ""),
            "monitoring_interval": found["MonitoringInterval"] or None,
            "network_type": found["NetworkType"],
            "performance_insights_enabled": found["PerformanceInsightsEnabled"],
            "storage_encrypted": found["StorageEncrypted"],
            "writer": any(one["DBInstanceIdentifier"] == op.resource_id and one["IsClusterWriter"] for one in members),
            "tags_all": as_map(found["TagList"]),
        }

    def update(self, op: Operation) -> None:
        request = given(op, _SET, op.changed)
        request |= {_SET[name]: bool(op.new.get(name)) for name in op.changed & _FLAGS}
        request |= {_SET[name]: op.new.get(name) or 0 for name in op.changed & _NUMBERS}
        if request:
            at_once = bool(op.new.get("apply_immediately"))
            op.client("rds").modify_db_instance(
                DBInstanceIdentifier=op.resource_id, ApplyImmediately=at_once, **request
            )
            self.until(op, "available")
        retag(op)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("rds").delete_db_instance(DBInstanceIdentifier=op.resource_id), GONE)
        self.until(op, None)

    def described(self, op: Operation) -> Found | None:
        rds = op.client("rds")
        answer = optional(lambda: rds.describe_db_instances(DBInstanceIdentifier=op.resource_id), GONE)
        return answer["DBInstances"][0] if answer else None
