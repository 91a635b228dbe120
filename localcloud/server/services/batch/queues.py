"""Job queues: create, update, delete, describe, and what AWS refuses about them.

AWS facts: one to three compute environments, each VALID, none twice; time limits act on RUNNABLE jobs for three
reasons only, by CANCEL, after 600 to 86,400 s; a queue that is ENABLED or in transition cannot be deleted, and the
deletion ends the jobs in it. In which order time limits come back is documented nowhere: here by reason, descending, as
the provider's acceptance tests have read them.
"""

from __future__ import annotations

from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import instances, scheduler
from .labels import check_name, check_tags
from .model import LOCK, JobQueue, Store, client_error, copied, store_of
from .pages import page
from .texts import JOB_QUEUE_HEALTHY, TIME_LIMIT_REASONS

MOST_ENVIRONMENTS = 3
LEAST_LIMIT_SECONDS, MOST_LIMIT_SECONDS = 600, 86_400
QUOTA = 50


@HOOKS.instead("batch", "CreateJobQueue")
def create(call: Call) -> Params:
    params = copied(call.params)
    name = params["jobQueueName"]
    with LOCK:
        batch = store_of(call)
        check_name(call, "Job queue", name)
        check_tags(call)
        if batch.queue(name):
            raise client_error(call, "Object already exists")
        if len(batch.queues) >= QUOTA:
            raise client_error(call, f"Number of job queues exceeds the limit of {QUOTA}")
        _check(call, batch, params)
        queue = JobQueue(
            name=name,
            arn=batch.arn(f"job-queue/{name}"),
            state=params.get("state", "ENABLED"),
            priority=params["priority"],
            order=[],
            order_numbers=[],
            time_limits=params.get("jobStateTimeLimitActions", []),
            tags=params.get("tags", {}),
        )
        _set_order(batch, queue, params["computeEnvironmentOrder"])
        batch.queues[name] = queue
        queue.change("CREATING", "VALID", JOB_QUEUE_HEALTHY)
    return {"jobQueueName": name, "jobQueueArn": queue.arn}


@HOOKS.instead("batch", "UpdateJobQueue")
def update(call: Call) -> Params:
    params = copied(call.params)
    with LOCK:
        batch = store_of(call)
        queue = _existing(call, batch, "update")
        _check(call, batch, params)
        queue.state = params.get("state", queue.state)
        queue.priority = params.get("priority", queue.priority)
        if "computeEnvironmentOrder" in params:
            _set_order(batch, queue, params["computeEnvironmentOrder"])
        queue.time_limits = params.get("jobStateTimeLimitActions", queue.time_limits)
        queue.change("UPDATING", "VALID", JOB_QUEUE_HEALTHY)
    scheduler.wake_after_settling()
    return {"jobQueueName": queue.name, "jobQueueArn": queue.arn}


def _existing(call: Call, batch: Store, verb: str) -> JobQueue:
    queue = batch.queue(call.params["jobQueue"])
    if queue is None:
        raise client_error(call, f"JobQueue {call.params['jobQueue']} does not exist")
    if queue.in_transition:
        raise client_error(call, f"Cannot {verb}, resource is being modified.")
    return queue


def _check(call: Call, batch: Store, params: Params) -> None:
    for name in ("schedulingPolicyArn", "jobQueueType", "serviceEnvironmentOrder"):
        if params.get(name):
            raise Refusal("NotImplemented", f"{call.operation} with {name} is not implemented here.", 501)
    if call.operation == "CreateJobQueue" or "computeEnvironmentOrder" in params:
        _check_order(call, batch, params.get("computeEnvironmentOrder", []))
    _check_limits(call, params.get("jobStateTimeLimitActions", []))


def _check_order(call: Call, batch: Store, order: list[Params]) -> None:
    if not order:
        raise client_error(call, "computeEnvironmentOrder is required")
    if len(order) > MOST_ENVIRONMENTS:
        raise client_error(call, f"A job queue can have only {MOST_ENVIRONMENTS} compute environments")
    if len({item["order"] for item in order}) < len(order):
        raise client_error(call, "computeEnvironmentOrder contains duplicate order")
    environments: list[Any] = []
    for item in order:
        environment = batch.environment(item["computeEnvironment"])
        if environment is None:
            raise client_error(call, f"{item['computeEnvironment']} does not exist")
        if environment.status != "VALID":
            raise client_error(call, f"{environment.arn} is not valid. It must be created and valid before attaching")
        environments.append(environment)
    if len({item.arn for item in environments}) < len(environments):
        raise client_error(call, "computeEnvironmentOrder contains duplicate compute environments")
    kinds = {
        frozenset(instances.architectures(entry))
        for item in environments
        for entry in item.resources.get("instanceTypes", [])
    }
    if frozenset({"arm64"}) in kinds and len(kinds) > 1:
        raise client_error(call, "Compute environments of different architectures cannot be mixed in one job queue")


def _check_limits(call: Call, limits: list[Params]) -> None:
    seen: set[tuple[str, str]] = set()
    for limit in limits:
        if limit["state"] != "RUNNABLE":
            raise client_error(call, f"Invalid job state {limit['state']}, valid states are: [RUNNABLE]")
        if limit["action"] != "CANCEL":
            raise client_error(call, f"Invalid job action {limit['action']}, valid actions are: [CANCEL]")
        if limit["reason"] not in TIME_LIMIT_REASONS:
            known = ", ".join(TIME_LIMIT_REASONS)
            raise client_error(call, f"Invalid reason {limit['reason']}, valid reasons are: [{known}]")
        if not LEAST_LIMIT_SECONDS <= limit["maxTimeSeconds"] <= MOST_LIMIT_SECONDS:
            bounds = f"{LEAST_LIMIT_SECONDS} and {MOST_LIMIT_SECONDS}"
            raise client_error(call, f"maxTimeSeconds {limit['maxTimeSeconds']} must be between {bounds}")
        key = (limit["state"], limit["reason"])
        if key in seen:
            raise client_error(call, f"Duplicate jobStateTimeLimitAction for state {key[0]} and reason {key[1]}")
        seen.add(key)


def _set_order(batch: Store, queue: JobQueue, order: list[Params]) -> None:
    ranked = sorted(order, key=lambda item: item["order"])
    environments = [batch.environment(item["computeEnvironment"]) for item in ranked]
    queue.order = [item.arn for item in environments if item]
    queue.order_numbers = [int(item["order"]) for item in ranked]


@HOOKS.instead("batch", "DeleteJobQueue")
def delete(call: Call) -> Params:
    with LOCK:
        batch = store_of(call)
        if batch.queue(call.params["jobQueue"]) is None:
            return {}
        queue = _existing(call, batch, "delete")
        if queue.state == "ENABLED":
            raise client_error(call, "Cannot delete, state must be DISABLED")
        queue.change("DELETING", "DELETED", "")
        scheduler.end_queue(batch, queue)
    return {}


@HOOKS.instead("batch", "DescribeJobQueues")
def describe(call: Call) -> Params:
    with LOCK:
        batch = store_of(call)
        wanted = call.params.get("jobQueues") or list(batch.queues)
        queues = [item for item in map(batch.queue, wanted) if item]
        items, token = page(call, [described(item) for item in queues], 100)
    return {"jobQueues": items} | token


def described(queue: JobQueue) -> Params:
    queue.settle()
    return {
        "jobQueueName": queue.name,
        "jobQueueArn": queue.arn,
        "state": queue.state,
        "status": queue.status,
        "statusReason": queue.status_reason,
        "priority": queue.priority,
        "computeEnvironmentOrder": [
            {"order": number, "computeEnvironment": arn}
            for number, arn in zip(queue.order_numbers, queue.order, strict=True)
        ],
        "serviceEnvironmentOrder": [],
        "jobQueueType": "ECS",
        "tags": queue.tags,
        "jobStateTimeLimitActions": sorted(
            copied({"all": queue.time_limits})["all"], key=lambda limit: limit["reason"], reverse=True
        ),
    }
