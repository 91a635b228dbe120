"""Why a job failed, and what follows: the one table that the state machine and every client read.

It goes by the facts that an error's name and Cause give (``causes``). AWS has one text for every loss of a host, spot
or not: ``Host EC2 (instance i-…) terminated.`` A program that handles SIGTERM hides even that, and reads like a failure
of its own. Hence the contract of the runner (the job's entry point), which swipe's keeps:

* told to stop from outside (SIGTERM), it ends with ``INTERRUPTED_EXIT`` and leaves no error JSON;
* when a task of the workflow failed, it ends with the status of the task's command (``OUT_OF_MEMORY_EXIT`` if that was
  killed), and when anything else failed, with another status but these two;
* before it ends so, it leaves an error JSON at ``WDL_OUTPUT_URI``: ``error`` (a class name), ``message`` or ``cause``.

So a task's own status may be ``INTERRUPTED_EXIT`` too, and the error JSON tells the two apart (``settled``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from .causes import (
    BLANK,
    CAPACITY,
    CHILD,
    DEPENDENT,
    EXITED,
    HOST,
    MISCONFIGURATION,
    NOT_STARTED,
    OVERRIDES,
    RESOURCES,
    STOPPED,
    TOO_LONG,
    facts,
)

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
    INTERRUPTED = (Action.ON_DEMAND, "Interrupted", "the job was told to stop, as on a machine that is taken back")
    NO_CAPACITY = (Action.ON_DEMAND, "NoCapacity", "AWS had no machine for the job within the queue's time limit")
    THROTTLED = (Action.RETRY, "Throttled", "AWS refused the call for its rate, again and again")
    SERVICE = (Action.RETRY, "ServiceError", "an AWS service failed, again and again")
    OUT_OF_MEMORY = (Action.FAIL, "OutOfMemory", "the job needed more memory than it had asked for")
    APPLICATION = (Action.FAIL, "UncaughtError", "the program failed")
    IMAGE_PULL = (Action.RETRY, "ImagePullFailed", "the container image could not be pulled, again and again")
    TIMEOUT = (Action.FAIL, "TimedOut", "the job ran longer than it may")
    CANCELLED = (Action.FAIL, "Cancelled", "the job was cancelled or terminated by someone")
    MISCONFIGURED = (Action.FAIL, "Misconfigured", "the platform cannot run this job as it is set up")
    BAD_INPUT = (Action.FAIL, "BadInput", "the input of the execution is refused")
    MISSING_INPUT = (Action.FAIL, "MissingInput", "an input of a stage comes from nowhere")
    MISSING_OUTPUT = (Action.FAIL, "MissingOutput", "the job ended well but left no readable output JSON")
    OUTPUT_TOO_LARGE = (Action.FAIL, "OutputTooLarge", "the output JSON is larger than the state machine can take")
    UNEXPLAINED = (Action.FAIL, "UnexplainedFailure", "it ended for no reason that is known here")


@dataclass(frozen=True)
class Failure:
    """A failure with its class; ``error`` and ``cause`` are what the execution ends with."""

    kind: Kind
    error: str
    cause: str

    @property
    def action(self) -> Action:
        return self.kind.action


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


def _begins(*texts: str) -> str:
    return "^(" + "|".join(text.replace("(", r"\(").replace("[", r"\[") for text in texts) + ")"


RULES: Final = (
    # What Step Functions itself says.
    _rule(Kind.TIMEOUT, error=r"^States\.(Timeout|HeartbeatTimeout)$"),
    _rule(Kind.OUTPUT_TOO_LARGE, error=r"^States\.DataLimitExceeded$"),
    # Batch: the status reason decides first, since a lost host has no reason of a container.
    _rule(Kind.HOST_RECLAIMED, status=_begins(HOST)),
    _rule(Kind.NO_CAPACITY, status=CAPACITY),
    _rule(Kind.TIMEOUT, status=_begins(TOO_LONG)),
    _rule(Kind.MISCONFIGURED, status=MISCONFIGURATION),
    _rule(Kind.MISCONFIGURED, status=_begins("ACTION_REQUIRED", "UNDETERMINED", OVERRIDES, RESOURCES)),
    _rule(Kind.APPLICATION, status=_begins(CHILD, DEPENDENT)),
    _rule(Kind.CANCELLED, status=_begins(STOPPED)),
    _rule(Kind.OUT_OF_MEMORY, reason=r"^OutOfMemory"),
    _rule(Kind.IMAGE_PULL, reason=r"^CannotPull"),
    _rule(Kind.MISCONFIGURED, reason=_begins(RESOURCES, "CannotStartContainerError", "CannotCreateVolume")),
    _rule(Kind.SERVICE, reason=r"^(DockerTimeoutError|CannotInspectContainerError|CannotCreateContainerError)"),
    _rule(Kind.MISCONFIGURED, status=_begins(NOT_STARTED)),
    _rule(Kind.INTERRUPTED, status=_begins(EXITED), exit=rf"^{INTERRUPTED_EXIT}$"),
    _rule(Kind.OUT_OF_MEMORY, status=_begins(EXITED), exit=rf"^{OUT_OF_MEMORY_EXIT}$"),
    _rule(Kind.APPLICATION, status=_begins(EXITED), exit=r"^-?[0-9]*[1-9][0-9]*$"),
    _rule(Kind.UNEXPLAINED, status=_begins(EXITED)),
    # The text of whoever ended the job.
    _rule(Kind.CANCELLED, status=r"[\s\S]", ended="true"),
    # An attempt that began, and of which nothing more was heard.
    _rule(Kind.HOST_RECLAIMED, silent=r"[\s\S]", started="^yes$", exit=ABSENT, status=ABSENT, reason=ABSENT),
    # The same words where they describe no job.
    _rule(Kind.HOST_RECLAIMED, text=_begins(HOST)),
    _rule(Kind.OUT_OF_MEMORY, text=r"^OutOfMemory"),
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
LASTING_REASONS: Final = ("CannotStartContainerError*",)
"""Reasons of a container that are the same at the next try; they are looked for before those that pass."""
RETRIED_REASONS: Final = ("DockerTimeoutError*", "Cannot*")
"""Reasons of a container after which Batch itself starts the job again: it could not be made, looked at, or its image
not be pulled, as when a registry fails or limits its rate. Batch's patterns know a trailing ``*`` alone, and it takes
five of them: so an image that is not there is asked for again too."""


def classify(error: str, cause: str | None) -> Failure:
    """The class of a failure, and the error name and text that tell it; total: any two strings lead to exactly one."""
    extracted = facts(error, cause or "")
    kind = next((rule.kind for rule in RULES if _fits(rule, extracted)), Kind.UNEXPLAINED)
    return Failure(kind, kind.error, f"{kind.meaning} ({_details(extracted)})")


def _fits(rule: Rule, extracted: dict[str, str]) -> bool:
    return all(re.search(pattern, extracted[fact]) for fact, pattern in rule.when)


SHOWN: Final = (
    ("error", ""),
    ("status", "status: "),
    ("cut", "status, cut off: "),
    ("reason", "reason: "),
    ("exit", "exit code "),
)
SHOWN_LAST: Final = (("job", "job "), ("log", "log stream "), ("text", ""))


def _details(extracted: dict[str, str]) -> str:
    shown = [before + extracted[fact][:LONGEST_DETAIL] for fact, before in SHOWN + SHOWN_LAST if extracted[fact]]
    return "; ".join(shown).replace('\\"', '"')


KILLED_TASK: Final = rf'"exit_status"{BLANK}:{BLANK}{OUT_OF_MEMORY_EXIT}[^0-9]'
"""In the error JSON: a task of the workflow was killed, as its memory limit does it."""
TERMINATED: Final = rf'"error"{BLANK}:{BLANK}"Terminated"'
"""In the error JSON: the runner was told to stop, and found the time to say so."""
LONGEST_ERROR: Final = 256
"""Characters of an execution's error name."""


def settled(failure: Failure, output: str) -> Failure:
    """Whether a job with ``INTERRUPTED_EXIT`` was told to stop, or a task of it ended so by itself: by the error JSON.

    ``output``: the text of the JSON, which this attempt left. Raises ValueError if it is none.
    """
    own, document = Kind.APPLICATION, json.loads(output)
    if failure.kind is not Kind.INTERRUPTED or not _error(document) or re.search(TERMINATED, output):
        return failure
    return Failure(own, own.error, own.meaning + failure.cause.removeprefix(failure.kind.meaning))


def _error(document: object) -> str:
    """The class name in an error JSON; the empty string for anything else."""
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, str) else ""


def explained(failure: Failure, output: str) -> Failure:
    """A failure of the program, told by the error JSON that its runner left; any other failure stays as it is.

    ``output``: the text of the JSON. Raises ValueError if it is none.
    """
    failure, document = settled(failure, output), json.loads(output)
    if failure.kind is not Kind.APPLICATION or not isinstance(document, dict):
        return failure
    if re.search(KILLED_TASK, output):
        kind = Kind.OUT_OF_MEMORY
        return Failure(kind, kind.error, f"{kind.meaning}: a task was killed ({failure.cause})")
    error, why = _error(document), document.get("cause", document.get("message", ""))
    if not error:
        return failure
    text = why if isinstance(why, str) else json.dumps(why, separators=(",", ":"), ensure_ascii=False)
    return Failure(failure.kind, error[:LONGEST_ERROR], f"{text[:LONGEST_DETAIL]} ({failure.cause})")
