"""What AWS bills a run for beside its machine: state transitions and calls, counted from real executions.

The program's state machine runs in the local cloud; transitions are counted from the execution's history, calls from
the local cloud's call log. AWS bills each state that is entered and each retry. Beside it stands swipe's machine, by
its structure (``swipe``). `make bench` runs this; or, after `make setup`: `.venv/bin/python -m benchmarks.transitions`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks import prices, swipe
from benchmarks.orchestra import Orchestra, orchestra
from benchmarks.swipe import End, Way
from localcloud.server.process import ask

SCALE = 0.002
FUNCTION_GB = 0.25
PRICED = {
    "s3:PutObject": "s3_write",
    "s3:GetObject": "s3_read",
    "s3:HeadObject": "s3_read",
    "sqs:SendMessage": "sqs_send",
}
"""Calls of the machine that AWS bills, by the table's price; Batch's calls cost nothing."""


@dataclass(frozen=True)
class Case:
    """One way that a run can go. ``fault``: what is put into the local cloud's spot queue."""

    name: str
    theirs: Way
    fault: Mapping[str, Any] | None = None
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])


CASES = (
    Case("success on spot", swipe.run(End.WELL)),
    Case("after a reclaim", swipe.run(End.RECLAIMED, End.WELL), {"kind": "reclaimed", "after_marker": "half"}),
    Case("the job fails", swipe.run(End.FAILED), {"kind": "exit", "exit_code": 2}),
    Case("DoNotInterrupt", swipe.run(End.WELL, do_not_interrupt=True), None, {"DoNotInterrupt": True}),
    Case("one submission throttled", swipe.run(End.WELL, throttled=1), {"kind": "throttled", "times": 1}),
)


@dataclass(frozen=True)
class Bill:
    """What a run is billed for."""

    transitions: int
    functions: int
    calls: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def dollars(self) -> float:
        """Transitions, Lambda and the machine's own calls; the calls of swipe's functions are not counted."""
        function = prices.value("lambda_request") + (
            prices.value("lambda_seconds") * FUNCTION_GB * prices.value("lambda_gb_second")
        )
        calls = sum(count * prices.value(PRICED[name]) for name, count in self.calls.items() if name in PRICED)
        return self.transitions * prices.value("transition") + self.functions * function + calls


def transitions(events: Sequence[Mapping[str, Any]]) -> int:
    """States entered, and tasks that were tried again without being entered."""
    kinds = Counter(str(event["type"]) for event in events)
    entered = sum(count for kind, count in kinds.items() if kind.endswith("StateEntered"))
    return entered + kinds["TaskScheduled"] - kinds["TaskStateEntered"]


def functions(events: Sequence[Mapping[str, Any]]) -> int:
    """Lambda invocations."""
    details = [event.get("taskScheduledEventDetails", {}) for event in events]
    direct = sum(str(event["type"]) == "LambdaFunctionScheduled" for event in events)
    return direct + sum(one.get("resourceType") == "lambda" for one in details)


def calls(lines: Sequence[str], role: str) -> Counter[str]:
    """Calls by a role's sessions, as ``service:Operation``, from the lines of a call log."""
    found = Counter[str]()
    for line in lines:
        one = json.loads(line)
        if "policy" not in one and one["caller"]["principal_arn"] == role:
            found[f"{one['service']}:{one['operation']}"] += 1
    return found


def measure(running: Orchestra, case: Case, machine: str, number: int) -> tuple[Bill, list[str]]:
    """One execution's bill, and the states that it entered."""
    name = f"run-{number}"
    if case.fault:
        ask(running.server, "POST", "faults", {"queue": running.spot, **case.fault})
    log = running.folder / "calls.jsonl"
    before = len(log.read_text(encoding="utf-8").splitlines())
    (ended,) = running.wait([running.start(machine, name, running.given(name, **case.more))])
    expected = "FAILED" if case.theirs.states[-1] == "HandleFailure" else "SUCCEEDED"
    if ended["status"] != expected:
        raise SystemExit(f"{case.name}: {ended['status']}: {ended.get('error')}: {ended.get('cause')}")
    ask(running.server, "DELETE", "faults")
    events = running.events(ended["executionArn"])
    machine_role = running.client("stepfunctions").describe_state_machine(stateMachineArn=machine)["roleArn"]
    made = calls(log.read_text(encoding="utf-8").splitlines()[before:], machine_role)
    way = [event["stateEnteredEventDetails"]["name"] for event in events if event["type"].endswith("StateEntered")]
    return Bill(transitions(events), functions(events), made), way


def main() -> None:
    year = prices.value("runs_a_year")
    print(f"A run's bill beside its machine; a year has {year:,.0f} runs (prices.toml)")
    print(f"{'':26}{'transitions':>24}{'Lambda':>18}{'USD a year':>22}")
    print(f"{'':26}{'here':>12}{'swipe':>12}{'here':>9}{'swipe':>9}{'here':>11}{'swipe':>11}")
    details: list[str] = []
    with orchestra(SCALE) as running:
        machine = running.machine(running.job("works", "sh", "-c", "echo half; sleep 0.3"))
        for number, case in enumerate(CASES):
            here, way = measure(running, case, machine, number)
            there = Bill(case.theirs.transitions, case.theirs.functions)
            print(
                f"{case.name:26}{here.transitions:12}{there.transitions:12}{here.functions:9}{there.functions:9}"
                f"{here.dollars * year:11.2f}{there.dollars * year:11.2f}",
                flush=True,
            )
            listed = ", ".join(f"{count} {name}" for name, count in sorted(here.calls.items()))
            details += [f"{case.name}: {' → '.join(way)}; calls: {listed}"]
    print("\n".join(["", *details]))


if __name__ == "__main__":
    main()
