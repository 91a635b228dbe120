"""The account's Kubernetes cluster and the environments' parts of it, from the settings."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

import pulumi

from components import eks, names
from components.cluster import Cluster, ClusterArgs
from components.cluster_access import VIEW, Access
from components.namespace import Namespace, NamespaceArgs
from components.network import Network
from settings import Cluster as ClusterSettings
from settings import Portal

import_module("pulumi_aws.ec2.security_group_rule")  # pulumi_eks's component names it, in Auto Mode too
NOTICE: Final = dt.timedelta(days=90)
"""How long before the end of a version's support previews begin to say so."""
REACH_SECONDS: Final = 3


def cluster(
    portal: Portal,
    settings: ClusterSettings,
    network: Network,
    role_arns: Mapping[str, pulumi.Input[str]],
    boundary: pulumi.Input[str],
    last: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
) -> Cluster:
    """``last``: what was put out of the cluster."""
    account = portal.current.account
    warn_of_support(settings.version, dt.datetime.now(tz=dt.UTC).date())
    warn_of_endpoint(settings.public_access, str(last.get("endpoint", "")))
    args = ClusterArgs(
        account=account.id,
        region=account.region,
        boundary=boundary,
        network=network,
        version=settings.version,
        add_on_versions=settings.add_on_versions,
        machines=settings.machines,
        access=_access(settings, role_arns),
        public_access=settings.public_access,
        log_days=settings.log_days,
        retire=settings.retire,
    )
    return Cluster("cluster", args, opts)


def _entries() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Roles of the account that get into the cluster, with their groups there. The stack's own role does by having made
    it."""
    view, deploy = names.CLUSTER_VIEWERS, names.CLUSTER_DEPLOYERS
    return {
        "deploy": (names.GITHUB_DEPLOY, (view, deploy)),
        "preview": (names.GITHUB_PREVIEW, (view,)),
        "drift": (names.GITHUB_DRIFT, (view,)),
        "operators": (names.OPERATOR, (view,)),
    }


def _access(settings: ClusterSettings, role_arns: Mapping[str, pulumi.Input[str]]) -> dict[str, Access]:
    own = {
        word: Access(principal=role_arns[role], policy=VIEW, groups=groups)
        for word, (role, groups) in _entries().items()
        if role in role_arns
    }
    readers = {
        f"reader-{arn.split(':', 4)[4].replace(':', '-').replace('/', '-')}": Access(principal=arn, policy=VIEW)
        for arn in settings.readers
    }
    return {**own, **readers}


def warn_of_support(version: str, today: dt.date) -> None:
    """Tells whoever previews or brings up, without changing anything."""
    end = eks.SUPPORT_ENDS[version]
    if end - today > NOTICE:
        return
    left = f"ends on {end}" if end >= today else f"ended on {end}: AWS upgrades the cluster by itself"
    pulumi.log.warn(f"cluster: standard support of Kubernetes {version} {left}")


def warn_of_endpoint(public_access: tuple[str, ...], endpoint: str) -> None:
    """``up`` talks to Kubernetes; whether it could from here is known once there is an endpoint."""
    if not endpoint:
        if not public_access and pulumi.runtime.is_dry_run():
            pulumi.log.warn(
                "cluster: with public_access: [] Kubernetes is reached from inside the account's network alone; "
                "`up` must run there"
            )
        return
    address = urlsplit(endpoint)
    try:
        with socket.create_connection((str(address.hostname), address.port or 443), timeout=REACH_SECONDS):
            pass
    except OSError as error:
        pulumi.log.warn(
            f"cluster: {endpoint} doesn't answer from here ({error}), so that `up` would fail: run it from an address "
            "of cluster.public_access, or inside the account's network"
        )


def output(portal: Portal, cluster: Cluster) -> dict[str, Any]:
    """The cluster's outputs in the stack's, with which the next update compares its settings."""
    settings = portal.current.cluster
    assert settings is not None  # noqa: S101 - there is a cluster
    return {
        "name": cluster.cluster_name,
        "version": settings.version,
        "endpoint": cluster.endpoint,
        "security_group": cluster.security_group_id,
        "protected": not settings.retire,
    }


def namespaces(
    portal: Portal, cluster: Cluster, network: Network, opts: pulumi.ResourceOptions
) -> dict[str, Namespace]:
    """A namespace for each environment with services."""
    settings = portal.current.cluster
    assert settings is not None  # noqa: S101 - there is a cluster
    return {
        name: Namespace(
            name,
            NamespaceArgs(
                environment=name,
                cluster=cluster,
                vpc_id=network.vpc_id,
                subnet_ids=network.private_subnet_ids,
                machines=settings.machines,
            ),
            opts,
        )
        for name, environment in portal.current.environments.items()
        if environment.services
    }
