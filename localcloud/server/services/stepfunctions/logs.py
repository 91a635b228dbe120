"""The log of a state machine in CloudWatch Logs: its history's events, by level.

AWS facts: level ALL writes every event, ERROR those of failures, FATAL those that end an execution badly; inputs and
outputs are in it only with ``includeExecutionData``; the stream is ``states/MACHINE/TIME/...``; it is the service
``delivery.logs.amazonaws.com`` that writes.
"""

from __future__ import annotations

import logging
import queue
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from localcloud.server import service_calls
from localcloud.server.call import Refusal
from localcloud.server.control import on_reset
from localcloud.server.workers import Worker

from .history import Event, details_key
from .model import Execution, StateMachine, dumps

LOG = logging.getLogger(__name__)
PRINCIPAL = "delivery.logs.amazonaws.com"
FATAL = ("ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut")
DATA = ("input", "output", "parameters", "assignedVariables")
MOST_AT_ONCE = 500

Line = tuple[StateMachine, str]


class _Writer:
    def __init__(self) -> None:
        self.waiting: queue.Queue[Line] = queue.Queue()
        self.worker = Worker("states-logs", self._write_some)
        self.streams: dict[str, str] = {}

    def add(self, machine: StateMachine, text: str) -> None:
        self.waiting.put((machine, text))
        self.worker.start()

    def _write_some(self) -> None:
        lines = [self.waiting.get()]
        while len(lines) < MOST_AT_ONCE and not self.waiting.empty():
            lines.append(self.waiting.get_nowait())
        by_machine: dict[str, list[Line]] = {}
        for line in lines:
            by_machine.setdefault(line[0].arn, []).append(line)
        for some in by_machine.values():
            try:
                self._write(some[-1][0], [text for _, text in some])
            except Exception:
                LOG.exception("the log of %s was not written", some[-1][0].arn)
        for _ in lines:
            self.waiting.task_done()

    def _write(self, machine: StateMachine, lines: list[str]) -> None:
        arn = str(machine.logging["destinations"][0]["cloudWatchLogsLogGroup"]["logGroupArn"])
        _, _, _, region, account, _, group = arn.split(":")[:7]
        moment = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M")
        caller, names = service_calls.service(PRINCIPAL, account), {"logGroupName": group}
        try:
            if machine.arn not in self.streams:
                names["logStreamName"] = f"states/{machine.name}/{moment}/{uuid.uuid4().hex[:8]}"
                service_calls.perform(caller, "logs", "CreateLogStream", names, region, source_arn=machine.arn)
                self.streams[machine.arn] = names["logStreamName"]
            names["logStreamName"] = self.streams[machine.arn]
            now = int(time.time() * 1000)
            events = [{"timestamp": now, "message": line} for line in lines]
            service_calls.perform(
                caller, "logs", "PutLogEvents", {**names, "logEvents": events}, region, source_arn=machine.arn
            )
        except Refusal as refusal:
            LOG.warning("log of %s: %s", machine.arn, refusal)


_WRITER = _Writer()


def settle() -> None:
    """Waits until everything that was logged is written."""
    _WRITER.waiting.join()


@on_reset
def forget() -> None:
    _WRITER.streams.clear()


def listener(execution: Execution) -> Callable[[Event], None] | None:
    """What writes an execution's events, or None if its machine logs nothing."""
    machine = execution.machine
    level = machine.logging.get("level", "OFF")
    if level == "OFF":
        return None

    def write(event: Event) -> None:
        if level == "ALL" or event["type"] in FATAL or (level == "ERROR" and _is_error(str(event["type"]))):
            _WRITER.add(machine, dumps(_line(execution, event)))

    return write


def _is_error(kind: str) -> bool:
    return kind.endswith(("Failed", "TimedOut", "Aborted"))


def _line(execution: Execution, event: Event) -> dict[str, Any]:
    details = event.get(details_key(str(event["type"])), {})
    if not execution.machine.logging.get("includeExecutionData"):
        details = {name: value for name, value in details.items() if name.removesuffix("Details") not in DATA}
    return {
        "id": str(event["id"]),
        "type": event["type"],
        "details": details,
        "redrive_count": str(execution.redrive_count),
        "previous_event_id": str(event["previousEventId"]),
        "event_timestamp": str(int(event["timestamp"].timestamp() * 1000)),
        "execution_arn": execution.arn,
    }
