"""aws:rds/subnetGroup:SubnetGroup and aws:rds/clusterParameterGroup:ClusterParameterGroup. Their ids are their names.

AWS facts: at most 20 parameters change in one call; a parameter that is no longer set is reset by name. pulumi-aws
reads the parameters that were set, and of the system's own those that the program names.
"""

from collections.abc import Iterator
from typing import Any, Final

from localcloud.provider.autoname import Autoname
from localcloud.provider.resource import Operation, Resource, State
from localcloud.provider.session import has_code
from localcloud.provider.types.iam_common import name_of
from localcloud.provider.types.rds_common import GONE, Found, retag, tags, tags_of
from localcloud.provider.types.s3_common import optional

MOST_IN_A_CALL: Final = 20
RELEASE_SECONDS: Final = 10.0
"""How long a deletion waits for the cluster that used it. pulumi-aws waits three minutes."""


class SubnetGroup(Resource):
    """The subnets that clusters may be in."""

    tf = "aws_db_subnet_group"
    pulumi = "aws:rds/subnetGroup:SubnetGroup"
    awaits_removal = True
    handles = frozenset({"name", "name_prefix", "description", "subnet_ids"})
    autoname = Autoname("name", 255, lower=True)

    def create(self, op: Operation) -> str:
        made = op.client("rds").create_db_subnet_group(
            DBSubnetGroupName=name_of(op.new),
            DBSubnetGroupDescription=op.new["description"],
            SubnetIds=op.new["subnet_ids"],
            **tags(op),
        )
        return str(made["DBSubnetGroup"]["DBSubnetGroupName"])

    def read(self, op: Operation) -> State | None:
        rds, name = op.client("rds"), op.resource_id
        answer = optional(lambda: rds.describe_db_subnet_groups(DBSubnetGroupName=name), GONE)
        if answer is None:
            return None
        found = answer["DBSubnetGroups"][0]
        return {
            "arn": found["DBSubnetGroupArn"],
            "name": found["DBSubnetGroupName"],
            "description": found["DBSubnetGroupDescription"],
            "subnet_ids": [one["SubnetIdentifier"] for one in found["Subnets"]],
            "supported_network_types": found["SupportedNetworkTypes"],
            "vpc_id": found["VpcId"],
            "tags_all": tags_of(op, found["DBSubnetGroupArn"]),
        }

    def update(self, op: Operation) -> None:
        if op.changed & {"description", "subnet_ids"}:
            op.client("rds").modify_db_subnet_group(
                DBSubnetGroupName=op.resource_id,
                DBSubnetGroupDescription=op.new["description"],
                SubnetIds=op.new["subnet_ids"],
            )
        retag(op)

    def delete(self, op: Operation) -> None:
        rds = op.client("rds")
        call = lambda: optional(lambda: rds.delete_db_subnet_group(DBSubnetGroupName=op.resource_id), GONE)  # noqa: E731
        op.retry(call, has_code("InvalidDBSubnetGroupStateFault"), RELEASE_SECONDS)


class ClusterParameterGroup(Resource):
    """Parameters of clusters of one family."""

    tf = "aws_rds_cluster_parameter_group"
    pulumi = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
    handles = frozenset({"name", "name_prefix", "description", "family", "parameter"})
    autoname = Autoname("name", 255, lower=True)

    def create(self, op: Operation) -> str:
        made = op.client("rds").create_db_cluster_parameter_group(
            DBClusterParameterGroupName=name_of(op.new),
            DBParameterGroupFamily=op.new["family"],
            Description=op.new["description"],
            **tags(op),
        )
        return str(made["DBClusterParameterGroup"]["DBClusterParameterGroupName"])

    def settle(self, op: Operation) -> None:
        self._set(op, op.new.get("parameter") or [])

    def read(self, op: Operation) -> State | None:
        rds, name = op.client("rds"), {"DBClusterParameterGroupName": op.resource_id}
        answer = optional(lambda: rds.describe_db_cluster_parameter_groups(**name), GONE)
        if answer is None:
            return None
        found, pages = answer["DBClusterParameterGroups"][0], rds.get_paginator("describe_db_cluster_parameters")
        values = [one for page in pages.paginate(**name, Source="user") for one in page["Parameters"]]
        configured = {one["name"] for one in (op.new or op.old).get("parameter") or []}
        system = [one for page in pages.paginate(**name, Source="system") for one in page["Parameters"]]
        values += [one for one in system if one["ParameterName"] in configured]
        return {
            "arn": found["DBClusterParameterGroupArn"],
            "name": found["DBClusterParameterGroupName"],
            "description": found["Description"],
            "family": found["DBParameterGroupFamily"],
            "parameter": [
                {"name": one["ParameterName"], "value": one["ParameterValue"], "apply_method": one["ApplyMethod"]}
                for one in values
            ],
            "tags_all": tags_of(op, found["DBClusterParameterGroupArn"]),
        }

    def update(self, op: Operation) -> None:
        if "parameter" in op.changed:
            old, new = op.old.get("parameter") or [], op.new.get("parameter") or []
            self._set(op, [one for one in new if one not in old])
            named = {one["name"] for one in new}
            self._reset(op, [one for one in old if one["name"] not in named])
        retag(op)

    def delete(self, op: Operation) -> None:
        rds, name = op.client("rds"), {"DBClusterParameterGroupName": op.resource_id}
        call = lambda: optional(lambda: rds.delete_db_cluster_parameter_group(**name), GONE)  # noqa: E731
        op.retry(call, has_code("InvalidDBParameterGroupState"), RELEASE_SECONDS)

    def _set(self, op: Operation, parameters: list[State]) -> None:
        for some in _calls(parameters, value=True):
            op.client("rds").modify_db_cluster_parameter_group(
                DBClusterParameterGroupName=op.resource_id, Parameters=some
            )

    def _reset(self, op: Operation, parameters: list[State]) -> None:
        for some in _calls(parameters, value=False):
            op.client("rds").reset_db_cluster_parameter_group(
                DBClusterParameterGroupName=op.resource_id, Parameters=some
            )


def _calls(parameters: list[State], *, value: bool) -> Iterator[list[Found]]:
    for start in range(0, len(parameters), MOST_IN_A_CALL):
        yield [_parameter(one, value=value) for one in parameters[start : start + MOST_IN_A_CALL]]


def _parameter(one: State, *, value: bool) -> Found:
    said: dict[str, Any] = {"ParameterValue": one["value"]} if value else {}
    return {"ParameterName": one["name"], "ApplyMethod": one["apply_method"].lower(), **said}
