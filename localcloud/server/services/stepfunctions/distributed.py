"""Map in its distributed mode: each item, or batch of items, an execution of its own.

AWS facts: the children's state machine ARN has the map's label behind a slash; a run fails with
States.ExceedToleratedFailureThreshold once more children than tolerated have failed, and what still runs is aborted;
a child that failed gives null in the result; without a tolerance the first failure ends the run.
"""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import items
from .branch import Branch, Frame
from .failures import TOLERANCE, StateFailure, Stopped
from .interpreter import run_block
from .model import LOCK, Execution, MapRun, dumps, now, store
from .parallel import concurrency, processor
from .side_by_side import run_side_by_side
from .tokens import Token

EXCEEDED = "The specified tolerated failure threshold was exceeded"


class _Run:
    """One run of the map: its children and what they came to."""

    def __init__(self, held: Frame, record: MapRun, inputs: list[Any]) -> None:
        self.held, self.record, self.inputs = held, record, inputs
        self.block = processor(held.state)
        self.lock = threading.Lock()
        self.failed = 0
        machine = held.branch.execution.machine
        label = str(held.state.get("Label", held.name))
        self.machine = replace(machine, arn=f"{machine.arn}/{label}", name=machine.name, label=label)

    def child(self, index: int) -> Execution:
        """The item's execution: a new one, or in a redrive the one that did not succeed."""
        if index < len(self.record.children):
            execution = self.record.children[index]
            execution.status, execution.stopped, execution.error, execution.cause = "RUNNING", None, None, None
            execution.redrive_count += 1
            execution.token = Token()
            return execution
        name = str(uuid.uuid4())
        arn = f"{self.machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        return Execution(
            arn=arn,
            name=name,
            machine=self.machine,
            input=self.inputs[index],
            started=now(),
            map_run_arn=self.record.arn,
            item_count=len(self.inputs[index]["Items"]) if "ItemBatcher" in self.held.state else 1,
        )

    def start(self) -> list[Execution]:
        executions = [self.child(index) for index in range(len(self.inputs))]
        execution = self.held.branch.execution
        with LOCK:
            self.record.children = executions
            self.record.total = sum(child.item_count or 1 for child in executions)
            executions_by_arn = store(execution.account, execution.region).executions
            executions_by_arn.update({child.arn: child for child in executions})
        return executions

    def work(self, child: Execution) -> Callable[[Token], Any]:
        def run(token: Token) -> Any:
            if child.output is not None:
                return None  # it succeeded before the redrive
            child.status, child.token = "RUNNING", token
            branch = Branch(child, token)
            branch.event("ExecutionStarted", {"input": dumps(child.input), "roleArn": self.machine.role_arn})
            try:
                child.output = dumps(run_block(branch, self.block, copy.deepcopy(child.input), self.held.language))
                self.end(child, branch, "SUCCEEDED", {"output": child.output})
            except StateFailure as failure:
                child.error, child.cause = failure.error, failure.cause
                self.end(child, branch, "FAILED", {"error": failure.error, "cause": failure.cause})
                self.count_failure(child)
            except Stopped:
                self.end(child, branch, "ABORTED", {})
                raise
            return None

        return run

    def end(self, child: Execution, branch: Branch, status: str, details: dict[str, Any]) -> None:
        kind = {"SUCCEEDED": "ExecutionSucceeded", "FAILED": "ExecutionFailed", "ABORTED": "ExecutionAborted"}[status]
        branch.event(kind, details)
        child.status, child.stopped = status, now()

    def count_failure(self, child: Execution) -> None:
        with self.lock:
            self.failed += child.item_count or 1
            exceeded = self.exceeded()
        if exceeded:
            raise StateFailure(TOLERANCE, EXCEEDED)

    def exceeded(self) -> bool:
        count, percentage = self.record.tolerated_count, self.record.tolerated_percentage
        if not count and not percentage:
            return self.failed > 0
        share = 100 * self.failed / max(self.record.total, 1)
        return bool((count and self.failed > count) or (percentage and share > percentage))


def distributed(frame: Frame) -> Any:
    branch = frame.branch
    inputs = items.inputs(frame)
    record, previous = _record(frame)
    run = _Run(frame, record, inputs)
    children = run.start()
    branch.event("MapStateStarted", {"length": len(children)})
    kind = "MapRunRedriven" if previous else "MapRunStarted"
    branch.event(kind, {"mapRunArn": record.arn, "redriveCount": record.redrive_count if previous else None})
    try:
        run_side_by_side(branch.token, [run.work(child) for child in children], concurrency(frame))
    except StateFailure as failure:
        _end(record, "FAILED")
        items.write_results(frame, record, children)
        branch.event("MapRunFailed", {"error": failure.error, "cause": failure.cause})
        branch.event("MapStateFailed", {"error": failure.error, "cause": failure.cause})
        raise
    except Exception:
        _end(record, "ABORTED")
        branch.event("MapRunAborted")
        raise
    _end(record, "SUCCEEDED")
    result = items.write_results(frame, record, children)
    branch.event("MapRunSucceeded")
    branch.event("MapStateSucceeded")
    return result if result is not None else items.outputs(children)


def _end(record: MapRun, status: str) -> None:
    with LOCK:
        record.status, record.stopped = status, now()
        for child in record.children:
            if child.status == "RUNNING":
                child.status, child.stopped = "ABORTED", now()


def _record(frame: Frame) -> tuple[MapRun, bool]:
    """The map's run: in a redrive the one that was."""
    execution = frame.branch.execution
    if execution.redrive_count:
        for record in execution.map_runs:
            if record.status in ("FAILED", "ABORTED") and f"/{_label(frame)}:" in record.arn:
                record.status, record.stopped = "RUNNING", None
                record.redrive_count += 1
                return record, True
    machine = execution.machine.arn.rpartition(":")[2]
    prefix = execution.machine.arn.partition(":stateMachine:")[0]
    record = MapRun(
        arn=f"{prefix}:mapRun:{machine}/{_label(frame)}:{uuid.uuid4()}",
        execution_arn=execution.arn,
        started=now(),
        max_concurrency=concurrency(frame),
        tolerated_percentage=float(frame.number("ToleratedFailurePercentage", 0) or 0),
        tolerated_count=int(frame.number("ToleratedFailureCount", 0) or 0),
    )
    with LOCK:
        execution.map_runs.append(record)
        store(execution.account, execution.region).map_runs[record.arn] = record
    return record, False


def _label(frame: Frame) -> str:
    return str(frame.state.get("Label", frame.name))
