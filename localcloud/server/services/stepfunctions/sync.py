"""The optimised integrations with ways of their own: Batch jobs, nested executions, messages.

AWS facts: a job that fails is States.TaskFailed with the job as DescribeJobs shows it for a Cause, in compact JSON
with capitalised keys in alphabetical order; a success has the same shape. Step Functions adds the variable
MANAGED_BY_AWS to the job. A task that is given up ends its job with a reason that names the execution, if the role may.
"""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable
from typing import Any

from localcloud.server import endings
from localcloud.server.call import Refusal

from .attempt import Task, task_failure
from .failures import TASK_FAILED
from .model import LOCK, TERMINAL, dumps, store
from .shapes import from_api, to_api

LOG = logging.getLogger(__name__)
MANAGED = {"name": "MANAGED_BY_AWS", "value": "STARTED_BY_STEP_FUNCTIONS"}


def aborted(execution_arn: str) -> str:
    return (
        f"The Task state in AWS Step Functions execution [{execution_arn}] which was managing this resource was aborted"
    )


def sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [sorted_keys(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def submit_job(task: Task) -> Any:
    parameters: dict[str, Any] = to_api(task.parameters, task.found.model.input_shape)
    if task.found.pattern == ".sync":
        overrides = parameters.setdefault("containerOverrides", {})
        overrides["environment"] = [*overrides.get("environment", []), dict(MANAGED)]
    answer = task.begin(parameters)
    result = from_api(answer, task.found.model.output_shape)
    if task.found.pattern != ".sync":
        return result
    task.submitted(result)
    job_id = str(answer["jobId"])
    with endings.waiting(job_id, task.held.branch.token.poke) as ending:
        task.wait(ending.is_set, lambda: _terminate(task, job_id))
    return _job_result(task, job_id)


def _job_result(task: Task, job_id: str) -> Any:
    try:
        job = task.call("batch", "DescribeJobs", {"jobs": [job_id]})["jobs"][0]
    except Refusal as refusal:
        raise task.failure(refusal) from refusal
    detail = sorted_keys(from_api(job, None))
    if "Parameters" in detail:
        detail["Parameters"] = job["parameters"]
    if "Tags" in detail:
        detail["Tags"] = job["tags"]
    if job["status"] == "FAILED":
        raise task_failure(TASK_FAILED, dumps(detail))
    return detail


def _terminate(task: Task, job_id: str) -> None:
    reason = aborted(task.held.branch.execution.arn)
    try:
        task.call("batch", "TerminateJob", {"jobId": job_id, "reason": reason})
    except Refusal as refusal:
        LOG.warning("job %s runs on: %s", job_id, refusal)


def start_execution(task: Task) -> Any:
    parameters = dict(task.parameters)
    given = parameters.get("Input", {})
    parameters["Input"] = given if isinstance(given, str) else dumps(given)
    answer = task.begin(to_api(parameters, task.found.model.input_shape))
    result = from_api(answer, task.found.model.output_shape)
    if not task.found.pattern:
        return result
    task.submitted(result)
    arn = str(answer["executionArn"])
    account, region = arn.split(":")[4], arn.split(":")[3]
    with LOCK:
        nested = store(account, region).executions[arn]
    poke = task.held.branch.token.poke
    nested.listeners.append(poke)
    task.wait(lambda: nested.status in TERMINAL, lambda: _stop(task, arn))
    return _execution_result(task, arn)


def _stop(task: Task, arn: str) -> None:
    cause = aborted(task.held.branch.execution.arn)
    try:
        task.call("stepfunctions", "StopExecution", {"executionArn": arn, "cause": cause})
    except Refusal as refusal:
        LOG.warning("execution %s runs on: %s", arn, refusal)


def _execution_result(task: Task, arn: str) -> Any:
    try:
        execution = task.call("stepfunctions", "DescribeExecution", {"executionArn": arn})
    except Refusal as refusal:
        raise task.failure(refusal) from refusal
    parsed = task.found.pattern == ".sync:2"
    detail: dict[str, Any] = sorted_keys(from_api(execution, None))
    for name in ("StartDate", "StopDate"):
        if execution.get(name[0].lower() + name[1:]) is not None:
            detail[name] = int(execution[name[0].lower() + name[1:]].timestamp() * 1000)
    if execution["status"] != "SUCCEEDED":
        raise task_failure(TASK_FAILED, dumps(detail))
    if parsed:
        detail |= {name: json.loads(detail[name]) for name in ("Input", "Output") if name in detail}
    return detail


def send_message(task: Task) -> Any:
    """A body that is no text is sent as its JSON."""
    return _with_text(task, "MessageBody")


def publish(task: Task) -> Any:
    return _with_text(task, "Message")


def _with_text(task: Task, field: str) -> Any:
    parameters = dict(task.parameters)
    if field in parameters and not isinstance(parameters[field], str):
        parameters[field] = dumps(parameters[field])
    model = task.found.model
    return from_api(task.begin(to_api(parameters, model.input_shape)), model.output_shape)


def put_events(task: Task) -> Any:
    """Details may be objects; an entry that is refused fails the task."""
    parameters = copy.deepcopy(task.parameters)
    entries: Any = parameters.get("Entries")
    for entry in entries if isinstance(entries, list) else []:  # pyright: ignore[reportUnknownVariableType]
        if isinstance(entry, dict) and not isinstance(entry.get("Detail", ""), str):
            entry["Detail"] = dumps(entry["Detail"])
    model = task.found.model
    result = from_api(task.begin(to_api(parameters, model.input_shape)), model.output_shape)
    if result.get("FailedEntryCount"):
        raise task_failure("EventBridge.FailedEntry", dumps(result))
    return result


RUNNERS: dict[tuple[str, str], Callable[[Task], Any]] = {
    ("batch", "SubmitJob"): submit_job,
    ("stepfunctions", "StartExecution"): start_execution,
    ("sqs", "SendMessage"): send_message,
    ("sns", "Publish"): publish,
    ("events", "PutEvents"): put_events,
}
