"""Why a job failed, and what follows: the one table that the state machine and every client read.

A failure is an error name and a Cause, as Step Functions hands them over. The Cause of a ``batch:submitJob.sync`` task
is the job's description as JSON without blanks, keys in alphabetical order, the latest attempt repeated in
``Container``; a service's refusal is a sentence with ``Status Code`` (and, from the optimised integrations,
``Error Code``) at its end. A Cause may also be cut off, be any other text, or be absent. JSONata cannot try to parse,
so nothing is parsed: each fact is found by an expression that holds for whole and for cut-off JSON. Text inside a JSON
string has its quotation marks escaped, so that no input of a user can look like a key.

AWS has one text for every loss of a host, spot or not: ``Host EC2 (instance i-…) terminated.`` A program that handles
SIGTERM hides even that, and reads like a failure of its own. Hence the contract of the runner (the job's entry point):

* it ends with ``INTERRUPTED_EXIT`` if, and only if, it was told to stop from outside (SIGTERM);
* it ends with ``OUT_OF_MEMORY_EXIT`` if a task of the workflow was killed for its memory;
* any other failure ends with ``PROGRAM_EXIT``, whatever the workflow's own exit code was;
* an error's description is JSON at ``WDL_OUTPUT_URI``: ``error`` (a class name), ``message`` or ``cause``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

PROGRAM_EXIT: Final = 1
OUT_OF_MEMORY_EXIT: Final = 137
INTERRUPTED_EXIT: Final = 143
LONGEST_DETAIL: Final = 2000
"""Characters of AWS's or the program's own text that are kept."""


class Action(Enum):
    """What follows a failure."""

    ON_DEMAND = "on-demand"
    """Run again on a machine that isn't taken back; on demand already: fail."""
    RETRY = "retry"
    """Was tried again with backoff and jitter, in the same place; fails as such when that did not help."""
    FAIL = "fail"


class Kind(Enum):
    """The class of a failure: its action, the error name of the execution, and what it means."""

    action: Action
    error: str
    meaning: str

    def __init__(self, action: Action, error: str, meaning: str) -> None:
        self.action, self.error, self.meaning = action, error, meaning

    HOST_RECLAIMED = (Action.ON_DEMAND, "HostReclaimed", "the machine was taken back or lost while the job ran")
    NO_CAPACITY = (Action.ON_DEMAND, "NoCapacity", "AWS had no machine for the job within the queue's time limit")
    THROTTLED = (Action.RETRY, "Throttled", "AWS refused the call for its rate, again and again")
    SERVICE = (Action.RETRY, "ServiceError", "an AWS service failed, again and again")
    OUT_OF_MEMORY = (Action.FAIL, "OutOfMemory", "the job needed more memory than it had asked for")
    APPLICATION = (Action.FAIL, "UncaughtError", "the program failed")
    IMAGE_PULL = (Action.FAIL, "ImagePullFailed", "the container image could not be pulled")
    TIMEOUT = (Action.FAIL, "TimedOut", "the job ran longer than it may")
    CANCELLED = (Action.FAIL, "Cancelled", "the job was cancelled or terminated by someone")
    MISCONFIGURED = (Action.FAIL, "Misconfigured", "the platform cannot run this job as it is set up")
    BAD_INPUT = (Action.FAIL, "BadInput", "the input of the execution is refused")
    MISSING_INPUT = (Action.FAIL, "MissingInput", "an input of a stage comes from nowhere")
    MISSING_OUTPUT = (Action.FAIL, "MissingOutput", "the job ended well but left no readable output JSON")
    OUTPUT_TOO_LARGE = (Action.FAIL, "OutputTooLarge", "the output JSON is larger than Step Functions can hold")
    UNEXPLAINED = (Action.FAIL, "UnexplainedFailure", "AWS gave no reason that is known here")


@dataclass(frozen=True)
class Failure:
    """A failure with its class; ``error`` and ``cause`` are what the execution ends with."""

    kind: Kind
    error: str
    cause: str

    @property
    def action(self) -> Action:
        return self.kind.action


BLANK: Final = r"[ \t\r\n]*"
_TEXT = r'"([^"\x5C]*(?:\x5C[\s\S][^"\x5C]*)*)'
"""A JSON string without its end, which may be cut off. Unrolled: Java's engine recurses on alternatives in a loop.
A backslash is written in hex: JSONata counts brackets to find a pattern's end, and would take it as escaping one."""

JOB: Final = rf"^{BLANK}\{{"
"""A Cause that begins so describes a job."""
CONTAINER: Final = rf'"Container"{BLANK}:{BLANK}\{{'
"""Begins each attempt's container, and the job's: what follows the last of these belongs to the latest attempt."""
OF_JOB: Final = rf"\]{BLANK},{BLANK}{CONTAINER}"
"""The job's container was reached: it repeats the latest attempt's, which is the part before it."""

JOB_FACTS: Final = {
    "status": rf'"StatusReason"{BLANK}:{BLANK}{_TEXT}',
    "reason": rf'"Reason"{BLANK}:{BLANK}{_TEXT}',
    "exit": rf'"ExitCode"{BLANK}:{BLANK}(-?[0-9]+)',
    "silent": rf'"Status"{BLANK}:{BLANK}"FAILED"{BLANK}(\}}|,{BLANK}"(?:StoppedAt|Tags|Timeout)")',
    "job": rf'"JobId"{BLANK}:{BLANK}{_TEXT}',
    "log": rf'"LogStreamName"{BLANK}:{BLANK}{_TEXT}',
}
"""Facts of the latest attempt; the last place that fits counts. ``silent``: no status reason, though not cut off."""
TEXT_FACTS: Final = {
    "code": r"Error Code: ([A-Za-z0-9._-]+)",
    "http": r"Status Code: ([0-9]+)",
}
"""Facts of a Cause that describes no job."""
STARTED: Final = rf'"Attempts"{BLANK}:{BLANK}\[{BLANK}\{{'
"""There was an attempt at all; looked for in the whole Cause."""

ABSENT: Final = "^$"
_THROTTLE = (
    "^(TooManyRequests|Throttl|ThrottledException|RequestThrottled|RequestLimitExceeded|SlowDown|ProvisionedThroughput)"
)


@dataclass(frozen=True)
class Rule:
    """A class, and the expressions that its facts must all contain."""

    kind: Kind
    when: tuple[tuple[str, str], ...]


def _rule(kind: Kind, **when: str) -> Rule:
    return Rule(kind, tuple(when.items()))


RULES: Final = (
    # What Step Functions itself says.
    _rule(Kind.TIMEOUT, error=r"^States\.(Timeout|HeartbeatTimeout)$"),
    _rule(Kind.OUTPUT_TOO_LARGE, error=r"^States\.DataLimitExceeded$"),
    # Batch: the status reason decides first, since a lost host has no reason of a container.
    _rule(Kind.HOST_RECLAIMED, status=r"^Host EC2 \(instance [^\x29]*\) (terminated|stopped)"),
    _rule(Kind.NO_CAPACITY, status=r"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"),
    _rule(Kind.TIMEOUT, status=r"^Job attempt duration exceeded timeout"),
    _rule(Kind.MISCONFIGURED, status=r"MISCONFIGURATION:|^ACTION_REQUIRED|^UNDETERMINED"),
    _rule(Kind.MISCONFIGURED, status=r"^Container Overrides length|^ResourceInitializationError"),
    _rule(Kind.APPLICATION, status=r"^(Array Child|Dependent) Job failed"),
    _rule(Kind.OUT_OF_MEMORY, reason=r"^OutOfMemory"),
    _rule(Kind.IMAGE_PULL, reason=r"^CannotPull"),
    _rule(Kind.MISCONFIGURED, reason=r"^(ResourceInitializationError|CannotStartContainerError|CannotCreateVolume)"),
    _rule(Kind.SERVICE, reason=r"^(DockerTimeoutError|CannotInspectContainerError|CannotCreateContainerError)"),
    _rule(Kind.MISCONFIGURED, status=r"^Task failed to start"),
    _rule(Kind.HOST_RECLAIMED, status=r"^Essential container in task exited", exit=rf"^{INTERRUPTED_EXIT}$"),
    _rule(Kind.OUT_OF_MEMORY, status=r"^Essential container in task exited", exit=rf"^{OUT_OF_MEMORY_EXIT}$"),
    _rule(Kind.APPLICATION, status=r"^Essential container in task exited", exit=r"^-?[0-9]*[1-9][0-9]*$"),
    _rule(Kind.UNEXPLAINED, status=r"^Essential container in task exited"),
    # Anything else that Batch gives as a reason is the text of whoever ended the job.
    _rule(Kind.CANCELLED, status=r"[\s\S]"),
    # An attempt that began, and of which nothing more was heard.
    _rule(Kind.HOST_RECLAIMED, silent=r"[\s\S]", started="^yes$", exit=ABSENT, reason=ABSENT),
    # A service refused or failed: by its code, its HTTP status, then its error name.
    _rule(Kind.MISCONFIGURED, code=r"^(AccessDenied|UnauthorizedOperation|NotAuthorized)"),
    _rule(Kind.MISCONFIGURED, text=r"not authorized to perform|Access ?Denied|Forbidden"),
    _rule(Kind.THROTTLED, code=_THROTTLE),
    _rule(Kind.THROTTLED, error=rf"\.{_THROTTLE[1:]}"),
    _rule(Kind.THROTTLED, http=r"^429$"),
    _rule(Kind.THROTTLED, text=r"Too Many Requests|Rate exceeded|[Rr]educe your request rate|Slow ?Down"),
    _rule(Kind.MISSING_OUTPUT, error=r"^S3\.NoSuchKey"),
    _rule(Kind.MISSING_OUTPUT, http=r"^416$"),
    _rule(Kind.BAD_INPUT, error=r"^S3\.NoSuchBucket"),
    _rule(Kind.BAD_INPUT, text=r"bucket does not exist"),
    _rule(Kind.SERVICE, http=r"^5[0-9][0-9]$"),
    _rule(
        Kind.SERVICE,
        error=r"\.(ServerException|SdkClientException|InternalServer[A-Za-z]*|ServiceUnavailable[A-Za-z]*)$",
    ),
    _rule(Kind.MISCONFIGURED, http=r"^4[0-9][0-9]$"),
    _rule(Kind.MISCONFIGURED, error=r"\.ClientException$"),
    _rule(Kind.SERVICE, error=r"^Batch\.AWSBatchException$"),
    _rule(Kind.CANCELLED, text=r"which was managing this resource was aborted"),
    _rule(Kind.MISCONFIGURED, error=r"^States\.([^T]|T[^a])"),
)
"""The first rule that fits decides; none: unexplained."""

RETRIED: Final = {
    "batch": (
        "Batch.AWSBatchException",
        "Batch.ServerException",
        "Batch.TooManyRequestsException",
        "Batch.SdkClientException",
    ),
    "s3": ("S3.S3Exception", "S3.SdkClientException"),
    "sqs": ("SQS.AmazonSQSException", "SQS.SdkClientException"),
}
"""Error names of the services' passing failures; a lasting one of the same name is only tried some seconds longer."""
RETRIED_REASONS: Final = ("DockerTimeoutError*", "CannotInspectContainerError*", "CannotCreateContainerError*")
"""Reasons of a container after which Batch itself starts the job again; its patterns know a trailing ``*`` alone."""


def classify(error: str, cause: str | None) -> Failure:
    """The class of a failure, and the error name and text that tell it; total: any two strings lead to exactly one."""
    facts = _facts(error, cause or "")
    kind = next((rule.kind for rule in RULES if _fits(rule, facts)), Kind.UNEXPLAINED)
    return Failure(kind, kind.error, f"{kind.meaning} ({_details(facts)})")


def _fits(rule: Rule, facts: dict[str, str]) -> bool:
    return all(re.search(pattern, facts[fact]) for fact, pattern in rule.when)


def _facts(error: str, cause: str) -> dict[str, str]:
    is_job = re.search(JOB, cause) is not None
    latest, text = (_latest(cause), "") if is_job else ("", cause)
    return {
        "error": error,
        "text": text,
        "started": "yes" if is_job and re.search(STARTED, cause) else "",
        **{fact: _last(pattern, latest) for fact, pattern in JOB_FACTS.items()},
        **{fact: _last(pattern, text) for fact, pattern in TEXT_FACTS.items()},
    }


def _latest(cause: str) -> str:
    parts = re.split(CONTAINER, cause)
    return "".join(parts[-2:]) if re.search(OF_JOB, cause) else parts[-1]


def _last(pattern: str, text: str) -> str:
    found = [match[1] for match in re.finditer(pattern, text)]
    return found[-1] if found else ""


SHOWN: Final = (("error", ""), ("status", "status: "), ("reason", "reason: "), ("exit", "exit code "))
SHOWN_LAST: Final = (("job", "job "), ("log", "log stream "), ("text", ""))


def _details(facts: dict[str, str]) -> str:
    shown = [before + facts[fact][:LONGEST_DETAIL] for fact, before in SHOWN + SHOWN_LAST if facts[fact]]
    return "; ".join(shown).replace('\\"', '"')


KILLED_TASK: Final = rf'"exit_status"{BLANK}:{BLANK}{OUT_OF_MEMORY_EXIT}[^0-9]'
"""In the error JSON: a task of the workflow was killed, as its memory limit does it."""
LONGEST_ERROR: Final = 256
"""Characters of an execution's error name."""


def explained(failure: Failure, output: str) -> Failure:
    """A failure of the program, told by the error JSON that its runner left; any other failure stays as it is.

    ``output``: the text of the JSON. Raises ValueError if it is none.
    """
    document = json.loads(output)
    if failure.kind is not Kind.APPLICATION or not isinstance(document, dict):
        return failure
    if re.search(KILLED_TASK, output):
        kind = Kind.OUT_OF_MEMORY
        return Failure(kind, kind.error, f"{kind.meaning}: a task was killed ({failure.cause})")
    error, why = document.get("error"), document.get("cause", document.get("message", ""))
    if not isinstance(error, str) or not error:
        return failure
    text = why if isinstance(why, str) else json.dumps(why, separators=(",", ":"), ensure_ascii=False)
    return Failure(failure.kind, error[:LONGEST_ERROR], f"{text[:LONGEST_DETAIL]} ({failure.cause})")
