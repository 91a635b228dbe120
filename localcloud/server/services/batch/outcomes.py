"""How an attempt of a job ends, and what an injected fault makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .faults import Fault
from .texts import EXITED, OUT_OF_MEMORY, host_terminated

KILLED = 137


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """``may_succeed`` is false for one that was stopped, whatever its program says itself."""

    exit_code: int | None = None
    reason: str | None = None
    status_reason: str | None = EXITED
    may_retry: bool = True
    may_succeed: bool = True


Verdict = Callable[[int], Outcome]
"""What an attempt ended for, if not by itself: given its exit code, the outcome."""


def out_of_memory(_code: int) -> Outcome:
    return Outcome(exit_code=KILLED, reason=OUT_OF_MEMORY)


def stopped(reason: str) -> Verdict:
    return lambda code: Outcome(exit_code=code, status_reason=reason, may_retry=False, may_succeed=False)


def host_lost(status_reason: str | None) -> Verdict:
    return lambda _: Outcome(status_reason=status_reason, may_succeed=False)


def of_fault(fault: Fault, instance_id: str) -> Verdict:
    """What a job comes to on an instance that the fault strikes, or that it strikes itself."""
    if fault.kind == "host_lost":
        return host_lost(None)
    if fault.kind == "out_of_memory":
        return out_of_memory
    if fault.kind == "exit":
        return lambda _: Outcome(exit_code=fault.exit_code)
    lost = host_terminated(instance_id)
    if fault.signal == "SIGKILL":
        return host_lost(lost)
    if fault.report == "program":
        return lambda code: Outcome(exit_code=code)
    return lambda code: Outcome(exit_code=code if code != KILLED else None, status_reason=lost, may_succeed=False)
