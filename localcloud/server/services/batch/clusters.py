"""ECS, as far as Batch has it: the cluster of each compute environment, and how many tasks run there.

AWS facts: a compute environment's ``ecsClusterArn`` is its own cluster; each job that has a machine is a task there,
PENDING while the job is STARTING; what there is no cluster of is a failure ``MISSING`` beside those that were found.
"""

from __future__ import annotations

from localcloud.server.call import HOOKS, Call, Params

from . import placement
from .model import LOCK, ComputeEnvironment, Store, store_of


@HOOKS.instead("ecs", "DescribeClusters")
def describe(call: Call) -> Params:
    with LOCK:
        batch = store_of(call)
        wanted = {_arn(batch, one) for one in call.params.get("clusters") or ["default"]}
        environments = [one for one in map(batch.environment, list(batch.environments)) if one]
        clusters = {one.ecs_cluster_arn: _described(one) for one in environments if one.ecs_cluster_arn in wanted}
    failures = [{"arn": arn, "reason": "MISSING"} for arn in sorted(wanted - set(clusters))]
    return {"clusters": list(clusters.values()), "failures": failures}


def _arn(batch: Store, cluster: str) -> str:
    return cluster if cluster.startswith("arn:") else f"arn:aws:ecs:{batch.region}:{batch.account}:cluster/{cluster}"


def _described(environment: ComputeEnvironment) -> Params:
    tasks = placement.tasks(environment)
    starting = sum(job.status == "STARTING" for job in tasks)
    return {
        "clusterArn": environment.ecs_cluster_arn,
        "clusterName": environment.ecs_cluster_arn.rpartition("/")[2],
        "status": "ACTIVE",
        "registeredContainerInstancesCount": len({job.current.instance_id for job in tasks if job.current}),
        "runningTasksCount": len(tasks) - starting,
        "pendingTasksCount": starting,
        "activeServicesCount": 0,
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
    }
