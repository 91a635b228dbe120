"""What an account has in its network: orchestrators, databases, and the cluster with its services.

Each part's module is loaded where the account has such: together they load half of the SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from components import names
from components.network import Network
from components.storage import DataBucket
from composition.last_update import State
from composition.network import network
from composition.roles import boundary
from settings import Portal, generations

if TYPE_CHECKING:
    from components.cluster import Cluster
    from components.database import Database
    from components.namespace import Namespace
    from components.orchestration.orchestrator import Orchestrator

Outputs = dict[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Context:
    """What everything in the network is made with."""

    provider: pulumi.ProviderResource
    role_arns: Mapping[str, pulumi.Input[str]]
    """By name, those of the account's roles."""
    logs: DataBucket
    data_urls: Mapping[str, pulumi.Output[str]]
    """URLs of the account's data CDNs, by bucket key."""
    state: State

    @property
    def opts(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(provider=self.provider)


def networked(portal: Portal, context: Context) -> Outputs:
    """The stack's outputs ``orchestrators``, ``databases`` and ``sites`` by environment, and ``cluster``."""
    shared = network(portal, boundary(portal, names.DELEGATED_BOUNDARY), context.opts)
    cluster, namespaces, outputs = _cluster(portal, shared, context)
    orchestrators = _orchestrators(portal, shared, context, outputs)
    databases = _databases(portal, shared, orchestrators, namespaces, context, outputs)
    if cluster and portal.current.sites:
        from composition import services

        last = context.state.outputs.get("sites", {})
        services.warn_of_images(portal, last)
        with_services = services.Shared(
            cluster=cluster,
            network=shared,
            boundary=boundary(portal, names.DATA_BOUNDARY),
            logs=context.logs,
            data_urls=context.data_urls,
            provider=context.provider,
        )
        outputs["sites"] = services.sites(portal, with_services, namespaces, databases, last)
    return outputs


def _cluster(portal: Portal, shared: Network, context: Context) -> tuple[Cluster | None, dict[str, Namespace], Outputs]:
    if portal.current.cluster is None:
        return None, {}, {}
    from composition import cluster as of_eks

    last = context.state.outputs.get("cluster", {})
    cluster = of_eks.cluster(
        portal,
        portal.current.cluster,
        shared,
        context.role_arns,
        boundary(portal, names.CLUSTER_BOUNDARY),
        last,
        context.opts,
    )
    return (
        cluster,
        of_eks.namespaces(portal, cluster, shared, context.opts),
        {"cluster": of_eks.output(portal, cluster)},
    )


def _orchestrators(portal: Portal, shared: Network, context: Context, outputs: Outputs) -> dict[str, Orchestrator]:
    if not portal.current.orchestrators:
        return {}
    from composition import orchestrators as batch

    last = context.state.outputs.get("orchestrators", {})
    retiring = generations.retiring(portal.current, context.state.compute_environments, last)
    delegated = boundary(portal, names.DELEGATED_BOUNDARY)
    orchestrators = batch.orchestrators(portal, shared, context.role_arns, delegated, retiring, context.opts)
    outputs["orchestrators"] = {name: batch.output(one) for name, one in orchestrators.items()}
    return orchestrators


def _databases(
    portal: Portal,
    shared: Network,
    orchestrators: Mapping[str, Orchestrator],
    namespaces: Mapping[str, Namespace],
    context: Context,
    outputs: Outputs,
) -> dict[str, Database]:
    """Each environment's, which its jobs' machines and its pods may connect to."""
    if not portal.current.databases:
        return {}
    from composition import databases as of_rds

    databases: dict[str, Database] = {}
    for name in portal.current.databases:
        clients: dict[str, pulumi.Input[str]] = {}
        if name in orchestrators:
            clients["jobs"] = orchestrators[name].security_group_id
        if name in namespaces:
            clients["pods"] = namespaces[name].security_group_id
        databases[name] = of_rds.database(portal, name, shared, clients, context.opts)
    outputs["databases"] = {name: of_rds.output(portal, name, one) for name, one in databases.items()}
    return databases
