"""Databases as tests make them: a network, a cluster with its first instance, and connections to it."""

from __future__ import annotations

import time
from typing import Any

import psycopg

from tests.localcloud.clouds import REGION, Cloud

PASSWORD = "a-password-of-a-test"
VERSION = "17.9"


class Databases:
    """RDS in one account, with a subnet group in a network of its own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.client = cloud, cloud.client("rds")
        ec2 = cloud.client("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for number, zone in enumerate("abc")
        ]
        group = ec2.create_security_group(GroupName=cloud.name("database"), Description="Of a test", VpcId=self.vpc)
        self.security_group = group["GroupId"]
        self.subnet_group = self.client.create_db_subnet_group(
            DBSubnetGroupName=cloud.name("subnets"),
            DBSubnetGroupDescription="Of a test",
            SubnetIds=self.subnets[:2],
        )["DBSubnetGroup"]["DBSubnetGroupName"]

    def request(self, **more: Any) -> dict[str, Any]:
        """What makes a cluster."""
        given: dict[str, Any] = {
            "DBClusterIdentifier": self.cloud.name("cluster"),
            "Engine": "aurora-postgresql",
            "EngineVersion": VERSION,
            "DatabaseName": "tomograms",
            "MasterUsername": "portal",
            "MasterUserPassword": PASSWORD,
            "DBSubnetGroupName": self.subnet_group,
            "VpcSecurityGroupIds": [self.security_group],
            "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 2},
            "StorageEncrypted": True,
            **more,
        }
        return {name: value for name, value in given.items() if value is not None}

    def cluster(self, **more: Any) -> str:
        """A cluster without instances, available."""
        identifier: str = self.client.create_db_cluster(**self.request(**more))["DBCluster"]["DBClusterIdentifier"]
        self.await_cluster(identifier)
        return identifier

    def served(self, **more: Any) -> str:
        """A cluster whose first instance answers."""
        identifier = self.cluster(**more)
        self.instance(identifier, f"{identifier}-1")
        return identifier

    def instance(self, cluster: str, identifier: str, **more: Any) -> None:
        self.client.create_db_instance(
            DBInstanceIdentifier=identifier,
            DBClusterIdentifier=cluster,
            Engine="aurora-postgresql",
            DBInstanceClass="db.serverless",
            **more,
        )
        self.await_instance(identifier)

    def describe(self, identifier: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
        return found

    def uri(self, identifier: str) -> str:
        """As the secret of an environment has it."""
        found = self.describe(identifier)
        return f"postgresql+psycopg://portal:{PASSWORD}@{found['Endpoint']}:{found['Port']}/tomograms"

    def await_cluster(self, identifier: str) -> None:
        _wait(lambda: self.describe(identifier)["Status"])

    def await_instance(self, identifier: str) -> None:
        _wait(
            lambda: self.client.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0][
                "DBInstanceStatus"
            ]
        )

    def await_snapshot(self, identifier: str) -> None:
        snapshots = self.client.describe_db_cluster_snapshots
        _wait(lambda: snapshots(DBClusterSnapshotIdentifier=identifier)["DBClusterSnapshots"][0]["Status"])

    def connect(self, identifier: str, **more: Any) -> psycopg.Connection[Any]:
        found = self.describe(identifier)
        given: dict[str, Any] = {
            "host": found["Endpoint"],
            "port": found["Port"],
            "user": "portal",
            "password": PASSWORD,
            "dbname": "tomograms",
            "sslmode": "verify-full",
            "sslrootcert": self.cloud.ca_bundle,
            "connect_timeout": 10,
        }
        return psycopg.connect(**{**given, **more}, autocommit=True)

    def value(self, identifier: str, query: str, **more: Any) -> Any:
        """The one value that a query answers."""
        with self.connect(identifier, **more) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def remove(self, identifier: str) -> None:
        for member in self.describe(identifier)["DBClusterMembers"]:
            self.client.delete_db_instance(DBInstanceIdentifier=member["DBInstanceIdentifier"], SkipFinalSnapshot=True)
        self.client.modify_db_cluster(DBClusterIdentifier=identifier, DeletionProtection=False)
        self.client.delete_db_cluster(DBClusterIdentifier=identifier, SkipFinalSnapshot=True)


def _wait(status: Any) -> None:
    deadline = time.monotonic() + 60
    while (now := status()) != "available":
        assert now != "failed"
        assert time.monotonic() < deadline, now
        time.sleep(0.02)
