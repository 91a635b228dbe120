"""Operations on executions: start, stop, redrive, describe, list, history, and the runs of Distributed Maps.

AWS facts: the same name with the same input while the execution runs answers 200 with the one that runs, else
ExecutionAlreadyExists until 90 days after its end; an execution can be redriven for 14 days after it failed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from localcloud.server.call import Call, Params, Refusal

from . import executions, throttle
from .machines import check_name, described, machine
from .model import LOCK, MOST_BYTES, Execution, MapRun, Store, dumps, loads, now, size, store_of
from .pages import page

NAME_TAKEN = timedelta(days=90)
REDRIVABLE = timedelta(days=14)


def start(call: Call) -> Params:
    throttle.check(call)
    params = call.params
    name = params.get("name") or str(uuid.uuid4())
    check_name(name)
    given = _input(params.get("input", "{}"))
    with LOCK:
        states = store_of(call)
        state_machine = machine(states, params["stateMachineArn"])
        arn = f"{state_machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        existing = states.executions.get(arn)
        if existing is not None and not _is_free(existing):
            if existing.status == "RUNNING" and existing.input == given:
                return {"executionArn": arn, "startDate": existing.started}
            raise Refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        execution = Execution(
            arn=arn,
            name=name,
            machine=state_machine,
            input=given,
            started=now(),
            trace_header=params.get("traceHeader"),
        )
        states.executions[arn] = execution
    executions.begin(execution)
    return {"executionArn": arn, "startDate": execution.started}


def _input(text: str) -> Any:
    if size(text) > MOST_BYTES:
        detail = (
            f"Value at 'input' failed to satisfy constraint: Member must have length less than or equal to {MOST_BYTES}"
        )
        raise Refusal("ValidationException", f"1 validation error detected: {detail}")
    try:
        return loads(text)
    except ValueError as error:
        raise Refusal("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from error


def _is_free(existing: Execution) -> bool:
    return existing.stopped is not None and now() - existing.stopped > NAME_TAKEN


def _execution(states: Store, arn: str) -> Execution:
    execution = states.executions.get(arn)
    if execution is None:
        raise Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return execution


def _of(call: Call) -> Execution:
    with LOCK:
        return _execution(store_of(call), call.params["executionArn"])


def stop(call: Call) -> Params:
    execution = _of(call)
    executions.stop(execution, call.params.get("error"), call.params.get("cause"))
    return {"stopDate": execution.stopped or now()}


def redrive(call: Call) -> Params:
    execution = _of(call)
    with LOCK:
        reason = _not_redrivable(execution)
        if reason:
            raise Refusal("ExecutionNotRedrivable", f"Execution {execution.arn} is not redrivable: {reason}")
        execution.status, execution.stopped = "RUNNING", None
        execution.error, execution.cause, execution.output = None, None, None
        execution.redrive_count += 1
        execution.redriven = now()
    executions.redrive(execution)
    return {"redriveDate": execution.redriven}


def _not_redrivable(execution: Execution) -> str:
    if execution.map_run_arn is not None:
        return "it is a child of a Map Run, which is redriven with its execution"
    if execution.status == "RUNNING":
        return "Execution is RUNNING and cannot be redriven"
    if execution.status == "SUCCEEDED":
        return "Execution is SUCCEEDED and cannot be redriven"
    if execution.stopped is not None and now() - execution.stopped > REDRIVABLE:
        return "Execution was closed more than 14 days ago"
    return ""


def describe(call: Call) -> Params:
    execution = _of(call)
    described_execution = _summary(execution)
    reason = _not_redrivable(execution)
    described_execution |= {
        "input": dumps(execution.input),
        "inputDetails": {"included": True},
        "redriveStatus": "NOT_REDRIVABLE" if reason else "REDRIVABLE",
        "redriveCount": execution.redrive_count,
        "redriveStatusReason": reason or None,
        "output": execution.output,
        "outputDetails": {"included": True} if execution.output is not None else None,
        "error": execution.error,
        "cause": execution.cause,
        "mapRunArn": execution.map_run_arn,
        "traceHeader": execution.trace_header,
    }
    return {name: value for name, value in described_execution.items() if value is not None}


def _summary(execution: Execution) -> Params:
    members: Params = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "stopDate": execution.stopped,
        "redriveDate": execution.redriven,
    }
    return {name: value for name, value in members.items() if value is not None}


def list_executions(call: Call) -> Params:
    params = call.params
    if bool(params.get("stateMachineArn")) == bool(params.get("mapRunArn")):
        raise Refusal("ValidationException", "Must provide either State Machine ARN or Map Run ARN")
    with LOCK:
        states = store_of(call)
        if run := params.get("mapRunArn"):
            executions = list(_map_run(states, run).children)
        else:
            arn = machine(states, params["stateMachineArn"]).arn
            executions = [item for item in states.executions.values() if item.machine.arn == arn]
    if status := params.get("statusFilter"):
        executions = [item for item in executions if item.status == status]
    if wanted := params.get("redriveFilter"):
        executions = [item for item in executions if (item.redrive_count > 0) == (wanted == "REDRIVEN")]
    rows = [_row(item) for item in sorted(executions, key=lambda item: item.started, reverse=True)]
    items, token = page(call, rows)
    return {"executions": items} | token


def _row(execution: Execution) -> Params:
    members = _summary(execution) | {"redriveCount": execution.redrive_count}
    if execution.map_run_arn is not None:
        members |= {"mapRunArn": execution.map_run_arn, "itemCount": execution.item_count or 0}
    return members


def history(call: Call) -> Params:
    events = list(_of(call).history.events)
    if call.params.get("reverseOrder"):
        events.reverse()
    if call.params.get("includeExecutionData") is False:
        events = [_without_data(event) for event in events]
    items, token = page(call, events)
    return {"events": items} | token


def _without_data(event: Params) -> Params:
    dropped = ("input", "output", "parameters", "assignedVariables")
    return {
        name: {key: item for key, item in value.items() if key not in dropped} if isinstance(value, dict) else value
        for name, value in event.items()
    }


def machine_of(call: Call) -> Params:
    execution = _of(call)
    members = described(execution.machine)
    for name in ("status", "type", "creationDate"):
        members.pop(name)
    return (
        members | {"updateDate": execution.machine.created, "mapRunArn": execution.map_run_arn}
        if (execution.map_run_arn)
        else members | {"updateDate": execution.machine.created}
    )


def _map_run(states: Store, arn: str) -> MapRun:
    map_run = states.map_runs.get(arn)
    if map_run is None:
        raise Refusal("ResourceNotFound", f"Resource not found: '{arn}'")
    return map_run


STATUSES = {
    "PENDING": "pending", "RUNNING": "running", "SUCCEEDED": "succeeded", "FAILED": "failed",
    "TIMED_OUT": "timedOut", "ABORTED": "aborted",
}  # fmt: skip


def describe_map_run(call: Call) -> Params:
    with LOCK:
        map_run = _map_run(store_of(call), call.params["mapRunArn"])
        executions_, items = dict.fromkeys(STATUSES.values(), 0), dict.fromkeys(STATUSES.values(), 0)
        for child in map_run.children:
            executions_[STATUSES[child.status]] += 1
            items[STATUSES[child.status]] += child.item_count or 1
        written = {"total": map_run.total, "resultsWritten": 0}
        members: Params = {
            "mapRunArn": map_run.arn,
            "executionArn": map_run.execution_arn,
            "status": map_run.status,
            "startDate": map_run.started,
            "stopDate": map_run.stopped,
            "maxConcurrency": map_run.max_concurrency,
            "toleratedFailurePercentage": map_run.tolerated_percentage,
            "toleratedFailureCount": map_run.tolerated_count,
            "itemCounts": items | written,
            "executionCounts": executions_ | {"total": len(map_run.children), "resultsWritten": 0},
            "redriveCount": map_run.redrive_count,
        }
    return {name: value for name, value in members.items() if value is not None}


def list_map_runs(call: Call) -> Params:
    execution = _of(call)
    rows = [
        {
            "executionArn": execution.arn,
            "mapRunArn": run.arn,
            "stateMachineArn": execution.machine.arn,
            "startDate": run.started,
        }
        | ({"stopDate": run.stopped} if run.stopped else {})
        for run in execution.map_runs
    ]
    items, token = page(call, rows)
    return {"mapRuns": items} | token


OPERATIONS: dict[str, Callable[[Call], Params]] = {
    "StartExecution": start,
    "StopExecution": stop,
    "RedriveExecution": redrive,
    "DescribeExecution": describe,
    "ListExecutions": list_executions,
    "GetExecutionHistory": history,
    "DescribeStateMachineForExecution": machine_of,
    "DescribeMapRun": describe_map_run,
    "ListMapRuns": list_map_runs,
}
