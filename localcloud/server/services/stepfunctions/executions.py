"""Executions: their threads, their ends, and what comes of an end (event, log, whoever waits)."""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from localcloud.server.retention import drops, over

from . import flow, logs, mapping, notices, parallel, task
from .branch import Branch
from .failures import RUNTIME, StateFailure, Stopped
from .interpreter import run_block
from .model import LOCK, TERMINAL, Execution, dumps, now, stores
from .tokens import ExecutionTimeout, Token

LOG = logging.getLogger(__name__)
STATES = (flow, mapping, parallel, task)
"""Imported for their handlers."""


def begin(execution: Execution) -> None:
    """Starts a new execution in a thread of its own."""
    branch = Branch(execution, execution.token)
    with _ended_by_a_fault(execution, branch):
        execution.history.listener = logs.listener(execution)
        given = {
            "input": dumps(execution.input),
            "inputDetails": {"truncated": False},
            "roleArn": execution.machine.role_arn,
        }
        branch.event("ExecutionStarted", given)
        notices.status_changed(execution)
        _start(execution, branch)


def redrive(execution: Execution) -> None:
    """Goes on where the execution failed; what succeeded is not done again."""
    execution.token = Token()
    branch = Branch(execution, execution.token, previous=len(execution.history.events))
    with _ended_by_a_fault(execution, branch):
        branch.event("ExecutionRedriven", {"redriveCount": execution.redrive_count})
        notices.status_changed(execution)
        _start(execution, branch)


@contextmanager
def _ended_by_a_fault(execution: Execution, branch: Branch) -> Generator[None]:
    """No execution is left without an end, whatever fails here."""
    try:
        yield
    except Exception as error:
        LOG.exception("execution %s", execution.arn)
        _end(execution, branch, "FAILED", error=RUNTIME, cause=f"An internal error occurred: {error}")


def _start(execution: Execution, branch: Branch) -> None:
    seconds = execution.machine.parsed.get("TimeoutSeconds")
    if seconds is not None:
        execution.token.expire_in(float(seconds))
    args = (execution, branch)
    threading.Thread(target=_run, args=args, daemon=True, name=f"execution-{execution.name}").start()


def _run(execution: Execution, branch: Branch) -> None:
    machine = execution.machine.parsed
    with _ended_by_a_fault(execution, branch):
        try:
            value = copy.deepcopy(execution.input)
            output = run_block(branch, machine, value, str(machine.get("QueryLanguage", "JSONPath")))
            _end(execution, branch, "SUCCEEDED", output=dumps(output))
        except StateFailure as failure:
            _end(execution, branch, "FAILED", error=failure.error, cause=failure.cause)
        except ExecutionTimeout:
            execution.token.cancel()
            _end(execution, branch, "TIMED_OUT")
        except Stopped:
            LOG.debug("execution %s was stopped", execution.arn)


ENDINGS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}


def _end(
    execution: Execution,
    branch: Branch,
    status: str,
    *,
    output: str | None = None,
    error: str | None = None,
    cause: str | None = None,
) -> None:
    with LOCK:
        if execution.status in TERMINAL:
            return
        details: dict[str, Any] = {"error": error, "cause": cause}
        if status == "SUCCEEDED":
            details = {"output": output, "outputDetails": {"truncated": False}}
        branch.event(ENDINGS[status], details)
        execution.output, execution.error, execution.cause = output, error, cause
        execution.stopped = now()
        execution.status = status
        if status == "SUCCEEDED":
            execution.resume.clear()  # only what did not succeed is redriven
        listeners = list(execution.listeners)
    notices.status_changed(execution)
    for listener in listeners:
        try:
            listener()
        except Exception:
            LOG.exception("somebody who waits for execution %s was not told", execution.arn)


KEPT = timedelta(days=90)
"""How long AWS keeps an execution and its history after its end."""


@drops
def drop() -> None:
    with LOCK:
        for states in stores():
            for arn, execution in list(states.executions.items()):
                if execution.stopped is not None and over(execution.stopped, KEPT):
                    del states.executions[arn]
            for arn, run in list(states.map_runs.items()):
                if run.stopped is not None and over(run.stopped, KEPT):
                    del states.map_runs[arn]


def stop(execution: Execution, error: str | None, cause: str | None) -> None:
    """Aborts an execution that runs; one that has ended is left as it is."""
    branch = Branch(execution, execution.token, previous=len(execution.history.events))
    _end(execution, branch, "ABORTED", error=error, cause=cause)
    execution.token.cancel()
