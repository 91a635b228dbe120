"""Controllers and node agent of one cluster, started together: beside an API server of ours (light mode) or Kubernetes'
own programs (real mode), which have their controllers themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from .api import CONTROLLERS, NODE_AGENT, Cluster, TokenOwner, User
from .aws import Aws
from .client import Client
from .controllers.admission import Admission
from .controllers.autoscaling import Autoscalers, Usage
from .controllers.deployments import Deployments
from .controllers.disruption_budgets import DisruptionBudgets
from .controllers.endpoint_slices import EndpointSlices
from .controllers.jobs import Jobs
from .controllers.launching import Launcher
from .controllers.loop import Controller, Loop
from .controllers.node_pools import NodePools
from .controllers.nodes import NOMINATED_SECONDS, RETRIED_SECONDS, Nodes
from .controllers.provisioning import Provisioner
from .controllers.replica_sets import ReplicaSets
from .controllers.scheduler import Scheduler
from .controllers.service_accounts import ServiceAccounts
from .controllers.target_groups import TargetGroups
from .node.agent import Agent, no_urls
from .node.leases import Leases
from .resources import Resources
from .traffic import close_traffic, open_traffic


class ApiServer(Protocol):
    """What both modes have of a cluster's API server."""

    @property
    def version(self) -> str:
        """E.g. ``1.36``."""
        ...

    def client(self, user: User) -> Client: ...

    def review(self, token: str, audience: str) -> TokenOwner | None:
        """Whose service account token it is for the audience; None: nobody's."""
        ...

    def close(self) -> None: ...


class Running:
    """What :func:`run` started. ``stop`` ends every process of every pod."""

    def __init__(self, cluster: ApiServer, aws: Aws, public_urls: Callable[[], dict[str, str]]) -> None:
        leases = Leases()
        client = cluster.client(CONTROLLERS)
        self._traffic = open_traffic(Resources(client, "network-policy"), aws.vpc_id)
        self._agent = Agent(cluster.client(NODE_AGENT), aws, leases, public_urls)
        self._loop = Loop(client, _controllers(client, cluster, aws, leases, self._agent.usage))
        if isinstance(cluster, Cluster):
            cluster.keep_logs(self._agent.logs)
        self._agent.start()
        self._loop.start()

    def stop(self) -> None:
        close_traffic(self._traffic)
        self._loop.stop()
        self._agent.stop()

    def flush(self) -> None:
        """Has the controllers look at what changed outside the cluster."""
        self._loop.poke()

    def status(self) -> dict[str, Any]:
        return {"pods": len(self._agent.pods), "failures": self._loop.failures}


def _controllers(client: Client, cluster: ApiServer, aws: Aws, leases: Leases, usage: Usage) -> list[Controller]:
    def resources(component: str) -> Resources:
        return Resources(client, component)

    launcher = Launcher(resources("karpenter"), aws, leases, lambda: cluster.version)
    own = isinstance(cluster, Cluster)
    return [
        NodePools(resources("karpenter"), aws),
        *(_of_kubernetes(resources, aws, launcher) if own else [Provisioner(resources("karpenter"), launcher)]),
        TargetGroups(resources("targetGroupBinding"), aws),
        Autoscalers(resources("horizontal-pod-autoscaler"), aws, usage),
        Nodes(resources("karpenter"), leases, launcher, NOMINATED_SECONDS if own else RETRIED_SECONDS),
    ]


def _of_kubernetes(resources: Callable[[str], Resources], aws: Aws, launcher: Launcher) -> list[Controller]:
    """What kube-controller-manager and kube-scheduler do in real mode."""
    return [
        ServiceAccounts(resources("serviceaccount-controller")),
        Deployments(resources("deployment-controller")),
        ReplicaSets(resources("replicaset-controller"), Admission(resources("eks-webhooks"), aws)),
        Jobs(resources("job-controller")),
        Scheduler(resources("default-scheduler"), launcher),
        EndpointSlices(resources("endpoint-slice-controller")),
        DisruptionBudgets(resources("disruption-controller")),
    ]


def run(cluster: ApiServer, aws: Aws, public_urls: Callable[[], dict[str, str]] = no_urls) -> Running:
    """Starts the controllers and the node agent of a cluster. ``public_urls``: ``https://DOMAIN`` of each distribution
    of CloudFront -> its URL for programs of this machine."""
    return Running(cluster, aws, public_urls)
