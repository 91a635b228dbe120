"""What an environment's state machine may do, by what its definition calls (``orchestration.grants`` reads that off).

Rests on: Step Functions user guide "IAM policies for integrated services" (a ``.sync`` task polls with DescribeJobs,
ends the job with TerminateJob, and makes a managed rule in EventBridge), "Logging" (log delivery, whose actions know no
resource); without ListBucket, S3 answers 403 for an object that isn't there; a job that is submitted with tags needs
TagResource, and AWS asks for it on what the job is made from too.
"""

from __future__ import annotations

from typing import Final

from .. import names, orchestrator_names
from .statements import Statement

LOG_DELIVERY: Final = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)


def run_jobs(
    account: str, region: str, *, queues: tuple[str, ...], definitions: tuple[str, ...], tagged: bool
) -> tuple[Statement, ...]:
    """``queues``: ARNs; ``definitions``: names, of which any revision will do; ``tagged``: jobs are given tags."""
    arns = [orchestrator_names.batch_arn(account, region, "job-definition", name) for name in definitions]
    all_jobs = orchestrator_names.batch_arn(account, region, "job", "*")
    submitted = (*queues, *(pattern for arn in arns for pattern in (arn, f"{arn}:*")))
    tag = Statement(sid="TagJobs", actions=("batch:TagResource",), resources=(all_jobs, *submitted))
    return (
        Statement(sid="SubmitJobs", actions=("batch:SubmitJob",), resources=submitted),
        Statement(sid="WatchJobs", actions=("batch:DescribeJobs",), resources=("*",)),
        Statement(sid="EndJobs", actions=("batch:TerminateJob",), resources=(all_jobs,)),
        *((tag,) if tagged else ()),
        Statement(
            sid="LearnOfEndedJobs",
            actions=("events:PutRule", "events:PutTargets", "events:DescribeRule"),
            resources=(orchestrator_names.rule_arn(account, region, orchestrator_names.MANAGED_RULE),),
        ),
    )


def write_inputs(places: tuple[str, ...]) -> Statement:
    """``places``, here and below: ``bucket`` or ``bucket/folder``."""
    return Statement(sid="WriteInputs", actions=("s3:PutObject",), resources=_objects(places))


def read_outputs(places: tuple[str, ...]) -> tuple[Statement, ...]:
    buckets = dict.fromkeys(names.bucket_arn(place.split("/")[0]) for place in places)
    return (
        Statement(sid="ReadOutputs", actions=("s3:GetObject",), resources=_objects(places)),
        Statement(sid="KnowWhatIsMissing", actions=("s3:ListBucket",), resources=tuple(buckets)),
    )


def send_messages(queues: tuple[str, ...]) -> Statement:
    """``queues``: ARNs."""
    return Statement(sid="SendMessages", actions=("sqs:SendMessage",), resources=queues)


def deliver_logs() -> Statement:
    return Statement(sid="DeliverLogs", actions=LOG_DELIVERY, resources=("*",))


def _objects(places: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names.objects_arn(place.split("/")[0], _folder(place)) for place in places))


def _folder(place: str) -> str:
    _, _, folder = place.partition("/")
    return f"{folder}/" if folder else ""
