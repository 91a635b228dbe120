"""How the benchmarks count what AWS bills: from histories and call logs as the local cloud writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import prices
from benchmarks.transitions import Bill, calls, functions, transitions

ROLE = "arn:aws:iam::908710317728:role/machine"


def task(resource: str) -> dict[str, Any]:
    return {"type": "TaskScheduled", "taskScheduledEventDetails": {"resourceType": resource}}


HISTORY: list[dict[str, Any]] = [
    {"type": "ExecutionStarted"},
    {"type": "TaskStateEntered"},
    task("batch"),
    {"type": "TaskSubmitFailed"},
    task("batch"),
    {"type": "TaskStateExited"},
    {"type": "ChoiceStateEntered"},
    {"type": "ChoiceStateExited"},
    {"type": "ExecutionSucceeded"},
]


def test_each_state_entered_and_each_retry_is_a_transition() -> None:
    assert transitions(HISTORY) == 3
    assert functions(HISTORY) == 0


def test_both_ways_to_call_lambda_are_counted() -> None:
    assert functions([*HISTORY, task("lambda"), {"type": "LambdaFunctionScheduled"}]) == 2


def test_calls_are_counted_by_the_role_that_made_them() -> None:
    def line(service: str, operation: str, principal: str) -> str:
        return json.dumps({"service": service, "operation": operation, "caller": {"principal_arn": principal}})

    log = [
        json.dumps({"policy": "abc", "document": "{}"}),
        line("s3", "PutObject", ROLE),
        line("s3", "PutObject", "arn:aws:iam::908710317728:role/jobs"),
        line("batch", "SubmitJob", ROLE),
        line("batch", "SubmitJob", ROLE),
    ]
    assert calls(log, ROLE) == {"s3:PutObject": 1, "batch:SubmitJob": 2}


def test_a_bill_adds_transitions_functions_and_what_is_priced_of_the_calls() -> None:
    bill = Bill(4, 0, {"s3:PutObject": 1, "batch:SubmitJob": 1})
    assert bill.dollars == pytest.approx(4 * 0.000025 + 0.000005)
    function = prices.value("lambda_request") + 0.25 * prices.value("lambda_gb_second")
    assert Bill(5, 3).dollars == pytest.approx(5 * 0.000025 + 3 * function)
