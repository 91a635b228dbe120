"""Cluster and the environments' namespaces: what they register, and what of it keeps others out."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.cluster import ADMIN, VIEW, Access, Cluster, ClusterArgs
from components.machines import MachinesArgs
from components.namespace import Namespace, NamespaceArgs
from components.network import Network, NetworkArgs
from tests.unit.recording import Recording, record

ACCOUNT, REGION = "908710317728", "us-west-2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/admin"


def network(opts: pulumi.ResourceOptions) -> Network:
    args = NetworkArgs(
        cidr="10.32.0.0/16",
        account=ACCOUNT,
        region=REGION,
        zones=("us-west-2a", "us-west-2b"),
        nat_gateways=1,
        flow_log_days=30,
        boundary="arn:aws:iam::908710317728:policy/cryoet-boundary",
    )
    return Network("network", args, opts)


def make(**fields: Any) -> tuple[Network, Cluster, pulumi.ResourceOptions]:
    """A cluster in a network, within a program that is being recorded."""
    opts = pulumi.ResourceOptions(provider=aws.Provider("account", region=REGION))
    net = network(opts)
    given: dict[str, Any] = {"version": "1.36", "public_access": ("192.0.2.0/24",), **fields}
    args = ClusterArgs(
        account=ACCOUNT, region=REGION, role=ROLE, boundary="arn:aws:iam::908710317728:policy/cryoet-boundary", network=net, **given
    )
    return net, Cluster("cluster", args, opts), opts


def deploy(**fields: Any) -> Recording:
    def program() -> None:
        net, cluster, opts = make(**fields)
        args = NamespaceArgs(environment="dev", cluster=cluster, vpc_id=net.vpc_id, subnet_ids=net.private_subnet_ids)
        Namespace("dev", args, opts)

    return record(program)


def test_x() -> None:
    graph = deploy(access={"deploy": Access(principal=ROLE, policy=ADMIN)})
    for one in graph.resources:
        print(one.type, one.name, sorted(one.depends_on)[:6])
