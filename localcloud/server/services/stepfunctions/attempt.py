"""One attempt of a Task state: its calls, its wait for what it began, and how it fails."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcloud.server import service_calls
from localcloud.server.call import Caller, Refusal

from .branch import Frame
from .failures import TIMEOUT, StateFailure, Stopped
from .integrations import Integration, error_cause, error_name
from .model import dumps
from .tokens import ExecutionTimeout


@dataclass(kw_only=True)
class Task:
    """One attempt of a task. ``deadline`` is of the monotonic clock."""

    held: Frame
    found: Integration
    parameters: dict[str, Any]
    caller: Caller
    region: str
    deadline: float | None

    def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """A call as the task's role. Raises Refusal."""
        return service_calls.perform(self.caller, service, operation, params, self.region)

    def begin(self, params: dict[str, Any]) -> dict[str, Any]:
        """The integration's own call. Raises StateFailure with the service's error."""
        try:
            return self.call(self.found.service, self.found.operation, params)
        except Refusal as refusal:
            raise self.failure(refusal) from refusal

    def failure(self, refusal: Refusal) -> StateFailure:
        cause = error_cause(self.found, refusal.message, refusal.status, refusal.code, str(uuid.uuid4()))
        return task_failure(error_name(self.found, refusal.code), cause)

    def submitted(self, result: Any) -> None:
        self.held.branch.event(
            "TaskSubmitted", {**self._named(), "output": dumps(result), "outputDetails": {"truncated": False}}
        )

    def wait(self, done: Callable[[], bool], end: Callable[[], None]) -> None:
        """Waits until something is done; ``end`` ends it when the task has to end first.

        Raises StateFailure States.Timeout, Stopped or ExecutionTimeout.
        """
        token = self.held.branch.token
        try:
            while not done():
                if self.deadline is not None and time.monotonic() >= self.deadline:
                    raise task_failure(TIMEOUT, None)
                token.wait(self.deadline)
        except (StateFailure, Stopped, ExecutionTimeout):
            end()
            raise

    def _named(self) -> dict[str, Any]:
        return {"resourceType": self.found.resource_type, "resource": self.found.resource}


def task_failure(error: str, cause: str | None) -> StateFailure:
    state_failure = StateFailure(error, cause)
    state_failure.of_a_task = True
    return state_failure
