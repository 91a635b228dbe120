"""What an account has of RDS in a region, and what is said of it when it is asked for."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localcloud.server.call import Call, Refusal

from . import postgres, versions

Tags = dict[str, str]


def _now() -> datetime:
    return datetime.now(UTC)


def resource_id(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(13).upper()}"


@dataclass(kw_only=True)
class SubnetGroup:
    name: str
    arn: str
    description: str
    vpc_id: str
    subnets: list[tuple[str, str]]
    """Id and zone of each."""
    tags: Tags

    def described(self) -> dict[str, Any]:
        return {
            "DBSubnetGroupName": self.name,
            "DBSubnetGroupDescription": self.description,
            "VpcId": self.vpc_id,
            "SubnetGroupStatus": "Complete",
            "Subnets": [
                {"SubnetIdentifier": one, "SubnetAvailabilityZone": {"Name": zone}, "SubnetStatus": "Active"}
                for one, zone in self.subnets
            ],
            "DBSubnetGroupArn": self.arn,
            "SupportedNetworkTypes": ["IPV4"],
        }


@dataclass(kw_only=True)
class ParameterGroup:
    name: str
    arn: str
    family: str
    description: str
    tags: Tags
    values: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """What was set: value and how it is applied."""

    def described(self) -> dict[str, Any]:
        return {
            "DBClusterParameterGroupName": self.name,
            "DBParameterGroupFamily": self.family,
            "Description": self.description,
            "DBClusterParameterGroupArn": self.arn,
        }


@dataclass(kw_only=True)
class Instance:
    identifier: str
    arn: str
    cluster: str
    engine_version: str
    settings: dict[str, Any]
    """As DescribeDBInstances has them, of those that can be set."""
    tags: Tags
    zone: str
    status: str = "creating"
    resource: str = field(default_factory=lambda: resource_id("db"))
    created: datetime = field(default_factory=_now)
    parameters_pending: bool = False
    """Static parameters wait for its reboot."""


@dataclass(kw_only=True)
class Cluster:
    identifier: str
    arn: str
    settings: dict[str, Any]
    """As DescribeDBClusters has them, of those that can be set."""
    tags: Tags
    subnet_group: str
    password: str
    server: postgres.Server
    endpoint: str
    status: str = "creating"
    instances: list[Instance] = field(default_factory=list[Instance])
    resource: str = field(default_factory=lambda: resource_id("cluster"))
    created: datetime = field(default_factory=_now)
    initialised: bool = False
    """The master user and the first database are in the data."""
    password_waits: bool = False
    """It was changed while there was no server."""
    pending: dict[str, Any] = field(default_factory=dict[str, Any])
    """What waits for the maintenance window."""

    @property
    def version(self) -> str:
        return str(self.settings["EngineVersion"])


@dataclass(kw_only=True)
class Snapshot:
    identifier: str
    arn: str
    cluster: dict[str, Any]
    """The cluster's description when it was taken."""
    settings: dict[str, Any]
    folder: Any
    kind: str
    tags: Tags
    status: str = "creating"
    created: datetime = field(default_factory=_now)


@dataclass(kw_only=True)
class Region:
    """What an account has in a region."""

    account: str
    region: str
    subnet_groups: dict[str, SubnetGroup] = field(default_factory=dict[str, SubnetGroup])
    parameter_groups: dict[str, ParameterGroup] = field(default_factory=dict[str, ParameterGroup])
    clusters: dict[str, Cluster] = field(default_factory=dict[str, Cluster])
    instances: dict[str, Instance] = field(default_factory=dict[str, Instance])
    snapshots: dict[str, Snapshot] = field(default_factory=dict[str, Snapshot])

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:rds:{self.region}:{self.account}:{kind}:{name}"

    @property
    def host_id(self) -> str:
        """In the names of all endpoints of the account in the region."""
        return hashlib.sha256(f"{self.account} {self.region}".encode()).hexdigest()[:12]

    def cluster(self, identifier: str) -> Cluster:
        cluster = self.clusters.get(identifier.lower())
        if cluster is None:
            raise Refusal("DBClusterNotFoundFault", f"DBCluster {identifier} not found.", 404)
        return cluster

    def instance(self, identifier: str) -> Instance:
        instance = self.instances.get(identifier.lower())
        if instance is None:
            raise Refusal("DBInstanceNotFound", f"DBInstance {identifier} not found.", 404)
        return instance

    def subnet_group(self, name: str) -> SubnetGroup:
        subnet_group = self.subnet_groups.get(name.lower())
        if subnet_group is None:
            raise Refusal("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.", 404)
        return subnet_group

    def parameter_group(self, name: str) -> ParameterGroup:
        """The default group of a family is there without being made, and can't be changed."""
        family = name.removeprefix("default.")
        if name.startswith("default.") and family in versions.FAMILIES:
            arn = self.arn("cluster-pg", name)
            text = f"Default cluster parameter group for {family}"
            return ParameterGroup(name=name, arn=arn, family=family, description=text, tags={})
        parameter_group = self.parameter_groups.get(name.lower())
        if parameter_group is None:
            raise Refusal("DBParameterGroupNotFound", f"DBClusterParameterGroup not found: {name}", 404)
        return parameter_group

    def snapshot(self, identifier: str) -> Snapshot:
        snapshot = self.snapshots.get(identifier.lower().rpartition(":")[2])
        if snapshot is None:
            raise Refusal("DBClusterSnapshotNotFoundFault", f"DBClusterSnapshot {identifier} not found.", 404)
        return snapshot


REGIONS: dict[tuple[str, str], Region] = {}


def region_of(call: Call) -> Region:
    """The caller's account in the region of the call."""
    account, name = call.caller.account_id, call.region
    return REGIONS.setdefault((account, name), Region(account=account, region=name))


def tags_of(call: Call) -> Tags:
    return {tag["Key"]: tag.get("Value", "") for tag in call.params.get("Tags") or []}


def as_list(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def available(cluster: Cluster) -> None:
    """Raises Refusal for a cluster that is being made or changed."""
    if cluster.status != "available":
        text = f"DB cluster {cluster.identifier} is not in available state: it is {cluster.status}"
        raise Refusal("InvalidDBClusterStateFault", text)
