"""Jobs that exist: describe, list, cancel, terminate, tag.

AWS facts: CancelJob of a job that has begun answers 200 and does nothing; TerminateJob ends it in any state;
DescribeJobs takes at most 100 ids and leaves out those it does not know; ListJobs gives RUNNING jobs unless a status
or a filter is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from localcloud.server.call import HOOKS, Call, Params

from . import scheduler
from .details import job_detail, summary
from .labels import check_tags
from .model import LOCK, Job, Store, client_error, store_of
from .pages import page

MOST_DESCRIBED = 100


@HOOKS.instead("batch", "DescribeJobs")
def describe(call: Call) -> Params:
    wanted: list[str] = call.params["jobs"]
    if len(wanted) > MOST_DESCRIBED:
        raise client_error(call, f"The maximum number of jobs supported is {MOST_DESCRIBED}")
    with LOCK:
        batch = store_of(call)
        jobs = [batch.jobs.get(name.rpartition("/")[2]) for name in wanted]
        return {"jobs": [_described(batch, job) for job in jobs if job]}


def _described(batch: Store, job: Job) -> Params:
    members = job_detail(job)
    if job.array_size:
        for child in (batch.jobs[name] for name in job.children):
            counted = members["arrayProperties"]["statusSummary"]
            counted[child.status] = counted.get(child.status, 0) + 1
    return members


@HOOKS.instead("batch", "ListJobs")
def list_jobs(call: Call) -> Params:
    params = call.params
    with LOCK:
        batch = store_of(call)
        if parent := params.get("arrayJobId"):
            jobs = [job for job in batch.jobs.values() if job.parent == parent]
        elif name := params.get("jobQueue"):
            queue = batch.queue(name)
            if queue is None:
                raise client_error(call, f"JobQueue {name} does not exist")
            jobs = [job for job in batch.jobs.values() if job.queue == queue.arn and job.parent is None]
        else:
            raise client_error(call, "One of jobQueue, arrayJobId and multiNodeJobId is required")
        jobs = _filtered(call, jobs)
        newest_first = sorted(jobs, key=lambda job: -job.order)
        items, token = page(call, [summary(job) for job in newest_first], 1000)
    return {"jobSummaryList": items} | token


def _filtered(call: Call, jobs: list[Job]) -> list[Job]:
    filters = cast("list[Params]", call.params.get("filters", []))
    status = call.params.get("jobStatus") or (None if filters else "RUNNING")
    kept = [job for job in jobs if status is None or filters or job.status == status]
    for item in filters:
        test = _test(call, item)
        kept = [job for job in kept if test(job)]
    return kept


def _test(call: Call, item: Params) -> Callable[[Job], bool]:
    name, values = item["name"], cast("list[str]", item["values"])
    if name == "JOB_NAME":
        return lambda job: any(_matches(value, job.name) for value in values)
    if name == "JOB_DEFINITION":
        return lambda job: any(_matches(value, job.definition.rpartition("/")[2]) for value in values)
    if name == "BEFORE_CREATED_AT":
        return lambda job: job.created_at < int(values[0])
    if name == "AFTER_CREATED_AT":
        return lambda job: job.created_at > int(values[0])
    raise client_error(call, f"Invalid filter name {name}")


def _matches(wanted: str, name: str) -> bool:
    if wanted.endswith("*"):
        return name.lower().startswith(wanted[:-1].lower())
    return wanted.lower() in (name.lower(), name.lower().partition(":")[0])


def _job(call: Call) -> Job:
    job = store_of(call).jobs.get(call.params["jobId"].rpartition("/")[2])
    if job is None:
        raise client_error(call, f"Job {call.params['jobId']} does not exist")
    return job


@HOOKS.instead("batch", "CancelJob")
def cancel(call: Call) -> Params:
    with LOCK:
        scheduler.stop_job(_job(call), call.params["reason"], terminate=False)
    return {}


@HOOKS.instead("batch", "TerminateJob")
def terminate(call: Call) -> Params:
    with LOCK:
        scheduler.stop_job(_job(call), call.params["reason"], terminate=True)
    return {}


def _tags(call: Call) -> dict[str, str]:
    arn = call.params["resourceArn"]
    batch = store_of(call)
    kind, _, name = arn.partition(f"arn:aws:batch:{batch.region}:{batch.account}:")[2].partition("/")
    tagged = {
        "compute-environment": batch.environment(arn),
        "job-queue": batch.queue(arn),
        "job-definition": batch.definition(arn),
        "job": batch.jobs.get(name),
    }.get(kind)
    if tagged is None:
        raise client_error(call, f"Resource {arn} does not exist")
    return tagged.tags


@HOOKS.instead("batch", "TagResource")
def tag(call: Call) -> Params:
    check_tags(call)
    with LOCK:
        _tags(call).update(call.params["tags"])
    return {}


@HOOKS.instead("batch", "UntagResource")
def untag(call: Call) -> Params:
    with LOCK:
        tags = _tags(call)
        for key in call.params["tagKeys"]:
            tags.pop(key, None)
    return {}


@HOOKS.instead("batch", "ListTagsForResource")
def list_tags(call: Call) -> Params:
    with LOCK:
        return {"tags": dict(_tags(call))}
