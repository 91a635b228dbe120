"""How states fail, and which Retry and Catch entries a failure meets.

AWS facts: States.ALL matches every error but States.DataLimitExceeded and States.Runtime; States.TaskFailed matches
every error of a task but States.Timeout; States.Runtime can be neither retried nor caught.
"""

from __future__ import annotations

from collections.abc import Sequence

ALL = "States.ALL"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"
RUNTIME = "States.Runtime"
DATA_LIMIT = "States.DataLimitExceeded"
QUERY = "States.QueryEvaluationError"
PARAMETER_PATH = "States.ParameterPathFailure"
NO_CHOICE = "States.NoChoiceMatched"
TOLERANCE = "States.ExceedToleratedFailureThreshold"
READER = "States.ItemReaderFailed"
WRITER = "States.ResultWriterFailed"
INTRINSIC = "States.IntrinsicFailure"
UNCAUGHT = (DATA_LIMIT, RUNTIME)


class StateFailure(Exception):  # noqa: N818 - AWS calls it so: a state fails, with an error and a cause
    """A state failed with an error name and a cause, either of which may be empty."""

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause
        self.of_a_task = False

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
