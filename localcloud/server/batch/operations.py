"""Batch's operations: importing this module registers them all."""

from __future__ import annotations

from localcloud.server.call import HOOKS, Call, Refusal

from . import containers, definitions, environments, faults, jobs, queues, submitting

__all__ = ["containers", "definitions", "environments", "faults", "jobs", "queues", "submitting"]


@HOOKS.before(
    "batch",
    "CreateSchedulingPolicy",
    "DeleteSchedulingPolicy",
    "DescribeSchedulingPolicies",
    "UpdateSchedulingPolicy",
    "ListSchedulingPolicies",
    "GetJobQueueSnapshot",
)
def not_modelled(call: Call) -> None:
    """moto would answer these from a Batch of its own, which knows none of what is here."""
    raise Refusal("NotImplemented", f"batch {call.operation} is not implemented here.", 501)
