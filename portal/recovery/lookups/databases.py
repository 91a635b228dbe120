"""Of databases: groups whose names the engine makes up; the description tells which database they are of."""

from __future__ import annotations

from typing import Final

from portal.recovery.lookup import Lookup

LOOKUPS: Final[dict[str, Lookup]] = {
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Lookup(
        service="rds",
        call="describe_db_cluster_parameter_groups",
        items="DBClusterParameterGroups",
        id="DBClusterParameterGroupName",
        same={
            "name": "DBClusterParameterGroupName",
            "family": "DBParameterGroupFamily",
            "description": "Description",
        },
        tags="",
    ),
    "aws:rds/subnetGroup:SubnetGroup": Lookup(
        service="rds",
        call="describe_db_subnet_groups",
        items="DBSubnetGroups",
        id="DBSubnetGroupName",
        same={"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
        tags="",
    ),
}
