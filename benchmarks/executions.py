"""Executions a second through the local cloud: the program's state machine, its jobs real processes.

Three machines are run in turn, so that what else the computer does hits all alike: one with a single Pass state (what
starting and ending an execution costs), the program's with the cheapest job (``true``), the program's with a workflow
run by the runner of workflows. The floor is the processes alone: as many of the same commands, all started at once and
waited for, without a cloud. `make bench` runs this; or, after `make setup`:
`.venv/bin/python -m benchmarks.executions [--executions N] [--rounds N]`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

from benchmarks.measure import interleaved, machine
from benchmarks.orchestra import Orchestra, orchestra

SUBMITTERS = 20
"""The portal's client starts executions by as many workers."""
PASS = {"QueryLanguage": "JSONata", "StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}


def executions(running: Orchestra, arn: str, number: int, names: count[int], *, output: bool) -> float:
    """Seconds from the first start to the last end of ``number`` executions, all started as fast as may be."""
    begun_as = [f"run-{next(names)}" for _ in range(number)]
    given = {name: running.given(name, output=output) for name in begun_as}
    begun = time.perf_counter()
    with ThreadPoolExecutor(SUBMITTERS) as pool:
        started = list(pool.map(lambda name: running.start(arn, name, given[name]), begun_as))
    ended = running.wait(started)
    spent = time.perf_counter() - begun
    if wrong := [one for one in ended if one["status"] != "SUCCEEDED"]:
        raise SystemExit(f"{len(wrong)} of {number} failed, first: {wrong[0].get('error')}: {wrong[0].get('cause')}")
    return spent


def processes(command: Sequence[str], environments: Sequence[Mapping[str, str]]) -> float:
    """Seconds of as many processes as there are environments, all at once, as the local cloud's queues let them run."""

    def one(environment: Mapping[str, str]) -> None:
        with tempfile.TemporaryDirectory() as own:
            whole = {"PATH": os.environ["PATH"], "HOME": own, "TMPDIR": own, **environment}  # as a job's
            # A session of its own, like a job: on a busy machine Linux shares its processors out by session.
            done = subprocess.run(
                command, cwd=own, env=whole, capture_output=True, text=True, check=False, start_new_session=True
            )
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-500:]}{done.stderr}")

    begun = time.perf_counter()
    with ThreadPoolExecutor(len(environments)) as pool:
        list(pool.map(one, environments))
    return time.perf_counter() - begun


def runners(running: Orchestra, number: int, names: count[int]) -> float:
    """The runner of workflows as a job starts it, with its reads and writes in S3, and nobody who schedules it."""
    found: list[Mapping[str, str]] = []
    for name in [f"alone-{next(names)}" for _ in range(number)]:
        place = f"{name}/bench-1"
        inputs = json.dumps(running.given(name, output=False)["Input"]["Run"])
        running.client("s3").put_object(Bucket=running.bucket, Key=f"{place}/run_input.json", Body=inputs.encode())
        uris = {word: f"s3://{running.bucket}/{place}/run_{word}.json" for word in ("input", "output")}
        found.append(
            running.job_environment(name)
            | {"WDL_INPUT_URI": uris["input"], "WDL_OUTPUT_URI": uris["output"], "SFN_CURRENT_STATE": "RunSPOT"}
        )
    return processes([sys.executable, "-m", "localcloud.runner"], found)


def row(name: str, taken: Sequence[float], number: int, floor: Sequence[float] = ()) -> str:
    """Executions a second (lowest, median, highest) and the median of the pairwise ratios of times to the floor's."""
    speeds = [number / seconds for seconds in taken]
    ratio = statistics.median(one / low for one, low in zip(taken, floor, strict=True)) if floor else None
    shown = f"{ratio:9.2f}" if ratio else ""
    return f"{name:38}{min(speeds):8.1f}{statistics.median(speeds):8.1f}{max(speeds):8.1f}{shown}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    number, names = given.executions, count()
    with orchestra(1.0) as running:
        only_pass = running.create("pass", PASS)
        cheap, workflow = running.machine(running.job("true", "true")), running.machine(running.job("workflow"))
        run = partial(executions, running, number=number, names=names)
        commands: dict[str, Callable[[], float]] = {
            "pass": lambda: run(only_pass, output=False),
            "cheap": lambda: run(cheap, output=True),
            "cheap_floor": lambda: processes(["true"], [{}] * number),
            "workflow": lambda: run(workflow, output=False),
            "workflow_floor": lambda: runners(running, number, names),
        }
        taken = interleaved(given.rounds, **commands)
    print(f"{number} executions started at once, {given.rounds} rounds, interleaved. {machine()}\n")
    print(f"{'executions a second':38}{'min':>8}{'median':>8}{'max':>8}{'x floor':>9}")
    print(row("one Pass state, no job", taken["pass"], number))
    print(row("program's machine, job `true`", taken["cheap"], number, taken["cheap_floor"]))
    print(row("  floor: processes of `true`", taken["cheap_floor"], number))
    print(row("program's machine, a workflow", taken["workflow"], number, taken["workflow_floor"]))
    print(row("  floor: the same runner alone", taken["workflow_floor"], number))
    beside = statistics.median(
        (one - none) / number * 1_000 for one, none in zip(taken["cheap"], taken["pass"], strict=True)
    )
    print(f"\nFour states, five calls and a job's process beside a Pass state: {beside:.0f} ms an execution.")


if __name__ == "__main__":
    main()
