"""How an execution stands, and the class of its failure by the one table (``components.orchestration.failures``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from components.orchestration.failures import Kind, classify

RUNNING, SUCCEEDED = "RUNNING", "SUCCEEDED"
PENDING: Final = frozenset({RUNNING, "PENDING_REDRIVE"})
_BY_ERROR: Final = {kind.error: kind for kind in Kind}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """``kind``: None for what runs or has succeeded. ``started``: None where it was not asked."""

    status: str
    started: datetime | None = None
    stopped: datetime | None = None
    error: str = ""
    cause: str = ""
    kind: Kind | None = None

    @property
    def ended(self) -> bool:
        return self.status not in PENDING

    @property
    def succeeded(self) -> bool:
        return self.status == SUCCEEDED

    def seconds(self, now: datetime | None = None) -> int | None:
        """How long it ran, or has run until now; None where its start is not known."""
        if self.started is None:
            return None
        return max(0, round(((self.stopped or now or datetime.now(UTC)) - self.started).total_seconds()))


def outcome(described: Mapping[str, Any]) -> Outcome:
    """From what DescribeExecution answers, or ListExecutions of what runs or has succeeded."""
    status, error, cause = (str(described.get(key) or "") for key in ("status", "error", "cause"))
    started, stopped = described.get("startDate"), described.get("stopDate")
    if status in PENDING or status == SUCCEEDED:
        return Outcome(status=status, started=started, stopped=stopped)
    kind = kind_of(status, error, cause)
    return Outcome(status=status, started=started, stopped=stopped, error=error, cause=cause, kind=kind)


def kind_of(status: str, error: str, cause: str) -> Kind:
    """The class of an execution that did not succeed.

    The machine ends with the error name of the class, or for a program's failure with the name that the program gave;
    what ends an execution from outside of it leaves none of the two.
    """
    if status == "TIMED_OUT":
        return Kind.TIMEOUT
    if status == "ABORTED":
        return Kind.CANCELLED
    if error.startswith("States."):
        return classify(error, cause).kind
    known = _BY_ERROR.get(error)
    by_program = f"({Kind.APPLICATION.meaning} (" in cause
    return Kind.APPLICATION if known is None or by_program else known
