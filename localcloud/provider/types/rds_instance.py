"""aws:rds/clusterInstance:ClusterInstance. Its id is the instance's identifier.

AWS facts: the instance's version is its cluster's; a deletion of an instance of a cluster takes no snapshot.
"""

from typing import Any, ClassVar, Final

from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.tags import as_map
from localcloud.provider.types.rds_common import GONE, await_status, given, retag, tags
from localcloud.provider.types.s3_common import optional

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


class ClusterInstance(Resource):
    """A writer or reader of a cluster."""

    tf = "aws_rds_cluster_instance"
    handles = frozenset({*_SET, *_MADE_WITH})
    steers: ClassVar = {"apply_immediately": None, "force_destroy": False}

    def create(self, op: Operation) -> str:
        tier = {"PromotionTier": op.new.get("promotion_tier") or 0}
        request = {**given(op, {**_SET, **_MADE_WITH}), **tier, **tags(op)}
        return str(op.client("rds").create_db_instance(**request)["DBInstance"]["DBInstanceIdentifier"])

    def settle(self, op: Operation) -> None:
        self._await(op, "available")

    def read(self, op: Operation) -> State | None:
        found = self._find(op)
        if found is None:
            return None
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
            self._await(op, "available")
        retag(op)

    def delete(self, op: Operation) -> None:
        optional(lambda: op.client("rds").delete_db_instance(DBInstanceIdentifier=op.resource_id), GONE)
        self._await(op, None)

    def _find(self, op: Operation) -> dict[str, Any] | None:
        rds = op.client("rds")
        answer = optional(lambda: rds.describe_db_instances(DBInstanceIdentifier=op.resource_id), GONE)
        return answer["DBInstances"][0] if answer else None

    def _await(self, op: Operation, status: str | None) -> None:
        await_status(lambda: (self._find(op) or {}).get("DBInstanceStatus"), status)
