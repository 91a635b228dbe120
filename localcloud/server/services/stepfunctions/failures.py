"""How states fail, and which Retry and Catch entries a failure meets.

AWS facts: States.ALL matches every error but States.DataLimitExceeded and States.Runtime; States.TaskFailed matches
every error of a task but States.Timeout; States.Runtime can be neither retried nor caught. The cause of a failure of
a state's own fields begins with the state and the event that entered it.
"""

from __future__ import annotations

from collections.abc import Sequence

ALL = "States.ALL"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"
RUNTIME = "States.Runtime"
DATA_LIMIT = "States.DataLimitExceeded"
QUERY = "States.QueryEvaluationError"
TOLERANCE = "States.ExceedToleratedFailureThreshold"
READER = "States.ItemReaderFailed"
WRITER = "States.ResultWriterFailed"
UNCAUGHT = (DATA_LIMIT, RUNTIME)
PLACED = (RUNTIME, QUERY)
"""Errors of a state's own fields."""


class StateFailure(Exception):  # noqa: N818 - AWS calls it so: a state fails, with an error and a cause
    """A state failed with an error name and a cause, either of which may be empty.

    ``placed``: the cause is whole as it is.
    """

    def __init__(self, error: str | None, cause: str | None = None, *, placed: bool = False) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause, self.placed = error, cause, placed
        self.of_a_task = False

    def place(self, state: str, event: int) -> None:
        """Says in the cause where a failure of a state's own fields was: in the innermost state."""
        if self.error in PLACED and not self.placed:
            where = f"An error occurred while executing the state '{state}' (entered at the event id #{event})."
            self.cause = f"{where} {self.cause}"
        self.placed = True

    def matches(self, names: Sequence[str]) -> bool:
        """Whether an ErrorEquals list takes it."""
        if self.error == RUNTIME:
            return False
        for name in names:
            if name == self.error or (name == ALL and self.error not in UNCAUGHT):
                return True
            if name == TASK_FAILED and self.of_a_task and self.error not in (TIMEOUT, *UNCAUGHT):
                return True
        return False

    def output(self) -> dict[str, str]:
        """What a Catch gets."""
        return {"Error": self.error or "", "Cause": self.cause or ""}


class Stopped(Exception):  # noqa: N818 - it is no error: a stop was asked for
    """The execution, or this branch of it, is to end; whoever asked says how."""
