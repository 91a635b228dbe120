"""RDS, of which Aurora PostgreSQL alone: clusters with a real PostgreSQL each. Nothing of moto's.

Sources: the API reference, the Aurora user guide, the service authorization reference. What differs from AWS: an
endpoint is an address of this machine's loopback network, and every instance of a cluster is answered by one server,
whose version is that of the PostgreSQL at hand; security groups keep nobody out; nothing pauses, and no window comes.
"""

from __future__ import annotations

from localcloud.server.access.permission import Permission
from localcloud.server.call import Call
from localcloud.server.permissions import declared
from localcloud.server.service import Service

from . import store
from .lifecycle import forget

_CLUSTER = "arn:aws:rds:{region}:{account}:cluster:{DBClusterIdentifier}"
_GROUP = "arn:aws:rds:{region}:{account}:cluster-pg:{DBClusterParameterGroupName}"
_INSTANCE = "arn:aws:rds:{region}:{account}:db:{DBInstanceIdentifier}"
_SNAPSHOT = "arn:aws:rds:{region}:{account}:cluster-snapshot:{DBClusterSnapshotIdentifier}"
_SUBNETS = "arn:aws:rds:{region}:{account}:subgrp:{DBSubnetGroupName}"
_CREATIONS = (
    "CreateDBCluster", "CreateDBClusterParameterGroup", "CreateDBClusterSnapshot", "CreateDBInstance",
    "CreateDBSubnetGroup", "RestoreDBClusterFromSnapshot",
)  # fmt: skip


def _permissions(call: Call) -> list[Permission]:
    """Tags that are given to what a call makes are allowed for that alone, the first of what it names."""
    needed = declared(SERVICE, call)
    return [one for one in needed if one.action != "rds:AddTagsToResource" or one.resource == needed[0].resource]


SERVICE = Service(
    name="rds",
    permissions=_permissions,
    operations={
        (_CLUSTER, _GROUP, _SUBNETS): "CreateDBCluster",
        (_CLUSTER, _GROUP): "ModifyDBCluster",
        (_CLUSTER,): "DeleteDBCluster DescribeDBClusters",
        (_INSTANCE, _CLUSTER): "CreateDBInstance",
        (_INSTANCE,): "DeleteDBInstance DescribeDBInstances ModifyDBInstance RebootDBInstance",
        (_SUBNETS,): "CreateDBSubnetGroup DeleteDBSubnetGroup DescribeDBSubnetGroups ModifyDBSubnetGroup",
        (_GROUP,): """CreateDBClusterParameterGroup DeleteDBClusterParameterGroup DescribeDBClusterParameterGroups
            DescribeDBClusterParameters ModifyDBClusterParameterGroup ResetDBClusterParameterGroup""",
        (_SNAPSHOT, _CLUSTER): "CreateDBClusterSnapshot DescribeDBClusterSnapshots",
        (_SNAPSHOT,): "DeleteDBClusterSnapshot",
        (
            _CLUSTER,
            "arn:aws:rds:{region}:{account}:cluster-snapshot:{SnapshotIdentifier}",
            _SUBNETS,
        ): "RestoreDBClusterFromSnapshot",
        ("{ResourceName}",): "AddTagsToResource ListTagsForResource RemoveTagsFromResource",
        ("arn:aws:rds::{account}:global-cluster:{GlobalClusterIdentifier}",): "DescribeGlobalClusters",
        ("*",): "DescribeDBEngineVersions",
    },
    tags_on_create=dict.fromkeys(_CREATIONS, "AddTagsToResource"),
    resource=store.resource,
    inventory=store.inventory,
    reset=forget,
    stop=forget,
    modules=("groups", "clusters", "instances", "snapshots", "restoring", "tagging", "network"),
    loads_late=True,
)
