"""What the machine's states share: how a task is written, retried and caught.

Rests on: an error name of a service covers lasting failures too (``S3.S3Exception`` is also AccessDenied), so retries
are few where a call takes seconds; States.DataLimitExceeded is caught by its own name, if at all.
"""

from __future__ import annotations

from typing import Any, Final

from . import contract, failures
from .expressions import expression

State = dict[str, Any]

LARGEST_STATE: Final = 262_144
"""Bytes, as JSON in UTF-8, of each input, output and result that Step Functions holds."""
LARGEST_OUTPUT: Final = 200_000
"""Bytes of a stage's output JSON that are read. It is text inside a result, where each quotation mark, backslash and
line break takes two bytes; how many it has is only known when it is too late. So it gets no more than leaves room for
them and for what S3 says beside it."""
SUBMIT, PUT, GET, HEAD, SEND = (
    "arn:aws:states:::batch:submitJob.sync",
    "arn:aws:states:::aws-sdk:s3:putObject",
    "arn:aws:states:::aws-sdk:s3:getObject",
    "arn:aws:states:::aws-sdk:s3:headObject",
    "arn:aws:states:::sqs:sendMessage",
)
CAUSE, FAIL = "GetCause", "HandleFailure"
ALL: Final = ["States.ALL"]
UNREADABLE: Final = ["States.QueryEvaluationError"]
TOO_LARGE: Final = ["States.DataLimitExceeded"]
NO_OBJECT: Final = ["S3.NoSuchKeyException"]


def place(uri: str) -> State:
    """Bucket and key of an expression that gives an s3:// URI."""
    return {"Bucket": expression(contract.bucket_of(uri)), "Key": expression(contract.object_of(uri))}


def read(uri: str) -> State:
    """One byte more than is taken, so that a larger object is known as such without being read."""
    return {**place(uri), "Range": f"bytes=0-{LARGEST_OUTPUT}"}


def write(uri: str, body: str) -> State:
    """``body``: an expression that gives an object; Step Functions writes it as JSON."""
    return {**place(uri), "ContentType": "application/json", "Body": expression(body)}


def to_cause() -> State:
    """Whatever it was is classified, and ends the execution. S3 may not say what it refused: the state does."""
    caught = '$merge([$states.errorOutput, {"State": $states.context.State.Name}])'
    return {"ErrorEquals": ALL, "Assign": {"caught": expression(caught)}, "Output": {}, "Next": CAUSE}


def to_failure(errors: list[str], failure: str) -> State:
    """The state knows what these errors mean. ``failure``: an expression that gives a record."""
    return {"ErrorEquals": errors, "Assign": {"failure": expression(failure)}, "Output": {}, "Next": FAIL}


def task(
    resource: str, arguments: State, *, catch: list[State], after: str | None, assign: State | None = None
) -> State:
    return {
        "Type": "Task",
        "Resource": resource,
        "Arguments": arguments,
        **({"Assign": assign} if assign else {}),
        "Output": {},
        "Retry": [_retry(resource)],
        "Catch": catch,
        **({"Next": after} if after else {"End": True}),
    }


def _retry(resource: str) -> State:
    """Batch takes 50 submissions a second and an ingest may send thousands: its retries go on for many minutes."""
    service = resource.removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").split(":")[0]
    interval, attempts, longest = (5, 8, 300) if service == "batch" else (2, 4, 30)
    return {
        "ErrorEquals": [*failures.RETRIED[service]],
        "IntervalSeconds": interval,
        "MaxAttempts": attempts,
        "BackoffRate": 2.0,
        "MaxDelaySeconds": longest,
        "JitterStrategy": "FULL",
    }
