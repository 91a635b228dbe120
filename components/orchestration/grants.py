"""What the state machine's role may do, read off its definition: no call without a grant, no grant without a call.

What each call needs, ``access.machine`` knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .. import orchestrator_names
from ..access import machine as machine_permissions
from ..access.statements import Statement
from .contract import MAP_KEY
from .machine import StateMachineArgs
from .tasks import GET, HEAD, PUT, SEND, SUBMIT

_QUEUE = re.compile(r"arn:aws:batch:[a-z0-9-]+:[0-9]{12}:job-queue/[A-Za-z0-9_-]+")
_URL = re.compile(r"https?://[^/]+/([0-9]{12})/([A-Za-z0-9_.-]+)")


def statements(
    machine: dict[str, Any], args: StateMachineArgs, *, account: str, region: str, logged: bool
) -> tuple[Statement, ...]:
    """The statements that the definition needs, and those for its log.

    Raises ValueError for a task that calls what is unknown here.
    """
    tasks = [state for state in machine["States"].values() if state["Type"] == "Task"]
    for state in tasks:
        if state["Resource"] not in (SUBMIT, PUT, GET, HEAD, SEND):
            raise ValueError(f"state machine: no grant is known for {state['Resource']}")
    statements = (
        *_batch([state["Arguments"] for state in tasks if state["Resource"] == SUBMIT], args, account, region),
        *_s3(tasks, args),
        *_sqs([state["Arguments"] for state in tasks if state["Resource"] == SEND], region),
    )
    return (*statements, machine_permissions.deliver_logs()) if logged else statements


def _batch(jobs: list[dict[str, Any]], args: StateMachineArgs, account: str, region: str) -> tuple[Statement, ...]:
    if not jobs:
        return ()
    return machine_permissions.run_jobs(
        account,
        region,
        queues=tuple(sorted({queue for job in jobs for queue in _QUEUE.findall(job["JobQueue"])})),
        definitions=tuple(sorted({args.job_definition, *args.job_definitions.values()})),
        tagged=any("Tags" in job for job in jobs),
    )


def _s3(tasks: list[dict[str, Any]], args: StateMachineArgs) -> Iterator[Statement]:
    writes = [state for state in tasks if state["Resource"] == PUT]
    reads = [state for state in tasks if state["Resource"] in (GET, HEAD)]
    map_read = any(f"$state.{MAP_KEY}" in json.dumps(state["Arguments"]) for state in reads)
    if writes:
        yield machine_permissions.write_inputs(args.workspaces)
    if reads:
        yield from machine_permissions.read_outputs(args.workspaces + (args.workflows if map_read else ()))


def _sqs(messages: list[dict[str, Any]], region: str) -> Iterator[Statement]:
    urls = [_URL.fullmatch(message["QueueUrl"]) for message in messages]
    queues = {orchestrator_names.queue_arn(url[1], region, url[2]) for url in urls if url}
    if None in urls:
        raise ValueError(f"state machine: not the URL of a queue: {[message['QueueUrl'] for message in messages]}")
    if queues:
        yield machine_permissions.send_messages(tuple(sorted(queues)))
