"""SubmitJob: what is refused, and the job that comes of the definition and its overrides.

AWS facts: ``Ref::name`` in a command is replaced by the parameter of that name; vCPUs and memory of a definition that
uses resourceRequirements are overridden by those alone; environment variables of an override replace those of the
same name. The request is at most 30 KiB; a job's name is ``[A-Za-z0-9][A-Za-z0-9_-]{0,127}``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from localcloud.server.call import HOOKS, Call, Params, Refusal

from . import faults, scheduler
from .definition_rules import check_retry, check_sizes, check_timeout, sizes
from .labels import JOB_NAME, check_name, check_tags
from .model import LOCK, Job, JobDefinition, JobQueue, Store, client_error, copied, new_id, now_ms, store_of

LARGEST_REQUEST = 30 * 1024
MOST_DEPENDENCIES = 20
REFERENCE = re.compile(r"^Ref::(\S+)$")
NOT_RUN = (
    "nodeOverrides", "eksPropertiesOverride", "ecsPropertiesOverride", "consumableResourcePropertiesOverride",
)  # fmt: skip


@HOOKS.instead("batch", "SubmitJob")
def submit(call: Call) -> Params:
    params = copied(call.params)
    with LOCK:
        batch = store_of(call)
        queue, definition = _check(call, batch, params)
        faults.refuse(call, queue.arn, params["jobName"])
        job = _job(call, batch, params, queue, definition)
        children = [_child(batch, job, index) for index in range(job.array_size or 0)]
        job.children = [child.id for child in children]
        for submitted in (job, *children):
            batch.jobs[submitted.id] = submitted
        scheduler.submitted(job, *children)
    return {"jobArn": job.arn, "jobName": job.name, "jobId": job.id}


def _check(call: Call, batch: Store, params: Params) -> tuple[JobQueue, JobDefinition]:
    if len(json.dumps(params)) > LARGEST_REQUEST:
        raise client_error(call, "SubmitJob payload size exceeds the limit of 30 KiB")
    check_name(call, "Job", params["jobName"], JOB_NAME)
    check_tags(call)
    given = [name for name in NOT_RUN if params.get(name)]
    if given:
        raise Refusal("NotImplemented", f"SubmitJob with {', '.join(given)} is not implemented here.", 501)
    queue = batch.queue(params["jobQueue"])
    if queue is None:
        raise client_error(call, f"JobQueue {params['jobQueue']} not found.")
    if queue.state != "ENABLED" or queue.status != "VALID":
        raise client_error(call, f"JobQueue {params['jobQueue']} is not ENABLED and VALID")
    definition = batch.definition(params["jobDefinition"])
    if definition is None or definition.status != "ACTIVE":
        raise client_error(call, f"JobDefinition {params['jobDefinition']} not found or INACTIVE.")
    if params.get("shareIdentifier") or params.get("schedulingPriorityOverride") is not None:
        text = "shareIdentifier and schedulingPriorityOverride can only be submitted to a queue with fair share policy"
        raise client_error(call, text)
    check_retry(call, params.get("retryStrategy"))
    check_timeout(call, params.get("timeout"))
    _check_dependencies(call, batch, params.get("dependsOn", []))
    size = params.get("arrayProperties", {}).get("size")
    if size is not None and not 2 <= size <= 10_000:
        raise client_error(call, "Array size must be between 2 and 10,000")
    return queue, definition


def _check_dependencies(call: Call, batch: Store, dependencies: list[Params]) -> None:
    if len(dependencies) > MOST_DEPENDENCIES:
        raise client_error(call, f"dependsOn can contain at most {MOST_DEPENDENCIES} jobs")
    for item in dependencies:
        if item.get("type"):
            raise Refusal("NotImplemented", f"dependsOn of type {item['type']} is not implemented here.", 501)
        if item.get("jobId") not in batch.jobs:
            raise client_error(call, f"Job {item.get('jobId')} in dependsOn does not exist")


def _job(call: Call, batch: Store, params: Params, queue: JobQueue, definition: JobDefinition) -> Job:
    request = definition.request
    parameters = request.get("parameters", {}) | params.get("parameters", {})
    container = _container(call, definition.container, params.get("containerOverrides", {}), parameters)
    size = sizes(container)
    check_sizes(call, size)
    batch.submitted += 1
    id_ = new_id()
    return Job(
        id=id_,
        arn=batch.arn(f"job/{id_}"),
        name=params["jobName"],
        queue=queue.arn,
        definition=definition.arn,
        request=params,
        container=container,
        platform=request.get("platformCapabilities", ["EC2"]),
        retry=_retry(params.get("retryStrategy") or request.get("retryStrategy")),
        timeout=params.get("timeout") or request.get("timeout"),
        parameters=parameters,
        tags=(definition.tags if params.get("propagateTags") else {}) | params.get("tags", {}),
        created_at=now_ms(),
        order=batch.submitted,
        vcpus=size["VCPU"] or 0,
        memory_mib=int(size["MEMORY"] or 0),
        array_size=params.get("arrayProperties", {}).get("size"),
    )


def _retry(strategy: Params | None) -> Params:
    return {"attempts": 1, "evaluateOnExit": []} | (strategy or {})


def _child(batch: Store, parent: Job, index: int) -> Job:
    batch.submitted += 1
    job = Job(**{name: getattr(parent, name) for name in parent.__dataclass_fields__})
    job.id, job.arn = f"{parent.id}:{index}", f"{parent.arn}:{index}"
    job.container, job.attempts, job.children = copied(parent.container), [], []
    job.array_size, job.array_index, job.parent, job.order = None, index, parent.id, batch.submitted
    return job


def _container(call: Call, container: Params, overrides: Params, parameters: dict[str, str]) -> Params:
    """The definition's container with the overrides applied."""
    members = copied(container)
    if overrides.get("command"):
        members["command"] = overrides["command"]
    members["command"] = [_substituted(call, word, parameters) for word in members.get("command", [])]
    if overrides.get("environment"):
        named: dict[str, Any] = {item["name"]: item for item in members.get("environment", [])}
        members["environment"] = list((named | {item["name"]: item for item in overrides["environment"]}).values())
    _override_sizes(members, overrides)
    if overrides.get("instanceType"):
        raise Refusal("NotImplemented", "containerOverrides.instanceType is not implemented here.", 501)
    return members


def _override_sizes(container: Params, overrides: Params) -> None:
    """vcpus and memory of an override are for definitions that use those; AWS passes over them otherwise."""
    sizes = {item["type"]: item for item in container.get("resourceRequirements", [])}
    sizes |= {item["type"]: item for item in overrides.get("resourceRequirements", [])}
    for name, kind in (("vcpus", "VCPU"), ("memory", "MEMORY")):
        if kind in sizes:
            container.pop(name, None)
        elif overrides.get(name):
            container[name] = overrides[name]
    container["resourceRequirements"] = list(sizes.values())


def _substituted(call: Call, word: str, parameters: dict[str, str]) -> str:
    match = REFERENCE.match(word)
    if match is None:
        return word
    if match[1] not in parameters:
        raise client_error(call, f"Unable to substitute value. No parameter found for reference {match[1]}")
    return parameters[match[1]]
