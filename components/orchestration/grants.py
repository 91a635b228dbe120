"""What the state machine's role may do, read off its definition: no call without a grant, no grant without a call.

Rests on: Step Functions user guide "IAM policies for integrated services" (a ``.sync`` task polls with DescribeJobs,
ends the job with TerminateJob, and makes a managed rule in EventBridge), "Logging" (log delivery, whose actions know no
resource); without ListBucket, S3 answers 403 for an object that isn't there; a job that is submitted with tags needs
TagResource, and AWS asks for it on what the job is made from too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from components import names
from components.access.statements import Statement
from components.orchestration import naming
from components.orchestration.contract import MAP_KEY
from components.orchestration.machine import StateMachineArgs
from components.orchestration.tasks import GET, HEAD, PUT, SEND, SUBMIT

_QUEUE = re.compile(r"arn:aws:batch:[a-z0-9-]+:[0-9]{12}:job-queue/[A-Za-z0-9_-]+")
_URL = re.compile(r"https?://[^/]+/([0-9]{12})/([A-Za-z0-9_.-]+)")
LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)


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
    found = (
        *_batch([state["Arguments"] for state in tasks if state["Resource"] == SUBMIT], args, account, region),
        *_s3(tasks, args),
        *_sqs([state["Arguments"] for state in tasks if state["Resource"] == SEND], region),
    )
    log = Statement(sid="DeliverLogs", actions=LOG_DELIVERY, resources=("*",))
    return (*found, log) if logged else found


def _batch(jobs: list[dict[str, Any]], args: StateMachineArgs, account: str, region: str) -> Iterator[Statement]:
    if not jobs:
        return
    queues = sorted({queue for job in jobs for queue in _QUEUE.findall(job["JobQueue"])})
    definitions = sorted({args.job_definition, *args.job_definitions.values()})
    arns = [naming.batch_arn(account, region, "job-definition", name) for name in definitions]
    every_job = naming.batch_arn(account, region, "job", "*")
    submitted = (*queues, *(found for arn in arns for found in (arn, f"{arn}:*")))
    yield Statement(sid="SubmitJobs", actions=("batch:SubmitJob",), resources=submitted)
    yield Statement(sid="WatchJobs", actions=("batch:DescribeJobs",), resources=("*",))
    yield Statement(sid="EndJobs", actions=("batch:TerminateJob",), resources=(every_job,))
    if any("Tags" in job for job in jobs):
        yield Statement(sid="TagJobs", actions=("batch:TagResource",), resources=(every_job, *submitted))
    yield Statement(
        sid="LearnOfEndedJobs",
        actions=("events:PutRule", "events:PutTargets", "events:DescribeRule"),
        resources=(naming.rule_arn(account, region, naming.MANAGED_RULE),),
    )


def _s3(tasks: list[dict[str, Any]], args: StateMachineArgs) -> Iterator[Statement]:
    writes = [state for state in tasks if state["Resource"] == PUT]
    reads = [state for state in tasks if state["Resource"] in (GET, HEAD)]
    map_read = any(f"$state.{MAP_KEY}" in json.dumps(state["Arguments"]) for state in reads)
    places = args.workspaces + (args.workflows if map_read else ())
    if writes:
        yield Statement(sid="WriteInputs", actions=("s3:PutObject",), resources=_objects(args.workspaces))
    if reads:
        yield Statement(sid="ReadOutputs", actions=("s3:GetObject",), resources=_objects(places))
        buckets = dict.fromkeys(names.bucket_arn(place.split("/")[0]) for place in places)
        yield Statement(sid="KnowWhatIsMissing", actions=("s3:ListBucket",), resources=tuple(buckets))


def _objects(places: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names.objects_arn(place.split("/")[0], _folder(place)) for place in places))


def _folder(place: str) -> str:
    _, _, folder = place.partition("/")
    return f"{folder}/" if folder else ""


def _sqs(messages: list[dict[str, Any]], region: str) -> Iterator[Statement]:
    found = [_URL.fullmatch(message["QueueUrl"]) for message in messages]
    queues = {naming.queue_arn(url[1], region, url[2]) for url in found if url}
    if None in found:
        raise ValueError(f"state machine: not the URL of a queue: {[message['QueueUrl'] for message in messages]}")
    if queues:
        yield Statement(sid="SendMessages", actions=("sqs:SendMessage",), resources=tuple(sorted(queues)))
