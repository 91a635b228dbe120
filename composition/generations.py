"""Which earlier generations of machines stay for the jobs on them, as AWS counts their tasks.

What the last finished ``up`` left current stays for one more whatever runs on it: until the queues list other machines
first, jobs go to it. After that it stays as long as there are tasks, and also if AWS does not say. Nothing is asked
while there is no earlier generation.

Rests on: Batch runs the jobs of a compute environment as tasks of an ECS cluster of its own (``ecsClusterArn``), in
which a task that waits for its image is pending; pulumi-aws tells what is not there apart by the error's words alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, TypeVar

import pulumi
from pulumi_aws import batch, ecs

from components import naming

T = TypeVar("T")
NOT_THERE: Final = re.compile(
    r"reading (Batch Compute Environment|ECS Cluster) \(.*\): (empty result|couldn't find resource|DELETED|INACTIVE)"
)


def kept(
    environment: str, current: Collection[str], last: Mapping[str, Sequence[str]], provider: pulumi.ProviderResource
) -> tuple[str, ...]:
    """The generations to keep beside the current ones, the latest first; a preview's readers are told of each.

    ``last`` has those of the last ``up``: ``generations``, that were current, and ``retiring``.
    """
    were_current, retiring = last.get("generations", ()), last.get("retiring", ())
    earlier = [one for one in dict.fromkeys((*were_current, *retiring)) if one not in current]
    return tuple(one for one in earlier if _stays(environment, one, provider, may_go=one not in were_current))


def _stays(environment: str, generation: str, provider: pulumi.ProviderResource, *, may_go: bool) -> bool:
    """Whether it stays; says so, and why."""
    machines = f"{environment}: the earlier machines {generation}"
    try:
        tasks = _tasks(naming.compute_environment(environment, generation), pulumi.InvokeOptions(provider=provider))
    except Exception as error:  # noqa: BLE001 - the SDK raises no narrower one for what a provider answers
        reason = str(error).rpartition("returned an error: ")[2].strip()
        pulumi.log.warn(f"{machines} stay: what runs on them is not known: {reason}")
        return True
    if tasks is None:
        pulumi.log.info(f"{machines} are not in the account any more")
    elif tasks or not may_go:
        pulumi.log.warn(f"{machines} stay (tasks on them: {tasks}); a later `up` that finds none removes them")
        return True
    else:
        pulumi.log.info(f"{machines} have no tasks left: they are removed")
    return False


def _tasks(name: str, opts: pulumi.InvokeOptions) -> int | None:
    """The tasks that run or start in a compute environment; None if there is none of that name."""
    found = _asked(lambda: batch.get_compute_environment(name=name, opts=opts))
    if found is None:
        return None
    cluster = _asked(lambda: ecs.get_cluster(cluster_name=found.ecs_cluster_arn, opts=opts))
    return cluster.running_tasks_count + cluster.pending_tasks_count if cluster else 0


def _asked(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except Exception as error:
        if NOT_THERE.search(str(error)):
            return None
        raise
