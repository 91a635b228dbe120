"""Starts executions, many at a time, each exactly once.

Rests on: StartExecution with the name and input of a running execution answers with that one; once it has ended, or
for another input, it is ExecutionAlreadyExists. An account starts some hundred executions a second and has a million
open at most; beyond that calls are throttled, or refused with ExecutionLimitExceeded.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from portal.submission.journal import Journal, Planned

PASSING: Final = frozenset({
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "ExecutionLimitExceeded",
    "InternalFailure",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
})  # fmt: skip
ATTEMPTS: Final = 12
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 30.0


class NameTaken(Exception):  # noqa: N818 - a state of affairs
    """An execution of that name has another input."""


def config(parallelism: int) -> Config:
    """Of the client that starts: what passes is tried again here, and nowhere else."""
    return Config(retries={"mode": "standard", "max_attempts": 1}, max_pool_connections=parallelism)


@dataclass(frozen=True, kw_only=True)
class Starter:
    """Starts one execution, patiently. ``wait`` waits for so many seconds; None: until then, or until ``stop``."""

    states: Any
    machine: str
    stop: threading.Event = field(default_factory=threading.Event)
    wait: Callable[[float], object] | None = None
    jitter: Callable[[], float] = random.random
    attempts: int = ATTEMPTS

    def start(self, run: Planned) -> str | None:
        """The execution's ARN; None: stopped before it began.

        Raises NameTaken; and botocore's errors where AWS refuses for good, which stops the others too.
        """
        wait = self.wait or self.stop.wait
        for attempt in range(self.attempts):
            if self.stop.is_set():
                return None
            try:
                answer = self.states.start_execution(stateMachineArn=self.machine, name=run.name, input=run.input)
                return str(answer["executionArn"])
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                if code == "ExecutionAlreadyExists":
                    return self._same(run)
                if code not in PASSING or attempt + 1 == self.attempts:
                    self.stop.set()  # here: more would have been tried until someone hears of it
                    raise
            except HTTPClientError:
                # The call may have come through: the same again is the same execution.
                if attempt + 1 == self.attempts:
                    self.stop.set()
                    raise
            wait(self.jitter() * min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt))
        raise AssertionError("every attempt returns or raises")

    def _same(self, run: Planned) -> str:
        """The execution of that name, which was started before and has ended."""
        arn = f"{self.machine.replace(':stateMachine:', ':execution:')}:{run.name}"
        execution = self.states.describe_execution(executionArn=arn)
        if json.loads(execution.get("input", "null")) != json.loads(run.input):
            raise NameTaken(f"{run.name}: there is an execution of this name with another input; use --again")
        return arn


@dataclass(kw_only=True)
class Result:
    """How it went; ``failures``: what AWS or we had against a run."""

    started: list[str] = field(default_factory=list[str])
    """Names."""
    failures: dict[str, str] = field(default_factory=dict[str, str])
    """By name."""
    left: int = 0
    """Not tried, since what failed before would have failed for all."""


def start_all(
    journal: Journal, runs: Sequence[Planned], starter: Starter, parallelism: int, done: Callable[[], object]
) -> Result:
    """Starts runs that the journal has planned, and records them there. ``done`` is called for each.

    An interruption (KeyboardInterrupt) leaves those that weren't begun, and passes.
    """
    result = Result()
    with ThreadPoolExecutor(max_workers=parallelism) as pool:
        futures = {pool.submit(starter.start, run): run for run in runs}
        try:
            for future in as_completed(futures):
                _take(futures[future], future, journal, result)
                done()
        except BaseException:
            starter.stop.set()
            pool.shutdown(cancel_futures=True)
            # What was under way when it was interrupted has started.
            for run, future in _ended(futures):
                if run.name not in journal.started:
                    _take(run, future, journal, result)
            raise
    return result


def _ended(futures: dict[Future[str | None], Planned]) -> Iterator[tuple[Planned, Future[str | None]]]:
    return ((run, future) for future, run in futures.items() if future.done() and not future.cancelled())


def _take(run: Planned, future: Future[str | None], journal: Journal, result: Result) -> None:
    try:
        arn = future.result()
    except NameTaken as error:
        result.failures[run.name] = str(error)
    except (ClientError, BotoCoreError) as error:
        result.failures[run.name] = str(error)
    else:
        if arn is None:
            result.left += 1
            return
        journal.start(run.name, arn)
        result.started.append(run.name)
